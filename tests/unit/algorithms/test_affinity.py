"""Affinity without order: hand-worked baskets, then the plain definitions on random ones."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graph.algorithms.affinity import (
    Baskets,
    BoughtTogether,
    NextProducts,
    bought_together,
    held_out,
    next_products,
    quality,
)
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.matrices import from_places
from graph.errors import BadInput

COFFEE, CAKE, TEA, BREAD = range(4)


def shopped(*told: tuple[int, int, list[int]], products: int = 4) -> Baskets:
    """Baskets from (customer, day, products)."""
    rows = [(who, item, basket, day) for basket, (who, day, items) in enumerate(told) for item in items]
    customer, product, basket, day = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    return Baskets(customer, product, basket, day, max(who for who, _, _ in told) + 1, products, len(told))


def test_pairs_of_one_size_of_basket_are_tested_as_fisher_does():
    both, mixed = [(0, 1, [COFFEE, CAKE])] * 12, [(0, 1, [COFFEE, TEA])] * 18
    others = [(0, 1, [CAKE, TEA])] * 10 + [(0, 1, [TEA, BREAD])] * 40

    found = bought_together(shopped(*both, *mixed, *others), BoughtTogether(min_baskets=1, min_together=1))

    place = [(one, other) for one, other in zip(found.first, found.second, strict=True)].index((COFFEE, CAKE))
    assert found.tried == 6
    assert (found.together[place], found.first_baskets[place], found.second_baskets[place]) == (12, 30, 22)
    assert found.expected[place] == pytest.approx(30 * 22 / 80)
    assert found.lift[place] == pytest.approx(12.5 / 8.75)
    assert found.cosine[place] == pytest.approx(12 / np.sqrt(30 * 22))
    assert found.jaccard[place] == pytest.approx(12 / 40)
    assert found.p_value[place] == pytest.approx(stats.hypergeom.sf(11, 80, 30, 22), rel=0.05)


def test_two_things_that_meet_in_large_baskets_alone_have_no_affinity():
    draw = np.random.default_rng(1)
    small = [(0, 1, list(draw.choice(40, 2, replace=False))) for _ in range(400)]
    large = [(0, 1, list(draw.choice(40, 20, replace=False))) for _ in range(100)]

    found = bought_together(shopped(*small, *large, products=40), BoughtTogether(min_baskets=1, min_together=1))

    assert found.q_value.min() > 0.05
    assert np.median(found.lift) == pytest.approx(1, abs=0.1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6, unique=True), min_size=1, max_size=30))
def test_counts_are_those_of_the_definition(contents: list[list[int]]):
    found = bought_together(shopped(*((0, 1, items) for items in contents), products=6), BoughtTogether(1, 1))

    counted = {
        pair: both for pair in combinations(range(6), 2) if (both := sum(set(pair) <= set(items) for items in contents))
    }
    assert dict(zip(zip(found.first, found.second, strict=True), found.together, strict=True)) == counted
    assert ((found.q_value >= found.p_value) | np.isclose(found.q_value, found.p_value)).all()


def test_what_was_bought_often_and_lately_comes_first():
    baskets = shopped((0, 0, [TEA]), (0, 0, [TEA]), (0, 120, [COFFEE]), (0, 119, [CAKE]), (0, 121, [BREAD]))

    found = next_products(baskets, NextProducts(as_of=120, first=2, half_life_days=120, neighbours_weight=0))

    assert found.product.tolist() == [COFFEE, TEA]  # two old ones weigh a half each; bread is of tomorrow
    assert found.score.tolist() == [1, 1]
    assert found.own.tolist() == [1, 1]


def test_a_neighbour_tells_what_is_still_to_come():
    baskets = shopped((0, 9, [COFFEE, CAKE]), (1, 9, [COFFEE]), (2, 9, [TEA, BREAD]))

    found = next_products(baskets, NextProducts(as_of=9, first=3, neighbours=1, neighbours_weight=0.5, known=False))

    assert dict(zip(found.customer.tolist(), found.product.tolist(), strict=True)) == {1: CAKE}
    assert found.score.tolist() == [0.5]
    assert found.own.tolist() == [0]


def test_nobody_without_purchases_is_told_anything():
    baskets = shopped((1, 5, [TEA]))

    assert next_products(baskets, NextProducts(as_of=5)).customer.tolist() == [1]
    assert next_products(baskets, NextProducts(as_of=4)).customer.tolist() == []


def test_quality_by_hand():
    bought = held_out(shopped((0, 3, [COFFEE, CAKE]), (1, 3, [TEA]), (0, 9, [BREAD])), after=2, days=3)

    found = quality(np.array([0, 0, 1, 1], np.int32), np.array([TEA, CAKE, COFFEE, BREAD], np.int32), bought, 2)

    assert found.customers == 2
    assert found.recalls.tolist() == [0.5, 0]
    assert found.recall == 0.25
    assert found.ndcg == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)) / 2)
    assert found.coverage == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(-2, 3)), max_size=40), st.integers(1, 8))
def test_the_best_of_rows_are_those_of_a_sort(entries: list[tuple[int, int, int]], first: int):
    places = {(row, column): value for row, column, value in entries}
    row, column = ([place[axis] for place in places] for axis in (0, 1))
    matrix = from_places(np.array(list(places.values()), float), np.array(row, int), np.array(column, int), (4, 7))

    found = list(zip(*(part.tolist() for part in best_of_rows(matrix, first)), strict=True))

    rows = [[(-value, at) for (of, at), value in places.items() if of == one and value > 0] for one in range(4)]
    assert found == [(one, at, -value) for one in range(4) for value, at in sorted(rows[one])[:first]]


@pytest.mark.parametrize("wrong", [{"first": 0}, {"neighbours": 0}, {"half_life_days": 0}, {"neighbours_weight": -1}])
def test_a_parameter_out_of_range_is_told(wrong: dict[str, float]):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        NextProducts(as_of=0, **wrong)  # type: ignore[arg-type]
