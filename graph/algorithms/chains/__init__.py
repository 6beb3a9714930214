"""Chains: which step of category and slot follows which, more often than the customers' own rhythm says."""

from graph.algorithms.chains.events import Purchases
from graph.algorithms.chains.longer import LongerChains, find_longer
from graph.algorithms.chains.mining import PROVENANCE, Chains, confirmed, find_chains, published
from graph.algorithms.chains.request import DEFAULT_SLOTS, ChainsRequest, Compared, DayKind, Gap, ScopeKind
from graph.algorithms.chains.scopes import ScopedChains, find_by_scope, standing_out
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
    "ScopeKind",
    "ScopedChains",
    "confirmed",
    "find_by_scope",
    "find_chains",
    "find_longer",
    "lift_interval",
    "published",
    "standing_out",
]
