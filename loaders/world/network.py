"""Who can move whom: the contact network of the sharers, with its probabilities."""

from dataclasses import dataclass

import numpy as np

from loaders.world.catalogue import STORES
from loaders.world.draws import Bools, Floats, Ints, heavy_tail, rounded, stream
from loaders.world.people import SHARING, People
from loaders.world.request import WorldRequest

COMMUNITY = 120
"""About how many customers of a district know each other."""
IN_COMMUNITY, IN_DISTRICT = 0.6, 0.3
"""Where contacts come from; the rest from the whole city."""
SHARER_BIAS = 0.5
"""Of the contacts so many are drawn among sharers alone: sharers know sharers."""
FEWEST_CONTACTS, MOST_CONTACTS, CONTACTS_EXPONENT = 4.0, 200.0, 1.8
STARS = 0.06
"""Share of the sharers who are key opinion customers."""
STRONGEST_TIE = 0.6
SHARES_A_DAY = 8.0 / 120.0


@dataclass(frozen=True, slots=True)
class Network:
    """Ties in CSR form: customer u's contacts are `contact[pointer[u] : pointer[u + 1]]`; non-sharers have none."""

    pointer: Ints
    contact: Ints
    probability: Floats
    """That one share by u moves the contact, independently of all else."""
    share_rate: Floats
    """Probability a day that the customer shares of their own accord."""
    pass_on: Floats
    """Probability that the customer, once moved, shares on."""
    star: Bools

    def influencer(self) -> Ints:
        """The start of each tie."""
        return np.repeat(np.arange(self.pointer.size - 1, dtype=np.int64), np.diff(self.pointer))


def connect(request: WorldRequest, people: People) -> Network:
    """Draw the network; O(ties log ties) time, O(ties) memory."""
    size = len(people)
    rng = stream(request.seed, "network")
    sharers = np.flatnonzero(people.persona == SHARING).astype(np.int64)
    star = np.zeros(size, dtype=np.bool_)
    star[sharers] = rng.random(sharers.size) < STARS
    degree = heavy_tail(rng, FEWEST_CONTACTS, CONTACTS_EXPONENT, MOST_CONTACTS, sharers.size).astype(np.int64)
    start = np.repeat(sharers, degree)
    end = _contacts(rng, people, start)
    keys = np.unique((start * size + end)[start != end])
    influencer, contact = keys // size, keys % size
    # Products of uniform numbers stand in for Beta ones: the same shape without a transcendental function.
    strength = np.where(star, 0.12 + 0.28 * rng.random(size), 0.16 * rng.random(size) * rng.random(size) + 0.01)
    noise = rng.random(keys.size) + rng.random(keys.size)
    shares = np.zeros(size)
    shares[sharers] = np.minimum(SHARES_A_DAY * heavy_tail(rng, 0.45, 1.8, 10.0, sharers.size), 0.7)
    pass_on = np.where(people.persona == SHARING, 0.4 + 0.5 * rng.random(size), 0.0)
    return Network(
        pointer=np.searchsorted(influencer, np.arange(size + 1)).astype(np.int64),
        contact=contact,
        probability=rounded(np.clip(strength[influencer] * noise, 0.002, STRONGEST_TIE)),
        share_rate=rounded(shares),
        pass_on=rounded(pass_on),
        star=star,
    )


def _contacts(rng: np.random.Generator, people: People, start: Ints) -> Ints:
    """One contact for each start: of the community, the district or the city; of all or of the sharers there."""
    everyone = _Circles(people, np.arange(len(people), dtype=np.int64))
    sharers = _Circles(people, np.flatnonzero(people.persona == SHARING).astype(np.int64))
    reach = np.searchsorted([IN_COMMUNITY, IN_COMMUNITY + IN_DISTRICT], rng.random(start.size))
    place = rng.random(start.size)
    among_sharers = rng.random(start.size) < SHARER_BIAS
    return np.where(
        among_sharers,
        sharers.draw(people.store[start], start, reach, place),
        everyone.draw(people.store[start], start, reach, place),
    )


class _Circles:
    """Some customers ordered by district and, within it, by acquaintance."""

    def __init__(self, people: People, members: Ints) -> None:
        districts = sorted({store.district for store in STORES})
        of_store = np.asarray([districts.index(store.district) for store in STORES], dtype=np.int64)
        self._of_store = of_store
        # The place on a line of acquaintance is the customer's number: whoever stands near is known.
        self._members = members[np.lexsort((members, of_store[people.store[members]]))]
        district = of_store[people.store[self._members]]
        self._pointer = np.searchsorted(district, np.arange(len(districts) + 1)).astype(np.int64)
        self._rank = np.searchsorted(
            district * len(people) + self._members, of_store[people.store] * len(people) + np.arange(len(people))
        ).astype(np.int64)
        self._width = max(2, COMMUNITY * members.size // len(people))

    def draw(self, stores: Ints, start: Ints, reach: Ints, place: Floats) -> Ints:
        """A member for each start; reach 0 = its community, 1 = its district, 2 = the city."""
        district = self._of_store[stores]
        low, high = self._pointer[district], self._pointer[district + 1]
        near = np.maximum(low, np.minimum(self._rank[start] // self._width * self._width, high - 1))
        first = np.where(reach == 0, near, np.where(reach == 1, low, 0))
        last = np.where(
            reach == 0, np.minimum(near + self._width, high), np.where(reach == 1, high, self._members.size)
        )
        # A district without members (in a tiny world) lends its neighbour's.
        chosen = first + np.floor(place * np.maximum(1, last - first)).astype(np.int64)
        return self._members[np.minimum(chosen, self._members.size - 1)]
