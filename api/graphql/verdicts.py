"""Verdicts on what clients hand over row by row, and the one way by which rows become events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, cast

import strawberry

from api.bookmarks import read_bookmark
from api.graphql.context import Info, Refusal, Verdict
from api.graphql.errors import log
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.forgiving import Malformed
from api.graphql.ordering import text_of
from graph.errors import BadInput, LogUnavailable

MOST_ROWS = 2_500
DEFAULT_SOURCE = "api"


@strawberry.enum(description="What became of an event.")
class EventStatus(Enum):
    """Verdicts."""

    ACCEPTED = strawberry.enum_value("ACCEPTED", description="It is in the log.")
    REPEATED = strawberry.enum_value("REPEATED", description="The log had it already; nothing changed.")
    REJECTED = strawberry.enum_value("REJECTED", description="It was not taken; it lies with the dead letters.")
    CONFLICT = strawberry.enum_value(
        "CONFLICT",
        description="Something was said of the same subject since `unchangedSince`; nothing was recorded. Read again.",
    )


UNCHANGED_SINCE = (
    "A bookmark that was had (`{ bookmark }`) before the state was read on which this rests: what was said of the same "
    "subject since then, by whomever, is a conflict, and nothing of it is overwritten unseen."
)


@strawberry.type(description="What became of one event.")
class EventVerdict:
    """A verdict."""

    index: int = strawberry.field(description="Place of the event in the input, from 0.")
    status: EventStatus = strawberry.field(description="Accepted, repeated or rejected.")
    event_id: str | None = strawberry.field(description="The event's id in the log; null where it was rejected unread.")
    reason: str | None = strawberry.field(description="Why it was rejected, as a word for programs.")
    field: str | None = strawberry.field(description="The field at fault.")
    message: str | None = strawberry.field(description="Why it was rejected, and what would be valid.")


_VALID: Mapping[str, tuple[str, str]] = {
    "at": ("bad_time", "must be ISO 8601 with an offset, such as 2026-03-02T12:00:00+08:00"),
    "registered_at": ("bad_properties", "must be ISO 8601 with an offset, such as 2026-03-02T12:00:00+08:00"),
    "quantity": ("bad_number", "must be a number"),
    "amount": ("bad_money", 'must be a decimal such as "12.50"'),
    "discount": ("bad_money", 'must be a decimal such as "12.50"'),
    "price": ("bad_money", 'must be a decimal such as "12.50"'),
    "birth_year": ("bad_properties", "must be a whole number"),
    "latitude": ("bad_properties", "must be a number of degrees"),
    "longitude": ("bad_properties", "must be a number of degrees"),
    "online": ("bad_properties", "must be true or false"),
    "attributes": ("bad_properties", "must be a list of texts"),
}
"""Field → the word that a verdict has where its value cannot be read, and what would be valid."""
_OF_TEXT = ("wrong_type", "must be text")
_OF_CONSENT = ("bad_properties", "must be true or false")
SHOWN = 60


def refusal(row: object) -> Refusal | None:
    """Why a row is refused before anything else looks at it: its first malformed value; None where there is none."""
    for name, value in vars(row).items():
        values = cast("list[object]", value) if isinstance(value, list) else [value]
        if any(isinstance(one, Malformed) for one in values):
            return _refused(name, cast("object", value))
    return None


def _refused(name: str, value: object) -> Refusal:
    reason, valid = _VALID.get(name, _OF_CONSENT if name.startswith("consent_") else _OF_TEXT)
    shown = repr(sent(value))[:SHOWN]
    return Refusal(reason, camel(name), f"{camel(name)} {valid}, not {shown}")


def camel(name: str) -> str:
    """The name as clients write it."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def sent(value: Any) -> Any:  # whatever JSON the client sent
    """The value as a loader reads it: enums by their own word, money and instants as text, the malformed as it came."""
    if isinstance(value, Malformed):
        return value.value
    if isinstance(value, Enum):
        return text_of(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return [sent(one) for one in value]  # pyright: ignore[reportUnknownVariableType]  of any JSON
    return value


def invalid_count(name: str, count: int) -> InvalidInput | None:
    """A failure where there are no rows, or too many."""
    if 1 <= count <= MOST_ROWS:
        return None
    return InvalidInput(message=f"`{name}` takes 1 to {MOST_ROWS:,} {name}, not {count:,}.", field=name)


async def record(
    info: Info,
    records: Sequence[Mapping[str, Any]],
    source: str | None,
    refused: Mapping[int, Refusal],
    since: int | None = None,
) -> list[Verdict] | InvalidInput | Unavailable:
    """A verdict for each event, in their order; what was accepted is in the log.

    `since` is the version of the log since which nothing may have been said of any event's subject.
    """
    unchanged = {} if since is None else dict.fromkeys(range(len(records)), since)
    try:
        return await info.context.services.recorder.record(records, source or DEFAULT_SOURCE, refused, unchanged)
    except BadInput as failure:
        return InvalidInput(message=str(failure), field=None)
    except LogUnavailable as failure:
        log.error("log unavailable", request_id=info.context.request_id, failure=str(failure))
        return Unavailable(message="The event log cannot be written at the moment: send the same again later.")


def told(verdicts: Sequence[Verdict]) -> list[EventVerdict]:
    """Verdicts as clients see them."""
    return [
        EventVerdict(
            index=index,
            status=EventStatus(verdict.status),
            event_id=verdict.event_id,
            reason=verdict.reason,
            field=verdict.field,
            message=verdict.message,
        )
        for index, verdict in enumerate(verdicts)
    ]


_SUMMED = (EventStatus.ACCEPTED, EventStatus.REPEATED, EventStatus.REJECTED)


def sums(verdicts: Sequence[EventVerdict]) -> dict[str, int]:
    """How many were accepted, repeated and rejected, by the name of the payload's field."""
    return {text_of(status).lower(): sum(verdict.status is status for verdict in verdicts) for status in _SUMMED}


def version_of(bookmark: str | None) -> int | InvalidInput | None:
    """The version that `unchangedSince` names; a failure for a text that is no bookmark."""
    try:
        return None if bookmark is None else read_bookmark(bookmark)
    except BadInput as failure:
        return InvalidInput(message=str(failure), field="unchangedSince")
