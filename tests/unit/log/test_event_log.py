"""The event log keeps each event once, whatever is repeated, and gives back exactly what came between two versions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from polars.testing import assert_frame_equal

from graph.errors import LogUnavailable
from graph.log import EVENTS, EventLog, Unchanged
from graph.log.delta import check_room
from graph.log.known_ids import KnownIds, hash_ids, sorted_run
from tests.event_rows import event, frame

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def events(*ids: str, day: int = 1) -> pl.DataFrame:
    at = NOON + timedelta(days=day - 1)
    rows = [
        {
            "id": id_,
            "kind": "purchase",
            "customer": "王小明",
            "at": at,
            "local_at": at.replace(tzinfo=None),
            "slot": 12,
            "day": at.date(),
            "amount": Decimal("12.30"),
            "quantity": 1.5,
            "received_at": NOON,
        }
        for id_ in ids
    ]
    return pl.DataFrame([{name: row.get(name) for name in EVENTS} for row in rows], schema=EVENTS, orient="row").drop(
        "log_version"
    )


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog.open(tmp_path / "log")


def test_a_new_log_is_empty_and_at_version_nought(log: EventLog):
    assert log.version == 0
    assert log.scan().collect().schema == EVENTS
    assert log.scan().collect().is_empty()
    assert log.latest_batch("shop") is None


def test_a_row_comes_back_as_it_went_in_with_the_version_that_brought_it(log: EventLog):
    log.append(events("a"), loader="shop", batch=1)

    expected = events("a").with_columns(log_version=pl.lit(1, dtype=pl.Int64))
    assert_frame_equal(log.scan().collect(), expected)


def test_a_repeated_batch_is_a_no_op(log: EventLog):
    log.append(events("a", "b"), loader="shop", batch=1)

    again = log.append(events("a", "b"), loader="shop", batch=1)

    assert (again.version, again.accepted, again.repeated, again.already) == (1, 0, 2, True)
    assert log.version == 1


def test_ids_that_the_log_has_are_repeats_and_the_first_in_a_batch_counts(log: EventLog):
    log.append(events("a", "b"), loader="shop", batch=1)

    second = log.append(events("b", "c", "c", "d", day=2), loader="shop", batch=2)

    assert second.fresh.to_list() == [False, True, False, True]
    assert (second.version, second.accepted, second.repeated) == (2, 2, 2)
    assert log.read(["id", "day"]).rows() == [
        ("a", date(2024, 3, 1)),
        ("b", date(2024, 3, 1)),
        ("c", date(2024, 3, 2)),
        ("d", date(2024, 3, 2)),
    ]


def test_a_log_that_is_opened_anew_knows_its_ids_and_batches(tmp_path: Path):
    EventLog.open(tmp_path).append(events("a", "b"), loader="shop", batch=7)

    reopened = EventLog.open(tmp_path)

    assert reopened.latest_batch("shop") == 7
    assert reopened.append(events("b", "z"), loader="other", batch=1).fresh.to_list() == [False, True]


def test_a_batch_without_news_makes_no_version(log: EventLog):
    log.append(events("a"), loader="shop", batch=1)

    assert log.append(events("a"), loader="shop", batch=2).version == 1
    assert log.version == 1


def test_reads_between_versions_give_what_came_between_them(log: EventLog):
    for number, id_ in enumerate("abc", start=1):
        log.append(events(id_), loader="shop", batch=number)

    assert log.read(["id"], after=1).to_series().to_list() == ["b", "c"]
    assert log.read(["id"], up_to=2).to_series().to_list() == ["a", "b"]
    assert log.read(["id"], after=1, up_to=2).to_series().to_list() == ["b"]
    assert log.read(["id"], where=pl.col("id") != "b").to_series().to_list() == ["a", "c"]


def test_a_frame_that_was_made_before_a_commit_does_not_see_it(log: EventLog):
    log.append(events("a"), loader="shop", batch=1)
    before = log.scan()

    log.append(events("b"), loader="shop", batch=2)

    assert before.select("id").collect().to_series().to_list() == ["a"]


def test_compaction_joins_files_and_leaves_rows_versions_and_digest(log: EventLog):
    for number in range(1, 6):
        log.append(events(f"id{number}"), loader="shop", batch=number)
    rows, digest = log.read(EVENTS.names()), log.digest()

    done = log.compact()

    assert (done.files_before, done.files_after) == (5, 1)
    assert_frame_equal(log.read(EVENTS.names()), rows)
    assert log.digest() == digest
    assert log.read(["id"], after=3).to_series().to_list() == ["id4", "id5"]
    assert log.append(events("id3", "id6"), loader="shop", batch=6).fresh.to_list() == [False, True]


def test_the_digest_does_not_see_order_or_batches(tmp_path: Path):
    one, other = EventLog.open(tmp_path / "one"), EventLog.open(tmp_path / "other")
    one.append(events("a", "b", "c"), loader="shop", batch=1)
    other.append(events("c"), loader="x", batch=1)
    other.append(events("b", "a"), loader="y", batch=1)

    assert one.digest() == other.digest()


def test_the_digest_sees_a_changed_cent_and_a_missing_row(tmp_path: Path):
    logs = [EventLog.open(tmp_path / str(number)) for number in range(3)]
    logs[0].append(events("a", "b"), loader="shop", batch=1)
    logs[1].append(events("a"), loader="shop", batch=1)
    changed = events("a", "b").with_columns(amount=pl.lit(Decimal("12.31")))
    logs[2].append(changed, loader="shop", batch=1)

    assert len({log.digest() for log in logs}) == 3


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path):
    (tmp_path / "log").write_text("hello")

    with pytest.raises(LogUnavailable, match="log is a file, not a folder"):
        EventLog.open(tmp_path / "log")


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path):
    (tmp_path / "photo.jpg").write_text("hello")

    with pytest.raises(LogUnavailable, match=r"holds photo.jpg and is no Delta table"):
        EventLog.open(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.jpg"]


def test_another_delta_table_is_refused_with_the_column_that_it_lacks(tmp_path: Path):
    pl.DataFrame({"x": [1]}).write_delta(str(tmp_path / "other"))

    with pytest.raises(LogUnavailable, match="is another Delta table: it lacks the column id"):
        EventLog.open(tmp_path / "other")


def test_a_log_of_an_earlier_release_gains_the_columns_that_came_since(tmp_path: Path):
    folder, later = tmp_path / "log", ["clock_zone", "on_clock"]
    old = frame([event("login", customer="ann")]).with_columns(log_version=pl.lit(1, pl.Int64))
    old.drop(later).write_delta(str(folder), delta_write_options={"partition_by": "day"})

    log = EventLog.open(folder)
    log.append(frame([event("login", customer="bob"), event("login", customer="ann")]), loader="test", batch=1)

    assert log.read(["customer", *later]).sort("customer").rows() == [
        ("ann", None, None),
        ("bob", "Asia/Shanghai", False),
    ]


def test_a_disk_that_may_be_too_small_is_told_before_anything_is_written():
    check_room("data/log", 10 * 2**20, 6 * 2**20)

    with pytest.raises(
        LogUnavailable, match=r"data/log is on a disk with 5 MiB free and the next batch may need 6 MiB"
    ):
        check_room("data/log", 10 * 2**20, 6 * 2**20 - 1)


def test_the_days_of_all_ids_of_one_hash_are_looked_into():
    known = KnownIds()
    run = sorted_run(hash_ids(pl.Series(["a", "a", "b"])), np.array([1, 2, 3], dtype=np.int32))
    known.runs.append(run)

    suspect, days = known.suspects(pl.Series(["a", "x"]))

    assert suspect.tolist() == [True, False]
    assert days.tolist() == [1, 2]


def test_known_ids_are_found_however_they_came():
    known = KnownIds()
    ids = [f"id{number}" for number in range(500)]
    for number, id_ in enumerate(ids):
        known.add(pl.Series([id_]), pl.Series([date(2024, 3, 1)]), version=number + 1)

    assert len(known) == 500
    assert len(known.runs) < 12
    assert known.suspects(pl.Series([*ids, "other"]))[0].tolist() == [True] * 500 + [False]


def test_threads_that_append_at_once_lose_and_double_nothing(log: EventLog):
    batches = [events(f"id{number}", f"id{number + 1}") for number in range(12)]

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda one: log.append(one[1], loader=f"l{one[0]}", batch=1), enumerate(batches)))

    assert sum(one.accepted for one in done) == 13
    assert log.read(["id"])["id"].n_unique() == log.scan().collect().height == 13


def test_writers_without_a_lock_between_them_lose_and_double_nothing(tmp_path: Path):
    EventLog.open(tmp_path / "log")
    # An object store has no lock: an address with a scheme takes that way, on this folder.
    logs = [EventLog.open(f"file://{tmp_path}/log") for _ in range(3)]

    with ThreadPoolExecutor(3) as threads:
        done = list(
            threads.map(lambda n: logs[n % 3].append(events(f"id{n}", "shared"), loader=f"w{n % 3}", batch=n), range(9))
        )

    rows = logs[0].scan().collect()
    assert sum(one.accepted for one in done) == rows.height == rows["id"].n_unique() == 10


def guarded(log: EventLog, batch: int, *conditions: tuple[dict[str, object], int | None], by: str = "b") -> list[str]:
    """What became of each event."""
    rows, since = [row for row, _ in conditions], [version for _, version in conditions]
    done = log.append(frame(rows), loader=by, batch=batch, unchanged=Unchanged(since))
    assert done.held is not None
    assert len(rows) == done.accepted + done.repeated + int(done.held.sum())
    return ["in" if fresh else "held" if held else "repeat" for fresh, held in zip(done.fresh, done.held, strict=True)]


def test_an_event_is_held_back_where_its_subject_was_spoken_of_since(log: EventLog):
    said = [
        event("profile", customer="ann", properties={"city": "a"}),
        event("consent", customer="bob", properties={"sharing": True}),
        event("register", customer="cat"),
        event("profile", product="tea", properties={"name": "a"}),
        event("profile", store="west", properties={"name": "a"}),
        event("profile", channel="app", properties={"online": True}),
        event("referral_review", customer="dan", properties={"decision": "voided"}),
        event("purchase", customer="eve", order="o1", product="nuts", store="east", channel="mall", amount="1"),
    ]
    log.append(frame(said), loader="a", batch=1)
    subjects = [{"customer": key} for key in ("ann", "bob", "cat", "dan", "eve")]
    subjects += [{"product": "tea"}, {"store": "west"}, {"channel": "app"}]
    subjects += [{"product": "nuts"}, {"store": "east"}, {"channel": "mall"}, {"customer": "tea"}]

    stale = [event("profile", 1, **subject, properties={"name": "b"}) for subject in subjects]
    review = [event("referral_review", 1, customer=key, properties={"decision": "approved"}) for key in ("dan", "ann")]
    found = guarded(log, 1, *((row, 0) for row in (*stale, *review)))

    held = {"ann", "bob", "cat", "tea", "west", "app"}
    assert found[:-2] == [
        "held" if next(iter(subject.values())) in held and subject != {"customer": "tea"} else "in"
        for subject in subjects
    ]
    assert found[-2:] == ["held", "in"]
    # Who has seen version 1, or sets no condition, writes; what was recorded already is a repeat, not a conflict.
    newer = event("profile", 2, customer="ann", properties={"name": "c"})
    assert guarded(log, 2, (newer, 1), (stale[5], None), (said[0], 0)) == ["in", "in", "repeat"]


def test_of_two_conditions_on_one_subject_in_one_batch_the_first_goes_in(log: EventLog):
    rows = [event("profile", minute, customer="ann", properties={"name": "a"}) for minute in range(3)]

    assert guarded(log, 1, (rows[0], 0), (rows[1], 0), (rows[2], None)) == ["in", "held", "in"]
    assert guarded(log, 2, (event("profile", 9, customer="ann", properties={}), 0)) == ["held"]
    assert log.version == 1


def test_of_writers_that_looked_at_one_version_one_gets_in(tmp_path: Path):
    logs = [EventLog.open(tmp_path / "log") for _ in range(4)]
    rows = [event("profile", number, customer="ann", properties={"name": str(number)}) for number in range(4)]

    def write(number: int) -> list[str]:
        return guarded(logs[number], 1, (rows[number], 0), by=f"writer {number}")

    with ThreadPoolExecutor(4) as pool:
        found = [one for done in pool.map(write, range(4)) for one in done]

    assert sorted(found) == ["held", "held", "held", "in"]
    assert logs[0].scan().collect().height == 1


KEPT = "delta.logRetentionDuration"
REPLACED = "delta.deletedFileRetentionDuration"


def test_a_file_that_compaction_replaced_goes_after_its_time(tmp_path: Path):
    log = EventLog.open(tmp_path)
    for number in range(4):
        log.append(events(f"e{number}"), loader="a", batch=number)
    log.compact()
    replaced = sorted(set(tmp_path.glob("day=*/*.parquet")) - {tmp_path / path for path in log_files(tmp_path)})
    assert len(replaced) == 4

    DeltaTable(tmp_path).alter.set_table_properties({REPLACED: "interval 0 seconds"})
    assert EventLog.open(tmp_path).compact().files_dropped == 4
    assert not any(path.exists() for path in replaced)
    assert set(EventLog.open(tmp_path).read(["id"])["id"]) == {"e0", "e1", "e2", "e3"}


def log_files(folder: Path) -> list[str]:
    return pl.DataFrame(DeltaTable(folder).get_add_actions(flatten=True))["path"].to_list()


def test_commits_in_a_checkpoint_go_and_whoever_looked_away_meanwhile_catches_up(tmp_path: Path):
    away = EventLog.open(tmp_path)
    away.append(events("first"), loader="a", batch=1)
    DeltaTable(tmp_path).alter.set_table_properties({KEPT: "interval 0 seconds"})
    writer = EventLog.open(tmp_path)
    for number in range(205):
        writer.append(events(f"e{number}"), loader="b", batch=number)

    assert not (tmp_path / "_delta_log" / f"{1:020}.json").exists()
    assert away.version == writer.version
    assert set(away.read(["id"])["id"]) == {"first", *(f"e{number}" for number in range(205))}
    again = away.append(events("first", "last"), loader="a", batch=2)
    assert (again.accepted, again.repeated) == (1, 1)
    assert writer.append(events("other"), loader="a", batch=2).already


def test_a_log_of_an_earlier_release_keeps_few_commits_and_a_time_of_ones_own_stays(tmp_path: Path):
    write_deltalake(tmp_path, pl.DataFrame(schema=EVENTS), partition_by="day")
    EventLog.open(tmp_path)
    configured = DeltaTable(tmp_path).metadata().configuration
    assert (configured[KEPT], configured[REPLACED]) == ("interval 10 minutes", "interval 1 days")

    DeltaTable(tmp_path).alter.set_table_properties({KEPT: "interval 9 days"})
    EventLog.open(tmp_path)
    assert DeltaTable(tmp_path).metadata().configuration[KEPT] == "interval 9 days"
    assert EventLog.open(tmp_path / "new").version == 0
