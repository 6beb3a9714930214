"""Chains of three and more steps as a table."""

import json
from collections.abc import Iterable
from math import log

import numpy as np
import polars as pl

from graph.algorithms.chains import GAPS, ChainsRequest, LongerChains, lift_interval
from graph.jobs.score_read import PurchasesRead


def longer_table(lengths: Iterable[LongerChains], request: ChainsRequest, found: PurchasesRead) -> pl.DataFrame:
    """Every extension that was tried, shorter chains first, each length strongest first."""
    return pl.concat([_schema(), *(_of_length(one, request, found) for one in lengths)])


def longer_said(longer: pl.DataFrame, request: ChainsRequest) -> str:
    """What the table comes to, in a sentence."""
    enough = (pl.col("customers") >= request.min_customers) & (pl.col("stronger") < 0)
    found = longer.filter((pl.col("log_q") < log(request.q_limit)) & (pl.col("lift") > 1) & enough)
    counted = f"{longer.height:,} longer chains were tried; {found.height:,} are confirmed"
    return f"{counted}, {int(found['new'].sum()):,} of them say more than their last two steps."


def _of_length(longer: LongerChains, request: ChainsRequest, found: PurchasesRead) -> pl.DataFrame:
    chains, prefixes = longer.weighed, longer.prefixes
    extended = [prefixes[index] for index in map(int, longer.prefix.tolist())]
    closed = longer.closed()
    low, high = lift_interval(chains.lift, chains.lift_error)
    names = found.categories.to_list()

    def told(row: int) -> str:
        prefix = extended[row]
        tokens = [*prefix.tokens, int(chains.then[row])]
        gaps = [*prefix.gaps, GAPS[int(chains.gap[row])], None]
        slots = len(request.slots)
        steps = [
            {"category": names[token // slots], "slot": request.slots[token % slots], "gap": gap}
            for token, gap in zip(tokens, gaps, strict=True)
        ]
        return json.dumps(steps, ensure_ascii=False)

    return pl.DataFrame(
        {
            "step_count": pl.Series([len(prefix.tokens) + 1 for prefix in extended], dtype=pl.Int64),
            "steps": pl.Series([told(row) for row in range(chains.size)], dtype=pl.String),
            "first_day_kind": pl.Series([str(prefix.day_kind) for prefix in extended], dtype=pl.String),
            "customers": chains.customers.astype(np.int64),
            "occurrences": chains.occurrences.astype(np.int64),
            "completions": chains.first_days.astype(np.int64),
            "confidence": chains.occurrences / np.maximum(chains.first_days, 1),
            "lift": chains.lift,
            "lift_low": low,
            "lift_high": high,
            "suffix_lift": longer.suffix_lift,
            "new": longer.new,
            "prefix_closed": pl.Series([closed[index] for index in map(int, longer.prefix.tolist())], dtype=pl.Boolean),
            "log_p": chains.log_p,
            "log_q": chains.log_q,
            "stronger": chains.stronger,
        },
        schema=_schema().schema,
    )


def _schema() -> pl.DataFrame:
    whole, real, text = pl.Int64, pl.Float64, pl.String
    figures = dict.fromkeys(("confidence", "lift", "lift_low", "lift_high", "suffix_lift"), real)
    counted = dict.fromkeys(("customers", "occurrences", "completions"), whole)
    named = {"step_count": whole, "steps": text, "first_day_kind": text}
    said = {"new": pl.Boolean, "prefix_closed": pl.Boolean, "log_p": real, "log_q": real, "stronger": whole}
    return pl.DataFrame(schema={**named, **counted, **figures, **said})
