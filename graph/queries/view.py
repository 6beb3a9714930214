"""What a partner sees: customers of its audience who agreed to be shown to partners, under ids that only it has.

The rule stands in the statement. Where a statement binds a customer, or what belongs to one, it carries a mark: a
comment such as `/*where customer c*/`, which says nothing to the store. For a partner each mark becomes the condition;
a statement that speaks of customers without a mark is refused, so that a new one tells too little rather than too much.
What a statement's parameters and columns name (`Statement.keys`) goes through the partner's own ids both ways.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, LiteralString, Protocol, cast

from graph.errors import BadInput, Forbidden
from graph.queries.reader import Reader
from graph.store.statement import (
    BEGINNING,
    CUSTOMER,
    ORDER,
    OURS,
    PATHS,
    SHARE,
    Statement,
    cypher,
)

NOBODY = "\x00"
"""The key of nobody: what a text that is none of a partner's ids becomes."""
_MARK = re.compile(r"/\*(where|and|join) (customer|order|share|score) (\w+(?:, \w+)*)\*/")
_LABEL = re.compile(r":([A-Z][a-z]\w*)")
_OF_NOBODY = frozenset(
    {"Product", "ProductAffinity", "Category", "Store", "Channel", "Campaign", "Chain", "ScoreRun", "CurrentRun"}
)
"""Labels that hold nothing of a customer: statements about these alone need no mark."""
_NUMBER = re.compile(r"_\d+$")
_PROPERTIES: Mapping[str, LiteralString] = {
    "city": "{c}.city IN $only_city",
    "district": "{c}.district IN $only_district",
    "source": "{c}.source IN $only_source",
    "channel": "EXISTS {{ MATCH ({c})-[:ACQUIRED_VIA]->(only_h:Channel) WHERE only_h.name IN $only_channel }}",
    "store": "EXISTS {{ MATCH ({c})-[:PLACED]->(:Order)-[:AT]->(only_s:Store) WHERE only_s.store_id IN $only_store }}",
}
_AT_STORE: LiteralString = "EXISTS {{ MATCH ({o})-[:AT]->(only_t:Store) WHERE only_t.store_id IN $only_store }}"
RULES = tuple(_PROPERTIES)
"""What an audience may be narrowed by: where customers live, who told of them, how they were won, where they buy."""


@dataclass(frozen=True, slots=True)
class View:
    """Which customers a partner sees: those who fit one value of every rule and agreed to be shown to partners."""

    partner: str
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def __post_init__(self) -> None:
        """BadInput for a partner without a name, an unknown rule or one without values."""
        if not self.partner.strip():
            raise BadInput("A partner needs a name.")
        for name, values in self.only.items():
            if name not in RULES or not values:
                raise BadInput(f"--only takes NAME=VALUE, with NAME out of {', '.join(RULES)}; not {name}.")

    def narrowed(self, statement: Statement) -> Statement:
        """The statement as this partner may run it. Forbidden where it speaks of customers unmarked."""
        return _narrowed(statement, tuple(sorted(self.only)))

    def parameters(self) -> dict[str, object]:
        """What the conditions compare with."""
        return {f"only_{name}": list(values) for name, values in self.only.items()}


def where_seen(noun: LiteralString, name: LiteralString) -> LiteralString:
    """Marks the place of a WHERE: for partners, `name` is a customer, an order or a share that is seen."""
    return f" /*where {noun} {name}*/"


def and_seen(noun: LiteralString, name: LiteralString) -> LiteralString:
    """Marks a place within a WHERE."""
    return f" /*and {noun} {name}*/"


def join_seen(names: LiteralString) -> LiteralString:
    """Marks the place behind the MATCH of an influence score, whose customer must be seen.

    The score's name comes first; the others, behind commas, are those that are read later, too.
    """
    return f" /*join score {names}*/"


@lru_cache(maxsize=4096)
def _narrowed(statement: Statement, rules: tuple[str, ...]) -> Statement:
    text, marks = _MARK.subn(lambda mark: _clause(mark[1], mark[2], mark[3], rules), statement.text)
    if not marks and not _OF_NOBODY.issuperset(_LABEL.findall(statement.text)):
        raise Forbidden("This is not told to partners: it speaks of all customers.")
    return replace(statement, text=text)


def _clause(place: str, noun: str, name: str, rules: Sequence[str]) -> str:
    if place == "join":
        score = name.split(",")[0]
        bound = f"WITH {name}, {score}.customer_id AS only_key MATCH (only_c:Customer {{customer_id: only_key}})"
        return f"{bound} WHERE {_seen('customer', 'only_c', rules)}"
    return f"{place.upper()} {_seen(noun, name, rules)}"


def _seen(noun: str, name: str, rules: Sequence[str]) -> str:
    if noun == "customer":
        return " AND ".join([f"{name}.consent_sharing = true", *(_PROPERTIES[rule].format(c=name) for rule in rules)])
    tie = "PLACED" if noun == "order" else "SHARED"
    whose = f"EXISTS {{ MATCH (only_c:Customer)-[:{tie}]->({name}) WHERE {_seen('customer', 'only_c', rules)} }}"
    return f"{whose} AND {_AT_STORE.format(o=name)}" if noun == "order" and "store" in rules else whose


class Ids(Protocol):
    """A partner's own ids."""

    def shown(self, noun: str, key: str) -> str:
        """The id under which the partner knows the key of a noun."""
        ...

    def meant(self, noun: str, id: str) -> str | None:
        """The key that an id of this partner and noun stands for; None for any other text."""
        ...


