"""Statements that answer all their rows in one record: what a driver reads fastest, and what most reads are.

A record over Bolt costs ten times what a list in a list costs, and the driver's own instants cost a hundred times what
their text costs. The store tells such an answer as rows all the same (`Statement.packed`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any, LiteralString, get_args, get_type_hints

from graph.store.statement import DAY, INSTANT, Statement

Beside = tuple[LiteralString, Callable[..., Any]]
"""What hangs on each row and is bound with it: `columns` and `row`, as `packed` takes them."""

_KINDS: tuple[tuple[type, str], ...] = ((datetime, INSTANT), (date, DAY))


@lru_cache(maxsize=256)
def kinds_of(row: Callable[..., Any]) -> Mapping[str, str]:
    """Every field of a row's class → how its value travels: as an instant, as a day, or as it is."""
    hints = get_type_hints(row)
    return {one.name: _kind(hints[one.name]) for one in fields(row)}  # pyright: ignore[reportArgumentType]


def _kind(hint: object) -> str:
    types = {hint, *get_args(hint)}
    return next((kind for type_, kind in _KINDS if type_ in types), "")


def packed(
    body: LiteralString,
    columns: LiteralString,
    row: Callable[..., Any],
    more: Mapping[str, str] | None = None,
    beside: Mapping[str, Beside] | None = None,
    /,
    order: LiteralString = "",
    **keys: str,
) -> Statement:
    """`body` and then one record of all rows: `columns` names every field of `row` after AS, and those of `more`.

    `more` maps a further column to its kind; `order` is an ORDER BY over the columns' names. The statement can be
    narrowed to some of the columns (`Statement.only`): what nobody reads is not sent, and of the row not looked up.
    What `beside` names is told only where it is so asked for, as `column_beside` calls it.
    """
    kept = dict(more or {})
    kinds = {**kept, **kinds_of(row)}
    further = [(name, *one) for name, one in (beside or {}).items()]
    texts = [*_each(columns), *(pair for name, own, _ in further for pair in _each_beside(name, own))]
    kinds_beside = {column_beside(name, one): kind for name, _, own in further for one, kind in kinds_of(own).items()}

    def told(only: frozenset[str], whole: str = "") -> Statement:
        # Rows without any column would be none.
        wanted = {name: kind for name, kind in (kinds | kinds_beside).items() if name in only}
        names = wanted or dict([next(iter(kinds.items()))])
        values = ", ".join(f"toString({name})" if kind else name for name, kind in names.items())
        asked = ", ".join(text for text, name in texts if name in names or name in kept)
        return Statement(
            f"{body} WITH {asked}{order} RETURN collect([{values}]) AS rows",
            tuple(names),
            tuple(keys.items()),
            tuple(names.values()),
            whole,
        )

    statement = told(frozenset(kinds))
    return replace(statement, narrow=lru_cache(maxsize=128)(partial(told, whole=statement.text)))


@lru_cache(maxsize=512)
def _each(columns: str) -> tuple[tuple[str, str], ...]:
    """Every column as it is written, and its name: the word behind its AS, or all of it."""
    parts, depth = [""], 0
    for piece in re.split(r"([(),\[\]{}])", columns):
        depth += (piece in {"(", "[", "{"}) - (piece in {")", "]", "}"})
        if piece == "," and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return tuple((part.strip(), part.split()[-1]) for part in parts)


def column_beside(name: str, column: str) -> str:
    """What a column of that which hangs on a row under this name is called among the row's own."""
    return f"{name}__{column}"


def _each_beside(name: str, columns: str) -> list[tuple[str, str]]:
    """As `_each`, of what hangs on the rows."""
    renamed = [(text.removesuffix(column), column_beside(name, column)) for text, column in _each(columns)]
    return [(f"{text}{column}", column) for text, column in renamed]
