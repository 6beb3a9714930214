"""Cutting pages, and the bounds of a keyset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.queries.paging import Entry, Ordering, Position, Slice, bounds, cut, order_by, turned

ENTRIES = [Entry(f"row{n}", Position(n, f"k{n}")) for n in range(3)]
HERE = Position(9, "k9")


def test_one_row_too_many_says_that_there_is_more():
    page = cut(ENTRIES, Slice(limit=2))

    assert [entry.row for entry in page.entries] == ["row0", "row1"]
    assert (page.has_next, page.has_previous) == (True, False)


def test_a_page_read_from_the_end_is_turned_round():
    page = cut(ENTRIES, Slice(limit=2, backward=True, before=HERE))

    assert [entry.row for entry in page.entries] == ["row1", "row0"]
    assert (page.has_next, page.has_previous) == (True, True)


def test_behind_a_place_there_is_something_before():
    page = cut(ENTRIES, Slice(limit=5, after=HERE))

    assert (page.has_next, page.has_previous) == (False, True)


@given(st.integers(0, 5), st.integers(0, 6), st.booleans())
def test_a_page_is_never_longer_than_its_limit(limit: int, count: int, backward: bool):
    entries = [Entry(n, Position(n, str(n))) for n in range(min(count, limit + 1))]

    page = cut(entries, Slice(limit, backward))

    assert len(page.entries) == min(limit, len(entries))
    assert (page.has_previous if backward else page.has_next) is (len(entries) > limit)


@pytest.mark.parametrize(
    ("descending", "backward", "expected"),
    [
        (False, False, "ORDER BY sort_value ASC, k ASC"),
        (False, True, "ORDER BY sort_value DESC, k DESC"),
        (True, False, "ORDER BY sort_value DESC, k ASC"),
        (True, True, "ORDER BY sort_value ASC, k DESC"),
    ],
)
def test_equals_come_by_ascending_key_whichever_way_a_list_is_sorted(descending: bool, backward: bool, expected: str):
    assert order_by(Ordering("v", "k", descending), "k", backward) == expected


def test_after_a_place_is_what_the_order_puts_behind_it():
    after = bounds(turned(Ordering("v", "k")), after=True, before=False)

    assert after == " WHERE (sort_value < $after_value OR (sort_value = $after_value AND k > $after_key))"
    assert bounds(Ordering("v", "k"), after=False, before=False) == ""
