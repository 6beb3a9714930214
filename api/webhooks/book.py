"""Webhooks, what is to be delivered to them, and every attempt: a small SQLite file beside the API keys.

Whatever is asked again and again is found by an index: what an entry costs does not grow with the book.
"""
# ruff: noqa: S608  the parts of statements are our own

import sqlite3
import threading
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import msgspec

from api.private_file import add_columns, open_private
from api.webhooks.records import (
    Attempt,
    Delivery,
    Message,
    Stretch,
    Webhook,
    attempt_of,
    delivery_of,
    only_text,
    webhook_of,
)

KEPT_FOR = timedelta(days=30)
"""Deliveries that ended are forgotten after this, unless told otherwise."""
LEASED_FOR = timedelta(seconds=60)
"""A webhook to which something is being sent is nobody else's for so long: its process may have been killed."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS webhook (id TEXT PRIMARY KEY, owner TEXT NOT NULL, url TEXT NOT NULL, "
    "topics TEXT NOT NULL, kinds TEXT NOT NULL, secret TEXT NOT NULL, created REAL NOT NULL, disabled TEXT)",
    "CREATE TABLE IF NOT EXISTS delivery (number INTEGER PRIMARY KEY, message TEXT NOT NULL, webhook TEXT NOT NULL, "
    "topic TEXT NOT NULL, body BLOB NOT NULL, created REAL NOT NULL, state TEXT NOT NULL, failed INTEGER NOT NULL, "
    "next REAL NOT NULL, UNIQUE (webhook, message))",
    "CREATE TABLE IF NOT EXISTS attempt (delivery INTEGER NOT NULL, at REAL NOT NULL, status INTEGER, "
    "milliseconds INTEGER NOT NULL, problem TEXT)",
    "CREATE TABLE IF NOT EXISTS told (what TEXT PRIMARY KEY, until TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS webhook_of ON webhook (owner, created)",
    "DROP INDEX IF EXISTS delivery_due",
    "CREATE INDEX IF NOT EXISTS delivery_next ON delivery (webhook, next, number) WHERE state = 'pending'",
    "CREATE INDEX IF NOT EXISTS delivery_of ON delivery (webhook, number)",
    "CREATE INDEX IF NOT EXISTS delivery_in ON delivery (webhook, state, number)",
    "CREATE INDEX IF NOT EXISTS delivery_ended ON delivery (created) WHERE state <> 'pending'",
    "CREATE INDEX IF NOT EXISTS attempt_of ON attempt (delivery)",
)
_COLUMNS = {"busy": "REAL NOT NULL DEFAULT 0", "partner": "TEXT", "only": "TEXT"}
"""What webhooks gained since there are some: until when something is being sent, and of a partner's what it sees."""
_WEBHOOK = "SELECT id, owner, url, topics, kinds, secret, created, disabled, partner, only FROM webhook"
_NEXT = (
    "SELECT number FROM delivery WHERE webhook = webhook.id AND state = 'pending' AND next <= ? "
    "ORDER BY next, number LIMIT 1"
)
_DUE = (
    "SELECT delivery.* FROM webhook CROSS JOIN delivery ON delivery.number = "
    f"({_NEXT}) WHERE webhook.busy <= ? AND webhook.disabled IS NULL ORDER BY delivery.next, delivery.number LIMIT ?"
)
_ENDED = "state <> 'pending' AND created < ?"
_BEGINS = "what >= ? || ' ' AND what < ? || '!'"
"""Whose name begins with a word: behind a space comes `!`."""


