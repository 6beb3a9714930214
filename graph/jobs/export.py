"""Exports: every row of a query of the graph into one file, whole or, where it breaks off, as far as it came."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from graph.model.declarations import Property, PropertyType
from graph.queries.export import NOUNS, ExportQuery
from graph.queries.export_children import CHILDREN
from graph.queries.view import Streamer

ROWS_AT_ONCE = 2_000
PARENTS_AT_ONCE = 100
"""Rows whose children are asked for together, and held until they are written."""
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


async def export_rows(store: Streamer, query: ExportQuery, form: Form, file: Path, told: Callable[[int], None]) -> int:
    """Writes the file and returns how many rows it has; `told` hears how many are in.

    JSONL is written as it comes, so that what is there when it breaks off can be used; Parquet is whole or absent.
    Children make lines of their own behind their parent's, with its key as `__parentId`. ValueError for children in
    Parquet.
    """
    if query.children and form is not Form.JSONL:
        raise ValueError("children need JSONL: a Parquet file has rows of one kind")
    rows = store.stream(query.statement(), query.parameters(), timeout_seconds=EXPORT_SECONDS)
    if form is Form.JSONL:
        lines = _families(store, query, rows) if query.children else _batches(rows, ROWS_AT_ONCE)
        return await _lines(lines, file, told)
    return await _parquet(rows, query.columns(), file, told)


async def _lines(batches: AsyncIterator[Rows], file: Path, told: Callable[[int], None]) -> int:
    count = 0
    with file.open("wb") as opened:
        async for batch in batches:
            lines = b"".join(_ENCODER.encode(_without_nulls(row)) + b"\n" for row in batch)
            await asyncio.to_thread(opened.write, lines)
            count += len(batch)
            told(count)
    return count


async def _families(store: Streamer, query: ExportQuery, rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[Rows]:
    """The rows, each with all that hangs under it behind it."""
    node = NOUNS[query.noun]
    async for batch in _batches(rows, PARENTS_AT_ONCE):
        parents = [{"__typename": node.label, **row} for row in batch]
        yield [line for block in await _blocks(store, query, query.noun, node.key.name, parents) for line in block]


async def _blocks(store: Streamer, query: ExportQuery, name: str, key: str, parents: Rows) -> list[Rows]:
    """For each parent its own line and those of all below it: a statement a list and PARENTS_AT_ONCE parents."""
    blocks = [[parent] for parent in parents]
    by_key = {block[0][key]: block for block in blocks}
    keys = list(by_key)
    for child in query.under(name):
        what = CHILDREN[child]
        for start in range(0, len(keys), PARENTS_AT_ONCE):
            some = {"parents": keys[start : start + PARENTS_AT_ONCE]}
            found = store.stream(what.statement, some, timeout_seconds=EXPORT_SECONDS)
            lines = [{"__typename": what.typename, "__parentId": row.pop("parent"), **row} async for row in found]
            for block in await _blocks(store, query, child, what.key, lines):
                by_key[block[0]["__parentId"]] += block
    return blocks


async def _parquet(
    rows: AsyncIterator[dict[str, Any]], columns: Sequence[Property], file: Path, told: Callable[[int], None]
) -> int:
    schema = {column.name: DTYPES[column.type] for column in columns}
    parts = [pl.DataFrame(schema=schema)]
    count = 0
    async for batch in _batches(rows, ROWS_AT_ONCE):
        parts.append(pl.DataFrame(batch, schema=schema, orient="row"))
        count += len(batch)
        told(count)
    await asyncio.to_thread(lambda: pl.concat(parts).write_parquet(file))
    return count


async def _batches(rows: AsyncIterator[dict[str, Any]], size: int) -> AsyncIterator[Rows]:
    batch: Rows = []
    async for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
