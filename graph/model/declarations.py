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


@dataclass(frozen=True, slots=True)
class Tie:
    """One type of tie between two labels. At most one stands between the same two nodes for the same `key` values."""

    type: str
    start: Node
    end: Node
    meaning: str
    properties: tuple[Property, ...] = ()
    key: tuple[Property, ...] = ()

    def all_properties(self) -> tuple[Property, ...]:
        """The key first, then the rest."""
        return (*self.key, *self.properties)
