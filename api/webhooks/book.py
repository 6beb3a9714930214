"""Webhooks, what is to be delivered to them, and every attempt: a small SQLite file beside the API keys."""

import sqlite3
import threading
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import msgspec

from api.private_file import open_private
from api.webhooks.records import Attempt, Delivery, Message, Stretch, Webhook, attempt_of, delivery_of, webhook_of

KEPT_FOR = timedelta(days=30)
"""Deliveries that ended are forgotten after this."""
LEASED_FOR = timedelta(seconds=60)
"""A delivery that is being tried is nobody else's for so long: its process may have been killed."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS webhook (id TEXT PRIMARY KEY, owner TEXT NOT NULL, url TEXT NOT NULL, "
    "topics TEXT NOT NULL, kinds TEXT NOT NULL, secret TEXT NOT NULL, created REAL NOT NULL, disabled TEXT)",
    "CREATE TABLE IF NOT EXISTS delivery (number INTEGER PRIMARY KEY, message TEXT NOT NULL, webhook TEXT NOT NULL, "
    "topic TEXT NOT NULL, body BLOB NOT NULL, created REAL NOT NULL, state TEXT NOT NULL, failed INTEGER NOT NULL, "
    "next REAL NOT NULL, UNIQUE (webhook, message))",
    "CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, next)",
    "CREATE TABLE IF NOT EXISTS attempt (delivery INTEGER NOT NULL, at REAL NOT NULL, status INTEGER, "
    "milliseconds INTEGER NOT NULL, problem TEXT)",
    "CREATE INDEX IF NOT EXISTS attempt_of ON attempt (delivery)",
    "CREATE TABLE IF NOT EXISTS told (what TEXT PRIMARY KEY, until TEXT NOT NULL) WITHOUT ROWID",
)
_STRETCH = (
    "SELECT * FROM delivery WHERE webhook = ? AND state = coalesce(?, state) AND number < coalesce(?, number + 1) "
    "AND number > coalesce(?, number - 1) "
)


class WebhookBook:
    """The webhooks of one data folder; safe for many threads and processes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, file: Path) -> Self:
        """Opens the file, and makes it where there is none; only its owner may read it."""
        return cls(open_private(file, "webhooks", *_TABLES))

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def add(self, webhook: Webhook) -> None:
        """One more webhook."""
        texts = (" ".join(sorted(webhook.topics)), " ".join(sorted(webhook.kinds)))
        row = (webhook.id, webhook.owner, webhook.url, *texts, webhook.secret, webhook.created_at.timestamp())
        with self._changing() as run:
            run.execute("INSERT INTO webhook VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", row)

    def of_owner(self, owner: str) -> list[Webhook]:
        """All webhooks of a key, the oldest first."""
        return [webhook_of(row) for row in self._rows("SELECT * FROM webhook WHERE owner = ? ORDER BY created", owner)]

    def find(self, id: str) -> Webhook | None:
        """One webhook."""
        return next((webhook_of(row) for row in self._rows("SELECT * FROM webhook WHERE id = ?", id)), None)

    def wanted(self) -> list[Webhook]:
        """All webhooks that get anything."""
        return [webhook_of(row) for row in self._rows("SELECT * FROM webhook WHERE disabled IS NULL")]

    def remove(self, id: str) -> None:
        """The webhook, its deliveries and their attempts."""
        with self._changing() as run:
            run.execute("DELETE FROM attempt WHERE delivery IN (SELECT number FROM delivery WHERE webhook = ?)", (id,))
            run.execute("DELETE FROM delivery WHERE webhook = ?", (id,))
            run.execute("DELETE FROM webhook WHERE id = ?", (id,))

    def disable(self, id: str, why: str) -> None:
        """Nothing is sent any more; what waits is given up."""
        with self._changing() as run:
            run.execute("UPDATE webhook SET disabled = ? WHERE id = ?", (why, id))
            run.execute("UPDATE delivery SET state = 'dead' WHERE webhook = ? AND state = 'pending'", (id,))

    def post(self, messages: Sequence[Message], now: datetime, *, told: tuple[str, str, str] | None = None) -> bool:
        """Each message to each webhook that wants it, once whatever is posted twice.

        `told` is (what, since, until): the messages are all that lies between, posted only by whoever finds that nobody
        went beyond `since` yet. False where somebody did.
        """
        with self._changing() as run:
            if told and not _advance(run, *told):
                return False
            hooks = [webhook_of(row) for row in run.execute("SELECT * FROM webhook WHERE disabled IS NULL")]
            for message in messages:
                for hook in hooks:
                    if message.topic in hook.topics and (message.kind is None or message.kind in hook.kinds):
                        _deliver(run, hook.id, message, now)
            return True

    def post_to(self, id: str, message: Message, now: datetime) -> None:
        """A message for one webhook, whatever it wants."""
        with self._changing() as run:
            _deliver(run, id, message, now)

    def told(self, what: str) -> str | None:
        """How far something was told; None where nothing was yet."""
        return next((row[0] for row in self._rows("SELECT until FROM told WHERE what = ?", what)), None)

    def begin(self, what: str, since: str) -> None:
        """Something is told from here on, unless it is told already."""
        with self._changing() as run:
            run.execute("INSERT OR IGNORE INTO told VALUES (?, ?)", (what, since))

    def forget(self, what: str) -> None:
        """Everything whose name begins with this word is told no more, until it is begun anew."""
        if self._rows("SELECT what FROM told WHERE substr(what, 1, ?) = ? LIMIT 1", len(what) + 1, f"{what} "):
            with self._changing() as run:
                run.execute("DELETE FROM told WHERE substr(what, 1, ?) = ?", (len(what) + 1, f"{what} "))

    def lease(self, now: datetime, most: int) -> list[Delivery]:
        """What is due, the longest first; it is nobody else's for a minute."""
        with self._changing() as run:
            wanted = "SELECT * FROM delivery WHERE state = 'pending' AND next <= ? ORDER BY next, number LIMIT ?"
            found = [delivery_of(row) for row in run.execute(wanted, (now.timestamp(), most))]
            later = (now + LEASED_FOR).timestamp()
            run.executemany("UPDATE delivery SET next = ? WHERE number = ?", [(later, one.number) for one in found])
            return found

    def tried(self, delivery: Delivery, attempt: Attempt, state: str, next_at: datetime | None) -> None:
        """What came of an attempt."""
        failed = delivery.failed + (state != "delivered")
        next_one = (next_at or attempt.at).timestamp()
        row = (delivery.number, attempt.at.timestamp(), attempt.status, attempt.milliseconds, attempt.problem)
        with self._changing() as run:
            run.execute("INSERT INTO attempt VALUES (?, ?, ?, ?, ?)", row)
            statement = "UPDATE delivery SET state = ?, failed = ?, next = ? WHERE number = ?"
            run.execute(statement, (state, failed, next_one, delivery.number))

    def replay(self, number: int, now: datetime) -> None:
        """The delivery is due again, with all its attempts before it."""
        with self._changing() as run:
            statement = "UPDATE delivery SET state = 'pending', failed = 0, next = ? WHERE number = ?"
            run.execute(statement, (now.timestamp(), number))

    def deliveries(self, webhook: str, wanted: Stretch, state: str | None = None) -> list[Delivery]:
        """Deliveries of one webhook in a stretch of their list, in the order in which it is read."""
        statement = _STRETCH + ("ORDER BY number LIMIT ?" if wanted.oldest_first else "ORDER BY number DESC LIMIT ?")
        rows = self._rows(statement, webhook, state, wanted.below, wanted.above, wanted.most)
        return [delivery_of(row) for row in rows]

    def delivery(self, number: int) -> Delivery | None:
        """One delivery."""
        return next((delivery_of(row) for row in self._rows("SELECT * FROM delivery WHERE number = ?", number)), None)

    def attempts(self, numbers: Collection[int]) -> dict[int, list[Attempt]]:
        """The attempts of each of these deliveries, in order."""
        found: dict[int, list[Attempt]] = {number: [] for number in numbers}
        wanted = "SELECT * FROM attempt WHERE delivery IN (SELECT value FROM json_each(?)) ORDER BY rowid"
        for number, *row in self._rows(wanted, msgspec.json.encode(list(numbers)).decode()):
            found[number].append(attempt_of(row))
        return found

    def sweep(self, now: datetime) -> None:
        """Forgets what ended long ago."""
        before = ((now - KEPT_FOR).timestamp(),)
        with self._changing() as run:
            run.execute("DELETE FROM delivery WHERE state <> 'pending' AND created < ?", before)
            run.execute("DELETE FROM attempt WHERE delivery NOT IN (SELECT number FROM delivery)")

    def _rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:  # whatever the columns hold
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()

    @contextmanager
    def _changing(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _advance(run: sqlite3.Connection, what: str, since: str, until: str) -> bool:
    """Whether nobody told more than `since` yet; then everything is told up to `until`."""
    row = run.execute("SELECT until FROM told WHERE what = ?", (what,)).fetchone()
    if row is not None and row[0] != since:
        return False
    run.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (what, until))
    return True


def _deliver(run: sqlite3.Connection, webhook: str, message: Message, now: datetime) -> None:
    row = (message.id, webhook, message.topic, message.body, now.timestamp(), now.timestamp())
    run.execute("INSERT OR IGNORE INTO delivery VALUES (NULL, ?, ?, ?, ?, ?, 'pending', 0, ?)", row)
