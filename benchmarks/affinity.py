"""How well the next purchases of The Complete Journey's households are told, beside the usual baselines.

Run: python benchmarks/affinity.py [--weeks-before 4]; prints one JSON object a line. What is recommended from the
purchases before the last 28 days is held against those days. What speaks for a product was chosen by the days that
`--weeks-before 4` and `--weeks-before 8` judge; how much each of it counts is learned anew from the 28 days before
those that judge. So the last days judge what never saw them.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from graph.algorithms.affinity import Baskets, NextProducts, Quality, held_out, next_products, quality
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.evaluation import Z95
from graph.algorithms.affinity.judging import popular, repeated
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
    parser.add_argument("--weeks-before", type=int, default=0, help="judge on earlier days, so many weeks before")
    everything = baskets()
    last = int(everything.day.max()) - DAYS - 7 * parser.parse_args().weeks_before
    known, bought = everything.where(everything.day <= last), held_out(everything, last, DAYS)
    next_products(known.where(known.customer < 9), NextProducts(last))  # kernels are compiled or read from disk here
    mine = judged("ours", lambda: ours(known, last), bought)
    others: dict[str, Callable[[], Told]] = {
        "repeat purchase": lambda: repeated(known, last, FIRST),
        "item-kNN": lambda: like_bought(known),
        "popularity": lambda: popular(known, last, FIRST),
    }
    for name, told in others.items():
        more = mine.recalls - judged(name, told, bought).recalls
        half = Z95 * more.std() / np.sqrt(more.size)
        print(json.dumps({"ours over": name, "recall": round(more.mean(), 4), "plus_minus": round(half, 4)}))


if __name__ == "__main__":
    main()
