"""What the log shows of each tie: how often it was tried, and how often it moved its target.

A share is one trial of each of the sharer's known ties (everyone who ever clicked a share of theirs or was moved by
them); it is a success if it moved the target, once, however many acts follow. Where several sharers may have moved one
act, the success is divided between them in proportion to what each would do (expectation-maximisation: Saito, Nakano,
Kimura 2008) and to how fresh each touch is. A share of the last days may still move somebody: it is as much of a trial
as the part of all moves that has come by its age (`maturity`).
"""

from dataclasses import dataclass, replace

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int32, Int64, Moves, ShareLog, summed
from graph.algorithms.influence.learning.contacts import shown

ROUNDS = 50
CLOSE_ENOUGH = 1e-9
SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entry a known tie, ordered by source, then target; and the trials of every customer."""

    source: Int64
    target: Int64
    trials: Float64
    """Shares that could have moved the target, young ones in part."""
    successes: Float64
    """Expected number; a fraction where several may have moved one act."""
    times_shown: Float64
    """By how many shares the tie was seen: a click or a move, at least one."""
    customer_trials: Float64
    """Shares of every customer, and one more where somebody was won by word alone: as many as of any tie of theirs."""


def maturity(log: ShareLog, moves: Moves) -> Float64:
    """For every share the part of all moves that come within its age at the end of the log; 1 where none tells."""
    named = moves.share >= 0
    delay = np.sort(log.act_at[moves.act[named]] - log.share_at[moves.share[named]])
    if not delay.size:
        return np.ones(log.share_at.size)
    age = np.asarray(_end(log) - log.share_at, np.int64)
    return np.searchsorted(delay, age, side="right") / np.float64(delay.size)


def gather_evidence(log: ShareLog, moves: Moves, worth: Float64, half_life_days: float | None = None) -> Evidence:
    """Every known tie, each share `worth` so much of a trial, and the older the less where a half-life is given.

    Trials and successes fade alike; by how many shares a tie was shown does not. O((clicks + moves) · rounds).
    """
    if half_life_days is not None:
        worth = worth * _freshness(log, log.share_at, half_life_days)
        by_share = log.share_at[moves.share] if log.share_at.size else moves.act
        at = np.where(moves.share >= 0, by_share, log.act_at[moves.act])
        moves = replace(moves, weight=moves.weight * _freshness(log, at, half_life_days))
    source, target = _known(log, moves)
    told = log.share_sharer >= 0
    shares = summed(log.share_sharer[told], worth[told], log.customer_count)
    ties = _key(source, target, log)
    of_move = np.searchsorted(ties, _key(moves.sharer, moves.customer, log))
    by_word = _by_word_alone(moves, of_move, source.size)
    word = np.zeros(source.size)
    np.maximum.at(word, of_move, moves.weight)
    trials = shares[source] + np.where(by_word, word if half_life_days is not None else 1.0, 0.0)
    trials = np.where(trials > 0, trials, 1.0)
    counted = (moves.share >= 0) | by_word[of_move]
    clicked = log.share_sharer[log.click_share]
    known = (clicked >= 0) & (clicked != log.click_customer)
    of_click = np.full(log.click_share.size, -1, np.int64)
    of_click[known] = np.searchsorted(ties, _key(clicked, log.click_customer, log)[known])
    customer_trials = shares.copy()
    np.maximum.at(customer_trials, source, trials)
    successes = _successes(log, _only(moves, counted), of_move[counted], trials)
    return Evidence(
        source,
        target,
        np.maximum(trials, successes),
        successes,
        shown(log.click_share[known], of_click[known], moves.share, of_move, source.size),
        customer_trials,
    )


def _freshness(log: ShareLog, at: Int64, half_life_days: float) -> Float64:
    """What evidence of these times counts for at the end of the log: half after every half-life."""
    return np.exp2((at - _end(log)) / (half_life_days * SECONDS_A_DAY))


def _end(log: ShareLog) -> int:
    return max(int(times.max(initial=0)) for times in (log.share_at, log.click_at, log.act_at))


def _only(moves: Moves, rows: Bool) -> Moves:
    return Moves(moves.act[rows], moves.sharer[rows], moves.share[rows], moves.customer[rows], moves.weight[rows])


def _key(source: Int64 | Int32, target: Int64 | Int32, log: ShareLog) -> Int64:
    return source.astype(np.int64) * log.customer_count + target


def _known(log: ShareLog, moves: Moves) -> tuple[Int64, Int64]:
    """All (sharer, other) that a click or a move has shown, each once, in order."""
    clicked = log.share_sharer[log.click_share]
    source = np.concatenate([clicked, moves.sharer]).astype(np.int64)
    target = np.concatenate([log.click_customer, moves.customer])
    key = np.unique(_key(source, target, log)[(source >= 0) & (source != target)])
    return key // max(1, log.customer_count), key % max(1, log.customer_count)


def _by_word_alone(moves: Moves, of_move: Int64, tie_count: int) -> Bool:
    """Ties that were named without a share and never with one: one trial more, and one success."""
    named, shared = (
        np.bincount(of_move[rows], minlength=tie_count) > 0 for rows in (moves.share < 0, moves.share >= 0)
    )
    return named & ~shared


def _successes(log: ShareLog, moves: Moves, of_move: Int64, tried: Float64) -> Float64:
    """Expected successes of every tie; one share moves one target once, however many acts follow."""
    if not moves.act.size:
        return np.zeros(tried.size)
    part, whole = moves.weight, summed(moves.act, moves.weight, log.act_customer.size)
    for _ in range(ROUNDS):
        successes = _once_a_share(moves, of_move, part, tried.size)
        chance = moves.weight * (successes / tried)[of_move]
        total = summed(moves.act, chance, log.act_customer.size)
        before, part = part, whole[moves.act] * chance / np.maximum(total[moves.act], 1e-300)
        if np.abs(part - before).max() < CLOSE_ENOUGH:
            break
    return _once_a_share(moves, of_move, part, tried.size)


def _once_a_share(moves: Moves, of_move: Int64, part: Float64, tie_count: int) -> Float64:
    """Sum over (tie, share) of the greatest part that the share has in any act of the target."""
    order = np.lexsort((-part, moves.share, of_move))
    tie, share = of_move[order], moves.share[order]
    first = np.ones(order.size, np.bool_)
    first[1:] = (tie[1:] != tie[:-1]) | (share[1:] != share[:-1])
    return summed(tie[first], part[order][first], tie_count)
