"""Social contribution, the X1 of RFM-X: what a customer has brought through others, as a grade from 1 to 5."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.credit import Credit

CENTS = 100.0
GRADES = 5


@dataclass(frozen=True, slots=True)
class Contribution:
    """One entry a customer."""

    revenue: Float64
    """Credited so far, direct and downstream, in units of the currency."""
    grade: Int64
    """1 for who brought nothing; 2 to 5 by quarters of those who brought something, equals alike."""


def social_contribution(credit: Credit) -> Contribution:
    """Grade what was credited; O(customers · log customers)."""
    revenue = (credit.direct + credit.downstream) / CENTS
    grade = np.ones(revenue.size, np.int64)
    brought = revenue > 0
    if brought.any():
        limits = np.quantile(revenue[brought], np.arange(1, GRADES - 1) / (GRADES - 1))
        grade[brought] = 2 + np.searchsorted(limits, revenue[brought], side="left")
    return Contribution(revenue, grade)
