"""Every method of selection, Shapley influence and their intervals against all live-tie worlds of small graphs."""

from functools import cache
from itertools import combinations, permutations, product

import numpy as np
import pytest
from live_worlds import Edges, exact_spread, exact_threshold_spread, random_edges, turned

from graph.algorithms.influence.forward import cascades
from graph.algorithms.influence.selection.reverse_sets import Model
from graph.algorithms.influence.selection.select import Advocates, Method, SelectAdvocates, select_advocates
from graph.algorithms.influence.selection.shapley import ShapleyInfluence, shapley_influence

SETS, FEWER_SETS = 8000, 1000
EFFORT = 1 << 18


def every_small_graph(alike: bool) -> list[tuple[int, Edges]]:
    """All directed graphs of up to 4 customers with random probabilities; or one of each sort, whatever the numbering.

    There are 1, 4, 64 and 4,096, and 1, 3, 16 and 218 sorts.
    """
    random, graphs = np.random.default_rng(44), []
    for count in (1, 2, 3, 4):
        pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
        renamed = [[pairs.index((to[a], to[b])) for a, b in pairs] for to in permutations(range(count))]
        seen = set()
        for there in product((False, True), repeat=len(pairs)):
            sort = min(tuple(there[place] for place in names) for names in renamed) if alike else there
            if sort not in seen:
                graphs.append(
                    (count, {pair: float(random.random()) for pair, up in zip(pairs, there, strict=True) if up})
                )
            seen.add(sort)
    return graphs


def ten_to_fourteen_ties(graphs: int, both_ways: bool) -> list[tuple[int, Edges]]:
    """Random graphs of 5 to 8 customers; where ties go both ways, 5 to 7 pairs."""
    random, found = np.random.default_rng(45), []
    for _ in range(graphs):
        count, ties = int(random.integers(5, 9)), int(random.integers(10, 15))
        pairs = [(a, b) for a in range(count) for b in range(count) if (a < b if both_ways else a != b)]
        chosen = random.permutation(len(pairs))[: ties // 2 if both_ways else ties]
        edges = {pairs[place]: float(random.random()) for place in chosen}
        found.append((count, edges | {(b, a): p for (a, b), p in edges.items()} if both_ways else edges))
    return found


def spreads(count: int, edges: Edges, k: int) -> dict[tuple[int, ...], float]:
    """Exact spread of every choice of k: one walk through all worlds, one bit a customer."""
    ties = sorted(edges)
    worlds = (np.arange(1 << len(ties))[:, None] >> np.arange(len(ties))) & 1 > 0
    chance = np.prod(np.where(worlds, [edges[tie] for tie in ties], [1 - edges[tie] for tie in ties]), axis=1)
    reach = np.broadcast_to(1 << np.arange(count), (len(worlds), count)).copy()
    for _ in range(count - 1):
        for place, (source, target) in enumerate(ties):
            reach[:, source] |= np.where(worlds[:, place], reach[:, target], 0)
    bits = np.array([bin(each).count("1") for each in range(1 << count)])
    return {
        choice: float(chance @ bits[np.bitwise_or.reduce(reach[:, list(choice)], axis=1)])
        for choice in combinations(range(count), k)
    }


@cache
def graphs_of(kind: str) -> list[tuple[int, Edges, int, dict[tuple[int, ...], float]]]:
    """Graphs with a k and the exact spread of every choice of k."""
    made = {
        "every small": lambda: every_small_graph(alike=False),
        "small of each sort": lambda: every_small_graph(alike=True),
        "large": lambda: ten_to_fourteen_ties(200, both_ways=False),
        "both ways": lambda: ten_to_fourteen_ties(60, both_ways=True),
    }[kind]()
    return [
        (count, edges, k, spreads(count, edges, k))
        for i, (count, edges) in enumerate(made)
        for k in [1 + i % min(3, count)]
    ]


def covered(trials: int) -> float:
    """0.95 less three standard errors."""
    return 0.95 - 3 * (0.95 * 0.05 / trials) ** 0.5


def kept(found: Advocates, exact: dict[tuple[int, ...], float]) -> tuple[bool, bool]:
    """That what must always hold does; whether the interval holds the exact spread, and the certificate."""
    best, mine = max(exact.values()), exact[tuple(sorted(found.chosen.tolist()))]
    assert mine >= (1 - 1 / np.e) * best
    assert (found.gain >= 0).all()
    assert (np.diff(found.gain) <= 1e-9).all()
    inside = found.spread_low - 1e-9 <= mine <= found.spread_high + 1e-9
    return inside, found.added_at_least <= mine + 1e-9 and best <= found.best_at_most + 1e-9


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("every small", Method.REVERSE_SETS),
        ("small of each sort", Method.SENTINELS),
        ("large", Method.REVERSE_SETS),
        ("large", Method.SENTINELS),
        ("both ways", Method.SHARED_WORLDS),
        ("both ways", Method.SENTINELS),
    ],
)
def test_choices_gains_intervals_and_certificates_are_as_promised(kind, method):
    inside = certified = 0
    graphs = graphs_of(kind)
    assert len(graphs) == {"every small": 4165, "small of each sort": 238, "large": 200, "both ways": 60}[kind]

    for seed, (count, edges, k, exact) in enumerate(graphs, 1000):
        sets = FEWER_SETS if kind == "every small" else SETS
        request = SelectAdvocates(k, budget_sets=sets, effort=EFFORT, seed=seed, method=method)
        found = select_advocates(turned(count, edges), request)
        assert found.method is method
        held = kept(found, exact)
        inside, certified = inside + held[0], certified + held[1]

    assert inside / len(graphs) >= covered(len(graphs))
    assert certified / len(graphs) >= 0.98


