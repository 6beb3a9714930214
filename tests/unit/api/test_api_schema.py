"""The schema: as it stands in the repository, described throughout, with the names that clients count on."""

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from api.graphql.errors import MEANINGS, Code
from api.graphql.event import EventKind
from api.graphql.reference import reference
from api.graphql.schema import SCHEMA_FILE, Schema, core, export_schema, export_subgraph
from graph.log import schema as log_schema

OUTLINE = {
    "Query": """node nodes customer customers product products store stores channel channels influenceScores
        topInfluencers selectAdvocates referralTree chains openChains scoreRuns search""",
    "Customer": """id key name city district registeredAt acquiredVia orders referredBy referrals shares influence
        openChains""",
    "InfluenceScore": """customer spread revenue creditedRevenue directReferrals downstream rank percentile explanation
        run""",
    "Estimate": "value low high confidence",
    "Chain": "id steps customers occurrences support confidence lift pValue qValue scope run",
    "Mutation": """recordEvents recordReferral upsertCustomers upsertProducts upsertStores upsertChannels
        startScoreRun startExport""",
    "Subscription": "scoreRun customerChanged eventRecorded",
    "InfluenceConnection": "edges nodes pageInfo totalCount",
    "CustomerConnection": "edges nodes pageInfo totalCount",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
}


def test_the_file_is_the_schema():
    assert SCHEMA_FILE.read_text(encoding="utf-8") == export_schema(), "write it anew: renmai schema --write"


def test_the_file_is_a_valid_schema_of_its_own():
    assert build_schema(export_schema()).query_type is not None
    assert build_schema(export_subgraph()).query_type is not None


def test_clients_tools_meet_nothing_of_federation():
    text = export_schema()

    assert [word for word in ("@link", "@key", "@shareable", "_entities", "_Any", "__Scope") if word in text] == []


def test_the_names_of_the_outline_are_there(schema: Schema):
    types = core(schema).type_map

    for name, fields in OUTLINE.items():
        kind = types[name]
        assert isinstance(kind, GraphQLObjectType)
        assert set(fields.split()) <= set(kind.fields)


OUTLINED_ARGUMENTS = {
    "Query.node": "id: ID!",
    "Query.nodes": "ids: [ID!]!",
    "Query.customers": "first: Int, after: String, last: Int, before: String, orderBy: CustomerOrder",
    "Query.influenceScores": "customerKeys: [String!]!, run: ID",
    "Query.topInfluencers": "first: Int, after: String, where: AudienceWhere, metric: InfluenceMetric",
    "Query.selectAdvocates": "input: SelectAdvocatesInput!",
    "Query.referralTree": "customerKey: String!, depth: Int",
    "Query.chains": "where: ChainWhere, orderBy: ChainOrder, first: Int, after: String",
    "Query.openChains": "customerKey: String!, at: DateTime",
    "Query.scoreRuns": "first: Int, after: String, kind: ScoreKind",
    "Query.search": "text: String!, first: Int, kinds: [NodeKind!]",
    "Customer.influence": "run: ID",
    "Customer.openChains": "at: DateTime",
    "InfluenceScore.explanation": "first: Int",
    "Mutation.recordEvents": "input: RecordEventsInput!",
    "Mutation.startScoreRun": "input: StartScoreRunInput!",
    "Mutation.startExport": "input: StartExportInput!",
    "Subscription.scoreRun": "id: ID!",
    "Subscription.customerChanged": "keys: [String!]!",
    "Subscription.eventRecorded": "kinds: [EventKind!]",
}


@pytest.mark.parametrize(("field", "outlined"), OUTLINED_ARGUMENTS.items())
def test_arguments_are_of_the_types_of_the_outline(schema: Schema, field: str, outlined: str):
    kind, name = field.split(".")

    given = core(schema).type_map[kind].fields[name].args

    assert set(outlined.split(", ")) <= {f"{key}: {argument.type}" for key, argument in given.items()}


def test_everything_is_described(schema: Schema):
    assert undescribed(core(schema)) == []


def undescribed(schema: GraphQLSchema) -> list[str]:
    found: list[str] = []
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        found += [] if kind.description else [kind.name]
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, field in kind.fields.items():
                found += [] if field.description else [f"{kind.name}.{name}"]
                found += [f"{kind.name}.{name}({key}:)" for key, given in field.args.items() if not given.description]
        elif isinstance(kind, GraphQLInputObjectType):
            found += [f"{kind.name}.{name}" for name, field in kind.fields.items() if not field.description]
        elif isinstance(kind, GraphQLEnumType):
            found += [f"{kind.name}.{name}" for name, value in kind.values.items() if not value.description]
    return found


def test_every_connection_pages_both_ways(schema: Schema):
    for kind in core(schema).type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                if str(field.type).endswith("Connection!") and name != "search":
                    assert {"first", "after", "last", "before"} <= set(field.args), f"{kind.name}.{name}"


def test_the_kinds_of_event_are_those_of_the_log():
    assert {kind.value for kind in EventKind} == {kind.value for kind in log_schema.EventKind}


def test_nothing_defaults_to_null():
    assert "= null" not in export_schema()


def test_the_reference_page_is_up_to_date(schema: Schema):
    page = SCHEMA_FILE.parents[2] / "docs" / "reference" / "graphql.md"

    assert page.read_text(encoding="utf-8") == reference(core(schema)), "run: make docs"


def test_every_code_is_explained():
    assert set(MEANINGS) == set(Code)
