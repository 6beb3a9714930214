"""The events that influence is read from, kept between readings so that a later one costs only what came since."""

from dataclasses import dataclass
from threading import Lock

import polars as pl

from graph.jobs.columns import names
from graph.log.event_log import EventLog
from graph.log.schema import EventKind

TOLD_KINDS = (EventKind.SHARE, EventKind.SHARE_CLICK, EventKind.REGISTER, EventKind.REFERRAL)
PAID_KINDS = (EventKind.PURCHASE, EventKind.REFUND)
TOLD = ("id", "at", "kind", "customer", "share", "referrer", "properties", "channel", "campaign")
PAID = ("id", "at", "kind", "customer", "share", "referrer", "order", "product", "amount")
MOST_ROWS = 5_000_000
"""A longer reading is not kept: it would fill the memory of a server."""


@dataclass(frozen=True, slots=True)
class ShareEvents:
    """Everything up to a version, ordered by time and then id."""

    version: int
    told: pl.DataFrame
    """Shares, clicks, registrations and referrals."""
    paid: pl.DataFrame
    """Lines of orders, and refunds."""
    everybody: pl.Series
    """All customers of the data set, those included who never had a part in a share; each once, in order."""

    def further(self, log: EventLog, version: int, source: str | None) -> "ShareEvents":
        """The same at a later version, out of the events between; equal to reading everything at that version."""
        columns = list(dict.fromkeys((*TOLD, *PAID)))
        fresh = log.changed(after=self.version, up_to=version).filter(_of(source)).select(columns).collect()
        told, paid = (
            pl.concat([kept.join(fresh, on="id", how="anti"), fresh.filter(_among(kinds)).select(kept.columns)])
            for kept, kinds in ((self.told, TOLD_KINDS), (self.paid, PAID_KINDS))
        )
        everybody = names([self.everybody, fresh["customer"]])
        return ShareEvents(version, told.sort("at", "id"), paid.sort("at", "id"), everybody)

    def is_touched(self, log: EventLog, version: int, source: str | None) -> bool:
        """Whether an event between here and the later version can change a score: a new customer has one, too."""
        rows = log.changed(after=self.version, up_to=version)
        counts = _among((*TOLD_KINDS, *PAID_KINDS)) & _of(source)
        told = _among((EventKind.PROFILE,)) & pl.col("customer").is_not_null() & _of(source)
        new = ~pl.col("customer").is_in(self.everybody.implode()) & _of(source)
        touching = rows.filter(counts | told | new | _among((EventKind.REFERRAL_REVIEW,)))
        return not touching.select("id").head(1).collect().is_empty()


def read_share_events(log: EventLog, version: int, source: str | None) -> ShareEvents:
    """Everything up to the version."""
    told, paid = (
        log.read(columns, where=_among(kinds) & _of(source), up_to=version)
        for columns, kinds in ((TOLD, TOLD_KINDS), (PAID, PAID_KINDS))
    )
    customers = log.scan(up_to=version).filter(_of(source)).select(pl.col("customer").drop_nulls().unique())
    return ShareEvents(version, told, paid, names([customers.collect()["customer"]]))


class ShareMemory:
    """The latest reading of each data set; safe for many threads."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._kept: dict[tuple[str, str | None], ShareEvents] = {}
        self._lock = Lock()

    def at(self, log: EventLog, version: int, source: str | None) -> ShareEvents:
        """The events up to the version: out of memory as far as they are there, and then kept."""
        key = log.address, source
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.version == version:
                return kept
            if kept is None or kept.version > version:
                found = read_share_events(log, version, source)
            else:
                found = kept.further(log, version, source)
            if kept is None or kept.version < version:
                self.keep(log, source, found)
            return found

    def keep(self, log: EventLog, source: str | None, found: ShareEvents) -> None:
        """Puts a reading in the place of whatever was there, unless it is too long."""
        if found.told.height + found.paid.height <= MOST_ROWS:
            self._kept[log.address, source] = found


def _among(kinds: tuple[EventKind, ...]) -> pl.Expr:
    return pl.col("kind").is_in([kind.value for kind in kinds])


def _of(source: str | None) -> pl.Expr:
    return pl.lit(value=True) if source is None else pl.col("source") == source
