"""What is kept in memory of the log says the same as its files, whoever wrote, however much is kept."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from graph.log import EVENTS, EventLog
from graph.log.once import OnceTable
from graph.log.recent import Recent
from tests.event_rows import event, frame


def batch(first: int, count: int) -> pl.DataFrame:
    return frame(
        event("login", 700 * number, customer=f"c{number % 3}", id=f"e{number}")
        for number in range(first, first + count)
    )


def opened(folder: Path, most: int) -> OnceTable:
    return OnceTable(folder, EVENTS, stats=("kind", "at"), most_rows=most)


def recent(most: int) -> Recent:
    return Recent(0, 0, pl.DataFrame(schema={"log_version": pl.Int64}), most)


def rows_of(version: int, count: int) -> pl.DataFrame:
    return pl.DataFrame({"log_version": [version] * count}, schema={"log_version": pl.Int64})


def test_of_too_many_rows_the_newer_half_stays_and_a_version_is_never_cut():
    kept = recent(4)
    for version in (1, 2, 3):
        kept = kept.with_gained(rows_of(version, 2), version)

    # The third of six rows from the end belongs to version 2, which goes as a whole.
    assert (kept.after, kept.version) == (2, 3)
    assert kept.rows["log_version"].to_list() == [3, 3]
    assert kept.covers(2, 3)
    assert not kept.covers(1, 3)
    assert not kept.covers(2, 4)


def test_one_version_with_more_rows_than_are_kept_leaves_nothing_in_memory():
    kept = recent(4).with_gained(rows_of(1, 9), 1)

    assert (kept.after, kept.version, kept.rows.height) == (1, 1, 0)


def test_many_small_gains_are_joined_into_few_pieces():
    kept = recent(10_000)
    for version in range(1, 201):
        kept = kept.with_gained(rows_of(version, 1), version)

    assert kept.rows["log_version"].to_list() == list(range(1, 201))
    assert kept.rows.n_chunks() <= 32


def test_pieces_of_unlike_lengths_are_joined_too():
    kept, expected = recent(10_000), list[int]()
    for version in range(1, 201):
        count = (1, 5, 40)[version % 3]
        kept = kept.with_gained(rows_of(version, count), version)
        expected += [version] * count

    assert kept.rows["log_version"].to_list() == expected
    assert kept.rows.n_chunks() <= 32


GAINS = """
from datetime import UTC, datetime
import polars as pl, psutil
from graph.log import EVENTS
from graph.log.recent import Recent

def gained(version):
    row = {"id": f"ab12cd-{version}-FAVOURITE", "kind": "favourite", "customer": f"customer-{version:08}",
           "at": datetime.now(UTC), "clock_zone": "Asia/Shanghai", "source": "the-first-system", "log_version": version}
    return pl.DataFrame([row], schema=EVENTS)

kept = Recent(0, 0, pl.DataFrame(schema=EVENTS))
for version in range(1, 2_101):
    kept = kept.with_gained(gained(version), version)
    if version == 100:
        before = psutil.Process().memory_info().rss
print(kept.rows.height, psutil.Process().memory_info().rss - before)
"""


def test_rows_with_long_texts_hold_no_more_memory_than_their_own_bytes():
    printed = subprocess.run([sys.executable, "-c", GAINS], capture_output=True, text=True, check=True).stdout

    rows, grown = map(int, printed.split())
    assert rows == 2_100
    # 0.6 MiB of rows; each gain with buffers of its own for its texts would be 18 KiB.
    assert grown < 10 * 2**20


STEPS = st.lists(st.tuples(st.sampled_from(["mine", "theirs", "compact"]), st.integers(1, 4)), min_size=1, max_size=6)


@settings(deadline=None, max_examples=25)
@given(STEPS, st.sampled_from([0, 3, 1_000]), st.data())
def test_memory_and_files_say_the_same_between_all_versions(
    steps: list[tuple[str, int]], most: int, data: st.DataObject
):
    with TemporaryDirectory() as folder:
        mine, theirs, first = opened(Path(folder), most), opened(Path(folder), 0), 0
        for number, (what, count) in enumerate(steps, start=1):
            if what == "compact":
                theirs.table.compact()
            else:
                writer = mine if what == "mine" else theirs
                # The first event of each batch repeats the last of the one before.
                done = writer.append(batch(max(0, first - 1), count + 1), loader=what, batch=number)
                assert done.accepted == (count if first else count + 1)
                first = max(0, first - 1) + count + 1
            if data.draw(st.booleans()):
                mine.scan(after=data.draw(st.integers(0, number))).collect()
        newest = mine.table.fresh().version()
        after, up_to = data.draw(st.integers(0, newest)), data.draw(st.none() | st.integers(0, newest + 1))

        read = mine.scan(after=after, up_to=up_to).collect().sort("id")

        files = pl.scan_delta(folder).filter(pl.col("log_version") > after)
        files = files if up_to is None else files.filter(pl.col("log_version") <= up_to)
        assert_frame_equal(read, files.collect().sort("id"))


def test_what_is_in_memory_is_read_without_opening_a_file(tmp_path: Path):
    table = opened(tmp_path, 1_000)
    table.append(batch(0, 3), loader="x", batch=1)
    assert table.scan().collect().height == 3
    table.append(batch(3, 2), loader="x", batch=2)
    for file in tmp_path.rglob("*.parquet"):
        file.unlink()

    assert sorted(table.scan(up_to=2).collect()["id"]) == ["e0", "e1", "e2", "e3", "e4"]


@pytest.mark.parametrize(("most", "files"), [(4, None), (3, 2)])
def test_a_log_is_compacted_once_its_days_hold_more_small_files_than_it_may(
    tmp_path: Path, most: int, files: int | None
):
    log = EventLog.open(tmp_path)
    # Of six files four are beyond the first of their day.
    for number in range(6):
        day = frame([event("login", 2_000 * (number % 2), customer="ann", id=f"e{number}")])
        log.append(day, loader="x", batch=number + 1)

    done = log.compact_if_scattered(most)

    assert (done and done.files_after) == files
    assert log.read(["id"]).to_series().to_list() == ["e0", "e2", "e4", "e1", "e3", "e5"]
    assert log.compact_if_scattered(0) is None if done else True


def test_a_log_of_many_scattered_days_is_compacted_some_days_at_a_time(tmp_path: Path):
    log = EventLog.open(tmp_path)
    for number in range(3):
        days = [event("login", 1_440 * day, customer="ann", id=f"e{day}-{number}") for day in range(20)]
        log.append(frame(days), loader="x", batch=number + 1)

    # 20 days of three files each; in one turn sixteen of them are joined.
    turns = [log.compact_if_scattered(0) for _ in range(3)]

    assert [one and (one.files_before, one.files_after) for one in turns] == [(60, 28), (28, 20), None]
    assert len(log.read(["id"])) == 60
