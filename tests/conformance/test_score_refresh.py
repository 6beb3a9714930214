"""Freshness: what was read before is not read again; a refresh gives the scores of a full run, or keeps what stands."""

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from event_rows import START, event, frame
from random_events import random_events

from api.score_runs import BackgroundRuns
from graph.algorithms.influence import InfluenceRequest
from graph.errors import BadInput
from graph.jobs.publish import RunContext
from graph.jobs.refresh import standing_influence, standing_of
from graph.jobs.score import CALIBRATION_TABLE, INFLUENCE_TABLE, TIES_TABLE, score_influence
from graph.jobs.score_read import read_shares
from graph.jobs.share_events import ShareMemory
from graph.log.event_log import EventLog
from graph.log.scores import ScoreTable
from graph.store import Store

REQUEST = InfluenceRequest(simulations=200, seed=9, within_days=2.0)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTES = 60 * 24
HOMES = (("ann", "西湖区"), ("bob", "上城区"), ("cat", "西湖区"))


def context(run_id: str, memory: ShareMemory | None = None) -> RunContext:
    return RunContext(run_id, NOW, lambda: NOW + timedelta(minutes=1), "local", memory, memory is None)


def appended(log: EventLog, rows: list[dict[str, object]], batch: int) -> EventLog:
    log.append(frame(rows), loader="test", batch=batch)
    return log


def shares(days: range) -> list[dict[str, object]]:
    """Ann shares every day; every other day Bob is moved, every fourth he passes it on to Cat, who buys as well."""
    rows: list[dict[str, object]] = []
    for day in days:
        share, start = f"s{day}", day * MINUTES
        rows.append(event("share", start, customer="ann", share=share, product="tea"))
        if day % 2:
            rows.append(event("share_click", start + 30, customer="bob", share=share))
            rows.append(bought("bob", start + 60, share))
        if day % 4 == 1:
            onward = {"parent_share": share}
            rows.append(event("share", start + 90, customer="bob", share=f"{share}+", product="tea", properties=onward))
            rows.append(bought("cat", start + 300, f"{share}+"))
    return rows


def renamed(rows: list[dict[str, object]], mark: str) -> list[dict[str, object]]:
    """The same done by others: every customer, share and order with a mark behind its name."""
    names = ("customer", "share", "order")
    marked = [{**row, **{name: f"{row[name]}{mark}" for name in names if row.get(name)}} for row in rows]
    return [{**row, "id": f"{row['id']}{mark}"} for row in marked]


def bought(customer: str, minute: int, share: str) -> dict[str, object]:
    paid = {"quantity": 1.0, "amount": "12.00", "currency": "CNY", "product": "tea"}
    return event("purchase", minute, customer=customer, order=f"o-{customer}-{minute}", share=share, **paid)


def test_what_is_read_in_parts_is_what_is_read_at_once(tmp_path: Path):
    memory, log = ShareMemory(), EventLog.open(tmp_path / "log")
    events = random_events(seed=4, size=900)

    for batch in range(3):
        # The last part is out of order: events of the earlier days come late.
        appended(log, events[batch::3], batch + 1)
        for source in (None, "test"):
            request = replace(REQUEST, source=source)
            part, whole = (read_shares(log, log.version, request, kept) for kept in (memory, None))

            assert part.customers.to_list() == whole.customers.to_list()
            assert part.read == whole.read
            for column in fields(part.log):
                assert np.array_equal(getattr(part.log, column.name), getattr(whole.log, column.name))


def test_a_store_whose_zone_becomes_known_later_does_not_change_what_was_kept_for_the_worse(tmp_path: Path):
    log, memory = EventLog.open(tmp_path / "log"), ShareMemory()
    unzoned = {**bought("bob", 60, "s1"), "store": "urumqi", "on_clock": True}
    appended(log, [event("share", 0, customer="ann", share="s1"), unzoned], 1)
    read_shares(log, log.version, REQUEST, memory)
    zone = {"name": "乌鲁木齐店", "time_zone": "Asia/Tokyo"}
    appended(log, [event("profile", 0, store="urumqi", properties=zone)], 2)

    part, whole = (read_shares(log, log.version, REQUEST, kept) for kept in (memory, None))

    assert part.log.act_at.tolist() == whole.log.act_at.tolist() == [int(START.timestamp()) + 3600 - 3600]


