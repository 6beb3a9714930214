"""Counting chains: answers by hand, then the same sums by plain sets."""

from dataclasses import fields

import numpy as np
import pytest
from chain_worlds import (
    BREAKFAST,
    EVENING,
    LATE,
    LUNCH,
    SLOTS,
    bought,
    counted_by_hand,
    days_by_hand,
    habit_world,
    may_follow,
    visits_by_hand,
    week_sort,
    weekday_sort,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.chains import KINDS, NAMED_GAPS, Chains, ChainsRequest, DayKind, Gap, confirmed, find_chains
from graph.algorithms.chains.counting import count_pairs
from graph.algorithms.chains.events import to_steps
from graph.algorithms.chains.strata import visits, weekdays, weeks
from graph.algorithms.chains.support import count_support

COFFEE, TEA, CAKE = range(3)
HAND = ChainsRequest(slots=SLOTS, min_customers=1)

AROUND = [(0, 0, 8, CAKE), (0, 20, 8, CAKE)]
"""A first and a last day, which are compared with nothing."""


def token(category: int, slot: int) -> int:
    return category * len(SLOTS) + slot


def the(chains: Chains, gap: Gap, kind: DayKind, first: int, then: int) -> dict[str, float]:
    [row] = np.flatnonzero(
        (chains.gap == gap.code)
        & (chains.day_kind == KINDS.index(kind))
        & (chains.first == first)
        & (chains.then == then)
    )
    return {field.name: getattr(chains, field.name)[row].item() for field in fields(Chains)}


def test_a_next_day_chain_is_counted_as_worked_out_by_hand():
    # Coffee on Monday and Wednesday, tea on Tuesday and Thursday, cake on Friday: of the four first days Monday to
    # Thursday two had coffee, and two of the days after had tea, both after coffee: K = m = S = 2, n = 4.
    week = [(0, 7, 12, COFFEE), (0, 8, 18, TEA), (0, 9, 12, COFFEE), (0, 10, 18, TEA), (0, 11, 8, CAKE)]

    found = the(
        find_chains(HAND, bought([*week, *AROUND])),
        Gap.NEXT_DAY,
        DayKind.WEEKDAY,
        token(COFFEE, LUNCH),
        token(TEA, EVENING),
    )

    assert found["occurrences"] == 2
    assert found["first_days"] == 2
    assert found["customers"] == found["capable"] == 1
    assert found["expected"] == pytest.approx(1.0)
    assert found["variance"] == pytest.approx(1 / 3)
    assert found["lift"] == pytest.approx((2 - 1 + 0.5) / (1 - 1 + 0.5))
    # The hypergeometric gives 1/6 exactly, but one week cannot tell a habit by weekday or a shared event from a chain.
    assert found["log_p"] == 0


def test_a_step_twice_on_one_day_is_one_occurrence():
    day = [(0, 7, 12, COFFEE), (0, 7, 11, COFFEE), (0, 7, 18, TEA), (0, 7, 19, TEA), *AROUND]

    found = the(find_chains(HAND, bought(day)), Gap.SAME_DAY, DayKind.ANY, token(COFFEE, LUNCH), token(TEA, EVENING))

    assert found["occurrences"] == 1


def test_the_second_slot_of_a_day_starts_when_the_first_has_ended():
    day = [(0, 0, 18, COFFEE), (0, 0, 20, TEA), (0, 2, 8, CAKE)]

    chains = find_chains(HAND, bought(day))

    same_day = chains.take(chains.gap == Gap.SAME_DAY.code)
    assert (token(COFFEE, EVENING), token(TEA, LATE)) not in zip(
        same_day.first.tolist(), same_day.then.tolist(), strict=True
    )


def test_friday_to_saturday_is_a_chain_of_the_weekday_and_of_any_day():
    rows = [(0, 4, 12, COFFEE), (0, 5, 18, TEA), *AROUND]

    chains = find_chains(ChainsRequest(slots=SLOTS, min_customers=1, block_days=14), bought(rows))

    pair = token(COFFEE, LUNCH), token(TEA, EVENING)
    assert the(chains, Gap.NEXT_DAY, DayKind.WEEKDAY, *pair)["occurrences"] == 1
    assert the(chains, Gap.NEXT_DAY, DayKind.ANY, *pair)["occurrences"] == 1
    assert not ((chains.day_kind == KINDS.index(DayKind.WEEKEND)) & (chains.first == pair[0])).any()


def test_what_happens_every_day_cannot_be_compared_and_is_not_tried():
    daily = [(0, day, hour, what) for day in range(28) for hour, what in ((8, COFFEE), (12, TEA))]

    assert find_chains(HAND, bought(daily)).size == 0


def test_one_who_follows_every_day_adds_no_lift():
    daily = [(0, day, hour, what) for day in range(7, 35) for hour, what in ((8, COFFEE), (12, TEA))]
    once = [(1, 7, 8, COFFEE), (1, 8, 12, TEA)]
    around = [(customer, day, 20, CAKE) for customer in (0, 1) for day in (0, 41)]

    pair = token(COFFEE, BREAKFAST), token(TEA, LUNCH)
    found = the(find_chains(HAND, bought([*daily, *once, *around])), Gap.SAME_DAY, DayKind.WEEKDAY, *pair)

    assert found["occurrences"] == 20
    assert found["expected"] == pytest.approx(20 + 1 / 5)
    assert found["lift"] == pytest.approx(0.5 / (0.2 + 0.5))
    assert found["log_p"] == 0.0


def test_an_evening_purchase_counts_in_both_slots_that_hold_it():
    steps = to_steps(bought([(0, 0, 19, COFFEE)]), SLOTS)

    assert steps.token.tolist() == [token(COFFEE, EVENING), token(COFFEE, LATE)]


def test_nothing_bought_is_nothing_tried():
    assert find_chains(HAND, bought([])).size == 0


logs = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 33), st.sampled_from([7, 8, 11, 12, 18, 19, 20, 23]), st.integers(0, 2)
    ),
    min_size=1,
    max_size=60,
)


