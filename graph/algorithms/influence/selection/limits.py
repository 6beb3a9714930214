"""What a choice may hold: at most k, within a budget of costs, no more than so many of each group.

`most_by` is the largest sum of values that any allowed choice could reach if values simply added up: what every bound
on the best choice rests on. Exact for k and groups (a matroid), the fractional knapsack where there are costs.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.errors import BadInput


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """The rules of one choice; `cost` and `group` have one entry a customer, or none where there is no such rule."""

    k: int
    cost: Float64
    budget: float
    group: Int64
    room: Int64
    """How many of each group may be chosen beside the already enlisted."""

    @property
    def guarantee(self) -> float | None:
        """The least share of the best cover that greedy reaches; None where nothing is proven.

        1 - (1 - 1/k)^k by k alone (Nemhauser, Wolsey, Fisher 1978), 1/2 with groups (Fisher, Nemhauser, Wolsey 1978),
        0.405 with costs as long as k does not bind (greedy by gain and cost, or the best single: Tang et al. 2021).
        """
        if self.cost.size:
            return None if self.group.size or self._k_may_bind else 0.405
        return 0.5 if self.group.size else 1 - (1 - 1 / self.k) ** self.k

    @property
    def _k_may_bind(self) -> bool:
        cheapest = np.sort(self.cost)[: self.k + 1]
        return bool(cheapest.size > self.k and cheapest.sum() <= self.budget)


def limits(
    count: int,
    k: int,
    costs: Float64 | None = None,
    budget: float | None = None,
    groups: Int64 | None = None,
    group_most: int | None = None,
    already: tuple[int, ...] = (),
) -> Limits:
    """Check and fill in. Raises `BadInput` where a rule is half given or cannot be."""
    if (costs is None) != (budget is None) or (groups is None) != (group_most is None):
        raise BadInput("costs go with a budget, and groups with group_most: give both of a pair, or neither")
    if costs is not None and (costs.size != count or not ((costs >= 0) & (costs < np.inf)).all()):
        raise BadInput(f"costs must be 0 or more and finite, one for each of the {count} customers")
    if budget is not None and not 0 <= budget < np.inf:
        raise BadInput(f"budget must be 0 or more and finite, not {budget}")
    if groups is not None and (groups.size != count or (count and int(groups.min()) < 0)):
        raise BadInput(f"groups must be numbers from 0, one for each of the {count} customers")
    if group_most is not None and group_most < 1:
        raise BadInput(f"group_most must be 1 or more, not {group_most}")
    group = np.empty(0, np.int64) if groups is None else groups.astype(np.int64)
    return Limits(
        k,
        np.empty(0) if costs is None else costs.astype(np.float64),
        0.0 if budget is None else float(budget),
        group,
        np.empty(0, np.int64) if group_most is None else _room(group, group_most, already),
    )


def _room(group: Int64, group_most: int, already: tuple[int, ...]) -> Int64:
    enlisted = group[list(already)] if group.size else group
    taken = np.bincount(enlisted, minlength=int(group.max()) + 1 if group.size else 0)
    return np.maximum(group_most - taken, 0).astype(np.int64)


def most_by(value: Float64, allowed: Limits) -> tuple[float, Bool]:
    """The largest sum of values (0 or more each), rounded up where it is a relaxation, and who is in it."""
    order = _dearest_first(value, allowed)
    taken = np.zeros(value.size, np.bool_)
    taken[order[: allowed.k]] = True
    most = float(value[order[: allowed.k]].sum())
    if not allowed.cost.size:
        return most, taken
    whole, within = _knapsack(value, allowed)
    return (whole, within) if whole < most else (most, taken)


def _dearest_first(value: Float64, allowed: Limits) -> Int64:
    """At least the k dearest customers that the groups let through, no more of each than allowed."""
    if not allowed.group.size:
        k = min(allowed.k, value.size)
        return np.argpartition(value, value.size - k)[value.size - k :]
    order = np.lexsort((-value, allowed.group))
    group = allowed.group[order]
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    rank = np.arange(order.size) - np.repeat(first, np.diff(np.append(first, order.size)))
    free = order[rank < allowed.room[group]]
    return free[np.argsort(-value[free], kind="stable")]


def _knapsack(value: Float64, allowed: Limits) -> tuple[float, Bool]:
    """The most that the budget buys where parts of customers can be had; who is bought whole."""
    worth = np.flatnonzero(value > 0)
    worth = worth[np.argsort(-value[worth] / np.maximum(allowed.cost[worth], 1e-300), kind="stable")]
    spent = np.cumsum(allowed.cost[worth])
    whole = int(np.searchsorted(spent, allowed.budget, side="right"))
    taken = np.zeros(value.size, np.bool_)
    taken[worth[:whole]] = True
    total = float(value[worth[:whole]].sum())
    if whole < worth.size:
        left = allowed.budget - (float(spent[whole - 1]) if whole else 0.0)
        total += float(value[worth[whole]]) * left / float(allowed.cost[worth[whole]])
    return total, taken
