"""How objects are had of rows, attribute by attribute: so that a list can be told without making an object of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import partial
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
    make: Callable[..., Any] | None = None
    """Out of the values of `column` and of `beside`; None where the value is the row's own."""
    beside: tuple[str, ...] = ()
    """Further columns that the attribute is made of."""

    @property
    def columns(self) -> frozenset[str]:
        """All that the attribute needs of a row."""
        return frozenset({self.column, *self.beside})

    def of(self, row: object) -> object:
        """The attribute of one row."""
        value = getattr(row, self.column)
        return value if self.make is None else self.make(value, *(getattr(row, name) for name in self.beside))

    def of_all(self, records: Sequence[Record]) -> list[Any]:
        """The attribute of every record."""
        columns = [[record[name] for record in records] for name in (self.column, *self.beside)]
        return columns[0] if self.make is None else list(map(self.make, *columns))


class Records(list[Any]):
    """Records of rows, or None, in the place of objects; these are made where a list is not told by a plan."""

    def __init__(self, records: Iterable[Record | None], make: Callable[[Record], object]) -> None:
        super().__init__(records)
        self._make = make

    def objects(self) -> list[object | None]:
        """What the records stand for."""
        return [None if record is None else self._make(record) for record in self]


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
    return Cell("key", partial(global_id, noun))


def money_of(column: str) -> Cell:
    """Hundredths as an amount; None where none is known."""
    return Cell(column, _money)


def _money(cents: int | None) -> Decimal | None:
    return None if cents is None else money(cents)
