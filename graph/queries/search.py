"""Search by the beginning of a key or by words of a name, over several labels in one statement, by keyset pages.

Names are looked up in full-text indexes, keys in the indexes of their constraints; nothing is looked through but the
few channels. A partner finds customers by its own ids and, where it may read names, by the names of those whom it sees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import LiteralString

from graph.queries.paging import Entry, Page, Position, Slice, cut
from graph.queries.reader import Reader
from graph.queries.view import and_seen
from graph.queries.words import words
from graph.store.statement import CUSTOMER, Statement, cypher

MOST = 1_000
"""So many hits of a label by key and as many by name are ranked; the best of the index, where there are more."""


@dataclass(frozen=True, slots=True)
class HitRow:
    """One thing that fits, and how well: 5 for the key itself, 4 for the name itself, 3 and 2 for their beginnings, 1
    for words of the name."""

    label: str
    key: str
    fit: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for, and among which labels (Customer, Product, Store, Channel).

    Without `names_of_people`, customers are found by key alone; with `own_ids`, by the whole of it alone.
    """

    text: str
    labels: tuple[str, ...]
    names_of_people: bool = True
    own_ids: bool = False

    def statement(self, after: bool, before: bool, backward: bool) -> Statement:
        """What reads a page."""
        return page_statement(self._among(), self._named(), after, before, backward)

    def counting(self) -> Statement:
        """What counts the hits."""
        return count_statement(self._among(), self._named())

    def parameters(self) -> dict[str, object]:
        """The statements' parameters; `customer` is the one that may be a partner's own id."""
        text, asked = self.text.strip(), words(self.text)
        given: dict[str, object] = {"text": text, "lower": text.lower(), "words": asked.query, "most": MOST}
        return given | {"runs": list(asked.runs), "customer": text, "beginning": None if self.own_ids else text}

    def _among(self) -> tuple[str, ...]:
        """The labels, each once and in one order: asked for in another, it is the same statement."""
        return tuple(label for label in LABELS if label in self.labels)

    def _named(self) -> tuple[str, ...]:
        """The labels whose names are looked up."""
        if not words(self.text).query:
            return ()
        return tuple(label for label in self._among() if label != "Customer" or self.names_of_people)


_FIT: LiteralString = (
    "CASE WHEN key = $text THEN 5 WHEN name = $lower THEN 4 WHEN key STARTS WITH $text THEN 3"
    " WHEN name STARTS WITH $lower THEN 2 ELSE 1 END AS fit"
)
_FIT_OF_CUSTOMER: LiteralString = (
    "CASE WHEN key = $customer THEN 5 WHEN name = $lower THEN 4 WHEN key STARTS WITH $beginning THEN 3"
    " WHEN name STARTS WITH $lower THEN 2 ELSE 1 END AS fit"
)
_NAME: LiteralString = "toLower(coalesce(n.name, '')) AS name"
_HOLDS_RUNS: LiteralString = "all(run IN $runs WHERE n.name CONTAINS run)"
_BY_KEY: Mapping[str, LiteralString] = {
    "Customer": (
        "MATCH (n:Customer) WHERE (n.customer_id = $customer OR n.customer_id STARTS WITH $beginning)"
        f"{and_seen('customer', 'n')} WITH n.customer_id AS key, '' AS name ORDER BY key LIMIT $most"
        f" RETURN 'Customer' AS label, key, {_FIT_OF_CUSTOMER}"
    ),
    "Product": (
        f"MATCH (n:Product) WHERE n.sku STARTS WITH $text WITH n.sku AS key, {_NAME} ORDER BY key LIMIT $most"
        f" RETURN 'Product' AS label, key, {_FIT}"
    ),
    "Store": (
        f"MATCH (n:Store) WHERE n.store_id STARTS WITH $text WITH n.store_id AS key, {_NAME} ORDER BY key LIMIT $most"
        f" RETURN 'Store' AS label, key, {_FIT}"
    ),
    "Channel": (
        "MATCH (n:Channel) WHERE toLower(n.name) CONTAINS $lower WITH n.name AS key, toLower(n.name) AS name"
        f" ORDER BY key LIMIT $most RETURN 'Channel' AS label, key, {_FIT}"
    ),
}
_BY_NAME: Mapping[str, LiteralString] = {
    "Customer": (
        "CALL db.index.fulltext.queryNodes('customer_text', $words) YIELD node AS n, score"
        f" WHERE {_HOLDS_RUNS}{and_seen('customer', 'n')}"
        f" WITH n.customer_id AS key, {_NAME}, score ORDER BY score DESC, key LIMIT $most"
        f" RETURN 'Customer' AS label, key, {_FIT_OF_CUSTOMER}"
    ),
    "Product": (
        f"CALL db.index.fulltext.queryNodes('product_text', $words) YIELD node AS n, score WHERE {_HOLDS_RUNS}"
        f" WITH n.sku AS key, {_NAME}, score ORDER BY score DESC, key LIMIT $most"
        f" RETURN 'Product' AS label, key, {_FIT}"
    ),
    "Store": (
        f"CALL db.index.fulltext.queryNodes('store_text', $words) YIELD node AS n, score WHERE {_HOLDS_RUNS}"
        f" WITH n.store_id AS key, {_NAME}, score ORDER BY score DESC, key LIMIT $most"
        f" RETURN 'Store' AS label, key, {_FIT}"
    ),
}
LABELS = tuple(_BY_KEY)
"""What can be searched."""


