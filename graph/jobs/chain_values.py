"""What an order brings of a category in a slot: the value of a chain's last step."""

import polars as pl

from graph.algorithms.chains import ChainsRequest
from graph.jobs.score_read import product_categories
from graph.log.event_log import EventLog
from graph.log.schema import EventKind

STEP = ("then_category_id", "then_start_minute", "then_end_minute")


def step_values(log: EventLog, version: int, request: ChainsRequest) -> pl.DataFrame:
    """`then_mean_cents` by category and slot: what was paid for the category, over the slot's orders that hold it.

    Refunds are not taken off; lines without an amount do not count.
    """
    wanted = pl.col("kind") == EventKind.PURCHASE
    if request.source is not None:
        wanted &= pl.col("source") == request.source
    bought = log.read(["id", "at", "customer", "order", "product", "amount", "local_at"], where=wanted, up_to=version)
    minute = pl.col("local_at").dt.hour().cast(pl.Int64) * 60 + pl.col("local_at").dt.minute().cast(pl.Int64)
    orders = (
        bought.lazy()
        .drop_nulls(["customer", "product", "amount"])
        .join(product_categories(log, version, request.category_level), on="product")
        .with_columns(order=pl.coalesce("order", "id"), minute=minute)
        .group_by("category", "customer", "order")
        .agg(pl.col("minute").min(), cents=pl.col("amount").to_physical().cast(pl.Int64).sum())
    )
    slots = pl.LazyFrame(
        {STEP[1]: [start for start, _ in request.slots], STEP[2]: [end for _, end in request.slots]},
        schema=dict.fromkeys(STEP[1:], pl.Int64),
    )
    within = (pl.col("minute") >= pl.col(STEP[1])) & (pl.col("minute") < pl.col(STEP[2]))
    means = orders.join_where(slots, within).group_by("category", *STEP[1:]).agg(then_mean_cents=pl.col("cents").mean())
    return means.rename({"category": STEP[0]}).sort(STEP).collect()


def with_values(chains: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The chains, in their order, each with the value of its last step; null where that is no purchase, or nothing
    was paid for it."""
    found = chains.join(values, on=STEP, how="left", maintain_order="left")
    bought = pl.col("then_behaviour") == EventKind.PURCHASE
    return found.with_columns(pl.when(bought).then("then_mean_cents").alias("then_mean_cents"))
