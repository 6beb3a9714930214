"""What would have come anyway, and what the shares add to it."""

from dataclasses import replace

import numpy as np
import pytest
from share_worlds import DAY, share_log

from graph.algorithms.influence import (
    Attribution,
    InfluenceRequest,
    ShareLog,
    direct_cents,
    fit_baseline,
    grow_forest,
    incremental_effect,
    trace_moves,
)
from graph.algorithms.influence.learning.baseline import Runs, excite, inside, passed
from graph.algorithms.influence.learning.segments import fit_factors

CLICKS = InfluenceRequest(attribution=Attribution.CLICKS, window_days=4, half_life_days=1)
PLAIN = replace(CLICKS, baseline=False)
NONE = -1
DAYS, PUSHED = 60, 30


def runs(*spans: tuple[int, float, float]) -> Runs:
    customer, start, end = (np.array(column) for column in zip(*spans, strict=True))
    return Runs(customer.astype(np.int32), (start * DAY).astype(np.int64), (end * DAY).astype(np.int64))


def pushed_log(seed: int, customers: int = 600, lift: float = 0.5, reached: str = "all") -> tuple[ShareLog, int]:
    """A campaign on one day: whom it reaches buy six times as much for three days, and two thirds click a share.

    Before and after, some click now and then. A click brings an order by the next day with probability `lift`; the
    second answer is how many orders the clicks brought. Instead of all, the campaign reaches the first third, which is
    the second segment, or the odd ones, who alone ever click, and more often.
    """
    who = np.arange(customers)
    push = {"all": who >= 0, "segment": who < customers // 3, "clickers": who % 2 == 1}[reached]
    clicker = who % 2 == 1 if reached == "clickers" else who >= 0
    random = np.random.default_rng(seed)
    rhythm = 0.1 * random.gamma(1.5, size=customers)
    factor = np.where(np.arange(DAYS) % 7 < 5, 1.0, 0.6)
    factor[PUSHED : PUSHED + 3] = 6
    calm = np.where(np.arange(DAYS) % 7 < 5, 1.0, 0.6)
    habit = random.poisson(rhythm[:, None] * np.where(push[:, None], factor, calm))
    bought = [(v, d + random.random(), NONE, NONE, 100) for v, d in np.argwhere(habit) for _ in range(habit[v, d])]
    often = (0.5, 0.03) if reached == "clickers" else (0.66, 0.005)
    daily = np.where(np.arange(DAYS) == PUSHED, *often)
    clicks = [
        (v, d, d + random.random()) for v, d in np.argwhere(random.random((customers, DAYS)) < daily * clicker[:, None])
    ]
    brought = [(v, at + random.random(), NONE, NONE, 100) for v, _, at in clicks if random.random() < lift]
    shares = [(customers, day) for day in range(DAYS)]
    entered = [(v, 0, NONE, NONE, 0) for v in range(customers)]
    log = share_log(customers + 1, shares, clicks, [*entered, *bought, *brought])
    segment = np.append(push & (reached == "segment"), False).astype(np.int32)
    return replace(log, segment=segment), len(brought)


def test_a_campaign_that_pushes_everybody_at_once_is_not_taken_for_influence():
    held = 0
    for seed in range(20):
        log, planted = pushed_log(seed)

        found = incremental_effect(log, CLICKS)

        assert found.attributed > 2 * planted
        assert found.high - found.low < planted
        held += found.low <= planted <= found.high
    assert held >= 18


def test_a_campaign_that_reaches_one_segment_alone_is_not_taken_for_influence():
    held, over = 0, list[float]()
    for seed in range(20):
        log, planted = pushed_log(seed, reached="segment")

        found = incremental_effect(log, CLICKS)

        assert found.attributed > 2 * planted
        held += found.low <= planted <= found.high
        over.append(found.lift / planted - 1)
    assert held >= 18
    assert abs(np.mean(over)) < 0.1


def test_a_campaign_that_reaches_the_clickers_alone_is_not_taken_for_influence():
    held, over = 0, list[float]()
    for seed in range(20):
        log, planted = pushed_log(seed, reached="clickers")

        found = incremental_effect(log, CLICKS)

        assert found.attributed > 2.5 * planted
        held += found.low <= planted <= found.high
        over.append(found.lift / planted - 1)
    assert held >= 18
    assert abs(np.mean(over)) < 0.1


def test_segments_are_believed_in_only_where_they_differ():
    random = np.random.default_rng(4)
    mean = random.uniform(2, 40, (6, 50))
    drawn = random.gamma(10, 0.1, (6, 50))

    alike, apart = (fit_factors(random.poisson(mean * each).astype(float), mean) for each in (1, drawn))

    assert alike is None
    assert apart is not None
    assert apart.part.sum() == pytest.approx(1)


def test_the_factor_of_a_campaign_is_believed_whole_where_all_other_days_are_alike():
    mean = np.full((2, 60), 40.0)
    seen = np.random.default_rng(5).poisson(mean).astype(float)
    seen[1, 30] = 240.0

    factors = fit_factors(seen, mean)

    assert factors is not None
    believed, error = factors.believed(seen, mean)
    assert believed[1, 30] == pytest.approx(6, rel=0.05)
    assert error[1, 30] == pytest.approx(1 / np.sqrt(240), rel=0.1)
    others = np.delete(believed.ravel(), 60 + 30)
    assert np.abs(others - 1).max() < 0.1


def test_without_lift_the_interval_holds_nought():
    log, planted = pushed_log(8, lift=0.0)

    found = incremental_effect(log, CLICKS)

    assert planted == 0
    assert found.attributed > 300
    assert found.low <= 0 <= found.high


def test_the_parts_of_orders_traced_to_clicks_add_up_to_what_is_more_than_habit():
    log, _ = pushed_log(1)

    ours, plain = (trace_moves(log, request) for request in (CLICKS, PLAIN))

    found = incremental_effect(log, CLICKS)
    assert ours.weight.sum() == pytest.approx(found.lift, abs=1)
    assert plain.weight.sum() == pytest.approx(found.attributed)
    assert (np.bincount(ours.act, weights=ours.weight) <= 1 + 1e-9).all()
    forest = grow_forest(log)
    assert direct_cents(log, ours, forest).sum() == pytest.approx(100 * found.lift, rel=0.05)
    assert direct_cents(log, plain, forest).sum() == 100 * found.attributed


def test_orders_that_name_a_share_are_left_to_it_whole():
    log = share_log(2, [(0, 0)], [(1, 0, 1)], [(1, 2, 0, NONE, 100), (1, 3, 0, NONE, 100)])

    assert trace_moves(log, InfluenceRequest()).weight.tolist() == [1, 1]


def test_the_day_s_factor_is_what_the_campaign_did_to_those_without_a_click():
    log, _ = pushed_log(2)

    baseline = fit_baseline(log, CLICKS)

    weekday = np.median(baseline.factor[:, :PUSHED])
    assert baseline.factor[:, PUSHED : PUSHED + 3].mean() / weekday == pytest.approx(6, rel=0.25)


def test_days_pass_by_their_factor():
    factor = np.array([[1.0, 3.0, 2.0], [4.0, 0.0, 0.0]])
    found = passed(factor, 0, runs((0, 0, 3), (0, 0.5, 1.5), (1, 2, 2.5), (1, 0.5, 3)), np.array([0, 0, 0, 1]))

    assert found.tolist() == pytest.approx([6, 0.5 + 1.5, 1, 2])


def test_only_moments_within_a_window_of_the_customer_are_inside():
    spans = runs((0, 1, 2), (0, 4, 5), (2, 0, 9))
    asked = [(0, 0.5), (0, 1.5), (0, 3), (0, 5), (1, 1.5), (2, 9.5), (2, 8)]

    answers = inside(spans, np.array([who for who, _ in asked], np.int32), np.array([int(at * DAY) for _, at in asked]))

    assert answers.tolist() == [False, True, False, True, False, False, True]


def test_an_order_is_split_between_habit_and_clicks_by_their_rates():
    parts = excite(np.array([1.0, 1.0]), np.array([0, 0, 1], np.int32), np.array([1.0, 1.0, 2.0]), 4 / 3)

    # One click brings one order at this strength: 2 to 1 against habit in both acts.
    assert parts.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert excite(np.ones(1), np.zeros(1, np.int32), np.ones(1), -2.0).tolist() == [0]


def test_an_empty_log_has_no_effect():
    found = incremental_effect(share_log(2), CLICKS)

    assert (found.attributed, found.anyway, found.lift) == (0, 0, 0)
