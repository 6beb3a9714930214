"""Chains of three to five steps: what follows a chain that was gone through, more often than the rhythm says.

A chain is completed by a customer on the days of its last step: those that lie at the last gap behind a day that
completes the chain without it; for the first step these are its own days, of the kind asked for. Each customer-day
counts once, however many earlier days lead to it. Completions are then a first step like any other, and what follows
them is counted and weighed like pairs (prefix projection, Pei and others 2001).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from graph.algorithms.chains.events import Bool, Float64, Int32, Int64, Purchases, Steps
from graph.algorithms.chains.language import DayKind, Gap
from graph.algorithms.chains.mining import Chains, confirmed, rank
from graph.algorithms.chains.request import ChainsRequest
from graph.algorithms.chains.weighing import KINDS, Weighed, joined, lift_interval, steps_of, weigh_rows

DAY = 2**32 - 1
"""The part of a customer-day that is the day."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A chain that others may extend."""

    tokens: tuple[int, ...]
    gaps: tuple[Gap, ...]
    day_kind: DayKind
    """Of the first step."""
    completed: Int64
    """Customer-days on which it was completed, as customer × 2³² + day, ascending."""

    @property
    def people(self) -> int:
        """How many customers completed it."""
        return int(np.unique(self.completed >> 32).size)

    @property
    def kinds(self) -> tuple[DayKind, ...]:
        """Every step's kind of day: on the same day it stays, behind it any day may follow."""
        told = [self.day_kind]
        for gap in self.gaps:
            told.append(told[-1] if gap == Gap.SAME_DAY else DayKind.ANY)
        return tuple(told)


@dataclass(frozen=True, slots=True)
class LongerChains:
    """Every extension that was tried at one length, strongest first."""

    prefixes: tuple[Prefix, ...]
    prefix: Int32
    """Index into `prefixes` of what each row extends."""
    weighed: Chains
    """The extension: `then` and `gap` are the last step and its gap, `first_days` the completions of the prefix."""
    suffix_lift: Float64
    """Lift of the last step after the one before it alone, whatever came before; NaN where that was not tried."""

    @property
    def new(self) -> Bool:
        """Whether the prefix says more than its last step alone: the lift's 95 % interval lies above `suffix_lift`."""
        return lift_interval(self.weighed.lift, self.weighed.lift_error)[0] > self.suffix_lift


def find_longer(request: ChainsRequest, purchases: Purchases, chains: Chains) -> Iterator[LongerChains]:
    """One answer a length from three steps to `max_steps`, each extending what was confirmed at the length before.

    Only confirmed chains are extended, and of them only those that enough customers completed: no extension can have
    more. Every length has a correction of its own, over all that was tried at it. Time as for `find_chains`, with
    prefixes in place of categories as first steps.
    """
    steps = steps_of(request, purchases)
    sure = np.flatnonzero(confirmed(chains, request) & (chains.stronger < 0))
    prefixes = [pair(steps, chains, row) for row in sure.tolist()]
    for _ in range(3, request.max_steps + 1):
        prefixes = [prefix for prefix in prefixes if prefix.people >= request.min_customers]
        if not prefixes:
            return
        found = extend(request, steps, tuple(prefixes), chains)
        yield found
        sure = np.flatnonzero(confirmed(found.weighed, request) & (found.weighed.stronger < 0))
        prefixes = [extended(steps, found, row) for row in sure.tolist()]


def _keys(steps: Steps, token: int) -> Int64:
    """The customer-days of a token, as customer × 2³² + day."""
    rows = steps.token == token
    return (steps.customers()[rows].astype(np.int64) << 32) + steps.day[rows]


def completed(before: Int64, step: Int64, gap: Gap) -> Int64:
    """Of the days of a step those that lie at the gap behind one of the days before."""
    last = np.searchsorted(before, step - gap.first_day, side="right")
    return step[last > np.searchsorted(before, step - gap.last_day, side="left")]


def pair(steps: Steps, chains: Chains, row: int) -> Prefix:
    """The prefix of two steps that a row of the chains is."""
    first, then = int(chains.first[row]), int(chains.then[row])
    gap, kind = Gap.of_code(int(chains.gap[row])), KINDS[int(chains.day_kind[row])]
    return Prefix((first, then), (gap,), kind, completed(days_of(steps, first, kind), _keys(steps, then), gap))


def days_of(steps: Steps, token: int, kind: DayKind) -> Int64:
    """The customer-days of a token on days of a kind, as customer × 2³² + day."""
    days = _keys(steps, token)
    return days if kind is DayKind.ANY else days[steps.kind[days & DAY] == KINDS.index(kind) - 1]


def extended(steps: Steps, found: LongerChains, row: int) -> Prefix:
    """The prefix that a row of extensions makes: one step longer than what it extends."""
    prefix, gap = found.prefixes[int(found.prefix[row])], Gap.of_code(int(found.weighed.gap[row]))
    then = int(found.weighed.then[row])
    days = completed(prefix.completed, _keys(steps, then), gap)
    return Prefix((*prefix.tokens, then), (*prefix.gaps, gap), prefix.day_kind, days)


def extend(request: ChainsRequest, steps: Steps, prefixes: tuple[Prefix, ...], chains: Chains) -> LongerChains:
    """Every step that may follow each prefix, tried on any kind of day."""
    known, slots = steps.token_count, steps.slot_count
    projected = _projected(steps, prefixes)
    any_day = replace(request, day_kinds=(DayKind.ANY,))
    parts = [weigh_rows(any_day, projected, gap, (known, projected.token_count)) for gap in request.gaps]
    weighed = joined(parts)
    chosen = rank(any_day, weighed.take(weighed.then < known), projected)
    prefix = ((chosen.first - known) // slots).astype(np.int32)
    last = np.array([one.tokens[-1] for one in prefixes], np.int32)
    return LongerChains(prefixes, prefix, chosen, _suffix_lift(chosen, last[prefix], chains, known))


def _projected(steps: Steps, prefixes: tuple[Prefix, ...]) -> Steps:
    """The steps with each prefix's completions as a step of its own, in the slot of its last one."""
    slots = steps.slot_count
    token = [steps.token_count + index * slots + one.tokens[-1] % slots for index, one in enumerate(prefixes)]
    sizes = [one.completed.size for one in prefixes]
    days = np.concatenate([one.completed for one in prefixes])
    customer = np.concatenate([steps.customers(), days >> 32])
    day = np.concatenate([steps.day, (days & DAY).astype(np.int32)])
    tokens = np.concatenate([steps.token, np.repeat(token, sizes)]).astype(np.int32)
    order = np.lexsort((tokens, day, customer))
    return replace(
        steps,
        pointer=np.searchsorted(customer[order], np.arange(steps.pointer.size)).astype(np.int64),
        day=day[order],
        token=tokens[order],
        bounds=np.concatenate([steps.bounds, *(_slots_of(steps, one.tokens[-1]) for one in prefixes)]),
    )


def _slots_of(steps: Steps, token: int) -> Int32:
    """The bounds of all slots of a token's category."""
    category = token // steps.slot_count
    return steps.bounds[category * steps.slot_count : (category + 1) * steps.slot_count]


def _suffix_lift(weighed: Weighed, last: Int32, chains: Chains, token_count: int) -> Float64:
    """The lift of (last step before, last step) at the same gap on any day, out of the chains of two."""
    place = (weighed.gap.astype(np.int64) * len(KINDS) + KINDS.index(DayKind.ANY)) * token_count + last
    at = chains.places(place * token_count + weighed.then, token_count)
    return np.append(chains.lift, np.nan)[at]
