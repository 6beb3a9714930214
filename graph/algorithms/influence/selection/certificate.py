"""Bounds on an expected share of sets from how many were hit: of one choice, and so of the best."""

from math import sqrt

Z95 = 1.959963984540054


def at_least(hits: int, doubt: float) -> float:
    """Lower bound on the expected hits: (√(Λ + 2a/9) - √(a/2))² - a/18 with a = ln(1/δ) (OPIM, lemma 4.2)."""
    return max(0.0, max(0.0, sqrt(hits + 2 * doubt / 9) - sqrt(doubt / 2)) ** 2 - doubt / 18)


def at_most(hits: int, doubt: float) -> float:
    """Upper bound on the expected hits: (√(Λ + a/2) + √(a/2))² (OPIM, lemma 4.3)."""
    return (sqrt(hits + doubt / 2) + sqrt(doubt / 2)) ** 2


def wilson(hits: int, sets: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share, spare = hits / sets, Z95**2 / sets
    middle = (share + spare / 2) / (1 + spare)
    half = sqrt(share * (1 - share) * spare + spare**2 / 4) / (1 + spare)
    return max(0.0, middle - half), min(1.0, middle + half)
