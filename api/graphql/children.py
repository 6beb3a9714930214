"""What hangs on each of many parents, told in one way: as a resolver of each, and at once for all of them.

A field that is made by `page_of` or `one_of` has an ordinary resolver; besides, the resolver says how it finds its
answer (`children_of`), so that the executor can ask for all parents of a list without calling a resolver for each
(`api.graphql.plain`). Either way the same loaders read the same rows, one statement a level.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any

from strawberry.types.field import StrawberryField

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Context, Info
from api.graphql.errors import ApiError, Code
from api.graphql.loaders import Batch
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
        key_of: Callable[[Any], str] = attrgetter(self.key)
        if parents and isinstance(parents[0], dict):
            key_of = itemgetter(column)
        keys = list(map(key_of, parents))
        if columns is None or self.narrow is None:
            told = await context.loaders.load_all(self.batch, keys, *given)
        else:
            told = await context.loaders.load_all(self.narrow, keys, *given, columns)
        made: dict[str, object] = {
            key: one if isinstance(one, dict) else self.made(context, key, one) for key, one in told.items()
        }
        return [made[key] for key in keys]


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
    batch: Batch[Any], make: Callable[[Any], object], key: str = "key", gone: str | None = None
) -> Callable[..., Any]:
    """A resolver of the one thing that hangs on each parent; `key` is what the batch is asked by.

    Where there is none it is None; with `gone` the field is refused as NOT_FOUND: "There is no `gone` KEY any more."
    """

    def made(_: Context, key: str, row: Any) -> object:
        if row is None and gone is not None:
            raise ApiError(Code.NOT_FOUND, f"There is no {gone} {key!r} any more.")
        return None if row is None else make(row)

    found = Children(batch, key, lambda _: (), made, narrow=batch.records if isinstance(batch, ByKey) else None)

    async def resolve(self: Any, info: Info):
        return await found.of(info.context, (), self)

    return _marked(resolve, found)


def _marked(resolve: Callable[..., Any], found: Children) -> Callable[..., Any]:
    resolve.__dict__["children"] = found
    return resolve


def children_of(field: StrawberryField) -> Children | None:
    """How the field's resolver finds its answer, where it was made here."""
    resolver: Any = field.base_resolver  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    found = None if resolver is None else getattr(resolver.wrapped_func, "children", None)
    return found if isinstance(found, Children) else None
