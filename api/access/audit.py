"""Who read what is personal: a line for each read, never the values, which nobody can change or take out.

A SQLite file of the data folder whose table refuses updates and deletes. A line is written before its answer is sent:
what cannot be recorded is not answered.
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from api.private_file import open_private
from graph.errors import LogUnavailable

_TABLE = (
    "CREATE TABLE IF NOT EXISTS personal_read (number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, "
    "caller TEXT NOT NULL, owner TEXT NOT NULL, partner TEXT, what TEXT NOT NULL, request_id TEXT NOT NULL, "
    "fields TEXT NOT NULL, read INTEGER NOT NULL)"
)
_KEPT = tuple(
    f"CREATE TRIGGER IF NOT EXISTS no_{act.lower()} BEFORE {act} ON personal_read "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    for act in ("UPDATE", "DELETE")
)


@dataclass(frozen=True, slots=True)
class PersonalRead:
    """One read of personal data: when, who, in which operation or export, which fields, how many rows at most."""

    at: datetime
    caller: str
    owner: str
    partner: str | None
    what: str
    request_id: str
    fields: tuple[str, ...]
    rows: int


class AuditLog:
    """The audit log of one data folder; safe for many threads and processes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, file: Path) -> Self:
        """Opens the file, and makes it where there is none; only its owner may read it."""
        return cls(open_private(file, "reads of personal data", _TABLE, *_KEPT))

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def record(self, *reads: PersonalRead) -> None:
        """Adds a line for each. LogUnavailable where they cannot be written: then none is."""
        rows = [
            (read.at.astimezone(UTC).isoformat(), read.caller, read.owner, read.partner, read.what, read.request_id,
             " ".join(read.fields), read.rows)
            for read in reads
        ]  # fmt: skip
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(
                    "INSERT INTO personal_read (at, caller, owner, partner, what, request_id, fields, read) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    rows,
                )
        except sqlite3.Error as error:
            raise LogUnavailable(f"The audit log cannot be written: {error}") from error

    def read(self, *, since: datetime | None = None, caller: str | None = None, limit: int = 100) -> list[PersonalRead]:
        """The newest lines, newest first; of one key's name or account where `caller` says so."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT at, caller, owner, partner, what, request_id, fields, read FROM personal_read "
                "WHERE at >= ? AND (? IS NULL OR caller = ? OR owner = ? OR partner = ?) ORDER BY number DESC LIMIT ?",
                (since.astimezone(UTC).isoformat() if since else "", caller, caller, caller, caller, limit),
            ).fetchall()
        return [_read(row) for row in rows]


def counted(fields: Mapping[str, int]) -> tuple[tuple[str, ...], int]:
    """The names of the fields, and of how many rows at most one of them was read."""
    return tuple(sorted(fields)), max(fields.values(), default=0)


def _read(row: Sequence[str | int | None]) -> PersonalRead:
    at, caller, owner, partner, what, request_id, fields, rows = row
    return PersonalRead(
        datetime.fromisoformat(str(at)),
        str(caller),
        str(owner),
        None if partner is None else str(partner),
        str(what),
        str(request_id),
        tuple(str(fields).split()),
        int(rows or 0),
    )
