"""Chains of three and more steps: the table of all that were tried, and of the confirmed ones the graph's rows."""

from collections.abc import Iterable
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
    found = longer.filter(_confirmed(request))
    counted = f"{longer.height:,} longer chains were tried; {found.height:,} are confirmed"
    return f"{counted}, {int(found['new'].sum()):,} of them say more than their last two steps."


def longer_shown(longer: pl.DataFrame, request: ChainsRequest) -> pl.DataFrame:
    """The confirmed ones that readers are shown, at most `kept`: those that say something new before the others."""
    return longer.filter(_confirmed(request)).sort("new", "log_q", descending=[True, False]).head(request.kept)


def _confirmed(request: ChainsRequest) -> pl.Expr:
    enough = (pl.col("customers") >= request.min_customers) & (pl.col("stronger") < 0)
    return (pl.col("log_q") < log(request.q_limit)) & (pl.col("lift") > 1) & enough


def _of_length(longer: LongerChains, request: ChainsRequest, found: PurchasesRead) -> pl.DataFrame:
    chains = longer.weighed
    extended = [longer.prefixes[index] for index in map(int, longer.prefix.tolist())]
    closed = longer.closed()
    low, high = lift_interval(chains.lift, chains.lift_error)
    bounds = bounds_of(slots_of(request, found.purchases), len(found.categories))
    told = [
        _Told(prefix, int(then), Gap.of_code(int(gap)), bounds, found.categories)
        for prefix, then, gap in zip(extended, chains.then, chains.gap, strict=True)
    ]
    return pl.DataFrame(
        {
            "step_count": pl.Series([len(one.tokens) for one in told], dtype=pl.Int64),
            "steps": pl.Series([one.steps() for one in told], dtype=pl.String),
            "categories": pl.Series([one.categories for one in told], dtype=pl.List(pl.String)),
            **{f"first_{name}": [one.step(0)[name] for one in told] for name in _STEP},
            **{f"then_{name}": [one.step(-1)[name] for one in told] for name in _STEP},
            "gap": [one.gaps[-1] for one in told],
            "customers": chains.customers.astype(np.int64),
            "occurrences": chains.occurrences.astype(np.int64),
            "completions": chains.first_days.astype(np.int64),
            "support": chains.customers / max(1, found.purchases.customer_count),
            "confidence": chains.occurrences / np.maximum(chains.first_days, 1),
            "lift": chains.lift,
            "lift_low": low,
            "lift_high": high,
            "suffix_lift": pl.Series(longer.suffix_lift, nan_to_null=True),
            "new": longer.new,
            "prefix_closed": pl.Series([closed[index] for index in map(int, longer.prefix.tolist())], dtype=pl.Boolean),
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

    def __init__(self, prefix: Prefix, then: int, gap: Gap, bounds: NDArray[np.int32], names: pl.Series) -> None:
        self.tokens = [*prefix.tokens, then]
        self.gaps = [str(one) for one in (*prefix.gaps, gap)]
        slots = bounds.shape[0] // len(names)
        self.categories: list[str] = [names[token // slots] for token in self.tokens]
        self.slots: list[list[int]] = [bounds[token].tolist() for token in self.tokens]
        self.kinds = [str(prefix.day_kind)]
        for before in self.gaps:
            # On the same day the kind of day stays; behind it any day may follow.
            self.kinds.append(self.kinds[-1] if before == Gap.SAME_DAY else "any")

    def steps(self) -> str:
        return told_steps(self.categories, self.slots, self.kinds, self.gaps)

    def step(self, place: int) -> dict[str, str | int]:
        start, end = self.slots[place]
        return dict(zip(_STEP, (self.categories[place], start, end, self.kinds[place]), strict=True))


_STEP = {"category_id": pl.String, "start_minute": pl.Int64, "end_minute": pl.Int64, "day_kind": pl.String}


def _schema() -> pl.DataFrame:
    whole, real, text = pl.Int64, pl.Float64, pl.String
    names = {"step_count": whole, "steps": text, "categories": pl.List(text)}
    ends = {f"{end}_{name}": kind for end in ("first", "then") for name, kind in _STEP.items()}
    counted = dict.fromkeys(("customers", "occurrences", "completions"), whole)
    figures = dict.fromkeys(("support", "confidence", "lift", "lift_low", "lift_high", "suffix_lift"), real)
    said = {
        "new": pl.Boolean,
        "prefix_closed": pl.Boolean,
        **dict.fromkeys(("p_value", "q_value", "log_p", "log_q"), real),
    }
    return pl.DataFrame(schema={**names, **ends, "gap": text, **counted, **figures, **said, "stronger": whole})
