"""`renmai demo`: from nothing to a served product, in steps that each say how long they took."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from api.cli.advocates import show_advocates
from api.cli.console import answers
from api.cli.data import COMPLETEJOURNEY, generated, loaded, said, world_folder
from api.cli.projection import project_now
from api.cli.questions import ask_everything
from api.cli.scoring import scored
from api.cli.serving import serve
from api.cli.workers import log_to_stderr
from api.settings import Settings
from graph.algorithms.affinity import AffinityRequest
from graph.algorithms.chains import ChainsRequest, ScopeKind
from graph.algorithms.influence import InfluenceRequest
from graph.jobs.advocates import AdvocatesRequest
from graph.jobs.project import projected_version
from graph.log import EventLog
from graph.queries.run import current_pointers
from graph.store import open_store
from loaders.load import LoadOptions
from loaders.world import WorldRequest

WORLD = WorldRequest()
SOURCE = "renmai-world"
EVERYTHING_PLANTED = ChainsRequest(source=SOURCE, max_steps=3, scope_kind=ScopeKind.DISTRICT)
POINTERS = {
    "influence|*",
    *(f"{kind}|{source}" for kind in ("chains", "affinity") for source in (COMPLETEJOURNEY, SOURCE)),
}
AFFINITY = AffinityRequest(source=COMPLETEJOURNEY, neighbours=30, sample=500, learn_from=500, judge=False)
"""Of the defaults about a third of the cost: how well it tells is shown in the documentation."""


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("demo")(demo_command)


def demo_command(
    once: Annotated[
        bool, typer.Option("--once", help="Ask one query of each kind, print the answers and end.")
    ] = False,
    customers: Annotated[int, typer.Option(help="Customers of the generated world.")] = WORLD.customers,
    port: Annotated[int | None, typer.Option(help="Port to serve on; 0 takes a free one.")] = None,
) -> None:
    """Load a real year of shopping and a generated tea chain, score both, serve, and print the addresses."""
    settings = Settings().model_copy(update={"open_reads": True})
    log_to_stderr(settings)
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    asyncio.run(_filled(settings, WorldRequest(customers=customers)))
    if once:
        asyncio.run(ask_everything(settings))
    else:
        serve(settings)


async def _filled(settings: Settings, world: WorldRequest) -> None:
    """Does what is not done yet."""
    if await _is_filled(settings):
        answers.print(f"The demo's data is in {settings.data}.")
        return
    folder = world_folder(settings, world)
    if not folder.exists():
        with _timed("generated the tea chain"):
            answers.print(generated(world, folder))
    with _timed("loaded The Complete Journey"):
        answers.print(said(loaded(settings, [COMPLETEJOURNEY], LoadOptions())))
    with _timed("loaded the tea chain"):
        files = sorted(str(file) for file in folder.glob("*.parquet"))
        answers.print(said(loaded(settings, files, LoadOptions())))
    with _timed("projected the log into the graph"):
        await project_now(settings)
    async with open_store(settings.store_config()) as store:
        for title, request in (
            ("scored chains of The Complete Journey", ChainsRequest(source=COMPLETEJOURNEY)),
            ("scored chains of the tea chain", EVERYTHING_PLANTED),
            ("scored influence", InfluenceRequest()),
            ("scored affinity of The Complete Journey", AFFINITY),
            ("scored affinity of the tea chain", replace(AFFINITY, source=SOURCE)),
        ):
            with _timed(title):
                answers.print((await scored(settings, store, request)).said)
        # Whoever asks `selectAdvocates` first does not wait for the compiler, then.
        with _timed("chose whom to enlist"):
            await show_advocates(settings, store, AdvocatesRequest(k=5))


async def _is_filled(settings: Settings) -> bool:
    """Whether an earlier demo went to its end: the graph has followed the log and every run is there."""
    if not settings.log_folder.exists():
        return False
    async with open_store(settings.store_config()) as store:
        followed = await projected_version(store) == EventLog.open(settings.log_folder).version
        return followed and set(await current_pointers(store)) >= POINTERS


@contextmanager
def _timed(title: str) -> Generator[None]:
    start = time.monotonic()
    yield
    answers.print(f"{title} · {time.monotonic() - start:.1f} s")
