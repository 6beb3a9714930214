"""Who buys what in which slot: each customer's own habits, those of the chains they belong to among them."""

from dataclasses import dataclass

import numpy as np

from loaders.world import clock
from loaders.world.catalogue import CATEGORIES, STORES
from loaders.world.chains import COUNT, DECOYS, PLANTED, Chain
from loaders.world.clock import SLOTS
from loaders.world.draws import Bools, Floats, Ints, pick, rounded, stream
from loaders.world.people import People
from loaders.world.request import WorldRequest

BACKGROUND_HABITS = 2
BACKGROUND_RATE = 0.022
MOST_OFTEN = 0.6
SECOND_MOST_OFTEN = 0.25
"""Cap of a planted later step, so that lift × rate stays a probability."""


@dataclass(frozen=True, slots=True)
class Habits:
    """One row a habit (customer, cell), ordered by both; `rate` is the probability on a day of the slot's kind."""

    customer: Ints
    cell: Ints
    rate: Floats
    of_kind: tuple[Ints, Ints]
    """The rows of each kind of day."""
    chain_rows: tuple[tuple[Ints, ...], ...]
    """For each planted chain and each of its steps the rows of the members upon whom it works."""

    def find(self, customers: Ints, place: int) -> Ints:
        """The row of each customer's habit in the cell, -1 where there is none."""
        keys, wanted = self.customer * len(SLOTS) * COUNT + self.cell, customers * len(SLOTS) * COUNT + place
        rows = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
        return np.where(keys[rows] == wanted, rows, -1)


def settle(request: WorldRequest, people: People) -> Habits:
    """Draw everybody's habits: those of their chains and decoys, and a few of their own; O(habits log habits)."""
    parts: list[tuple[Ints, int | Ints, Floats]] = []
    members: dict[str, Ints] = {}
    for chain in PLANTED + DECOYS:
        rng = stream(request.seed, f"habit {chain.name}")
        members[chain.name] = chosen = members.get(chain.same_people_as, _drawn(rng, chain, people))
        for place, rate in zip(chain.cells, chain.rates, strict=False):
            parts.append((chosen, place, rate * people.activity[chosen] * (0.6 + 0.8 * rng.random(chosen.size))))
    parts.extend(_background(request, people))
    customer, place, rate = _merged(parts)
    for chain in PLANTED:
        rate = np.where(np.isin(place, chain.cells[1:]), np.minimum(rate, SECOND_MOST_OFTEN), rate)
    kinds = np.asarray([slot[0] for slot in SLOTS], dtype=np.int64)[place // COUNT]
    of_kind = (np.flatnonzero(kinds == clock.WEEKDAY), np.flatnonzero(kinds == clock.WEEKEND))
    bare = Habits(customer, place, rate, of_kind, ())
    worked = [_worked_upon(chain, members[chain.name], people) for chain in PLANTED]
    rows = [tuple(bare.find(who, step) for step in chain.cells) for chain, who in zip(PLANTED, worked, strict=True)]
    return Habits(customer, place, rate, of_kind, tuple(rows))


def lives_in(people: People, district: str) -> Bools:
    """Whose home store lies in the district; everybody for none."""
    if not district:
        return np.ones(len(people), dtype=np.bool_)
    return np.asarray([store.district == district for store in STORES])[people.store]


def _drawn(rng: np.random.Generator, chain: Chain, people: People) -> Ints:
    return np.flatnonzero((rng.random(len(people)) < chain.share) & lives_in(people, chain.home)).astype(np.int64)


def _worked_upon(chain: Chain, members: Ints, people: People) -> Ints:
    return members[lives_in(people, chain.only_in)[members]]


def _background(request: WorldRequest, people: People) -> list[tuple[Ints, Ints, Floats]]:
    rng, everyone = stream(request.seed, "background habits"), np.arange(len(people), dtype=np.int64)
    weights = tuple(1.0 if slot[0] == clock.WEEKDAY else 0.7 for slot in SLOTS for _ in CATEGORIES)
    return [
        (
            everyone,
            pick(rng, weights, everyone.size),
            BACKGROUND_RATE * people.activity * (0.2 + 1.6 * rng.random(everyone.size)),
        )
        for _ in range(BACKGROUND_HABITS)
    ]


def _merged(parts: list[tuple[Ints, int | Ints, Floats]]) -> tuple[Ints, Ints, Floats]:
    """One row for each customer and cell; the rates of the same habit add up, to the cap."""
    width = len(SLOTS) * COUNT
    keys = np.concatenate([customers * width + places for customers, places, _ in parts])
    rates = np.concatenate([rate for _, _, rate in parts])
    unique, inverse = np.unique(keys, return_inverse=True)
    total = np.bincount(inverse, weights=rates, minlength=unique.size)
    return unique // width, unique % width, rounded(np.minimum(total, MOST_OFTEN))


def members_of(habits: Habits, size: int) -> Bools:
    """Upon which customers each planted chain works, shape (chains, customers)."""
    answer = np.zeros((len(PLANTED), size), dtype=np.bool_)
    for number, rows in enumerate(habits.chain_rows):
        answer[number, habits.customer[rows[0]]] = True
    return answer
