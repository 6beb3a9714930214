"""Chains of The Complete Journey that one half of the year picks and the other half tests, and these alone.

    python benchmarks/chains_picked.py --log FOLDER [--json FILE]

What is asked was written into docs/real-data.md before it was run. `--worlds N` asks the same of N generated worlds
without any chain instead (habits, busy weeks, seasons, shared events): how many confirm anything?
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from graph.algorithms.chains import ChainsRequest, Purchases
from graph.algorithms.chains.mining import rank
from graph.algorithms.chains.weighing import KINDS, Weighed, lift_interval, steps_of, weigh_pairs
from graph.algorithms.significance import benjamini_hochberg
from graph.jobs.score_read import PurchasesRead, read_purchases
from graph.log.event_log import EventLog

SOURCE = "completejourney"
GAPS = ("within_week", "8-14_days", "15-21_days", "22-28_days")
LEVELS = {"departments": 1, "categories": None}
PICKED, FEWEST = 25, 100
DAY = ((0, 1440),)
Found = dict[str, object]


def request(gap: str, level: int | None, fewest: int) -> ChainsRequest:
    """Visits, a whole day as the one slot, any day."""
    more = {"source": SOURCE, "category_level": level, "min_customers": fewest}
    return ChainsRequest(slots=DAY, day_kinds=("any",), gaps=(gap,), compared="visits", **more)


def halves(purchases: Purchases) -> tuple[Purchases, Purchases]:
    """The earlier and the later half of the log's days."""
    first, last = int(purchases.day.min()), int(purchases.day.max())
    middle = first + (last - first + 1) // 2
    return purchases.take(purchases.day < middle), purchases.take(purchases.day >= middle)


def picked(asked: ChainsRequest, purchases: Purchases) -> tuple[Weighed, Weighed, int]:
    """The pairs that the earlier half picks, as that half has them and as the later one has; how many were looked at.

    A pair that the later half cannot try keeps p = 1 there: it was picked, and counts as tested.
    """
    early, late = (steps_of(asked, half) for half in halves(purchases))
    ranked = rank(asked, weigh_pairs(asked, early), early)
    wanted = (ranked.stronger < 0) & (ranked.customers >= asked.min_customers) & (ranked.lift > 1)
    chosen = ranked.take(np.flatnonzero(wanted)[np.argsort(ranked.log_p[wanted], kind="stable")][:PICKED])
    # All that the later half could compare is weighed: picking has been done.
    fewest = ChainsRequest(slots=DAY, day_kinds=("any",), gaps=asked.gaps, compared="visits", min_customers=1)
    later = weigh_pairs(fewest, late)
    at = later.places(chosen.keys(early.token_count), late.token_count)
    nothing = Weighed(*(np.append(getattr(later, name), fill) for name, fill in _nothing(later)))
    return chosen, nothing.take(at), ranked.size


def _nothing(weighed: Weighed) -> Iterator[tuple[str, float]]:
    for name in weighed.__dataclass_fields__:
        yield name, np.nan if name in ("lift", "lift_error") else 0


def asked_of(reads: dict[str, PurchasesRead]) -> list[Found]:
    """Every picked pair of every question, with its q over all of them."""
    found: list[Found] = []
    log_p: list[float] = []
    for level, read in reads.items():
        names = read.categories.to_list()
        for gap in GAPS:
            start = time.process_time()
            chosen, later, tried = picked(request(gap, LEVELS[level], FEWEST), read.purchases)
            low, high = lift_interval(later.lift, later.lift_error)
            seconds = time.process_time() - start
            print(
                json.dumps({"level": level, "gap": gap, "tried": tried, "cpu_seconds": round(seconds, 2)}), flush=True
            )
            for row in range(chosen.size):
                pair = f"{names[chosen.first[row]]} → {names[chosen.then[row]]}"
                lifts = {"earlier_lift": chosen.lift[row], "later_lift": later.lift[row], "low": low[row]}
                numbers = {name: round(float(value), 3) for name, value in {**lifts, "high": high[row]}.items()}
                counts = {"customers": int(later.customers[row]), "occurrences": int(later.occurrences[row])}
                found.append({"level": level, "gap": gap, "chain": pair, **numbers, **counts})
                log_p.append(float(later.log_p[row]) if later.lift[row] > 1 else 0.0)
    for one, p, q in zip(found, np.exp(log_p), np.exp(benjamini_hochberg(np.array(log_p))), strict=True):
        one["p"], one["q"] = float(p), float(q)
    return sorted(found, key=lambda one: (float(str(one["q"])), -float(str(one["later_lift"]))))


def of_worlds(count: int, tests: Path) -> Found:
    """In how many worlds without chains the later half confirms anything that the earlier one picked."""
    sys.path.insert(0, str(tests))
    from test_chain_truth import chainless

    confirmed = 0
    for seed in range(count):
        purchases = chainless(seed)
        log_p = []
        for gap in GAPS:
            chosen, later, _ = picked(request(gap, None, 30), purchases)
            log_p += np.where(later.lift > 1, later.log_p, 0.0).tolist()
            assert chosen.day_kind.tolist() == [KINDS.index("any")] * chosen.size
        confirmed += bool((benjamini_hochberg(np.array(log_p)) < np.log(0.05)).any())
    return {"worlds": count, "with_any_confirmed": confirmed}


def main() -> None:
    """Pick, test, say."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--log", type=Path, help="the event log: the folder `log` in RENMAI_DATA")
    parser.add_argument("--worlds", type=int, help="ask so many worlds without chains instead")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    given = parser.parse_args()
    if given.worlds:
        print(json.dumps(of_worlds(given.worlds, Path(__file__).parents[1] / "tests" / "unit" / "algorithms")))
        return
    log = EventLog.open(given.log)
    reads = {
        name: read_purchases(log, log.version, ChainsRequest(source=SOURCE, category_level=level))
        for name, level in LEVELS.items()
    }
    found = asked_of(reads)
    for one in found:
        if float(str(one["q"])) < 0.05:
            print(json.dumps(one, ensure_ascii=False))
    print(f"{sum(float(str(one['q'])) < 0.05 for one in found)} of {len(found)} are confirmed.")
    if given.json:
        given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
