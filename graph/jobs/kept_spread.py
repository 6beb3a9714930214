"""The simulated figures of a run as a table, and which of an earlier run's a refresh may keep."""

import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import polars as pl

from graph.algorithms.influence import Basis, Figures, Kept, Spread
from graph.log.scores import ScoreTable

SPREADS_TABLE = "spreads"
FIGURES = ("moved", "moved_variance", "revenue", "revenue_variance")
BASIS = ("basis_moved", "basis_revenue", "basis_doubt")


def of_refresh(parameters: str, run_id: str) -> str:
    """The parameters of a run that keeps figures of another: its scores follow from that run, too."""
    return json.dumps(json.loads(parameters) | {"follows": run_id}, ensure_ascii=False, sort_keys=True)


def kept_said(kept: Kept, spread: Spread, run_id: str) -> str:
    """How much was kept, in a sentence."""
    anew = int(np.count_nonzero(~kept.standing))
    stand = int(np.count_nonzero(kept.standing & (spread.moved > 0)))
    told = f"Of {anew + stand:,} spreads {anew:,} had to be simulated anew"
    return f"{told}; {stand:,} stand as in run {run_id} or one before it."


def spread_table(spread: Spread, now: Basis, kept: Kept | None, customers: pl.Series) -> pl.DataFrame:
    """Every customer's figures, and the basis that they were simulated on."""
    figures = zip(FIGURES, (spread.moved, spread.moved_variance, spread.revenue, spread.revenue_variance), strict=True)
    basis = astuple(now if kept is None else kept.basis(now))
    columns = dict(figures) | dict(zip(BASIS, basis, strict=True))
    return pl.DataFrame({"customer_id": customers, **columns})


def read_kept(tables: str | Path, run_id: str, customers: pl.Series, now: Basis) -> Kept | None:
    """The figures of an earlier run for these customers, and who of them still stands; None where it kept none."""
    found = ScoreTable.open(tables, SPREADS_TABLE).read(run_id)
    if found is None:
        return None
    asked = pl.DataFrame({"customer_id": customers})
    rows = asked.join(found, on="customer_id", how="left", maintain_order="left").fill_null(float("nan"))
    columns = {name: rows[name].to_numpy().astype(np.float64) for name in (*FIGURES, *BASIS)}
    moved, moved_variance, revenue, revenue_variance = (columns[name] for name in FIGURES)
    basis = Basis(*(columns[name] for name in BASIS))
    figures = Figures(moved, moved_variance, revenue, revenue_variance, basis)
    return Kept(figures, figures.standing(now))
