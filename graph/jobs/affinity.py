"""Affinity as a whole task: what is bought together, which products are alike, what everybody buys next."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graph.algorithms import affinity
from graph.algorithms.affinity import AffinityRequest, Judged, Pairs, Recommended, Similar
from graph.jobs.affinity_read import BasketsRead, read_baskets
from graph.jobs.affinity_rows import (
    Q_LIMIT,
    next_rows,
    next_table,
    product_rows,
    quality_table,
    similar_table,
    together_table,
)
from graph.jobs.publish import RunContext, Tell, Writer, make_current, recorded, write_rows
from graph.jobs.started import Stages, check_engine, quiet, seen_by, started
from graph.log.event_log import EventLog
from graph.log.scores import ScoreTable
from graph.queries.score_run import UPSERT_AFFINITY, UPSERT_NEXT, RunKind, ScoreRunRow

TOGETHER_TABLE, SIMILAR_TABLE, NEXT_TABLE = "bought_together", "similar_products", "next_products"
QUALITY_TABLE = "recommendation_quality"


@dataclass(frozen=True, slots=True)
class _Found:
    pairs: Pairs
    similar: Similar
    next: Recommended
    judged: Sequence[Judged]


async def score_affinity(
    log: EventLog, store: Writer, tables: str | Path, request: AffinityRequest, context: RunContext, tell: Tell = quiet
) -> ScoreRunRow:
    """Compute the affinity of the log as it is now; the answer is the published run.

    Raises BadInput for an unknown source or engine before anything is written; everything else leaves a failed run.
    """
    check_engine(request, context.engine)
    run = await started(log, RunKind.AFFINITY, request, affinity.PROVENANCE, context)
    stages = Stages(tell, run.run_id)
    async with recorded(store, run, context.clock):
        stages.tell("read", 0, 1)
        found = await asyncio.to_thread(read_baskets, log, run.log_version, request.source)
        stages.tell("compute", 0, 1)
        computed = await asyncio.to_thread(_computed, found, request)
        run = seen_by(run, found.read, len(found.customers), computed.pairs.tried)
        run = replace(run, said=_said(computed))
        stages.tell("table", 0, 4)
        together, similar = together_table(computed.pairs, found), similar_table(computed.similar, found)
        following = next_table(computed.next, found)
        written = {TOGETHER_TABLE: together, SIMILAR_TABLE: similar, NEXT_TABLE: following}
        written[QUALITY_TABLE] = quality_table(computed.judged)
        for done, (name, table) in enumerate(written.items(), 1):
            await asyncio.to_thread(ScoreTable.open(tables, name).write, run.run_id, table)
            stages.tell("table", done, 4)
        products = product_rows(together, similar, request.partners, run.run_id)
        customers = next_rows(following, computed.next.horizon_days, run.run_id)
        total = len(products) + len(customers)
        await write_rows(store, UPSERT_AFFINITY, products, lambda done: stages.tell("graph", done, total))
        await write_rows(store, UPSERT_NEXT, customers, lambda done: stages.tell("graph", len(products) + done, total))
        stages.tell("publish", 0, 1)
        return await make_current(store, run, context.clock)


def _computed(found: BasketsRead, request: AffinityRequest) -> _Found:
    coming = request.next_at(found.as_of)
    return _Found(
        affinity.bought_together(found.baskets, request.pairs()),
        affinity.similar_products(found.baskets, request.likeness()),
        affinity.next_products(found.baskets, coming),
        affinity.judged(found.baskets, coming) if request.judge else (),
    )


def _said(found: _Found) -> str:
    sure = int(((found.pairs.q_value < Q_LIMIT) & (found.pairs.lift > 1)).sum())
    told = f"Of {found.pairs.tried:,} pairs of products {sure:,} are bought together more than baskets of their size."
    if not found.judged:
        return told
    ours, others = found.judged[0], found.judged[1:]
    recall = ours.quality
    beside = "; ".join(f"{way.more:+.4f} ({way.more_low:+.4f} to {way.more_high:+.4f}) over {way.by}" for way in others)
    return (
        f"{told} Of what {recall.customers:,} customers bought in the last {found.next.horizon_days} days, "
        f"{recall.recall:.1%} ({recall.recall_low:.1%} to {recall.recall_high:.1%}) was among the products foretold "
        f"before: {beside}."
    )
