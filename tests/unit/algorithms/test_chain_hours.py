"""Gaps in hours: by hand, then every sum by enumerating all orders of the days."""

from collections import defaultdict
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from chain_worlds import LUNCH, MONDAY, SLOTS, week_sort
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.chains import ChainsRequest, DayKind, Gap, Purchases, confirmed, find_chains
from graph.algorithms.chains.hours import count_hours
from graph.algorithms.chains.strata import weeks
from graph.algorithms.chains.weighing import KINDS, steps_of

COFFEE, TEA = range(2)


def bought_at(rows, customers: int, categories: int) -> Purchases:
    """Rows of customer, day, minute, category."""
    table = np.array(rows, np.int32).reshape(-1, 4)
    return Purchases(table[:, 0], table[:, 1] + MONDAY, table[:, 2], table[:, 3], customers, categories)


def token(category: int, slot: int) -> int:
    return category * len(SLOTS) + slot


def test_hours_are_counted_between_moments_and_days_change_places_with_their_minutes():
    # Coffee on Monday 12:00 and Tuesday 12:30, tea on Monday 19:00 and on Wednesday 19:20; then a first and a last day.
    rows = [(0, 7, 720, COFFEE), (0, 7, 1140, TEA), (0, 8, 750, COFFEE), (0, 9, 1160, TEA)]
    rows += [(0, 0, 480, TEA), (0, 20, 480, TEA)]
    request = ChainsRequest(slots=SLOTS, gaps=("6-7h",), min_customers=1)
    steps = steps_of(request, bought_at(rows, 1, 2))
    [gap] = request.gaps

    counts = count_hours(weeks(steps, gap, 7), steps.moments, gap, steps.token_count, (0, steps.token_count))

    pair = 0, token(COFFEE, LUNCH), token(TEA, 2)
    assert counts.occurrences[pair] == 1
    # ΣA/n over n = 5 weekdays: 12:00 is followed on Monday (7 h), 12:30 on Monday (6 h 30) and on Wednesday (6 h 50).
    assert counts.expected[pair] == pytest.approx(3 / 5)


logs = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(0, 13), st.sampled_from([430, 700, 720, 760, 1100, 1150]), st.integers(0, 1)
    ),
    min_size=1,
    max_size=24,
)


@settings(max_examples=300, deadline=None)
@given(logs, st.sampled_from([Gap("0-1h"), Gap("1-7h"), Gap("6-7h"), Gap("20-30h")]))
def test_every_sum_of_hours_is_that_of_all_orders_of_the_days(rows, gap):
    purchases = bought_at(rows, 2, 2)
    request = ChainsRequest(slots=SLOTS, gaps=(gap,), min_customers=1)
    steps = steps_of(request, purchases)

    counts = count_hours(weeks(steps, gap, 7), steps.moments, gap, steps.token_count, (0, steps.token_count))

    for kind in range(steps.kind_count):
        wanted = sums_by_enumeration(purchases, gap, kind)
        for name in ("occurrences", "expected", "variance", "third", "customers", "capable"):
            found = getattr(counts, name)[kind + 1 if name in ("customers", "capable") else kind]
            dense = np.zeros(found.shape)
            for pair, sums in wanted.items():
                dense[pair] = sums[name]
            np.testing.assert_allclose(found, dense, atol=1e-9, err_msg=f"{name} {gap} {kind}")


def sums_by_enumeration(purchases: Purchases, gap: Gap, kind: int):
    """Every pair's sums over strata: each order of a stratum's days counted by plain sets."""
    found = defaultdict(lambda: defaultdict(float))
    went, able = set(), set()
    least, most = gap.minutes
    origin = MONDAY + (int(purchases.day.min()) - MONDAY) // 7 * 7
    moments = defaultdict(set)
    for who, day, minute, what in zip(
        purchases.customer.tolist(), (purchases.day - origin).tolist(), purchases.minute.tolist(),
        purchases.category.tolist(), strict=True,
    ):  # fmt: skip
        for slot, (start, end) in enumerate(SLOTS):
            if start <= minute < end:
                moments[who].add((day * 1440 + minute, what * len(SLOTS) + slot))
    for who, own_kind, days in strata_of_days(purchases, gap):
        if own_kind != kind:
            continue
        tokens = sorted({t for _, t in moments[who]})
        for a in tokens:
            for b in tokens:
                table = np.array([[followed(moments[who], i, j, a, b, least, most) for j in days] for i in days])
                if not table.any():
                    continue
                n = len(days)
                counts = np.array(
                    [sum(table[i, order[i]] for i in range(n)) for order in permutations(range(n))], float
                )
                assert counts.size == factorial(n)
                sums = found[a, b]
                s = int(np.trace(table))
                sums["occurrences"] += s
                sums["expected"] += counts.mean()
                if s:
                    went.add((a, b, who))
                if counts.std() > 1e-12:
                    able.add((a, b, who))
                    sums["variance"] += counts.var()
                    sums["third"] += ((counts - counts.mean()) ** 3).mean()
    for a, b, _ in went:
        found[a, b]["customers"] += 1
    for a, b, _ in able:
        found[a, b]["capable"] += 1
    return found


def followed(moments, i: int, j: int, a: int, b: int, least: int, most: int) -> bool:
    """Whether the moments of token a on day i, put on day j, are followed by token b within the minutes."""
    times = {time - i * 1440 + j * 1440 for time, t in moments if t == a and time // 1440 == i}
    return any(least <= later - time <= most for time in times for later, t in moments if t == b)


def strata_of_days(purchases: Purchases, gap: Gap):
    """Customer, kind, and the days of each stratum of weeks; the first day and the last are compared with nothing."""
    sort = week_sort(7, gap)
    origin = MONDAY + (int(purchases.day.min()) - MONDAY) // 7 * 7
    for who in np.unique(purchases.customer).tolist():
        own = purchases.day[purchases.customer == who] - origin
        strata = defaultdict(list)
        ends = int(own.min()), int(own.max()) - gap.last_day
        for day in range(ends[0], ends[1] + 1):
            strata[int(day % 7 >= 5), day if day in ends else sort(day, 0), day in ends].append(day)
        for (kind, *_), days in strata.items():
            yield who, kind, days


def test_a_chain_of_hours_is_found_among_habits_and_none_without_it():
    for follow, wanted in ((0.5, 1), (0.0, 0)):
        rng = np.random.default_rng(9)
        coffee = rng.random((1500, 84)) < rng.uniform(0.05, 0.3, (1500, 1))
        tea = rng.random((1500, 84)) < rng.uniform(0.05, 0.3, (1500, 1))
        minute = rng.integers(660, 780, coffee.shape)
        led = coffee & (rng.random(coffee.shape) < follow)
        late = minute + rng.integers(330, 470, coffee.shape)
        parts = [(coffee, minute, COFFEE), (tea, rng.integers(1080, 1200, tea.shape), TEA), (led, late, TEA)]
        rows = [np.stack([*np.nonzero(one), times[one], np.full(one.sum(), what)], 1) for one, times, what in parts]
        request = ChainsRequest(slots=SLOTS, gaps=("5-8h",))

        chains = find_chains(request, bought_at(np.concatenate(rows), 1500, 2))

        sure = np.flatnonzero(confirmed(chains, request) & (chains.stronger < 0))
        assert sure.size == wanted
        if wanted:
            assert (chains.first[sure[0]], chains.then[sure[0]]) == (token(COFFEE, LUNCH), token(TEA, 2))
            assert KINDS[chains.day_kind[sure[0]]] in DayKind
