"""Centrality by every engine, Neo4j's Graph Data Science included: answers by hand, and one engine's by the others'."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from event_rows import START, event, frame
from scipy.sparse import csr_array

from graph.algorithms.centrality import Centrality, CentralityRequest, Follows
from graph.engines import Engine, engine_named
from graph.errors import QueryRefused
from graph.jobs.project import prepare
from graph.jobs.publish import RunContext
from graph.jobs.score_centrality import score_centrality
from graph.log.event_log import EventLog
from graph.queries.run import runs_by_key
from graph.store import Statement, Store, cypher

PROJECTIONS = cypher("CALL gds.graph.list() YIELD graphName RETURN graphName AS name")
REQUEST = CentralityRequest(seed=7)

Ties = dict[tuple[int, int], float]


def graph(customers: int, ties: Ties, *around: int) -> Follows:
    """Who follows whom, so often."""
    ends = np.array(list(ties), np.int64).reshape(-1, 2)
    weight = csr_array((np.array(list(ties.values()), np.float64), (ends[:, 0], ends[:, 1])), (customers, customers))
    return Follows(np.arange(customers), weight, np.array(around, np.int64))


def at_random(seed: int, customers: int = 30, ties: int = 90) -> Follows:
    random = np.random.default_rng(seed)
    pairs = {(int(a), int(b)) for a, b in random.integers(0, customers, (ties, 2)) if a != b}
    return graph(customers, {pair: float(random.integers(1, 5)) for pair in sorted(pairs)}, 0, 5)


def modularity(network: Follows, found: Centrality) -> float:
    """Newman's: the part of all ties inside of communities, less what it would be by chance."""
    both = (network.weight + network.weight.T).toarray()
    part, share = both / both.sum(), both.sum(axis=1) / both.sum()
    together = found.community[:, None] == found.community[None, :]
    return float((part - np.outer(share, share))[together].sum())


async def test_page_rank_is_what_was_worked_out_by_hand(engine: Engine):
    # r0 = (1 - d + d r1) / 2 and r1 = (1 - d + d r1) / 2 + d r0, where 1 leads nowhere and so anywhere.
    found = await engine.run(CentralityRequest(damping=0.5), graph(2, {(0, 1): 1}))

    assert found.page_rank == pytest.approx([0.4, 0.6], abs=1e-9)
    assert found.nearness.tolist() == [0.0, 0.0]


async def test_nearness_stays_with_those_whom_the_walk_can_reach(engine: Engine):
    found = await engine.run(CentralityRequest(), graph(4, {(0, 1): 1, (1, 0): 1, (2, 3): 1}, 0))

    assert found.nearness == pytest.approx([1 / 1.85, 0.85 / 1.85, 0, 0], abs=1e-9)


async def test_hubs_and_authorities_count_how_often_somebody_was_followed(engine: Engine):
    # 1 followed 0 twice, 2 once; 3 has no tie at all.
    found = await engine.run(REQUEST, graph(4, {(1, 0): 2, (2, 0): 1}))

    assert found.authority == pytest.approx([1, 0, 0, 0], abs=1e-9)
    assert found.hub == pytest.approx([0, 2 / 3, 1 / 3, 0], abs=1e-9)
    assert found.core.tolist() == [1, 1, 1, 0]


async def test_two_groups_with_one_tie_between_them_are_two_communities_the_larger_first(engine: Engine):
    groups = [(a, b) for group in (range(3), range(3, 7)) for a in group for b in group if a != b]

    found = await engine.run(REQUEST, graph(7, dict.fromkeys([*groups, (2, 3)], 1.0)))

    assert found.core.tolist() == [2, 2, 2, 3, 3, 3, 3]
    assert found.community.tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert found.community_size.tolist() == [3, 3, 3, 4, 4, 4, 4]


