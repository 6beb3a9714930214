"""What an entry of the webhooks' book and of the audit log costs, as either grows ten times: CPU time by operation.

    python benchmarks/small_files.py [--entries 20000] [--json FILE]

Fifty webhooks; nine in ten deliveries ended, one in ten waits for its next try. Each operation is asked a few hundred
times of a file with so many entries, and of one with ten times as many.
"""

import argparse
import json
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import process_time

from api.access.audit import AuditLog, PersonalRead
from api.webhooks.book import WebhookBook
from api.webhooks.records import Attempt, Message, Stretch, Webhook

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
WEBHOOKS = 50
TIMES = 300
BODY = b'{"type": "events.recorded", "data": {}}' * 20


def book_of(file: Path, entries: int) -> WebhookBook:
    """A book with so many deliveries, an attempt each."""
    book = WebhookBook.open(file)
    for number in range(WEBHOOKS):
        topics = frozenset({"score_run.published"})
        book.add(Webhook(f"w{number}", f"rk_{number}", "https://crm.example/", topics, frozenset(), "whsec_", NOW))
    deliveries = (
        (number, f"m{number}", f"w{number % WEBHOOKS}", BODY, NOW.timestamp() - number,
         ("pending", "delivered", "dead")[0 if number % 10 == 0 else 1 + number % 2], NOW.timestamp() + 3_600)
        for number in range(entries)
    )  # fmt: skip
    attempts = ((number, NOW.timestamp(), 200, 9) for number in range(entries))
    with sqlite3.connect(file) as connection:
        connection.executemany(
            "INSERT INTO delivery VALUES (?, ?, ?, 'score_run.published', ?, ?, ?, 1, ?)", deliveries
        )
        connection.executemany("INSERT INTO attempt VALUES (?, ?, ?, ?, NULL)", attempts)
    connection.close()
    return book


def of_the_book(book: WebhookBook, entries: int) -> dict[str, Callable[[], object]]:
    """What is asked of a book."""
    fresh = count()

    def sent() -> None:
        [one] = book.lease(NOW, 1)
        book.tried(one, Attempt(NOW, 204, 9, None), "delivered", None)

    return {
        "a message for fifty webhooks": lambda: book.post(
            [Message(f"n{next(fresh)}", "score_run.published", BODY)], NOW
        ),
        "the next delivery, sent": sent,
        "the newest 20": lambda: book.deliveries("w7", Stretch(21)),
        "20 dead ones from the middle": lambda: book.deliveries("w7", Stretch(21, below=entries // 2), "dead"),
        "the attempts of 20": lambda: book.attempts(range(1, 21)),
        "nothing to sweep": lambda: book.sweep(NOW - timedelta(days=300)),
    }


def of_the_audit(log: AuditLog) -> dict[str, Callable[[], object]]:
    """What is asked of an audit log."""
    line = read_of(0, NOW)
    return {
        "a line": lambda: log.record(line),
        "the newest 100": lambda: log.read(),
        "the newest 100 of one partner": lambda: log.read(caller="acme-3"),
        "the last hour of one account": lambda: log.read(caller="rk_7", since=NOW - timedelta(hours=1)),
        "nothing to prune": lambda: log.prune(NOW - timedelta(days=3_000)),
    }


def read_of(number: int, at: datetime) -> PersonalRead:
    """One read by one of 50 keys; every tenth is a partner's."""
    partner = f"acme-{number // 10 % 7}" if number % 10 == 0 else None
    return PersonalRead(at, f"app-{number % 50}", f"rk_{number % 50}", partner, "People", f"r{number}", ("name",), 9)


def timed(asked: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Operation → CPU microseconds."""
    found: dict[str, float] = {}
    for name, act in asked.items():
        began = process_time()
        for _ in range(TIMES):
            act()
        found[name] = (process_time() - began) / TIMES * 1e6
    return found


def measured(folder: Path, entries: int) -> dict[str, float]:
    """Both files with so many entries."""
    book = book_of(folder / f"webhooks-{entries}.sqlite", entries)
    log = AuditLog.open(folder / f"audit-{entries}.sqlite")
    log.record(*(read_of(number, NOW - timedelta(seconds=entries - number)) for number in range(entries)))
    found = timed(of_the_book(book, entries)) | timed(of_the_audit(log))
    book.close()
    log.close()
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = (given.entries, 10 * given.entries)
        small, large = (measured(Path(folder), entries) for entries in sizes)
    print(f"| CPU µs | {sizes[0]:,} entries | {sizes[1]:,} entries | times |\n|---|---|---|---|")
    for name, before in small.items():
        print(f"| {name} | {before:,.0f} | {large[name]:,.0f} | {large[name] / before:.2f} |")
    if given.json:
        given.json.write_text(json.dumps({str(size): one for size, one in zip(sizes, (small, large), strict=True)}))


if __name__ == "__main__":
    main()
