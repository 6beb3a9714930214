"""Scoring centrality as a whole task: read who follows whose shares, compute, write table and graph, publish."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from graph.algorithms.centrality import PROVENANCE, Centrality, CentralityRequest, Follows, follows
from graph.algorithms.influence import InfluenceRequest
from graph.engines import Server, engine_named
from graph.errors import BadInput
from graph.jobs.publish import RunContext, Tell, Writer, make_current, recorded, write_rows
from graph.jobs.score_read import SharesRead, read_shares
from graph.jobs.started import Stages, check_engine, quiet, seen_by, started
from graph.log.event_log import EventLog
from graph.log.scores import ScoreTable
from graph.queries.score_run import UPSERT_CENTRALITY, RunKind, ScoreRunRow

CENTRALITY_TABLE = "centrality"
NAMED = 5


class ScoredStore(Writer, Server, Protocol):
    """What a run writes to, and what the engine `gds` computes in."""


async def score_centrality(
    log: EventLog,
    store: ScoredStore,
    tables: str | Path,
    request: CentralityRequest,
    context: RunContext,
    tell: Tell = quiet,
) -> ScoreRunRow:
    """Score everybody who follows shares or is followed, in the log as it is now; the answer is the published run.

    Raises BadInput for an unknown source or engine before anything is written; everything else, an unknown customer
    to be near to or a server without the engine's library included, leaves a failed run.
    """
    check_engine(request, context.engine)
    engine = engine_named(context.engine, store)
    run = await started(log, RunKind.CENTRALITY, request, PROVENANCE, context)
    stages = Stages(tell, run.run_id)
    async with recorded(store, run, context.clock):
        stages.tell("read", 0, 1)
        read = await asyncio.to_thread(read_shares, log, run.log_version, InfluenceRequest(source=request.source))
        stages.tell("compute", 0, 1)
        graph = await asyncio.to_thread(follows, read.log)
        graph = replace(graph, around=_rows_of(request.around, graph, read))
        found = await engine.run(request, graph)
        table = centrality_table(found, graph, read.customers)
        run = replace(seen_by(run, read.read, table.height, graph.weight.nnz), said=_said(found, graph))
        stages.tell("table", 0, table.height)
        await asyncio.to_thread(ScoreTable.open(tables, CENTRALITY_TABLE).write, run.run_id, table)
        rows = centrality_rows(table, run.run_id)
        await write_rows(store, UPSERT_CENTRALITY, rows, lambda done: stages.tell("graph", done, len(rows)))
        stages.tell("publish", 0, 1)
        return await make_current(store, run, context.clock)


def centrality_table(found: Centrality, graph: Follows, customers: pl.Series) -> pl.DataFrame:
    """One row a customer with a tie, by rank."""
    table = pl.DataFrame(
        {
            "customer_id": customers.gather(pl.Series(graph.customer)),
            "page_rank": found.page_rank,
            "nearness": found.nearness,
            "hub": found.hub,
            "authority": found.authority,
            "core": found.core,
            "community": found.community,
            "community_size": found.community_size,
        }
    ).sort(["page_rank", "customer_id"], descending=[True, False])
    return table.with_row_index("rank", offset=1).with_columns(pl.col("rank").cast(pl.Int64))


def centrality_rows(table: pl.DataFrame, run_id: str) -> list[Mapping[str, object]]:
    """The rows as the graph keeps them."""
    score_id = pl.format("{}|{}", pl.lit(run_id), "customer_id")
    return list(table.with_columns(score_id=score_id, run_id=pl.lit(run_id)).to_dicts())


def _rows_of(keys: tuple[str, ...], graph: Follows, read: SharesRead) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The rows of those of the customers who have a tie; BadInput names those whom the log does not know."""
    place = {key: code for code, key in enumerate(read.customers.to_list())}
    unknown = [key for key in keys if key not in place]
    if unknown:
        named = ", ".join(map(repr, unknown[:NAMED]))
        raise BadInput(f"around must name customers of the log, and {len(unknown)} are not among them: {named}")
    codes = np.array([place[key] for key in dict.fromkeys(keys)], np.int64)
    return np.flatnonzero(np.isin(graph.customer, codes))


def _said(found: Centrality, graph: Follows) -> str:
    if not graph.customer.size:
        return "The log holds no shares, clicks or referrals here, so that nobody has a place among them."
    many = int(found.community.max()) + 1
    return (
        f"{graph.customer.size:,} customers follow or are followed over {graph.weight.nnz:,} ties, in {many:,} "
        f"communities, the largest of {int(found.community_size.max()):,}."
    )
