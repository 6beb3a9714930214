"""What is known of everybody on a day: who bought what how often and how lately, and what is bought just now."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Baskets, Float64, Int32, Int64

SHORT, MIDDLE, LONG = 10.0, 40.0, 160.0
"""Days after which a purchase weighs half, for what is fresh, what is usual and what was ever."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Everything up to `as_of`: habits by customer and product, customers' rhythm, products' favour."""

    as_of: int
    customer_count: int
    product_count: int
    customer: Int64
    """One row for each product that a customer has bought, by customer and product."""
    product: Int64
    times: Int64
    """In how many baskets."""
    last: Int64
    """The day of the newest of them."""
    cycle: Float64
    """Mean days between two of them; 0 where there was one alone."""
    short: Float64
    middle: Float64
    long: Float64
    """In how many baskets, those older by SHORT, MIDDLE or LONG days weighing half."""
    rhythm: Float64
    """Of each customer: baskets, those older by MIDDLE days weighing half."""
    rhythm_long: Float64
    absent: Int64
    """Of each customer: days since the last basket; -1 where there was none."""
    lately: Int64
    """Of each product: in how many baskets of the last `lately_days`."""
    baskets: Int64
    buyers: Int64


def history(baskets: Baskets, as_of: int, lately_days: int) -> History:
    """What the baskets up to a day say. Time and memory grow with the entries, which are sorted once."""
    known = baskets.where(baskets.day <= as_of)
    key = known.customer.astype(np.int64) * known.product_count + known.product
    order = np.lexsort((known.basket, known.day, key))
    key, basket, day = key[order], known.basket[order], known.day[order].astype(np.int64)
    once = np.ones(key.size, np.bool_)
    once[1:] = (key[1:] != key[:-1]) | (basket[1:] != basket[:-1])
    key, day = key[once], day[once]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    pair, times = key[start], np.diff(start, append=key.size)
    product = pair % known.product_count
    first, last = day[start], day[start + times - 1]
    age = (as_of - day).astype(np.float64)
    entry = np.full(known.basket_count, -1, np.int64)
    entry[known.basket] = np.arange(known.basket.size)
    entry = entry[entry >= 0]
    who, when = known.customer[entry], known.day[entry].astype(np.int64)
    newest = np.full(known.customer_count, -1, np.int64)
    np.maximum.at(newest, who, when)
    bought = (key % known.product_count)[day > as_of - lately_days]
    return History(
        as_of=as_of,
        customer_count=known.customer_count,
        product_count=known.product_count,
        customer=pair // known.product_count,
        product=product,
        times=times.astype(np.int64),
        last=last,
        cycle=(last - first) / np.maximum(times - 1, 1),
        short=_faded(age, SHORT, start),
        middle=_faded(age, MIDDLE, start),
        long=_faded(age, LONG, start),
        rhythm=_rhythm(who, as_of - when, MIDDLE, known.customer_count),
        rhythm_long=_rhythm(who, as_of - when, LONG, known.customer_count),
        absent=np.where(newest >= 0, as_of - newest, -1),
        lately=np.bincount(bought, minlength=known.product_count).astype(np.int64),
        baskets=np.bincount(product, times, minlength=known.product_count).astype(np.int64),
        buyers=np.bincount(product, minlength=known.product_count).astype(np.int64),
    )


def _faded(age: Float64, half_life: float, start: Int64) -> Float64:
    return np.add.reduceat(np.exp2(-age / half_life), start) if age.size else np.zeros(0)


def _rhythm(who: Int32, age: Int64, half_life: float, count: int) -> Float64:
    return np.bincount(who, np.exp2(-age / half_life), minlength=count).astype(np.float64)
