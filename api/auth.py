"""API keys: made, listed, rotated, revoked and checked; kept as hashes in a small SQLite file of the data folder.

A secret is 256 random bits, so one round of SHA-256 is enough: no dictionary holds it, and slow hashing, which guards
passwords that people think up, would only slow every request. The secret is shown once and kept nowhere.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Self, cast

from api.access.scopes import Needs, Scope, checked
from api.access.tokens import Tokens, looks_like_token
from api.graphql.context import Caller
from api.private_file import add_columns, open_private
from graph.errors import BadInput, LogUnavailable, NotFound
from graph.queries.view import View

_PREFIX, _SANDBOX_PREFIX = "rk", "rktest"
"""A key of the sandbox is known at sight, before it is sent anywhere."""
_COLUMNS = {
    "prefix": "TEXT PRIMARY KEY",
    "name": "TEXT NOT NULL",
    "hash": "TEXT NOT NULL",
    "scopes": "TEXT NOT NULL",
    "created_at": "TEXT NOT NULL",
    "expires_at": "TEXT",
    "revoked_at": "TEXT",
    "account": "TEXT",
    "partner": "TEXT",
    "only": "TEXT",
    "last_used_at": "TEXT",
    "sandbox": "TEXT",
}
"""A file of an earlier release gains what came since when it is opened."""
_TABLE = f"CREATE TABLE IF NOT EXISTS api_key ({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())})"
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM api_key"  # noqa: S608  names of ours
USED_EVERY = timedelta(minutes=1)
"""The last use is written at most so often for a key."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be: whose, what it may do, until when, for a partner what it sees, and in which data."""

    name: str
    scopes: Collection[str]
    expires_at: datetime | None = None
    view: View | None = None
    is_sandbox: bool = False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key: everything but the secret. Keys that came by rotation share their `account`."""

    prefix: str
    name: str
    scopes: Needs
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    account: str
    view: View | None
    last_used_at: datetime | None
    is_sandbox: bool = False

    def is_valid(self, now: datetime) -> bool:
        """True when the key is neither expired nor revoked."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def state(self, now: datetime) -> str:
        """valid, expired or revoked."""
        return "valid" if self.is_valid(now) else "revoked" if self.revoked_at else "expired"


