"""The words of a chain: gaps as texts, kinds of day out of a calendar, what each counts."""

import copy
from datetime import date

import numpy as np
import pytest
from chain_worlds import EVENING, LUNCH, MONDAY, SLOTS, bought, calendar_week_sort, counted_by_hand, days_by_hand
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.chains import (
    KINDS,
    NAMED_GAPS,
    Behaviour,
    Calendar,
    ChainsRequest,
    Compared,
    DayKind,
    Gap,
    confirmed,
    find_chains,
)
from graph.algorithms.chains.calendar import kinds_of_days
from graph.algorithms.chains.counting import count_pairs
from graph.algorithms.chains.events import to_steps
from graph.algorithms.chains.strata import weekdays, weeks
from graph.algorithms.chains.support import count_support
from graph.errors import BadInput
from graph.log.schema import EventKind

COFFEE, TEA = range(2)


def token(category: int, slot: int) -> int:
    return category * len(SLOTS) + slot


@pytest.mark.parametrize(
    ("given", "text", "days"),
    [
        ("next_day", "next_day", (1, 1)),
        ("1-1 days", "next_day", (1, 1)),
        ("1–7d", "within_week", (1, 7)),
        ("2-4 days", "2-4_days", (2, 4)),
        ("0-0d", "same_day", (0, 0)),
        ("1-6h", "1-6_hours", (0, 1)),
        ("24–48 hours", "24-48_hours", (1, 2)),
    ],
)
def test_a_gap_is_its_own_text(given, text, days):
    gap = Gap(given)

    assert gap == text == str(gap)
    assert (gap.first_day, gap.last_day) == days
    assert Gap(gap) == Gap.of_code(gap.code) == copy.deepcopy(gap) == gap
    assert Gap.of_code(gap.code).unit is gap.unit


@pytest.mark.parametrize("wrong", ["tomorrow", "3-2d", "0-4d", "1-29d", "5-5h", "0-169h", "-1-4d", ""])
def test_a_gap_that_cannot_be_is_refused(wrong):
    with pytest.raises(BadInput, match="gap must be one of same_day"):
        Gap(wrong)


def test_codes_tell_gaps_apart_and_order_them():
    gaps = [*NAMED_GAPS, Gap("2-4d"), Gap("1-6h"), Gap("1-24h")]

    assert len({gap.code for gap in gaps}) == len(gaps)
    assert sorted(NAMED_GAPS, key=lambda gap: gap.code) == list(NAMED_GAPS)


def test_behaviours_are_kinds_of_event_of_the_log():
    assert set(Behaviour) <= set(EventKind)


def test_a_holiday_is_no_weekday_and_a_make_up_saturday_is_one():
    # National Day 2026: Thursday 1 October to Wednesday 7 off; people work on Saturday 10 October.
    calendar = Calendar(tuple(f"2026-10-0{day}" for day in range(1, 8)), ("2026-10-10",))
    first = date(2026, 9, 28).toordinal() - date(1970, 1, 1).toordinal()

    kinds = kinds_of_days(calendar, first, 14)

    assert kinds.tolist() == [0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 1]
    assert [calendar.kind(date(2026, 10, day)) for day in (7, 10, 11)] == ["holiday", "weekday", "weekend"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"holidays": ("1 October",)}, "dates such as 2026-10-01, not '1 October'"),
        ({"holidays": ("2026-10-01", "2026-10-01")}, "2026-10-01 twice"),
        ({"holidays": ("2026-10-10",), "workdays": ("2026-10-10",)}, "cannot be a holiday and a make-up workday"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(wrong, told):
    with pytest.raises(BadInput, match=told):
        Calendar(**wrong)


def test_a_chain_of_a_holiday_is_counted_for_holidays_alone():
    # Coffee on the Tuesday, a holiday, and tea on the Wednesday; on the next Tuesday, a weekday, the same again.
    rows = [(0, 1, 12, COFFEE), (0, 2, 18, TEA), (0, 8, 12, COFFEE), (0, 9, 18, TEA), (0, 13, 8, COFFEE)]
    calendar = Calendar(("2026-03-03", "2026-03-04"))
    request = ChainsRequest(slots=SLOTS, min_customers=1, gaps=(Gap.NEXT_DAY,), calendar=calendar, block_days=14)

    chains = find_chains(request, bought(rows))

    pair = (chains.first == token(COFFEE, LUNCH)) & (chains.then == token(TEA, EVENING))
    counts = {KINDS[kind]: int(n) for kind, n in zip(chains.day_kind[pair], chains.occurrences[pair], strict=True)}
    assert counts[DayKind.ANY] == 2
    assert counts[DayKind.WEEKDAY] == 1
    assert DayKind.WEEKEND not in counts


logs = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 33), st.sampled_from([7, 12, 18, 19]), st.integers(0, 2)),
    min_size=1,
    max_size=50,
)
days = st.sets(st.integers(0, 36), max_size=8)


