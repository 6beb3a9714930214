"""What goes on behind the requests: the projector that follows the log, and parameters of runs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import structlog

from api.graphql.context import RunRequest
from api.projecting import Follower
from api.refreshing import refreshing
from api.score_runs import parameters_of
from graph.algorithms.chains import ChainsRequest, Gap
from graph.algorithms.influence import InfluenceRequest
from graph.errors import BadInput, StoreUnavailable


class Log:
    """A log whose version grows when it is told to, and a graph that follows it."""

    def __init__(self) -> None:
        self.version = 1
        self.projected: list[int] = []
        self.failure: Exception | None = None
        self.done = asyncio.Event()

    async def project(self) -> int:
        self.done.set()
        if self.failure:
            raise self.failure
        self.projected.append(self.version)
        return self.version

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self.done.wait()
        self.done.clear()


async def restless(_: float) -> None:
    """No time between two projections."""
    await asyncio.sleep(0)


@asynccontextmanager
async def following(log: Log, rest: Callable[[float], Awaitable[None]] = restless) -> AsyncGenerator[Follower]:
    follower = Follower(lambda: log.version, log.project, sleep=rest)
    task = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_scores_are_refreshed_after_every_pause_and_a_failure_is_tried_again():
    pauses, outcomes = list[float](), iter([["run-1"], StoreUnavailable("the graph is away"), []])

    async def sleep(seconds: float) -> None:
        if len(pauses) == 3:
            raise asyncio.CancelledError
        pauses.append(seconds)

    async def refresh() -> list[str]:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with structlog.testing.capture_logs() as logs, suppress(asyncio.CancelledError):
        await refreshing(refresh, 2.5, sleep)

    assert pauses == [150, 150, 150]
    assert [(entry["event"], entry.get("runs"), entry.get("reason")) for entry in logs] == [
        ("refresh begun", 1, None),
        ("refresh failed", None, "the graph is away"),
        ("refresh begun", 0, None),
    ]


async def test_what_is_in_the_log_at_the_start_is_projected():
    log = Log()
    async with following(log):
        await log.next()

    assert log.projected == [1]


async def test_a_woken_follower_projects_what_is_new():
    log = Log()
    async with following(log) as follower:
        await log.next()
        log.version = 2
        follower.wake()
        await log.next()

    assert log.projected == [1, 2]


async def test_what_is_recorded_while_the_follower_rests_is_projected_together():
    log, may, rests = Log(), asyncio.Event(), list[float]()

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        await may.wait()
        may.clear()

    async with following(log, rest) as follower:
        await log.next()
        for log.version in (2, 3, 4):
            follower.wake()
        may.set()
        await log.next()

    assert log.projected == [1, 4]
    assert set(rests) == {0.25}


async def test_a_failure_is_told_once_and_tried_again():
    log = Log()
    log.failure = StoreUnavailable("The graph is away.")
    with structlog.testing.capture_logs() as logs:
        async with following(log) as follower:
            for _ in range(2):
                await log.next()
                follower.wake()
            await log.next()
            told = follower.failure
            log.failure = None
            follower.wake()
            await log.next()

    assert told == "The graph is away."
    assert [entry["failure"] for entry in logs] == ["The graph is away."]
    assert log.projected == [1]


async def test_a_bug_does_not_end_the_follower():
    log = Log()
    log.failure = RuntimeError("secret")
    with structlog.testing.capture_logs() as logs:
        async with following(log) as follower:
            await log.next()
            log.failure = None
            follower.wake()
            await log.next()

    assert log.projected == [1]
    assert logs[0]["log_level"] == "error"


def test_parameters_become_the_algorithms_own_request():
    given = {"min_customers": 5, "gaps": ["next_day"], "slots": [[660, 780]]}

    assert parameters_of(RunRequest("chains", "shop", 3, given)) == ChainsRequest(
        slots=((660, 780),), gaps=(Gap.NEXT_DAY,), min_customers=5, source="shop", seed=3
    )
    assert parameters_of(RunRequest("influence", None, 0, {"decay": 0.25})) == InfluenceRequest(decay=0.25)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"speed": 1}, "no parameter speed"),
        ({"seed": 1}, "no parameter seed"),
        ({"min_customers": "many"}, "min_customers"),
        ({"min_customers": 0}, "1 or more"),
        ({"gaps": ["never"]}, "never"),
        ({"slots": [[780, 660]]}, "780"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(parameters: dict[str, object], told: str):
    with pytest.raises(BadInput, match=told):
        parameters_of(RunRequest("chains", None, 0, parameters))
