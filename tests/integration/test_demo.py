"""`renmai demo --once` does the whole job; the examples of the documents work as they stand, on both stores."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.command_line import done_well, renmai, served
from tests.conftest import ROOT, Neo4jServer

CUSTOMERS = 20_000
"""Of the generated world, where no option says otherwise."""
RECORDS, HOUSEHOLDS, SHOPS, BASKETS = 1_571_614, 2_469, 457, 155_848
"""Of The Complete Journey: lines of all its tables that are loaded, and what its transactions name."""
MOST_COUNTED = 10_000
"""A count of a connection goes so far and no further."""
WORLD_SHOPS, WORLD_CHANNELS = 12, 7
BASKETS_OF_HOUSEHOLDS = "MATCH (o:Order) WHERE o.order_id STARTS WITH 'cj-' RETURN count(o) AS baskets"


def answers(printed: str) -> dict[str, Any]:
    """What was answered, by the title that stands in the line above it."""
    lines = printed.splitlines()
    return {lines[place - 1]: json.loads(line) for place, line in enumerate(lines) if line.startswith("{")}


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


@pytest.mark.slow
def test_the_demo_answers_each_kind_of_question_and_finds_its_data_again(tmp_path: Path) -> None:
    data = tmp_path / "data"

    first = done_well(renmai("demo", "--once", data=data))
    second = done_well(renmai("demo", "--once", data=data))

    found = answers(first)
    overview = found["What is loaded"]["overview"]
    assert overview["customers"] == HOUSEHOLDS + CUSTOMERS
    assert (overview["stores"], overview["channels"]) == (SHOPS + WORLD_SHOPS, WORLD_CHANNELS)
    assert f"{RECORDS:,} records read: {RECORDS:,} accepted, 0 repeated, 0 rejected." in first
    assert len(re.findall(r"[1-9][\d,]* accepted, 0 repeated, 0 rejected", first)) == 2
    assert json.loads(done_well(renmai("cypher", "--json", BASKETS_OF_HOUSEHOLDS, data=data))) == {"baskets": BASKETS}
    leaders = nodes(found["Who moves others"]["topInfluencers"])
    assert [leader["rank"] for leader in leaders] == [1, 2, 3, 4, 5]
    assert all(leader["spread"]["low"] <= leader["spread"]["value"] <= leader["spread"]["high"] for leader in leaders)
    chains = nodes(found["What leads to what"]["chains"])
    assert {len(chain["steps"]) for chain in chains} == {2, 3}
    assert {chain["scope"]["key"] for chain in chains} == {None, "滨江区"}
    assert all(chain["liftLow"] <= chain["lift"] <= chain["liftHigh"] for chain in chains)
    assert {run["kind"] for run in nodes(found["Which runs there are"]["scoreRuns"])} == {
        "CHAINS",
        "INFLUENCE",
        "AFFINITY",
    }
    assert found["Customers"]["customers"]["totalCount"] == MOST_COUNTED
    assert all(store["key"].startswith("hz-") for store in nodes(found["Stores"]["stores"]))
    assert found["One customer"]["customer"]["influence"]["rank"] == 1
    assert found["Whom they brought"]["referralTree"]["size"] >= leaders[0]["downstream"]
    assert [score and score["rank"] for score in found["Scores for a partner"]["influenceScores"]] == [1, None]
    assert all(chain["lift"] > 1 for chain in found["What comes next"]["openChains"])
    assert found["What comes next"]["openChains"]
    assert found["By global id"]["node"]["__typename"] == "Customer"
    assert "The demo's data is in" in second
    assert "records read" not in second
    assert answers(second) == found


def code(document: str, language: str) -> list[str]:
    """The blocks of this language in a document, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated world that was loaded and scored by the guide's own commands."""
    data = tmp_path_factory.mktemp("small") / "data"
    done_well(renmai("generate", data / "world", "--customers", "600", "--days", "30", data=data))
    done_well(renmai("load", *sorted((data / "world").glob("*.parquet")), data=data))
    score(data, {})
    return data


def score(data: Path, environment: dict[str, str]) -> None:
    """Runs the guide's own commands that score."""
    commands = [line.split("#")[0].split() for line in "".join(code("docs/guide.md", "sh")).splitlines()]
    scoring = [arguments for name, *arguments in filter(None, commands) if (name, arguments[0]) == ("renmai", "score")]
    assert {"influence", "chains"} <= {arguments[1] for arguments in scoring}
    for arguments in scoring:
        done_well(renmai(*arguments, data=data, **environment))


def test_the_events_of_the_guide_are_taken_as_they_stand(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("".join(code("docs/guide.md", "json")), encoding="utf-8")
    count = len(events.read_text(encoding="utf-8").splitlines())

    said = done_well(renmai("load", events, data=tmp_path / "data"))
    again = done_well(renmai("load", events, data=tmp_path / "data"))
    brought = renmai(
        "cypher", "--json", "MATCH (:Customer {customer_id: 'c1'})-[r]->(c:Customer) RETURN c.customer_id AS key",
        data=tmp_path / "data",
    )  # fmt: skip

    assert count == 8
    assert f"{count} records read: {count} accepted, 0 repeated, 0 rejected." in said
    assert f"{count} records read: 0 accepted, {count} repeated, 0 rejected." in again
    assert json.loads(done_well(brought)) == {"key": "c2"}


def test_the_query_of_the_readme_is_answered(small: Path) -> None:
    check_readme_query(small, {})


@pytest.mark.neo4j
@pytest.mark.slow
def test_the_same_log_is_projected_scored_and_asked_on_neo4j(small: Path, neo4j_server: Neo4jServer) -> None:
    environment = neo4j_server.environment()
    done_well(renmai("rebuild", data=small, **environment))

    score(small, environment)

    check_readme_query(small, environment)
    counted = [
        done_well(
            renmai(
                "cypher",
                "--json",
                "MATCH (n:Order) RETURN count(n) AS orders, sum(n.amount) AS sum",
                data=small,
                **where,
            )
        )
        for where in ({}, environment)
    ]
    assert counted[0] == counted[1]


def check_readme_query(small: Path, environment: dict[str, str]) -> None:
    (query,) = code("README.md", "graphql")
    body = json.dumps({"query": query}).encode()

    with served(small, "--open-reads", **environment) as address:
        request = Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as response:
            answer = json.load(response)

    assert "errors" not in answer
    assert len(nodes(answer["data"]["topInfluencers"])) == 3
    assert answer["data"]["customer"]["name"]


def test_the_program_for_partners_works_with_a_key_that_may_read(small: Path) -> None:
    key = done_well(renmai("keys", "create", "my-crm", "--scope", "read", data=small)).strip()
    (program,) = code("docs/how-to/partners.md", "python")
    names: dict[str, Any] = {}
    exec(compile(program, "partners.md", "exec"), names)

    with served(small) as address:
        known, unknown = names["scores"](address, key, ["hz-c000042", "nobody"])

    assert known["customerKey"] == "hz-c000042"
    assert known["spread"]["low"] <= known["spread"]["value"] <= known["spread"]["high"]
    assert unknown is None
