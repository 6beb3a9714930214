"""A transport that waits as long as the API asks it to, and tries again: no request is lost."""

import asyncio
import random

import httpx

WAIT_AND_TRY_AGAIN = (429, 503)


class Patient(httpx.AsyncBaseTransport):
    """Honours `Retry-After`; where none is told, or nothing answers, waits 1, 2, 4 … seconds, each a little shaken.

    Only what may be sent twice should go through it: queries, and mutations with an `idempotencyKey`.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, most_attempts: int = 6) -> None:
        """`inner` does the sending, such as `httpx.AsyncHTTPTransport()`."""
        self._inner = inner
        self._most = most_attempts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The first answer that is no refusal; the last refusal, or failure, where all attempts are spent."""
        for attempt in range(1, self._most):
            told = ""
            try:
                response = await self._inner.handle_async_request(request)
                if response.status_code not in WAIT_AND_TRY_AGAIN:
                    return response
                told = response.headers.get("retry-after", "")
                await response.aclose()
            except httpx.TransportError:
                pass  # Nothing answered: wait as if it had said nothing.
            await asyncio.sleep((float(told) if told.isdecimal() else 2 ** (attempt - 1)) + random.random() / 4)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes what it sends with."""
        await self._inner.aclose()
