"""A packed statement can be narrowed to the columns that are read."""

from dataclasses import dataclass
from datetime import datetime

from graph.queries.packing import packed
from graph.queries.paging import Entry, Position, Recorded, Slice, cut
from graph.queries.reader import made_of
from graph.store.statement import ORDER


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
    narrow = WHOLE.only(frozenset({"cents", "at"}))

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
    assert WHOLE.only(frozenset({"key", "at", "cents"})).text == WHOLE.text


def test_a_page_of_records_makes_rows_when_they_are_asked_for():
    records = [{"key": str(n), "cents": n, "sort_value": n, "sort_key": str(n)} for n in range(3)]

    page = cut(Recorded(records, lambda record: made_of(Row, record)), Slice(2, backward=True))

    assert list(page.entries) == [
        Entry(Row("1", None, 1), Position(1, "1")),
        Entry(Row("0", None, 0), Position(0, "0")),
    ]
    assert page.has_previous
