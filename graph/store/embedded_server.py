"""The child process that serves a folder over Bolt; it is run by its path and imports nothing of the program.

Its first line of input is its settings as JSON (`Settings`). It answers with one line, READY or FAILED and the reason,
and serves until its input ends (then the program that started it is gone), its parent changes, or SIGTERM arrives.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

import msgspec

DATABASE = "graph"
WRITER_MILLISECONDS = 900_000
"""The engine ends any statement after this; the driver's own time-outs are shorter."""
GRACE_SECONDS = 30
"""For the engine to stop by itself."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the child must know: its folders and its ports on 127.0.0.1."""

    root: str
    log: str
    bolt_port: int
    http_port: int

    def to_line(self) -> bytes:
        """One line of JSON."""
        return msgspec.json.encode(asdict(self)) + b"\n"


def main() -> None:
    """Serves until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program; it stops us when it is done
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(os.getppid(), ended), daemon=True).start()
    try:
        server = _start(settings)
    except Exception as error:  # noqa: BLE001  whatever it is, the parent tells the user
        _say("FAILED " + " ".join(str(error).split()))
        os._exit(1)
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    _say("READY")
    ended.wait()
    server.stop()
    os._exit(0)  # the native image's own threads would keep the process


def _watch(parent: int, ended: threading.Event) -> None:
    """Tells when the program is gone, and sees to it that we go too, even if the engine hangs as it starts or stops.

    A forked sibling may hold the other end of our input open after the program has died: so the parent is watched too.
    """

    def read_to_the_end() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=read_to_the_end, daemon=True).start()
    while not ended.wait(1.0) and os.getppid() == parent:
        pass
    ended.set()
    time.sleep(GRACE_SECONDS)
    os._exit(1)  # as if it had been killed: what was committed is on the disk


def _say(line: str) -> None:
    """To a program that may be gone: then our input has ended too, and an error here would leave us behind."""
    with suppress(BrokenPipeError):
        print(line, flush=True)


def _start(settings: Settings):
    os.environ["ARCADEDB_LOG_DIR"] = settings.log
    os.environ["ARCADEDB_LOG_CONSOLE"] = "0"
    import arcadedb

    server = arcadedb.ArcadeDBServer(
        settings.root,
        None,  # the users' file that the parent wrote knows the owner's password
        {
            "host": "127.0.0.1",
            "mode": "development",  # in production mode the engine keeps its reasons to itself
            "txWalFlush": "2",
            "http_port": settings.http_port,
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt_host": "127.0.0.1",
            "bolt_port": settings.bolt_port,
            "bolt_defaultDatabase": DATABASE,
            "opencypher_loadCsv_allowFileUrls": "false",
            "opencypher_loadCsv_allowRemoteUrls": "false",
        },
    )
    server.start()
    database = server.create_database(DATABASE)
    database.command(  # pyright: ignore[reportUnknownMemberType]
        "sql", f"ALTER DATABASE `arcadedb.command.timeout` {WRITER_MILLISECONDS}"
    )
    database.set_wal_flush("yes_full")  # a commit survives a power cut: docs/decisions/0001-embedded-engine.md
    return server


if __name__ == "__main__":
    main()
