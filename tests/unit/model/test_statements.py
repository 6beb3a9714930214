"""What the declarations become in Cypher, on a small model of people and houses."""

import pytest

from graph.model import NODES, TIES
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie
from graph.model.statements import (
    constraints,
    fulltexts,
    identifier,
    indexes,
    remove_nodes,
    remove_stale_ties,
    upsert_node,
    upsert_tie,
)

PERSON = Node(
    "Person",
    Property("person_id", PropertyType.STRING, "Key."),
    (
        Property("name", PropertyType.STRING, "Name.", fulltext=True),
        Property("age", PropertyType.INTEGER, "Age.", indexed=True),
    ),
    "A person.",
)
HOUSE = Node("House", Property("house_id", PropertyType.STRING, "Key."), (), "A house.")


def lives_in(owner: Owner, *properties: Property) -> Tie:
    return Tie("LIVES_IN", PERSON, HOUSE, "Lives there.", owner, properties)


def test_each_key_is_unique():
    assert constraints([PERSON, HOUSE]) == [
        "CREATE CONSTRAINT person_person_id IF NOT EXISTS FOR (n:Person) REQUIRE n.person_id IS UNIQUE",
        "CREATE CONSTRAINT house_house_id IF NOT EXISTS FOR (n:House) REQUIRE n.house_id IS UNIQUE",
    ]


def test_what_is_declared_indexed_has_an_index():
    assert indexes([PERSON, HOUSE]) == ["CREATE INDEX person_age IF NOT EXISTS FOR (n:Person) ON (n.age)"]


def test_what_is_declared_full_text_has_one_index_for_its_label():
    assert fulltexts([PERSON, HOUSE]) == [("Person", ["name"], "person_text")]


def test_a_node_is_merged_by_its_key_and_its_properties_are_set_one_by_one():
    assert upsert_node(PERSON) == (
        "UNWIND $rows AS row MERGE (n:Person {person_id: row.person_id}) SET n.name = row.name, n.age = row.age"
    )
    assert upsert_node(HOUSE) == "UNWIND $rows AS row MERGE (n:House {house_id: row.house_id})"


def test_a_tie_is_merged_between_nodes_that_are_there():
    since = Property("since", PropertyType.DATE, "Since when.")

    assert upsert_tie(lives_in(Owner.PAIR, since), iso_text=True) == (
        "UNWIND $rows AS row MATCH (a:Person {person_id: row.start}) MATCH (b:House {house_id: row.end}) "
        "MERGE (a)-[t:LIVES_IN]->(b) SET t.since = date(row.since)"
    )


def test_instants_are_values_or_text_as_the_caller_says():
    seen = Node("Cat", HOUSE.key, (Property("seen_at", PropertyType.DATETIME, "When seen."),), "A cat.")

    assert upsert_node(seen).endswith("SET n.seen_at = row.seen_at")
    assert upsert_node(seen, iso_text=True).endswith("SET n.seen_at = datetime(row.seen_at)")


@pytest.mark.parametrize(
    ("owner", "statement"),
    [
        (
            Owner.START,
            "UNWIND $rows AS row MATCH (a:Person {person_id: row.owner})-[t:LIVES_IN]->(b:House) "
            "WHERE NOT b.house_id IN row.keep DELETE t",
        ),
        (
            Owner.END,
            "UNWIND $rows AS row MATCH (a:House {house_id: row.owner})<-[t:LIVES_IN]-(b:Person) "
            "WHERE NOT b.person_id IN row.keep DELETE t",
        ),
        (
            Owner.PAIR,
            "UNWIND $rows AS row MATCH (a:Person {person_id: row.start})-[t:LIVES_IN]->(b:House {house_id: row.end}) "
            "DELETE t",
        ),
    ],
)
def test_what_was_not_derived_again_goes_as_the_ties_owner_says(owner: Owner, statement: str):
    assert remove_stale_ties(lives_in(owner)) == statement


@pytest.mark.parametrize("name", ["", "1a", "a b", "a`b", "a-b", "a}) DETACH DELETE n //", "名", "a" * 64])
def test_a_name_that_is_no_identifier_reaches_no_statement(name: str):
    with pytest.raises(ValueError, match="is no identifier"):
        identifier(name)
    with pytest.raises(ValueError, match="is no identifier"):
        remove_nodes(Node(name, HOUSE.key, (), "A house."))
    with pytest.raises(ValueError, match="is no identifier"):
        upsert_node(Node("House", HOUSE.key, (Property(name, PropertyType.STRING, "Bad."),), "A house."))


def test_labels_types_and_index_names_of_the_model_are_each_used_once():
    labels, types = [node.label for node in NODES], [tie.type for tie in TIES]
    names = [text.split()[2] for text in [*constraints(NODES), *indexes(NODES)]]

    for used in (labels, types, names):
        assert len(used) == len(set(used))


def test_every_key_is_a_string_and_no_property_is_declared_twice():
    for node in NODES:
        assert node.key.type is PropertyType.STRING
    for properties in [*(node.all_properties() for node in NODES), *(tie.properties for tie in TIES)]:
        names = [p.name for p in properties]
        assert len(names) == len(set(names))


def test_no_property_of_a_tie_takes_the_name_of_an_end():
    assert not {p.name for tie in TIES for p in tie.properties} & {"start", "end", "start_key", "end_key"}
