"""Scalars: instants with an offset, exact money, JSON as it came."""

import decimal
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.scalar import ScalarDefinition

Json = NewType("Json", object)
Representation = NewType("Representation", object)

_FIRST_YEAR, _LAST_YEAR = 2, 9998
"""Days before and after, in any zone, are still dates."""
CENT = decimal.Decimal("0.01")
LARGEST_DECIMAL = 10**15
"""Its hundredths are a 64-bit integer, as the stores keep them."""


def money(cents: int) -> decimal.Decimal:
    """Hundredths as an exact decimal with two places."""
    return decimal.Decimal(cents).scaleb(-2)


def cents(amount: decimal.Decimal) -> int:
    """A decimal as whole hundredths, rounded half up."""
    return int((amount * 100).to_integral_value(rounding=decimal.ROUND_HALF_UP))


def _write_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise StrawberryInputCoercionError(f"DateTime must be text such as 2026-03-02T12:00:00+08:00, not {value!r}")
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise StrawberryInputCoercionError(
            f"DateTime must be ISO 8601 with an offset, such as 2026-03-02T12:00:00+08:00, not {value!r}"
        )
    try:
        utc = instant.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or not _FIRST_YEAR <= utc.year <= _LAST_YEAR:
        message = f"DateTime must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}, not {value!r}"
        raise StrawberryInputCoercionError(message)
    return utc


def _read_date(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise StrawberryInputCoercionError(f"Date must look like 2026-03-02, not {value!r}") from None


def _read_decimal(value: object) -> decimal.Decimal:
    try:
        number = decimal.Decimal(str(value)) if not isinstance(value, bool) else decimal.Decimal("NaN")
    except decimal.InvalidOperation:
        number = decimal.Decimal("NaN")
    if not number.is_finite():
        raise StrawberryInputCoercionError(f'Decimal must be a number such as "12.50", not {value!r}')
    if abs(number) > LARGEST_DECIMAL:
        raise StrawberryInputCoercionError(f"Decimal must lie within ±{LARGEST_DECIMAL:,}, not {str(value)[:60]!r}")
    return number


def _literal(read: Callable[[object], object]) -> Callable[..., object]:
    """Reads a literal of a document; what is wrong with it is told with its place."""

    def read_literal(node: ValueNode, variables: dict[str, object] | None = None) -> object:
        try:
            return read(value_from_ast_untyped(node, variables))
        except StrawberryInputCoercionError as error:
            raise GraphQLError(error.message, node) from error

    return read_literal


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant as ISO 8601 text with an offset, such as 2026-03-02T12:00:00+08:00; answers in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=_write_instant,
        parse_value=_read_instant,
        parse_literal=_literal(_read_instant),
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day as ISO 8601 text, such as 2026-03-02.",
        serialize=lambda value: value.isoformat(),
        parse_value=_read_date,
        parse_literal=_literal(_read_date),
    ),
    decimal.Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number as text, such as "12.50": money is never rounded by floating point.',
        serialize=str,
        parse_value=_read_decimal,
        parse_literal=_literal(_read_decimal),
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    Representation: strawberry.scalar(
        name="_Any",
        description="An entity as federation names it: its `__typename` and one of its keys.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
"""Python type → the scalar that stands for it."""
