"""Saying what is known of customers, products, stores and channels: profiles through the log, with a verdict a row."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql.context import Info, Refusal
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.verdicts import (
    DEFAULT_SOURCE,
    MOST_ROWS,
    UNCHANGED_SINCE,
    EventStatus,
    EventVerdict,
    invalid_count,
    record,
    refusal,
    sent,
    sums,
    told,
    version_of,
)

_OWN = frozenset({"key", "at"})
AT = "Since when this is known; now if absent. Of two profiles the later one counts."
SOURCE = f"The data set or system they come from; {DEFAULT_SOURCE} if absent."
UNCHANGED = "What is absent or null stays as it is; a malformed value rejects this row alone."


@strawberry.input(description=f"What is known of a customer. {UNCHANGED}")
class CustomerUpsert:
    """Declared properties of a customer, as a profile gives them."""

    key: str = strawberry.field(description="The retailer's own id of the customer.")
    at: datetime | None = strawberry.field(default=None, description=AT)
    name: str | None = strawberry.field(default=None, description="What the customer is called (personal).")
    gender: str | None = strawberry.field(default=None, description="female, male or other (personal).")
    birth_year: int | None = strawberry.field(default=None, description="Year of birth (personal).")
    age_band: str | None = strawberry.field(default=None, description="Age as a band such as 35-44 (personal).")
    income_band: str | None = strawberry.field(default=None, description="Income as a band (personal).")
    household_size: str | None = strawberry.field(default=None, description="How many live together (personal).")
    city: str | None = strawberry.field(default=None, description="City.")
    district: str | None = strawberry.field(default=None, description="District of the city.")
    registered_at: datetime | None = strawberry.field(
        default=None,
        description="When the customer registered; a registration recorded as an event goes first.",
    )
    consent_analytics: bool | None = strawberry.field(default=None, description="May be analysed.")
    consent_offers: bool | None = strawberry.field(default=None, description="May get personal offers.")
    consent_sharing: bool | None = strawberry.field(default=None, description="May be shown to partners.")


@strawberry.input(description=f"What is known of a product. {UNCHANGED}")
class ProductUpsert:
    """Declared properties of a product."""

    key: str = strawberry.field(description="The retailer's own id of the product (sku).")
    at: datetime | None = strawberry.field(default=None, description=AT)
    name: str | None = strawberry.field(default=None, description="What it is called.")
    category: str | None = strawberry.field(
        default=None, description="Its category as a path from the root, joined by ' > '; unknown ones are made."
    )
    brand: str | None = strawberry.field(default=None, description="Brand.")
    package_size: str | None = strawberry.field(default=None, description="Size of the package.")
    price: Decimal | None = strawberry.field(default=None, description="List price.")
    currency: str | None = strawberry.field(default=None, description="ISO 4217 code of the price.")
    attributes: list[str] | None = strawberry.field(default=None, description="Traits such as low-sugar; all of them.")


@strawberry.input(description=f"What is known of a store. {UNCHANGED}")
class StoreUpsert:
    """Declared properties of a store."""

    key: str = strawberry.field(description="The retailer's own id of the store.")
    at: datetime | None = strawberry.field(default=None, description=AT)
    name: str | None = strawberry.field(default=None, description="What it is called.")
    city: str | None = strawberry.field(default=None, description="City.")
    district: str | None = strawberry.field(default=None, description="District of the city.")
    latitude: float | None = strawberry.field(default=None, description="Degrees north.")
    longitude: float | None = strawberry.field(default=None, description="Degrees east.")
    time_zone: str | None = strawberry.field(default=None, description="IANA name of its time zone.")


@strawberry.input(description=f"What is known of a channel. {UNCHANGED}")
class ChannelUpsert:
    """Declared properties of a channel."""

    key: str = strawberry.field(description="The channel's name.")
    at: datetime | None = strawberry.field(default=None, description=AT)
    online: bool | None = strawberry.field(default=None, description="True for online, false for offline.")


@strawberry.input(description="What is known of customers.")
class UpsertCustomersInput:
    """Rows."""

    customers: list[CustomerUpsert] = strawberry.field(description=f"1 to {MOST_ROWS:,} customers.")
    source: str | None = strawberry.field(default=None, description=SOURCE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
    unchanged_since: str | None = strawberry.field(default=None, description=UNCHANGED_SINCE)


@strawberry.input(description="What is known of products.")
class UpsertProductsInput:
    """Rows."""

    products: list[ProductUpsert] = strawberry.field(description=f"1 to {MOST_ROWS:,} products.")
    source: str | None = strawberry.field(default=None, description=SOURCE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
    unchanged_since: str | None = strawberry.field(default=None, description=UNCHANGED_SINCE)


@strawberry.input(description="What is known of stores.")
class UpsertStoresInput:
    """Rows."""

    stores: list[StoreUpsert] = strawberry.field(description=f"1 to {MOST_ROWS:,} stores.")
    source: str | None = strawberry.field(default=None, description=SOURCE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
    unchanged_since: str | None = strawberry.field(default=None, description=UNCHANGED_SINCE)


@strawberry.input(description="What is known of channels.")
class UpsertChannelsInput:
    """Rows."""

    channels: list[ChannelUpsert] = strawberry.field(description=f"1 to {MOST_ROWS:,} channels.")
    source: str | None = strawberry.field(default=None, description=SOURCE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
    unchanged_since: str | None = strawberry.field(default=None, description=UNCHANGED_SINCE)


@strawberry.type(description="Every row was looked at and has its verdict. The graph follows within about two seconds.")
class UpsertPayload:
    """Verdicts and their sums."""

    keys: list[str | None] = strawberry.field(description="The key of each row, in the order given.")
    verdicts: list[EventVerdict] = strawberry.field(description="One for each row's profile event, in the order given.")
    accepted: int = strawberry.field(description="How many profiles are new in the log.")
    repeated: int = strawberry.field(description="How many the log had already, word for word.")
    rejected: int = strawberry.field(description="How many were not taken.")
    conflicts: int = strawberry.field(
        default=0, description="How many were not taken because of what came since `unchangedSince`."
    )


UpsertResult = Annotated[
    UpsertPayload | InvalidInput | IdempotencyConflict | Unavailable,
    strawberry.union("UpsertResult", description="Verdicts, or why none could be given."),
]

Row = CustomerUpsert | ProductUpsert | StoreUpsert | ChannelUpsert
Input = UpsertCustomersInput | UpsertProductsInput | UpsertStoresInput | UpsertChannelsInput


async def upsert_customers(
    info: Info, input: Annotated[UpsertCustomersInput, strawberry.argument(description="The customers.")]
) -> UpsertResult:
    """Profiles of customers."""
    return await _upsert(info, input, "customer", input.customers)


async def upsert_products(
    info: Info, input: Annotated[UpsertProductsInput, strawberry.argument(description="The products.")]
) -> UpsertResult:
    """Profiles of products."""
    return await _upsert(info, input, "product", input.products)


async def upsert_stores(
    info: Info, input: Annotated[UpsertStoresInput, strawberry.argument(description="The stores.")]
) -> UpsertResult:
    """Profiles of stores."""
    return await _upsert(info, input, "store", input.stores)


async def upsert_channels(
    info: Info, input: Annotated[UpsertChannelsInput, strawberry.argument(description="The channels.")]
) -> UpsertResult:
    """Profiles of channels."""
    return await _upsert(info, input, "channel", input.channels)


async def _upsert(info: Info, input: Input, subject: str, rows: Sequence[Row]) -> UpsertResult:
    async def taken() -> UpsertPayload | InvalidInput | Unavailable:
        if wrong := invalid_count(f"{subject}s", len(rows)):
            return wrong
        since = version_of(input.unchanged_since)
        if isinstance(since, InvalidInput):
            return since
        refused = {place: why for place, row in enumerate(rows) if (why := _refusal(row))}
        found = await record(info, [_profile(info, subject, row) for row in rows], input.source, refused, since)
        if not isinstance(found, list):
            return found
        verdicts = told(found)
        keys = [str(sent(row.key)) if row.key else None for row in rows]
        conflicts = sum(verdict.status is EventStatus.CONFLICT for verdict in verdicts)
        return UpsertPayload(keys=keys, verdicts=verdicts, conflicts=conflicts, **sums(verdicts))

    return await once(info, input.idempotency_key, input, UpsertPayload, taken)


def _refusal(row: Row) -> Refusal | None:
    if not row.key:
        return Refusal("missing_field", "key", "key must be given; it is absent")
    if not _said(row):
        names = ", ".join(name for name in vars(row) if name not in _OWN)
        return Refusal("missing_field", "properties", f"a row must say something of its {row.key!r}: one of {names}")
    return refusal(row)


def _said(row: Row) -> dict[str, object]:
    return {name: sent(value) for name, value in vars(row).items() if name not in _OWN and value is not None}


def _profile(info: Info, subject: str, row: Row) -> dict[str, object]:
    at = row.at or info.context.started_at
    return {"kind": "profile", "at": sent(at), subject: sent(row.key), "properties": _said(row)}