class Streamer(Reader, Protocol):
    """A reader whose answers can be had as they come, too."""

    def stream(
        self, statement: Statement, parameters: Mapping[str, object] | None = None, *, timeout_seconds: float = 600
    ) -> AsyncIterator[dict[str, Any]]:
        """The rows as they come."""
        ...


SEEN = cypher(
    f"UNWIND $keys AS key MATCH (c:Customer {{customer_id: key}}){where_seen('customer', 'c')} RETURN key",
    keys=CUSTOMER,
    key=CUSTOMER,
)


async def seen_customers(reader: Reader, keys: Sequence[str]) -> frozenset[str]:
    """Those of the customers whom the reader sees."""
    wanted = {"keys": list(dict.fromkeys(keys))}
    return frozenset(record["key"] for record in await reader.read(SEEN, wanted))


async def seen_by(reader: Reader, view: View, keys: Sequence[str]) -> frozenset[str]:
    """Those of the customers, by the retailer's keys, whom a partner sees; `reader` is the store itself."""
    found = await reader.read(view.narrowed(SEEN), {"keys": list(keys), **view.parameters()})
    return frozenset(record["key"] for record in found)


SEEN_COUNTS = {
    CUSTOMER: cypher(
        f"UNWIND $keys AS key MATCH (c:Customer {{customer_id: key}}){where_seen('customer', 'c')} "
        "RETURN count(c) AS seen"
    ),
    ORDER: cypher(
        f"UNWIND $keys AS key MATCH (o:Order {{order_id: key}}){where_seen('order', 'o')} RETURN count(o) AS seen"
    ),
    SHARE: cypher(
        f"UNWIND $keys AS key MATCH (h:Share {{share_id: key}}){where_seen('share', 'h')} RETURN count(h) AS seen"
    ),
}
"""Noun → how many of these are seen."""


async def seen_count(reader: Reader, view: View, noun: str, keys: Sequence[str]) -> int:
    """How many of the keys, the retailer's, of a noun stand for what a partner sees; `reader` is the store itself."""
    parameters = {"keys": list(keys), **view.parameters()}
    [found] = await reader.read(view.narrowed(SEEN_COUNTS[noun]), parameters)
    return found["seen"]


class PartnerReader:
    """The store as a partner sees it: nobody above it ever holds a key of the retailer's own."""

    def __init__(self, reader: Reader, view: View, ids: Ids) -> None:
        self._reader = reader
        self._view = view
        self._ids = ids

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """All rows that the partner may see, under its ids."""
        keys = dict(statement.keys)
        rows = await self._reader.read(self._view.narrowed(statement), self._meant(keys, parameters or {}))
        for column in [name for name, noun in keys.items() if noun == PATHS and rows and name in rows[0]]:
            await self._show_paths(rows, column)
        return [self._shown(keys, row) for row in rows]

    async def stream(
        self, statement: Statement, parameters: Mapping[str, object] | None = None, *, timeout_seconds: float = 600
    ) -> AsyncIterator[dict[str, Any]]:
        """The rows as they come; paths, of which each would be asked for by itself, are left out."""
        keys = dict(statement.keys)
        given = self._meant(keys, parameters or {})
        streamer = cast("Streamer", self._reader)
        async for row in streamer.stream(self._view.narrowed(statement), given, timeout_seconds=timeout_seconds):
            yield self._shown(keys, row | {name: None for name, noun in keys.items() if noun == PATHS and name in row})

    def _meant(self, keys: Mapping[str, str], parameters: Mapping[str, object]) -> dict[str, object]:
        given = {name: self._one_meant(keys.get(_NUMBER.sub("", name)), value) for name, value in parameters.items()}
        return given | self._view.parameters()

    def _one_meant(self, noun: str | None, value: object) -> object:
        if noun is None or value is None:
            return value
        if noun == BEGINNING:
            raise BadInput("The ids of a partner have no meaningful beginning: ask with `eq` or `in`.")
        if isinstance(value, str):
            return self._ids.meant(noun, value) or NOBODY
        found = [self._ids.meant(noun, one) for one in cast("Sequence[str]", value)]
        return [one for one in found if one is not None]

    def _shown(self, keys: Mapping[str, str], row: dict[str, Any]) -> dict[str, Any]:
        for name, noun in keys.items():
            value = row.get(name)
            if noun == OURS and name in row:
                row[name] = None
            elif noun != PATHS and isinstance(value, str):
                row[name] = self._ids.shown(noun, value)
            elif noun != PATHS and isinstance(value, list):
                row[name] = [self._ids.shown(noun, one) for one in cast("list[str]", value)]
        return row

    async def _show_paths(self, rows: Sequence[dict[str, Any]], column: str) -> None:
        """Keeps the paths on which everybody is seen, by the partner's ids."""
        told = [cast("list[dict[str, Any]]", json.loads(row[column] or "[]")) for row in rows]
        everybody = sorted({key for paths in told for path in paths for key in path["customers"]})
        found = await seen_by(self._reader, self._view, everybody) if everybody else frozenset[str]()
        seen = {key: self._ids.shown(CUSTOMER, key) for key in found}
        for row, paths in zip(rows, told, strict=True):
            kept = [path for path in paths if all(key in seen for key in path["customers"])]
            row[column] = json.dumps([path | {"customers": [seen[key] for key in path["customers"]]} for path in kept])
