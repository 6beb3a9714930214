"""A run's scores are replaced as a whole and come back in their own order."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from graph.errors import LogUnavailable
from graph.log import ScoreTable

SCORES = pl.DataFrame({"customer": ["丙", "甲", "乙"], "spread": [0.3, 0.1, 0.2], "rank": [1, 3, 2]})


def test_a_run_comes_back_in_the_order_it_was_written(tmp_path: Path):
    table = ScoreTable.open(tmp_path, "influence")

    table.write("run-1", SCORES)

    assert_frame_equal(table.read("run-1"), SCORES)


def test_writing_a_run_again_replaces_it_and_leaves_the_others(tmp_path: Path):
    table = ScoreTable.open(tmp_path, "influence")
    table.write("run-1", SCORES)
    table.write("run-2", SCORES)

    table.write("run-1", SCORES.head(1))
    table.write("run-1", SCORES.head(1))

    assert_frame_equal(table.read("run-1"), SCORES.head(1))
    assert_frame_equal(table.read("run-2"), SCORES)


def test_a_run_that_was_never_written_is_none(tmp_path: Path):
    table = ScoreTable.open(tmp_path, "influence")

    assert table.read("run-1") is None
    table.write("run-1", SCORES)
    assert table.read("run-2") is None


def test_a_run_id_that_could_break_a_predicate_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="run_id must be letters"):
        ScoreTable.open(tmp_path, "influence").write("x' OR 'a'='a", SCORES)


def test_a_column_that_came_later_is_empty_for_the_runs_before(tmp_path: Path):
    table = ScoreTable.open(tmp_path, "influence")
    table.write("run-1", SCORES)

    table.write("run-2", SCORES.with_columns(revenue=1.0))

    before, after = table.read("run-1"), table.read("run-2")
    assert before is not None
    assert after is not None
    assert before.select(SCORES.columns).equals(SCORES)
    assert before["revenue"].null_count() == SCORES.height
    assert after.select(*SCORES.columns, "revenue").equals(SCORES.with_columns(revenue=1.0))


def test_somebody_elses_table_is_named(tmp_path: Path):
    pl.DataFrame({"x": [1]}).write_delta(str(tmp_path / "influence"))

    with pytest.raises(LogUnavailable, match="is another Delta table: it lacks the column _row"):
        ScoreTable.open(tmp_path, "influence").write("run-1", SCORES)
