"""What hangs on each of many parents, told in one way: as a resolver of each, and at once for all of them.

A field that is made by `page_of` or `one_of` has an ordinary resolver; besides, the resolver says how it finds its
answer (`children_of`), so that the executor can ask for all parents of a list without calling a resolver for each
(`api.graphql.plain`). Either way the same loaders read the same rows, one statement a level.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, cast

from strawberry.types.field import StrawberryField

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Context, Info
from api.graphql.errors import ApiError, Code
from api.graphql.loaders import Batch
from graph.queries.packing import column_beside
from graph.queries.paging import Record
from graph.queries.reader import ByKey, Columns

Given = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Children:
    """How a field finds its answer: `batch` is asked by the parent's `key`, `made` turns what it tells into objects."""

    batch: Batch[Any]
    key: str
    given: Callable[[Mapping[str, Any]], Given]
    """The field's arguments → the batch's further arguments."""
    made: Callable[[Context, str, Any], object]
    """(context, the parent's key, what the batch told) → the object; None where there is none."""
    narrow: Batch[Any] | None = None
    """The same for who says last which columns are told: `made` of pages, and records as they are of anything else."""
    beside: str | None = None
    """The name under which the parents' rows can tell it themselves (`Listing.beside`), with their key as its `key`."""

    async def of(self, context: Context, given: Given, parent: object) -> object:
        """The object that hangs on the parent, read together with its neighbours'."""
        key = getattr(parent, self.key)
        return self.made(context, key, await context.loaders.load(self.batch, key, *given))

    async def of_all(
        self, context: Context, given: Given, columns: Columns, column: str, parents: Sequence[Any]
    ) -> Sequence[object]:
        """What hangs on each of the parents; those with one key share it.

        `columns` are those of its rows of which something is told, where that is known. Parents are objects, or records
        whose `column` holds their key.
        """
        keys: list[str] = _of_each(parents, self.key, column)
        if (beside := self._beside(columns, keys, parents)) is not None:
            return beside
        if columns is None or self.narrow is None:
            told = await context.loaders.load_all(self.batch, keys, *given)
        else:
            told = await context.loaders.load_all(self.narrow, keys, *given, columns)
        made: dict[str, object] = {
            key: one if isinstance(one, dict) else self.made(context, key, one) for key, one in told.items()
        }
        return [made[key] for key in keys]

    def needs(self, column: str, columns: Columns) -> frozenset[str]:
        """What is read of the parents' records to tell these columns: their key, and what they can tell themselves."""
        return frozenset({column, *self._columns_beside(columns or frozenset())})

    def _columns_beside(self, columns: frozenset[str]) -> Mapping[str, str]:
        """Column of the parents' records → what it tells."""
        return {} if self.beside is None else {column_beside(self.beside, one): one for one in columns if one != "key"}

    def _beside(self, columns: Columns, keys: list[str], parents: Sequence[Any]) -> Sequence[object] | None:
        """What the parents' own records tell of it, one for those with one key; None where they do not."""
        if self.beside is None or columns is None or not parents or not isinstance(parents[0], dict):
            return None
        told = self._columns_beside(columns)
        if not told.keys() <= parents[0].keys():
            return None
        found = {
            key: {"key": key, **{name: parent[column] for column, name in told.items()}}
            for key, parent in dict(zip(keys, cast("Sequence[Record]", parents), strict=True)).items()
        }
        return [found[key] for key in keys]


@dataclass(frozen=True, slots=True)
class Several:
    """How a field finds the many things that its parent names: `key` holds their keys, those that are gone left out."""

    batch: ByKey[Any]
    key: str
    make: Callable[[Any], object]

    def given(self, _: Mapping[str, Any]) -> Given:
        """It takes no arguments."""
        return ()

    async def of(self, context: Context, parent: object) -> list[object]:
        """What one parent names, read together with what its neighbours name."""
        told = [await context.loaders.load(self.batch, key) for key in getattr(parent, self.key)]
        return [self.make(row) for row in told if row is not None]

    async def of_all(
        self, context: Context, _: Given, columns: Columns, column: str, parents: Sequence[Any]
    ) -> Sequence[object]:
        """What each of the parents names; as for `Children`."""
        lists: list[list[str]] = _of_each(parents, self.key, column)
        keys = list(dict.fromkeys(key for keys in lists for key in keys))
        if columns is None:
            rows = await context.loaders.load_all(self.batch, keys)
            told = {key: None if row is None else self.make(row) for key, row in rows.items()}
        else:
            told = await context.loaders.load_all(self.batch.records, keys, columns)
        return [[one for key in keys if (one := told[key]) is not None] for keys in lists]


