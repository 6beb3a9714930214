"""Starting, joining and stopping the server of an embedded folder."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from graph.errors import StoreUnavailable
from graph.store import embedded_server
from graph.store.embedded_home import Home, Serving
from graph.store.embedded_server import Settings
from graph.store.embedded_users import write_users

LOCK_SECONDS = 120.0
STOP_SECONDS = 30.0
_PORT_TRIES = 5


@dataclass(slots=True)
class Server:
    """A running server. `process` is None where another program started it and will stop it."""

    home: Home
    serving: Serving
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def is_ours(self) -> bool:
        """True where this program started it."""
        return self.process is not None

    def stop(self) -> None:
        """Ends our own server; one that another program owns is left alone."""
        if self.process is None:
            return
        self.home.withdraw()
        end(self.process)
        self.process = None

    def restart(self) -> None:
        """Serves the current generation again, on the same ports, so that other programs' connections come back."""
        process, serving = start(self.home, self.home.root, self.serving)
        self.process, self.serving = process, serving
        self.home.announce(serving)


def start_or_join(home: Home) -> Server:
    """The folder's server: the running one, else a new child of this program."""
    _check_platform()
    home.prepare()
    with locked(home):
        running = _running(home)
        if running is not None:
            return Server(home, running)
        home.withdraw()
        home.sweep()
        process, serving = start(home, home.root)
        home.announce(serving)
        return Server(home, serving, process)


@contextmanager
def locked(home: Home) -> Generator[None]:
    """Only one program at a time starts, stops or replaces what serves a folder."""
    try:
        with FileLock(home.lock, timeout=LOCK_SECONDS, thread_local=False):
            yield
    except Timeout as error:
        raise StoreUnavailable(
            f"Another program is filling or starting the graph in {home.folder}: wait for it, then try again."
        ) from error
    except PermissionError as error:
        raise StoreUnavailable(f"The folder {home.folder} may not be written: set RENMAI_DATA to another.") from error


def start(home: Home, root: Path, like: Serving | None = None) -> "tuple[subprocess.Popen[bytes], Serving]":
    """A child that serves `root`; on the ports of `like` where they are still free."""
    write_users(root, home.passwords())
    said = ""
    for turn in range(_PORT_TRIES):
        bolt, http = (like.bolt_port, like.http_port) if like and turn == 0 else _free_ports()
        settings = Settings(str(root), str(home.log), bolt, http)
        process, said = _spawn(settings)
        if process is not None:
            return process, Serving(process.pid, os.getpid(), bolt, http)
        if "bind" not in said.lower() and "in use" not in said.lower():
            break
    raise StoreUnavailable(f"The embedded graph in {home.folder} does not start: {said or 'no reason given'}")


def _spawn(settings: Settings) -> "tuple[subprocess.Popen[bytes] | None, str]":
    """The child is run by its path: as a part of the package it would load what it never needs."""
    with (Path(settings.log) / "server.err").open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-P", embedded_server.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise RuntimeError("a child without pipes")
    with suppress(BrokenPipeError):
        stdin.write(settings.to_line())
        stdin.flush()
    answer = stdout.readline().decode(errors="replace").strip()
    if answer == "READY":
        return process, ""
    end(process)
    return None, answer.removeprefix("FAILED ") or f"it ended with code {process.returncode}; see {settings.log}"


def end(process: "subprocess.Popen[bytes]") -> None:
    """Closes the child's input, waits, and kills it where it does not stop; nothing committed is lost by that."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _running(home: Home) -> Serving | None:
    """The server that another program announced, if it is alive and its owner too."""
    serving = home.serving()
    if serving is None:
        return None
    if _alive(serving.owner_pid) and _answers(serving.bolt_port):
        return serving
    _wait_until_gone(serving.pid, serving.bolt_port)
    return None


def _wait_until_gone(pid: int, port: int) -> None:
    """A child whose program died ends by itself within a second or two."""
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        if not _alive(pid) or not _answers(port):
            return
        time.sleep(0.05)
    with suppress(OSError):
        os.kill(pid, signal.SIGTERM)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2):
            return True
    except OSError:
        return False


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _check_platform() -> None:
    if importlib.util.find_spec("arcadedb") is None:
        raise StoreUnavailable(
            f"There is no embedded graph for this platform ({sys.platform}): set NEO4J_URI to a Neo4j 5 server."
        )
