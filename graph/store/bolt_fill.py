"""Filling an empty store over Bolt: batches of CREATE, each in a transaction of its own, the checkpoint last."""

import asyncio
from collections.abc import Iterator, Sequence

import polars as pl

from graph.store.rows import NodeRows, TieRows
from graph.store.session import Channel
from graph.store.statement import Statement, Step, generated, quoted

BATCH = 10_000
_SECONDS = 600.0

_TEXT_FORMS = ((pl.Datetime, "datetime", "%Y-%m-%dT%H:%M:%S%.6fZ"), (pl.Date, "date", "%Y-%m-%d"))


async def fill_over_bolt(
    channel: Channel, nodes: Sequence[NodeRows], ties: Sequence[TieRows], checkpoint: Step
) -> None:
    """Nodes, then ties, then the checkpoint. What a crash leaves has no checkpoint and must be wiped."""
    for some in nodes:
        await _send(channel, node_statement(some), some.frame, ())
    for some in ties:
        await _send(channel, tie_statement(some), some.frame, ("start", "end"))
    await channel.apply([checkpoint], _SECONDS)


async def _send(channel: Channel, statement: Statement, frame: pl.DataFrame, ends: tuple[str, ...]) -> None:
    batches = _batches(frame, ends)
    while (rows := await asyncio.to_thread(next, batches, None)) is not None:
        await channel.apply_as_is(statement, {"rows": rows}, _SECONDS)


def node_statement(rows: NodeRows) -> Statement:
    """UNWIND $rows, each a list: the map of plain properties, then those that travel as text."""
    return generated(
        f"UNWIND $rows AS row CREATE (n:{quoted(rows.label)}) SET n = row[0]{_from_text('n', rows.frame, (), 1)}"
    )


def tie_statement(rows: TieRows) -> Statement:
    """UNWIND $rows, each a list: the two key values, the map of plain properties, then those that travel as text."""
    ends = ("start", "end")
    properties = rows.frame.width - len(ends)
    setting = f" SET t = row[2]{_from_text('t', rows.frame, ends, 3)}" if properties else ""
    return generated(
        "UNWIND $rows AS row "
        f"MATCH (a:{quoted(rows.start_label)} {{{quoted(rows.start_key)}: row[0]}}) "
        f"MATCH (b:{quoted(rows.end_label)} {{{quoted(rows.end_key)}: row[1]}}) "
        f"CREATE (a)-[t:{quoted(rows.type)}]->(b){setting}"
    )


def _as_text(frame: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Column → the Cypher function that reads it, and the form of its text, which packs faster than values do."""
    return {
        column: (function, form)
        for column, dtype in frame.schema.items()
        for kind, function, form in _TEXT_FORMS
        if isinstance(dtype, kind)
    }


def _from_text(name: str, frame: pl.DataFrame, ends: tuple[str, ...], first: int) -> str:
    texts = [(column, function) for column, (function, _) in _as_text(frame.drop(ends)).items()]
    return "".join(
        f", {name}.{quoted(column)} = {function}(row[{place}])" for place, (column, function) in enumerate(texts, first)
    )


def _batches(frame: pl.DataFrame, ends: tuple[str, ...]) -> Iterator[list[list[object]]]:
    texts = _as_text(frame)
    plain = [name for name in frame.columns if name not in texts and name not in ends]
    holey = any(frame[name].null_count() for name in plain)
    to_text = [pl.col(name).dt.strftime(form) for name, (_, form) in texts.items()]
    for part in frame.iter_slices(BATCH):
        columns: list[list[object]] = [part[name].to_list() for name in ends]
        if plain or texts or not ends:
            maps: list[dict[str, object]] = part.select(plain).to_dicts() if plain else [{}] * part.height
            columns.append([{k: v for k, v in row.items() if v is not None} for row in maps] if holey else [*maps])
        columns += [series.to_list() for series in part.select(to_text)] if to_text else []
        yield [list(row) for row in zip(*columns, strict=True)]
