"""Reverse-reachable sets and Shapley influence, against every possible world of small graphs."""

from dataclasses import replace

import numpy as np
import pytest
from live_worlds import exact_shapley, exact_spread, random_edges, turned

from graph.algorithms.influence.selection.coverage import met_by
from graph.algorithms.influence.selection.reverse_sets import BATCH_SETS, Draw, Model, batches, folded, roots_by_weight
from graph.algorithms.influence.selection.reverse_ties import reverse_ties
from graph.algorithms.influence.selection.shapley import ShapleyInfluence, shapley_influence
from graph.errors import BadInput


def draw(ties, seed=0, weights=None, enlisted=()) -> Draw:
    met = np.zeros(ties.customer_count, np.bool_)
    met[list(enlisted)] = True
    return Draw(ties, roots_by_weight(ties.customer_count, weights), met, seed, 0)


def sets_of(ties, count: int, **how) -> list[list[int]]:
    return [
        member[pointer[i] : pointer[i + 1]].tolist()
        for pointer, member in batches(draw(ties, **how), 0, count)
        for i in range(pointer.size - 1)
    ]


def star(leaves: int, probability) -> object:
    """Leaves 1 to n all share to customer 0."""
    pointer = np.concatenate([[0], np.arange(leaves + 1)])
    return reverse_ties(pointer, np.zeros(leaves, np.uint32), np.broadcast_to(probability, leaves).astype(np.float64))


def only(count: int, customer: int) -> np.ndarray:
    return np.eye(count)[customer]


def test_ties_that_always_carry_are_walked_to_the_end():
    found = sets_of(turned(3, {(0, 1): 1.0, (1, 2): 1.0}), 200)

    assert {tuple(each) for each in found} == {(0,), (1, 0), (2, 1, 0)}


def test_sets_too_large_to_be_walked_side_by_side_are_whole():
    customers, sets = 20_000, 100
    ring = np.arange(1, customers + 1, dtype=np.uint32) % customers
    ties = reverse_ties(np.arange(customers + 1), ring, np.ones(customers))

    found = [member[pointer[:-1, None] + np.arange(customers)] for pointer, member in batches(draw(ties), 0, sets)]

    walked = np.concatenate(found).astype(np.int64)
    assert walked.shape == (sets, customers)
    assert (walked == (walked[:, :1] - np.arange(customers)) % customers).all()


def test_ties_that_never_carry_are_left_out():
    ties = turned(2, {(0, 1): 0.0})

    assert ties.source.size == 0
    assert {tuple(each) for each in sets_of(ties, 50)} == {(0,), (1,)}


def test_a_walk_ends_at_who_does_not_pass_on_but_they_move_as_advocates():
    found = sets_of(turned(3, {(0, 1): 1.0, (1, 2): 1.0}, [1.0, 0.0, 1.0]), 200)

    assert {tuple(each) for each in found} == {(0,), (1, 0), (2, 1)}


def test_a_walk_ends_at_the_enlisted():
    found = sets_of(turned(3, {(0, 1): 1.0, (1, 2): 1.0}), 200, enlisted=[1])

    assert {tuple(each) for each in found} == {(0,), (1,), (2, 1)}


def test_roots_follow_the_weights_and_the_weightless_are_never_one():
    weights = np.array([0.0, 1.0, 3.0, 0.0, 6.0])

    roots = np.array([each[0] for each in sets_of(turned(5, {}), 100_000, weights=weights)])

    assert np.abs(np.bincount(roots, minlength=5) / roots.size - weights / 10).max() < 0.01
    assert not np.isin(roots, [0, 3]).any()


@pytest.mark.parametrize(("leaves", "probability"), [(3, 1 / 3), (40, 0.02), (2000, 0.001), (4000, 0.1), (9, 0.6)])
def test_a_star_of_even_ties_carries_as_often_as_it_should(leaves, probability):
    sets = 4000
    found = sets_of(star(leaves, probability), sets, weights=only(leaves + 1, 0))

    sizes = np.array([len(each) - 1 for each in found])
    mean, variance = leaves * probability, leaves * probability * (1 - probability)
    assert abs(sizes.mean() - mean) < 5 * np.sqrt(variance / sets)
    assert sizes.var() == pytest.approx(variance, rel=0.15)
    assert all(len(set(each)) == len(each) for each in found)


def test_uneven_ties_of_a_star_each_carry_at_their_own_rate():
    probability = np.geomspace(0.9, 1e-3, 60)
    sets = 60_000
    found = sets_of(star(60, probability), sets, weights=only(61, 0))

    seen = np.bincount(np.concatenate(found), minlength=61)[1:] / sets
    assert (np.abs(seen - probability) < 5 * np.sqrt(probability * (1 - probability) / sets)).all()


def test_even_ties_carry_independently_of_one_another():
    found = np.zeros((60_000, 13))
    for row, each in enumerate(sets_of(star(12, 0.2), 60_000, weights=only(13, 0))):
        found[row, each] = 1

    correlation = np.corrcoef(found[:, 1:].T) - np.eye(12)
    assert np.abs(correlation).max() < 5 / np.sqrt(60_000)


