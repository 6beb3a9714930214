"""Scoring as a whole task: read the log up to one version, compute, write table and graph, publish."""

import asyncio
from dataclasses import replace
from pathlib import Path

import polars as pl

from graph.algorithms import chains as chaining
from graph.algorithms import influence as influencing
from graph.algorithms.chains import ChainsRequest
from graph.algorithms.influence import InfluenceRequest
from graph.engines import engine_named
from graph.jobs.chain_figures import Figures
from graph.jobs.chain_shown import everywhere_shown
from graph.jobs.chain_values import step_values, with_values
from graph.jobs.kept_spread import SPREADS_TABLE, kept_said, of_refresh, read_kept, spread_table
from graph.jobs.longer_rows import longer_said, longer_table
from graph.jobs.publish import RunContext, Tell, Writer, make_current, recorded, write_rows
from graph.jobs.scope_read import read_scopes
from graph.jobs.scope_rows import scoped_said, scoped_shown, scoped_tables
from graph.jobs.score_read import check_category, read_purchases, read_shares
from graph.jobs.score_rows import (
    calibration_table,
    chain_rows,
    chain_table,
    influence_rows,
    influence_table,
    rate_table,
    tie_table,
)
from graph.jobs.started import Stages, quiet, seen_by, started
from graph.log.event_log import EventLog
from graph.log.scores import ScoreTable
from graph.queries.score_run import OF_CATEGORY, UPSERT_CHAINS, UPSERT_INFLUENCE, RunKind, ScoreRunRow

CHAINS_TABLE, INFLUENCE_TABLE, TIES_TABLE, RATES_TABLE = "chains", "influence", "ties", "rates"
LONGER_TABLE, SCOPES_TABLE = "longer_chains", "chains_by_scope"
"""Chains of three and more steps, and those of districts, stores or channels, where a run asks for them."""
CALIBRATION_TABLE = "calibration"


async def score_chains(
    log: EventLog, store: Writer, tables: str | Path, request: ChainsRequest, context: RunContext, tell: Tell = quiet
) -> ScoreRunRow:
    """Search the chains of the log as it is now; the answer is the published run.

    Raises BadInput for an unknown source or engine before anything is written; everything else leaves a failed run.
    """
    engine = engine_named(context.engine)
    run = await started(log, RunKind.CHAINS, request, chaining.PROVENANCE, context)
    stages = Stages(tell, run.run_id)
    async with recorded(store, run, context.clock):
        stages.tell("read", 0, 1)
        found = await asyncio.to_thread(read_purchases, log, run.log_version, request)
        stages.tell("compute", 0, 1)
        chains = await engine.run(request, found.purchases)
        run = seen_by(run, found.read, len(found.customers), chains.size)
        run = replace(run, said=_chains_said(chains, request))
        stages.tell("table", 0, chains.size)
        table = chain_table(chains, request, found)
        await asyncio.to_thread(ScoreTable.open(tables, CHAINS_TABLE).write, run.run_id, table)
        figures = await asyncio.to_thread(Figures, request, found)
        lengths: list[chaining.LongerChains] = []
        longer = longer_table([], request, found)
        if request.max_steps > 2:
            lengths += await asyncio.to_thread(lambda: list(chaining.find_longer(request, found.purchases, chains)))
            longer = longer_table(lengths, request, found)
            await asyncio.to_thread(ScoreTable.open(tables, LONGER_TABLE).write, run.run_id, longer)
            run = replace(run, said=f"{run.said} {longer_said(longer, request)}")
        shown = await asyncio.to_thread(everywhere_shown, request, figures, (table, chains), (longer, lengths))
        if request.scope_kind is not chaining.ScopeKind.EVERYWHERE:
            scopes = await asyncio.to_thread(read_scopes, log, run.log_version, request, found.customers)
            parts = await asyncio.to_thread(chaining.find_by_scope, request, found.purchases, scopes.of_customer)
            by_scope = scoped_tables(parts, scopes, request, found)
            whole = pl.concat([table.head(0), *by_scope], how="diagonal")
            await asyncio.to_thread(ScoreTable.open(tables, SCOPES_TABLE).write, run.run_id, whole)
            apart = await asyncio.to_thread(scoped_shown, parts, by_scope, scopes, request, figures)
            run = replace(run, said=f"{run.said} {scoped_said(apart, scopes, request)}")
            shown += apart
        values = await asyncio.to_thread(step_values, log, run.log_version, request)
        rows = chain_rows([with_values(part, values) for part in shown], run.run_id)
        await write_rows(store, UPSERT_CHAINS, rows, lambda done: stages.tell("graph", done, len(rows)))
        stages.tell("publish", 0, 1)
        return await make_current(store, run, context.clock)


