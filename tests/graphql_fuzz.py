"""Operations drawn at random from a schema: most of them valid, their values as bad as strangers can make them."""

import json
from collections.abc import Mapping
from random import Random

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

BAD_TEXTS = (
    "", " ", "'", '"', "\\", "`", "' OR 1=1 --", "ann') MATCH (n) DETACH DELETE n //", "${jndi:ldap://x}", "{{7*7}}",
    "$(reboot)", "; rm -rf /", "../../etc/passwd", "file:///etc/passwd", "http://169.254.169.254/", "\r\nX-A: b",
    "\u0000", "\u202e", "\ufeff", "王芳", "🧋" * 50, "a" * 3_000, "%00", "null", "NaN", "<script>alert(1)</script>",
    "Q3VzdG9tZXI6YW5u", "WzEsImN1c3RvbWVycyIsInMiLCJhIiwiYSJd", "W10", "eyJhIjoxfQ", "2026-03-02T12:00:00+08:00",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z", "1e400", "-0", "1" * 400, "0.1",
)  # fmt: skip
BAD_NUMBERS = ("0", "-1", "1", "2", "100", "101", "2147483647", "2147483648", "-2147483649", "1e309", "0.5", "9" * 30)
ANY = ("null", "true", "[]", "{}", "[[[]]]", "UNKNOWN", "$nowhere", '"x"', "1", "{a: {b: [1]}}")
DEEPEST = 4
KEYS = ("ann", "bob", "latte", "o1", "hz-01", "app")


class Operations:
    """An endless source of operations."""

    def __init__(self, schema: GraphQLSchema, seed: int, without: frozenset[str]) -> None:
        """`without` are fields of the roots that are not asked for."""
        self._schema = schema
        self._random = Random(seed)
        self._without = without

    def draw(self, kind: str) -> str:
        """One query or mutation."""
        root = self._schema.query_type if kind == "query" else self._schema.mutation_type
        assert root is not None
        names = [name for name in root.fields if name not in self._without]
        chosen = self._random.sample(names, self._random.choice((1, 1, 1, 2)))
        return f"{kind} {{ {' '.join(self._field(name, root.fields[name], 0) for name in chosen)} }}"

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        alias = self._random.choice(("", "", "", f"x{self._random.randrange(9)}: "))
        directive = self._random.choice(("", "", "", "", " @include(if: true)", " @skip(if: false)"))
        given = [
            f"{key}: {self._value(argument.type, 0)}"
            for key, argument in field.args.items()
            if is_required_argument(argument) or self._random.random() < 0.3
        ]
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{name}{arguments}{directive}{self._below(get_named_type(field.type), depth + 1)}"

    def _below(self, kind: object, depth: int) -> str:
        if is_leaf_type(kind):
            return ""
        parts = ["__typename"]
        if isinstance(kind, GraphQLUnionType):
            parts += [f"... on {one.name}{self._below(one, depth)}" for one in kind.types]
        elif isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            fields: Mapping[str, GraphQLField] = kind.fields
            deep = depth > self._random.choice((3, 5, 7))
            names = [name for name, field in fields.items() if not deep or is_leaf_type(get_named_type(field.type))]
            wanted = self._random.sample(names, min(len(names), self._random.choice((1, 2, 3))))
            parts += [self._field(name, fields[name], depth) for name in wanted]
        return f" {{ {' '.join(parts)} }}"

    def _value(self, kind: object, depth: int) -> str:
        if self._random.random() < 0.05:
            return self._random.choice(ANY)
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, depth)
        if isinstance(kind, GraphQLList):
            length = self._random.choice((0, 1, 2, 5)) if depth < DEEPEST else 0
            return f"[{', '.join(self._value(kind.of_type, depth + 1) for _ in range(length))}]"
        if isinstance(kind, GraphQLEnumType):
            return self._random.choice([*kind.values, "NOTHING"])
        if isinstance(kind, GraphQLInputObjectType):
            # Conditions nest: the deeper, the fewer are given.
            often = 0.3 if depth < DEEPEST else 0.0
            given = [
                f"{key}: {self._value(field.type, depth + 1)}"
                for key, field in kind.fields.items()
                if is_required_input_field(field) or self._random.random() < often
            ]
            return f"{{{', '.join(given)}}}"
        return self._scalar(str(kind))

    def _scalar(self, name: str) -> str:
        match name:
            case "Int":
                return self._random.choice((*BAD_NUMBERS, "1", "5"))
            case "Float" | "Decimal":
                return self._random.choice((*BAD_NUMBERS, '"18.50"'))
            case "Boolean":
                return self._random.choice(("true", "false"))
            case "JSON":
                return self._random.choice((*ANY[:5], '{a: "b"}'))
            case _:
                return json.dumps(self._random.choice((*BAD_TEXTS, *KEYS * 4)), ensure_ascii=False)
