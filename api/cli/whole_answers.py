"""HTTP answers leave in one piece: uvicorn writes the head and the body apart, each by a call of the system.

A client on the same machine then wakes for the head alone, in the middle of the server's turn.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class WholeAnswers(HttpToolsProtocol):
    """uvicorn's protocol over a transport that gathers."""

    def connection_made(self, transport: Any) -> None:  # uvicorn's own asks for its own kind of transport
        """A client connected."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))

    def handle_websocket_upgrade(self) -> None:
        """From here on the socket's frames go out one by one, as its protocol writes them."""
        if isinstance(self.transport, Gathering):
            self.transport = self.transport.plain()
        super().handle_websocket_upgrade()


class Gathering:
    """A transport that holds what is first written until the next is written too, or until the loop's next turn.

    So a head goes out together with its body, and a part of a stream waits for nothing but its turn.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """What is gathered goes out over `transport`, whose other methods are this one's too."""
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        """Holds it, or sends it with what is held."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        elif data:
            self._held = data
            self._loop.call_soon(self._send)

    def close(self) -> None:
        """Closes once everything was sent."""
        self._send()
        self._transport.close()

    def plain(self) -> asyncio.Transport:
        """The transport itself; what was held is sent."""
        self._send()
        return self._transport

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        """What else a transport can."""
        return getattr(self._transport, name)
