"""Exports on both stores: every noun, every column that the model declares, of whom is asked for."""

import json
from pathlib import Path

import polars as pl
import pytest
from shop_graph import NODE_ROWS, fill_shop

from graph.jobs.export import Form, export_rows
from graph.queries.export import NOUNS, OF_RUNS, ExportQuery
from graph.store import Store

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
            assert table.columns == [p.name for p in node.all_properties()]
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
