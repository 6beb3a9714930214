"""Random numbers by key: SplitMix64 (Steele, Lea, Flood 2014) gives the same number wherever it is asked."""

import numpy as np

from graph.algorithms.kernels import kernel

STEP = 0x9E3779B97F4A7C15
"""From one state of a stream to the next."""


@kernel
def mix(state: np.uint64) -> np.uint64:
    """SplitMix64's finisher."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@kernel
def uniform(state: np.uint64) -> float:
    """A number in [0, 1) out of the top 53 bits."""
    return np.float64(mix(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
