"""The stores' clocks: which time zone each keeps, and what an event's time is on a clock that became known later."""

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Protocol, Self

import polars as pl

from graph.log.trimmed import trimmed

ZONE = "_zone"
DEFAULT_ZONE = "Asia/Shanghai"

_A_DAY_BEFORE = timedelta(hours=25)
"""Further back than any change of a clock reaches, a skipped day included."""


class Versions(Protocol):
    """What events are read from, by the versions that brought them."""

    def scan(self, *, after: int = 0, up_to: int | None = None) -> pl.LazyFrame:
        """The rows that versions above `after`, up to and with `up_to`, brought."""
        ...


class Clocks:
    """The time zone of each store; where no profile names one, the default."""

    def __init__(self, default: str = DEFAULT_ZONE) -> None:
        """No store is known yet; `default` is an IANA name."""
        self.default = default
        self._known = pl.DataFrame(schema={"store": pl.String, "at": pl.Datetime("us", "UTC"), ZONE: pl.String})
        self._version = 0

    @property
    def known(self) -> pl.DataFrame:
        """The columns store and _zone, a row a store whose zone is known."""
        return self._known.select("store", ZONE)

    def copy(self) -> Self:
        """One that learns on its own from here."""
        return copy(self)  # a frame is never changed, only replaced

    def learn(self, profiles: pl.DataFrame) -> None:
        """Takes in profiles (kind, store, at in UTC, properties as JSON): the latest that names a zone counts."""
        zones = (
            profiles.filter(_of_stores())
            .select("store", "at", pl.col("properties").str.json_path_match("$.time_zone").alias(ZONE))
            .drop_nulls()
        )
        if zones.height:
            # Of two profiles of one time the greater zone name counts: any rule will do that ignores the order.
            self._known = trimmed(pl.concat((self._known, zones)).sort("at", ZONE).unique("store", keep="last"))

    def learn_from(self, log: Versions, version: int) -> Self:
        """Takes in the profiles that the log gained since it was asked last, up to and with a version."""
        if version > self._version:
            gained = log.scan(after=self._version, up_to=version).filter(_of_stores())
            self.learn(gained.select("kind", "store", "at", "properties").collect())
            self._version = version
        return self

    def zoned(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Adds `_zone`: the zone of each row's store."""
        if self._known.is_empty():
            return frame.with_columns(pl.lit(self.default).alias(ZONE))
        joined = frame.join(self.known, on="store", how="left", maintain_order="left")
        return joined.with_columns(pl.col(ZONE).fill_null(self.default))


def to_utc(frame: pl.DataFrame, local: str) -> pl.Series:
    """The instants that the stores' clocks (`_zone`) showed as the column `local`, a naive time.

    The rule of Python's fold=0: of a time that the clock showed twice the first, and a time that it skipped is read
    with the offset that held before (02:30 in a gap from 02:00 to 03:00 is 03:30).
    """
    return frame.select(_each(frame[ZONE].unique(), lambda zone: _instant(pl.col(local), zone))).to_series()


def on_the_clock(frame: pl.DataFrame, instant: str) -> pl.Series:
    """What the stores' clocks (`_zone`) show at the instants of a column: naive times."""
    return frame.select(_each(frame[ZONE].unique(), lambda zone: _reading(pl.col(instant), zone))).to_series()


def put_right(rows: pl.LazyFrame, zones: pl.DataFrame) -> pl.LazyFrame:
    """Events (as in the log) on the clocks of `zones` (store, _zone): what was read on another clock is read again."""
    stale = pl.col(ZONE).is_not_null() & pl.col(ZONE).ne_missing(pl.col("clock_zone"))
    names = zones[ZONE].unique()
    at = pl.when("on_clock").then(_each(names, lambda zone: _instant(pl.col("local_at"), zone))).otherwise("at")
    local_at = pl.when("on_clock").then("local_at").otherwise(_each(names, lambda zone: _reading(pl.col("at"), zone)))
    again = {
        "at": at,
        "local_at": local_at,
        "slot": local_at.dt.hour(),
        "day": local_at.dt.date(),
        "clock_zone": pl.col(ZONE),
    }
    joined = rows.join(zones.lazy(), on="store", how="left")
    columns = (pl.when(stale).then(found).otherwise(name).alias(name) for name, found in again.items())
    return joined.with_columns(*columns).drop(ZONE)


def _of_stores() -> pl.Expr:
    return (pl.col("kind") == "profile") & pl.col("store").is_not_null()


def _each(zones: pl.Series, found: Callable[[str], pl.Expr]) -> pl.Expr:
    """Of every row what is found in its own zone."""
    names = zones.sort().to_list() or ["UTC"]
    return pl.coalesce([pl.when(pl.col(ZONE) == zone).then(found(zone)) for zone in names])


def _instant(local: pl.Expr, zone: str) -> pl.Expr:
    there = _placed(local, zone)
    return pl.coalesce(there, _placed(local - _A_DAY_BEFORE, zone) + _A_DAY_BEFORE)


def _placed(local: pl.Expr, zone: str) -> pl.Expr:
    """Null where the clock skipped the time."""
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _reading(instant: pl.Expr, zone: str) -> pl.Expr:
    return instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)
