"""The list of statements that the conformance tests run is complete."""

import importlib
import pkgutil
import re
from typing import Any

import pytest

import graph.queries
from graph.queries import score_run
from graph.queries.listing import Listing, page_statement
from graph.queries.paging import Ordering
from graph.queries.statements import Sample, samples
from graph.store.statement import Statement

SAMPLES = list(samples())
MODULES = [
    importlib.import_module(f"graph.queries.{module.name}") for module in pkgutil.iter_modules(graph.queries.__path__)
]


def constants(kind: type[Any]) -> list[Any]:
    """What the question files declare, also within a dictionary."""
    found: list[Any] = []
    for module in MODULES:
        if module is score_run:
            # What is written there is run by the tests of score runs.
            continue
        for value in vars(module).values():
            found += [one for one in (value.values() if isinstance(value, dict) else [value]) if isinstance(one, kind)]
    return found


def test_every_statement_has_a_sample():
    asked = {sample.statement.text for sample in SAMPLES}

    missing = [statement.text for statement in constants(Statement) if statement.text not in asked]

    assert missing == []


def test_every_list_has_samples():
    asked = "\n".join(sample.statement.text for sample in SAMPLES)

    assert [listing.match for listing in constants(Listing) if listing.match not in asked] == []


def test_every_order_has_samples():
    asked = "\n".join(sample.statement.text for sample in SAMPLES)

    assert [o.value for o in constants(Ordering) if f"{o.value} AS sort_value" not in asked] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_gives_every_parameter_and_no_other(sample: Sample):
    assert set(re.findall(r"\$(\w+)", sample.statement.text)) == set(sample.parameters)


def test_an_unknown_filter_is_refused():
    from graph.queries.customer import LISTING, ORDERINGS

    with pytest.raises(KeyError, match="shoe_size"):
        page_statement(LISTING, ORDERINGS["key"], ("shoe_size",), False, False, False)
