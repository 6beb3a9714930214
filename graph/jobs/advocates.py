"""Choosing advocates as a whole task: the ties that one influence run learned, an audience, the choice by name."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.influence.selection.advocates import Advocates, SelectAdvocates
from graph.engines import Server, engine_named
from graph.jobs.run_ties import CannotSelect, RunTies, Wrong, chosen_run, read_ties
from graph.queries.audience import audience_keys, grouped_keys, known_category
from graph.queries.reader import Reader

REMEMBERED = 2
"""Runs whose ties stay in memory: the current one, and the one before while they change over."""
NAMED = 5
MOST_BY_BUDGET = 1_000
"""Advocates that a budget alone may bring."""


class Metric(StrEnum):
    """What the chosen are to move most of."""

    PEOPLE = "people"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class AdvocatesRequest:
    """Whom to choose among, how many, and what for."""

    k: int | None = None
    """How many, or where there is a budget at most how many; None for as many as the budget pays for."""
    audience: Mapping[str, object] = field(default_factory=dict[str, object])
    """Conditions of `graph.queries.audience`; without any, everybody whom the run scored."""
    metric: Metric = Metric.PEOPLE
    already: tuple[str, ...] = ()
    """Keys of customers who are enlisted: they are not chosen, and what they move is not counted again."""
    run: str | None = None
    """Id of an influence run; the current one where absent."""
    to_buy: str | None = None
    """A category: the current run that counts who is moved to buy of it, instead of the one of everything."""
    sets: int = 2_000_000
    seed: int = 0
    budget: float | None = None
    """What the chosen may cost together."""
    costs: Mapping[str, float] = field(default_factory=dict[str, float])
    """What enlisting a customer costs."""
    default_cost: float | None = None
    """What everybody else costs; None: only who is in `costs` may be chosen."""
    group_by: str | None = None
    """city, district or community: at most `group_most` of one, the enlisted included; who has none is not counted."""
    group_most: int | None = None
    threads: int = 1
    """Threads that draw the sets; of no consequence for the answer."""
    engine: str = "local"
    """Who chooses, one of `graph.engines.ENGINES`; the others are slow, and for comparison."""


@dataclass(frozen=True, slots=True)
class Advocate:
    """One of the chosen, in the unit of the metric."""

    customer: str
    gain: float
    """What they add to those before them, by the sets that chose: never rising, a little too high."""
    spread_after: float
    """What they and all before them move together with the enlisted, by the sets that judge."""
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class AdvocatesChosen:
    """The choice with its certificate; see `graph.algorithms.influence.selection.select.Advocates`."""

    run: str
    candidates: int
    """How many could have been chosen."""
    advocates: tuple[Advocate, ...]
    spread: float
    spread_low: float
    spread_high: float
    already_spread: float
    added_at_least: float
    best_at_most: float
    ratio: float
    confidence: float
    sets: int
    guarantee: float | None = None
    cost: float = 0.0
    method: str = ""
    reason: str = ""


class AdvocateChoice:
    """Chooses advocates; keeps the ties of the last runs in memory, and computes one choice at a time."""

    def __init__(self, reader: Reader, tables: str | Path, server: Server | None = None) -> None:
        """`tables` is the folder of the score tables, `server` what the engine `gds` computes in."""
        self._reader = reader
        self._server = server
        self._tables = tables
        self._kept: OrderedDict[str, RunTies] = OrderedDict()
        self._lock = asyncio.Lock()

    async def choose(self, request: AdvocatesRequest) -> AdvocatesChosen:
        """The choice; the same run, request and graph give the same answer.

        Raises CannotSelect, and BadInput where the engine cannot choose so.
        """
        engine = engine_named(request.engine, self._server)
        run = await chosen_run(self._reader, request.run, request.to_buy)
        await _check_category(self._reader, request.audience)
        _check_limits(request)
        keys = await audience_keys(self._reader, request.audience) if request.audience else None
        groups = await grouped_keys(self._reader, request.group_by) if request.group_by else None
        if request.group_by == "community" and not groups:
            message = "No centrality run has found communities yet: start one with `renmai score centrality`."
            raise CannotSelect(Wrong.NO_RUN, "spreadOver.by", message)
        async with self._lock:
            known = await asyncio.to_thread(self._ties, run)
            asked = await asyncio.to_thread(_asked, known, request, run, keys, groups)
            return _named(known, run, asked, await engine.run(asked, known.ties))

    def _ties(self, run: str) -> RunTies:
        if run not in self._kept:
            self._kept[run] = read_ties(self._tables, run)
        self._kept.move_to_end(run)
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
        return self._kept[run]


async def _check_category(reader: Reader, audience: Mapping[str, object]) -> None:
    category = audience.get("category")
    if isinstance(category, str):
        known, others = await known_category(reader, category)
        if not known:
            named = ", ".join(others) or "none yet"
            message = f"There is no category {category!r}; the graph's root categories are: {named}."
            raise CannotSelect(Wrong.UNKNOWN_CATEGORY, "audience.category", message)


def _check_limits(request: AdvocatesRequest) -> None:
    if request.k is None and request.budget is None:
        raise CannotSelect(Wrong.OUT_OF_RANGE, "k", "Give k, a budget, or both.")
    if request.budget is None and (request.costs or request.default_cost is not None):
        raise CannotSelect(Wrong.OUT_OF_RANGE, "budget", "Costs go with a budget: give one, or leave the costs out.")
    if request.budget is not None and not (request.costs or request.default_cost is not None):
        raise CannotSelect(Wrong.OUT_OF_RANGE, "costs", "A budget goes with costs: give them, or a default cost.")
    costs = {"budget": request.budget, "defaultCost": request.default_cost}
    costs |= {f"costs[{key}]": cost for key, cost in request.costs.items()}
    for name, cost in costs.items():
        if cost is not None and not 0 <= cost < inf:
            raise CannotSelect(Wrong.OUT_OF_RANGE, name, f"{name} must be 0 or more and finite, not {cost:g}.")
    if request.group_most is not None and request.group_most < 1:
        message = f"atMost must be 1 or more, not {request.group_most}."
        raise CannotSelect(Wrong.OUT_OF_RANGE, "spreadOver.atMost", message)


def _asked(
    known: RunTies,
    request: AdvocatesRequest,
    run: str,
    keys: Sequence[str] | None,
    groups: Sequence[Sequence[str]] | None,
) -> SelectAdvocates:
    """The selection among `keys`, or among everybody of the run. Raises CannotSelect."""
    enlisted = _codes(known, request.already, "enlisted", run)
    costs = _costs(known, request, run)
    free = np.ones(known.customers.height, np.bool_)
    if keys is not None:
        free[:] = False
        free[known.codes(keys).drop_nulls().to_numpy()] = True
    if costs is not None:
        free &= costs < inf
    free[enlisted] = False
    candidates = int(free.sum())
    k = min(candidates, MOST_BY_BUDGET) if request.k is None else request.k
    _check_audience(k, candidates, len(keys) if keys is not None else known.customers.height)
    weights = known.revenue if request.metric is Metric.REVENUE else None
    if weights is not None and not weights.any():
        raise CannotSelect(Wrong.RUN_WITHOUT_TIES, "metric", f"The run {run!r} saw nobody pay: choose by PEOPLE.")
    return SelectAdvocates(
        k,
        candidates=free,
        already=tuple(enlisted.tolist()),
        weights=weights,
        budget_sets=request.sets,
        seed=request.seed,
        costs=None if costs is None else np.where(free, costs, 0.0),
        budget=request.budget,
        groups=None if groups is None else _groups(known, groups),
        group_most=request.group_most,
        threads=request.threads,
    )


def _codes(known: RunTies, keys: Sequence[str], argument: str, run: str) -> NDArray[np.int64]:
    codes = known.codes(keys)
    if codes.null_count():
        unknown = [key for key, code in zip(keys, codes, strict=True) if code is None]
        named = ", ".join(map(repr, unknown[:NAMED]))
        message = f"{len(unknown)} keys of `{argument}` are not among the customers of the run {run!r}: {named}."
        raise CannotSelect(Wrong.UNKNOWN_CUSTOMER, argument, message)
    return codes.to_numpy().astype(np.int64)


def _costs(known: RunTies, request: AdvocatesRequest, run: str) -> NDArray[np.float64] | None:
    """What each customer costs, infinity for one who may not be chosen; None where nothing is said of costs."""
    if request.budget is None:
        return None
    costs = np.full(known.customers.height, inf if request.default_cost is None else request.default_cost)
    costs[_codes(known, list(request.costs), "costs", run)] = list(request.costs.values())
    return costs


def _groups(known: RunTies, groups: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """The number of each customer's group; who is in none has one of their own."""
    found = np.arange(known.customers.height, dtype=np.int64) + len(groups)
    for number, keys in enumerate(groups):
        found[known.codes(keys).drop_nulls().to_numpy()] = number
    return found


