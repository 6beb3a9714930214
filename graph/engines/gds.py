"""The engine of Neo4j's own Graph Data Science: centrality and selection on the same arrays, computed by the server.

The arrays are projected into the server's memory under a name of their own, numbers in place of nodes, so that nothing
is read from the graph or written to it; whatever happens, the projection is dropped.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.centrality import Centrality, CentralityRequest, Follows, largest_first, sizes
from graph.algorithms.chains import Chains, ChainsRequest, Purchases
from graph.algorithms.influence import Influence, InfluenceGraph, InfluenceRequest
from graph.algorithms.influence.selection.reverse_ties import ReverseTies
from graph.algorithms.influence.selection.select import Advocates, SelectAdvocates
from graph.engines import gds_statements as statements
from graph.engines.celf import beyond_celf, told
from graph.engines.engine import Answer, Arrays, Request, check, misfit
from graph.errors import BadInput, QueryRefused
from graph.store.statement import Statement

MOST_TIES = 500_000
"""Of a projection, each followed share one of them: all travel in the parameters of one statement."""
SECONDS = 600.0
ROUNDS = 1_000
HITS_ROUNDS = 100
"""It runs all of them, having no test of whether anything still moves."""
CLOSE_ENOUGH = 1e-12
CASCADES = 1_000
"""That tell what each choice adds; the library's own default is a tenth of it."""


class Server(Protocol):
    """What the engine needs of a store."""

    uri: str

    async def read(
        self,
        statement: Statement,
        parameters: Mapping[str, object] | None = None,
        *,
        timeout_seconds: float = ...,
    ) -> list[dict[str, Any]]:
        """All rows of one statement that writes nothing into the graph."""
        ...


class GdsEngine:
    """Runs centrality and selection."""

    name = "gds"

    def __init__(self, server: Server | None) -> None:
        """`server` is the graph that computes; without one everything is refused."""
        self._server = server

    def refusal(self, request: Request, graph: Arrays, /) -> str | None:
        """It has PageRank, HITS, k-core, Leiden and CELF; whether the server has the library shows when it is asked."""
        if isinstance(request, SelectAdvocates) and isinstance(graph, ReverseTies):
            return _unlike_celf(request, graph)
        if not isinstance(request, CentralityRequest) or not isinstance(graph, Follows):
            asked = "search for chains" if isinstance(request, ChainsRequest) else "learn ties or credit revenue"
            return f"the gds engine does not {asked}: use the engine local"
        followed = int(graph.weight.sum())
        if followed > MOST_TIES:
            return (
                f"the gds engine is sent at most {MOST_TIES:,} followed shares, and here are {followed:,}: "
                "use the engine local"
            )
        return None

    @overload
    async def run(self, request: ChainsRequest, graph: Purchases, /) -> Chains: ...
    @overload
    async def run(self, request: InfluenceRequest, graph: InfluenceGraph, /) -> Influence: ...
    @overload
    async def run(self, request: CentralityRequest, graph: Follows, /) -> Centrality: ...
    @overload
    async def run(self, request: SelectAdvocates, graph: ReverseTies, /) -> Advocates: ...
    async def run(self, request: Request, graph: Arrays, /) -> Answer:
        """The same figures as the local engine's, a choice of its own. BadInput too where there is no library."""
        check(self.refusal(request, graph))
        if isinstance(request, SelectAdvocates) and isinstance(graph, ReverseTies):
            return await _selected(await science_of(self._server), request, graph)
        if not (isinstance(request, CentralityRequest) and isinstance(graph, Follows)):
            raise misfit(request, graph)
        science = await science_of(self._server)
        return await _central(science, request, graph)


class Science:
    """A server that has the library."""

    def __init__(self, server: Server) -> None:
        """Use `science_of`, which looks whether the library is there."""
        self._server = server

    async def ask(self, statement: Statement, **parameters: object) -> list[dict[str, Any]]:
        """The rows of one procedure's answer. Raises QueryRefused, StoreUnavailable."""
        return await self._server.read(statement, parameters, timeout_seconds=SECONDS)

    @asynccontextmanager
    async def projected(self, statement: Statement, **arrays: object) -> AsyncGenerator[str]:
        """The name of a projection that lives as long as the block, however that ends."""
        name = f"renmai-{secrets.token_hex(8)}"
        try:
            await self.ask(statement, name=name, **arrays)
            yield name
        finally:
            # Shielded: who is cancelled here would leave the projection in the server's memory for good.
            await asyncio.shield(asyncio.ensure_future(self.ask(statements.DROP, name=name)))


async def science_of(server: Server | None) -> Science:
    """The library of this server; BadInput says what to do where it has none."""
    if server is None:
        raise BadInput("the gds engine computes in a Neo4j, and none is connected: use the engine local")
    try:
        await server.read(statements.VERSION, timeout_seconds=SECONDS)
    except QueryRefused as error:
        raise BadInput(
            f"the gds engine needs a Neo4j with Graph Data Science, and the graph at {server.uri} has none: install "
            "the plugin and set NEO4J_URI, or use the engine local or networkx"
        ) from error
    return Science(server)


