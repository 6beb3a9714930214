"""Chains of The Complete Journey by a regression in place of shuffling: does another kind of test say the same?

    python benchmarks/chains_partialled.py --log FOLDER [--level departments] [--placebos 5] [--json FILE]

For every ordered pair of departments or categories A, B: of a household's visits within a week of the one before, is B
more often in the basket where A was in the one before? Taken out of B and of A (linear probability, Frisch and Waugh
1933) are the household's quarter, every other visit apart, so that no basket is the earlier one here and the later one
there; both baskets' sizes, the calendar week, the weekday with the days since, and whether B was in the earlier basket.
Standard errors are clustered by week and by household, and the larger one counts. Only the earlier half of the year is
looked at. A placebo deals the earlier baskets of a household's quarter anew among its visits.
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from graph.algorithms.chains import ChainsRequest, Purchases
from graph.algorithms.significance import benjamini_hochberg
from graph.jobs.score_read import read_purchases
from graph.log.event_log import EventLog

SOURCE = "completejourney"
LEVELS = {"departments": 1, "categories": None}
GAP_DAYS, WEEK, QUARTER = 7, 7, 91
FEWEST_B, FEWEST_A = 300, 200
"""Visits with B, and visits behind one with A, that a pair needs."""
ROUNDS = 8
"""So often the means of every factor are taken out in turn: twenty rounds move no z of the departments by 0.02."""
SIZE_SORTS = 13
Float = NDArray[np.float32]
Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A visit and the next one of the household: what lay in both baskets, and what is taken out of both."""

    before: Float
    """Visits × categories, 1 where the earlier basket holds one."""
    after: Float
    household: Int
    week: Int
    """Of the later visit."""
    factors: tuple[Int, ...]
    categories: Int
    """Code of each column."""


