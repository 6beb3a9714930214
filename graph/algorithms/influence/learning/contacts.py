"""How many contacts each sharer has, the unseen ones included, judged by how often the seen ones showed again.

A share shows a contact (a click, a move) with one probability; a contact that n shares could have shown is seen with
1 - (1 - q)ⁿ, and q is the maximum-likelihood value for contacts seen at least once (zero-truncated binomial, the
parametric form of Good 1953 and Turing's count of the unseen). The seen are then Poisson around the true number.
"""

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int32, Int64
from graph.algorithms.influence.learning.rates import Rates, fit_rates

HALVINGS = 60
REPEATS_BEFORE = 0.5
"""Counted on top of the repeats seen, so that few contacts without a repeat do not mean contacts without end."""


def shown(share_of_click: Int32, tie_of_click: Int64, share_of_move: Int32, tie_of_move: Int64, ties: int) -> Float64:
    """By how many different shares each tie was shown, by a click or by a move."""
    tie = np.concatenate([tie_of_click, tie_of_move])
    share = np.concatenate([share_of_click, share_of_move]).astype(np.int64) + 1
    width = int(share.max(initial=0)) + 1
    pair = np.unique(tie * width + share)
    return np.bincount(pair // width, minlength=ties).astype(np.float64)


def fit_contacts(seen: Float64, trials: Float64, showing: float) -> Rates:
    """The number of contacts of sharers who showed `seen` of them in `trials` shares each."""
    if showing >= 1:
        return Rates(seen, np.zeros(seen.size))
    contacts = fit_rates(seen, -np.expm1(trials * np.log1p(-showing)))
    return Rates(np.maximum(contacts.mean, seen), contacts.variance)


def showing_rate(times: Float64, trials: Float64) -> float:
    """The probability q that a share shows a contact, from ties shown `times` ≥ 1 times in `trials` ≥ 1 shares.

    1 where no tie could have shown twice: nothing then tells of unseen contacts.
    """
    target = times.sum() + REPEATS_BEFORE
    low, high = 0.0, 1.0
    if trials.sum() <= target:
        return 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        expected = (trials * middle / -np.expm1(trials * np.log1p(-middle))).sum()
        low, high = (middle, high) if expected < target else (low, middle)
    return high