async def test_a_higher_resolution_gives_more_communities(engine: Engine):
    ring = {(one, (one + 1) % 12): 1.0 for one in range(12)}

    coarse, fine = [
        await engine.run(CentralityRequest(resolution=resolution), graph(12, ring)) for resolution in (0.3, 3.0)
    ]

    assert coarse.community.max() < fine.community.max()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_engines_agree_on_random_graphs(engine: Engine, seed: int):
    network = at_random(seed)

    found, ours = await engine.run(REQUEST, network), await engine_named("local").run(REQUEST, network)

    assert found.page_rank == pytest.approx(ours.page_rank, abs=1e-9)
    assert found.nearness == pytest.approx(ours.nearness, abs=1e-9)
    assert found.hub == pytest.approx(ours.hub, abs=1e-6)
    assert found.authority == pytest.approx(ours.authority, abs=1e-6)
    assert found.core.tolist() == ours.core.tolist()
    assert modularity(network, found) == pytest.approx(modularity(network, ours), abs=0.03)
    again = await engine.run(REQUEST, network)
    assert again.community.tolist() == found.community.tolist()


async def test_nobody_is_central_where_nobody_follows(engine: Engine):
    found = await engine.run(REQUEST, graph(0, {}))

    assert found.page_rank.size == found.core.size == found.community.size == 0


class _Breaks:
    """The server, less one procedure."""

    def __init__(self, store: Store, without: str, error: BaseException) -> None:
        self.uri, self._store, self._without, self._error = store.uri, store, without, error
        self.seen = list[list[str]]()

    async def read(
        self,
        statement: Statement,
        parameters: Mapping[str, object] | None = None,
        *,
        timeout_seconds: float = 30.0,
    ) -> list[dict[str, Any]]:
        if self._without in statement.text:
            self.seen.append([row["name"] for row in await self._store.read(PROJECTIONS)])
            raise self._error
        return await self._store.read(statement, parameters, timeout_seconds=timeout_seconds)


@pytest.mark.neo4j
@pytest.mark.parametrize("procedure", ["gds.hits", "gds.leiden"])
@pytest.mark.parametrize(
    "error", [QueryRefused("out of memory"), asyncio.CancelledError()], ids=["refused", "cancelled"]
)
async def test_the_projection_is_dropped_whatever_happens(gds_store: Store, procedure: str, error: BaseException):
    server = _Breaks(gds_store, procedure, error)

    with pytest.raises(type(error)):
        await engine_named("gds", server).run(REQUEST, at_random(1))

    [[standing]] = server.seen
    assert standing.startswith("renmai-")
    assert await gds_store.read(PROJECTIONS) == []


@pytest.mark.neo4j
async def test_a_run_of_gds_is_published_like_every_other(gds_store: Store, tmp_path: Path):
    fans = {"ann": ["bob", "cat", "dan"], "bob": ["cat", "dan"], "cat": ["dan"], "eve": ["fay", "gil"], "fay": ["gil"]}
    rows = [event("share", 0, customer=sharer, share=sharer, product="tea") for sharer in fans]
    rows += [event("share_click", 1, customer=fan, share=sharer) for sharer, of in fans.items() for fan in of]
    log = EventLog.open(tmp_path / "log")
    log.append(frame(rows), loader="test", batch=1)
    await prepare(gds_store)
    context = RunContext("g1", START, lambda: START, "gds")

    theirs = await score_centrality(log, gds_store, tmp_path / "scores", CentralityRequest(), context)
    ours = await score_centrality(
        log, gds_store, tmp_path / "scores", CentralityRequest(), replace(context, run_id="l1", engine="local")
    )

    assert theirs.said == ours.said
    assert theirs.said.startswith("7 customers follow or are followed over 9 ties, in 2 communities, the largest of 4")
    [kept] = await runs_by_key(gds_store, ["g1"])
    assert kept is not None
    assert (kept.state, kept.engine, kept.customer_count) == ("succeeded", "gds", 7)
