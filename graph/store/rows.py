"""Columns of nodes and ties on their way into an empty store."""

from dataclasses import dataclass

import polars as pl

ALLOWED = (pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Datetime("us", "UTC"), pl.Date, pl.List(pl.String))
"""The types that a column may have: every other is refused, because the stores would not agree on it."""


@dataclass(frozen=True, slots=True)
class NodeRows:
    """Nodes of one label: a column a property, `key` among them, unique and never null. A null is no property."""

    label: str
    key: str
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class TieRows:
    """Ties of one type: columns `start` and `end` hold the nodes' key values, every other column is a property."""

    type: str
    start_label: str
    start_key: str
    end_label: str
    end_key: str
    frame: pl.DataFrame


def check_types(name: str, frame: pl.DataFrame) -> None:
    """Refuses a column of a type that the two stores would not keep alike."""
    for column, dtype in frame.schema.items():
        if dtype not in ALLOWED:
            allowed = ", ".join(str(kind) for kind in ALLOWED)
            raise TypeError(f"column {column!r} of {name} is {dtype}; it must be one of {allowed}")
