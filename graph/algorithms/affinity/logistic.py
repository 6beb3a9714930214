"""Logistic regression towards a prior by Newton's method, with sums that are the same whatever computes them."""

from typing import cast

import numpy as np

from graph.algorithms.affinity.baskets import Float64

STEPS, NEAR = 50, 1e-6


def probability(evidence: Float64, weights: Float64) -> Float64:
    """How likely each row is."""
    return (1 + np.tanh(_summed("ij,j->i", evidence, weights) / 2)) / 2


def learned(evidence: Float64, happened: Float64, prior: Float64, worth: float) -> Float64:
    """The weights of highest posterior probability, each drawn towards its prior by a Normal of precision `worth`.

    Without rows they are the prior. Time O(rows · columns² · steps).
    """
    weights = prior.copy()
    loss = _loss(evidence, happened, weights, prior, worth)
    for _ in range(STEPS):
        likely = probability(evidence, weights)
        slope = _summed("ij,i->j", evidence, happened - likely) - worth * (weights - prior)
        bend = _summed("ij,ik->jk", evidence * (likely * (1 - likely))[:, None], evidence)
        step = cast("Float64", np.linalg.solve(bend + worth * np.eye(prior.size), slope))
        # Far from the end a whole step may lead away from it: half of it is then tried.
        while (tried := _loss(evidence, happened, weights + step, prior, worth)) > loss and np.abs(step).max() > NEAR:
            step = step / 2
        weights, loss = weights + step, tried
        if np.abs(step).max() < NEAR:
            break
    return weights


def _summed(places: str, one: Float64, other: Float64) -> Float64:
    # Not `@`: a BLAS adds up in an order that depends on the threads, and scores are the same bit for bit.
    return cast("Float64", np.einsum(places, one, other))


def _loss(evidence: Float64, happened: Float64, weights: Float64, prior: Float64, worth: float) -> float:
    score = _summed("ij,j->i", evidence, weights)
    away = weights - prior
    return float(np.sum(np.logaddexp(0, score) - happened * score) + worth / 2 * np.sum(away * away))
