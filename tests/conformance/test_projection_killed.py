"""A projector that is killed at any moment goes on where it stood: the graph ends as after an undisturbed run."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from event_rows import frame
from random_events import random_events
from tiny_graph import TinyGraph, TinyLog

from graph.jobs.digest import graph_digest
from graph.jobs.project import Sizes, project, projected_version
from graph.log import EventLog
from graph.store import StoreConfig, open_store

pytestmark = pytest.mark.slow

KILLS = 10
SIZE = 1_500
BATCHED = Sizes(events_at_once=0, batch_rows=60)
CHILD = """
import asyncio, json, sys
from pathlib import Path
from graph.jobs.project import Sizes, project
from graph.log import EventLog
from graph.store import StoreConfig, open_store

async def main(config, log, sizes):
    async with open_store(StoreConfig(**{**config, "data": Path(config["data"])})) as store:
        print("ready", flush=True)
        await project(EventLog.open(log), store, sizes=Sizes(**sizes))
        print("done", flush=True)

asyncio.run(main(*map(json.loads, sys.argv[1:])))
"""


class Projector:
    """The projector as a process of its own, to be killed."""

    def __init__(self, config: StoreConfig, log: Path, sizes: Sizes) -> None:
        told = [asdict(config) | {"data": str(config.data)}, str(log), asdict(sizes)]
        self._command = [sys.executable, "-c", CHILD, *map(json.dumps, told)]

    def run(self) -> float:
        """To the end; how many seconds the projection took."""
        with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            began = time.monotonic()
            assert child.stdout.readline() == "done\n"
            seconds = time.monotonic() - began
            assert child.wait(timeout=120) == 0
            return seconds

    def is_killed_after(self, seconds: float) -> bool:
        """Runs until the moment comes, then kill -9; false where it had ended by then."""
        with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            try:
                assert child.wait(timeout=seconds) == 0
            except subprocess.TimeoutExpired:
                os.kill(child.pid, signal.SIGKILL)
                return True
            return False


@pytest.fixture
async def place(store_config: StoreConfig, tmp_path: Path) -> StoreConfig:
    """An empty store that no other process of the tests has open."""
    if store_config.uri is None:
        return StoreConfig(tmp_path / "data")
    await emptied(store_config)
    return store_config


async def emptied(config: StoreConfig) -> None:
    async with open_store(config) as store:
        await store.wipe()


async def digest_and_version(config: StoreConfig) -> tuple[str, int]:
    async with open_store(config) as store:
        return await graph_digest(store), await projected_version(store)


async def digest_of(rows: list[dict[str, object]]) -> str:
    """The digest of an undisturbed projection, in memory."""
    log, graph = TinyLog(), TinyGraph()
    log.append(rows)
    await project(log, graph)
    return await graph_digest(graph)


async def test_ten_kills_in_the_midst_of_batches_change_nothing(place: StoreConfig, tmp_path: Path):
    draw = random.Random(11)
    events = random_events(seed=2, size=SIZE * (KILLS + 1))
    log = EventLog.open(tmp_path / "events")
    projector = Projector(place, tmp_path / "events", BATCHED)
    log.append(frame(events[:300]), loader="test", batch=1)
    projector.run()
    log.append(frame(events[:SIZE]), loader="test", batch=2)
    seconds = projector.run()

    killed = 0
    for turn in range(1, KILLS + 1):
        log.append(frame(events[: SIZE * (turn + 1)]), loader="test", batch=turn + 2)
        killed += projector.is_killed_after(draw.uniform(0, seconds))
        if turn % 3 == 0:
            projector.run()
    projector.run()

    assert killed >= KILLS // 2
    assert await digest_and_version(place) == (await digest_of(events), KILLS + 2)


async def test_ten_kills_of_a_first_projection_change_nothing(place: StoreConfig, tmp_path: Path):
    draw = random.Random(12)
    events = random_events(seed=3, size=SIZE)
    EventLog.open(tmp_path / "events").append(frame(events), loader="test", batch=1)
    expected = await digest_of(events)
    seconds = Projector(place, tmp_path / "events", BATCHED).run()

    killed = 0
    for turn in range(KILLS):
        if place.uri is None:
            config = StoreConfig(tmp_path / f"data{turn}")
        else:
            config = place
            await emptied(config)
        projector = Projector(config, tmp_path / "events", BATCHED)
        killed += projector.is_killed_after(draw.uniform(0, seconds))
        projector.run()
        assert await digest_and_version(config) == (expected, 1)

    assert killed >= KILLS // 2
