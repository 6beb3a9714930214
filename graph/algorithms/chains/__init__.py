"""Chains: which step of category and slot follows which, more often than the customers' own rhythm says."""

from graph.algorithms.chains.events import Purchases
from graph.algorithms.chains.mining import GAPS, KINDS, PROVENANCE, Chains, confirmed, find_chains, published
from graph.algorithms.chains.request import DEFAULT_SLOTS, ChainsRequest, DayKind, Gap

__all__ = [
    "DEFAULT_SLOTS",
    "GAPS",
    "KINDS",
    "PROVENANCE",
    "Chains",
    "ChainsRequest",
    "DayKind",
    "Gap",
    "Purchases",
    "confirmed",
    "find_chains",
    "published",
]
