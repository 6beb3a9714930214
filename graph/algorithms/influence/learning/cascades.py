"""Who moved whom: acts (registrations, referrals, purchases) are traced back to the shares before them.

An act that names its share belongs to it; one that names a referrer belongs to them; any other belongs to the shares
that the customer clicked within the window before it (where the request traces clicks), the parts halving with every
half-life of age. Of an order that is traced to clicks, what would have come anyway belongs to nobody (`baseline.py`).
Nobody moves themselves, and only the last click of each share counts.
"""

from dataclasses import replace

import numpy as np

from graph.algorithms.influence.arrays import NOBODY, Bool, Float64, Int32, Int64, Moves, ShareLog, summed
from graph.algorithms.influence.learning.baseline import excite, fit_baseline
from graph.algorithms.influence.request import Attribution, InfluenceRequest
from graph.algorithms.kernels import kernel

SECONDS_A_DAY = 86_400.0


def trace_moves(log: ShareLog, request: InfluenceRequest) -> Moves:
    """Every act with its movers. O(clicks · log clicks + acts · clicks in the window)."""
    order = np.lexsort((log.click_share, log.click_at, log.click_customer))
    clicks = log.click_customer[order], log.click_at[order], log.click_share[order]
    pointer = np.searchsorted(clicks[0], np.arange(log.customer_count + 1)).astype(np.int64)
    named = np.where(log.act_share >= 0, log.share_sharer[log.act_share] if log.share_sharer.size else NOBODY, NOBODY)
    mover = np.where(named >= 0, named, log.act_referrer).astype(np.int32)
    certain = mover >= 0
    settled = certain | (not _traces_clicks(log, request))
    sizes = _candidates(pointer, clicks[1], log.act_customer, log.act_at, settled, request.window_days * SECONDS_A_DAY)
    open_act, open_share, age = _gathered(
        pointer, clicks[1], clicks[2], log.act_customer, log.act_at, sizes, int(sizes.sum())
    )
    act = np.concatenate([np.flatnonzero(certain).astype(np.int32), open_act])
    share = np.concatenate([np.where(named[certain] >= 0, log.act_share[certain], NOBODY).astype(np.int32), open_share])
    sharer = np.concatenate([mover[certain], log.share_sharer[open_share]]).astype(np.int32)
    weight = np.concatenate([np.ones(int(certain.sum())), np.exp2(-age / (request.half_life_days * SECONDS_A_DAY))])
    moves = _tidied(log, act, sharer, share, weight)
    total = summed(moves.act, moves.weight, log.act_customer.size)
    parts = moves.weight / total[moves.act]
    habitual = ~settled[moves.act] & (log.act_cents[moves.act] > 0)
    if request.baseline and habitual.any():
        parts[habitual] = _brought(log, moves, habitual, request)
    return replace(moves, weight=parts)


def _brought(log: ShareLog, moves: Moves, rows: Bool, request: InfluenceRequest) -> Float64:
    """The part of an order that each click before it brought: all parts add up to what is more than habit."""
    baseline = fit_baseline(log, request)
    act = moves.act[rows]
    more = np.unique(act).size - float(baseline.expected.sum())
    touch = moves.weight[rows] / request.half_life_days
    return excite(baseline.intensity(log.act_customer, log.act_at), act, touch, more)


def _traces_clicks(log: ShareLog, request: InfluenceRequest) -> bool:
    if request.attribution is Attribution.AUTO:
        return not bool((log.act_share >= 0).any())
    return request.attribution is Attribution.CLICKS


def _tidied(log: ShareLog, act: Int32, sharer: Int32, share: Int32, weight: Float64) -> Moves:
    """Drop self-moves and keep the heaviest touch of each (act, share)."""
    kept = (sharer >= 0) & (sharer != log.act_customer[act])
    act, sharer, share, weight = act[kept], sharer[kept], share[kept], weight[kept]
    order = np.lexsort((-weight, share, sharer, act))
    act, sharer, share, weight = act[order], sharer[order], share[order], weight[order]
    first = np.ones(act.size, np.bool_)
    first[1:] = (act[1:] != act[:-1]) | (share[1:] != share[:-1]) | (sharer[1:] != sharer[:-1])
    act, sharer, share, weight = act[first], sharer[first], share[first], weight[first]
    return Moves(act, sharer, share, log.act_customer[act], weight)


@kernel
def _candidates(pointer: Int64, click_at: Int64, customer: Int32, at: Int64, settled: Bool, window: float) -> Int64:
    """How many clicks lie within the window before each uncertain act; they are the last ones before it."""
    sizes = np.zeros(customer.size, np.int64)
    for act in range(customer.size):
        if not settled[act]:
            low, high = pointer[customer[act]], pointer[customer[act] + 1]
            for index in range(low, high):
                if at[act] - window <= click_at[index] <= at[act]:
                    sizes[act] += 1
    return sizes


@kernel
def _gathered(
    pointer: Int64, click_at: Int64, click_share: Int32, customer: Int32, at: Int64, sizes: Int64, total: int
) -> tuple[Int32, Int32, Float64]:
    """The clicks that `_candidates` counted: act, share and age in seconds."""
    acts, shares, ages = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(total)
    filled = 0
    for act in range(customer.size):
        if sizes[act]:
            end = pointer[customer[act]]
            while end < pointer[customer[act] + 1] and click_at[end] <= at[act]:
                end += 1
            for index in range(end - sizes[act], end):
                acts[filled], shares[filled], ages[filled] = act, click_share[index], at[act] - click_at[index]
                filled += 1
    return acts, shares, ages
