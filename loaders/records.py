"""Records as a format read them: one frame of event fields, not yet checked, and what could not be read at all."""

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import TypeVar

import polars as pl

from loaders.rejection import Rejected

ROW = "_row"
LINE = "_line"
PIECE = 16_384
"""Rows that are Python objects at once: few enough for the garbage collector to pass them quickly."""
TEXTS: tuple[str, ...] = (
    "id",
    "kind",
    "customer",
    "store",
    "channel",
    "product",
    "order",
    "currency",
    "share",
    "referrer",
    "campaign",
    "session",
    "source",
)
"""The fields that are plain text."""


@dataclass(frozen=True, slots=True)
class Records:
    """Some records of one source, in their order."""

    frame: pl.DataFrame
    """Columns among the given columns of the event schema, each as text or typed; with `_row` (UInt32, place among
    the records read together) and `_line` (Int64)."""
    unread: tuple[Rejected, ...]
    """The records that are not in the frame."""
    raw: Callable[[int], str]
    """The raw text of the record at a place (`_row`)."""

    @property
    def count(self) -> int:
        """How many records were read together, readable or not."""
        return self.frame.height + len(self.unread)


Row = TypeVar("Row")


def pieces(rows: Iterator[Row], most: int = sys.maxsize) -> Iterator[list[Row]]:
    """The next `most` rows (fewer at the end), in lists of at most `PIECE`."""
    for start in range(0, most, PIECE):
        piece = list(islice(rows, min(PIECE, most - start)))
        if not piece:
            return
        yield piece


def joined(parts: Sequence[Records]) -> Records:
    """Records that were read one after another, as if they had been read together."""
    if len(parts) == 1:
        return parts[0]
    starts = [0, *accumulate(part.count for part in parts)]
    frames = [part.frame.with_columns(pl.col(ROW) + start) for part, start in zip(parts, starts, strict=False)]
    unread = [
        replace(one, row=one.row + start) for part, start in zip(parts, starts, strict=False) for one in part.unread
    ]

    def raw(row: int) -> str:
        place = bisect_right(starts, row) - 1
        return parts[place].raw(row - starts[place])

    return Records(pl.concat(frames), tuple(unread), raw)
