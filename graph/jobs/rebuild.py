"""Making the graph anew out of the log."""

from graph.jobs.project import Progress, Projected, Sizes, prepare, project
from graph.jobs.project_checkpoint import only_projector
from graph.log.event_log import EventLog
from graph.model import PROJECTED_NODES, TIES
from graph.model.projection import PROJECTION
from graph.model.statements import count_nodes, count_ties, remove_nodes, remove_ties
from graph.store.statement import Statement, generated
from graph.store.store import Store

BATCH = 20_000


async def rebuild(
    log: EventLog,
    store: Store,
    *,
    progress: Progress | None = None,
    wait_seconds: float = 60,
    sizes: Sizes = Sizes(),  # noqa: B008  frozen
) -> Projected:
    """Takes away what was projected and projects the log from its start.

    The embedded store, which holds nothing but this program's graph, is emptied as a whole: scores go too and are
    published again by scoring. On a Neo4j only what the projector writes goes.
    """
    async with only_projector(log, wait_seconds):
        await prepare(store)
        if store.engine == "embedded":
            await store.wipe()
        else:
            await _remove_projected(store)
    return await project(log, store, progress=progress, wait_seconds=wait_seconds, sizes=sizes)


async def _remove_projected(store: Store) -> None:
    # The checkpoint goes first: a rebuild that is cut off here leaves a graph that the next projection completes.
    for node in (PROJECTION,):
        await _remove(store, generated(count_nodes(node)), generated(remove_nodes(node)))
    for tie in TIES:
        await _remove(store, generated(count_ties(tie)), generated(remove_ties(tie)))
    for node in PROJECTED_NODES:
        await _remove(store, generated(count_nodes(node)), generated(remove_nodes(node)))


async def _remove(store: Store, count: Statement, remove: Statement) -> None:
    [found] = await store.read(count, timeout_seconds=600)
    for _ in range(0, found["count"], BATCH):
        await store.write((remove, {"limit": BATCH}), timeout_seconds=600)
