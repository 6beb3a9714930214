"""How Neo4j runs our statements: nothing is looked for among all nodes, and a page costs what is on it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import neo4j
import pytest

from graph.jobs.project import prepare
from graph.queries import customer, order, search
from graph.queries.audience import keys_statement
from graph.queries.listing import absent_statement, count_statement, page_statement, pages_statement, valued_statement
from graph.queries.paging import COUNT_CAP, turned
from graph.queries.statements import samples
from graph.store import StoreConfig, generated, open_store
from graph.store.statement import Statement
from graph.store.values import parameters_to_wire
from tests.conftest import Neo4jServer

pytestmark = pytest.mark.neo4j

PAGE = 20
CUSTOMERS = generated(
    "UNWIND range($from, $to - 1) AS i CREATE (c:Customer {customer_id: 'c' + right('000000' + toString(i), 6),"
    " district: 'd' + toString(i % 50), name: 'n' + toString(i % 997), order_count: i % 9, revenue_cents: i * 7 % 9973,"
    " last_order_at: CASE i % 3 WHEN 0 THEN null ELSE datetime() + duration({seconds: i}) END})"
    "-[:PLACED]->(:Order {order_id: 'o' + toString(i), amount_cents: i * 7 % 9973,"
    " at: datetime('2026-01-01T00:00:00Z') + duration({seconds: i})})"
)
KEYS = [f"c{number:06d}" for number in range(0, 100, 5)]
KEY = customer.ORDERINGS["key"]
NEWEST = turned(order.ORDERINGS["at"])
SOUGHT = search.Sought("c0000", ("Customer",))


def best(*, after: bool) -> Statement:
    """Customers by revenue, the highest first: a first page, or one behind another."""
    ordering = turned(customer.ORDERINGS["revenue"])
    return valued_statement(customer.LISTING, ordering, (), after, before=False, backward=False)


# name → statement, its parameters, and how many hits a row may cost
CHEAP: Mapping[str, tuple[Statement, Mapping[str, object], int]] = {
    "by key": (customer.BY_KEYS, {"keys": KEYS}, 40),
    "first page": (page_statement(customer.LISTING, KEY, (), False, False, False), {"limit": PAGE}, 40),
    "page within": (
        page_statement(customer.LISTING, KEY, (), True, False, False),
        {"limit": PAGE, "after_key": "c000400"},
        40,
    ),
    "last page": (page_statement(customer.LISTING, KEY, (), False, False, True), {"limit": PAGE}, 40),
    "best customers": (best(after=False), {"limit": PAGE}, 40),
    "best customers within": (
        best(after=True),
        {"limit": PAGE, "after_value": 5_000, "after_key": "c000400"},
        40,
    ),
    "newest buyers": (
        valued_statement(customer.LISTING, turned(customer.ORDERINGS["last_order_at"]), (), False, False, False),
        {"limit": PAGE},
        40,
    ),
    "who never bought, behind the others": (
        absent_statement(customer.LISTING, customer.ORDERINGS["last_order_at"], (), True, False, False),
        {"limit": PAGE, "after_key": "c000400"},
        80,
    ),
    "by the beginning of a key": (SOUGHT.statement(False, False, False), {**SOUGHT.parameters(), "limit": PAGE}, 40),
    "orders of customers": (
        pages_statement(order.OF_CUSTOMERS, order.NEWEST_FIRST, False, False, False),
        {"parents": KEYS, "limit": 3},
        60,
    ),
    "newest orders": (valued_statement(order.LISTING, NEWEST, (), False, False, False), {"limit": PAGE}, 40),
    "highest orders within": (
        valued_statement(order.LISTING, turned(order.ORDERINGS["amount"]), (), True, False, False),
        {"limit": PAGE, "after_value": 5_000, "after_key": "o400"},
        40,
    ),
    "newest orders of some customers": (
        valued_statement(order.LISTING, NEWEST, ("customer_in",), False, False, False),
        {"limit": PAGE, "customer_in": KEYS},
        40,
    ),
}


class Plans:
    """What Neo4j says of a statement."""

    def __init__(self, server: Neo4jServer) -> None:
        auth = (server.user, server.password) if server.password else None
        self._driver = neo4j.GraphDatabase.driver(server.uri, auth=auth)

    def close(self) -> None:
        self._driver.close()

    def operators(self, statement: Statement, parameters: Mapping[str, object]) -> list[tuple[str, str]]:
        """Each operator of the plan with its details."""
        plan = self._asked(f"EXPLAIN {statement.text}", parameters).summary.plan
        return [(one["operatorType"], str(one["args"].get("Details", ""))) for one in _walk(plan)]

    def hits(self, statement: Statement, parameters: Mapping[str, object]) -> tuple[int, int]:
        """How often the store was touched, and how many rows came."""
        found = self._asked(f"PROFILE {statement.text}", parameters)
        rows = sum(len(record[0]) if statement.packed else 1 for record in found.records)
        return sum(one["args"].get("DbHits", 0) for one in _walk(found.summary.profile)), rows

    def know_the_data(self) -> None:
        """Counts anew and forgets plans, as Neo4j does by itself some seconds after a graph has grown."""
        self._driver.execute_query("CALL db.prepareForReplanning()")

    def _asked(self, text: str, parameters: Mapping[str, object]) -> Any:
        return self._driver.execute_query(text, parameters_to_wire(parameters), routing_="r")


def _walk(plan: Any) -> Iterator[Any]:
    yield plan
    for child in plan.get("children", []):
        yield from _walk(child)


@pytest.fixture(scope="module")
def plans(neo4j_server: Neo4jServer) -> Iterator[Plans]:
    made = Plans(neo4j_server)
    yield made
    made.close()


async def fill(server: Neo4jServer, folder: Path, start: int, end: int) -> None:
    config = StoreConfig(folder, server.uri, server.user, server.password)
    async with open_store(config) as store:
        if start == 0:
            await store.wipe()
            await prepare(store)
        await store.write((CUSTOMERS, {"from": start, "to": end}))


async def test_a_page_costs_what_is_on_it_however_many_customers_there_are(
    plans: Plans, neo4j_server: Neo4jServer, tmp_path: Path
):
    await fill(neo4j_server, tmp_path, 0, 1_000)
    plans.know_the_data()
    few = {name: plans.hits(statement, given) for name, (statement, given, _) in CHEAP.items()}
    await fill(neo4j_server, tmp_path, 1_000, 10_000)
    plans.know_the_data()
    many = {name: plans.hits(statement, given) for name, (statement, given, _) in CHEAP.items()}

    for name, (_, _, budget) in CHEAP.items():
        assert few[name][1] == many[name][1] == PAGE, name
        assert many[name][0] <= budget * PAGE, (name, many[name])
        assert many[name][0] <= few[name][0] * 1.5, (name, few[name], many[name])


NUMBER, INSTANT = 5, datetime(2026, 3, 2, tzinfo=UTC)
RANGES: tuple[tuple[Statement, str, object], ...] = (
    *((count_statement(customer.LISTING, (name,)), name, NUMBER) for name in ("order_count_gte", "revenue_cents_lte")),
    *((keys_statement((name,)), name, NUMBER) for name in ("order_count_lt", "revenue_cents_gt")),
    (count_statement(order.LISTING, ("at_gte",)), "at_gte", INSTANT),
    (count_statement(order.LISTING, ("local_date_lt",)), "local_date_lt", INSTANT.date()),
    (count_statement(order.LISTING, ("amount_cents_gt",)), "amount_cents_gt", NUMBER),
)


async def test_ranges_are_asked_of_their_index(plans: Plans, neo4j_server: Neo4jServer, tmp_path: Path):
    await fill(neo4j_server, tmp_path, 0, 100)

    for statement, name, value in RANGES:
        plan = plans.operators(statement, {name: value, "cap": COUNT_CAP})
        assert any(operator.startswith("NodeIndexSeekByRange") for operator, _ in plan), (name, plan)


SMALL = frozenset({"Category", "Channel", "Store", "Campaign", "CurrentRun", "ScoreRun", "Projection"})
"""Labels with few nodes, however many customers there are."""
WHOLE = re.compile(
    r"^(count|totals of) |^overview|^keys of an audience| with every filter$"
    r"| by (steps|cost|suspicion|raised_at|decided_at|district|name) (True|False) "
)
"""Statements that look through a list: counts, figures, and pages of few things by what may be absent."""


@pytest.mark.slow
async def test_what_is_asked_by_keys_is_found_by_an_index(plans: Plans, neo4j_server: Neo4jServer, tmp_path: Path):
    await fill(neo4j_server, tmp_path, 0, 100)
    asked = {one.statement.text: one for one in samples() if not WHOLE.search(one.name)}
    looked_through: list[tuple[str, str]] = []

    for sample in asked.values():
        for operator, details in plans.operators(sample.statement, sample.parameters):
            assert "AllNodesScan" not in operator, (sample.name, sample.statement.text)
            if "LabelScan" in operator:
                labels = set(re.findall(r":(\w+)", details))
                looked_through += [(sample.name, label) for label in labels - SMALL]

    assert looked_through == []
    assert len(asked) > 50
