"""Whom a partner's export names: noted while it is written, and asked again before it is handed out.

A file outlives the consent of the people in it. Asked is the graph, once for each 10,000 of them, whether all are seen
still: whoever withdrew, was erased or left the partner's audience stops it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

from graph.queries.reader import Reader
from graph.queries.view import Streamer, View, seen_count
from graph.store.statement import CUSTOMER, ORDER, SHARE, Statement

AT_ONCE = 10_000
_NOUNS = (CUSTOMER, ORDER, SHARE)
_WHOLE = b"[]\n"
"""The last line: without it somebody may be missing."""


class Naming:
    """A store that notes whose rows it streams: of each the customers, or the order or the share of one."""

    def __init__(self, store: Streamer, file: Path) -> None:
        """`store` is the store itself, so that the keys are the retailer's; `file` is made when it is entered."""
        self._store, self._file = store, file
        self._open: BinaryIO | None = None
        self._last: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._open = self._file.open("wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._open:
            self._open.write(_WHOLE)
            self._open.close()

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """As the store reads."""
        return await self._store.read(statement, parameters)

    async def stream(
        self, statement: Statement, parameters: Mapping[str, object] | None = None, *, timeout_seconds: float = 600
    ) -> AsyncIterator[dict[str, Any]]:
        """The rows as they come, each noted before it is told."""
        keys = dict(statement.keys)
        async for row in self._store.stream(statement, parameters, timeout_seconds=timeout_seconds):
            named = [(noun, row[name]) for name, noun in keys.items() if noun in _NOUNS and row.get(name) is not None]
            # What belongs to a customer who is named is seen as long as they are.
            self._note([one for one in named if one[0] == CUSTOMER] or named)
            yield row

    def _note(self, named: list[tuple[str, str]]) -> None:
        for noun, key in named:
            if self._open and self._last.get(noun) != key:
                self._last[noun] = key
                self._open.write(msgspec.json.encode((noun, key)) + b"\n")


async def all_still_seen(store: Reader, view: View, file: Path) -> bool:
    """Whether the partner sees everybody whom a file of `Naming` notes; False for a file that is not there or whole."""
    if not await asyncio.to_thread(_is_whole, file):
        return False
    with file.open("rb") as lines:
        while batch := await asyncio.to_thread(lambda: list(islice(lines, AT_ONCE))):
            named = [msgspec.json.decode(line) for line in batch if line != _WHOLE]
            for noun in _NOUNS:
                keys = sorted({key for one, key in named if one == noun})
                if keys and await seen_count(store, view, noun, keys) < len(keys):
                    return False
    return True


def _is_whole(file: Path) -> bool:
    try:
        with file.open("rb") as lines:
            lines.seek(-len(_WHOLE), 2)
            return lines.read() == _WHOLE
    except OSError:
        return False
