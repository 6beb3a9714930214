"""Which engines there are, and what each says it cannot run."""

import numpy as np
import pytest

from graph.algorithms.chains import ChainsRequest, Purchases
from graph.algorithms.influence import Forest, InfluenceGraph, InfluenceRequest, Reach, Ties
from graph.engines import ENGINES, engine_named
from graph.errors import BadInput


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
    assert set(ENGINES) == {"local", "networkx"}
    assert all(name == engine.name for name, engine in ENGINES.items())


def test_an_unknown_engine_is_refused_with_those_that_there_are():
    with pytest.raises(BadInput, match="no engine 'spork'; choose one of local, networkx"):
        engine_named("spork")


def test_networkx_says_that_it_has_no_chains():
    refusal = ENGINES["networkx"].refusal(ChainsRequest(), purchases(3))

    assert refusal is not None
    assert "use the engine local" in refusal
    with pytest.raises(BadInput, match="does not search for chains"):
        ENGINES["networkx"].run(ChainsRequest(), purchases(3))


def test_networkx_says_that_a_graph_is_too_large_for_it():
    assert ENGINES["networkx"].refusal(InfluenceRequest(), star(10)) is None
    assert "50,001" in (ENGINES["networkx"].refusal(InfluenceRequest(), star(50_001)) or "")


def test_local_says_that_there_are_too_many_categories():
    assert ENGINES["local"].refusal(ChainsRequest(), purchases(300)) is None
    assert "higher category level" in (ENGINES["local"].refusal(ChainsRequest(), purchases(300_000)) or "")


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_a_request_does_not_run_on_the_wrong_arrays(engine):
    with pytest.raises((TypeError, BadInput)):
        engine.run(InfluenceRequest(), purchases(3))
