"""What following brings, by hand: leverage, median gap and revenue; then against plain sets."""

import numpy as np
import pytest
from chain_worlds import EVENING, LUNCH, SLOTS, bought
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.chains import (
    KINDS,
    Chains,
    ChainsRequest,
    Compared,
    DayKind,
    Followers,
    Following,
    Gap,
    find_chains,
    payments,
    steps_of,
)

COFFEE, TEA, CAKE = range(3)
FIRST, THEN = COFFEE * len(SLOTS) + LUNCH, TEA * len(SLOTS) + EVENING


def request(gap: Gap, compared: Compared = Compared.DAYS) -> ChainsRequest:
    return ChainsRequest(slots=SLOTS, gaps=(gap,), day_kinds=(DayKind.ANY,), min_customers=1, compared=compared)


def following(rows, gap: Gap, compared: Compared = Compared.DAYS, cents: list[int] | None = None) -> Following:
    purchases, asked = bought(rows, categories=3), request(gap, compared)
    steps = steps_of(asked, purchases)
    paid = np.array([100] * len(rows) if cents is None else cents, np.int64)
    chains = find_chains(asked, purchases)
    answers = Followers(asked, steps, payments(steps, purchases, paid))
    for row in range(chains.size):
        if (chains.first[row], chains.then[row]) == (FIRST, THEN):
            return answers.after(*answers.of_pair(chains, row))
    raise AssertionError("the pair was not tried")


AROUND = [(0, 0, 8, CAKE), (0, 27, 8, CAKE)]
"""A first and a last day, which are compared with nothing."""


def test_the_time_between_is_that_from_the_last_coffee_of_the_day_to_the_first_tea_behind_it():
    # Monday: coffee at 11 and 12, tea on Tuesday at 18 and 19: 30 hours; on Wednesday and Thursday 32.
    week = [
        (0, 7, 11, COFFEE), (0, 7, 12, COFFEE), (0, 8, 18, TEA), (0, 8, 19, TEA),
        (0, 9, 11, COFFEE), (0, 10, 19, TEA),
    ]  # fmt: skip

    found = following([*week, *AROUND], Gap.NEXT_DAY)

    assert found == Following(occurrences=2, median_minutes=31 * 60, cents=300)


def test_a_payment_counts_once_however_many_days_lead_to_it():
    # Coffee on three days running, one tea for 5.00 behind all of them: three occurrences, one payment.
    week = [(0, 7, 12, COFFEE), (0, 8, 12, COFFEE), (0, 9, 12, COFFEE), (0, 10, 18, TEA)]

    found = following([*week, *AROUND], Gap.WITHIN_3_DAYS, cents=[400, 400, 400, 500, 1, 1])

    assert (found.occurrences, found.cents) == (3, 500)
    assert found.median_minutes == (48 + 6) * 60


def test_what_is_paid_in_another_slot_or_on_another_day_does_not_count():
    week = [(0, 7, 12, COFFEE), (0, 8, 18, TEA), (0, 8, 23, TEA), (0, 10, 18, TEA)]

    assert following([*week, *AROUND], Gap.NEXT_DAY, cents=[1, 20, 300, 4000, 1, 1]).cents == 20


def test_hours_are_taken_between_moments():
    week = [(0, 7, 11, COFFEE), (0, 7, 12, COFFEE), (0, 7, 19, TEA), (0, 9, 12, COFFEE), *AROUND]

    found = following(week, Gap("6-8 hours"))

    assert found == Following(occurrences=1, median_minutes=7 * 60, cents=100)


def test_of_visits_only_the_next_one_counts():
    # Lunch on every even day, coffee on two of three; every evening a visit, tea on two of three. Behind a lunch the
    # next evening visit is that of the day after, at 18: 30 hours on, and later teas do not count.
    lunches = [(0, day, 12, COFFEE if day % 3 else CAKE) for day in range(0, 80, 2)]
    evenings = [(0, day, 18, TEA if day * 7 % 5 % 3 else CAKE) for day in range(82)]
    led = [day for day in range(0, 80, 2) if day % 3 and (day + 1) * 7 % 5 % 3]

    found = following([*lunches, *evenings], Gap("1-7 days"), Compared.VISITS)

    assert found == Following(occurrences=len(led), median_minutes=30 * 60, cents=100 * len(led))


