"""What webhooks can be told of, and each as the JSON that is posted."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from api.graphql.context import LogEvent
from api.webhooks.records import Message


class Topic(StrEnum):
    """What happens."""

    RUN_PUBLISHED = "score_run.published"
    RUN_FAILED = "score_run.failed"
    INFLUENCE_CHANGED = "influence.changed"
    CHAIN_STEPS_REACHED = "chain.steps_reached"
    EVENTS_RECORDED = "events.recorded"
    EVENTS_SKIPPED = "events.skipped"
    EXPORT_ENDED = "export.ended"
    GRAPH_BEHIND = "alert.graph_behind"
    GRAPH_CAUGHT_UP = "alert.graph_caught_up"
    TEST = "test"


OFFERED = tuple(topic for topic in Topic if topic is not Topic.TEST)
"""What can be asked for; a test is sent on demand."""
OF_THE_RETAILER = frozenset({Topic.GRAPH_BEHIND, Topic.GRAPH_CAUGHT_UP})
"""What no partner is told: how the retailer's machines do."""
_HIDDEN = ("log_version",)


def message(
    topic: Topic, what: str, at: datetime, data: dict[str, Any], kind: str | None = None, *, whose: str = ""
) -> Message:
    """A message; its id is that of `what` happened, so that whoever tells it twice tells it once.

    `whose` is the owner for whom alone it was made: no two partners can tell by an id that they were told of the same.
    """
    told = " ".join(filter(None, (topic.value, whose, what)))
    id = "msg_" + hashlib.sha256(told.encode()).hexdigest()[:32]
    body = msgspec.json.encode({"type": topic.value, "timestamp": at.isoformat(), "data": data})
    return Message(id, topic.value, body, kind)


def events_message(events: Sequence[LogEvent], at: datetime, whose: str = "") -> Message:
    """Events of one kind that were recorded together."""
    told = [
        {
            name: value
            for name in LogEvent.__dataclass_fields__
            if name not in _HIDDEN and (value := getattr(one, name)) is not None
        }
        for one in events
    ]
    kind, what = events[0].kind, f"{events[0].log_version} {events[0].id}"
    return message(Topic.EVENTS_RECORDED, what, at, {"kind": kind, "events": told}, kind, whose=whose)
