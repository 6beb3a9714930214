"""The graph of completejourney counts what its tables count: households, products, stores, baskets, lines, cents.

The right side of every equation is computed from the package's own Parquet files, by code that knows neither log nor
projection.
"""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from graph.jobs.digest import graph_counts
from graph.jobs.project import project
from graph.log import DeadLetters, EventLog
from graph.store import Store, StoreConfig, open_store
from graph.store.statement import cypher
from loaders.load import load_completejourney
from loaders.sources.completejourney import data_folder
from tests.conftest import Neo4jServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

TOTALS = cypher(
    "MATCH (o:Order) RETURN count(o) AS baskets, sum(o.line_count) AS lines, sum(o.amount_cents) AS cents, "
    "sum(o.quantity) AS quantity"
)
PRODUCTS_BOUGHT = cypher("MATCH (:Order)-[:CONTAINS]->(p:Product) RETURN count(DISTINCT p) AS products")
BY_HOUSEHOLD = cypher(
    "MATCH (c:Customer)-[:PLACED]->(o:Order) "
    "RETURN c.customer_id AS household, c.order_count AS told, count(o) AS baskets, "
    "c.revenue_cents AS told_cents, sum(o.amount_cents) AS cents"
)
BY_STORE = cypher("MATCH (o:Order)-[:AT]->(s:Store) RETURN s.store_id AS store, count(o) AS baskets")
BY_DEPARTMENT = cypher(
    "MATCH (p:Product) WHERE p.category_id IS NOT NULL MATCH (:Order)-[t:CONTAINS]->(p) "
    "RETURN split(p.category_id, ' > ')[0] AS department, sum(t.amount_cents) AS cents"
)
SECONDS = 300.0


def transactions() -> pl.DataFrame:
    lines = pl.read_parquet(data_folder() / "transactions.parquet")
    return lines.with_columns(cents=(pl.col("sales_value") * 100).round().cast(pl.Int64))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    folder = tmp_path_factory.mktemp("completejourney")
    loaded, dead = EventLog.open(folder / "log"), DeadLetters.open(folder / "rejected")
    load_completejourney(loaded, dead, received_at=datetime(2024, 6, 1, tzinfo=UTC))
    return loaded


@pytest.fixture(scope="module")
async def whole(log: EventLog, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Store]:
    """All of it, in the embedded store."""
    async with open_store(StoreConfig(tmp_path_factory.mktemp("whole"))) as store:
        await project(log, store)
        yield store


async def test_the_totals_are_those_of_the_source(whole: Store):
    lines = transactions()

    [totals] = await whole.read(TOTALS, timeout_seconds=SECONDS)

    assert totals == {
        "baskets": lines["basket_id"].n_unique(),
        "lines": lines.height,
        "cents": lines["cents"].sum(),
        "quantity": lines["quantity"].sum(),
    }
    assert (totals["baskets"], totals["lines"]) == (155_848, 1_469_307)


async def test_nodes_and_ties_are_as_many_as_the_source_has_of_each(whole: Store):
    lines = transactions()

    counts = await graph_counts(whole)
    [bought] = await whole.read(PRODUCTS_BOUGHT, timeout_seconds=SECONDS)

    known = pl.read_parquet(data_folder() / "products.parquet")["product_id"]
    products = pl.concat([known, lines["product_id"]]).n_unique()
    assert (counts["Customer"], counts["Store"], counts["Product"]) == (2_469, 457, products)
    assert counts["Campaign"] == pl.read_parquet(data_folder() / "campaign_descriptions.parquet").height
    assert counts["CONTAINS"] == lines.select("basket_id", "product_id").n_unique()
    assert counts["PLACED"] == counts["AT"] == counts["Order"]
    assert bought == {"products": lines["product_id"].n_unique()} == {"products": 68_509}


async def test_every_household_has_its_baskets_and_its_cents(whole: Store):
    lines = transactions()
    right = lines.group_by("household_id").agg(pl.col("basket_id").n_unique(), pl.col("cents").sum())

    rows = await whole.read(BY_HOUSEHOLD, timeout_seconds=SECONDS)

    assert len(rows) == 2_469
    assert all((row["told"], row["told_cents"]) == (row["baskets"], row["cents"]) for row in rows)
    assert {row["household"]: (row["baskets"], row["cents"]) for row in rows} == {
        f"cj-{household}": (baskets, cents) for household, baskets, cents in right.rows()
    }


async def test_every_store_has_its_baskets_and_every_department_its_cents(whole: Store):
    lines = transactions()
    stores = lines.group_by("store_id").agg(pl.col("basket_id").n_unique())
    products = pl.read_parquet(data_folder() / "products.parquet").drop_nulls("department")
    departments = lines.join(products, on="product_id").group_by("department").agg(pl.col("cents").sum())

    by_store = await whole.read(BY_STORE, timeout_seconds=SECONDS)
    by_department = await whole.read(BY_DEPARTMENT, timeout_seconds=SECONDS)

    assert {row["store"]: row["baskets"] for row in by_store} == {f"cj-{store}": n for store, n in stores.rows()}
    assert {row["department"]: row["cents"] for row in by_department} == dict(departments.rows())


@pytest.mark.neo4j
async def test_three_weeks_of_it_are_right_on_a_neo4j(log: EventLog, neo4j_server: Neo4jServer, tmp_path: Path):
    days = pl.col("transaction_timestamp").dt.date().is_between(date(2017, 3, 6), date(2017, 3, 26))
    weeks = transactions().filter(days)
    orders, products = weeks.select(_key("basket_id")).to_series(), weeks.select(_key("product_id")).to_series()
    described = pl.col("order").is_null() & pl.col("product").is_in(products.unique().implode())
    wanted = pl.col("order").is_in(orders.unique().implode()) | described
    sample = EventLog.open(tmp_path / "sample")
    sample.append(log.scan().filter(wanted).drop("log_version").collect(), loader="test", batch=1)

    async with open_store(StoreConfig(tmp_path, neo4j_server.uri, neo4j_server.user, neo4j_server.password)) as store:
        await store.wipe()
        await project(sample, store)
        [totals] = await store.read(TOTALS, timeout_seconds=SECONDS)
        [bought] = await store.read(PRODUCTS_BOUGHT, timeout_seconds=SECONDS)
        households = await store.read(BY_HOUSEHOLD, timeout_seconds=SECONDS)

    assert (totals["baskets"], totals["lines"]) == (weeks["basket_id"].n_unique(), weeks.height)
    assert (totals["cents"], totals["quantity"]) == (weeks["cents"].sum(), weeks["quantity"].sum())
    assert bought["products"] == weeks["product_id"].n_unique()
    right = weeks.group_by(_key("household_id")).agg(pl.col("cents").sum())
    assert {row["household"]: row["cents"] for row in households} == dict(right.rows())


def _key(column: str) -> pl.Expr:
    return "cj-" + pl.col(column).cast(pl.String)
