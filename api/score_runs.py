"""Runs of scores in the background: started once a kind and data set, watched by whoever asks."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog

from api.claims import Claims
from api.graphql.context import AlreadyRunning, RunProgress, RunRequest
from graph.algorithms.affinity import AffinityRequest
from graph.algorithms.centrality import CentralityRequest
from graph.algorithms.chains import EVERY_WEEK_ALIKE, Calendar, ChainsRequest, Gap
from graph.algorithms.influence import InfluenceRequest
from graph.errors import BadInput, RenmaiError
from graph.jobs.affinity import score_affinity
from graph.jobs.publish import Progress, RunContext, new_run_id
from graph.jobs.refresh import Standing, standing_influence
from graph.jobs.score import score_chains, score_influence
from graph.jobs.score_centrality import score_centrality
from graph.jobs.score_read import check_category, check_source
from graph.jobs.share_events import ShareMemory
from graph.jobs.started import ScoreRequest, check_engine
from graph.log import EventLog
from graph.store import Store

log = structlog.get_logger("renmai.scores")

REMEMBERED = 100
AT_ONCE = nullcontext()
"""The turn of a run that waits for no other."""
_REQUESTS: Mapping[str, type[ScoreRequest]] = {
    "affinity": AffinityRequest,
    "centrality": CentralityRequest,
    "chains": ChainsRequest,
    "influence": InfluenceRequest,
}


@dataclass
class _Run:
    progress: RunProgress
    scope: str
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    steps: int = 0


class BackgroundRuns:
    """The runs that this process started; the last hundred are remembered."""

    def __init__(
        self,
        events: EventLog,
        store: Store,
        tables: Path,
        now: Callable[[], datetime],
        calendar: Calendar = EVERY_WEEK_ALIKE,
    ) -> None:
        self._log = events
        self._store = store
        self._tables = tables
        self._now = now
        self._calendar = calendar
        self._memory = ShareMemory()
        self._runs: dict[str, _Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._claims = Claims(tables / "running")
        self._refreshed = asyncio.Lock()

    async def start(self, request: RunRequest) -> RunProgress | AlreadyRunning:
        """Starts in the background; BadInput for parameters, an engine or a source that cannot be used."""
        asked = parameters_of(request, self._calendar)
        check_engine(asked, request.engine)
        await asyncio.to_thread(check_source, self._log, self._log.version, request.source)
        if isinstance(asked, InfluenceRequest):
            await asyncio.to_thread(check_category, self._log, self._log.version, asked.category)
        if running := self._running(request.kind, asked.scope):
            return AlreadyRunning(running)
        started_at = self._now()
        run_id = new_run_id(request.kind, started_at)
        claim = _claim(request.kind, asked.scope)
        if not await asyncio.to_thread(self._claims.take, claim, run_id):
            return AlreadyRunning(await asyncio.to_thread(self._claims.about, claim) or "")
        run = self._runs[run_id] = _Run(RunProgress(run_id, request.kind, "running", "start", 0, 0), asked.scope)
        self._forget_oldest()
        self._begin(run, asked, RunContext(run_id, started_at, self._now, request.engine, self._memory))
        return run.progress

    async def refresh(self) -> list[str]:
        """Brings up to date every current influence run that later events touch; the ids of the runs so started.

        Each is a run with the parameters and the engine of the one it follows; they compute one after another. Raises
        RenmaiError.
        """
        standing = await standing_influence(self._log, self._store, self._memory)
        begun = [await self._follow_up(one) for one in standing if one.is_touched]
        return [run_id for run_id in begun if run_id]

    async def _follow_up(self, standing: Standing) -> str | None:
        """None where a run of this data set is under way, here or in another process."""
        scope, started_at = standing.request.scope, self._now()
        run_id = new_run_id("influence", started_at)
        if self._running("influence", scope):
            return None
        if not await asyncio.to_thread(self._claims.take, _claim("influence", scope), run_id):
            return None
        run = self._runs[run_id] = _Run(RunProgress(run_id, "influence", "running", "start", 0, 0), scope)
        self._forget_oldest()
        engine = standing.run.engine or "local"
        memory, follows = self._memory, standing.follows
        context = RunContext(run_id, started_at, self._now, engine, memory, is_judged=False, follows=follows)
        self._begin(run, standing.request, context, self._refreshed)
        return run_id

    def _running(self, kind: str, scope: str) -> str | None:
        """The run of this kind and data set that is under way."""
        for run in self._runs.values():
            if (run.progress.kind, run.scope, run.progress.state) == (kind, scope, "running"):
                return run.progress.run_id
        return None

    def _begin(
        self, run: _Run, request: ScoreRequest, context: RunContext, turn: AbstractAsyncContextManager[object] = AT_ONCE
    ) -> None:
        task = asyncio.create_task(self._compute(run, request, context, turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def watch(self, run_id: str) -> AsyncGenerator[RunProgress] | None:
        """The last known state first, then the newest one whenever it changed, until the run ends."""
        run = self._runs.get(run_id)
        return None if run is None else _watched(run)

    async def close(self) -> None:
        """Ends the runs that are under way; the graph then has them as failed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _compute(
        self, run: _Run, request: ScoreRequest, context: RunContext, turn: AbstractAsyncContextManager[object]
    ) -> None:
        told: asyncio.Queue[Progress | None] = asyncio.Queue()
        teller = asyncio.create_task(_follow(run, told))
        kind, run_id = run.progress.kind, run.progress.run_id
        end = RunProgress(run_id, kind, "failed", "end", 0, 0, "It was ended with the server.")
        try:
            async with turn:
                if isinstance(request, ChainsRequest):
                    await score_chains(self._log, self._store, self._tables, request, context, told.put_nowait)
                elif isinstance(request, AffinityRequest):
                    await score_affinity(self._log, self._store, self._tables, request, context, told.put_nowait)
                elif isinstance(request, CentralityRequest):
                    await score_centrality(self._log, self._store, self._tables, request, context, told.put_nowait)
                else:
                    await score_influence(self._log, self._store, self._tables, request, context, told.put_nowait)
            end = RunProgress(run_id, kind, "succeeded", "end", 1, 1)
        except RenmaiError as failure:
            end = RunProgress(run_id, kind, "failed", "end", 0, 0, str(failure))
        except Exception as error:
            log.error("run failed", run_id=run_id, exc_info=error)
            end = RunProgress(run_id, kind, "failed", "end", 0, 0, "Internal error: see the server's log.")
        finally:
            told.put_nowait(None)
            await teller
            self._claims.release(_claim(kind, run.scope))
            await _tell(run, end)

    def _forget_oldest(self) -> None:
        ended = [key for key, run in self._runs.items() if run.progress.state != "running"]
        for key in ended[: max(0, len(self._runs) - REMEMBERED)]:
            del self._runs[key]


