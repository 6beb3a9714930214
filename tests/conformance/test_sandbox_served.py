"""Keys of the sandbox: the same endpoint, generated data, and nothing of it in the real data, on both stores."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from test_api_served import EVENTS, RECORD, Served, served_at

from api.app import now
from api.auth import KeyStore
from api.cli.sandbox import make_sandbox
from api.graphql.context import Scope
from api.settings import Settings
from graph.queries.view import View
from graph.store import Store, StoreConfig

PARTNER = ("customers:read", "influence:read", "exports:read", "exports:write")
WAIT_SECONDS = 60
BOB = '{ customer(key: "bob") { referredBy { referrer { registeredAt } } } }'


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a sandbox, made once."""
    data = tmp_path_factory.mktemp("sandbox")
    make_sandbox(Settings(_env_file=None, RENMAI_DATA=data), now(), customers=100, days=14)
    return data / "sandbox"


@pytest.fixture
async def settings(store: Store, store_config: StoreConfig, sandbox: Path, tmp_path: Path) -> Settings:
    """A server on the emptied store of the tests, with a sandbox of its own."""
    shutil.copytree(sandbox, tmp_path / "sandbox")
    environment = {
        "RENMAI_DATA": tmp_path,
        "NEO4J_URI": store.uri if store_config.uri else None,
        "NEO4J_USER": store_config.user,
        "NEO4J_PASSWORD": store_config.password,
    }
    return Settings(_env_file=None, **environment)


@asynccontextmanager
async def asking(server: Served, settings: Settings, *scopes: str, **given: Any) -> AsyncGenerator[Served]:
    """The server as somebody with another key of the sandbox asks it."""
    keys = KeyStore.open(settings.keys_file)
    secret = keys.create_key("try", scopes or list(Scope), now=now(), expires_at=None, is_sandbox=True, **given)
    keys.close()
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx2.AsyncClient(base_url=f"http://{server.address}", headers=headers, timeout=60) as client:
        yield Served(server.address, secret, client)


async def keys_of(server: Served) -> set[str]:
    answer = await server.ask("{ customers(first: 100) { nodes { key } } }")
    return {one["key"] for one in answer["data"]["customers"]["nodes"]}


async def recorded(server: Served, events: list[dict[str, Any]]) -> dict[str, Any]:
    """What is told of Bob once the graph has followed these events."""
    answer = await server.client.post("/graphql", json={"query": RECORD, "variables": {"events": events}})
    headers = {"Renmai-Bookmark": answer.headers["renmai-bookmark"]}
    while True:
        # A machine at work takes longer than a bookmark waits.
        found = (await server.client.post("/graphql", json={"query": BOB}, headers=headers)).json()
        if "data" in found:
            return found


async def exported(server: Served) -> tuple[str, str]:
    """The id of an export of all customers, and what its file holds."""
    start = """mutation { startExport(input: {noun: CUSTOMERS, format: JSONL}) {
      ... on StartExportPayload { export { id } } } }"""
    id = (await server.ask(start))["data"]["startExport"]["export"]["id"]
    async with asyncio.timeout(WAIT_SECONDS):
        while (await server.ask(f'{{ export(id: "{id}") {{ state }} }}'))["data"]["export"]["state"] == "RUNNING":
            await asyncio.sleep(0.05)
    return id, (await server.client.get(f"/exports/{id}")).text


async def test_a_key_of_the_sandbox_reads_and_writes_generated_data_alone(settings: Settings):
    bob = [event for event in EVENTS if event["customer"] == "bob"]
    async with served_at(settings) as real, asyncio.timeout(5 * WAIT_SECONDS):
        ours = await recorded(real, EVENTS)
        async with (
            asking(real, settings) as trying,
            asking(real, settings, *PARTNER, view=View("acme")) as partner,
        ):
            generated, shown = await keys_of(trying), await keys_of(partner)
            unknown = await trying.ask('{ customer(key: "ann") { key } }')
            told = await trying.ask("{ topInfluencers { totalCount } chains { totalCount } scoreRuns { totalCount } }")
            theirs = await recorded(trying, bob)
            export, rows = await exported(trying)
            metrics = await trying.client.get("/metrics")
            refused = await partner.ask("mutation { recordEvents(input: {events: []}) { __typename } }")
        foreign = await real.client.get(f"/exports/{export}")

    assert unknown["data"] == {"customer": None}
    assert unknown["extensions"]["sandbox"] is True
    assert "sandbox" not in ours["extensions"]
    assert len(generated) >= 90
    assert told["data"]["scoreRuns"]["totalCount"] == 3
    assert told["data"]["topInfluencers"]["totalCount"] > 0
    # Recorded there and here: Ann, who brought him, registered in one world alone.
    assert [
        found["data"]["customer"]["referredBy"]["referrer"]["registeredAt"] is None for found in (ours, theirs)
    ] == [
        False,
        True,
    ]
    assert rows.count("\n") > len(generated)
    assert (foreign.status_code, metrics.status_code) == (404, 401)
    assert 0 < len(shown) < len(generated)
    assert all(key.startswith("v1_") for key in shown)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # Not even the secret of the ids is that of the real data.
    secrets = [settings.data / "sandbox" / "keys" / "virtual-ids.secret", settings.virtual_ids_file]
    assert [file.exists() for file in secrets] == [True, False]
