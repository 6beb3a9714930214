"""Cypher statements: written by hand, or built out of the model's declarations; never out of data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Statement:
    """One Cypher statement; its values arrive as parameters, by name."""

    text: str
    packed: tuple[str, ...] = ()
    """Where given, the statement answers one record, `rows`: lists of values under these names. A driver reads such a
    list some ten times faster than as many records; the store tells them as rows all the same."""
    keys: tuple[tuple[str, str], ...] = ()
    """Which of its parameters and columns hold keys of what belongs to customers, and of which noun: a partner gets ids
    of its own in their place."""
    kinds: tuple[str, ...] = ()
    """Of a packed statement: how each value travels. INSTANT and DAY are texts, which the store turns into values."""
    whole: str = ""
    """Of a statement that was narrowed: the text of the one that tells all columns."""
    narrow: "Callable[[frozenset[str]], Statement] | None" = field(default=None, compare=False, repr=False)

    def only(self, columns: frozenset[str] | None) -> "Statement":
        """The statement that tells of these columns alone, where it can be had; of all without any named."""
        return self if columns is None or self.narrow is None else self.narrow(columns)


@dataclass(frozen=True, slots=True)
class Walk:
    """So many rows of a label in the order of an indexed number or instant, beginning at a value or at the end."""

    label: str
    name: str
    descending: bool
    rows: int
    beyond: int | float | datetime | None = None


Step = tuple[Statement, Mapping[str, object]]
"""A statement and its parameters, by name."""


INSTANT, DAY = "instant", "day"
CUSTOMER, ORDER, SHARE, SCORE = "Customer", "Order", "Share", "InfluenceScore"
BEGINNING = "beginning"
"""The beginning of a key."""
PATHS = "paths"
"""Paths of customers, as JSON."""
OURS = "ours"
"""Text that may name anybody by our own keys, such as the parameters of a run: no partner is told."""


def cypher(text: LiteralString, packed: tuple[str, ...] = (), /, **keys: str) -> Statement:
    """A statement written by hand: the type checker lets nothing but literals through."""
    return Statement(text, packed, tuple(keys.items()))


def generated(text: str, /, **keys: str) -> Statement:
    """A statement built out of the model's declarations (labels, types, property names) and nothing else.

    Labels and property names cannot be parameters of Cypher. Pass `quoted` names only; what a user or a file gave goes
    into the parameters.
    """
    return Statement(text, keys=tuple(keys.items()))


def quoted(name: str) -> str:
    """A label, type or property name between backticks; a name that holds a backtick is refused."""
    if not name or "`" in name or "\x00" in name:
        raise ValueError(f"a label, tie type or property name must be non-empty and free of backticks, not {name!r}")
    return f"`{name}`"
