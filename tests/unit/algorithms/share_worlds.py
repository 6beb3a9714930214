"""Small share logs and tie graphs for the tests of influence."""

from collections.abc import Sequence

import numpy as np

from graph.algorithms.influence import NOBODY, Reach, ShareLog, Ties

DAY = 86_400


def share_log(
    customers: int,
    shares: Sequence[tuple[int, int]] = (),
    clicks: Sequence[tuple[int, int, int]] = (),
    acts: Sequence[tuple[int, int, int, int, int]] = (),
    brought: Sequence[tuple[int, int, int]] = (),
    parents: Sequence[int] | None = None,
) -> ShareLog:
    """Shares (sharer, at), clicks (customer, share, at), acts (customer, at, share, referrer, cents), brought
    (customer, by, at); times in days; NOBODY is -1."""
    share, click, act, bring = (
        np.array(list(rows), np.float64).reshape(-1, width)
        for rows, width in ((shares, 2), (clicks, 3), (acts, 5), (brought, 3))
    )

    def codes(column: np.ndarray) -> np.ndarray:
        return column.astype(np.int32)

    def seconds(column: np.ndarray) -> np.ndarray:
        return (column * DAY).astype(np.int64)

    return ShareLog(
        customers,
        codes(share[:, 0]),
        seconds(share[:, 1]),
        np.full(len(share), NOBODY, np.int32) if parents is None else np.array(parents, np.int32),
        codes(click[:, 0]),
        codes(click[:, 1]),
        seconds(click[:, 2]),
        codes(act[:, 0]),
        seconds(act[:, 1]),
        codes(act[:, 2]),
        codes(act[:, 3]),
        act[:, 4].astype(np.int64),
        codes(bring[:, 0]),
        codes(bring[:, 1]),
        seconds(bring[:, 2]),
    )


def ties(
    customers: int,
    arcs: dict[tuple[int, int], float],
    pass_on: float | Sequence[float] = 1.0,
    revenue: float | Sequence[float] = 1.0,
) -> Ties:
    """Arcs with their probabilities, taken as known for certain."""
    ordered = sorted(arcs.items())
    source = np.array([arc[0] for arc, _ in ordered], np.int64)
    return Ties(
        np.searchsorted(source, np.arange(customers + 1)).astype(np.int64),
        np.array([arc[1] for arc, _ in ordered], np.int32),
        np.array([chance for _, chance in ordered], np.float64),
        np.zeros(len(ordered)),
        np.broadcast_to(np.asarray(pass_on, np.float64), customers).copy(),
        np.broadcast_to(np.asarray(revenue, np.float64), customers).copy(),
        Reach.certain(customers),
    )


def planted_log(random: np.random.Generator, planted: Ties, shares: np.ndarray, days: int = 100) -> ShareLog:
    """A log in which customer u shares `shares[u]` times and each share moves each tie's target by its probability.

    Who is not moved clicks with probability 0.08; nobody passes on. Clicks come a tenth of a day later, acts two.
    """
    sharer = np.repeat(np.arange(planted.customer_count), shares)
    degree = np.diff(planted.pointer)[sharer]
    share = np.repeat(np.arange(sharer.size), degree)
    arc = np.arange(share.size) - np.repeat(np.cumsum(degree) - degree, degree)
    arc += planted.pointer[sharer][share]
    at = random.integers(0, days, sharer.size)
    moved = random.random(share.size) < planted.probability[arc]
    clicked = moved | (random.random(share.size) < 0.08)
    who = planted.target[arc]
    clicks = np.stack([who, share, at[share] + 0.1], axis=1)[clicked]
    acts = np.stack([who, at[share] + 0.2, share, np.full(share.size, NOBODY), np.full(share.size, 100)], axis=1)[moved]
    return share_log(planted.customer_count, np.stack([sharer, at], axis=1).tolist(), clicks.tolist(), acts.tolist())