NULLS = ("weeks", "longer weeks", "weekdays", "visits")


@settings(max_examples=300, deadline=None)
@given(logs, st.sampled_from(NAMED_GAPS), st.sampled_from(NULLS))
def test_every_sum_is_that_of_plain_sets(rows, gap, null):
    purchases = bought(rows, 4, 3)
    steps = to_steps(purchases, SLOTS)
    strata, wanted = {
        "weeks": lambda: (weeks(steps, gap, 7), days_by_hand(purchases, gap, week_sort(7, gap))),
        "longer weeks": lambda: (weeks(steps, gap, 14), days_by_hand(purchases, gap, week_sort(14, gap))),
        "weekdays": lambda: (weekdays(steps, gap), days_by_hand(purchases, gap, weekday_sort(gap))),
        "visits": lambda: (visits(steps, gap, 28), visits_by_hand(purchases, gap, 28)),
    }[null]()

    counts = count_pairs(strata, steps.bounds, gap.in_turn, (0, steps.token_count))

    by_hand = list(wanted)
    for kind, weekend in enumerate((False, True)):
        pairs = counted_by_hand(by_hand, gap, weekend)
        for name in ("occurrences", "fixed", "expected", "variance", "third", "own", "customers", "capable"):
            sums = getattr(counts, name)[kind + 1 if name in ("customers", "capable") else kind]
            dense = np.zeros(sums.shape)
            for pair, values in pairs.items():
                dense[pair] = values[name]
            np.testing.assert_allclose(sums, dense, atol=1e-12, err_msg=f"{name} {gap} {weekend}")


@settings(max_examples=30, deadline=None)
@given(logs, st.sampled_from(NAMED_GAPS))
def test_support_alone_is_that_of_plain_sets(rows, gap):
    steps = to_steps(bought(rows, 4, 3), SLOTS)
    done = list(zip(steps.customers().tolist(), steps.day.tolist(), steps.token.tolist(), strict=True))

    support = count_support(steps, gap)

    for first in range(steps.token_count):
        for then in range(steps.token_count):
            met = [
                who
                for who, day, token in done
                for other, later_day, next_token in done
                if (who, token, next_token) == (other, first, then)
                and gap.first_day <= later_day - day <= gap.last_day
                and may_follow(gap, first, then)
            ]
            assert support.occurrences[first, then] == len(met)
            assert support.customers[first, then] == len(set(met))


def test_counting_in_parts_is_counting_at_once():
    steps = to_steps(habit_world(3, 60, 6, 0.3), SLOTS)
    strata = weeks(steps, Gap.NEXT_DAY, 28)
    given_once = strata, steps.bounds, False

    whole = count_pairs(*given_once, (0, steps.token_count))
    parts = [count_pairs(*given_once, (start, start + 5)) for start in range(0, steps.token_count, 5)]

    for field in fields(whole)[1:]:
        joined = np.concatenate([getattr(part, field.name) for part in parts], axis=1)
        assert np.array_equal(joined, getattr(whole, field.name)), field.name


def test_a_visit_is_compared_with_visits_that_share_none_of_its_baskets():
    # Fuel and food by turns: what is never bought together would seem to follow each other if visits overlapped.
    turns = [(0, 2 * number, 12, number % 2) for number in range(12)]

    strata = visits(to_steps(bought(turns), SLOTS), Gap.WITHIN_3_DAYS, 91)

    for start, end in zip(strata.pointer[:-1], strata.pointer[1:], strict=True):
        assert not set(strata.first[start:end]) & set(strata.then_from[start:end])


def test_the_same_log_gives_the_same_bits():
    world = habit_world(5, 200, 8, 0.3)

    first, second = find_chains(HAND, world), find_chains(HAND, world)

    assert all(getattr(first, f.name).tobytes() == getattr(second, f.name).tobytes() for f in fields(Chains))


def test_the_order_of_the_rows_does_not_matter():
    world = habit_world(5, 100, 8, 0.3)
    order = np.random.default_rng(1).permutation(world.customer.size)
    columns = (getattr(world, name)[order] for name in ("customer", "day", "minute", "category"))

    shuffled = type(world)(*columns, world.customer_count, world.category_count)

    first, second = find_chains(HAND, world), find_chains(HAND, shuffled)
    assert all(getattr(first, f.name).tobytes() == getattr(second, f.name).tobytes() for f in fields(Chains))


def test_a_planted_chain_is_found_with_its_lift_and_nothing_else_is():
    request = ChainsRequest(slots=SLOTS)

    chains = find_chains(request, habit_world(11, 1500, 12, 0.4))

    sure = np.flatnonzero(confirmed(chains, request) & (chains.stronger < 0))
    assert [(chains.first[row], chains.then[row]) for row in sure] == [(token(0, LUNCH), token(1, EVENING))]
    assert KINDS[chains.day_kind[sure[0]]] is DayKind.WEEKDAY
    # An average habit of 0.2 a day, and 0.2 + 0.8 × 0.4 after the first step.
    assert 2.0 < chains.lift[sure[0]] < 3.2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_habits_and_busy_weeks_alone_make_no_chain(seed):
    request = ChainsRequest(slots=SLOTS)

    chains = find_chains(request, habit_world(seed, 1500, 12, 0.0))

    assert chains.size > 100
    assert not confirmed(chains, request).any()
    # Under the null p-values are uniform or larger: of so many, correlated ones the share below 5 % stays near 5 %.
    assert (chains.log_p < np.log(0.05)).mean() < 0.08
