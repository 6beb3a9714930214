"""The engine of independent answers: plain Python over networkx graphs, slow, to check the default one against."""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from typing import TYPE_CHECKING, Any, cast, overload

import networkx as nx
import numpy as np

from graph.algorithms.centrality import Centrality, CentralityRequest, Follows
from graph.algorithms.chains import Chains, ChainsRequest, Purchases
from graph.algorithms.influence import (
    LONGEST,
    NOBODY,
    Credit,
    CreditRule,
    Influence,
    InfluenceGraph,
    InfluenceRequest,
    Paths,
    Spread,
    Ties,
)
from graph.algorithms.influence.selection.reverse_ties import ReverseTies
from graph.algorithms.influence.selection.select import Advocates, SelectAdvocates
from graph.engines.celf import beyond_celf
from graph.engines.engine import Answer, Arrays, Request, check, misfit
from graph.engines.networkx_centrality import central
from graph.engines.networkx_selection import selected

MOST_TIES = 50_000
BATCHES = 50

if TYPE_CHECKING:
    from numpy.typing import NDArray

    DiGraph = nx.DiGraph[int]
    Pairs = NDArray[np.float64]


class NetworkxEngine:
    """Runs influence, centrality and selection on small graphs."""

    name = "networkx"

    def refusal(self, request: Request, graph: Arrays, /) -> str | None:
        """It has no chains, and large graphs would take it hours."""
        if isinstance(request, ChainsRequest) or isinstance(graph, Purchases):
            return "the networkx engine does not search for chains: use the engine local"
        ties = _ties_of(graph)
        if ties > MOST_TIES:
            return (
                f"the networkx engine is for graphs of at most {MOST_TIES:,} ties, and this one has "
                f"{ties:,}: use the engine local"
            )
        return beyond_celf(self.name, request) if isinstance(request, SelectAdvocates) else None

    @overload
    async def run(self, request: ChainsRequest, graph: Purchases, /) -> Chains: ...
    @overload
    async def run(self, request: InfluenceRequest, graph: InfluenceGraph, /) -> Influence: ...
    @overload
    async def run(self, request: CentralityRequest, graph: Follows, /) -> Centrality: ...
    @overload
    async def run(self, request: SelectAdvocates, graph: ReverseTies, /) -> Advocates: ...
    async def run(self, request: Request, graph: Arrays, /) -> Answer:
        """The same figures as the local engine's where they are exact, the same means where they are simulated."""
        check(self.refusal(request, graph))
        return await asyncio.to_thread(_computed, request, graph)


def _ties_of(graph: InfluenceGraph | Follows | ReverseTies) -> int:
    if isinstance(graph, Follows):
        return int(graph.weight.nnz)
    return graph.source.size if isinstance(graph, ReverseTies) else graph.ties.target.size


def _computed(request: Request, graph: Arrays) -> Answer:
    if isinstance(request, SelectAdvocates) and isinstance(graph, ReverseTies):
        return selected(request, graph)
    if isinstance(request, CentralityRequest) and isinstance(graph, Follows):
        return central(request, graph)
    if not (isinstance(request, InfluenceRequest) and isinstance(graph, InfluenceGraph)):
        raise misfit(request, graph)
    network = as_network(graph.ties)
    return Influence(
        _spread(network, graph, request),
        _equal_credit(graph) if request.credit is CreditRule.SHAPLEY else _credit(graph, request.decay),
        _paths(network, request.paths),
    )


def as_network(ties: Ties) -> DiGraph:
    """The ties as a networkx graph: `probability` and `variance` on arcs, all that is known of a customer on nodes."""
    network: DiGraph = nx.DiGraph()
    for customer in range(ties.customer_count):
        network.add_node(
            customer,
            pass_on=float(ties.pass_on[customer]),
            pass_on_variance=float(ties.reach.pass_on_variance[customer]),
            revenue=float(ties.revenue[customer]),
            strength_variance=float(ties.reach.strength_variance[customer]),
            hidden=float(ties.reach.hidden[customer]),
            hidden_chance=float(ties.reach.hidden_chance[customer]),
        )
    for customer in range(ties.customer_count):
        for arc in range(int(ties.pointer[customer]), int(ties.pointer[customer + 1])):
            chance, variance = float(ties.probability[arc]), float(ties.variance[arc])
            network.add_edge(customer, int(ties.target[arc]), probability=chance, variance=variance)
    return network


