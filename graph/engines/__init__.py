"""Engines that compute: which there are, and one way to ask any of them."""

from graph.engines.engine import Engine
from graph.engines.local import LocalEngine
from graph.engines.networkx import NetworkxEngine
from graph.errors import BadInput

__all__ = ["ENGINES", "Engine", "engine_named"]

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (LocalEngine(), NetworkxEngine())}
"""Every engine by its name; `local` is the default."""


def engine_named(name: str) -> Engine:
    """The engine; BadInput names those that there are."""
    if name not in ENGINES:
        raise BadInput(f"there is no engine {name!r}; choose one of {', '.join(ENGINES)}")
    return ENGINES[name]
