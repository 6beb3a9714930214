"""A log cut in time: what is learned from its earlier part is held against the shares that came later."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import NOBODY, Bool, Int32, Int64, Moves, ShareLog, Ties
from graph.algorithms.influence.learning.cascades import SECONDS_A_DAY, trace_moves
from graph.algorithms.influence.request import InfluenceRequest

HELD_OUT = 0.25
"""The part of the shares, the latest ones, that nothing is learned from."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The earlier part, and the later shares that are old enough to have moved whom they will."""

    log: ShareLog
    """The whole."""
    cut: int
    earlier: ShareLog
    moves: Moves
    """Of the earlier part."""
    shares: Int64
    """The later shares, of customers who had shared before."""
    happened: Int64
    """share · customers + customer of every move of the whole, in order, each once."""

    def trials(self, ties: Ties) -> tuple[Int64, Bool, Int32]:
        """Each of these shares with each tie of its sharer: the tie, whether the share moved its target, the sharer."""
        degree = np.diff(ties.pointer)[self.log.share_sharer[self.shares]]
        tried = np.repeat(self.shares, degree)
        arc = np.arange(tried.size) - np.repeat(np.cumsum(degree) - degree, degree)
        arc += ties.pointer[self.log.share_sharer[tried]]
        hit = np.isin(tried * self.log.customer_count + ties.target[arc], self.happened)
        return arc, hit, self.log.share_sharer[tried]


def hold_out(log: ShareLog, request: InfluenceRequest, part: float = HELD_OUT) -> HeldOut | None:
    """Cut the log before this part of its shares; None where either side has nothing to tell."""
    if not log.share_at.size:
        return None
    cut = int(np.quantile(log.share_at, 1 - part, method="higher"))
    end = max(int(times.max(initial=0)) for times in (log.share_at, log.click_at, log.act_at))
    earlier = before(log, cut)
    known = np.bincount(earlier.share_sharer, minlength=log.customer_count) > 0
    judged = (log.share_at >= cut) & (log.share_at <= end - request.window_days * SECONDS_A_DAY)
    judged &= (log.share_sharer >= 0) & known[log.share_sharer]
    if not judged.any():
        return None
    moves = trace_moves(log, request)
    of_share, moved = moves.share[moves.share >= 0].astype(np.int64), moves.customer[moves.share >= 0]
    happened = np.unique(of_share * log.customer_count + moved)
    return HeldOut(log, cut, earlier, trace_moves(earlier, request), np.flatnonzero(judged), happened)


def before(log: ShareLog, cut: int) -> ShareLog:
    """The log as it was just before `cut`, of the same customers; shares are numbered anew."""
    share, click, act, brought = (times < cut for times in (log.share_at, log.click_at, log.act_at, log.brought_at))
    number = np.where(share, np.cumsum(share) - 1, NOBODY).astype(np.int32)
    click &= number[log.click_share] >= 0

    def renumbered(shares: Int32, rows: Bool) -> Int32:
        return np.where(shares[rows] >= 0, number[shares[rows]], NOBODY).astype(np.int32)

    return ShareLog(
        log.customer_count,
        log.share_sharer[share],
        log.share_at[share],
        renumbered(log.share_parent, share),
        log.click_customer[click],
        number[log.click_share[click]],
        log.click_at[click],
        log.act_customer[act],
        log.act_at[act],
        renumbered(log.act_share, act),
        log.act_referrer[act],
        log.act_cents[act],
        log.brought_customer[brought],
        log.brought_by[brought],
        log.brought_at[brought],
        log.segment,
    )
