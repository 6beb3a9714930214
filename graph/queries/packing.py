"""Statements that answer all their rows in one record: what a driver reads fastest, and what most reads are.

A record over Bolt costs ten times what a list in a list costs, and the driver's own instants cost a hundred times what
their text costs. The store tells such an answer as rows all the same (`Statement.packed`).
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any, LiteralString, get_args, get_type_hints

from graph.store.statement import DAY, INSTANT, Statement

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
    /,
    order: LiteralString = "",
    **keys: str,
) -> Statement:
    """`body` and then one record of all rows: `columns` names every field of `row` after AS, and those of `more`.

    `more` maps a further column to its kind; `order` is an ORDER BY over the columns' names.
    """
    names: dict[str, str] = {**(more or {}), **kinds_of(row)}
    values = ", ".join(f"toString({name})" if kind else name for name, kind in names.items())
    return Statement(
        f"{body} WITH {columns}{order} RETURN collect([{values}]) AS rows",
        tuple(names),
        tuple(keys.items()),
        tuple(names.values()),
    )
