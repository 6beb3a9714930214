"""What a chain truly did in a world that is under way: chances, not counts, so that nothing is left to luck."""

from dataclasses import dataclass

import numpy as np

from loaders.world.chains import Chain
from loaders.world.draws import Bools, Floats
from loaders.world.habits import Habits


@dataclass(frozen=True, slots=True)
class Figures:
    """A chain as it came out."""

    led_up: int
    """On how many customer-days all steps but the last had been done."""
    both: int
    """On how many of them the last one followed."""
    with_steps: float
    """Sum of the last step's chances on these days."""
    without_steps: float
    """Sum of what they would have been worth to the same customers on the days that nothing led up to."""

    @property
    def lift(self) -> float | None:
        """How many times likelier the steps before made the last one."""
        return round(self.with_steps / self.without_steps, 4) if self.without_steps else None


class Tally:
    """Of one chain, for everybody who has its first habit, the days on which its last step could follow the others.

    A day counts where the customer may buy and all of the chain's days are of its kind; `chance` is the probability
    that the last step had on it, given all that had been done.
    """

    def __init__(self, habits: Habits, chain: Chain) -> None:
        self._kind, self._gaps = chain.kind, chain.gaps
        first = np.flatnonzero(habits.cell == chain.cells[0]).astype(np.int64)
        self.customer = habits.customer[first]
        self._rows = [first, *(habits.find(self.customer, step) for step in chain.cells[1:])]
        size = first.size
        self.led_up, self.both, self._other = (np.zeros(size, dtype=np.int64) for _ in range(3))
        self._with, self._without = np.zeros(size), np.zeros(size)
        self._base = np.where(self._rows[-1] >= 0, habits.rate[self._rows[-1]], 0.0)
        self._yesterday = [np.zeros(size, dtype=np.bool_) for _ in chain.gaps]
        self._counted = np.zeros(size, dtype=np.bool_)

    def count(self, kind: int, happens: Bools, may: Bools, chance: Floats) -> None:
        """A day: what happened, who might buy, and how likely each habit was to come true."""
        fits = may[self._rows[0]] & (kind == self._kind)
        reached = [fits & happens[self._rows[0]]]
        for place, gap in enumerate(self._gaps[:-1], 1):
            ready = self._yesterday[place - 1] if gap else reached[place - 1]
            reached.append(ready & self._did(place, happens))
        led_up = self._yesterday[-1] if self._gaps[-1] else reached[-1]
        counted = fits & self._counted if any(self._gaps) else fits
        led_up &= counted
        last = np.where(self._rows[-1] >= 0, chance[self._rows[-1]], 0.0)
        self.led_up += led_up
        self.both += led_up & self._did(len(self._gaps), happens)
        self._with += np.where(led_up, last, 0.0)
        self._other += counted & ~led_up
        self._without += np.where(counted & ~led_up, last, 0.0)
        self._yesterday, self._counted = reached, fits

    def figures(self, chosen: Bools) -> Figures:
        """Of the chosen customers, one truth value each."""
        who = chosen[self.customer]
        # What the same customer's last step was worth on the days that nothing led up to.
        usual = np.where(self._other > 0, self._without / np.maximum(self._other, 1), self._base)
        return Figures(
            int(self.led_up[who].sum()),
            int(self.both[who].sum()),
            float(self._with[who].sum()),
            float((self.led_up * usual)[who].sum()),
        )

    def _did(self, place: int, happens: Bools) -> Bools:
        return (self._rows[place] >= 0) & happens[self._rows[place]]
