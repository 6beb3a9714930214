"""A campaign makes everybody, a region, or the clickers alone buy and click at once: is it taken for influence?

Run: python benchmarks/influence_campaigns.py [--worlds 100] [--first 200]; prints one JSON object. The worlds are those
of tests/unit/algorithms/pushed_worlds.py, of seeds that no test and no choice has seen. For each reach of a campaign:
what is counted plainly and what is found, both over the planted lift; the standard deviation of the latter beside the
one that its intervals claim; and how many 95 % intervals hold the truth.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from graph.algorithms.influence import Attribution, InfluenceRequest, incremental_effect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "algorithms"))
from pushed_worlds import pushed_log

REQUEST = InfluenceRequest(attribution=Attribution.CLICKS, window_days=4, half_life_days=1)
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


def judge(reached: str, seeds: range) -> Judged:
    """One campaign a seed."""
    counted, ratio, claimed, held = [], [], [], 0
    for seed in seeds:
        log, planted = pushed_log(seed, reached=reached)
        found = incremental_effect(log, REQUEST)
        counted.append(found.attributed / planted)
        ratio.append(found.lift / planted)
        claimed.append((found.high - found.low) / (2 * Z95 * planted))
        held += found.low <= planted <= found.high
    deviation = float(np.std(ratio, ddof=1))
    means = (float(np.mean(each)) for each in (counted, ratio))
    return Judged(len(seeds), *means, deviation / len(seeds) ** 0.5, deviation, float(np.mean(claimed)), held)


def main() -> None:
    """Judge all three reaches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--first", type=int, default=200, help="the first seed")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.worlds)
    print(json.dumps({reached: asdict(judge(reached, seeds)) for reached in ("all", "segment", "clickers")}, indent=2))


if __name__ == "__main__":
    main()
