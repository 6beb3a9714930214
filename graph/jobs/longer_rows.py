"""Chains of three and more steps: the table of all that were tried, and of the confirmed ones the graph's rows."""

from collections.abc import Iterable
from dataclasses import replace
from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.chains import ChainsRequest, Gap, LongerChains, bounds_of, lift_interval, slots_of
from graph.algorithms.chains.longer import Prefix
from graph.jobs.chain_steps import told_steps
from graph.jobs.score_read import PurchasesRead


def longer_table(lengths: Iterable[LongerChains], request: ChainsRequest, found: PurchasesRead) -> pl.DataFrame:
    """Every extension that was tried, shorter chains first, each length strongest first."""
    return pl.concat([_schema(), *(_of_length(one, request, found) for one in lengths)])


def longer_said(longer: pl.DataFrame, request: ChainsRequest) -> str:
    """What the table comes to, in a sentence."""
    found = longer.filter(confirmed_longer(request))
    counted = f"{longer.height:,} longer chains were tried; {found.height:,} are confirmed"
    return f"{counted}, {int(found['new'].sum()):,} of them say more than their last two steps."


def longer_shown(longer: pl.DataFrame, request: ChainsRequest) -> pl.DataFrame:
    """The confirmed ones that readers are shown, at most `kept`: those that say something new before the others.

    `row` is each one's place in the whole table.
    """
    found = longer.with_row_index("row").filter(confirmed_longer(request))
    return found.sort("new", "log_q", descending=[True, False]).head(request.kept)


def confirmed_longer(request: ChainsRequest) -> pl.Expr:
    """Which rows of the table are confirmed and stand for themselves."""
    enough = (pl.col("customers") >= request.min_customers) & (pl.col("stronger") < 0)
    return (pl.col("log_q") < log(request.q_limit)) & (pl.col("lift") > 1) & enough


def _of_length(longer: LongerChains, request: ChainsRequest, found: PurchasesRead) -> pl.DataFrame:
    chains = longer.weighed
    extended = [longer.prefixes[index] for index in map(int, longer.prefix.tolist())]
    low, high = lift_interval(chains.lift, chains.lift_error)
    bounds = bounds_of(slots_of(request, found.purchases), len(found.categories))
    told = [
        _Told(prefix, int(then), Gap.of_code(int(gap)), bounds, found)
        for prefix, then, gap in zip(extended, chains.then, chains.gap, strict=True)
    ]
    return pl.DataFrame(
        {
            "step_count": pl.Series([len(one.tokens) for one in told], dtype=pl.Int64),
            "steps": pl.Series([one.steps() for one in told], dtype=pl.String),
            "behaviours": pl.Series([one.behaviours for one in told], dtype=pl.List(pl.String)),
            "categories": pl.Series([one.named() for one in told], dtype=pl.List(pl.String)),
            **{f"first_{name}": [one.step(0)[name] for one in told] for name in _STEP},
            **{f"then_{name}": [one.step(-1)[name] for one in told] for name in _STEP},
            "gap": [one.gaps[-1] for one in told],
            "customers": chains.customers.astype(np.int64),
            "occurrences": chains.occurrences.astype(np.int64),
            "completions": chains.first_days.astype(np.int64),
            "support": chains.customers / max(1, found.purchases.customer_count),
            "confidence": chains.occurrences / np.maximum(chains.first_days, 1),
            "leverage": chains.leverage,
            "lift": chains.lift,
            "lift_low": low,
            "lift_high": high,
            "suffix_lift": pl.Series(longer.suffix_lift, nan_to_null=True),
            "new": longer.new,
            "p_value": np.exp(chains.log_p),
            "q_value": np.exp(chains.log_q),
            "log_p": chains.log_p,
            "log_q": chains.log_q,
            "stronger": chains.stronger,
        },
        schema=_schema().schema,
    )


class _Told:
    """A prefix and its extension in words."""

    def __init__(self, prefix: Prefix, then: int, gap: Gap, bounds: NDArray[np.int32], found: PurchasesRead) -> None:
        whole = replace(prefix, tokens=(*prefix.tokens, then), gaps=(*prefix.gaps, gap))
        self.tokens, self.gaps, self.kinds = whole.tokens, [*map(str, whole.gaps)], [*map(str, whole.kinds)]
        codes = [token // (bounds.shape[0] // len(found.categories)) for token in self.tokens]
        self.categories: list[str | None] = [found.categories[code] for code in codes]
        self.behaviours: list[str] = [found.behaviours[code] for code in codes]
        self.slots: list[list[int]] = [bounds[token].tolist() for token in self.tokens]

    def named(self) -> list[str]:
        """The categories of the steps that have one."""
        return [category for category in self.categories if category is not None]

    def steps(self) -> str:
        return told_steps(self.behaviours, self.categories, self.slots, self.kinds, self.gaps)

    def step(self, place: int) -> dict[str, str | int | None]:
        told = self.behaviours[place], self.categories[place], *self.slots[place], self.kinds[place]
        return dict(zip(_STEP, told, strict=True))


_STEP = {
    "behaviour": pl.String,
    "category_id": pl.String,
    "start_minute": pl.Int64,
    "end_minute": pl.Int64,
    "day_kind": pl.String,
}


def _schema() -> pl.DataFrame:
    whole, real, text = pl.Int64, pl.Float64, pl.String
    names = {"step_count": whole, "steps": text, "behaviours": pl.List(text), "categories": pl.List(text)}
    ends = {f"{end}_{name}": kind for end in ("first", "then") for name, kind in _STEP.items()}
    counted = dict.fromkeys(("customers", "occurrences", "completions"), whole)
    figures = dict.fromkeys(("support", "confidence", "leverage", "lift", "lift_low", "lift_high", "suffix_lift"), real)
    said = {
        "new": pl.Boolean,
        **dict.fromkeys(("p_value", "q_value", "log_p", "log_q"), real),
    }
    return pl.DataFrame(schema={**names, **ends, "gap": text, **counted, **figures, **said, "stronger": whole})
