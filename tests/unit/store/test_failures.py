"""What stores refuse is told in one line, without secrets."""

from pathlib import Path

import pytest
from neo4j.exceptions import Neo4jError, ServiceUnavailable

from graph.errors import QueryRefused, RenmaiError, StoreUnavailable
from graph.store import StoreConfig
from graph.store.connection import Login, check_address
from graph.store.embedded_home import Passwords
from graph.store.failures import explained, one_line, shown


def explain(error: Exception, *, reading: bool = False) -> RenmaiError:
    with (
        pytest.raises(RenmaiError) as told,
        explained("bolt://graph:7687", "ann", timeout_seconds=3, reading=reading),
    ):
        raise error
    return told.value


def neo4j_error(code: str, message: str) -> Neo4jError:
    return Neo4jError._hydrate_neo4j(code=code, message=message)  # pyright: ignore  no public constructor keeps a code


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("Neo.ClientError.Security.Unauthorized", StoreUnavailable, "set NEO4J_USER and NEO4J_PASSWORD"),
        ("Neo.ClientError.Security.Forbidden", StoreUnavailable, "may only be read"),
        ("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", StoreUnavailable, "may only be read"),
        ("Neo.ClientError.General.WriteOnReadOnlyAccessDatabase", StoreUnavailable, "may only be read"),
        ("Neo.ClientError.Database.DatabaseNotFound", StoreUnavailable, "NEO4J_DATABASE"),
        ("Neo.TransientError.General.DatabaseUnavailable", StoreUnavailable, "not running"),
        ("Neo.ClientError.Transaction.TransactionTimedOut", QueryRefused, "ran out of time (3 s)"),
        ("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration", QueryRefused, "ran out of time (3 s)"),
        ("Neo.ClientError.Statement.SyntaxError", QueryRefused, "broken in two"),
    ],
)
def test_each_refusal_says_what_to_do(code: str, kind: type[RenmaiError], says: str) -> None:
    told = explain(neo4j_error(code, "broken\n in two"))

    assert type(told) is kind
    assert says in str(told)
    assert "\n" not in str(told)


def test_a_full_disk_is_named() -> None:
    told = explain(neo4j_error("Neo.DatabaseError.General.UnknownError", "write: No space left on device"))

    assert isinstance(told, StoreUnavailable)
    assert "disk" in str(told)


def test_a_write_where_only_reading_is_allowed_is_the_statements_fault() -> None:
    told = explain(neo4j_error("Neo.ClientError.Statement.AccessMode", "Writing not allowed"), reading=True)

    assert isinstance(told, QueryRefused)
    assert "Only reading is allowed" in str(told)


@pytest.mark.parametrize("error", [ServiceUnavailable("gone"), ConnectionRefusedError(111, "refused")])
def test_a_store_that_cannot_be_reached_names_its_address(error: Exception) -> None:
    told = explain(error)

    assert isinstance(told, StoreUnavailable)
    assert "bolt://graph:7687" in str(told)
    assert "NEO4J_URI" in str(told)


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(KeyError), explained("bolt://graph:7687", "ann", timeout_seconds=3):
        raise KeyError("x")


def test_long_messages_are_cut() -> None:
    assert len(one_line("x y " * 1000)) == 500


def test_a_password_in_an_address_is_not_shown() -> None:
    assert shown("bolt://ann:sesame@graph:7687") == "bolt://graph:7687"

    with pytest.raises(StoreUnavailable) as told:
        check_address("bolt://ann:sesame@graph:7687")
    assert "sesame" not in str(told.value)


@pytest.mark.parametrize("uri", ["http://graph:7474", "graph:7687", "::::", "", "bolt://"])
def test_an_address_that_is_none_is_refused_with_an_example(uri: str) -> None:
    with pytest.raises(StoreUnavailable, match="bolt://host:7687"):
        check_address(uri)


def test_no_password_stands_in_the_text_of_an_object() -> None:
    shown_texts = [
        repr(StoreConfig(Path("data"), "bolt://graph", "ann", "sesame")),
        repr(Login("ann", "sesame")),
        repr(Passwords("sesame", "sesame")),
    ]

    assert not [text for text in shown_texts if "sesame" in text]
