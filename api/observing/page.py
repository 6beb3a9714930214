"""`/metrics` for Prometheus, told to keys with the scope overview:read (or to everybody where reading needs no key)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.auth import Gate, secret_of
from api.observing.metrics import CONTENT_TYPE, Metrics
from graph.errors import RenmaiError


class MetricsPage:
    """Answers a scrape."""

    def __init__(
        self, metrics: Metrics, gate: Gate, now: Callable[[], datetime], lag: Callable[[], Awaitable[int]]
    ) -> None:
        """`lag` says how many versions of the log the graph has not followed."""
        self._metrics = metrics
        self._gate = gate
        self._now = now
        self._lag = lag

    async def answer(self, http: Request) -> Response:
        """Everything that is measured; without a key that has the scope overview:read, 401."""
        secret = secret_of(http.headers.get("authorization"), http.headers.get("x-api-key"))
        caller = await self._gate.admit(secret, now=self._now(), address=http.client.host if http.client else "")
        if caller is None or caller.is_sandbox or caller.view or "overview:read" not in caller.rights:
            errors = [
                {"message": "A key with the scope overview:read is needed.", "extensions": {"code": "UNAUTHENTICATED"}}
            ]
            return JSONResponse({"errors": errors}, 401, headers={"WWW-Authenticate": 'Bearer realm="renmai"'})
        # While the graph or the log is away the figure stays as it was, and `renmai_store_away` says why.
        with suppress(RenmaiError):
            self._metrics.lag.set(await self._lag())
        return Response(self._metrics.exposition(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})
