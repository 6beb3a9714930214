"""What following brings: how long the last step takes to come, and what is paid for it.

An occurrence is a customer-day with the first step (of a longer chain: on which all steps but the last were completed)
that the last step followed, as `counting` and `hours` count it. It took the shortest time between a moment of that
day's step and a moment of the last step that follows it at the gap. What was paid for the last step's category in its
slot on the days (of hours: at the moments; of visits: on the next visit) that follow any occurrence is the chain's
revenue, each payment once, however many occurrences lead to it.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Float64, Int64, Purchases, Steps
from graph.algorithms.chains.language import MINUTES_A_DAY, Gap
from graph.algorithms.chains.longer import DAY, days_of
from graph.algorithms.chains.mining import Chains
from graph.algorithms.chains.request import ChainsRequest, Compared
from graph.algorithms.chains.weighing import KINDS


@dataclass(frozen=True, slots=True)
class Following:
    """How often, how soon, for how much."""

    occurrences: int
    median_minutes: float
    """NaN where nothing followed."""
    cents: int


@dataclass(frozen=True, slots=True)
class Payments:
    """Every moment of every step with what was paid, ordered by token and key."""

    pointer: Int64
    """Token t's moments are rows pointer[t] to pointer[t + 1]."""
    key: Int64
    """Customer × 2³² + minutes from the steps' origin."""
    paid: Int64
    """Cents of all rows before, one more than there are rows."""


def payments(steps: Steps, purchases: Purchases, cents: Int64) -> Payments:
    """The moments of the purchases, one row each. Time O(rows × log rows)."""
    minutes = (purchases.day.astype(np.int64) - steps.origin) * MINUTES_A_DAY + purchases.minute
    whole = (purchases.customer.astype(np.int64) << 32) + minutes
    own = steps.slots[purchases.category]
    minute = purchases.minute[:, None]
    row, slot = np.nonzero((minute >= own[:, :, 0]) & (minute < own[:, :, 1]))
    token = purchases.category[row].astype(np.int64) * steps.slot_count + slot
    order = np.lexsort((whole[row], token))
    pointer = np.searchsorted(token[order], np.arange(steps.token_count + 1)).astype(np.int64)
    return Payments(pointer, whole[row][order], np.append(0, np.cumsum(cents[row][order])).astype(np.int64))


class Followers:
    """Answers for chains of one log, one at a time. Time O(days of the first step × log moments of the last)."""

    def __init__(self, request: ChainsRequest, steps: Steps, paid: Payments) -> None:
        self._request, self._steps, self._paid = request, steps, paid
        self._visits: dict[int, Int64] = {}

    def of_pair(self, chains: Chains, row: int) -> tuple[Int64, int, int, Gap]:
        """What `after` asks of a pair: the days of its first step, both tokens and the gap."""
        first, then = int(chains.first[row]), int(chains.then[row])
        kind = KINDS[int(chains.day_kind[row])]
        return days_of(self._steps, first, kind), first, then, Gap.of_code(int(chains.gap[row]))

    def after(self, days: Int64, first: int, then: int, gap: Gap) -> Following:
        """What followed these customer-days of a token."""
        if self._request.compared is Compared.DAYS:
            # As counted: the days behind must lie between the customer's own first and last one.
            days = days[(days & DAY) + gap.last_day <= self._steps.window[days >> 32, 1]]
        began, own = self._moments(first), self._moments(then)
        midnight = _minutes(days)
        if gap.in_hours:
            least, most = gap.minutes
            own_days = _days(began)
            here = np.searchsorted(days, own_days)
            here = np.where(np.append(days, -1)[here] == own_days, here, days.size)
            began, here = began[here < days.size], here[here < days.size]
            low, high = np.searchsorted(own, began + least), np.searchsorted(own, began + most + 1)
        else:
            reach = self._next_visits(days, then, gap) if self._request.compared is Compared.VISITS else None
            from_day, to_day = (gap.first_day, gap.last_day) if reach is None else (reach, reach)
            low = np.searchsorted(own, midnight + from_day * MINUTES_A_DAY)
            high = np.searchsorted(own, midnight + (to_day + 1) * MINUTES_A_DAY)
            began = began[np.searchsorted(began, midnight + MINUTES_A_DAY) - 1] if days.size else midnight
            here = np.arange(days.size)
        return self._told(began, own, (low, high), here, then, days.size)

    def _told(
        self, began: Int64, own: Int64, places: tuple[Int64, Int64], here: Int64, then: int, count: int
    ) -> Following:
        low, high = places
        some = high > low
        took = np.full(count, np.inf)
        np.minimum.at(took, here[some], (own[low[some]] - began[some]).astype(np.float64))
        reached = np.zeros(own.size + 1, np.int64)
        np.add.at(reached, low[some], 1)
        np.add.at(reached, high[some], -1)
        start, end = self._paid.pointer[then : then + 2]
        each = np.diff(self._paid.paid[start : end + 1])
        times: Float64 = took[np.isfinite(took)]
        median = float(np.median(times)) if times.size else float("nan")
        return Following(times.size, median, int(each[np.cumsum(reached)[:-1] > 0].sum()))

    def _moments(self, token: int) -> Int64:
        return self._paid.key[self._paid.pointer[token] : self._paid.pointer[token + 1]]

    def _next_visits(self, days: Int64, then: int, gap: Gap) -> Int64:
        """How many days behind each day the next visit in the last step's slot is; far beyond where there is none."""
        slot = then % self._steps.slot_count
        if slot not in self._visits:
            rows = self._steps.token % self._steps.slot_count == slot
            whose = self._steps.customers()[rows].astype(np.int64)
            self._visits[slot] = np.unique((whose << 32) + self._steps.day[rows])
        visits = self._visits[slot]
        found = np.append(visits, np.iinfo(np.int64).max)[np.searchsorted(visits, days + gap.first_day)]
        return np.where(found <= days + gap.last_day, found - days, 2 * self._steps.day_count + 1)


def _minutes(days: Int64) -> Int64:
    """Customer-days as customer-minutes, at their midnight."""
    return (days >> 32 << 32) + (days & DAY) * MINUTES_A_DAY


def _days(moments: Int64) -> Int64:
    """Customer-minutes as customer-days."""
    return (moments >> 32 << 32) + (moments & DAY) // MINUTES_A_DAY
