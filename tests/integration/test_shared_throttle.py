"""Budgets in a real Redis: shared by all who ask, atomic, and each process's own while Redis is away."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from api.settings import Settings
from api.shared_throttle import SharedThrottle
from api.throttle import Allowance, OwnBuckets, Throttle, Wait
from graph.errors import BadInput

ALLOWANCE = Allowance(maximum=1_000, restored_per_second=1, concurrent=5)


@dataclass
class RedisServer:
    """A redis-server of our own, which can be stopped and started again."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "install redis-server: sh scripts/system_packages.sh"
        given = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [program, *given, "--dir", str(self.folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=30)
            self.process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer]:
    with socket.create_server(("127.0.0.1", 0)) as soon_free:
        port = soon_free.getsockname()[1]
    made = RedisServer(port, tmp_path_factory.mktemp("redis"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def two(server: RedisServer) -> AsyncGenerator[tuple[SharedThrottle, SharedThrottle]]:
    """Two processes as it were: each with connections and buckets of its own."""
    one, other = (SharedThrottle.open(server.url, ALLOWANCE) for _ in range(2))
    yield one, other
    await one.close()
    await other.close()


def left(throttle: SharedThrottle, caller: str) -> int:
    return throttle.status(caller, 0)["currentlyAvailable"]


async def test_what_one_process_takes_is_gone_for_the_other(two: tuple[SharedThrottle, SharedThrottle]):
    one, other = two

    ticket = await one.enter("ann", 600, 0)
    refused = await other.enter("ann", 600, 0)

    assert isinstance(ticket, str)
    assert ticket
    assert isinstance(refused, Wait)
    assert refused.reason == "it may cost 600, and 400 are left"
    assert 195 <= refused.seconds <= 200
    await one.leave("ann", ticket, 590, 0)
    assert left(one, "ann") >= 990
    assert isinstance(await other.enter("ann", 600, 0), str)


async def test_no_more_than_so_many_run_at_once_over_all_processes(two: tuple[SharedThrottle, SharedThrottle]):
    tickets = [await two[turn % 2].enter("bob", 1, 0) for turn in range(6)]

    assert tickets[-1] == Wait("5 operations of this caller run, at most 5 may", 1)
    assert isinstance(tickets[0], str)
    await two[1].leave("bob", tickets[0], 0, 0)
    assert isinstance(await two[0].enter("bob", 1, 0), str)


async def test_many_at_once_never_spend_more_than_there_is(two: tuple[SharedThrottle, SharedThrottle]):
    async def spend(turn: int) -> int:
        ticket = await two[turn % 2].enter("eve", 30, 0)
        if isinstance(ticket, Wait):
            return 0
        await two[turn % 2].leave("eve", ticket, 0, 0)
        return 30

    spent = sum([await one for one in asyncio.as_completed([spend(turn) for turn in range(80)])])

    # What comes back in the second or two that this takes is a unit a second.
    assert 0 < spent <= 1_000 + 30


async def test_while_redis_is_away_each_process_counts_for_itself_and_says_so(
    server: RedisServer, two: tuple[SharedThrottle, SharedThrottle]
):
    one, _ = two
    entered = await one.enter("dan", 100, 0)
    assert isinstance(entered, str)
    server.stop()
    with structlog.testing.capture_logs() as logs:
        alone = await one.enter("dan", 400, 0)
        refused = await one.enter("dan", 700, 0)
        await one.leave("dan", entered, 50, 0)
    server.start()

    assert alone == ""
    assert isinstance(refused, Wait)
    assert left(one, "dan") == 600
    assert [told["event"] for told in logs] == ["buckets are those of this process: Redis is away"]


def test_without_an_address_budgets_are_the_process_own():
    buckets = Settings(_env_file=None).buckets()

    assert isinstance(buckets, OwnBuckets)
    assert isinstance(buckets.throttle, Throttle)


def test_an_address_that_is_none_of_redis_is_refused_in_a_line():
    with pytest.raises(BadInput, match="REDIS_URL must look like redis://"):
        Settings(_env_file=None, REDIS_URL="http://localhost").buckets()
