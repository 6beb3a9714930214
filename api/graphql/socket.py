"""GraphQL over web sockets: graphql-transport-ws, with a context of its own for every operation.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. A frame that breaks the protocol closes the socket with
the protocol's code.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import msgspec
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth import Gate, secret_of
from api.graphql.context import Caller
from api.graphql.errors import ApiError, Code, log, told
from api.graphql.http import shaped
from api.graphql.operation import Engine, Refused, Request

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 3.0
MOST_OPERATIONS = 100
LARGEST_FRAME = 1_000_000
_ENCODE = msgspec.json.Encoder()


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

    async def serve(self, socket: WebSocket) -> None:
        """One socket, from the handshake to its end."""
        if PROTOCOL not in socket.scope.get("subprotocols", []):
            await socket.accept()
            await socket.close(4406, "Subprotocol not acceptable")
            return
        await socket.accept(subprotocol=PROTOCOL)
        await _Session(socket, self._engine, self._admit).serve()

    def _admit(self, socket: WebSocket, payload: dict[str, Any]) -> Caller | None:
        """The caller by the init payload (browsers cannot send headers), or else by the handshake's headers."""
        given = {name.lower(): value for name, value in payload.items() if isinstance(value, str)}
        secret = secret_of(given.get("authorization"), given.get("x-api-key")) or secret_of(
            socket.headers.get("authorization"), socket.headers.get("x-api-key")
        )
        return self._gate.admit(secret, now=self._now())


@dataclass
class _Session:
    socket: WebSocket
    engine: Engine
    admit: Callable[[WebSocket, dict[str, Any]], Caller | None]
    caller: Caller | None = None
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])

    async def serve(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS) as patience:
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
            await self._stop()

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
            frame = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError) as error:
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
        self.caller = self.admit(self.socket, payload or {})
        if self.caller is None or not self.caller.scopes:
            raise _Close(4403, "Forbidden: a valid API key is needed")
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
        if len(self.tasks) >= MOST_OPERATIONS:
            message = f"A socket runs at most {MOST_OPERATIONS} operations at once."
            await self._send(_errors(key, [told(ApiError(Code.COST_EXCEEDED, message), "")]))
            return
        task = asyncio.create_task(self._run(key, request, self.caller))
        self.tasks[key] = task

    async def _run(self, key: str, request: Request, caller: Caller) -> None:
        context = self.engine.context(caller)
        last: dict[str, Any] = {"id": key, "type": "complete"}
        try:
            ready = self.engine.prepare(request, caller)
            if isinstance(ready, Refused):
                last = _errors(key, [told(error, context.request_id) for error in ready.errors])
            elif ready.kind is OperationType.SUBSCRIPTION:
                async with aclosing(self.engine.watch(ready, context)) as answers:
                    async for answer in answers:
                        if "data" not in answer:
                            last = _errors(key, answer["errors"])
                            break
                        await self._send({"id": key, "type": "next", "payload": answer})
            else:
                answer = await self.engine.run(ready, context)
                if "data" not in answer:
                    last = _errors(key, answer["errors"])
                else:
                    await self._send({"id": key, "type": "next", "payload": answer})
        except Exception as error:  # noqa: BLE001  one operation must not end the socket
            log.error("unexpected", request_id=context.request_id, exc_info=error)
            wrong = ApiError(Code.INTERNAL_SERVER_ERROR, "Internal error")
            last = _errors(key, [told(wrong, context.request_id)])
        if self.tasks.get(key) is asyncio.current_task():
            # The id is free again before the client hears of the end.
            del self.tasks[key]
            await self._send(last)

    async def _send(self, frame: dict[str, Any]) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):
            await self.socket.send_text(_ENCODE.encode(frame).decode())


def _errors(key: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": key, "type": "error", "payload": errors}


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
