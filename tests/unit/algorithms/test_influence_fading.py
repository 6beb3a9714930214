"""Evidence that fades: what it counts for, and whether a log shows that ties fade at all."""

from dataclasses import replace

import numpy as np
import pytest
from share_worlds import planted_log, share_log, ties

from graph.algorithms.influence import InfluenceRequest, ShareLog, Ties, calibrate, learn, learn_ties, trace_moves
from graph.algorithms.influence.learning.evidence import gather_evidence
from graph.algorithms.influence.learning.fading import HALF_LIVES, fit_half_life
from graph.algorithms.influence.learning.held_out import hold_out
from graph.errors import BadInput

REQUEST = InfluenceRequest(simulations=50)
FITTED = replace(REQUEST, fading_days="fitted")
NONE = -1


def world(strong: np.ndarray) -> Ties:
    """200 sharers with five contacts each, of whom the strong ones are moved by every other share."""
    arcs = {(u, 200 + u * 5 + place): 0.5 if strong[u] else 0.03 for u in range(200) for place in range(5)}
    return ties(1200, arcs)


def joined(first: ShareLog, second: ShareLog, days: int) -> ShareLog:
    """The second log so many days after the first."""
    later, moved = days * 86_400, first.share_at.size

    def numbered(shares: np.ndarray) -> np.ndarray:
        return np.where(shares >= 0, shares + moved, shares).astype(np.int32)

    columns = {}
    for name in ShareLog.__slots__:
        one, other = getattr(first, name), getattr(second, name)
        if name.endswith("_at"):
            other = other + later
        elif name.endswith(("_share", "_parent")):
            other = numbered(other)
        columns[name] = one if one is None or name == "customer_count" else np.concatenate([one, other])
    return ShareLog(**columns)


def changing(seed: int, changes: bool) -> ShareLog:
    """Half of the sharers are strong for 100 days; then, if it changes, the other half is, for 100 days more."""
    random, strong = np.random.default_rng(seed), np.arange(200) % 2 == 0
    shares = np.where(np.arange(1200) < 200, 25, 0)
    first, second = (world(half) for half in (strong, ~strong if changes else strong))
    return joined(planted_log(random, first, shares), planted_log(random, second, shares), 100)


def test_what_happened_a_half_life_ago_counts_half():
    shares = [(0, 0), (0, 10), (0, 20)]
    acts = [(1, 0.5, 0, NONE, 100), (2, 10.5, 1, NONE, 100)]
    log = share_log(3, shares, [(1, 2, 20)], acts)

    evidence = gather_evidence(log, trace_moves(log, REQUEST), np.ones(3), 10.0)

    assert evidence.trials.tolist() == pytest.approx([1.75, 1.75])
    assert evidence.successes.tolist() == pytest.approx([0.25, 0.5])
    assert evidence.times_shown.tolist() == [2, 1]


def test_a_very_long_half_life_is_none_at_all():
    log = changing(1, changes=False)
    moves = trace_moves(log, REQUEST)

    never, late = (learn_ties(log, moves, replace(REQUEST, fading_days=days)) for days in (None, 1e9))

    np.testing.assert_allclose(never.probability, late.probability, rtol=1e-5)
    np.testing.assert_allclose(never.pass_on, late.pass_on)


def test_ties_that_change_are_found_to_fade_and_those_that_stay_are_not():
    changed, stayed = changing(2, changes=True), changing(3, changes=False)

    found, none = (learn(log, FITTED)[1] for log in (changed, stayed))

    assert found.fading_days in HALF_LIVES[:2]
    assert none.fading_days is None
    strong = np.arange(200) % 2 == 1
    assert found.ties.direct[:200][strong].mean() > 5 * found.ties.direct[:200][~strong].mean()
    plain = learn(changed, REQUEST)[1].ties.direct[:200]
    assert plain[strong].mean() < 1.5 * plain[~strong].mean()


def test_a_stable_world_is_not_taken_to_fade_whatever_the_seed():
    logs = [changing(seed, changes=False) for seed in range(10, 18)]

    half_lives = [fit_half_life(hold_out(log, REQUEST), FITTED) for log in logs]

    assert half_lives.count(None) >= 7


def test_a_report_is_made_with_the_half_life_that_the_earlier_part_tells():
    log = changing(4, changes=True)

    plain, fitted = (calibrate(log, request) for request in (REQUEST, FITTED))

    assert plain is not None
    assert fitted is not None
    assert plain.ties.count.sum() == fitted.ties.count.sum()
    assert fit_half_life(None, FITTED) is None


def test_a_half_life_below_nought_is_refused():
    with pytest.raises(BadInput, match='fading_days must be above 0 days, "fitted", or null for never, not -1'):
        InfluenceRequest(fading_days=-1)
