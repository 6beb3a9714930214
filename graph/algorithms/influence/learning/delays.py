"""How long it takes from a share to a move, and from a move to passing it on, as the log shows it.

Only shares that are a window old at the end of the log tell: of younger ones the slow moves are still to come, so that
they would make everything look fast (right truncation).
"""

import numpy as np

from graph.algorithms.influence.arrays import Delays, Float64, Int64, Moves, ShareLog
from graph.algorithms.influence.learning.onward import next_shares

SECONDS_A_DAY = 86_400.0
QUANTILES = 512
"""How many equally likely values stand for all that were seen."""


def fit_delays(log: ShareLog, moves: Moves, window_days: float) -> Delays:
    """The delays of all moves whose share is known; each (share, customer) once. O(moves · log moves)."""
    ripe = _end(log) - log.share_at >= window_days * SECONDS_A_DAY
    told = moves.share >= 0
    share, customer = moves.share[told].astype(np.int64), moves.customer[told].astype(np.int64)
    at = log.act_at[moves.act[told]]
    key = share * max(1, log.customer_count) + customer
    order = np.lexsort((at, key))
    key, at = key[order], at[order]
    first = np.ones(key.size, np.bool_)
    first[1:] = key[1:] != key[:-1]
    key, at = key[first], at[first]
    share = key // max(1, log.customer_count)
    moved = (at - log.share_at[share])[ripe[share]]
    return Delays(_spaced(moved), _spaced(_passing(log, moves, key, at, window_days)))


def _passing(log: ShareLog, moves: Moves, key: Int64, at: Int64, window_days: float) -> Int64:
    """Seconds from a move to the share that passes it on; `key` is (share, customer) of every move, `at` its time."""
    if not (log.share_parent >= 0).any():
        act, share = next_shares(log, moves, window_days)
        return log.share_at[share] - log.act_at[act]
    passing = np.flatnonzero((log.share_parent >= 0) & (log.share_sharer >= 0))
    asked = log.share_parent[passing].astype(np.int64) * log.customer_count + log.share_sharer[passing]
    place = np.minimum(np.searchsorted(key, asked), max(0, key.size - 1))
    known = key[place] == asked if key.size else np.zeros(asked.size, np.bool_)
    return log.share_at[passing[known]] - at[place[known]]


def _spaced(seconds: Int64) -> Float64:
    """So many values of the empirical distribution at even steps of probability, in days; what comes first counts 0."""
    if not seconds.size:
        return np.zeros(0)
    found = np.sort(np.maximum(seconds, 0))
    if found.size > QUANTILES:
        found = found[((np.arange(QUANTILES) + 0.5) / QUANTILES * found.size).astype(np.int64)]
    return found / SECONDS_A_DAY


def _end(log: ShareLog) -> int:
    return max(int(times.max(initial=0)) for times in (log.share_at, log.click_at, log.act_at))
