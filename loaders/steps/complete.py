"""Step 6: what a source need not say is filled in: the instant, the store's local time, currency, source."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from graph.log import DEFAULT_ZONE, Clocks
from graph.log.clocks import ZONE, on_the_clock, to_utc


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts where a record and its store do not say."""

    time_zone: str = DEFAULT_ZONE
    """IANA name of the zone of a store that no profile describes, and of events without a store."""
    currency: str = "CNY"
    source: str = "files"


def with_instants(frame: pl.DataFrame, clocks: Clocks) -> pl.DataFrame:
    """Adds `_zone` and `_at`: the instant, also where only the store's clock was read."""
    zoned = clocks.zoned(frame)
    instant = zoned["_instant"]
    if zoned["_local"].null_count() < zoned.height:
        instant = instant.fill_null(to_utc(zoned, "_local"))
    return zoned.with_columns(instant.alias("_at"))


def completed(frame: pl.DataFrame, defaults: Defaults, received_at: datetime) -> pl.DataFrame:
    """Puts what was read in the place of what was given, and fills in the clock's reading, currency and source."""
    # A reading stays as it was told, also one that the clock skipped: another zone may become known for the store.
    told = pl.col("_instant").is_null()
    local_at = frame.select(pl.when(told).then("_local").otherwise(on_the_clock(frame, "_at"))).to_series()
    return frame.with_columns(
        local_at.alias("local_at"),
        local_at.dt.hour().alias("slot"),
        local_at.dt.date().alias("day"),
        pl.col(ZONE).alias("clock_zone"),
        told.alias("on_clock"),
        pl.col("_at").alias("at"),
        pl.col("_quantity").alias("quantity"),
        pl.col("_amount").alias("amount"),
        pl.col("_discount").alias("discount"),
        pl.col("_properties").alias("properties"),
        pl.col("currency").str.to_uppercase().fill_null(defaults.currency),
        pl.col("source").fill_null(defaults.source),
        pl.lit(received_at).cast(pl.Datetime("us", "UTC")).alias("received_at"),
    )
