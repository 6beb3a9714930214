"""The event log: append batches once, read columns between versions, compact, compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import polars as pl

from graph.errors import LogUnavailable
from graph.log.delta import Conflict, Table, told
from graph.log.digest import digest_rows
from graph.log.known_ids import KnownIds
from graph.log.schema import EVENTS

STATS = ("kind", "at", "log_version")
"""What is kept for each file (least, greatest), so that reads open only the files that can hold an answer."""
ATTEMPTS = 20
DIGEST_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of one batch."""

    version: int
    """The version that brought the batch, or the newest version where it brought nothing."""
    fresh: pl.Series
    """For each given event, in the order given: true where it is now in the log, false where it was a repeat."""
    already: bool
    """True where this batch of this loader had been committed before: every event of it is a repeat."""

    @property
    def accepted(self) -> int:
        """How many events the batch added."""
        return int(self.fresh.sum())

    @property
    def repeated(self) -> int:
        """How many of its events were in the log, or earlier in the batch, already."""
        return len(self.fresh) - self.accepted


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compaction did to the files; it leaves the rows as they are."""

    version: int
    files_before: int
    files_after: int
    files_dropped: int


class EventLog:
    """One Delta table, append-only, partitioned by the store's calendar day; safe for many threads and processes."""

    def __init__(self, table: Table) -> None:
        """Takes an open table; `EventLog.open` is the usual way in."""
        self._table = table
        self._known = KnownIds()

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Opens the log in a folder or at an object store's address; creates it, at version 0, where there is none.

        Raises LogUnavailable when the place cannot be used.
        """
        return cls(Table(folder, pl.DataFrame(schema=EVENTS), partition_by="day", stats=STATS))

    @property
    def address(self) -> str:
        """Where the log lies: a folder or an object store's address."""
        return self._table.address

    @property
    def version(self) -> int:
        """The newest version, looked up now. Compaction makes a version too, with no new event in it."""
        return self._table.fresh().version()

    def append(self, events: pl.DataFrame, *, loader: str, batch: int) -> Appended:
        """Adds the events whose id is new, in one atomic commit that also says (loader, batch).

        `events` holds every column of `EVENTS` except `log_version`, which is filled in here. Batches of one loader
        come in ascending order: a batch that is not above the newest committed one is taken for a repeat. Of two events
        with one id the first in the order given counts. A batch that brings nothing new makes no version.
        Raises LogUnavailable; then nothing of the batch is in the log.
        """
        rows = events.select(pl.col(name).cast(dtype) for name, dtype in EVENTS.items() if name != "log_version")
        with self._table.writing():
            for _ in range(ATTEMPTS):
                try:
                    return self._append_once(rows, loader, batch)
                except Conflict:
                    continue
        raise LogUnavailable(f"{self.address}: {ATTEMPTS} attempts lost to other writers; run it again when they end")

    def scan(self, *, after: int = 0, up_to: int | None = None) -> pl.LazyFrame:
        """Rows that versions above `after`, up to and with `up_to` (default: all) brought; files that cannot hold
        any are not opened. Row order is not defined: sort by `at`, `id`.
        """
        rows = self._table.scan()
        if after > 0:
            rows = rows.filter(pl.col("log_version") > after)
        if up_to is not None:
            rows = rows.filter(pl.col("log_version") <= up_to)
        return rows

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
        return self._table.latest_batch(loader)

    def compact(self) -> Compacted:
        """Joins the small files of each day and drops files that nothing has named for a week.

        No row is lost and each keeps its `log_version`, so that reads between versions still hold.
        """
        done = self._table.compact()
        return Compacted(done["version"], done["before"], done["after"], done["dropped"])

    def digest(self) -> str:
        """SHA-256 over what the log says: equal for logs with equal events, in whatever order and batches they came."""
        with told(self.address):
            return digest_rows(self._table.scan(), DIGEST_ROWS)

    def _append_once(self, rows: pl.DataFrame, loader: str, batch: int) -> Appended:
        newest = self._table.fresh()
        committed = newest.transaction_version(loader)
        if committed is not None and committed >= batch:
            return Appended(newest.version(), pl.repeat(False, rows.height, eager=True, dtype=pl.Boolean), True)
        self._learn(newest.version())
        fresh = rows["id"].is_first_distinct() & ~self._in_log(rows["id"])
        new = rows.filter(fresh)
        if new.is_empty():
            return Appended(newest.version(), fresh, False)
        version = newest.version() + 1
        stamped = new.with_columns(pl.lit(version, dtype=pl.Int64).alias("log_version")).select(EVENTS.names())
        committed_version = self._table.commit(stamped, transaction=(loader, batch))
        if committed_version != version:
            raise LogUnavailable(f"{self.address}: version {version} was expected, {committed_version} was written")
        self._known.add(new["id"], new["day"], version=version)
        return Appended(version, fresh, False)

    def _learn(self, version: int) -> None:
        if self._known.version < version:
            gained = self.scan(after=self._known.version, up_to=version).select("id", "day").collect()
            self._known.add(gained["id"], gained["day"], version=version)

    def _in_log(self, ids: pl.Series) -> pl.Series:
        suspect, days = self._known.suspects(ids)
        if not suspect.any():
            return pl.repeat(False, len(ids), eager=True, dtype=pl.Boolean)
        wanted = ids.filter(pl.Series(suspect)).unique()
        held = (
            self.scan()
            .filter(pl.col("day").is_in(pl.Series(days).cast(pl.Date).implode()))
            .select("id")
            .join(wanted.to_frame("id").lazy(), on="id", how="semi")
            .collect()
        )
        return ids.is_in(held["id"].implode())
