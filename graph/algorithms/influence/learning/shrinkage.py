"""What is believed of each tie, and of all ties of a sharer together, once thin data are drawn towards their like.

A sharer with d contacts (`contacts.py`) moves each of them with a probability around the sharer's own strength μ; the
strengths come from a prior fitted to all sharers (`rates.py`). A tie is Beta(a, a/μ - a): so alike are the ties of one
sharer, a by maximum marginal likelihood over all ties. After k successes in n trials it is (a + k)/(a/μ + n), averaged
over what is believed of μ. Contacts not seen yet count as ties with k = 0: their sum is the unseen mass. Thus what all
ties of a sharer move together follows the moves per share, which no unseen tie can bias.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln

from graph.algorithms.influence.arrays import Float64, Int64, summed
from graph.algorithms.influence.learning.contacts import fit_contacts, showing_rate
from graph.algorithms.influence.learning.evidence import Evidence
from graph.algorithms.influence.learning.rates import Rates, fit_rates

EVENNESS = np.geomspace(0.1, 100.0, 61)
"""The values of a that are tried."""
SAMPLE = 50_000
STRONGEST, TINY = 0.98, 1e-12
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(7)


@dataclass(frozen=True, slots=True)
class Belief:
    """Posterior means and variances: of every known tie, and of every customer's ties together."""

    probability: Float64
    variance: Float64
    hidden: Float64
    """Per customer, as in `Reach`."""
    hidden_chance: Float64
    strength_variance: Float64


def fixed_prior(evidence: Evidence, weight: float) -> Belief:
    """Every tie drawn towards the mean of all as if `weight` more trials had shown it; nothing unseen."""
    trials, successes, count = evidence.trials, evidence.successes, evidence.customer_trials.size
    mean = float(successes.sum() / trials.sum()) if trials.size else 0.0
    chance = np.minimum((successes + weight * mean) / (trials + weight), 1.0)
    variance = chance * (1 - chance) / (trials + weight + 1)
    none = np.zeros(count)
    return Belief(chance, variance, none, none, none)


def fitted_prior(evidence: Evidence, unfaded: Evidence) -> Belief:
    """The hierarchy above, every prior fitted to the evidence itself. O(ties + sharers), twice the grid of priors.

    Strengths are those of the evidence, which may have faded; contacts stay, and are counted out of all of it.
    """
    count, ties = evidence.customer_trials.size, evidence.source.size
    hidden, hidden_chance, strength_variance = np.zeros(count), np.zeros(count), np.zeros(count)
    if not evidence.successes.sum() > 0:
        return Belief(np.zeros(ties), np.zeros(ties), hidden, hidden_chance, strength_variance)
    sharers = np.flatnonzero(evidence.customer_trials > 0)
    trials = evidence.customer_trials[sharers]
    moved = summed(evidence.source, evidence.successes, count)[sharers]
    seen = np.bincount(evidence.source, minlength=count).astype(np.float64)[sharers]
    contacts = fit_contacts(seen, unfaded.customer_trials[sharers], showing_rate(unfaded.times_shown, unfaded.trials))
    strength = fit_rates(moved, trials * contacts.mean)
    unseen = np.maximum(contacts.mean - seen, 0.0)
    of_tie = np.searchsorted(sharers, evidence.source)
    evenness = _evenness(evidence, of_tie, strength, unseen, trials)
    tie = _ties(evenness, _of(strength, of_tie), evidence.successes, evidence.trials)
    doubted = _of(_doubted(strength, evenness, contacts, moved, trials), of_tie)
    doubt = _ties(evenness, doubted, evidence.successes, evidence.trials).variance
    unseen_tie = _ties(evenness, strength, np.zeros(sharers.size), trials)
    alone = [
        summed(of_tie, known, sharers.size) + unseen * other
        for known, other in ((tie.variance, unseen_tie.variance), (tie.mean**2, unseen_tie.mean**2))
    ]
    hidden[sharers], hidden_chance[sharers] = unseen, unseen_tie.mean
    strength_variance[sharers] = _together(_reach(evenness, strength, contacts, moved, trials), *alone)
    return Belief(tie.mean, np.maximum(doubt, tie.variance), hidden, hidden_chance, strength_variance)


