"""Affinity from the log to the answer: a run's partners and next products, on both stores, one statement a level."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from event_rows import event, frame
from test_one_statement_a_level import SCHEMA, CountingReader

from api.graphql.context import Caller, Context, Scope, Services
from graph.algorithms.affinity import AffinityRequest
from graph.errors import BadInput
from graph.jobs.affinity import NEXT_TABLE, QUALITY_TABLE, TOGETHER_TABLE, score_affinity
from graph.jobs.project import project
from graph.jobs.publish import RunContext
from graph.log.event_log import EventLog
from graph.log.scores import ScoreTable
from graph.store import Store
from graph.store.statement import cypher

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = 24 * 60
OFFERS = cypher("MATCH (c:Customer {customer_id: $key}) SET c.consent_offers = $consent")
SMALL = AffinityRequest(min_baskets=2, min_together=2, first=2, first_new=1)


def basket(customer: str, day: int, *products: str) -> list[dict[str, object]]:
    named = {"customer": customer, "order": f"{customer}-{day}", "quantity": 1.0, "amount": "10.00"}
    return [event("purchase", day * DAY, product=product, **named) for product in products]


def bought() -> list[dict[str, object]]:
    """Bread goes with jam, tea with milk; gil has bread as the bread-eaters do, and never had jam."""
    rows = [event("profile", product=sku, properties={"category": "food"}) for sku in ("bread", "jam", "tea", "milk")]
    for day in range(0, 60, 3):
        for customer in ("ann", "bob", "cat"):
            rows += basket(customer, day, "bread", "jam")
        for customer in ("dan", "eva"):
            rows += basket(customer, day, "tea", "milk")
        rows += basket("gil", day, "bread")
    return rows


@pytest.fixture
async def scored(store: Store, tmp_path: Path) -> Store:
    log = EventLog.open(tmp_path / "log")
    log.append(frame(bought()), loader="test", batch=1)
    await project(log, store)
    await score_affinity(log, store, tmp_path / "scores", SMALL, RunContext("affinity-1", NOW, lambda: NOW))
    return store


async def asked(store: Store, query: str) -> tuple[Any, int]:
    reader = CountingReader(store)
    nothing: Any = None
    services = Services(
        **dict.fromkeys(Services.__dataclass_fields__, nothing)
        | {"reader": reader, "zone": ZoneInfo("Asia/Shanghai"), "now": lambda: NOW}
    )
    result = await SCHEMA.execute(query, context_value=Context(services, Caller("test", frozenset(Scope))))
    assert not result.errors, result.errors
    return result.data, len(reader.reads)


async def test_partners_of_products_are_read_in_one_statement_and_their_products_in_another(scored: Store):
    query = """{ products(first: 9) { nodes { key
        boughtTogether(first: 2) { baskets lift qValue product { key name } run { key } }
        similar(first: 1) { customers cosine product { key } } } } }"""

    data, reads = await asked(scored, query)

    partners = {
        one["key"]: [other["product"]["key"] for other in one["boughtTogether"]] for one in data["products"]["nodes"]
    }
    assert partners == {"bread": ["jam"], "jam": ["bread"], "tea": ["milk"], "milk": ["tea"]}
    [jam] = data["products"]["nodes"][0]["boughtTogether"]
    assert jam["baskets"] == 60
    assert jam["lift"] > 1 > 0.05 > jam["qValue"]
    assert jam["run"] == {"key": "affinity-1"}
    assert [one["similar"] for one in data["products"]["nodes"] if one["key"] == "milk"] == [
        [{"customers": 2, "cosine": pytest.approx(2 / 12, abs=1e-6), "product": {"key": "tea"}}]
    ]
    assert reads == 4  # products, partners, the partners' products, the run


async def test_next_products_say_why_and_are_read_together(scored: Store):
    query = """{ customers(first: 9) { nodes { key nextProducts(first: 3) {
        productKey probability reason isNew product { key } } } } }"""

    data, reads = await asked(scored, query)

    told = {one["key"]: one["nextProducts"] for one in data["customers"]["nodes"]}
    assert told["gil"][0]["productKey"] == "bread"
    assert {one["reason"] for one in told["ann"] if not one["isNew"]} == {"HABIT"}
    assert {one["productKey"] for one in told["ann"][:2]} == {"bread", "jam"}
    new = [one for one in told["gil"] if one["isNew"]]
    assert new
    assert all(one["reason"] in ("PEOPLE_LIKE_THEM", "POPULAR") for one in new)
    assert all(0 < one["probability"] < 1 for one in told["ann"])
    assert reads == 4  # customers, their next products, their open chains, the products


async def test_who_said_no_to_offers_is_foretold_nothing(scored: Store):
    query = "{ customers(first: 9) { nodes { key nextProducts(first: 1) { productKey } } } }"
    await scored.write((OFFERS, {"key": "ann", "consent": False}), (OFFERS, {"key": "bob", "consent": True}))

    data, _ = await asked(scored, query)

    told = {one["key"]: bool(one["nextProducts"]) for one in data["customers"]["nodes"]}
    assert (told["ann"], told["bob"], told["gil"]) == (False, True, True)


async def test_only_what_is_new_may_be_asked_for(scored: Store):
    data, _ = await asked(scored, '{ customer(key: "gil") { nextProducts(newOnly: true) { productKey isNew } } }')

    told = data["customer"]["nextProducts"]
    assert told
    assert all(one["isNew"] and one["productKey"] != "bread" for one in told)


async def test_a_run_writes_its_tables_and_says_what_it_found(store: Store, tmp_path: Path):
    log = EventLog.open(tmp_path / "log")
    log.append(frame(bought()), loader="test", batch=1)
    context = RunContext("affinity-1", NOW, lambda: NOW)

    run = await score_affinity(log, store, tmp_path / "scores", SMALL, context)
    again = await score_affinity(log, store, tmp_path / "scores", SMALL, RunContext("affinity-2", NOW, lambda: NOW))

    assert (run.customer_count, run.tie_count, run.event_count) == (6, 6, 220)
    assert run.said.startswith("Of 6 pairs of products 2 are bought together")
    tables = {name: ScoreTable.open(tmp_path / "scores", name) for name in (TOGETHER_TABLE, NEXT_TABLE, QUALITY_TABLE)}
    pairs = tables[TOGETHER_TABLE].read(run.run_id)
    assert pairs is not None
    assert pairs.select("sku", "other_sku", "baskets").rows() == [("bread", "jam", 60), ("milk", "tea", 40)]
    following = [tables[NEXT_TABLE].read(one.run_id) for one in (run, again)]
    assert following[0] is not None
    assert following[1] is not None
    assert following[0].equals(following[1])
    judged = tables[QUALITY_TABLE].read(run.run_id)
    assert judged is not None
    assert judged["by"].to_list() == ["next_products", "repeat purchase", "popularity"]


async def test_another_engine_is_refused(store: Store, tmp_path: Path):
    log = EventLog.open(tmp_path / "log")

    with pytest.raises(BadInput, match="engine local alone"):
        await score_affinity(log, store, tmp_path, SMALL, RunContext("a", NOW, lambda: NOW, "networkx"))


async def test_an_empty_log_makes_an_empty_run(store: Store, tmp_path: Path):
    log = EventLog.open(tmp_path / "log")

    run = await score_affinity(log, store, tmp_path / "scores", SMALL, RunContext("a", NOW, lambda: NOW))

    assert (run.state, run.customer_count) == ("succeeded", 0)
