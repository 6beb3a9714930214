"""`renmai referrals review` as it is typed, on both stores: the decision is in the log, and in the graph."""

import asyncio
import json
import shutil
from collections.abc import Generator
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result
from event_rows import event, frame
from typer.testing import CliRunner

from api.cli import application
from graph.jobs.project import project
from graph.log import EventLog
from graph.queries.referral_review import StandingRow, standings
from graph.store import Store, StoreConfig

EVENTS = [event("register", 0, customer="ann"), event("referral", 2, customer="bob", referrer="ann")]


@pytest.fixture
def log(store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch) -> Generator[EventLog]:
    """A log of one referral, where commands look for it; they find the tests' store."""
    data = store_config.data
    monkeypatch.setenv("RENMAI_DATA", str(data))
    for name, value in {"URI": store_config.uri, "USER": store_config.user, "PASSWORD": store_config.password}.items():
        if store_config.uri is None:
            monkeypatch.delenv(f"NEO4J_{name}", raising=False)
        else:
            monkeypatch.setenv(f"NEO4J_{name}", value or "")
    folder: Path = data / "log" / "events"
    log = EventLog.open(folder)
    log.append(frame(EVENTS), loader="test", batch=1)
    yield log
    shutil.rmtree(folder)


async def review(*typed: str) -> Result:
    """What the command did; it has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, application(["referrals"]), ["referrals", "review", *typed])


async def test_a_decision_that_is_typed_is_in_the_log_and_in_the_graph(store: Store, log: EventLog):
    await project(log, store)

    voided = await review("bob", "void", "--reason", " one phone ", "--by", "li")
    again = await review("bob", "approve", "--reason", "no")
    unknown = await review("zoe", "void", "--reason", "x")
    nobody = await review("ann", "void", "--reason", "x")
    empty = await review("bob", "reopen", "--reason", " ")
    other = await review("bob", "burn", "--reason", "x")

    assert await standings(store, ["bob"]) == [StandingRow("bob", "ann", "voided")]
    [said] = log.read(["properties"], where=pl.col("kind") == "referral_review")["properties"].to_list()
    assert json.loads(said) == {"decision": "voided", "reason": "one phone", "by": "li"}
    assert voided.stdout.startswith("The referral of bob is voided, by li (event ")
    assert [str(one.exception) for one in (again, unknown, nobody, empty, other)] == [
        "The referral of 'bob' is voided: reopen it first.",
        "There is no customer 'zoe': give the key of who was brought.",
        "Nobody brought the customer 'ann': nothing to review.",
        "`reason` must have 1 to 2,000 characters, not 0.",
        "the decision must be one of approve, void, reopen, not burn",
    ]

    assert (await review("bob", "reopen", "--reason", "two phones")).exit_code == 0
    assert await standings(store, ["bob"]) == [StandingRow("bob", "ann", "pending")]
