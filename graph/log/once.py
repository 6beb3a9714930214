"""A Delta table to which each row, known by its id, is added once: batches, repeats, conflicts between writers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from graph.errors import LogUnavailable
from graph.log.delta import Conflict, Table
from graph.log.known_ids import KnownIds
from graph.log.recent import MOST_ROWS, VERSION, Recent

DAY = "day"
ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of one batch."""

    version: int
    """The version that brought the batch, or the newest version where it brought nothing."""
    fresh: pl.Series
    """For each given row, in the order given: true where it is now in the table, false where it was a repeat."""
    already: bool
    """True where this batch of this loader had been committed before: every row of it is a repeat."""
    held: pl.Series | None = None
    """Of a guarded batch, for each given row: true where it is new but was held back."""

    @property
    def accepted(self) -> int:
        """How many rows the batch added."""
        return int(self.fresh.sum())

    @property
    def repeated(self) -> int:
        """How many of its rows were in the table, or earlier in the batch, already."""
        return len(self.fresh) - self.accepted - (0 if self.held is None else int(self.held.sum()))


class Guard(Protocol):
    """What holds new rows back, judged against the version that the commit builds on."""

    @property
    def earliest(self) -> int | None:
        """Above which version the table's rows matter; None where nothing is held back."""
        ...

    def held(self, rows: pl.DataFrame, fresh: pl.Series, gained: pl.LazyFrame) -> pl.Series:
        """For each row: true where it is fresh and must stay out, given what the table gained since `earliest`."""
        ...


class OnceTable:
    """A table partitioned by `day` whose rows carry an `id` and the `log_version` that brought them."""

    def __init__(
        self, folder: str | Path, schema: pl.Schema, *, stats: tuple[str, ...], most_rows: int = MOST_ROWS
    ) -> None:
        """Opens the table or creates it; raises LogUnavailable when the place cannot be used.

        At most `most_rows` of the newest rows are kept in memory, once somebody has read.
        """
        self._schema = schema
        own = ("id", DAY, VERSION)
        self.table = Table(folder, pl.DataFrame(schema=schema), own=own, partition_by=DAY, stats=(*stats, VERSION))
        self._known = KnownIds()
        self._most_rows = most_rows
        self._recent: Recent | None = None

    def append(self, rows: pl.DataFrame, *, loader: str, batch: int, guard: Guard | None = None) -> Appended:
        """Adds the rows whose id is new and that `guard` lets in, all or none; fills in `log_version`.

        Raises LogUnavailable.
        """
        typed = rows.select(pl.col(name).cast(dtype) for name, dtype in self._schema.items() if name != VERSION)
        with self.table.writing():
            for _ in range(ATTEMPTS):
                try:
                    return self._append_once(typed, loader, batch, guard)
                except Conflict:
                    continue
        raise LogUnavailable(f"{self.table.address}: {ATTEMPTS} attempts lost to other writers; run it again")

    def scan(self, *, after: int = 0, up_to: int | None = None) -> pl.LazyFrame:
        """Rows that versions above `after`, up to and with `up_to` (default: all), brought.

        Of what is in memory no file is opened.
        """
        recent = self._recent
        if recent is None or up_to is None or up_to > recent.version:
            recent = self._followed()
        upper = recent.version if up_to is None else min(up_to, recent.version)
        if recent.covers(after, upper):
            return _between(recent.rows.lazy(), after, upper)
        return _between(self.table.scan(), after, up_to)

    def _followed(self) -> Recent:
        """What is in memory, brought up to the newest version."""
        with self.table.reading() as handle:
            version, recent = handle.version(), self._recent or self._begun(handle.version())
            if recent.version < version:
                gained = _between(self.table.scan_now(), recent.version, version).select(self._schema.names())
                recent = recent.with_gained(gained.collect(), version)
            self._recent = recent
            return recent

    def _begun(self, version: int) -> Recent:
        """A table that fits is kept from its first version on, any other from the newest."""
        nothing = pl.DataFrame(schema=self._schema)
        after = 0 if self.table.files()["num_records"].sum() <= self._most_rows else version
        return Recent(after, after, nothing, self._most_rows)

    def _append_once(self, rows: pl.DataFrame, loader: str, batch: int, guard: Guard | None) -> Appended:
        newest = self.table.fresh()
        committed = newest.transaction_version(loader)
        if committed is not None and committed >= batch:
            return Appended(newest.version(), _none(rows.height), already=True)
        self._learn(newest.version())
        fresh = rows["id"].is_first_distinct() & ~self._held(rows["id"])
        held = None if guard is None else self._held_back(rows, fresh, guard, newest.version())
        fresh = fresh if held is None else fresh & ~held
        new = rows.filter(fresh)
        if new.is_empty():
            return Appended(newest.version(), fresh, already=False, held=held)
        version = newest.version() + 1
        stamped = new.with_columns(pl.lit(version, dtype=pl.Int64).alias(VERSION)).select(self._schema.names())
        written = self.table.commit(stamped, transaction=(loader, batch))
        if written != version:
            raise LogUnavailable(f"{self.table.address}: version {version} was expected, {written} was written")
        self._known.add(new["id"], new[DAY], version=version)
        if self._recent is not None and self._recent.version == version - 1:
            self._recent = self._recent.with_gained(stamped, version)
        return Appended(version, fresh, already=False, held=held)

    def _held_back(self, rows: pl.DataFrame, fresh: pl.Series, guard: Guard, version: int) -> pl.Series:
        if guard.earliest is None:
            return _none(rows.height)
        return guard.held(rows, fresh, self._until_now(guard.earliest, version))

    def _learn(self, version: int) -> None:
        if self._known.version < version:
            gained = self._until_now(self._known.version, version).select("id", DAY).collect()
            self._known.add(gained["id"], gained[DAY], version=version)

    def _until_now(self, after: int, version: int) -> pl.LazyFrame:
        """What came up to the newest version, for a writer; one who never reads keeps nothing in memory."""
        if self._recent is None:
            return _between(self.table.scan_now(), after, version)
        return self.scan(after=after, up_to=version)

    def _held(self, ids: pl.Series) -> pl.Series:
        suspect, days = self._known.suspects(ids)
        if not suspect.any():
            return _none(len(ids))
        wanted = ids.filter(pl.Series(suspect)).unique().to_frame("id").lazy()
        on_those_days = pl.col(DAY).is_in(pl.Series(days).cast(pl.Date).implode())
        held = self.table.scan_now().filter(on_those_days).select("id").join(wanted, on="id", how="semi").collect()
        return ids.is_in(held["id"].implode())


def _between(rows: pl.LazyFrame, after: int, up_to: int | None) -> pl.LazyFrame:
    if after > 0:
        rows = rows.filter(pl.col(VERSION) > after)
    return rows if up_to is None else rows.filter(pl.col(VERSION) <= up_to)


def _none(count: int) -> pl.Series:
    return pl.repeat(False, count, eager=True, dtype=pl.Boolean)
