"""GraphQL over server-sent events, in distinct connections mode: one request, one stream of its answers.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Errors found before the operation runs are an answer
in the stream too. A stream ends with the event `complete`, except where the server stops; a client that goes away ends
its operation.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

from graphql import OperationType
from starlette.responses import StreamingResponse

from api.graphql.context import Caller, Context
from api.graphql.errors import ApiError, Code
from api.graphql.media import EVENT_STREAM
from api.graphql.operation import Engine, Ready, Refused
from api.graphql.replies import ENCODE
from api.graphql.sharing import Answer
from api.graphql.standing import LAPSED, lapsed
from api.observing import Draining

SILENT_SECONDS = 12.0
"""After so long without an answer a comment keeps proxies from closing the connection."""


Admit = Callable[[], Awaitable[Caller | None]]


def streamed(
    engine: Engine,
    ready: Ready | Refused,
    context: Context,
    silent_seconds: float = SILENT_SECONDS,
    admit: Admit | None = None,
) -> StreamingResponse:
    """The answers as a stream of events; `admit` lets whoever asked in again, or nobody once their key has ended."""
    headers = {"Content-Type": f"{EVENT_STREAM}; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(engine, ready, context, silent_seconds, admit), headers=headers)


async def _events(
    engine: Engine, ready: Ready | Refused, context: Context, silent_seconds: float, admit: Admit | None
) -> AsyncGenerator[bytes]:
    yield b":\n\n"
    if isinstance(ready, Refused):
        yield _next(ready.answer)
    else:
        # What ends by itself is brought to its end, also by a server that stops.
        stops = ready.kind is OperationType.SUBSCRIPTION
        draining = engine.observing.draining if stops else Draining()
        lapse = partial(lapsed, admit, engine.policy.recheck_seconds) if stops and admit else asyncio.Event().wait
        try:
            async with (
                aclosing(engine.answers(ready, context)) as answers,
                aclosing(_or_silence(answers, draining, silent_seconds, lapse)) as found,
            ):
                async for answer in found:
                    yield b":\n\n" if answer is None else _next(answer)
        except _Stopping:
            # Without the event `complete` a client knows that there was more to come, and asks again.
            return
        except _Lapsed:
            yield _next(engine.refusal([ApiError(Code.UNAUTHENTICATED, LAPSED)], context))
    yield b"event: complete\ndata:\n\n"


class _Stopping(Exception):
    pass


class _Lapsed(Exception):
    pass


async def _or_silence(
    answers: AsyncGenerator[Answer],
    draining: Draining,
    silent_seconds: float,
    lapse: Callable[[], Coroutine[Any, Any, object]],
) -> AsyncGenerator[Answer | None]:
    """The answers, and None each time that none has come for a while.

    _Stopping when the server ends meanwhile, _Lapsed when `lapse` does: whoever asked may not any more.
    """
    waiting, ending = asyncio.ensure_future(anext(answers)), asyncio.ensure_future(draining.begun())
    lapsing = asyncio.ensure_future(lapse())
    watched = {waiting, ending, lapsing}
    try:
        while True:
            done, _ = await asyncio.wait(watched, timeout=silent_seconds, return_when=asyncio.FIRST_COMPLETED)
            if lapsing in done:
                raise _Lapsed
            if waiting not in done:
                if ending in done:
                    raise _Stopping
                yield None
                continue
            with suppress(StopAsyncIteration):
                yield waiting.result()
                watched.discard(waiting)
                waiting = asyncio.ensure_future(anext(answers))
                watched.add(waiting)
                continue
            return
    finally:
        ending.cancel()
        lapsing.cancel()
        waiting.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await waiting


def _next(answer: Answer) -> bytes:
    return b"event: next\ndata: " + ENCODE.encode(answer) + b"\n\n"
