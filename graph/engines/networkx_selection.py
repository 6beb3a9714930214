"""Advocates by CELF++ over worlds drawn in plain Python: the reference for what the default engine chooses.

CELF++ (Goyal, Lu, Lakshmanan 2011) keeps beside what a customer would add now what they would add after the best one
seen so far: if that one is chosen next, nobody needs to look again. All customers share the worlds, so that what one
adds never rises, exactly.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from graph.algorithms.influence.selection.reverse_ties import ReverseTies
from graph.algorithms.influence.selection.select import Advocates, SelectAdvocates
from graph.engines.celf import told

WORLDS = 500
Reached = list[set[int]]
"""Of each world."""


@dataclass(frozen=True, slots=True)
class World:
    """Which ties carry, and who shares on when moved."""

    live: dict[int, list[int]]
    passing: Sequence[bool]

    def reached(self, customer: int, moved: set[int]) -> set[int]:
        """Whom an advocate adds to the moved, they included; who is moved already leads no further than before."""
        found, front = {customer}, [customer]
        while front:
            for other in self.live.get(front.pop(), ()):
                if other not in found and other not in moved:
                    found.add(other)
                    if self.passing[other]:
                        front.append(other)
        return found - moved


@dataclass(order=True, slots=True)
class Looked:
    """What a customer was seen to add; the heap's smallest adds the most."""

    less: float
    customer: int
    after: float = field(compare=False)
    """What they add once `best` is chosen too."""
    best: int | None = field(compare=False)
    chosen: int = field(compare=False)
    """How many were chosen when this was seen."""


def selected(request: SelectAdvocates, ties: ReverseTies) -> Advocates:
    """As `select_advocates`; time O(customers · worlds · their cascades)."""
    chooser = _Chooser(request, ties)
    chosen, gain = chooser.choose()
    reason = f"the networkx engine has CELF++, over {WORLDS} worlds"
    return told(ties, request, np.array(chosen, np.int64), np.array(gain), 1 - (1 - 1 / request.k) ** request.k, reason)


class _Chooser:
    def __init__(self, request: SelectAdvocates, ties: ReverseTies) -> None:
        """Draw the worlds; the enlisted have moved whom they move."""
        self._request, self._count = request, ties.customer_count
        chance = random.Random(f"{request.seed}|worlds")
        listed = list(zip(ties.source.tolist(), ties.targets().tolist(), ties.probability.tolist(), strict=True))
        self._worlds = [_drawn(listed, ties.pass_on.tolist(), chance) for _ in range(WORLDS)]
        self._worth = [1.0] * self._count if request.weights is None else request.weights.tolist()
        self._moved: Reached = [set() for _ in self._worlds]
        for customer in request.already:
            self._enlist(self._reached(customer))
        self._best: int | None = None
        self._best_less = 0.0
        self._best_reached: Reached = [set() for _ in self._worlds]

    def choose(self) -> tuple[list[int], list[float]]:
        """The chosen and what each adds, in the unit of the weights."""
        chosen, gain = list[int](), list[float]()
        heap = [self._looked(customer, 0) for customer in self._free()]
        heapq.heapify(heap)
        while len(chosen) < self._request.k:
            one = heap[0]
            if one.chosen == len(chosen):
                heapq.heappop(heap)
                self._enlist(self._reached(one.customer))
                chosen.append(one.customer)
                gain.append(-one.less)
                self._best = None
            elif one.best is not None and one.chosen == len(chosen) - 1 and one.best == chosen[-1]:
                heapq.heapreplace(heap, Looked(-one.after, one.customer, one.after, None, len(chosen)))
            else:
                heapq.heapreplace(heap, self._looked(one.customer, len(chosen)))
        return chosen, gain

    def _free(self) -> list[int]:
        free = np.ones(self._count, np.bool_) if self._request.candidates is None else self._request.candidates.copy()
        free[list(self._request.already)] = False
        return np.flatnonzero(free).tolist()

    def _looked(self, customer: int, chosen: int) -> Looked:
        reached = self._reached(customer)
        less = -self._worth_of(reached)
        if self._best is None:
            beyond = -less
        else:
            beyond = self._worth_of([new - best for new, best in zip(reached, self._best_reached, strict=True)])
        found = Looked(less, customer, beyond, self._best, chosen)
        if self._best is None or less < self._best_less:
            self._best, self._best_less, self._best_reached = customer, less, reached
        return found

    def _reached(self, customer: int) -> Reached:
        return [world.reached(customer, moved) for world, moved in zip(self._worlds, self._moved, strict=True)]

    def _enlist(self, reached: Reached) -> None:
        for moved, new in zip(self._moved, reached, strict=True):
            moved |= new

    def _worth_of(self, reached: Reached) -> float:
        return sum(self._worth[customer] for new in reached for customer in new) / WORLDS


def _drawn(ties: Sequence[tuple[int, int, float]], pass_on: Sequence[float], chance: random.Random) -> World:
    live: dict[int, list[int]] = {}
    for source, target, probability in ties:
        if chance.random() < probability:
            live.setdefault(source, []).append(target)
    return World(live, [chance.random() < passing for passing in pass_on])
