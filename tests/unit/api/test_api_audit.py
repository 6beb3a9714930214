"""What is read of persons is recorded before it is told: who, when, which fields, of how many; never the values."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_fakes import NOON

from api.access.audit import AuditLog, PersonalRead
from api.pruning import pruning
from graph.errors import LogUnavailable

PEOPLE = 'query People { customers { nodes { key name gender } } customer(key: "ann") { name } }'


def read(number: int, **given: Any) -> PersonalRead:
    line: dict[str, Any] = {
        "at": NOON + timedelta(hours=number), "caller": "crm", "owner": "rk_1", "partner": None, "what": "People",
        "request_id": f"r{number}", "fields": ("gender", "name"), "rows": number,
    }  # fmt: skip
    return PersonalRead(**line | given)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    opened = AuditLog.open(tmp_path / "audit.sqlite")
    yield opened
    opened.close()


def test_values_that_were_told_are_counted_by_field(api: Any):
    answer = api.post(PEOPLE)

    [line] = api.audit.lines
    assert (line.what, line.fields, line.rows, line.partner) == ("People", ("name",), 2, None)
    assert (line.at, line.caller, line.owner) == (NOON, "both", "_".join(api.secrets["both"].split("_", 2)[:2]))
    assert "errors" not in answer.json()
    assert "安" not in repr(line)


@pytest.mark.parametrize(
    "query", ['{ customer(key: "ann") { key city orderCount } }', '{ customer(key: "bob") { name } }']
)
def test_what_tells_nothing_personal_is_not_recorded(api: Any, query: str):
    api.data(query)

    assert api.audit.lines == []


def test_what_cannot_be_recorded_is_not_told(api: Any):
    api.audit.failure = LogUnavailable("The audit log cannot be written: disk full")

    answer = api.post(PEOPLE)

    assert "安" not in answer.text
    assert "disk" not in answer.text
    assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


def test_lines_are_read_newest_first_and_by_whom(log: AuditLog):
    for number in range(3):
        log.record(read(number))
    log.record(read(3, caller="shop", owner="rk_2", partner="acme"))

    assert [line.request_id for line in log.read()] == ["r3", "r2", "r1", "r0"]
    assert log.read(caller="acme") == log.read(caller="rk_2") == [read(3, caller="shop", owner="rk_2", partner="acme")]
    assert [line.rows for line in log.read(since=NOON + timedelta(hours=2), caller="crm")] == [2]
    assert len(log.read(limit=1)) == 1


@pytest.mark.parametrize("act", ["DELETE FROM personal_read", "UPDATE personal_read SET caller = 'nobody'"])
def test_no_line_is_changed_or_taken_out(log: AuditLog, tmp_path: Path, act: str):
    log.record(read(1))
    other = sqlite3.connect(tmp_path / "audit.sqlite")

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(act)

    other.close()
    assert log.read() == [read(1)]


def test_lines_are_taken_out_once_they_are_older_than_they_are_kept(log: AuditLog, tmp_path: Path):
    for number in range(5):
        log.record(read(number))
    gone = log.prune(NOON + timedelta(hours=3), at_once=2)

    assert gone == 3
    assert [line.rows for line in log.read()] == [4, 3]
    with closing(sqlite3.connect(tmp_path / "audit.sqlite")) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute("DELETE FROM personal_read")


async def test_a_server_takes_out_old_lines_when_it_starts(log: AuditLog):
    log.record(read(0), read(50))
    running = asyncio.create_task(pruning(log, timedelta(days=1), lambda: NOON + timedelta(hours=72)))
    async with asyncio.timeout(30):
        while len(log.read()) > 1:
            await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert [line.rows for line in log.read()] == [50]


def test_nothing_that_is_asked_of_the_log_looks_through_all_of_it(log: AuditLog, tmp_path: Path):
    asked: list[str] = []
    connection = sqlite3.connect(tmp_path / "audit.sqlite", isolation_level=None)
    connection.set_trace_callback(asked.append)
    traced = AuditLog(connection)
    traced.record(read(1))
    for since in (None, NOON):
        for caller in (None, "crm"):
            traced.read(since=since, caller=caller)
    traced.prune(NOON)
    connection.set_trace_callback(None)

    statements = [one for one in asked if one.split()[0] in {"SELECT", "DELETE"} and "personal_read" in one]
    steps = [step for one in statements for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {one}")]
    traced.close()

    assert len(statements) >= 5
    assert [step for step in steps if "SCAN personal_read" in step] == []
    assert [step for step in steps if "TEMP B-TREE FOR ORDER BY" in step] == []