async def score_influence(
    log: EventLog, store: Writer, tables: str | Path, request: InfluenceRequest, context: RunContext, tell: Tell = quiet
) -> ScoreRunRow:
    """Score the influence of everybody in the log as it is now; the answer is the published run.

    A log without shares, clicks and referrals gives a run without scores. Where the run follows another, spreads that
    still stand are kept, by the engine that can. Errors as for `score_chains`.
    """
    engine = engine_named(context.engine)
    run = await started(log, RunKind.INFLUENCE, request, influencing.PROVENANCE, context)
    if request.category is not None:
        await asyncio.to_thread(check_category, log, run.log_version, request.category)
        run = replace(run, pointer_kind=OF_CATEGORY)
    stages = Stages(tell, run.run_id)
    async with recorded(store, run, context.clock):
        stages.tell("read", 0, 1)
        found = await asyncio.to_thread(read_shares, log, run.log_version, request, context.memory)
        stages.tell("compute", 0, 1)
        _, graph = await asyncio.to_thread(influencing.learn, found.log, request)
        basis, kept = influencing.basis_of(graph.ties, request, graph.delays), None
        if context.follows is not None and context.engine == "local":
            kept = await asyncio.to_thread(read_kept, tables, context.follows, found.customers, basis)
        scores = await engine.run(request, replace(graph, kept=kept))
        empty = not graph.ties.target.size and not found.log.brought_customer.size
        scored = 0 if empty else len(found.customers)
        report = effect = None
        if context.is_judged and request.category is None:
            report = await asyncio.to_thread(influencing.calibrate, found.log, request)
            effect = await asyncio.to_thread(influencing.incremental_effect, found.log, request)
        said = _influence_said(empty, scored, graph, report, effect)
        if request.category is not None and not empty:
            said += f" Counted is who is moved to buy {request.category}."
        if kept is not None and context.follows is not None and not empty:
            run = replace(run, parameters=of_refresh(run.parameters, context.follows))
            said += f" {kept_said(kept, scores.spread, context.follows)}"
        run = replace(seen_by(run, found.read, scored, graph.ties.target.size), said=said)
        stages.tell("table", 0, scored)
        table = influence_table(scores, found.customers).head(scored)
        await asyncio.to_thread(ScoreTable.open(tables, INFLUENCE_TABLE).write, run.run_id, table)
        figures = spread_table(scores.spread, basis, kept, found.customers)
        await asyncio.to_thread(ScoreTable.open(tables, SPREADS_TABLE).write, run.run_id, figures)
        ties = tie_table(graph.ties, found.customers)
        await asyncio.to_thread(ScoreTable.open(tables, TIES_TABLE).write, run.run_id, ties)
        rates = rate_table(graph.ties, found.customers)
        await asyncio.to_thread(ScoreTable.open(tables, RATES_TABLE).write, run.run_id, rates)
        if context.is_judged and request.category is None:
            judged = calibration_table(report)
            await asyncio.to_thread(ScoreTable.open(tables, CALIBRATION_TABLE).write, run.run_id, judged)
        rows = influence_rows(table, run.run_id)
        await write_rows(store, UPSERT_INFLUENCE, rows, lambda done: stages.tell("graph", done, len(rows)))
        stages.tell("publish", 0, 1)
        return await make_current(store, run, context.clock)


def _chains_said(chains: chaining.Chains, request: ChainsRequest) -> str:
    sure = chaining.confirmed(chains, request) & (chains.stronger < 0)
    held = f"; {int((sure & chains.held).sum()):,} of them were found in the earlier half and held in the later one"
    counted = f"{chains.size:,} pairs of steps were tried; {int(sure.sum()):,} chains are confirmed"
    return f"{counted}{held if sure.any() else ''}."


def _influence_said(
    empty: bool,
    scored: int,
    graph: influencing.InfluenceGraph,
    report: influencing.Calibration | None,
    effect: influencing.Incremental | None,
) -> str:
    if empty:
        return "The log holds no shares, clicks or referrals here, so that nobody has an influence to score."
    told = f"{scored:,} customers were scored over {graph.ties.target.size:,} ties."
    if graph.fading_days is not None:
        told += f" What a share told of a tie counts half after {graph.fading_days:,.0f} days."
    if effect is not None and effect.attributed:
        more = f"{effect.lift:,.0f} ({effect.low:,.0f} to {effect.high:,.0f})"
        told += f" Of {effect.attributed:,} orders soon after a click, {more} are more than would have come anyway."
    if report is not None:
        predicted, seen = report.cascades.total
        told += f" Judged by later shares, {predicted:,.0f} moves were foretold and {seen:,.0f} seen."
    return told
