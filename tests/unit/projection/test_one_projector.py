"""Two projectors never write at one time."""

import asyncio
from pathlib import Path

import pytest
from event_rows import event
from tiny_graph import TinyGraph, TinyLog

from graph.errors import StoreUnavailable
from graph.jobs.project import project
from graph.jobs.project_checkpoint import only_projector


async def test_a_second_projector_says_that_another_is_at_work(tmp_path: Path):
    log = TinyLog(str(tmp_path))

    async with only_projector(log, wait_seconds=1):
        with pytest.raises(StoreUnavailable, match="Another projector"):
            await project(log, TinyGraph(), wait_seconds=0)


async def test_a_second_projector_that_may_wait_goes_on_when_the_first_is_done(tmp_path: Path):
    log, graph = TinyLog(str(tmp_path)), TinyGraph()
    log.append([event("login", customer="ann")])

    both = await asyncio.gather(project(log, graph, wait_seconds=30), project(log, graph, wait_seconds=30))

    assert sorted((done.from_version, done.to_version) for done in both) == [(0, 1), (1, 1)]
    assert len(graph.transactions) == 1
