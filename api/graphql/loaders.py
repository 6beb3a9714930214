"""Batching within one operation: however many parents a level has, one statement reads it.

Loaders are made anew for every operation, also on a socket, so that nothing stale is served.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast

from strawberry.dataloader import DataLoader

from graph.queries.reader import Reader

Answer = TypeVar("Answer")

Batch = Callable[..., Awaitable[Sequence[Answer]]]
"""(reader, keys, *given) → one answer for each key, in order: what `graph.queries` offers."""

LARGEST_BATCH = 2_000


class Loaders:
    """One loader for each question and set of further arguments that an operation asks."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._made: dict[tuple[object, ...], DataLoader[str, Any]] = {}

    def load(self, batch: Batch[Answer], key: str, *given: object) -> Awaitable[Answer]:
        """The answer to one key; keys that are asked for in the same turn share a statement."""
        asked = (batch, *given)
        loader = self._made.get(asked)
        if loader is None:
            loader = self._made[asked] = self._make(batch, given)
        return cast("Awaitable[Answer]", loader.load(key))

    def _make(self, batch: Batch[Answer], given: tuple[object, ...]) -> DataLoader[str, Any]:
        async def answers(keys: list[str]) -> Sequence[Any]:
            return await batch(self._reader, keys, *given)

        return DataLoader(answers, max_batch_size=LARGEST_BATCH)
