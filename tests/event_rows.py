"""Events for tests, in a line each: `event("view", customer="ann", product="tea")`."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import polars as pl

from graph.log.schema import EVENTS

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""A Monday noon in Shanghai."""


def event(kind: str, minute: int = 0, id: str = "", properties: dict[str, object] | None = None, **fields: object):
    """An event `minute` minutes after START; its id, unless given, is made of everything else."""
    at = START + timedelta(minutes=minute)
    local = at.replace(tzinfo=None) + timedelta(hours=8)
    said = None if properties is None else json.dumps(properties, ensure_ascii=False)
    row = {"kind": kind, "at": at, "local_at": local, "slot": local.hour, "day": local.date(), "source": "test"}
    row |= {"clock_zone": "Asia/Shanghai", "on_clock": False}
    row |= {"properties": said, "received_at": START, **fields}
    return row | {"id": id or "|".join(f"{name}={value}" for name, value in sorted(row.items()) if value is not None)}


def frame(rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    """The events as the log takes them; money may be given as text or numbers."""
    schema = {name: dtype for name, dtype in EVENTS.items() if name != "log_version"}
    money = [name for name, dtype in schema.items() if isinstance(dtype, pl.Decimal)]
    texts = {name: pl.String() if name in money else dtype for name, dtype in schema.items()}
    table = [
        {name: str(row[name]) if name in money and row.get(name) is not None else row.get(name) for name in schema}
        for row in rows
    ]
    return pl.DataFrame(table, schema=texts, orient="row").with_columns(pl.col(money).cast(pl.Decimal(18, 2)))