class KeyStore:
    """The keys of one data folder; safe for many threads and processes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._used: dict[str, datetime] = {}

    @classmethod
    def open(cls, file: Path) -> Self:
        """Opens the file, and makes it where there is none; only its owner may read it."""
        connection = open_private(file, "API keys", _TABLE)
        add_columns(connection, "api_key", _COLUMNS)
        return cls(connection)

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def create_key(
        self,
        name: str,
        scopes: Collection[str],
        *,
        now: datetime,
        expires_at: datetime | None,
        view: View | None = None,
        is_sandbox: bool = False,
    ) -> str:
        """A new key's secret: hand it over now, it cannot be read again. BadInput for what makes no sense.

        With `is_sandbox` it opens nothing but generated data.
        """
        if not name.strip() or not scopes:
            raise BadInput(
                f"A key needs a name and at least one scope: {' or '.join(Scope)}, or such as influence:read."
            )
        if expires_at is not None and expires_at <= now:
            raise BadInput(f"A key must expire in the future, not at {expires_at.isoformat()}.")
        kept = checked(scopes, partner=view is not None)
        return self._add(NewKey(name.strip(), kept, expires_at, view, is_sandbox), None, now)

    def rotate_key(self, prefix: str, *, now: datetime, overlap: timedelta) -> str:
        """The secret of a key that does the same; the old one opens for the overlap, no longer than it would have.

        A key that expires is followed by one that lasts as long as it did. NotFound, or BadInput for a key that opens
        nothing any more.
        """
        old = self.find_key(prefix)
        if not old.is_valid(now):
            raise BadInput(f"The API key {prefix} is {old.state(now)}: make a new one with `renmai keys create`.")
        lasts = None if old.expires_at is None else now + (old.expires_at - old.created_at)
        secret = self._add(NewKey(old.name, old.scopes, lasts, old.view, old.is_sandbox), old.account, now)
        ends = now + overlap if old.expires_at is None else min(old.expires_at, now + overlap)
        with self._lock:
            self._connection.execute("UPDATE api_key SET expires_at = ? WHERE prefix = ?", (_text(ends), prefix))
        return secret

    def _add(self, key: NewKey, account: str | None, now: datetime) -> str:
        prefix = f"{_SANDBOX_PREFIX if key.is_sandbox else _PREFIX}_{secrets.token_hex(4)}"
        secret = f"{prefix}_{secrets.token_urlsafe(32)}"
        row: dict[str, str | None] = {
            "prefix": prefix,
            "name": key.name,
            "hash": _hash(secret),
            "scopes": " ".join(sorted(key.scopes)),
            "created_at": _text(now),
            "expires_at": _text(key.expires_at),
            "account": account or prefix,
            "partner": key.view.partner if key.view else None,
            "only": json.dumps(dict(key.view.only), ensure_ascii=False) if key.view else None,
            "sandbox": "yes" if key.is_sandbox else None,
        }
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        with self._lock:
            self._connection.execute(f"INSERT INTO api_key ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608
        return secret

    def list_keys(self) -> list[ApiKey]:
        """All keys, the oldest first, without their secrets."""
        with self._lock:
            rows = self._connection.execute(f"{_SELECT} ORDER BY created_at, prefix").fetchall()
        return [_key(row) for row in rows]

    def without_key(self, accounts: Collection[str], *, now: datetime) -> set[str]:
        """Those of these accounts that have no key that opens anything: each was revoked, expired, or never was one."""
        return set(accounts) - {one.account for one in self.list_keys() if one.is_valid(now)}

    def find_key(self, prefix: str) -> ApiKey:
        """One key by its prefix; NotFound where there is none."""
        with self._lock:
            row = self._connection.execute(f"{_SELECT} WHERE prefix = ?", (prefix,)).fetchone()
        if row is None:
            raise NotFound(f"There is no API key {prefix!r}: `renmai keys list` shows them.")
        return _key(row)

    def revoke_key(self, prefix: str, *, now: datetime) -> None:
        """The key opens nothing from now on; NotFound for an unknown prefix. Revoking twice changes nothing."""
        with self._lock:
            done = self._connection.execute(
                "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE prefix = ?", (_text(now), prefix)
            )
        if done.rowcount == 0:
            raise NotFound(f"There is no API key {prefix!r}: `renmai keys list` shows them.")

    def verify(self, secret: str, *, now: datetime) -> Caller | None:
        """Whose secret it is; None where it is unknown, expired or revoked. LogUnavailable where no key can be read."""
        prefix = "_".join(secret.split("_", 2)[:2])
        try:
            with self._lock:
                row = self._connection.execute(f"{_SELECT} WHERE prefix = ?", (prefix,)).fetchone()
        except sqlite3.Error as error:
            raise LogUnavailable(f"The API keys cannot be read: {error}") from error
        kept = row[2] if row else _hash("")
        if not hmac.compare_digest(kept, _hash(secret)) or row is None:
            return None
        key = _key(row)
        if not key.is_valid(now):
            return None
        self._note_use(key, now)
        return Caller(key.name, key.scopes, key=key.account, view=key.view, is_sandbox=key.is_sandbox)

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        """Writes when the key was used, now and then: not every request waits for the disk."""
        last = self._used.get(key.prefix, key.last_used_at)
        if last is not None and now - last < USED_EVERY:
            return
        self._used[key.prefix] = now
        # A use that cannot be written, on a full disk say, is no reason to refuse it.
        with self._lock, suppress(sqlite3.Error):
            self._connection.execute(
                "UPDATE api_key SET last_used_at = max(coalesce(last_used_at, ''), ?) WHERE prefix = ?",
                (_text(now), key.prefix),
            )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@lru_cache(maxsize=1_000)
def _key(row: tuple[str | None, ...]) -> ApiKey:
    """Read anew from the file each time, understood once: every request and every open socket asks."""
    kept: Mapping[str, str | None] = dict(zip(_COLUMNS, row, strict=True))
    told = cast("Mapping[str, str]", kept)
    only = {name: tuple(values) for name, values in json.loads(kept["only"] or "{}").items()}
    return ApiKey(
        prefix=told["prefix"],
        name=told["name"],
        scopes=frozenset(told["scopes"].split()),
        created_at=datetime.fromisoformat(told["created_at"]),
        expires_at=_instant(kept["expires_at"]),
        revoked_at=_instant(kept["revoked_at"]),
        account=kept["account"] or told["prefix"],
        view=View(kept["partner"], only) if kept["partner"] else None,
        last_used_at=_instant(kept["last_used_at"]),
        is_sandbox=kept["sandbox"] is not None,
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may come in: by a key or a token, or without one where reading or everything is open."""

    keys: KeyStore
    open_reads: bool = False
    is_open: bool = False
    tokens: Tokens | None = None
    open_sandbox: Callable[[], Awaitable[None]] | None = None
    """Makes the generated data answer, before the first caller asks for it."""

    async def admit(self, secret: str | None, *, now: datetime, address: str = "") -> Caller | None:
        """The caller of a request; None for a secret that opens nothing (never a silent fall back to nobody).

        Who has no key is told apart by the address, for limits alone. RenmaiError where what a key opens cannot be
        had now.
        """
        if secret is not None and self.tokens and looks_like_token(secret):
            return await self.tokens.verify(secret, now=now)
        if secret is not None:
            caller = self.keys.verify(secret, now=now)
            if caller and caller.is_sandbox and self.open_sandbox:
                await self.open_sandbox()
            return caller
        scopes: Needs = frozenset(Scope) if self.is_open else frozenset({Scope.READ} if self.open_reads else ())
        return Caller("anonymous", scopes, is_anonymous=True, key=address)


def secret_of(authorization: str | None, api_key: str | None) -> str | None:
    """The secret out of `Authorization: Bearer …` or `X-API-Key: …`; None where neither is given."""
    if authorization:
        kind, _, secret = authorization.partition(" ")
        # Another kind of credential is a credential that we do not know, not the lack of one.
        return secret.strip() if kind.lower() == "bearer" else authorization
    return api_key or None
