"""Influence scores: of customers, and the highest within an audience.

Without a run, the run of the whole (scope `*`) is read where there is a current one, else the current run of every
data set. One statement finds the run and reads from it, so no reader sees half of one run and half of the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, LiteralString

import msgspec

from graph.model.score import INFLUENCE_FIGURES
from graph.queries.audience import CONDITIONS
from graph.queries.customer import OWN_KEYS
from graph.queries.listing import Filters, Listing, count, page
from graph.queries.packing import packed
from graph.queries.paging import Ordering, Page, Record, Slice
from graph.queries.reader import Columns, Reader, made_of, told_whole
from graph.queries.run import CURRENT_INFLUENCE
from graph.queries.view import join_seen
from graph.store.statement import CUSTOMER, PATHS, SCORE


@dataclass(frozen=True, slots=True)
class InfluenceRow:
    """A customer's influence as one run saw it; money in hundredths where the name says cents."""

    run_id: str
    customer_id: str
    spread: float
    spread_low: float
    spread_high: float
    revenue: float
    revenue_low: float
    revenue_high: float
    credited_direct_cents: int
    credited_downstream_cents: int
    direct_referrals: int
    downstream: int
    rank: int
    percentile: float
    paths: str | None


_FIELDS: dict[LiteralString, LiteralString] = {
    "run_id": "s.run_id",
    "customer_id": "s.customer_id",
    "spread": "s.spread",
    "spread_low": "s.spread_low",
    "spread_high": "s.spread_high",
    "revenue": "s.revenue",
    "revenue_low": "s.revenue_low",
    "revenue_high": "s.revenue_high",
    "credited_direct_cents": "coalesce(s.credited_direct_cents, 0)",
    "credited_downstream_cents": "coalesce(s.credited_downstream_cents, 0)",
    "direct_referrals": "coalesce(s.direct_referrals, 0)",
    "downstream": "coalesce(s.downstream, 0)",
    "rank": "s.rank",
    "percentile": "s.percentile",
    "paths": "s.paths",
}
_COLUMNS: list[LiteralString] = [f"{value} AS {name}" for name, value in _FIELDS.items()]
COLUMNS: LiteralString = ", ".join(_COLUMNS)
BUT_PATHS = frozenset(_FIELDS) - {"paths"}
"""Paths are most of a score's bytes, and seldom asked for."""

_GIVEN_RUN: LiteralString = "WITH $run AS run"
_SCORES_OF_KEYS: LiteralString = (
    " UNWIND $keys AS key WITH run, key, run + '|' + key AS score_id MATCH (s:InfluenceScore {score_id: score_id})"
    f"{join_seen('s, run, key')}"
)
_BUT_PATHS = frozenset({"run_id", "customer_id", "figures"})
_KEYS: dict[str, str] = {"customer_id": CUSTOMER, "paths": PATHS}


@dataclass(frozen=True, slots=True)
class _Told:
    """A score as it is read by key: its figures are one text, or a map where the run is of before such texts.

    A text takes the stores, the wire and the driver a third of what a dozen values take.
    """

    run_id: str
    customer_id: str
    figures: str | dict[str, Any]
    paths: str | None


# Named one by one behind coalesce, Neo4j would look every property up beforehand.
_ONE_BY_ONE: LiteralString = ", ".join([f".{name}" for name in INFLUENCE_FIGURES])
_TOLD: LiteralString = (
    "run AS run_id, key AS customer_id,"
    f" CASE WHEN s.figures IS NULL THEN s {{{_ONE_BY_ONE}}} ELSE s.figures END AS figures, s.paths AS paths"
)
BY_CUSTOMERS = packed(
    f"{CURRENT_INFLUENCE}{_SCORES_OF_KEYS}", _TOLD, _Told, keys=CUSTOMER, customer_id=CUSTOMER, paths=PATHS
)
BY_CUSTOMERS_IN_RUN = packed(
    f"{_GIVEN_RUN}{_SCORES_OF_KEYS}", _TOLD, _Told, keys=CUSTOMER, customer_id=CUSTOMER, paths=PATHS
)


