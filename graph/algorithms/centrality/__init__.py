"""Centrality and communities of the customers who follow one another's shares: what influence is compared with."""

from graph.algorithms.centrality.central import PROVENANCE, Centrality, find_central, largest_first, sizes
from graph.algorithms.centrality.follows import Follows, follows
from graph.algorithms.centrality.ranking import hits, page_rank
from graph.algorithms.centrality.request import CentralityRequest

__all__ = [
    "PROVENANCE",
    "Centrality",
    "CentralityRequest",
    "Follows",
    "find_central",
    "follows",
    "hits",
    "largest_first",
    "page_rank",
    "sizes",
]
