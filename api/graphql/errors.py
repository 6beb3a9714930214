"""Errors as clients see them: every one has a code; what nobody expected is masked, with a request id.

One table maps failures to codes. Transport and operation errors carry their HTTP status too.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from graph.errors import BadInput, Forbidden, LogUnavailable, NotFound, QueryRefused, RenmaiError, StoreUnavailable

log = structlog.get_logger("renmai.api")


class Code(StrEnum):
    """What went wrong, in `extensions.code`."""

    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    COST_EXCEEDED = "COST_EXCEEDED"
    THROTTLED = "THROTTLED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    TIMEOUT = "TIMEOUT"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


MEANINGS: Mapping[Code, str] = {
    Code.BAD_REQUEST: "The HTTP request or the socket frame is no GraphQL request.",
    Code.GRAPHQL_PARSE_FAILED: "The document is no GraphQL.",
    Code.GRAPHQL_VALIDATION_FAILED: "The document does not fit the schema.",
    Code.OPERATION_RESOLUTION_FAILURE: "It is not clear which operation of the document is meant.",
    Code.BAD_USER_INPUT: "An argument or a variable has a value that cannot be used.",
    Code.COST_EXCEEDED: "The operation is larger than a limit allows: `limit`, `value` and `maximum` say which.",
    Code.THROTTLED: "Too much was asked in too short a time: try again after `retryAfter` seconds.",
    Code.UNAUTHENTICATED: "No API key or token was given, or it is unknown, expired or revoked.",
    Code.FORBIDDEN: "The key or token lacks `missingScopes`, or the server does not take such requests.",
    Code.NOT_FOUND: "Something named in an argument, or a trusted document, is not there.",
    Code.TIMEOUT: "The graph did not answer in time.",
    Code.SERVICE_UNAVAILABLE: "The graph or the event log is away: try again after `retryAfter` seconds.",
    Code.INTERNAL_SERVER_ERROR: "A mistake of ours; `requestId` finds it in the log.",
}
"""What each code says to the client."""

CODES: Mapping[type[RenmaiError], Code] = {
    BadInput: Code.BAD_USER_INPUT,
    NotFound: Code.NOT_FOUND,
    Forbidden: Code.FORBIDDEN,
    QueryRefused: Code.TIMEOUT,
    StoreUnavailable: Code.SERVICE_UNAVAILABLE,
    LogUnavailable: Code.SERVICE_UNAVAILABLE,
}
"""A user-facing failure → its code."""

STATUS: Mapping[Code, int] = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.THROTTLED: 429,
    Code.TIMEOUT: 504,
    Code.INTERNAL_SERVER_ERROR: 500,
    Code.SERVICE_UNAVAILABLE: 503,
}
"""The HTTP status of a request that has no data at all; 400 where a code is not named."""

UNTOLD = {
    Code.SERVICE_UNAVAILABLE: "The service cannot reach its data at the moment: try again in a few seconds.",
    Code.TIMEOUT: "The answer took too long: ask for less, or try again.",
}
"""What is said where the failure's own text names addresses or statements that are not the client's business."""


_RETRIED = {Code.SERVICE_UNAVAILABLE}
RETRY_SECONDS = 2
"""When to ask again where nobody knows better."""
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


class ApiError(GraphQLError):
    """A refusal that the client is told in full."""

    def __init__(self, code: Code, message: str, **told: object) -> None:
        """`told` joins the code in the extensions."""
        super().__init__(message, extensions={"code": code.value, **told})
        self.code = code


def bad_input(message: str, **told: object) -> ApiError:
    """An argument has a value that cannot be used."""
    return ApiError(Code.BAD_USER_INPUT, message, **told)


def lacking(missing: Collection[str], *, anonymous: bool, path: list[str | int] | None = None) -> ApiError:
    """Who asks lacks these scopes: UNAUTHENTICATED without a key, else FORBIDDEN."""
    named = f"the scope{'s' if len(missing) > 1 else ''} {' and '.join(sorted(missing))}"
    if anonymous:
        message = f"An API key with {named} is needed: send it as `Authorization: Bearer rk_…`."
        return ApiError(Code.UNAUTHENTICATED, message, missingScopes=sorted(missing))
    error = ApiError(Code.FORBIDDEN, f"The API key lacks {named}.", missingScopes=sorted(missing))
    error.path = path
    return error


def told(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """The error as the client sees it; the unexpected is masked and logged."""
    formatted: dict[str, Any] = dict(error.formatted)
    message, extensions = _explained(error, request_id)
    return {**formatted, "message": message, "extensions": {**extensions, "requestId": request_id}}


def without_suggestions(told: dict[str, Any]) -> dict[str, Any]:
    """The error without guesses at what was meant: they tell the schema to those who may not read it."""
    return {**told, "message": _SUGGESTION.sub("", told["message"])}


def _explained(error: GraphQLError, request_id: str) -> tuple[str, dict[str, Any]]:
    cause = error.original_error
    if isinstance(error, ApiError) or isinstance(cause, ApiError):
        own = error if isinstance(error, ApiError) else cause
        return str(getattr(own, "message", own)), dict(getattr(own, "extensions", None) or {})
    if isinstance(cause, RenmaiError) and not _is_our_fault(cause):
        code = code_of(cause)
        log.warning("refused", request_id=request_id, code=code.value, failure=str(cause))
        wait = {"retryAfter": getattr(cause, "retry_after", RETRY_SECONDS)} if code in _RETRIED else {}
        return UNTOLD.get(code, str(cause)), {"code": code.value, **wait}
    if isinstance(error, GraphQLSyntaxError):
        return error.message, {"code": Code.GRAPHQL_PARSE_FAILED.value}
    if cause is None and error.path is None:
        return error.message, {"code": (error.extensions or {}).get("code", Code.BAD_USER_INPUT.value)}
    if cause is None or type(cause).__module__.startswith(("graphql.", "strawberry.exceptions")):
        # The library's own word on a value of an argument or a variable.
        return error.message, {"code": Code.BAD_USER_INPUT.value}
    log.error("unexpected", request_id=request_id, path=error.path, exc_info=cause)
    return "Internal error", {"code": Code.INTERNAL_SERVER_ERROR.value}


def _is_our_fault(failure: RenmaiError) -> bool:
    """A statement of ours that the store refuses for anything but time is a bug."""
    return isinstance(failure, QueryRefused) and "ran out of time" not in str(failure)


def may_pass(failure: RenmaiError) -> bool:
    """Whether the same may go well later: the store is away, or was too slow."""
    return code_of(failure) in {Code.SERVICE_UNAVAILABLE, Code.TIMEOUT} and not _is_our_fault(failure)


def code_of(failure: RenmaiError) -> Code:
    """The code of a failure, by its nearest ancestor in the table."""
    for kind in type(failure).__mro__:
        if kind in CODES:
            return CODES[kind]
    return Code.INTERNAL_SERVER_ERROR


def status_of(errors: Sequence[Mapping[str, Any]]) -> int:
    """The HTTP status of an answer without data."""
    for error in errors:
        code = error.get("extensions", {}).get("code")
        if code in STATUS:
            return STATUS[Code(code)]
    return 400
