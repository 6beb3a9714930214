"""Plain fields are told at once, and answer to the letter what the usual way answers."""

import gc
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql.execution.collect_fields import CollectedFields
from strawberry.extensions import SchemaExtension

from api.graphql.children import one_of, page_of
from api.graphql.connection import Connection
from api.graphql.loaders import Loaders
from api.graphql.plain import PlainExecutor
from graph.errors import StoreUnavailable
from graph.queries.paging import Entry, Page, Position, Slice


@strawberry.interface
class Named:
    name: str


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.type
class Point:
    x: int
    y: float | None


@strawberry.type
class Thing(Named):
    colour: Colour
    point: Point | None
    tags: list[str]

    @strawberry.field
    def twin(self) -> "Point":
        return Point(x=self.point.x if self.point else 0, y=-1.0)

    @strawberry.field
    async def scaled(self, by: int = 2) -> float:
        return float(by)


def thing(name: Any = "a", x: Any = 1, y: Any = 0.5) -> Thing:
    return Thing(name=name, colour=Colour.RED, point=Point(x=x, y=y), tags=["t"])


@strawberry.type
class Query:
    @strawberry.field
    def things(self) -> list[Thing | None]:
        return MADE

    @strawberry.field
    def named(self) -> list[Named]:
        return [one for one in MADE if one is not None]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def moved(self) -> AsyncGenerator[Thing]:
        while True:
            yield thing()


MADE: list[Any] = []
USUAL, PLAIN = (strawberry.Schema(Query, types=[Thing], execution_context_class=kind) for kind in (None, PlainExecutor))
QUERIES = [
    "{ things { name point { x y } } }",
    "{ things { name colour point { ...p } __typename } } fragment p on Point { a: x y x }",
    "{ things { n: name ... on Named { name } point @skip(if: true) { x } } }",
    "{ things { name tags } }",
    "{ things { name twin { x y } } }",
    "{ things { scaled(by: 3) point { y } } }",
    "{ named { __typename name ... on Thing { point { x } } } }",
]


@pytest.fixture(autouse=True)
def made() -> Any:
    yield
    MADE.clear()


async def both(query: str) -> tuple[Any, Any]:
    usual, plain = await USUAL.execute(query), await PLAIN.execute(query)
    return _told(usual), _told(plain)


def _told(result: Any) -> tuple[Any, list[Any]]:
    return result.data, [error.formatted for error in result.errors or []]


@pytest.mark.parametrize("query", QUERIES)
async def test_answers_are_the_same(query: str):
    MADE[:] = [thing(), None, thing("b", 2, None)]

    usual, plain = await both(query)

    assert usual == plain
    assert not plain[1]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "odd",
    [
        thing(name=None),
        thing(name=7),
        thing(x=2**31),
        thing(x="one"),
        thing(y=float("nan")),
        thing(y=3),
        thing(y=True),
        Point(x=1, y=None),
    ],
)
async def test_what_does_not_fit_gets_the_usual_errors(query: str, odd: Any):
    MADE[:] = [thing(), odd, thing("c")]

    usual, plain = await both(query)

    assert usual == plain


async def test_a_subscription_holds_nothing_of_the_events_that_it_told():
    def held() -> int:
        gc.collect()
        return sum(type(one) is CollectedFields for one in gc.get_objects())

    schema = strawberry.Schema(Query, subscription=Subscription, execution_context_class=PlainExecutor)
    events = await schema.subscribe("subscription { moved { name tags point { x y } } }")
    told = [await anext(events) for _ in range(3)]
    before = held()
    told += [await anext(events) for _ in range(50)]

    assert held() == before
    assert [one.data for one in told] == [{"moved": {"name": "a", "tags": ["t"], "point": {"x": 1, "y": 0.5}}}] * 53
    await events.aclose()


async def test_an_extension_that_resolves_sees_every_field():
    seen: list[str] = []

    class Watch(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    watched = strawberry.Schema(Query, types=[Thing], execution_context_class=PlainExecutor, extensions=[Watch])
    MADE[:] = [thing()]

    answer = await watched.execute("{ things { name point { x } } }")

    assert not answer.errors
    assert seen == ["things", "name", "point", "x"]


@dataclass
class Asked:
    """What loaders were asked for; `broken` makes the next question fail."""

    keys: list[Sequence[str]]
    broken: bool = False


ASKED = Asked([])


async def twigs_of(_: Any, keys: Sequence[str], wanted: Slice) -> list[Page[str]]:
    if ASKED.broken:
        raise StoreUnavailable("The graph is away.")
    ASKED.keys.append(keys)
    found = [[f"{key}{letter}" for letter in "abc"[: 0 if key == "oak" else 3]] for key in keys]
    return [Page(tuple(Entry(one, Position(one, one)) for one in some[: wanted.limit])) for some in found]


async def how_many(_: Any, keys: Sequence[str]) -> list[int]:
    return [3 for _ in keys]


async def bird_of(_: Any, keys: Sequence[str]) -> list[str | None]:
    ASKED.keys.append(keys)
    return [None if key.endswith("b") else f"bird of {key}" for key in keys]


@strawberry.type
class Bird:
    name: str


@strawberry.type
class Twig:
    key: str
    bird: Bird | None = strawberry.field(resolver=one_of(bird_of, lambda row: Bird(name=row)))
    twigs: Connection["Twig"] = strawberry.field(
        resolver=page_of(twigs_of, how_many, "twigs", lambda row: Twig(key=row))
    )


@strawberry.type
class Wood:
    @strawberry.field
    def trees(self) -> list[Twig | None]:
        return [Twig(key="ash"), None, Twig(key="oak"), Twig(key="elm")]


WOODS = tuple(strawberry.Schema(Wood, execution_context_class=kind) for kind in (None, PlainExecutor))
IN_THE_WOOD = [
    "{ trees { key twigs(first: 2) { nodes { key } } } }",
    "{ trees { twigs { edges { cursor node { bird { name } key } } pageInfo { endCursor hasNextPage } } key } }",
    "{ trees { twigs(first: 2) { nodes { a: bird { name } twigs(first: 1) { nodes { key __typename } } } }"
    " bird { name } } }",
    "query($n: Int = 1) { trees { x: twigs(first: $n) { nodes { key } } y: twigs { nodes { ...k } } } }"
    " fragment k on Twig { key }",
    "{ trees { twigs { totalCount nodes { key } } } }",
    "{ trees { key twigs(first: 1000) { nodes { key } } } }",
    '{ trees { twigs(after: "nonsense") { nodes { key } } } }',
]


async def in_the_wood(schema: Any, query: str, *, broken: bool = False) -> tuple[Any, Any, int]:
    ASKED.keys.clear()
    ASKED.broken = broken
    context: Any = SimpleNamespace(loaders=Loaders(None))  # pyright: ignore[reportArgumentType]
    result = await schema.execute(query, context_value=context)
    ASKED.broken = False
    return *_told(result), len(ASKED.keys)


@pytest.mark.parametrize("query", IN_THE_WOOD)
async def test_what_hangs_on_a_list_is_told_as_resolvers_tell_it_in_as_many_questions(query: str):
    usual, level_by_level = [await in_the_wood(schema, query) for schema in WOODS]

    assert level_by_level == usual
    assert str(level_by_level[0]) == str(usual[0]), "the order of the fields"


@pytest.mark.parametrize("query", IN_THE_WOOD)
async def test_where_the_store_is_away_every_parent_gets_the_usual_error(query: str):
    usual, level_by_level = [await in_the_wood(schema, query, broken=True) for schema in WOODS]

    assert level_by_level == usual
    assert level_by_level[1]
