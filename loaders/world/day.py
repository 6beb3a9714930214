"""One day of the world: who comes, who shares, who is moved, who buys, and what else they do."""

from dataclasses import dataclass

import numpy as np

from graph.log.schema import EventKind
from loaders.world import rows as r
from loaders.world.browsing import BROWSES_A_DAY, around, browse, channel_costs
from loaders.world.catalogue import CHANNELS, PRODUCTS, STORES, campaigns_of, coupons_on
from loaders.world.chains import COUNT
from loaders.world.clock import DAY, within_slots
from loaders.world.draws import Bools, Ints, stream
from loaders.world.habits import Habits
from loaders.world.impulses import Impulses
from loaders.world.looks import Looking
from loaders.world.network import Network
from loaders.world.people import People
from loaders.world.request import WorldRequest
from loaders.world.rows import Rows
from loaders.world.sharing import Shares, click_events, share_events
from loaders.world.shopping import Till
from loaders.world.taste import LOW, Taste

NEVER = np.iinfo(np.int64).max
FIRST_ORDER = 0.8
"""Share of those who registered through a share who then buy what was shared."""
COUPON_HOLDERS = (0.25, 0.55, 0.15, 0.30)
"""Share of each persona to whom a campaign issues a coupon."""


@dataclass(slots=True)
class Ledger:
    """Sums that the truth tells of the world as it came out."""

    lines: Ints
    """Purchase lines: in the city, low-caffeine in the city, in the district, low-caffeine in the district."""
    brought: int = 0
    registered: int = 0


