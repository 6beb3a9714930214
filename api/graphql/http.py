"""GraphQL over HTTP: the request read with care, the answer in the media type that the client takes.

https://graphql.github.io/graphql-over-http/draft/. Whatever is sent, the answer is JSON. With
`application/graphql-response+json` a refused request has a 4xx status; with `application/json`, the older media type,
errors of GraphQL itself are answered with 200.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, Response

from api.auth import Gate, secret_of
from api.graphql.context import Caller
from api.graphql.errors import ApiError, Code, log, status_of, told
from api.graphql.operation import Engine, Refused, Request

RESPONSE_JSON = "application/graphql-response+json"
LEGACY_JSON = "application/json"
LARGEST_BODY = 1_000_000
LONGEST_SECONDS = 30.0
"""No operation runs longer, whatever its statements do."""
_ENCODE = msgspec.json.Encoder()
_DECODE = msgspec.json.Decoder()
_ALWAYS = {401, 403, 405, 406, 413, 415, 500, 503}
"""Statuses that say the same in both media types."""


@dataclass(frozen=True, slots=True)
class _BadRequest(Exception):
    status: int
    message: str
    headers: Mapping[str, str] | None = None


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
        if self._explorer and self._explorer.exists() and http.method == "GET" and _wants_page(http):
            return FileResponse(self._explorer, media_type="text/html")
        media_type = LEGACY_JSON
        try:
            media_type = _media_type(http.headers.get("accept"))
            request = await _request(http)
        except _BadRequest as bad:
            context_id = self._engine.context(NOBODY).request_id
            errors = [told(ApiError(Code.BAD_REQUEST, bad.message), context_id)]
            return _response({"errors": errors}, bad.status, media_type, bad.headers)
        return await self._answer(request, self._caller(http), media_type, only_queries=http.method == "GET")

    def _caller(self, http: HttpRequest) -> Caller | None:
        secret = secret_of(http.headers.get("authorization"), http.headers.get("x-api-key"))
        return self._gate.admit(secret, now=self._now())

    async def _answer(
        self, request: Request, caller: Caller | None, media_type: str, *, only_queries: bool
    ) -> Response:
        context = self._engine.context(caller or NOBODY)
        ready = self._engine.prepare(request, caller, only_queries=only_queries)
        if isinstance(ready, Refused):
            errors = [told(error, context.request_id) for error in ready.errors]
            return _refused(errors, ready.allow, media_type)
        if ready.kind.value == "subscription":
            message = "Subscriptions are served over web sockets (graphql-transport-ws) at this address."
            return _refused([told(ApiError(Code.BAD_REQUEST, message), context.request_id)], None, media_type)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                answer = await self._engine.run(ready, context)
        except TimeoutError:
            late = ApiError(Code.TIMEOUT, f"The operation took longer than {LONGEST_SECONDS:g} s: ask for less.")
            answer = {"data": None, "errors": [told(late, context.request_id)]}
        except Exception as error:  # noqa: BLE001  nothing may leave as a traceback
            log.error("unexpected", request_id=context.request_id, exc_info=error)
            wrong = ApiError(Code.INTERNAL_SERVER_ERROR, "Internal error")
            answer = {"errors": [told(wrong, context.request_id)]}
        if "data" not in answer:
            return _refused(cast("list[dict[str, Any]]", answer["errors"]), None, media_type)
        return _response(answer, 200, media_type)


NOBODY = Caller("nobody", frozenset(), is_anonymous=True)


def _refused(errors: list[dict[str, Any]], allow: str | None, media_type: str) -> Response:
    status = 405 if allow else status_of(errors)
    headers = {"Allow": allow} if allow else {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="renmai"'
    shown = status if media_type == RESPONSE_JSON or status in _ALWAYS else 200
    return _response({"errors": errors}, shown, media_type, headers)


def _response(
    answer: Mapping[str, Any], status: int, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    own = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "no-store", **(headers or {})}
    return Response(_ENCODE.encode(answer), status, headers=own)


def _wants_page(http: HttpRequest) -> bool:
    return "query" not in http.query_params and "text/html" in http.headers.get("accept", "")


def _media_type(accept: str | None) -> str:
    """The better of our two media types for the client; 406 where it takes neither."""
    if not accept:
        return LEGACY_JSON
    weights = dict(map(_range, accept.split(",")))
    best, quality = LEGACY_JSON, 0.0
    for mine in (RESPONSE_JSON, LEGACY_JSON):
        weight = weights.get(mine, weights.get("application/*", weights.get("*/*", 0.0)))
        if mine == RESPONSE_JSON and mine not in weights:
            # A client that takes anything is an old one as often as not.
            weight *= 0.999
        if weight > quality:
            best, quality = mine, weight
    if quality == 0.0:
        raise _BadRequest(406, f"Answers come as {RESPONSE_JSON} or {LEGACY_JSON}; the request accepts neither.")
    return best


def _range(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, min(1.0, max(0.0, float(value)))
            except ValueError:
                return media, 0.0
    return media, 1.0


async def _request(http: HttpRequest) -> Request:
    if http.method == "GET":
        return _from_query(http)
    if http.method != "POST":
        raise _BadRequest(405, "GraphQL is asked by POST, or by GET for queries.", {"Allow": "GET, POST"})
    _check_content_type(http.headers.get("content-type", ""))
    if http.headers.get("content-encoding", "identity").lower() != "identity":
        raise _BadRequest(415, "The body must not be compressed.")
    body = await _body(http)
    try:
        return shaped(_DECODE.decode(body))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _BadRequest(400, "The body is no JSON in UTF-8.") from error
    except ValueError as error:
        raise _BadRequest(400, str(error)) from error


def _check_content_type(text: str) -> None:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    charsets = [value.strip('"') for name, _, value in (p.partition("=") for p in parameters) if name == "charset"]
    if media != "application/json" or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        # A form's content type is refused: a page of another site could send it with the user's own credentials.
        raise _BadRequest(415, f"The body must be application/json in UTF-8, not {text[:80]!r}.")


async def _body(http: HttpRequest) -> bytes:
    too_large = _BadRequest(413, f"The body may have at most {LARGEST_BODY:,} bytes.")
    length = http.headers.get("content-length", "")
    if length.isdigit() and int(length) > LARGEST_BODY:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async for part in http.stream():
            size += len(part)
            if size > LARGEST_BODY:
                raise too_large
            parts.append(part)
    except ClientDisconnect as error:
        raise _BadRequest(400, "The body broke off.") from error
    return b"".join(parts)


def _from_query(http: HttpRequest) -> Request:
    given: dict[str, Any] = {}
    for name in ("query", "operationName"):
        if name in http.query_params:
            given[name] = http.query_params[name]
    for name in ("variables", "extensions"):
        if text := http.query_params.get(name):
            try:
                given[name] = _DECODE.decode(text)
            except (msgspec.MsgspecError, RecursionError) as error:
                raise _BadRequest(400, f"`{name}` is no JSON.") from error
    try:
        return shaped(given)
    except ValueError as error:
        raise _BadRequest(400, str(error)) from error


def shaped(given: object) -> Request:
    """A GraphQL request out of JSON; ValueError says what is not as it must be."""
    if not isinstance(given, dict):
        raise ValueError("A GraphQL request is a JSON object with `query`.")
    body = cast("dict[str, object]", given)
    query, name = body.get("query"), body.get("operationName")
    if not isinstance(query, str):
        raise ValueError("`query` must be a text.")
    if not (name is None or isinstance(name, str)):
        raise ValueError("`operationName` must be a text.")
    for field in ("variables", "extensions"):
        if not (body.get(field) is None or isinstance(body[field], dict)):
            raise ValueError(f"`{field}` must be a JSON object.")
    return Request(query, name or None, cast("dict[str, Any]", body.get("variables") or {}))
