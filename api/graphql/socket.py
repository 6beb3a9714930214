"""GraphQL over web sockets: graphql-transport-ws, with a context of its own for every operation.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. A frame that breaks the protocol closes the socket with
the protocol's code.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth import Gate, secret_of
from api.graphql.context import Caller, Context
from api.graphql.errors import ApiError, Code
from api.graphql.operation import Engine, Ready, Refused, Request
from api.graphql.replies import ENCODE
from api.graphql.requests import BadRequest, check_origin, decoded, shaped
from api.graphql.standing import LAPSED, lapsed
from graph.errors import RenmaiError

PROTOCOL = "graphql-transport-ws"
LARGEST_FRAME = 1_000_000


class _Close(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class GraphqlSocket:
    """The ASGI endpoint of `/graphql` for web sockets."""

    def __init__(self, engine: Engine, gate: Gate, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._gate = gate
        self._now = now
        self._open: Counter[str] = Counter()

    async def serve(self, socket: WebSocket) -> None:
        """One socket, from the handshake to its end."""
        if PROTOCOL not in socket.scope.get("subprotocols", []):
            await socket.accept()
            await socket.close(4406, "Subprotocol not acceptable")
            return
        try:
            check_origin(socket.headers, self._engine.policy.origins)
        except BadRequest:
            # Before it is accepted, a socket is refused with the status 403.
            await socket.close()
            return
        await socket.accept(subprotocol=PROTOCOL)
        with self._engine.observing.metrics.sockets.track_inprogress():
            await _Session(socket, self._engine, self._admit, self._open).serve()

    async def _admit(self, socket: WebSocket, payload: dict[str, Any]) -> Caller | None:
        """The caller by the init payload (browsers cannot send headers), or else by the handshake's headers."""
        given = {name.lower(): value for name, value in payload.items() if isinstance(value, str)}
        secret = secret_of(given.get("authorization"), given.get("x-api-key")) or secret_of(
            socket.headers.get("authorization"), socket.headers.get("x-api-key")
        )
        return await self._gate.admit(secret, now=self._now(), address=socket.client.host if socket.client else "")


