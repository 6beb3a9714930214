"""What would have come anyway: orders after a click, over those that the customer and the day give without one.

Outside the windows after clicks, customer v orders on day d at the rate rate[v] · factor[d]: one's own rhythm, drawn
towards everybody's where little is known of it, times what the day does to all alike (a campaign, a holiday, a
weekend), by turns until both fit (a two-way Poisson model; customers without a click that day are the control group of
those with one). Inside a window the same rate goes on, and a click adds to it by its half-life (a self-exciting process
taken apart: Zhuang, Ogata, Vere-Jones 2002), as much as the windows hold more than the rate gives.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int32, Int64, ShareLog, summed
from graph.algorithms.influence.learning.rates import Rates, fit_rates
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
    """Orders a day that nobody's share brings: rate[customer] · factor[day], days counted from `first_day`."""

    rate: Rates
    factor: Float64
    factor_error: Float64
    """Relative standard error of each day's factor by chance: one over the root of the orders that it rests on."""
    control_error: Float64
    """And by what is not known of the rhythms of those on whom it rests, which is much the same on all days."""
    first_day: int
    windows: Runs
    """The windows after clicks, joined where they overlap."""

    @property
    def expected(self) -> Float64:
        """Orders that each window would have seen without a click."""
        return passed(self.factor, self.first_day, self.windows) * self.rate.mean[self.windows.customer]

    def intensity(self, customer: Int32, at: Int64) -> Float64:
        """Orders a day of the customers at these times."""
        return self.rate.mean[customer] * self.factor[at // DAY - self.first_day]


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
    """Fit rhythms and days to the orders outside the windows. O((customers + clicks + acts + days) · rounds)."""
    first_day, last = _span(log)
    entry = _entry(log, last)
    windows = _windows(log, entry, round(request.window_days * DAY), last)
    calm = _habitual(log) & ~inside(windows, log.act_customer, log.act_at) & (log.act_at > entry[log.act_customer])
    days = last // DAY - first_day + 1
    own = np.bincount(log.act_customer[calm], minlength=log.customer_count).astype(np.float64)
    daily = np.bincount(log.act_at[calm] // DAY - first_day, minlength=days).astype(np.float64)
    watched = Runs(np.arange(log.customer_count, dtype=np.int32), entry, np.full_like(entry, last))
    factor, calmly, control = np.ones(days), np.zeros(0), np.zeros(days)
    for _ in range(ROUNDS):
        in_windows = summed(windows.customer, passed(factor, first_day, windows), log.customer_count)
        calmly = np.maximum(passed(factor, first_day, watched) - in_windows, TINY)
        rate = own / calmly
        at_risk = _by_day(watched, rate, first_day, days) - _by_day(windows, rate[windows.customer], first_day, days)
        factor = np.divide(daily, at_risk, out=np.ones(days), where=at_risk > TINY)
        doubt = rate / calmly
        unsure = _by_day(watched, doubt, first_day, days) - _by_day(windows, doubt[windows.customer], first_day, days)
        control = np.sqrt(np.maximum(unsure, 0.0)) / np.maximum(at_risk, TINY) * (at_risk > TINY)
    chance = 1 / np.sqrt(np.maximum(daily, 1.0))
    return Baseline(fit_rates(own, calmly), factor, chance, control, first_day, windows)


def incremental_effect(log: ShareLog, request: InfluenceRequest) -> Incremental:
    """Plain counting beside what the baseline leaves of it; every order after a click counts, whatever it names."""
    baseline = fit_baseline(log, request)
    windows, factor, rate = baseline.windows, baseline.factor, baseline.rate
    attributed = int((_habitual(log) & inside(windows, log.act_customer, log.act_at)).sum())
    exposure = summed(windows.customer, passed(factor, baseline.first_day, windows), log.customer_count)
    of_day = _by_day(windows, rate.mean[windows.customer], baseline.first_day, factor.size) * factor
    doubt = float((exposure**2 * rate.variance).sum() + ((of_day * baseline.factor_error) ** 2).sum())
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


def passed(factor: Float64, first_day: int, runs: Runs) -> Float64:
    """Days that pass within each run, every day worth its factor."""
    until = np.concatenate([[0.0], np.cumsum(factor), [0.0]])
    until[-1] = until[-2]
    padded = np.concatenate([factor, [0.0]])

    def upto(at: Int64) -> Float64:
        day = at // DAY - first_day
        return until[day] + padded[day] * (at % DAY) / DAY

    return upto(runs.end) - upto(runs.start)


def _by_day(runs: Runs, weight: Float64, first_day: int, days: int) -> Float64:
    """Sum over the runs of their weight times the part of each day that they cover."""
    change = np.zeros(days + 2)
    for at, sign in ((runs.start, 1.0), (runs.end, -1.0)):
        day, part = at // DAY - first_day, (at % DAY) / DAY
        change += sign * np.bincount(day, weights=weight * (1 - part), minlength=days + 2)
        change += sign * np.bincount(day + 1, weights=weight * part, minlength=days + 2)
    return np.cumsum(change)[:days]


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
