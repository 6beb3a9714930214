"""Mining chains beside its peers, and how it grows; CPU seconds of one thread, compilation left out.

    python benchmarks/chains.py --peers PYTHON_WITH_PEERS --spark PYTHON_WITH_PYSPARK --json OUT.json

The peers' Python needs seq2pat, prefixspan, duckdb, polars and numpy, Spark's pyspark and numpy, and a Java; without
one they are skipped.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np

from graph.algorithms.chains import ChainsRequest, Gap, Purchases, find_chains, find_longer
from graph.algorithms.chains.coins import Rows
from graph.algorithms.chains.events import Steps, to_steps
from graph.algorithms.chains.longer import extend, pair
from graph.algorithms.chains.mining import permuted_p, rank
from graph.algorithms.chains.permuting import permute
from graph.algorithms.chains.support import Support, count_support
from graph.algorithms.chains.weighing import nulls_of, weigh_pairs

SLOTS = ((0, 540), (540, 660), (660, 840), (840, 1020), (1020, 1200), (1200, 1440))
CATEGORIES, DAYS = 30, 28
MONDAY = 20_517
GAP = Gap.WITHIN_3_DAYS
PERMUTATIONS = 1_000
TIMED = "prepare", "count", "search", "permute", "permute_common", "three_steps"
COMMON = 3
"""Of a thousand customers so many must be able to go through a chain, where the rows are to be the same for any log."""
PEERS, SPARK = (Path(__file__).with_name(name) for name in ("chains_peers.py", "chains_spark.py"))
Answer = TypeVar("Answer")


def shop(events: int, customers: int, categories: int, seed: int = 1) -> Purchases:
    """Events at random: categories by Zipf's law, days and minutes evenly."""
    rng = np.random.default_rng(seed)
    weight = 1 / np.arange(1, categories + 1)
    return Purchases(
        rng.integers(0, customers, events).astype(np.int32),
        (MONDAY + rng.integers(0, DAYS, events)).astype(np.int32),
        rng.integers(0, 1440, events).astype(np.int32),
        rng.choice(categories, events, p=weight / weight.sum()).astype(np.int32),
        customers,
        categories,
    )


def by_kind_of_day(purchases: Purchases) -> Purchases:
    """Every category once for weekdays and once for weekends, as peers without kinds of day have to have it."""
    weekend = (purchases.day - MONDAY) % 7 >= 5
    columns = purchases.customer, purchases.day, purchases.minute, (purchases.category * 2 + weekend).astype(np.int32)
    return Purchases(*columns, purchases.customer_count, purchases.category_count * 2)


def timed(run: Callable[[], Answer]) -> tuple[float, Answer]:
    """CPU seconds of this process, and the answer."""
    before = time.process_time()
    answer = run()
    return time.process_time() - before, answer


