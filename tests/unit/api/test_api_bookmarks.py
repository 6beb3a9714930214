"""Bookmarks: opaque, waited for, bounded."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bookmarks import Bookmarks, read_bookmark, write_bookmark
from graph.errors import BadInput


def standing(*versions: int, seconds: float = 5) -> tuple[Bookmarks, list[int]]:
    """Bookmarks over a graph that is at these versions, one after the other, and what was asked of it."""
    asked: list[int] = []

    async def projected() -> int:
        asked.append(versions[min(len(asked), len(versions) - 1)])
        return asked[-1]

    return Bookmarks(lambda: versions[-1], projected, seconds), asked


@given(st.integers(0, 10**14))
def test_a_bookmark_is_read_as_it_was_written(version: int):
    assert read_bookmark(write_bookmark(version)) == version


@given(st.text(max_size=60))
def test_any_other_text_is_none(text: str):
    with pytest.raises(BadInput, match="none of ours"):
        read_bookmark(text)


async def test_the_graph_is_asked_until_it_has_followed_and_not_again():
    bookmarks, asked = standing(3, 3, 5)

    assert await bookmarks.reached(write_bookmark(5))
    assert await bookmarks.reached(write_bookmark(4))
    assert asked == [3, 3, 5]


async def test_a_wait_is_bounded():
    bookmarks, _ = standing(3, seconds=0)

    assert not await bookmarks.reached(write_bookmark(4))


async def test_the_newest_bookmark_is_that_of_the_log():
    bookmarks, _ = standing(3, 9)

    assert read_bookmark(await bookmarks.newest()) == 9


QUERY = {"query": '{ customer(key: "ann") { key } }'}


@pytest.fixture
def bookmarked(serve: Any) -> Any:
    return serve(bookmarks=standing(3, seconds=0)[0])


def test_a_query_whose_bookmark_the_graph_has_not_reached_is_told_so(bookmarked: Any):
    headers = {"Authorization": f"Bearer {bookmarked.secrets['both']}"}

    early = bookmarked.client.post("/graphql", json=QUERY, headers=headers | {"Renmai-Bookmark": write_bookmark(4)})
    there = bookmarked.client.post("/graphql", json=QUERY, headers=headers | {"Renmai-Bookmark": write_bookmark(3)})
    strange = bookmarked.client.post("/graphql", json=QUERY | {"extensions": {"bookmark": "x"}}, headers=headers)
    wrong = bookmarked.client.post("/graphql", json=QUERY | {"extensions": {"bookmark": 7}}, headers=headers)

    assert (early.status_code, early.json()["errors"][0]["extensions"]["code"]) == (504, "TIMEOUT")
    assert there.json()["data"] == {"customer": {"key": "ann"}}
    assert strange.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert wrong.status_code == 400


def test_an_answer_to_a_mutation_carries_a_bookmark(bookmarked: Any):
    answer = bookmarked.post("mutation { recordEvents(input: {events: []}) { __typename } }")

    assert answer.json()["extensions"]["bookmark"] == write_bookmark(3) == answer.headers["renmai-bookmark"]
    assert "cost" in answer.json()["extensions"]
