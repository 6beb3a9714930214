"""Which engines there are, and what each says it cannot run."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from graph.algorithms.affinity import AffinityRequest
from graph.algorithms.centrality import CentralityRequest, Follows
from graph.algorithms.chains import ChainsRequest, Purchases
from graph.algorithms.influence import Forest, InfluenceGraph, InfluenceRequest, Reach, Ties
from graph.engines import ENGINES, IN_PROCESS, GdsEngine, engine_named
from graph.errors import BadInput
from graph.jobs.started import check_engine


def purchases(categories: int) -> Purchases:
    nothing = np.zeros(0, np.int32)
    return Purchases(nothing, nothing, nothing, nothing, 0, categories)


def star(ties: int) -> InfluenceGraph:
    pointer = np.concatenate([[0], np.full(ties + 1, ties)]).astype(np.int64)
    some, customers = np.full(ties, 0.5), np.zeros(ties + 1)
    forest = Forest(np.full(ties + 1, -1, np.int32), np.arange(ties + 1, dtype=np.int32))
    graph = Ties(
        pointer,
        np.arange(1, ties + 1, dtype=np.int32),
        some,
        some * 0,
        customers,
        customers,
        Reach.certain(pointer.size - 1),
    )
    return InfluenceGraph(graph, forest, np.zeros(ties + 1, np.int64))


def test_every_engine_is_called_by_its_own_name():
    assert ENGINES == ("local", "networkx", "gds")
    assert [engine_named(name).name for name in ENGINES] == list(ENGINES)


def test_an_unknown_engine_is_refused_with_those_that_there_are():
    with pytest.raises(BadInput, match="no engine 'spork'; choose one of local, networkx, gds"):
        engine_named("spork")


async def test_networkx_says_that_it_has_no_chains():
    refusal = IN_PROCESS["networkx"].refusal(ChainsRequest(), purchases(3))

    assert refusal is not None
    assert "use the engine local" in refusal
    with pytest.raises(BadInput, match="does not search for chains"):
        await IN_PROCESS["networkx"].run(ChainsRequest(), purchases(3))


def test_networkx_says_that_a_graph_is_too_large_for_it():
    assert IN_PROCESS["networkx"].refusal(InfluenceRequest(), star(10)) is None
    assert "50,001" in (IN_PROCESS["networkx"].refusal(InfluenceRequest(), star(50_001)) or "")


def test_local_says_that_there_are_too_many_categories():
    assert IN_PROCESS["local"].refusal(ChainsRequest(), purchases(300)) is None
    assert "higher category level" in (IN_PROCESS["local"].refusal(ChainsRequest(), purchases(300_000)) or "")


@pytest.mark.parametrize("engine", [*IN_PROCESS.values(), GdsEngine(None)], ids=ENGINES)
async def test_a_request_does_not_run_on_the_wrong_arrays(engine):
    with pytest.raises((TypeError, BadInput)):
        await engine.run(InfluenceRequest(), purchases(3))


@pytest.mark.parametrize(
    ("request_", "arrays", "told"),
    [
        (ChainsRequest(), purchases(3), "the gds engine does not search for chains: use the engine local"),
        (InfluenceRequest(), star(3), "the gds engine does not learn ties or credit revenue: use the engine local"),
    ],
)
async def test_gds_names_the_engine_that_has_what_it_has_not(request_, arrays, told):
    with pytest.raises(BadInput, match=told):
        await GdsEngine(None).run(request_, arrays)


def test_gds_says_that_more_was_followed_than_it_is_sent():
    weight = csr_array(([250_000.0, 250_001.0], ([0, 1], [1, 0])), shape=(2, 2))

    refusal = GdsEngine(None).refusal(CentralityRequest(), Follows(np.arange(2), weight))

    assert refusal == (
        "the gds engine is sent at most 500,000 followed shares, and here are 500,001: use the engine local"
    )


async def test_gds_without_a_server_says_so():
    with pytest.raises(BadInput, match="the gds engine computes in a Neo4j, and none is connected"):
        await GdsEngine(None).run(CentralityRequest(), Follows(np.arange(2), csr_array((2, 2))))


@pytest.mark.parametrize(
    ("asked", "name", "told"),
    [
        (ChainsRequest(), "gds", "chains runs on the engine local alone, not on gds"),
        (InfluenceRequest(), "gds", "influence runs on the engines local, networkx, not on gds"),
        (AffinityRequest(), "networkx", "affinity runs on the engine local alone, not on networkx"),
        (CentralityRequest(), "spork", "centrality runs on the engines local, networkx, gds, not on spork"),
    ],
)
def test_a_kind_of_score_names_the_engines_that_run_it(asked, name, told):
    with pytest.raises(BadInput, match=told):
        check_engine(asked, name)


def test_centrality_may_be_asked_of_every_engine():
    for name in ENGINES:
        check_engine(CentralityRequest(), name)
