"""The id of the request that is being answered: taken from `X-Request-Id` where it can be, told in every answer."""

import re
from contextvars import ContextVar
from uuid import uuid4

HEADER = "x-request-id"
_USABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CURRENT: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(given: str | None) -> str:
    """The id from now on in this task: the one given where it is plain text for logs, else a new one."""
    usable = given if given and _USABLE.fullmatch(given) else uuid4().hex
    _CURRENT.set(usable)
    return usable


def current() -> str:
    """The id of the request; a new one where there is no request, as for an operation on a socket."""
    return _CURRENT.get() or uuid4().hex
