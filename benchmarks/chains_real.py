"""Chains of The Complete Journey under every setting that was stated before they were run side by side.

    python benchmarks/chains_real.py --log FOLDER [--json FILE]

The earlier half of the year discovers and chooses among the settings, the later half confirms. Beside it, what plain
shuffling within a household would have called the strongest rules.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

from graph.algorithms.chains import ChainsRequest, Gap, confirmed, find_chains
from graph.algorithms.chains.counting import count_pairs
from graph.algorithms.chains.events import to_steps
from graph.algorithms.chains.strata import weeks
from graph.algorithms.significance import benjamini_hochberg, log_tail
from graph.jobs.score_read import PurchasesRead, read_purchases
from graph.log.event_log import EventLog

SOURCE = "completejourney"
SLOTS = {
    "a day": ((0, 1440),),
    "three parts": ((0, 720), (720, 1020), (1020, 1440)),
    "two hours": tuple((hour * 60, hour * 60 + 120) for hour in range(6, 24, 2)),
}
GAPS = ("next_day", "within_3_days", "within_week")
DEPARTMENTS, CATEGORIES = 1, None
WHOLE_LOG = 53 * 7


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to ask."""

    level: int | None
    compared: str
    slots: str
    gap: str
    more: dict[str, int] = field(default_factory=dict)

    def request(self) -> ChainsRequest:
        """As the search takes it; kinds of day are not told apart, so that less is tried."""
        given = {"category_level": self.level, "compared": self.compared, "gaps": (self.gap,), **self.more}
        return ChainsRequest(source=SOURCE, slots=SLOTS[self.slots], day_kinds=("any",), **given)


def stated() -> Iterator[Setting]:
    """All of them: what is compared, how fine, how far, and of the most powerful kind how strict."""
    for parts in product((DEPARTMENTS, CATEGORIES), ("visits", "days"), SLOTS, GAPS):
        yield Setting(*parts)
    plain = DEPARTMENTS, "visits", "a day", "within_week"
    for days in (28, 182, 364):
        yield Setting(*plain, {"visit_block_days": days})
    for level, fewest in product((DEPARTMENTS, CATEGORIES), (100, 300)):
        yield Setting(level, *plain[1:], {"min_customers": fewest})


def mined(setting: Setting, read: PurchasesRead) -> dict[str, object]:
    """What the setting comes to."""
    request, start = setting.request(), time.process_time()
    chains = find_chains(request, read.purchases)
    seconds = time.process_time() - start
    sure = confirmed(chains, request) & (chains.stronger < 0)
    discovered = (chains.earlier_log_q < np.log(request.q_limit)) & (chains.earlier_lift > 1)
    counted = {"tried": chains.size, "confirmed": int(sure.sum()), "discovered_early": int(discovered.sum())}
    held = [
        f"{read.categories[int(first)]} → {read.categories[int(then)]}"
        for first, then in zip(
            chains.first[chains.held] // len(request.slots), chains.then[chains.held] // len(request.slots), strict=True
        )
    ]
    level = "departments" if setting.level == DEPARTMENTS else "categories"
    asked = {"level": level, "compared": setting.compared, "slots": setting.slots, "gap": setting.gap, **setting.more}
    return {**asked, **counted, "held_late": len(held), "held": held, "cpu_seconds": round(seconds, 2)}


def naive(read: PurchasesRead, shown: int) -> dict[str, object]:
    """Days of a household shuffled over the whole log, weekdays and weekends apart, within a week."""
    names, gap = read.categories.to_list(), Gap.WITHIN_WEEK
    steps = to_steps(read.purchases, SLOTS["a day"])
    counts = count_pairs(weeks(steps, gap, WHOLE_LOG), steps.bounds, gap.in_turn, (0, steps.token_count))
    together, fixed, mean, variance, third = (
        part.sum(axis=0).ravel().astype(np.float64)
        for part in (counts.occurrences, counts.fixed, counts.expected, counts.variance, counts.third)
    )
    log_p = log_tail(together - fixed, mean - fixed, variance, third)
    log_q = benjamini_hochberg(log_p)
    lift = together / np.maximum(mean, 1e-9)
    called = (log_q < np.log(0.05)) & (lift > 1)
    orders = {"by_p": np.argsort(log_p, kind="stable"), "by_lift": np.argsort(-lift * called, kind="stable")}

    def told(cell: int) -> dict[str, object]:
        pair = f"{names[cell // len(names)]} → {names[cell % len(names)]}"
        return {"chain": pair, "occurrences": int(together[cell]), "lift": round(float(lift[cell]), 3)}

    strongest = {name: [told(cell) for cell in order[:shown].tolist()] for name, order in orders.items()}
    return {"tried": log_p.size, "called": int(called.sum()), **strongest}


def main() -> None:
    """Mine, say, write."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--log", type=Path, required=True, help="the event log: the folder `log` in RENMAI_DATA")
    arguments.add_argument("--json", type=Path, help="where to write all figures")
    given = arguments.parse_args()
    log = EventLog.open(given.log)
    reads = {
        level: read_purchases(log, log.version, ChainsRequest(source=SOURCE, category_level=level))
        for level in (DEPARTMENTS, CATEGORIES)
    }
    rows: list[dict[str, object]] = []
    for setting in stated():
        rows.append(mined(setting, reads[setting.level]))
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    departments = reads[DEPARTMENTS]
    told: dict[str, object] = {"settings": rows, "plain_shuffling": naive(departments, 10)}
    print(json.dumps(told["plain_shuffling"], ensure_ascii=False))
    if given.json:
        given.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
