"""How a level of an answer is told: column by column over all objects of a list, and then what hangs on them.

What is told of is an object of a type, or the record of a row out of which such an object would be made
(`api.graphql.rows`): then none is made. The values of one field are read, looked over and turned into what is sent all
together, which costs a small part of doing the same object by object.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, pairwise
from typing import Any, cast

from graph.queries.paging import Record
from graph.queries.reader import Columns

Told = dict[str, Any]
Values = Sequence[Any]
Tell = Callable[[Values], Values]
"""The values of one field of many objects → as they are sent; NotPlain where one does not fit."""
_ABSENT = type(None)


class NotPlain(Exception):
    """A value does not fit what its type promises."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a selection set, and how it is had of objects and of records."""

    key: str
    of_objects: Callable[[Values], Values]
    of_records: Callable[[Sequence[Record]], Values] | None
    tell: Tell
    needs: Columns = None
    """Columns of its object's row, or, where its object stands for no row, of the rows below. None: not known."""
    is_counted: bool = False
    """Whether it is counted how often it, or something below it, is told."""


@dataclass(frozen=True, slots=True)
class PlainObject:
    """A selection set of plain fields alone."""

    origin: type
    columns: tuple[Column, ...]
    needs: Columns = None
    """All that its columns need, where that is known of each of them."""
    is_counted: bool = False
    """Whether it is counted how often it is told: then the same thing is told as often as it stands in the answer."""

    def all_told(self, sources: Values) -> list[Told]:
        """The objects or records as they are sent."""
        if not sources:
            return []
        read = self._reading(sources)
        keys = [column.key for column in self.columns]
        told = [column.tell(read(column)) for column in self.columns]
        return [dict(zip(keys, values, strict=True)) for values in zip(*told, strict=True)]

    def _reading(self, sources: Values) -> Callable[[Column], Values]:
        kinds = set(map(type, sources))
        if kinds == {self.origin}:
            return lambda column: column.of_objects(sources)
        if kinds == {dict} and all(column.of_records for column in self.columns):
            return lambda column: cast("Callable[[Values], Values]", column.of_records)(sources)
        raise NotPlain


@dataclass(frozen=True, slots=True)
class Shape:
    """How a type stands in a field: what may be null, and whether it is a list."""

    is_required: bool
    is_list: bool = False
    is_item_required: bool = False

    def all_told(self, plan: PlainObject, values: Values) -> Values:
        """Many values of this shape as they are sent; the objects in all of them are one level."""
        objects = self._objects(values, plan)
        return self._filled(values, objects, plan.all_told(objects))

    async def all_waited(self, plan: "Plan", values: Values) -> Values:
        """The same, where something has to be waited for."""
        if isinstance(plan, PlainObject):
            return self.all_told(plan, values)
        objects = self._objects(values, plan)
        return self._filled(values, objects, await plan.all_told(objects))

    def _objects(self, values: Values, plan: "Plan") -> Values:
        """The objects in all values; NotPlain where there is none in the place of one that must be."""
        if self.is_required and _ABSENT in map(type, values):
            raise NotPlain
        if not self.is_list:
            present = [value for value in values if value is not None]
            return present if plan.is_counted else list({id(value): value for value in present}.values())
        objects = list(chain.from_iterable(value for value in values if value is not None))
        return objects if self.is_item_required else [one for one in objects if one is not None]

    def _filled(self, values: Values, objects: Values, told: Sequence[Told]) -> Values:
        """The values with what was told in the places of their objects."""
        if self.is_list:
            return self._lists(values, told)
        if len(objects) == len(values):
            return told
        # One thing that hangs on many is told once.
        known = {id(one): answer for one, answer in zip(objects, told, strict=True)}
        return [None if value is None else known[id(value)] for value in values]

    def _lists(self, values: Values, told: Sequence[Told]) -> Values:
        if self.is_item_required and _ABSENT not in map(type, values):
            ends = [0, *accumulate(map(len, values))]
            return [told[start:end] for start, end in pairwise(ends)]
        rest = iter(told)
        return [None if value is None else [None if one is None else next(rest) for one in value] for value in values]


@dataclass(frozen=True, slots=True)
class Step:
    """A field of a selection set below which something has to be waited for, or that has to be waited for itself."""

    key: str
    found: Callable[[Values], Awaitable[Values]]
    """What the field holds of each of many objects or records."""
    shape: Shape
    below: "Plan"
    needs: Columns = None
    is_counted: bool = False
    """As a column's."""

    async def fill(self, sources: Values, answers: Sequence[Told]) -> None:
        """Puts the field into the answers of all sources."""
        values = await self.shape.all_waited(self.below, await self.found(sources))
        for answer, value in zip(answers, values, strict=True):
            answer[self.key] = value

    @property
    def place(self) -> Column:
        """What keeps the field's place among the others until it is filled."""
        absent = partial(as_often, None)
        return Column(self.key, absent, absent, as_they_are, self.needs)


@dataclass(frozen=True, slots=True)
class Tree:
    """A selection set with steps; its plain fields keep their places."""

    plain: PlainObject
    steps: tuple[Step, ...]

    @property
    def needs(self) -> Columns:
        """As a plain object's, with what the steps need."""
        return self.plain.needs

    @property
    def is_counted(self) -> bool:
        """As a plain object's, or of anything below."""
        return self.plain.is_counted

    async def all_told(self, sources: Values) -> list[Told]:
        """The objects or records as they are sent."""
        answers = self.plain.all_told(sources)
        if len(self.steps) == 1:
            await self.steps[0].fill(sources, answers)
        else:
            await asyncio.gather(*(step.fill(sources, answers) for step in self.steps))
        return answers


Plan = PlainObject | Tree


def as_they_are(values: Values) -> Values:
    """What is sent as it was had."""
    return values


def as_often(value: object, sources: Values) -> Values:
    """The same for every source."""
    return [value] * len(sources)
