"""API keys: made, listed, revoked and checked; kept as hashes in a small SQLite file of the data folder.

A secret is 256 random bits, so one round of SHA-256 is enough: no dictionary holds it, and slow hashing, which guards
passwords that people think up, would only slow every request. The secret is shown once and kept nowhere.
"""

import hashlib
import hmac
import secrets
import sqlite3
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from api.graphql.context import Caller, Scope
from api.private_file import open_private
from graph.errors import BadInput, NotFound

_PREFIX = "rk"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS api_key (prefix TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, "
    "scopes TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT)"
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key: everything but the secret."""

    prefix: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """True when the key is neither expired nor revoked."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class KeyStore:
    """The keys of one data folder; safe for many threads and processes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, file: Path) -> Self:
        """Opens the file, and makes it where there is none; only its owner may read it."""
        return cls(open_private(file, "API keys", _TABLE))

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def create_key(self, name: str, scopes: Collection[Scope], *, now: datetime, expires_at: datetime | None) -> str:
        """A new key's secret: hand it over now, it cannot be read again."""
        if not name.strip() or not scopes:
            raise BadInput("A key needs a name and at least one scope: read or write.")
        if expires_at is not None and expires_at <= now:
            raise BadInput(f"A key must expire in the future, not at {expires_at.isoformat()}.")
        prefix = f"{_PREFIX}_{secrets.token_hex(4)}"
        secret = f"{prefix}_{secrets.token_urlsafe(32)}"
        row = (prefix, name.strip(), _hash(secret), " ".join(sorted(scopes)), _text(now), _text(expires_at))
        with self._lock:
            self._connection.execute(
                "INSERT INTO api_key (prefix, name, hash, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
        return secret

    def list_keys(self) -> list[ApiKey]:
        """All keys, the oldest first, without their secrets."""
        with self._lock:
            rows = self._connection.execute(f"{_SELECT} ORDER BY created_at, prefix").fetchall()
        return [_key(row) for row in rows]

    def revoke_key(self, prefix: str, *, now: datetime) -> None:
        """The key opens nothing from now on; NotFound for an unknown prefix. Revoking twice changes nothing."""
        with self._lock:
            done = self._connection.execute(
                "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE prefix = ?", (_text(now), prefix)
            )
        if done.rowcount == 0:
            raise NotFound(f"There is no API key {prefix!r}: `renmai keys list` shows them.")

    def verify(self, secret: str, *, now: datetime) -> Caller | None:
        """Whose secret it is; None where it is unknown, expired or revoked."""
        prefix = "_".join(secret.split("_", 2)[:2])
        with self._lock:
            row = self._connection.execute(f"{_SELECT} WHERE prefix = ?", (prefix,)).fetchone()
        kept = row[2] if row else _hash("")
        if not hmac.compare_digest(kept, _hash(secret)) or row is None:
            return None
        key = _key(row)
        return Caller(key.name, key.scopes, key=key.prefix) if key.is_valid(now) else None


_SELECT = "SELECT prefix, name, hash, scopes, created_at, expires_at, revoked_at FROM api_key"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def _key(row: tuple[str, str, str, str, str, str | None, str | None]) -> ApiKey:
    prefix, name, _, scopes, created_at, expires_at, revoked_at = row
    return ApiKey(
        prefix=prefix,
        name=name,
        scopes=frozenset(Scope(scope) for scope in scopes.split()),
        created_at=datetime.fromisoformat(created_at),
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
        revoked_at=None if revoked_at is None else datetime.fromisoformat(revoked_at),
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may come in: by a key, or without one where reading or everything is open."""

    keys: KeyStore
    open_reads: bool = False
    is_open: bool = False

    def admit(self, secret: str | None, *, now: datetime, address: str = "") -> Caller | None:
        """The caller of a request; None for a secret that opens nothing (never a silent fall back to nobody).

        Who has no key is told apart by the address, for limits alone.
        """
        if secret is not None:
            return self.keys.verify(secret, now=now)
        scopes = frozenset(Scope) if self.is_open else frozenset({Scope.READ} if self.open_reads else set[Scope]())
        return Caller("anonymous", scopes, is_anonymous=True, key=address)


def secret_of(authorization: str | None, api_key: str | None) -> str | None:
    """The secret out of `Authorization: Bearer …` or `X-API-Key: …`; None where neither is given."""
    if authorization:
        kind, _, secret = authorization.partition(" ")
        # Another kind of credential is a credential that we do not know, not the lack of one.
        return secret.strip() if kind.lower() == "bearer" else authorization
    return api_key or None
