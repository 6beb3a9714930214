"""What is told out of records alone is what objects made of them would have told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_fakes import services, small_shop
from strawberry.extensions import SchemaExtension

from api.answers import AnswerStore
from api.graphql.context import Caller, Context, Scope
from api.graphql.schema import make_schema

LINES = "lines { nodes { sku quantity amount product { id key name brand price currency category { key } } } }"
QUERIES = (
    "{ customers { nodes { id key name city revenue orderCount registeredAt } } }",
    "{ customers { edges { cursor node { key __typename } } pageInfo { hasNextPage endCursor } } }",
    f"{{ customers(first: 1) {{ nodes {{ key orders {{ nodes {{ id key at amount {LINES} }} }} }} }} }}",
    "{ customers { nodes { orders { edges { cursor node { refunded localDate } } } acquiredVia { name } } } }",
    "{ customers { nodes { ...who orders { totalCount nodes { customer { ...who } } } } } }"
    " fragment who on Customer { key influence { rank } }",
    "{ customers { nodes { orders { nodes { a: amount b: amount lines { nodes { product { attributes } } } } } } } }",
    '{ customer(key: "ann") { revenue orders(first: 5) { pageInfo { startCursor } nodes { currency source } } } }',
    "{ customers { nodes { key @skip(if: true) city } edges { node { consentOffers } } } }",
)


@pytest.fixture
def shop_services(tmp_path: Path) -> Iterator[Any]:
    answers = AnswerStore.open(tmp_path / "answers.sqlite")
    yield services(small_shop(), answers)
    answers.close()


class Watch(SchemaExtension):
    """With an extension that looks at fields every one of them is resolved by itself."""

    def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        return _next(root, info, *args, **kwargs)


TOLD, RESOLVED = make_schema(), make_schema([Watch])


async def asked(schema: Any, services: Any, query: str) -> tuple[Any, list[tuple[str, tuple[str, ...]]]]:
    reader = services.reader
    reader.reads.clear()
    caller = Caller("someone", frozenset(Scope))
    result = await schema.execute(query, context_value=Context(services, caller))
    assert not result.errors
    return result.data, [(statement.whole or statement.text, statement.packed) for statement, _ in reader.reads]


@pytest.mark.parametrize("query", QUERIES)
async def test_records_tell_what_objects_tell_in_as_many_statements(query: str, shop_services: Any):
    told, few = await asked(TOLD, shop_services, query)
    resolved, all_ = await asked(RESOLVED, shop_services, query)

    assert told == resolved
    assert list(told) == list(resolved)
    assert sorted(text for text, _ in few) == sorted(text for text, _ in all_)


async def test_only_selected_columns_are_asked_for(shop_services: Any):
    query = "{ customers { nodes { city orders { nodes { amount lines { nodes { product { name } } } } } } } }"

    _, reads = await asked(TOLD, shop_services, query)

    place = ("sort_value", "sort_key")
    assert [packed for _, packed in reads] == [
        (*place, "key", "city"),
        ("parent", *place, "key", "amount_cents"),
        ("parent", *place, "sku"),
        ("key", "name"),
    ]