@settings(max_examples=100, deadline=None)
@given(logs, days, days, st.sampled_from([Gap.SAME_DAY, Gap.NEXT_DAY, Gap("2-4d"), Gap("8-9d")]))
def test_every_sum_with_holidays_is_that_of_plain_sets(rows, off, work, gap):
    purchases = bought(rows, 3, 3)
    # The calendar counts from the log's first Monday, as the sets do.
    origin = MONDAY + (int(purchases.day.min()) - MONDAY) // 7 * 7
    dates = [
        [str(date(1970, 1, 1).fromordinal(719163 + origin + day)) for day in sorted(some)] for some in (off, work - off)
    ]
    steps = to_steps(purchases, SLOTS, Calendar(*map(tuple, dates)))
    last = steps.day_count - 1

    def kind(day: int) -> int:
        day = min(day, last)
        return 2 if day in off else int(day % 7 >= 5 and day not in work)

    counts = count_pairs(weeks(steps, gap, 7), steps.bounds, gap.in_turn, (0, steps.token_count))

    by_hand = list(days_by_hand(purchases, gap, calendar_week_sort(gap, kind), kind))
    for code in range(steps.kind_count):
        pairs = counted_by_hand(by_hand, gap, code)
        for name in ("occurrences", "expected", "variance", "customers", "capable"):
            sums = getattr(counts, name)[code + 1 if name in ("customers", "capable") else code]
            dense = np.zeros(sums.shape)
            for pair, values in pairs.items():
                dense[pair] = values[name]
            np.testing.assert_allclose(sums, dense, atol=1e-12, err_msg=f"{name} {gap} {code}")


def test_holidays_are_compared_with_days_at_the_same_place_of_other_holidays():
    # Two holidays of three days, weeks apart: first day with first day, and the last ones before a weekday.
    rows = [(0, day, 12, COFFEE) for day in range(70)]
    calendar = Calendar(("2026-03-10", "2026-03-11", "2026-03-12", "2026-04-14", "2026-04-15", "2026-04-16"))
    steps = to_steps(bought(rows), SLOTS, calendar)

    strata = weekdays(steps, Gap.NEXT_DAY)

    place = strata.first  # every day is a basket, so that its number is the day's
    groups = [set(place[a:b].tolist()) for a, b in zip(strata.pointer[:-1], strata.pointer[1:], strict=True)]
    assert {8, 43} in groups
    assert {9, 44} in groups
    assert {10, 45} in groups


def holiday_world(seed: int, follow: float):
    """Two years of habits; on holidays coffee at lunch leads to tea the next evening with probability `follow`."""
    rng = np.random.default_rng(seed)
    off = [start + day for year in (0, 364) for start in (28, 85, 140, 200, 262, 310) for day in range(year, year + 4)]
    customers, span = 1200, 728
    coffee, tea = (rng.random((customers, span)) < rng.uniform(0.03, 0.2, (customers, 1)) for _ in range(2))
    led = np.zeros((customers, span), bool)
    led[:, np.array(off) + 1] = coffee[:, off] & (rng.random((customers, len(off))) < follow)
    parts = [(*np.nonzero(coffee), 12, COFFEE), (*np.nonzero(tea | led), 18, TEA)]
    table = [
        np.stack([who, day, np.full(who.size, hour), np.full(who.size, what)], 1) for who, day, hour, what in parts
    ]
    dates = tuple(str(date.fromordinal(719163 + MONDAY + day)) for day in off)
    return bought(np.concatenate(table).tolist(), customers, 2), Calendar(dates)


def test_a_chain_of_holidays_is_found_on_holidays_and_nowhere_else():
    purchases, calendar = holiday_world(3, 0.5)
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), calendar=calendar)

    chains = find_chains(request, purchases)

    [row] = np.flatnonzero(confirmed(chains, request) & (chains.stronger < 0))
    assert (chains.first[row], chains.then[row]) == (token(COFFEE, LUNCH), token(TEA, EVENING))
    assert KINDS[chains.day_kind[row]] is DayKind.HOLIDAY


def test_holidays_without_a_chain_show_none():
    purchases, calendar = holiday_world(4, 0.0)
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), calendar=calendar)

    chains = find_chains(request, purchases)

    assert (chains.day_kind == KINDS.index(DayKind.HOLIDAY)).any()
    assert not confirmed(chains, request).any()


@settings(max_examples=50, deadline=None)
@given(logs, st.sampled_from([Gap("2-2d"), Gap("2-4d"), Gap("7-14d")]))
def test_free_gaps_of_days_are_counted_as_plain_sets_count_them(rows, gap):
    steps = to_steps(bought(rows, 3, 3), SLOTS)
    done = list(zip(steps.customers().tolist(), steps.day.tolist(), steps.token.tolist(), strict=True))

    support = count_support(steps, gap)

    whole = np.zeros((steps.token_count, steps.token_count), np.int64)
    for who, day, first in done:
        for other, later_day, then in done:
            whole[first, then] += who == other and gap.start <= later_day - day <= gap.end
    assert np.array_equal(support.occurrences, whole)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"gaps": ("1-6h",), "compared": Compared.VISITS}, "gaps in hours are compared over days"),
        ({"gaps": ("1-6h",), "max_steps": 3}, "more than two steps have gaps of days"),
        ({"gaps": ("next_day", "1-1d")}, "each gap may be given once"),
    ],
)
def test_what_hours_cannot_do_is_said(wrong, told):
    with pytest.raises(BadInput, match=told):
        ChainsRequest(slots=SLOTS, **wrong)
