"""Score runs: by id, as a list, and which one counts now."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from graph.queries.filters import texts
from graph.queries.listing import Filters, Listing, count, page
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Reader
from graph.store.statement import INSTANT, OURS, cypher


@dataclass(frozen=True, slots=True)
class RunRow:
    """One computation of scores, with all that is needed to repeat it."""

    key: str
    kind: str
    scope: str
    algorithm: str | None
    algorithm_version: int | None
    engine: str | None
    parameters: str | None
    seed: int | None
    log_version: int | None
    as_of: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    state: str
    failure: str | None
    event_count: int | None
    customer_count: int | None
    tie_count: int | None
    is_current: bool


COLUMNS: LiteralString = (
    "r.run_id AS key, r.kind AS kind, r.scope AS scope, r.algorithm AS algorithm, "
    "r.algorithm_version AS algorithm_version, r.engine AS engine, r.parameters AS parameters, r.seed AS seed, "
    "r.log_version AS log_version, r.as_of AS as_of, r.started_at AS started_at, r.finished_at AS finished_at, "
    "r.state AS state, r.failure AS failure, r.event_count AS event_count, r.customer_count AS customer_count, "
    "r.tie_count AS tie_count, coalesce(pointer.run_id = r.run_id, false) AS is_current"
)

_KEYS: dict[str, str] = {"parameters": OURS, "failure": OURS}

BY_KEYS = cypher(
    "UNWIND $keys AS key MATCH (r:ScoreRun {run_id: key}) WITH r, r.kind + '|' + r.scope AS pointer_id"
    f" OPTIONAL MATCH (pointer:CurrentRun {{pointer_id: pointer_id}}) RETURN {COLUMNS}",
    **_KEYS,
)

LISTING: Listing[RunRow] = Listing(
    RunRow,
    match=(
        "MATCH (r:ScoreRun) WITH r, r.kind + '|' + r.scope AS pointer_id"
        " OPTIONAL MATCH (pointer:CurrentRun {pointer_id: pointer_id}) WITH r, pointer"
    ),
    variables="r, pointer",
    columns=COLUMNS,
    filters={**texts("kind", "r.kind"), **texts("scope", "r.scope"), **texts("state", "r.state")},
    keys=_KEYS,
)
NEWEST_FIRST = Ordering(
    "coalesce(r.started_at, datetime('0001-01-01T00:00:00Z'))", "r.run_id", descending=True, kind=INSTANT
)


runs_by_key = ByKey(BY_KEYS, RunRow)
"""One answer for each id, in the order given; None for an unknown run."""


async def runs(reader: Reader, filters: Filters, slice: Slice) -> Page[RunRow]:
    """A page of the runs that pass every filter, newest first."""
    return await page(reader, LISTING, NEWEST_FIRST, filters, slice)


async def count_runs(reader: Reader, filters: Filters) -> int:
    """How many runs pass every filter, counted up to COUNT_CAP."""
    return await count(reader, LISTING, filters)


POINTERS = cypher("MATCH (p:CurrentRun) RETURN p.pointer_id AS pointer ORDER BY pointer")


def _read_of(kind: LiteralString) -> LiteralString:
    """Binds `pointer` to what readers see where they name no run: that of the whole, or else that of each data set."""
    return (
        f"MATCH (pointer:CurrentRun {{kind: '{kind}'}}) WHERE pointer.scope = '*'"
        f" OR NOT EXISTS {{ MATCH (whole:CurrentRun {{pointer_id: '{kind}|*'}}) }}"
    )


CURRENT_CHAINS: LiteralString = _read_of("chains")
"""Part of a statement: it binds `pointer` to the pointers at the runs that readers see where they name none."""
CURRENT_INFLUENCE: LiteralString = f"{_read_of('influence')} WITH pointer.run_id AS run"
CURRENT_AFFINITY: LiteralString = f"{_read_of('affinity')} WITH pointer.run_id AS run"
CURRENT_CENTRALITY: LiteralString = f"{_read_of('centrality')} WITH pointer.run_id AS run"
"""Beginnings of statements: they bind `run` to the runs that readers see where they name none."""

CURRENT = cypher("MATCH (p:CurrentRun {kind: $kind}) RETURN p.scope AS scope, p.run_id AS run ORDER BY scope")


async def current_runs(reader: Reader, kind: str) -> dict[str, str]:
    """Scope → the run that counts now, of one kind."""
    return {record["scope"]: record["run"] for record in await reader.read(CURRENT, {"kind": kind})}


async def current_pointers(reader: Reader) -> list[str]:
    """kind|scope of everything that has a current run."""
    return [record["pointer"] for record in await reader.read(POINTERS)]
