"""Centrality scores: of customers, and the most central within an audience.

Which runs are read, and why in one statement: see `graph/queries/influence.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from graph.queries.audience import CONDITIONS
from graph.queries.customer import OWN_KEYS
from graph.queries.listing import Filters, Listing, count, page
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import Reader
from graph.queries.run import CURRENT_CENTRALITY
from graph.queries.view import join_seen
from graph.store.statement import CUSTOMER, SCORE, cypher


@dataclass(frozen=True, slots=True)
class CentralityRow:
    """A customer's place among who follows whose shares, as one run saw it."""

    run_id: str
    customer_id: str
    page_rank: float
    nearness: float
    hub: float
    authority: float
    core: int
    community: int
    community_size: int
    rank: int


COLUMNS: LiteralString = (
    "s.run_id AS run_id, s.customer_id AS customer_id, s.page_rank AS page_rank, s.nearness AS nearness, "
    "s.hub AS hub, s.authority AS authority, s.core AS core, s.community AS community, "
    "s.community_size AS community_size, s.rank AS rank"
)
_GIVEN_RUN: LiteralString = "WITH $run AS run"
_SCORES_OF_KEYS: LiteralString = (
    " UNWIND $keys AS key WITH run + '|' + key AS score_id MATCH (s:CentralityScore {score_id: score_id})"
    f"{join_seen('s')} RETURN {COLUMNS}"
)
BY_CUSTOMERS = cypher(f"{CURRENT_CENTRALITY}{_SCORES_OF_KEYS}", keys=CUSTOMER, customer_id=CUSTOMER)
BY_CUSTOMERS_IN_RUN = cypher(f"{_GIVEN_RUN}{_SCORES_OF_KEYS}", keys=CUSTOMER, customer_id=CUSTOMER)


def _listing(runs: LiteralString) -> Listing[CentralityRow]:
    return Listing(
        CentralityRow,
        match=(
            f"{runs} MATCH (s:CentralityScore {{run_id: run}}) WITH s, s.customer_id AS customer_id"
            " MATCH (c:Customer {customer_id: customer_id})"
        ),
        variables="s",
        columns=COLUMNS,
        filters=CONDITIONS,
        seen=("customer", "c"),
        keys={"sort_key": SCORE, "customer_id": CUSTOMER, **OWN_KEYS},
    )


LISTING = _listing(CURRENT_CENTRALITY)
LISTING_IN_RUN = _listing(_GIVEN_RUN)
METRICS: dict[str, Ordering] = {
    "page_rank": Ordering("s.page_rank", "s.score_id", descending=True),
    "nearness": Ordering("s.nearness", "s.score_id", descending=True),
    "hub": Ordering("s.hub", "s.score_id", descending=True),
    "authority": Ordering("s.authority", "s.score_id", descending=True),
    "core": Ordering("s.core", "s.score_id", descending=True),
}
"""By what customers are compared, highest first."""


async def centrality_of(reader: Reader, customers: Sequence[str], run: str | None) -> list[CentralityRow | None]:
    """One score for each customer, in the order given; None for one whom the run did not score."""
    wanted = {"keys": list(dict.fromkeys(customers))}
    if run is None:
        records = await reader.read(BY_CUSTOMERS, wanted)
    else:
        records = await reader.read(BY_CUSTOMERS_IN_RUN, {**wanted, "run": run})
    rows = sorted((CentralityRow(**record) for record in records), key=lambda row: row.run_id)
    found = {row.customer_id: row for row in rows}
    return [found.get(customer) for customer in customers]


async def most_central(
    reader: Reader, audience: Filters, metric: Ordering, run: str | None, slice: Slice
) -> Page[CentralityRow]:
    """A page of the scores within the audience, highest first."""
    listing, given = _listing_for(run)
    return await page(reader, listing, metric, audience, slice, given)


async def count_central(reader: Reader, audience: Filters, run: str | None) -> int:
    """How many scored customers the audience has, counted up to COUNT_CAP."""
    listing, given = _listing_for(run)
    return await count(reader, listing, audience, given)


def _listing_for(run: str | None) -> tuple[Listing[CentralityRow], dict[str, object]]:
    return (LISTING, {}) if run is None else (LISTING_IN_RUN, {"run": run})
