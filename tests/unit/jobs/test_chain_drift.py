"""Drift between runs: what grew, faded, shifted, came and went, told with its reason."""

from datetime import UTC, datetime

import polars as pl
import pytest

from graph.errors import BadInput
from graph.jobs.drift import ChainDrift, Change, drifted, judged
from graph.log.scores import ScoreTable
from graph.queries.run import RunRow

NOON, EVENING, LATE = (660, 780), (1080, 1200), (1260, 1440)


def row(first: str, then: str, lift: float, *, slot=EVENING, log_q=-20.0, customers=200, width=1.1):
    """A row of the table of chains: a lift, and an interval of so many times it."""
    return {
        "first_category_id": first, "first_start_minute": NOON[0], "first_end_minute": NOON[1],
        "first_day_kind": "weekday", "then_category_id": then, "then_start_minute": slot[0],
        "then_end_minute": slot[1], "gap": "next_day", "customers": customers, "confidence": 0.3, "lift": lift,
        "lift_low": lift / width, "lift_high": lift * width, "log_q": log_q, "stronger": -1,
    }  # fmt: skip


def table(*rows):
    return judged(pl.DataFrame(rows), 0.05, 30)


def test_what_rose_and_what_fell_is_told_and_what_stayed_is_not():
    before = table(row("coffee", "tea", 2.0), row("tea", "cake", 3.0), row("milk", "bread", 1.5))
    after = table(row("coffee", "tea", 3.0), row("tea", "cake", 1.2, log_q=-1.0), row("milk", "bread", 1.52))

    found = {one.first_category_id: one for one in drifted(before, after)}

    assert {name: one.change for name, one in found.items()} == {"coffee": Change.GREW, "tea": Change.FADED}
    assert found["coffee"].reason.startswith("Its lift rose from 2.00 to 3.00 (q ")
    assert found["tea"].reason.endswith(", and it is confirmed no more.")


def test_a_chain_that_fades_in_one_slot_and_stands_in_another_has_shifted():
    before = table(row("coffee", "tea", 3.0), row("coffee", "tea", 1.0, slot=LATE, log_q=0.0))
    after = table(row("coffee", "tea", 1.0, log_q=0.0), row("coffee", "tea", 3.0, slot=LATE))

    [found] = drifted(before, after)

    assert found.change is Change.SHIFTED
    assert (found.then_slot, found.shifted_to) == (EVENING, (NOON, LATE))
    assert "now stand at 11:00–13:00 and 21:00–24:00 with lift 3.00" in found.reason


def test_what_only_one_run_tried_came_or_went_and_has_no_test():
    found = drifted(table(row("coffee", "tea", 3.0)), table(row("tea", "cake", 2.0)))

    assert {(one.change, one.lift_before, one.lift_after, one.q_value) for one in found} == {
        (Change.WENT, 3.0, None, None), (Change.CAME, None, 2.0, None)
    }  # fmt: skip


def test_what_is_never_confirmed_is_not_compared():
    weak = row("coffee", "tea", 2.0, log_q=-1.0)

    assert drifted(table(weak), table(weak | {"lift": 9.0, "lift_low": 8.0, "lift_high": 10.0})) == []


def test_a_run_with_itself_has_no_drift():
    same = table(row("coffee", "tea", 2.0), row("tea", "cake", 3.0))

    assert drifted(same, same) == []


class Runs:
    """A reader that knows two runs."""

    async def read(self, statement, parameters=None):
        known = {
            key: {**dict.fromkeys(RunRow.__dataclass_fields__), "key": key, "kind": kind, "scope": "*",
                  "state": "succeeded", "is_current": False, "parameters": "{}",
                  "started_at": datetime(2026, 1, 1, tzinfo=UTC)}
            for key, kind in (("one", "chains"), ("two", "chains"), ("moves", "influence"))
        }  # fmt: skip
        return [known[key] for key in parameters["keys"] if key in known]


async def test_the_tables_of_two_runs_are_compared(tmp_path):
    chains = ScoreTable.open(tmp_path, "chains")
    chains.write("one", pl.DataFrame([row("coffee", "tea", 2.0)]))
    chains.write("two", pl.DataFrame([row("coffee", "tea", 3.0)]))

    [found] = await ChainDrift(Runs(), tmp_path).between("one", "two")

    assert (found.change, found.lift_before, found.lift_after) == (Change.GREW, 2.0, 3.0)


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("none", "there is no run 'none'"),
        ("moves", "run 'moves' is an influence run"),
        ("two", "run 'two' tried no chains"),
    ],
)
async def test_a_run_that_cannot_be_compared_is_said(tmp_path, run, told):
    ScoreTable.open(tmp_path, "chains").write("one", pl.DataFrame([row("coffee", "tea", 2.0)]))

    with pytest.raises(BadInput, match=told):
        await ChainDrift(Runs(), tmp_path).between("one", run)
