"""A day's purchases: which habits come true, which planted steps follow, and the orders that they make."""

from dataclasses import dataclass

import numpy as np

from graph.log.schema import EventKind
from loaders.world import clock
from loaders.world import rows as r
from loaders.world.catalogue import APP, DELIVERY, IN_STORE, ORDER_CHANNELS
from loaders.world.draws import Bools, Floats, Ints, pick, stream, whole
from loaders.world.habits import COUNT, DECOYS, PLANTED, Chain, Habits
from loaders.world.people import People
from loaders.world.request import WorldRequest
from loaders.world.rows import Rows
from loaders.world.taste import DISCOUNT_PERCENTS, DISCOUNTED, PRICE_CENTS, QUANTITIES, Taste

EXTRA_LINES = (0.75, 0.20, 0.05)
MOST_PUSHED = 0.9
"""No campaign makes a habit likelier than that."""


@dataclass(slots=True)
class Tally:
    """What a chain truly did: sums over the occurrences of its first step on days whose second day could follow."""

    first: int = 0
    both: int = 0
    with_first: float = 0.0
    """Sum of P(second | first) over the occurrences of the first."""
    without_first: float = 0.0
    """Sum of P(second | no first) of the same customers on the same days."""


class Impulses:
    """Draws which habits come true on each day; remembers one day, for the chains that reach into the next."""

    def __init__(self, request: WorldRequest, habits: Habits) -> None:
        self._request, self._habits = request, habits
        self._yesterday = np.zeros(habits.customer.size, dtype=np.bool_)
        self._was_kind, self._was_active = -1, np.zeros(0, dtype=np.bool_)
        self.tallies = {chain.name: Tally() for chain in PLANTED + DECOYS}
        self._partners = {chain.name: _partners(habits, chain) for chain in PLANTED + DECOYS}

    def draw(self, day: int, active: Bools) -> Ints:
        """The rows of the habits that come true; `active` says which customers may buy today."""
        habits, kind = self._habits, clock.kind_of(self._request.start, day)
        rng = stream(self._request.seed, "impulses", day)
        today = habits.of_kind[kind]
        happens = np.zeros(habits.customer.size, dtype=np.bool_)
        rate = habits.rate[today]
        if self._request.pushed(day):
            rate = np.minimum(rate * self._request.push_lift, MOST_PUSHED)
        happens[today] = rng.random(today.size) < rate
        may = active[habits.customer]
        happens &= may
        for number, chain in enumerate(PLANTED):
            if kind == chain_kind(chain.second):
                self._follow(rng, number, chain, happens)
                happens &= may
        for chain in PLANTED + DECOYS:
            self._count(chain, kind, happens, may)
        self._yesterday, self._was_kind, self._was_active = happens, kind, may
        return np.flatnonzero(happens).astype(np.int64)

    def _follow(self, rng: np.random.Generator, number: int, chain: Chain, happens: Bools) -> None:
        """Add the second steps that first steps bring: 1 - (1 - p)(1 - r) = lift · p, hence this r."""
        first, second = self._habits.first_rows[number], self._habits.second_rows[number]
        trigger = happens[first]
        if chain.gap_days:
            # After a day of the other kind a latent first step stands in, at the same rate: else Mondays would be
            # poorer in second steps, and whatever comes before Tuesday to Friday would seem to bring them.
            latent = rng.random(first.size) < self._habits.rate[first]
            if self._was_kind == chain_kind(chain.first):
                trigger = np.where(self._was_active[first], self._yesterday[first], latent)
            else:
                trigger = latent
        rate = self._habits.rate[second]
        response = (chain.lift - 1.0) * rate / (1.0 - rate)
        happens[second] |= trigger & (rng.random(first.size) < response)

    def _count(self, chain: Chain, kind: int, happens: Bools, may: Bools) -> None:
        if kind != chain_kind(chain.second) or (chain.gap_days and self._was_kind != chain_kind(chain.first)):
            return
        first, second, base, lifted = self._partners[chain.name]
        did = (self._yesterday if chain.gap_days else happens)[first] & may[first]
        tally = self.tallies[chain.name]
        tally.first += int(did.sum())
        tally.both += int((did & (second >= 0) & happens[second]).sum())
        tally.with_first += float(lifted[did].sum())
        tally.without_first += float(base[did].sum())


def chain_kind(place: int) -> int:
    """The kind of day of a cell."""
    return clock.SLOTS[place // COUNT][0]


def _partners(habits: Habits, chain: Chain) -> tuple[Ints, Ints, Floats, Floats]:
    """Every habit that is the chain's first step, its customer's second one (or -1), and the latter's two rates."""
    first = np.flatnonzero(habits.cell == chain.first).astype(np.int64)
    second = habits.find(habits.customer[first], chain.second)
    base = np.where(second >= 0, habits.rate[second], 0.0)
    lifted = base.copy()
    if chain.planted:
        member = np.isin(second, habits.second_rows[PLANTED.index(chain)])
        lifted = np.where(member, chain.lift * base, base)
    return first, second, base, lifted


class Till:
    """Makes orders out of wishes and numbers them."""

    def __init__(self, request: WorldRequest, people: People, taste: Taste) -> None:
        self._request, self._people, self._taste = request, people, taste
        self._orders = 0

    def ring_up(self, rng: np.random.Generator, wishes: Rows, coupons: tuple[int, Bools], extra: bool) -> Rows:
        """The lines of one order for each wish (customer, category, at, share, referrer); one category an order.

        `coupons` is the running campaign (-1: none) and who holds one. A basket never mixes categories: it would carry
        a planted step over to the other category.
        """
        size, customer = wishes["at"].size, wishes["customer"]
        order = self._orders + np.arange(size, dtype=np.int64)
        self._orders += size
        persona = self._people.persona[customer]
        brought = wishes["share"] >= 0
        channel = np.where(brought, APP, np.asarray([IN_STORE, APP, DELIVERY])[pick(rng, ORDER_CHANNELS, size)])
        off = rng.random(size) < DISCOUNTED[persona]
        percent = np.where(off, DISCOUNT_PERCENTS[whole(rng, 0, DISCOUNT_PERCENTS.size - 1, size)], 0)
        campaign = np.where(off & coupons[1][customer], coupons[0], -1)
        lines = pick(rng, EXTRA_LINES, size) if extra else np.zeros(size, dtype=np.int64)
        parts: list[Rows] = []
        for number in range(3 if extra else 1):
            product = self._taste.choose(rng, customer, wishes["category"])
            quantity = QUANTITIES[whole(rng, 0, QUANTITIES.size - 1, size)]
            full = PRICE_CENTS[product] * quantity
            discount = full * percent // 100
            line = r.rows(
                EventKind.PURCHASE, wishes["at"], customer=customer, store=self._people.store[customer],
                channel=channel, product=product, order=order, quantity=quantity, amount=full - discount,
                discount=discount,
                share=wishes["share"], referrer=wishes["referrer"], campaign=campaign,
                session=np.where(channel == IN_STORE, -1, 2 * order),
            )  # fmt: skip
            parts.append(r.chosen(line, lines >= number))
        return r.joined(parts)
