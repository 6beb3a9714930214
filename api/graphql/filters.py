"""Conditions that clients write in `where`, and how they become the filters of a query."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Protocol, cast

import strawberry

from api.graphql.errors import bad_input

LONGEST_LIST = 1_000


@strawberry.input(description="A condition on a text that is found by its whole or its beginning.")
class TextFilter:
    """eq, in, startsWith: all given ones must hold."""

    eq: str | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[str] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    starts_with: str | None = strawberry.field(default=None, description="Begins with this.")


@strawberry.input(description="A condition on the key of what something belongs to.")
class KeyFilter:
    """eq, in: all given ones must hold."""

    eq: str | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[str] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )


@strawberry.input(description="A condition on a name.")
class NameFilter:
    """As TextFilter, and contains."""

    eq: str | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[str] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    starts_with: str | None = strawberry.field(default=None, description="Begins with this.")
    contains: str | None = strawberry.field(default=None, description="Contains this, whatever the letters' case.")


@strawberry.input(description="A condition on an instant.")
class DateTimeFilter:
    """Equal, one of, and a range: all given ones must hold."""

    eq: datetime | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[datetime] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    gte: datetime | None = strawberry.field(default=None, description="At this instant or later.")
    gt: datetime | None = strawberry.field(default=None, description="Later than this instant.")
    lte: datetime | None = strawberry.field(default=None, description="At this instant or earlier.")
    lt: datetime | None = strawberry.field(default=None, description="Earlier than this instant.")


@strawberry.input(description="A condition on a day.")
class DateFilter:
    """Equal, one of, and a range: all given ones must hold."""

    eq: date | None = strawberry.field(default=None, description="Is exactly this day.")
    in_: list[date] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    gte: date | None = strawberry.field(default=None, description="On this day or later.")
    gt: date | None = strawberry.field(default=None, description="After this day.")
    lte: date | None = strawberry.field(default=None, description="On this day or earlier.")
    lt: date | None = strawberry.field(default=None, description="Before this day.")


@strawberry.input(description="A condition on a whole number.")
class IntFilter:
    """Equal, one of, and a range: all given ones must hold."""

    eq: int | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[int] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    gte: int | None = strawberry.field(default=None, description="This or more.")
    gt: int | None = strawberry.field(default=None, description="More than this.")
    lte: int | None = strawberry.field(default=None, description="This or less.")
    lt: int | None = strawberry.field(default=None, description="Less than this.")


@strawberry.input(description="A condition on a number.")
class FloatFilter:
    """Equal, one of, and a range: all given ones must hold."""

    eq: float | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[float] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    gte: float | None = strawberry.field(default=None, description="This or more.")
    gt: float | None = strawberry.field(default=None, description="More than this.")
    lte: float | None = strawberry.field(default=None, description="This or less.")
    lt: float | None = strawberry.field(default=None, description="Less than this.")


@strawberry.input(description="A condition on an amount of money.")
class MoneyFilter:
    """Equal, one of, and a range, kept in hundredths."""

    eq: Decimal | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[Decimal] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    gte: Decimal | None = strawberry.field(default=None, description="This amount or more.")
    gt: Decimal | None = strawberry.field(default=None, description="More than this amount.")
    lte: Decimal | None = strawberry.field(default=None, description="This amount or less.")
    lt: Decimal | None = strawberry.field(default=None, description="Less than this amount.")


class Combined(Protocol):
    """A `where` that holds others of its kind."""

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        ...


AND = "All of these must hold too."
OR = "At least one of these must hold too; an empty list holds for nothing."
NOT = "This must not hold; what is not known of a thing does not hold for it."


def combined(
    own: dict[str, object], all_: Sequence[Combined] | None, any_: Sequence[Combined] | None, not_: Combined | None
) -> dict[str, object]:
    """The filters of a `where` with its and, or and not."""
    if all_ is not None:
        own["and"] = [one.filters() for one in all_]
    if any_ is not None:
        own["or"] = [one.filters() for one in any_]
    if not_ is not None:
        own["not"] = not_.filters()
    return own


Condition = TextFilter | KeyFilter | NameFilter | DateTimeFilter | DateFilter | IntFilter | FloatFilter | MoneyFilter


def filters_of(conditions: Mapping[str, Condition | None]) -> dict[str, object]:
    """Name of a query's filter → value, for every condition that was given."""
    found: dict[str, object] = {}
    for name, condition in conditions.items():
        if condition is not None:
            found |= _given(name, condition)
    return found


def _given(name: str, condition: Condition) -> dict[str, object]:
    found: dict[str, object] = {}
    for field, value in vars(condition).items():
        if value is None:
            continue
        if field == "in_" and len(value) > LONGEST_LIST:
            raise bad_input(f"`in` takes at most {LONGEST_LIST:,} values, not {len(value):,}.", maximum=LONGEST_LIST)
        found[f"{name}_{field.rstrip('_')}"] = _kept(field, value)
    return found


_TO_HUNDREDTHS = {"gte": ROUND_CEILING, "lt": ROUND_CEILING, "gt": ROUND_FLOOR, "lte": ROUND_FLOOR}
"""How a bound between two hundredths is rounded: so that the same amounts lie within it."""


def _kept(field: str, value: object) -> object:
    if isinstance(value, list):
        told = [_kept(field, one) for one in cast("list[object]", value)]
        return [one for one in told if one is not None]
    return _hundredths(field, value) if isinstance(value, Decimal) else value


def _hundredths(field: str, amount: Decimal) -> int | None:
    """The amount as it is kept; None where no amount can equal it."""
    exact, way = amount * 100, _TO_HUNDREDTHS.get(field)
    whole = exact.to_integral_value(rounding=way)
    return int(whole) if way or whole == exact else None
