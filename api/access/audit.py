"""Who read what is personal: a line for each read, never the values, which nobody can change or take out.

A SQLite file of the data folder whose table refuses updates and deletes. A line is written before its answer is sent:
what cannot be recorded is not answered. Only `prune` takes out lines, the oldest, for who keeps them no longer.
"""

# ruff: noqa: S608  the parts of statements are our own

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

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
PRUNED_AT_ONCE = 10_000
_WHOSE = ("caller", "owner", "partner")
"""By what the lines of somebody are found."""
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS read_at ON personal_read (at)",
    *(f"CREATE INDEX IF NOT EXISTS read_by_{whose} ON personal_read ({whose}, at)" for whose in _WHOSE),
)
_COLUMNS = "number, at, caller, owner, partner, what, request_id, fields, read"
_NEWEST = "at >= ? ORDER BY at DESC, number DESC LIMIT ?"


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
        return cls(open_private(file, "reads of personal data", _TABLE, *_KEPT, *_INDEXES))

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
        """The newest lines, newest first; of one key's name, account or partner where `caller` says so."""
        start = since.astimezone(UTC).isoformat() if since else ""
        if caller is None:
            return [
                _read(row) for row in self._rows(f"SELECT {_COLUMNS} FROM personal_read WHERE {_NEWEST}", start, limit)
            ]
        # The newest by each index, and of these the newest: one condition with OR would sort all lines of somebody.
        each = [f"SELECT * FROM (SELECT {_COLUMNS} FROM personal_read WHERE {one} = ? AND {_NEWEST})" for one in _WHOSE]
        rows = self._rows(" UNION ".join(each), *(caller, start, limit) * len(_WHOSE))
        return [_read(row) for row in sorted(rows, key=lambda row: (row[1], row[0]), reverse=True)[:limit]]

    def prune(self, before: datetime, at_once: int = PRUNED_AT_ONCE) -> int:
        """Takes out all lines of before then and says how many they were; LogUnavailable where that cannot be.

        So many at once, so that nobody who records waits for long.
        """
        gone = 0
        try:
            while some := self._pruned(before.astimezone(UTC).isoformat(), at_once):
                gone += some
        except sqlite3.Error as error:
            raise LogUnavailable(f"The audit log cannot be pruned: {error}") from error
        return gone

    def _pruned(self, before: str, most: int) -> int:
        """In one transaction, outside of which nothing can be taken out."""
        oldest = "SELECT number FROM personal_read WHERE at < ? ORDER BY at LIMIT ?"
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DROP TRIGGER no_delete")
            gone = self._connection.execute(f"DELETE FROM personal_read WHERE number IN ({oldest})", (before, most))
            self._connection.execute(_KEPT[1])
        return gone.rowcount

    def _rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:  # whatever the columns hold
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()


def counted(fields: Mapping[str, int]) -> tuple[tuple[str, ...], int]:
    """The names of the fields, and of how many rows at most one of them was read."""
    return tuple(sorted(fields)), max(fields.values(), default=0)


def _read(row: Sequence[str | int | None]) -> PersonalRead:
    _, at, caller, owner, partner, what, request_id, fields, rows = row
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
