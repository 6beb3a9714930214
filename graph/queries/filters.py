"""Conditions that nouns share: the name of a filter is the name of its parameter."""

from typing import LiteralString

Conditions = dict[str, LiteralString]


def texts(name: LiteralString, column: LiteralString) -> Conditions:
    """Equal, one of, and begins with: what a range index answers."""
    return {
        f"{name}_eq": f"{column} = ${name}_eq",
        f"{name}_in": f"{column} IN ${name}_in",
        f"{name}_starts_with": f"{column} STARTS WITH ${name}_starts_with",
    }


def keys(name: LiteralString, pattern: LiteralString, column: LiteralString) -> Conditions:
    """Equal and one of, for the key of what a pattern leads to."""
    return {
        f"{name}_eq": f"EXISTS {{ MATCH {pattern} WHERE {column} = ${name}_eq }}",
        f"{name}_in": f"EXISTS {{ MATCH {pattern} WHERE {column} IN ${name}_in }}",
    }


def words(name: LiteralString, column: LiteralString) -> Conditions:
    """As `texts`, and contains, whatever the case of the letters."""
    contains: LiteralString = f"toLower({column}) CONTAINS toLower(${name}_contains)"
    return {**texts(name, column), f"{name}_contains": contains}


def ranges(name: LiteralString, column: LiteralString) -> Conditions:
    """Equal, one of, at least, more than, at most and less than, for numbers and instants."""
    return {
        f"{name}_eq": f"{column} = ${name}_eq",
        f"{name}_in": f"{column} IN ${name}_in",
        f"{name}_gte": f"{column} >= ${name}_gte",
        f"{name}_gt": f"{column} > ${name}_gt",
        f"{name}_lte": f"{column} <= ${name}_lte",
        f"{name}_lt": f"{column} < ${name}_lt",
    }
