"""A referral from suspicion to decision on both stores: signs, the queue, the decision, what is credited, a rebuild."""

from datetime import UTC, datetime
from pathlib import Path

from event_rows import event, frame

from graph.algorithms.influence import InfluenceRequest
from graph.jobs.digest import graph_digest
from graph.jobs.project import project
from graph.jobs.publish import RunContext
from graph.jobs.rebuild import rebuild
from graph.jobs.referral_economics import EconomicsAsked, ReferralReports
from graph.jobs.referral_signs import SignsRequest, find_signs
from graph.jobs.score import score_influence
from graph.log import DeadLetters, EventLog
from graph.queries import referral_review
from graph.queries.influence import influence_of
from graph.queries.paging import Slice
from graph.store import Store
from loaders.record import Recorder

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENTS = [
    event("register", 0, customer="ann", properties={"phone_hash": "p1"}),
    event("register", 1, customer="bob", properties={"phone_hash": "p1"}),
    event("referral", 2, customer="bob", referrer="ann"),
    event("referral", 3, customer="cat", referrer="ann"),
    event("referral_reward", 4, customer="bob", referrer="ann", amount="8.00", currency="CNY"),
    event("purchase", 9, customer="bob", order="o1", product="tea", quantity=1, amount="20.00", currency="CNY"),
    event("purchase", 9, customer="cat", order="o2", product="tea", quantity=1, amount="10.00", currency="CNY"),
    event("login", 3 * 24 * 60, customer="cat"),
]


def decided(decision: str) -> dict[str, object]:
    said = {"decision": decision, "by": "li", "reason": "one phone"}
    return {"kind": "referral_review", "at": NOW.isoformat(), "customer": "bob", "properties": said}


async def credited(store: Store, log: EventLog, tables: Path, run: str) -> int:
    context = RunContext(run, NOW, lambda: NOW)
    await score_influence(log, store, tables, InfluenceRequest(simulations=50), context)
    [ann] = await influence_of(store, ["ann"], run)
    assert ann is not None
    return ann.credited_direct_cents + ann.credited_downstream_cents


async def test_a_suspicion_becomes_a_decision_that_takes_the_credit_back(store: Store, tmp_path: Path):
    log = EventLog.open(tmp_path / "log")
    log.append(frame(EVENTS), loader="test", batch=1)
    recorder = Recorder(log, DeadLetters.open(tmp_path / "rejected"))
    await project(log, store)
    assert await credited(store, log, tmp_path / "scores", "before") == 3_000

    signs = find_signs(log, log.version, SignsRequest()).events()
    verdicts = [*recorder.record_events(signs, received_at=NOW), *recorder.record_events(signs, received_at=NOW)]
    assert [verdict.outcome for verdict in verdicts] == ["ACCEPTED", "REPEATED"]
    await project(log, store)
    order = referral_review.ORDERINGS["suspicion"]
    page = await referral_review.reviews(store, {"state_in": ["pending"], "sign_eq": "same_phone"}, order, Slice(10))
    [found] = [entry.row for entry in page.entries]
    assert (found.key, found.referrer, found.suspicion, found.reward_cents) == ("bob", "ann", 0.9, 800)

    recorder.record_events([decided("voided")], received_at=NOW)
    await project(log, store)
    [standing] = await referral_review.standings(store, ["bob"])
    assert standing == referral_review.StandingRow("bob", "ann", "voided")
    assert await credited(store, log, tmp_path / "scores", "after") == 1_000
    asked = EconomicsAsked({"key_in": ["bob", "cat"]})
    costs = (await ReferralReports(store, log, "Asia/Shanghai").report(asked)).economics.costs
    assert (costs.reward_cents, costs.void_reward_cents) == (0, 800)

    digest = await graph_digest(store)
    await rebuild(log, store)
    assert await graph_digest(store) == digest
    assert await referral_review.standings(store, ["bob"]) == [standing]
