"""Chains of three and more steps: completions by hand, counts by plain sets, a planted chain of three."""

import numpy as np
import pytest
from chain_worlds import BREAKFAST, EVENING, LUNCH, SLOTS, bought
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.chains import ChainsRequest, DayKind, Gap, Purchases, find_chains, find_longer
from graph.algorithms.chains.events import to_steps
from graph.algorithms.chains.longer import Prefix, completed, extend
from graph.errors import BadInput

COFFEE, TEA, CAKE, MILK = range(4)
REQUEST = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), max_steps=3)


def token(category: int, slot: int) -> int:
    return category * len(SLOTS) + slot


def test_a_chain_is_completed_on_the_days_of_its_last_step():
    before, step = np.array([3, 4, 10]), np.array([4, 5, 7, 11, 14])

    assert completed(before, step, Gap.NEXT_DAY).tolist() == [4, 5, 11]
    assert completed(before, step, Gap.WITHIN_3_DAYS).tolist() == [4, 5, 7, 11]
    assert completed(before, step, Gap.SAME_DAY).tolist() == [4]


logs = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.sampled_from([7, 12, 18]), st.integers(0, 2)),
    min_size=5,
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(logs, st.sampled_from([Gap.NEXT_DAY, Gap.WITHIN_3_DAYS]), st.sampled_from([Gap.NEXT_DAY, Gap.WITHIN_3_DAYS]))
def test_a_chain_of_three_is_counted_as_plain_sets_count_it(rows, gap, next_gap):
    purchases = bought(rows, 3, 3)
    request = ChainsRequest(slots=SLOTS, gaps=(next_gap,), min_customers=1)
    steps = to_steps(purchases, SLOTS)
    whose = steps.customers()
    days = {t: set(zip(whose[steps.token == t], steps.day[steps.token == t], strict=True)) for t in range(12)}

    def after(these, then, gap):
        reach = range(gap.first_day, gap.last_day + 1)
        return {(who, day) for who, day in days[then] if any((who, day - back) in these for back in reach)}

    first, second = token(COFFEE, LUNCH), token(TEA, EVENING)
    done = after(days[first], second, gap)
    keys = np.array(sorted((int(who) << 32) + int(day) for who, day in done), np.int64)
    found = extend(
        request, steps, (Prefix((first, second), (gap,), DayKind.ANY, keys),), find_chains(request, purchases)
    )

    windows = steps.window
    for row in range(found.weighed.size):
        then = int(found.weighed.then[row])
        reach = range(next_gap.first_day, next_gap.last_day + 1)
        within = {(who, day) for who, day in done if day + next_gap.last_day <= windows[who, 1]}
        followed = {(who, day) for who, day in within if any((who, day + on) in days[then] for on in reach)}
        assert found.weighed.occurrences[row] == len(followed)
        assert found.weighed.customers[row] == len({who for who, _ in followed})
        assert found.weighed.first_days[row] == sum(day + next_gap.last_day < steps.day_count for _, day in done)


def world(third: float, whatever_came_before: bool) -> Purchases:
    """Coffee at lunch leads to tea the next evening, and that, or any tea, to cake the morning after."""
    rng = np.random.default_rng(8)
    rows = []
    for customer in range(900):
        tea_yesterday = led_yesterday = coffee_yesterday = False
        for day in range(84):
            led = coffee_yesterday and rng.random() < 0.5
            tea = led or rng.random() < 0.12
            cake = rng.random() < 0.08 or (
                (tea_yesterday if whatever_came_before else led_yesterday) and rng.random() < third
            )
            coffee = rng.random() < 0.2
            rows += [(customer, day, 8, CAKE)] if cake else []
            rows += [(customer, day, 12, COFFEE)] if coffee else []
            rows += [(customer, day, 18, TEA)] if tea else []
            tea_yesterday, led_yesterday, coffee_yesterday = tea, led, coffee
    return bought(rows, 900, 4)


THREE = (token(COFFEE, LUNCH), token(TEA, EVENING)), token(CAKE, BREAKFAST)


def test_a_planted_chain_of_three_steps_is_found_and_says_more_than_its_last_two():
    purchases = world(0.4, whatever_came_before=False)

    [found] = find_longer(REQUEST, purchases, find_chains(REQUEST, purchases))

    top = int(found.prefix[0])
    assert (found.prefixes[top].tokens, int(found.weighed.then[0])) == THREE
    assert Gap.of_code(int(found.weighed.gap[0])) == Gap.NEXT_DAY
    assert found.weighed.log_q[0] < np.log(0.01)
    assert found.new[0]
    # Cake comes by habit on 8 of 100 days, and after coffee and tea on 8 + 92 × 0.4 where the coffee led to the tea.
    assert 3.5 < found.weighed.lift[0] < 6.0


def test_a_third_step_that_the_second_alone_explains_is_not_new():
    purchases = world(0.4, whatever_came_before=True)

    [found] = find_longer(REQUEST, purchases, find_chains(REQUEST, purchases))

    same = [
        row
        for row in range(found.weighed.size)
        if (found.prefixes[found.prefix[row]].tokens, int(found.weighed.then[row])) == THREE
    ]
    assert same
    assert found.weighed.log_q[same[0]] < np.log(0.01)
    assert not found.new[same[0]]


def test_without_a_confirmed_chain_there_is_nothing_to_extend():
    purchases = bought([(0, 0, 12, COFFEE), (0, 1, 18, TEA)])

    assert list(find_longer(REQUEST, purchases, find_chains(REQUEST, purchases))) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"max_steps": 6}, "max_steps must be 2 to 5"), ({"max_steps": 3, "compared": "visits"}, "among days")],
)
def test_a_length_that_cannot_be_searched_is_refused(wrong, told):
    with pytest.raises(BadInput, match=told):
        ChainsRequest(**wrong)
