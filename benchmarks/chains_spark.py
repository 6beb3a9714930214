"""Spark's PrefixSpan beside `benchmarks/chains.py`, run by a Python that has pyspark and a machine that has Java.

    python benchmarks/chains_spark.py EVENTS.npz MIN_CUSTOMERS

EVENTS.npz as for `chains_peers.py`. Spark runs on two local threads; counted are the CPU seconds of its Java process
for the search alone, its start and the data frame left out. It knows no gap: it answers how many customers did token b
on any day after token a.
"""

import json
import os
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
from pyspark.ml.fpm import PrefixSpan
from pyspark.sql import SparkSession


def cpu_seconds(process: int) -> float:
    """Of a running process and all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Search, and print what it took and found."""
    events, least = np.load(sys.argv[1]), int(sys.argv[2])
    rows = zip(*(events[name].tolist() for name in ("customer", "day", "token")), strict=True)
    sequences = [
        ([[token for *_, token in day] for _, day in groupby(own, key=lambda row: row[1])],)
        for _, own in groupby(rows, key=lambda row: row[0])
    ]
    builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g")
    spark = builder.config("spark.ui.enabled", "false").config("spark.log.level", "ERROR").getOrCreate()
    frame = spark.createDataFrame(sequences, ["sequence"]).cache()
    frame.count()
    # Spark tells the process of its Java nowhere else.
    java = spark.sparkContext._gateway.proc.pid
    before = cpu_seconds(java)
    # A hair less, so that rounding its share of all customers up leaves nobody out.
    found = PrefixSpan(minSupport=(least - 0.5) / len(sequences), maxPatternLength=2)
    patterns = found.findFrequentSequentialPatterns(frame).collect()
    told = cpu_seconds(java) - before
    pairs = sorted([a[0], b[0], row.freq] for row in patterns if len(row.sequence) == 2 for a, b in [row.sequence])
    spark.stop()
    print(json.dumps({"spark, 2 threads, no gap": {"cpu_seconds": told, "pairs": pairs}}))


if __name__ == "__main__":
    main()
