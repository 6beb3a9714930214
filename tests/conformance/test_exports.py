"""Exports on both stores: every noun, every column that the model declares, of whom is asked for."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from shop_graph import NODE_ROWS, fill_shop

from api.access.virtual_ids import PartnerIds
from graph.errors import BadInput
from graph.jobs.export import Form, export_rows
from graph.model.score import FIGURES
from graph.queries.export import NOUNS, OF_RUNS, ExportQuery
from graph.queries.export_children import CHILDREN
from graph.queries.view import PartnerReader, View
from graph.store import Store, cypher

AGREED = cypher("MATCH (c:Customer) WHERE c.customer_id IN ['ann', 'bob'] SET c.consent_sharing = true")
RUNS = {"influence_scores": "influence-1", "chains": "chains-1"}


@pytest.fixture
async def shop(store: Store) -> Store:
    return await fill_shop(store)


def quiet(_: int) -> None:
    """Tell nobody."""


@pytest.mark.parametrize("form", list(Form))
async def test_every_noun_is_exported_whole(shop: Store, tmp_path: Path, form: Form):
    for noun, node in NOUNS.items():
        run = RUNS.get(noun)
        file = tmp_path / noun

        count = await export_rows(shop, ExportQuery(noun, run, personal=True), form, file, quiet)

        expected = [row for row in NODE_ROWS[node.label] if run is None or row["run_id"] == run]
        assert count == len(expected)
        key = node.key.name
        if form is Form.PARQUET:
            table = pl.read_parquet(file)
            assert table.columns == [p.name for p in node.all_properties() if p is not FIGURES]
            found = set(table[key])
        else:
            found = {json.loads(line)[key] for line in file.read_text(encoding="utf-8").splitlines()}
        assert found == {row[key] for row in expected}


@pytest.mark.parametrize(
    ("noun", "keys"), [("customers", {"ann", "bob"}), ("influence_scores", {"influence-1|ann", "influence-1|bob"})]
)
async def test_an_audience_narrows_what_is_of_customers(shop: Store, tmp_path: Path, noun: str, keys: set[str]):
    query = ExportQuery(noun, RUNS.get(noun), {"category": "coffee", "city_eq": "Hangzhou"})

    await export_rows(shop, query, Form.PARQUET, tmp_path / "file", quiet)

    assert set(pl.read_parquet(tmp_path / "file")[NOUNS[noun].key.name]) == keys
    assert set(RUNS) == OF_RUNS


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def named(line: dict[str, Any]) -> str:
    """The kind of a line and its key."""
    key = {"Customer": "customer_id", "Order": "order_id", "OrderLine": "sku", "Referral": "referred_id"}
    return f"{line['__typename']} {line[key.get(line['__typename'], 'share_id')]}"


def blocks(lines: list[dict[str, Any]]) -> dict[str, list[tuple[str, str | None]]]:
    """Customer → what follows it until the next one, as (what, whose)."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    rows: list[tuple[str, str | None]] = []
    for line in lines:
        if line["__typename"] == "Customer":
            assert "__parentId" not in line
            rows = found[line["customer_id"]] = []
        else:
            rows.append((named(line), line["__parentId"]))
    return found


async def test_children_stand_on_lines_of_their_own_behind_their_parents(shop: Store, tmp_path: Path):
    file, told = tmp_path / "file", list[int]()
    query = ExportQuery("customers", children=("referrals", "lines", "orders", "shares"))

    count = await export_rows(shop, query, Form.JSONL, file, told.append)

    lines = lines_of(file)
    assert blocks(lines) == {
        "ann": [
            ("Order o1", "ann"), ("OrderLine latte", "o1"), ("OrderLine peach", "o1"),
            ("Order o2", "ann"), ("OrderLine peach", "o2"),
            ("Share s1", "ann"), ("Share s2", "ann"), ("Referral bob", "ann"), ("Referral dan", "ann"),
        ],
        "bob": [("Order o3", "bob"), ("OrderLine latte", "o3"), ("Referral 蔡", "bob")],
        "dan": [],
        "蔡": [],
    }  # fmt: skip
    assert (count, told) == (len(lines), [len(lines)])
    [first] = [line for line in lines if line.get("order_id") == "o1"]
    assert first == {
        "__typename": "Order", "__parentId": "ann", "order_id": "o1", "at": "2026-03-02T04:00:00Z",
        "local_date": "2026-03-02", "local_minute": 720, "line_count": 2, "quantity": 2.0, "amount_cents": 3_700,
        "currency": "CNY", "source": "shop",
    }  # fmt: skip


async def test_only_what_hangs_under_the_audience_follows_it(shop: Store, tmp_path: Path):
    query = ExportQuery("customers", audience={"key_eq": "bob"}, children=("orders",))

    await export_rows(shop, query, Form.JSONL, tmp_path / "file", quiet)

    assert blocks(lines_of(tmp_path / "file")) == {"bob": [("Order o3", "bob")]}


async def test_orders_can_be_the_parents(shop: Store, tmp_path: Path):
    await export_rows(shop, ExportQuery("orders", children=("lines",)), Form.JSONL, tmp_path / "file", quiet)

    lines = lines_of(tmp_path / "file")
    assert sorted((named(line), line.get("__parentId", "")) for line in lines) == [
        ("Order o1", ""), ("Order o2", ""), ("Order o3", ""),
        ("OrderLine latte", "o1"), ("OrderLine latte", "o3"), ("OrderLine peach", "o1"), ("OrderLine peach", "o2"),
    ]  # fmt: skip


async def test_a_partner_s_children_are_of_whom_it_sees_under_its_own_ids(shop: Store, tmp_path: Path):
    """Dan and 蔡 did not agree: not even that they were brought is told."""
    await shop.write((AGREED, {}))
    ids = PartnerIds(bytes(32), "acme")
    seen = PartnerReader(shop, View("acme", {"store": ("west",)}), ids)
    both = PartnerReader(shop, View("acme"), ids)

    found: list[dict[str, list[tuple[str, str | None]]]] = []
    for reader in (seen, both):
        query = ExportQuery("customers", children=tuple(CHILDREN))
        await export_rows(reader, query, Form.JSONL, tmp_path / "file", quiet)
        found.append(blocks(lines_of(tmp_path / "file")))

    def v(noun: str, key: str) -> str:
        return ids.shown(noun, key)

    ann, bob, o1, o2, o3 = v("Customer", "ann"), v("Customer", "bob"), *(v("Order", f"o{n}") for n in (1, 2, 3))
    shares = [(f"Share {v('Share', key)}", ann) for key in ("s1", "s2")]
    orders = [
        (f"Order {o1}", ann), ("OrderLine latte", o1), ("OrderLine peach", o1),
        (f"Order {o2}", ann), ("OrderLine peach", o2), *shares,
    ]  # fmt: skip
    assert found[0] == {ann: orders}
    assert found[1] == {
        ann: [*orders, (f"Referral {bob}", ann)],
        bob: [(f"Order {o3}", bob), ("OrderLine latte", o3)],
    }


@pytest.mark.parametrize(("noun", "child"), [("stores", "orders"), ("customers", "lines"), ("orders", "orders")])
def test_children_without_their_parents_are_refused(noun: str, child: str):
    with pytest.raises(BadInput, match=f"{child} hang under {CHILDREN[child].under}"):
        ExportQuery(noun, children=(child,))
