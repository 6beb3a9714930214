"""Every field of the schema against every scope: told with exactly what the schema says it needs, refused without.

Made out of the schema, so that a new field is under test as soon as it is declared. Rows are of both kinds: a partner's
own, and another's (`tests/conformance/test_partner_views.py` asks both stores for those).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from api_fakes import FakeAdvocates, FakeExports, FakeRecorder, FakeRuns, services, small_shop
from graphql import (
    FieldDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    ListValueNode,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from api.access.scopes import BY_KIND, FOR_PARTNERS, OF_NO_NOUN, PERSONAL, SCOPES, Needs, needed
from api.answers import AnswerStore
from api.graphql.context import Caller
from api.graphql.errors import ApiError, Code
from api.graphql.operation import Engine, Ready, Refused, Request
from api.graphql.schema import Schema, core, export_schema

FIELD = tuple[str, str]
TEXTS = {"ID": '"Q3VzdG9tZXI6YW5u"', "String": '"ann"', "Int": "1", "Float": "1", "Boolean": "true", "JSON": "{}"}
TEXTS |= {"DateTime": '"2026-03-02T12:00:00+08:00"', "Decimal": '"1"', "_Any": "{}", "Date": '"2026-03-02"'}


@pytest.fixture(scope="module")
def table() -> dict[FIELD, Needs]:
    """What the schema in its own language says: (type, field) → scopes."""
    found: dict[FIELD, Needs] = {}
    for kind in build_schema(export_schema()).type_map.values():
        for name, field in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            if (scopes := required_by(cast("FieldDefinitionNode | None", field.ast_node))) is not None:
                found[kind.name, name] = scopes
    return found


def required_by(node: FieldDefinitionNode | None) -> Needs | None:
    for directive in node.directives or () if node else ():
        if directive.name.value == "requiresScopes":
            [[scopes]] = [cast("ListValueNode", given.value).values for given in directive.arguments or ()]
            return frozenset(one.value for one in cast("Any", scopes).values)
    return None


def value(kind: Any) -> str:
    if isinstance(kind, GraphQLNonNull):
        return value(kind.of_type)
    if isinstance(kind, GraphQLList):
        return "[]"
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        given = [f"{name}: {value(f.type)}" for name, f in kind.fields.items() if is_required_input_field(f)]
        return f"{{{', '.join(given)}}}"
    return TEXTS[str(kind)]


def asked(name: str, field: GraphQLField) -> str:
    """The field with what it must be given, and `__typename` of what it answers."""
    given = [f"{key}: {value(one.type)}" for key, one in field.args.items() if is_required_argument(one)]
    below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    arguments = f"({', '.join(given)})" if given else ""
    return f"{name}{arguments}{below}"


def roots(schema: Schema) -> Iterator[tuple[str, str, str]]:
    """(kind of operation, field, document) of every way in."""
    shown = core(schema)
    for kind, root in (
        ("query", shown.query_type), ("mutation", shown.mutation_type), ("subscription", shown.subscription_type)
    ):  # fmt: skip
        assert root is not None
        for name, field in root.fields.items():
            yield kind, name, f"{kind} {{ {asked(name, field)} }}"


def caller(scopes: Needs) -> Caller:
    return Caller("someone", scopes, key="k")


@pytest.fixture
def engine(schema: Schema, tmp_path: Any) -> Iterator[Engine]:
    answers = AnswerStore.open(tmp_path / "answers.sqlite")
    yield Engine(schema, services(small_shop(), answers, FakeRecorder(), FakeRuns(), FakeAdvocates(), FakeExports()))
    answers.close()


def test_the_schema_says_what_is_enforced(schema: Schema, table: dict[FIELD, Needs]):
    objects = {kind.name for kind in core(schema).type_map.values() if isinstance(kind, GraphQLObjectType)}

    assert {place: scopes for place, scopes in needed(core(schema)).items() if place[0] in objects} == table
    assert {scope for scopes in table.values() for scope in scopes} <= SCOPES


def test_every_way_in_needs_a_scope(schema: Schema, table: dict[FIELD, Needs]):
    open_to_all = {name for kind, name, _ in roots(schema) if not table.get((kind.capitalize(), name))}

    assert open_to_all <= BY_KIND | OF_NO_NOUN


def test_every_way_in_against_every_scope(schema: Schema, engine: Engine, table: dict[FIELD, Needs]):
    """Each scope alone opens what needs it alone; everything but one opens what does not need that one."""
    held = [frozenset({scope}) for scope in SCOPES] + [SCOPES - {scope} for scope in SCOPES] + [SCOPES, frozenset()]
    for kind, name, document in roots(schema):
        needs = table.get((kind.capitalize(), name), frozenset())
        for scopes in held:
            who = caller(scopes)
            found = engine.prepare(Request(document), who, engine.context(who))
            opens = needs <= scopes and any(scope.endswith("write") == (kind == "mutation") for scope in scopes)
            assert isinstance(found, Ready) == opens, (document, scopes, found)
            if isinstance(found, Refused):
                [error] = found.answer["errors"]
                assert error["extensions"]["code"] == "FORBIDDEN"
                if scopes and error.get("path"):
                    assert error["path"] == [name]
                    assert set(error["extensions"]["missingScopes"]) == needs - scopes


@pytest.mark.parametrize("scopes", [frozenset[str](), frozenset({"stores:read"})])
def test_aliases_fragments_and_directives_hide_no_root_field(schema: Schema, engine: Engine, scopes: Needs):
    hidden = [
        '{ stores: customer(key: "ann") { key } }',
        '{ ... { customer(key: "ann") { key } } }',
        "{ ... on Query @include(if: true) { ...F } } fragment F on Query { ...G } "
        "fragment G on Query { a: customers { nodes { key } } }",
        'query($no: Boolean = false) { customer(key: "ann") @include(if: $no) { key } }',
    ]
    for document in hidden:
        who = caller(scopes)
        found = engine.prepare(Request(document), who, engine.context(who))
        assert isinstance(found, Refused), document
        assert found.codes == {"FORBIDDEN"}


class Source:
    """Anything, with any attribute."""

    def __getattr__(self, name: str) -> Any:
        return None if name.startswith("__") else "x"


async def test_every_field_below_asks_for_its_scopes_before_it_is_resolved(
    schema: Schema, engine: Engine, table: dict[FIELD, Needs]
):
    executing = schema._schema
    for (owner, name), needs in table.items():
        if owner == "Subscription":
            continue
        field = cast("GraphQLObjectType", executing.type_map[owner]).fields[name]
        for scope in needs:
            info = cast(
                "Any", type("Info", (), {"context": engine.context(caller(SCOPES - {scope})), "field_name": name})
            )
            with pytest.raises(ApiError) as refused:
                field.resolve(Source(), info)  # type: ignore[misc]
            assert refused.value.code is Code.FORBIDDEN
            assert (refused.value.extensions or {})["missingScopes"] == [scope]


def test_what_is_personal_in_the_model_needs_the_scope(table: dict[FIELD, Needs]):
    personal = {place for place, scopes in table.items() if PERSONAL in scopes}

    assert personal == {
        ("Customer", name) for name in ("name", "gender", "birthYear", "ageBand", "incomeBand", "householdSize")
    }


READER = SCOPES - {PERSONAL}


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ('{ customer(key: "ann") { key name } }', ["customer", "name"]),
        ("{ customers { nodes { key n: name } } }", ["customers", "nodes", 0, "n"]),
        ('{ node(id: "Q3VzdG9tZXI6YW5u") { ... on Customer { key name } } }', ["node", "name"]),
        ('{ customers(where: {name: {contains: "安"}}) { nodes { key } } }', ["customers"]),
        ('{ customers(where: {not: {or: [{name: {eq: "安"}}]}}) { nodes { key } } }', ["customers"]),
        ("{ customers(orderBy: {field: NAME}) { nodes { key } } }", ["customers"]),
    ],
)
async def test_what_is_personal_is_masked_wherever_it_is_asked_for(engine: Engine, query: str, path: list[str | int]):
    who = caller(READER)
    context = engine.context(who)
    ready = engine.prepare(Request(query), who, context)
    assert isinstance(ready, Ready)

    answer = await engine.run(ready, context)

    error = answer["errors"][0]
    assert (error["path"], error["extensions"]["code"]) == (path, "FORBIDDEN")
    assert error["extensions"]["missingScopes"] == [PERSONAL]
    assert "安" not in str(answer.get("data"))


async def test_search_finds_no_names_without_the_scope(schema: Schema, tmp_path: Any):
    reader, answers = small_shop(), AnswerStore.open(tmp_path / "answers.sqlite")
    engine = Engine(schema, services(reader, answers))
    for scopes in (SCOPES, READER, SCOPES - {"customers:read"}):
        context = engine.context(caller(scopes))
        ready = engine.prepare(Request('{ search(text: "an") { nodes { id } } }'), caller(scopes), context)
        assert isinstance(ready, Ready)
        await engine.run(ready, context)
    answers.close()

    asked_for = [("'customer_text'" in asked.text, "(n:Customer)" in asked.text) for asked, _ in reader.reads]
    assert asked_for == [(True, True), (False, True), (False, False)]


def test_partners_are_given_no_way_to_write_but_exports_and_webhooks(schema: Schema, table: dict[FIELD, Needs]):
    writes = {scopes for (owner, _), scopes in table.items() if owner == "Mutation" and scopes <= FOR_PARTNERS}

    assert writes == {frozenset({"exports:write"}), frozenset({"webhooks:write"})}


def test_nobody_is_told_that_a_key_is_needed(schema: Schema, engine: Engine):
    nobody = replace(caller(frozenset()), is_anonymous=True)

    found = engine.prepare(Request('{ customer(key: "ann") { key } }'), nobody, engine.context(nobody))

    assert isinstance(found, Refused)
    assert found.codes == {"UNAUTHENTICATED"}
