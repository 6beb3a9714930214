"""Whose influence changed with a new run, as the message that is posted, and the query that fetches the rest."""

from collections.abc import Sequence
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


async def influence_news(
    changes: InfluenceComparing, before: str, after: str, scope: str, now: datetime
) -> list[Message]:
    """One message, or none where nobody changed or the tables of a run are gone."""
    try:
        found = await changes.between(before, after, STATED)
    except BadInput as error:
        log.warning("changes of influence are not told", before=before, after=after, failure=str(error))
        return []
    if not len(found):
        return []
    stated: dict[str, Any] = {"from": before, "to": after, "share": STATED.share, "top": STATED.top}
    return [
        message(Topic.INFLUENCE_CHANGED, f"{before} {after}", now, {"scope": scope, **stated, **_told(found, stated)})
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
