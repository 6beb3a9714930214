"""The engine of independent answers: plain Python over networkx graphs, slow, to check the default one against."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any, cast, overload

import networkx as nx
import numpy as np

from graph.algorithms.chains import Chains, ChainsRequest, Purchases
from graph.algorithms.influence import (
    LONGEST,
    NOBODY,
    Credit,
    Influence,
    InfluenceGraph,
    InfluenceRequest,
    Paths,
    Spread,
    Ties,
)
from graph.engines.engine import check

MOST_TIES = 50_000

if TYPE_CHECKING:
    DiGraph = nx.DiGraph[int]


class NetworkxEngine:
    """Runs influence on small graphs."""

    name = "networkx"

    def refusal(self, request: ChainsRequest | InfluenceRequest, graph: Purchases | InfluenceGraph, /) -> str | None:
        """It has no chains, and large graphs would take it hours."""
        if isinstance(request, ChainsRequest) or isinstance(graph, Purchases):
            return "the networkx engine does not search for chains: use the engine local"
        if graph.ties.target.size > MOST_TIES:
            return (
                f"the networkx engine is for graphs of at most {MOST_TIES:,} ties, and this one has "
                f"{graph.ties.target.size:,}: use the engine local"
            )
        return None

    @overload
    def run(self, request: ChainsRequest, graph: Purchases, /) -> Chains: ...
    @overload
    def run(self, request: InfluenceRequest, graph: InfluenceGraph, /) -> Influence: ...
    def run(
        self, request: ChainsRequest | InfluenceRequest, graph: Purchases | InfluenceGraph, /
    ) -> Chains | Influence:
        """The same figures as the local engine's where they are exact, the same means where they are simulated."""
        check(self.refusal(request, graph))
        if not (isinstance(request, InfluenceRequest) and isinstance(graph, InfluenceGraph)):
            raise TypeError(f"{type(request).__name__} does not run on {type(graph).__name__}")
        network = as_network(graph.ties)
        return Influence(
            _spread(network, graph.ties, request), _credit(graph, request.decay), _paths(network, request.paths)
        )


def as_network(ties: Ties) -> DiGraph:
    """The ties as a networkx graph: `probability` and `variance` on arcs, `pass_on` and `revenue` on nodes."""
    network: DiGraph = nx.DiGraph()
    for customer in range(ties.customer_count):
        network.add_node(customer, pass_on=float(ties.pass_on[customer]), revenue=float(ties.revenue[customer]))
    for customer in range(ties.customer_count):
        for arc in range(int(ties.pointer[customer]), int(ties.pointer[customer + 1])):
            chance, variance = float(ties.probability[arc]), float(ties.variance[arc])
            network.add_edge(customer, int(ties.target[arc]), probability=chance, variance=variance)
    return network


def _spread(network: DiGraph, ties: Ties, request: InfluenceRequest) -> Spread:
    count = ties.customer_count
    moved, revenue = np.zeros((count, 2)), np.zeros((count, 2))
    for customer in range(count):
        if network.out_degree(customer):
            chance = random.Random(f"{request.seed}|{customer}")
            runs = [_cascade(network, customer, chance) for _ in range(request.simulations)]
            for answer, values in zip((moved, revenue), np.array(runs).T, strict=True):
                answer[customer] = values.mean(), values.var(ddof=1) / request.simulations
    for customer in range(count):
        for other, arc in network.adj[customer].items():
            onward = network.nodes[other]["pass_on"]
            moved[customer, 1] += arc["variance"] * (1 + onward * moved[other, 0]) ** 2
            worth = network.nodes[other]["revenue"] + onward * revenue[other, 0]
            revenue[customer, 1] += arc["variance"] * worth**2
    return Spread(moved[:, 0], moved[:, 1], revenue[:, 0], revenue[:, 1], request.simulations)


def _cascade(network: DiGraph, seed: int, chance: random.Random) -> tuple[int, float]:
    """How many others one share of the seed moves, and what they bring."""
    moved, sharers = {seed}, [seed]
    while sharers:
        sharer = sharers.pop()
        for other, arc in network.adj[sharer].items():
            if other not in moved and chance.random() < arc["probability"]:
                moved.add(other)
                if chance.random() < network.nodes[other]["pass_on"]:
                    sharers.append(other)
    return len(moved) - 1, sum(network.nodes[other]["revenue"] for other in moved - {seed})


def _credit(graph: InfluenceGraph, decay: float) -> Credit:
    """By recursion from every customer down to those whom they brought."""
    forest: DiGraph = nx.DiGraph()
    forest.add_nodes_from(range(graph.forest.bringer.size))
    forest.add_edges_from((int(by), child) for child, by in enumerate(graph.forest.bringer) if by != NOBODY)
    millionths = round(decay * 1_000_000)

    def up(cents: int, customer: int) -> int:
        return cents * millionths // 1_000_000 if forest.in_degree(customer) else 0

    def arrived(customer: int) -> int:
        children = list(forest.successors(customer))
        return sum(up(int(graph.direct_cents[child]), child) + up(arrived(child), child) for child in children)

    customers = range(graph.forest.bringer.size)
    direct = [int(graph.direct_cents[customer]) for customer in customers]
    below = [arrived(customer) for customer in customers]
    return Credit(
        np.array([cents - up(cents, customer) for customer, cents in enumerate(direct)], np.int64),
        np.array([cents - up(cents, customer) for customer, cents in enumerate(below)], np.int64),
        np.array([forest.out_degree(customer) for customer in customers], np.int64),
        np.array([_below(forest, customer) for customer in customers], np.int64),
    )


def _below(forest: DiGraph, customer: int) -> int:
    children = list(forest.successors(customer))
    return len(children) + sum(_below(forest, child) for child in children)


def _paths(network: DiGraph, most: int) -> Paths:
    """All likeliest paths by networkx's Dijkstra over -log probability, then the strongest of them."""
    pointer, chains, chances = [0], list[list[int]](), list[float]()
    for customer in network:
        reached = _likeliest(network, customer)[:most]
        chances += [chance for chance, _ in reached]
        chains += [[*path, *[NOBODY] * (LONGEST - len(path))] for _, path in reached]
        pointer.append(len(chances))
    shaped = np.array(chains, np.int32).reshape(-1, LONGEST)
    return Paths(np.array(pointer, np.int64), shaped, np.array(chances, np.float64))


def _likeliest(network: DiGraph, seed: int) -> list[tuple[float, list[int]]]:
    """The likeliest path to everybody within reach, strongest first, equal ones by their last customer."""

    def cost(start: int, _: int, arc: dict[str, Any]) -> float | None:
        onward = 1.0 if start == seed else network.nodes[start]["pass_on"]
        return -math.log(onward * arc["probability"]) if onward * arc["probability"] > 0 else None

    lengths, paths = cast(
        "tuple[dict[int, float], dict[int, list[int]]]", nx.single_source_dijkstra(network, seed, weight=cost)
    )
    found = [(math.exp(-lengths[other]), paths[other]) for other in paths if 1 < len(paths[other]) <= LONGEST]
    return sorted(found, key=lambda one: (-round(one[0], 12), one[1][-1]))
