"""One execution for all who ask for the same: everybody hears everything once, and nobody holds the others up."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import msgspec
import polars as pl
import pytest
from api_fakes import log_event
from hypothesis import given
from hypothesis import strategies as st
from test_api_socket import connected, subscribe

from api.feed import Feed
from api.graphql.context import Caller, FellBehind, LogEvent, Scope, Wanted
from api.graphql.sharing import Message, Sharing, sameness
from api.policy import Waiting
from graph.queries import customer
from graph.queries.view import View

EVENTS = "subscription { eventRecorded { eventId customer { name } } }"


class Log:
    """A log in memory, of which one version brings one login."""

    def __init__(self) -> None:
        self.version = 0

    def scan(self, *, after: int, up_to: int) -> pl.LazyFrame:
        rows = [log_event(f"e{version}", "login", "ann", version) for version in range(after + 1, up_to + 1)]
        names = list(LogEvent.__dataclass_fields__)
        return pl.LazyFrame([{name: getattr(row, name) for name in names} for row in rows], schema_overrides=KINDS)


KINDS = {"kind": pl.String, "customer": pl.String, "referrer": pl.String, "log_version": pl.Int64}


class Shop:
    """A feed and who shares it; counts how often a message is made."""

    def __init__(self, waiting: Waiting | None = None) -> None:
        self.log = Log()
        self.feed = Feed(self.log, self.projected)  # pyright: ignore[reportArgumentType]
        self.sharing = Sharing(waiting or Waiting())
        self.context: Any = SimpleNamespace(services=SimpleNamespace(feed=self.feed))
        self.made = 0

    async def projected(self) -> int:
        return self.log.version

    async def source(self) -> AsyncGenerator[Message]:
        async with aclosing(self.feed.listen(Wanted())) as deliveries:
            async for events in deliveries:
                for event in events:
                    self.made += 1
                    yield Message(events[0].log_version, {"data": event.id})

    async def listen(self, heard: list[str], taken: asyncio.Event | None = None) -> None:
        """Puts what is heard into the list; where `taken` is given, nothing is taken before it."""
        async with aclosing(self.sharing.listen("same", self.context, self.source, nobody)) as answers:
            async for answer in answers:
                heard.append(msgspec.json.decode(answer)["data"])  # pyright: ignore[reportArgumentType]
                if taken:
                    await taken.wait()

    async def record(self, count: int = 1) -> None:
        self.log.version += count
        await self.feed.step()
        await idle()


async def nobody(*_: object) -> None:
    """Nothing personal is told here."""


async def idle() -> None:
    """Lets everybody who can go on do so."""
    for _ in range(2_000):
        await asyncio.sleep(0)


async def ended(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_message_is_made_once_however_many_listen() -> None:
    shop, heard = Shop(), [list[str]() for _ in range(50)]
    tasks = [asyncio.create_task(shop.listen(one)) for one in heard]
    await idle()

    await shop.record()
    await shop.record(2)

    assert heard == [["e1", "e2", "e3"]] * 50
    assert (shop.made, shop.sharing.executions, shop.feed.listeners) == (3, 1, 1)
    await ended(*tasks)
    assert (shop.sharing.executions, shop.feed.listeners) == (0, 0)


async def test_who_comes_later_hears_only_what_is_newer_and_all_of_it() -> None:
    shop, early, late = Shop(), list[str](), list[str]()
    first = asyncio.create_task(shop.listen(early))
    await idle()
    shop.log.version = 2  # the graph has it, and nobody was told yet
    second = asyncio.create_task(shop.listen(late))
    await idle()

    await shop.record(2)

    assert (early, late) == (["e1", "e2", "e3", "e4"], ["e3", "e4"])
    await ended(first, second)


async def test_who_takes_nothing_is_ended_and_the_others_hear_on() -> None:
    shop, slow, quick = Shop(Waiting(messages=3)), list[str](), list[str]()
    stuck = asyncio.Event()
    tasks = [asyncio.create_task(shop.listen(slow, stuck)), asyncio.create_task(shop.listen(quick))]
    await idle()

    await shop.record(6)
    stuck.set()
    with pytest.raises(FellBehind) as told:
        await tasks[0]

    assert (told.value.waiting, told.value.what) == (3, "messages")
    assert (slow, quick) == (["e1"], [f"e{number}" for number in range(1, 7)])
    await ended(tasks[1])


async def test_what_waits_is_bounded_in_bytes_too() -> None:
    shop, heard, stuck = Shop(Waiting(size=2 * len('{"data":"e1"}'))), list[str](), asyncio.Event()
    task = asyncio.create_task(shop.listen(heard, stuck))
    await idle()

    await shop.record(4)
    stuck.set()

    with pytest.raises(FellBehind, match="bytes"):
        await task
    assert heard == ["e1"]


@pytest.mark.parametrize("waiting", [Waiting(messages=2), Waiting(size=3 * len('{"data":"e10"}')), Waiting()])
async def test_who_keeps_up_hears_all_of_a_delivery_however_little_may_wait(waiting: Waiting) -> None:
    shop, heard = Shop(waiting), list[str]()
    task = asyncio.create_task(shop.listen(heard))
    await idle()

    await shop.record(40)
    await idle()
    await idle()

    assert heard == [f"e{number}" for number in range(1, 41)]
    await ended(task)


async def test_who_takes_each_message_in_several_turns_keeps_up_too() -> None:
    """As a stream does, whose messages pass through tasks of their own."""
    shop, heard = Shop(Waiting(messages=20)), list[str]()

    async def listen() -> None:
        async with aclosing(shop.sharing.listen("same", shop.context, shop.source, nobody)) as answers:
            async for answer in answers:
                heard.append(msgspec.json.decode(answer)["data"])  # pyright: ignore[reportArgumentType]
                for _ in range(6):
                    await asyncio.sleep(0)

    task = asyncio.create_task(listen())
    await idle()

    await shop.record(300)
    await idle()

    assert heard == [f"e{number}" for number in range(1, 301)]
    await ended(task)


async def test_a_failure_is_told_to_all_and_the_next_one_begins_anew() -> None:
    shop = Shop()

    async def source() -> AsyncGenerator[Message]:
        yield Message(1, {"data": 1})
        raise RuntimeError("broken")

    async def listen() -> None:
        async with aclosing(shop.sharing.listen("same", shop.context, source, nobody)) as answers:
            async for _ in answers:
                pass

    for _ in range(2):
        done = await asyncio.gather(*(listen() for _ in range(3)), return_exceptions=True)
        assert [str(one) for one in done] == ["broken"] * 3
        assert shop.sharing.executions == 0


@given(st.lists(st.sampled_from(["come", "go", "record", "tell"]), max_size=25))
async def test_whoever_comes_and_goes_each_hears_a_stretch_without_gap_or_repetition(acts: list[str]) -> None:
    shop, listening = Shop(), list[tuple[int, list[str], asyncio.Task[None]]]()
    for act in acts:
        if act == "come":
            heard = list[str]()
            listening.append((shop.log.version, heard, asyncio.create_task(shop.listen(heard))))
            await idle()
        elif act == "go" and listening:
            await ended(listening.pop(0)[2])
        elif act == "record":
            shop.log.version += 1
        elif act == "tell":
            await shop.record()
    await shop.record()

    for since, heard, task in listening:
        assert heard == [f"e{version}" for version in range(since + 1, shop.log.version + 1)]
        await ended(task)


def test_who_may_see_something_else_is_told_something_else() -> None:
    def same(caller: Caller, **variables: object) -> object:
        return sameness("q", None, variables, caller)

    read, both = frozenset({Scope.READ}), frozenset(Scope)
    acme, east = View("acme"), View("acme", {"district": ("East",)})
    callers = [Caller("a", read), Caller("a", both), Caller("a", read, is_anonymous=True)]
    callers += [Caller("a", read, view=acme), Caller("a", read, view=east), Caller("a", read, view=View("other"))]

    assert len({same(one) for one in callers}) == len(callers)
    assert same(Caller("a", read, key="1"), b=1, c=2) == same(Caller("b", read, key="2"), c=2, b=1)
    assert same(Caller("a", read), b=1) != same(Caller("a", read), b=True)


def test_each_who_is_told_something_personal_is_in_the_audit(api: Any) -> None:
    with connected(api) as socket:
        subscribe(socket, EVENTS)
        for _ in range(4):
            socket.receive_json()

    reads = [given["keys"] for statement, given in api.reader.reads if statement == customer.BY_KEYS]
    assert reads == [["ann"], ["bob"], ["bob"]]
    assert [(line.caller, line.fields, line.rows) for line in api.audit.lines] == [
        ("both", ("name",), 1)
    ]  # bob is no customer
