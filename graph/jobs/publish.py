"""A score run from beginning to end: begun, filled, published in one step; failed where anything goes wrong."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from graph.errors import RenmaiError
from graph.jobs.share_events import ShareMemory
from graph.queries.score_run import RunState, ScoreRunRow, begin, publish, state
from graph.store.statement import Statement, Step

ROWS_AT_ONCE = 5_000
LONGEST_FAILURE = 500


class Writer(Protocol):
    """What publishing needs of a store: several steps in one transaction."""

    async def write(self, *steps: Step) -> None:
        """All of them, or none."""
        ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run is given from outside: its id, its start, the clock, and the engine's name."""

    run_id: str
    started_at: datetime
    clock: Callable[[], datetime]
    engine: str = "local"
    memory: ShareMemory | None = None
    """What earlier runs of influence read, if it is kept."""
    is_judged: bool = True
    """Whether a run of influence judges itself by later shares; a refresh leaves that to full runs."""
    follows: str | None = None
    """The run that a refresh of influence brings up to date: simulated spreads of it that still stand are kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` in its stage (read, compute, table, graph, publish)."""

    run_id: str
    stage: str
    done: int
    total: int


Tell = Callable[[Progress], None]


def new_run_id(kind: str, started_at: datetime) -> str:
    """An id that sorts by time and that no other run has."""
    return f"{kind}-{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


@asynccontextmanager
async def recorded(store: Writer, run: ScoreRunRow, clock: Callable[[], datetime]) -> AsyncGenerator[None]:
    """The run stands in the graph as running from here; whatever is raised inside leaves it failed and not current."""
    await store.write(*begin(run))
    try:
        yield
    except (Exception, asyncio.CancelledError) as error:
        failed = replace(run, state=RunState.FAILED, finished_at=clock(), failure=failure_line(error))
        with suppress(RenmaiError):
            await store.write(state(failed))
        raise


async def write_rows(store: Writer, statement: Statement, rows: Sequence[object], told: Callable[[int], None]) -> None:
    """All rows, some thousands a transaction; `told` hears how many are in."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        await store.write((statement, {"rows": rows[start : start + ROWS_AT_ONCE]}))
        told(min(start + ROWS_AT_ONCE, len(rows)))


async def make_current(store: Writer, run: ScoreRunRow, clock: Callable[[], datetime]) -> ScoreRunRow:
    """The run is done and counts from now on; the answer is the run as it stands."""
    done = replace(run, state=RunState.SUCCEEDED, finished_at=clock())
    await store.write(*publish(done))
    return done


def failure_line(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, asyncio.CancelledError):
        return "It was cancelled."
    text = " ".join(str(error).split())
    return (text if isinstance(error, RenmaiError) else f"{type(error).__name__}: {text}")[:LONGEST_FAILURE]
