"""The planted process of influence: shares, clicks and moves, cascade by cascade."""

import numpy as np

from graph.log.schema import EventKind
from loaders.world import rows as r
from loaders.world.catalogue import SHARE_CHANNELS
from loaders.world.clock import DAY, HOUR, while_awake
from loaders.world.draws import Bools, Ints, pick, stream
from loaders.world.network import Network
from loaders.world.people import People
from loaders.world.request import WorldRequest
from loaders.world.rows import Diary, Rows

CLICK_WITHOUT_MOVE = 0.08
LONGEST_STEP = 2 * DAY
"""From share to click, and from click to move, at most so long (nine hours more where the night lies between)."""
SHARED_CATEGORIES = (16.0, 22.0, 18.0, 6.0, 4.0, 6.0, 6.0, 6.0, 10.0, 6.0)
"""What is shared does not depend on who shares, so that a move is worth the same from everyone."""
MOST_GENERATIONS = 60


class Shares:
    """Hands out share ids and spreads each day's shares; later clicks and moves go into the diaries."""

    def __init__(self, request: WorldRequest, people: People, network: Network) -> None:
        self._request, self._people, self._network = request, people, network
        self._issued = 0
        self.shares, self.clicks, self.moves = Diary(request.days), Diary(request.days), Diary(request.days)

    def begin(self, day: int, may_share: Bools) -> None:
        """Draw the day's own shares, at most one a customer, and follow each to the end of its cascade."""
        rng = stream(self._request.seed, "sharing", day)
        sharer = np.flatnonzero((rng.random(len(self._people)) < self._network.share_rate) & may_share).astype(np.int64)
        size = sharer.size
        front: Rows = {
            "customer": sharer,
            "at": day * DAY + 8 * HOUR + np.floor(rng.random(size) * 14 * HOUR).astype(np.int64),
            "product": 4 * pick(rng, SHARED_CATEGORIES, size) + np.floor(rng.random(size) * 4).astype(np.int64),
            "channel": pick(rng, SHARE_CHANNELS, size),
            "cascade": np.arange(size, dtype=np.int64),
            "note": np.full(size, -1, dtype=np.int64),
        }
        reached = np.sort(front["cascade"] * len(self._people) + sharer)
        for _ in range(MOST_GENERATIONS):
            if front["at"].size == 0:
                return
            front["share"] = self._numbered(front["at"].size)
            self.shares.note(front)
            moved, reached = self._expose(rng, front, reached)
            front = self._passed_on(rng, moved)

    def _numbered(self, size: int) -> Ints:
        numbers = self._issued + np.arange(size, dtype=np.int64)
        self._issued += size
        return numbers

    def _expose(self, rng: np.random.Generator, front: Rows, reached: Ints) -> tuple[Rows, Ints]:
        """Every contact of every share of the front is moved with the tie's probability, once a cascade."""
        network, people = self._network, self._people
        sharer = front["customer"]
        degree = network.pointer[sharer + 1] - network.pointer[sharer]
        share = np.repeat(np.arange(sharer.size), degree)
        tie = np.arange(share.size) - np.repeat(np.cumsum(degree) - degree, degree) + network.pointer[sharer][share]
        contact, cascade = network.contact[tie], front["cascade"][share]
        click_at = while_awake(front["at"][share] + _lag(rng, share.size, 60))
        move_at = while_awake(click_at + _lag(rng, share.size, 120))
        key = cascade * len(people) + contact
        fresh = ~np.isin(key, reached, kind="sort") & (move_at < people.asleep_from[contact])
        moved = fresh & (rng.random(share.size) < network.probability[tie])
        moved[moved] = _first_of_each(key[moved])
        clicked = moved | (fresh & (rng.random(share.size) < CLICK_WITHOUT_MOVE))
        told: Rows = {
            "customer": contact,
            "referrer": sharer[share],
            "at": move_at,
            "click_at": click_at,
            "cascade": cascade,
            **{column: front[column][share] for column in ("product", "channel", "share")},
        }
        self.clicks.note({**r.chosen(told, clicked), "at": click_at[clicked]})
        moves = r.chosen(told, moved)
        self.moves.note(moves)
        return moves, np.union1d(reached, key[moved])

    def _passed_on(self, rng: np.random.Generator, moved: Rows) -> Rows:
        """Those who pass it on, some time after they were moved."""
        again = rng.random(moved["at"].size) < self._network.pass_on[moved["customer"]]
        front = r.chosen(moved, again)
        at = while_awake(front["at"] + _lag(rng, front["at"].size, 600) // 2)
        awake = at < self._people.asleep_from[front["customer"]]
        front = {**{column: front[column] for column in ("customer", "product", "channel", "cascade")}, "at": at,
                 "note": front["share"]}  # fmt: skip
        return r.chosen(front, awake)


def share_events(part: Rows) -> Rows:
    """The shares as events; a share that was passed on names its parent."""
    columns = ("customer", "product", "channel", "share", "note")
    return r.rows(EventKind.SHARE, part["at"], **{column: part[column] for column in columns})


def click_events(part: Rows) -> Rows:
    """The clicks as events; the referrer is the one who shared."""
    columns = ("customer", "product", "channel", "share", "referrer")
    return r.rows(EventKind.SHARE_CLICK, part["at"], **{column: part[column] for column in columns})


def categories_shared() -> tuple[float, ...]:
    """Probability of each category among the shares."""
    total = sum(SHARED_CATEGORIES)
    return tuple(weight / total for weight in SHARED_CATEGORIES)


def _lag(rng: np.random.Generator, size: int, least: int) -> Ints:
    """Seconds, mostly few: the cube of a uniform number draws them towards `least`."""
    uniform = rng.random(size)
    return least + np.floor(uniform * uniform * uniform * (LONGEST_STEP - least)).astype(np.int64)


def _first_of_each(keys: Ints) -> Bools:
    first = np.zeros(keys.size, dtype=np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    return first
