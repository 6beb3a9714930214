"""Whatever the order, the batches, the repeats, the interruptions and the way of writing: the graph is the same."""

import asyncio
from collections.abc import Sequence

from event_rows import event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_graph import Cut, TinyGraph, TinyLog

from graph.jobs.digest import graph_digest
from graph.jobs.project import Projected, Sizes, project
from graph.log.schema import REQUIRED, EventKind
from graph.model.customer import CUSTOMER

KEYS = {
    "customer": st.sampled_from(["ann", "bob", "cat"]),
    "referrer": st.sampled_from(["ann", "bob", "dan"]),
    "product": st.sampled_from(["tea", "cake"]),
    "order": st.sampled_from(["o1", "o2", "o3"]),
    "store": st.sampled_from(["s1", "s2"]),
    "channel": st.sampled_from(["app", "mall"]),
    "campaign": st.sampled_from(["c1", "c2"]),
    "share": st.sampled_from(["h1", "h2"]),
}
PROPERTIES = {
    EventKind.PROFILE: st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["王", "李"]),
            "city": st.sampled_from(["杭州", None]),
            "category": st.sampled_from(["奶茶", "饮品 > 奶茶", ["饮品", "果茶"]]),
            "price": st.sampled_from([18.5, "0.10"]),
            "online": st.booleans(),
            "consent_offers": st.booleans(),
        },
    ),
    EventKind.CONSENT: st.fixed_dictionaries(
        {"purpose": st.sampled_from(["analytics", "offers", "sharing"]), "granted": st.booleans()}
    ),
}
DWELL = st.fixed_dictionaries({}, optional={"dwell_seconds": st.sampled_from([0.1, 0.2, 7])})


@st.composite
def some_event(draw: st.DrawFn):
    kind = draw(st.sampled_from(EventKind))
    fields = {name: draw(KEYS[name]) for name in REQUIRED[kind] if name in KEYS}
    for name in draw(st.sets(st.sampled_from(sorted(KEYS)), max_size=2)):
        fields.setdefault(name, draw(KEYS[name]))
    if kind is EventKind.PROFILE:
        column = draw(st.sampled_from(["customer", "product", "store", "channel", "campaign"]))
        fields = {column: draw(KEYS[column])}
    if {"amount", "quantity"} & set(REQUIRED[kind]):
        fields["amount"] = draw(st.sampled_from(["0.10", "0.20", "18.50"]))
        fields["quantity"] = draw(st.sampled_from([0.1, 0.2, 3]))
    properties = draw(PROPERTIES.get(kind, DWELL))
    return event(kind.value, draw(st.integers(0, 5)), properties=properties, **fields)


EVENTS = st.lists(some_event(), min_size=1, max_size=30)
AT_ONCE = Sizes()
BATCHED = Sizes(events_at_once=0, batch_rows=3)


async def graph_after(versions: Sequence[Sequence[dict[str, object]]], each: bool, sizes: Sizes, engine: str = "neo4j"):
    """The graph after a projection of every version (`each`), or of all of them at the end."""
    log, graph = TinyLog(), TinyGraph(engine)
    for rows in versions:
        log.append(rows)
        if each:
            await project(log, graph, sizes=sizes)
    await project(log, graph, sizes=sizes)
    return graph


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS, st.data())
def test_any_order_any_split_and_any_repeats_give_the_same_graph(rows, data):
    shuffled = data.draw(st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=5))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled)), max_size=3)))
    versions = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]

    whole = asyncio.run(graph_after([rows], each=False, sizes=AT_ONCE))
    split = asyncio.run(graph_after(versions, each=True, sizes=AT_ONCE))
    batched = asyncio.run(graph_after(versions, each=True, sizes=BATCHED))

    assert split.content() == whole.content()
    assert batched.content() == whole.content()
    assert asyncio.run(graph_digest(split)) == asyncio.run(graph_digest(whole))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS)
