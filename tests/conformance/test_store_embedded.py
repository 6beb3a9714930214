"""The embedded engine comes and goes with the program, survives its death, and lets others join."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

from graph.errors import StoreUnavailable
from graph.store import NodeRows, Store, StoreConfig, TieRows, cypher, open_store
from graph.store.embedded_home import Home, Serving
from graph.store.embedded_process import end, start, start_or_join

ROOT = Path(__file__).parents[2]
KEY = cypher("CREATE CONSTRAINT guest_key IF NOT EXISTS FOR (g:Guest) REQUIRE g.guest_id IS UNIQUE")
GUESTS = cypher("UNWIND $rows AS row CREATE (g:Guest {guest_id: row.id, at: row.at})")
COUNTS = cypher(
    "OPTIONAL MATCH (g:Guest) WITH count(g) AS guests OPTIONAL MATCH (m:Mark) RETURN guests, count(m) AS marks"
)
TIES = cypher("MATCH (:Guest)-[t:NEXT]->(:Guest) RETURN count(t) AS n")


def serving(data: Path) -> Serving:
    found = Home(data / "graph").serving()
    assert found is not None
    return found


def lives(pid: int) -> bool:
    """A process that ended counts as dead, even if nobody has asked for its result yet."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def program(data: Path, body: str) -> "subprocess.Popen[str]":
    """Another program on the same data folder; `body` runs inside an open store named `store`."""
    text = f"""
import asyncio, sys
from pathlib import Path
import polars as pl
from graph.store import *
async def main():
    async with open_store(StoreConfig(Path({str(data)!r}))) as store:
        print("open", flush=True)
{textwrap.indent(textwrap.dedent(body), " " * 8)}
asyncio.run(main())
"""
    return subprocess.Popen(
        [sys.executable, "-c", text], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def hears(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout
    assert process.stdout.readline().strip() == word


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


async def test_the_server_ends_with_the_program_and_the_data_stay(embedded_data: Path) -> None:
    async with open_store(StoreConfig(embedded_data)) as store:
        await store.write((cypher("CREATE (:Guest {guest_id: 'ann'})"), {}))
        child = serving(embedded_data).pid
    assert not lives(child)

    async with open_store(StoreConfig(embedded_data)) as store:
        assert await store.read(COUNTS) == [{"guests": 1, "marks": 0}]


async def test_it_listens_on_this_machine_alone(embedded_data: Path) -> None:
    async with open_store(StoreConfig(embedded_data)):
        child = psutil.Process(serving(embedded_data).pid)
        listening = [c.laddr.ip for c in child.net_connections("inet") if c.status == psutil.CONN_LISTEN]

    assert listening
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


async def test_a_second_program_joins_and_leaves_the_server_running(embedded_data: Path) -> None:
    async with open_store(StoreConfig(embedded_data)) as first:
        async with open_store(StoreConfig(embedded_data)) as second:
            assert second.uri == first.uri
            await second.write((cypher("CREATE (:Guest {guest_id: 'ann'})"), {}))

        assert await first.read(COUNTS) == [{"guests": 1, "marks": 0}]


async def test_a_joined_program_outlives_a_filling(embedded_data: Path) -> None:
    guests = pl.DataFrame({"guest_id": ["ann", "bob"]})
    async with open_store(StoreConfig(embedded_data)) as owner, open_store(StoreConfig(embedded_data)) as guest:
        assert await guest.read(COUNTS) == [{"guests": 0, "marks": 0}]

        await owner.fill([NodeRows("Guest", "guest_id", guests)], [], (cypher("CREATE (:Mark)"), {}))

        assert await guest.read(COUNTS) == [{"guests": 2, "marks": 1}]


async def test_an_index_that_compared_texts_is_made_anew_and_ranges_go_by_it(embedded_data: Path) -> None:
    by_at = cypher("CREATE INDEX guest_at IF NOT EXISTS FOR (g:Guest) ON (g.at)")
    newest = cypher("MATCH (g:Guest) WHERE g.at >= $at RETURN g.guest_id AS id ORDER BY id")
    types = [("Guest", "at", "DATETIME"), ("Guest", "visits", "INTEGER")]
    async with open_store(StoreConfig(embedded_data)) as store:
        await store.ensure([KEY, by_at])
        rows = [{"id": f"g{n}", "at": datetime(2026, 1, 1, 12, 0, n, tzinfo=UTC)} for n in range(3)]
        await store.write((GUESTS, {"rows": rows}))
        before = await indexed(store)
    async with open_store(StoreConfig(embedded_data)) as store:
        await store.ensure_types(types)
        await store.ensure([KEY, by_at])

        # As texts the whole minute, 12:00Z, would stand behind 12:00:02Z.
        assert await store.read(newest, {"at": rows[1]["at"]}) == [{"id": "g1"}, {"id": "g2"}]
        assert (before["guest_at"], (await indexed(store))["guest_at"]) == (["STRING"], ["ZONED_DATETIME"])

        await store.wipe()
        assert (await indexed(store))["guest_at"] == ["ZONED_DATETIME"]


async def indexed(store: Store) -> dict[str, list[str]]:
    """Index → what it takes its keys for."""
    backend: Any = store._backend
    return {one["name"]: one["keyTypes"] for one in await backend._sql("SELECT name, keyTypes FROM schema:indexes")}


async def test_a_joined_program_may_fill_and_wipe_too(embedded_data: Path) -> None:
    guests = pl.DataFrame({"guest_id": ["ann", "bob"]})
    async with open_store(StoreConfig(embedded_data)) as owner, open_store(StoreConfig(embedded_data)) as guest:
        await guest.fill([NodeRows("Guest", "guest_id", guests)], [], (cypher("CREATE (:Mark)"), {}))
        assert await owner.read(COUNTS) == [{"guests": 2, "marks": 1}]

        await guest.wipe()
        assert await owner.is_empty()


async def test_much_is_wiped_by_beginning_anew(embedded_data: Path) -> None:
    many = cypher("UNWIND range(1, 6000) AS i CREATE (:Guest {guest_id: toString(i)})")
    async with open_store(StoreConfig(embedded_data)) as store:
        await store.ensure([KEY])
        await store.write((many, {}))
        before = Home(embedded_data / "graph").root

        await store.wipe()

        assert await store.is_empty()
        assert Home(embedded_data / "graph").root != before
        assert not before.exists()
        assert [row["name"] for row in await store.read(cypher("SHOW CONSTRAINTS YIELD name"))] == ["guest_key"]


async def test_a_killed_program_leaves_nothing_in_the_way(embedded_data: Path) -> None:
    other = program(
        embedded_data,
        """
        await store.write((cypher("CREATE (:Guest {guest_id: 'ann'})"), {}))
        print("written", flush=True)
        sys.stdin.read()
        """,
    )
    hears(other, "open")
    hears(other, "written")
    child = serving(embedded_data).pid
    kill(other)

    async with open_store(StoreConfig(embedded_data)) as store:
        assert serving(embedded_data).pid != child
        assert await store.read(COUNTS) == [{"guests": 1, "marks": 0}]
    assert not lives(child)


async def test_a_server_whose_program_died_before_it_was_ready_ends_too(embedded_data: Path) -> None:
    process = program(embedded_data, "sys.stdin.read()")
    children: list[psutil.Process] = []
    until = time.monotonic() + 60
    while not children and time.monotonic() < until:
        children = [
            one for one in psutil.Process(process.pid).children() if "embedded_server" in " ".join(one.cmdline())
        ]
    assert children

    kill(process)

    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


async def test_a_stale_announcement_is_no_obstacle(embedded_data: Path) -> None:
    home = Home(embedded_data / "graph")
    home.prepare()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    home.announce(Serving(ended.pid, 1, 1))

    async with open_store(StoreConfig(embedded_data)) as store:
        await store.ping()


async def test_a_server_that_dies_is_told(embedded_data: Path) -> None:
    async with open_store(StoreConfig(embedded_data)) as store:
        os.kill(serving(embedded_data).pid, signal.SIGKILL)

        with pytest.raises(StoreUnavailable, match="run the command again"):
            await store.ping()


FILL = """
n = 20_000
number = pl.int_range(n, eager=True)
guests = pl.DataFrame({"guest_id": "g" + number.cast(pl.String), "n": number})
ring = pl.DataFrame({"start": guests["guest_id"], "end": "g" + ((number + 1) % n).cast(pl.String), "n": number})
await store.ensure([cypher("CREATE CONSTRAINT guest_key IF NOT EXISTS FOR (g:Guest) REQUIRE g.guest_id IS UNIQUE")])
await store.fill(
    [NodeRows("Guest", "guest_id", guests)],
    [TieRows("NEXT", "Guest", "guest_id", "Guest", "guest_id", ring)],
    (cypher("CREATE (:Mark)"), {}),
)
print("filled", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "moment", ["staged", "2/databases/graph/Guest_0*", "2/databases/graph/NEXT_0*", "2/config", "current"]
)
async def test_a_program_killed_while_filling_leaves_all_or_nothing(embedded_data: Path, moment: str) -> None:
    other = program(embedded_data, FILL)
    hears(other, "open")
    until = time.monotonic() + 120
    while not list((embedded_data / "graph").glob(moment)) and time.monotonic() < until:
        time.sleep(0.002)
    kill(other)

    async with open_store(StoreConfig(embedded_data)) as store:
        [counts] = await store.read(COUNTS)
        [ties] = await store.read(TIES)
        left = {path.name for path in (embedded_data / "graph").iterdir() if path.is_dir()}
        assert (counts, ties) in [
            ({"guests": 0, "marks": 0}, {"n": 0}),
            ({"guests": 20_000, "marks": 1}, {"n": 20_000}),
        ]
        if counts["guests"] == 0:
            await store.ensure([KEY])
            guests = NodeRows("Guest", "guest_id", pl.DataFrame({"guest_id": ["ann"]}))
            await store.fill([guests], [], (cypher("CREATE (:Mark)"), {}))
            assert await store.read(COUNTS) == [{"guests": 1, "marks": 1}]
    assert len(left - {"log"}) == 1


async def test_a_filling_that_fails_leaves_the_store_empty(embedded_data: Path) -> None:
    guests = NodeRows("Guest", "guest_id", pl.DataFrame({"guest_id": ["ann"]}))
    loops = TieRows("LOOP", "Guest", "guest_id", "Guest", "guest_id", pl.DataFrame({"start": ["ann"], "end": ["ann"]}))
    async with open_store(StoreConfig(embedded_data)) as store:
        await store.ensure([cypher("CREATE CONSTRAINT loop_key IF NOT EXISTS FOR (l:LOOP) REQUIRE l.x IS UNIQUE")])

        with pytest.raises(StoreUnavailable, match="could not be filled and is empty as before"):
            await store.fill([guests], [loops], (cypher("CREATE (:Mark)"), {}))  # LOOP is a label already

        assert await store.is_empty()
        assert not (embedded_data / "graph" / "staged").exists()


async def test_a_platform_without_the_engine_is_told_what_to_set(
    embedded_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "arcadedb", None)

    with pytest.raises(StoreUnavailable, match="set NEO4J_URI"):
        async with open_store(StoreConfig(embedded_data)):
            pass


def test_a_database_that_a_killed_programs_server_still_holds_is_waited_for(embedded_data: Path) -> None:
    home = Home(embedded_data / "graph")
    home.prepare()
    held, _ = start(home, home.root)  # its program died before it could announce it
    ending = threading.Timer(1.0, end, [held])
    ending.start()

    server = start_or_join(home)

    assert held.poll() is not None
    ending.join()
    server.close()