async def test_without_a_run_to_follow_a_refresh_gives_the_bits_of_a_full_run_and_leaves_it_the_judgement(
    store: Store, tmp_path: Path
):
    log, memory, tables = EventLog.open(tmp_path / "log"), ShareMemory(), tmp_path / "scores"
    appended(log, shares(range(40)), 1)
    await score_influence(log, store, tables, REQUEST, context("first"))
    [fresh] = await standing_influence(log, store, memory)
    appended(log, shares(range(40, 43)), 2)

    [standing] = await standing_of(log, store, memory, None)
    refreshed = await score_influence(log, store, tables, standing.request, context("refresh", memory))
    await score_influence(log, store, tables, REQUEST, context("full"))

    assert (fresh.run.key, fresh.is_touched, standing.is_touched) == ("first", False, True)
    assert standing.request == REQUEST
    assert refreshed.log_version == log.version
    for name in (INFLUENCE_TABLE, TIES_TABLE):
        first, part, whole = (ScoreTable.open(tables, name).read(run) for run in ("first", "refresh", "full"))
        assert part is not None
        assert whole is not None
        assert part.equals(whole)
        assert not part.equals(first)
    judged = ScoreTable.open(tables, CALIBRATION_TABLE)
    assert (judged.read("refresh") is None, judged.read("full") is None) == (True, False)
    assert "foretold" not in refreshed.said


async def test_a_refresh_learns_all_ties_and_simulates_those_alone_whose_spread_moved(store: Store, tmp_path: Path):
    log, tables = EventLog.open(tmp_path / "log"), tmp_path / "scores"
    appended(log, [row for group in range(30) for row in renamed(shares(range(20)), f"-{group:02}")], 1)
    await score_influence(log, store, tables, REQUEST, context("first"))
    appended(log, renamed(shares(range(20, 22)), "-07"), 2)
    [standing] = await standing_of(log, store, ShareMemory(), None)

    follows = replace(context("refresh", ShareMemory()), follows=standing.follows)
    run = await score_influence(log, store, tables, standing.request, follows)
    await score_influence(log, store, tables, REQUEST, context("full"))
    [again] = await standing_of(log, store, ShareMemory(), None)

    ties = [ScoreTable.open(tables, TIES_TABLE).read(name) for name in ("refresh", "full")]
    scores = [ScoreTable.open(tables, INFLUENCE_TABLE).read(name) for name in ("first", "refresh", "full")]
    first, kept, full = (table.sort("customer_id") for table in scores if table is not None)
    same, inside = kept["spread"] == first["spread"], kept["spread"].is_between(full["spread_low"], full["spread_high"])
    bobs = kept["customer_id"].str.starts_with("bob")
    assert ties[0] is not None
    assert ties[0].equals(ties[1])
    assert kept.filter(bobs & ~same)["customer_id"].to_list() == ["bob-07"]
    assert "ann-07" in kept.filter(~same)["customer_id"]
    assert inside.all()
    assert kept["credited_direct_cents"].to_list() == full["credited_direct_cents"].to_list()
    told = re.search(r"spreads (\d+) had to be simulated anew; (\d+) stand as in run first or one before it.", run.said)
    assert told is not None
    anew, stand = map(int, told.groups())
    # Two hundred cascades may come out the same again.
    assert (anew + stand, anew >= int((~same).sum()), stand > 0) == (60, True, True)
    assert (again.run.key, again.is_touched, again.request) == ("full", False, REQUEST)
    assert json.loads(run.parameters)["follows"] == "first"


