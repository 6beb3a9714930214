"""A void referral takes its credit back, and nothing else."""

from pathlib import Path

import numpy as np
from event_rows import event, frame
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.influence import InfluenceRequest, credit_upwards, learn
from graph.jobs.score_read import SharesRead, read_shares
from graph.log.event_log import EventLog

REQUEST = InfluenceRequest(baseline=False)
DAY = 24 * 60


def order(at: int, customer: str, amount: str, **fields: object) -> dict[str, object]:
    return event("purchase", at, customer=customer, order=f"{customer}-{at}", product="tea", amount=amount, **fields)


def void(at: int, customer: str) -> dict[str, object]:
    return event("referral_review", at, customer=customer, properties={"decision": "voided", "by": "li"})


CHAIN = [
    event("share", 0, customer="ann", share="s1"),
    event("referral", 1, customer="bob", referrer="ann", share="s1"),
    event("share", 2, customer="bob", share="s2"),
    event("referral", 3, customer="cat", referrer="bob", share="s2"),
    order(10, "bob", "10.00"),
    order(11, "cat", "8.00"),
    order(12, "bob", "4.00", share="s1"),
    order(13, "bob", "2.00", share="s3"),
    event("share", 4, customer="dan", share="s3"),
]


def read(folder: Path, *events: dict[str, object]) -> SharesRead:
    log = EventLog.open(folder)
    log.append(frame(events), loader="test", batch=1)
    return read_shares(log, log.version, REQUEST)


def credited(found: SharesRead) -> dict[str, tuple[int, int]]:
    _, graph = learn(found.log, REQUEST)
    credit = credit_upwards(graph.direct_cents, graph.forest, 0.5)
    pairs = zip(credit.direct.tolist(), credit.downstream.tolist(), strict=True)
    return dict(zip(found.customers, pairs, strict=True))


def test_before_anything_is_void_everybody_has_their_credit(tmp_path: Path):
    # ann: bob's 10 + 4; bob: half of cat's 8, the other half goes up to ann; dan: the 2 of his share.
    assert credited(read(tmp_path, *CHAIN)) == {
        "ann": (1_400, 400), "bob": (400, 0), "cat": (0, 0), "dan": (200, 0)
    }  # fmt: skip


def test_who_is_void_brings_their_bringer_nothing_any_more(tmp_path: Path):
    # bob keeps all of cat's 8 now, for nobody brought him; what dan's share moved stays dan's.
    assert credited(read(tmp_path, *CHAIN, void(20, "bob"))) == {
        "ann": (0, 0), "bob": (800, 0), "cat": (0, 0), "dan": (200, 0)
    }  # fmt: skip


def test_what_is_reopened_counts_again(tmp_path: Path):
    reopened = event("referral_review", 30, customer="bob", properties={"decision": "reopened"})

    assert credited(read(tmp_path, *CHAIN, void(20, "bob"), reopened))["ann"] == (1_400, 400)


def test_influence_learns_nothing_from_a_void_move(tmp_path: Path):
    found = read(tmp_path, *CHAIN, event("share_click", 5, customer="bob", share="s1"), void(20, "bob"))

    moves, graph = learn(found.log, REQUEST)
    names = found.customers.to_list()
    ties = np.repeat(np.arange(len(names)), np.diff(graph.ties.pointer))
    assert {(names[u], names[v]) for u, v in zip(moves.sharer, moves.customer, strict=True)} == {
        ("bob", "cat"),
        ("dan", "bob"),
    }
    assert "ann" not in {names[u] for u in ties}


PEOPLE = [f"c{number}" for number in range(7)]
NAMES = st.sampled_from(PEOPLE)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(NAMES, NAMES), max_size=10),
    st.lists(st.tuples(NAMES, st.integers(0, 10_000), st.none() | NAMES), max_size=12),
    st.sets(NAMES),
)
def test_credit_adds_up_to_what_was_attributed_whatever_is_void(tmp_path_factory, brought, bought, voided):
    events = [event("share", 0, customer=name, share=f"s-{name}") for name in PEOPLE]
    events += [
        event("referral", 10 + at, id=f"r{at}", customer=a, referrer=b, share=f"s-{b}")
        for at, (a, b) in enumerate(brought)
    ]
    events += [
        event("purchase", DAY + at, id=f"p{at}", customer=who, order=f"o{at}", product="tea", amount=str(cents / 100),
              share=None if by is None else f"s-{by}")
        for at, (who, cents, by) in enumerate(bought)
    ]  # fmt: skip
    found = read(tmp_path_factory.mktemp("log"), *events, *(void(2 * DAY, name) for name in sorted(voided)))

    _, graph = learn(found.log, REQUEST)
    credit = credit_upwards(graph.direct_cents, graph.forest, 0.5)
    names = found.customers.to_list()

    assert int((credit.direct + credit.downstream).sum()) == int(graph.direct_cents.sum())
    assert int(graph.direct_cents.sum()) <= int(found.log.act_cents.sum())
    assert all(graph.forest.bringer[names.index(name)] < 0 for name in voided if name in names)
