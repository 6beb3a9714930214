"""A world is its request, whole or not there at all, and no larger in memory for lasting longer."""

import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import BadInput
from loaders.world import WorldRequest, generate

SMALL = WorldRequest(customers=300, days=40, seed=5, truth_runs=20)


def content(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(SMALL, tmp_path / name)

    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_looks_change_nothing_but_the_views(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "one")
    generate(replace(SMALL, looks=True), tmp_path / "two")

    one, two = (pl.read_parquet(tmp_path / name / "events-*.parquet") for name in ("one", "two"))

    assert set(one["id"]).isdisjoint(two["id"])
    seen, more = (events.filter(pl.col("kind") == "view").height for events in (one, two))
    assert more > seen
    without = [events.filter(pl.col("kind") != "view").drop("id") for events in (one, two)]
    assert without[0].equals(without[1])


def test_another_seed_gives_another_world_with_other_event_ids(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "one")
    generate(replace(SMALL, seed=6), tmp_path / "two")

    one, two = (pl.read_parquet(tmp_path / name / "events-*.parquet") for name in ("one", "two"))

    assert set(one["id"]).isdisjoint(two["id"])
    assert not one.drop("id").head(1_000).equals(two.drop("id").head(1_000))


def test_how_often_the_truth_is_simulated_does_not_touch_the_events(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "one")
    generate(replace(SMALL, truth_runs=50), tmp_path / "two")

    one, two = (pl.read_parquet(tmp_path / name / "events-*.parquet") for name in ("one", "two"))

    assert one.equals(two)


def test_the_summary_counts_what_was_written_and_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    summary = generate(SMALL, tmp_path / "world", lambda done, total: told.append((done, total)))

    events = pl.read_parquet(list(summary.event_files))
    assert summary.events == events.height
    assert dict(summary.by_kind) == dict(events["kind"].value_counts().iter_rows())
    assert told == [(day, 40) for day in range(1, 41)]
    assert {path.name for path in summary.truth.iterdir()} == {"truth.json", "ties.parquet", "customers.parquet"}


def test_a_killed_run_leaves_no_folder_and_the_next_one_clears_up(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from loaders.world import WorldRequest, generate\n"
        "kill = lambda done, total: os.kill(os.getpid(), signal.SIGKILL) if done == 20 else None\n"
        "generate(WorldRequest(customers=300, days=40, seed=5, truth_runs=20), Path(sys.argv[1]), kill)"
    )

    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "world")], check=False)

    assert killed.returncode == -9
    assert [path.name for path in tmp_path.iterdir()] == [".world.partial"]
    generate(SMALL, tmp_path / "world")
    generate(SMALL, tmp_path / "undisturbed")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["undisturbed", "world"]
    assert content(tmp_path / "world") == content(tmp_path / "undisturbed")


def test_a_folder_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(BadInput, match="there already"):
        generate(SMALL, tmp_path)

    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BadInput, match=r"cannot be written to .*file/world"):
        generate(SMALL, tmp_path / "file" / "world")


def test_memory_does_not_grow_with_the_days(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "warm")
    peaks: list[int] = []
    for days in (20, 80):
        tracemalloc.start()
        generate(WorldRequest(300, days, seed=5, truth_runs=1, rows_a_file=300), tmp_path / str(days))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.2 * peaks[0]
    assert len(list((tmp_path / "80").glob("events-*.parquet"))) > 10


def test_the_size_of_files_does_not_touch_the_events(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "one")
    generate(replace(SMALL, rows_a_file=300), tmp_path / "two")

    one, two = (pl.read_parquet(tmp_path / name / "events-*.parquet") for name in ("one", "two"))

    assert one.equals(two)


@pytest.mark.parametrize(
    ("given_wrongly", "message"),
    [
        ({"customers": 5}, "customers must be from 100 to 5,000,000, not 5"),
        ({"days": 0}, "days must be from 7"),
        ({"seed": -1}, "seed must be from 0"),
        ({"truth_runs": 0}, "truth runs must be from 1"),
        ({"push_day": 120}, "push day must be from 0 to 119, not 120"),
        ({"push_lift": 0}, "push lift must be from 1 to 20, not 0"),
        ({"start": date(1980, 1, 1)}, "year of the first day must be from 2,000"),
    ],
)
def test_what_cannot_be_generated_is_refused_with_what_can(given_wrongly: dict[str, int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        WorldRequest(**given_wrongly)  # pyright: ignore


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), days=st.integers(7, 30), customers=st.integers(100, 200))
def test_any_small_world_is_whole(
    tmp_path_factory: pytest.TempPathFactory, seed: int, days: int, customers: int
) -> None:
    folder = tmp_path_factory.mktemp("any") / "world"

    summary = generate(WorldRequest(customers, days, seed, truth_runs=1), folder)

    events = pl.read_parquet(folder / "events-*.parquet")
    people = pl.read_parquet(folder / "truth" / "customers.parquet")
    assert events["at"].is_sorted()
    assert events["id"].n_unique() == summary.events
    acted = events.join(people.select("customer", "registered_at"), on="customer")
    assert (acted["at"] >= acted["registered_at"]).all()
    assert set(events["customer"].drop_nulls()) == set(people["customer"])
