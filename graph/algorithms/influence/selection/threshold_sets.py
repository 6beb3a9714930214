"""Reverse-reachable sets of the linear threshold model: a walk that follows at most one in-tie of each customer.

A customer whose ties from the moved add up to their threshold is moved; equally, each customer keeps at most one
in-tie, each as often as its probability says, and is moved by whom that leads to (Kempe, Kleinberg, Tardos 2003,
theorem 2.5).
"""

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, Uint32
from graph.algorithms.influence.splitmix import STEP, mix, uniform, unit
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

SLACK = 1e-9


def stacked(ties: ReverseTies) -> Float64:
    """In-ties added up within each row. Raises `BadInput` where they come to more than 1. O(ties)."""
    up_to = ties.probability.copy()
    most = _stack(ties.run_start, ties.run_pointer, up_to)
    if most > 1 + SLACK:
        raise BadInput(
            f"the ties to a customer must add up to 1 at most for the linear threshold model, not {most:.6g}"
        )
    return up_to


@kernel
def _stack(run_start: Uint32, run_pointer: Uint32, up_to: Float64) -> float:
    most = 0.0
    for customer in range(run_pointer.size - 1):
        first, end = run_start[run_pointer[customer]], run_start[run_pointer[customer + 1]]
        total = 0.0
        for tie in range(first, end):
            total += up_to[tie]
            up_to[tie] = total
        most = max(most, total)
    return most


@kernel
def sample_thresholds(
    run_start: Uint32,
    run_pointer: Uint32,
    source: Uint32,
    up_to: Float64,
    pass_on: Float64,
    roots: Float64,
    strata: float,
    place: int,
    enlisted: Bool,
    stream: np.uint64,
    first: int,
    steps: int,
    pointer: Int64,
    member: Uint32,
    visited: Uint32,
) -> int:
    """Fill `pointer` and `member`; how many sets fitted."""
    count = visited.size
    tail = weighty = 0
    if roots.size:
        weighty = np.searchsorted(roots, place / strata, side="right")
    for index in range(pointer.size - 1):
        if member.size - tail < count:
            return index
        stamp = np.uint32(first + index + 1)
        state = mix(stream + np.uint64(first + index))
        part = (place + index + unit(state)) / strata
        if roots.size:
            while roots[weighty] <= part:
                weighty += 1
            customer = np.uint32(weighty)
        else:
            customer = np.uint32(min(part * count, count - 1.0))
        step = 0
        while visited[customer] != stamp:
            visited[customer] = stamp
            member[tail] = customer
            tail += 1
            if enlisted[customer] or step >= steps:
                break
            if step and pass_on[customer] < 1.0:
                state += STEP
                if uniform(state) >= pass_on[customer]:
                    break
            step += 1
            low = np.int64(run_start[run_pointer[customer]])
            end = np.int64(run_start[run_pointer[customer + np.uint32(1)]])
            state += STEP
            tie = low + np.searchsorted(up_to[low:end], uniform(state), side="right")
            if tie < end:
                customer = source[tie]
        pointer[index + 1] = tail
    return pointer.size - 1
