"""What profile events say of the thing that each describes, read as the declared properties."""

from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from graph.jobs.derive.expressions import last_words, of_kind, restrict
from graph.log.schema import EventKind
from graph.model.declarations import Property, PropertyType

_DESCRIBED = ("customer", "product", "store", "campaign", "channel")


def describes(column: str) -> pl.Expr:
    """True for a profile of the thing named in `column`: it is the first that the profile names."""
    earlier = _DESCRIBED[: _DESCRIBED.index(column)]
    nothing_earlier = pl.all_horizontal(pl.lit(True), *(pl.col(name).is_null() for name in earlier))
    return of_kind(EventKind.PROFILE) & pl.col(column).is_not_null() & nothing_earlier


def profiles(events: pl.LazyFrame, column: str, keys: pl.LazyFrame | None, key: str) -> pl.LazyFrame:
    """The profiles of the things named in `column` (of those in `keys` where given), their key under its own name."""
    return restrict(events.filter(describes(column)), column, keys, key).with_columns(pl.col(column).alias(key))


def described(
    said: pl.LazyFrame, key: str, properties: Sequence[Property], also: Mapping[str, pl.Expr] | None = None
) -> pl.LazyFrame:
    """The key and what the newest event that gives it says of each property (money is given without `_cents`).

    `also` holds, or overrides, how a property is read. A value that is not of the declared type counts as not given:
    the loaders tell the sender, the projector goes on.
    """
    values = {p.name: given(p) for p in properties} | dict(also or {})
    return last_words(said.select(key, "at", "id", **values), key, list(values))


def given(wanted: Property) -> pl.Expr:
    """A property's value in the JSON of `properties`; null where it is missing or of another type."""
    text = json_text(wanted.name.removesuffix("_cents"))
    match wanted.type:
        case PropertyType.STRING:
            return text
        case PropertyType.INTEGER:
            return text.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
        case PropertyType.FLOAT:
            return text.cast(pl.Float64, strict=False)
        case PropertyType.BOOLEAN:
            return json_boolean(text)
        case PropertyType.DATETIME:
            return text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
        case PropertyType.DATE:
            return text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        case PropertyType.STRINGS:
            return strings(text)
        case PropertyType.CENTS:
            return text.cast(pl.Decimal(18, 2), strict=False).to_physical().cast(pl.Int64)


def json_text(name: str) -> pl.Expr:
    """The named value of `properties` as text; null where it is missing, null, or the text is no JSON object."""
    return pl.col("properties").str.json_path_match(f"$.{name}")


def json_boolean(text: pl.Expr) -> pl.Expr:
    """`true` and `false` as booleans, everything else as null."""
    return pl.when(text == "true").then(True).when(text == "false").then(False)


def strings(text: pl.Expr) -> pl.Expr:
    """A JSON list as its texts, anything else as a list of that one text."""
    return text.map_batches(_texts, return_dtype=pl.List(pl.String))


def text_items(text: str) -> Sequence[str]:
    """The texts in a JSON list; what is no list is one text."""
    if not text.startswith("["):
        return [text]
    try:
        return [item for item in msgspec.json.decode(text, type=list[object]) if isinstance(item, str)]
    except msgspec.DecodeError:
        return [text]


def _texts(series: pl.Series) -> pl.Series:
    return pl.Series(series.name, [None if text is None else text_items(text) for text in series], pl.List(pl.String))
