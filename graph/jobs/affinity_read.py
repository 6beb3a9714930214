"""What affinity reads from the log: every product of every basket, as arrays with the names behind the codes."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.affinity import Baskets
from graph.jobs.score_read import Read
from graph.log.event_log import EventLog
from graph.log.schema import EventKind


@dataclass(frozen=True, slots=True)
class BasketsRead:
    """Baskets, and the customers and products behind the codes, in the order of their keys."""

    baskets: Baskets
    customers: pl.Series
    products: pl.Series
    read: Read

    @property
    def as_of(self) -> int:
        """The newest day; 0 where nothing was bought."""
        return int(self.baskets.day.max()) if self.baskets.day.size else 0


def read_baskets(log: EventLog, version: int, source: str | None) -> BasketsRead:
    """Each product of each basket once. A basket is an order, or a customer's day where no order is named.

    Lines without a customer or a product do not count.
    """
    wanted = pl.col("kind") == EventKind.PURCHASE
    if source is not None:
        wanted &= pl.col("source") == source
    bought = log.read(["id", "at", "customer", "product", "order", "local_at"], where=wanted, up_to=version)
    day = pl.col("local_at").dt.date()
    lines = (
        bought.lazy()
        .drop_nulls(["customer", "product"])
        .select(
            "customer",
            "product",
            basket=pl.struct("customer", "order", pl.when(pl.col("order").is_null()).then(day)),
            day=day.to_physical(),
        )
        .with_columns(pl.col("basket").rank("dense").cast(pl.Int32) - 1)
        .unique(["basket", "product"], keep="first", maintain_order=True)
        .sort("customer", "product", "basket")
        .collect()
    )
    customers, products = (lines[name].unique().sort() for name in ("customer", "product"))
    basket = lines["basket"].to_numpy().astype(np.int32)
    baskets = Baskets(
        _codes(lines["customer"], customers),
        _codes(lines["product"], products),
        basket,
        lines["day"].to_numpy().astype(np.int32),
        len(customers),
        len(products),
        int(basket.max(initial=-1)) + 1,
    )
    newest = cast("datetime | None", bought["at"].max())
    return BasketsRead(baskets, customers, products, Read(version, newest, bought.height))


def _codes(column: pl.Series, names: pl.Series) -> NDArray[np.int32]:
    return column.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int32)
