"""The event log: append batches once, read columns between versions, compact, compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import polars as pl

from graph.log.delta import WHOLE_BYTES, told
from graph.log.digest import digest_rows
from graph.log.once import DAY, Appended, OnceTable
from graph.log.schema import EVENTS
from graph.log.store_time import StoreTime
from graph.log.unchanged import Unchanged

DIGEST_ROWS = 250_000
DAYS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compaction did to the files; it leaves the rows as they are."""

    version: int
    files_before: int
    files_after: int
    files_dropped: int


class EventLog:
    """One Delta table, append-only, partitioned by the store's calendar day; safe for many threads and processes."""

    def __init__(self, rows: OnceTable) -> None:
        """Takes an open table; `EventLog.open` is the usual way in."""
        self._rows = rows
        self._store_time = StoreTime(rows)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Opens the log in a folder or at an object store's address; creates it, at version 0, where there is none.

        Raises LogUnavailable when the place cannot be used.
        """
        return cls(OnceTable(folder, EVENTS, stats=("kind", "at")))

    @property
    def address(self) -> str:
        """Where the log lies: a folder or an object store's address."""
        return self._rows.table.address

    @property
    def version(self) -> int:
        """The newest version, looked up now. Compaction makes a version too, with no new event in it."""
        return self._rows.table.fresh().version()

    def append(self, events: pl.DataFrame, *, loader: str, batch: int, unchanged: Unchanged | None = None) -> Appended:
        """Adds the events whose id is new, in one atomic commit that also says (loader, batch).

        `events` holds every column of `EVENTS` except `log_version`, which is filled in here. Batches of one loader
        come in ascending order: a batch that is not above the newest committed one is taken for a repeat. Of two events
        with one id the first in the order given counts. A batch that brings nothing new makes no version.
        `unchanged` holds back those of whose subject something was said meanwhile (`Appended.held`).
        Raises LogUnavailable; then nothing of the batch is in the log.
        """
        return self._rows.append(events, loader=loader, batch=batch, guard=unchanged)

    def scan(self, *, after: int = 0, up_to: int | None = None) -> pl.LazyFrame:
        """Rows that versions above `after`, up to and with `up_to` (default: all), brought.

        Their times are on their stores' clocks as these are known at that version, also where a store's time zone
        came after its events. Files that cannot hold any are not opened. Row order is not defined: sort by `at`, `id`.
        """
        with told(self.address):
            return self._store_time.scan(after, self.version if up_to is None else up_to)

    def changed(self, *, after: int, up_to: int) -> pl.LazyFrame:
        """The same, and every earlier event whose time changed because its store's time zone became known meanwhile."""
        with told(self.address):
            return self._store_time.changed(after, up_to)

    def read(
        self, columns: Sequence[str], *, where: pl.Expr | None = None, after: int = 0, up_to: int | None = None
    ) -> pl.DataFrame:
        """The given columns of the rows that `where` keeps, ordered by time and then id: always in the same order."""
        rows = self.scan(after=after, up_to=up_to)
        if where is not None:
            rows = rows.filter(where)
        wanted = list(dict.fromkeys([*columns, "at", "id"]))
        with told(self.address):
            return rows.select(wanted).sort("at", "id").select(columns).collect()

    def latest_batch(self, loader: str) -> int | None:
        """The newest batch of this loader that brought something; None where there is none."""
        return self._rows.table.latest_batch(loader)

    def compact(self) -> Compacted:
        """Joins the small files of each day and drops files that nothing has named for a day.

        No row is lost and each keeps its `log_version`, so that reads between versions still hold.
        """
        return _compacted(self._rows.table.compact())

    def compact_if_scattered(self, most: int) -> Compacted | None:
        """Compacts where days hold more than `most` small files beyond their first; None where they do not.

        At most DAYS_AT_ONCE of the days, those with the most: whoever writes meanwhile does not wait for long.
        """
        small = pl.col("size_bytes") < WHOLE_BYTES
        beyond = self._rows.table.files().group_by("partition.day").agg(beyond=small.sum().cast(pl.Int64) - 1)
        scattered = beyond.filter(pl.col("beyond") > 0).sort("beyond", "partition.day", descending=True)
        if scattered["beyond"].sum() <= most:
            return None
        days = scattered["partition.day"].head(DAYS_AT_ONCE).cast(pl.String).to_list()
        return _compacted(self._rows.table.compact((DAY, days)))

    def digest(self) -> str:
        """SHA-256 over what the log says: equal for logs with equal events, in whatever order and batches they came."""
        with told(self.address):
            return digest_rows(self.scan(), DIGEST_ROWS)


def _compacted(done: Mapping[str, int]) -> Compacted:
    return Compacted(done["version"], done["before"], done["after"], done["dropped"])
