"""Step 4: properties are one JSON object in one spelling, and what a profile declares has the declared type."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import polars as pl

from graph.model.campaign import CAMPAIGN
from graph.model.channel import CHANNEL
from graph.model.customer import CUSTOMER
from graph.model.declarations import Node, Property, PropertyType
from graph.model.product import PRODUCT
from graph.model.store import STORE

SUBJECTS: dict[str, Node] = {
    "customer": CUSTOMER,
    "product": PRODUCT,
    "store": STORE,
    "channel": CHANNEL,
    "campaign": CAMPAIGN,
}
"""What a profile may describe, by the field that names it."""
LONGEST = 65_536
"""Characters of JSON in one event's properties."""

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder(order="deterministic")

Read = tuple[str | None, str | None, str | None]
"""The object in its one spelling; or the field at fault and what is wrong."""
ABSENT: Read = (None, None, None)


def read_properties(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `_properties` (keys sorted, no blanks; an empty object is absence), or `_properties_field` and
    `_properties_wrong` where they cannot be used.
    """
    given = frame["properties"]
    if given.null_count() == frame.height:
        return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in ADDED)
    if given.dtype != pl.String:
        given = given.struct.json_encode()
    seen: dict[tuple[str | None, str | None], Read] = {}
    read: list[Read] = []
    for subject, text in zip(frame.select(_subject()).to_series(), given, strict=True):
        answer = ABSENT if text is None else seen.get((subject, text))
        if answer is None:
            answer = seen[subject, text] = _read(subject, cast(str, text))
        read.append(answer)
    return frame.with_columns(
        pl.Series(name, [answer[place] for answer in read], dtype=pl.String) for place, name in enumerate(ADDED)
    )


NOTHING: Mapping[str, Property] = {}
ADDED = ("_properties", "_properties_field", "_properties_wrong")


def declared(subject: str) -> Mapping[str, Property]:
    """What a profile of this subject may declare, by the name that it has in `properties`.

    Money is given as a decimal and loses its `_cents`; a product's category is given as `category`.
    """
    return DECLARED[subject]


def _subject() -> pl.Expr:
    """Whose declared properties are given: a profile's subject, a registration's customer; else null."""
    named = pl.coalesce(pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in SUBJECTS)
    return pl.when(pl.col("kind") == "profile").then(named).when(pl.col("kind") == "register").then(pl.lit("customer"))


def _read(subject: str | None, text: str) -> Read:
    if len(text) > LONGEST:
        return None, "properties", f"properties must be at most {LONGEST} characters of JSON, not {len(text)}"
    try:
        found: object = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return None, "properties", f"properties must be a JSON object: {error}"
    if not isinstance(found, dict):
        return None, "properties", f"properties must be a JSON object, not {text[:40]}"
    values = cast(dict[str, object], found)
    for name, wanted in (declared(subject) if subject else NOTHING).items():
        wrong = _wrong(wanted, name, values.get(name))
        if wrong is not None:
            return None, f"properties.{name}", wrong
    return (_encoder.encode(values).decode() if values else None), None, None


def _wrong(wanted: Property, name: str, value: object) -> str | None:
    if value is None:
        return None
    if name == "category":
        return (
            None if _is_text(value) or _is_texts(value) else f"category must be text or a list of texts, not {value!r}"
        )
    if name == "time_zone" and not (isinstance(value, str) and is_zone(value)):
        return f"time_zone must be an IANA name such as Asia/Shanghai, not {value!r}"
    rule, meaning = RULES[wanted.type]
    return None if rule(value) else f"{name} must be {meaning}, not {value!r}"


def is_zone(name: str) -> bool:
    """Whether the name is a time zone of the IANA database."""
    if not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", name):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in cast(list[object], value))


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_money(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        amount = Decimal(str(value))
        return amount.is_finite() and 0 <= amount < 10**16 and amount == round(amount, 2)
    except InvalidOperation:
        return False


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_instant(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


RULES: dict[PropertyType, tuple[Callable[[object], bool], str]] = {
    PropertyType.STRING: (_is_text, "text"),
    PropertyType.INTEGER: (_is_integer, "a whole number"),
    PropertyType.FLOAT: (_is_number, "a number"),
    PropertyType.BOOLEAN: (lambda value: isinstance(value, bool), "true or false"),
    PropertyType.DATETIME: (_is_instant, "an ISO 8601 time with an offset"),
    PropertyType.DATE: (_is_date, "a date such as 2024-02-29"),
    PropertyType.STRINGS: (_is_texts, "a list of texts"),
    PropertyType.CENTS: (_is_money, "an amount of money with at most two decimals"),
}


def _given_name(wanted: Property) -> str:
    return "category" if wanted.name == "category_id" else wanted.name.removesuffix("_cents")


DECLARED: dict[str, Mapping[str, Property]] = {
    field: {_given_name(wanted): wanted for wanted in node.properties if wanted.name not in {"source"}}
    for field, node in SUBJECTS.items()
}
