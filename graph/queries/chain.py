"""Chains: by id, as a list, and those that customers are inside of now.

Without a run, the current run of the whole is read, or else that of each data set; a data set that is asked for by name
is read by its own. One statement finds the runs and reads from them.
"""

from dataclasses import dataclass
from typing import LiteralString

from graph.queries.chain_steps import ChainStepRow, to_steps
from graph.queries.filters import ranges, texts
from graph.queries.listing import Filters, Listing, count, page
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Reader
from graph.queries.run import CURRENT_CHAINS
from graph.store.statement import cypher


@dataclass(frozen=True, slots=True)
class ChainRow:
    """Steps that follow each other; slots in minutes of the store's own day, their ends exclusive.

    `first` and `then` are the first and the last step, and `gap` lies between the last two: of a pair that is all.
    """

    key: str
    run_id: str
    rank: int
    first_category_id: str | None
    first_start_minute: int
    first_end_minute: int
    first_day_kind: str
    then_category_id: str | None
    then_start_minute: int
    then_end_minute: int
    then_day_kind: str
    gap: str
    customers: int
    occurrences: int
    support: float
    confidence: float
    lift: float
    p_value: float
    q_value: float
    scope_kind: str
    scope_key: str | None
    told_steps: str | None = None
    """The node's property `steps`; None in runs of a release that knew pairs alone."""
    lift_low: float | None = None
    lift_high: float | None = None
    suffix_lift: float | None = None
    new: bool = True
    held: bool | None = None
    rest_lift: float | None = None
    difference_q_value: float | None = None
    then_mean_cents: float | None = None
    leverage: float | None = None
    median_gap_minutes: float | None = None
    revenue_cents: int | None = None
    closed: bool | None = None

    @property
    def steps(self) -> tuple[ChainStepRow, ...]:
        """All steps in order, two to five."""
        if self.told_steps is not None:
            return to_steps(self.told_steps)
        first = self.first_category_id, self.first_start_minute, self.first_end_minute, self.first_day_kind
        then = self.then_category_id, self.then_start_minute, self.then_end_minute, self.then_day_kind
        return ChainStepRow(*first, self.gap), ChainStepRow(*then, None)


COLUMNS: LiteralString = (
    "n.chain_id AS key, n.run_id AS run_id, n.rank AS rank, n.first_category_id AS first_category_id, "
    "n.first_start_minute AS first_start_minute, n.first_end_minute AS first_end_minute, "
    "n.first_day_kind AS first_day_kind, n.then_category_id AS then_category_id, "
    "n.then_start_minute AS then_start_minute, n.then_end_minute AS then_end_minute, "
    "n.then_day_kind AS then_day_kind, n.gap AS gap, n.customers AS customers, n.occurrences AS occurrences, "
    "n.support AS support, n.confidence AS confidence, n.lift AS lift, n.p_value AS p_value, n.q_value AS q_value, "
    "coalesce(n.scope_kind, 'everywhere') AS scope_kind, n.scope_key AS scope_key, n.steps AS told_steps, "
    "n.lift_low AS lift_low, n.lift_high AS lift_high, n.suffix_lift AS suffix_lift, coalesce(n.new, true) AS new, "
    "n.held AS held, n.rest_lift AS rest_lift, n.difference_q_value AS difference_q_value, "
    "n.then_mean_cents AS then_mean_cents, n.leverage AS leverage, n.median_gap_minutes AS median_gap_minutes, "
    "n.revenue_cents AS revenue_cents, n.closed AS closed"
)

BY_KEYS = cypher(f"UNWIND $keys AS key MATCH (n:Chain {{chain_id: key}}) RETURN {COLUMNS}")

_FILTERS: dict[str, LiteralString] = {
    **texts("first_category", "n.first_category_id"),
    **texts("then_category", "n.then_category_id"),
    "category_eq": (
        "($category_eq IN coalesce(n.categories, []) OR n.first_category_id = $category_eq"
        " OR n.then_category_id = $category_eq)"
    ),
    **ranges("steps", "coalesce(n.step_count, 2)"),
    "new_eq": "coalesce(n.new, true) = $new_eq",
    "held_eq": "n.held = $held_eq",
    "closed_eq": "n.closed = $closed_eq",
    "behaviour_eq": "$behaviour_eq IN coalesce(n.behaviours, ['purchase'])",
    "first_behaviour_eq": "coalesce(n.first_behaviour, 'purchase') = $first_behaviour_eq",
    "then_behaviour_eq": "coalesce(n.then_behaviour, 'purchase') = $then_behaviour_eq",
    **texts("gap", "n.gap"),
    **texts("first_day_kind", "n.first_day_kind"),
    **texts("scope_kind", "coalesce(n.scope_kind, 'everywhere')"),
    **texts("scope_key", "n.scope_key"),
    **texts("source", "source"),
    **ranges("lift", "n.lift"),
    **ranges("confidence", "n.confidence"),
    **ranges("q_value", "n.q_value"),
    **ranges("customers", "n.customers"),
    **ranges("leverage", "n.leverage"),
}

_OF_POINTER: LiteralString = "WITH pointer.run_id AS run, pointer.scope AS source MATCH (n:Chain {run_id: run})"
LISTING: Listing[ChainRow] = Listing(
    ChainRow,
    match=f"{CURRENT_CHAINS} {_OF_POINTER}",
    variables="n",
    columns=COLUMNS,
    filters=_FILTERS,
    entrances={
        name: f"MATCH (pointer:CurrentRun {{kind: 'chains'}}) WHERE {of_source} {_OF_POINTER}"
        for name, of_source in texts("source", "pointer.scope").items()
    },
)
LISTING_IN_RUN: Listing[ChainRow] = Listing(
    ChainRow,
    match=("MATCH (r:ScoreRun {run_id: $run}) WITH r.run_id AS run, r.scope AS source MATCH (n:Chain {run_id: run})"),
    variables="n",
    columns=COLUMNS,
    filters=_FILTERS,
)

ORDERINGS: dict[str, Ordering] = {
    "rank": Ordering("n.rank", "n.chain_id"),
    "steps": Ordering("coalesce(n.step_count, 2)", "n.chain_id"),
    "lift": Ordering("n.lift", "n.chain_id"),
    "confidence": Ordering("n.confidence", "n.chain_id"),
    "support": Ordering("n.support", "n.chain_id"),
    "customers": Ordering("n.customers", "n.chain_id"),
    "q_value": Ordering("n.q_value", "n.chain_id"),
    "leverage": Ordering("coalesce(n.leverage, 0.0)", "n.chain_id"),
    "revenue": Ordering("coalesce(n.revenue_cents, -1)", "n.chain_id"),
}
"""How chains may be sorted, each ascending."""


chains_by_key = ByKey(BY_KEYS, ChainRow)
"""One answer for each id, in the order given; None for an unknown chain."""


async def chains(reader: Reader, filters: Filters, ordering: Ordering, run: str | None, slice: Slice) -> Page[ChainRow]:
    """A page of the chains that pass every filter, of one run or of all current ones."""
    return await page(reader, _listing_for(run), ordering, filters, slice, _given(run))


async def count_chains(reader: Reader, filters: Filters, run: str | None) -> int:
    """How many chains pass every filter, counted up to COUNT_CAP."""
    return await count(reader, _listing_for(run), filters, _given(run))


def _listing_for(run: str | None) -> Listing[ChainRow]:
    return LISTING if run is None else LISTING_IN_RUN


def _given(run: str | None) -> dict[str, object]:
    return {} if run is None else {"run": run}
