"""Conditions put together with and, or and not: a shape that makes the statement, and the values that go with it.

Filters are a map: a filter's name → its value, all of which must hold; beside them `and` and `or` → lists of such maps,
`not` → one. A filter's name is its parameter's too; within and, or and not a number is put behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import LiteralString, cast

from graph.errors import BadInput

Filters = Mapping[str, object]
"""Name of a filter → its value; `and`, `or` → a list of filters; `not` → filters."""

MOST_BELOW = 32
DEEPEST = 8
_NUMBERS: tuple[LiteralString, ...] = (
    "_0", "_1", "_2", "_3", "_4", "_5", "_6", "_7", "_8", "_9", "_10", "_11", "_12", "_13", "_14", "_15",
    "_16", "_17", "_18", "_19", "_20", "_21", "_22", "_23", "_24", "_25", "_26", "_27", "_28", "_29", "_30", "_31",
)  # fmt: skip
_TOGETHER = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Numbered:
    """A filter within and, or and not."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Branch:
    """All of the parts, any of them, or not all of them, by `kind`."""

    kind: str
    parts: "Shape"


Shape = tuple[str | Numbered | Branch, ...]
"""What all must hold: filters by name, and what is put together of them."""


def shape_of(filters: Filters) -> tuple[Shape, dict[str, object]]:
    """The shape, and the values by the names of their parameters. BadInput for too many or too deep.

    In whichever order conditions are given, it is one shape: each further statement has to be planned.
    """
    numbering = _Numbering()
    shape = tuple(
        numbering.together(name, value, 1) if name in _TOGETHER else name for name, value in sorted(filters.items())
    )
    return shape, numbering.values | {name: value for name, value in filters.items() if name not in _TOGETHER}


@dataclass(frozen=True, slots=True)
class _Numbering:
    """The values of conditions within and, or and not, as they are met; each has the next number."""

    values: dict[str, object] = field(default_factory=dict[str, object])

    def together(self, name: str, value: object, depth: int) -> Branch:
        """What stands behind and, or or not."""
        several = cast("Sequence[Filters]", [value] if name == "not" else value)
        return Branch(name, tuple(self._below(given, depth) for given in several))

    def _below(self, given: Filters, depth: int) -> Branch:
        if depth > DEEPEST:
            raise BadInput(f"and, or and not may be nested at most {DEEPEST} deep")
        return Branch("and", tuple(self._part(name, value, depth) for name, value in sorted(given.items())))

    def _part(self, name: str, value: object, depth: int) -> Numbered | Branch:
        if name in _TOGETHER:
            return self.together(name, value, depth + 1)
        number = len(self.values)
        if number == MOST_BELOW:
            raise BadInput(f"and, or and not may hold at most {MOST_BELOW} conditions together")
        self.values[f"{name}_{number}"] = value
        return Numbered(name, number)


def is_about(filters: Filters, name: str) -> bool:
    """Whether any of the filters, at any depth, is a condition on the property `name`."""
    return any(
        any(is_about(one, name) for one in cast("Sequence[Filters]", [value] if key == "not" else value))
        if key in _TOGETHER
        else key.startswith(f"{name}_")
        for key, value in filters.items()
    )


def condition(filters: Mapping[str, LiteralString], shape: Shape) -> LiteralString:
    """The condition in Cypher; empty where there is none. KeyError for a filter that the noun does not have."""
    return _joined(" AND ", filters, shape)


def _joined(word: LiteralString, filters: Mapping[str, LiteralString], shape: Shape) -> LiteralString:
    parts: list[LiteralString] = [_one(filters, part) for part in shape]
    return word.join(parts)


def _one(filters: Mapping[str, LiteralString], part: str | Numbered | Branch) -> LiteralString:
    if isinstance(part, str):
        return filters[part]
    if isinstance(part, Numbered):
        # The noun's own spelling of the name: nothing that a client sent is part of a statement.
        parameter = cast("LiteralString", next("$" + own for own in filters if own == part.name))
        return filters[part.name].replace(parameter, parameter + _NUMBERS[part.number])
    if not part.parts:
        return "false" if part.kind == "or" else "true"
    if part.kind == "or":
        return f"({_joined(' OR ', filters, part.parts)})"
    if part.kind == "and":
        return f"({_joined(' AND ', filters, part.parts)})"
    # What is not known does not fulfil a condition, and so fulfils its opposite.
    return f"NOT coalesce({_joined(' AND ', filters, part.parts)}, false)"
