"""First answers of mutations, kept for a day by idempotency key in a small SQLite file beside the API keys."""

import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from api.graphql.context import Conflicting, Given, Kept, Mine, UnderWay
from api.private_file import open_private

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(seconds=120)
"""A key whose first request has not ended by then is free again: its process may have been killed."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS answer (caller TEXT NOT NULL, mutation TEXT NOT NULL, key TEXT NOT NULL, "
    "input TEXT NOT NULL, answer BLOB, at REAL NOT NULL, PRIMARY KEY (caller, mutation, key)) WITHOUT ROWID"
)
_INDEX = "CREATE INDEX IF NOT EXISTS answer_at ON answer (at)"


class AnswerStore:
    """The answers of one data folder; safe for many threads and processes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, file: Path) -> Self:
        """Opens the file, and makes it where there is none; only its owner may read it."""
        return cls(open_private(file, "kept answers", _TABLE, _INDEX))

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def claim(self, given: Given, now: datetime) -> Mine | Kept | UnderWay | Conflicting:
        """The kept answer to the same request, or the right to answer it; other input under the key conflicts."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                found = self._claimed(given, now.timestamp())
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return found

    def keep(self, given: Given, answer: bytes) -> None:
        """The answer to a request that was claimed."""
        statement = "UPDATE answer SET answer = ? WHERE caller = ? AND mutation = ? AND key = ?"
        self._execute(statement, (answer, *_key(given)))

    def forget(self, given: Given) -> None:
        """Nothing was done for a request that was claimed: the key is free again."""
        statement = "DELETE FROM answer WHERE caller = ? AND mutation = ? AND key = ? AND answer IS NULL"
        self._execute(statement, _key(given))

    def _claimed(self, given: Given, now: float) -> Mine | Kept | UnderWay | Conflicting:
        run = self._connection.execute
        run("DELETE FROM answer WHERE at < ?", (now - KEPT_FOR.total_seconds(),))
        run("DELETE FROM answer WHERE answer IS NULL AND at < ?", (now - ABANDONED_AFTER.total_seconds(),))
        wanted = "SELECT input, answer FROM answer WHERE caller = ? AND mutation = ? AND key = ?"
        row = run(wanted, _key(given)).fetchone()
        if row is None:
            run("INSERT INTO answer VALUES (?, ?, ?, ?, NULL, ?)", (*_key(given), given.digest, now))
            return Mine()
        digest, answer = row
        if digest != given.digest:
            return Conflicting()
        return UnderWay() if answer is None else Kept(answer)

    def _execute(self, statement: str, parameters: tuple[object, ...]) -> None:
        with self._lock:
            self._connection.execute(statement, parameters)


def _key(given: Given) -> tuple[str, str, str]:
    return given.caller, given.mutation, given.key