def beside_peers(peers: str, spark: str | None, events: int, customers: int, least: int) -> dict[str, object]:
    """The same question put to everybody, and whether the counts agree."""
    steps = to_steps(by_kind_of_day(shop(events, customers, CATEGORIES)), SLOTS)
    ours = min((timed(lambda: count_support(steps, GAP)) for _ in range(3)), key=lambda found: found[0])
    told: dict[str, object] = {
        "events": events,
        "customers": customers,
        "tokens": steps.token_count,
        "gap_days": [GAP.first_day, GAP.last_day],
        "least_customers": least,
        "renmai": {"cpu_seconds": ours[0], "pairs": int((ours[1].customers >= least).sum())},
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.npz"
        np.savez(file, customer=steps.customers().astype(np.int32), day=steps.day, token=steps.token)
        asked = [peers, str(PEERS), str(file), str(GAP.first_day), str(GAP.last_day), str(least)]
        runs = [asked, *([[spark, str(SPARK), str(file), str(least)]] if spark else [])]
        answers = [subprocess.run(one, capture_output=True, text=True, check=False) for one in runs]
    for answer in answers:
        if answer.returncode:
            told["skipped"] = f"a peer did not run: {answer.stderr.strip().splitlines()[-1]}"
            continue
        for name, found in json.loads(answer.stdout.splitlines()[-1]).items():
            told[name] = compared(found, ours, least, name)
    return told


def compared(
    found: dict[str, list[list[int]]], ours: tuple[float, Support], least: int, name: str
) -> dict[str, object]:
    """A peer's seconds, the ratio to ours, and whether every pair and count is the same."""
    seconds: float = found["cpu_seconds"]  # type: ignore[assignment]
    same: bool | None = None
    if "one rule" not in name and "no gap" not in name:
        pairs = {(a, b): count for a, b, count in found["pairs"]}
        rows, columns = np.nonzero(ours[1].customers >= least)
        same = pairs == {(int(a), int(b)): int(ours[1].customers[a, b]) for a, b in zip(rows, columns, strict=True)}
    return {"cpu_seconds": seconds, "times_ours": seconds / ours[0], "pairs": len(found["pairs"]), "same": same}


def measured(purchases: Purchases) -> dict[str, float]:
    """Counting alone, and the whole search with three gaps, both halves and every null."""
    prepared, steps = timed(lambda: to_steps(purchases, SLOTS))
    counted, _ = timed(lambda: count_support(steps, GAP))
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.SAME_DAY, Gap.NEXT_DAY, GAP))
    searched, chains = timed(lambda: find_chains(request, purchases))
    one_gap = ChainsRequest(slots=SLOTS, gaps=(GAP,), permutations=PERMUTATIONS)
    weighed = weigh_pairs(one_gap, steps)
    permuted, told = timed(lambda: permuted_p(one_gap, steps, weighed))
    closed = np.exp(weighed.log_shuffled)
    share = replace(one_gap, min_customers=max(1, purchases.customer_count * COMMON // 1_000))
    common = weigh_pairs(share, steps)
    alike, _ = timed(lambda: permuted_p(share, steps, common))
    longer, lengths = timed(lambda: three_steps(steps))
    return {
        "events": purchases.customer.size,
        "prepare": prepared,
        "count": counted,
        "search": searched,
        "tried": chains.size,
        "permute": permuted,
        "permuted_rows": weighed.size,
        "below_5_percent": {"closed": int((closed < 0.05).sum()), "permuted": int((told < 0.05).sum())},
        "permute_common": alike,
        "common_rows": common.size,
        "three_steps": longer,
        "three_steps_tried": lengths,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def not_stopped(events: int) -> dict[str, object]:
    """Every row shuffled `PERMUTATIONS` times beside rows that stop: the seconds, and whether they decide alike."""
    steps = to_steps(shop(events, events // 10, CATEGORIES), SLOTS)
    request = ChainsRequest(slots=SLOTS, gaps=(GAP,), permutations=PERMUTATIONS)
    weighed = weigh_pairs(request, steps)
    stopped, early = timed(lambda: permuted_p(request, steps, weighed))
    pairs, nulls = Rows(steps.token_count, weighed.first, weighed.then, weighed.day_kind), nulls_of(request, steps, GAP)
    never = PERMUTATIONS + 1
    whole, shuffled = timed(lambda: permute(nulls, pairs, PERMUTATIONS, request.seed, never))
    all_told = np.max([one.p_value for one in shuffled], axis=0)
    decided = {
        f"below {level}": {
            "stopped": int((early < level).sum()),
            "all": int((all_told < level).sum()),
            "both": int(((early < level) & (all_told < level)).sum()),
        }
        for level in (0.5, 0.05, 0.01)
    }
    return {"events": events, "rows": weighed.size, "stopped": stopped, "all": whole, **decided}


def three_steps(steps: Steps) -> int:
    """How many chains of three are tried when the hundred commonest pairs at the gap are extended by every step."""
    request = ChainsRequest(slots=SLOTS, gaps=(GAP,), max_steps=3)
    pairs = rank(request, weigh_pairs(request, steps), steps)
    any_day = np.flatnonzero(pairs.day_kind == 0)
    most = any_day[np.argsort(-pairs.customers[any_day], kind="stable")[:100]]
    return extend(request, steps, tuple(pair(steps, pairs, row) for row in most.tolist()), pairs).weighed.size


def growth(sizes: list[int]) -> list[dict[str, float]]:
    """The same for ever more events, ten a customer."""
    told: list[dict[str, float]] = []
    for events in sizes:
        told.append(measured(shop(events, events // 10, CATEGORIES)))
        print(json.dumps(told[-1]), file=sys.stderr, flush=True)
    return told


def slope(told: list[dict[str, float]], what: str) -> float:
    """Of the logarithm of the seconds over that of the events."""
    events, seconds = (np.log([one[name] for one in told]) for name in ("events", what))
    return float(np.polyfit(events, seconds, 1)[0])


def main() -> None:
    """Measure, and print or write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="a Python with seq2pat, prefixspan, duckdb and polars")
    parser.add_argument("--spark", help="a Python with pyspark")
    parser.add_argument("--events", type=int, default=1_000_000, help="for the peers")
    parser.add_argument("--customers", type=int, default=200_000, help="for the peers")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--not-stopped", type=int, default=100_000, help="events, for every row shuffled to the end")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    warm: Steps = to_steps(shop(2_000, 100, CATEGORIES), SLOTS)
    count_support(warm, GAP)
    request = ChainsRequest(slots=SLOTS, min_customers=5, max_steps=3, q_limit=1.0, permutations=5)
    list(find_longer(request, shop(2_000, 100, 3), find_chains(request, shop(2_000, 100, 3))))
    report: dict[str, object] = {}
    if asked.peers:
        report["peers"] = beside_peers(asked.peers, asked.spark, asked.events, asked.customers, asked.customers // 2000)
    told = growth(asked.sizes)
    report |= {
        "growth": told,
        "slopes": {what: slope(told, what) for what in TIMED},
        "not_stopped": not_stopped(asked.not_stopped),
    }
    text = json.dumps(report, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
