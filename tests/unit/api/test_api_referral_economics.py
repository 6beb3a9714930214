"""The economics of referrals over the API."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from event_rows import event, frame

from graph.jobs.referral_economics import CannotReport, EconomicsAsked, Unfit, reported
from graph.jobs.referral_read import read_referrals
from graph.log.event_log import EventLog

DAY = 24 * 60
ECONOMICS = """query($from: DateTime, $to: DateTime) { referralEconomics(
    where: {district: {eq: "西湖区"}, consent: [ANALYTICS]}, from: $from, to: $to, horizons: [30, 60],
    highSharerShares: 2, rewardPerReferral: "8.50") {
  start currency logVersion newCustomers referred kFactor oldBringsNew { value low high confidence count }
  costs { boughtCac referredCac ratio rewardCost idleCost channels { channel cost bought referred costEach } }
  worth { days referred { value low count } bought { value } ratio { value } }
  trees { depths widest } cohorts { month customers } repurchase { highSharers { value } matchedRatio { value } } } }"""


@pytest.fixture
def told(api: Any, tmp_path: Path) -> Any:
    """bob came by ann, cat by search, which cost 30; bob paid 20."""
    log = EventLog.open(tmp_path / "log")
    events = [
        event("register", 0, customer="bob", referrer="ann", channel="word"),
        event("register", 0, customer="cat", channel="search"),
        event("channel_cost", 0, channel="search", amount="30", currency="CNY"),
        event("purchase", 5, customer="bob", order="o", product="tea", amount="20", currency="CNY"),
        event("register", 45 * DAY, customer="dan"),
    ]
    log.append(frame(events), loader="test", batch=1)
    asked = EconomicsAsked(horizons_days=(30, 60), reward_cents=850)
    api.referrals.report_ = reported(read_referrals(log, 1, "Asia/Shanghai"), asked, None)
    return api


def test_the_report_is_told_in_units_of_the_currency(told: Any):
    found = told.data(ECONOMICS)["referralEconomics"]

    assert (found["currency"], found["newCustomers"], found["referred"]) == ("CNY", 3, 1)
    costs = found["costs"]
    assert (costs["boughtCac"], costs["referredCac"], costs["rewardCost"]) == ("30.00", "8.50", "8.50")
    assert costs["ratio"] == pytest.approx(8.5 / 30)
    assert costs["channels"] == [
        {"channel": "search", "cost": "30.00", "bought": 1, "referred": 0, "costEach": "30.00"}
    ]
    after30, after60 = found["worth"]
    # One customer alone has no interval.
    assert after30["referred"] == {"value": 20.0, "low": None, "count": 1}
    assert (after30["bought"], after30["ratio"], after60["referred"]) == ({"value": 0.0}, None, None)
    assert (found["trees"], found["kFactor"]) == ({"depths": [1], "widest": 1}, 0.0)
    assert found["cohorts"] == [{"month": "2026-03", "customers": 2}, {"month": "2026-04", "customers": 1}]


def test_everything_asked_reaches_the_report(told: Any):
    told.data(ECONOMICS, **{"from": "2026-03-01T00:00:00+08:00", "to": "2026-04-01T00:00:00Z"})

    [asked] = told.referrals.asked
    assert asked == EconomicsAsked(
        {"consent_analytics": True, "district_eq": "西湖区"},
        datetime(2026, 2, 28, 16, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
        (30, 60),
        2,
        850,
    )


@pytest.mark.parametrize(
    ("unfit", "parameter", "argument"),
    [(Unfit.EMPTY_AUDIENCE, "where", "where"), (Unfit.OUT_OF_RANGE, "reward_cents", "rewardPerReferral")],
)
def test_what_cannot_be_told_has_a_reason_for_programs(api: Any, unfit: Unfit, parameter: str, argument: str):
    api.referrals.failure = CannotReport(unfit, parameter, "Ask for something else.")

    [error] = api.ask(ECONOMICS)["errors"]

    told = {name: error["extensions"][name] for name in ("code", "reason", "argument")}
    assert (error["message"], told) == (
        "Ask for something else.",
        {"code": "BAD_USER_INPUT", "reason": unfit.value, "argument": argument},
    )
