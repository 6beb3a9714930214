"""What every sign tells."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.referrals.arrays import Float64, Int64
from graph.algorithms.significance import benjamini_hochberg

LEAST_SCORE, MOST_SCORE = 0.5, 0.95
ORDERS_OF_MAGNITUDE = 6.0
"""A q-value of 1e-6 and less gets the highest score."""


@dataclass(frozen=True, slots=True)
class Raised:
    """One row for each referral (or registration) that a sign speaks against."""

    row: Int64
    """Which one, counted from 0 as it was given."""
    cause: Int64
    """What rows of one cause share: the value, the ring, the referrer."""
    score: Float64
    count: Int64
    """How many were seen."""
    expected: Float64
    """How many are usual; NaN where the sign counts nothing."""
    q_value: Float64
    """After correction for everything that was tried; NaN where nothing was tested."""


def q_values(p_values: Float64) -> Float64:
    """Benjamini and Hochberg's, over all that were tried."""
    with np.errstate(divide="ignore"):
        return np.exp(benjamini_hochberg(np.log(np.maximum(p_values, 1e-300))))


def scored(q_value: Float64) -> Float64:
    """0.5 where it is 0.01 or more, 0.95 where it is a millionth or less, by the logarithm between."""
    with np.errstate(divide="ignore"):
        magnitude = -np.log10(np.maximum(q_value, 1e-300))
    part = np.clip((magnitude - 2) / (ORDERS_OF_MAGNITUDE - 2), 0, 1)
    return LEAST_SCORE + (MOST_SCORE - LEAST_SCORE) * part
