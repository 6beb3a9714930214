"""Tie probabilities against the planted ones, beside the best that anybody could do with the same log.

`python benchmarks/influence_learning.py --days 120 --days 365` generates a world of each length, learns its ties and
prints rows for the ties that were tried or seen 20 times and more. The ceiling is an oracle that knows what the log
does not say: how the world draws probabilities, and who every contact is; its posterior mean ranks ties as well as
their evidence allows. `--tries 20 120` has everybody of a network of the world's kind share so many times instead.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import spearmanr

from graph.algorithms.influence import InfluenceRequest, ShareLog, learn_ties, tie_interval, trace_moves
from graph.algorithms.influence.learning.evidence import Evidence, gather_evidence, maturity
from graph.jobs.score_read import read_shares
from graph.log.event_log import EventLog
from loaders.letters import DeadLetters
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate
from loaders.world.network import STARS, STRONGEST_TIE, Network, connect
from loaders.world.people import populate

Floats = NDArray[np.float64]
REQUEST, PLAIN = InfluenceRequest(), InfluenceRequest(prior_weight=0)
SHARES, SEEN = (20, 60, 100), (20,)
"""Fewest shares of the sharer, and fewest shares that the other is known to have seen, by a click or a move."""
FEWEST_TIES = 50
CLICKS = 0.08
NOISE = np.linspace(0.0125, 1.9875, 80)
"""The sum of two uniform numbers, by which a tie differs from its sharer's strength: where the grid looks at it."""
DRAWS = 400_000


def main() -> None:
    """Print a JSON row for each world that is asked for."""
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--customers", type=int, default=20_000)
    told.add_argument("--days", type=int, action="append", default=[])
    told.add_argument("--tries", type=int, nargs=2, action="append", default=[], metavar=("FEWEST", "MOST"))
    told.add_argument("--seed", type=int, default=2026)
    asked = told.parse_args()
    for days in asked.days:
        world = WorldRequest(customers=asked.customers, days=days, seed=asked.seed, truth_runs=1)
        for row in judged(of_world(world), network_of(world)):
            print(json.dumps({"customers": asked.customers, "days": days, **row}), flush=True)
    for fewest, most in asked.tries:
        world = WorldRequest(customers=asked.customers, seed=asked.seed)
        network = network_of(world)
        for row in judged(planted(network, fewest, most, asked.seed), network):
            print(json.dumps({"customers": asked.customers, "tries": [fewest, most], **row}), flush=True)


def network_of(world: WorldRequest) -> Network:
    """The planted network; customers are numbered as in `read_shares`, whose keys sort by number."""
    return connect(world, populate(world))


def of_world(world: WorldRequest) -> ShareLog:
    """The world as scoring reads it; nobody is missing, since profiles name everybody who ever shares or is moved."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = generate(world, folder / "world")
        log, letters = EventLog.open(folder / "log"), DeadLetters.open(folder / "letters")
        load_files(made.event_files, log, letters, LoadOptions(), received_at=datetime(2040, 1, 1, tzinfo=UTC))
        read = read_shares(log, log.version, REQUEST)
        number = read.customers.str.slice(-max(6, len(str(world.customers - 1)))).cast(pl.Int64).to_numpy()
    return renumbered(read.log, number.astype(np.int32), world.customers)


def renumbered(log: ShareLog, number: NDArray[np.int32], customers: int) -> ShareLog:
    """Customers by their number in the world; those who are not in the log have no part in it."""
    known = {"share_sharer", "click_customer", "act_customer", "act_referrer", "brought_customer", "brought_by"}
    columns = {name: getattr(log, name) for name in ShareLog.__slots__}
    for name in known:
        columns[name] = np.where(columns[name] >= 0, number[columns[name]], -1).astype(np.int32)
    return ShareLog(**{**columns, "customer_count": customers, "segment": None})


def judged(log: ShareLog, network: Network) -> Iterator[dict[str, object]]:
    """Rank correlations and coverage over the known ties, by how often they were tried and how often they showed."""
    moves = trace_moves(log, REQUEST)
    ties, plain = (learn_ties(log, moves, request) for request in (REQUEST, PLAIN))
    evidence = gather_evidence(log, moves, maturity(log, moves))
    shares = np.bincount(log.share_sharer, minlength=log.customer_count)[evidence.source]
    place = place_of(evidence.source, evidence.target, network)
    truth, bounds = network.probability[place], tie_interval(ties)
    held = (bounds.low <= truth) & (truth <= bounds.high)
    best = oracle(evidence, shares, network)
    for of, times, least in (("shares", shares, SHARES), ("seen", evidence.times_shown, SEEN)):
        for fewest in least:
            rows = times >= fewest
            if rows.sum() >= FEWEST_TIES:
                ranks = [rank(found[rows], truth[rows]) for found in (plain.probability, ties.probability, best)]
                yield {
                    "of": of,
                    "at_least": fewest,
                    "ties": int(rows.sum()),
                    "median_shares": float(np.median(shares[rows])),
                    **dict(zip(("plain", "learned", "ceiling"), ranks, strict=True)),
                    "covered": round(float(held[rows].mean()), 4),
                }


def place_of(source: NDArray[np.int64], target: NDArray[np.int64], network: Network) -> NDArray[np.int64]:
    """Where each learned tie stands among the planted ones."""
    count = network.pointer.size - 1
    return np.searchsorted(source_of(network.pointer) * count + network.contact, source * count + target)


def source_of(pointer: NDArray[np.int64]) -> NDArray[np.int64]:
    """The start of each tie."""
    return np.repeat(np.arange(pointer.size - 1), np.diff(pointer))


def rank(found: Floats, truth: Floats) -> float:
    """Spearman's rank correlation."""
    return round(float(spearmanr(found, truth).statistic), 4)


