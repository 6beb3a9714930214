"""Generated worlds with a campaign, for everybody or the clickers alone: what shares brought, what would have come."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from graph.algorithms.influence import NOBODY, Attribution, InfluenceRequest, incremental_effect, trace_moves
from graph.jobs.score_read import read_shares
from graph.log.event_log import EventLog
from loaders.letters import DeadLetters
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate


@pytest.fixture(scope="module", params=[False, True], ids=["everybody", "clickers"])
def log(request, tmp_path_factory):
    """What influence reads of the world."""
    folder = tmp_path_factory.mktemp("pushed")
    alone: bool = request.param
    request = WorldRequest(
        customers=1_500, days=50, seed=11, push_day=25, push_lift=4.0, push_contacts=alone, truth_runs=1
    )
    made = generate(request, folder / "world")
    events = EventLog.open(folder / "log")
    letters = DeadLetters.open(folder / "letters")
    load_files(made.event_files, events, letters, LoadOptions(), received_at=datetime(2026, 7, 1, tzinfo=UTC))
    return read_shares(events, events.version, InfluenceRequest()).log


def test_the_planted_lift_is_recovered_where_plain_counting_is_off_by_more_than_half(log):
    planted = int(((log.act_share >= 0) & (log.act_cents > 0)).sum())

    found = incremental_effect(log, InfluenceRequest())

    assert found.attributed > 1.5 * planted
    assert found.low <= planted <= found.high
    assert abs(found.lift - planted) < 0.25 * planted


def test_a_source_that_names_no_shares_credits_near_what_one_that_does_would(log):
    nobody = np.full_like(log.act_share, NOBODY)
    unnamed = replace(log, act_share=nobody, act_referrer=nobody)
    clicks = InfluenceRequest(attribution=Attribution.CLICKS)
    ordered = log.act_cents > 0

    named, ours, plain = (
        (lambda moves: moves.weight[ordered[moves.act]].sum())(trace_moves(told, request))
        for told, request in ((log, InfluenceRequest()), (unnamed, clicks), (unnamed, replace(clicks, baseline=False)))
    )

    assert plain > 1.5 * named
    assert ours == pytest.approx(named, rel=0.25)
