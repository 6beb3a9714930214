"""The leaky buckets in Redis, so that all processes and machines share them: one atomic script at each end.

Redis' own clock counts, so that clocks of machines need not agree. An operation under way is a lease that ends by
itself, should its process die. While Redis is away each process goes on with buckets of its own, and says so in the
log.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from time import monotonic
from typing import Any, Self, cast
from uuid import uuid4

import structlog

from api.throttle import MOST_CALLERS, Allowance, Throttle, Wait
from graph.errors import BadInput

log = structlog.get_logger("renmai.throttle")

ANSWER_SECONDS = 1.0
"""Redis is next door: it is away when it does not answer within this time."""
MOST_CONNECTIONS = 16
"""Of a process: a burst of operations waits for them rather than opening one each."""
PAUSE_SECONDS = 5.0
"""For so long it is not asked again after it failed."""
LEASE_SECONDS = 60
"""Longer than any operation runs."""

_FILL = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local maximum, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'available', 'at')
local at = tonumber(kept[2]) or now
local available = math.min(maximum, (tonumber(kept[1]) or maximum) + math.max(0, now - at) * rate)
local function keep()
  redis.call('HSET', KEYS[1], 'available', string.format('%.6f', available), 'at', string.format('%.6f', now))
  redis.call('EXPIRE', KEYS[1], math.ceil((maximum - available) / rate) + 60)
end
"""
_ENTER = f"""{_FILL}
local concurrent, cost, id, lease = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local running = redis.call('ZCARD', KEYS[2])
if running >= concurrent then return {{2, math.floor(available), running}} end
local missing = math.min(cost, maximum) - available
if missing > 0 then return {{1, math.floor(available), math.ceil(missing / rate)}} end
available = available - cost
keep()
redis.call('ZADD', KEYS[2], now + lease, id)
redis.call('EXPIRE', KEYS[2], lease)
return {{0, math.floor(available), running + 1}}
"""
_LEAVE = f"""{_FILL}
available = math.min(maximum, available + tonumber(ARGV[3]))
keep()
redis.call('ZREM', KEYS[2], ARGV[4])
return math.floor(available)
"""


class SharedThrottle:
    """The buckets of all callers in one Redis, with those of the process for when it is away."""

    def __init__(self, client: Any, allowance: Allowance) -> None:
        """`client` is `redis.asyncio.Redis`; its types are partly unknown."""
        self._client = client
        self._allowance = allowance
        self._own = Throttle(allowance)
        self._enter, self._leave = client.register_script(_ENTER), client.register_script(_LEAVE)
        self._last: OrderedDict[str, int] = OrderedDict()
        self._away_until = 0.0

    @classmethod
    def open(cls, url: str, allowance: Allowance) -> Self:
        """Connects when it is first asked; BadInput for an address that is none of Redis."""
        try:
            from redis.asyncio import BlockingConnectionPool, Redis
        except ImportError as error:
            raise BadInput("REDIS_URL needs `pip install renmai[redis]`.") from error
        try:
            make = cast("Any", BlockingConnectionPool).from_url
            pool = make(
                url,
                max_connections=MOST_CONNECTIONS,
                timeout=ANSWER_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
            )
        except ValueError as error:
            raise BadInput(f"REDIS_URL must look like redis://host:6379/0 or rediss://…: {error}.") from error
        return cls(cast("Any", Redis).from_pool(pool), allowance)

    async def enter(self, caller: str, cost: int, now: float) -> Wait | str:
        """As `Throttle.enter`; the ticket is empty where the process's own bucket was used."""
        allowance, ticket = self._allowance, uuid4().hex
        given = (allowance.concurrent, cost, ticket, LEASE_SECONDS)
        found = cast("list[int] | None", await self._asked(self._enter, caller, *given))
        if found is None:
            return self._own.enter(caller, cost, now) or ""
        refused, available, figure = found
        self._remember(caller, available)
        if refused == 0:
            return ticket
        if refused == 1:
            return Wait(f"it may cost {cost:,}, and {available:,} are left", max(1, figure))
        return Wait(f"{figure} operations of this caller run, at most {allowance.concurrent} may", 1)

    async def leave(self, caller: str, ticket: str, refund: int, now: float) -> None:
        """As `Throttle.leave`."""
        if not ticket:
            self._own.leave(caller, refund, now)
        elif (available := await self._asked(self._leave, caller, refund, ticket)) is not None:
            self._remember(caller, cast("int", available))

    def status(self, caller: str, now: float) -> dict[str, int]:
        """What a client is told of its bucket, as it was when Redis last told this process of it."""
        known = self._last.get(caller)
        status = self._own.status(caller, now)
        return status if known is None or self._is_away() else {**status, "currentlyAvailable": max(0, known)}

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.aclose()

    def _is_away(self) -> bool:
        return monotonic() < self._away_until

    async def _asked(self, script: Any, caller: str, *given: object) -> object:
        """What the script answers; None while Redis is away."""
        from redis.exceptions import RedisError

        if self._is_away():
            return None
        allowance, key = self._allowance, f"renmai:bucket:{{{caller}}}"
        arguments = [allowance.maximum, allowance.restored_per_second, *given]
        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                answer: Awaitable[object] = script(keys=[key, f"{key}:running"], args=arguments)
                return await answer
        except (RedisError, OSError, TimeoutError) as failure:
            if not self._is_away():
                said = type(failure).__name__
                log.warning("buckets are those of this process: Redis is away", failure=said, seconds=PAUSE_SECONDS)
            self._away_until = monotonic() + PAUSE_SECONDS
            return None

    def _remember(self, caller: str, available: int) -> None:
        self._last[caller] = available
        self._last.move_to_end(caller)
        while len(self._last) > MOST_CALLERS:
            self._last.popitem(last=False)
