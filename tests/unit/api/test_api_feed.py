"""Subscriptions to what is recorded: from the log, once the graph has it, in bounded memory."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api_fakes import log_event
from structlog.testing import capture_logs
from test_api_socket import connected, subscribe

from api import feed as feeding
from api.feed import Feed, read_events
from api.graphql.changes import in_the_end
from api.graphql.context import FellBehind, LogEvent, Wanted
from graph.errors import NotFound, QueryRefused, StoreUnavailable
from graph.log import DeadLetters, EventLog
from graph.queries import customer
from loaders.record import Recorder

RECEIVED = datetime(2026, 3, 2, 5, tzinfo=UTC)
AT = "2026-03-02T12:00:00+08:00"


class Shop:
    """A log that somebody records into, and a graph that follows when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.log = EventLog.open(folder / "log")
        self.recorder = Recorder(self.log, DeadLetters.open(folder / "rejected"))
        self.graph_version = 0
        self.feed = Feed(self.log, self.projected)

    async def projected(self) -> int:
        return self.graph_version

    def record(self, *events: dict[str, Any]) -> None:
        self.recorder.record_events([{"at": AT, **event} for event in events], received_at=RECEIVED)

    async def project(self) -> None:
        self.graph_version = self.log.version
        await self.feed.step()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


async def started(feed: Feed, wanted: Wanted) -> tuple[AsyncGenerator[list[LogEvent]], asyncio.Task[list[LogEvent]]]:
    """A listener that waits for its first delivery."""
    heard = feed.listen(wanted)
    before = feed.listeners
    first = asyncio.ensure_future(anext(heard))
    while feed.listeners == before:
        await asyncio.sleep(0)
    return heard, first


def told(events: list[LogEvent]) -> list[tuple[str, str | None]]:
    return [(event.kind, event.customer) for event in events]


async def test_what_is_recorded_is_told_when_the_graph_has_it(shop: Shop):
    shop.record({"kind": "login", "customer": "old"})
    await shop.project()
    heard, first = await started(shop.feed, Wanted())

    shop.record({"kind": "login", "customer": "ann"}, {"kind": "share", "customer": "bob", "share": "s1"})
    await shop.feed.step()
    assert not first.done()
    await shop.project()

    assert sorted(told(await first)) == [("login", "ann"), ("share", "bob")]
    await heard.aclose()
    assert shop.feed.listeners == 0


async def test_each_listener_hears_what_it_wants(shop: Shop):
    logins, first = await started(shop.feed, Wanted(kinds=frozenset({"login"})))
    ann, second = await started(shop.feed, Wanted(customers=frozenset({"ann"})))

    shop.record(
        {"kind": "login", "customer": "bob"},
        {"kind": "referral", "customer": "cat", "referrer": "ann"},
        {"kind": "visit", "customer": "dan", "store": "west"},
    )
    await shop.project()

    assert told(await first) == [("login", "bob")]
    assert told(await second) == [("referral", "cat")]
    await logins.aclose()
    await ann.aclose()


async def test_a_listener_that_came_later_hears_only_what_is_newer(shop: Shop):
    early, first = await started(shop.feed, Wanted())
    shop.record({"kind": "login", "customer": "ann"})
    shop.graph_version = shop.log.version
    late, second = await started(shop.feed, Wanted())
    await shop.feed.step()
    assert told(await first) == [("login", "ann")]

    shop.record({"kind": "login", "customer": "bob"})
    await shop.project()

    assert told(await second) == [("login", "bob")]
    await early.aclose()
    await late.aclose()


async def test_a_listener_that_falls_behind_is_ended_and_the_others_are_not(shop: Shop, monkeypatch: Any):
    monkeypatch.setattr(feeding, "MOST_WAITING", 3)
    slow, first = await started(shop.feed, Wanted())
    quick, other = await started(shop.feed, Wanted(customers=frozenset({"ann"})))

    for number in range(3):
        shop.record(*({"kind": "login", "customer": f"c{number}{n}"} for n in range(2)))
        await shop.project()
    shop.record({"kind": "login", "customer": "ann"})
    await shop.project()

    assert len(await first) == 2
    with pytest.raises(FellBehind):
        await anext(slow)
    assert told(await other) == [("login", "ann")]
    await slow.aclose()
    await quick.aclose()


async def test_a_reading_that_is_too_large_ends_who_listens(shop: Shop, monkeypatch: Any):
    monkeypatch.setattr(feeding, "MOST_WAITING", 3)
    heard, first = await started(shop.feed, Wanted())

    shop.record(*({"kind": "login", "customer": f"c{n}"} for n in range(9)))
    assert len(read_events(shop.log, 0, shop.log.version, [Wanted()])) == 4
    await shop.project()

    with pytest.raises(FellBehind):
        await first
    await heard.aclose()