def test_customers_are_parted_by_the_district_that_their_newest_profile_gives(tmp_path: Path):
    rows = [event("profile", 0, customer=who, properties={"district": where}) for who, where in HOMES]
    moved = event("profile", 9, customer="ann", properties={"district": "上城区", "city": "杭州"})
    log = appended(EventLog.open(tmp_path / "log"), [*rows, moved, event("login", 5, customer="eve")], 1)

    found = read_shares(log, log.version, REQUEST)

    assert found.customers.to_list() == ["ann", "bob", "cat", "eve"]
    assert found.log.segment is not None
    assert found.log.segment.tolist() == [1, 1, 2, 0]


@pytest.mark.parametrize(
    ("later", "touches"),
    [
        (event("view", 90_000, customer="bob", product="tea"), False),
        (event("view", 90_000, customer="new", product="tea"), True),
        (event("profile", 90_000, customer="bob", properties={"district": "西湖区"}), True),
        (event("stock_level", 90_000, store="w", product="tea", quantity=3.0), False),
        (event("share_click", 90_000, customer="bob", share="s1"), True),
    ],
    ids=["a view", "a view of somebody new", "a profile", "a stock level", "a click"],
)
async def test_only_what_counts_touches_a_run(open_one: Store, tmp_path: Path, later, touches):
    log, memory = EventLog.open(tmp_path / "log"), ShareMemory()
    appended(log, shares(range(20)), 1)
    await score_influence(log, open_one, tmp_path / "scores", REQUEST, context("first"))
    appended(log, [later], 2)

    [standing] = await standing_of(log, open_one, memory, None)

    assert standing.is_touched is touches


async def test_without_a_run_there_is_nothing_to_refresh(store: Store, tmp_path: Path):
    log = EventLog.open(tmp_path / "log")

    with pytest.raises(BadInput, match="no influence run of till to refresh, but none at all: score it once"):
        await standing_of(log, store, ShareMemory(), "till")


async def test_runs_of_a_category_are_refreshed_beside_the_one_of_everything(store: Store, tmp_path: Path):
    log, tables = EventLog.open(tmp_path / "log"), tmp_path / "scores"
    appended(log, [event("profile", 0, product="tea", properties={"category": "饮品 > 茶"}), *shares(range(20))], 1)
    of_tea = replace(REQUEST, category="饮品 > 茶")
    await score_influence(log, store, tables, REQUEST, context("all"))
    await score_influence(log, store, tables, of_tea, context("tea"))
    runs = BackgroundRuns(log, store, tables, lambda: NOW)
    appended(log, shares(range(20, 22)), 2)

    begun = await runs.refresh()
    for run_id in begun:
        progress = runs.watch(run_id)
        assert progress is not None
        assert [step.state async for step in progress][-1] == "succeeded"
    standing = await standing_influence(log, store, ShareMemory())
    [alone] = await standing_of(log, store, ShareMemory(), None, "饮品 > 茶")
    await runs.close()

    assert [one.run.key for one in standing] == begun
    assert [(one.request, one.is_touched) for one in standing] == [(REQUEST, False), (of_tea, False)]
    assert (alone.run.scope, alone.run.log_version) == ("*/饮品 > 茶", log.version)
    with pytest.raises(BadInput, match=r"no influence run of \*/咖啡 to refresh, but \*, \*/饮品 > 茶"):
        await standing_of(log, store, ShareMemory(), None, "咖啡")


async def test_the_server_refreshes_what_is_touched_with_its_own_parameters_and_nothing_else(
    store: Store, tmp_path: Path
):
    log, tables = appended(EventLog.open(tmp_path / "log"), shares(range(20)), 1), tmp_path / "scores"
    await score_influence(log, store, tables, REQUEST, context("first"))
    runs = BackgroundRuns(log, store, tables, lambda: NOW)

    unchanged = await runs.refresh()
    appended(log, shares(range(20, 22)), 2)
    [started] = await runs.refresh()
    again = await runs.refresh()
    progress = runs.watch(started)
    assert progress is not None
    states = [step.state async for step in progress]
    [standing] = await standing_influence(log, store, ShareMemory())
    await runs.close()

    assert (unchanged, again, states[-1]) == ([], [], "succeeded")
    assert (standing.run.key, standing.run.log_version, standing.request) == (started, log.version, REQUEST)
