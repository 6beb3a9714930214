"""The economics of a small log, worked out by hand, and what is said where they cannot be told."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, event, frame

from graph.jobs.referral_economics import CannotReport, EconomicsAsked, ReferralReports, Unfit
from graph.jobs.referral_read import month_named
from graph.log.event_log import EventLog
from graph.queries import audience

DAY = 24 * 60


@dataclass
class TinyReader:
    """The keys of an audience, and one category."""

    keys: list[str] = field(default_factory=lambda: ["bob", "cat"])

    async def read(self, statement: Any, parameters: Any = None) -> list[dict[str, Any]]:
        if statement == audience.KNOWN_CATEGORIES:
            return [{"key": "tea"}]
        return [{"keys": self.keys}]


def paid(at: int, customer: str, amount: str, currency: str = "CNY") -> dict[str, object]:
    order = f"{customer}-{at}"
    return event("purchase", at, customer=customer, order=order, product="tea", amount=amount, currency=currency)


EVENTS = [
    event("profile", 0, customer="ann", properties={"registered_at": "2025-01-01T00:00:00Z"}),
    event("share", 0, customer="ann", share="s1"),
    event("register", 1 * DAY, customer="bob", channel="word", referrer="ann", share="s1"),
    event("register", 2 * DAY, customer="cat", channel="search"),
    event("register", 3 * DAY, customer="dan", channel="word", referrer="ann"),
    event("referral_reward", 4 * DAY, customer="bob", referrer="ann", amount="8", currency="CNY"),
    event("referral_reward", 4 * DAY, customer="dan", referrer="ann", amount="8", currency="CNY"),
    event("referral_review", 5 * DAY, customer="dan", properties={"decision": "voided"}),
    event("channel_cost", 1 * DAY, channel="search", amount="30", currency="CNY"),
    event("channel_cost", 1 * DAY, channel="search", amount="99", currency="USD"),
    event("channel_cost", 1 * DAY, channel="word", amount="4", currency="CNY"),
    paid(2 * DAY, "bob", "20.00"),
    event("refund", 3 * DAY, customer="bob", order=f"bob-{2 * DAY}", amount="5.00", currency="CNY"),
    paid(3 * DAY, "cat", "10.00"),
    event("login", 60 * DAY, customer="ann"),
    event("register", 50 * DAY, customer="eve"),
]


def reports(folder: Path, *more: dict[str, object], keys: list[str] | None = None) -> ReferralReports:
    log = EventLog.open(folder)
    log.append(frame([*EVENTS, *more]), loader="test", batch=1)
    return ReferralReports(TinyReader(keys or ["bob", "cat"]), log, "Asia/Shanghai")


async def test_a_small_log_is_told_to_the_cent(tmp_path: Path):
    report = await reports(tmp_path).report(EconomicsAsked(horizons_days=(30,)))

    found = report.economics
    assert (report.currency, report.channels, report.log_version) == ("CNY", ("search", "word"), 1)
    # dan's referral is void: he came by word of mouth, but nobody brought him.
    assert (found.new_customers, found.referred, found.customers) == (4, 1, 5)
    assert (found.costs.bought, found.costs.bought_cents_each) == (2, (3_000 + 200) / 2)
    assert (found.costs.reward_cents, found.costs.void_reward_cents) == (800, 800)
    assert found.costs.referred_cents_each == 200 + 800
    [worth] = found.worth
    assert worth.referred is not None
    assert (worth.referred.value, worth.referred.count) == (1_500.0, 1)
    assert worth.bought is not None
    assert (worth.bought.value, worth.bought.count) == (500.0, 2)
    assert [month_named(one.month) for one in found.cohorts] == ["2026-03", "2026-04"]
    assert report.start == START
    assert report.end == START + timedelta(days=50, seconds=1)


async def test_an_audience_and_a_period_narrow_it(tmp_path: Path):
    asked = EconomicsAsked({"city_eq": "x"}, START, START + timedelta(days=2), (30,))

    found = (await reports(tmp_path).report(asked)).economics

    assert (found.new_customers, found.referred) == (1, 1)


async def test_new_events_are_read_and_old_ones_not_again(tmp_path: Path):
    told = reports(tmp_path)
    before = await told.report(EconomicsAsked())
    late = event("register", 51 * DAY, customer="fay")
    EventLog.open(tmp_path).append(frame([late]), loader="test", batch=2)

    assert (await told.report(EconomicsAsked())).economics.new_customers == before.economics.new_customers + 1


@pytest.mark.parametrize(
    ("asked", "keys", "unfit", "argument", "said"),
    [
        (EconomicsAsked({"category": "milk"}), ["bob"], Unfit.UNKNOWN_CATEGORY, "where.category", "tea"),
        (EconomicsAsked({"city_eq": "x"}), ["zoe"], Unfit.EMPTY_AUDIENCE, "where", "wider audience"),
        (EconomicsAsked(), ["bob"], Unfit.SEVERAL_CURRENCIES, "where", "CNY, USD"),
        (EconomicsAsked({"city_eq": "x"}, START, START), ["bob"], Unfit.OUT_OF_RANGE, "end", "end after it begins"),
        (EconomicsAsked({"city_eq": "x"}, horizons_days=()), ["bob"], Unfit.OUT_OF_RANGE, "horizons_days", "3,650"),
    ],
)
async def test_what_cannot_be_told_is_said(tmp_path: Path, asked, keys, unfit, argument, said):
    told = reports(tmp_path, paid(9 * DAY, "eve", "3.00", "USD"), keys=keys)

    with pytest.raises(CannotReport) as failure:
        await told.report(asked)

    assert (failure.value.unfit, failure.value.argument) == (unfit, argument)
    assert said in str(failure.value)
