"""The economics of referrals as a whole task: an audience out of the graph, everything else out of the log."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.referrals import Economics, EconomicsRequest, OutOfRange, ReferralLog, referral_economics
from graph.errors import BadInput
from graph.jobs.referral_read import ReferralsRead, read_referrals
from graph.log.event_log import EventLog
from graph.queries.audience import audience_keys, known_category
from graph.queries.reader import Reader

HORIZONS_DAYS = (30, 90, 180)
HIGH_SHARER_SHARES = 3


class Unfit(StrEnum):
    """Why nothing could be told, as a word for programs."""

    EMPTY_AUDIENCE = "EMPTY_AUDIENCE"
    UNKNOWN_CATEGORY = "UNKNOWN_CATEGORY"
    SEVERAL_CURRENCIES = "SEVERAL_CURRENCIES"
    OUT_OF_RANGE = "OUT_OF_RANGE"


class CannotReport(BadInput):
    """The economics cannot be told as asked; the text says what would be valid."""

    def __init__(self, unfit: Unfit, argument: str, message: str) -> None:
        """`argument` is the parameter at fault."""
        super().__init__(message)
        self.unfit = unfit
        self.argument = argument


@dataclass(frozen=True, slots=True)
class EconomicsAsked:
    """Whose referrals, when, and what a referral costs where the log does not say."""

    audience: Mapping[str, object] = field(default_factory=dict[str, object])
    """Conditions of `graph.queries.audience`; without any, everybody."""
    start: datetime | None = None
    """The period's first instant; that of the log where absent."""
    end: datetime | None = None
    """The instant after its last; just after the newest event where absent."""
    horizons_days: tuple[int, ...] = HORIZONS_DAYS
    high_sharer_shares: int = HIGH_SHARER_SHARES
    reward_cents: int | None = None


@dataclass(frozen=True, slots=True)
class EconomicsReport:
    """The figures, the period that they are of, and what they rest on; cents are of the one currency."""

    economics: Economics
    start: datetime
    end: datetime
    currency: str | None
    """None where the audience paid nothing and nothing was paid for it."""
    channels: tuple[str, ...]
    """The names behind the channels' codes."""
    log_version: int
    as_of: datetime


class ReferralReports:
    """Tells the economics; keeps what it read of the newest version of the log, and computes one report at a time."""

    def __init__(self, reader: Reader, log: EventLog, zone: str) -> None:
        """`zone` is the IANA name of the calendar that months are told by."""
        self._reader = reader
        self._log = log
        self._zone = zone
        self._read: ReferralsRead | None = None
        self._lock = asyncio.Lock()

    async def report(self, asked: EconomicsAsked) -> EconomicsReport:
        """The same log and request give the same figures. Raises CannotReport."""
        await self._check_category(asked.audience)
        keys = await audience_keys(self._reader, asked.audience) if asked.audience else None
        async with self._lock:
            return await asyncio.to_thread(self._reported, asked, keys)

    async def _check_category(self, audience: Mapping[str, object]) -> None:
        category = audience.get("category")
        if isinstance(category, str):
            known, others = await known_category(self._reader, category)
            if not known:
                named = ", ".join(others) or "none yet"
                message = f"There is no category {category!r}; the graph's root categories are: {named}."
                raise CannotReport(Unfit.UNKNOWN_CATEGORY, "where.category", message)

    def _reported(self, asked: EconomicsAsked, keys: Sequence[str] | None) -> EconomicsReport:
        version = self._log.version
        if self._read is None or self._read.version != version:
            self._read = read_referrals(self._log, version, self._zone)
        return reported(self._read, asked, keys)


def reported(read: ReferralsRead, asked: EconomicsAsked, keys: Sequence[str] | None) -> EconomicsReport:
    """The figures of the customers in `keys`, or of all. Raises CannotReport."""
    audience = _members(read, keys)
    currency = _currency(read, audience)
    log = _in_currency(read, currency)
    start = asked.start or datetime.fromtimestamp(log.first, UTC)
    end = asked.end or datetime.fromtimestamp(log.until, UTC) + timedelta(seconds=1)
    request = _request(asked, start, end)
    found = referral_economics(log, request, audience)
    as_of = datetime.fromtimestamp(log.until, UTC)
    return EconomicsReport(found, start, end, currency, tuple(read.channels), read.version, as_of)


def _request(asked: EconomicsAsked, start: datetime, end: datetime) -> EconomicsRequest:
    try:
        return EconomicsRequest(
            int(start.timestamp()),
            int(end.timestamp()),
            tuple(sorted(set(asked.horizons_days))),
            asked.high_sharer_shares,
            asked.reward_cents,
        )
    except OutOfRange as failure:
        wrong = str(failure)
        raise CannotReport(Unfit.OUT_OF_RANGE, failure.parameter, f"{wrong[0].upper()}{wrong[1:]}.") from failure


def _members(read: ReferralsRead, keys: Sequence[str] | None) -> NDArray[np.bool_]:
    if keys is None:
        members = np.ones(len(read.customers), np.bool_)
    else:
        members = read.customers.is_in(list(keys)).to_numpy().astype(np.bool_)
    if not members.any():
        message = "The audience is empty: nobody in the log fits every condition. Ask for a wider audience."
        raise CannotReport(Unfit.EMPTY_AUDIENCE, "where", message)
    return members


def _currency(read: ReferralsRead, members: NDArray[np.bool_]) -> str | None:
    """The one currency of the audience: what its customers paid in, or else what rewards and costs are in."""
    paid = read.currencies.filter(members[read.currencies["customer"].to_numpy()])["currency"].unique().sort()
    if len(paid) > 1:
        named = ", ".join(paid)
        message = f"The audience paid in several currencies ({named}), which no sum can mix: narrow it by source."
        raise CannotReport(Unfit.SEVERAL_CURRENCIES, "where", message)
    told = paid if len(paid) else read.cost_currency.drop_nulls().unique().sort()
    return str(told[0]) if len(told) else None


def _in_currency(read: ReferralsRead, currency: str | None) -> ReferralLog:
    """Costs and rewards in other currencies are other data sets' business."""
    costs, rewards = ((column == currency).fill_null(value=False).to_numpy().astype(np.bool_)
                      for column in (read.cost_currency, read.reward_currency))  # fmt: skip
    log = read.log
    return replace(
        log,
        cost_channel=log.cost_channel[costs],
        cost_at=log.cost_at[costs],
        cost_cents=log.cost_cents[costs],
        reward_customer=log.reward_customer[rewards],
        reward_cents=log.reward_cents[rewards],
        reward_void=log.reward_void[rewards],
    )
