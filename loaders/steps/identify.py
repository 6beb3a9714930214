"""Step 7: an event without an id gets one by hash of what it says."""

import hashlib

import numpy as np
import polars as pl

from graph.log import GIVEN

HASHED: tuple[str, ...] = tuple(name for name in GIVEN if name != "id")


def identified(frame: pl.DataFrame) -> pl.Series:
    """The ids: as given, else the first 32 hex digits of SHA-256 over the event's netstrings (`spelt`)."""
    given = frame["id"]
    if not given.null_count():
        return given
    nameless = given.is_null()
    wanting = frame.filter(nameless)
    texts = wanting.select(spelt(wanting)).to_series()
    digests = pl.Series([hashlib.sha256(text.encode()).digest()[:16] for text in texts], dtype=pl.Binary)
    return given.clone().scatter(nameless.arg_true(), digests.bin.encode("hex"))


def spelt(frame: pl.DataFrame) -> pl.Expr:
    """One text for what an event says, the same whatever file, column order or spelling of numbers it came in.

    The fields of the schema in its order, each as `length:text` in bytes, or `-` where it is absent. Money is spelt
    with two decimals, a quantity by the bits of its double, an instant as its microseconds since 1970, and a clock's
    reading by its own microseconds after the letter `l`: what the store's zone is does not change the id.
    """
    return pl.concat_str(_netstring(frame, name) for name in HASHED)


def _netstring(frame: pl.DataFrame, name: str) -> pl.Expr:
    if name == "at":
        local = pl.lit("l") + pl.col("_local").dt.epoch("us").cast(pl.String)
        text = pl.coalesce(pl.col("_instant").dt.epoch("us").cast(pl.String), local)
    elif frame[name].null_count() == frame.height:
        return pl.lit("-")
    elif name == "quantity":
        text = _bits(frame[name])
    else:
        text = pl.col(name).cast(pl.String)
    return (text.str.len_bytes().cast(pl.String) + pl.lit(":") + text).fill_null("-")


def _bits(numbers: pl.Series) -> pl.Expr:
    bits = pl.Series("_bits", numbers.fill_null(0.0).to_numpy().view(np.int64))
    return pl.when(pl.col(numbers.name).is_not_null()).then(pl.lit(bits).cast(pl.String))
