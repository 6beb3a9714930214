"""Random numbers that depend on the seed, the purpose and the day alone, and the arrays that they fill."""

import zlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def stream(seed: int, purpose: str, day: int = 0) -> np.random.Generator:
    """A generator of its own for each purpose and day, so that one part's appetite never shifts another's numbers.

    Only uniform numbers are drawn from it: they are whole-number arithmetic and alike on every machine.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), day])))


def pick(rng: np.random.Generator, weights: tuple[float, ...], size: int) -> Ints:
    """Draw `size` positions, each in proportion to its weight."""
    limits = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(limits[:-1] / limits[-1], rng.random(size), side="right").astype(np.int64)


def whole(rng: np.random.Generator, least: int, most: int, size: int) -> Ints:
    """Whole numbers from least to most, both included."""
    return least + np.floor(rng.random(size) * (most - least + 1)).astype(np.int64)


def heavy_tail(rng: np.random.Generator, least: float, exponent: float, most: float, size: int) -> Floats:
    """Pareto numbers of the given exponent, cut off at `most`; rounded, so that a last bit of `pow` cannot matter."""
    return rounded(np.minimum(least * (1.0 - rng.random(size)) ** (-1.0 / exponent), most))


def rounded(values: Floats, digits: int = 6) -> Floats:
    """To so many digits after the point: parameters keep no bit that machines may differ in."""
    return np.asarray(np.round(values, digits), dtype=np.float64)
