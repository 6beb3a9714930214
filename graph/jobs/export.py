"""Exports: every row of a query of the graph into one file, whole or, where it breaks off, as far as it came."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import msgspec
import polars as pl

from graph.model.declarations import Property, PropertyType
from graph.queries.export import ExportQuery
from graph.store.statement import Statement

ROWS_AT_ONCE = 2_000
EXPORT_SECONDS = 1_800.0
DTYPES: Mapping[PropertyType, pl.DataType] = {
    PropertyType.STRING: pl.String(),
    PropertyType.INTEGER: pl.Int64(),
    PropertyType.FLOAT: pl.Float64(),
    PropertyType.BOOLEAN: pl.Boolean(),
    PropertyType.DATETIME: pl.Datetime("us", "UTC"),
    PropertyType.DATE: pl.Date(),
    PropertyType.STRINGS: pl.List(pl.String()),
    PropertyType.CENTS: pl.Int64(),
}
_ENCODER = msgspec.json.Encoder()

Rows = list[dict[str, Any]]


class Form(StrEnum):
    """What the file is."""

    JSONL = "jsonl"
    PARQUET = "parquet"


class Streamer(Protocol):
    """What exporting needs of a store."""

    def stream(
        self, statement: Statement, parameters: Mapping[str, object] | None = None, *, timeout_seconds: float = 600
    ) -> AsyncIterator[dict[str, Any]]:
        """The rows as they come."""
        ...


async def export_rows(store: Streamer, query: ExportQuery, form: Form, file: Path, told: Callable[[int], None]) -> int:
    """Writes the file and returns how many rows it has; `told` hears how many are in.

    JSONL is written as it comes, so that what is there when it breaks off can be used; Parquet is whole or absent.
    """
    rows = store.stream(query.statement(), query.parameters(), timeout_seconds=EXPORT_SECONDS)
    if form is Form.JSONL:
        return await _lines(rows, file, told)
    return await _parquet(rows, query.columns(), file, told)


async def _lines(rows: AsyncIterator[dict[str, Any]], file: Path, told: Callable[[int], None]) -> int:
    count = 0
    with file.open("wb") as opened:
        async for batch in _batches(rows):
            lines = b"".join(_ENCODER.encode(_without_nulls(row)) + b"\n" for row in batch)
            await asyncio.to_thread(opened.write, lines)
            count += len(batch)
            told(count)
    return count


async def _parquet(
    rows: AsyncIterator[dict[str, Any]], columns: Sequence[Property], file: Path, told: Callable[[int], None]
) -> int:
    schema = {column.name: DTYPES[column.type] for column in columns}
    parts = [pl.DataFrame(schema=schema)]
    count = 0
    async for batch in _batches(rows):
        parts.append(pl.DataFrame(batch, schema=schema, orient="row"))
        count += len(batch)
        told(count)
    await asyncio.to_thread(lambda: pl.concat(parts).write_parquet(file))
    return count


async def _batches(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[Rows]:
    batch: Rows = []
    async for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
