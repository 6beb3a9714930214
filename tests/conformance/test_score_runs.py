"""Scoring as a task: what is written, in which order, and what stays when something breaks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from graph.algorithms.chains import ChainsRequest
from graph.algorithms.influence import InfluenceRequest
from graph.errors import BadInput, StoreUnavailable
from graph.jobs.publish import Progress, RunContext
from graph.jobs.score import (
    CALIBRATION_TABLE,
    CHAINS_TABLE,
    INFLUENCE_TABLE,
    SCOPES_TABLE,
    TIES_TABLE,
    score_chains,
    score_influence,
)
from graph.log.event_log import EventLog
from graph.log.schema import EVENTS
from graph.log.scores import ScoreTable
from graph.queries.score_run import (
    ABANDON,
    POINT_AT_RUN,
    UPSERT_CHAINS,
    UPSERT_INFLUENCE,
    UPSERT_RUN,
    RunState,
    ScoreRunRow,
)
from graph.store.statement import Statement, Step

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHAINS = ChainsRequest(min_customers=2, slots=((660, 780), (1080, 1200)), gaps=("next_day",))


@dataclass
class RecordingStore:
    """Takes every write and can refuse those that hold one statement."""

    refuses: Statement | None = None
    writes: list[list[Step]] = field(default_factory=list)

    async def write(self, *steps: Step) -> None:
        if any(statement == self.refuses for statement, _ in steps):
            raise StoreUnavailable("the graph at bolt://x is gone; start it again")
        self.writes.append(list(steps))

    def rows(self, statement: Statement) -> list[dict]:
        return [row for step in self.steps(statement) for row in step["rows"]]

    def steps(self, statement: Statement) -> list[dict]:
        return [parameters for write in self.writes for text, parameters in write if text == statement]

    def states(self) -> list[str]:
        return [row["state"] for row in self.rows(UPSERT_RUN)]


def event(kind: str, day: int, hour: int, **given: object) -> dict[str, object]:
    at = MONDAY + timedelta(days=day, hours=hour - 8)
    local = MONDAY.replace(tzinfo=None) + timedelta(days=day, hours=hour)
    row = {"kind": kind, "at": at, "local_at": local, "slot": hour, "day": local.date(), "source": "test", **given}
    told = json.dumps(row.pop("properties"), ensure_ascii=False) if "properties" in row else None
    row |= {"properties": told, "received_at": NOW}
    return row | {"id": "|".join(f"{name}={value}" for name, value in sorted(row.items()))}


def logged(folder: Path, *batches: Sequence[dict[str, object]]) -> EventLog:
    log = EventLog.open(folder)
    for number, rows in enumerate(batches, 1):
        names = [name for name in EVENTS.names() if name != "log_version"]
        table = [
            {name: str(r[name]) if name == "amount" and name in r else r.get(name) for name in names} for r in rows
        ]
        schema = {name: pl.String() if name in ("amount", "discount") else EVENTS[name] for name in names}
        frame = pl.DataFrame(table, schema=schema, orient="row")
        log.append(
            frame.with_columns(pl.col("amount", "discount").cast(pl.Decimal(18, 2))), loader="test", batch=number
        )
    return log


def bought(customer: str, day: int, hour: int, product: str, **given: object) -> dict[str, object]:
    order = f"{customer}-{day}-{hour}"
    line = {"customer": customer, "product": product, "order": order, "quantity": 1.0, "amount": "10.00", **given}
    return event("purchase", day, hour, **line)


def shop() -> list[dict[str, object]]:
    """Three customers, two weeks: coffee at noon on Mondays and Wednesdays, tea the evening after, rice on Fridays."""
    rows = [
        event("profile", 0, 0, product="latte", properties={"category": ["饮品", "咖啡"]}),
        event("profile", 0, 0, product="lemon", properties={"category": "饮品 > 茶"}),
        event("profile", 0, 0, product="rice", properties={"category": "轻食"}),
    ]
    for customer in ("ann", "bob", "cat"):
        for week in (0, 7):
            rows += [bought(customer, week + day, 12, "latte") for day in (0, 2)]
            rows += [bought(customer, week + day, 19, "lemon") for day in (1, 3)]
            rows += [bought(customer, week + 4, 12, "rice")]
    return rows


def looking() -> list[dict[str, object]]:
    """The same with tea looked at, and the store visited, at noon of the days before it is bought."""
    rows = shop()
    for customer in ("ann", "bob", "cat"):
        for day in (0, 2, 7, 9):
            rows.append(event("view", day, 12, customer=customer, product="lemon"))
            rows.append(event("visit", day, 11, customer=customer, store="west"))
    return rows


def sharing() -> list[dict[str, object]]:
    """Ann shares twice and moves Bob, who passes it on and moves Cat; Dan clicks in vain."""
    named = {"share": "s1", "referrer": "ann"}
    return [
        event("share", 0, 9, customer="ann", share="s1"),
        event("share_click", 0, 10, customer="bob", share="s1"),
        event("share_click", 0, 10, customer="dan", share="s1"),
        event("register", 0, 11, customer="bob", **named),
        event("referral", 0, 11, customer="bob", **named),
        bought("bob", 0, 12, "latte", **named),
        event("share", 1, 9, customer="bob", share="s2", properties={"parent_share": "s1"}),
        event("share_click", 1, 10, customer="cat", share="s2"),
        bought("cat", 1, 12, "latte", share="s2"),
        event("refund", 1, 14, customer="cat", order="cat-1-12", amount="4.00"),
        event("share", 2, 9, customer="ann", share="s3"),
        bought("bob", 30, 12, "latte"),
    ]


def context(run_id: str = "run-1", engine: str = "local") -> RunContext:
    return RunContext(run_id, NOW, lambda: NOW + timedelta(minutes=1), engine)


async def test_a_run_of_chains_is_published_with_all_that_is_needed_to_repeat_it(tmp_path):
    log, store = logged(tmp_path / "log", shop()), RecordingStore()

    run = await score_chains(log, store, tmp_path / "scores", CHAINS, context())

    assert run.state is RunState.SUCCEEDED
    assert (run.algorithm, run.algorithm_version, run.engine) == ("slot-chains", 3, "local")
    assert (run.scope, run.seed, run.log_version) == ("*", 0, log.version)
    assert json.loads(run.parameters)["slots"] == [[660, 780], [1080, 1200]]
    assert (run.started_at, run.finished_at) == (NOW, NOW + timedelta(minutes=1))
    assert run.as_of == MONDAY + timedelta(days=11, hours=4)
    assert (run.event_count, run.customer_count) == (30, 3)
    assert store.states() == ["running", "succeeded"]


async def test_a_chain_stands_in_the_graph_in_the_words_of_the_model(tmp_path):
    store = RecordingStore()

    await score_chains(logged(tmp_path / "log", shop()), store, tmp_path / "scores", CHAINS, context())

    first = store.rows(UPSERT_CHAINS)[0]
    assert (first["chain_id"], first["run_id"], first["rank"]) == ("run-1|1", "run-1", 1)
    assert (first["first_category_id"], first["then_category_id"]) == ("饮品 > 咖啡", "饮品 > 茶")
    assert (first["first_start_minute"], first["first_end_minute"]) == (660, 780)
    assert (first["then_start_minute"], first["then_end_minute"]) == (1080, 1200)
    assert (first["first_day_kind"], first["then_day_kind"], first["gap"]) == ("weekday", "any", "next_day")
    assert (first["customers"], first["occurrences"]) == (3, 12)
    assert (first["support"], first["confidence"]) == (1.0, 1.0)
    assert first["lift"] > 1
    assert 0 < first["p_value"] <= first["q_value"] <= 1
    assert (first["scope_kind"], first["scope_key"]) == ("everywhere", None)
    assert (first["step_count"], first["categories"], first["new"]) == (2, ["饮品 > 咖啡", "饮品 > 茶"], True)
    assert [(step["category_id"], step["gap"]) for step in json.loads(first["steps"])] == [
        ("饮品 > 咖啡", "next_day"),
        ("饮品 > 茶", None),
    ]
    assert first["lift_low"] < first["lift"] < first["lift_high"]
    assert (first["behaviours"], first["closed"]) == (["purchase", "purchase"], True)
    # From noon to seven on the day after, and twelve teas of 10.00.
    assert (first["median_gap_minutes"], first["revenue_cents"]) == (31 * 60, 12_000)
    assert first["leverage"] > 0


async def test_what_was_viewed_leads_to_what_is_bought(tmp_path):
    log, store = logged(tmp_path / "log", looking()), RecordingStore()
    request = replace(CHAINS, behaviours=("view", "purchase", "visit"), gaps=("next_day",))

    await score_chains(log, store, tmp_path / "scores", request, context())

    told = {(row["first_behaviour"], row["then_behaviour"]): row for row in store.rows(UPSERT_CHAINS)}
    led = told["view", "purchase"]
    assert (led["first_category_id"], led["then_category_id"]) == ("饮品 > 茶", "饮品 > 茶")
    assert (led["customers"], led["occurrences"], led["revenue_cents"]) == (3, 12, 12_000)
    # Whoever comes to a store names no product, and nothing is paid for a view.
    assert told["visit", "purchase"]["first_category_id"] is None
    assert told["visit", "purchase"]["categories"] == ["饮品 > 茶"]
    assert json.loads(told["visit", "purchase"]["steps"])[0]["category_id"] is None
    unpaid = [row for (_, then), row in told.items() if then != "purchase"]
    assert unpaid
    assert {(row["revenue_cents"], row["then_mean_cents"]) for row in unpaid} == {(None, None)}


async def test_views_are_no_steps_unless_asked_for(tmp_path):
    plain, looked = RecordingStore(), RecordingStore()
    rows = [row for row in looking() if row["kind"] not in ("view", "visit")]

    await score_chains(logged(tmp_path / "a", rows), plain, tmp_path / "s", CHAINS, context())
    await score_chains(logged(tmp_path / "b", looking()), looked, tmp_path / "t", CHAINS, context())

    assert plain.rows(UPSERT_CHAINS) == looked.rows(UPSERT_CHAINS)


async def test_the_whole_table_lies_in_delta_and_the_older_run_stays_readable(tmp_path):
    log, store, table = (
        logged(tmp_path / "log", shop()),
        RecordingStore(),
        ScoreTable.open(tmp_path / "s", CHAINS_TABLE),
    )

    run = await score_chains(log, store, tmp_path / "s", CHAINS, context("first"))
    first = table.read("first")
    await score_chains(log, store, tmp_path / "s", CHAINS, context("second"))

    assert first is not None
    assert first.height == run.tie_count >= len(store.rows(UPSERT_CHAINS)) / 2
    assert first.equals(table.read("first"))
    assert first.equals(table.read("second"))


async def test_the_pointer_is_set_in_the_transaction_that_says_succeeded(tmp_path):
    store = RecordingStore()

    await score_chains(logged(tmp_path / "log", shop()), store, tmp_path / "s", CHAINS, context())

    last = store.writes[-1]
    assert [statement for statement, _ in last] == [UPSERT_RUN, POINT_AT_RUN]
    pointer = {"pointer_id": "chains|*", "kind": "chains", "scope": "*", "run_id": "run-1"}
    assert store.rows(POINT_AT_RUN) == [pointer]
    assert all(statement != POINT_AT_RUN for write in store.writes[:-1] for statement, _ in write)


@pytest.mark.parametrize("broken", [UPSERT_CHAINS, POINT_AT_RUN], ids=["while writing", "while publishing"])
async def test_a_run_that_breaks_is_failed_in_one_line_and_never_current(tmp_path, broken):
    store = RecordingStore(refuses=broken)

    with pytest.raises(StoreUnavailable, match="start it again"):
        await score_chains(logged(tmp_path / "log", shop()), store, tmp_path / "s", CHAINS, context())

    assert store.rows(POINT_AT_RUN) == []
    assert store.states() == ["running", "failed"]
    assert store.rows(UPSERT_RUN)[-1]["failure"] == "the graph at bolt://x is gone; start it again"


async def test_a_later_run_marks_those_that_never_ended(tmp_path):
    store = RecordingStore()

    await score_chains(logged(tmp_path / "log", shop()), store, tmp_path / "s", CHAINS, context())

    assert [statement for statement, _ in store.writes[0]] == [ABANDON, UPSERT_RUN]
    [given] = store.steps(ABANDON)
    assert (given["kind"], given["scope"], given["run_id"]) == ("chains", "*", "run-1")


async def test_influence_is_scored_for_everybody_by_what_the_log_says(tmp_path):
    log, store = logged(tmp_path / "log", sharing()), RecordingStore()

    run = await score_influence(log, store, tmp_path / "s", InfluenceRequest(prior_weight=0), context())

    rows = {row["customer_id"]: row for row in store.rows(UPSERT_INFLUENCE)}
    assert set(rows) == {"ann", "bob", "cat", "dan"}
    assert run.customer_count == 4
    # One of Ann's two shares moved Bob, who passes on every time and moved Cat with his only share: 1/2 + 1/2.
    assert rows["ann"]["spread"] == pytest.approx(1.0, abs=0.1)
    assert rows["bob"]["spread"] == 1.0
    assert rows["cat"]["spread"] == rows["dan"]["spread"] == 0
    assert [row["rank"] for row in rows.values()] == [1, 2, 3, 4]
    assert rows["dan"]["percentile"] == 0.0
    assert rows["ann"]["spread_low"] <= rows["ann"]["spread"] <= rows["ann"]["spread_high"]
    # Bob's two orders of 10.00 are Ann's; Cat's 6.00 after the refund are Bob's, half of it goes up to Ann.
    assert (rows["ann"]["credited_direct_cents"], rows["ann"]["credited_downstream_cents"]) == (2000, 300)
    assert (rows["bob"]["credited_direct_cents"], rows["bob"]["direct_referrals"]) == (300, 0)
    assert (rows["ann"]["direct_referrals"], rows["ann"]["downstream"]) == (1, 1)
    paths = json.loads(rows["ann"]["paths"])
    assert paths[0] == {"customers": ["ann", "bob"], "probability": 0.5}
    assert paths[1] == {"customers": ["ann", "bob", "cat"], "probability": 0.5}


async def test_the_ties_lie_in_delta(tmp_path):
    await score_influence(
        logged(tmp_path / "log", sharing()),
        RecordingStore(),
        tmp_path / "s",
        InfluenceRequest(prior_weight=0),
        context(),
    )

    ties = ScoreTable.open(tmp_path / "s", TIES_TABLE).read("run-1")

    assert ties is not None
    known = dict(zip(zip(ties["customer_id"], ties["other_id"], strict=True), ties["probability"], strict=True))
    assert known == {("ann", "bob"): 0.5, ("ann", "dan"): 0.0, ("bob", "cat"): 1.0}


async def test_a_run_keeps_what_it_would_have_foretold_of_the_later_shares_and_what_came(tmp_path):
    log = logged(tmp_path / "log", sharing())

    run = await score_influence(log, RecordingStore(), tmp_path / "s", InfluenceRequest(prior_weight=0), context())

    # By the first two shares Ann's third would have moved Bob, he Cat, and not Dan; it moved nobody.
    judged = ScoreTable.open(tmp_path / "s", CALIBRATION_TABLE).read("run-1")
    assert judged is not None
    assert judged.select("of", "count", "predicted", "seen").rows() == [
        ("tie", 1, 0.0, 0.0),
        ("tie", 1, 1.0, 0.0),
        ("cascade", 1, 2.0, 0.0),
    ]
    assert run.said.endswith("Judged by later shares, 2 moves were foretold and 0 seen.")


@pytest.mark.parametrize("engine", ["local", "networkx"])
async def test_the_same_version_parameters_and_seed_give_the_same_bits(tmp_path, engine):
    log, tables = logged(tmp_path / "log", sharing()), ScoreTable.open(tmp_path / "s", INFLUENCE_TABLE)

    for run_id in ("first", "second"):
        await score_influence(log, RecordingStore(), tmp_path / "s", InfluenceRequest(), context(run_id, engine))

    first = tables.read("first")
    assert first is not None
    assert first.equals(tables.read("second"))


async def test_how_the_events_were_batched_does_not_matter(tmp_path):
    everything = sharing()
    logs = logged(tmp_path / "one", everything), logged(tmp_path / "two", everything[6:], everything[:6])

    for number, log in enumerate(logs):
        await score_influence(log, RecordingStore(), tmp_path / "s", InfluenceRequest(), context(f"run-{number}"))

    first, second = (ScoreTable.open(tmp_path / "s", INFLUENCE_TABLE).read(f"run-{number}") for number in (0, 1))
    assert first is not None
    assert first.equals(second)


async def test_an_empty_log_gives_runs_without_scores_and_says_so(tmp_path):
    log, store = EventLog.open(tmp_path / "log"), RecordingStore()

    chains = await score_chains(log, store, tmp_path / "s", ChainsRequest(), context("c"))
    influence = await score_influence(log, store, tmp_path / "s", InfluenceRequest(), context("i"))

    assert chains.state is influence.state is RunState.SUCCEEDED
    assert chains.said == "0 pairs of steps were tried; 0 chains are confirmed."
    assert "no shares, clicks or referrals" in influence.said
    assert (chains.as_of, chains.event_count, influence.customer_count) == (None, 0, 0)
    assert store.rows(UPSERT_CHAINS) == store.rows(UPSERT_INFLUENCE) == []


async def test_purchases_without_shares_give_nobody_a_score(tmp_path):
    store = RecordingStore()

    run = await score_influence(
        logged(tmp_path / "log", shop()), store, tmp_path / "s", InfluenceRequest(source="test"), context()
    )

    assert run.state is RunState.SUCCEEDED
    assert run.customer_count == 0
    assert store.rows(UPSERT_INFLUENCE) == []


@pytest.mark.parametrize("score", [score_chains, score_influence])
async def test_an_unknown_source_is_refused_before_anything_is_written(tmp_path, score):
    log, store = logged(tmp_path / "log", shop()), RecordingStore()

    request = ChainsRequest(source="tset") if score is score_chains else InfluenceRequest(source="tset")

    with pytest.raises(BadInput, match="no source 'tset'; it holds test"):
        await score(log, store, tmp_path / "s", request, context())

    assert store.writes == []


async def test_a_source_is_scored_alone(tmp_path):
    other = [
        row | {"source": "other", "id": f"o{row['id']}", "customer": "zoe"} for row in shop() if row.get("customer")
    ]
    log, store = logged(tmp_path / "log", shop(), other), RecordingStore()

    run = await score_chains(log, store, tmp_path / "s", ChainsRequest(source="test", min_customers=2), context())

    assert (run.scope, run.customer_count) == ("test", 3)
    assert store.rows(POINT_AT_RUN)[0]["pointer_id"] == "chains|test"


async def test_events_after_the_pinned_version_are_not_read(tmp_path):
    log = logged(tmp_path / "log", shop())

    def load_more(progress: Progress) -> None:
        if progress.stage == "read":
            logged(tmp_path / "log", shop(), [bought("dan", 20, 12, "latte")])

    run = await score_chains(log, RecordingStore(), tmp_path / "s", CHAINS, context(), load_more)

    assert run.event_count == 30
    assert log.version > run.log_version


async def test_categories_are_cut_at_the_level_that_was_asked_for(tmp_path):
    store = RecordingStore()
    request = ChainsRequest(min_customers=2, slots=CHAINS.slots, gaps=("next_day",), category_level=1)

    await score_chains(logged(tmp_path / "log", shop()), store, tmp_path / "s", request, context())

    assert {row["first_category_id"] for row in store.rows(UPSERT_CHAINS)} <= {"饮品", "轻食"}


async def test_progress_tells_every_stage_in_order(tmp_path):
    told: list[Progress] = []

    await score_influence(
        logged(tmp_path / "log", sharing()),
        RecordingStore(),
        tmp_path / "s",
        InfluenceRequest(),
        context(),
        told.append,
    )

    stages = list(dict.fromkeys(progress.stage for progress in told))
    assert stages == ["read", "compute", "table", "graph", "publish"]
    assert all(progress.run_id == "run-1" and progress.done <= progress.total for progress in told)


async def test_an_engine_that_cannot_leaves_a_failed_run_that_says_why(tmp_path):
    store = RecordingStore()

    with pytest.raises(BadInput, match="use the engine local"):
        await score_chains(logged(tmp_path / "log", shop()), store, tmp_path / "s", CHAINS, context(engine="networkx"))

    assert store.states() == ["running", "failed"]


def test_the_row_of_a_run_has_every_property_of_the_model():
    from graph.model.score import SCORE_RUN

    declared = {wanted.name for wanted in SCORE_RUN.all_properties()}
    assert declared == set(ScoreRunRow.__dataclass_fields__) - {"said", "pointer_kind"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [("store", {"north", "south"}), ("district", {"拱墅", "西湖"}), ("segment", {"price-sensitive", "学生"})],
)
async def test_chains_by_scope_have_a_table_of_their_own(tmp_path, kind, names):
    places = {"north": "拱墅", "south": "西湖"}
    stores = [event("profile", 0, 0, store=one, properties={"district": told}) for one, told in places.items()]
    rows = [row | {"store": "north" if row.get("customer") == "ann" else "south"} for row in shop()[3:]]
    segments = [
        event("profile", day, 0, customer=key, properties={"segment": told})
        for key, day, told in (("ann", 0, "学生"), ("bob", 0, "学生"), ("bob", 1, "price-sensitive"))
    ]
    log, store = logged(tmp_path / "log", [*shop()[:3], *stores, *segments, *rows]), RecordingStore()

    run = await score_chains(log, store, tmp_path / "s", replace(CHAINS, min_customers=1, scope_kind=kind), context())

    table = ScoreTable.open(tmp_path / "s", SCOPES_TABLE).read("run-1")
    assert table is not None
    assert set(table["scope_key"]) == names
    assert set(table["scope_kind"]) == {kind}
    assert f"Of 2 {kind}s 0 chains differ from elsewhere." in run.said
    assert [row["rank"] for row in store.rows(UPSERT_CHAINS)] == list(range(1, len(store.rows(UPSERT_CHAINS)) + 1))


async def test_a_run_of_one_category_counts_who_is_moved_to_buy_of_it(tmp_path):
    described = [row for row in shop() if row["kind"] == "profile"]
    rows = [*described, *sharing(), bought("dan", 2, 12, "rice", share="s3"), bought("bob", 1, 13, "rice", share="s1")]
    log, store, tables = logged(tmp_path / "log", rows), RecordingStore(), tmp_path / "scores"
    plain = InfluenceRequest(prior_weight=0, simulations=50)
    everything = await score_influence(log, store, tables, plain, context())

    run = await score_influence(log, store, tables, replace(plain, category="饮品"), context("run-2"))

    ties = {
        run_id: {(row["customer_id"], row["other_id"]): row["probability"] for row in read.iter_rows(named=True)}
        for run_id in ("run-1", "run-2")
        if (read := ScoreTable.open(tables, TIES_TABLE).read(run_id)) is not None
    }
    # One of Ann's two shares moves Bob, to rice and a latte; the other moves Dan to rice. Bob's moves Cat to a latte.
    assert ties["run-1"] == {("ann", "bob"): 0.5, ("ann", "dan"): 0.5, ("bob", "cat"): 1.0}
    assert ties["run-2"] == {("ann", "bob"): 0.5, ("ann", "dan"): 0.0, ("bob", "cat"): 1.0}
    scores = ScoreTable.open(tables, INFLUENCE_TABLE).read("run-2")
    assert scores is not None
    assert scores.select(pl.sum("credited_direct_cents") + pl.sum("credited_downstream_cents")).item() == 2600
    assert everything.scope == "*"
    assert run.scope == "*/饮品"
    assert [row["kind"] for row in store.rows(POINT_AT_RUN)] == ["influence", "influence of a category"]


async def test_a_category_that_no_product_has_is_told_before_anything_is_written(tmp_path):
    log, store = logged(tmp_path / "log", shop()), RecordingStore()

    with pytest.raises(BadInput, match="no category '酒' of a product; its root categories are: 轻食, 饮品"):
        await score_influence(log, store, tmp_path / "scores", InfluenceRequest(category="酒"), context())

    assert store.writes == []
