"""Chains by scope: the table of all that were tried, and those that differ from elsewhere for the graph."""

import numpy as np
import polars as pl

from graph.algorithms.chains import ChainsRequest, ScopedChains, standing_out
from graph.jobs.chain_figures import Figures
from graph.jobs.chain_steps import with_steps
from graph.jobs.scope_read import Scopes
from graph.jobs.score_read import PurchasesRead
from graph.jobs.score_rows import chain_table


def scoped_tables(
    found: list[ScopedChains], scopes: Scopes, request: ChainsRequest, read: PurchasesRead
) -> list[pl.DataFrame]:
    """A table a scope, of the columns of `chain_table` and how its lift differs from the rest; equal columns in all."""
    return [_table(one, scopes, request, read) for one in found]


def scoped_shown(
    found: list[ScopedChains], tables: list[pl.DataFrame], scopes: Scopes, request: ChainsRequest, figures: Figures
) -> list[pl.DataFrame]:
    """The rows that stand out, scope by scope; neither the halves of the log nor longer chains were looked at."""
    shown: list[pl.DataFrame] = []
    for one, table in zip(found, tables, strict=True):
        rows = standing_out(one, request)
        parts = with_steps(table[rows]).with_columns(held=pl.lit(None, pl.Boolean), closed=pl.lit(None, pl.Boolean))
        shown.append(figures.of_pairs(parts, one.chains, rows, scopes.of_customer == one.scope))
    return shown


def scoped_said(shown: list[pl.DataFrame], scopes: Scopes, request: ChainsRequest) -> str:
    """What it comes to, in a sentence."""
    apart = sum(part.height for part in shown)
    return f"Of {len(scopes.names):,} {request.scope_kind}s {apart:,} chains differ from elsewhere."


def _table(one: ScopedChains, scopes: Scopes, request: ChainsRequest, read: PurchasesRead) -> pl.DataFrame:
    people = max(1, int((scopes.of_customer == one.scope).sum()))
    return chain_table(one.chains, request, read).with_columns(
        support=pl.col("customers") / people,
        scope_kind=pl.lit(str(request.scope_kind)),
        scope_key=pl.lit(scopes.names[one.scope]),
        rest_lift=one.rest_lift,
        difference_p_value=np.exp(one.log_p),
        difference_q_value=np.exp(one.log_q),
    )