class WebhookBook:
    """The webhooks of one data folder; safe for many threads and processes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, file: Path) -> Self:
        """Opens the file, and makes it where there is none; only its owner may read it."""
        connection = open_private(file, "webhooks", *_TABLES)
        add_columns(connection, "webhook", _COLUMNS)
        return cls(connection)

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def add(self, webhook: Webhook, begins: Mapping[str, str] | None = None) -> None:
        """One more webhook; what it `begins` is told from there on, unless it is told already."""
        texts = (" ".join(sorted(webhook.topics)), " ".join(sorted(webhook.kinds)))
        whose = (webhook.view.partner, only_text(webhook.view)) if webhook.view else (None, None)
        row = (webhook.id, webhook.owner, webhook.url, *texts, webhook.secret, webhook.created_at.timestamp(), *whose)
        with self._changing() as run:
            run.execute(
                "INSERT INTO webhook (id, owner, url, topics, kinds, secret, created, partner, only) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            run.executemany("INSERT OR IGNORE INTO told VALUES (?, ?)", (begins or {}).items())

    def of_owner(self, owner: str) -> list[Webhook]:
        """All webhooks of a key, the oldest first."""
        return [webhook_of(row) for row in self._rows(f"{_WEBHOOK} WHERE owner = ? ORDER BY created", owner)]

    def find(self, id: str) -> Webhook | None:
        """One webhook."""
        return next((webhook_of(row) for row in self._rows(f"{_WEBHOOK} WHERE id = ?", id)), None)

    def wanted(self) -> list[Webhook]:
        """All webhooks that get anything."""
        return [webhook_of(row) for row in self._rows(f"{_WEBHOOK} WHERE disabled IS NULL")]

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

    def post(
        self,
        messages: Sequence[Message],
        now: datetime,
        *,
        told: tuple[str, str, str] | None = None,
        partners: Mapping[str, Sequence[Message]] | None = None,
    ) -> bool:
        """Each message to each webhook that wants it, once whatever is posted twice; `partners` have theirs, by owner.

        `told` is (what, since, until): the messages are all that lies between, posted only by whoever finds that nobody
        went beyond `since` yet. False where somebody did.
        """
        with self._changing() as run:
            if told and not _advance(run, *told):
                return False
            for hook in map(webhook_of, run.execute(f"{_WEBHOOK} WHERE disabled IS NULL").fetchall()):
                own = messages if hook.view is None else (partners or {}).get(hook.owner, ())
                for message in own:
                    if message.topic in hook.topics and (message.kind is None or message.kind in hook.kinds):
                        _deliver(run, hook.id, message, now)
            return True

    def post_to(self, ids: Collection[str], message: Message, now: datetime) -> None:
        """A message for these webhooks, whatever they want."""
        with self._changing() as run:
            for id in ids:
                _deliver(run, id, message, now)

    def told(self, what: str) -> str | None:
        """How far something was told; None where nothing was yet."""
        return next((row[0] for row in self._rows("SELECT until FROM told WHERE what = ?", what)), None)

    def begin(self, what: str, since: str) -> None:
        """Something is told from here on, unless it is told already."""
        with self._changing() as run:
            run.execute("INSERT OR IGNORE INTO told VALUES (?, ?)", (what, since))

    def forget(self, what: str, topics: Collection[str]) -> None:
        """Whatever begins with this word is told no more until begun anew, if no webhook wants any of these topics."""
        if self._rows(f"SELECT what FROM told WHERE {_BEGINS} LIMIT 1", what, what):
            with self._changing() as run:
                hooks = map(webhook_of, run.execute(f"{_WEBHOOK} WHERE disabled IS NULL").fetchall())
                # Somebody may have begun since whoever asks looked at who wants what.
                if all(hook.topics.isdisjoint(topics) for hook in hooks):
                    run.execute(f"DELETE FROM told WHERE {_BEGINS}", (what, what))

    def lease(self, now: datetime, most: int) -> list[Delivery]:
        """The next that is due of each webhook, the longest first; until it is tried nothing else of the webhook is."""
        at = now.timestamp()
        with self._changing() as run:
            found = [delivery_of(row) for row in run.execute(_DUE, (at, at, most))]
            later = (now + LEASED_FOR).timestamp()
            run.executemany("UPDATE webhook SET busy = ? WHERE id = ?", [(later, one.webhook) for one in found])
            return found

    def tried(self, delivery: Delivery, attempt: Attempt, state: str, next_at: datetime | None) -> None:
        """What came of an attempt; nothing is kept of a delivery that was forgotten meanwhile."""
        failed = delivery.failed + (state != "delivered")
        next_one = (next_at or attempt.at).timestamp()
        row = (delivery.number, attempt.at.timestamp(), attempt.status, attempt.milliseconds, attempt.problem)
        with self._changing() as run:
            run.execute("UPDATE webhook SET busy = 0 WHERE id = ?", (delivery.webhook,))
            statement = "UPDATE delivery SET state = ?, failed = ?, next = ? WHERE number = ?"
            if run.execute(statement, (state, failed, next_one, delivery.number)).rowcount:
                run.execute("INSERT INTO attempt VALUES (?, ?, ?, ?, ?)", row)
            ended = "SELECT 1 FROM webhook WHERE id = delivery.webhook AND disabled IS NOT NULL"
            given_up = "UPDATE delivery SET state = 'dead' WHERE number = ? AND state = 'pending'"
            run.execute(f"{given_up} AND EXISTS ({ended})", (delivery.number,))

    def postpone(self, delivery: Delivery, until: datetime) -> None:
        """It could not be tried: that is no attempt."""
        with self._changing() as run:
            run.execute("UPDATE webhook SET busy = 0 WHERE id = ?", (delivery.webhook,))
            run.execute("UPDATE delivery SET next = ? WHERE number = ?", (until.timestamp(), delivery.number))

    def drop(self, deliveries: Collection[Delivery]) -> None:
        """These deliveries as if they had never been; their webhooks may be told the next."""
        with self._changing() as run:
            numbers, hooks = [(one.number,) for one in deliveries], {(one.webhook,) for one in deliveries}
            run.executemany("DELETE FROM attempt WHERE delivery = ?", numbers)
            run.executemany("DELETE FROM delivery WHERE number = ?", numbers)
            run.executemany("UPDATE webhook SET busy = 0 WHERE id = ?", hooks)

    def replay(self, number: int, now: datetime) -> None:
        """The delivery is due again, with all its attempts before it."""
        with self._changing() as run:
            statement = "UPDATE delivery SET state = 'pending', failed = 0, next = ? WHERE number = ?"
            run.execute(statement, (now.timestamp(), number))

    def deliveries(self, webhook: str, wanted: Stretch, state: str | None = None) -> list[Delivery]:
        """Deliveries of one webhook in a stretch of their list, in the order in which it is read."""
        order = "number" if wanted.oldest_first else "number DESC"
        where, given = _stretch(webhook, wanted, state)
        rows = self._rows(f"SELECT * FROM delivery WHERE {where} ORDER BY {order} LIMIT ?", *given, wanted.most)
        return [delivery_of(row) for row in rows]

    def count(self, webhook: str, state: str | None, most: int) -> int:
        """How many deliveries a webhook has in a state, or in any; no further than to the most."""
        where, given = _stretch(webhook, Stretch(most), state)
        wanted = f"SELECT count(*) FROM (SELECT 1 FROM delivery WHERE {where} LIMIT ?)"
        return self._rows(wanted, *given, most)[0][0]

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

    def sweep(self, now: datetime, kept_for: timedelta = KEPT_FOR) -> None:
        """Forgets what ended long ago."""
        before = ((now - kept_for).timestamp(),)
        with self._changing() as run:
            run.execute(f"DELETE FROM attempt WHERE delivery IN (SELECT number FROM delivery WHERE {_ENDED})", before)
            run.execute(f"DELETE FROM delivery WHERE {_ENDED}", before)

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


def _stretch(webhook: str, wanted: Stretch, state: str | None) -> tuple[str, list[object]]:
    """The condition and its parameters: of what is not asked for there is none, so that an index answers the rest."""
    asked = {"webhook = ?": webhook, "state = ?": state, "number < ?": wanted.below, "number > ?": wanted.above}
    found = {text: given for text, given in asked.items() if given is not None}
    return " AND ".join(found), list(found.values())


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
