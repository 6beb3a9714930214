"""The economics of referrals: a world of six people by hand, then what must hold in any."""

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.referrals import UNKNOWN, EconomicsRequest, OutOfRange, ReferralLog, referral_economics
from graph.algorithms.referrals.intervals import mean, ratio_of_means, risk_ratio, share

DAY = 86_400
ANN, BOB, CAT, DAN, EVE, FAY = range(6)
SEARCH, WORD, IDLE = range(3)


def ints(*values: int) -> np.ndarray:
    return np.asarray(values, np.int64)


def who(*values: int) -> np.ndarray:
    return np.asarray(values, np.int32)


TOWN = ReferralLog(
    first=0,
    until=100 * DAY,
    # ann was there before; fay came too late to be known for 30 days.
    registered_at=ints(-50 * DAY, 10 * DAY, 20 * DAY, 30 * DAY, 40 * DAY, 80 * DAY),
    month=ints(0, 1, 1, 2, 2, 3),
    bringer=who(-1, ANN, BOB, -1, -1, ANN),
    brought_at=ints(UNKNOWN, 10 * DAY, 20 * DAY, UNKNOWN, UNKNOWN, 80 * DAY),
    channel=who(-1, WORD, WORD, SEARCH, -1, WORD),
    order_customer=who(BOB, BOB, CAT, DAN, EVE, ANN),
    order_at=ints(11 * DAY, 60 * DAY, 25 * DAY, 31 * DAY, 41 * DAY, 5 * DAY),
    order_cents=ints(1_000, 500, 600, 400, 300, 900),
    share_customer=who(ANN, ANN, BOB, FAY),
    share_at=ints(1 * DAY, 2 * DAY, 15 * DAY, 99 * DAY),
    reward_customer=who(BOB, CAT, EVE),
    reward_cents=ints(100, 80, 70),
    reward_void=np.asarray([False, False, True]),
    cost_channel=who(SEARCH, WORD, IDLE),
    cost_at=ints(3 * DAY, 4 * DAY, 5 * DAY),
    cost_cents=ints(500, 300, 40),
)
PERIOD = EconomicsRequest(0, 100 * DAY, horizons_days=(30, 90))
EVERYBODY = np.ones(6, np.bool_)


def told(log: ReferralLog = TOWN, request: EconomicsRequest = PERIOD, audience: np.ndarray = EVERYBODY):
    return referral_economics(log, request, audience)


def test_old_customers_bring_new_ones():
    found = told()

    assert (found.new_customers, found.referred, found.customers, found.bringers) == (5, 3, 6, 2)
    assert found.old_brings_new is not None
    assert found.old_brings_new.value == pytest.approx(3 / 5)
    assert found.bringing is not None
    assert found.bringing.value == pytest.approx(2 / 6)


def test_the_k_factor_is_invitations_times_conversion():
    found = told()

    assert (found.shares, found.invites_each, found.conversion) == (4, pytest.approx(4 / 6), pytest.approx(3 / 4))
    assert found.k_factor == pytest.approx(3 / 6)


def test_everybody_bears_a_part_of_their_channel_and_the_referred_their_rewards():
    costs = told().costs

    # 500 for dan alone by search; 300 by word for three; 180 for bob and cat; eve's reward is void.
    assert (costs.bought, costs.bought_cents_each, costs.idle_cents) == (1, 500.0, 40.0)
    assert (costs.referred_channel_cents, costs.reward_cents, costs.void_reward_cents) == (300.0, 180, 70)
    assert costs.referred_cents_each == pytest.approx((300 + 180) / 3)
    assert costs.ratio == pytest.approx(160 / 500)
    assert [(one.channel, one.bought, one.referred, one.cents_each) for one in costs.channels] == [
        (SEARCH, 1, 0, 500.0),
        (WORD, 0, 3, 100.0),
        (IDLE, 0, 0, None),
    ]


def test_a_reward_is_assumed_only_where_the_log_tells_of_none():
    nothing = replace(TOWN, reward_customer=who(), reward_cents=ints(), reward_void=np.zeros(0, np.bool_))

    assert told(nothing).costs.referred_cents_each is None
    assumed = told(nothing, replace(PERIOD, reward_cents=50)).costs
    assert (assumed.reward_cents, assumed.referred_cents_each) == (150, pytest.approx(450 / 3))
    assert told(request=replace(PERIOD, reward_cents=50)).costs.reward_cents == 180


def test_an_audience_bears_its_own_part_of_a_channel():
    costs = told(audience=np.asarray([True, True, False, False, True, False])).costs

    assert (costs.referred_channel_cents, costs.reward_cents, costs.bought) == (100.0, 100, 0)
    assert (costs.bought_cents_each, costs.ratio) == (None, None)


def test_worth_counts_who_was_observed_for_so_long_and_what_they_paid_by_then():
    after30, after90 = told().worth

    # fay is known for 20 days only; bob's second order came on his 50th day.
    assert (after30.referred and after30.referred.value, after30.referred and after30.referred.count) == (800.0, 2)
    assert (after30.bought and after30.bought.value, after30.others and after30.others.value) == (400.0, 300.0)
    assert (after90.referred and after90.referred.value, after90.bought) == (1_500.0, None)


def test_nobody_counts_whose_first_orders_the_log_may_have_missed():
    late = replace(TOWN, first=15 * DAY)

    worth = told(late).worth[0].referred
    assert worth is not None
    assert (worth.value, worth.count) == (600.0, 1)


def test_trees_have_depth_width_and_size():
    trees = told().trees

    assert (trees.trees, trees.depths, trees.bringers, trees.widest, trees.largest) == (1, (2, 1), 2, 2, 3)
    assert (trees.mean_depth, trees.mean_width) == (pytest.approx(4 / 3), pytest.approx(3 / 2))


