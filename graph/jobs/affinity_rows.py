"""Affinity as tables, and as the rows that the graph keeps of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from graph.algorithms.affinity import Judged, Pairs, Recommended, Similar
from graph.jobs.affinity_read import BasketsRead
from graph.jobs.score_rows import Rows

Q_LIMIT = 0.05
"""Products count as bought together below it."""


def together_table(pairs: Pairs, found: BasketsRead) -> pl.DataFrame:
    """Each pair of products once, the most significant first."""
    return pl.DataFrame(
        {
            "sku": found.products.gather(pl.Series(pairs.first)),
            "other_sku": found.products.gather(pl.Series(pairs.second)),
            "baskets": pairs.together,
            "sku_baskets": pairs.first_baskets,
            "other_baskets": pairs.second_baskets,
            "expected": pairs.expected,
            "lift": pairs.lift,
            "p_value": pairs.p_value,
            "q_value": pairs.q_value,
            "cosine": pairs.cosine,
            "jaccard": pairs.jaccard,
        }
    )


def similar_table(similar: Similar, found: BasketsRead) -> pl.DataFrame:
    """A row a product and a like one, by product, the most alike first."""
    return pl.DataFrame(
        {
            "sku": found.products.gather(pl.Series(similar.product)),
            "other_sku": found.products.gather(pl.Series(similar.other)),
            "customers": similar.customers,
            "cosine": similar.cosine,
            "jaccard": similar.jaccard,
        }
    )


def next_table(told: Recommended, found: BasketsRead) -> pl.DataFrame:
    """A row a recommendation, by customer, the likeliest first."""
    return pl.DataFrame(
        {
            "customer_id": found.customers.gather(pl.Series(told.customer)),
            "rank": np.arange(told.customer.size) - np.searchsorted(told.customer, told.customer) + 1,
            "sku": found.products.gather(pl.Series(told.product)),
            "probability": told.probability,
            "known": told.known,
            "told": told.told,
        }
    )


def quality_table(ways: Sequence[Judged]) -> pl.DataFrame:
    """How well each way tells: recall with its interval, and what `next_products` tells more."""
    columns = ("recall", "recall_low", "recall_high", "ndcg", "coverage")
    figures = [{name: float(getattr(way.quality, name)) for name in columns} for way in ways]
    more = [{"more": way.more, "more_low": way.more_low, "more_high": way.more_high} for way in ways]
    names = [{"by": way.by, "customers": way.quality.customers} for way in ways]
    schema = {"by": pl.String, "customers": pl.Int64} | dict.fromkeys(
        (*columns, "more", "more_low", "more_high"), pl.Float64
    )
    return pl.DataFrame([one | two | three for one, two, three in zip(names, figures, more, strict=True)], schema)


def product_rows(together: pl.DataFrame, similar: pl.DataFrame, partners: int, run_id: str) -> Rows:
    """A row a product that has any partner, those bought together with it being significant and more than expected."""
    sure = together.filter((pl.col("q_value") < Q_LIMIT) & (pl.col("lift") > 1))
    turned = sure.rename({"sku": "other_sku", "other_sku": "sku"})
    both = pl.concat([sure, turned], how="diagonal").sort("p_value", "other_sku", maintain_order=True)
    beside = _told(both, "sku", ("baskets", "lift", "q_value", "cosine", "jaccard"), partners, "together")
    alike = _told(similar, "sku", ("customers", "cosine", "jaccard"), partners, "similar")
    rows = beside.join(alike, on="sku", how="full", coalesce=True).sort("sku")
    keyed = rows.with_columns(affinity_id=pl.format("{}|{}", pl.lit(run_id), "sku"), run_id=pl.lit(run_id))
    return keyed.to_dicts()


def next_rows(table: pl.DataFrame, horizon_days: int, run_id: str) -> Rows:
    """A row a customer."""
    renamed = table.select("customer_id", "probability", "known", "told", other_sku="sku")
    rows = _told(renamed, "customer_id", ("probability", "known", "told"), table.height, "products")
    told = rows.rename({"products_skus": "skus"}).sort("customer_id")
    keyed = told.with_columns(next_id=pl.format("{}|{}", pl.lit(run_id), "customer_id"), run_id=pl.lit(run_id))
    return keyed.with_columns(horizon_days=pl.lit(horizon_days, pl.Int64)).to_dicts()


def _told(rows: pl.DataFrame, by: str, figures: tuple[str, ...], most: int, name: str) -> pl.DataFrame:
    """Of each `by` the first rows, as a list of keys and as a JSON list of all figures."""
    text = pl.struct(pl.col("other_sku").alias("sku"), *(_short(rows, figure) for figure in figures))
    told = rows.select(by, "other_sku", text=text.struct.json_encode()).group_by(by, maintain_order=True).head(most)
    lists: dict[str, Any] = {
        f"{name}_skus": pl.col("other_sku"),
        name: pl.format("[{}]", pl.col("text").str.join(",")),
    }
    return told.group_by(by, maintain_order=True).agg(**lists)


def _short(rows: pl.DataFrame, figure: str) -> pl.Expr:
    """Six figures are enough to be shown."""
    return pl.col(figure).round_sig_figs(6) if rows.schema[figure] == pl.Float64 else pl.col(figure)
