"""How far the graph has followed the log: read and written with the data, by one projector at a time."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from graph.errors import StoreUnavailable
from graph.log.event_log import EventLog
from graph.model import NODES
from graph.model.projection import PROJECTION
from graph.model.statements import constraints, fulltexts, index_types, indexes, read_nodes, upsert_node
from graph.store.statement import Step, generated
from graph.store.store import Store

LOCK_FILE = "_project.lock"
"""Delta readers and vacuum pass over names that begin with an underscore."""
_ID = "graph"
_MADE = [constraints(NODES), index_types(NODES), indexes(NODES), fulltexts(NODES)]
INDEXES = hashlib.sha256(repr(_MADE).encode()).hexdigest()[:16]
_READ = generated(read_nodes(PROJECTION))
_WRITE = generated(upsert_node(PROJECTION))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The newest version that is projected in full; while a run in batches is under way, how far it has come."""

    log_version: int = 0
    target_version: int | None = None
    steps_done: int | None = None
    plan: str | None = None
    indexes: str | None = INDEXES
    """A graph that an older program made has others: they are made before anything is projected."""

    def step(self) -> Step:
        """The write that records it."""
        return _WRITE, {"rows": [{"projection_id": _ID, **asdict(self)}]}


async def read_checkpoint(store: Store) -> Checkpoint | None:
    """None where nothing was ever projected."""
    rows = [row for row in await store.read(_READ) if row.pop("projection_id") == _ID]
    return Checkpoint(**rows[0]) if rows else None


def plan_of(statements: Sequence[str], batch_rows: int, clean: bool) -> str:
    """A hash that changes when a run would be cut into other batches than one that it might resume."""
    return hashlib.sha256("\n".join([str(batch_rows), str(clean), *statements]).encode()).hexdigest()[:16]


@asynccontextmanager
async def only_projector(log: EventLog, wait_seconds: float) -> AsyncGenerator[None]:
    """Holds the log's lock for projectors; an object store has none: there, run one projector.

    StoreUnavailable when another one holds it for longer than `wait_seconds`.
    """
    if "://" in log.address:
        yield
        return
    lock = FileLock(Path(log.address) / LOCK_FILE, thread_local=False)
    try:
        await asyncio.to_thread(lock.acquire, timeout=wait_seconds)
    except Timeout as error:
        raise StoreUnavailable(
            f"Another projector has been at work on {log.address} for {wait_seconds:g} s; try again when it is done."
        ) from error
    try:
        yield
    finally:
        lock.release()
