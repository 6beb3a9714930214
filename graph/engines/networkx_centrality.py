"""Centrality by networkx: its PageRank, core numbers and Louvain communities, and HITS walked tie by tie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import networkx as nx
import numpy as np

from graph.algorithms.centrality import Centrality, CentralityRequest, Follows, largest_first, sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    DiGraph = nx.DiGraph[int]

ROUNDS = 1_000
CLOSE_ENOUGH = 1e-12


def central(request: CentralityRequest, graph: Follows) -> Centrality:
    """All of it on the same ties. It has no Leiden: communities are Louvain's (Blondel and others 2008)."""
    network = as_follows(graph)
    starts = {row: float((graph.around == row).sum()) for row in network}
    hub, authority = _hits(network)
    community = _communities(network, request)
    return Centrality(
        _page_rank(network, request.damping, None),
        _page_rank(network, request.damping, starts) if graph.around.size else np.zeros(len(network)),
        hub,
        authority,
        _listed(cast("dict[int, int]", nx.core_number(nx.Graph(network))), np.int64),
        community,
        sizes(community),
    )


def as_follows(graph: Follows) -> DiGraph:
    """Who follows whom as a networkx graph, `weight` on ties, a node a row."""
    network: DiGraph = nx.DiGraph()
    network.add_nodes_from(range(graph.customer.size))
    pairs = graph.weight.tocoo()
    network.add_weighted_edges_from(zip(pairs.row.tolist(), pairs.col.tolist(), pairs.data.tolist(), strict=True))
    return network


def _page_rank(network: DiGraph, damping: float, starts: dict[int, float] | None) -> NDArray[np.float64]:
    found = nx.pagerank(network, damping, starts, max_iter=ROUNDS, tol=CLOSE_ENOUGH, dangling=starts)
    return _listed(found, np.float64)


def _hits(network: DiGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By turns until neither moves; networkx's own starts at random."""
    hub, authority = dict.fromkeys(network, 1.0), dict.fromkeys(network, 0.0)
    for _ in range(ROUNDS):
        before = authority
        authority = _to_one({to: _told(network.pred[to], hub) for to in network})
        hub = _to_one({of: _told(network.adj[of], authority) for of in network})
        if sum(abs(authority[one] - before[one]) for one in network) < CLOSE_ENOUGH:
            break
    return _listed(hub, np.float64), _listed(authority, np.float64)


def _told(ties: Any, of_others: dict[int, float]) -> float:
    return sum(tie["weight"] * of_others[other] for other, tie in ties.items())


def _to_one(values: dict[int, float]) -> dict[int, float]:
    total = sum(values.values()) or 1.0
    return {one: value / total for one, value in values.items()}


def _communities(network: DiGraph, request: CentralityRequest) -> NDArray[np.int64]:
    both = cast("Any", nx.Graph())
    both.add_nodes_from(network)
    for of, to, tie in network.edges(data=True):
        both.add_edge(of, to, weight=tie["weight"] + (both[of][to]["weight"] if both.has_edge(of, to) else 0.0))
    parts: Any = nx.community.louvain_communities(both, resolution=request.resolution, seed=request.seed)
    label = np.zeros(len(network), np.int64)
    for number, members in enumerate(parts):
        label[list(members)] = number
    return largest_first(label) if label.size else label


def _listed(values: dict[int, Any], kind: Any) -> NDArray[Any]:
    """By row."""
    return np.array([values[row] for row in sorted(values)], kind)
