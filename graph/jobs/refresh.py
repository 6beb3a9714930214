"""Freshness: which current influence runs later events touch, each with the request that brings it up to date.

A refresh is a run like any other, with the run's own parameters: ties, rates and credit are those of scoring the log
anew, bit for bit. It saves the reading of what was read before (`share_events.py`), the judgement by later shares,
which asks for two further learnings, and the simulation of whose spread the events since did not move
(`graph/algorithms/influence/kept.py`); those stay within the interval of a full run.
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
from graph.queries.score_run import OF_CATEGORY, RunKind


@dataclass(frozen=True, slots=True)
class Standing:
    """A run that counts now, and whether it still says what the log says."""

    run: RunRow
    request: InfluenceRequest
    is_touched: bool
    """Whether an event came since that changes a score, or the algorithm is another one by now."""

    @property
    def follows(self) -> str | None:
        """The run, if figures of it may be kept: none of another version of the algorithm."""
        return self.run.key if self.run.algorithm_version == PROVENANCE.version else None


async def standing_influence(log: EventLog, reader: Reader, memory: ShareMemory) -> list[Standing]:
    """Every influence run that is current: those of everything by data set, then those of one category.

    `memory` then holds what was read of them.
    """
    version = log.version
    current = [await current_runs(reader, kind) for kind in (RunKind.INFLUENCE, OF_CATEGORY)]
    runs = await runs_by_key(reader, [run for kind in current for run in kind.values()])
    known = [run for run in runs if run is not None and run.parameters is not None]
    # The oldest first: what was read for one run is the beginning of what the next one was scored from.
    oldest_first = sorted(known, key=lambda run: run.log_version or 0)
    found = {run.key: await _standing(log, version, run, memory) for run in oldest_first}
    return [found[run.key] for run in known]


async def standing_of(
    log: EventLog, reader: Reader, memory: ShareMemory, source: str | None, category: str | None = None
) -> list[Standing]:
    """The current influence runs of one data set, or the one of a category; BadInput where there is none."""
    runs = await standing_influence(log, reader, memory)
    of_source = [one for one in runs if one.request.source == source]
    if found := [one for one in of_source if category is None or one.request.category == category]:
        return found
    scope = (source or "*") + (f"/{category}" if category is not None else "")
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