def earlier_half(purchases: Purchases) -> Purchases:
    """Of the log's days."""
    first, last = int(purchases.day.min()), int(purchases.day.max())
    return purchases.take(purchases.day < first + (last - first + 1) // 2)


def pairs_of(purchases: Purchases) -> Pairs:
    """Every visit within a week of the household's last one; a visit is a day."""
    day = purchases.day.astype(np.int64) - int(purchases.day.min())
    visits, place = np.unique(purchases.customer.astype(np.int64) * 1_000 + day, return_inverse=True)
    baskets = sparse.csr_matrix(
        (np.ones(place.size, np.float32), (place, purchases.category)), (visits.size, purchases.category_count)
    )
    baskets.data[:] = 1
    household, day, size = visits // 1_000, visits % 1_000, np.diff(baskets.indptr)
    at = np.flatnonzero((household[1:] == household[:-1]) & (np.diff(day) <= GAP_DAYS)) + 1
    sort = np.minimum(np.floor(np.log2(size) * 2).astype(np.int64), SIZE_SORTS - 1)
    common = np.flatnonzero(np.asarray(baskets[at].sum(axis=0)).ravel() >= FEWEST_B)
    factors = (
        (household[at] * 10 + day[at - 1] // QUARTER) * 2 + at % 2,
        sort[at - 1] * SIZE_SORTS + sort[at],
        day[at] // WEEK,
        day[at] % WEEK * (GAP_DAYS + 1) + (day[at] - day[at - 1]),
    )
    numbered = tuple(np.unique(factor, return_inverse=True)[1].astype(np.int64) for factor in factors)
    before, after = (baskets[rows][:, common].toarray() for rows in (at - 1, at))
    return Pairs(before, after, np.unique(household[at], return_inverse=True)[1], day[at] // WEEK, numbered, common)


def residuals(columns: Float, factors: tuple[Int, ...]) -> Float:
    """What the factors do not explain of each column: their means taken out in turn, which goes to least squares."""
    rest = columns.copy()
    groups = [indicators(factor) for factor in factors]
    for _ in range(ROUNDS):
        for group in groups:
            counts = np.asarray(group.sum(axis=1))
            rest -= group.T @ ((group @ rest) / counts).astype(np.float32)
    return rest


def indicators(factor: Int) -> sparse.csr_matrix:
    """Groups × rows, 1 where the row belongs to the group."""
    ones = np.ones(factor.size, np.float32)
    return sparse.csr_matrix((ones, (factor, np.arange(factor.size))), shape=(int(factor.max()) + 1, factor.size))


def judged(pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    """One entry a pair with enough visits: columns of A and B, z, lift, visits behind A, log p of a lift above 1."""
    before, after = (residuals(part, pairs.factors) for part in (pairs.before, pairs.after))
    clusters = [indicators(by) for by in (pairs.week, pairs.household)]
    visits = pairs.before.sum(axis=0, dtype=np.float64)
    parts: list[NDArray[np.float64]] = []
    for then in range(pairs.categories.size):
        tried = np.flatnonzero((visits >= FEWEST_A) & (np.arange(visits.size) != then))
        again = before[:, [then]]
        own, first = without(after[:, [then]], again), without(before[:, tried], again)
        scores = first * own
        total = scores.sum(axis=0, dtype=np.float64)
        error = np.sqrt(np.max([((by @ scores).astype(np.float64) ** 2).sum(axis=0) for by in clusters], axis=0))
        effect = total / np.maximum((first**2).sum(axis=0, dtype=np.float64), 1e-9)
        lift = 1 + effect / float(pairs.after[:, then].mean())
        z = total / np.maximum(error, 1e-9)
        parts.append(np.stack([tried, np.full(tried.size, then), z, lift, visits[tried]]))
    names = ("first", "then", "z", "lift", "visits")
    found = dict(zip(names, np.concatenate(parts, axis=1), strict=True))
    return found | {"log_p": special.log_ndtr(-found["z"])}


def without(columns: Float, one: Float) -> Float:
    """What another column does not explain of each either."""
    return columns - one * ((one * columns).sum(axis=0) / (one**2).sum())


def dealt_anew(pairs: Pairs, rng: np.random.Generator) -> Pairs:
    """The earlier baskets of each household and quarter in another order: nothing leads to anything."""
    order = np.lexsort((rng.random(pairs.week.size), pairs.factors[0]))
    before = np.empty_like(pairs.before)
    before[np.argsort(pairs.factors[0], kind="stable")] = pairs.before[order]
    return replace(pairs, before=before)


def told(pairs: Pairs, names: list[str], shown: int) -> dict[str, object]:
    """How many were tried and stand, and the strongest by p."""
    found = judged(pairs)
    q = np.exp(benjamini_hochberg(found["log_p"]))
    strongest = [
        {
            "chain": " → ".join(names[pairs.categories[int(found[end][row])]] for end in ("first", "then")),
            "z": round(float(found["z"][row]), 2),
            "lift": round(float(found["lift"][row]), 3),
            "q": round(float(q[row]), 4),
        }
        for row in np.argsort(found["log_p"], kind="stable")[:shown].tolist()
    ]
    return {"tried": q.size, "q_below_5_percent": int((q < 0.05).sum()), "strongest": strongest}


def main() -> None:
    """Asks, says, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="the event log: the folder `log` in RENMAI_DATA")
    parser.add_argument("--level", choices=LEVELS, action="append", help="one of them; both if absent")
    parser.add_argument("--placebos", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    given = parser.parse_args()
    log, report = EventLog.open(given.log), dict[str, object]()
    for level in given.level or LEVELS:
        read = read_purchases(log, log.version, ChainsRequest(source=SOURCE, category_level=LEVELS[level]))
        names, start = read.categories.to_list(), time.process_time()
        pairs = pairs_of(earlier_half(read.purchases))
        answer = {"visits": pairs.week.size, "columns": pairs.categories.size, **told(pairs, names, 10)}
        answer["cpu_seconds"] = round(time.process_time() - start, 1)
        rng = np.random.default_rng(1)
        placebos = [told(dealt_anew(pairs, rng), names, 1) for _ in range(given.placebos)]
        report[level] = answer | {"placebos": placebos}
        print(json.dumps({level: report[level]}, ensure_ascii=False), flush=True)
    if given.json:
        given.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
