"""Commands for those who run it: doctor and schema; keys and the audit log stand in `api.cli.access`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import answers
from api.cli.doctor import findings
from api.graphql.schema import export_schema, export_subgraph
from api.settings import Settings

SIGNS = {True: ("well ", "green"), False: ("wrong", "red"), None: ("note ", "")}


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("doctor")(doctor_command)
    app.command("schema")(schema_command)


def doctor_command() -> None:
    """Say what is there and what is missing; the exit code is 1 where something is wrong."""
    found = asyncio.run(findings(Settings()))
    for finding in found:
        answers.print(Text.assemble(SIGNS[finding.well], " ", (finding.subject, "bold"), f": {finding.sentence}"))
    if any(finding.well is False for finding in found):
        raise typer.Exit(1)


def schema_command(
    write: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
    federation: Annotated[bool, typer.Option("--federation", help="As a gateway reads it.")] = False,
) -> None:
    """Print the GraphQL schema in its own language."""
    text = export_subgraph() if federation else export_schema()
    if write is None:
        print(text, end="")
    else:
        write.write_text(text, encoding="utf-8")