def test_intervals_around_the_spread_of_random_graphs_cover_the_exact_one():
    random, sets, inside, tried = np.random.default_rng(11), 3000, 0, 0
    for graph in range(100):
        count = int(random.integers(2, 5))
        edges = random_edges(random, count)
        passing = random.random(count).round(2).tolist() if graph % 3 == 0 else None
        weights = random.random(count) + 0.1 if graph % 2 else None
        ties = turned(count, edges, passing)
        for seed in range(count):
            exact = exact_spread(count, edges, (seed,), weights, passing)
            drawn = draw(ties, seed=graph, weights=weights)
            share = met_by(drawn, np.array([seed]), sets)[0] / sets
            total = drawn.roots.total
            half = 1.96 * np.sqrt(max(share * (1 - share), 1e-12) / sets) * total
            inside += abs(share * total - exact) <= half + 1e-9
            tried += 1

    # Stratified roots leave less to chance than the interval of coins allows for.
    assert inside / tried >= 0.92


@pytest.mark.parametrize("weights", [None, [1.0, 0.0, 5.0, 2.0]])
@pytest.mark.parametrize("model", list(Model))
def test_threads_and_batches_change_no_bit(weights, model):
    ties = turned(4, {(0, 1): 0.3, (1, 2): 0.5, (2, 3): 0.7, (3, 0): 0.2})
    asked = replace(draw(ties, seed=3, weights=None if weights is None else np.array(weights)), model=model)

    def members(threads: int) -> list[int]:
        parts = folded(replace(asked, threads=threads), 0, 2 * BATCH_SETS + 10, lambda _, member: member.copy())
        return np.concatenate(list(parts)).tolist()

    assert members(1) == members(3)


def test_each_stratum_has_a_root():
    roots = [each[0] for each in sets_of(turned(5, {}), 50)]
    weighty = [each[0] for each in sets_of(turned(5, {}), 50, weights=np.array([0.0, 1, 3, 0, 6]))]

    assert roots == sorted([0, 1, 2, 3, 4] * 10)
    assert weighty == [1] * 5 + [2] * 15 + [4] * 30


def test_stratified_roots_take_their_part_out_of_the_variance():
    # Two of four customers are reached for certain and two never: nothing is left to chance.
    ties = turned(4, {(0, 1): 1.0})

    met = {int(met_by(draw(ties, seed=seed), np.array([0]), 4000)[0]) for seed in range(20)}

    assert met == {2000}


def test_shapley_parts_equal_the_mean_over_all_orders_and_add_up():
    random, inside, tried = np.random.default_rng(5), 0, 0
    for graph in range(200):
        count = int(random.integers(2, 5))
        edges = random_edges(random, count)

        shares = shapley_influence(turned(count, edges), ShapleyInfluence(sets=4000, seed=graph))

        half = 1.96 * np.sqrt(shares.variance) + 1e-9
        inside += int((np.abs(shares.value - exact_shapley(count, edges)) <= half).sum())
        tried += count
        assert abs(shares.value.sum() - count) < 1e-9
    # The errors of a graph add up to 0, so about half of the 600 values count: 0.95 less three standard errors.
    assert inside / tried >= 0.91


def test_shapley_parts_of_weighted_roots_add_up_to_the_weights():
    shares = shapley_influence(
        turned(3, {(0, 1): 1.0, (1, 2): 1.0}), ShapleyInfluence(sets=50_000, weights=np.array([0.0, 2.0, 3.0]))
    )

    assert shares.value.sum() == pytest.approx(5.0, abs=1e-9)
    assert shares.value == pytest.approx([2.0, 2.0, 1.0], abs=0.05)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"probability": np.array([1.5])}, "probability must be from 0 to 1, not 1.5"),
        ({"probability": np.array([np.nan])}, "probability must be from 0 to 1, not nan"),
        ({"target": np.array([2], np.uint32)}, "targets must be customers from 0 to 1"),
        ({"pointer": np.array([0, 1, 2])}, "pointer must grow from 0"),
        ({"pass_on": np.ones(3)}, "pass_on must have one entry for each of the 2 customers"),
    ],
)
def test_ties_that_cannot_be_are_refused(change, told):
    given = {"pointer": np.array([0, 1, 1]), "target": np.array([1], np.uint32), "probability": np.array([0.5])}

    with pytest.raises(BadInput, match=told):
        reverse_ties(**(given | change))


@pytest.mark.parametrize("weights", [np.zeros(2), np.array([-1.0, 2.0]), np.array([np.inf, 1.0]), np.ones(3)])
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(BadInput, match="weights must"):
        roots_by_weight(2, weights)


@pytest.mark.parametrize("values", [{"sets": 1}, {"seed": -1}])
def test_shapley_parameters_out_of_range_are_refused(values):
    with pytest.raises(BadInput, match="must be from"):
        ShapleyInfluence(**values)
