"""Engines that compute: which there are, and one way to ask any of them."""

from graph.engines.engine import Engine
from graph.engines.gds import GdsEngine, Server
from graph.engines.local import LocalEngine
from graph.engines.networkx import NetworkxEngine
from graph.errors import BadInput

__all__ = ["ENGINES", "IN_PROCESS", "Engine", "GdsEngine", "Server", "engine_named"]

IN_PROCESS: dict[str, Engine] = {engine.name: engine for engine in (LocalEngine(), NetworkxEngine())}
"""Those that need nothing but this process."""
ENGINES = (*IN_PROCESS, GdsEngine.name)
"""The names of all; `local` is the default."""


def engine_named(name: str, server: Server | None = None) -> Engine:
    """The engine, `gds` on this server; BadInput names those that there are."""
    if name not in ENGINES:
        raise BadInput(f"there is no engine {name!r}; choose one of {', '.join(ENGINES)}")
    return IN_PROCESS.get(name) or GdsEngine(server)