@pytest.mark.parametrize("kind", ["small of each sort", "large"])
def test_shapley_influence_adds_up_to_the_customers(kind):
    for seed, (count, edges, _, _) in enumerate(graphs_of(kind)):
        shares = shapley_influence(turned(count, edges), ShapleyInfluence(500, seed=seed))

        assert abs(shares.value.sum() - count) < 1e-9
        assert ((shares.low <= shares.value) & (shares.value <= shares.high)).all()


def test_linear_thresholds_and_few_steps_are_walked_exactly():
    random, inside, tried = np.random.default_rng(46), 0, 0
    for seed in range(200):
        count = int(random.integers(2, 5))
        edges = random_edges(random, count)
        into = {b: sum(p for (_, to), p in edges.items() if to == b) for b in range(count)}
        edges = {(a, b): p / max(1.0, into[b] * 1.1) for (a, b), p in edges.items()}
        steps = int(random.integers(0, 4))
        model = (Model.CASCADE, Model.THRESHOLD)[seed % 2]

        found = select_advocates(
            turned(count, edges), SelectAdvocates(1, budget_sets=SETS, model=model, steps=steps, seed=seed)
        )

        seeds = (int(found.chosen[0]),)
        exact = (
            exact_threshold_spread(count, edges, seeds, steps)
            if model is Model.THRESHOLD
            else exact_spread(count, edges, seeds, steps=steps)
        )
        inside += found.spread_low - 1e-9 <= exact <= found.spread_high + 1e-9
        tried += 1
    assert inside / tried >= covered(tried)


def test_forward_cascades_reach_what_all_worlds_say():
    inside = 0
    graphs = graphs_of("large")[:100]
    for seed, (count, edges, _, exact) in enumerate(graphs):
        ordered = sorted(edges)
        pointer = np.searchsorted([a for a, _ in ordered], np.arange(count + 1)).astype(np.int64)
        target, chance = np.array([b for _, b in ordered], np.uint32), np.array([edges[tie] for tie in ordered])
        choice = next(iter(exact))

        reached = cascades(pointer, target, chance, np.array(choice), 2000, seed)

        half = 1.96 * reached.std(ddof=1) / 2000**0.5
        inside += abs(reached.mean() - exact[choice]) <= half + 1e-9
    assert inside / len(graphs) >= covered(len(graphs))
