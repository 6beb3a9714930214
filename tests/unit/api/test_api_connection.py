"""Cursors and page arguments."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.graphql.connection import PageArguments, read_cursor, slice_of, write_cursor
from api.graphql.errors import ApiError
from graph.queries.paging import Position, Slice

VALUES = st.one_of(
    st.text(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(UTC)),
)


@given(VALUES, st.text())
def test_a_cursor_holds_its_position_exactly(value: Any, key: str):
    position = Position(value, key)

    found = read_cursor("orders", write_cursor("orders", position))

    assert found == position
    assert type(found.value) is type(value)


@given(st.text(max_size=40))
def test_any_other_text_is_a_typed_refusal(text: str):
    with pytest.raises(ApiError) as refused:
        read_cursor("orders", text)

    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "token",
    ['[2,"orders","s","a","b"]', '[1,"orders","i","a","b"]', '[1,"orders","t","x","b"]', '[1,"orders","s","a"]'],
)
def test_a_cursor_of_another_version_or_of_no_sense_is_refused(token: str):
    cursor = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")

    with pytest.raises(ApiError):
        read_cursor("orders", cursor)


def test_a_cursor_of_another_list_says_so():
    cursor = write_cursor("customers.key.asc", Position("a", "a"))

    with pytest.raises(ApiError, match="another list or order"):
        read_cursor("customers.key.desc", cursor)


def test_twenty_are_given_where_nobody_says_how_many():
    assert slice_of(PageArguments(), "orders") == Slice(limit=20)


def test_the_last_three_before_a_place_are_read_backwards():
    position = Position(datetime(2026, 3, 2, tzinfo=UTC), "o1")

    found = slice_of(PageArguments(last=3, before=write_cursor("orders", position)), "orders")

    assert found == Slice(limit=3, backward=True, before=position)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (PageArguments(first=1, last=1), "not both"),
        (PageArguments(first=-1), "`first` must be from 0 to 100, not -1"),
        (PageArguments(last=101), "`last` must be from 0 to 100, not 101"),
    ],
)
def test_sizes_that_cannot_be_used_are_told_with_their_limit(arguments: PageArguments, told: str):
    with pytest.raises(ApiError, match=told):
        slice_of(arguments, "orders")


def test_a_page_goes_on_where_its_last_cursor_points(api: Any):
    cursor = api.data("{ customers(first: 1) { pageInfo { hasNextPage endCursor } } }")["customers"]["pageInfo"]
    api.reader.reads.clear()

    api.data("query($a: String) { customers(first: 1, after: $a) { nodes { key } } }", a=cursor["endCursor"])

    assert cursor["hasNextPage"] is True
    [(_, parameters)] = api.reader.reads
    assert parameters == {"limit": 1, "after_value": "ann", "after_key": "ann"}
