"""events_parquet: the event schema's fields as Parquet columns: generated worlds and exports of the log have them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl
from polars.exceptions import PolarsError

from graph.errors import BadInput
from graph.log import GIVEN
from loaders.formats.format import Format, check_columns
from loaders.records import LINE, ROW, TEXTS, Records
from loaders.sources.files import SourceFile, existing_file, look_over_bytes


def look_over(path: Path, encoding: str | None) -> SourceFile:
    """BadInput where the file is no Parquet, is cut short, or its columns are not those of the event schema."""
    existing_file(path)
    if not path.stat().st_size:
        return look_over_bytes(path, 0)
    try:
        schema = pl.read_parquet_schema(path)
        records = pl.scan_parquet(path).select(pl.len()).collect().item()
    except (PolarsError, OSError) as error:
        raise BadInput(
            f"{path} is no Parquet file or is cut short ({_first_line(error)}); make or fetch it again"
        ) from error
    check_columns(path, list(schema))
    for name in GIVEN:
        if name in schema and not _usable(name, schema[name]):
            raise BadInput(f"{path}: column {name} is {schema[name]}; it must be {WANTED.get(name, 'text')}")
    return look_over_bytes(path, records)


def read(file: SourceFile, batch_rows: int) -> Iterator[Records]:
    """The file's rows, `batch_rows` together."""
    for start in range(0, file.records, batch_rows):
        yield _records(_rows(file, pl.scan_parquet(file.path).slice(start, batch_rows)), start)


def profiles(file: SourceFile) -> Iterator[pl.DataFrame]:
    """The rows of kind profile; row groups without any are not read."""
    if file.records:
        rows = pl.scan_parquet(file.path).filter(pl.col("kind").cast(pl.String) == "profile")
        yield _records(_rows(file, rows), 0).frame


def _rows(file: SourceFile, rows: pl.LazyFrame) -> pl.DataFrame:
    try:
        names = rows.collect_schema().names()
        return rows.select(name for name in names if name in GIVEN).collect()
    except (PolarsError, OSError) as error:
        raise BadInput(f"{file.path} is damaged ({_first_line(error)}); fetch it again") from error


def _records(rows: pl.DataFrame, start: int) -> Records:
    places = pl.int_range(rows.height, dtype=pl.Int64, eager=True)
    frame = rows.with_columns(places.cast(pl.UInt32).alias(ROW), (places + (start + 1)).alias(LINE))
    return Records(frame, (), lambda row: msgspec.json.encode(rows.row(row, named=True), enc_hook=str).decode())


WANTED: dict[str, str] = {
    "at": "a timestamp, a date, milliseconds since 1970 or text",
    "quantity": "a number or text",
    "amount": "a decimal, a number or text",
    "discount": "a decimal, a number or text",
    "properties": "text (a JSON object) or a struct",
}


def _usable(name: str, dtype: pl.DataType) -> bool:
    if dtype == pl.Null or dtype == pl.String:
        return True
    if name in TEXTS:
        return dtype.is_integer() or isinstance(dtype, pl.Categorical | pl.Enum)
    if name == "at":
        return dtype.is_integer() or isinstance(dtype, pl.Datetime | pl.Date)
    return isinstance(dtype, pl.Struct) if name == "properties" else dtype.is_numeric()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


FORMAT = Format(
    name="events_parquet",
    meaning="The event schema's fields as columns; read fastest.",
    suffixes=(".parquet", ".pq"),
    look_over=look_over,
    read=read,
    profiles=profiles,
)
