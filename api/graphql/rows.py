"""How objects are had of rows, attribute by attribute: so that a list can be told without making an object of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from api.graphql.node import global_id
from api.graphql.scalars import money
from graph.queries.paging import Record

Kind = TypeVar("Kind")
_CELLS = "__cells__"


@dataclass(frozen=True, slots=True)
class Cell:
    """Where an attribute stands in a row, and what makes its value."""

    column: str
    make: Callable[[Any], Any] | None = None
    """None where the value is the row's own."""

    def of(self, row: object) -> object:
        """The attribute of one row."""
        value = getattr(row, self.column)
        return value if self.make is None else self.make(value)

    def of_all(self, records: Sequence[Record]) -> list[Any]:
        """The attribute of every record."""
        column, make = self.column, self.make
        values = [record[column] for record in records]
        return values if make is None else list(map(make, values))


def told_from(row: type, **differing: Cell) -> Callable[[type[Kind]], type[Kind]]:
    """Marks a type as made of rows of this class; an attribute is the row's of the same name, unless it differs."""

    def marked(kind: type[Kind]) -> type[Kind]:
        own = {one.name for one in fields(row)}
        names = [one.name for one in fields(kind)]  # pyright: ignore[reportArgumentType]  Strawberry's are dataclasses
        cells = {name: Cell(name) for name in names if name in own} | differing
        setattr(kind, _CELLS, cells)
        return kind

    return marked


def cells_of(kind: type) -> Mapping[str, Cell]:
    """Attribute → where it stands in a row; none for a type that is not made of rows."""
    return kind.__dict__.get(_CELLS, {})


def made_of(kind: type[Kind], row: object) -> Kind:
    """The object of a row."""
    return kind(**{name: cell.of(row) for name, cell in cells_of(kind).items()})


def id_of(noun: str) -> Cell:
    """The global id of a noun's key."""
    return Cell("key", lambda key: global_id(noun, key))


def money_of(column: str) -> Cell:
    """Hundredths as an amount; None where none is known."""
    return Cell(column, lambda cents: None if cents is None else money(cents))
