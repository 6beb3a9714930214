"""The arrays that the economics of referrals are computed on, and what they are asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.errors import BadInput

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

UNKNOWN = np.iinfo(np.int64).min
"""A time that nobody told."""
DAY = 86_400


class OutOfRange(BadInput):
    """A parameter lies outside of its range; the text says which range."""

    def __init__(self, parameter: str, message: str) -> None:
        """`parameter` is its name in the request."""
        super().__init__(message)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval and how many it rests on."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class ReferralLog:
    """Who came when, by whom and through what, what they paid and shared; codes from 0, -1 for nobody, whole seconds.

    Void referrals are left out of `bringer`. `first` and `until` are the times of the earliest and the newest
    event: nothing is known of what lies outside.
    """

    first: int
    until: int
    registered_at: Int64
    """One entry a customer; UNKNOWN where nobody told."""
    month: Int64
    """Months since year 0 of the registration on the retailer's calendar; one entry a customer."""
    bringer: Int32
    brought_at: Int64
    channel: Int32
    """Which channel won the customer, or -1."""
    order_customer: Int32
    order_at: Int64
    order_cents: Int64
    """What was paid and not paid back."""
    share_customer: Int32
    share_at: Int64
    reward_customer: Int32
    """Who was brought."""
    reward_cents: Int64
    reward_void: Bool
    """The referral that was rewarded is void."""
    cost_channel: Int32
    cost_at: Int64
    """A time within the day of the cost."""
    cost_cents: Int64

    @property
    def customer_count(self) -> int:
        """How many customers there are."""
        return self.registered_at.size


@dataclass(frozen=True, slots=True)
class EconomicsRequest:
    """Frozen parameters. Raises OutOfRange with the valid range where one of them cannot be used."""

    start: int
    """The period's first second."""
    end: int
    """The second after its last."""
    horizons_days: tuple[int, ...] = (30, 90, 180)
    """Worth of a customer after so many days."""
    high_sharer_shares: int = 3
    """A high sharer shared at least so often in the period's first half."""
    reward_cents: int | None = None
    """What a referral costs where the log holds no rewards."""

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        if self.end <= self.start:
            raise OutOfRange("end", f"the period must end after it begins, not {self.start - self.end} s before")
        if not self.horizons_days or not all(1 <= days <= 3_650 for days in self.horizons_days):
            raise OutOfRange("horizons_days", f"horizons must be from 1 to 3,650 days, not {list(self.horizons_days)}")
        if len(self.horizons_days) > 12:
            raise OutOfRange("horizons_days", f"at most 12 horizons can be asked for, not {len(self.horizons_days)}")
        if not 1 <= self.high_sharer_shares <= 1_000:
            raise OutOfRange(
                "high_sharer_shares", f"a high sharer must have 1 to 1,000 shares, not {self.high_sharer_shares}"
            )
        if self.reward_cents is not None and not 0 <= self.reward_cents < 10**15:
            raise OutOfRange("reward_cents", f"a reward must be 0 or more, not {self.reward_cents / 100:.2f}")
