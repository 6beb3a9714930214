"""Both stores hold exactly the graph that the log says, by every way into them."""

from pathlib import Path

import pytest
from event_rows import event, frame
from random_events import random_events
from tiny_graph import TinyGraph, TinyLog

from graph.jobs.digest import graph_counts, graph_digest
from graph.jobs.project import Projected, Sizes, prepare, project, projected_version
from graph.jobs.rebuild import rebuild
from graph.log import EventLog
from graph.model import NODES
from graph.store.statement import cypher, generated
from graph.store.store import Store

EVENTS = random_events(seed=1, size=1_500)
BATCHED = Sizes(events_at_once=0, batch_rows=200)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog.open(tmp_path / "events")


def append(log: EventLog, rows: list[dict[str, object]], batch: int) -> None:
    log.append(frame(rows), loader="test", batch=batch)


async def expected(rows: list[dict[str, object]]) -> TinyGraph:
    """The graph as plain dictionaries, in one go."""
    log, graph = TinyLog(), TinyGraph()
    log.append(rows)
    await project(log, graph)
    return graph


async def test_one_window_many_windows_batches_and_a_rebuild_give_one_graph(store: Store, log: EventLog):
    whole = await expected(EVENTS)
    digest = await graph_digest(whole)

    append(log, EVENTS[700:900], 1)
    await project(log, store)
    append(log, EVENTS[:700], 2)
    await project(log, store, sizes=BATCHED)
    append(log, EVENTS[600:], 3)
    await project(log, store)

    assert await graph_digest(store) == digest
    assert await graph_counts(store) == await graph_counts(whole)
    assert await projected_version(store) == 3
    assert await project(log, store) == Projected(3, 3)

    again = await rebuild(log, store, sizes=BATCHED)

    assert (again.from_version, again.to_version) == (0, 3)
    assert await graph_digest(store) == digest


async def test_an_empty_store_that_is_filled_holds_the_same(store: Store, log: EventLog):
    append(log, EVENTS, 1)

    done = await project(log, store, sizes=Sizes(events_at_once=0))

    whole = await expected(EVENTS)
    assert await graph_digest(store) == await graph_digest(whole)
    counts = await graph_counts(store)
    assert done.nodes + done.ties == sum(counts.values())
    assert await projected_version(store) == 1


async def test_a_filled_store_goes_on_with_what_comes_after(store: Store, log: EventLog):
    append(log, EVENTS[500:], 1)
    await project(log, store, sizes=Sizes(events_at_once=0))
    append(log, EVENTS[:500], 2)

    await project(log, store)

    assert await graph_digest(store) == await graph_digest(await expected(EVENTS))


async def test_values_come_back_as_what_they_were_declared(store: Store, log: EventLog):
    said = {"name": "奶绿", "category": ["饮品", "奶茶"], "price": "18.50", "attributes": ["low-sugar", "热"]}
    append(log, [event("profile", product="tea", properties=said), event("register", 1, "r", customer="王小明")], 1)

    await project(log, store)

    [tea] = await store.read(
        cypher(
            "MATCH (p:Product) RETURN p.name AS name, p.price_cents AS price, "
            "p.attributes AS attributes, p.brand AS brand"
        )
    )
    [path] = await store.read(
        cypher("MATCH (:Product)-[:IN]->(c)-[:PART_OF]->(d) RETURN c.name AS name, d.name AS above")
    )
    [ann] = await store.read(
        cypher(
            "MATCH (c:Customer) WHERE c.registered_at < datetime('2026-03-02T04:01:00.000001Z') "
            "RETURN c.customer_id AS id, c.registered_at AS at, c.revenue_cents AS revenue"
        )
    )
    assert tea == {"name": "奶绿", "price": 1850, "attributes": ["low-sugar", "热"], "brand": None}
    assert path == {"name": "奶茶", "above": "饮品"}
    assert (ann["id"], ann["at"].isoformat(), ann["revenue"]) == ("王小明", "2026-03-02T04:01:00+00:00", 0)


async def test_a_property_that_is_no_more_said_goes(store: Store, log: EventLog):
    """What others keep on a node stays: the projector sets what it declares and nothing else."""
    append(log, [event("login", customer="ann")], 1)
    await project(log, store)
    await store.write((cypher("MATCH (c:Customer) SET c.city = 'old', c.note = 'mine'"), {}))
    append(log, [event("login", 1, customer="ann")], 2)

    await project(log, store)

    [ann] = await store.read(cypher("MATCH (c:Customer) RETURN c.city AS city, c.note AS note"))
    assert ann == {"city": None, "note": "mine"}


async def test_the_store_stands_ready_with_keys_that_are_unique(store: Store):
    await prepare(store)
    await prepare(store)

    for node in NODES:
        key = node.key.name
        make = generated(f"CREATE (n:{node.label} {{{key}: 'twice'}})")
        await store.write((make, {}))
        with pytest.raises(Exception, match=r"(?i)exist|duplicat|uniq"):
            await store.write((make, {}))
