"""Which habits come true on each day, and which planted steps follow what was done before."""

import numpy as np

from loaders.world import clock
from loaders.world.chains import DECOYS, IMPLIED, PLANTED, Chain
from loaders.world.draws import Bools, Floats, Ints, stream
from loaders.world.habits import Habits
from loaders.world.request import WorldRequest
from loaders.world.tally import Tally

MOST_PUSHED = 0.9
"""No campaign makes a habit likelier than that."""


class Impulses:
    """Draws which habits come true on each day; remembers one day, for the chains that reach into the next."""

    def __init__(self, request: WorldRequest, habits: Habits, contacts: Bools) -> None:
        """`contacts` says to whom anybody's shares are shown; a campaign may reach these alone."""
        self._request, self._habits = request, habits
        self._pushed = (contacts | (not request.push_contacts))[habits.customer]
        self._done = [[np.zeros(rows[0].size, dtype=np.bool_) for _ in rows] for rows in habits.chain_rows]
        self.tallies = {chain.name: Tally(habits, chain) for chain in PLANTED + IMPLIED + DECOYS}

    def draw(self, day: int, active: Bools) -> Ints:
        """The rows of the habits that come true; `active` says which customers may buy today."""
        habits, kind = self._habits, clock.kind_of(self._request.start, day)
        rng = stream(self._request.seed, "impulses", day)
        today = habits.of_kind[kind]
        happens = np.zeros(habits.customer.size, dtype=np.bool_)
        rate = habits.rate[today]
        if self._request.pushed(day):
            rate = np.where(self._pushed[today], np.minimum(rate * self._request.push_lift, MOST_PUSHED), rate)
        happens[today] = rng.random(today.size) < rate
        may = active[habits.customer]
        happens &= may
        chance = habits.rate.copy()
        for number, chain in enumerate(PLANTED):
            self._done[number] = self._go_on(rng, number, chain, happens, may & (kind == chain.kind), chance)
        for tally in self.tallies.values():
            tally.count(kind, happens, may, chance)
        return np.flatnonzero(happens).astype(np.int64)

    def _go_on(
        self, rng: np.random.Generator, number: int, chain: Chain, happens: Bools, may: Bools, chance: Floats
    ) -> list[Bools]:
        """Add the steps that earlier ones bring: 1 - (1 - p)(1 - r) = lift · p gives r. Who has come how far today?

        On days of the other kind, and before a customer's first day, latent steps stand in at the same rates: else
        Mondays would be poorer in second steps, and whatever comes before Tuesday to Friday would seem to bring them.
        """
        rows, rate = self._habits.chain_rows[number], self._habits.rate
        before = self._done[number]
        done = [np.where(may[rows[0]], happens[rows[0]], rng.random(rows[0].size) < rate[rows[0]])]
        for place, (gap, lift) in enumerate(zip(chain.gaps, chain.lifts, strict=True), 1):
            step, ready = rows[place], (before if gap else done)[place - 1]
            own = rate[step]
            response = (lift - 1.0) * own / (1.0 - own)
            happens[step] |= ready & (rng.random(step.size) < response) & may[step]
            chance[step] = np.where(ready, lift * own, own)
            latent = rng.random(step.size) < np.where(ready, lift * own, own)
            done.append(ready & np.where(may[step], happens[step], latent))
        return done
