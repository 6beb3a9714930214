"""GraphQL over HTTP: one request, one answer, in the media type that the client takes.

https://graphql.github.io/graphql-over-http/draft/. Whatever is sent, the answer is JSON. With
`application/graphql-response+json` a refused request has a 4xx status; with `application/json`, the older media type,
errors of GraphQL itself are answered with 200. Where the draft disagrees with the audits of `graphql-http`, they win.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from graphql import OperationType
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, Response

from api.auth import Gate, secret_of
from api.graphql.context import Caller, Context
from api.graphql.errors import ApiError, Code
from api.graphql.media import EVENT_STREAM, LEGACY_JSON, RESPONSE_JSON, Accepted, accepted
from api.graphql.operation import Engine, Ready, Refused, Request
from api.graphql.replies import cacheable, refusal, reply
from api.graphql.requests import BOOKMARK_HEADER, BadRequest, check_origin, read
from api.graphql.sse import streamed

_BEFORE_GRAPHQL = {Code.UNAUTHENTICATED, Code.FORBIDDEN}
"""What is answered with a status even to a client that asked for a stream."""


class GraphqlEndpoint:
    """The ASGI endpoint of `/graphql` for HTTP."""

    def __init__(self, engine: Engine, gate: Gate, now: Callable[[], datetime], explorer: Path | None) -> None:
        """`explorer` is the page that browsers get; without it they are told to POST."""
        self._engine = engine
        self._gate = gate
        self._now = now
        self._explorer = explorer

    async def answer(self, http: HttpRequest) -> Response:
        """One request, one answer."""
        policy, page = self._engine.policy, self._explorer
        if page and not policy.is_production and http.method == "GET" and _wants_page(http) and page.exists():
            return FileResponse(page, media_type="text/html")
        takes = accepted(http.headers.get("accept"))
        try:
            if takes is None:
                raise BadRequest(
                    406, f"Answers come as {RESPONSE_JSON}, {LEGACY_JSON} or, as a stream, {EVENT_STREAM}."
                )
            check_origin(http.headers, policy.origins)
            request = await read(http, get_queries=policy.get_queries)
        except BadRequest as bad:
            return self._bad(http, bad, takes or Accepted(LEGACY_JSON))
        return await self._answer(http, request, takes)

    def _bad(self, http: HttpRequest, bad: BadRequest, takes: Accepted) -> Response:
        code = Code.FORBIDDEN if bad.status == 403 else Code.BAD_REQUEST
        answer = self._engine.refusal([ApiError(code, bad.message)], self._engine.context(NOBODY))
        return reply(http.headers, answer, bad.status, _json(takes), bad.headers)

    async def _caller(self, http: HttpRequest) -> Caller | None:
        secret = secret_of(http.headers.get("authorization"), http.headers.get("x-api-key"))
        return await self._gate.admit(secret, now=self._now(), address=http.client.host if http.client else "")

    async def _answer(self, http: HttpRequest, request: Request, takes: Accepted) -> Response:
        engine, caller = self._engine, await self._caller(http)
        context = engine.context(caller or NOBODY)
        ready = engine.prepare(request, caller, context, kinds=_kinds(http.method, takes))
        is_stream = takes.media_type == EVENT_STREAM or (takes.streams and _subscribes(ready))
        if is_stream and not (isinstance(ready, Refused) and (ready.allow or ready.codes & _BEFORE_GRAPHQL)):
            admit = None if context.caller.is_anonymous else partial(self._caller, http)
            return streamed(engine, ready, context, admit=admit)
        if isinstance(ready, Refused):
            return refusal(http.headers, ready.answer, _json(takes), ready.allow)
        if _subscribes(ready):
            message = f"Subscriptions are answered as {EVENT_STREAM}, or over a web socket (graphql-transport-ws)."
            answer = engine.refusal([ApiError(Code.BAD_REQUEST, message)], context)
            return refusal(http.headers, answer, _json(takes))
        return await self._run(http, ready, context, _json(takes))

    async def _run(self, http: HttpRequest, ready: Ready, context: Context, media_type: str) -> Response:
        work = self._engine.run(ready, context)
        # What writes is brought to its end, whoever still listens.
        answer = await (work if ready.kind is OperationType.MUTATION else _while_connected(http, work))
        if answer is None:
            return Response(None, 499)
        if "data" not in answer:
            return refusal(http.headers, answer, media_type)
        if http.method == "GET":
            return cacheable(http.headers, answer, media_type)
        bookmark = answer.get("extensions", {}).get("bookmark")
        return reply(http.headers, answer, 200, media_type, {BOOKMARK_HEADER: bookmark} if bookmark else None)


NOBODY = Caller("nobody", frozenset(), is_anonymous=True)


def _json(takes: Accepted) -> str:
    """The media type of an answer that is no stream."""
    return RESPONSE_JSON if takes.media_type == EVENT_STREAM else takes.media_type


def _kinds(method: str, takes: Accepted) -> Collection[OperationType]:
    """What a method may ask for: GET never writes, and watches only as a stream (a browser's EventSource)."""
    if method != "GET":
        return frozenset(OperationType)
    return {OperationType.QUERY, OperationType.SUBSCRIPTION} if takes.streams else {OperationType.QUERY}


def _subscribes(ready: Ready | Refused) -> bool:
    return isinstance(ready, Ready) and ready.kind is OperationType.SUBSCRIPTION


def _wants_page(http: HttpRequest) -> bool:
    asked = {"query", "documentId"} & http.query_params.keys()
    return not asked and "text/html" in http.headers.get("accept", "")


async def _while_connected(http: HttpRequest, work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any] | None:
    """What the work brings; None, and the work is cancelled with its statement, where the client hangs up meanwhile."""
    task, gone = asyncio.create_task(work), asyncio.create_task(_hung_up(http))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, gone):
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one


async def _hung_up(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass
