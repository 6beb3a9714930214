"""Centrality and community of every customer who follows others or is followed.

PageRank and HITS are our own few lines over SciPy's matrices: scikit-network's PageRank went astray where customers
follow nobody, and its HITS starts at random. Its k-core and Leiden are taken as they are.
"""

import ctypes
import sys
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast

import numpy as np

from graph.algorithms.centrality.follows import Follows
from graph.algorithms.centrality.ranking import hits, page_rank
from graph.algorithms.centrality.request import CentralityRequest
from graph.algorithms.centrality.sparse import Matrix, both_ways, row_sums
from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.provenance import Provenance

_ONE_AT_A_TIME = Lock()
PROVENANCE = Provenance(
    "share-centrality",
    1,
    "Page et al. 1999 (PageRank); Kleinberg 1999 (HITS); Seidman 1983 (k-core); Traag, Waltman, van Eck 2019 (Leiden)",
    "on who followed whose shares, weighted by how often; core and communities leave out the direction",
)


@dataclass(frozen=True, slots=True, eq=False)
class Centrality:
    """One entry a row of the `Follows`."""

    page_rank: Float64
    """Adds up to 1; high for whom the much followed follow."""
    nearness: Float64
    """PageRank around the given customers; 0 for all where none were given or none of them has a tie."""
    hub: Float64
    authority: Float64
    core: Int64
    """The largest k such that the customer is among people who each have k others of them."""
    community: Int64
    """Communities from 0, the largest first."""
    community_size: Int64


def find_central(request: CentralityRequest, graph: Follows) -> Centrality:
    """Compute all of it. The same seed gives the same bits."""
    around = graph.around
    starts = np.bincount(around, minlength=graph.customer.size).astype(np.float64)
    hub, authority = hits(graph.weight)
    community = communities(graph.weight, request.resolution, request.seed)
    return Centrality(
        page_rank(graph.weight, request.damping),
        page_rank(graph.weight, request.damping, starts) if around.size else np.zeros(graph.customer.size),
        hub,
        authority,
        cores(graph.weight),
        community,
        sizes(community),
    )


def cores(weight: Matrix) -> Int64:
    """Core number of everybody, without directions and weights."""
    # It takes seconds to import, which only who asks for it should wait for.
    from sknetwork import topology  # pyright: ignore[reportMissingTypeStubs]

    if not weight.nnz:
        return np.zeros(row_sums(weight).size, np.int64)
    decomposed = cast("Any", topology).get_core_decomposition(both_ways(weight).astype(np.bool_))
    return np.asarray(decomposed, np.int64)


def communities(weight: Matrix, resolution: float, seed: int) -> Int64:
    """Leiden's communities by modularity, without directions; the largest first, equals by their first member."""
    from sknetwork import clustering  # pyright: ignore[reportMissingTypeStubs]

    if not weight.nnz:
        return np.arange(row_sums(weight).size, dtype=np.int64)
    leiden = cast("Any", clustering).Leiden(resolution, return_probs=False, return_aggregate=False)
    with _ONE_AT_A_TIME:
        _seed_the_c_library(seed)
        label = np.asarray(leiden.fit_predict(both_ways(weight)), np.int64)
    return largest_first(label)


def largest_first(label: Int64) -> Int64:
    """The labels numbered anew: the most frequent is 0, equals by their first member."""
    size = np.bincount(label)
    first = np.full(size.size, label.size)
    np.minimum.at(first, label, np.arange(label.size))
    place = np.empty(size.size, np.int64)
    place[np.lexsort((first, -size))] = np.arange(size.size)
    return place[label]


def sizes(community: Int64) -> Int64:
    """How many are in each one's community."""
    return np.bincount(community)[community] if community.size else community


def _seed_the_c_library(seed: int) -> None:
    """scikit-network's Leiden draws from the C library's `rand`, whatever `random_state` says."""
    ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None).srand(ctypes.c_uint(seed))
