"""Who moved whom, and how strong that makes each tie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from share_worlds import share_log

from graph.algorithms.influence import Attribution, InfluenceRequest, learn_ties, trace_moves
from graph.errors import BadInput

ANN, BOB, CAT, DAN = range(4)
NONE = -1
CLICKS = InfluenceRequest(attribution=Attribution.CLICKS, prior_weight=0, baseline=False)
PLAIN = InfluenceRequest(prior_weight=0)


def rows(log, request=PLAIN) -> list[tuple[int, int, int, int, float]]:
    moves = trace_moves(log, request)
    columns = (moves.act, moves.sharer, moves.share, moves.customer, moves.weight.round(6))
    return [tuple(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def tie(ties, start: int, end: int) -> float:
    [arc] = [a for a in range(ties.pointer[start], ties.pointer[start + 1]) if ties.target[a] == end]
    return float(ties.probability[arc])


def test_an_act_belongs_to_the_share_that_it_names():
    log = share_log(3, [(ANN, 0), (BOB, 0)], [(CAT, 0, 1), (CAT, 1, 1)], [(CAT, 2, 1, ANN, 500)])

    assert rows(log) == [(0, BOB, 1, CAT, 1.0)]


def test_an_act_that_names_a_referrer_alone_belongs_to_them():
    assert rows(share_log(2, acts=[(BOB, 2, NONE, ANN, 0)])) == [(0, ANN, NONE, BOB, 1.0)]


def test_of_two_clicks_the_one_that_is_a_half_life_older_weighs_half():
    log = share_log(3, [(ANN, 0), (BOB, 0)], [(CAT, 0, 1), (CAT, 1, 3)], [(CAT, 3, NONE, NONE, 500)])

    assert rows(log, CLICKS) == [(0, ANN, 0, CAT, round(1 / 3, 6)), (0, BOB, 1, CAT, round(2 / 3, 6))]


def test_a_click_outside_the_window_or_after_the_act_moves_nobody():
    log = share_log(2, [(ANN, 0)], [(BOB, 0, 1), (BOB, 0, 9.5)], [(BOB, 9, NONE, NONE, 500)])

    assert rows(log, CLICKS) == []


def test_only_the_last_click_of_a_share_counts():
    log = share_log(2, [(ANN, 0)], [(BOB, 0, 1), (BOB, 0, 2)], [(BOB, 3, NONE, NONE, 500)])

    assert rows(log, CLICKS) == [(0, ANN, 0, BOB, 1.0)]


def test_nobody_moves_themselves():
    log = share_log(1, [(ANN, 0)], [(ANN, 0, 1)], [(ANN, 2, 0, NONE, 500), (ANN, 3, NONE, ANN, 500)])

    assert rows(log, CLICKS) == []


def test_where_the_source_names_shares_a_purchase_of_habit_after_a_click_is_not_taken_for_a_move():
    acts = [(BOB, 2, NONE, NONE, 500), (CAT, 2, 0, NONE, 500)]
    log = share_log(3, [(ANN, 0)], [(BOB, 0, 1), (CAT, 0, 1)], acts)

    assert [row[3] for row in rows(log)] == [CAT]
    assert sorted(row[3] for row in rows(log, CLICKS)) == [BOB, CAT]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 25)), max_size=25),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=12),
)
def test_the_parts_of_an_act_add_up_to_one(shares, clicks, bought):
    clicks = [click for click in clicks if click[1] < len(shares)]
    log = share_log(4, shares, clicks, [(who, at, NONE, NONE, 100) for who, at in bought])

    moves = trace_moves(log, CLICKS)

    totals = np.bincount(moves.act, weights=moves.weight, minlength=len(bought))
    assert all(total == pytest.approx(1) or total == 0 for total in totals)
    assert (moves.sharer != moves.customer).all()


def test_two_of_four_shares_that_moved_a_customer_make_one_half():
    log = share_log(2, [(ANN, day) for day in range(4)], acts=[(BOB, 1, 0, NONE, 100), (BOB, 3, 2, NONE, 100)])

    assert tie(learn_ties(log, trace_moves(log, PLAIN), PLAIN), ANN, BOB) == pytest.approx(0.5)


def test_two_orders_after_one_share_are_one_success():
    log = share_log(2, [(ANN, 0), (ANN, 1)], acts=[(BOB, 1, 0, NONE, 100), (BOB, 2, 0, NONE, 100)])

    assert tie(learn_ties(log, trace_moves(log, PLAIN), PLAIN), ANN, BOB) == pytest.approx(0.5)


def test_a_click_that_led_nowhere_is_a_tie_of_probability_nought():
    log = share_log(3, [(ANN, 0)], [(BOB, 0, 1)], [(CAT, 1, 0, NONE, 100)])

    learned = learn_ties(log, trace_moves(log, PLAIN), PLAIN)

    assert tie(learned, ANN, BOB) == 0.0
    assert tie(learned, ANN, CAT) == 1.0


def test_a_thin_tie_is_drawn_towards_the_mean_of_all():
    request = InfluenceRequest(prior_weight=2)
    shares = [(ANN, 0), *[(BOB, day) for day in range(8)]]
    log = share_log(4, shares, [(DAN, 0, 1)], [(CAT, 1, 0, NONE, 100), (CAT, 2, 1, NONE, 100), (CAT, 3, 2, NONE, 100)])

    learned = learn_ties(log, trace_moves(log, request), request)

    mean = 3 / (1 + 1 + 8)  # three successes in the trials of the ties Ann-Cat, Ann-Dan and Bob-Cat
    assert tie(learned, ANN, CAT) == pytest.approx((1 + 2 * mean) / 3)
    assert tie(learned, ANN, DAN) == pytest.approx((0 + 2 * mean) / 3)
    assert tie(learned, BOB, CAT) == pytest.approx((2 + 2 * mean) / 10)


def test_of_two_who_may_have_moved_an_act_the_proven_one_gets_most_of_it():
    # Ann's three other shares each moved Dan or Cat for certain; Bob's other shares moved nobody.
    shares = [(ANN, 0), (ANN, 1), (ANN, 2), (BOB, 0), (BOB, 1), (BOB, 2)]
    acts = [(CAT, 0.5, 0, NONE, 100), (CAT, 1.5, 1, NONE, 100), (CAT, 2.5, NONE, NONE, 100)]
    log = share_log(4, shares, [(CAT, 2, 2.2), (CAT, 5, 2.2)], acts)

    learned = learn_ties(log, trace_moves(log, CLICKS), CLICKS)

    assert tie(learned, ANN, CAT) > 0.95
    assert tie(learned, BOB, CAT) < 0.05


def test_a_referral_without_share_is_a_trial_and_a_success():
    log = share_log(2, acts=[(BOB, 2, NONE, ANN, 0)])

    assert tie(learn_ties(log, trace_moves(log, PLAIN), PLAIN), ANN, BOB) == 1.0


def test_passing_on_is_learned_from_the_parents_of_shares():
    # Bob was moved twice and passed on once; Cat was moved once and passed nothing on.
    shares = [(ANN, 0), (ANN, 1), (BOB, 2), (CAT, 9)]
    acts = [(BOB, 1, 0, NONE, 100), (BOB, 1.5, 1, NONE, 100), (CAT, 2, 1, NONE, 100)]
    log = share_log(3, shares, acts=acts, parents=[NONE, NONE, 1, NONE])

    learned = learn_ties(log, trace_moves(log, PLAIN), PLAIN)

    assert learned.pass_on.tolist() == pytest.approx([0.0, 0.5, 0.0])


def test_without_parents_a_share_within_the_window_after_a_move_counts_as_passed_on():
    shares = [(ANN, 0), (BOB, 2), (CAT, 30)]
    log = share_log(3, shares, acts=[(BOB, 1, 0, NONE, 100), (CAT, 1, 0, NONE, 100)])

    learned = learn_ties(log, trace_moves(log, PLAIN), PLAIN)

    assert learned.pass_on.tolist() == pytest.approx([0.0, 1.0, 0.0])


def test_a_move_brings_what_was_paid_in_the_mean():
    log = share_log(2, [(ANN, 0), (ANN, 1)], acts=[(BOB, 1, 0, NONE, 1000), (BOB, 2, 1, NONE, 3000)])

    assert learn_ties(log, trace_moves(log, PLAIN), PLAIN).revenue[BOB] == pytest.approx(20.0)


def test_an_empty_log_has_no_ties():
    log = share_log(0)

    learned = learn_ties(log, trace_moves(log, PLAIN), PLAIN)

    assert learned.target.size == 0
    assert learned.customer_count == 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"window_days": 0}, "window_days must be above 0 days, not 0"),
        ({"half_life_days": -1}, "half_life_days must be above 0 days"),
        ({"prior_weight": -1}, "prior_weight must be 0 or more"),
        ({"decay": 1.0}, "decay must be in .0, 1., not 1.0"),
        ({"simulations": 0}, "simulations must be from 50 to 1,000,000, not 0"),
        ({"paths": -1}, "paths must be from 0 to 50"),
        ({"seed": -1}, "seed must be from 0"),
        ({"coin_limit": 0}, "coin_limit must be 1 or more"),
        ({"credit": "fair"}, "credit must be one of passed_up, shapley"),
        ({"attribution": "guess"}, "attribution must be one of auto, named, clicks"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_would_be_valid(wrong, told):
    with pytest.raises(BadInput, match=told):
        InfluenceRequest(**wrong)
