"""Chains of a part of the customers, such as a district's, and whether they differ there from everywhere else.

A customer belongs to one scope or to none, with all purchases, so that every null holds within a scope as it does
everywhere and the scope and the rest share nobody. The difference is that of the two logarithms of lift over their
standard errors (Wald), both sides, corrected over all chains and scopes that were compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from graph.algorithms.chains.events import Float64, Int32, Int64, Purchases, bounds_of
from graph.algorithms.chains.mining import Chains, confirmed, rank
from graph.algorithms.chains.request import ChainsRequest
from graph.algorithms.chains.weighing import Weighed, slots_of, steps_of, weigh_pairs
from graph.algorithms.significance import benjamini_hochberg, log_p_of_difference


@dataclass(frozen=True, slots=True)
class ScopedChains:
    """The chains of one scope, as of `find_chains` (without the halves of the log), and the same of everybody else."""

    scope: int
    chains: Chains
    rest_lift: Float64
    """Lift among the customers outside; NaN where too few of them could have gone through."""
    log_p: Float64
    """Of no difference in lift; 0 where there is nothing to compare with."""
    log_q: Float64
    """Over all chains of all scopes that were compared."""


def standing_out(one: ScopedChains, request: ChainsRequest) -> Int64:
    """The rows that are confirmed within the scope, stand for themselves, and differ from the rest."""
    differs = (one.log_q < np.log(request.q_limit)) & ~np.isnan(one.rest_lift)
    return np.flatnonzero(confirmed(one.chains, request) & (one.chains.stronger < 0) & differs).astype(np.int64)


def find_by_scope(request: ChainsRequest, purchases: Purchases, scope: Int32) -> list[ScopedChains]:
    """One answer a scope, in their order; `scope` is each customer's, from 0, or -1 for none. Two passes a scope."""
    found = list(_each(request, purchases, scope))
    tested = [np.flatnonzero(~np.isnan(one.rest_lift)) for one in found]
    log_q = benjamini_hochberg(
        np.concatenate([np.zeros(0), *(one.log_p[rows] for one, rows in zip(found, tested, strict=True))])
    )
    ends = np.cumsum([rows.size for rows in tested], dtype=np.int64)
    return [
        replace(one, log_q=_spread(part, rows, one.chains.size))
        for one, rows, part in zip(found, tested, np.split(log_q, ends)[:-1], strict=True)
    ]


def _each(request: ChainsRequest, purchases: Purchases, scope: Int32) -> Iterator[ScopedChains]:
    whose = scope[purchases.customer]
    slots = slots_of(request, purchases)
    token_count = bounds_of(slots, purchases.category_count).shape[0]
    for code in range(int(scope.max(initial=-1)) + 1):
        within = steps_of(request, purchases.take(whose == code), slots)
        chains = rank(request, weigh_pairs(request, within), within)
        rest = weigh_pairs(request, steps_of(request, purchases.take(whose != code), slots))
        lift, log_p = _difference(chains, rest, token_count)
        yield ScopedChains(code, chains, lift, log_p, np.zeros(chains.size))


def _difference(chains: Chains, rest: Weighed, token_count: int) -> tuple[Float64, Float64]:
    """The rest's lift, and the two-sided log p of equal lifts."""
    at = rest.places(chains.keys(token_count), token_count)
    lift, error = np.append(rest.lift, np.nan)[at], np.append(rest.lift_error, np.nan)[at]
    log_p = log_p_of_difference((np.log(chains.lift), chains.lift_error), (np.log(lift), error))
    return lift, np.where(np.isnan(lift), 0.0, log_p)


def _spread(values: Float64, rows: Int64, size: int) -> Float64:
    answer = np.zeros(size)
    answer[rows] = values
    return answer
