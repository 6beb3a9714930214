"""The words in which the graph is declared: properties, nodes and ties."""

from dataclasses import dataclass
from enum import StrEnum


class PropertyType(StrEnum):
    """What a property holds in the graph."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    FLOAT = "FLOAT"
    BOOLEAN = "BOOLEAN"
    DATETIME = "DATETIME"
    """An instant, kept in UTC."""
    DATE = "DATE"
    STRINGS = "LIST<STRING>"
    CENTS = "CENTS"
    """Money as a whole number of hundredths of its currency's unit, so that sums are exact."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a node or a tie."""

    name: str
    type: PropertyType
    meaning: str
    personal: bool = False
    indexed: bool = False
    fulltext: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """One label, with the property that is its key: unique, a string, never null."""

    label: str
    key: Property
    properties: tuple[Property, ...]
    meaning: str

    def all_properties(self) -> tuple[Property, ...]:
        """The key first, then the rest."""
        return (self.key, *self.properties)


class Owner(StrEnum):
    """What is derived as a whole when an event touches a tie: what is not derived again goes away."""

    START = "start"
    """All ties of this type that leave the touched start node (an order's lines)."""
    END = "end"
    """All ties of this type that reach the touched end node (who brought a customer)."""
    PAIR = "pair"
    """The one tie between the touched pair (a customer's views of a product)."""


@dataclass(frozen=True, slots=True)
class Tie:
    """One type of tie between two labels; at most one of a type stands between the same two nodes."""

    type: str
    start: Node
    end: Node
    meaning: str
    owner: Owner
    properties: tuple[Property, ...] = ()