async def search(reader: Reader, sought: Sought, slice: Slice) -> Page[HitRow]:
    """A page of hits, the best first, equals by label and key. A blank text finds nothing."""
    if not sought.text.strip() or not sought.labels:
        return Page()
    given = sought.parameters() | _bounds(slice) | {"limit": slice.limit + 1}
    statement = sought.statement(slice.after is not None, slice.before is not None, slice.backward)
    return cut([_entry(record) for record in await reader.read(statement, given)], slice)


async def count_hits(reader: Reader, sought: Sought) -> int:
    """How many hits there are among those that are ranked."""
    if not sought.text.strip() or not sought.labels:
        return 0
    [record] = await reader.read(sought.counting(), sought.parameters())
    return int(record["count"])


def _entry(record: Mapping[str, object]) -> Entry[HitRow]:
    hit = HitRow(str(record["label"]), str(record["customer"] or record["key"]), int(str(record["fit"])))
    return Entry(hit, Position(hit.fit, f"{hit.label}:{hit.key}"))


def _bounds(slice: Slice) -> dict[str, object]:
    """A hit's place: its fit, its label, and its key, which of a customer may be a partner's own id."""
    found: dict[str, object] = {}
    for name, end in (("after", slice.after), ("before", slice.before)):
        if end is not None:
            label, _, key = end.key.partition(":")
            of_customer = label == "Customer"
            found |= {f"{name}_fit": end.value, f"{name}_label": label}
            found |= {f"{name}_customer": key if of_customer else None, f"{name}_key": None if of_customer else key}
    return found


@lru_cache(maxsize=256)
def page_statement(labels: Sequence[str], named: Sequence[str], after: bool, before: bool, backward: bool) -> Statement:
    """What reads a page of hits among the labels; `named` are those whose names are looked up."""
    # Which bound stands first does not matter: a page between two places is beyond the one and not yet at the other.
    bounds: LiteralString = ""
    if after:
        bounds += f" WHERE {_beyond('<', '>', 'after')}"
    if before:
        bounds += f"{' AND' if after else ' WHERE'} {_beyond('>', '<', 'before')}"
    best: LiteralString = "ASC" if backward else "DESC"
    way: LiteralString = "DESC" if backward else "ASC"
    return cypher(
        f"CALL {{ {_hits(labels, named)} }} WITH label, key, fit{bounds}"
        f" WITH label, key, fit ORDER BY fit {best}, label {way}, key {way} LIMIT $limit"
        " RETURN label, fit, CASE label WHEN 'Customer' THEN key END AS customer,"
        " CASE label WHEN 'Customer' THEN null ELSE key END AS key",
        **_KEYS,
    )


@lru_cache(maxsize=64)
def count_statement(labels: Sequence[str], named: Sequence[str]) -> Statement:
    """What counts the hits among the labels."""
    return cypher(f"CALL {{ {_hits(labels, named)} }} RETURN count(*) AS count", **_KEYS)


_KEYS = dict.fromkeys(("customer", "after_customer", "before_customer"), CUSTOMER)


def _hits(labels: Sequence[str], named: Sequence[str]) -> LiteralString:
    """Every hit once: the same thing found twice has the same fit."""
    parts: Sequence[LiteralString] = [*_of(_BY_KEY, labels), *_of(_BY_NAME, named)]
    union: LiteralString = " UNION "
    return union.join(parts)


def _of(parts: Mapping[str, LiteralString], labels: Sequence[str]) -> list[LiteralString]:
    return [parts[label] for label in labels if label in parts]


def _beyond(worse: LiteralString, later: LiteralString, end: LiteralString) -> LiteralString:
    key: LiteralString = f"coalesce(${end}_customer, ${end}_key)"
    place: LiteralString = f"(label {later} ${end}_label OR (label = ${end}_label AND key {later} {key}))"
    return f"(fit {worse} ${end}_fit OR (fit = ${end}_fit AND {place}))"