async def _central(science: Science, request: CentralityRequest, graph: Follows) -> Centrality:
    count = graph.customer.size
    if not count:
        nothing, nobody = np.empty(0), np.empty(0, np.int64)
        return Centrality(nothing, nothing, nothing, nothing, nobody, nobody, nobody)
    walk: dict[str, object] = {"damping": request.damping, "rounds": ROUNDS, "tolerance": CLOSE_ENOUGH}
    async with science.projected(statements.PROJECT_TIMES, **_followed(graph)) as name:
        rank = await science.ask(statements.PAGE_RANK, graph=name, **walk)
        near = list[dict[str, Any]]()
        if graph.around.size:
            near = await science.ask(statements.NEARNESS, graph=name, around=graph.around.tolist(), **walk)
        links = await science.ask(statements.HITS, graph=name, rounds=HITS_ROUNDS)
    async with science.projected(statements.PROJECT_BOTH_WAYS, **_both_ways(graph)) as name:
        core = await science.ask(statements.CORES, graph=name)
        parts = await science.ask(statements.LEIDEN, graph=name, resolution=request.resolution, seed=request.seed)
    community = largest_first(_column(parts, "community", count).astype(np.int64))
    return Centrality(
        _to_one(_column(rank, "score", count)),
        _to_one(_column(near, "score", count)),
        _to_one(_column(links, "hub", count)),
        _to_one(_column(links, "authority", count)),
        _column(core, "core", count).astype(np.int64),
        community,
        sizes(community),
    )


def _unlike_celf(request: SelectAdvocates, graph: ReverseTies) -> str | None:
    """Why the library's CELF cannot make this choice, in a sentence; None where it can."""
    free = np.ones(graph.customer_count, np.bool_) if request.candidates is None else request.candidates
    beyond = {
        "among some of the customers": not free.all(),
        "beside who is enlisted": bool(request.already),
        "by revenue or other weights": request.weights is not None,
    }
    asked = next((words for words, of in beyond.items() if of), None)
    if asked is not None:
        return f"the gds engine does not choose {asked}: use the engine local or networkx"
    if graph.source.size > MOST_TIES:
        return (
            f"the gds engine is sent at most {MOST_TIES:,} ties, and this graph has {graph.source.size:,}: "
            "use the engine local"
        )
    return beyond_celf(GdsEngine.name, request)


async def _selected(science: Science, request: SelectAdvocates, graph: ReverseTies) -> Advocates:
    """The library knows one chance for all ties: their mean. What its choice is worth, the ties as they are tell."""
    chance = float(graph.probability.mean()) if graph.probability.size else 0.0
    ends = graph.source.tolist(), graph.targets().tolist()
    ties = _with_the_alone(graph.customer_count, *ends) | {"times": [1] * graph.source.size}
    async with science.projected(statements.PROJECT_TIMES, **ties) as name:
        rows = await science.ask(
            statements.CELF, graph=name, k=request.k, cascades=CASCADES, chance=chance, seed=request.seed
        )
    rows.sort(key=lambda row: -row["gain"])
    reason = f"Graph Data Science has CELF, over {CASCADES:,} cascades with one chance of {chance:.3g} for every tie"
    chosen, gain = np.array([row["row"] for row in rows], np.int64), np.array([row["gain"] for row in rows])
    return told(graph, request, chosen, gain, None, reason)


def _followed(graph: Follows) -> dict[str, object]:
    """A tie as often as a share was followed: the library's HITS knows no weights, but counts what is there twice."""
    pairs = graph.weight.tocoo()
    ends = pairs.row.tolist(), pairs.col.tolist()
    return _with_the_alone(graph.customer.size, *ends) | {"times": pairs.data.astype(np.int64).tolist()}


def _both_ways(graph: Follows) -> dict[str, object]:
    """Each pair once, with the weights of both directions: who follow one another are one tie of a core."""
    both = graph.weight + graph.weight.T
    pairs = both.tocoo()
    once = pairs.row < pairs.col
    ends = pairs.row[once].tolist(), pairs.col[once].tolist()
    return _with_the_alone(graph.customer.size, *ends) | {"weight": pairs.data[once].astype(np.float64).tolist()}


def _with_the_alone(count: int, source: Sequence[int], target: Sequence[int]) -> dict[str, object]:
    """The ends of the ties, and who has no tie."""
    alone = np.setdiff1d(np.arange(count), np.array([*source, *target], np.int64))
    return {"source": source, "target": target, "alone": alone.tolist()}


def _column(rows: list[dict[str, Any]], name: str, count: int) -> NDArray[np.float64]:
    """One figure of every row of the graph."""
    column = np.zeros(count)
    column[[row["row"] for row in rows]] = [row[name] for row in rows]
    return column


def _to_one(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Its figures are to some other sum, or to squares that add up to 1."""
    told = np.nan_to_num(values)
    return told / total if (total := float(told.sum())) else told
