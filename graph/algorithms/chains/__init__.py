"""Chains: which step of category and slot follows which, more often than the customers' own rhythm says."""

from graph.algorithms.chains.calendar import EVERY_WEEK_ALIKE, Calendar
from graph.algorithms.chains.closed import closed, extensions_of, pairs_of
from graph.algorithms.chains.events import Purchases, bounds_of
from graph.algorithms.chains.finding_slots import MOST_FOUND
from graph.algorithms.chains.following import Followers, Following, payments
from graph.algorithms.chains.language import MOST_DAYS, NAMED_GAPS, Behaviour, DayKind, Gap
from graph.algorithms.chains.longer import LongerChains, find_longer
from graph.algorithms.chains.mining import PROVENANCE, Chains, confirmed, find_chains, published
from graph.algorithms.chains.request import DEFAULT_SLOTS, ChainsRequest, Compared, ScopeKind, SlotsFrom
from graph.algorithms.chains.scopes import ScopedChains, find_by_scope, standing_out
from graph.algorithms.chains.weighing import KINDS, lift_interval, slots_of, steps_of

__all__ = [
    "DEFAULT_SLOTS",
    "EVERY_WEEK_ALIKE",
    "KINDS",
    "MOST_DAYS",
    "MOST_FOUND",
    "NAMED_GAPS",
    "PROVENANCE",
    "Behaviour",
    "Calendar",
    "Chains",
    "ChainsRequest",
    "Compared",
    "DayKind",
    "Followers",
    "Following",
    "Gap",
    "LongerChains",
    "Purchases",
    "ScopeKind",
    "ScopedChains",
    "SlotsFrom",
    "bounds_of",
    "closed",
    "confirmed",
    "extensions_of",
    "find_by_scope",
    "find_chains",
    "find_longer",
    "lift_interval",
    "pairs_of",
    "payments",
    "published",
    "slots_of",
    "standing_out",
    "steps_of",
]
