"""Who buys what in which slot: each customer's own habits, and the chains that are planted among them."""

from dataclasses import dataclass

import numpy as np

from loaders.world import clock
from loaders.world.catalogue import CATEGORIES
from loaders.world.clock import SLOTS
from loaders.world.draws import Bools, Floats, Ints, pick, rounded, stream
from loaders.world.people import People
from loaders.world.request import WorldRequest

COUNT = len(CATEGORIES)
COFFEE, FRUIT, MILK_TEA, TEA, SOY, PLANT_MILK, YOGURT, GRAIN, BAKERY, SALAD = range(COUNT)


def cell(category: int, slot: int) -> int:
    """A habit's place: a category in a slot, and with the slot a kind of day."""
    return slot * COUNT + category


@dataclass(frozen=True, slots=True)
class Chain:
    """Two steps; where `lift` is above 1 the first makes the second so many times likelier, else it is a decoy.

    `share` of the customers have both habits on purpose: `first_rate` and `second_rate` a day, before their activity.
    """

    name: str
    first_step: tuple[int, int]
    """Category and slot."""
    second_step: tuple[int, int]
    gap_days: int
    lift: float
    share: float
    first_rate: float
    second_rate: float

    @property
    def first(self) -> int:
        """The cell of the first step."""
        return cell(*self.first_step)

    @property
    def second(self) -> int:
        """The cell of the second step."""
        return cell(*self.second_step)

    @property
    def planted(self) -> bool:
        """Whether the first step truly leads to the second."""
        return self.lift > 1.0


PLANTED: tuple[Chain, ...] = (
    Chain("职场能量链", (COFFEE, clock.LUNCH), (FRUIT, clock.EVENING), 1, 3.0, 0.30, 0.080, 0.040),
    Chain(
        "周末下午茶链", (BAKERY, clock.WEEKEND_AFTERNOON), (MILK_TEA, clock.WEEKEND_EVENING), 0, 2.8, 0.25, 0.130, 0.080
    ),
    Chain("早餐轮换链", (SOY, clock.BREAKFAST), (GRAIN, clock.BREAKFAST), 1, 3.2, 0.25, 0.070, 0.040),
)
DECOYS: tuple[Chain, ...] = (
    Chain("午咖与下午果茶", (COFFEE, clock.LUNCH), (FRUIT, clock.AFTERNOON), 0, 1.0, 0.16, 0.045, 0.040),
    Chain(
        "上午植物奶与次日下午咖啡", (PLANT_MILK, clock.MORNING), (COFFEE, clock.AFTERNOON), 1, 1.0, 0.14, 0.040, 0.040
    ),
    Chain(
        "周末沙拉与下午果茶", (SALAD, clock.WEEKEND_LUNCH), (FRUIT, clock.WEEKEND_AFTERNOON), 0, 1.0, 0.15, 0.080, 0.080
    ),
    Chain("早酸奶与午沙拉", (YOGURT, clock.BREAKFAST), (SALAD, clock.LUNCH), 0, 1.0, 0.14, 0.040, 0.040),
    Chain("下午奶茶与次日下午烘焙", (MILK_TEA, clock.AFTERNOON), (BAKERY, clock.AFTERNOON), 1, 1.0, 0.15, 0.045, 0.035),
    Chain("夜茶与次日早豆浆", (TEA, clock.NIGHT), (SOY, clock.BREAKFAST), 1, 1.0, 0.12, 0.040, 0.035),
    Chain("午咖与次日午咖", (COFFEE, clock.LUNCH), (COFFEE, clock.LUNCH), 1, 1.0, 0.0, 0.0, 0.0),
)

BACKGROUND_HABITS = 2
BACKGROUND_RATE = 0.022
MOST_OFTEN = 0.6
SECOND_MOST_OFTEN = 0.25
"""Cap of a planted second step, so that lift × rate stays a probability."""


@dataclass(frozen=True, slots=True)
class Habits:
    """One row a habit (customer, cell), ordered by both; `rate` is the probability on a day of the slot's kind."""

    customer: Ints
    cell: Ints
    rate: Floats
    of_kind: tuple[Ints, Ints]
    """The rows of each kind of day."""
    first_rows: tuple[Ints, ...]
    """For each planted chain the rows of its members' first steps …"""
    second_rows: tuple[Ints, ...]
    """… and of their second ones."""

    def find(self, customers: Ints, place: int) -> Ints:
        """The row of each customer's habit in the cell, -1 where there is none."""
        keys, wanted = self.customer * len(SLOTS) * COUNT + self.cell, customers * len(SLOTS) * COUNT + place
        rows = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
        return np.where(keys[rows] == wanted, rows, -1)


def settle(request: WorldRequest, people: People) -> Habits:
    """Draw everybody's habits: those of their chains and decoys, and a few of their own; O(habits log habits)."""
    parts: list[tuple[Ints, int | Ints, Floats]] = []
    members: list[Ints] = []
    for chain in PLANTED + DECOYS:
        rng = stream(request.seed, f"habit {chain.name}")
        chosen = np.flatnonzero(rng.random(len(people)) < chain.share).astype(np.int64)
        members.append(chosen)
        for place, rate in ((chain.first, chain.first_rate), (chain.second, chain.second_rate)):
            parts.append((chosen, place, rate * people.activity[chosen] * (0.6 + 0.8 * rng.random(chosen.size))))
    parts.extend(_background(request, people))
    customer, place, rate = _merged(parts)
    for chain in PLANTED:
        rate = np.where(place == chain.second, np.minimum(rate, SECOND_MOST_OFTEN), rate)
    kinds = np.asarray([slot[0] for slot in SLOTS], dtype=np.int64)[place // COUNT]
    of_kind = (np.flatnonzero(kinds == clock.WEEKDAY), np.flatnonzero(kinds == clock.WEEKEND))
    bare = Habits(customer, place, rate, of_kind, (), ())
    firsts = tuple(bare.find(group, chain.first) for chain, group in zip(PLANTED, members, strict=False))
    seconds = tuple(bare.find(group, chain.second) for chain, group in zip(PLANTED, members, strict=False))
    return Habits(customer, place, rate, of_kind, firsts, seconds)


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
    """Which customers belong to which planted chain, shape (chains, customers)."""
    answer = np.zeros((len(PLANTED), size), dtype=np.bool_)
    for number, rows in enumerate(habits.first_rows):
        answer[number, habits.customer[rows]] = True
    return answer
