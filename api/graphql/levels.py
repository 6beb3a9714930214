"""How a level of an answer is told: the objects of a list together, and then, together again, what hangs on them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

Told = dict[str, Any]


class NotPlain(Exception):
    """A value does not fit what its type promises."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a selection set, read off an object."""

    key: str
    read: Callable[[Any], Any]
    make: Callable[[Any], Any]
    """The value as it is sent; NotPlain where it does not fit."""
    is_required: bool


@dataclass(frozen=True, slots=True)
class PlainObject:
    """A selection set of plain fields alone."""

    origin: type
    columns: tuple[Column, ...]

    def told(self, source: object) -> Told:
        """The object as it is sent."""
        if type(source) is not self.origin:
            raise NotPlain
        answer: Told = {}
        for column in self.columns:
            value = column.read(source)
            if value is not None:
                answer[column.key] = column.make(value)
            elif column.is_required:
                raise NotPlain
            else:
                answer[column.key] = None
        return answer


@dataclass(frozen=True, slots=True)
class Shape:
    """How a type stands in a field: what may be null, and whether it is a list."""

    is_required: bool
    is_list: bool = False
    is_item_required: bool = False

    def told(self, plan: PlainObject, value: Any) -> Any:
        """One value of this shape as it is sent."""
        if not self.is_list:
            return plan.told(value)
        tell = plan.told
        return [None if one is None and not self.is_item_required else tell(one) for one in value]

    async def all_told(self, plan: "PlainObject | Tree", values: Sequence[Any]) -> list[Any]:
        """Many values of this shape as they are sent; the objects in all of them are one level."""
        if isinstance(plan, PlainObject):
            return [None if one is None and not self.is_required else self.told(plan, one) for one in values]
        told = iter(await plan.all_told([one for value in values for one in self._objects(value)]))
        return [self._filled(value, told) for value in values]

    def _objects(self, value: Any) -> Sequence[object]:
        """The objects in a value."""
        if value is None and not self.is_required:
            return ()
        if not self.is_list:
            return (value,)
        objects = cast("list[object]", value)
        return objects if self.is_item_required else [one for one in objects if one is not None]

    def _filled(self, value: Any, told: Iterator[Told]) -> Any:
        """The value with what was told in the places of its objects."""
        if value is None:
            return None
        return [None if one is None else next(told) for one in value] if self.is_list else next(told)


async def read_of_all(read: Callable[[Any], Any], sources: Sequence[object]) -> list[Any]:
    """What is read off each object."""
    return list(map(read, sources))


@dataclass(frozen=True, slots=True)
class Step:
    """A field of a selection set below which something has to be waited for, or that has to be waited for itself."""

    key: str
    found: Callable[[Sequence[object]], Awaitable[Sequence[object]]]
    """What the field holds of each of many objects."""
    shape: Shape
    below: "PlainObject | Tree"

    async def fill(self, sources: Sequence[object], answers: Sequence[Told]) -> None:
        """Puts the field into the answers of all sources."""
        values = await self.shape.all_told(self.below, await self.found(sources))
        for answer, value in zip(answers, values, strict=True):
            answer[self.key] = value


@dataclass(frozen=True, slots=True)
class Tree:
    """A selection set with steps; its plain fields keep their places."""

    plain: PlainObject
    steps: tuple[Step, ...]

    async def all_told(self, sources: Sequence[object]) -> list[Told]:
        """The objects as they are sent."""
        answers = [self.plain.told(source) for source in sources]
        if len(self.steps) == 1:
            await self.steps[0].fill(sources, answers)
        else:
            await asyncio.gather(*(step.fill(sources, answers) for step in self.steps))
        return answers
