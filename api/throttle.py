"""A leaky bucket for every caller, in this process: what may be spent at once, and how fast it comes back.

An operation takes what it may cost before it runs; what it did not cost is given back when it has ended. Several
processes have buckets of their own, so that a caller may spend as much in each of them, unless they share
(`api.shared_throttle`).
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

MOST_CALLERS = 10_000
"""Buckets that are remembered. A forgotten one starts full: the least recently used is full as a rule."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one caller may spend; the default keeps a caller from more than one process can compute."""

    maximum: int = 1_000_000
    restored_per_second: int = 100_000
    concurrent: int = 200


@dataclass(frozen=True, slots=True)
class Wait:
    """The operation cannot run now: why, and in how many seconds it can."""

    reason: str
    seconds: int


class Buckets(Protocol):
    """The buckets of all callers; `now` is seconds of a clock that does not run backwards."""

    async def enter(self, caller: str, cost: int, now: float) -> Wait | str:
        """Takes the cost out of the caller's bucket, and gives a ticket; Wait where the operation cannot run now."""
        ...

    async def leave(self, caller: str, ticket: str, refund: int, now: float) -> None:
        """Ends an operation that was entered, and gives back what it did not cost; a negative refund takes more."""
        ...

    def status(self, caller: str, now: float) -> dict[str, int]:
        """What a client is told of its bucket."""
        ...

    async def close(self) -> None:
        """Lets go of what is open."""
        ...


@dataclass(slots=True)
class _Bucket:
    available: float
    at: float
    running: int = 0


class Throttle:
    """The buckets of one process; a clock that runs backwards is taken as standing."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def enter(self, caller: str, cost: int, now: float) -> Wait | None:
        """Takes the cost out of the caller's bucket; Wait where there is too little in it or too much under way."""
        allowance, bucket = self._allowance, self._filled(caller, now)
        if bucket.running >= allowance.concurrent:
            return Wait(f"{bucket.running} operations of this caller run, at most {allowance.concurrent} may", 1)
        missing = min(cost, allowance.maximum) - bucket.available
        if missing > 0:
            seconds = max(1, math.ceil(missing / allowance.restored_per_second))
            return Wait(f"it may cost {cost:,}, and {int(bucket.available):,} are left", seconds)
        bucket.available -= cost
        bucket.running += 1
        return None

    def leave(self, caller: str, refund: int, now: float) -> None:
        """Ends an operation that was entered, and gives back what it did not cost; a negative refund takes more."""
        bucket = self._filled(caller, now)
        bucket.running = max(0, bucket.running - 1)
        bucket.available = min(self._allowance.maximum, bucket.available + refund)

    def status(self, caller: str, now: float) -> dict[str, int]:
        """What a client is told of its bucket."""
        return {
            "maximumAvailable": self._allowance.maximum,
            "currentlyAvailable": max(0, int(self._filled(caller, now).available)),
            "restoreRate": self._allowance.restored_per_second,
        }

    def _filled(self, caller: str, now: float) -> _Bucket:
        allowance = self._allowance
        bucket = self._buckets.pop(caller, None) or _Bucket(allowance.maximum, now)
        passed = max(0.0, now - bucket.at)
        bucket.available = min(allowance.maximum, bucket.available + passed * allowance.restored_per_second)
        bucket.at = max(bucket.at, now)
        self._buckets[caller] = bucket
        while len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return bucket


@dataclass(frozen=True, slots=True)
class OwnBuckets:
    """The buckets of this process as `Buckets`."""

    throttle: Throttle

    async def enter(self, caller: str, cost: int, now: float) -> Wait | str:
        """See `Buckets`; the ticket is empty."""
        return self.throttle.enter(caller, cost, now) or ""

    async def leave(self, caller: str, ticket: str, refund: int, now: float) -> None:
        """See `Buckets`."""
        self.throttle.leave(caller, refund, now)

    def status(self, caller: str, now: float) -> dict[str, int]:
        """See `Buckets`."""
        return self.throttle.status(caller, now)

    async def close(self) -> None:
        """Nothing is open."""
