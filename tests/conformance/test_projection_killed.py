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
TURNS = 3 * KILLS
SIZE = 250
BATCHED = Sizes(events_at_once=0, batch_rows=40)
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

asyncio.run(main(*map(json.loads, sys.argv[1:])))
"""


class Moments:
    """Moments within the time that a projection takes; one that ends before its moment shows that it takes less."""

    def __init__(self, seed: int):
        self._draw = random.Random(seed)
        self.within = 0.0

    def next(self) -> float:
        return self._draw.uniform(0, self.within)


def is_killed(config: StoreConfig, log: Path, moments: Moments) -> bool:
    """Projects in a process of its own that is killed when the moment comes; false where it had ended by then."""
    told = [asdict(config) | {"data": str(config.data)}, str(log), asdict(BATCHED)]
    command = [sys.executable, "-c", CHILD, *map(json.dumps, told)]
    seconds = moments.next()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        try:
            assert child.wait(timeout=seconds) == 0
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            return True
        moments.within = seconds
        return False


@pytest.fixture
async def place(store_config: StoreConfig, tmp_path: Path) -> StoreConfig:
    """An empty store that no other process of the tests has open."""
    if store_config.uri is None:
        return StoreConfig(tmp_path / "data")
    return await emptied(store_config)


async def another(place: StoreConfig, turn: int) -> StoreConfig:
    """An empty store again: another folder, or the same server wiped."""
    return StoreConfig(place.data.with_name(f"data{turn}")) if place.uri is None else await emptied(place)


async def emptied(config: StoreConfig) -> StoreConfig:
    async with open_store(config) as store:
        await store.wipe()
    return config


async def finished(config: StoreConfig, log: EventLog) -> tuple[str, int, float]:
    """What the graph is once a projection has come to its end: digest, version, and the seconds that it took."""
    async with open_store(config) as store:
        began = time.monotonic()
        await project(log, store, sizes=BATCHED)
        seconds = time.monotonic() - began
        return await graph_digest(store), await projected_version(store), seconds


async def digest_of(rows: list[dict[str, object]]) -> str:
    """The digest of an undisturbed projection, in memory."""
    log, graph = TinyLog(), TinyGraph()
    log.append(rows)
    await project(log, graph)
    return await graph_digest(graph)


async def test_ten_kills_in_the_midst_of_batches_change_nothing(place: StoreConfig, tmp_path: Path):
    moments = Moments(seed=11)
    events = random_events(seed=2, size=SIZE * (TURNS + 1))
    log = EventLog.open(tmp_path / "events")
    log.append(frame(events[:50]), loader="test", batch=1)
    await finished(place, log)
    log.append(frame(events[:SIZE]), loader="test", batch=2)
    _, _, moments.within = await finished(place, log)

    killed = turn = 0
    while killed < KILLS and turn < TURNS:
        turn += 1
        log.append(frame(events[: SIZE * (turn + 1)]), loader="test", batch=turn + 2)
        killed += is_killed(place, tmp_path / "events", moments)
    digest, version, _ = await finished(place, log)

    assert killed == KILLS
    assert (digest, version) == (await digest_of(events[: SIZE * (turn + 1)]), turn + 2)


async def test_ten_kills_of_a_first_projection_change_nothing(place: StoreConfig, tmp_path: Path):
    moments = Moments(seed=12)
    events = random_events(seed=3, size=SIZE)
    expected = await digest_of(events)
    log = EventLog.open(tmp_path / "events")
    log.append(frame(events), loader="test", batch=1)
    _, _, moments.within = await finished(place, log)

    killed = turn = 0
    while killed < KILLS and turn < TURNS:
        turn += 1
        config = await another(place, turn)
        killed += is_killed(config, tmp_path / "events", moments)
        assert (await finished(config, log))[:2] == (expected, 1)

    assert killed == KILLS
