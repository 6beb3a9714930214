"""Commands on data: generate a world, load files, look at what was rejected."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import answers, errors, progress_bar
from api.cli.projection import project_now
from api.settings import Settings
from graph.errors import BadInput
from graph.log import DeadLetters, EventLog
from loaders.formats import FORMATS
from loaders.letters import export_letters
from loaders.load import LoadOptions, LoadProgress, LoadSummary, load_completejourney, load_files
from loaders.steps.complete import Defaults
from loaders.world import WorldRequest, WorldSummary, generate

COMPLETEJOURNEY = "completejourney"
WORLD, DEFAULTS = WorldRequest(), Defaults()


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("generate")(generate_command)
    app.command("load")(load_command)
    app.command("rejected")(rejected_command)


def generate_command(
    folder: Annotated[Path | None, typer.Argument(help="A new folder; under RENMAI_DATA/worlds unless said.")] = None,
    customers: Annotated[int, typer.Option(help="How many customers.")] = WORLD.customers,
    days: Annotated[int, typer.Option(help="How many days.")] = WORLD.days,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = WORLD.seed,
    start: Annotated[str, typer.Option(help="The first day, YYYY-MM-DD.")] = WORLD.start.isoformat(),
    looks: Annotated[
        bool, typer.Option("--looks", help="Customers look at what they buy hours before: a chain of view → purchase.")
    ] = False,
) -> None:
    """Generate a plant-drink chain of Hangzhou: event files to load, and the truth that was planted in them."""
    world = WorldRequest(customers, days, seed, _day(start), looks=looks)
    answers.print(generated(world, folder or world_folder(Settings(), world)))


def load_command(
    sources: Annotated[list[str], typer.Argument(help="Files of events, or `completejourney` for the real data set.")],
    format_name: Annotated[str | None, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of text files; UTF-8 unless said, such as gbk.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of stores that give none, such as Asia/Shanghai.")] = None,
    currency: Annotated[str, typer.Option(help="Of amounts that name none.")] = DEFAULTS.currency,
    source: Annotated[str, typer.Option(help="Name of the system the events come from, where they name none.")] = (
        DEFAULTS.source
    ),
    project: Annotated[bool, typer.Option("--project/--no-project", help="Bring the graph up to date too.")] = True,
) -> None:
    """Take events into the log, each once, and bring the graph up to date."""
    settings = Settings()
    options = LoadOptions(format_name, encoding, Defaults(zone or settings.time_zone, currency, source))
    summary = loaded(settings, sources, options)
    answers.print(said(summary))
    for file, one in summary.shown:
        errors.print(f"  {file}:{one.line}: {one.message}")
    if summary.rejected_count:
        errors.print("`renmai rejected` shows all that were rejected; `--export FILE` writes them to be mended.")
    if project:
        asyncio.run(project_now(settings))


def rejected_command(
    export: Annotated[Path | None, typer.Option(help="Write them as JSON lines, to be mended and loaded.")] = None,
) -> None:
    """Say how many records were rejected, by reason, or write them to a file."""
    letters = DeadLetters.open(Settings().rejected_folder)
    if export is not None:
        answers.print(f"{export_letters(letters, export):,} rejected records are in {export}.")
        return
    counted = letters.read()["reason"].value_counts(sort=True)
    for reason, count in counted.iter_rows():
        answers.print(f"{count:>10,}  {reason}")
    if counted.is_empty():
        answers.print("Nothing was rejected.")


def world_folder(settings: Settings, world: WorldRequest) -> Path:
    """Where a world is put that nobody named a place for."""
    looks = "-looks" if world.looks else ""
    return settings.data / "worlds" / f"hangzhou-{world.customers}-{world.days}-{world.seed}{looks}"


def generated(request: WorldRequest, folder: Path) -> str:
    """Generates with a progress bar; what came of it, in a sentence."""
    with progress_bar("generate") as advance:
        world: WorldSummary = generate(request, folder, lambda done, days: advance("days generated", done, days))
    return (
        f"{world.events:,} events in {len(world.event_files)} files and the planted truth are in {world.folder}: "
        f"`renmai load {world.folder}/*.parquet` takes them in."
    )


def loaded(settings: Settings, sources: list[str], options: LoadOptions) -> LoadSummary:
    """Loads with a progress bar; a source is a file or the name of the real data set."""
    if COMPLETEJOURNEY in sources and len(sources) > 1:
        raise BadInput(f"load {COMPLETEJOURNEY} by itself, and the files in a second command")
    log, letters = EventLog.open(settings.log_folder), DeadLetters.open(settings.rejected_folder)
    received_at = datetime.now(UTC)
    with progress_bar("load") as advance:

        def told(progress: LoadProgress) -> None:
            advance(Path(progress.file).name, progress.done, progress.total)

        if sources == [COMPLETEJOURNEY]:
            return load_completejourney(log, letters, received_at=received_at, progress=told)
        return load_files(sources, log, letters, options, received_at=received_at, progress=told)


def said(summary: LoadSummary) -> str:
    """What became of every record, in a sentence."""
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in summary.rejected.most_common())
    reasons = f" ({rejected})" if rejected else ""
    return (
        f"{summary.read:,} records read: {summary.accepted:,} accepted, {summary.repeated:,} repeated, "
        f"{summary.rejected_count:,} rejected{reasons}."
    )


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise BadInput(f"--start must be a day such as 2026-03-02, not {given}") from error
