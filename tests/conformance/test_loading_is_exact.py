"""Everything of completejourney is in the log, to the cent, counted on both sides by different code."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from graph.log import DeadLetters, EventLog
from loaders.load import LoadSummary, load_completejourney
from loaders.sources.completejourney import data_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[EventLog, DeadLetters, LoadSummary]:
    folder = tmp_path_factory.mktemp("completejourney")
    log, dead = EventLog.open(folder / "log"), DeadLetters.open(folder / "rejected")
    return log, dead, load_completejourney(log, dead, received_at=datetime(2024, 6, 1, tzinfo=UTC))


def source(table: str) -> pl.DataFrame:
    return pl.read_parquet(data_folder() / f"{table}.parquet")


def purchases(log: EventLog, *columns: str) -> pl.DataFrame:
    return log.read(columns, where=pl.col("kind") == "purchase")


def test_every_record_was_taken(loaded):
    _, dead, summary = loaded

    assert (summary.accepted, summary.repeated, summary.rejected_count) == (1_571_614, 0, 0)
    assert dead.read().is_empty()


def test_counts_of_every_kind_are_those_of_the_tables(loaded):
    log, _, _ = loaded
    tables = [source(name).height for name in ("products", "demographics", "campaign_descriptions")]
    lines = source("transactions")

    kinds = dict(log.read(["kind"]).group_by("kind").len().rows())

    assert kinds == {
        "purchase": lines.height,
        "profile": sum(tables) + lines["store_id"].n_unique(),
        "coupon_issue": source("campaigns").height,
        "coupon_redeem": source("coupon_redemptions").height,
    }
    assert kinds["purchase"] == 1_469_307


def test_households_stores_baskets_and_products_are_those_of_the_lines(loaded):
    lines = source("transactions").select("household_id", "store_id", "basket_id", "product_id")

    counts = purchases(loaded[0], "customer", "store", "order", "product").select(pl.all().n_unique()).row(0)

    assert counts == lines.select(pl.all().n_unique()).row(0) == (2469, 457, counts[2], counts[3])


def test_money_and_quantities_are_equal_to_the_cent(loaded):
    lines = source("transactions")
    # Python's own decimals, value by value: another way than the loader's.
    cents = sum(round(Decimal(repr(value)) * 100) for value in lines["sales_value"])
    taken_off = sum(
        round((Decimal(repr(a)) + Decimal(repr(b)) + Decimal(repr(c))) * 100)
        for a, b, c in lines.select("retail_disc", "coupon_disc", "coupon_match_disc").iter_rows()
    )

    held = purchases(loaded[0], "amount", "discount", "quantity")

    assert held["amount"].sum() * 100 == cents
    assert held["discount"].sum() * 100 == taken_off
    assert held["quantity"].sum() == lines["quantity"].sum()
    assert held["amount"].null_count() == held["discount"].null_count() == held["quantity"].null_count() == 0


def test_the_year_is_2017_in_new_york(loaded):
    held = purchases(loaded[0], "at", "local_at", "day", "slot", "currency", "source")

    assert (held["local_at"].min().date(), held["local_at"].max().date()) == (date(2017, 1, 1), date(2017, 12, 31))
    assert held["at"].min() == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
    assert held.filter(pl.col("slot") != pl.col("local_at").dt.hour()).is_empty()
    assert held.filter(pl.col("day") != pl.col("local_at").dt.date()).is_empty()
    assert held["currency"].unique().to_list() == ["USD"]
    assert held["source"].unique().to_list() == ["completejourney"]


def test_one_line_is_what_the_table_says(loaded):
    row = loaded[0].read(
        ["customer", "store", "order", "product", "at", "amount", "discount", "quantity"],
        where=pl.col("id") == "cj-31198570044-1095275",
    )
    line = source("transactions").row(0, named=True)

    assert row.rows() == [
        (
            "cj-900",
            "cj-330",
            "cj-31198570044",
            "cj-1095275",
            line["transaction_timestamp"].replace(tzinfo=UTC),
            Decimal(repr(line["sales_value"])),
            Decimal(repr(line["retail_disc"])),
            1.0,
        )
    ]


def test_profiles_name_their_subject_once_and_say_what_the_table_says(loaded):
    its_profile = (pl.col("product") == "cj-25671") & (pl.col("kind") == "profile")

    ((properties, day),) = loaded[0].read(["properties", "day"], where=its_profile).rows()

    assert day == date(2016, 12, 31)
    assert json.loads(properties) == {
        "name": "ICE - CRUSHED/CUBED",
        "category": ["GROCERY", "FRZN ICE"],
        "brand": "National",
        "package_size": "22 LB",
        "manufacturer": "2",
    }


def test_loading_it_again_changes_nothing(loaded):
    log, dead, _ = loaded
    version = log.version

    again = load_completejourney(log, dead, received_at=datetime(2025, 6, 1, tzinfo=UTC))

    assert (again.accepted, again.repeated, again.rejected_count) == (0, 1_571_614, 0)
    assert log.version == version
