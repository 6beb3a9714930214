"""A reading of the log on the stores' own clocks, whenever a store's time zone became known."""

from dataclasses import dataclass, field

import polars as pl

from graph.log.clocks import ZONE, Clocks, Versions, put_right
from graph.log.trimmed import trimmed

_READ_ON = pl.Schema({"store": pl.String, "clock_zone": pl.String})
KEPT = 3
"""Versions looked up before that are kept: a projection goes to and fro between its first and its last."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known up to a version."""

    version: int = 0
    clocks: Clocks = field(default_factory=Clocks)
    read_on: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_READ_ON))
    """Each store with each zone that some event of it was read on."""

    def further(self, rows: Versions, version: int) -> "_Seen":
        """The same at a later version, from the rows between."""
        gained = rows.scan(after=self.version, up_to=version).select(_READ_ON.names()).drop_nulls().unique().collect()
        clocks = self.clocks.copy().learn_from(rows, version)
        return _Seen(version, clocks, trimmed(pl.concat([self.read_on, gained]).unique()))

    @property
    def late(self) -> pl.DataFrame:
        """The columns store and _zone of the stores some of whose events were read on another clock than theirs."""
        elsewhere = self.read_on.join(self.clocks.known, on="store").filter(pl.col("clock_zone") != pl.col(ZONE))
        return elsewhere.select("store", ZONE).unique()


class StoreTime:
    """Rows between versions, each on its store's clock as it is known at the end of them."""

    def __init__(self, rows: Versions) -> None:
        """Takes the rows as they lie there. What was looked up is kept, so that a later version costs its own rows."""
        self._rows = rows
        self._seen = (_Seen(),)

    def scan(self, after: int, up_to: int) -> pl.LazyFrame:
        """What versions above `after`, up to and with `up_to`, brought."""
        late = self._at(up_to).late
        rows = self._rows.scan(after=after, up_to=up_to)
        return rows if late.is_empty() else put_right(rows, late)

    def changed(self, after: int, up_to: int) -> pl.LazyFrame:
        """The same, and every earlier event whose time these versions changed by naming its store's zone."""
        before, now = self._at(after), self._at(up_to)
        moved = now.late.join(before.clocks.known, on=["store", ZONE], how="anti")["store"]
        if moved.is_empty():
            return self.scan(after, up_to)
        theirs = pl.col("store").is_in(moved.implode())
        return self.scan(0, up_to).filter((pl.col("log_version") > after) | theirs)

    def _at(self, version: int) -> _Seen:
        base = max((seen for seen in self._seen if seen.version <= version), key=lambda seen: seen.version)
        if base.version == version:
            return base
        found = base.further(self._rows, version)
        # The first is the empty one, from which any version is reached. Threads replace the whole, never a part.
        self._seen = (self._seen[0], *self._seen[1:][-KEPT:], found)
        return found
