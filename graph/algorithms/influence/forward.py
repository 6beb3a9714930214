"""Forward simulation: how many a given choice of advocates moves, cascade by cascade.

The plain way (Kempe, Kleinberg, Tardos 2003), with no code in common with the reverse walk: what spreads are
checked by. A coin is tossed before anybody looks whether its target is moved already, so that most ties are read in
order alone.
"""

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.influence.arrays import Float64, Int32, Int64
from graph.algorithms.influence.splitmix import STEP, mix
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

Uint32 = NDArray[np.uint32]
Uint64 = NDArray[np.uint64]
HALF = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)


def cascades(
    pointer: Int64, target: Int32 | Uint32, probability: Float64, advocates: Int64, simulations: int, seed: int = 0
) -> Int64:
    """Customers moved in each cascade, the advocates included; out-ties in compressed rows.

    Probabilities are taken to 2**-32. Time O(ties of the moved), memory 8 bytes a customer and 8 a tie. Raises
    `BadInput` where an advocate is no customer, named twice, or there are no simulations.
    """
    count = pointer.size - 1
    if simulations < 1:
        raise BadInput(f"simulations must be 1 or more, not {simulations}")
    if advocates.size != np.unique(advocates).size or (
        advocates.size and not 0 <= advocates.min() <= advocates.max() < count
    ):
        raise BadInput(f"advocates must be different customers from 0 to {count - 1}")
    limit = np.rint(probability * 2.0**32).astype(np.uint64)
    return _simulated(
        pointer, target.astype(np.uint32), limit, advocates.astype(np.uint32), simulations, np.uint64(seed)
    )


@kernel
def _simulated(
    pointer: Int64, target: Uint32, limit: Uint64, advocates: Uint32, simulations: int, seed: np.uint64
) -> Int64:
    reached = np.empty(simulations, np.int64)
    visited, queue = np.zeros(pointer.size - 1, np.uint32), np.empty(pointer.size, np.uint32)
    start = mix(seed + STEP)
    for simulation in range(simulations):
        stamp, state = np.uint32(simulation + 1), mix(start + np.uint64(simulation))
        tail = 0
        for customer in advocates:
            visited[customer] = stamp
            queue[tail] = customer
            tail += 1
        head = 0
        while head < tail:
            customer = queue[head]
            head += 1
            first, end = pointer[customer], pointer[customer + np.uint32(1)]
            for tie in range(first, end - 1, 2):
                # Two coins out of one number.
                state += STEP
                coins = mix(state)
                if (coins & LOW) < limit[tie]:
                    other = target[tie]
                    if visited[other] != stamp:
                        visited[other] = stamp
                        queue[tail] = other
                        tail += 1
                if (coins >> HALF) < limit[tie + 1]:
                    other = target[tie + 1]
                    if visited[other] != stamp:
                        visited[other] = stamp
                        queue[tail] = other
                        tail += 1
            if (end - first) % 2:
                state += STEP
                if (mix(state) & LOW) < limit[end - 1]:
                    other = target[end - 1]
                    if visited[other] != stamp:
                        visited[other] = stamp
                        queue[tail] = other
                        tail += 1
        reached[simulation] = tail
    return reached