def _claim(kind: str, scope: str) -> str:
    """The name of a claim, fit for a file's, whatever the data set is called."""
    return f"{kind}-{hashlib.sha256(scope.encode()).hexdigest()[:16]}"


async def _watched(run: _Run) -> AsyncGenerator[RunProgress]:
    seen = -1
    while True:
        async with run.changed:
            while run.steps == seen:
                await run.changed.wait()
            seen, progress = run.steps, run.progress
        yield progress
        if progress.state != "running":
            return


async def _follow(run: _Run, told: "asyncio.Queue[Progress | None]") -> None:
    while step := await told.get():
        await _tell(run, RunProgress(step.run_id, run.progress.kind, "running", step.stage, step.done, step.total))


async def _tell(run: _Run, progress: RunProgress) -> None:
    async with run.changed:
        run.progress = progress
        run.steps += 1
        run.changed.notify_all()


def parameters_of(request: RunRequest, calendar: Calendar = EVERY_WEEK_ALIKE) -> ScoreRequest:
    """The algorithm's own request; BadInput for a parameter that it does not have or a value that it does not take.

    `calendar` holds where chains are asked for without one.
    """
    kind = _REQUESTS[request.kind]
    names = {field.name for field in fields(kind)} - {"source", "seed"}
    if unknown := sorted(set(request.parameters) - names):
        raise BadInput(f"{request.kind} has no parameter {', '.join(unknown)}; it has {', '.join(sorted(names))}.")
    given: dict[str, Any] = {**request.parameters, "source": request.source, "seed": request.seed}
    try:
        asked = msgspec.convert(given, type=kind, dec_hook=_word)
    except msgspec.ValidationError as error:
        raise BadInput(f"{request.kind} cannot be run with these parameters: {error}.") from error
    if isinstance(asked, ChainsRequest) and "calendar" not in request.parameters:
        return replace(asked, calendar=calendar)
    return asked


def _word(kind: type, given: object) -> object:
    """A gap out of its text; msgspec asks for every type that it does not know."""
    if kind is Gap and isinstance(given, str):
        return Gap(given)
    raise ValueError(f"a {kind.__name__.lower()} is a text, not {given!r}")