def _named(known: RunTies, run: str, asked: SelectAdvocates, found: Advocates) -> AdvocatesChosen:
    names = known.customers["key"].gather(pl.Series(found.chosen))
    spent = [0.0] * len(names) if asked.costs is None else asked.costs[found.chosen].tolist()
    free = known.customers.height if asked.candidates is None else int(asked.candidates.sum())
    advocates = zip(names, found.gain.tolist(), found.spread_after.tolist(), spent, strict=True)
    return AdvocatesChosen(
        run=run,
        candidates=free,
        advocates=tuple(Advocate(*one) for one in advocates),
        spread=found.spread,
        spread_low=found.spread_low,
        spread_high=found.spread_high,
        already_spread=found.already_spread,
        added_at_least=found.added_at_least,
        best_at_most=found.best_at_most,
        ratio=found.ratio,
        confidence=found.confidence,
        sets=found.sets,
        guarantee=found.guarantee,
        cost=found.cost,
        method=found.method.value,
        reason=found.reason,
    )


def _check_audience(k: int, candidates: int, found: int) -> None:
    if candidates == 0:
        message = (
            "The audience is empty: nobody fits every condition, is known to the run, has a cost where there is a "
            f"budget, and is not enlisted already ({found:,} fit the conditions). Ask for a wider audience."
        )
        raise CannotSelect(Wrong.EMPTY_AUDIENCE, "audience", message)
    if not 1 <= k <= candidates:
        message = f"k must be from 1 to {candidates:,}, the number of customers to choose among, not {k:,}."
        raise CannotSelect(Wrong.OUT_OF_RANGE, "k", message)
