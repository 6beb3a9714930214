"""How selection grows from ten thousand to ten million ties, and what threads, Shapley influence and credit take.

Run: python benchmarks/growth.py [--most-ties 10000000] [--repeats 2] [--only-threads] [--save FILE]. Prints one JSON
object. Made-up
graphs of power-law degrees, ten ties a customer one way, weighted cascade, k = 50. CPU seconds of the process, best of
the repeats, compilation and the making of the graphs left out. Threads are compared by wall time: only on an idle
machine does that say anything.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from social_graphs import power_law, with_probabilities

from graph.algorithms.influence.arrays import NOBODY
from graph.algorithms.influence.credit import Forest, credit_upwards
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, reverse_ties
from graph.algorithms.influence.selection.select import SelectAdvocates, select_advocates
from graph.algorithms.influence.selection.shapley import ShapleyInfluence, shapley_influence

TIES_EACH = 10
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SHAPLEY_SETS = 1 << 20


def best(act: Callable[[], object], repeats: int, clock: Callable[[], float] = time.process_time) -> float:
    """Least seconds of the repeats."""
    seconds = []
    for _ in range(repeats):
        start = clock()
        act()
        seconds.append(clock() - start)
    return min(seconds)


def graph_of(ties: int) -> ReverseTies:
    """A weighted cascade over about so many ties."""
    customers = ties // TIES_EACH
    drawn = power_law(customers, ties, 2.5, both_ways=False, seed=4)
    return reverse_ties(*with_probabilities(customers, drawn, "cascade"))


def measured(ties: ReverseTies, repeats: int) -> dict[str, object]:
    """One size."""
    found = select_advocates(ties, SelectAdvocates(50))
    return {
        "customers": ties.customer_count,
        "ties": int(ties.source.size),
        "select_cpu_seconds": round(best(lambda: select_advocates(ties, SelectAdvocates(50)), repeats), 3),
        "method": found.method,
        "sets": found.sets,
        "ratio": round(found.ratio, 3),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def threads(ties: ReverseTies, repeats: int) -> dict[str, float]:
    """Sets drawn and shared out by one thread and by two, wall seconds."""

    def once(many: int) -> Callable[[], object]:
        return lambda: shapley_influence(ties, ShapleyInfluence(SHAPLEY_SETS, threads=many))

    one, two = (best(once(many), repeats, time.perf_counter) for many in (1, 2))
    return {"one_wall_seconds": round(one, 3), "two_wall_seconds": round(two, 3), "times": round(one / two, 2)}


def credit(customers: int, repeats: int) -> float:
    """Referral credit of a random forest: everybody but the first was brought by somebody earlier, or came alone."""
    random = np.random.default_rng(0)
    bringer = (random.random(customers) * np.arange(customers)).astype(np.int32)
    bringer[random.random(customers) < 0.2] = NOBODY
    bringer[0] = NOBODY
    forest = Forest(bringer, np.arange(customers, dtype=np.int32)[::-1].copy())
    cents = random.integers(0, 100_000, customers)
    credited = credit_upwards(cents, forest, 0.5)
    if int((credited.direct + credited.downstream).sum()) != int(cents.sum()):
        raise AssertionError("what is credited must equal what was brought")
    return best(lambda: credit_upwards(cents, forest, 0.5), repeats)


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most-ties", type=int, default=SIZES[-1])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--only-threads", action="store_true", help="two threads beside one, and nothing else")
    parser.add_argument("--save")
    options = parser.parse_args()
    if options.only_threads:
        ties = graph_of(options.most_ties)
        shapley_influence(ties, ShapleyInfluence(1 << 10, threads=2))
        print(json.dumps(threads(ties, options.repeats), indent=2))
        return
    sizes, ties = [], graph_of(SIZES[0])
    shapley_influence(ties, ShapleyInfluence(1 << 10))
    for size in (size for size in SIZES if size <= options.most_ties):
        ties = graph_of(size)
        sizes.append(measured(ties, options.repeats))
    slope = np.polyfit(
        np.log([each["ties"] for each in sizes]), np.log([each["select_cpu_seconds"] for each in sizes]), 1
    )[0]
    start = time.process_time()
    shares = shapley_influence(ties, ShapleyInfluence(SHAPLEY_SETS))
    report = {
        "sizes": sizes,
        "slope": round(float(slope), 3),
        "shapley": {
            "customers": ties.customer_count,
            "sets": shares.sets,
            "cpu_seconds": round(time.process_time() - start, 2),
            "sum_off_by": abs(float(shares.value.sum()) - ties.customer_count),
        },
        "two_threads": threads(ties, options.repeats),
        "credit_of_a_million_cpu_seconds": round(credit(1_000_000, 5), 4),
    }
    text = json.dumps(report, indent=2)
    print(text)
    if options.save:
        Path(options.save).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
