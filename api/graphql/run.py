"""Score runs in the API."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated

import msgspec
import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import ApiError, Code, bad_input
from api.graphql.node import Node, global_id, read_global_id
from api.graphql.ordering import text_of
from api.graphql.scalars import Json
from graph.queries import run as queries


@strawberry.enum(description="What a run computes.")
class ScoreKind(Enum):
    """Kinds of scores."""

    INFLUENCE = strawberry.enum_value("influence", description="How many others each customer moves.")
    CHAINS = strawberry.enum_value("chains", description="Which purchase leads to which, in which slot.")
    AFFINITY = strawberry.enum_value("affinity", description="What goes together, and what everybody buys next.")
    CENTRALITY = strawberry.enum_value(
        "centrality", description="Who is central among who follows whose shares, and the communities."
    )


@strawberry.enum(description="What computes a run.")
class ScoreEngine(Enum):
    """Engines; not every kind of score runs on each."""

    LOCAL = strawberry.enum_value("local", description="Compiled kernels in the server's own process: runs everything.")
    NETWORKX = strawberry.enum_value(
        "networkx", description="Plain Python to check the others by: influence and centrality of small graphs."
    )
    GDS = strawberry.enum_value(
        "gds", description="Neo4j's Graph Data Science, where the graph is a Neo4j that has it: centrality."
    )


@strawberry.enum(description="How far a run has come.")
class RunState(Enum):
    """States of a run."""

    RUNNING = strawberry.enum_value("running", description="It is at work.")
    SUCCEEDED = strawberry.enum_value("succeeded", description="It ended and its scores can be read.")
    FAILED = strawberry.enum_value("failed", description="It ended without scores; `failure` says why.")


@strawberry.type(description="One computation of scores, with all that is needed to repeat it.")
class ScoreRun(Node):
    """A run, out of its row."""

    key: str = strawberry.field(description="The run's own id.")
    kind: ScoreKind = strawberry.field(description="What it computes.")
    scope: str = strawberry.field(description="The data set that was scored, or * for all.")
    algorithm: str | None = strawberry.field(description="Name of the algorithm.")
    algorithm_version: int | None = strawberry.field(description="Grows when the same input gives another score.")
    engine: str | None = strawberry.field(description="Which engine computed it.")
    parameters: Json | None = strawberry.field(description="The parameters.")
    seed: int | None = strawberry.field(description="Seed of the random numbers.")
    log_version: int | None = strawberry.field(description="The version of the event log that was read.")
    as_of: datetime | None = strawberry.field(description="The time of the newest event that was read.")
    started_at: datetime | None = strawberry.field(description="When it started.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null while it runs.")
    state: RunState = strawberry.field(description="How far it has come.")
    failure: str | None = strawberry.field(description="Why it failed, in one line.")
    event_count: int | None = strawberry.field(description="How many events were read.")
    customer_count: int | None = strawberry.field(description="How many customers were scored.")
    tie_count: int | None = strawberry.field(description="How many ties, or pairs of steps, were weighed.")
    is_current: bool = strawberry.field(description="True for the run that readers see for its kind and scope.")

    @classmethod
    def of(cls, row: queries.RunRow) -> "ScoreRun":
        """The run of a row."""
        return cls(
            id=global_id("ScoreRun", row.key),
            key=row.key,
            kind=ScoreKind(row.kind),
            scope=row.scope,
            algorithm=row.algorithm,
            algorithm_version=row.algorithm_version,
            engine=row.engine,
            parameters=None if row.parameters is None else Json(msgspec.json.decode(row.parameters)),
            seed=row.seed,
            log_version=row.log_version,
            as_of=row.as_of,
            started_at=row.started_at,
            finished_at=row.finished_at,
            state=RunState(row.state),
            failure=row.failure,
            event_count=row.event_count,
            customer_count=row.customer_count,
            tie_count=row.tie_count,
            is_current=row.is_current,
        )


RunArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Another run than the current one: its global id or its own id."),
]


def run_key(id: str | None) -> str | None:
    """The run's own id out of an argument that holds a global id, the own id or nothing."""
    if id is None:
        return None
    if not id:
        raise bad_input("`run` must be the id of a run, not an empty text.", argument="run")
    try:
        noun, key = read_global_id(id)
    except ApiError:  # what is no global id is taken for the run's own id
        return id
    return key if noun == "ScoreRun" else id


async def run_of(info: Info, key: str) -> ScoreRun | None:
    """A run by its own id, read together with its neighbours."""
    row = await info.context.load(queries.runs_by_key, key)
    return None if row is None else ScoreRun.of(row)


async def finished_run(info: Info, id: str | None, kind: ScoreKind) -> str | None:
    """The own id of a run of this kind whose scores can be read; None for the current one.

    NOT_FOUND with the reason UNKNOWN_RUN, or BAD_USER_INPUT with RUN_NOT_FINISHED.
    """
    key = run_key(id)
    if key is None:
        return None
    run, told = await run_of(info, key), {"argument": "run", "value": key}
    if run is None or run.kind is not kind:
        message = f"There is no {text_of(kind)} run {key!r}: `scoreRuns(kind: {kind.name})` lists them."
        raise ApiError(Code.NOT_FOUND, message, reason="UNKNOWN_RUN", **told)
    if run.state is not RunState.SUCCEEDED:
        state = "is still going" if run.state is RunState.RUNNING else "has failed"
        message = f"The run {key!r} {state}: leave `run` out for the current one."
        raise ApiError(Code.BAD_USER_INPUT, message, reason="RUN_NOT_FINISHED", **told)
    return key


async def score_run(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The run's global id or its own id.")]
) -> ScoreRun | None:
    """One run; null where there is none."""
    return await run_of(info, run_key(id) or "")


async def score_runs(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    kind: Annotated[ScoreKind | None, strawberry.argument(description="Of this kind alone.")] = None,
) -> Connection[ScoreRun]:
    """A page of runs, newest first."""
    filters: dict[str, object] = {} if kind is None else {"kind_eq": text_of(kind)}
    wanted = slice_of(PageArguments(first, after, last, before), "runs")
    page = await queries.runs(info.context.reader, filters, wanted)
    counted = partial(queries.count_runs, info.context.reader, filters)
    return connect(Connection[ScoreRun], page, "runs", ScoreRun.of, counted)
