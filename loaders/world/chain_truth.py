"""The planted chains, what follows from them and the decoys, as `truth.json` tells them."""

import numpy as np

from loaders.world import catalogue as shop
from loaders.world import clock
from loaders.world.chains import COUNT, DECOYS, IMPLIED, PLANTED, Chain, cell
from loaders.world.draws import Bools
from loaders.world.habits import Habits, lives_in
from loaders.world.impulses import Impulses
from loaders.world.people import People

Told = dict[str, object]


def chains_told(people: People, habits: Habits, impulses: Impulses) -> dict[str, list[Told]]:
    """All chains under `chains`, `implied_chains` and `decoys`; lifts over everybody unless it is said otherwise."""
    everybody = np.ones(len(people), dtype=np.bool_)

    def told(chain: Chain) -> Told:
        figures = impulses.tallies[chain.name].figures(everybody)
        return {
            "name": chain.name,
            "steps": [_step(place) for place in chain.cells],
            "gaps": ["next_day" if gap else "same_day" for gap in chain.gaps],
            "gap_days": list(chain.gaps),
            "lift": figures.lift,
            "members_lifts": list(chain.lifts),
            "suffix_lift": _suffix_lift(chain, impulses, everybody),
            **_by_district(chain, people, impulses),
            "habit_lift": _habit_lift(habits, chain, len(people)),
            "led_up": figures.led_up,
            "occurrences": figures.both,
            "expected_without": round(figures.without_steps, 2),
        }

    parts = {"chains": PLANTED, "implied_chains": IMPLIED, "decoys": DECOYS}
    return {name: [told(chain) for chain in chains] for name, chains in parts.items()}


def _step(place: int) -> Told:
    kind, start, end = clock.SLOTS[place // COUNT]
    category = shop.CATEGORIES[place % COUNT]
    return {
        "category": category.path,
        "name": category.name,
        "day_kind": clock.KIND_NAMES[kind],
        "slot": [start * 60, end * 60],
    }


def _suffix_lift(chain: Chain, impulses: Impulses, everybody: Bools) -> float | None:
    """Of three steps the lift of the last two alone, whatever came before; None for pairs."""
    if len(chain.steps) == 2:
        return None
    last_two = next(one for one in PLANTED + IMPLIED if one.steps == chain.steps[-2:])
    return impulses.tallies[last_two.name].figures(everybody).lift


def _by_district(chain: Chain, people: People, impulses: Impulses) -> Told:
    """Where it works in one district alone: the lift there and that of all other customers."""
    there = lives_in(people, chain.only_in)
    tally = impulses.tallies[chain.name]
    inside, outside = (tally.figures(who).lift if chain.only_in else None for who in (there, ~there))
    return {"only_in": chain.only_in or None, "lift_there": inside, "lift_elsewhere": outside}


def _habit_lift(habits: Habits, chain: Chain, size: int) -> float | None:
    """What one gets by ignoring the customer: the mean of the product of the rates over the product of the means."""
    rates = np.zeros((len(chain.steps), size))
    for number, step in enumerate(chain.steps):
        rows = habits.cell == cell(*step)
        rates[number, habits.customer[rows]] = habits.rate[rows]
    apart = float(rates.mean(axis=1).prod())
    return round(float(rates.prod(axis=0).mean()) / apart, 4) if apart else None
