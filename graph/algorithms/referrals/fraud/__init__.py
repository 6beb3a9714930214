"""Signs that a referral is fraud: each says which referrals, how strongly, and what it counted."""

from graph.algorithms.referrals.fraud.bursts import bursts
from graph.algorithms.referrals.fraud.common_values import common_values
from graph.algorithms.referrals.fraud.lapsed import lapsed
from graph.algorithms.referrals.fraud.raised import Raised
from graph.algorithms.referrals.fraud.rings import rings
from graph.algorithms.referrals.fraud.velocity import velocity

__all__ = ["Raised", "bursts", "common_values", "lapsed", "rings", "velocity"]
