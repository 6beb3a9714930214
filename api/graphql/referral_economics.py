"""The economics of referrals in the API: what referrals bring and cost, over an audience and a period."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql.audience import AudienceWhere
from api.graphql.context import Info
from api.graphql.errors import ApiError, Code
from api.graphql.influence import INTERVAL
from api.graphql.scalars import cents, money
from graph.algorithms.referrals import ChannelCost, Cohort, Costs, Repurchase, Trees, Worth
from graph.algorithms.referrals import Estimate as Counted
from graph.jobs.referral_economics import (
    HIGH_SHARER_SHARES,
    HORIZONS_DAYS,
    CannotReport,
    EconomicsAsked,
    EconomicsReport,
)
from graph.jobs.referral_read import month_named

_ARGUMENTS = {
    "end": "to",
    "horizons_days": "horizons",
    "high_sharer_shares": "highSharerShares",
    "reward_cents": "rewardPerReferral",
}
"""Parameter of the request → the argument that clients give."""


@strawberry.type(description="A figure over some customers, with its interval.")
class CountedEstimate:
    """A value, its interval, and how many it rests on."""

    value: float = strawberry.field(description="The figure.")
    low: float | None = strawberry.field(description="Lower end of the interval; null where one customer tells none.")
    high: float | None = strawberry.field(description="Upper end of the interval; null where one customer tells none.")
    confidence: float = strawberry.field(description="How sure the interval is, 0 to 1.")
    count: int = strawberry.field(description="How many customers it rests on.")

    @classmethod
    def of(cls, found: Counted | None, unit: float = 1.0) -> "CountedEstimate | None":
        """The estimate in a unit; None for none."""
        if found is None:
            return None
        low, high = (value / unit if abs(value) != float("inf") else None for value in (found.low, found.high))
        return cls(value=found.value / unit, low=low, high=high, confidence=INTERVAL, count=found.count)


@strawberry.type(description="Whether who shares much buys again more often. No effect of sharing: see the guide.")
class RepurchaseRates:
    """Of the buyers of the period's first half, who bought in its second."""

    high_sharers: CountedEstimate | None = strawberry.field(description="Of those who shared much in the first half.")
    others: CountedEstimate | None = strawberry.field(description="Of all others.")
    ratio: CountedEstimate | None = strawberry.field(description="The former over the latter, as they are.")
    matched_ratio: CountedEstimate | None = strawberry.field(
        description="The same among customers with as many orders in the first half and of the same month of "
        "registration (Mantel-Haenszel); `count` is how many could be matched."
    )

    @classmethod
    def of(cls, found: Repurchase) -> "RepurchaseRates":
        """The rates of a report."""
        return cls(
            high_sharers=CountedEstimate.of(found.high_sharers),
            others=CountedEstimate.of(found.others),
            ratio=CountedEstimate.of(found.ratio),
            matched_ratio=CountedEstimate.of(found.matched_ratio),
        )


@strawberry.type(description="What one channel cost in the period, and whom it won.")
class ChannelAcquisition:
    """A channel that is paid for."""

    channel: str = strawberry.field(description="The channel's name.")
    cost: Decimal = strawberry.field(description="The whole of its cost in the period, whoever the audience is.")
    bought: int = strawberry.field(description="New customers of the audience whom it won, nobody having brought them.")
    referred: int = strawberry.field(description="New customers of the audience who were brought through it.")
    cost_each: Decimal | None = strawberry.field(
        description="Its cost over all new customers whom it won, inside and outside of the audience."
    )

    @classmethod
    def of(cls, found: ChannelCost, names: tuple[str, ...]) -> "ChannelAcquisition":
        """The cost under the channel's name."""
        each = None if found.cents_each is None else money(round(found.cents_each))
        return cls(
            channel=names[found.channel],
            cost=money(round(found.cents)),
            bought=found.bought,
            referred=found.referred,
            cost_each=each,
        )