def _listing(runs: LiteralString) -> Listing[InfluenceRow]:
    return Listing(
        InfluenceRow,
        match=f"{runs} MATCH (s:InfluenceScore {{run_id: run}}){join_seen('s')}",
        variables="s",
        columns=COLUMNS,
        filters={},
        keys={"sort_key": SCORE, **_KEYS},
    )


def _audience(runs: LiteralString) -> Listing[InfluenceRow]:
    return Listing(
        InfluenceRow,
        match=(
            f"{runs} MATCH (s:InfluenceScore {{run_id: run}}) WITH s, s.customer_id AS customer_id"
            " MATCH (c:Customer {customer_id: customer_id})"
        ),
        variables="s",
        columns=COLUMNS,
        filters=CONDITIONS,
        seen=("customer", "c"),
        keys={"sort_key": SCORE, **_KEYS, **OWN_KEYS},
    )


LISTING = _listing(CURRENT_INFLUENCE)
LISTING_IN_RUN = _listing(_GIVEN_RUN)
AUDIENCE = _audience(CURRENT_INFLUENCE)
AUDIENCE_IN_RUN = _audience(_GIVEN_RUN)

METRICS: dict[str, Ordering] = {
    "spread": Ordering("s.spread", "s.score_id", descending=True),
    "revenue": Ordering("s.revenue", "s.score_id", descending=True),
    "credited_revenue": Ordering(
        "coalesce(s.credited_direct_cents, 0) + coalesce(s.credited_downstream_cents, 0)", "s.score_id", descending=True
    ),
    "direct_referrals": Ordering("coalesce(s.direct_referrals, 0)", "s.score_id", descending=True),
    "downstream": Ordering("coalesce(s.downstream, 0)", "s.score_id", descending=True),
}
"""By what influencers are compared, highest first."""


async def influence_of(reader: Reader, customers: Sequence[str], run: str | None) -> list[InfluenceRow | None]:
    """One score for each customer, in the order given; None for one whom the run did not score."""
    records = await influence_records(reader, customers, run, None)
    return [None if record is None else made_of(InfluenceRow, record) for record in records]


async def influence_records(
    reader: Reader, customers: Sequence[str], run: str | None, columns: Columns
) -> list[Record | None]:
    """The same as the store tells them, with these columns alone."""
    statement = BY_CUSTOMERS if run is None else BY_CUSTOMERS_IN_RUN
    with_paths = columns is None or "paths" in columns
    asked = {"keys": list(dict.fromkeys(customers)), **_given(run)}
    told = await reader.read(statement if with_paths else statement.only(_BUT_PATHS), asked)
    records = told_whole(InfluenceRow, _with_figures(told), columns)
    # Where data sets have runs of their own, the last one counts.
    found = {record["customer_id"]: record for record in sorted(records, key=itemgetter("run_id"))}
    return [found.get(customer) for customer in customers]


async def top_influencers(
    reader: Reader, audience: Filters, metric: Ordering, run: str | None, slice: Slice
) -> Page[InfluenceRow]:
    """A page of the scores within the audience, highest first."""
    return await page(reader, _listing_for(audience, run), metric, audience, slice, _given(run))


async def count_influencers(reader: Reader, audience: Filters, run: str | None) -> int:
    """How many scored customers the audience has, counted up to COUNT_CAP."""
    return await count(reader, _listing_for(audience, run), audience, _given(run))


def _listing_for(audience: Filters, run: str | None) -> Listing[InfluenceRow]:
    if audience:
        return AUDIENCE if run is None else AUDIENCE_IN_RUN
    return LISTING if run is None else LISTING_IN_RUN


def _with_figures(told: Sequence[Record]) -> list[Record]:
    """The records with every figure under its name; all texts are read as one."""
    texts = [figures for record in told if isinstance(figures := record["figures"], str)]
    read = iter(msgspec.json.decode(f"[{','.join(texts)}]", type=list[list[Any]]))
    return [{**record, **_named(record["figures"], read)} for record in told]


def _named(figures: str | Mapping[str, Any], read: Iterator[list[Any]]) -> dict[str, Any]:
    if isinstance(figures, str):
        return dict(zip(INFLUENCE_FIGURES, next(read), strict=True))
    return {name: figures.get(name) or 0 for name in INFLUENCE_FIGURES}


def _given(run: str | None) -> dict[str, object]:
    return {} if run is None else {"run": run}