def test_leverage_is_what_lies_beyond_the_rhythm_over_all_days_compared():
    # Of the four weekdays behind Monday two had coffee, both led to tea: one occurrence more than shuffling gives,
    # of the customer's 27 days whose next day lies in the log.
    week = [(0, 7, 12, COFFEE), (0, 8, 18, TEA), (0, 9, 12, COFFEE), (0, 10, 18, TEA), (0, 11, 8, CAKE)]

    chains = find_chains(request(Gap.NEXT_DAY), bought([*week, *AROUND]))

    [row] = np.flatnonzero((chains.first == FIRST) & (chains.then == THEN))
    assert (chains.occurrences[row], chains.expected[row], chains.units[row]) == (2, pytest.approx(1.0), 27)
    assert chains.leverage[row] == pytest.approx(1 / 27)


logs = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 20), st.sampled_from([7, 8, 11, 12, 18, 19, 20, 23]), st.integers(0, 2)
    ),
    min_size=5,
    max_size=60,
    unique=True,
)
GAPS = [Gap.SAME_DAY, Gap.NEXT_DAY, Gap.WITHIN_3_DAYS, Gap("1-30 hours")]


@settings(max_examples=50, deadline=None)
@given(logs, st.sampled_from(GAPS), st.sampled_from(list(DayKind)[:3]), st.integers(1, 10**6))
def test_every_figure_is_that_of_plain_sets(rows, gap, kind, seed):
    purchases = bought(rows, 4, 3)
    asked = ChainsRequest(slots=SLOTS, gaps=(gap,), day_kinds=(kind,), min_customers=1)
    steps, chains = steps_of(asked, purchases), find_chains(asked, purchases)
    cents = np.random.default_rng(seed).integers(1, 1000, len(rows))
    answers = Followers(asked, steps, payments(steps, purchases, cents.astype(np.int64)))

    for row in range(chains.size):
        found = answers.after(*answers.of_pair(chains, row))
        assert found.occurrences == chains.occurrences[row]
        # As text, in which no time between is like no time between.
        assert str(found) == str(by_hand(rows, cents.tolist(), chains, row, gap))


def by_hand(rows, cents: list[int], chains: Chains, row: int, gap: Gap) -> Following:
    first, then = (divmod(int(token[row]), len(SLOTS)) for token in (chains.first, chains.then))
    kind = KINDS[chains.day_kind[row]]

    def done(step):
        start, end = SLOTS[step[1]]
        return [
            (who, day, hour * 60, paid)
            for (who, day, hour, what), paid in zip(rows, cents, strict=True)
            if what == step[0] and start <= hour * 60 < end
        ]

    def follows(one, other):
        if one[0] != other[0]:
            return False
        if gap.in_hours:
            return gap.minutes[0] <= between(one, other) <= gap.minutes[1]
        return gap.first_day <= other[1] - one[1] <= gap.last_day

    def between(one, other):
        return (other[1] - one[1]) * 1440 + other[2] - one[2]

    last = {who: max(day for other, day, *_ in rows if other == who) for who, *_ in rows}
    wanted = {DayKind.ANY: range(7), DayKind.WEEKDAY: range(5), DayKind.WEEKEND: range(5, 7)}[kind]
    firsts = [one for one in done(first) if one[1] % 7 in wanted and one[1] + gap.last_day <= last[one[0]]]
    met = [(one, other) for one in firsts for other in done(then) if follows(one, other)]
    times = {}
    for one, other in met:
        times[one[:2]] = min(times.get(one[:2], np.inf), between(one, other))
    paid = {other: other[3] for _, other in met}
    return Following(len(times), float(np.median(list(times.values()))) if times else float("nan"), sum(paid.values()))
