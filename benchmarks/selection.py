"""How fast and how well advocates are selected on a graph of known ties, re-scored by forward simulation.

Run: python benchmarks/selection.py --graph FILE [-k 50]; FILE's first line is "nodes arcs", each other "u v p". Prints
one JSON object. CPU seconds of the process, best of the repeats, compilation left out. Reading the graph is not
counted, turning it round is counted by itself. Beside others: peers.py.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from graph.algorithms.influence.forward import cascades
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, reverse_ties
from graph.algorithms.influence.selection.select import SelectAdvocates, select_advocates
from graph.algorithms.influence.selection.shapley import ShapleyInfluence, shapley_influence

Answer = TypeVar("Answer")
Graph = tuple[np.ndarray, np.ndarray, np.ndarray]
CURVE = (1, 2, 5, 10, 20, 30, 40, 50)


def timed(act: Callable[[], Answer], repeats: int) -> tuple[float, Answer]:
    """Least CPU seconds of the repeats, after one run that compiles."""
    answer, best = act(), float("inf")
    for _ in range(repeats):
        start = time.process_time()
        answer = act()
        best = min(best, time.process_time() - start)
    return best, answer


def read_graph(path: str) -> Graph:
    """Out-ties in compressed rows."""
    with open(path, encoding="ascii") as lines:
        count, arcs = (int(word) for word in next(lines).split())
        rows = np.loadtxt(lines, dtype=np.float64, max_rows=arcs, ndmin=2)
    order = np.lexsort((rows[:, 1], rows[:, 0]))
    source, target, probability = (rows[order, column] for column in range(3))
    pointer = np.searchsorted(source, np.arange(count + 1)).astype(np.int64)
    return pointer, target.astype(np.uint32), np.ascontiguousarray(probability)


def rescored(graph: Graph, chosen: np.ndarray, simulations: int) -> dict[str, float]:
    """Mean spread over forward simulations, its 95 % half-width, and simulations a CPU second."""
    seeds = np.asarray(chosen, np.int64)
    seconds, reached = timed(lambda: cascades(*graph, seeds, simulations, 99), 1)
    half = 1.96 * float(reached.std(ddof=1)) / simulations**0.5
    return {
        "mean": round(float(reached.mean()), 2),
        "half_width": round(half, 2),
        "simulations_per_cpu_second": round(simulations / seconds),
    }


def ours(ties: ReverseTies, graph: Graph, options: argparse.Namespace, seed: int) -> dict[str, object]:
    """One selection: time, what it claims, what forward simulation says."""
    request = SelectAdvocates(options.k, budget_sets=options.sets, target=options.target, seed=seed)
    seconds, found = timed(lambda: select_advocates(ties, request), options.repeats)
    return {
        "seed": seed,
        "cpu_seconds": round(seconds, 4),
        "sets": found.sets,
        "worlds": found.worlds,
        "method": found.method,
        "reason": found.reason,
        "spread_claimed": round(found.spread, 2),
        "spread_interval": [round(found.spread_low, 2), round(found.spread_high, 2)],
        "ratio": round(found.ratio, 4),
        "spread_forward": rescored(graph, found.chosen, options.simulations),
        "curve": {k: round(float(found.spread_after[k - 1]), 1) for k in CURVE if k <= options.k},
    }


def main() -> None:
    """Measure turning round, selection for several seeds, Shapley influence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", required=True)
    parser.add_argument("-k", type=int, default=50)
    parser.add_argument("--sets", type=int, default=SelectAdvocates(1).budget_sets)
    parser.add_argument("--target", type=float, default=None)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--simulations", type=int, default=10_000)
    options = parser.parse_args()
    graph = read_graph(options.graph)
    turning, ties = timed(lambda: reverse_ties(*graph), options.repeats)
    request = ShapleyInfluence(1 << 20)
    sharing, shares = timed(lambda: shapley_influence(ties, request), options.repeats)
    report = {
        "customers": ties.customer_count,
        "ties": int(graph[1].size),
        "turning_cpu_seconds": round(turning, 4),
        "selections": [ours(ties, graph, options, seed) for seed in range(options.seeds)],
        "shapley_cpu_seconds": round(sharing, 4),
        "shapley_sets_per_cpu_second": round(request.sets / sharing),
        "shapley_sum": float(shares.value.sum()),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
