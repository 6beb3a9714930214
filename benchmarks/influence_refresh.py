"""What one hour of new events costs: a full run of influence beside a refresh, in CPU seconds of the process.

`python benchmarks/influence_refresh.py --customers 20000 --days 120` generates a world, loads all but its last hour,
scores it, loads the hour, and scores again: by a full run, by a refresh that reads everything (the command) and by one
that kept what it had read (the server). Both refreshes keep the spreads that still stand; told is how many were
simulated anew and how many of the others lie outside the full run's interval. Writing to the graph is left out: it is
the same for all three.
"""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from graph.algorithms.influence import InfluenceRequest
from graph.jobs.publish import RunContext
from graph.jobs.score import INFLUENCE_TABLE, TIES_TABLE, score_influence
from graph.jobs.share_events import ShareMemory
from graph.log.event_log import EventLog
from graph.log.scores import ScoreTable
from graph.store.statement import Step
from loaders.letters import DeadLetters
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate

REQUEST, NOW = InfluenceRequest(), datetime(2040, 1, 1, tzinfo=UTC)


class Nowhere:
    """A store that keeps nothing."""

    async def write(self, *steps: Step) -> None:
        """Takes them."""


def main() -> None:
    """Print one JSON row."""
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--customers", type=int, default=20_000)
    told.add_argument("--days", type=int, default=120)
    asked = told.parse_args()
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measured(WorldRequest(customers=asked.customers, days=asked.days, truth_runs=1), Path(name))))


def measured(world: WorldRequest, folder: Path) -> dict[str, float | int | bool]:
    """CPU seconds of each, medians of three, in turns."""
    log, letters = EventLog.open(folder / "log"), DeadLetters.open(folder / "letters")
    before, hour = halves(generate(world, folder / "world").event_files, folder)
    load_files([before], log, letters, LoadOptions(), received_at=NOW)
    warm = ShareMemory()
    scored(log, folder, "first", warm, None)
    held = warm.at(log, log.version, None)
    fresh = load_files([hour], log, letters, LoadOptions(), received_at=NOW).accepted
    seconds: dict[str, list[float]] = {"full": [], "refresh": [], "refresh_warm": []}
    for _ in range(3):
        seconds["full"].append(scored(log, folder, "full", None, None))
        seconds["refresh"].append(scored(log, folder, "refresh", ShareMemory(), "first"))
        kept = ShareMemory()
        kept.keep(log, None, held)
        seconds["refresh_warm"].append(scored(log, folder, "warm", kept, "first"))
    cpu = {name: round(sorted(found)[1], 2) for name, found in seconds.items()}
    return {"customers": world.customers, "days": world.days, "new_events": fresh, **cpu, **compared(folder)}


def compared(folder: Path) -> dict[str, int | bool]:
    """The refresh beside the full run: who was simulated anew, and where the others lie in the full run's intervals."""
    table, ties = ScoreTable.open(folder / "scores", INFLUENCE_TABLE), ScoreTable.open(folder / "scores", TIES_TABLE)
    full, warm, first = (table.read(run) for run in ("full", "warm", "first"))
    learned = [ties.read(run) for run in ("full", "warm")]
    assert full is not None
    assert warm is not None
    assert first is not None
    assert learned[0] is not None
    both = full.join(warm, on="customer_id", suffix="_kept").join(first, on="customer_id", how="left", suffix="_before")
    shared = both.filter(pl.col("spread") > 0)
    anew = shared["spread_kept"].ne_missing(shared["spread_before"])
    outside = ~shared["spread_kept"].is_between(shared["spread_low"], shared["spread_high"])
    told = {"sharers": shared.height, "simulated_anew": int(anew.sum()), "outside": int(outside.sum())}
    return told | {"ties_identical": learned[0].equals(learned[1])}


def halves(files: tuple[Path, ...], folder: Path) -> tuple[Path, Path]:
    """All events but those of the last hour in which anybody did anything, and these."""
    events = pl.concat([pl.read_parquet(file) for file in files])
    acted = events.filter(pl.col("kind").is_in(["share_click", "purchase"]))["at"].max()
    late = pl.col("at") > pl.lit(acted) - timedelta(hours=1)
    parts = folder / "before.parquet", folder / "hour.parquet"
    events.filter(~late).write_parquet(parts[0])
    events.filter(late).write_parquet(parts[1])
    return parts


def scored(log: EventLog, folder: Path, run_id: str, memory: ShareMemory | None, follows: str | None) -> float:
    """CPU seconds of one run."""
    context = RunContext(run_id, NOW, lambda: NOW, "local", memory, memory is None, follows)
    started = time.process_time()
    asyncio.run(score_influence(log, Nowhere(), folder / "scores", REQUEST, context))
    return time.process_time() - started


if __name__ == "__main__":
    main()