def _spread(network: DiGraph, graph: InfluenceGraph, request: InfluenceRequest) -> Spread:
    """Coins for the mean, recursion over drawn beliefs for the doubt."""
    ties, within = graph.ties, _within(graph, request)
    count, batches = ties.customer_count, BATCHES if _any_doubt(network) else 1
    sums, squares, beliefs = np.zeros((count, 2)), np.zeros((count, 2)), list[Any]()
    for batch in range(batches):
        drawn = _drawn(network, ties, random.Random(f"{request.seed}|batch {batch}"))
        worlds = range(batch * request.simulations // batches, (batch + 1) * request.simulations // batches)
        for customer in range(count):
            if drawn.out_degree(customer):
                for world in worlds:
                    told = np.array(
                        _cascade(drawn, customer, random.Random(f"{request.seed}|{customer}|{world}"), within)
                    )
                    sums[customer] += told
                    squares[customer] += told**2
        beliefs.append(_recursion(drawn))
    mean = sums / request.simulations
    variance = np.maximum(squares / request.simulations - mean**2, 0) / (request.simulations - 1)
    if batches > 1:
        expected = np.maximum(np.mean(beliefs, axis=0), 1e-12)
        variance += (mean / expected) ** 2 * np.var(beliefs, axis=0, ddof=1)
    return Spread(mean[:, 0], variance[:, 0], mean[:, 1], variance[:, 1], request.simulations)


def _any_doubt(network: DiGraph) -> bool:
    """Whether any tie or customer is not known for certain."""
    arcs = (arc["variance"] for _, _, arc in network.edges(data=True))
    people = (
        person[of]
        for _, person in network.nodes(data=True)
        for of in ("strength_variance", "pass_on_variance", "hidden")
    )
    return any(value > 0 for value in (*arcs, *people))


def _drawn(network: DiGraph, ties: Ties, chance: random.Random) -> DiGraph:
    """One belief: every tie and rate with a value drawn around its mean, hidden contacts as ties of their own."""
    drawn: DiGraph = nx.DiGraph()
    for customer, person in network.nodes(data=True):
        passing = _around(person["pass_on"], person["pass_on_variance"], chance)
        drawn.add_node(customer, pass_on=passing, revenue=person["revenue"])
    for customer, person in network.nodes(data=True):
        common = person["strength_variance"]
        spread = math.log1p(common)
        strength = math.exp(chance.gauss(-spread / 2, math.sqrt(spread)))
        for other, arc in network.adj[customer].items():
            own = arc["variance"] - common * arc["probability"] ** 2
            drawn.add_edge(customer, other, probability=strength * _around(arc["probability"], own, chance))
        for _ in range(int(person["hidden"] + chance.random()) if ties.reach.strangers.size else 0):
            stranger = int(ties.reach.strangers[chance.randrange(ties.reach.strangers.size)])
            if stranger != customer and not drawn.has_edge(customer, stranger):
                drawn.add_edge(customer, stranger, probability=strength * person["hidden_chance"])
    return drawn


def _around(mean: float, variance: float, chance: random.Random) -> float:
    """A draw from the Beta distribution of this mean and variance."""
    if variance <= 0 or not 0 < mean < 1:
        return mean
    worth = max(mean * (1 - mean) / variance - 1, 1e-3)
    return chance.betavariate(mean * worth, (1 - mean) * worth)


def _recursion(drawn: DiGraph) -> Pairs:
    """Moved and revenue expected of everybody as if no two ways led to the same customer."""
    expected = np.zeros((len(drawn), 2))
    for _ in range(30):
        before = expected.copy()
        for customer in drawn:
            told = np.zeros(2)
            for other, arc in drawn.adj[customer].items():
                person = drawn.nodes[other]
                told += min(1.0, arc["probability"]) * ([1, person["revenue"]] + person["pass_on"] * before[other])
            expected[customer] = min(told[0], len(drawn)), told[1]
    return expected


def _within(graph: InfluenceGraph, request: InfluenceRequest) -> tuple[float, list[float], list[float]]:
    """The limit of days, and what to draw delays from; without a limit nothing takes any time."""
    if request.within_days is None:
        return math.inf, [0.0], [0.0]
    return request.within_days, graph.delays.move.tolist() or [0.0], graph.delays.pass_on.tolist() or [0.0]


def _cascade(
    network: DiGraph, seed: int, chance: random.Random, within: tuple[float, list[float], list[float]]
) -> tuple[int, float]:
    """How many others one share of the seed moves in time, and what they bring; whoever is due first is next."""
    limit, move_delays, pass_on_delays = within
    moved, due = set[int](), [(0.0, seed)]
    while due:
        at, sharer = heapq.heappop(due)
        if sharer in moved:
            continue
        moved.add(sharer)
        if sharer != seed:
            if chance.random() >= network.nodes[sharer]["pass_on"]:
                continue
            at += chance.choice(pass_on_delays)
        for other, arc in network.adj[sharer].items():
            if other not in moved and chance.random() < arc["probability"]:
                arrival = at + chance.choice(move_delays)
                if arrival <= limit:
                    heapq.heappush(due, (arrival, other))
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


def _equal_credit(graph: InfluenceGraph) -> Credit:
    """What everybody moved, divided between them and all their bringers."""
    forest: DiGraph = nx.DiGraph()
    forest.add_nodes_from(range(graph.forest.bringer.size))
    forest.add_edges_from((int(by), child) for child, by in enumerate(graph.forest.bringer) if by != NOBODY)
    kept, downstream = np.zeros(len(forest), np.int64), np.zeros(len(forest), np.int64)
    for customer in forest:
        above, bringer = set[int](), graph.forest.bringer[customer]
        while bringer != NOBODY:
            above.add(int(bringer))
            bringer = graph.forest.bringer[bringer]
        part = int(graph.direct_cents[customer]) // (1 + len(above))
        kept[customer] = graph.direct_cents[customer] - part * len(above)
        for each in above:
            downstream[each] += part
    brought = np.array([forest.out_degree(customer) for customer in forest], np.int64)
    return Credit(kept, downstream, brought, np.array([_below(forest, customer) for customer in forest], np.int64))


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
