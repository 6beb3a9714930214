"""How the questions reach the graph: the one method of the store that they use, and answers in the asker's order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from graph.store.statement import Statement, Walk

Row = TypeVar("Row")
Columns = frozenset[str] | None
"""Of a row's columns those that are asked for; None for all of them."""


class Reader(Protocol):
    """What reads: the store, or a fake that records what was asked."""

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """All rows of one reading statement, as maps of the names after AS."""
        ...


@runtime_checkable
class Walker(Protocol):
    """A reader that is told of every row there is: a partner's is none, since an edge is anybody's value."""

    async def edge(self, walk: Walk) -> object:
        """See `Store.edge`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ByKey(Generic[Row]):
    """What answers to keys: `statement` names each row's key in `column`, and takes them as `column` + s."""

    statement: Statement
    row: Callable[..., Row]
    column: str = "key"

    async def __call__(self, reader: Reader, keys: Sequence[str]) -> list[Row | None]:
        """One row for each key, in the order given; None for an unknown one."""
        return [None if one is None else made_of(self.row, one) for one in await self.records(reader, keys, None)]

    async def records(self, reader: Reader, keys: Sequence[str], columns: Columns) -> list[dict[str, Any] | None]:
        """The same as the store tells them, with these columns alone."""
        asked = {f"{self.column}s": list(dict.fromkeys(keys))}
        wanted = None if columns is None else columns | {self.column}
        records = told_whole(self.row, await reader.read(self.statement.only(wanted), asked), columns)
        found = {record[self.column]: record for record in records}
        return [found.get(key) for key in keys]


@lru_cache(maxsize=256)
def _names(row: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(row))  # pyright: ignore[reportArgumentType]  rows are dataclasses


def told_whole(row: Callable[..., Any], records: list[dict[str, Any]], columns: Columns = None) -> list[dict[str, Any]]:
    """The records of one answer, which are all of one shape; KeyError where they lack a column of `row` that is wanted.

    Otherwise what a statement forgot would be told as if nothing were known.
    """
    if records:
        wanted = [name for name in _names(row) if columns is None or name in columns]
        if forgotten := [name for name in wanted if name not in records[0]]:
            raise KeyError(f"the statement of {getattr(row, '__name__', row)} tells no {', '.join(forgotten)}")
    return records


def made_of(row: Callable[..., Row], record: Mapping[str, Any]) -> Row:
    """The row of a record; a column that was not asked for is None in it."""
    told = record.get
    return row(**{name: told(name) for name in _names(row)})
