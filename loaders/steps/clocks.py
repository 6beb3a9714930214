"""The clocks of the stores: which time zone each keeps, learnt from profiles in this load and in the log."""

from datetime import UTC
from zoneinfo import ZoneInfo

import polars as pl

from graph.log import EventLog

ZONE = "_zone"
DEFAULT_ZONE = "Asia/Shanghai"


class Clocks:
    """The time zone of each store; where no profile names one, the default."""

    def __init__(self, default: str = DEFAULT_ZONE) -> None:
        """No store is known yet; `default` is an IANA name."""
        self.default = default
        self._known = pl.DataFrame(schema={"store": pl.String, "at": pl.Datetime("us", "UTC"), ZONE: pl.String})
        self._version = 0

    def learn(self, profiles: pl.DataFrame) -> None:
        """Takes in profiles (kind, store, at in UTC, properties as JSON): the latest that names a zone counts."""
        zones = (
            profiles.filter((pl.col("kind") == "profile") & pl.col("store").is_not_null())
            .select("store", "at", pl.col("properties").str.json_path_match("$.time_zone").alias(ZONE))
            .drop_nulls()
        )
        if zones.height:
            # Of two profiles of one time the greater zone name counts: any rule will do that ignores the order.
            self._known = pl.concat((self._known, zones)).sort("at", ZONE).unique("store", keep="last")

    def learn_from(self, log: EventLog) -> None:
        """Takes in the profiles that the log gained since it was asked last."""
        version = log.version
        if version > self._version:
            wanted = (pl.col("kind") == "profile") & pl.col("store").is_not_null()
            self.learn(
                log.read(["kind", "store", "at", "properties"], where=wanted, after=self._version, up_to=version)
            )
            self._version = version

    def zoned(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Adds `_zone`: the zone of each row's store."""
        if self._known.is_empty():
            return frame.with_columns(pl.lit(self.default).alias(ZONE))
        known = self._known.select("store", ZONE)
        joined = frame.join(known, on="store", how="left", maintain_order="left")
        return joined.with_columns(pl.col(ZONE).fill_null(self.default))


def to_utc(frame: pl.DataFrame, local: str) -> pl.Series:
    """The instants that the stores' clocks (`_zone`) showed as the column `local`, a naive time.

    The rule of Python's fold=0: of a time that the clock showed twice the first, and a time that it skipped is read
    with the offset that held before (02:30 in a gap from 02:00 to 03:00 is 03:30).
    """
    found = pl.repeat(None, frame.height, eager=True, dtype=pl.Datetime("us", "UTC"))
    for zone in frame[ZONE].unique():
        there = pl.when(pl.col(ZONE) == zone).then(pl.col(local))
        read = there.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
        found = found.fill_null(frame.select(read).to_series())
    skipped = frame[local].is_not_null() & found.is_null()
    if skipped.any():
        rows = zip(frame[local], frame[ZONE], skipped, strict=True)
        mended = [at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if gap else None for at, zone, gap in rows]
        found = found.fill_null(pl.Series(mended, dtype=pl.Datetime("us", "UTC")))
    return found


def on_the_clock(frame: pl.DataFrame, instant: str) -> pl.Series:
    """What the stores' clocks (`_zone`) show at the instants of a column: naive times."""
    found = pl.repeat(None, frame.height, eager=True, dtype=pl.Datetime("us"))
    for zone in frame[ZONE].unique():
        there = pl.when(pl.col(ZONE) == zone).then(pl.col(instant))
        found = found.fill_null(frame.select(there.dt.convert_time_zone(zone).dt.replace_time_zone(None)).to_series())
    return found
