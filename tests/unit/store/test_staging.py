"""Columns are checked before they fill a store."""

from datetime import UTC, datetime

import polars as pl
import pytest

from graph.store import NodeRows, TieRows
from graph.store.bolt_fill import node_statement, tie_statement
from graph.store.staging import check

PEOPLE = pl.DataFrame({"id": ["ann", "bob"]})


def people(frame: pl.DataFrame = PEOPLE) -> NodeRows:
    return NodeRows("Person", "id", frame)


def knows(frame: pl.DataFrame) -> TieRows:
    return TieRows("KNOWS", "Person", "id", "Person", "id", frame)


def test_sound_columns_pass() -> None:
    check([people()], [knows(pl.DataFrame({"start": ["ann"], "end": ["bob"], "n": [1]}))])


@pytest.mark.parametrize(
    ("frame", "kind", "says"),
    [
        (pl.DataFrame({"id": ["ann", "ann"]}), ValueError, "two nodes Person have the key 'ann'"),
        (pl.DataFrame({"id": ["ann", None]}), ValueError, "a node Person has no id"),
        (pl.DataFrame({"id": [1, 2]}), TypeError, "must be a string"),
        (PEOPLE.with_columns(n=pl.lit(1, pl.Int32)), TypeError, "column 'n' of `Person` is Int32"),
        (PEOPLE.with_columns(at=pl.lit(datetime(2024, 5, 6))), TypeError, "'at'"),  # noqa: DTZ001
        (PEOPLE.with_columns(x=float("nan")), ValueError, "not finite"),
        (PEOPLE.with_columns(pl.lit(1, pl.Int64).alias("a`b")), ValueError, "free of backticks"),
    ],
)
def test_nodes_that_a_store_would_refuse_are_refused_first(frame: pl.DataFrame, kind: type, says: str) -> None:
    with pytest.raises(kind, match=says):
        check([people(frame)], [])


@pytest.mark.parametrize("end", ["carl", None])
def test_a_tie_to_nowhere_is_refused_with_its_key(end: str | None) -> None:
    lost = pl.DataFrame({"start": ["ann"], "end": [end]}, schema_overrides={"end": pl.String})

    with pytest.raises(ValueError, match=f"1 ties KNOWS end at no Person: {end!r} is one"):
        check([people()], [knows(lost)])


def test_one_label_may_come_in_parts_that_share_no_key() -> None:
    with pytest.raises(ValueError, match="'ann'"):
        check([people(), people(PEOPLE.head(1))], [])


def test_statements_quote_every_name_and_read_instants_out_of_text() -> None:
    frame = pl.DataFrame({"id": ["a"], "at": [datetime(2024, 5, 6, tzinfo=UTC)], "day": [datetime(2024, 5, 6).date()]})  # noqa: DTZ001
    ties = knows(pl.DataFrame({"start": ["a"], "end": ["a"], "at": frame["at"]}))

    assert node_statement(NodeRows("Person", "id", frame)).text == (
        "UNWIND $rows AS row CREATE (n:`Person`) SET n = row[0], n.`at` = datetime(row[1]), n.`day` = date(row[2])"
    )
    assert tie_statement(ties).text == (
        "UNWIND $rows AS row MATCH (a:`Person` {`id`: row[0]}) MATCH (b:`Person` {`id`: row[1]}) "
        "CREATE (a)-[t:`KNOWS`]->(b) SET t = row[2], t.`at` = datetime(row[3])"
    )
