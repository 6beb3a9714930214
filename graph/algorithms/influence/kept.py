"""Which figures of an earlier spread still stand once the ties were learned anew, and which must be simulated again.

Priors are fitted to all, evidence fades and ripens, and who the unseen contacts are is drawn from all who were moved:
one event moves every belief a little, most of them by next to nothing. What that does to a customer's spread is told by
the mean of what is believed, without chance: the spread as if no two ways led to the same customer, an unseen contact
being an average one. A figure stands as long as that expectation, the money with it, and the doubt about the customer's
own ties are near those that the figure was simulated with; so that nothing adds up from one refresh to the next.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Bool, Delays, Float64, Ties, summed
from graph.algorithms.influence.request import InfluenceRequest
from graph.algorithms.influence.timed_worlds import in_time
from graph.algorithms.influence.worlds import CLOSE_ENOUGH, GENERATIONS

NEAR = 0.05
"""Standard errors of a figure by which its expectation may depart before it is simulated anew."""
NEAR_DOUBT = 0.05
"""The part by which the variance of what a customer's own ties move may depart."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a spread follows from, one entry a customer; NaN where nothing is known of an earlier one."""

    moved: Float64
    """Expected by the mean of what is believed."""
    revenue: Float64
    doubt: Float64
    """Variance of what one share moves itself."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Simulated figures with the basis that they were simulated on, one entry a customer."""

    moved: Float64
    moved_variance: Float64
    revenue: Float64
    revenue_variance: Float64
    basis: Basis

    def standing(self, now: Basis) -> Bool:
        """Which of them stand by what is believed now."""
        then, count = self.basis, self.moved.size
        near = np.abs(now.moved - then.moved) <= NEAR * np.sqrt(self.moved_variance)
        near &= np.abs(now.revenue - then.revenue) <= NEAR * np.sqrt(self.revenue_variance)
        near &= np.abs(now.doubt - then.doubt) <= NEAR_DOUBT * then.doubt
        # Where ways lead back and forth the expectation ends at everybody, and then tells nothing.
        return near & (now.moved < count)


@dataclass(frozen=True, slots=True)
class Kept:
    """Figures of an earlier run, and whose of them stand; the others are simulated."""

    figures: Figures
    standing: Bool

    def basis(self, now: Basis) -> Basis:
        """What each figure was simulated on: those that stand some time ago, the others now."""
        then = self.figures.basis
        columns = (then.moved, now.moved), (then.revenue, now.revenue), (then.doubt, now.doubt)
        return Basis(*(np.where(self.standing, old, new) for old, new in columns))


def basis_of(ties: Ties, request: InfluenceRequest, delays: Delays) -> Basis:
    """What the spread of everybody follows from. Time O(ties · generations), memory O(ties)."""
    count, reach = ties.customer_count, ties.reach
    source = np.repeat(np.arange(count), np.diff(ties.pointer))
    unseen = reach.hidden * reach.hidden_chance
    strangers = np.bincount(reach.strangers, minlength=count) / max(1, reach.strangers.size)
    onward = ties.pass_on * np.maximum(np.diff(ties.pointer) > 0, np.minimum(reach.hidden, 1.0))
    counts = np.ones(GENERATIONS) if request.within_days is None else in_time(request.within_days, delays)

    def expected(worth: Float64) -> Float64:
        """Of what those whom one share moves are worth."""
        known = summed(source, ties.probability * worth[ties.target], count)
        return known + unseen * float(strangers @ worth)

    moved, revenue = np.zeros(count), np.zeros(count)
    people, money = np.ones(count), ties.revenue
    for part in counts:
        people, money = np.minimum(expected(people), count), expected(money)
        moved += people * part
        revenue += money * part
        if (people * part).max(initial=0.0) < CLOSE_ENOUGH:
            break
        people, money = onward * people, onward * money
    doubt = summed(source, ties.variance, count) + reach.strength_variance * ties.direct**2 + unseen
    return Basis(np.minimum(moved, count), revenue, doubt)
