"""Everything of one label, as it stands in the graph: what exports stream, column by column as it is declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from graph.errors import BadInput
from graph.model.channel import CHANNEL
from graph.model.customer import CUSTOMER
from graph.model.declarations import Node, Property
from graph.model.order import ORDER
from graph.model.product import PRODUCT
from graph.model.score import CHAIN, FIGURES, INFLUENCE_SCORE
from graph.model.share import SHARE
from graph.model.statements import identifier
from graph.model.store import STORE
from graph.queries.audience import CONDITIONS
from graph.queries.customer import OWN_KEYS
from graph.queries.export_children import CHILDREN, adrift
from graph.queries.view import and_seen, join_seen, where_seen
from graph.queries.where import Shape, condition, shape_of
from graph.store.statement import PATHS, Statement, generated

NOUNS: dict[str, Node] = {
    "customers": CUSTOMER,
    "products": PRODUCT,
    "stores": STORE,
    "channels": CHANNEL,
    "orders": ORDER,
    "shares": SHARE,
    "influence_scores": INFLUENCE_SCORE,
    "chains": CHAIN,
}
"""What can be exported."""
_SEEN = {
    "customers": where_seen("customer", "n"),
    "orders": where_seen("order", "n"),
    "shares": where_seen("share", "n"),
    "influence_scores": join_seen("n"),
}
_KEYS = {
    **{node.key.name: node.label for node in (CUSTOMER, ORDER, SHARE, INFLUENCE_SCORE)},
    **OWN_KEYS,
    "paths": PATHS,
}
OF_RUNS = frozenset({"influence_scores", "chains"})
OF_CUSTOMERS = frozenset({"customers", "influence_scores"})
"""Nouns that an audience narrows."""


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """What is read: the noun, of which run, of which customers, with or without what is personal."""

    noun: str
    run: str | None = None
    audience: Mapping[str, object] = field(default_factory=dict[str, object])
    personal: bool = False
    children: tuple[str, ...] = ()
    """Lists of CHILDREN whose rows follow their parents."""

    def __post_init__(self) -> None:
        """BadInput for a list of children whose parents are not exported."""
        if (lost := adrift(self.noun, self.children)) is not None:
            raise BadInput(f"{lost} hang under {CHILDREN[lost].under}, which an export of {self.noun} lacks: add them.")

    def under(self, name: str) -> tuple[str, ...]:
        """The lists asked for whose parents are the rows of a noun or of another list."""
        return tuple(one for one in CHILDREN if one in self.children and CHILDREN[one].under == name)

    def columns(self) -> tuple[Property, ...]:
        """The key first, then every declared property that may be told."""
        told = [one for one in NOUNS[self.noun].all_properties() if one is not FIGURES]
        return tuple(one for one in told if self.personal or not one.personal)

    def statement(self) -> Statement:
        """What streams the rows, in no order."""
        shape, _ = shape_of(self.audience)
        return _statement(self.noun, tuple(p.name for p in self.columns()), shape, self.run is not None)

    def parameters(self) -> dict[str, object]:
        """The statement's parameters."""
        _, values = shape_of(self.audience)
        return {**values, **({} if self.run is None else {"run": self.run})}


@lru_cache(maxsize=256)
def _statement(noun: str, columns: tuple[str, ...], audience: Shape, of_run: bool) -> Statement:
    told = ", ".join(f"n.{identifier(name)} AS {name}" for name in columns)
    label = identifier(NOUNS[noun].label)
    match = f"MATCH (n:{label} {{run_id: $run}})" if of_run else f"MATCH (n:{label})"
    if not audience:
        return generated(f"{match}{_SEEN.get(noun, '')} RETURN {told}", **_KEYS)
    conditions = condition(CONDITIONS, audience)
    if noun == "customers":
        return generated(
            f"MATCH (n:{label}) WITH n, n AS c WHERE {conditions}{and_seen('customer', 'c')} RETURN {told}", **_KEYS
        )
    # The embedded engine wants a pattern's property bound before.
    return generated(
        f"{match} WITH n, n.customer_id AS customer_id MATCH (c:Customer {{customer_id: customer_id}})"
        f" WHERE {conditions}{and_seen('customer', 'c')} RETURN {told}",
        **_KEYS,
    )
