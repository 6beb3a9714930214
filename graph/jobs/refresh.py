"""Freshness: which current influence runs later events touch, each with the request that brings it up to date.

A refresh is a run like any other: the same scores, bit for bit, as scoring the log anew with the run's own parameters.
It saves the reading of what was read before (`share_events.py`) and the judgement by later shares, which asks for
two further learnings. Priors are fitted to everybody, so that one new share moves every figure by a little: to keep
some of them would make a refresh differ from a full run.
"""

import asyncio
from dataclasses import dataclass

import msgspec

from graph.algorithms.influence import PROVENANCE, InfluenceRequest
from graph.errors import BadInput
from graph.jobs.share_events import ShareMemory
from graph.log.event_log import EventLog
from graph.queries.reader import Reader
from graph.queries.run import RunRow, current_runs, runs_by_key
from graph.queries.score_run import RunKind


@dataclass(frozen=True, slots=True)
class Standing:
    """A run that counts now, and whether it still says what the log says."""

    run: RunRow
    request: InfluenceRequest
    is_touched: bool
    """Whether an event came since that changes a score, or the algorithm is another one by now."""


async def standing_influence(log: EventLog, reader: Reader, memory: ShareMemory) -> list[Standing]:
    """Every influence run that is current, by data set; `memory` then holds what was read of them."""
    version = log.version
    current = await current_runs(reader, RunKind.INFLUENCE)
    runs = await runs_by_key(reader, list(current.values()))
    found = [_standing(log, version, run, memory) for run in runs if run is not None and run.parameters is not None]
    return list(await asyncio.gather(*found))


async def standing_of(log: EventLog, reader: Reader, memory: ShareMemory, source: str | None) -> Standing:
    """The current influence run of one data set; BadInput where there is none."""
    scope = source or "*"
    runs = await standing_influence(log, reader, memory)
    for standing in runs:
        if standing.run.scope == scope:
            return standing
    known = ", ".join(standing.run.scope for standing in runs) or "none at all"
    raise BadInput(f"there is no influence run of {scope} to refresh, but {known}: score it once without --refresh")


async def _standing(log: EventLog, version: int, run: RunRow, memory: ShareMemory) -> Standing:
    request = msgspec.json.decode(run.parameters or "{}", type=InfluenceRequest)
    if run.algorithm_version != PROVENANCE.version or run.log_version is None:
        return Standing(run, request, is_touched=True)
    if run.log_version >= version:
        return Standing(run, request, is_touched=False)
    kept = await asyncio.to_thread(memory.at, log, run.log_version, request.source)
    touched = await asyncio.to_thread(kept.is_touched, log, version, request.source)
    return Standing(run, request, touched)
