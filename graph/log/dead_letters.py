"""Dead letters: the records that were not taken, each with its reason, its raw text and its place."""

from pathlib import Path
from typing import Self

import polars as pl

from graph.log.delta import told
from graph.log.once import OnceTable

LETTERS: pl.Schema = pl.Schema(
    {
        "id": pl.String(),
        "day": pl.Date(),
        "received_at": pl.Datetime("us", "UTC"),
        "processor": pl.String(),
        "processor_version": pl.String(),
        "format": pl.String(),
        "source": pl.String(),
        "file": pl.String(),
        "line": pl.Int64(),
        "reason": pl.String(),
        "field": pl.String(),
        "value": pl.String(),
        "message": pl.String(),
        "record": pl.String(),
        "raw": pl.String(),
        "log_version": pl.Int64(),
    }
)
"""Who refused it (processor and its version), why (reason, field, value, message), what was understood (record: a JSON
object of event fields, null where nothing was) and the raw text. `day` is the UTC day on which it was received."""


class DeadLetters:
    """A Delta table beside the log; the same record of the same file is kept once."""

    def __init__(self, rows: OnceTable) -> None:
        """Takes an open table; `DeadLetters.open` is the usual way in."""
        self._rows = rows

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Opens the table in a folder or at an object store's address; creates it where there is none."""
        return cls(OnceTable(folder, LETTERS, stats=("reason", "received_at")))

    @property
    def address(self) -> str:
        """Where the table lies."""
        return self._rows.table.address

    def append(self, letters: pl.DataFrame, *, loader: str, batch: int) -> int:
        """Keeps the letters whose id is new, in one atomic commit; returns how many they were."""
        return self._rows.append(letters, loader=loader, batch=batch).accepted if letters.height else 0

    def read(self, *, where: pl.Expr | None = None) -> pl.DataFrame:
        """The letters that `where` keeps, by time received, file and line."""
        rows = self._rows.scan()
        if where is not None:
            rows = rows.filter(where)
        with told(self.address):
            return rows.sort("received_at", "file", "line", "id").collect()