def oracle(evidence: Evidence, shares: NDArray[np.int64], network: Network) -> Floats:
    """The mean of each learned tie given the evidence on all contacts of its sharer and the law of the world.

    `loaders/world/network.py`: strength × noise, cut to 0.002 … 0.6. Sharers with fewer than 20 shares are left at 0.
    """
    place = place_of(evidence.source, evidence.target, network)
    source, successes = source_of(network.pointer), np.zeros(network.contact.size)
    of_sharer = np.zeros(network.pointer.size - 1)
    successes[place], of_sharer[evidence.source] = evidence.successes, shares
    trials = np.maximum(of_sharer[source], successes)
    return _means(source, successes, trials)[place]


def _means(source: NDArray[np.int64], successes: Floats, trials: Floats) -> Floats:
    random = np.random.default_rng(0)
    grid = np.linspace(0.01, 0.41, 161)
    ordinary = 0.16 * random.random(DRAWS) * random.random(DRAWS) + 0.01
    star = 0.12 + 0.28 * random.random(DRAWS)
    prior = sum(part * np.histogram(drawn, grid)[0] / DRAWS for part, drawn in ((1 - STARS, ordinary), (STARS, star)))
    chance = np.clip((grid[1:] + grid[:-1])[:, None] / 2 * NOISE, 0.002, STRONGEST_TIE)
    density = np.where(NOISE < 1, NOISE, 2 - NOISE)
    density /= density.sum()
    found = np.zeros(source.size)
    for rows in np.split(np.arange(source.size), np.flatnonzero(np.diff(source)) + 1):
        if trials[rows[0]] >= SHARES[0]:
            found[rows] = _posterior(successes[rows], trials[rows], prior, chance, density)
    return found


def _posterior(successes: Floats, trials: Floats, prior: Floats, chance: Floats, density: Floats) -> Floats:
    told = successes[:, None, None] * np.log(chance) + (trials - successes)[:, None, None] * np.log1p(-chance)
    most = told.max(axis=(1, 2), keepdims=True)
    likelihood = np.exp(told - most) * density
    of_strength = likelihood.sum(2)
    weight = np.log(prior + 1e-300) + (np.log(of_strength + 1e-300) + most[:, :, 0]).sum(0)
    weight = np.exp(weight - weight.max())
    return ((likelihood * chance).sum(2) / (of_strength + 1e-300)) @ (weight / weight.sum())


def planted(network: Network, fewest: int, most: int, seed: int) -> ShareLog:
    """Everybody who has contacts shares `fewest` to `most` times; nobody passes on; who is not moved may click."""
    random, people = np.random.default_rng(seed), network.pointer.size - 1
    sharer = np.repeat(np.arange(people), random.integers(fewest, most + 1, people) * (np.diff(network.pointer) > 0))
    degree = np.diff(network.pointer)[sharer]
    share = np.repeat(np.arange(sharer.size), degree)
    tie = np.arange(share.size) - np.repeat(np.cumsum(degree) - degree, degree) + network.pointer[sharer][share]
    at = random.integers(0, 100, sharer.size) * 86_400
    moved = random.random(share.size) < network.probability[tie]
    clicked = moved | (random.random(share.size) < CLICKS)
    nobody, who, of = np.full(sharer.size, -1, np.int32), network.contact[tie].astype(np.int32), share.astype(np.int32)
    return ShareLog(
        people,
        sharer.astype(np.int32),
        at,
        nobody,
        who[clicked],
        of[clicked],
        at[of[clicked]] + 8_640,
        who[moved],
        at[of[moved]] + 17_280,
        of[moved],
        np.full(int(moved.sum()), -1, np.int32),
        np.full(int(moved.sum()), 100, np.int64),
        nobody[:0],
        nobody[:0],
        at[:0],
    )


if __name__ == "__main__":
    main()
