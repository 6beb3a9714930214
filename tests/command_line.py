"""The installed command `renmai`, run the way a user runs it: in a process of its own, on a terminal that is narrow."""

import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from graph.log import EventLog

RENMAI = str(Path(sys.executable).with_name("renmai"))
NARROW = "40"


def surroundings(data: Path, **more: str) -> dict[str, str]:
    """The environment with this data folder and nothing of the developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RENMAI_", "NEO4J_"))}
    return {**kept, "RENMAI_DATA": str(data), "COLUMNS": NARROW, "NO_COLOR": "1", **more}


def renmai(
    *arguments: str | Path, data: Path, before: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end beside the data folder; `before` is a program that runs it, such as unshare."""
    data.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [*before, RENMAI, *map(str, arguments)],
        env=surroundings(data, **environment),
        cwd=data.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def done_well(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed, once it is sure that it ended well."""
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line with which it refused; anything more on standard error fails the test."""
    assert done.returncode == 1, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: "), done.stderr
    return lines[0]


@contextmanager
def served(data: Path, *options: str, **environment: str) -> Generator[str]:
    """The address of `renmai serve` on a free port."""
    with subprocess.Popen(
        [RENMAI, "serve", "--port", "0", *options],
        env=surroundings(data, **environment),
        cwd=data.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[1].rstrip("/")
        finally:
            process.terminate()
            process.communicate(timeout=30)


def content(data: Path) -> tuple[int, int, str]:
    """What the event log of a data folder holds: version, events and digest; nothing where there is no log yet."""
    folder = data / "log" / "events"
    if not folder.is_dir():
        return 0, 0, ""
    log = EventLog.open(folder)
    return log.version, log.scan().select(pl.len()).collect().item(), log.digest()
