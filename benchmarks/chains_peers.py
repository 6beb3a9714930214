"""The peers of `benchmarks/chains.py`, run by a Python that has them: seq2pat, prefixspan, Polars, DuckDB.

    python benchmarks/chains_peers.py EVENTS.npz FROM_DAYS TO_DAYS MIN_CUSTOMERS

EVENTS.npz holds customer, day and token, ordered by all three, each row once. Each peer answers, in CPU seconds of this
process and its children: how many customers did token b from FROM_DAYS to TO_DAYS after token a, for every pair.
prefixspan knows no gap and answers how many did b anywhere after a.
"""

import json
import resource
import sys
from collections.abc import Callable
from itertools import groupby

import duckdb
import numpy as np
import polars as pl
from prefixspan import PrefixSpan
from sequential.seq2pat import Attribute, Seq2Pat

Counts = dict[tuple[int, int], int]


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def main() -> None:
    """Run every peer and print what each took and found."""
    events = dict(np.load(sys.argv[1]))
    low, high, least = map(int, sys.argv[2:5])
    frame = pl.DataFrame(events)
    rows = list(zip(*(events[name].tolist() for name in ("customer", "day", "token")), strict=True))
    by_customer = [list(group) for _, group in groupby(rows, key=lambda row: row[0])]
    tokens = [[token for _, _, token in own] for own in by_customer]
    days = [[day for _, day, _ in own] for own in by_customer]
    peers: dict[str, Callable[[], Counts]] = {
        "polars self-join": lambda: polars_join(frame, low, high),
        "duckdb self-join": lambda: duckdb_join(frame, low, high),
        "duckdb, one rule": lambda: duckdb_rule(frame, low, high),
        "prefixspan, no gap": lambda: prefixspan_pairs(tokens, least),
        "seq2pat": lambda: seq2pat_pairs(tokens, days, low, high, least),
    }
    told = {}
    for name, run in peers.items():
        before = cpu_seconds()
        counts = run()
        kept = [[a, b, count] for (a, b), count in sorted(counts.items()) if count >= least]
        told[name] = {"cpu_seconds": cpu_seconds() - before, "pairs": kept}
    print(json.dumps(told))


def polars_join(frame: pl.DataFrame, low: int, high: int) -> Counts:
    """All pairs by an equi-join on the customer."""
    lazy = frame.lazy()
    gap = pl.col("day_right") - pl.col("day")
    both = lazy.join(lazy, on="customer").filter(gap.is_between(low, high))
    found = both.group_by("token", "token_right").agg(pl.col("customer").n_unique()).collect()
    return {(a, b): count for a, b, count in found.iter_rows()}


def duckdb_join(frame: pl.DataFrame, low: int, high: int) -> Counts:
    """All pairs by a self-join on the customer and a range of days."""
    del frame
    asked = """select a.token, b.token, count(distinct a.customer) from events a join events b
        on a.customer = b.customer and b.day between a.day + $low and a.day + $high group by all"""
    return {(a, b): count for a, b, count in DUCK.execute(asked, {"low": low, "high": high}).fetchall()}


def duckdb_rule(frame: pl.DataFrame, low: int, high: int) -> Counts:
    """One pair alone, the commonest first token and the second commonest."""
    del frame
    asked = """with top as (select token from events group by 1 order by count(*) desc, 1 limit 2)
        select count(distinct a.customer) from events a join events b on a.customer = b.customer
        and b.day between a.day + $low and a.day + $high
        where a.token = (select token from top limit 1) and b.token = (select token from top limit 1 offset 1)"""
    [[count]] = DUCK.execute(asked, {"low": low, "high": high}).fetchall()
    return {(-1, -1): count}


def prefixspan_pairs(tokens: list[list[int]], least: int) -> Counts:
    """Pairs in order at any distance."""
    found = PrefixSpan(tokens)
    found.minlen, found.maxlen = 2, 2
    return {(a, b): count for count, (a, b) in found.frequent(least)}


def seq2pat_pairs(tokens: list[list[int]], days: list[list[int]], low: int, high: int, least: int) -> Counts:
    """Of all patterns within the gap those of two steps."""
    # It takes no token 0.
    asked = Seq2Pat(sequences=[[token + 1 for token in own] for own in tokens])
    asked.add_constraint(low <= Attribute(days).gap() <= high)
    found = asked.get_patterns(min_frequency=least)
    return {(pattern[0] - 1, pattern[1] - 1): pattern[2] for pattern in found if len(pattern) == 3}


if __name__ == "__main__":
    DUCK = duckdb.connect()
    DUCK.execute("set threads = 1")
    stored = dict(np.load(sys.argv[1]))
    DUCK.execute("create table events (customer integer, day integer, token integer)")
    columns = {name: stored[name] for name in ("customer", "day", "token")}
    DUCK.execute(
        "insert into events select unnest($customer), unnest($day), unnest($token)",
        {k: v.tolist() for k, v in columns.items()},
    )
    main()
