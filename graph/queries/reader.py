"""How the questions reach the graph: the one method of the store that they use, and answers in the asker's order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from graph.store.statement import Statement

Row = TypeVar("Row")


class Reader(Protocol):
    """What reads: the store, or a fake that records what was asked."""

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """All rows of one reading statement, as maps of the names after AS."""
        ...


async def by_keys(
    reader: Reader, statement: Statement, make: Callable[..., Row], keys: Sequence[str]
) -> list[Row | None]:
    """One answer for each key, in the order given; None for an unknown one. The rows name their `key`."""
    records = await reader.read(statement, {"keys": list(dict.fromkeys(keys))})
    found = {record["key"]: make(**record) for record in records}
    return [found.get(key) for key in keys]


async def by_parents(
    reader: Reader, statement: Statement, make: Callable[..., Row], parents: Sequence[str]
) -> list[Row | None]:
    """The one thing that each parent has, in the parents' order, or None. The rows name their `parent` beside it."""
    records = await reader.read(statement, {"parents": list(dict.fromkeys(parents))})
    found = {record.pop("parent"): make(**record) for record in records}
    return [found.get(parent) for parent in parents]
