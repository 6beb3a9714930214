"""Influence beside the planted truth of generated worlds: ranks, means and intervals, one JSON row a seed.

`python benchmarks/influence_world.py --customers 20000 --seed 2026 --seed 1 --seed 2`
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from graph.algorithms.influence import InfluenceRequest, expected_spread, interval, learn
from graph.jobs.score_read import read_shares
from graph.log.event_log import EventLog
from loaders.letters import DeadLetters
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate

NOW = datetime(2040, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print one row a world."""
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--customers", type=int, default=20_000)
    told.add_argument("--days", type=int, default=120)
    told.add_argument("--seed", type=int, action="append", default=[])
    asked = told.parse_args()
    for seed in asked.seed or [2026]:
        with tempfile.TemporaryDirectory() as name:
            print(json.dumps(measured(WorldRequest(asked.customers, asked.days, seed), Path(name))), flush=True)


def measured(world: WorldRequest, folder: Path) -> dict[str, float]:
    """Figures of one world; CPU seconds are of learning and spread alone."""
    made, log = generate(world, folder / "world"), EventLog.open(folder / "log")
    load_files(made.event_files, log, DeadLetters.open(folder / "letters"), LoadOptions(), received_at=NOW)
    request = InfluenceRequest()
    read = read_shares(log, log.version, request)
    start = time.process_time()
    _, graph = learn(read.log, request)
    spread = expected_spread(graph.ties, request)
    seconds = time.process_time() - start
    bounds = interval(spread.moved, spread.moved_variance)
    found = pl.DataFrame({"customer": read.customers, "spread": spread.moved, "low": bounds.low, "high": bounds.high})
    known = pl.read_parquet(made.truth / "customers.parquet").join(found, on="customer", validate="1:1")
    sharers = read.customers.gather(np.unique(read.log.share_sharer))
    shared = known.filter(pl.col("customer").is_in(sharers.implode()))
    return {
        "seed": world.seed,
        "events": made.events,
        "sharers": shared.height,
        "spearman_all": round(float(spearmanr(known["influence"], known["spread"]).statistic), 4),
        "spearman_sharers": round(float(spearmanr(shared["influence"], shared["spread"]).statistic), 4),
        "true_mean": round(float(shared["influence"].to_numpy().mean()), 4),
        "found_mean": round(float(shared["spread"].to_numpy().mean()), 4),
        "intervals_hold": round(
            float(shared["influence"].is_between(shared["low"], shared["high"]).to_numpy().mean()), 4
        ),
        "cpu_seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    main()
