"""What is chosen within a category, at which price: persona and district decide, nothing else."""

import numpy as np

from loaders.world.catalogue import CATEGORIES, LOW_CAFFEINE_DISTRICT, LOW_CAFFEINE_PREFERENCE, PRODUCTS, STORES
from loaders.world.clock import DAY, SLOTS, WEEKDAY
from loaders.world.draws import Floats, Ints, rounded
from loaders.world.habits import Habits
from loaders.world.people import PERSONAS, People
from loaders.world.request import WorldRequest
from loaders.world.sharing import categories_shared

PREMIUM_TASTE = (1.0, 0.5, 3.0, 1.0)
"""How much likelier than usual each persona takes a premium product."""
DISCOUNTED = np.asarray([0.25, 0.80, 0.04, 0.25])
"""Share of each persona's orders that are under discount."""
DISCOUNT_PERCENTS = np.asarray([10, 20, 30], dtype=np.int64)
QUANTITIES = np.repeat(np.asarray([1, 2, 3], dtype=np.int64), [43, 6, 1])
PRICE_CENTS = np.asarray([product.price_cents for product in PRODUCTS], dtype=np.int64)
LOW = np.asarray([product.low_caffeine for product in PRODUCTS], dtype=np.bool_)
MOST_FACTOR = 2.0
"""Cap for tiny worlds, where the district may hold a handful of customers."""


class Taste:
    """The choice tables, shape (personas, 2, categories, 4): the second axis is the low-caffeine district."""

    def __init__(self, request: WorldRequest, people: People, habits: Habits) -> None:
        home = np.asarray([store.district == LOW_CAFFEINE_DISTRICT for store in STORES], dtype=np.int64)[people.store]
        self._persona, self.in_district = people.persona, home
        usual = _tables(1.0)
        lines = _expected_lines(request, people, habits)
        low = (
            lines
            * (usual[:, 0] * LOW.reshape(len(CATEGORIES), 4)).sum(axis=2)[
                people.persona[habits.customer], habits.cell % len(CATEGORIES)
            ]
        )
        inside = home[habits.customer] == 1
        self.factor = district_factor(
            float(low[inside].sum()), float(lines[inside].sum()), float(low[~inside].sum()), float(lines[~inside].sum())
        )
        self.probability = _tables(self.factor)
        self._limits = np.cumsum(self.probability, axis=3)[..., :3]

    def choose(self, rng: np.random.Generator, customer: Ints, category: Ints) -> Ints:
        """A product of the category for each customer."""
        limits = self._limits[self._persona[customer], self.in_district[customer], category]
        return 4 * category + (rng.random(customer.size)[:, None] >= limits).sum(axis=1)

    def worth_cents(self) -> Floats:
        """Expected amount of a purchase that a share brings, for each customer."""
        price = PRICE_CENTS.reshape(len(CATEGORIES), 4)
        paid = 1.0 - DISCOUNTED * DISCOUNT_PERCENTS.mean() / 100.0
        by_category = (self.probability * price).sum(axis=3) @ np.asarray(categories_shared())
        table = by_category * QUANTITIES.mean() * paid[:, None]
        return rounded(table, 4)[self._persona, self.in_district]


def district_factor(low: float, lines: float, low_outside: float, lines_outside: float) -> float:
    """What the district's low-caffeine probability is multiplied by, so that its share over the city's is as planted.

    With a of n lines in the district and A of N outside, expected before: (m·a / n) / ((m·a + A) / (n + N)) =
    preference, solved for m. What the people there happen to like is thus accounted for.
    """
    if not low:
        return 1.0
    factor = LOW_CAFFEINE_PREFERENCE * low_outside / (low * ((lines + lines_outside) / lines - LOW_CAFFEINE_PREFERENCE))
    return round(min(max(factor, 1.0), MOST_FACTOR), 9)


def _expected_lines(request: WorldRequest, people: People, habits: Habits) -> Floats:
    """How often each habit is expected to come true, up to a common factor."""
    first = np.maximum(people.planned_at, 0) // DAY
    days = np.minimum(people.asleep_from // DAY, request.days) - first
    of_kind = np.asarray([5.0 if slot[0] == WEEKDAY else 2.0 for slot in SLOTS])
    return habits.rate * np.maximum(days, 0)[habits.customer] * of_kind[habits.cell // len(CATEGORIES)]


def _tables(factor: float) -> Floats:
    low = LOW.reshape(len(CATEGORIES), 4)
    tables = np.empty((len(PERSONAS), 2, len(CATEGORIES), 4))
    for persona, premium in enumerate(PREMIUM_TASTE):
        weights = np.asarray([product.weight * (premium if product.premium else 1.0) for product in PRODUCTS])
        usual = weights.reshape(len(CATEGORIES), 4) / weights.reshape(len(CATEGORIES), 4).sum(axis=1, keepdims=True)
        below = (usual * low).sum(axis=1, keepdims=True)
        tables[persona, 0] = usual
        tables[persona, 1] = np.where(low, usual * factor, usual * (1.0 - below * factor) / (1.0 - below))
    return rounded(tables, 9)