async def test_what_runs_in_the_background_tells_without_being_asked(shop: Shop):
    running = asyncio.create_task(shop.feed.run())
    heard, first = await started(shop.feed, Wanted())
    shop.record({"kind": "login", "customer": "ann"})
    shop.graph_version = shop.log.version
    shop.feed.wake()

    async with asyncio.timeout(20):
        assert told(await first) == [("login", "ann")]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await heard.aclose()


EVENTS = "subscription($k: [EventKind!]) { eventRecorded(kinds: $k) { eventId kind customerKey customer { name } } }"
CHANGES = "subscription($k: [String!]!) { customerChanged(keys: $k) { key kinds events logVersion customer { name } } }"


def test_events_come_one_by_one_and_a_listener_that_fell_behind_is_told(api: Any):
    with connected(api) as socket:
        subscribe(socket, EVENTS, variables={"k": ["LOGIN", "REFERRAL"]})

        heard = [socket.receive_json()["payload"]["data"]["eventRecorded"] for _ in range(3)]
        assert [event["eventId"] for event in heard] == ["e1", "e2", "e3"]
        assert heard[0] == {"eventId": "e1", "kind": "LOGIN", "customerKey": "ann", "customer": {"name": "安"}}
        end = socket.receive_json()
        assert end["type"] == "error"
        [error] = end["payload"]
        assert error["extensions"]["code"] == "COST_EXCEEDED"
        assert "fell behind" in error["message"]


def test_each_delivery_reads_anew(api: Any):
    with connected(api) as socket:
        subscribe(socket, EVENTS)
        for _ in range(4):
            socket.receive_json()

    reads = [parameters["keys"] for statement, parameters in api.reader.reads if statement == customer.BY_KEYS]
    assert reads == [["ann"], ["bob"], ["bob"]]


def test_several_events_of_a_customer_are_one_change(api: Any):
    with connected(api) as socket:
        subscribe(socket, CHANGES, variables={"k": ["ann", "bob"]})

        changes = [socket.receive_json()["payload"]["data"]["customerChanged"] for _ in range(3)]

    assert [(one["key"], one["kinds"], one["events"]) for one in changes] == [
        ("ann", ["LOGIN"], 1),
        ("bob", ["LOGIN", "REFERRAL"], 2),
        ("ann", ["REFERRAL"], 1),
    ]
    assert changes[1]["logVersion"] == 2


STEPS = "subscription($k: [String!]) { chainStepReached(keys: $k) { customerKey } }"


@pytest.mark.parametrize(
    ("query", "keys"), [(EVENTS, []), (CHANGES, []), (CHANGES, ["k"] * 1_001), (STEPS, []), (STEPS, ["k"] * 1_001)]
)
def test_nothing_and_too_much_cannot_be_watched(api: Any, query: str, keys: list[str]):
    with connected(api) as socket:
        subscribe(socket, query, variables={"k": keys})

        end = socket.receive_json()

    assert (end["type"], end["payload"][0]["extensions"]["code"]) == ("error", "BAD_USER_INPUT")


def test_an_event_fits_by_kind_or_by_customer():
    event = log_event("e", "referral", "bob", 1, referrer="ann")

    assert Wanted().fits(event)
    assert Wanted(kinds=frozenset({"referral"})).fits(event)
    assert not Wanted(kinds=frozenset({"login"})).fits(event)
    assert Wanted(customers=frozenset({"ann"})).fits(event)
    assert not Wanted(customers=frozenset({"cat"})).fits(event)


async def test_what_a_message_is_made_of_is_read_until_the_store_is_back_and_quick():
    outcomes: list[Exception | str] = [
        StoreUnavailable("The graph is away."),
        QueryRefused("The statement ran out of time (10 s): ask for less."),
        *[StoreUnavailable("The graph is away.")] * 4,
        "steps",
    ]
    pauses: list[float] = []

    async def read() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    with capture_logs() as logs:
        assert await in_the_end(read, sleep) == "steps"

    assert pauses == [0.5, 1, 2, 4, 8, 8]
    assert [one["event"] for one in logs] == ["a subscription waits"] * 6


@pytest.mark.parametrize("failure", [QueryRefused("Unknown function"), NotFound("There is no run."), ValueError("bug")])
async def test_what_no_waiting_helps_ends_the_subscription(failure: Exception):
    async def read() -> str:
        raise failure

    with pytest.raises(type(failure)):
        await in_the_end(read)
