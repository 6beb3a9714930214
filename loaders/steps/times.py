"""Step 2: times are read; an instant where the text says which, else a time on the store's own clock."""

import re
from datetime import UTC, datetime

import polars as pl

EPOCH_MS = r"^\d{12,14}$"
FORMATS = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f")
"""The common forms, read column-wise; every other ISO 8601 form is read row by row."""
INSTANT = pl.Datetime("us", "UTC")
LOCAL = pl.Datetime("us")


def read_times(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `_instant` (UTC) where the given `at` names an instant, and `_local` where it is a clock's reading.

    ISO 8601 with an offset or Z, and epoch milliseconds (12 to 14 digits), are instants. Both are null where the time
    cannot be read.
    """
    at = frame["at"]
    if at.dtype == pl.String:
        return frame.with_columns(*_of_text(at))
    if isinstance(at.dtype, pl.Datetime):
        micros = at.cast(pl.Datetime("us", at.dtype.time_zone))
        if at.dtype.time_zone is None:
            return _with(frame, local=micros)
        return _with(frame, instant=micros.dt.convert_time_zone("UTC"))
    if at.dtype == pl.Date:
        return _with(frame, local=at.cast(LOCAL))
    return _with(frame, instant=_of_milliseconds(at.cast(pl.Int64)))


def _with(frame: pl.DataFrame, *, instant: pl.Series | None = None, local: pl.Series | None = None) -> pl.DataFrame:
    nothing = pl.lit(None)
    return frame.with_columns(
        (nothing if instant is None else pl.lit(instant)).cast(INSTANT).alias("_instant"),
        (nothing if local is None else pl.lit(local)).cast(LOCAL).alias("_local"),
    )


def _of_milliseconds(numbers: pl.Series) -> pl.Series:
    return pl.from_epoch(numbers, time_unit="ms").cast(LOCAL).dt.replace_time_zone("UTC")


def _of_text(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    digits = text.str.contains(EPOCH_MS)
    instant = _of_milliseconds(pl.select(pl.when(digits).then(text).cast(pl.Int64, strict=False)).to_series())
    local = pl.repeat(None, len(text), eager=True, dtype=LOCAL)
    for form in FORMATS:
        left = text.is_not_null() & instant.is_null() & local.is_null()
        if not left.any():
            break
        read = pl.select(pl.when(left).then(text)).to_series().str.to_datetime(form, time_unit="us", strict=False)
        if form.endswith("z"):
            instant = instant.fill_null(read) if instant.null_count() else instant
        else:
            local = local.fill_null(read)
    left = text.is_not_null() & instant.is_null() & local.is_null()
    if left.any():
        others = [_iso(value) if wanted else None for value, wanted in zip(text, left, strict=True)]
        instant = instant.fill_null(pl.Series([_utc(value) for value in others], dtype=INSTANT))
        local = local.fill_null(pl.Series([_naive(value) for value in others], dtype=LOCAL))
    return instant.alias("_instant"), local.alias("_local")


def _iso(text: str) -> datetime | None:
    if re.fullmatch(r"\d+", text) and len(text) != len("20240229"):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _utc(value: datetime | None) -> datetime | None:
    try:
        return None if value is None or value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None


def _naive(value: datetime | None) -> datetime | None:
    return value if value is not None and value.tzinfo is None else None