def test_filling_an_empty_store_gives_the_same_graph_as_writing_to_it(rows):
    filled = asyncio.run(graph_after([rows], each=False, sizes=BATCHED, engine="embedded"))
    written = asyncio.run(graph_after([rows], each=False, sizes=AT_ONCE))

    assert filled.transactions == [1]
    assert filled.content() == written.content()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS, EVENTS, st.data())
def test_a_run_cut_off_anywhere_ends_as_an_undisturbed_one(first, second, data):
    undisturbed = asyncio.run(graph_after([first, second], each=True, sizes=BATCHED))
    log, graph = TinyLog(), TinyGraph()
    log.append(first)
    asyncio.run(project(log, graph, sizes=BATCHED))
    log.append(second)

    graph.writes_left = data.draw(st.integers(0, 12))
    cut = False
    try:
        asyncio.run(project(log, graph, sizes=BATCHED))
    except Cut:
        cut = True
    before, graph.writes_left = len(graph.transactions), None
    asyncio.run(project(log, graph, sizes=BATCHED))

    assert graph.content() == undisturbed.content()
    if cut:
        assert len(graph.transactions) == len(undisturbed.transactions), "nothing is written twice"
    else:
        assert len(graph.transactions) == before


async def test_a_run_that_was_cut_off_is_finished_before_newer_events_are_projected():
    log, graph = TinyLog(), TinyGraph(writes_left=1)
    log.append([event("view", customer="ann", product="tea")])
    try:
        await project(log, graph, sizes=BATCHED)
    except Cut:
        graph.writes_left = None
    log.append([event("view", 1, customer="bob", product="tea")])

    done = await project(log, graph, sizes=BATCHED)

    assert (done.from_version, done.to_version) == (0, 2)
    assert set(graph.tied("VIEWED")) == {("ann", "tea"), ("bob", "tea")}


async def test_a_run_that_was_cut_into_other_batches_is_begun_again():
    log, graph = TinyLog(), TinyGraph(writes_left=2)
    log.append([event("view", customer=f"c{i}", product="tea") for i in range(9)])
    try:
        await project(log, graph, sizes=Sizes(events_at_once=0, batch_rows=1))
    except Cut:
        graph.writes_left = None

    await project(log, graph, sizes=Sizes(events_at_once=0, batch_rows=4))

    assert len(graph.nodes["Customer"]) == 9
    assert len(graph.ties["VIEWED"]) == 9


async def test_nothing_new_writes_nothing():
    log, graph = TinyLog(), TinyGraph()
    log.append([event("login", customer="ann")])
    await project(log, graph)

    again = await project(log, graph)

    assert again == Projected(1, 1)
    assert len(graph.transactions) == 1


async def test_a_small_window_is_one_transaction_with_its_checkpoint():
    log, graph = TinyLog(), TinyGraph()
    log.append([event("purchase", customer="ann", order="o", product="tea", quantity=1, amount=1, store="s")])

    done = await project(log, graph)

    assert len(graph.transactions) == 1
    assert (done.nodes, done.ties) == (4, 3)
    assert graph.nodes["Projection"]["graph"]["log_version"] == 1


async def test_only_what_new_events_touch_is_written():
    log, graph = TinyLog(), TinyGraph()
    log.append([event("login", customer=f"c{i}") for i in range(50)])
    await project(log, graph)
    log.append([event("login", 5, customer="c7")])

    done = await project(log, graph)

    assert (done.nodes, done.ties) == (1, 0)


async def test_what_a_broken_filling_left_is_put_right():
    log, graph = TinyLog(), TinyGraph()
    log.append([event("favourite", 1, customer="ann", product="tea"), event("view", 1, customer="ann", product="tea")])
    await project(log, graph)
    graph.nodes["Projection"].clear()
    graph.ties["VIEWED"].clear()
    graph.upsert_node(CUSTOMER, {"customer_id": "eve"})
    graph.ties["REFERRED"]["eve", "ann"] = {}
    log.append([event("unfavourite", 2, customer="ann", product="tea")])

    await project(log, graph, sizes=BATCHED)

    assert graph.tied("FAVOURITED") == graph.tied("REFERRED") == {}
    assert set(graph.tied("VIEWED")) == {("ann", "tea")}
