"""A load that is killed at any moment goes on where it stood; two loads at once lose and double nothing."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from graph.log import DeadLetters, EventLog
from loaders.load import LoadOptions, load_files

ROWS, BATCH = 30_000, 1_500
RECEIVED = datetime(2024, 6, 1, tzinfo=UTC)
CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from graph.errors import RenmaiError
from graph.log import DeadLetters, EventLog
from loaders.load import LoadOptions, load_files
folder, path, batch = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
try:
    log, dead = EventLog.open(folder / "log"), DeadLetters.open(folder / "rejected")
    load_files([path], log, dead, LoadOptions(batch_rows=batch), received_at=datetime(2024, 6, 1, tzinfo=UTC))
except RenmaiError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = random.Random(7)
    target = tmp_path_factory.mktemp("files") / "events.jsonl"
    with target.open("w") as file:
        for number in range(ROWS):
            event = {
                "kind": "purchase" if number % 50 else "dance",
                "customer": f"c{draw.randrange(400)}",
                "at": f"2024-05-{number * 20 // ROWS + 1:02}T{draw.randrange(24):02}:00:00+08:00",
                "order": f"o{number // 3}",
                "product": f"p{draw.randrange(80)}",
                "quantity": 1,
                "amount": draw.randrange(1000) / 100,
            }
            file.write(json.dumps(event) + "\n")
    return target


@pytest.fixture(scope="module")
def undisturbed(path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[tuple[object, ...]]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    log, dead = EventLog.open(folder / "log"), DeadLetters.open(folder / "rejected")
    load_files([path], log, dead, LoadOptions(batch_rows=BATCH), received_at=RECEIVED)
    return log.digest(), letters(dead)


def letters(dead: DeadLetters) -> list[tuple[object, ...]]:
    return sorted(dead.read().select("line", "id", "reason").rows())


def start(folder: Path, path: Path, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), str(path), str(BATCH)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]


@pytest.mark.slow
def test_ten_kills_lose_and_double_nothing(path, undisturbed, tmp_path):
    draw = random.Random(2024)
    killed = 0
    for _ in range(10):
        with start(tmp_path, path) as child:
            assert child.stdout is not None
            child.stdout.readline()
            try:
                child.wait(timeout=draw.uniform(0.01, 0.9))
            except subprocess.TimeoutExpired:
                os.kill(child.pid, signal.SIGKILL)
                killed += 1
            child.communicate()

    log, dead = EventLog.open(tmp_path / "log"), DeadLetters.open(tmp_path / "rejected")
    last = load_files([path], log, dead, LoadOptions(batch_rows=BATCH), received_at=RECEIVED)

    assert killed >= 5
    assert last.read == ROWS
    assert (log.digest(), letters(dead)) == undisturbed
    assert log.read(["id"])["id"].n_unique() == ROWS - ROWS // 50


@pytest.mark.slow
def test_two_loads_of_one_file_at_once_double_nothing(path, undisturbed, tmp_path):
    children = [start(tmp_path, path) for _ in range(2)]

    ends = [child.communicate()[1] for child in children]

    assert [child.returncode for child in children] == [0, 0], ends
    log, dead = EventLog.open(tmp_path / "log"), DeadLetters.open(tmp_path / "rejected")
    assert (log.digest(), letters(dead)) == undisturbed


def test_a_write_that_fails_leaves_nothing_and_the_load_goes_on_when_there_is_room(path, undisturbed, tmp_path):
    def no_file_above_twenty_kilobytes() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    with start(tmp_path, path, preexec_fn=no_file_above_twenty_kilobytes) as child:
        # Above the last line may stand what a thread of the storage library says when a write fails under it.
        message = child.communicate()[1].strip().splitlines()[-1]

    assert child.returncode == 1
    assert "cannot be used" in message
    assert "free some space" in message
    log, dead = EventLog.open(tmp_path / "log"), DeadLetters.open(tmp_path / "rejected")
    assert log.scan().select(pl.len()).collect().item() == 0
    load_files([path], log, dead, LoadOptions(batch_rows=BATCH), received_at=RECEIVED)
    assert (log.digest(), letters(dead)) == undisturbed
