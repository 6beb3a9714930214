"""Looking for signs of fraud in the referrals of a log: what is found, in sentences, with the events behind it."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import numpy as np
import polars as pl

from graph.algorithms.referrals.fraud import Raised, bursts, common_values, lapsed, rings, velocity
from graph.errors import BadInput
from graph.jobs.columns import codes, names, seconds
from graph.jobs.derive.described import json_text
from graph.jobs.derive.expressions import of_kind
from graph.log.event_log import EventLog
from graph.log.schema import EventKind

DAY = 86_400
HASHES = {"device_hash": 0.8, "phone_hash": 0.9, "address_hash": 0.5, "payment_hash": 0.95}
"""Property that holds a hashed value → how strongly it speaks where referrer and referred alone have it in common."""
BURSTING = ("device_hash", "address_hash", "session")
MOST_EVIDENCE = 20
_JOINING = of_kind(EventKind.REGISTER, EventKind.REFERRAL)
_IDENTIFIED = of_kind(EventKind.REGISTER, EventKind.REFERRAL, EventKind.LOGIN, EventKind.PURCHASE)
_COLUMNS = ("id", "at", "kind", "customer", "referrer", "session", "properties")


@dataclass(frozen=True, slots=True)
class SignsRequest:
    """Windows of the search. Raises BadInput for one that is not above 0."""

    ring_days: float = 30.0
    """A ring closes within so many days."""
    burst_hours: float = 24.0
    """Registrations from one device, address or session are counted within so many hours."""
    velocity_days: float = 7.0
    """A referrer's referrals are counted within so many days."""
    lapse_days: float = 60.0
    """Who buys nothing for so long after the reward has lapsed."""

    def __post_init__(self) -> None:
        """Check every window."""
        for name in self.__slots__:
            if not 0 < getattr(self, name) < 10_000:
                raise BadInput(f"{name} must be above 0 and below 10,000, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class FoundSign:
    """One sign against one referral."""

    customer: str
    referrer: str
    sign: str
    score: float
    sentence: str
    evidence: tuple[str, ...]
    """Ids of events, at most 20."""


@dataclass(frozen=True, slots=True)
class SignsFound:
    """What a search found, and what it looked at."""

    signs: tuple[FoundSign, ...]
    referrals: int
    as_of: datetime | None
    log_version: int

    def events(self) -> list[dict[str, object]]:
        """The signs as events of the log. Of the same sign against the same referral, as strong, the id is the same."""
        return [_event(sign, self.as_of) for sign in self.signs]


def find_signs(log: EventLog, version: int, request: SignsRequest) -> SignsFound:
    """Every sign in the log up to a version, in the order of customers and signs; the same log gives the same signs."""
    events = log.read(_COLUMNS, where=_IDENTIFIED & pl.col("customer").is_not_null(), up_to=version)
    claims = events.filter(_JOINING & pl.col("referrer").is_not_null())
    if claims.is_empty():
        return SignsFound((), 0, None, version)
    search = _Search(log, version, request, events, claims)
    found = [sign for look in search.looks() for sign in look()]
    strongest: dict[tuple[str, str], FoundSign] = {}
    for sign in found:
        other = strongest.get((sign.customer, sign.sign))
        if other is None or sign.score > other.score:
            strongest[sign.customer, sign.sign] = sign
    ordered = tuple(strongest[key] for key in sorted(strongest))
    return SignsFound(ordered, claims["customer"].n_unique(), cast("datetime", events["at"].max()), version)


class _Search:
    """One search: the claims of who brought whom (one row an event), and the arrays behind them."""

    def __init__(
        self, log: EventLog, version: int, request: SignsRequest, events: pl.DataFrame, claims: pl.DataFrame
    ) -> None:
        self._log, self._version, self._request = log, version, request
        self._events, self._claims = events, claims
        self._people = names([events["customer"], claims["referrer"]])
        self._referrer, self._referred = (codes(claims[name], self._people) for name in ("referrer", "customer"))
        self._at = seconds(claims["at"])

    def looks(self) -> tuple[Callable[[], Iterator[FoundSign]], ...]:
        """Each looks for one kind of sign."""
        return (self.self_referrals, self.common, self.rings, self.bursts, self.lapsed, self.velocity)

    def self_referrals(self) -> Iterator[FoundSign]:
        """Who names themselves, or somebody whose key is spelt almost alike."""
        plain = [_plain(key) for key in self._people]
        for row in range(self._claims.height):
            brought, bringer = int(self._referred[row]), int(self._referrer[row])
            if brought == bringer:
                yield self._sign(row, "self_referral", 1.0, f"{self._name(brought)} named themselves as the referrer.")
            elif plain[brought] == plain[bringer] and len(plain[brought]) >= 3:
                alike = f"The keys {self._name(bringer)} and {self._name(brought)} differ in spelling alone."
                yield self._sign(row, "near_identical_key", 0.6, alike)

    def common(self) -> Iterator[FoundSign]:
        """Who has a hashed value in common with the referrer."""
        for field, weight in HASHES.items():
            held = self._holding(field)
            values = names([held[field]])
            owner, value = codes(held["customer"], self._people), codes(held[field], values).astype(np.int64)
            raised = common_values(self._referrer, self._referred, owner, value, weight)
            word = field.removesuffix("_hash")
            for row, cause, score, count in _rows(raised):
                both = (self._name(int(self._referrer[row])), self._name(int(self._referred[row])))
                others = "no other customer has" if count == 2 else f"{count - 2} other customers have too"
                sentence = f"{both[0]} and {both[1]} have the same {word}, which {others}."
                bearing = held.filter(pl.col(field) == values[cause], pl.col("customer").is_in(list(both)))
                yield self._sign(row, f"same_{word}", score, sentence, bearing["id"].to_list())

    def rings(self) -> Iterator[FoundSign]:
        """Who brought one another in a circle."""
        window = round(self._request.ring_days * DAY)
        raised = rings(self._referrer, self._referred, self._at, len(self._people), window)
        for row, cause, score, count in _rows(raised):
            own = self._claims["id"].gather(raised.row[raised.cause == cause]).to_list()
            sentence = f"{count} customers brought one another in a circle within {self._request.ring_days:g} days."
            yield self._sign(row, "ring", score, sentence, own)

    def bursts(self) -> Iterator[FoundSign]:
        """Who registered together with many others from one device, address or session."""
        hours = self._request.burst_hours
        for field in BURSTING:
            held = self._holding(field).filter(_JOINING).unique(["customer", field], keep="first", maintain_order=True)
            if held.is_empty():
                continue
            values = names([held[field]])
            raised = bursts(codes(held[field], values).astype(np.int64), seconds(held["at"]), round(hours * 3_600))
            claimed = {key: row for row, key in reversed(list(enumerate(self._claims["customer"])))}
            word = field.removesuffix("_hash")
            for place, cause, score, count in _rows(raised):
                row = claimed.get(held["customer"][place])
                if row is not None:
                    which = np.flatnonzero((raised.row == place) & (raised.cause == cause))[0]
                    sentence = (
                        f"{count} customers registered from one {word} within {hours:g} hours, where"
                        f" {raised.expected[which]:.2f} are usual (q = {raised.q_value[which]:.2g})."
                    )
                    own = held["id"].gather(raised.row[raised.cause == cause]).to_list()
                    yield self._sign(row, f"{word}_burst", score, sentence, own)

    def lapsed(self) -> Iterator[FoundSign]:
        """Who bought nothing more after the reward, where that is the rule for their referrer."""
        days = self._request.lapse_days
        rewards = self._log.read(
            ("id", "at", "customer"), where=of_kind(EventKind.REFERRAL_REWARD), up_to=self._version
        ).unique("customer", keep="first", maintain_order=True)
        first = self._claims.with_row_index("row").filter(pl.col("customer") != pl.col("referrer"))
        first = first.unique("customer", keep="first", maintain_order=True)
        paid = first.select("row", "customer", "referrer").join(rewards, on="customer", maintain_order="left")
        window = pl.duration(seconds=round(days * DAY))
        paid = paid.filter(pl.col("at") + window <= self._events["at"].max())
        if paid.is_empty():
            return
        bought = self._events.filter(of_kind(EventKind.PURCHASE)).select("customer", bought_at="at")
        later = paid.join(bought, on="customer").filter(
            pl.col("bought_at") > pl.col("at"), pl.col("bought_at") <= pl.col("at") + window
        )
        back = paid["customer"].is_in(later["customer"].unique().implode()).to_numpy().astype(np.bool_)
        raised = lapsed(codes(paid["referrer"], self._people), back)
        for place, cause, score, count in _rows(raised):
            all_of_theirs = paid.filter(pl.col("referrer") == self._name(cause)).height
            which = np.flatnonzero(raised.row == place)[0]
            sentence = (
                f"Of {all_of_theirs} rewarded customers whom {self._name(cause)} brought {count} bought nothing in the"
                f" {days:g} days after the reward, where {raised.expected[which]:.1f} are usual"
                f" (q = {raised.q_value[which]:.2g})."
            )
            yield self._sign(int(paid["row"][place]), "lapsed_after_reward", score, sentence, [paid["id"][place]])

    def velocity(self) -> Iterator[FoundSign]:
        """Who was brought while their referrer brought far more than before."""
        window = round(self._request.velocity_days * DAY)
        # What is said of one customer twice is one referral.
        first = self._claims.with_row_index("row").unique("customer", keep="first", maintain_order=True)
        first = first.filter(pl.col("customer") != pl.col("referrer"))
        registered = self._events.filter(of_kind(EventKind.REGISTER)).group_by("customer").agg(pl.col("at").min())
        since = np.full(len(self._people), seconds(self._events["at"])[0])
        since[codes(registered["customer"], self._people)] = seconds(registered["at"])
        until = int(seconds(self._events["at"])[-1])
        raised = velocity(codes(first["referrer"], self._people), seconds(first["at"]), since, until, window)
        for place, cause, score, count in _rows(raised):
            which = np.flatnonzero(raised.row == place)[0]
            sentence = (
                f"{self._name(cause)} brought {count} customers within {self._request.velocity_days:g} days, where"
                f" {raised.expected[which]:.2f} were usual for them (q = {raised.q_value[which]:.2g})."
            )
            own = first["id"].gather(raised.row[raised.cause == cause]).to_list()
            yield self._sign(int(first["row"][place]), "velocity", score, sentence, own)

    def _holding(self, field: str) -> pl.DataFrame:
        """The events that tell the value, with it under its own name."""
        held = self._events if field == "session" else self._events.with_columns(json_text(field).alias(field))
        return held.filter(pl.col(field).is_not_null())

    def _name(self, code: int) -> str:
        return str(self._people[code])

    def _sign(self, row: int, sign: str, score: float, sentence: str, evidence: Sequence[str] = ()) -> FoundSign:
        claim = str(self._claims["id"][row])
        ids = tuple(dict.fromkeys([claim, *evidence]))[:MOST_EVIDENCE]
        brought, bringer = self._name(int(self._referred[row])), self._name(int(self._referrer[row]))
        return FoundSign(brought, bringer, sign, round(float(score), 2), sentence, ids)


def _rows(raised: Raised) -> Iterator[tuple[int, int, float, int]]:
    return zip(raised.row.tolist(), raised.cause.tolist(), raised.score.tolist(), raised.count.tolist(), strict=True)


def _plain(key: str) -> str:
    """The letters and digits of a key; of an address what is behind a plus sign before the @ is left out."""
    name, at, domain = key.casefold().partition("@")
    kept = name.partition("+")[0] + domain if at else name
    return "".join(filter(str.isalnum, kept))


def _event(sign: FoundSign, as_of: datetime | None) -> dict[str, object]:
    named = json.dumps([sign.sign, sign.customer, sign.referrer, sign.score], ensure_ascii=False)
    said = {"sign": sign.sign, "score": sign.score, "sentence": sign.sentence, "evidence": list(sign.evidence)}
    return {
        "id": f"referral-sign-{hashlib.sha256(named.encode()).hexdigest()[:32]}",
        "kind": EventKind.REFERRAL_SIGN.value,
        "at": None if as_of is None else as_of.isoformat(),
        "customer": sign.customer,
        "referrer": sign.referrer,
        "properties": said,
    }
