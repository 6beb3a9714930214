"""`renmai score` on a graph that nothing was ever projected into."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import application
from graph.errors import QueryRefused
from graph.store import StoreConfig, open_store
from graph.store.statement import cypher

TWICE = cypher("CREATE (:Customer {customer_id: 'ann'}) CREATE (:Customer {customer_id: 'ann'})")


async def test_a_graph_that_was_never_projected_gets_its_indexes_before_its_first_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RENMAI_DATA", str(tmp_path))
    for name in ("NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD"):
        monkeypatch.delenv(name, raising=False)

    async with open_store(StoreConfig(tmp_path)) as store:  # the command joins it: one start for both
        typed = ["score", "influence", "--simulations", "50"]
        done = await asyncio.to_thread(CliRunner().invoke, application(typed), typed)

        assert done.exit_code == 0, done.exception
        with pytest.raises(QueryRefused):
            await store.write((TWICE, {}))
