"""One execution of a subscription for all who ask for the same: each message is made, and written out, once.

Everybody has a queue of their own, bounded in messages and bytes: who does not keep up is ended, and slows nobody.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import aclosing
from contextvars import Context as Variables
from dataclasses import dataclass, field
from typing import Any

import msgspec

from api.graphql.context import Caller, Context, FellBehind
from api.graphql.replies import ENCODE
from api.policy import Waiting

Answer = dict[str, Any] | msgspec.Raw
"""An answer as a transport sends it; one with data may be written out already."""
AT_ONCE = 8
"""Messages that are offered before those who listen may take them."""
TURNS = 200
"""Turns of the event loop that those get whose queue is half full, before more is offered: a stream needs some six a
message. Who takes nothing all the same is ended when the queue is full, and holds up nobody then."""
_IN_ORDER = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Message:
    """What those hear who came before the version `since` of the log; an answer without `data` is the last."""

    since: int
    answer: dict[str, Any]
    personal: Mapping[str, int] = field(default_factory=dict[str, int])
    """Personal field → how many values of it the answer holds."""


@dataclass(eq=False)
class Member:
    """One who listens: who they are, since when, and what waits for them."""

    context: Context
    after: int
    bounds: Waiting
    waiting: deque[tuple[Answer, int]] = field(default_factory=deque[tuple[Answer, int]])
    size: int = 0
    something: asyncio.Event = field(default_factory=asyncio.Event)
    has_ended: bool = False
    failure: Exception | None = None

    def offer(self, answer: Answer, size: int) -> None:
        """One more message; the end for who has too much waiting."""
        if self.has_ended:
            return
        self.waiting.append((answer, size))
        self.size += size
        if len(self.waiting) > self.bounds.messages:
            self._give_up(FellBehind(self.bounds.messages, "messages"))
        elif self.size > self.bounds.size:
            self._give_up(FellBehind(self.bounds.size, "bytes"))
        self.something.set()

    @property
    def is_half_full(self) -> bool:
        """Whether half of what may wait does."""
        full = len(self.waiting) > self.bounds.messages // 2 or self.size > self.bounds.size // 2
        return full and not self.has_ended

    def _give_up(self, failure: FellBehind) -> None:
        self.waiting.clear()
        self.size = 0
        self.end(failure)

    def end(self, failure: Exception | None) -> None:
        """Nothing more comes after what waits."""
        if not self.has_ended:
            self.has_ended, self.failure = True, failure
            self.something.set()

    async def messages(self) -> AsyncGenerator[Answer]:
        """What waits, as it comes; raises the failure that ended it."""
        while True:
            await self.something.wait()
            while self.waiting:
                answer, size = self.waiting.popleft()
                self.size -= size
                yield answer
            if self.has_ended:
                if self.failure:
                    raise self.failure
                return
            self.something.clear()


Recorded = Callable[[Sequence[Context], Mapping[str, int]], Awaitable[None]]
"""Records that these were told personal values, before they are."""


class Sharing:
    """Who listens to what."""

    def __init__(self, bounds: Waiting) -> None:
        """`bounds` are those of what waits for one who listens."""
        self._bounds = bounds
        self._groups: dict[Hashable, _Group] = {}

    @property
    def executions(self) -> int:
        """How many subscriptions are executed for all who listen."""
        return len(self._groups)

    async def listen(
        self, same: Hashable, context: Context, source: Callable[[], AsyncGenerator[Message]], recorded: Recorded
    ) -> AsyncGenerator[Answer]:
        """What the source tells from now on, executed for nobody else who asks for the `same`.

        FellBehind where it is not taken fast enough, or what the source raised.
        """
        member = Member(context, await context.services.feed.joined(), self._bounds)
        group = self._groups.get(same)
        if group is None:
            group = self._groups[same] = _Group(recorded, lambda: self._groups.pop(same, None), self._bounds)
            # What the first one's request carries along is nobody else's.
            group.task = asyncio.create_task(group.run(source), context=Variables())
        group.members[member] = None
        try:
            async with aclosing(member.messages()) as messages:
                async for answer in messages:
                    yield answer
        finally:
            await group.leave(member)


class _Group:
    def __init__(self, recorded: Recorded, closed: Callable[[], object], bounds: Waiting) -> None:
        self.members: dict[Member, None] = {}
        self.task: asyncio.Task[None] | None = None
        self._recorded = recorded
        self._closed = closed
        self._messages = max(1, min(AT_ONCE, bounds.messages // 2))
        self._bytes = bounds.size // 2
        self._offered, self._size = 0, 0
        self._has_ended = False

    async def run(self, source: Callable[[], AsyncGenerator[Message]]) -> None:
        failure: Exception | None = None
        try:
            async with aclosing(source()) as messages:
                async for message in messages:
                    await self._tell(message)
        except Exception as error:  # noqa: BLE001  told to everybody who listens
            failure = error
        finally:
            self._end(failure)

    async def _tell(self, message: Message) -> None:
        is_last = "data" not in message.answer
        members = [one for one in self.members if is_last or message.since > one.after]
        if not members:
            return
        if message.personal:
            await self._recorded([one.context for one in members], message.personal)
        written = ENCODE.encode(message.answer)
        answer: Answer = message.answer if is_last else msgspec.Raw(written)
        await self._make_room(len(written))
        for one in members:
            one.offer(answer, len(written))

    async def _make_room(self, size: int) -> None:
        """Who keeps up takes what there is before more is offered; what is taken together is sent together."""
        if self._offered == self._messages or self._size + size > self._bytes:
            for _ in range(TURNS):
                await asyncio.sleep(0)
                if not any(one.is_half_full for one in self.members):
                    break
            self._offered = self._size = 0
        self._offered, self._size = self._offered + 1, self._size + size

    def _end(self, failure: Exception | None) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._closed()
        for one in self.members:
            one.end(failure)

    async def leave(self, member: Member) -> None:
        """The last one who leaves ends the execution."""
        self.members.pop(member, None)
        if not self.members and self.task:
            self._end(None)
            self.task.cancel()
            await asyncio.wait({self.task})


def sameness(query: str | None, name: str | None, variables: Mapping[str, Any], caller: Caller) -> Hashable:
    """What two subscriptions must have in common for their messages to be the same, whoever asks."""
    view = caller.view
    seen = (view.partner, tuple(sorted((rule, tuple(values)) for rule, values in view.only.items()))) if view else None
    return (
        query,
        name,
        _IN_ORDER.encode(variables),
        frozenset(caller.scopes),
        caller.is_anonymous,
        caller.is_sandbox,
        seen,
    )
