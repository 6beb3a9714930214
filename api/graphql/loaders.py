"""Batching within one operation: however many parents a level has, one statement reads it.

Loaders are made anew for every operation, also on a socket, so that nothing stale is served.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from graph.queries.reader import Reader

Answer = TypeVar("Answer")
Picked = TypeVar("Picked")

Batch = Callable[..., Awaitable[Sequence[Answer]]]
"""(reader, keys, *given) → one answer for each key, in order: what `graph.queries` offers."""

LARGEST_BATCH = 2_000


class Loaders:
    """One loader for each question and set of further arguments that an operation asks."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._made: dict[tuple[object, ...], _Loader[Any]] = {}

    def load(self, batch: Batch[Answer], key: str, *given: object) -> Awaitable[Answer]:
        """The answer to one key; keys that are asked for in the same turn share a statement."""
        return _Asked(self._loader(batch, given).turn_of(key), itemgetter(key))

    async def load_all(self, batch: Batch[Answer], keys: Iterable[str], *given: object) -> dict[str, Answer]:
        """Every key → its answer, each asked for once, all in the same turn."""
        turns = self._loader(batch, given).turns_of(keys)
        told: dict[str, Answer] = {}
        for asked in [_Asked(turn, _whole) for turn in dict.fromkeys(turns.values())]:
            told |= await asked
        return {key: told[key] for key in turns}

    def _loader(self, batch: Batch[Answer], given: tuple[object, ...]) -> "_Loader[Answer]":
        asked = (batch, *given)
        loader = self._made.get(asked)
        if loader is None:
            reader = self._reader
            loader = self._made[asked] = _Loader(lambda keys: batch(reader, keys, *given))
        return loader


def _whole(told: Mapping[str, Answer]) -> Mapping[str, Answer]:
    return told


class _Turn(Generic[Answer]):
    """What is asked for until the event loop comes to it, and what is told of that."""

    def __init__(self, read: Callable[[list[str]], Awaitable[Sequence[Answer]]]) -> None:
        self.keys: list[str] = []
        self.waiting = 0
        self.is_open = True
        self.told = asyncio.get_running_loop().create_task(self._told(read))

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waited any more before it was told."""
        return self.told.cancelled() or self.told.cancelling() > 0

    async def _told(self, read: Callable[[list[str]], Awaitable[Sequence[Answer]]]) -> dict[str, Answer]:
        # Tasks that were started together with the one that asked first ask before this goes on.
        await asyncio.sleep(0)
        self.is_open = False
        told: dict[str, Answer] = {}
        for start in range(0, len(self.keys), LARGEST_BATCH):
            part = self.keys[start : start + LARGEST_BATCH]
            told.update(zip(part, await read(part), strict=True))
        return told


class _Asked(Generic[Answer, Picked]):
    """Somebody who waits for a turn. Where all who did are cancelled, so is the statement."""

    def __init__(self, turn: _Turn[Answer], pick: Callable[[Mapping[str, Answer]], Picked]) -> None:
        self._turn = turn
        self._pick = pick
        turn.waiting += 1

    def __await__(self) -> Generator[Any, None, Picked]:
        turn = self._turn
        try:
            return self._pick((yield from asyncio.shield(turn.told).__await__()))
        except asyncio.CancelledError:
            turn.waiting -= 1
            if not turn.waiting:
                turn.told.cancel()
            raise


class _Loader(Generic[Answer]):
    """One question: in which turn each key was asked for. A task and a future a turn, not a key."""

    def __init__(self, read: Callable[[list[str]], Awaitable[Sequence[Answer]]]) -> None:
        self._read = read
        self._turns: dict[str, _Turn[Answer]] = {}
        self._open: _Turn[Answer] | None = None

    def turn_of(self, key: str) -> _Turn[Answer]:
        """The turn whose answer tells of the key: an earlier one's, else this one's."""
        return self.turns_of((key,))[key]

    def turns_of(self, keys: Iterable[str]) -> dict[str, _Turn[Answer]]:
        """The same of each of many keys."""
        known = {key: self._turns.get(key) for key in keys}
        told = {turn for turn in set(known.values()) if turn is not None and not turn.is_given_up}
        if missing := [key for key, turn in known.items() if turn not in told]:
            asked = dict.fromkeys(missing, self._opened())
            self._opened().keys.extend(missing)
            self._turns |= asked
        return {key: self._turns[key] for key in known}

    def _opened(self) -> _Turn[Answer]:
        """The turn that keys can still be added to."""
        if self._open is None or not self._open.is_open or self._open.is_given_up:
            self._open = _Turn(self._read)
        return self._open
