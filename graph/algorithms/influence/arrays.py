"""The arrays that influence is computed on: the log of shares, who moved whom, and the ties as a compressed graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
NOBODY = -1


def summed(owner: Int32 | Int64, values: Float64, count: int) -> Float64:
    """The sum of the values of every owner from 0 to count - 1."""
    return np.bincount(owner, weights=values, minlength=count).astype(np.float64)


@dataclass(frozen=True, slots=True)
class ShareLog:
    """Shares, clicks and what followed, in any order; customers and shares are codes from 0, times whole seconds."""

    customer_count: int
    share_sharer: Int32
    """Who shared, one entry a share."""
    share_at: Int64
    share_parent: Int32
    """The share that this one passes on, or NOBODY where it is spontaneous or nobody wrote it down."""
    click_customer: Int32
    click_share: Int32
    click_at: Int64
    act_customer: Int32
    """Who registered, was referred or bought; an act is a whole order, or an event of the other kinds."""
    act_at: Int64
    act_share: Int32
    """The share that the act itself names, or NOBODY."""
    act_referrer: Int32
    """The customer whom the act itself names, or NOBODY; used where no share is named."""
    act_cents: Int64
    """What was paid and not paid back; 0 for a registration."""
    brought_customer: Int32
    """Who was brought, at most once each: the earliest registration or referral that names somebody else."""
    brought_by: Int32
    brought_at: Int64
    segment: Int32 | None = None
    """The segment of every customer, such as their district, counted from 0; None: all are of one."""
    act_in_category: Bool | None = None
    """Whether each act is of the category that is scored, its cents then that category's alone; None: all are."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Who moved whom: one row for each act and each sharer who has a part in it, ordered by act, then sharer."""

    act: Int32
    sharer: Int32
    share: Int32
    """The share that did it, or NOBODY where a referral names no share."""
    customer: Int32
    weight: Float64
    """The sharer's part by half-life; the parts of one act add up to 1, less what would have come anyway."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval, one entry each."""

    low: Float64
    high: Float64


@dataclass(frozen=True, slots=True)
class Reach:
    """What is believed of all that a customer's shares do together, one entry a customer."""

    hidden: Float64
    """How many contacts the customer is believed to have who have not shown themselves yet."""
    hidden_chance: Float64
    """That a share of the customer moves one of these."""
    strength_variance: Float64
    """Of the factor, 1 in the mean, that all ties of the customer are stronger or weaker by than is believed."""
    pass_on_variance: Float64
    strangers: Int32
    """Who the hidden contacts may be: one of these at random. One entry a moved act, so that who is moved often is."""

    @staticmethod
    def certain(customer_count: int) -> "Reach":
        """Nothing hidden, no doubt."""
        none = np.zeros(customer_count)
        return Reach(none, none, none, none, np.zeros(0, np.int32))


@dataclass(frozen=True, slots=True)
class Delays:
    """How long things take, in days: equally likely values in ascending order; none where the log tells of none."""

    move: Float64
    """From a share to the act of whom it moves."""
    pass_on: Float64
    """From being moved to sharing on."""

    @staticmethod
    def unknown() -> "Delays":
        """No value at all."""
        return Delays(np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Ties:
    """Out-ties of every customer in compressed rows: u's ties are entries pointer[u] to pointer[u + 1], by target."""

    pointer: Int64
    target: Int32
    probability: Float64
    """That a share of u moves the target."""
    variance: Float64
    """How uncertain that probability is, given the log."""
    pass_on: Float64
    """Per customer: that being moved makes them share on."""
    revenue: Float64
    """Per customer: what one move of them brings, in units of the currency."""
    reach: Reach

    @property
    def customer_count(self) -> int:
        """How many customers the graph has."""
        return self.pointer.size - 1

    @property
    def direct(self) -> Float64:
        """Expected number whom one share of each customer moves itself, hidden contacts included."""
        source = np.repeat(np.arange(self.customer_count), np.diff(self.pointer))
        return summed(source, self.probability, self.customer_count) + self.reach.hidden * self.reach.hidden_chance
