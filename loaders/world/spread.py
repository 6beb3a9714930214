"""The true influence of every sharer: the mean over many simulated shares of the planted process, time left out."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.kernels import kernel
from loaders.world.draws import Floats, Ints, rounded
from loaders.world.network import Network
from loaders.world.sharing import MOST_GENERATIONS


@dataclass(frozen=True, slots=True)
class TrueInfluence:
    """One element a customer; zero for those without ties."""

    spread: Floats
    """Expected number of distinct others whom one share of the customer's own accord moves, re-shares included."""
    spread_error: Floats
    """Standard error of `spread`, from the simulation."""
    revenue_cents: Floats
    """Expected amount of the purchases so moved."""


def true_influence(network: Network, worth_cents: Floats, runs: int, seed: int) -> TrueInfluence:
    """Simulate `runs` shares of each sharer; time O(runs × contacts reached), memory O(customers).

    Everyone counts as registered and awake: a move is a purchase worth `worth_cents` of the moved customer.
    """
    spread, squares, revenue = _simulate(
        network.pointer, network.contact, network.probability, network.pass_on, worth_cents,
        np.flatnonzero(np.diff(network.pointer)).astype(np.int64), runs, MOST_GENERATIONS, seed,
    )  # fmt: skip
    mean = spread / runs
    error = np.sqrt(np.maximum(squares / runs - mean * mean, 0.0) / runs)
    return TrueInfluence(rounded(mean), rounded(error), rounded(revenue / runs, 2))


@kernel
def _simulate(
    pointer: Ints,
    contact: Ints,
    probability: Floats,
    pass_on: Floats,
    worth: Floats,
    sources: Ints,
    runs: int,
    most_generations: int,
    seed: int,
) -> tuple[Floats, Floats, Floats]:
    """Sums over the runs: moved, moved squared, revenue. Random numbers are numpy's legacy ones inside Numba."""
    size = pointer.size - 1
    spread, squares, revenue = np.zeros(size), np.zeros(size), np.zeros(size)
    reached_in = np.full(size, -1, dtype=np.int64)
    queue = np.empty(size, dtype=np.int64)
    run = 0
    np.random.seed(seed % 4294967296)
    for source in sources:
        for _ in range(runs):
            run += 1
            reached_in[source] = run
            queue[0] = source
            head, tail, moved, value = 0, 1, 0, 0.0
            generation, ends = 0, 1
            while head < tail and generation < most_generations:
                for place in range(head, ends):
                    for tie in range(pointer[queue[place]], pointer[queue[place] + 1]):
                        other = contact[tie]
                        if reached_in[other] == run or np.random.random() >= probability[tie]:
                            continue
                        reached_in[other] = run
                        moved += 1
                        value += worth[other]
                        if pass_on[other] > 0.0 and np.random.random() < pass_on[other]:
                            queue[tail] = other
                            tail += 1
                head, ends = ends, tail
                generation += 1
            spread[source] += moved
            squares[source] += moved * moved
            revenue[source] += value
    return spread, squares, revenue