@strawberry.type(
    description="What a new customer costs: each bears an equal part of what the channel cost that won them, the "
    "referred also their rewards."
)
class AcquisitionCosts:
    """Costs of the audience's new customers."""

    bought: int = strawberry.field(description="Whom nobody brought and a paid channel won.")
    bought_cac: Decimal | None = strawberry.field(description="What each of them cost; null where there are none.")
    referred_cac: Decimal | None = strawberry.field(
        description="What each of the referred cost; null where there are none, or nothing is known of rewards."
    )
    ratio: float | None = strawberry.field(description="A referred customer's cost over a bought one's.")
    referred_channel_cost: Decimal = strawberry.field(description="The referred customers' part of channel costs.")
    reward_cost: Decimal | None = strawberry.field(
        description="Rewards for them, void ones left out; null where the log has none and none was given."
    )
    void_rewards: Decimal = strawberry.field(description="Rewards for void referrals of the audience, due back.")
    idle_cost: Decimal = strawberry.field(description="Cost of channels that won nobody; in no other figure.")
    channels: list[ChannelAcquisition] = strawberry.field(description="The channels that cost something.")

    @classmethod
    def of(cls, found: Costs, names: tuple[str, ...]) -> "AcquisitionCosts":
        """The costs of a report."""
        return cls(
            bought=found.bought,
            bought_cac=_money(found.bought_cents_each),
            referred_cac=_money(found.referred_cents_each),
            ratio=found.ratio,
            referred_channel_cost=money(round(found.referred_channel_cents)),
            reward_cost=_money(found.reward_cents),
            void_rewards=money(found.void_reward_cents),
            idle_cost=money(round(found.idle_cents)),
            channels=[ChannelAcquisition.of(one, names) for one in found.channels],
        )


@strawberry.type(
    description="Revenue of a customer so many days after registration, in units of the currency; no margin."
)
class CustomerWorth:
    """Only who was observed for all of the days is counted."""

    days: int = strawberry.field(description="Days since registration.")
    referred: CountedEstimate | None = strawberry.field(description="Mean of the referred.")
    bought: CountedEstimate | None = strawberry.field(description="Mean of those whom paid channels won.")
    others: CountedEstimate | None = strawberry.field(description="Mean of those who came in neither way.")
    ratio: CountedEstimate | None = strawberry.field(description="Referred over bought.")

    @classmethod
    def of(cls, found: Worth) -> "CustomerWorth":
        """The worth of a report."""
        means = {name: CountedEstimate.of(getattr(found, name), 100) for name in ("referred", "bought", "others")}
        return cls(days=found.days, ratio=CountedEstimate.of(found.ratio), **means)


@strawberry.type(description="How deep and how wide the trees of the period's referrals are.")
class ReferralTrees:
    """Of the new customers who were brought."""

    trees: int = strawberry.field(description="Distinct roots above them.")
    depths: list[int] = strawberry.field(description="How many came at depth 1 (brought by a root), at depth 2 …")
    mean_depth: float = strawberry.field(description="Their mean depth.")
    bringers: int = strawberry.field(description="Who brought at least one of them.")
    mean_width: float = strawberry.field(description="How many a bringer brought.")
    widest: int = strawberry.field(description="The most that one bringer brought.")
    largest: int = strawberry.field(description="The most that belong to one tree.")

    @classmethod
    def of(cls, found: Trees) -> "ReferralTrees":
        """The trees of a report."""
        return cls(
            trees=found.trees,
            depths=list(found.depths),
            mean_depth=found.mean_depth,
            bringers=found.bringers,
            mean_width=found.mean_width,
            widest=found.widest,
            largest=found.largest,
        )


@strawberry.type(description="The new customers of one month.")
class ReferralCohort:
    """A month of the retailer's calendar."""

    month: str = strawberry.field(description="The month, such as 2026-03.")
    customers: int = strawberry.field(description="How many registered.")
    referred: int = strawberry.field(description="How many of them were brought.")
    referred_share: CountedEstimate | None = strawberry.field(description="The part of them.")
    worth_referred: CountedEstimate | None = strawberry.field(description="Paid within 30 days, by the referred.")
    worth_others: CountedEstimate | None = strawberry.field(description="Paid within 30 days, by all others.")

    @classmethod
    def of(cls, found: Cohort) -> "ReferralCohort":
        """The cohort of a report."""
        return cls(
            month=month_named(found.month),
            customers=found.customers,
            referred=found.referred,
            referred_share=CountedEstimate.of(found.referred_share),
            worth_referred=CountedEstimate.of(found.worth_referred, 100),
            worth_others=CountedEstimate.of(found.worth_others, 100),
        )


