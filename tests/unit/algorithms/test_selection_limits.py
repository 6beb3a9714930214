"""Costs and a budget, no more than so many of a group: against every allowed choice of small graphs."""

from itertools import combinations

import numpy as np
import pytest
from live_worlds import exact_spread, random_edges, turned

from graph.algorithms.influence.selection.limits import limits, most_by
from graph.algorithms.influence.selection.select import Method, SelectAdvocates, select_advocates
from graph.errors import BadInput

SETS = 8000
TWO_STARS = {(0, leaf): 1.0 for leaf in (2, 3, 4)} | {(1, leaf): 1.0 for leaf in (5, 6)}


def chosen(k: int, **how) -> list[int]:
    return select_advocates(turned(7, TWO_STARS), SelectAdvocates(k, budget_sets=SETS, **how)).chosen.tolist()


def test_the_cheaper_star_is_chosen_where_the_budget_is_enough_for_one():
    costs = np.array([3.0, 1, 9, 9, 9, 9, 9])

    assert chosen(7, costs=costs, budget=1.0) == [1]
    assert sorted(chosen(7, costs=costs, budget=4.0)) == [0, 1]


def test_the_best_single_one_is_chosen_where_cheap_ones_would_spend_the_budget():
    # A leaf brings 1 for 0.1, the greater centre 4 for 1: by gain and cost the leaf goes first.
    costs = np.array([1.0, 9, 0.1, 9, 9, 9, 9])

    assert chosen(7, costs=costs, budget=1.0) == [0]


def test_what_is_spent_is_told_and_within_the_budget():
    costs = np.linspace(1, 2, 7)

    found = select_advocates(turned(7, TWO_STARS), SelectAdvocates(7, budget_sets=SETS, costs=costs, budget=5.0))

    assert found.cost == pytest.approx(costs[found.chosen].sum())
    assert found.cost <= 5.0


def test_no_more_are_chosen_of_a_group_than_allowed():
    groups = np.array([0, 0, 0, 0, 1, 1, 1])

    first, second = chosen(3, groups=groups, group_most=1)

    assert first == 0
    assert second in {5, 6}


def test_the_enlisted_take_their_groups_room():
    groups = np.array([0, 0, 0, 0, 1, 1, 1])

    assert chosen(1, groups=groups, group_most=1, already=(1,)) == [4]
    assert chosen(3, groups=groups, group_most=1, already=(0, 5)) == []


def test_the_guarantee_is_told_as_it_is_proven():
    costs, groups = np.ones(7), np.zeros(7, np.int64)

    assert limits(7, 1).guarantee == 1.0
    assert limits(7, 2).guarantee == 0.75
    assert limits(7, 2, groups=groups, group_most=1).guarantee == 0.5
    assert limits(7, 7, costs, 3.0).guarantee == 0.405
    assert limits(7, 2, costs, 3.0).guarantee is None
    assert limits(7, 7, costs, 3.0, groups, 1).guarantee is None


def test_the_largest_sum_is_never_below_an_allowed_choice():
    random = np.random.default_rng(8)
    for _ in range(200):
        count, k = 7, int(random.integers(1, 5))
        value = np.floor(random.random(count) * 5)
        costs = random.random(count) if random.random() < 0.6 else None
        groups = random.integers(0, 3, count) if random.random() < 0.6 else None
        allowed = limits(count, k, costs, None if costs is None else 1.0, groups, None if groups is None else 2)

        most, _ = most_by(value, allowed)

        sums = [value[list(each)].sum() for each in allowed_choices(count, k, costs, 1.0, groups, 2)]
        assert most >= max(sums) - 1e-12
        if costs is None:
            assert most == max(sums)


def allowed_choices(count, k, costs, budget, groups, group_most) -> list[tuple[int, ...]]:
    return [
        each
        for size in range(k + 1)
        for each in combinations(range(count), size)
        if (costs is None or costs[list(each)].sum() <= budget)
        and (groups is None or not each or np.bincount(groups[list(each)]).max() <= group_most)
    ]


@pytest.mark.parametrize("method", [Method.REVERSE_SETS, Method.SENTINELS])
def test_limited_choices_are_within_their_guarantee_and_certificate(method):
    random, certified, tried = np.random.default_rng(9), 0, 0
    for seed in range(80):
        count = 4
        edges = random_edges(random, count)
        rules = {}
        if seed % 2:
            rules |= {"costs": random.random(count) + 0.1, "budget": 1.0}
        if seed % 4 != 1:
            rules |= {"groups": random.integers(0, 2, count), "group_most": 1}
        k = count if seed % 2 else 3

        found = select_advocates(
            turned(count, edges),
            SelectAdvocates(k, budget_sets=SETS, effort=1 << 18, confidence=0.99, seed=seed, method=method, **rules),
        )

        allowed = allowed_choices(count, k, rules.get("costs"), 1.0, rules.get("groups"), 1)
        exact = {each: exact_spread(count, edges, each) for each in allowed}
        mine, best = exact[tuple(sorted(found.chosen.tolist()))], max(exact.values())
        assert mine >= (found.guarantee or 0.3) * best - 0.1
        assert (found.gain >= 0).all()
        certified += found.added_at_least <= mine + 1e-9 and best <= found.best_at_most + 1e-9
        tried += 1
    assert certified / tried >= 0.96


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"costs": np.ones(7)}, "costs go with a budget"),
        ({"group_most": 1}, "groups with group_most"),
        ({"costs": -np.ones(7), "budget": 1.0}, "costs must be 0 or more and finite, one for each of the 7"),
        ({"costs": np.ones(7), "budget": -1.0}, "budget must be 0 or more and finite, not -1"),
        ({"costs": np.ones(7), "budget": 0.5}, "budget must be enough for one candidate at least, not 0.5"),
        ({"groups": np.zeros(3, np.int64), "group_most": 1}, "groups must be numbers from 0, one for each of the 7"),
        ({"groups": np.zeros(7, np.int64), "group_most": 0}, "group_most must be 1 or more, not 0"),
        ({"steps": -1}, "steps must be 0 or more, not -1"),
        ({"effort": 5}, "effort must be 65536 or more, not 5"),
        ({"method": Method.SHARED_WORLDS}, "shared worlds need a cascade whose ties are as likely both ways"),
    ],
)
def test_rules_that_cannot_be_are_refused(values, told):
    with pytest.raises(BadInput, match=told):
        select_advocates(turned(7, TWO_STARS), SelectAdvocates(**({"k": 1} | values)))
