"""Rows that stay in memory, in buffers of their own size."""

from io import BytesIO

import polars as pl


def trimmed(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows in one piece that holds their own bytes alone; takes time and memory in proportion to them.

    Texts of more than 12 bytes lie in shared buffers of 8 KiB or more, and whatever is taken from a frame, joined or
    rechunked, keeps every buffer whole that it points into. The older layout of Arrow has one buffer a column.
    """
    buffer = BytesIO()
    rows.write_ipc(buffer, compat_level=pl.CompatLevel.oldest())
    buffer.seek(0)
    return pl.read_ipc(buffer).rechunk()