@strawberry.type(description="What referrals bring and cost, of the audience's customers who registered in the period.")
class ReferralEconomics:
    """A report, with what it rests on."""

    start: datetime = strawberry.field(description="The period's first instant.")
    end: datetime = strawberry.field(description="The instant after its last.")
    currency: str | None = strawberry.field(description="ISO 4217 code of all money here.")
    log_version: int = strawberry.field(description="The version of the event log that was read.")
    as_of: datetime = strawberry.field(description="The time of the newest event that was read.")
    new_customers: int = strawberry.field(description="Who registered in the period.")
    referred: int = strawberry.field(description="Whom somebody brought; void referrals brought nobody.")
    old_brings_new: CountedEstimate | None = strawberry.field(description="The part of the new who were brought.")
    customers: int = strawberry.field(description="Everybody of the audience who had registered by the end.")
    bringers: int = strawberry.field(description="Of these, who brought somebody in the period.")
    bringing: CountedEstimate | None = strawberry.field(description="The part of them who did.")
    shares: int = strawberry.field(description="Invitations: what they shared in the period.")
    invites_each: float | None = strawberry.field(description="Invitations of a customer.")
    conversion: float | None = strawberry.field(description="Customers brought for each invitation.")
    k_factor: float | None = strawberry.field(
        description="Invitations of a customer times conversion: how many a customer brings within the period."
    )
    repurchase: RepurchaseRates = strawberry.field(description="Of high sharers and others.")
    costs: AcquisitionCosts = strawberry.field(description="What a new customer costs.")
    worth: list[CustomerWorth] = strawberry.field(
        description="Revenue of a customer by days since registration: what they paid, refunds taken off. It is no "
        "margin, since products carry no cost."
    )
    trees: ReferralTrees = strawberry.field(description="Depth and width of the trees.")
    cohorts: list[ReferralCohort] = strawberry.field(description="By month of registration, the earliest first.")

    @classmethod
    def of(cls, report: EconomicsReport) -> "ReferralEconomics":
        """The report as clients see it."""
        found = report.economics
        return cls(
            start=report.start,
            end=report.end,
            currency=report.currency,
            log_version=report.log_version,
            as_of=report.as_of,
            new_customers=found.new_customers,
            referred=found.referred,
            old_brings_new=CountedEstimate.of(found.old_brings_new),
            customers=found.customers,
            bringers=found.bringers,
            bringing=CountedEstimate.of(found.bringing),
            shares=found.shares,
            invites_each=found.invites_each,
            conversion=found.conversion,
            k_factor=found.k_factor,
            repurchase=RepurchaseRates.of(found.repurchase),
            costs=AcquisitionCosts.of(found.costs, report.channels),
            worth=[CustomerWorth.of(one) for one in found.worth],
            trees=ReferralTrees.of(found.trees),
            cohorts=[ReferralCohort.of(one) for one in found.cohorts],
        )


async def referral_economics(
    info: Info,
    where: Annotated[AudienceWhere | None, strawberry.argument(description="Whom to count; all if absent.")] = None,
    from_: Annotated[
        datetime | None,
        strawberry.argument(name="from", description="The period's first instant; the log's if absent."),
    ] = None,
    to: Annotated[
        datetime | None, strawberry.argument(description="The instant after its last; the log's end if absent.")
    ] = None,
    horizons: Annotated[
        list[int] | None,
        strawberry.argument(description=f"Days since registration; {', '.join(map(str, HORIZONS_DAYS))} if absent."),
    ] = None,
    high_sharer_shares: Annotated[
        int, strawberry.argument(description="Who shared so often in the period's first half is a high sharer.")
    ] = HIGH_SHARER_SHARES,
    reward_per_referral: Annotated[
        Decimal | None, strawberry.argument(description="What a referral costs, where the log tells of no rewards.")
    ] = None,
) -> ReferralEconomics:
    """The report; BAD_USER_INPUT with a `reason` where none can be made as asked."""
    asked = EconomicsAsked(
        where.filters() if where else {},
        from_,
        to,
        HORIZONS_DAYS if horizons is None else tuple(horizons),
        high_sharer_shares,
        None if reward_per_referral is None else cents(reward_per_referral),
    )
    try:
        return ReferralEconomics.of(await info.context.services.referrals.report(asked))
    except CannotReport as failure:
        argument = _ARGUMENTS.get(failure.argument, failure.argument)
        raise ApiError(Code.BAD_USER_INPUT, str(failure), reason=failure.unfit.value, argument=argument) from failure


def _money(cents: float | None) -> Decimal | None:
    return None if cents is None else money(round(cents))