@dataclass(frozen=True, slots=True)
class OutOfColumn:
    """How a field is made of a column of its parent's own and of its arguments."""

    key: str
    given: Callable[[Mapping[str, Any]], Given]
    made: Callable[..., object]
    """(the column's value, what was given …) → the field."""

    def of(self, arguments: Mapping[str, Any], parent: object) -> object:
        """The field of one parent."""
        return self.made(getattr(parent, self.key), *self.given(arguments))

    async def of_all(
        self, _context: Context, given: Given, _columns: Columns, column: str, parents: Sequence[Any]
    ) -> Sequence[object]:
        """The field of each of the parents; as for `Children`."""
        return [self.made(value, *given) for value in _of_each(parents, self.key, column)]


Found = Children | Several | OutOfColumn


def _of_each(parents: Sequence[Any], attribute: str, column: str) -> list[Any]:
    """An attribute of every object, or a column of every record."""
    read: Callable[[Any], Any] = attrgetter(attribute)
    if parents and isinstance(parents[0], dict):
        read = itemgetter(column)
    return list(map(read, parents))


def page_of(batch: Batch[Any], counts: Batch[int], order: str, make: Callable[[Any], object]) -> Callable[..., Any]:
    """A resolver of a page of each parent's list, counted by `counts`; `order` is what its cursors hold for."""

    def given(arguments: Mapping[str, Any]) -> Given:
        return (slice_of(PageArguments(**arguments), order),)

    # `Connection[object](…)` would note on every connection what kind it is, which costs more than the connection.
    kind: type[Connection[object]] = Connection

    def made(context: Context, key: str, page: Any) -> object:
        return connect(kind, page, order, make, partial(context.loaders.load, counts, key))

    found = Children(batch, "key", given, made, narrow=batch)

    async def resolve(
        self: Any, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ):
        wanted = given({"first": first, "after": after, "last": last, "before": before})
        return await found.of(info.context, wanted, self)

    return _marked(resolve, found)


def one_of(
    batch: Batch[Any],
    make: Callable[[Any], object],
    key: str = "key",
    gone: str | None = None,
    beside: str | None = None,
) -> Callable[..., Any]:
    """A resolver of the one thing that hangs on each parent; `key` is what the batch is asked by.

    Where there is none it is None; with `gone` the field is refused as NOT_FOUND: "There is no `gone` KEY any more."
    `beside` names what the parents' own statement can tell of it (`Children.beside`).
    """

    def made(_: Context, key: str, row: Any) -> object:
        if row is None and gone is not None:
            raise ApiError(Code.NOT_FOUND, f"There is no {gone} {key!r} any more.")
        return None if row is None else make(row)

    found = Children(batch, key, lambda _: (), made, batch.records if isinstance(batch, ByKey) else None, beside)

    async def resolve(self: Any, info: Info):
        return await found.of(info.context, (), self)

    return _marked(resolve, found)


def several_of(batch: ByKey[Any], make: Callable[[Any], object], key: str) -> Callable[..., Any]:
    """A resolver of the things whose keys stand in each parent's `key`, in their order; who is gone is left out."""
    found = Several(batch, key, make)

    async def resolve(self: Any, info: Info):
        return await found.of(info.context, self)

    return _marked(resolve, found)


def told_by(found: OutOfColumn) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a resolver as one that `found` stands for."""
    return lambda resolve: _marked(resolve, found)


def _marked(resolve: Callable[..., Any], found: Found) -> Callable[..., Any]:
    resolve.__dict__["children"] = found
    return resolve


def children_of(field: StrawberryField) -> Found | None:
    """How the field's resolver finds its answer, where it was made here."""
    resolver: Any = field.base_resolver  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    found = None if resolver is None else getattr(resolver.wrapped_func, "children", None)
    return found if isinstance(found, Found) else None
