"""The default engine: compiled kernels over arrays, in this process."""

import asyncio
from typing import overload

from graph.algorithms.centrality import Centrality, CentralityRequest, Follows, find_central
from graph.algorithms.chains import MOST_FOUND, Chains, ChainsRequest, Purchases, SlotsFrom, find_chains
from graph.algorithms.influence import (
    Credit,
    CreditRule,
    Influence,
    InfluenceGraph,
    InfluenceRequest,
    credit_equally,
    credit_upwards,
    expected_spread,
    strongest_paths,
)
from graph.algorithms.influence.selection.reverse_ties import ReverseTies
from graph.algorithms.influence.selection.select import Advocates, SelectAdvocates, select_advocates
from graph.engines.engine import Answer, Arrays, Request, check, misfit

MOST_TOKENS = 2_000_000
"""Categories × slots: beyond that one row of pair counts no longer fits into memory."""


class LocalEngine:
    """Runs everything."""

    name = "local"

    def refusal(self, request: Request, graph: Arrays, /) -> str | None:
        """Only a catalogue of too many categories is refused."""
        if isinstance(request, ChainsRequest) and isinstance(graph, Purchases):
            slots = MOST_FOUND if request.slots_from is SlotsFrom.FOUND else len(request.slots)
            tokens = graph.category_count * slots
            if tokens > MOST_TOKENS:
                return (
                    f"{graph.category_count:,} categories × {slots} slots are {tokens:,} steps, more than "
                    f"{MOST_TOKENS:,}: choose a higher category level or fewer slots"
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
        """Bit-identical for the same request and arrays; computed in another thread."""
        check(self.refusal(request, graph))
        return await asyncio.to_thread(_computed, request, graph)


def _computed(request: Request, graph: Arrays) -> Answer:
    if isinstance(request, ChainsRequest) and isinstance(graph, Purchases):
        return find_chains(request, graph)
    if isinstance(request, CentralityRequest) and isinstance(graph, Follows):
        return find_central(request, graph)
    if isinstance(request, InfluenceRequest) and isinstance(graph, InfluenceGraph):
        return Influence(
            expected_spread(graph.ties, request, graph.delays, graph.kept),
            _credit(request, graph),
            strongest_paths(graph.ties, request.paths),
        )
    if isinstance(request, SelectAdvocates) and isinstance(graph, ReverseTies):
        return select_advocates(graph, request)
    raise misfit(request, graph)


def _credit(request: InfluenceRequest, graph: InfluenceGraph) -> Credit:
    if request.credit is CreditRule.SHAPLEY:
        return credit_equally(graph.direct_cents, graph.forest)
    return credit_upwards(graph.direct_cents, graph.forest, request.decay)
