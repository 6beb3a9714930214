"""What the economics of referrals read from the log: who came when and how, what they paid and shared, what it cost."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.referrals import UNKNOWN, ReferralLog
from graph.jobs.columns import codes, names, orders, seconds
from graph.jobs.derive.customers import acquired_via, referred
from graph.jobs.derive.described import described, describes
from graph.jobs.derive.expressions import of_kind
from graph.jobs.voided import read_voided, referrals_that_count
from graph.log.event_log import EventLog
from graph.log.schema import EventKind
from graph.model.customer import CUSTOMER

_JOINED = ("id", "at", "kind", "customer", "referrer", "channel", "campaign", "share", "properties")
_NAMED = ("id", "at", "kind", "customer", "product", "store", "channel", "campaign", "properties")
_REGISTERED = tuple(p for p in CUSTOMER.properties if p.name == "registered_at")
MONTHS = 12
Number = TypeVar("Number", np.int32, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class ReferralsRead:
    """The arrays, the names behind their codes, and which currencies each customer paid in."""

    log: ReferralLog
    customers: pl.Series
    channels: pl.Series
    currencies: pl.DataFrame
    """`customer` (a code) and `currency`, each pair once."""
    cost_currency: pl.Series
    """One entry a cost."""
    reward_currency: pl.Series
    version: int


def read_referrals(log: EventLog, version: int, zone: str) -> ReferralsRead:
    """Everything up to a version of the log; months are those of the calendar of `zone`."""
    joins = log.read(_JOINED, where=of_kind(EventKind.REGISTER, EventKind.REFERRAL), up_to=version)
    profiled = of_kind(EventKind.PROFILE) & pl.col("customer").is_not_null()
    profiles = log.read(_NAMED, where=profiled, up_to=version)
    buying = of_kind(EventKind.PURCHASE, EventKind.REFUND)
    paid = ("id", "at", "kind", "customer", "share", "referrer", "order", "amount", "currency")
    lines = log.read(paid, where=buying, up_to=version)
    bought = orders(lines)
    shares = log.read(
        ("at", "customer"), where=of_kind(EventKind.SHARE) & pl.col("customer").is_not_null(), up_to=version
    )
    told = ("at", "channel", "customer", "amount", "currency")
    costs = log.read(told, where=of_kind(EventKind.CHANNEL_COST), up_to=version)
    rewards = log.read(told, where=of_kind(EventKind.REFERRAL_REWARD), up_to=version)
    void = read_voided(log, version)
    brought = referrals_that_count(referred(joins.lazy(), None).collect().sort("end"), void)
    via = acquired_via(joins.lazy(), None).collect().sort("start")
    registered = _registered(joins, profiles)
    customers = names(
        [joins["customer"], profiles["customer"], bought["customer"], shares["customer"], brought["start"]]
    )
    channels = names([via["end"], costs["channel"]])
    code = codes(registered["customer"], customers)
    rewarded = codes(rewards["customer"], customers)
    times = [frame["at"] for frame in (joins, lines, shares) if frame.height]
    oldest = [cast("datetime", at.min()) for at in times]
    newest = [cast("datetime", at.max()) for at in times]
    arrays = ReferralLog(
        first=_second(min(oldest, default=None)),
        until=_second(max(newest, default=None)),
        registered_at=_spread(len(customers), code, seconds(registered["registered_at"]), UNKNOWN),
        month=_spread(len(customers), code, _months(registered["registered_at"], zone), -1),
        bringer=_spread(len(customers), codes(brought["end"], customers), codes(brought["start"], customers), -1),
        brought_at=_spread(len(customers), codes(brought["end"], customers), seconds(brought["at"]), UNKNOWN),
        channel=_spread(len(customers), codes(via["start"], customers), codes(via["end"], channels), -1),
        order_customer=codes(bought["customer"], customers),
        order_at=seconds(bought["at"]),
        order_cents=bought["cents"].to_numpy().astype(np.int64),
        share_customer=codes(shares["customer"], customers),
        share_at=seconds(shares["at"]),
        reward_customer=rewarded,
        reward_cents=_cents(rewards),
        reward_void=rewards["customer"].is_in(void["customer"].implode()).to_numpy().astype(np.bool_),
        cost_channel=codes(costs["channel"], channels),
        cost_at=seconds(costs["at"]),
        cost_cents=_cents(costs),
    )
    pairs = lines.select("customer", "currency").drop_nulls().unique().sort("customer", "currency")
    currencies = pairs.with_columns(customer=pl.Series(codes(pairs["customer"], customers)))
    return ReferralsRead(arrays, customers, channels, currencies, costs["currency"], rewards["currency"], version)


def month_named(month: int) -> str:
    """Months since year 0 as a calendar writes them: 2026-03."""
    return f"{month // MONTHS:04d}-{month % MONTHS + 1:02d}"


def _registered(joins: pl.DataFrame, profiles: pl.DataFrame) -> pl.DataFrame:
    """`customer` and `registered_at`: of the earliest registration, else what the newest profile says."""
    key = CUSTOMER.key.name
    registers = joins.filter(of_kind(EventKind.REGISTER)).drop_nulls("customer")
    first = registers.group_by("customer").agg(first=pl.col("at").min())
    speaking = profiles.filter(describes("customer")).with_columns(pl.col("customer").alias(key))
    said = described(speaking.lazy(), key, _REGISTERED).collect().select("registered_at", customer=key)
    both = first.join(said, on="customer", how="full", coalesce=True)
    found = both.select("customer", registered_at=pl.coalesce("first", "registered_at"))
    return found.drop_nulls().sort("customer")


def _spread(count: int, owner: NDArray[np.int32], values: NDArray[Number], nothing: int) -> NDArray[Number]:
    """The values at their owners' places."""
    found = np.full(count, nothing, values.dtype)
    found[owner] = values
    return found


def _months(at: pl.Series, zone: str) -> NDArray[np.int64]:
    local = at.dt.convert_time_zone(zone)
    return (local.dt.year().cast(pl.Int64) * MONTHS + local.dt.month().cast(pl.Int64) - 1).to_numpy().astype(np.int64)


def _cents(rows: pl.DataFrame) -> NDArray[np.int64]:
    return rows["amount"].to_physical().cast(pl.Int64).to_numpy().astype(np.int64)


def _second(at: datetime | None) -> int:
    return int((at or datetime(1970, 1, 1, tzinfo=UTC)).timestamp())
