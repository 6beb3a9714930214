"""What winning a customer costs: through channels that are paid for, and through rewards for referrals."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.referrals.arrays import Bool, EconomicsRequest, Float64, Int64, ReferralLog


@dataclass(frozen=True, slots=True)
class ChannelCost:
    """One channel that costs money in the period."""

    channel: int
    bought: int
    """New customers of the audience that it won, nobody having brought them."""
    referred: int
    """New customers of the audience who were brought through it."""
    cents: float
    """The whole of its cost in the period, whoever the audience is."""
    cents_each: float | None
    """For each of all new customers whom it won, inside and outside of the audience; None where there are none."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Cents for a new customer of the audience; None where there is nobody, or no cost was told."""

    channels: tuple[ChannelCost, ...]
    idle_cents: float
    """Cost of channels that won nobody at all; it is in no other figure."""
    bought: int
    bought_cents_each: float | None
    """The mean of their channels' costs over those whom nobody brought and a paid channel won."""
    referred_channel_cents: float
    """What the channels cost through which the referred came."""
    reward_cents: int | None
    """Paid for the referrals of the referred, void ones not among them; None where nothing is known of rewards."""
    referred_cents_each: float | None
    """Both, for each of the referred."""
    void_reward_cents: int
    """Paid for void referrals of the audience's customers, whenever they came: due back."""
    ratio: float | None
    """What a referred customer costs over what a bought one does."""


def acquisition_costs(
    log: ReferralLog, request: EconomicsRequest, audience: Bool, referred: Bool, bought: Bool
) -> Costs:
    """Every new customer bears an equal part of what the channel cost that won them; the referred also their rewards.

    O(customers + costs). `referred` and `bought` are among the audience's new customers.
    """
    cents, won = _by_channel(log, request)
    each = np.divide(cents, won, out=np.zeros(cents.size), where=won > 0)
    bears = np.where(log.channel >= 0, each[log.channel], 0.0) if each.size else np.zeros(log.customer_count)
    many, channel_cents, rewards = int(referred.sum()), float(bears[referred].sum()), _rewards(log, request, referred)
    bought_each = float(bears[bought].mean()) if bought.any() else None
    referred_each = None if rewards is None or not many else (channel_cents + rewards) / many
    paid = np.flatnonzero(cents > 0)
    heads = [np.bincount(log.channel[who & (log.channel >= 0)], minlength=cents.size) for who in (bought, referred)]
    return Costs(
        tuple(
            ChannelCost(int(c), int(heads[0][c]), int(heads[1][c]), float(cents[c]), float(each[c]) if won[c] else None)
            for c in paid
        ),
        float(cents[won == 0].sum()),
        int(bought.sum()),
        bought_each,
        channel_cents,
        rewards,
        referred_each,
        int(log.reward_cents[log.reward_void & audience[log.reward_customer]].sum()),
        referred_each / bought_each if bought_each and referred_each is not None else None,
    )


def is_bought(log: ReferralLog, request: EconomicsRequest, new: Bool) -> Bool:
    """Which of the new customers nobody brought and a channel won that is paid for in the period."""
    paid = np.unique(log.cost_channel[_told(log, request) & (log.cost_cents > 0)])
    return new & (log.bringer < 0) & np.isin(log.channel, paid)


def _told(log: ReferralLog, request: EconomicsRequest) -> Bool:
    return (log.cost_at >= request.start) & (log.cost_at < request.end) & (log.cost_channel >= 0)


def _by_channel(log: ReferralLog, request: EconomicsRequest) -> tuple[Float64, Int64]:
    """What each channel cost in the period, and how many new customers came through it, the referred included."""
    count = int(max(log.channel.max(initial=-1), log.cost_channel.max(initial=-1))) + 1
    told = _told(log, request)
    cents = np.bincount(log.cost_channel[told], log.cost_cents[told].astype(np.float64), count).astype(np.float64)
    came = (log.registered_at >= request.start) & (log.registered_at < request.end) & (log.channel >= 0)
    return cents, np.bincount(log.channel[came], minlength=count).astype(np.int64)


def _rewards(log: ReferralLog, request: EconomicsRequest, referred: Bool) -> int | None:
    """What was paid for these referrals: as the log says, or else as the request does."""
    if log.reward_cents.size:
        return int(log.reward_cents[referred[log.reward_customer] & ~log.reward_void].sum())
    return None if request.reward_cents is None else request.reward_cents * int(referred.sum())
