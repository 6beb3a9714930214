"""What a customer has paid so many days after registration: referred against bought and against all others."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.referrals.arrays import DAY, Bool, Estimate, Float64, ReferralLog
from graph.algorithms.referrals.intervals import mean, ratio_of_means


@dataclass(frozen=True, slots=True)
class Worth:
    """Mean cents of those who were observed for all of the days; None where there are none."""

    days: int
    referred: Estimate | None
    bought: Estimate | None
    others: Estimate | None
    """Neither referred nor bought."""
    ratio: Estimate | None
    """Referred over bought."""


def worth_after(log: ReferralLog, days: int, referred: Bool, bought: Bool, others: Bool) -> Worth:
    """O(customers + orders). Only who registered while the log ran, and so many days before its end, is counted.

    So nobody is counted for less time than another (right-censoring), and nobody whose first orders the log missed.
    """
    paid, seen = paid_within(log, days), observed(log, days)
    of_referred, of_bought, of_others = (paid[group & seen] for group in (referred, bought, others))
    ratio = ratio_of_means(of_referred, of_bought)
    return Worth(days, mean(of_referred), mean(of_bought), mean(of_others), ratio)


def observed(log: ReferralLog, days: int) -> Bool:
    """Who registered while the log ran and is known for so many days since."""
    return (log.registered_at >= log.first) & (log.registered_at <= log.until - days * DAY)


def paid_within(log: ReferralLog, days: int) -> Float64:
    """Cents of every customer's orders within so many days from registration on."""
    age = log.order_at - np.where(log.registered_at[log.order_customer] < 0, 0, log.registered_at[log.order_customer])
    early = (age >= 0) & (age < days * DAY)
    cents = log.order_cents[early].astype(np.float64)
    return np.bincount(log.order_customer[early], cents, log.customer_count).astype(np.float64)
