"""What affinity runs say of products and customers: of the current run of the whole, else of each data set's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from graph.queries.reader import Reader
from graph.queries.run import CURRENT_AFFINITY
from graph.queries.view import and_seen
from graph.store.statement import CUSTOMER, Statement, cypher


class TogetherRow(msgspec.Struct, frozen=True):
    """A product that is bought together with another more than the size of the baskets explains."""

    sku: str
    baskets: int
    lift: float
    q_value: float
    cosine: float
    jaccard: float


class SimilarRow(msgspec.Struct, frozen=True):
    """A product that the same customers buy."""

    sku: str
    customers: int
    cosine: float
    jaccard: float


class NextRow(msgspec.Struct, frozen=True):
    """A product that a customer probably buys; `told` is what those most like the customer buy of it."""

    sku: str
    probability: float
    known: bool
    told: float


Row = TypeVar("Row", TogetherRow, SimilarRow, NextRow)
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class NextRows:
    """What a customer probably buys, the likeliest first, within so many days behind the run's newest event."""

    run_id: str
    horizon_days: int
    products: tuple[NextRow, ...]


@dataclass(frozen=True, slots=True)
class Partners:
    """The products that go with a product, the strongest first."""

    run_id: str
    together: tuple[TogetherRow, ...]
    similar: tuple[SimilarRow, ...]


OF_PRODUCTS = cypher(
    f"{CURRENT_AFFINITY} UNWIND $keys AS key WITH run + '|' + key AS affinity_id"
    " MATCH (a:ProductAffinity {affinity_id: affinity_id})"
    " RETURN a.sku AS key, a.run_id AS run_id, a.together AS together, a.similar AS similar ORDER BY run_id"
)
# As with open chains: who said no to personal offers is foretold nothing; who was never asked has not said no.
OF_CUSTOMERS = cypher(
    f"{CURRENT_AFFINITY} UNWIND $keys AS key MATCH (c:Customer {{customer_id: key}})"
    f" WHERE coalesce(c.consent_offers, true) = true{and_seen('customer', 'c')} WITH run + '|' + key AS next_id"
    " MATCH (a:NextProducts {next_id: next_id})"
    " RETURN a.customer_id AS key, a.run_id AS run_id, a.horizon_days AS horizon_days, a.products AS products"
    " ORDER BY run_id",
    keys=CUSTOMER,
    key=CUSTOMER,
)


async def partners_of(reader: Reader, products: Sequence[str]) -> list[Partners | None]:
    """What goes with each product, in the order given; None for one of which no run says anything."""

    def told(record: dict[str, Any]) -> Partners:
        together, similar = _rows(TogetherRow, record["together"]), _rows(SimilarRow, record["similar"])
        return Partners(record["run_id"], together, similar)

    return await _by_key(reader, OF_PRODUCTS, products, told)


async def next_of_customers(reader: Reader, customers: Sequence[str]) -> list[NextRows | None]:
    """What each customer probably buys, in the order given; None for one whom no run scored, or who said no to
    personal offers."""

    def told(record: dict[str, Any]) -> NextRows:
        return NextRows(record["run_id"], record["horizon_days"], _rows(NextRow, record["products"]))

    return await _by_key(reader, OF_CUSTOMERS, customers, told)


async def _by_key(
    reader: Reader, statement: Statement, keys: Sequence[str], told: Callable[[dict[str, Any]], Told]
) -> list[Told | None]:
    records = await reader.read(statement, {"keys": list(dict.fromkeys(keys))})
    found = {record["key"]: told(record) for record in records}
    return [found.get(key) for key in keys]


def _rows(kind: type[Row], text: str | None) -> tuple[Row, ...]:
    return tuple(msgspec.json.decode(text, type=list[kind])) if text else ()
