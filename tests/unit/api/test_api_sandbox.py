"""The sandbox as it opens: once, for whoever asks first, and not before there is one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from api_fakes import NOON

from api.auth import Gate, KeyStore
from api.graphql.context import Caller
from api.graphql.sharing import sameness
from api.sandbox import Sandbox, World, made_file, sandbox_settings
from api.settings import Settings
from graph.errors import StoreUnavailable


class Opener:
    """Opens nothing, and counts."""

    def __init__(self) -> None:
        self.opened: list[Settings] = []
        self.closed = 0
        self.failures: list[Exception] = []

    @asynccontextmanager
    async def __call__(self, settings: Settings) -> AsyncGenerator[World]:
        self.opened.append(settings)
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop()
        yield cast("Any", f"the world of {settings.data.name}")
        self.closed += 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, RENMAI_DATA=tmp_path, NEO4J_URI="bolt://real:7687")


def made(settings: Settings) -> None:
    file = made_file(sandbox_settings(settings))
    file.parent.mkdir()
    file.write_text("{}")


async def test_it_is_opened_once_whoever_asks_and_closed_with_the_server(settings: Settings):
    made(settings)
    opener = Opener()
    sandbox = Sandbox(settings, opener)

    await asyncio.gather(*(sandbox.open() for _ in range(5)))
    world = sandbox.world()
    await sandbox.close()

    [own] = opener.opened
    assert (world, opener.closed) == ("the world of sandbox", 1)
    assert (own.data, own.neo4j_uri) == (settings.data / "sandbox", None)


async def test_one_that_was_never_made_is_told_and_can_be_made_meanwhile(settings: Settings):
    sandbox = Sandbox(settings, Opener())

    with pytest.raises(StoreUnavailable, match="renmai keys create --sandbox"):
        await sandbox.open()
    made(settings)
    await sandbox.open()

    assert sandbox.world()
    await sandbox.close()


async def test_an_opening_that_failed_is_tried_again_and_one_whose_client_left_goes_on(settings: Settings):
    made(settings)
    opener = Opener()
    opener.failures.append(StoreUnavailable("no room"))
    sandbox = Sandbox(settings, opener)
    with pytest.raises(StoreUnavailable, match="no room"):
        await sandbox.open()

    impatient = asyncio.create_task(sandbox.open())
    await asyncio.sleep(0)
    impatient.cancel()
    await sandbox.open()

    assert len(opener.opened) == 2
    await sandbox.close()


def test_no_subscription_is_shared_between_the_two_worlds():
    caller = Caller("crm", frozenset({"events:read"}), key="k")

    real, trying = (sameness("subscription { x }", None, {}, one) for one in (caller, replace(caller, is_sandbox=True)))

    assert real != trying


async def test_the_gate_opens_it_for_its_own_keys_alone(tmp_path: Path):
    keys, opened = KeyStore.open(tmp_path / "keys.sqlite"), list[int]()

    async def open_sandbox() -> None:
        opened.append(1)

    gate = Gate(keys, open_sandbox=open_sandbox)
    real = keys.create_key("crm", ["read"], now=NOON, expires_at=None)
    trying = keys.create_key("crm", ["read"], now=NOON, expires_at=None, is_sandbox=True)

    assert (await gate.admit(real, now=NOON), len(opened)) != (None, 1)
    caller = await gate.admit(trying, now=NOON)
    again = keys.rotate_key("_".join(trying.split("_", 2)[:2]), now=NOON, overlap=NOON - NOON)
    after = await gate.admit(again, now=NOON)

    assert caller is not None
    assert after is not None
    assert (caller.is_sandbox, after.is_sandbox, len(opened)) == (True, True, 2)
    assert trying.startswith("rktest_")
    assert [key.is_sandbox for key in keys.list_keys()].count(True) == 2
    keys.close()
