"""Step 1: every field has its column, text is trimmed, and empty text is absence."""

import polars as pl

from graph.log import GIVEN
from loaders.records import LINE, ROW, TEXTS

_ABSENT = pl.lit(None, dtype=pl.String)
"""Made once: most fields of an event are absent, and to make such a literal costs more than to read a field."""


def tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """All given columns in the order of the schema; those that a source lacks are null; `_row` and `_line` stay."""
    return frame.select(ROW, LINE, *(_tidied(frame, name) for name in GIVEN))


def _tidied(frame: pl.DataFrame, name: str) -> pl.Expr:
    if name not in frame.columns or frame.schema[name] == pl.Null:
        return _ABSENT.alias(name)
    column = pl.col(name)
    if name in TEXTS:
        column = column.cast(pl.String)
    elif frame.schema[name] != pl.String:
        return column
    trimmed = column.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed).alias(name)
