"""Why a customer has influence: the strongest paths from them, each the likeliest way to one other customer."""

import heapq
from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int32, Int64, Ties
from graph.algorithms.kernels import kernel

LONGEST = 6
"""Customers on a path, the first included; beyond that a path explains nothing."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Customer u's paths are rows pointer[u] to pointer[u + 1], strongest first."""

    pointer: Int64
    customers: Int32
    """Shape (paths, LONGEST): who is on the path, from the customer on; -1 after its end."""
    probability: Float64
    """That one share runs along the whole path."""


def strongest_paths(ties: Ties, most: int) -> Paths:
    """Up to `most` paths a customer, by the likeliest path to each target (Dijkstra 1959 on -log p, stopped early).

    Equal paths are ordered by their last customer. Time O(arcs of the first `most` customers reached · log).
    """
    found, chains, chances = _search(ties.pointer, ties.target, ties.probability, ties.pass_on, most)
    kept = np.arange(most)[None, :] < found[:, None]
    pointer = np.concatenate([[0], np.cumsum(found)]).astype(np.int64)
    return Paths(pointer, chains[kept], chances[kept])


@kernel
def _search(
    pointer: Int64, target: Int32, probability: Float64, pass_on: Float64, most: int
) -> tuple[Int32, Int32, Float64]:
    count = pointer.size - 1
    found = np.zeros(count, np.int32)
    chains = np.full((count, most, LONGEST), -1, np.int32)
    chances = np.zeros((count, most))
    settled = np.full(count, -1, np.int64)
    above, depth = np.full(count, -1, np.int32), np.zeros(count, np.int32)
    for customer in range(count):
        if most == 0 or pointer[customer] == pointer[customer + 1]:
            continue
        # Entries are (-probability of the path, its last customer, the one before).
        heap = [(-1.0, np.int64(customer), np.int64(-1))]
        while heap and found[customer] < most:
            chance, node, before = heapq.heappop(heap)
            if settled[node] == customer:
                continue
            settled[node], above[node] = customer, before
            depth[node] = 1 if before < 0 else depth[before] + 1
            if before >= 0:
                walker = node
                for place in range(depth[node] - 1, -1, -1):
                    chains[customer, found[customer], place] = walker
                    walker = above[walker]
                chances[customer, found[customer]] = -chance
                found[customer] += 1
            onward = chance if before < 0 else chance * pass_on[node]
            if depth[node] < LONGEST and onward < 0:
                for arc in range(pointer[node], pointer[node + 1]):
                    if settled[target[arc]] != customer and probability[arc] > 0:
                        heapq.heappush(heap, (onward * probability[arc], np.int64(target[arc]), np.int64(node)))
    return found, chains, chances
