"""Projecting the log: the graph becomes what the log says, whatever order, batches or interruptions there were."""

from dataclasses import dataclass, replace

from graph.jobs.project_checkpoint import INDEXES, Checkpoint, only_projector, read_checkpoint
from graph.jobs.project_run import Progress, Run, Sizes
from graph.log.event_log import EventLog
from graph.model import NODES
from graph.model.statements import constraints, fulltexts, index_types, indexes
from graph.store.statement import generated
from graph.store.store import Store

__all__ = ["Progress", "Projected", "Sizes", "prepare", "project", "projected_version"]


@dataclass(frozen=True, slots=True)
class Projected:
    """What a projection did: the versions it went from and to, and how many nodes and ties it wrote."""

    from_version: int
    to_version: int
    nodes: int = 0
    ties: int = 0


async def prepare(store: Store) -> None:
    """Makes the constraints and indexes of the model, where they are missing."""
    await store.ensure_types(index_types(NODES))
    await store.ensure([generated(text) for text in [*constraints(NODES), *indexes(NODES)]])
    for label, properties, name in fulltexts(NODES):
        await store.ensure_fulltext(label, properties, name)


async def projected_version(store: Store) -> int:
    """The newest version of the log that is in the graph in full; 0 where nothing is."""
    checkpoint = await read_checkpoint(store)
    return 0 if checkpoint is None else checkpoint.log_version


async def project(
    log: EventLog,
    store: Store,
    *,
    progress: Progress | None = None,
    wait_seconds: float = 60,
    sizes: Sizes = Sizes(),  # noqa: B008  frozen
) -> Projected:
    """Brings the graph to the log's newest version; a run that was cut off is finished first, from where it was.

    Idempotent and free of order: what new events touch is derived again out of the whole log, and set.
    StoreUnavailable when another projector is at work for longer than `wait_seconds`.
    """
    async with only_projector(log, wait_seconds):
        checkpoint = await read_checkpoint(store)
        if checkpoint is None:
            await prepare(store)
            checkpoint = Checkpoint()
        elif checkpoint.indexes != INDEXES:
            await prepare(store)
            checkpoint = replace(checkpoint, indexes=INDEXES)
            await store.write(checkpoint.step())
        run = Run(log, store, progress or (lambda _name, _rows: None), sizes)
        done = Projected(checkpoint.log_version, checkpoint.log_version)
        while (target := checkpoint.target_version or log.version) > checkpoint.log_version:
            nodes, ties = await run.window(checkpoint, target)
            checkpoint = Checkpoint(target)
            done = Projected(done.from_version, target, done.nodes + nodes, done.ties + ties)
        return done
