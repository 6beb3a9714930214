"""What surrounds the purchases: log-ins, views, carts, visits, ratings, refunds; none of it changes who buys what."""

from collections.abc import Mapping

import numpy as np

from graph.log.schema import EventKind
from loaders.world import rows as r
from loaders.world.catalogue import APP, IN_STORE
from loaders.world.chains import COUNT
from loaders.world.clock import DAY, HOUR
from loaders.world.draws import Bools, Floats, Ints, pick, stream, whole
from loaders.world.people import People
from loaders.world.rows import Rows
from loaders.world.taste import Taste

BROWSES_A_DAY = 0.03
FEEDBACK_TEXTS = (
    "出餐有点慢",
    "味道很好，会再来",
    "杯子漏了",
    "店员很热情",
    "甜度刚刚好",
    "等了二十分钟",
    "包装很用心",
    "和图片不太一样",
)


def browse(
    rng: np.random.Generator, people: People, taste: Taste, day: int, here: Bools, rate: Floats, session_from: int
) -> tuple[list[Rows], int]:
    """Sessions without a purchase: a log-in, one to three views, now and then a favourite or something in the cart.

    Sessions count from `session_from` and have odd numbers, those of orders even ones; the second
    answer is how many were used.
    """
    customer = np.flatnonzero((rng.random(len(people)) < rate) & here).astype(np.int64)
    size = customer.size
    at = day * DAY + 8 * HOUR + np.floor(rng.random(size) * 13 * HOUR).astype(np.int64)
    session = 2 * (session_from + np.arange(size, dtype=np.int64)) + 1
    parts = [r.rows(EventKind.LOGIN, at, customer=customer, channel=APP, session=session)]
    views = pick(rng, (0.35, 0.35, 0.3), size)
    for number in range(3):
        product = taste.choose(rng, customer, whole(rng, 0, COUNT - 1, size))
        stays = views >= number
        here_now = {"customer": customer, "product": product, "channel": APP, "session": session}
        seen = at + 60 + 200 * number
        parts.append(r.chosen(_dwelt(rng, EventKind.VIEW, seen, 5, 120, here_now), stays))
        liked, disliked = rng.random(size) < 0.12, rng.random(size) < 0.15
        parts.append(r.chosen(r.rows(EventKind.FAVOURITE, seen + 30, **here_now), stays & liked))
        parts.append(r.chosen(r.rows(EventKind.UNFAVOURITE, seen + 90, **here_now), stays & liked & disliked))
        put, back = rng.random(size) < 0.12, rng.random(size) < 0.4
        parts.append(r.chosen(r.rows(EventKind.CART_ADD, seen + 45, **here_now, quantity=1), stays & put))
        parts.append(r.chosen(r.rows(EventKind.CART_REMOVE, seen + 120, **here_now, quantity=1), stays & put & back))
    return parts, size


def around(rng: np.random.Generator, lines: Rows, first: Bools) -> list[Rows]:
    """What comes before and after orders; `first` marks the first line of each."""
    orders = r.chosen(lines, first)
    size, at = orders["at"].size, orders["at"]
    online = orders["channel"] != IN_STORE
    who = {column: orders[column] for column in ("customer", "store", "channel")}
    what = {"customer": orders["customer"], "product": orders["product"], "channel": orders["channel"],
            "session": orders["session"]}  # fmt: skip
    bought = {**who, "order": orders["order"], "product": orders["product"]}
    ago = whole(rng, 60, 900, size)
    return [
        r.chosen(_dwelt(rng, EventKind.VIEW, at - ago, 5, 180, what), online & (rng.random(size) < 0.45)),
        r.chosen(r.rows(EventKind.CART_ADD, at - ago // 2, **what, quantity=1), online & (rng.random(size) < 0.35)),
        r.chosen(_dwelt(rng, EventKind.VISIT, at - ago // 3, 120, 2_400, who), ~online & (rng.random(size) < 0.30)),
        r.chosen(_stars(rng, at + whole(rng, 600, 3_600, size), bought), rng.random(size) < 0.05),
        r.chosen(
            r.rows(EventKind.FEEDBACK, at + whole(rng, 600, 3_600, size), **bought, note=whole(rng, 0, 7, size)),
            rng.random(size) < 0.005,
        ),
        r.chosen(
            r.rows(EventKind.REFUND, at + whole(rng, 900, 3_600, size), **bought, amount=orders["amount"]),
            rng.random(size) < 0.01,
        ),
        r.chosen(
            r.rows(EventKind.COUPON_REDEEM, at, **who, order=orders["order"], campaign=orders["campaign"]),
            orders["campaign"] >= 0,
        ),
    ]


def channel_costs(seed: int, day: int, daily_cents: Ints) -> Rows:
    """One cost a channel, at the day's last second, up to a fifth above or below the usual."""
    rng = stream(seed, "costs", day)
    amount = np.floor(daily_cents * (0.8 + 0.4 * rng.random(daily_cents.size))).astype(np.int64)
    at = np.full(daily_cents.size, (day + 1) * DAY - 1, dtype=np.int64)
    return r.rows(EventKind.CHANNEL_COST, at, channel=np.arange(daily_cents.size, dtype=np.int64), amount=amount)


def _dwelt(
    rng: np.random.Generator, kind: EventKind, at: Ints, least: int, most: int, given: Mapping[str, Ints | int]
) -> Rows:
    return r.rows(kind, at, **given, note=whole(rng, least, most, at.size))


def _stars(rng: np.random.Generator, at: Ints, given: Mapping[str, Ints | int]) -> Rows:
    return r.rows(EventKind.RATING, at, **given, note=1 + pick(rng, (0.03, 0.05, 0.12, 0.35, 0.45), at.size))
