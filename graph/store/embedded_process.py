"""Starting, joining and stopping the server of an embedded folder."""

import importlib.util
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
HELD_SECONDS = STOP_SECONDS + 10.0
"""The child of a killed program may hold the folder's database for so long: its grace, and a moment to notice."""
_PORT_TRIES = 5


@dataclass(slots=True)
class Server:
    """A running server. `process` and `owned` are None where another program started it and will stop it."""

    home: Home
    serving: Serving
    process: "subprocess.Popen[bytes] | None" = None
    owned: FileLock | None = None

    @property
    def is_ours(self) -> bool:
        """True where this program owns the folder."""
        return self.owned is not None

    def close(self) -> None:
        """Ends our own server and gives the folder up; what another program owns is left alone."""
        self.stop()
        if self.owned is not None:
            self.owned.release()
            self.owned = None

    def stop(self) -> None:
        """Ends our own server; the folder stays ours."""
        if self.process is None:
            return
        self.home.withdraw()
        end(self.process)
        self.process = None

    def restart(self) -> None:
        """Serves the current generation again, on the same ports, so that other programs' connections come back."""
        self.process, self.serving = start(self.home, self.home.root, self.serving)
        self.home.announce(self.serving)


def start_or_join(home: Home) -> Server:
    """The folder's server: that of the program that owns the folder, else a new child of this one."""
    _check_platform()
    home.prepare()
    with locked(home):
        owned = _own(home)
        if owned is None:
            return Server(home, _running(home))
        try:
            _wait_for_the_last_one(home)
            home.sweep()
            process, serving = start(home, home.root)
            home.announce(serving)
        except BaseException:
            owned.release()
            raise
        return Server(home, serving, process, owned)


def _own(home: Home) -> FileLock | None:
    """Held as long as the program lives: the system lets go of it however the program ends."""
    owned = FileLock(home.owner, thread_local=False)
    try:
        owned.acquire(timeout=0)
    except Timeout:
        return None
    return owned


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
    said, tries, until = "", 0, time.monotonic() + HELD_SECONDS
    while tries < _PORT_TRIES:
        bolt, http = (like.bolt_port, like.http_port) if like and tries == 0 else _free_ports()
        settings = Settings(str(root), str(home.log), bolt, http)
        process, said = _spawn(settings)
        if process is not None:
            return process, Serving(process.pid, bolt, http)
        if "locked by another process" in said and time.monotonic() < until:
            # We own the folder: it is the child of a program that was killed, which ends without being told.
            time.sleep(0.2)
        elif "bind" in said.lower() or "in use" in said.lower():
            tries += 1
        else:
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


def _running(home: Home) -> Serving:
    """The server of the program that owns the folder."""
    serving = home.serving()
    if serving is None or not _answers(serving.bolt_port):
        raise StoreUnavailable(
            f"Another program owns the graph in {home.folder} but serves it no longer: end that program first."
        )
    return serving


def _wait_for_the_last_one(home: Home) -> None:
    """The child of a program that was killed ends by itself within a second or two; until then the folder is taken."""
    serving = home.serving()
    until = time.monotonic() + STOP_SECONDS
    while serving is not None and _answers(serving.bolt_port) and time.monotonic() < until:
        time.sleep(0.05)
    home.withdraw()


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
