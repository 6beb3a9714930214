"""Commands on the graph: follow the log, build it anew, ask it in Cypher."""

import asyncio
import json
from typing import Annotated

import typer

from api.cli.console import answers, errors, print_table, progress_bar
from api.settings import Settings
from graph.errors import BadInput, StoreUnavailable
from graph.jobs.project import Projected, project
from graph.jobs.rebuild import rebuild
from graph.log import EventLog
from graph.store import Store, open_store

POLL_SECONDS = 1.0
TRIES = 3
QUERY_SECONDS = 30


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("project")(project_command)
    app.command("rebuild")(rebuild_command)
    app.command("cypher")(cypher_command)


def project_command(
    follow: Annotated[bool, typer.Option("--follow", help="Keep following the log until interrupted.")] = False,
) -> None:
    """Bring the graph up to the newest version of the event log."""
    asyncio.run(_follow(Settings()) if follow else project_now(Settings()))


def rebuild_command() -> None:
    """Empty the graph and build it anew out of the event log."""
    asyncio.run(_rebuild(Settings()))


def cypher_command(
    statement: Annotated[str, typer.Argument(help="One read-only Cypher statement.")],
    parameter: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; the value is JSON, or else text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most rows to print.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run one read-only Cypher statement on the graph and print its rows."""
    names, rows = asyncio.run(_ask(Settings(), statement, dict(map(_named, parameter or [])), limit))
    if as_json:
        for row in rows:
            print(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str))
        return
    print_table(names, (["" if value is None else str(value) for value in row] for row in rows))
    if len(rows) == limit:
        errors.print(f"The first {limit} rows; --limit shows more.")


def told(done: Projected) -> str:
    """What a projection did, in a sentence."""
    if done.from_version == done.to_version:
        return f"The graph is up to log version {done.to_version}."
    return (
        f"The graph follows the log up to version {done.to_version}: {done.nodes:,} nodes and {done.ties:,} ties set."
    )


async def project_now(settings: Settings) -> None:
    """Brings the graph up to the log's newest version and says so.

    An embedded graph that was another program's, and that ended with it, is opened again: nothing is projected twice.
    """
    log = EventLog.open(settings.log_folder)
    for tries_left in reversed(range(TRIES)):
        try:
            async with open_store(settings.store_config()) as store:
                answers.print(told(await _with_bar(log, store)))
            return
        except StoreUnavailable:
            if settings.neo4j_uri or not tries_left:
                raise


async def _follow(settings: Settings) -> None:
    """The same whenever the log has a new version, until interrupted; a store that is away is tried again."""
    log = EventLog.open(settings.log_folder)
    while True:
        try:
            async with open_store(settings.store_config()) as store:
                while True:
                    done = await project(log, store)
                    if done.from_version != done.to_version:
                        answers.print(told(done))
                    await asyncio.sleep(POLL_SECONDS)
        except StoreUnavailable as error:
            errors.print(f"{error}; trying again")
            await asyncio.sleep(POLL_SECONDS)


async def _with_bar(log: EventLog, store: Store) -> Projected:
    written = 0
    with progress_bar("project") as advance:

        def progress(name: str, rows: int) -> None:
            nonlocal written
            written += rows
            advance(f"graph: {name}", written, None)

        return await project(log, store, progress=progress)


async def _rebuild(settings: Settings) -> None:
    log = EventLog.open(settings.log_folder)
    async with open_store(settings.store_config()) as store:
        answers.print(told(await rebuild(log, store)))
        errors.print("Scores of earlier runs are in the score tables; `renmai score` publishes new ones.")


async def _ask(
    settings: Settings, statement: str, parameters: dict[str, object], limit: int
) -> tuple[list[str], list[list[object]]]:
    async with open_store(settings.store_config()) as store:
        return await store.ask(statement, parameters, limit=limit, timeout_seconds=QUERY_SECONDS)


def _named(given: str) -> tuple[str, object]:
    name, equals, value = given.partition("=")
    if not (name and equals):
        raise BadInput(f"--parameter must be NAME=VALUE, not {given!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
