"""A campaign makes everybody, a region, or the clickers alone buy and click at once: is it taken for influence?

Run: python benchmarks/influence_campaigns.py [--worlds 100] [--first 200] [--generated 11 12 13 21 22 23]; prints one
JSON object. The worlds are those of tests/unit/algorithms/pushed_worlds.py, of seeds that no test and no choice has
seen, and generated ones (1,500 customers, 50 days, everybody or the contacts of sharers pushed on one). For each reach
of a campaign: what is counted plainly and what is found, both over the planted lift; the standard deviation of the
latter beside the one that its intervals claim; and how many 95 % intervals hold the truth.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from graph.algorithms.influence import Attribution, InfluenceRequest, ShareLog, incremental_effect
from graph.jobs.score_read import read_shares
from graph.log.event_log import EventLog
from loaders.letters import DeadLetters
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "algorithms"))
from pushed_worlds import pushed_log

SIMULATED = InfluenceRequest(attribution=Attribution.CLICKS, window_days=4, half_life_days=1)
GENERATED = InfluenceRequest()
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Judged:
    """Of so many worlds; ratios are to the planted lift."""

    worlds: int
    counted: float
    found: float
    found_error: float
    deviation: float
    claimed_deviation: float
    held: int


def judge(world: Callable[[int], tuple[ShareLog, int]], seeds: Sequence[int], request: InfluenceRequest) -> Judged:
    """One campaign a seed; a world is what happened and the orders that its clicks truly brought."""
    counted, ratio, claimed, held = [], [], [], 0
    for seed in seeds:
        log, planted = world(seed)
        found = incremental_effect(log, request)
        counted.append(found.attributed / planted)
        ratio.append(found.lift / planted)
        claimed.append((found.high - found.low) / (2 * Z95 * planted))
        held += found.low <= planted <= found.high
    deviation = float(np.std(ratio, ddof=1))
    means = (float(np.mean(each)) for each in (counted, ratio))
    return Judged(len(seeds), *means, deviation / len(seeds) ** 0.5, deviation, float(np.mean(claimed)), held)


def generated_log(seed: int, *, contacts: bool) -> tuple[ShareLog, int]:
    """A generated world with a campaign halfway, loaded as a retailer's files are."""
    request = WorldRequest(
        customers=1_500, days=50, seed=seed, push_day=25, push_lift=4.0, push_contacts=contacts, truth_runs=1
    )
    with tempfile.TemporaryDirectory() as folder:
        made = generate(request, Path(folder, "world"))
        events = EventLog.open(Path(folder, "log"))
        letters = DeadLetters.open(Path(folder, "letters"))
        load_files(made.event_files, events, letters, LoadOptions(), received_at=datetime(2026, 7, 1, tzinfo=UTC))
        log = read_shares(events, events.version, GENERATED).log
    return log, int(((log.act_share >= 0) & (log.act_cents > 0)).sum())


def main() -> None:
    """Judge all three reaches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--first", type=int, default=200, help="the first seed")
    parser.add_argument("--generated", type=int, nargs="*", default=[11, 12, 13, 21, 22, 23], help="seeds")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.worlds)
    found = {
        f"simulated: {reached}": judge(partial(pushed_log, reached=reached), seeds, SIMULATED)
        for reached in ("all", "segment", "clickers")
    }
    for name, contacts in (("all", False), ("contacts", True)) if given.generated else ():
        world = partial(generated_log, contacts=contacts)
        found[f"generated: {name}"] = judge(world, given.generated, GENERATED)
    print(json.dumps({name: asdict(judged) for name, judged in found.items()}, indent=2))


if __name__ == "__main__":
    main()
