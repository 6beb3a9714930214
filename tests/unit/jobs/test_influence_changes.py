"""Whose influence changed between two runs: by a share, over the edge of the highest, page by page."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import BadInput
from graph.jobs.score_changes import Changed, ChangesAsked, InfluenceChanges, Top, changed
from graph.log.scores import ScoreTable
from graph.queries.paging import Slice
from graph.queries.run import BY_KEYS, RunRow

ALL = Slice(1_000)


def table(**spreads: float) -> pl.DataFrame:
    ranked = sorted(spreads.items(), key=lambda one: (-one[1], one[0]))
    rows = [(who, spread, rank) for rank, (who, spread) in enumerate(ranked, 1)]
    return pl.DataFrame(rows, {"customer_id": pl.String, "spread": pl.Float64, "rank": pl.Int64}, orient="row")


def moved(before: pl.DataFrame, after: pl.DataFrame, asked: ChangesAsked) -> Changed:
    return Changed(changed(before, after, asked))


def test_more_than_the_share_of_the_higher_score_is_a_change_and_the_share_itself_is_not():
    before, after = table(ann=10.0, bob=10.0, cat=8.0, dan=7.9), table(ann=8.0, bob=7.9, cat=10.0, dan=10.0)

    found = moved(before, after, ChangesAsked(0.2, 0)).page(ALL)

    assert [(entry.row.customer_id, entry.row.spread_before, entry.row.spread_after) for entry in found.entries] == [
        ("bob", 10.0, 7.9),
        ("dan", 7.9, 10.0),
    ]


def test_who_crosses_the_edge_of_the_highest_is_told_however_little_they_moved():
    before, after = table(ann=3.0, bob=2.0, cat=1.99), table(ann=3.0, bob=1.99, cat=2.0)

    found = {entry.row.customer_id: entry.row for entry in moved(before, after, ChangesAsked(0.5, 2)).page(ALL).entries}

    assert {key: row.top for key, row in found.items()} == {"bob": Top.LEFT, "cat": Top.ENTERED}
    assert (found["cat"].rank_before, found["cat"].rank_after) == (3, 2)


def test_who_moves_nobody_is_never_among_the_highest():
    assert len(moved(table(ann=1.0, bob=0.0), table(aaa=0.0, ann=1.0, bob=0.0), ChangesAsked(0.2, 2))) == 0


def test_who_is_in_one_run_alone_counts_as_nothing_in_the_other():
    found = moved(table(ann=1.0), table(bob=2.0), ChangesAsked(0.9, 0)).page(ALL)

    told = [(one.row.customer_id, one.row.spread_before, one.row.spread_after) for one in found.entries]
    assert told == [("bob", None, 2.0), ("ann", 1.0, None)]


SCORES = st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=10)


@given(SCORES, SCORES, st.integers(1, 4), st.booleans())
def test_pages_hold_everybody_once_in_order_either_way(
    before: dict[str, float], after: dict[str, float], size: int, backward: bool
):
    found = moved(table(**before), table(**after), ChangesAsked(0.1, 3))
    everybody = [entry.row for entry in found.page(ALL).entries]
    read, end = [], None
    while True:
        bounds = {"before" if backward else "after": end} if end else {}
        page = found.page(Slice(size, backward=backward, **bounds))
        rows = [entry.row for entry in page.entries]
        read = rows + read if backward else read + rows
        if not (page.has_previous if backward else page.has_next):
            break
        end = page.entries[0 if backward else -1].position

    assert read == everybody
    assert len(found) == len(everybody)


class Runs:
    """A reader that knows these runs."""

    def __init__(self, **scopes: str) -> None:
        self.scopes = scopes

    async def read(self, statement: object, parameters: dict[str, list[str]]) -> list[dict[str, object]]:
        assert statement is BY_KEYS
        nothing = dict.fromkeys(RunRow.__dataclass_fields__)
        return [
            nothing | {"key": key, "kind": "influence", "scope": self.scopes[key], "state": "succeeded"}
            for key in parameters["keys"]
            if key in self.scopes
        ]


@pytest.mark.parametrize(
    ("after", "told"),
    [("nothing", "no run 'nothing'"), ("other", "compare runs of one scope"), ("gone", "its table is gone")],
)
async def test_runs_that_cannot_be_compared_are_told_why(tmp_path, after: str, told: str):
    ScoreTable.open(tmp_path, "influence").write("run", table(ann=1.0))
    changes = InfluenceChanges(Runs(run="*", gone="*", other="till"), tmp_path)  # pyright: ignore[reportArgumentType]

    with pytest.raises(BadInput, match=told):
        await changes.between("run", after, ChangesAsked())


@pytest.mark.parametrize(("share", "top"), [(1.0, 0), (-0.1, 0), (float("nan"), 0), (0.2, -1), (0.2, 10_001)])
def test_shares_and_numbers_that_cannot_be_are_refused(share: float, top: int):
    with pytest.raises(BadInput, match="must be from 0"):
        ChangesAsked(share, top)
