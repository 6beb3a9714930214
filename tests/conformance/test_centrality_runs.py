"""Centrality on both stores: scored out of the log, published in one step, read by customer, by rank and by group."""

from datetime import UTC, datetime, timedelta

import pytest
from event_rows import START, event, frame

from graph.algorithms.centrality import CentralityRequest
from graph.errors import BadInput
from graph.jobs.publish import RunContext
from graph.jobs.score_centrality import score_centrality
from graph.log.event_log import EventLog
from graph.model.customer import CUSTOMER
from graph.model.statements import upsert_node
from graph.queries.audience import grouped_keys
from graph.queries.centrality import METRICS, centrality_of, count_central, most_central
from graph.queries.paging import Slice
from graph.queries.run import runs_by_key
from graph.store import Store, generated

NOW = START + timedelta(days=90)
FANS = {"ann": ["bob", "cat", "dan"], "bob": ["cat", "dan"], "cat": ["dan"], "eve": ["fay", "gil"], "fay": ["gil"]}
"""Sharer → who clicks: four who all know each other, and three."""


def context(run_id: str, engine: str = "local") -> RunContext:
    return RunContext(run_id, NOW, lambda: datetime(2026, 7, 1, tzinfo=UTC), engine)


@pytest.fixture
def log(tmp_path) -> EventLog:
    rows = [event("register", customer="hal"), event("register", customer="ann")]
    for minute, (sharer, fans) in enumerate(FANS.items()):
        rows.append(event("share", minute, customer=sharer, share=sharer, product="tea"))
        rows += [event("share_click", minute + 1, customer=fan, share=sharer) for fan in fans]
    log = EventLog.open(tmp_path / "log")
    log.append(frame(rows), loader="test", batch=1)
    return log


async def known(store: Store, *keys: str) -> None:
    names = [given.name for given in CUSTOMER.all_properties()]
    rows = [dict.fromkeys(names) | {"customer_id": key} for key in keys]
    await store.write((generated(upsert_node(CUSTOMER)), {"rows": rows}))


async def test_what_is_scored_is_what_readers_find(store: Store, log: EventLog, tmp_path):
    await known(store, "ann", "bob", "cat", "dan", "eve", "fay", "gil", "hal")

    run = await score_centrality(log, store, tmp_path / "scores", CentralityRequest(around=("gil",)), context("c1"))

    assert run.said.startswith("7 customers follow or are followed over 9 ties, in 2 communities, the largest of 4")
    [ann, gil, hal] = await centrality_of(store, ["ann", "gil", "hal"], None)
    assert hal is None
    assert ann is not None
    assert gil is not None
    assert (ann.run_id, ann.rank, ann.core, ann.community, ann.community_size) == ("c1", 1, 3, 0, 4)
    assert (gil.core, gil.community, gil.community_size) == (2, 1, 3)
    assert (ann.nearness, gil.nearness > 0) == (0.0, True)
    [kept] = await runs_by_key(store, ["c1"])
    assert kept is not None
    assert (kept.kind, kept.state, kept.is_current, kept.customer_count, kept.tie_count) == (
        "centrality", "succeeded", True, 7, 9
    )  # fmt: skip
    first = await most_central(store, {}, METRICS["page_rank"], None, Slice(limit=2))
    assert [entry.row.customer_id for entry in first.entries] == ["ann", "eve"]
    near = await most_central(store, {}, METRICS["nearness"], "c1", Slice(limit=1))
    assert [entry.row.customer_id for entry in near.entries] == ["gil"]
    assert await count_central(store, {"district_eq": "nowhere"}, None) == 0
    groups = await grouped_keys(store, "community")
    assert sorted(sorted(group) for group in groups) == [["ann", "bob", "cat", "dan"], ["eve", "fay", "gil"]]


async def test_who_is_near_must_be_known_and_the_engine_one_that_there_is(store: Store, log: EventLog, tmp_path):
    with pytest.raises(BadInput, match="around must name customers of the log, and 1 are not among them: 'zoe'"):
        await score_centrality(log, store, tmp_path / "scores", CentralityRequest(around=("zoe",)), context("c2"))
    with pytest.raises(BadInput, match="centrality runs on the engines local, networkx, gds, not on spork"):
        await score_centrality(log, store, tmp_path / "scores", CentralityRequest(), context("c3", "spork"))

    [failed, never] = await runs_by_key(store, ["c2", "c3"])
    assert failed is not None
    assert failed.state == "failed"
    assert never is None


async def test_a_graph_without_graph_data_science_says_so_and_names_who_computes_instead(store, log, tmp_path):
    told = f"needs a Neo4j with Graph Data Science, and the graph at {store.uri} has none: .*engine local or networkx"

    with pytest.raises(BadInput, match=told):
        await score_centrality(log, store, tmp_path / "scores", CentralityRequest(), context("c4", "gds"))

    [failed] = await runs_by_key(store, ["c4"])
    assert failed is not None
    assert (failed.state, failed.engine) == ("failed", "gds")
