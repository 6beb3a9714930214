"""Relay connections over keyset pages: arguments, opaque cursors, edges, page information, a lazy capped count.

https://relay.dev/graphql/connections.htm. A cursor holds the sort value and the key of its row, so that pages neither
repeat nor skip what was there throughout, whatever is inserted or deleted between two of them.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import strawberry

from api.graphql.errors import bad_input
from graph.queries.paging import COUNT_CAP, NOWHERE, Page, Position, Slice, SortValue, position_of

Item = TypeVar("Item")
Row = TypeVar("Row")

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
_VERSION = 1

First = Annotated[
    int | None,
    strawberry.argument(description=f"How many from the start; {DEFAULT_SIZE} if absent, at most {LARGEST_SIZE}."),
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[
    int | None, strawberry.argument(description=f"How many from the end, at most {LARGEST_SIZE}; not with `first`.")
]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@dataclass(frozen=True, slots=True)
class PageArguments:
    """What a client asks of a connection, as it came."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


class _Token(msgspec.Struct, array_like=True):
    version: int
    order: str
    kind: str
    value: str | int | float
    key: str


def write_cursor(order: str, position: Position) -> str:
    """The position as opaque text; `order` says for which list and order it holds. ValueError for NOWHERE."""
    if position is NOWHERE:
        raise ValueError("the row was read without its place")
    value = position.value
    if value is None:
        token = _Token(_VERSION, order, "n", "", position.key)
    elif isinstance(value, datetime):
        token = _Token(_VERSION, order, "t", value.astimezone(UTC).isoformat(), position.key)
    else:
        token = _Token(_VERSION, order, type(value).__name__[0], value, position.key)
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def read_cursor(order: str, cursor: str) -> Position:
    """The position that a cursor of the same list and order holds; BAD_USER_INPUT for any other text."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        token = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=_Token)
        value = _value(token)
    except (ValueError, binascii.Error, msgspec.MsgspecError, UnicodeError) as error:
        raise bad_input(f"The cursor {cursor[:60]!r} is none of ours: pass a cursor as it came.") from error
    if (token.version, token.order) != (_VERSION, order):
        raise bad_input(
            f"The cursor {cursor[:60]!r} belongs to another list or order: start again without a cursor.",
        )
    return Position(value, token.key)


def _value(token: _Token) -> SortValue | None:
    if token.kind == "n":
        return None
    if token.kind == "t":
        value = datetime.fromisoformat(str(token.value))
        if value.tzinfo is None:
            raise ValueError("no offset")
        return value
    kinds: dict[str, type[str] | type[int] | type[float]] = {"s": str, "i": int, "f": float}
    if token.kind == "f" and isinstance(token.value, int):
        return float(token.value)
    if type(token.value) is not kinds.get(token.kind):
        raise ValueError("the value is not of its kind")
    return token.value


def slice_of(arguments: PageArguments, order: str, *, largest: int = LARGEST_SIZE) -> Slice:
    """The part of the list that is wanted; BAD_USER_INPUT for sizes and cursors that cannot be used."""
    if arguments.first is not None and arguments.last is not None:
        raise bad_input("Give `first` or `last`, not both.")
    for name, size in (("first", arguments.first), ("last", arguments.last)):
        if size is not None and not 0 <= size <= largest:
            raise bad_input(
                f"`{name}` must be from 0 to {largest}, not {size}.", argument=name, value=size, maximum=largest
            )
    asked = arguments.last if arguments.last is not None else arguments.first
    return Slice(
        limit=DEFAULT_SIZE if asked is None else asked,
        backward=arguments.last is not None,
        after=read_cursor(order, arguments.after) if arguments.after is not None else None,
        before=read_cursor(order, arguments.before) if arguments.before is not None else None,
    )


@strawberry.type(description="Where a page stands within its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="More follows behind this page.")
    has_previous_page: bool = strawberry.field(description="Something comes before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the page's last edge; null on an empty page.")


@strawberry.type(description="One item of a list, and where it stands.")
class Edge(Generic[Item]):
    """Relay's edge."""

    node: Item = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Its place in the list: pass it as `after` or `before`.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[Item]):
    """Relay's connection."""

    page: strawberry.Private[Page[Any]]
    order: strawberry.Private[str]
    make: strawberry.Private[Callable[[Any], Any]]
    counted: strawberry.Private[Callable[[], Awaitable[int]]]

    # Items and cursors are made for the fields that are selected: most clients take `nodes`, and no cursor of these.
    @strawberry.field(description="The items of the page, each with its cursor.")
    def edges(self) -> list[Edge[Item]]:
        """Made of the rows."""
        # `Edge[Item](…)` would note on every edge what kind of edge it is, which costs more than the edge.
        edge: type[Edge[Item]] = Edge
        return [edge(node=self.make(row), cursor=self._cursor(at)) for row, at in self.page.entries]

    @strawberry.field(description="The items of the page alone.")
    def nodes(self) -> list[Item]:
        """Made of the rows."""
        return [self.make(row) for row, _ in self.page.entries]

    def edges_of_records(self) -> Sequence[object]:
        """The edges, where the page has records around these: nothing is made of them."""
        records = self.page.records
        if records is None:
            return self.edges()
        edge: type[Edge[Any]] = Edge
        return [edge(node=one, cursor=self._cursor(position_of(one))) for one in records]

    def _cursor(self, position: Position) -> str:
        """None of a row that was read without its place, because no cursor is told."""
        return "" if position is NOWHERE else write_cursor(self.order, position)

    def records(self) -> Sequence[object]:
        """The page's records, where it has them."""
        records = self.page.records
        return self.nodes() if records is None else records

    @strawberry.field(description="Where the page stands within the list.")
    def page_info(self) -> PageInfo:
        """With the cursors of its ends."""
        entries = self.page.entries
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=write_cursor(self.order, entries[0].position) if entries else None,
            end_cursor=write_cursor(self.order, entries[-1].position) if entries else None,
        )

    @strawberry.field(
        description=f"How long the whole list is. It is counted only when asked for, and no further than {COUNT_CAP:,}."
    )
    async def total_count(self) -> int:
        """Asked of the graph only when the client selects it."""
        return await self.counted()


def connect(
    kind: type[Connection[Item]],
    page: Page[Row],
    order: str,
    make: Callable[[Row], Item],
    counted: Callable[[], Awaitable[int]],
) -> Connection[Item]:
    """The page as a connection of `kind`."""
    return kind(page=page, order=order, make=make, counted=counted)


PLACED = frozenset({"cursor", "page_info"})
"""Fields of connections and edges that tell where rows stand (`PLACE`)."""

WITHOUT_OBJECTS: Mapping[str, Callable[[Connection[Any]], Sequence[object]]] = {
    "edges": lambda connection: connection.edges_of_records(),
    "nodes": lambda connection: connection.records(),
}
"""Field of a connection → the same, told of records; what it needs of these is what is selected below it."""
