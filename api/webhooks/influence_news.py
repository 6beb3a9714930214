"""Whose influence changed with a new run, as the message that is posted, and the query that fetches the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from api.graphql.connection import write_cursor
from api.graphql.context import InfluenceComparing
from api.graphql.influence_change import ORDER, STATED
from api.webhooks.records import Message
from api.webhooks.topics import Topic, message
from graph.errors import BadInput
from graph.jobs.score_changes import Changed, ScoreChange
from graph.queries.paging import Slice

log = structlog.get_logger("renmai.webhooks")

CHANGES_A_MESSAGE = 100
REST = """query($from: ID!, $to: ID!, $share: Float!, $top: Int!, $after: String) {
  influenceChanges(from: $from, to: $to, share: $share, top: $top, first: 100, after: $after) {
    nodes { customerKey spreadBefore spreadAfter rankBefore rankAfter top }
    pageInfo { hasNextPage endCursor } } }"""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run of influence that has become current, and the one that was current before."""

    scope: str
    before: str
    after: str

    @property
    def stated(self) -> dict[str, Any]:
        """What is compared, and what counts as a change."""
        return {"from": self.before, "to": self.after, "share": STATED.share, "top": STATED.top}


async def compared(changes: InfluenceComparing, run: NewRun) -> Changed | None:
    """Who changed; None for nobody, or where the tables of a run are gone."""
    try:
        found = await changes.between(run.before, run.after, STATED)
    except BadInput as error:
        log.warning("changes of influence are not told", before=run.before, after=run.after, failure=str(error))
        return None
    return found if len(found) else None


def influence_news(found: Changed, run: NewRun, now: datetime) -> Message:
    """Who moved farthest, and how to ask for the rest."""
    data = {"scope": run.scope, **run.stated, **_told(found, run.stated)}
    return message(Topic.INFLUENCE_CHANGED, f"{run.before} {run.after}", now, data)


def influence_news_of(changes: Sequence[ScoreChange], run: NewRun, now: datetime, whose: str) -> list[Message]:
    """All of these changes, in as few messages as hold them: a count of the rest would count who has withdrawn."""
    return [
        message(
            Topic.INFLUENCE_CHANGED,
            f"{run.before} {run.after} {start}",
            now,
            {"scope": run.scope, **run.stated, "changes": _rows(changes[start : start + CHANGES_A_MESSAGE])},
            whose=whose,
        )
        for start in range(0, len(changes), CHANGES_A_MESSAGE)
    ]


def _told(found: Changed, stated: dict[str, Any]) -> dict[str, Any]:
    page = found.page(Slice(CHANGES_A_MESSAGE))
    more = len(found) - len(page.entries)
    end = write_cursor(ORDER, page.entries[-1].position)
    rest = {"query": REST, "variables": {**stated, "after": end}} if more else None
    return {"changes": _rows([entry.row for entry in page.entries]), "more": more, "rest": rest}


def _rows(changes: Sequence[ScoreChange]) -> list[dict[str, Any]]:
    return [
        {
            "customer": one.customer_id,
            "spreadBefore": one.spread_before,
            "spreadAfter": one.spread_after,
            "rankBefore": one.rank_before,
            "rankAfter": one.rank_after,
            "top": one.top,
        }
        for one in changes
    ]
