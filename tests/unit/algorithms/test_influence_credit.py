"""Credited revenue: to the cent."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from share_worlds import share_log

from graph.algorithms.influence import (
    Attribution,
    Credit,
    InfluenceRequest,
    credit_equally,
    credit_upwards,
    direct_cents,
    grow_forest,
    social_contribution,
    trace_moves,
)

ANN, BOB, CAT, DAN = range(4)
NONE = -1
CLICKS = InfluenceRequest(attribution=Attribution.CLICKS, baseline=False)


def direct(log, request=CLICKS) -> list[int]:
    return direct_cents(log, trace_moves(log, request), grow_forest(log)).tolist()


def test_half_of_each_credit_goes_up_to_whoever_brought_the_credited():
    # Ann brought Bob, Bob brought Cat, Cat pays 1000: Bob gets it and passes half to Ann.
    log = share_log(3, acts=[(CAT, 5, NONE, NONE, 1000)], brought=[(BOB, ANN, 0), (CAT, BOB, 1)])

    credit = credit_upwards(np.array(direct(log)), grow_forest(log), 0.5)

    assert credit.direct.tolist() == [0, 500, 0]
    assert credit.downstream.tolist() == [500, 0, 0]
    assert credit.brought.tolist() == [1, 1, 0]
    assert credit.brought_below.tolist() == [2, 1, 0]


def test_the_decay_works_again_at_every_depth():
    log = share_log(4, acts=[(DAN, 5, NONE, NONE, 1000)], brought=[(BOB, ANN, 0), (CAT, BOB, 1), (DAN, CAT, 2)])

    credit = credit_upwards(np.array(direct(log)), grow_forest(log), 0.4)

    assert credit.direct.tolist() == [0, 0, 600, 0]
    assert credit.downstream.tolist() == [160, 240, 0, 0]


def test_what_was_paid_before_being_brought_is_nobody_s():
    log = share_log(2, acts=[(BOB, 1, NONE, NONE, 700), (BOB, 3, NONE, NONE, 900)], brought=[(BOB, ANN, 2)])

    assert direct(log) == [900, 0]


def test_an_order_that_a_share_moved_belongs_to_its_sharer_rather_than_to_the_bringer():
    log = share_log(3, [(CAT, 0)], acts=[(BOB, 3, 0, NONE, 900)], brought=[(BOB, ANN, 0)])

    assert direct(log) == [0, 0, 900]


def test_a_shared_cent_is_given_to_one_of_them():
    log = share_log(3, [(ANN, 0), (BOB, 0)], [(CAT, 0, 1), (CAT, 1, 1)], [(CAT, 1, NONE, NONE, 101)])

    assert sorted(direct(log)) == [0, 50, 51]


def test_the_earliest_referral_counts_and_a_ring_is_left_open():
    log = share_log(3, brought=[(BOB, ANN, 0), (CAT, BOB, 1), (ANN, CAT, 2)])

    forest = grow_forest(log)

    assert forest.bringer.tolist() == [NONE, ANN, BOB]
    assert forest.children_first.tolist() == [CAT, BOB, ANN]


def test_nobody_brings_themselves():
    assert grow_forest(share_log(1, brought=[(ANN, ANN, 0)])).bringer.tolist() == [NONE]


@given(
    st.lists(st.integers(0, 10**9), min_size=8, max_size=8),
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 9)), max_size=20, unique_by=lambda row: row[0]
    ),
    st.floats(0, 0.999),
)
def test_not_a_cent_is_lost_or_made_on_the_way_up(cents, brought, decay):
    forest = grow_forest(share_log(8, brought=brought))

    credit = credit_upwards(np.array(cents, np.int64), forest, decay)

    assert credit.direct.sum() + credit.downstream.sum() == sum(cents)
    assert (credit.direct >= 0).all()
    assert (credit.downstream >= 0).all()


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 8)), max_size=20),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12), st.integers(0, 99_999)), max_size=12),
)
def test_every_moved_act_is_handed_out_to_the_cent(shares, clicks, bought):
    clicks = [click for click in clicks if click[1] < len(shares)]
    log = share_log(5, shares, clicks, [(who, at, NONE, NONE, paid) for who, at, paid in bought])
    moves = trace_moves(log, CLICKS)

    handed_out = direct_cents(log, moves, grow_forest(log))

    moved = np.unique(moves.act)
    assert handed_out.sum() == log.act_cents[moved].sum()
    assert (handed_out >= 0).all()


@pytest.mark.parametrize("depth", [1, 10, 2000])
def test_a_long_line_of_bringers_is_walked_without_recursion(depth):
    log = share_log(
        depth + 1, acts=[(depth, depth + 1, NONE, NONE, 1000)], brought=[(c, c - 1, c) for c in range(1, depth + 1)]
    )

    credit = credit_upwards(direct_cents(log, trace_moves(log, CLICKS), grow_forest(log)), grow_forest(log), 0.5)

    assert credit.direct.sum() + credit.downstream.sum() == 1000
    assert credit.brought_below[0] == depth


def shapley(cents: list[int], bringer: list[int]) -> list[float]:
    """By all orders of arrival: a sum comes as soon as its mover and everybody above them are there."""

    def worth(there: set[int]) -> int:
        return sum(paid for who, paid in enumerate(cents) if line(who) <= there)

    def line(who: int) -> set[int]:
        return {who} | (line(bringer[who]) if bringer[who] >= 0 else set())

    value, orders = [0.0] * len(cents), list(permutations(range(len(cents))))
    for order in orders:
        there: set[int] = set()
        for who in order:
            before = worth(there)
            there.add(who)
            value[who] += (worth(there) - before) / len(orders)
    return value


def test_by_shapley_all_without_whom_a_cent_had_not_come_get_the_same():
    # Ann brought Bob, Bob brought Cat; Cat moved 300, Bob 101.
    forest = grow_forest(share_log(3, brought=[(BOB, ANN, 0), (CAT, BOB, 1)]))

    credit = credit_equally(np.array([0, 101, 300], np.int64), forest)

    assert credit.direct.tolist() == [0, 51, 100]
    assert credit.downstream.tolist() == [50 + 100, 100, 0]
    assert credit.brought_below.tolist() == [2, 1, 0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4).map(lambda units: units * 60), min_size=5, max_size=5), st.data())
def test_credit_by_shapley_is_the_mean_over_all_orders_of_arrival(cents, data):
    bringer = [data.draw(st.integers(-1, who - 1)) for who in range(5)]
    brought = [(who, by, who) for who, by in enumerate(bringer) if by >= 0]

    credit = credit_equally(np.array(cents, np.int64), grow_forest(share_log(5, brought=brought)))

    assert (credit.direct + credit.downstream).tolist() == pytest.approx(shapley(cents, bringer))


@given(
    st.lists(st.integers(0, 10**9), min_size=8, max_size=8),
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 9)), max_size=20, unique_by=lambda row: row[0]
    ),
)
def test_by_shapley_not_a_cent_is_lost_or_made(cents, brought):
    credit = credit_equally(np.array(cents, np.int64), grow_forest(share_log(8, brought=brought)))

    assert credit.direct.sum() + credit.downstream.sum() == sum(cents)
    assert (credit.direct >= 0).all()
    assert (credit.downstream >= 0).all()


def test_social_contribution_is_graded_by_quarters_of_those_who_brought_something():
    none = np.zeros(10, np.int64)
    found = social_contribution(Credit(np.array([0, 0, *range(100, 900, 100)]), none, none, none))

    assert found.revenue.tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert found.grade.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert social_contribution(Credit(none, none, none, none)).grade.tolist() == [1] * 10
