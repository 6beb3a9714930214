"""Records as a format read them: one frame of event fields, not yet checked, and what could not be read at all."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from loaders.rejection import Rejected

ROW = "_row"
LINE = "_line"
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
