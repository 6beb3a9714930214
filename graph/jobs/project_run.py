"""The three ways into the graph: a small window at once, an empty store in bulk, everything else batch by batch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import polars as pl

from graph.jobs.derive import NODE_TABLES, TIE_TABLES, NodeTable
from graph.jobs.derive.tables import in_order
from graph.jobs.project_changes import TABLES, Change, Table, changes, relevant, statements
from graph.jobs.project_checkpoint import Checkpoint, plan_of
from graph.log.event_log import EventLog
from graph.store.rows import NodeRows, TieRows
from graph.store.store import Store

Progress = Callable[[str, int], None]
"""Told, after each write: the label or tie type, and how many rows of it went in with that write."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Where one way of writing ends and the next begins."""

    events_at_once: int = 5_000
    """A window of at most so many events goes in as one transaction."""
    batch_rows: int = 10_000
    """A larger one goes in by transactions of so many rows, each with its place in the run."""


@dataclass(frozen=True, slots=True)
class Run:
    """One projection under way: where from, where to, and who is told."""

    log: EventLog
    store: Store
    progress: Progress
    sizes: Sizes

    async def window(self, checkpoint: Checkpoint, target: int) -> tuple[int, int]:
        """Projects the versions above the checkpoint's up to the target; how many nodes and ties were written."""
        if checkpoint.target_version is None:
            fresh = self.log.changed(after=checkpoint.log_version, up_to=target)
            count = await asyncio.to_thread(lambda: fresh.select(pl.len()).collect().item())
            if count <= self.sizes.events_at_once:
                return await self.at_once(checkpoint, target)
            if checkpoint.log_version == 0 and self.store.engine == "embedded" and await self.store.is_empty():
                return await self.filled(target)
        return await self.in_batches(checkpoint, target)

    async def at_once(self, checkpoint: Checkpoint, target: int) -> tuple[int, int]:
        """Everything in one transaction, the checkpoint with it."""
        found = await asyncio.to_thread(self._changes_at_once, checkpoint.log_version, target)
        await self.store.write(*(change.step() for change in found), Checkpoint(target).step())
        nodes, ties = sum(change.nodes for change in found), sum(change.ties for change in found)
        self.progress("graph", nodes + ties)
        return nodes, ties

    async def filled(self, target: int) -> tuple[int, int]:
        """The bulk path of a store that fills an empty graph as a whole or not at all."""
        events = self.log.scan(up_to=target)
        nodes: list[NodeRows] = []
        ties: list[TieRows] = []
        for table in NODE_TABLES:
            rows = await asyncio.to_thread(table.rows(events, None).collect)
            nodes.append(NodeRows(table.node.label, table.node.key.name, rows))
            self.progress(table.node.label, rows.height)
        for table in TIE_TABLES:
            rows = await asyncio.to_thread(table.rows(events, None).collect)
            start, end = table.tie.start, table.tie.end
            ties.append(TieRows(table.tie.type, start.label, start.key.name, end.label, end.key.name, rows))
            self.progress(table.tie.type, rows.height)
        await self.store.fill(nodes, ties, Checkpoint(target).step())
        return sum(part.frame.height for part in nodes), sum(part.frame.height for part in ties)

    async def in_batches(self, checkpoint: Checkpoint, target: int) -> tuple[int, int]:
        """A transaction for every batch, each with its number: a run that was cut off goes on after the last."""
        plans = {clean: plan_of(statements(), self.sizes.batch_rows, clean) for clean in (True, False)}
        resumed = checkpoint.plan in plans.values()
        clean = checkpoint.plan == plans[True] if resumed else await self.store.is_empty()
        done = (checkpoint.steps_done or 0) if resumed else 0
        under_way = Checkpoint(checkpoint.log_version, target, done, plans[clean])
        number = nodes = ties = 0
        async for table, batch in self._batches(checkpoint.log_version, target, clean):
            number += 1
            nodes, ties = nodes + batch.nodes, ties + batch.ties
            if number > done:
                await self.store.write(batch.step(), replace(under_way, steps_done=number).step())
                self.progress(_name(table), batch.rows.height)
        await self.store.write(Checkpoint(target).step())
        return nodes, ties

    async def _batches(self, after: int, target: int, clean: bool) -> AsyncIterator[tuple[Table, Change]]:
        for table in TABLES:
            for change in await asyncio.to_thread(self._changes, table, after, target, clean):
                for batch in change.batches(self.sizes.batch_rows):
                    yield table, batch

    def _changes(self, table: Table, after: int, target: int, clean: bool) -> list[Change]:
        # In a store that was empty nothing can be stale: there, whose ties are derived need not be known.
        keys = None if clean else table.touched(self.log.changed(after=after, up_to=target)).collect()
        return changes(table, self.log.scan(up_to=target), keys)

    def _changes_at_once(self, after: int, target: int) -> list[Change]:
        fresh = self.log.changed(after=after, up_to=target).collect().lazy()
        keys = _touched(fresh)
        events = relevant(self.log.scan(up_to=target), _touched_columns(keys)).collect().lazy()
        return [change for table, own in zip(TABLES, keys, strict=True) for change in changes(table, events, own)]


def _touched(fresh: pl.LazyFrame) -> list[pl.DataFrame]:
    """What the fresh events touch, a frame for each of TABLES; tables that ask the same share one look."""
    asked = list(dict.fromkeys(table.mentions for table in TABLES))
    found = dict(zip(asked, pl.collect_all([in_order(mentions, fresh) for mentions in asked]), strict=True))
    return [table.named(found[table.mentions]) for table in TABLES]


def _touched_columns(keys: list[pl.DataFrame]) -> dict[str, list[str]]:
    """The touched keys of each noun, under the log's column that names it."""
    found = zip(NODE_TABLES, keys, strict=False)  # the ties' owners come after the nodes' keys
    return {table.column: own.to_series().to_list() for table, own in found if table.column is not None}


def _name(table: Table) -> str:
    return table.node.label if isinstance(table, NodeTable) else table.tie.type
