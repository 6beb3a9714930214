"""Referrals: what they cost and bring, and the signs that one is fraud."""

from graph.algorithms.referrals.arrays import UNKNOWN, EconomicsRequest, Estimate, OutOfRange, ReferralLog
from graph.algorithms.referrals.costs import ChannelCost, Costs
from graph.algorithms.referrals.economics import Cohort, Economics, referral_economics
from graph.algorithms.referrals.sharers import Repurchase
from graph.algorithms.referrals.trees import Trees
from graph.algorithms.referrals.worth import Worth

__all__ = [
    "UNKNOWN",
    "ChannelCost",
    "Cohort",
    "Costs",
    "Economics",
    "EconomicsRequest",
    "Estimate",
    "OutOfRange",
    "ReferralLog",
    "Repurchase",
    "Trees",
    "Worth",
    "referral_economics",
]
