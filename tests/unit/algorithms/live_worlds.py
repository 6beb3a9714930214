"""Exact answers on small graphs: every live-edge world with its probability, and what each advocate reaches in it."""

from itertools import combinations, product

import numpy as np

from graph.algorithms.influence.selection.reverse_ties import ReverseTies, reverse_ties

Edges = dict[tuple[int, int], float]


def turned(count: int, edges: Edges, pass_on: list[float] | None = None) -> ReverseTies:
    """The ties turned round, as the algorithms want them."""
    ordered = sorted(edges)
    source = np.array([edge[0] for edge in ordered], np.int64)
    pointer = np.searchsorted(source, np.arange(count + 1)).astype(np.int64)
    target = np.array([edge[1] for edge in ordered], np.uint32)
    chance = np.array([edges[edge] for edge in ordered], np.float64)
    return reverse_ties(pointer, target, chance, None if pass_on is None else np.array(pass_on))


def exact_spread(count: int, edges: Edges, seeds: tuple[int, ...], weights=None, pass_on=None, steps=99) -> float:
    """Expected weight of the reached, over all worlds of live ties and passing customers."""
    worth, passing = weights if weights is not None else [1.0] * count, pass_on or [1.0] * count
    ties, total = sorted(edges), 0.0
    coins = [edges[tie] for tie in ties] + passing
    for world in product(*([int(p)] if p in (0, 1) else (0, 1) for p in coins)):
        chance = float(np.prod([p if live else 1 - p for live, p in zip(world, coins, strict=True)]))
        if chance:
            live = {tie for tie, up in zip(ties, world, strict=False) if up}
            total += chance * sum(worth[one] for one in _reached(seeds, live, world[len(ties) :], steps))
    return total


def exact_threshold_spread(count: int, edges: Edges, seeds: tuple[int, ...], steps: int) -> float:
    """Linear thresholds: each customer keeps one in-tie at most, as often as its probability says."""
    total = 0.0
    into = [[(a, p) for (a, to), p in edges.items() if to == b] for b in range(count)]
    for world in product(*([*ties, (None, 1 - sum(p for _, p in ties))] for ties in into)):
        live = {(a, b) for b, (a, _) in enumerate(world) if a is not None}
        reached = _reached(seeds, live, [1] * count, steps)
        total += float(np.prod([p for _, p in world])) * len(reached)
    return total


def _reached(seeds, live, passes, steps) -> set[int]:
    reached, front = set(seeds), set(seeds)
    while front and steps:
        steps -= 1
        front = {b for a, b in live if a in front and (a in seeds or passes[a])} - reached
        reached |= front
    return reached


def exact_shapley(count: int, edges: Edges) -> list[float]:
    """The mean over all orders of what each adds, by the subsets before them."""
    spread = {s: exact_spread(count, edges, s) for size in range(count + 1) for s in combinations(range(count), size)}
    value = [0.0] * count
    for subset, before in spread.items():
        share = 1 / (count * len(list(combinations(range(count - 1), len(subset))))) if len(subset) < count else 0
        for one in set(range(count)) - set(subset):
            value[one] += share * (spread[tuple(sorted((*subset, one)))] - before)
    return value


def random_edges(random: np.random.Generator, count: int) -> Edges:
    """Every tie by a coin, its probability anything, often the same for all."""
    even = random.random() < 0.3
    shared = float(random.random())
    return {
        (a, b): shared if even else float(random.random())
        for a in range(count)
        for b in range(count)
        if a != b and random.random() < 0.5
    }
