"""What would have come anyway: orders after a click, over those that the customer and the day give without one.

Outside the windows after clicks, customer v orders on day d at the rate rate[v] · factor[d]: one's own rhythm, drawn
towards everybody's where little is known of it, times what the day does to all alike (a campaign, a holiday, a
weekend), by turns until both fit (a two-way Poisson model; customers without a click that day are the control group of
those with one). Where a day does more to some segments than to others, each has a factor of its own (`segments.py`).
Inside a window the same rate goes on, and a click adds to it by its half-life (a self-exciting process taken apart:
Zhuang, Ogata, Vere-Jones 2002), as much as the windows hold more than the rate gives.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int32, Int64, ShareLog, summed
from graph.algorithms.influence.learning.rates import Rates, fit_rates
from graph.algorithms.influence.learning.segments import Apart, groups_of
from graph.algorithms.influence.request import InfluenceRequest

DAY = 86_400
ROUNDS = 12
TINY = 1e-9
BROUGHT, HALVINGS = (1e-9, 1e9), 80
"""Between which the orders that one click brings are sought."""
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Runs:
    """Spans of time, none of a customer overlapping another of theirs."""

    customer: Int32
    start: Int64
    end: Int64


@dataclass(frozen=True, slots=True)
class Baseline:
    """Orders a day that nobody's share brings: rate[customer] · factor[group, day], days counted from `first_day`."""

    rate: Rates
    group: Int64
    """Of every customer."""
    factor: Float64
    """Shape (groups, days)."""
    factor_error: Float64
    """Relative standard error of each day's factor by chance: one over the root of the orders that it rests on."""
    apart_error: Float64
    """Those of what each group has beyond the day's factor of all, shape (2, groups, days): its segment's, its own."""
    control_error: Float64
    """And by what is not known of the rhythms of those on whom it rests, which is much the same on all days."""
    first_day: int
    windows: Runs
    """The windows after clicks, joined where they overlap."""

    @property
    def expected(self) -> Float64:
        """Orders that each window would have seen without a click."""
        return self.days_passed * self.rate.mean[self.windows.customer]

    @property
    def days_passed(self) -> Float64:
        """Days that pass within each window, every day worth its factor."""
        return passed(self.factor, self.first_day, self.windows, self.group[self.windows.customer])

    def intensity(self, customer: Int32, at: Int64) -> Float64:
        """Orders a day of the customers at these times."""
        return self.rate.mean[customer] * self.factor[self.group[customer], at // DAY - self.first_day]


@dataclass(frozen=True, slots=True)
class Incremental:
    """Orders within the windows after clicks, and how many of them the clicks brought."""

    attributed: int
    """Plain counting."""
    anyway: float
    """Expected there without any click."""
    lift: float
    low: float
    high: float
    """The 95 % interval of `lift`: chance, and the doubt about rhythms and days."""


def fit_baseline(log: ShareLog, request: InfluenceRequest) -> Baseline:
    """Fit rhythms, days and segments to the orders outside the windows. O((customers + clicks + acts) · rounds)."""
    first_day, last = _span(log)
    entry, group = _entry(log, last), groups_of(log)
    windows = _windows(log, entry, round(request.window_days * DAY), last)
    calm = _habitual(log) & ~inside(windows, log.act_customer, log.act_at) & (log.act_at > entry[log.act_customer])
    watched = Runs(np.arange(log.customer_count, dtype=np.int32), entry, np.full_like(entry, last))
    shape = 2 * (int(group.max(initial=0)) // 2 + 1), last // DAY - first_day + 1
    cell = group[log.act_customer[calm]] * shape[1] + log.act_at[calm] // DAY - first_day
    daily = np.bincount(cell, minlength=shape[0] * shape[1]).astype(np.float64).reshape(shape)
    own = np.bincount(log.act_customer[calm], minlength=log.customer_count).astype(np.float64)

    def calm_days(factor: Float64) -> Float64:
        within = summed(windows.customer, passed(factor, first_day, windows, group[windows.customer]), own.size)
        return np.maximum(passed(factor, first_day, watched, group) - within, TINY)

    def by_day(rate: Float64) -> Float64:
        of_all = _by_day(watched, rate, first_day, shape, group)
        return of_all - _by_day(windows, rate[windows.customer], first_day, shape, group[windows.customer])

    factor, apart, apart_error = np.ones(shape[1]), np.ones(shape), np.zeros((2, *shape))
    groups: Apart | None = None
    at_risk, total, calmly = np.zeros(shape), np.zeros(shape[1]), np.zeros(0)
    for turn in range(2 * ROUNDS):
        calmly = calm_days(factor * apart)
        at_risk = by_day(own / calmly)
        total = (at_risk * apart).sum(0)
        factor = np.divide(daily.sum(0), total, out=np.ones(shape[1]), where=total > TINY)
        if turn == ROUNDS - 1:
            groups = Apart.fitted(daily, factor * at_risk)
            if not groups:
                break
        if groups is not None:
            apart, apart_error = groups.believed(daily, factor * np.maximum(at_risk, 0.0))
    unsure = (by_day(own / calmly**2) * apart).sum(0)
    control = np.sqrt(np.maximum(unsure, 0.0)) / np.maximum(total, TINY) * (total > TINY)
    errors = 1 / np.sqrt(np.maximum(daily.sum(0), 1.0)), apart_error, control
    return Baseline(fit_rates(own, calmly), group, factor * apart, *errors, first_day, windows)


def incremental_effect(log: ShareLog, request: InfluenceRequest) -> Incremental:
    """Plain counting beside what the baseline leaves of it; every order after a click counts, whatever it names."""
    baseline = fit_baseline(log, request)
    windows, factor, rate = baseline.windows, baseline.factor, baseline.rate
    attributed = int((_habitual(log) & inside(windows, log.act_customer, log.act_at)).sum())
    exposure = summed(windows.customer, baseline.days_passed, log.customer_count)
    shape, group = (factor.shape[0], factor.shape[1]), baseline.group[windows.customer]
    of_cell = _by_day(windows, rate.mean[windows.customer], baseline.first_day, shape, group) * factor
    of_day = of_cell.sum(0)
    doubt = float((exposure**2 * rate.variance).sum() + ((of_day * baseline.factor_error) ** 2).sum())
    of_segment, of_group = of_cell * baseline.apart_error
    doubt += float((of_segment.reshape(-1, 2, shape[1]).sum(1) ** 2).sum() + (of_group**2).sum())
    doubt += float((of_day * baseline.control_error).sum()) ** 2
    anyway = float(baseline.expected.sum())
    lift, half = attributed - anyway, Z95 * float(np.sqrt(attributed + doubt))
    return Incremental(attributed, anyway, lift, lift - half, lift + half)


def excite(quiet: Float64, act: Int32, touch: Float64, more: float) -> Float64:
    """The part of each (act, click) row that the click brought; what is missing to 1 in an act would have come anyway.

    `quiet` is every act's baseline in orders a day, `touch` how fresh each click is at the act. An act's parts are to
    its baseline as the touches, times what one click brings, are to it; that number is the one by which all parts
    together are the `more` orders that the baseline leaves unexplained (by halving; no shape of touch can inflate it).
    """
    part, low, high = np.zeros(touch.size), *BROUGHT
    for _ in range(HALVINGS if more > 0 else 0):
        excited = np.sqrt(low * high) * touch
        part = excited / np.maximum(quiet + summed(act, excited, quiet.size), TINY)[act]
        low, high = (low, np.sqrt(low * high)) if part.sum() > more else (np.sqrt(low * high), high)
    return part


def inside(runs: Runs, customer: Int32, at: Int64) -> Bool:
    """Which of these moments lie within a run of their customer, its ends included."""
    if not runs.customer.size:
        return np.zeros(customer.size, np.bool_)
    span = int(max(runs.end.max(), at.max(initial=0))) + 1
    starts, asked = (
        code.astype(np.int64) * span + when for code, when in ((runs.customer, runs.start), (customer, at))
    )
    place = np.searchsorted(starts, asked, side="right") - 1
    found = np.maximum(place, 0)
    return (place >= 0) & (runs.customer[found] == customer) & (at <= runs.end[found])


def passed(factor: Float64, first_day: int, runs: Runs, group: Int64) -> Float64:
    """Days that pass within each run, of so many groups, every day worth its factor[group, day]."""
    until = np.zeros((factor.shape[0], factor.shape[1] + 2))
    until[:, 1:-1] = np.cumsum(factor, axis=1)
    until[:, -1] = until[:, -2]
    padded = np.concatenate([factor, np.zeros((factor.shape[0], 1))], axis=1)

    def upto(at: Int64) -> Float64:
        day = at // DAY - first_day
        return until[group, day] + padded[group, day] * (at % DAY) / DAY

    return upto(runs.end) - upto(runs.start)


def _by_day(runs: Runs, weight: Float64, first_day: int, shape: tuple[int, int], group: Int64) -> Float64:
    """Sum over the runs of their weight times the part of each day that they cover, shape (groups, days)."""
    groups, days = shape
    change = np.zeros((groups, days + 2))
    for at, sign in ((runs.start, 1.0), (runs.end, -1.0)):
        cell, part = group * (days + 2) + at // DAY - first_day, (at % DAY) / DAY
        for place, covered in ((cell, 1 - part), (cell + 1, part)):
            added = np.bincount(place, weights=weight * covered, minlength=groups * (days + 2))
            change += sign * added.reshape(groups, days + 2)
    return np.cumsum(change, axis=1)[:, :days]


def _span(log: ShareLog) -> tuple[int, int]:
    """The first day and the last second of everything."""
    times = [at for at in (log.share_at, log.click_at, log.act_at) if at.size]
    if not times:
        return 0, 0
    return int(min(at.min() for at in times)) // DAY, int(max(at.max() for at in times))


def _habitual(log: ShareLog) -> Bool:
    """Orders; who registers does so once and has no rhythm."""
    return log.act_cents > 0


def _entry(log: ShareLog, last: int) -> Int64:
    entry = np.full(log.customer_count, last, np.int64)
    np.minimum.at(entry, log.act_customer, log.act_at)
    np.minimum.at(entry, log.click_customer, log.click_at)
    told = log.share_sharer >= 0
    np.minimum.at(entry, log.share_sharer[told], log.share_at[told])
    return entry


def _windows(log: ShareLog, entry: Int64, length: int, last: int) -> Runs:
    """The windows after the clicks, joined where they touch, from when the customer is watched to the log's end."""
    order = np.lexsort((log.click_at, log.click_customer))
    customer, start = log.click_customer[order], log.click_at[order]
    first = np.ones(customer.size, np.bool_)
    first[1:] = (customer[1:] != customer[:-1]) | (start[1:] - start[:-1] > length)
    final = np.concatenate([first[1:], [True]])[: first.size]
    end = np.minimum(start[final] + length, last)
    return Runs(customer[first], np.maximum(start[first], entry[customer[first]]), end)