class World:
    """The state that lives from day to day: a few arrays over the customers and the diaries of what is to come."""

    def __init__(self, request: WorldRequest, people: People, habits: Habits, network: Network, taste: Taste) -> None:
        self._request, self._people, self._habits = request, people, habits
        self._taste = taste
        self._shares = Shares(request, people, network)
        self._till = Till(request, people, taste)
        self.impulses = Impulses(request, habits, np.bincount(network.contact, minlength=len(people)) > 0)
        self.looking = Looking(request, habits, taste) if request.looks else None
        self.registered_at = np.where(people.was_there, people.planned_at, NEVER)
        self._arrivals = np.argsort(people.planned_at, kind="stable").astype(np.int64)
        self._browse_rate = np.minimum(BROWSES_A_DAY * (0.5 + 0.5 * people.activity), 0.5)
        self._coupon = np.zeros(len(people), dtype=np.bool_)
        self._sessions = 0
        self._costs = np.asarray([c.daily_cost_cents for c in CHANNELS], dtype=np.int64) * request.customers // 1_000
        self.ledger = Ledger(np.zeros(4, dtype=np.int64))

    def live(self, day: int) -> Rows:
        """The day's events, in order."""
        rng = stream(self._request.seed, "day", day)
        parts: list[Rows] = self._openings(day)
        there = self.registered_at < day * DAY
        awake = there & (self._people.asleep_from > day * DAY)
        self._shares.begin(day, awake)
        parts += self._coupons(rng, day, there)
        arrived, wishes = self._arrive_and_move(rng, day)
        parts += arrived
        parts += [share_events(part) for part in self._shares.shares.take(day)]
        clicks = [click_events(part) for part in self._shares.clicks.take(day)]
        parts += [r.chosen(part, self.registered_at[part["customer"]] <= part["at"]) for part in clicks]
        parts += self._shop(rng, day, awake, wishes)
        parts += self._browse(rng, day, there)
        parts.append(channel_costs(self._request.seed, day, self._costs))
        return r.in_order(r.joined(parts))

    def _openings(self, day: int) -> list[Rows]:
        """On the first day everything and everyone there is is described; campaigns when they begin."""
        begins = self._request.start.toordinal() + day
        campaigns = campaigns_of(self._request.start, self._request.days)
        starting = [number for number, c in enumerate(campaigns) if c.starts_on.toordinal() == begins]
        parts = [_profiles(day, "campaign", np.asarray(starting, dtype=np.int64))]
        if day == 0:
            parts += [
                _profiles(0, column, np.arange(size, dtype=np.int64))
                for column, size in (("channel", len(CHANNELS)), ("store", len(STORES)), ("product", len(PRODUCTS)))
            ]
            old = np.flatnonzero(self._people.was_there).astype(np.int64)
            parts += [_profiles(0, "customer", old), r.rows(EventKind.CONSENT, np.zeros_like(old), customer=old)]
        return parts

    def _coupons(self, rng: np.random.Generator, day: int, there: Bools) -> list[Rows]:
        campaign = coupons_on(day)
        if campaign < 0 or coupons_on(day - 1) == campaign:
            return []
        self._coupon = there & (rng.random(there.size) < np.asarray(COUPON_HOLDERS)[self._people.persona])
        holders = np.flatnonzero(self._coupon).astype(np.int64)
        at = np.full(holders.size, day * DAY + 6 * 3_600, dtype=np.int64)
        return [r.rows(EventKind.COUPON_ISSUE, at, customer=holders, campaign=campaign)]

    def _arrive_and_move(self, rng: np.random.Generator, day: int) -> tuple[list[Rows], Rows]:
        """Registrations, whoever or whatever brings them first, and the wishes of those whom a share moved."""
        planned = self._people.planned_at
        low, high = np.searchsorted(planned[self._arrivals], [day * DAY, (day + 1) * DAY])
        due = self._arrivals[low:high]
        alone: Rows = {column: np.full(due.size, -1, dtype=np.int64) for column in MOVE}
        alone |= {"customer": due, "at": planned[due], "channel": self._people.channel[due]}
        moves = r.in_time(r.joined([alone, *({c: part[c] for c in MOVE} for part in self._shares.moves.take(day))]))
        new = np.flatnonzero(self.registered_at[moves["customer"]] == NEVER)
        new = new[np.unique(moves["customer"][new], return_index=True)[1]]
        registers = np.zeros(moves["at"].size, dtype=np.bool_)
        registers[new] = True
        self.registered_at[moves["customer"][new]] = moves["at"][new]
        brought = moves["share"] >= 0
        self.ledger.registered += int(registers.sum())
        self.ledger.brought += int((registers & brought).sum())
        late_click = brought & (self.registered_at[moves["customer"]] > moves["click_at"])
        wants = brought & (~registers | (rng.random(registers.size) < FIRST_ORDER))
        wish_at = moves["at"] + np.where(registers, 300 + np.floor(rng.random(registers.size) * 3_000), 0).astype(
            np.int64
        )
        wishes = r.chosen({**moves, "at": wish_at, "category": moves["product"] // 4}, wants)
        return [*_registrations(r.chosen(moves, registers)), click_events(r.chosen(moves, late_click))], wishes

    def _shop(self, rng: np.random.Generator, day: int, awake: Bools, moved: Rows) -> list[Rows]:
        fired = self.impulses.draw(day, awake)
        absent = np.full(fired.size, -1, dtype=np.int64)
        place = self._habits.cell[fired]
        habitual: Rows = {
            "customer": self._habits.customer[fired],
            "category": place % COUNT,
            "at": within_slots(day, place // COUNT, rng.random(fired.size)),
            "share": absent,
            "referrer": absent,
        }
        coupons = (coupons_on(day), self._coupon)
        lines = [self._till.ring_up(rng, habitual, coupons, True), self._till.ring_up(rng, moved, coupons, False)]
        bought = r.joined(lines)
        self._account(bought)
        first = np.zeros(bought["at"].size, dtype=np.bool_)
        first[np.unique(bought["order"], return_index=True)[1]] = True
        after = around(rng, bought, first)
        late = self.registered_at
        looks = self.looking.see(day, fired, awake) if self.looking else []
        return [bought, *(r.chosen(part, late[part["customer"]] <= part["at"]) for part in after), *looks]

    def _browse(self, rng: np.random.Generator, day: int, there: Bools) -> list[Rows]:
        parts, used = browse(rng, self._people, self._taste, day, there, self._browse_rate, self._sessions)
        self._sessions += used
        return parts

    def _account(self, bought: Rows) -> None:
        low, home = LOW[bought["product"]], self._taste.in_district[bought["customer"]] == 1
        self.ledger.lines += np.asarray([low.size, low.sum(), home.sum(), (low & home).sum()], dtype=np.int64)


MOVE = ("customer", "at", "channel", "product", "share", "referrer", "click_at")


def _profiles(day: int, column: str, numbers: Ints) -> Rows:
    return r.rows(EventKind.PROFILE, np.full(numbers.size, day * DAY, dtype=np.int64), **{column: numbers})


def _registrations(new: Rows) -> list[Rows]:
    """What is recorded when people register: who they are, what they allow and, where a share brought them, by whom."""
    at, customer = new["at"], new["customer"]
    campaign = np.where(new["share"] >= 0, 0, -1)
    brought = {"channel": new["channel"], "share": new["share"], "referrer": new["referrer"], "campaign": campaign}
    return [
        r.rows(EventKind.REGISTER, at, customer=customer, **brought),
        r.rows(EventKind.PROFILE, at, customer=customer),
        r.rows(EventKind.CONSENT, at, customer=customer),
        r.chosen(r.rows(EventKind.REFERRAL, at, customer=customer, **brought), new["share"] >= 0),
    ]