def _doubted(strength: Rates, evenness: float, contacts: Rates, moved: Float64, trials: Float64) -> Rates:
    """The strengths with what a tie's interval must doubt beside chance: that contacts differ, and how many they are.

    Of contacts that are but Beta(a, a/μ - a), n shares tell of μ as n / (1 + n μ/a) shares would of equal ones.
    """
    heard = 1 / (1 + trials * strength.mean / evenness)
    told = fit_rates(moved * heard, trials * contacts.mean * heard)
    relative = (
        told.variance / np.maximum(told.mean, TINY) ** 2 + contacts.variance / np.maximum(contacts.mean, TINY) ** 2
    )
    return Rates(strength.mean, strength.mean**2 * relative)


def _of(rates: Rates, rows: Int64) -> Rates:
    return Rates(rates.mean[rows], rates.variance[rows])


def _together(reach: Rates, variances: Float64, squares: Float64) -> Float64:
    """The variance of a factor common to all ties of a sharer: what the ties' own variances leave of the sum's."""
    common = np.maximum(reach.variance - variances, 0.0)
    return common / np.maximum(np.maximum(reach.mean**2 - squares, reach.mean**2 / 10), TINY)


def _evenness(evidence: Evidence, of_tie: Int64, strength: Rates, hidden: Float64, trials: Float64) -> float:
    """The a that makes the successes of all ties, the unseen ones included, likeliest (beta-binomial)."""
    step, skip = max(1, -(-of_tie.size // SAMPLE)), max(1, -(-trials.size // SAMPLE))
    successes, tried = evidence.successes[::step], evidence.trials[::step]
    mean = np.minimum(strength.mean, STRONGEST)
    of_known, of_hidden = mean[of_tie[::step]], mean[::skip]
    best, likelihood = EVENNESS[0], -np.inf
    for evenness in EVENNESS:
        other, rest = evenness / of_known - evenness, evenness / of_hidden - evenness
        known = betaln(evenness + successes, other + tried - successes) - betaln(evenness, other)
        unseen = hidden[::skip] * (betaln(evenness, rest + trials[::skip]) - betaln(evenness, rest))
        total = float(known.sum() * step + unseen.sum() * skip)
        if total > likelihood:
            best, likelihood = evenness, total
    return float(best)


def _ties(evenness: float, strength: Rates, successes: Float64, trials: Float64) -> Rates:
    mean, second = np.zeros(trials.size), np.zeros(trials.size)
    for weight, each in _over(strength):
        total = evenness / each + trials
        chance = np.minimum((evenness + successes) / total, 1.0)
        mean += weight * chance
        second += weight * (chance * (1 - chance) / (total + 1) + chance**2)
    return Rates(mean, np.maximum(second - mean**2, 0.0))


def _reach(evenness: float, strength: Rates, contacts: Rates, moved: Float64, trials: Float64) -> Rates:
    """What all contacts of a sharer add up to; they share the sharer's strength, so variances do not simply add."""
    mean, second = np.zeros(trials.size), np.zeros(trials.size)
    for weight, each in _over(strength):
        total = evenness / each + trials
        reach = (evenness * contacts.mean + moved) / total
        mean += weight * reach
        others = np.maximum(1 - reach / np.maximum(contacts.mean, TINY), 0.0)
        second += weight * (reach * others / (total + 1) + reach**2)
    # Where much was moved, one contact more only makes each of them weaker: the strength was fitted to this number.
    left = np.clip(1 - trials * contacts.mean * strength.variance / strength.mean, 0.0, 1.0)
    by_contact = left * evenness / (evenness / strength.mean + trials)
    return Rates(mean, np.maximum(second - mean**2, 0.0) + by_contact**2 * contacts.variance)


def _over(rates: Rates) -> Iterator[tuple[float, Float64]]:
    """Nodes and weights over what is believed of the rates: a log-normal with their mean and variance."""
    spread = np.log1p(rates.variance / rates.mean**2)
    for node, weight in zip(NODES, NODE_WEIGHTS / NODE_WEIGHTS.sum(), strict=True):
        yield float(weight), np.minimum(rates.mean * np.exp(np.sqrt(spread) * node - spread / 2), STRONGEST)
