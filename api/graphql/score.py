"""Starting runs of scores, and watching them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

import strawberry

from api.graphql.context import AlreadyRunning, Info, RunProgress, RunRequest
from api.graphql.errors import ApiError, Code
from api.graphql.failures import Failure, InvalidInput, Unavailable
from api.graphql.node import global_id
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.ordering import text_of
from api.graphql.run import RunState, ScoreEngine, ScoreKind, ScoreRun, run_key, run_of
from api.graphql.scalars import Json
from graph.errors import BadInput, LogUnavailable, StoreUnavailable

POLL_SECONDS = 1.0
"""How often the graph is asked for a run of another process."""


@strawberry.input(description="Which scores to compute.")
class StartScoreRunInput:
    """A request."""

    kind: ScoreKind = strawberry.field(description="What to compute.")
    source: str | None = strawberry.field(default=None, description="The data set to score; all if absent.")
    seed: int = strawberry.field(default=0, description="Seed of the random numbers: the same seed, the same scores.")
    engine: ScoreEngine = strawberry.field(default=ScoreEngine.LOCAL, description="What computes them.")
    parameters: Json | None = strawberry.field(
        default=None, description="Parameters that differ from the defaults, as a JSON object."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type(description="A run was started.")
class StartScoreRunPayload:
    """Where to watch it."""

    id: strawberry.ID = strawberry.field(description="Global id of the run: watch it with the subscription scoreRun.")
    key: str = strawberry.field(description="The run's own id.")
    kind: ScoreKind = strawberry.field(description="What it computes.")

    @strawberry.field(description="The run as the graph has it; null until it has begun to compute.")
    async def run(self, info: Info) -> ScoreRun | None:
        """Read from the graph."""
        return await run_of(info, self.key)


@strawberry.type(name="AlreadyRunning", description="A run of this kind and data set is under way.")
class AlreadyRunningFailure(Failure):
    """Which one."""

    id: strawberry.ID = strawberry.field(description="Global id of the run that is under way.")
    key: str = strawberry.field(description="Its own id.")


ScoreRunResult = Annotated[
    StartScoreRunPayload | AlreadyRunningFailure | InvalidInput | IdempotencyConflict | Unavailable,
    strawberry.union("ScoreRunResult", description="The run that was started, or why none was."),
]


@strawberry.type(description="How far a run is.")
class ScoreRunProgress:
    """One step of the way."""

    id: strawberry.ID = strawberry.field(description="Global id of the run.")
    key: str = strawberry.field(description="The run's own id.")
    kind: ScoreKind = strawberry.field(description="What it computes.")
    state: RunState = strawberry.field(description="Running, succeeded or failed.")
    stage: str = strawberry.field(description="What it does just now.")
    done: int = strawberry.field(description="Steps of this stage that are done.")
    total: int = strawberry.field(description="Steps of this stage; 0 where their number is unknown.")
    failure: str | None = strawberry.field(description="Why it failed, in one line.")

    @strawberry.field(description="How much of this stage is done, 0 to 1.")
    def fraction(self) -> float:
        """Done over total."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @strawberry.field(description="The run as the graph has it; null until it has begun to compute.")
    async def run(self, info: Info) -> ScoreRun | None:
        """Read from the graph."""
        return await run_of(info, self.key)

    @classmethod
    def of(cls, progress: RunProgress) -> "ScoreRunProgress":
        """The progress of a run."""
        return cls(
            id=global_id("ScoreRun", progress.run_id),
            key=progress.run_id,
            kind=ScoreKind(progress.kind),
            state=RunState(progress.state),
            stage=progress.stage,
            done=progress.done,
            total=progress.total,
            failure=progress.failure,
        )


async def start_score_run(
    info: Info, input: Annotated[StartScoreRunInput, strawberry.argument(description="Which scores.")]
) -> ScoreRunResult:
    """Starts a run in the background."""
    return await once(info, input.idempotency_key, input, StartScoreRunPayload, lambda: _started(info, input))


async def _started(
    info: Info, input: StartScoreRunInput
) -> StartScoreRunPayload | AlreadyRunningFailure | InvalidInput | Unavailable:
    given: object = {} if input.parameters is None else input.parameters
    if not isinstance(given, dict):
        return InvalidInput(message=f"`parameters` must be a JSON object, not {given!r}.", field="parameters")
    parameters = cast("dict[str, Any]", given)
    request = RunRequest(text_of(input.kind), input.source, input.seed, parameters, text_of(input.engine))
    try:
        started = await info.context.services.runs.start(request)
    except BadInput as failure:
        return InvalidInput(message=str(failure), field="parameters")
    except (LogUnavailable, StoreUnavailable):
        return Unavailable(message="The data cannot be reached at the moment: start the run again later.")
    if isinstance(started, AlreadyRunning):
        message = f"A run of {text_of(input.kind)} for {input.source or 'all data'} is under way: {started.run_id}."
        return AlreadyRunningFailure(message=message, id=global_id("ScoreRun", started.run_id), key=started.run_id)
    return StartScoreRunPayload(id=global_id("ScoreRun", started.run_id), key=started.run_id, kind=input.kind)


async def watch_score_run(info: Info, id: str) -> AsyncIterator[ScoreRunProgress]:
    """The last known state first, then every step until the run ends; NOT_FOUND for a run nobody knows."""
    key = run_key(id) or ""
    steps = info.context.services.runs.watch(key)
    if steps is None:
        async for progress in _seen_from_afar(info, key):
            yield progress
        return
    async for progress in steps:
        info.context.renew()
        yield ScoreRunProgress.of(progress)


async def _seen_from_afar(info: Info, key: str) -> AsyncIterator[ScoreRunProgress]:
    """A run that this process did not start: its state as the graph has it, now and when it has changed."""
    told: RunState | None = None
    while told in (None, RunState.RUNNING):
        info.context.renew()
        run = await run_of(info, key)
        if run is None:
            raise ApiError(Code.NOT_FOUND, f"There is no run {key!r}.")
        if run.state is not told:
            told = run.state
            yield ScoreRunProgress(
                id=run.id, key=key, kind=run.kind, state=run.state, stage="", done=0, total=0, failure=run.failure
            )
        if told is RunState.RUNNING:
            await asyncio.sleep(POLL_SECONDS)
