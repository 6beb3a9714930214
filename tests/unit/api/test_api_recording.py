"""Group commit: what comes while others are written is written together, and each is told of its own."""

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from api import recording
from api.app import LogWriter
from api.graphql.context import Refusal, Verdict
from api.recording import GroupedRecorder
from graph.errors import BadInput, LogUnavailable
from graph.log import DeadLetters, EventLog
from loaders.record import Recorder

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)


def login(name: str) -> dict[str, Any]:
    return {"kind": "login", "at": "2026-03-02T12:00:00+08:00", "customer": "ann", "id": name}


class Gated(Recorder):
    """Writes nothing before it may, so that others come meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.log = EventLog.open(folder / "log")
        super().__init__(self.log, DeadLetters.open(folder / "rejected"))
        self.may = threading.Event()
        self.failure: Exception | None = None

    def record_all(self, requests: Any) -> Any:
        self.may.wait(60)
        if self.failure:
            raise self.failure
        return super().record_all(requests)


class Place:
    def __init__(self, folder: Path) -> None:
        self.recorder, self.woken = Gated(folder), 0
        self.rested: list[float] = []
        self.grouped = GroupedRecorder(LogWriter(self.recorder).commit, self.wake, lambda: NOW, self.rest)

    async def rest(self, seconds: float) -> None:
        self.rested.append(seconds)

    def wake(self) -> None:
        self.woken += 1

    def send(self, *names: str, source: str = "till", **refused: Refusal) -> "asyncio.Task[list[Verdict]]":
        events = [login(name) for name in names]
        return asyncio.create_task(
            self.grouped.record(events, source, {int(place[1:]): why for place, why in refused.items()})
        )

    def rows(self) -> list[tuple[str, str, int]]:
        rows = self.recorder.log.scan().select("id", "source", "log_version").sort("log_version", "id")
        return rows.collect().rows()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def told(verdicts: list[Verdict]) -> list[tuple[str, str | None]]:
    return [(one.status, one.event_id) for one in verdicts]


async def test_what_comes_while_others_are_written_is_one_commit_and_each_is_told_of_its_own(place: Place) -> None:
    first = place.send("a")
    await asyncio.sleep(0)
    later = [place.send("b", "c"), place.send("c", source="app"), place.send("d", "e", "a")]
    await asyncio.sleep(0)
    place.recorder.may.set()
    done = [told(one) for one in await asyncio.gather(first, *later)]

    assert done == [
        [("ACCEPTED", "a")],
        [("ACCEPTED", "b"), ("ACCEPTED", "c")],
        [("REPEATED", "c")],
        [("ACCEPTED", "d"), ("ACCEPTED", "e"), ("REPEATED", "a")],
    ]
    assert [version for *_, version in place.rows()] == [1, 2, 2, 2, 2]
    assert {source for _, source, _ in place.rows()} == {"till"}
    assert place.woken == 2


async def test_who_sends_one_after_the_other_waits_for_nobody(place: Place) -> None:
    place.recorder.may.set()
    for name in "abc":
        await place.send(name)

    assert place.rested == []
    assert [version for *_, version in place.rows()] == [1, 2, 3]


async def test_where_several_send_at_once_the_log_rests_and_what_comes_meanwhile_is_one_commit(place: Place) -> None:
    later: list[asyncio.Task[list[Verdict]]] = []

    async def rest(seconds: float) -> None:
        await place.rest(seconds)
        if len(place.rested) == 1:
            later.extend(place.send(name) for name in "cde")
            await asyncio.sleep(0)

    place.grouped = GroupedRecorder(LogWriter(place.recorder).commit, place.wake, lambda: NOW, rest)
    place.recorder.may.set()
    await asyncio.gather(place.send("a"), place.send("b"))
    while len(place.rested) < 2:
        await asyncio.sleep(0)

    assert [told(await one) for one in later] == [[("ACCEPTED", name)] for name in "cde"]
    assert [(name, version) for name, _, version in place.rows()] == [("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 2)]
    assert place.rested == [recording.REST_SECONDS] * 2


async def test_one_that_is_refused_stops_no_other(place: Place) -> None:
    place.recorder.may.set()
    too_many = place.send(*map(str, range(2_501)))
    partly = place.send("x", "y", p0=Refusal("wrong_type", "at", "no time"))
    with pytest.raises(BadInput, match="at most 2500 events"):
        await too_many

    [refused, taken] = await partly
    assert (refused.status, refused.reason, refused.message, taken.status) == (
        "REJECTED",
        "wrong_type",
        "no time",
        "ACCEPTED",
    )


async def test_where_the_log_is_away_all_are_told_and_the_next_one_is_taken(place: Place) -> None:
    place.recorder.failure = LogUnavailable("the disk is full")
    place.recorder.may.set()
    failed = await asyncio.gather(place.send("a"), place.send("b"), return_exceptions=True)
    place.recorder.failure = None

    assert [type(one) for one in failed] == [LogUnavailable] * 2
    assert told(await place.send("a")) == [("ACCEPTED", "a")]


async def test_who_does_not_wait_any_more_has_recorded_all_the_same(place: Place) -> None:
    gone, stays = place.send("a"), place.send("b")
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    place.recorder.may.set()

    assert told(await stays) == [("ACCEPTED", "b")]
    assert [name for name, *_ in place.rows()] == ["a", "b"]


async def test_a_commit_is_bounded(place: Place, monkeypatch: Any) -> None:
    monkeypatch.setattr(recording, "MOST_TOGETHER", 4)
    sent = [place.send(f"{number}-a", f"{number}-b") for number in range(5)]
    place.recorder.may.set()
    await asyncio.gather(*sent)

    sizes = pl.DataFrame(place.rows(), orient="row")["column_2"].value_counts().sort("column_2")["count"].to_list()
    assert sizes == [4, 4, 2]


async def test_what_was_overtaken_is_told_and_not_recorded(tmp_path: Path):
    place = Place(tmp_path)
    place.recorder.may.set()
    said = [{"kind": "profile", "at": f"2026-03-02T12:0{n}:00+08:00", "customer": "ann", "properties": {"city": str(n)}}
            for n in range(3)]  # fmt: skip
    refused = {0: Refusal("missing_field", "key", "no key")}

    await place.grouped.record(said[:1], "till", {})
    found = await place.grouped.record([{}, *said[1:]], "till", refused, {1: 0})

    assert [one.status for one in found] == ["REJECTED", "CONFLICT", "ACCEPTED"]
    assert len(place.rows()) == 2
