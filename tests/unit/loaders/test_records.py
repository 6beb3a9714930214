"""Records that are read in pieces are the same as records that are read together."""

import polars as pl

from loaders import records
from loaders.records import LINE, ROW, Records, joined, pieces
from loaders.rejection import Rejected, RejectReason


def part(name: str, kept: list[int], lost: list[int]) -> Records:
    frame = pl.DataFrame(
        {ROW: kept, LINE: kept, "kind": [f"{name}{row}" for row in kept]}, schema_overrides={ROW: pl.UInt32}
    )
    unread = tuple(Rejected(RejectReason.UNREADABLE, None, None, "", f"{name}{row}", None, row, row) for row in lost)
    return Records(frame, unread, lambda row: f"{name}{row}")


def test_rows_are_numbered_through_and_raw_texts_stay_theirs():
    together = joined([part("a", [0, 2], [1]), part("b", [], [0]), part("c", [1], [0])])

    assert together.count == 6
    assert together.frame.select(ROW, "kind").rows() == [(0, "a0"), (2, "a2"), (5, "c1")]
    assert [(one.row, one.raw) for one in together.unread] == [(1, "a1"), (3, "b0"), (4, "c0")]
    assert [together.raw(row) for row in range(6)] == ["a0", "a1", "a2", "b0", "c0", "c1"]


def test_pieces_end_with_the_batch_and_the_next_batch_goes_on(monkeypatch):
    monkeypatch.setattr(records, "PIECE", 4)
    rows = iter(range(10))

    assert [list(pieces(rows, 6)), list(pieces(rows, 6)), list(pieces(rows, 6))] == [
        [[0, 1, 2, 3], [4, 5]],
        [[6, 7, 8, 9]],
        [],
    ]
