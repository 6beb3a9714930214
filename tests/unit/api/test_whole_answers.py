"""Answers over HTTP leave in one piece; a part of a stream waits for nothing but its turn."""

import asyncio
from typing import Any

from api.cli.whole_answers import Gathering


class Wire(asyncio.Transport):
    """A transport that keeps what is sent, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        assert not self.is_closed
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


async def test_a_head_goes_out_with_its_body():
    wire = Wire()
    gathering = Gathering(wire, asyncio.get_running_loop())

    gathering.write(b"head ")
    gathering.write(b"body")

    assert wire.sent == [b"head body"]
    await asyncio.sleep(0)
    assert wire.sent == [b"head body"]


async def test_what_nothing_follows_goes_out_at_the_next_turn():
    wire = Wire()
    gathering = Gathering(wire, asyncio.get_running_loop())

    gathering.write(b"a part")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"a part"]
    gathering.write(b"another")
    await asyncio.sleep(0)
    assert wire.sent == [b"a part", b"another"]


async def test_an_empty_body_sends_the_head():
    wire = Wire()
    gathering = Gathering(wire, asyncio.get_running_loop())

    gathering.write(b"head")
    gathering.write(b"")

    assert wire.sent == [b"head"]


async def test_nothing_is_lost_when_it_closes():
    wire = Wire()
    gathering = Gathering(wire, asyncio.get_running_loop())

    gathering.write(b"the last")
    gathering.close()

    assert wire.sent == [b"the last"]
    assert gathering.is_closing()


async def test_a_socket_gets_the_transport_itself_behind_what_was_written():
    wire = Wire()
    gathering = Gathering(wire, asyncio.get_running_loop())

    gathering.write(b"before")

    assert gathering.plain() is wire
    assert wire.sent == [b"before"]