@dataclass
class _Session:
    socket: WebSocket
    engine: Engine
    admit: Callable[[WebSocket, dict[str, Any]], Awaitable[Caller | None]]
    open: Counter[str]
    """How many sockets each caller has open."""
    caller: Caller | None = None
    given: dict[str, Any] = field(default_factory=dict[str, Any])
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])
    watch: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        try:
            async with asyncio.timeout(self.engine.policy.init_seconds) as patience:
                while True:
                    await self._take(await self._frame())
                    if self.caller:
                        patience.reschedule(None)
        except TimeoutError:
            await self._close(4408, "Connection initialisation timeout")
        except _Close as close:
            await self._close(close.code, close.reason)
        except WebSocketDisconnect:
            pass
        finally:
            if self.watch:
                self.watch.cancel()
            await self._stop()
            if self.caller:
                self.open[self.caller.key] -= 1

    async def _close(self, code: int, reason: str) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):
            await self.socket.close(code, reason[:120])

    async def _stop(self) -> None:
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _frame(self) -> dict[str, Any]:
        message = await self.socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        text = message.get("text") or ""
        if len(text) > LARGEST_FRAME:
            raise _Close(1009, f"A frame may have at most {LARGEST_FRAME:,} characters")
        try:
            frame = decoded(text)
        except ValueError as error:
            raise _Close(4400, "Frames are JSON text") from error
        known = cast("dict[str, Any]", frame) if isinstance(frame, dict) else {}
        if not isinstance(known.get("type"), str):
            raise _Close(4400, "Frames are JSON objects with a type")
        return known

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "connection_init":
                await self._init(_payload(frame))
            case "ping":
                await self._send({"type": "pong"} | _same(_payload(frame)))
            case "pong":
                _payload(frame)
            case "subscribe":
                await self._subscribe(frame)
            case "complete":
                if task := self.tasks.pop(_id(frame), None):
                    task.cancel()
            case _:
                raise _Close(4400, f"Unknown frame type {frame['type'][:40]}")

    async def _init(self, payload: dict[str, Any] | None) -> None:
        if self.caller:
            raise _Close(4429, "Too many initialisation requests")
        self.given = payload or {}
        try:
            caller = await self.admit(self.socket, self.given)
        except RenmaiError as failure:
            raise _Close(1013, "Try again later: what the key opens is away") from failure
        if caller is None or not caller.scopes:
            raise _Close(4403, "Forbidden: a valid API key is needed")
        if self.open[caller.key] >= (most := self.engine.policy.sockets):
            raise _Close(1013, f"A caller opens at most {most:,} sockets at once: try again later")
        self.caller = caller
        self.open[caller.key] += 1
        if not caller.is_anonymous:
            self.watch = asyncio.create_task(self._end_with_the_key())
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, frame: dict[str, Any]) -> None:
        if self.caller is None:
            raise _Close(4401, "Unauthorized")
        key = _id(frame)
        try:
            request = shaped(frame.get("payload"))
        except ValueError as error:
            raise _Close(4400, str(error)) from error
        if key in self.tasks:
            raise _Close(4409, f"Subscriber for {key[:60]} already exists")
        if len(self.tasks) >= (most := self.engine.policy.socket_operations):
            message = f"A socket runs at most {most:,} operations at once."
            error = ApiError(Code.THROTTLED, message, limit="operations of a socket", maximum=most, retryAfter=1)
            answer = self.engine.refusal([error], self.engine.context(self.caller))
            await self._send(_error(key, answer))
            return
        self.tasks[key] = asyncio.create_task(self._run(key, request, self.caller))

    async def _run(self, key: str, request: Request, caller: Caller) -> None:
        context = self.engine.context(caller)
        last: dict[str, Any] = {"id": key, "type": "complete"}
        # A key may have been revoked since the socket was opened.
        ready = await self._prepared(request, context)
        if isinstance(ready, Refused):
            last = _error(key, ready.answer)
        else:
            async with aclosing(self.engine.answers(ready, context)) as answers:
                async for answer in answers:
                    if isinstance(answer, dict) and "data" not in answer:
                        last = _error(key, answer)
                        break
                    await self._send({"id": key, "type": "next", "payload": answer})
        if self.tasks.get(key) is asyncio.current_task():
            # The id is free again before the client hears of the end.
            del self.tasks[key]
            await self._send(last)

    async def _prepared(self, request: Request, context: Context) -> Ready | Refused:
        try:
            return self.engine.prepare(request, await self.admit(self.socket, self.given), context)
        except RenmaiError as failure:
            return Refused(self.engine.refusal([GraphQLError(str(failure), original_error=failure)], context))

    async def _end_with_the_key(self) -> None:
        """Ends the socket, whatever it listens to, once its key or token opens nothing any more."""
        await lapsed(lambda: self.admit(self.socket, self.given), self.engine.policy.recheck_seconds)
        await self._stop()
        await self._close(4403, f"Forbidden: {LAPSED}")

    async def _send(self, frame: dict[str, Any]) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):
            await self.socket.send_text(ENCODE.encode(frame).decode())


def _error(key: str, answer: dict[str, Any]) -> dict[str, Any]:
    return {"id": key, "type": "error", "payload": answer["errors"]}


def _id(frame: dict[str, Any]) -> str:
    key = frame.get("id")
    if not isinstance(key, str) or not key:
        raise _Close(4400, "`id` must be a text")
    return key


def _payload(frame: dict[str, Any]) -> dict[str, Any] | None:
    payload = frame.get("payload")
    if not (payload is None or isinstance(payload, dict)):
        raise _Close(4400, "`payload` must be a JSON object")
    return cast("dict[str, Any] | None", payload)


def _same(payload: dict[str, Any] | None) -> dict[str, Any]:
    return {} if payload is None else {"payload": payload}
