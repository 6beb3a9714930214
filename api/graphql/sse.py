"""GraphQL over server-sent events, in distinct connections mode: one request, one stream of its answers.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Errors found before the operation runs are an answer
in the stream too. A stream ends with the event `complete`; a client that goes away ends its operation.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import StreamingResponse

from api.graphql.context import Context
from api.graphql.media import EVENT_STREAM
from api.graphql.operation import Engine, Ready, Refused
from api.graphql.replies import ENCODE

SILENT_SECONDS = 12.0
"""After so long without an answer a comment keeps proxies from closing the connection."""


def streamed(
    engine: Engine, ready: Ready | Refused, context: Context, silent_seconds: float = SILENT_SECONDS
) -> StreamingResponse:
    """The answers as a stream of events."""
    headers = {"Content-Type": f"{EVENT_STREAM}; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(engine, ready, context, silent_seconds), headers=headers)


async def _events(
    engine: Engine, ready: Ready | Refused, context: Context, silent_seconds: float
) -> AsyncGenerator[bytes]:
    yield b":\n\n"
    if isinstance(ready, Refused):
        yield _next(ready.answer)
    else:
        async with (
            aclosing(engine.answers(ready, context)) as answers,
            aclosing(_or_silence(answers, silent_seconds)) as found,
        ):
            async for answer in found:
                yield b":\n\n" if answer is None else _next(answer)
    yield b"event: complete\ndata:\n\n"


async def _or_silence(
    answers: AsyncGenerator[dict[str, Any]], silent_seconds: float
) -> AsyncGenerator[dict[str, Any] | None]:
    """The answers, and None each time that none has come for a while."""
    waiting = asyncio.ensure_future(anext(answers))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=silent_seconds)
            if not done:
                yield None
                continue
            with suppress(StopAsyncIteration):
                yield waiting.result()
                waiting = asyncio.ensure_future(anext(answers))
                continue
            return
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await waiting


def _next(answer: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + ENCODE.encode(answer) + b"\n\n"