def test_months_tell_what_came_in_them():
    january, march = told().cohorts[0], told().cohorts[-1]

    assert (january.month, january.customers, january.referred) == (1, 2, 2)
    assert january.worth_referred is not None
    assert january.worth_referred.value == 800.0
    assert (march.month, march.worth_referred) == (3, None)


def buyers(*groups: tuple[int, int, int, int]) -> ReferralLog:
    """Groups of (customers, orders in the first half, shares each, of whom so many buy again)."""
    orders, shares, count = list[tuple[int, int]](), list[int](), 0
    for size, first, shared, again in groups:
        for place in range(size):
            orders += [(count, 1)] * first + [(count, 60)] * (place < again)
            shares += [count] * shared
            count += 1
    nobody = np.full(count, -1)
    return replace(
        TOWN,
        registered_at=np.full(count, -DAY),
        month=np.zeros(count, np.int64),
        bringer=nobody.astype(np.int32),
        brought_at=np.full(count, UNKNOWN),
        channel=nobody.astype(np.int32),
        order_customer=who(*(customer for customer, _ in orders)),
        order_at=ints(*(day * DAY for _, day in orders)),
        order_cents=np.ones(len(orders), np.int64),
        share_customer=who(*shares),
        share_at=np.ones(len(shares), np.int64),
        reward_customer=who(),
        reward_cents=ints(),
        reward_void=np.zeros(0, np.bool_),
    )


def test_what_lively_buyers_do_anyway_is_not_put_down_to_sharing():
    # Of those with one order 20 % come back, of those with five 80 %, sharers or not; sharers are mostly lively.
    log_ = buyers((100, 1, 0, 20), (10, 1, 3, 2), (10, 5, 0, 8), (100, 5, 3, 80))

    found = told(log_, audience=np.ones(220, np.bool_)).repurchase
    assert found.high_sharers is not None
    assert found.high_sharers.value == pytest.approx(82 / 110)
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx((82 / 110) / (28 / 110))
    assert found.matched_ratio is not None
    assert found.matched_ratio.value == pytest.approx(1.0)
    assert found.matched_ratio.low < 1 < found.matched_ratio.high


def test_too_few_shares_make_no_high_sharer():
    log_ = buyers((10, 1, 2, 5))

    found = told(log_, audience=np.ones(10, np.bool_)).repurchase
    assert (found.high_sharers, found.ratio) == (None, None)


def test_nobody_and_nothing_give_no_figures():
    found = told(audience=np.zeros(6, np.bool_))

    assert (found.new_customers, found.old_brings_new, found.k_factor, found.costs.ratio) == (0, None, None, None)
    assert found.trees.depths == ()


def test_intervals_are_those_of_the_textbooks():
    # Wilson: 15 of 20, as in Newcombe 1998; Katz: 15 of 100 against 5 of 100.
    wilson, katz = share(15, 20), risk_ratio(ints(15), ints(100), ints(5), ints(100))

    assert wilson is not None
    assert (wilson.low, wilson.high) == (pytest.approx(0.5313, abs=1e-4), pytest.approx(0.8881, abs=1e-4))
    assert katz is not None
    half = 1.959964 * sqrt(1 / 15 - 1 / 100 + 1 / 5 - 1 / 100)
    assert katz.value == pytest.approx(3.0)
    assert (katz.low, katz.high) == (pytest.approx(exp(log(3) - half)), pytest.approx(exp(log(3) + half)))


def test_means_cover_the_truth_as_often_as_they_say():
    draw = np.random.default_rng(5)
    covered = ratios = 0
    for _ in range(400):
        a, b = draw.exponential(2.0, 300), draw.exponential(1.0, 200)
        of_a, ratio = mean(a), ratio_of_means(a, b)
        assert of_a is not None
        assert ratio is not None
        covered += of_a.low <= 2.0 <= of_a.high
        ratios += ratio.low <= 2.0 <= ratio.high

    assert covered >= 366
    assert ratios >= 366


@pytest.mark.parametrize(
    ("given_", "parameter"),
    [
        ({"end": 0}, "end"),
        ({"horizons_days": (0,)}, "horizons_days"),
        ({"horizons_days": tuple(range(1, 15))}, "horizons_days"),
        ({"high_sharer_shares": 0}, "high_sharer_shares"),
        ({"reward_cents": -1}, "reward_cents"),
    ],
)
def test_a_parameter_out_of_range_is_told(given_: dict[str, object], parameter: str):
    with pytest.raises(OutOfRange) as failure:
        EconomicsRequest(**{"start": 0, "end": 10 * DAY} | given_)  # type: ignore[arg-type]

    assert failure.value.parameter == parameter


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 11), st.integers(0, 99)), min_size=12, max_size=12))
def test_months_and_depths_add_up(people: list[tuple[int, int]]):
    bringer = who(*(by if by < place else -1 for place, (by, _) in enumerate(people)))
    days = np.asarray([day for _, day in people])
    log_ = replace(
        TOWN,
        registered_at=days * DAY,
        month=days // 30,
        bringer=bringer,
        brought_at=np.where(bringer >= 0, days * DAY, UNKNOWN),
        channel=np.zeros(12, np.int32),
    )

    found = told(log_, audience=np.ones(12, np.bool_))

    assert sum(one.customers for one in found.cohorts) == found.new_customers == 12
    assert sum(one.referred for one in found.cohorts) == found.referred == sum(found.trees.depths)
    assert sum(one.bought + one.referred for one in found.costs.channels) == 12
