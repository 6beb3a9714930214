"""Looking before buying: views in the morning that lead to a purchase in the afternoon, and such that lead to nothing.

Asked for by `WorldRequest.looks`. What is bought does not change by it: with p the chance of a look, b that of the
purchase and L the lift, P(look | bought) = L·o / (1 + L·o) where o = p / (1 - p), and P(look | not bought) makes up for
the rest of p (Bayes). Jointly that is the same as if customers looked first and then bought L times as readily.
"""

from dataclasses import dataclass

import numpy as np

from graph.log.schema import EventKind
from loaders.world import clock
from loaders.world import rows as r
from loaders.world.catalogue import APP
from loaders.world.chains import BAKERY, FRUIT, cell
from loaders.world.clock import within_slots
from loaders.world.draws import Bools, Floats, Ints, rounded, stream, whole
from loaders.world.habits import SECOND_MOST_OFTEN, Habits
from loaders.world.request import WorldRequest
from loaders.world.rows import Rows
from loaders.world.taste import Taste


@dataclass(frozen=True, slots=True)
class Look:
    """A category that is looked at in one slot and bought in a later one of the same day; planted where it has a lift.

    Its members are those with the habit to buy it there, at most `SECOND_MOST_OFTEN`, so that L · b stays a chance.
    """

    name: str
    category: int
    looked: int
    """The slot of the look."""
    bought: int
    lift: float = 1.0


LOOKS: tuple[Look, ...] = (
    Look("上午看烘焙下午买", BAKERY, clock.MORNING, clock.AFTERNOON, 3.0),
    Look("午间看果茶下午买", FRUIT, clock.LUNCH, clock.AFTERNOON),
)
"""One that is planted, and a decoy: the same people look and buy, each by habit."""
LOOKS_A_DAY = 0.08
DWELL_SECONDS = 5, 120


class Looking:
    """Draws the looks of each day, given what comes true on it, and keeps count of what they truly led to."""

    def __init__(self, request: WorldRequest, habits: Habits, taste: Taste) -> None:
        self._request, self._habits, self._taste = request, habits, taste
        self.followed = [Followed(request, habits, look) for look in LOOKS]

    def see(self, day: int, fired: Ints, active: Bools) -> list[Rows]:
        """The day's views; `fired` are the rows of the habits that come true, `active` says who may buy today."""
        if clock.kind_of(self._request.start, day) != clock.WEEKDAY:
            return []
        happens = np.zeros(self._habits.customer.size, dtype=np.bool_)
        happens[fired] = True
        rng = stream(self._request.seed, "looks", day)
        parts: list[Rows] = []
        for one in self.followed:
            # A campaign's purchases are nobody's who looked more than others.
            lift = 1.0 if self._request.pushed(day) else one.look.lift
            customer = one.drawn(rng, happens, active, lift)
            size = customer.size
            at = within_slots(day, np.full(size, one.look.looked, dtype=np.int64), rng.random(size))
            product = self._taste.choose(rng, customer, np.full(size, one.look.category, dtype=np.int64))
            told = {"customer": customer, "product": product, "channel": APP, "note": whole(rng, *DWELL_SECONDS, size)}
            parts.append(r.rows(EventKind.VIEW, at, **told))
        return parts


class Followed:
    """One look: who has it, how often, and what followed."""

    def __init__(self, request: WorldRequest, habits: Habits, look: Look) -> None:
        self.look = look
        may_follow = (habits.cell == cell(look.category, look.bought)) & (habits.rate <= SECOND_MOST_OFTEN)
        self._row = np.flatnonzero(may_follow).astype(np.int64)
        self._customer, self._buys = habits.customer[self._row], habits.rate[self._row]
        rng = stream(request.seed, f"look {look.name}")
        self._looks: Floats = rounded(LOOKS_A_DAY * (0.6 + 0.8 * rng.random(self._row.size)))
        self.led_up, self.both, self.expected_without = 0, 0, 0.0
        self._expected_with = 0.0

    def drawn(self, rng: np.random.Generator, happens: Bools, active: Bools, lift: float) -> Ints:
        """Who looks today."""
        looks, buys = self._looks, self._buys
        odds = lift * looks / (1.0 - looks)
        after = odds / (1.0 + odds)
        bought, may = happens[self._row], active[self._customer]
        otherwise = (looks - buys * after) / (1.0 - buys)
        seen = may & (rng.random(looks.size) < np.where(bought, after, otherwise))
        self.led_up += int(seen.sum())
        self.both += int((seen & bought).sum())
        self._expected_with += float((buys * after / looks)[seen].sum())
        self.expected_without += float((buys * (1.0 - after) / (1.0 - looks))[seen].sum())
        return self._customer[seen]

    def lift(self) -> float | None:
        """How many times likelier a look made the purchase."""
        return round(self._expected_with / self.expected_without, 4) if self.expected_without else None

    def habit_lift(self, customers: int) -> float | None:
        """What one gets by ignoring the customer."""
        apart = float(self._looks.sum()) * float(self._buys.sum())
        return round(float((self._looks * self._buys).sum()) * customers / apart, 4) if apart else None
