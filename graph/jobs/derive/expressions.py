"""What the derivations share: kinds, exact sums, and who speaks first or last about a key.

Every sum is taken over whole numbers and every choice is made by (at, id), so that neither the order of the events nor
how they were split into batches can change a bit of the result.
"""

from collections.abc import Sequence

import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

from graph.log.schema import EventKind
from graph.model.declarations import Property, PropertyType

DTYPES: dict[PropertyType, pl.DataType] = {
    PropertyType.STRING: pl.String(),
    PropertyType.INTEGER: pl.Int64(),
    PropertyType.FLOAT: pl.Float64(),
    PropertyType.BOOLEAN: pl.Boolean(),
    PropertyType.DATETIME: pl.Datetime("us", "UTC"),
    PropertyType.DATE: pl.Date(),
    PropertyType.STRINGS: pl.List(pl.String()),
    PropertyType.CENTS: pl.Int64(),
}
"""How a property's type is held in a frame."""


def of_kind(*kinds: EventKind) -> pl.Expr:
    """True for events of one of the kinds."""
    return pl.col("kind").is_in([kind.value for kind in kinds])


def cents(column: str) -> pl.Expr:
    """Money of the log (a decimal with two places) as whole hundredths."""
    return pl.col(column).cast(pl.Decimal(18, 2)).to_physical().cast(pl.Int64)


def exact_sum(value: pl.Expr) -> pl.Expr:
    """Sum of measured quantities to the millionth, in decimals: floats add up differently in each order.

    And they divide differently: Polars multiplies a longer column by the reciprocal of a literal, a single row not.
    """
    return value.cast(pl.Decimal(38, 6), strict=False).sum().cast(pl.Float64)


def restrict(events: pl.LazyFrame, column: str, keys: pl.LazyFrame | None, key: str) -> pl.LazyFrame:
    """The events whose `column` is among `keys[key]`; all that have one where no keys are given."""
    given = events.filter(pl.col(column).is_not_null())
    return given if keys is None else given.join(keys, left_on=column, right_on=key, how="semi")


def first_words(events: pl.LazyFrame, key: str, columns: Sequence[str]) -> pl.LazyFrame:
    """For each `key`: of each column, what the earliest event by (at, id) says that says anything."""
    return _ordered(events, key, columns).agg(pl.col(column).drop_nulls().first() for column in columns)


def last_words(events: pl.LazyFrame, key: str, columns: Sequence[str]) -> pl.LazyFrame:
    """For each `key`: of each column, what the newest event by (at, id) says that says anything."""
    return _ordered(events, key, columns).agg(pl.col(column).drop_nulls().last() for column in columns)


def newest(events: pl.LazyFrame, key: str, column: str) -> pl.LazyFrame:
    """`last_words` of one column over a long history: only the events of each key's last instant are put in order."""
    said = events.filter(pl.col(column).is_not_null()).select(key, "at", "id", column)
    last = said.group_by(key).agg(pl.col("at").max())
    return last_words(said.join(last, on=[key, "at"], how="semi"), key, [column])


def shaped(frame: pl.LazyFrame, keys: Sequence[str], properties: Sequence[Property]) -> pl.LazyFrame:
    """The keys and then exactly the declared properties, null where nothing was derived, in the order of the keys."""
    there = frame.collect_schema().names()
    columns = [
        (pl.col(p.name) if p.name in there else pl.lit(None)).cast(DTYPES[p.type]).alias(p.name) for p in properties
    ]
    return frame.select(*keys, *columns).sort(keys)


def _ordered(events: pl.LazyFrame, key: str, columns: Sequence[str]) -> LazyGroupBy:
    return events.select(key, "at", "id", *columns).sort("at", "id").group_by(key)
