"""Commands for those who run it: doctor, keys, schema."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from api.auth import KeyStore
from api.cli.console import answers, errors
from api.cli.doctor import findings
from api.graphql.context import Scope
from api.graphql.schema import export_schema
from api.settings import Settings
from graph.errors import BadInput

SIGNS = {True: ("well ", "green"), False: ("wrong", "red"), None: ("note ", "")}


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("doctor")(doctor_command)
    app.command("schema")(schema_command)
    keys = typer.Typer(no_args_is_help=True, help="Keys of the API: create, list, revoke.")
    keys.command("create")(create_key_command)
    keys.command("list")(list_keys_command)
    keys.command("revoke")(revoke_key_command)
    app.add_typer(keys, name="keys")


def doctor_command() -> None:
    """Say what is there and what is missing; the exit code is 1 where something is wrong."""
    found = asyncio.run(findings(Settings()))
    for finding in found:
        answers.print(Text.assemble(SIGNS[finding.well], " ", (finding.subject, "bold"), f": {finding.sentence}"))
    if any(finding.well is False for finding in found):
        raise typer.Exit(1)


def schema_command(
    write: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
) -> None:
    """Print the GraphQL schema in its own language."""
    text = export_schema()
    if write is None:
        print(text, end="")
    else:
        write.write_text(text, encoding="utf-8")


def create_key_command(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[str], typer.Option(help="read or write; repeat for both.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; never unless said.")] = None,
) -> None:
    """Make a key and print it: it cannot be read again."""
    now = datetime.now(UTC)
    expires_at = None if days is None else now + timedelta(days=days)
    print(_keys().create_key(name, [_scope(given) for given in scope], now=now, expires_at=expires_at))
    errors.print("Keep it: it is shown this once. Send it as `Authorization: Bearer …`.")


def list_keys_command() -> None:
    """List the keys, without their secrets."""
    now = datetime.now(UTC)
    table = Table("prefix", "name", "scopes", "created", "state")
    for key in _keys().list_keys():
        state = "valid" if key.is_valid(now) else "revoked" if key.revoked_at else "expired"
        table.add_row(key.prefix, key.name, " ".join(sorted(key.scopes)), f"{key.created_at:%Y-%m-%d}", state)
    answers.print(table, soft_wrap=False)


def revoke_key_command(prefix: Annotated[str, typer.Argument(help="As `renmai keys list` shows it.")]) -> None:
    """Let a key open nothing from now on."""
    _keys().revoke_key(prefix, now=datetime.now(UTC))
    answers.print(f"{prefix} is revoked.")


def _keys() -> KeyStore:
    return KeyStore.open(Settings().keys_file)


def _scope(given: str) -> Scope:
    if given not in set(Scope):
        raise BadInput(f"--scope must be {' or '.join(Scope)}, not {given}")
    return Scope(given)
