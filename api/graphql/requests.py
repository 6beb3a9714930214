"""A GraphQL request out of an HTTP request, read with care: method, origin, media type, size, JSON, shapes.

https://graphql.github.io/graphql-over-http/draft/. What is no request is a `BadRequest` with its status.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest

from api.graphql.operation import Request

LARGEST_BODY = 1_000_000
BOOKMARK_HEADER = "Renmai-Bookmark"
_DECODE = msgspec.json.Decoder()
_TEXTS = ("query", "operationName", "documentId")
_OBJECTS = ("variables", "extensions")


@dataclass(frozen=True, slots=True)
class BadRequest(Exception):
    """An HTTP request that asks nothing we could answer."""

    status: int
    message: str
    headers: Mapping[str, str] | None = None


async def read(http: HttpRequest, *, get_queries: bool = True) -> Request:
    """The request; BadRequest says why it is none."""
    allowed = "GET, POST" if get_queries else "POST"
    try:
        if http.method == "GET" and get_queries:
            return _bookmarked(_from_query(http), http.headers)
        if http.method != "POST":
            raise BadRequest(405, f"GraphQL is asked by {allowed.replace(', ', ' or ')}.", {"Allow": allowed})
        _check_media_type(http.headers)
        return _bookmarked(shaped(decoded(await _body(http))), http.headers)
    except ValueError as error:
        raise BadRequest(400, str(error)) from error


def _bookmarked(request: Request, headers: Headers) -> Request:
    bookmark = headers.get(BOOKMARK_HEADER)
    return request if bookmark is None else replace(request, bookmark=bookmark)


def check_origin(headers: Headers, allowed: Collection[str]) -> None:
    """Refuses what a browser sends for another site's page; BadRequest 403.

    Browsers say it themselves (Fetch Metadata); an older one still tells the origin of a POST or a socket.
    """
    origin = headers.get("origin")
    if origin in allowed or headers.get("sec-fetch-site") in {"same-origin", "none"}:
        return
    site = headers.get("sec-fetch-site")
    if site or (origin and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()):
        named = f"the origin {origin[:100]}" if origin else f"another site ({site[:20] if site else ''})"
        raise BadRequest(403, f"Requests of {named} are not taken: its pages are not allowed to ask this API.")


def decoded(text: str | bytes) -> object:
    """JSON as plain values; ValueError where it is none, nests too deeply or holds half a surrogate pair."""
    try:
        return _DECODE.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError("The body is no JSON in UTF-8.") from error


def shaped(given: object) -> Request:
    """A GraphQL request out of JSON; ValueError says what is not as it must be."""
    if isinstance(given, list):
        raise ValueError("Several requests in one body are not taken: send them one by one.")
    if not isinstance(given, dict):
        raise ValueError("A GraphQL request is a JSON object with `query`.")
    body = cast("dict[str, object]", given)
    for name in _TEXTS:
        if not (body.get(name) is None or isinstance(body[name], str)):
            raise ValueError(f"`{name}` must be a text.")
    for name in _OBJECTS:
        if not (body.get(name) is None or isinstance(body[name], dict)):
            raise ValueError(f"`{name}` must be a JSON object.")
    query, document_id = cast("str | None", body.get("query")), cast("str | None", body.get("documentId"))
    if query is None and not document_id:
        raise ValueError("`query` must be a text, or `documentId` the id of a trusted document.")
    name = cast("str | None", body.get("operationName"))
    variables = cast("dict[str, Any]", body.get("variables") or {})
    bookmark = cast("dict[str, object]", body.get("extensions") or {}).get("bookmark")
    if not (bookmark is None or isinstance(bookmark, str)):
        raise ValueError("`extensions.bookmark` must be a text.")
    return Request(query, name or None, variables, document_id or None, bookmark)


def _from_query(http: HttpRequest) -> Request:
    given: dict[str, object] = {}
    for name, text in http.query_params.multi_items():
        if name in given:
            raise ValueError(f"`{name}` is given twice.")
        if name in _TEXTS:
            given[name] = text
        elif name in _OBJECTS and text:
            try:
                given[name] = decoded(text)
            except ValueError as error:
                raise ValueError(f"`{name}` is no JSON.") from error
    return shaped(given)


def _check_media_type(headers: Headers) -> None:
    text = headers.get("content-type", "")
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    charsets = [value.strip('"') for name, _, value in (p.partition("=") for p in parameters) if name == "charset"]
    if media != "application/json" or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        # A form's content type is refused: a page of another site could send it with the user's own credentials.
        raise BadRequest(415, f"The body must be application/json in UTF-8, not {text[:80]!r}.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest(415, "The body must not be compressed.", {"Accept-Encoding": "identity"})


async def _body(http: HttpRequest) -> bytes:
    too_large = BadRequest(413, f"The body may have at most {LARGEST_BODY:,} bytes.")
    length = http.headers.get("content-length", "")
    if length.isdigit() and int(length[:20]) > LARGEST_BODY:
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
        raise BadRequest(400, "The body broke off.") from error
    return b"".join(parts)
