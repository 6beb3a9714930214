"""The economics of referrals over an audience and a period."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.referrals.arrays import UNKNOWN, Bool, EconomicsRequest, Estimate, ReferralLog
from graph.algorithms.referrals.costs import Costs, acquisition_costs, is_bought
from graph.algorithms.referrals.intervals import mean, share
from graph.algorithms.referrals.sharers import Repurchase, repurchase
from graph.algorithms.referrals.trees import Trees, referral_trees
from graph.algorithms.referrals.worth import Worth, observed, paid_within, worth_after

COHORT_DAYS = 30
"""What the customers of a month have paid is told after so many days."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The new customers of one month."""

    month: int
    """Months since year 0."""
    customers: int
    referred: int
    referred_share: Estimate | None
    worth_referred: Estimate | None
    """Mean cents of the referred within 30 days."""
    worth_others: Estimate | None


@dataclass(frozen=True, slots=True)
class Economics:
    """Every figure over the audience's customers who registered in the period, unless it says otherwise."""

    new_customers: int
    referred: int
    old_brings_new: Estimate | None
    """Part of the new customers whom somebody brought."""
    customers: int
    """Everybody of the audience who had registered by the period's end."""
    bringers: int
    """Of these, who brought somebody in the period."""
    bringing: Estimate | None
    """Part of them who did."""
    shares: int
    """Invitations: what they shared in the period."""
    invites_each: float | None
    conversion: float | None
    """Customers brought for each invitation."""
    k_factor: float | None
    """Invitations of a customer times conversion: how many a customer brings within the period."""
    repurchase: Repurchase
    costs: Costs
    worth: tuple[Worth, ...]
    trees: Trees
    cohorts: tuple[Cohort, ...]


def referral_economics(log: ReferralLog, request: EconomicsRequest, audience: Bool) -> Economics:
    """`audience` has an entry a customer. O(everything in the log), with one sort of the strata."""
    new = audience & (log.registered_at >= request.start) & (log.registered_at < request.end)
    referred, bought = new & (log.bringer >= 0), is_bought(log, request, new)
    there = audience & (log.registered_at < request.end) & (log.registered_at != UNKNOWN)
    in_period = (log.bringer >= 0) & (log.brought_at >= request.start) & (log.brought_at < request.end)
    brought_by = log.bringer[in_period]
    brought_by = brought_by[there[brought_by]]
    shared = (log.share_at >= request.start) & (log.share_at < request.end)
    shares = int(there[log.share_customer[shared]].sum())
    customers, bringers = int(there.sum()), int(np.unique(brought_by).size)
    return Economics(
        new_customers=int(new.sum()),
        referred=int(referred.sum()),
        old_brings_new=share(int(referred.sum()), int(new.sum())),
        customers=customers,
        bringers=bringers,
        bringing=share(bringers, customers),
        shares=shares,
        invites_each=shares / customers if customers else None,
        conversion=brought_by.size / shares if shares else None,
        k_factor=brought_by.size / customers if customers else None,
        repurchase=repurchase(log, request, audience),
        costs=acquisition_costs(log, request, audience, referred, bought),
        worth=tuple(
            worth_after(log, days, referred, bought, new & ~referred & ~bought) for days in request.horizons_days
        ),
        trees=referral_trees(log, referred),
        cohorts=_cohorts(log, new, referred),
    )


def _cohorts(log: ReferralLog, new: Bool, referred: Bool) -> tuple[Cohort, ...]:
    paid, seen = paid_within(log, COHORT_DAYS), observed(log, COHORT_DAYS)

    def cohort(month: int) -> Cohort:
        own = new & (log.month == month)
        many, brought = int(own.sum()), int((own & referred).sum())
        worth = [mean(paid[own & seen & group]) for group in (referred, ~referred)]
        return Cohort(month, many, brought, share(brought, many), *worth)

    return tuple(cohort(int(month)) for month in np.unique(log.month[new]))
