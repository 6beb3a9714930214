"""Products, and the tree of categories that their profiles speak of."""

import polars as pl

from graph.jobs.derive.described import described, given, json_text, profiles, text_items
from graph.model.product import CATEGORY, PRODUCT, SEPARATOR

_KEY = PRODUCT.key.name
_PATH = CATEGORY.key.name


def mentioned_products(events: pl.LazyFrame) -> pl.LazyFrame:
    """Every product that any event names."""
    return events.select(pl.col("product").alias(_KEY)).drop_nulls().unique()


def products(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """Described by profiles; one that no profile describes has its key alone."""
    everything = mentioned_products(events) if keys is None else keys
    [currency] = [p for p in PRODUCT.properties if p.name == "currency"]
    also = {
        _PATH: category_path(),
        "currency": pl.coalesce(given(currency), "currency"),
        "source": pl.col("source"),
    }
    said = described(profiles(events, "product", keys, _KEY), _KEY, PRODUCT.properties, also)
    return everything.join(said, on=_KEY, how="left")


def in_category(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start product → end category: the one that its newest profile with a category names."""
    said = described(profiles(events, "product", owners, "start"), "start", (), {"end": category_path()})
    return said.filter(pl.col("end").is_not_null())


def mentioned_categories(events: pl.LazyFrame) -> pl.LazyFrame:
    """Every category that a product's profile ever named, and all that lie above it."""
    paths = profiles(events, "product", None, _KEY).select(category_path().alias("path")).drop_nulls().unique()
    names = paths.select(pl.col("path").str.split(SEPARATOR).alias("names"))
    depths = names.with_columns(pl.int_ranges(1, pl.col("names").list.len() + 1).alias("depth")).explode("depth")
    return depths.select(pl.col("names").list.head("depth").list.join(SEPARATOR).alias(_PATH)).unique()


def categories(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """The path says it all: the last name, and how deep it lies."""
    names = pl.col(_PATH).str.split(SEPARATOR)
    paths = mentioned_categories(events) if keys is None else keys
    return paths.with_columns(name=names.list.last(), level=names.list.len())


def part_of(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start category → end the category one level up."""
    paths = mentioned_categories(events).rename({_PATH: "start"}) if owners is None else owners
    names = pl.col("start").str.split(SEPARATOR)
    below = paths.filter(names.list.len() > 1)
    return below.with_columns(end=names.list.head(names.list.len() - 1).list.join(SEPARATOR))


def category_path() -> pl.Expr:
    """The category of a profile as a path: from `GROCERY > FRZN ICE` or `["GROCERY", "FRZN ICE"]` alike."""
    return json_text("category").map_batches(_paths, return_dtype=pl.String)


def _paths(texts: pl.Series) -> pl.Series:
    path_of = {text: _path(text) for text in texts.unique() if text is not None}
    return pl.Series(texts.name, [path_of.get(text) for text in texts], pl.String)


def _path(text: str) -> str | None:
    names = [name.strip() for item in text_items(text) for name in item.split(">")]
    return SEPARATOR.join(name for name in names if name) or None
