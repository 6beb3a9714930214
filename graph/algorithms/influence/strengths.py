"""How strong each tie is: the probability that a share of u moves v, by maximum likelihood out of the log.

A share is one trial of each of the sharer's known ties (everyone who ever clicked a share of theirs or was moved by
them); it is a success if it moved the target. Where several sharers may have moved one act, the success is divided
between them in proportion to what each would do (expectation-maximisation: Saito, Nakano, Kimura 2008) and to how fresh
each touch is. Thin ties are drawn towards the mean of all ties: p = (successes + w·mean) / (trials + w), a Beta prior
worth w trials.
"""

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int32, Int64, Moves, ShareLog, Ties, summed
from graph.algorithms.influence.request import InfluenceRequest

ROUNDS = 50
CLOSE_ENOUGH = 1e-9
CENTS = 100.0


def learn_ties(log: ShareLog, moves: Moves, request: InfluenceRequest) -> Ties:
    """Every known tie with its probability, and every customer's own rates. O((clicks + moves) · rounds)."""
    source, target = _known(log, moves)
    trials = np.bincount(log.share_sharer[log.share_sharer >= 0], minlength=log.customer_count).astype(np.float64)
    of_move = np.searchsorted(_key(source, target, log), _key(moves.sharer, moves.customer, log))
    by_word = _by_word_alone(moves, of_move, source.size)
    tried = np.maximum(trials[source] + by_word, 1.0)
    counted = (moves.share >= 0) | by_word[of_move]
    successes = _successes(log, _only(moves, counted), of_move[counted], tried)
    mean = float(successes.sum() / tried.sum()) if tried.size else 0.0
    weight = request.prior_weight
    probability = np.minimum((successes + weight * mean) / (tried + weight), 1.0)
    moved = summed(target, successes, log.customer_count)
    return Ties(
        np.searchsorted(source, np.arange(log.customer_count + 1)).astype(np.int64),
        target.astype(np.int32),
        probability,
        probability * (1 - probability) / (tried + weight + 1),
        _pass_on(log, moves, moved, request),
        _revenue(log, moves, moved, request),
    )


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
    part = moves.weight
    for _ in range(ROUNDS):
        successes = _once_a_share(moves, of_move, part, tried.size)
        chance = moves.weight * (successes / tried)[of_move]
        total = summed(moves.act, chance, log.act_customer.size)
        before, part = part, chance / total[moves.act]
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


def _pass_on(log: ShareLog, moves: Moves, moved: Float64, request: InfluenceRequest) -> Float64:
    """How often being moved is followed by a share of one's own, drawn towards the mean of those who ever share."""
    passed = np.bincount(_passing_sharers(log, moves, request), minlength=log.customer_count).astype(np.float64)
    passed = np.minimum(passed, moved)
    shares = np.zeros(log.customer_count, np.bool_)
    shares[log.share_sharer[log.share_sharer >= 0]] = True
    mean = passed.sum() / moved[shares].sum() if moved[shares].sum() > 0 else 0.0
    weight = request.prior_weight
    return np.where(shares, (passed + weight * mean) / np.maximum(moved + weight, 1e-12), 0.0)


def _passing_sharers(log: ShareLog, moves: Moves, request: InfluenceRequest) -> Int32:
    """The sharer of every share that passes another on: as the share says, or else the first one within the window."""
    if (log.share_parent >= 0).any():
        return log.share_sharer[(log.share_parent >= 0) & (log.share_sharer >= 0)]
    order = np.lexsort((log.share_at, log.share_sharer))
    span = int(max(log.share_at.max(initial=0), log.act_at.max(initial=0))) + 1
    shared = log.share_sharer[order].astype(np.int64) * span + log.share_at[order]
    _, first = np.unique(moves.act, return_index=True)
    act = moves.act[first]
    start = log.act_customer[act].astype(np.int64) * span + log.act_at[act]
    after = np.searchsorted(shared, start, side="right")
    found = after < shared.size
    near = np.zeros(act.size, np.bool_)
    window = request.window_days * 86_400
    near[found] = (shared[after[found]] - start[found] <= window) & (
        shared[after[found]] // span == log.act_customer[act[found]]
    )
    return log.act_customer[act[near]]


def _revenue(log: ShareLog, moves: Moves, moved: Float64, request: InfluenceRequest) -> Float64:
    """What one move of a customer brings: attributed money over moves, drawn towards the mean of all."""
    paid = summed(moves.customer, moves.weight * log.act_cents[moves.act], log.customer_count)
    mean = paid.sum() / moved.sum() if moved.sum() > 0 else 0.0
    weight = request.prior_weight
    return (paid + weight * mean) / np.maximum(moved + weight, 1e-12) / CENTS
