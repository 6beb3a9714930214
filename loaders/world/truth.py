"""The planted truth, written beside the events: what later work is measured against."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from loaders.world import catalogue as shop
from loaders.world import clock
from loaders.world.chain_truth import chains_told
from loaders.world.chains import PLANTED
from loaders.world.day import FIRST_ORDER, NEVER, World
from loaders.world.draws import Ints
from loaders.world.habits import Habits, members_of
from loaders.world.look_truth import looks_told
from loaders.world.network import Network
from loaders.world.people import PERSONAS, People
from loaders.world.request import PUSH_DAYS, WorldRequest
from loaders.world.sharing import CLICK_WITHOUT_MOVE
from loaders.world.spread import TrueInfluence
from loaders.world.taste import Taste

EPOCH = date(1970, 1, 1).toordinal()
NO_DAY = -1_000_000

PROCESS = (
    "For every share by u, of u's own accord or passed on, each contact v of u is moved independently with the tie's "
    "probability, at most once a cascade (a share and all that was passed on from it; its first sharer counts as "
    "reached). A moved v clicks, then within 7 days registers with that share id if not yet registered (and with "
    "probability first_order buys), else buys with that share id; then v passes it on with v's pass_on probability: a "
    "new share whose parent_share is the first. Who is not moved clicks with probability click_without_move. A click "
    "before registration is seen only where it leads to it. Sleepers are not moved while asleep. Shares of the last 7 "
    "days may lack moves that would come after the end. influence(u) = expected number of distinct others moved by "
    "one share of u's own accord, all registered and awake."
)
NOT_PLANTED = (
    "Given the customer's habits and the kind of day, everything else is independent: no caps, no weather, no "
    "holiday, no day-level or store-level shock; coupons change the price, not the number of orders; a "
    "basket holds one category."
)


@dataclass(frozen=True, slots=True)
class Planted:
    """Everything that the truth is told from."""

    request: WorldRequest
    people: People
    habits: Habits
    network: Network
    taste: Taste
    world: World
    influence: TrueInfluence


def write_truth(folder: Path, planted: Planted, kinds: Mapping[str, int]) -> None:
    """`truth.json`, `ties.parquet` and `customers.parquet`; amounts in cents of CNY."""
    digits = max(6, len(str(planted.request.customers - 1)))
    ties = pl.DataFrame(
        {
            "influencer": _keys(planted.network.influencer(), digits),
            "influenced": _keys(planted.network.contact, digits),
            "probability": planted.network.probability,
        }
    )
    ties.write_parquet(folder / "ties.parquet")
    _customers(planted, digits).write_parquet(folder / "customers.parquet")
    text = json.dumps(_told(planted, kinds), ensure_ascii=False, indent=2)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")


def _keys(numbers: Ints, digits: int) -> pl.Series:
    return pl.Series("hz-c" + pl.Series(numbers).cast(pl.String).str.zfill(digits))


def _customers(planted: Planted, digits: int) -> pl.DataFrame:
    people, network, world = planted.people, planted.network, planted.world
    epoch = clock.epoch_of(planted.request.start)
    registered = np.where(world.registered_at == NEVER, people.planned_at, world.registered_at)
    asleep = people.asleep_from // clock.DAY
    sleeper = asleep < planted.request.days
    members = members_of(planted.habits, len(people))
    return pl.DataFrame(
        {
            "customer": _keys(np.arange(len(people), dtype=np.int64), digits),
            "persona": pl.Series(PERSONAS).gather(people.persona),
            "district": pl.Series([store.district for store in shop.STORES]).gather(people.store),
            "store": pl.Series([store.store_id for store in shop.STORES]).gather(people.store),
            "registered_at": pl.Series((registered + epoch) * 1_000_000).cast(pl.Datetime("us", "UTC")),
            "asleep_from": pl.Series(
                np.where(sleeper, asleep + planted.request.start.toordinal() - EPOCH, NO_DAY), dtype=pl.Int32
            )
            .replace(NO_DAY, None)
            .cast(pl.Date),
            "influence": planted.influence.spread,
            "influence_error": planted.influence.spread_error,
            "revenue_influence_cents": planted.influence.revenue_cents,
            "contacts": np.diff(network.pointer),
            "shares_a_day": network.share_rate,
            "pass_on": network.pass_on,
            "star": network.star,
            **{f"chain_{number}": members[number - 1] for number in range(1, len(PLANTED) + 1)},
        }
    )


def _told(planted: Planted, kinds: Mapping[str, int]) -> dict[str, object]:
    request, people = planted.request, planted.people
    return {
        "request": {
            "customers": request.customers,
            "days": request.days,
            "seed": request.seed,
            "start": request.start.isoformat(),
            "last_day": (request.end - timedelta(days=1)).isoformat(),
            "truth_runs": request.truth_runs,
            "time_zone": shop.TIME_ZONE,
        },
        "events": dict(sorted(kinds.items())),
        "personas": {
            name: int(size)
            for name, size in zip(PERSONAS, np.bincount(people.persona, minlength=len(PERSONAS)), strict=True)
        },
        "sleepers": int((people.asleep_from < request.days * clock.DAY).sum()),
        **chains_told(people, planted.habits, planted.world.impulses),
        **({"looks": looks_told(planted.world.looking, len(people))} if planted.world.looking else {}),
        "district": _district(planted),
        "influence": _influence(planted),
        "common_shocks": _shocks(request),
        "independence": NOT_PLANTED,
    }


def _shocks(request: WorldRequest) -> list[dict[str, object]]:
    if request.push_day is None:
        return []
    reached = {"reached": "contacts of sharers"} if request.push_contacts else {}
    return [{"first_day": request.push_day, "days": PUSH_DAYS, "habits_times": request.push_lift, **reached}]


def _district(planted: Planted) -> dict[str, object]:
    lines, low, home, home_low = planted.world.ledger.lines.tolist()
    return {
        "district": shop.LOW_CAFFEINE_DISTRICT,
        "attribute": shop.LOW_CAFFEINE,
        "measure": "share of purchase lines that are low-caffeine, district over city (the district included)",
        "preference": shop.LOW_CAFFEINE_PREFERENCE,
        "came_out_as": round((home_low / home) / (low / lines), 4) if home and low else None,
        "city_share": round(low / lines, 4) if lines else None,
        "customers": int(planted.taste.in_district.sum()),
    }


def _influence(planted: Planted) -> dict[str, object]:
    network, ledger = planted.network, planted.world.ledger
    sharers = np.diff(network.pointer) > 0
    spread = planted.influence.spread
    return {
        "process": PROCESS,
        "window_days": 7,
        "click_without_move": CLICK_WITHOUT_MOVE,
        "first_order": FIRST_ORDER,
        "sharers": int(sharers.sum()),
        "stars": int(network.star.sum()),
        "ties": int(network.contact.size),
        "mean_influence_of_sharers": round(float(spread[sharers].mean()), 4) if sharers.any() else 0.0,
        "largest_influence": round(float(spread.max()), 4),
        "reproduction": _reproduction(network),
        "registered_in_window": ledger.registered,
        "brought_by_a_share": ledger.brought,
    }


def _reproduction(network: Network) -> float:
    """Further moves that one move brings, on average over the ties; below 1, so that cascades die out."""
    force = np.bincount(network.influencer(), weights=network.probability, minlength=network.pass_on.size)
    passed = (network.pass_on * force)[network.contact]
    return round(float((passed * network.probability).sum() / network.probability.sum()), 4)
