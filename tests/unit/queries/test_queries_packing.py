"""A packed statement can be narrowed to the columns that are read; one that forgets a column is told off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import pytest

from graph.queries.packing import Beside, packed
from graph.queries.paging import Entry, Position, Recorded, Slice, cut
from graph.queries.reader import ByKey, Columns, made_of
from graph.store.statement import ORDER, Statement, cypher


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    at: datetime | None
    cents: int | None


WHOLE = packed(
    "MATCH (o:Order)",
    "parent, o.key AS key, o.at AS at, coalesce(o.cents, [0, 1][0]) AS cents",
    Row,
    {"parent": ""},
    order=" ORDER BY parent",
    key=ORDER,
)


def test_a_narrowed_statement_looks_up_and_sends_only_what_is_asked_for():
    narrow = WHOLE.only(frozenset({"parent", "cents", "at"}))

    assert narrow.text == (
        "MATCH (o:Order) WITH parent, o.at AS at, coalesce(o.cents, [0, 1][0]) AS cents ORDER BY parent"
        " RETURN collect([parent, toString(at), cents]) AS rows"
    )
    assert narrow.packed == ("parent", "at", "cents")
    assert narrow.kinds == ("", "instant", "")
    assert narrow.keys == WHOLE.keys
    assert narrow.whole == WHOLE.text


def test_the_same_columns_give_the_same_statement():
    assert WHOLE.only(frozenset({"key"})) is WHOLE.only(frozenset({"key"}))
    assert WHOLE.only(None) is WHOLE
    assert WHOLE.only(frozenset({"parent", "key", "at", "cents"})).text == WHOLE.text


def test_what_only_sorts_is_bound_but_not_sent():
    narrow = WHOLE.only(frozenset({"cents"}))

    assert narrow.text == (
        "MATCH (o:Order) WITH parent, coalesce(o.cents, [0, 1][0]) AS cents ORDER BY parent"
        " RETURN collect([cents]) AS rows"
    )


@dataclass(frozen=True, slots=True)
class Buyer:
    key: str
    since: datetime | None


def test_what_is_bound_beside_a_row_is_told_where_it_is_asked_for():
    beside: dict[str, Beside] = {"buyer": ("c.key AS key, c.since AS since", Buyer)}
    columns: LiteralString = "o.key AS key, o.at AS at, o.cents AS cents"
    whole = packed("MATCH (o:Order)<-[:PLACED]-(c)", columns, Row, {}, beside)

    assert "buyer" not in whole.text
    narrow = whole.only(frozenset({"key", "buyer__since"}))
    assert narrow.text == (
        "MATCH (o:Order)<-[:PLACED]-(c) WITH o.key AS key, c.since AS buyer__since"
        " RETURN collect([key, toString(buyer__since)]) AS rows"
    )
    assert narrow.packed == ("key", "buyer__since")
    assert narrow.kinds == ("", "instant")


def test_rows_of_which_nothing_is_told_are_still_counted():
    assert WHOLE.only(frozenset()).packed == ("parent",)


def test_a_page_of_records_makes_rows_when_they_are_asked_for():
    records = [{"key": str(n), "cents": n, "sort_value": n, "sort_key": str(n)} for n in range(3)]

    page = cut(Recorded(records, lambda record: made_of(Row, record)), Slice(2, backward=True))

    assert list(page.entries) == [
        Entry(Row("1", None, 1), Position(1, "1")),
        Entry(Row("0", None, 0), Position(0, "0")),
    ]
    assert page.has_previous


class _Told:
    """A store that always tells the same."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = records

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        return [dict(one) for one in self.records]


FORGETFUL = ByKey(cypher("UNWIND $keys AS key MATCH (o:Order {key: key}) RETURN key, o.at AS at"), Row)


async def test_a_column_that_a_statement_forgot_is_no_unknown_value():
    with pytest.raises(KeyError, match="the statement of Row tells no cents"):
        await FORGETFUL(_Told({"key": "a", "at": None}), ["a"])


@pytest.mark.parametrize("columns", [frozenset({"at"}), frozenset[str](), frozenset({"at", "id"})])
async def test_columns_that_nobody_asked_for_may_be_absent(columns: Columns):
    assert await FORGETFUL.records(_Told({"key": "a", "at": None}), ["a", "b"], columns) == [
        {"key": "a", "at": None},
        None,
    ]
