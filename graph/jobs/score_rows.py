"""Scores as tables: in full for the score tables, and as rows for the graph."""

import json
from typing import Any

import msgspec
import numpy as np
import polars as pl

from graph.algorithms.chains import KINDS, Chains, ChainsRequest, DayKind, Gap, bounds_of, lift_interval, slots_of
from graph.algorithms.influence import Calibration, Influence, Paths, Ties, interval
from graph.jobs.score_read import PurchasesRead
from graph.model.score import CHAIN, INFLUENCE_FIGURES

Rows = list[dict[str, Any]]


def chain_table(chains: Chains, request: ChainsRequest, found: PurchasesRead) -> pl.DataFrame:
    """Every chain that was tried, strongest first, in words."""
    bounds = bounds_of(slots_of(request, found.purchases), len(found.categories))
    slot_count = bounds.shape[0] // max(1, len(found.categories))
    starts, ends = (pl.Series(bounds[:, side], dtype=pl.Int64) for side in (0, 1))
    kinds = pl.Series([str(kind) for kind in KINDS])
    gaps = {gap.code: str(gap) for gap in request.gaps}
    first, then = (pl.Series(token // slot_count) for token in (chains.first, chains.then))
    first_slot, then_slot = pl.Series(chains.first), pl.Series(chains.then)
    low, high = lift_interval(chains.lift, chains.lift_error)
    then_kind = np.where(chains.gap == Gap.SAME_DAY.code, chains.day_kind, KINDS.index(DayKind.ANY))
    return pl.DataFrame(
        {
            "first_behaviour": found.behaviours.gather(first),
            "first_category_id": found.categories.gather(first),
            "first_start_minute": starts.gather(first_slot),
            "first_end_minute": ends.gather(first_slot),
            "first_day_kind": kinds.gather(pl.Series(chains.day_kind)),
            "then_behaviour": found.behaviours.gather(then),
            "then_category_id": found.categories.gather(then),
            "then_start_minute": starts.gather(then_slot),
            "then_end_minute": ends.gather(then_slot),
            "then_day_kind": kinds.gather(pl.Series(then_kind)),
            "gap": pl.Series(chains.gap).replace_strict(gaps, return_dtype=pl.String),
            "customers": pl.Series(chains.customers, dtype=pl.Int64),
            "capable_customers": pl.Series(chains.capable, dtype=pl.Int64),
            "occurrences": pl.Series(chains.occurrences, dtype=pl.Int64),
            "first_steps": pl.Series(chains.first_days, dtype=pl.Int64),
            "shuffled_mean": chains.expected,
            "shuffled_variance": chains.variance,
            "support": chains.customers / max(1, found.purchases.customer_count),
            "confidence": chains.occurrences / np.maximum(chains.first_days, 1),
            "leverage": chains.leverage,
            "lift": chains.lift,
            "lift_low": low,
            "lift_high": high,
            "p_value": np.exp(chains.log_p),
            "q_value": np.exp(chains.log_q),
            "log_p": chains.log_p,
            "log_q": chains.log_q,
            "stronger": chains.stronger,
            "earlier_lift": chains.earlier_lift,
            "earlier_log_q": chains.earlier_log_q,
            "later_lift": chains.later_lift,
            "later_log_q": chains.later_log_q,
            "permuted_p_value": pl.Series(chains.permuted_p, nan_to_null=True),
            "held": chains.held,
        }
    )


def chain_rows(parts: list[pl.DataFrame], run_id: str) -> Rows:
    """All that is shown of a run as the graph keeps it, ranked together from 1: by q, then by lift."""
    ranked = (
        pl.concat(parts, how="diagonal")
        .sort("log_q", "lift", descending=[False, True], maintain_order=True)
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
    )
    chain_id = pl.format("{}|{}", pl.lit(run_id), "rank")
    everywhere = (
        pl.lit("everywhere") if "scope_kind" not in ranked.columns else pl.col("scope_kind").fill_null("everywhere")
    )
    rows = ranked.with_columns(chain_id=chain_id, run_id=pl.lit(run_id), scope_kind=everywhere)
    declared = [one.name for one in CHAIN.all_properties()]
    return [{name: row.get(name) for name in declared} for row in rows.iter_rows(named=True)]


def influence_table(scores: Influence, customers: pl.Series) -> pl.DataFrame:
    """One row a customer, by rank; money in units where it is expected, in cents where it is credited."""
    moved = interval(scores.spread.moved, scores.spread.moved_variance)
    revenue = interval(scores.spread.revenue, scores.spread.revenue_variance)
    table = pl.DataFrame(
        {
            "customer_id": customers,
            "spread": scores.spread.moved,
            "spread_low": moved.low,
            "spread_high": moved.high,
            "revenue": scores.spread.revenue,
            "revenue_low": revenue.low,
            "revenue_high": revenue.high,
            "credited_direct_cents": scores.credit.direct,
            "credited_downstream_cents": scores.credit.downstream,
            "direct_referrals": scores.credit.brought,
            "downstream": scores.credit.brought_below,
            "paths": pl.Series(_told(scores.paths, customers), dtype=pl.String),
        }
    )
    below = (pl.col("spread").rank("min") - 1) / pl.max_horizontal(pl.len(), 1) * 100
    ranked = table.with_columns(percentile=below).sort(["spread", "customer_id"], descending=[True, False])
    return ranked.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def influence_rows(table: pl.DataFrame, run_id: str) -> Rows:
    """The rows as the graph keeps them."""
    keys = table.with_columns(score_id=pl.format("{}|{}", pl.lit(run_id), "customer_id"), run_id=pl.lit(run_id))
    figures = map(msgspec.json.encode, table.select(INFLUENCE_FIGURES).iter_rows())
    return keys.with_columns(figures=pl.Series([told.decode() for told in figures], dtype=pl.String)).to_dicts()


def tie_table(ties: Ties, customers: pl.Series) -> pl.DataFrame:
    """Every known tie with its learned probability and that one's standard error."""
    source = np.repeat(np.arange(ties.customer_count), np.diff(ties.pointer))
    return pl.DataFrame(
        {
            "customer_id": customers.gather(pl.Series(source)),
            "other_id": customers.gather(pl.Series(ties.target)),
            "probability": ties.probability,
            "standard_error": np.sqrt(ties.variance),
        }
    )


def rate_table(ties: Ties, customers: pl.Series) -> pl.DataFrame:
    """Everybody of the run, by code: how likely they pass on what moved them, and what one move of them brings.

    And their unseen contacts: how many, how likely a share moves one of them, how often the customer was moved.
    """
    return pl.DataFrame(
        {
            "customer_id": customers,
            "pass_on": ties.pass_on,
            "revenue": ties.revenue,
            "unseen": ties.reach.hidden,
            "unseen_chance": ties.reach.hidden_chance,
            "moved": np.bincount(ties.reach.strangers, minlength=len(customers)),
        }
    )


def calibration_table(report: Calibration | None) -> pl.DataFrame:
    """Predicted and seen by bins of the predicted value, for ties and for cascades; empty where nothing was judged."""
    parts = {} if report is None else {"tie": report.ties, "cascade": report.cascades}
    schema = {"of": pl.String, "bin": pl.Int64, "count": pl.Int64, "predicted": pl.Float64, "seen": pl.Float64}
    frames = [pl.DataFrame(schema=schema | {"seen_error": pl.Float64})]
    for name, part in parts.items():
        columns = {"count": part.count, "predicted": part.predicted, "seen": part.seen, "seen_error": part.seen_error}
        places = pl.int_range(1, part.count.size + 1, dtype=pl.Int64, eager=True)
        frames.append(pl.DataFrame({"of": [name] * part.count.size, "bin": places, **columns}, schema=frames[0].schema))
    return pl.concat(frames)


def _told(paths: Paths, customers: pl.Series) -> list[str]:
    """A JSON list of {customers, probability} for each customer, strongest first."""
    names = customers.to_list()
    told: list[str] = []
    for start, end in zip(paths.pointer[:-1].tolist(), paths.pointer[1:].tolist(), strict=True):
        found = [
            {"customers": [names[code] for code in chain if code >= 0], "probability": round(chance, 9)}
            for chain, chance in zip(
                paths.customers[start:end].tolist(), paths.probability[start:end].tolist(), strict=True
            )
        ]
        told.append(json.dumps(found, ensure_ascii=False))
    return told
