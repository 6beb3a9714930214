"""Random numbers by key: SplitMix64 (Steele, Lea, Flood 2014) gives the same number wherever it is asked.

A Numba cache does not see changes of other modules: whoever changes these lines clears the caches of their callers.
"""

import numpy as np

from graph.algorithms.kernels import kernel

STEP = np.uint64(0x9E3779B97F4A7C15)
"""From one state of a stream to the next."""


@kernel
def mix(state: np.uint64) -> np.uint64:
    """SplitMix64's finisher."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@kernel
def stream_of(seed: np.uint64, collection: np.uint64) -> np.uint64:
    """Where the numbers of one collection of a seed begin."""
    return mix(mix(seed + STEP) + collection)


@kernel
def uniform(state: np.uint64) -> float:
    """A number in [0, 1) out of the top 53 bits."""
    return unit(mix(state))


@kernel
def unit(word: np.uint64) -> float:
    """The number in [0, 1) that the top 53 bits of a word stand for."""
    return np.float64(word >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def between(state: np.uint64) -> float:
    """A number above 0 and below 1 out of the top 52 bits, so that its logarithm is finite."""
    return (np.float64(mix(state) >> np.uint64(12)) + 0.5) * (1.0 / 4503599627370496.0)
