"""Tables of scores beside the log: one Delta table a name, one partition a run."""

import re
from pathlib import Path

import polars as pl

from graph.errors import LogUnavailable
from graph.log.delta import Conflict, Table, is_table, scan_table, told

RUN = "run_id"
ROW = "_row"
"""Keeps the order of a frame: a Delta table has none."""
ATTEMPTS = 20


class ScoreTable:
    """Every row of every run of one kind of score."""

    def __init__(self, folder: str | Path, name: str) -> None:
        """`ScoreTable.open` is the usual way in; the table itself is made by the first run that is written."""
        self._address = f"{str(folder).rstrip('/')}/{name}"

    @classmethod
    def open(cls, folder: str | Path, name: str) -> "ScoreTable":
        """The table `name` in a folder or at an object store's address."""
        return cls(folder, name)

    def write(self, run_id: str, frame: pl.DataFrame) -> int:
        """Puts the frame in place of whatever that run had, in one atomic commit; returns the table's version.

        Columns that no run had before are added to the table, and hold nothing for the runs before.
        """
        rows = frame.with_columns(pl.lit(_checked(run_id)).alias(RUN)).with_row_index(ROW)
        table = Table(self._address, rows.clear(), own=(RUN, ROW), partition_by=RUN, stats=(ROW,))
        with table.writing():
            for _ in range(ATTEMPTS):
                table.fresh()
                try:
                    return table.commit(rows, replace=f"{RUN} = '{run_id}'")
                except Conflict:
                    continue
        raise LogUnavailable(f"{self._address}: {ATTEMPTS} attempts lost to other writers; run it again")

    def read(self, run_id: str, *columns: str) -> pl.DataFrame | None:
        """The frame that was written for this run, in its order; None where there is none, or none but an empty one.

        Where `columns` are named, no others are read.
        """
        if not is_table(self._address):
            return None
        rows = scan_table(self._address).filter(pl.col(RUN) == _checked(run_id)).sort(ROW)
        with told(self._address):
            found = (rows.select(columns) if columns else rows.drop(ROW, RUN)).collect()
        return None if found.is_empty() else found


def _checked(run_id: str) -> str:
    if not re.fullmatch(r"[\w.:@-]{1,200}", run_id):
        raise ValueError(f"run_id must be letters, digits and . : @ - _, at most 200, not {run_id!r}")
    return run_id
