"""Each HTTP request has an id, is told in the log, and is counted on the way out."""

from time import monotonic

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.observing.request_id import HEADER, begin

log = structlog.get_logger("renmai.requests")


class IdentifiedRequests:
    """Takes a client's `X-Request-Id` or makes one, and sends it back with the answer."""

    def __init__(self, app: ASGIApp) -> None:
        """`app` is what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the operations of web sockets have ids of their own."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, started, status = begin(Headers(scope=scope).get(HEADER)), monotonic(), 0

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, tell)
        finally:
            seconds = round(monotonic() - started, 4)
            log.debug(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                seconds=seconds,
                request_id=request_id,
            )
