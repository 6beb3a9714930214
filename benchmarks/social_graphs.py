"""Made-up social graphs for benchmarks: power-law degrees, ties one way or both, probabilities as in the papers."""

import numpy as np

Graph = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Out-ties in compressed rows: pointer, target, probability."""
PARTS = ("even", "degrees", "uniform", "uniform_both", "cascade")


def power_law(customers: int, ties: int, exponent: float = 2.2, both_ways: bool = True, seed: int = 0) -> np.ndarray:
    """Distinct ties as rows (from, to) in order, none to oneself: Chung and Lu's graph of expected degrees.

    About as many as asked for; where they go both ways, each is there twice.
    """
    random = np.random.default_rng(seed)
    weight = (np.arange(customers) + customers**0.3) ** (-1 / (exponent - 1))
    share = np.cumsum(weight) / weight.sum()
    drawn = int(ties * 1.12) // (2 if both_ways else 1)
    ends = random.permutation(customers)[np.searchsorted(share, random.random((drawn, 2))).clip(max=customers - 1)]
    ends = ends[ends[:, 0] != ends[:, 1]]
    if both_ways:
        ends = np.concatenate([ends, ends[:, ::-1]])
    keys = np.unique(ends[:, 0].astype(np.int64) * customers + ends[:, 1])
    return np.stack([keys // customers, keys % customers], axis=1)


def with_probabilities(customers: int, ties: np.ndarray, how: str, level: float = 0.02, seed: int = 0) -> Graph:
    """Ties as the algorithms want them.

    `even`: level; `degrees`: 2 / (du + dv); `uniform`: up to level, `uniform_both` the same both ways; `cascade`: 1 /
    in-degree.
    """
    source, target = ties[:, 0], ties[:, 1]
    random = np.random.default_rng(seed)
    into = np.bincount(target, minlength=customers)
    if how == "even":
        chance = np.full(source.size, level)
    elif how == "degrees":
        chance = np.minimum(1.0, 2 / (into[source] + into[target]))
    elif how == "uniform":
        chance = random.random(source.size) * level
    elif how == "uniform_both":
        pair = np.minimum(source, target) * customers + np.maximum(source, target)
        kinds, which = np.unique(pair, return_inverse=True)
        chance = (random.random(kinds.size) * level)[which]
    elif how == "cascade":
        chance = 1.0 / into[target]
    else:
        raise ValueError(f"how must be one of {', '.join(PARTS)}, not {how}")
    pointer = np.searchsorted(source, np.arange(customers + 1)).astype(np.int64)
    return pointer, target.astype(np.uint32), chance
