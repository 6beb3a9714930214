"""The graph store: the one place that knows a database driver, and hides which of two databases answers."""

from graph.store.config import Engine, StoreConfig
from graph.store.opening import open_store
from graph.store.rows import NodeRows, TieRows
from graph.store.statement import Statement, cypher, generated, quoted
from graph.store.store import Store

__all__ = [
    "Engine",
    "NodeRows",
    "Statement",
    "Store",
    "StoreConfig",
    "TieRows",
    "cypher",
    "generated",
    "open_store",
    "quoted",
]
