"""GraphQL answers as HTTP carries them: status, media type, caching, compression."""

import gzip
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import brotli
import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response

from api.graphql.errors import status_of
from api.graphql.media import RESPONSE_JSON, encoding

ENCODE = msgspec.json.Encoder()
SMALLEST_PACKED = 1_000
"""Bytes below which packing saves nothing worth its time."""


def _brotli(body: bytes) -> bytes:
    compress: Callable[..., bytes] = brotli.compress  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return compress(body, quality=4)


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": _brotli,
    "gzip": partial(gzip.compress, compresslevel=4, mtime=0),
}
_ALWAYS = {401, 403, 405, 406, 413, 415, 429, 500, 503, 504}
"""Statuses that say the same in both media types."""
_VARY = "Accept, Accept-Encoding, Authorization, X-API-Key"


def reply(
    asked: Headers, answer: Mapping[str, Any], status: int, media_type: str, more: Mapping[str, str] | None = None
) -> Response:
    """The answer with this status; packed where the client takes it."""
    body = ENCODE.encode(answer)
    headers = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "no-store", "Vary": _VARY}
    headers |= more or {}
    if len(body) >= SMALLEST_PACKED and (packing := encoding(asked.get("accept-encoding"))):
        body = _PACKERS[packing](body)
        headers["Content-Encoding"] = packing
    return Response(body, status, headers=headers)


def cacheable(asked: Headers, answer: Mapping[str, Any], media_type: str) -> Response:
    """The answer to a query by GET: with a validator of its data, or 304 where the client has that data.

    The validator is weak: what `extensions` tell of costs changes, the data does not.
    """
    if "errors" in answer:
        return reply(asked, answer, 200, media_type)
    digest = hashlib.sha256(media_type.encode() + ENCODE.encode(answer["data"])).hexdigest()[:32]
    headers = {"ETag": f'W/"{digest}"', "Cache-Control": "private, no-cache"}
    known = [tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")]
    if f'"{digest}"' in known or "*" in known:
        return Response(None, 304, headers={**headers, "Vary": _VARY})
    return reply(asked, answer, 200, media_type, headers)


def refusal(asked: Headers, answer: Mapping[str, Any], media_type: str, allow: str | None = None) -> Response:
    """An answer without data, with the status of its code; in the older media type most are 200."""
    errors: Sequence[Mapping[str, Any]] = answer["errors"]
    status = 405 if allow else status_of(errors)
    headers = {"Allow": allow} if allow else {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="renmai"'
    if status in {429, 503}:
        headers["Retry-After"] = str(max(error["extensions"].get("retryAfter", 1) for error in errors))
    shown = status if media_type == RESPONSE_JSON or status in _ALWAYS else 200
    return reply(asked, answer, shown, media_type, headers)
