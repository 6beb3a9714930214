"""Reading one's own writes: a bookmark says up to which version of the log the graph must have followed.

An answer to a mutation carries one; a query that hands it in is answered out of a graph that has what was written.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from time import monotonic

from graph.errors import BadInput

LONGEST_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.05
_PREFIX = b"renmai:log:"
_DIGITS = 15


def write_bookmark(version: int) -> str:
    """The version as opaque text."""
    return base64.urlsafe_b64encode(_PREFIX + str(version).encode()).decode().rstrip("=")


def read_bookmark(bookmark: str) -> int:
    """The version; BadInput for a text that is no bookmark."""
    try:
        plain = base64.urlsafe_b64decode(bookmark.encode("ascii") + b"=" * (-len(bookmark) % 4))
    except (ValueError, binascii.Error):
        plain = b""
    digits = plain.removeprefix(_PREFIX)
    if not plain.startswith(_PREFIX) or not digits.isdigit() or len(digits) > _DIGITS:
        raise BadInput(f"The bookmark {bookmark[:60]!r} is none of ours: pass a bookmark as it came.")
    return int(digits)


class Bookmarks:
    """Where log and graph stand."""

    def __init__(
        self,
        recorded: Callable[[], int],
        projected: Callable[[], Awaitable[int]],
        seconds: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        """`recorded` is the log's newest version, `projected` the one that the graph has followed."""
        self._recorded = recorded
        self._projected = projected
        self._seconds = seconds
        self._seen = 0

    async def newest(self) -> str:
        """The bookmark of everything that is recorded."""
        return write_bookmark(await asyncio.to_thread(self._recorded))

    async def followed(self) -> str:
        """The bookmark of what the graph has followed: whatever is read afterwards has all of it."""
        return write_bookmark(await self._projected())

    async def reached(self, bookmark: str) -> bool:
        """Waits until the graph has followed so far; False where it has not within five seconds. BadInput."""
        version, until = read_bookmark(bookmark), monotonic() + self._seconds
        while version > self._seen:
            self._seen = max(self._seen, await self._projected())
            if version <= self._seen:
                break
            if monotonic() >= until:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True
