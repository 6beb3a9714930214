"""What is typed into a search box: words by their beginning, Chinese characters as they stand, no operators."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.queries.words import Words, words


@pytest.mark.parametrize(
    ("text", "query", "runs"),
    [
        ("王芳", '+"王芳"', ("王芳",)),
        ("燕麦 Latte", '+"燕麦" +(latte^4 latte*)', ("燕麦",)),
        ("手机iPhone15", '+"手机" +(iphone15^4 iphone15*)', ("手机",)),
        ("Jasmin's", "+(jasmin's^4 jasmin's*)", ()),
        ('a+b:c* "x" AND (', "+(a^4 a*) +(b^4 b*) +(c^4 c*) +(x^4 x*) +(and^4 and*)", ()),
        (" ?! ", "", ()),
    ],
)
def test_a_text_becomes_words_that_must_all_be_there(text: str, query: str, runs: tuple[str, ...]):
    assert words(text) == Words(query, runs)


@given(st.text())
def test_nothing_that_was_typed_is_an_operator_of_the_index(text: str):
    asked = words(text).query

    for part in asked.split(" +"):
        inner = part.lstrip("+").strip('("*)').replace("^4 ", "")
        assert not set(inner) & set('+-&|!(){}[]^"~*?:\\/'), asked
        assert inner not in {"AND", "OR", "NOT"}
