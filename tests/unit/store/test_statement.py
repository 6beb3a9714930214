"""Statements are literals, or built of quoted names."""

import pytest

from graph.store import Statement, cypher, generated, quoted


def test_a_statement_is_its_text() -> None:
    assert cypher("RETURN 1 AS one") == generated("RETURN 1 AS one") == Statement("RETURN 1 AS one")


def test_a_name_is_quoted() -> None:
    assert quoted("Customer") == "`Customer`"
    assert quoted("类别 x") == "`类别 x`"


@pytest.mark.parametrize("name", ["", "a`b", "`) DETACH DELETE n //", "a\x00b"])
def test_a_name_that_could_leave_its_quotes_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="free of backticks"):
        quoted(name)
