"""What is told out of records alone is what objects made of them would have told."""

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_fakes import services, small_shop
from strawberry.extensions import SchemaExtension

from api.answers import AnswerStore
from api.graphql.context import Caller, Context, Scope
from api.graphql.schema import make_schema
from graph.queries import product
from graph.queries.paging import Page

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
async def test_records_tell_what_objects_tell_in_no_more_statements(query: str, shop_services: Any):
    told, few = await asked(TOLD, shop_services, query)
    resolved, all_ = await asked(RESOLVED, shop_services, query)

    assert told == resolved
    assert list(told) == list(resolved)
    # What the lines' statement tells of products is not asked for again.
    beside = {text for text, _ in all_} - {text for text, _ in few}
    assert beside <= {product.BY_KEYS.text}
    assert sorted(text for text, _ in few) == sorted(text for text, _ in all_ if text not in beside)


async def test_only_selected_columns_are_asked_for(shop_services: Any):
    query = "{ customers { nodes { city orders { nodes { amount lines { nodes { product { name } } } } } } } }"

    _, reads = await asked(TOLD, shop_services, query)

    assert [packed for _, packed in reads] == [
        ("key", "city"),
        ("parent", "key", "amount_cents"),
        ("parent", "sku", "product__name"),
    ]


async def test_what_hangs_on_rows_made_otherwise_is_asked_for_by_itself(shop_services: Any):
    query = "{ customers { nodes { orders { nodes { lines { totalCount nodes { sku product { name } } } } } } } }"

    told, reads = await asked(TOLD, shop_services, query)
    resolved, _ = await asked(RESOLVED, shop_services, query)

    assert product.BY_KEYS.text in [text for text, _ in reads]
    assert told == resolved


@pytest.mark.parametrize("placed", ["edges { cursor }", "pageInfo { hasNextPage }", "pageInfo { endCursor }"])
async def test_where_rows_stand_is_asked_for_with_what_tells_it(shop_services: Any, placed: str):
    query = f"{{ customers(first: 1) {{ nodes {{ city }} {placed} }} }}"

    told, reads = await asked(TOLD, shop_services, query)
    resolved, _ = await asked(RESOLVED, shop_services, query)

    assert [packed for _, packed in reads] == [("sort_value", "sort_key", "city")]
    assert told == resolved


async def test_what_an_operation_read_is_freed_without_the_collector(shop_services: Any):
    query = f"{{ customers {{ nodes {{ key orders {{ nodes {{ key {LINES} }} }} }} }} }}"

    def pages() -> int:
        return sum(type(one) is Page for one in gc.get_objects())

    gc.collect()
    before = pages()
    gc.disable()
    try:
        told, _ = await asked(TOLD, shop_services, query)
        await asyncio.sleep(0)  # the event loop holds what it told last until it is asked again
        left = pages() - before
    finally:
        gc.enable()

    assert told["customers"]["nodes"][0]["orders"]["nodes"]
    assert left == 0
