"""Choosing advocates as a whole task: the ties that one influence run learned, an audience, the choice by name."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import polars as pl

from graph.algorithms.influence.selection import SelectAdvocates, select_advocates
from graph.jobs.run_ties import CannotSelect, RunTies, Wrong, chosen_run, read_ties
from graph.queries.audience import audience_keys, known_category
from graph.queries.reader import Reader

REMEMBERED = 2
"""Runs whose ties stay in memory: the current one, and the one before while they change over."""
NAMED = 5


class Metric(StrEnum):
    """What the chosen are to move most of."""

    PEOPLE = "people"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class AdvocatesRequest:
    """Whom to choose among, how many, and what for."""

    k: int
    audience: Mapping[str, object] = field(default_factory=dict[str, object])
    """Conditions of `graph.queries.audience`; without any, everybody whom the run scored."""
    metric: Metric = Metric.PEOPLE
    already: tuple[str, ...] = ()
    """Keys of customers who are enlisted: they are not chosen, and what they move is not counted again."""
    run: str | None = None
    """Id of an influence run; the current one where absent."""
    sets: int = 500_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Advocate:
    """One of the chosen, in the unit of the metric."""

    customer: str
    gain: float
    """What they add to those before them, by the sets that chose: never rising, a little too high."""
    spread_after: float
    """What they and all before them move together with the enlisted, by the sets that judge."""


@dataclass(frozen=True, slots=True)
class AdvocatesChosen:
    """The choice with its certificate; see `graph.algorithms.influence.selection.Advocates`."""

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


class AdvocateChoice:
    """Chooses advocates; keeps the ties of the last runs in memory, and computes one choice at a time."""

    def __init__(self, reader: Reader, tables: str | Path) -> None:
        """`tables` is the folder of the score tables."""
        self._reader = reader
        self._tables = tables
        self._kept: OrderedDict[str, RunTies] = OrderedDict()
        self._lock = asyncio.Lock()

    async def choose(self, request: AdvocatesRequest) -> AdvocatesChosen:
        """The choice; the same run, request and graph give the same answer. Raises CannotSelect."""
        run = await chosen_run(self._reader, request.run)
        await _check_category(self._reader, request.audience)
        keys = await audience_keys(self._reader, request.audience) if request.audience else None
        async with self._lock:
            known = await asyncio.to_thread(self._ties, run)
            return await asyncio.to_thread(chosen, known, request, run, keys)

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


def chosen(known: RunTies, request: AdvocatesRequest, run: str, keys: Sequence[str] | None) -> AdvocatesChosen:
    """The choice among `keys`, or among everybody of the run. Raises CannotSelect."""
    enlisted = known.codes(request.already)
    if enlisted.null_count():
        unknown = [key for key, code in zip(request.already, enlisted, strict=True) if code is None]
        named = ", ".join(map(repr, unknown[:NAMED]))
        message = f"{len(unknown)} of the enlisted are not among the customers of the run {run!r}: {named}."
        raise CannotSelect(Wrong.UNKNOWN_CUSTOMER, "enlisted", message)
    free = np.ones(known.customers.height, np.bool_)
    if keys is not None:
        free[:] = False
        free[known.codes(keys).drop_nulls().to_numpy()] = True
    free[enlisted.to_numpy()] = False
    candidates = int(free.sum())
    _check_audience(request, candidates, len(keys) if keys is not None else known.customers.height)
    weights = known.revenue if request.metric is Metric.REVENUE else None
    if weights is not None and not weights.any():
        raise CannotSelect(Wrong.RUN_WITHOUT_TIES, "metric", f"The run {run!r} saw nobody pay: choose by PEOPLE.")
    asked = SelectAdvocates(
        request.k,
        candidates=free,
        already=tuple(enlisted.to_list()),
        weights=weights,
        budget_sets=request.sets,
        seed=request.seed,
    )
    found = select_advocates(known.ties, asked)
    names = known.customers["key"].gather(pl.Series(found.chosen))
    advocates = zip(names, found.gain.tolist(), found.spread_after.tolist(), strict=True)
    return AdvocatesChosen(
        run=run,
        candidates=candidates,
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
    )


def _check_audience(request: AdvocatesRequest, candidates: int, found: int) -> None:
    if candidates == 0:
        message = (
            "The audience is empty: nobody fits every condition, is known to the run and is not enlisted already "
            f"({found:,} fit the conditions). Ask for a wider audience."
        )
        raise CannotSelect(Wrong.EMPTY_AUDIENCE, "audience", message)
    if not 1 <= request.k <= candidates:
        message = f"k must be from 1 to {candidates:,}, the number of customers to choose among, not {request.k:,}."
        raise CannotSelect(Wrong.OUT_OF_RANGE, "k", message)
