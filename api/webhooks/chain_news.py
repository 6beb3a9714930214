"""Which customers have just reached the last but one step of a chain, as the messages that are posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.feed import MOST_WAITING
from api.graphql.chain_step import AT_ONCE, acts_of
from api.graphql.context import LogEvent
from api.graphql.scalars import money
from api.webhooks.records import Message
from api.webhooks.topics import Topic, message
from graph.algorithms.chains import Calendar
from graph.queries.chain_steps import ChainStepRow
from graph.queries.open_chain import StepReached, steps_reached
from graph.queries.reader import Reader

STEPS_A_MESSAGE = 100


@dataclass(frozen=True, slots=True)
class Looking:
    """One look at a stretch of the log: its name, which kinds of event may be steps, when, by which zone and days."""

    what: str
    kinds: frozenset[str]
    now: datetime
    zone: ZoneInfo
    calendar: Calendar


async def chain_news(reader: Reader, events: Sequence[LogEvent], look: Looking, whose: str = "") -> list[Message]:
    """What events of these kinds opened or led on, in as few messages as hold it."""
    acts = acts_of(events, look.kinds)
    people = list(dict.fromkeys(customer for customer, *_ in acts))
    reached: list[StepReached] = []
    for start in range(0, len(people), AT_ONCE):
        some = people[start : start + AT_ONCE]
        reached += await steps_reached(reader, acts, some, look.now, look.zone, look.calendar)
    rows = [_row(one, look.now) for one in reached]
    return [
        message(
            Topic.CHAIN_STEPS_REACHED,
            f"{look.what} {start}",
            look.now,
            {"steps": rows[start : start + STEPS_A_MESSAGE]},
            whose=whose,
        )
        for start in range(0, len(rows), STEPS_A_MESSAGE)
    ]


def steps_skipped(since: int, version: int, now: datetime, whose: str = "") -> Message:
    """More came at once than is looked at, as a load brings it."""
    reason = f"more than {MOST_WAITING:,} events that may be steps at once"
    skipped = {"afterLogVersion": since, "logVersion": version, "reason": reason}
    data: dict[str, Any] = {"steps": [], "skipped": skipped}
    return message(Topic.CHAIN_STEPS_REACHED, f"{since} {version}", now, data, whose=whose)


def _row(reached: StepReached, now: datetime) -> dict[str, Any]:
    row = reached.open
    chain, value = row.chain, row.chain.then_mean_cents
    return {
        "customer": reached.customer,
        "logVersion": reached.log_version,
        "chain": chain.key,
        "done": [
            {**_step(step), "at": done.at.isoformat(), "order": done.order}
            for step, done in zip(chain.steps, row.done, strict=False)
        ],
        "next": _step(chain.steps[-1]),
        "windowStart": row.window_start.isoformat(),
        "windowEnd": row.window_end.isoformat(),
        "isNow": row.window_start <= now,
        "probability": chain.confidence,
        "expectedRevenue": None if value is None else str(money(round(chain.confidence * value))),
        "lift": chain.lift,
    }


def _step(step: ChainStepRow) -> dict[str, Any]:
    return {"behaviour": step.behaviour, "category": step.category_id}
