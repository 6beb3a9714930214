"""Chains: which step of category and slot follows which, more often than the customers' own rhythm says."""

from graph.algorithms.chains.events import Purchases
from graph.algorithms.chains.longer import LongerChains, find_longer
from graph.algorithms.chains.mining import PROVENANCE, Chains, confirmed, find_chains, published
from graph.algorithms.chains.request import DEFAULT_SLOTS, ChainsRequest, Compared, DayKind, Gap
from graph.algorithms.chains.weighing import GAPS, KINDS, lift_interval

__all__ = [
    "DEFAULT_SLOTS",
    "GAPS",
    "KINDS",
    "PROVENANCE",
    "Chains",
    "ChainsRequest",
    "Compared",
    "DayKind",
    "Gap",
    "LongerChains",
    "Purchases",
    "confirmed",
    "find_chains",
    "find_longer",
    "lift_interval",
    "published",
]
