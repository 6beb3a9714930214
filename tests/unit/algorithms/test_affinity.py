"""Affinity without order: hand-worked baskets, then the plain definitions on random ones."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graph.algorithms.affinity import (
    AffinityRequest,
    Baskets,
    BoughtTogether,
    NextProducts,
    Recommended,
    SimilarProducts,
    bought_together,
    held_out,
    judged,
    next_products,
    quality,
    similar_products,
)
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.candidates import EVIDENCE, candidates
from graph.algorithms.affinity.history import MIDDLE, history
from graph.algorithms.affinity.logistic import learned, probability
from graph.algorithms.affinity.matrices import from_places
from graph.algorithms.affinity.neighbours import neighbours
from graph.algorithms.affinity.next_product import PRIOR
from graph.algorithms.affinity.places import values_at
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


def daily(customer: int, product: int, days: range) -> list[tuple[int, int, list[int]]]:
    return [(customer, day, [product]) for day in days]


def told(found: Recommended, customer: int) -> list[int]:
    return found.product[found.customer == customer].tolist()


def test_who_bought_often_and_lately_buys_again():
    baskets = shopped(*daily(0, TEA, range(60, 120)), *daily(0, COFFEE, range(6)), *daily(1, CAKE, range(120)))

    found = next_products(baskets, NextProducts(as_of=119, first=1, horizon_days=7))

    assert [told(found, customer) for customer in (0, 1)] == [[TEA], [CAKE]]
    assert found.known.all()
    assert (found.probability > 0.9).all()  # both did so on every day of the last week


def test_what_is_told_is_learned_from_the_last_days_and_not_from_later_ones():
    baskets = shopped(*daily(0, TEA, range(60)), *daily(0, COFFEE, range(60, 90)))

    before = next_products(baskets, NextProducts(as_of=59, first=4, horizon_days=7))
    without = next_products(baskets.where(baskets.day <= 59), NextProducts(as_of=59, first=4, horizon_days=7))

    assert told(before, 0) == [TEA]
    assert before.probability.tolist() == without.probability.tolist()


def test_a_neighbour_tells_what_is_new():
    # Who is most like 0 is 1, who has cake too; bread is what 2 buys, with whom 0 shares nothing.
    baskets = shopped((0, 9, [COFFEE]), (1, 9, [COFFEE]), (1, 9, [CAKE]), (1, 9, [CAKE]), (2, 9, [TEA, BREAD]))
    known = history(baskets, 9, 5)

    found = candidates(known, neighbours(known, sample=3, most=1, seed=0), np.array([0]))

    rows = zip(found.product.tolist(), found.known.tolist(), found.told.tolist(), strict=True)
    said = {product: (is_known, told) for product, is_known, told in rows}
    assert said == {COFFEE: (True, 1), CAKE: (False, 2), TEA: (False, 0), BREAD: (False, 0)}


def test_of_a_sample_of_neighbours_and_of_a_seed_the_bits_are_the_same():
    draw = np.random.default_rng(2)
    lines = [(int(who), int(day), [int(item)]) for who, day, item in draw.integers(0, (40, 90, 12), (900, 3))]
    request = NextProducts(as_of=89, sample=10, neighbours=3, learn_from=20, seed=4)

    one, two = (next_products(shopped(*lines, products=12), request) for _ in range(2))

    assert one.probability.tobytes() == two.probability.tobytes()
    assert one.product.tolist() == two.product.tolist()


def test_nobody_without_purchases_is_told_anything():
    baskets = shopped((1, 5, [TEA]))

    assert set(next_products(baskets, NextProducts(as_of=5)).customer.tolist()) == {1}
    assert next_products(baskets, NextProducts(as_of=4)).customer.tolist() == []


def test_what_little_was_seen_leaves_the_prior():
    found = next_products(shopped((0, 5, [TEA])), NextProducts(as_of=5))

    assert found.horizon_days == 1
    assert found.weights == pytest.approx([PRIOR.get(name, 0) for name in EVIDENCE])


def test_the_regression_is_that_of_the_likelihood():
    # Two groups whose shares are a quarter and three quarters: with hardly any prior, logit of the one, twice its size.
    evidence = np.array([[1.0, 0.0]] * 4 + [[1.0, 1.0]] * 4)
    happened = np.array([1.0, 0, 0, 0, 1, 1, 1, 0])

    weights = learned(evidence, happened, np.zeros(2), 1e-9)

    assert weights == pytest.approx([-np.log(3), 2 * np.log(3)], abs=1e-5)
    assert probability(evidence, weights)[[0, 7]] == pytest.approx([0.25, 0.75], abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=60))
def test_habits_are_those_of_the_definition(lines: list[tuple[int, int, int]]):
    found = history(shopped(*((who, day, [item]) for who, day, item in lines), products=6), as_of=30, lately_days=10)

    seen = [line for line in lines if line[1] <= 30]
    pairs = sorted({(who, item) for who, _, item in seen})
    days = {pair: sorted(day for who, day, item in seen if (who, item) == pair) for pair in pairs}
    assert list(zip(found.customer.tolist(), found.product.tolist(), strict=True)) == pairs
    assert found.times.tolist() == [len(days[pair]) for pair in pairs]
    assert found.last.tolist() == [days[pair][-1] for pair in pairs]
    assert found.middle == pytest.approx([sum(0.5 ** ((30 - day) / MIDDLE) for day in days[pair]) for pair in pairs])
    assert found.lately.tolist() == [sum(day > 20 for _, day, item in seen if item == one) for one in range(6)]
    assert found.buyers.tolist() == [sum(item == one for _, item in pairs) for one in range(6)]


def test_products_of_the_same_customers_are_alike():
    people = [(who, 0, [COFFEE, CAKE]) for who in range(30)] + [(who, 0, [TEA]) for who in range(25, 55)]

    found = similar_products(shopped(*people), SimilarProducts(first=2, min_buyers=1))

    assert list(zip(found.product.tolist(), found.other.tolist(), found.customers.tolist(), strict=True)) == [
        (COFFEE, CAKE, 30), (COFFEE, TEA, 5), (CAKE, COFFEE, 30), (CAKE, TEA, 5), (TEA, COFFEE, 5), (TEA, CAKE, 5),
    ]  # fmt: skip
    assert found.cosine[:2] == pytest.approx([30 / 40, 5 / 40])
    assert found.jaccard[:2] == pytest.approx([1, 5 / 55])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(1, 9)), max_size=30), st.data())
def test_the_values_at_places_are_those_of_the_matrix(entries: list[tuple[int, int, int]], data: st.DataObject):
    table = np.zeros((4, 7))
    for row, column, value in entries:
        table[row, column] = value
    row, column = np.nonzero(table)
    places = sorted(data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)))), key=lambda place: place[0])
    asked = np.array(places, np.int64).reshape(-1, 2)

    found = values_at(from_places(table[row, column], row, column, (4, 7)), asked[:, 0], asked[:, 1])

    assert found.tolist() == [table[place] for place in places]


def test_a_run_judges_itself_by_the_days_it_did_not_see():
    draw = np.random.default_rng(3)
    habits = [(who, day, [who % 8]) for who in range(40) for day in range(0, 120, 4)]
    noise = [(int(who), int(day), [int(item)]) for who, day, item in draw.integers(0, (40, 120, 8), (400, 3))]

    ways = judged(shopped(*habits, *noise, products=8), NextProducts(as_of=119, first=2))

    assert [way.by for way in ways] == ["next_products", "repeat purchase", "popularity"]
    ours, repeats, popular = ways
    assert ours.more == ours.more_low == ours.more_high == 0
    assert repeats.more == pytest.approx(ours.quality.recall - repeats.quality.recall)
    assert popular.more_low > 0


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


@pytest.mark.parametrize("wrong", [{"first": 0}, {"first_new": -1}, {"neighbours": 0}, {"horizon_days": 0}])
def test_a_parameter_out_of_range_is_told(wrong: dict[str, int]):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        NextProducts(as_of=0, **wrong)
    with pytest.raises(BadInput, match=next(iter(wrong))):
        AffinityRequest(**wrong)
