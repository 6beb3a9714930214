"""Step 3: quantities and money are read; money is exact to the hundredth or it is not money."""

import polars as pl

from graph.log import MONEY

NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
PLAIN_MONEY = r"^-?\d{1,16}(\.\d{1,2}0*)?$"
NOISE = 1e-6
"""How far a float may lie from a whole hundredth and still be taken for it: float noise, not a third decimal."""
LARGEST_FLOAT_MONEY = 1e13
"""Above this a float cannot tell hundredths apart."""


def read_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `_quantity`, `_amount` and `_discount`; null where the given value is absent or cannot be read."""
    return frame.with_columns(
        _quantity(frame.schema["quantity"]).alias("_quantity"),
        *(_money(name, frame.schema[name]).alias(f"_{name}") for name in ("amount", "discount")),
    )


def _quantity(dtype: pl.DataType) -> pl.Expr:
    column = pl.col("quantity")
    if dtype == pl.String:
        column = pl.when(column.str.contains(NUMBER)).then(column)
    number = column.cast(pl.Float64, strict=False)
    # Adding nought turns -0.0 into 0.0: one number, one id.
    return pl.when(number.is_finite()).then(number + 0.0)


def _money(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.String:
        return pl.when(column.str.contains(PLAIN_MONEY)).then(column).cast(MONEY, strict=False)
    if dtype.is_float():
        hundredths = column * 100
        whole = (hundredths - hundredths.round()).abs() < NOISE * pl.max_horizontal(column.abs(), pl.lit(1.0))
        fits = whole & (column.abs() < LARGEST_FLOAT_MONEY)
        return pl.when(fits).then(column.round(2)).cast(MONEY, strict=False)
    exact = column.cast(MONEY, strict=False)
    return pl.when(exact.cast(pl.Decimal(38, 6)) == column.cast(pl.Decimal(38, 6), strict=False)).then(exact)
