"""Commands about who may do what: keys, what a partner's id stands for, and who read what is personal."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from api.access.audit import AuditLog, PersonalRead
from api.access.scopes import checked
from api.access.virtual_ids import VirtualIds
from api.auth import ApiKey, KeyStore
from api.cli.console import answers, errors, print_table
from api.cli.sandbox import make_sandbox
from api.settings import Settings
from graph.errors import BadInput, NotFound
from graph.queries.view import RULES, View
from graph.store.statement import CUSTOMER, ORDER, SCORE, SHARE

NOUNS = (CUSTOMER, ORDER, SHARE, SCORE, "Event")
DEFAULT_OVERLAP_HOURS = 24


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    keys = typer.Typer(no_args_is_help=True, help="Keys of the API: create, list, rotate, revoke, whois.")
    keys.command("create")(create_key_command)
    keys.command("list")(list_keys_command)
    keys.command("rotate")(rotate_key_command)
    keys.command("revoke")(revoke_key_command)
    keys.command("whois")(whois_command)
    app.add_typer(keys, name="keys")
    app.command("audit")(audit_command)


def create_key_command(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[str], typer.Option(help="read, write, * or such as influence:read; repeat for several.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; never unless said.")] = None,
    partner: Annotated[
        str | None, typer.Option(help="It is for this partner, who sees only who agreed, under ids of its own.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"NAME=VALUE: the partner sees only these customers; NAME out of {', '.join(RULES)}."),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="It opens generated data alone, which are made now if there are none.")
    ] = False,
) -> None:
    """Make a key and print it: it cannot be read again."""
    now = datetime.now(UTC)
    expires_at = None if days is None else now + timedelta(days=days)
    if only and partner is None:
        raise BadInput("--only narrows what a partner sees: name it with --partner.")
    view = None if partner is None else View(partner, _rules(only or []))
    if sandbox:
        checked(scope, partner=view is not None)
        make_sandbox(Settings(), now)
    print(_keys().create_key(name, scope, now=now, expires_at=expires_at, view=view, is_sandbox=sandbox))
    _say_keep()


def list_keys_command() -> None:
    """List the keys, without their secrets."""
    now = datetime.now(UTC)
    names = ("prefix", "name", "scopes", "created", "expires", "last used", "state", "data", "partner")
    print_table(names, (_told(key, now) for key in _keys().list_keys()))


def rotate_key_command(
    prefix: Annotated[str, typer.Argument(help="As `renmai keys list` shows it.")],
    overlap: Annotated[
        int, typer.Option(min=0, help="Hours for which the old key still opens.")
    ] = DEFAULT_OVERLAP_HOURS,
) -> None:
    """Make a key that does the same as an old one, print it, and let the old one expire."""
    print(_keys().rotate_key(prefix, now=datetime.now(UTC), overlap=timedelta(hours=overlap)))
    errors.print(f"{prefix} opens for {overlap} more hours, or until it expires where that is sooner.")
    _say_keep()


def revoke_key_command(prefix: Annotated[str, typer.Argument(help="As `renmai keys list` shows it.")]) -> None:
    """Let a key open nothing from now on."""
    _keys().revoke_key(prefix, now=datetime.now(UTC))
    answers.print(f"{prefix} is revoked.")


def whois_command(id: Annotated[str, typer.Argument(help="An id that a partner has, such as v1_….")]) -> None:
    """Say which partner has an id, and what it stands for."""
    settings = Settings()
    ids = VirtualIds(settings.virtual_ids_file)
    for partner in dict.fromkeys(key.view.partner for key in _keys().list_keys() if key.view):
        for noun in NOUNS:
            if (meant := ids.of(partner).meant(noun, id)) is not None:
                answers.print(f"{partner}: {noun} {meant}")
                return
    raise NotFound(f"No partner has the id {id[:80]!r}.")


def audit_command(
    days: Annotated[int | None, typer.Option(min=1, help="Of so many days back; of all time unless said.")] = None,
    who: Annotated[str | None, typer.Option(help="Of one key's name, account or partner.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 100,
) -> None:
    """Say who read personal data: when, in which request, which fields, of how many; never the values."""
    since = None if days is None else datetime.now(UTC) - timedelta(days=days)
    names = ("at", "caller", "account", "partner", "what", "fields", "rows", "request")
    found = AuditLog.open(Settings().audit_file).read(since=since, caller=who, limit=limit)
    print_table(names, map(_read, found))


def _keys() -> KeyStore:
    return KeyStore.open(Settings().keys_file)


def _told(key: ApiKey, now: datetime) -> tuple[str, ...]:
    return (
        key.prefix,
        key.name,
        " ".join(sorted(key.scopes)),
        _day(key.created_at),
        _day(key.expires_at),
        _day(key.last_used_at),
        key.state(now),
        "sandbox" if key.is_sandbox else "real",
        _seen(key),
    )


def _read(read: PersonalRead) -> tuple[str, ...]:
    at = f"{read.at:%Y-%m-%d %H:%M:%S}Z"
    fields = " ".join(read.fields)
    return at, read.caller, read.owner, read.partner or "", read.what, fields, str(read.rows), read.request_id


def _rules(given: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for rule in given:
        name, _, value = rule.partition("=")
        found[name.strip()] = (*found.get(name.strip(), ()), *filter(None, [value.strip()]))
    return found


def _seen(key: ApiKey) -> str:
    if key.view is None:
        return ""
    rules = [f"{name}={','.join(values)}" for name, values in sorted(key.view.only.items())]
    return " ".join([key.view.partner, *rules])


def _day(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d}"


def _say_keep() -> None:
    errors.print("Keep it: it is shown this once. Send it as `Authorization: Bearer …`.")
