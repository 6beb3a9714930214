"""How well the next purchases of The Complete Journey's households are told, beside the usual baselines.

Run: python benchmarks/affinity.py [--tune]; prints one JSON object a line. What is recommended from the purchases
before the last 28 days is held against those days. `--tune` prints the grid that the defaults were chosen by, on the 28
days before these, so that the last ones judge what never saw them.
"""

import argparse
import json
import time
from collections.abc import Callable
from itertools import product as every

import numpy as np
import polars as pl

from graph.algorithms.affinity import Baskets, NextProducts, Quality, held_out, next_products, quality
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.matrices import column_sums
from loaders.sources.completejourney import data_folder

DAYS, FIRST = 28, 10
Told = tuple[np.ndarray, np.ndarray]


def baskets() -> Baskets:
    """The households' baskets, codes in the order of the ids."""
    lines = pl.read_parquet(data_folder() / "transactions.parquet").select(
        pl.col("household_id", "product_id", "basket_id").rank("dense").cast(pl.Int32) - 1,
        day=pl.col("transaction_timestamp").dt.date().to_physical(),
    )
    columns = [lines[name].to_numpy() for name in ("household_id", "product_id", "basket_id", "day")]
    return Baskets(*columns, *(int(column.max()) + 1 for column in columns[:3]))


def popular(known: Baskets) -> Told:
    """The products in most baskets, for everybody."""
    best = np.argsort(-column_sums(known.contents()), kind="stable")[:FIRST]
    return np.repeat(np.arange(known.customer_count), FIRST), np.tile(best, known.customer_count)


def repeated(known: Baskets, as_of: int) -> Told:
    """What the household bought in most baskets, whenever that was."""
    found = next_products(known, NextProducts(as_of, FIRST, half_life_days=1e12, neighbours_weight=0))
    return found.customer, found.product


def like_bought(known: Baskets) -> Told:
    """Item-kNN: products whose buyers are most like those of what the household bought (cosine, 50 for each)."""
    buyers = known.buyers()
    held = column_sums(buyers)
    enough = np.flatnonzero(held >= 5)  # the full table of 68,509 products does not fit
    part = buyers[:, enough]
    part.data /= np.sqrt(held[enough])[part.indices]
    alike = (part.T @ part).tocsr()
    row, column, value = best_of_rows(alike, 51)
    other = row != column
    nearest = type(alike)((value[other], (row[other], column[other])), shape=alike.shape)
    customer, place, _ = best_of_rows((buyers[:, enough] @ nearest).tocsr(), FIRST)
    return customer, enough[place]


def ours(known: Baskets, as_of: int) -> Told:
    """The defaults of `NextProducts`."""
    found = next_products(known, NextProducts(as_of, FIRST))
    return found.customer, found.product


def judged(name: str, told: Callable[[], Told], bought: Baskets) -> Quality:
    """Prints how good it is and what it cost."""
    began = time.process_time()
    customer, products = told()
    seconds = time.process_time() - began
    found = quality(customer.astype(np.int32), products.astype(np.int32), bought, FIRST)
    shown = {"recall": found.recall, "low": found.recall_low, "high": found.recall_high, "ndcg": found.ndcg}
    rounded = {key: round(value, 4) for key, value in (shown | {"coverage": found.coverage}).items()}
    print(json.dumps({"by": name, **rounded, "households": found.customers, "cpu_s": round(seconds, 1)}), flush=True)
    return found


def main() -> None:
    """Judges ours and the baselines; the difference is that of pairs of households."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="the grid of the defaults, on earlier days")
    everything = baskets()
    last = int(everything.day.max()) - DAYS
    if parser.parse_args().tune:
        tune(everything, last - DAYS)
        return
    known, bought = everything.where(everything.day <= last), held_out(everything, last, DAYS)
    mine = judged("ours", lambda: ours(known, last), bought)
    others = {
        "repeat purchase": lambda: repeated(known, last),
        "item-kNN": lambda: like_bought(known),
        "popularity": lambda: popular(known),
    }
    for name, told in others.items():
        more = mine.recalls - judged(name, told, bought).recalls
        half = 1.96 * more.std() / np.sqrt(more.size)
        print(json.dumps({"ours over": name, "recall": round(more.mean(), 4), "plus_minus": round(half, 4)}))


def tune(everything: Baskets, last: int) -> None:
    """Every combination of the three parameters."""
    bought = held_out(everything, last, DAYS)
    for days, neighbours, weight in every((60, 120, 240), (50, 150, 400), (0.1, 0.2, 0.5)):
        found = next_products(everything, NextProducts(last, FIRST, days, neighbours, weight))
        good = quality(found.customer, found.product, bought, FIRST)
        print(json.dumps([days, neighbours, weight, round(good.recall, 5), round(good.ndcg, 5)]), flush=True)


if __name__ == "__main__":
    main()
