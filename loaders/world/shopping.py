"""A day's purchases: the orders that wishes become."""

import numpy as np

from graph.log.schema import EventKind
from loaders.world import rows as r
from loaders.world.catalogue import APP, DELIVERY, IN_STORE, ORDER_CHANNELS
from loaders.world.draws import Bools, pick, whole
from loaders.world.people import People
from loaders.world.request import WorldRequest
from loaders.world.rows import Rows
from loaders.world.taste import DISCOUNT_PERCENTS, DISCOUNTED, PRICE_CENTS, QUANTITIES, Taste

EXTRA_LINES = (0.75, 0.20, 0.05)


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
