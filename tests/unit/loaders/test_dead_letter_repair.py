"""Dead letters are exported, repaired by hand and loaded again."""

import json

import pytest

from graph.errors import BadInput
from loaders.letters import export_letters
from loaders.load import LoadOptions
from loaders.steps.complete import Defaults

REPLAY = LoadOptions(format="dead_letters")


def test_what_was_repaired_is_taken_and_what_was_not_is_refused_again(place, purchase):
    lines = [{**purchase, "amount": "1,200.00"}, {**purchase, "kind": "buy"}, '{"kind":"login","customer":"a",']
    place.load(place.jsonl("day.jsonl", lines))
    exported = place.folder / "letters.jsonl"
    assert export_letters(place.dead, exported) == 3
    letters = [json.loads(line) for line in exported.read_text().splitlines()]
    assert letters[2]["record"] is None

    letters[0]["record"]["amount"] = "1200.00"
    letters[2]["raw"] = '{"kind":"login","customer":"a","at":"2024-05-01T00:00:00Z"}'
    summary = place.load(place.jsonl("repaired.jsonl", letters), options=REPLAY)

    assert (summary.accepted, summary.rejected_count) == (2, 1)
    assert sorted(place.events("kind", "source")) == [("login", "files"), ("purchase", "files")]


def test_a_letter_keeps_the_source_it_came_from(place, purchase):
    bad = place.jsonl("day.jsonl", [{**purchase, "amount": "x"}])
    place.load(bad, options=LoadOptions(defaults=Defaults(source="till-7")))
    exported = place.folder / "letters.jsonl"
    export_letters(place.dead, exported)

    repaired = exported.read_text().replace('"amount":"x"', '"amount":"3"')
    place.load(place.write("repaired.jsonl", repaired), options=REPLAY)

    assert place.events("source", "order") == [("till-7", "o-1")]


def test_an_event_put_in_the_place_of_a_letter_is_taken(place, purchase):
    assert place.load(place.jsonl("letters.jsonl", [purchase]), options=REPLAY).accepted == 1


def test_a_place_that_cannot_be_written_is_named(place):
    with pytest.raises(BadInput, match=r"out.jsonl cannot be written: .*; name another file"):
        export_letters(place.dead, place.folder / "no" / "out.jsonl")
