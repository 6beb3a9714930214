"""Recording events that a program hands over: the same steps as for files, and a verdict for each."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

import msgspec
import polars as pl

from graph.errors import BadInput, RenmaiError
from graph.log import Clocks, DeadLetters, EventLog, Unchanged
from loaders.formats.events_jsonl import read_lines
from loaders.letters import letters
from loaders.rejection import Rejected, RejectReason
from loaders.steps.complete import Defaults
from loaders.understand import LONGEST_VALUE, Understood, understand

MOST = 2_500


class Outcome(StrEnum):
    """What became of one event."""

    ACCEPTED = "ACCEPTED"
    REPEATED = "REPEATED"
    REJECTED = "REJECTED"
    CONFLICT = "CONFLICT"
    """Something was said of the same subject since the version that was named; nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event, and why it was refused."""

    outcome: Outcome
    id: str | None
    """The event's id, given or made; None where it was rejected."""
    reason: RejectReason | None = None
    field: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the program that hands an event over knows it to be none."""

    reason: RejectReason
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Request:
    """Events that were handed over together: when, by which system, and which of them are known to be none."""

    records: Sequence[Mapping[str, object]]
    received_at: datetime
    source: str | None = None
    refused: Mapping[int, Refusal] = field(default_factory=dict[int, Refusal])
    """By place."""
    since: Mapping[int, int] = field(default_factory=dict[int, int])
    """Place → the version of the log since which nothing may have been said of the event's subject."""

    @property
    def places(self) -> list[int]:
        """Those that are read."""
        return [place for place in range(len(self.records)) if place not in self.refused]


class Recorder:
    """Takes events of an API into the log; one for a process, shared by its threads."""

    def __init__(self, log: EventLog, rejected: DeadLetters, defaults: Defaults | None = None) -> None:
        """Holds the log and the stores' zones, which follow the log as others write to it."""
        self._log = log
        self._rejected = rejected
        self._defaults = defaults or Defaults(source="api")
        self._clocks = Clocks(self._defaults.time_zone)
        # One name a process: batches of two processes must not be taken for one another's.
        self._name = f"record:{uuid4().hex}"
        self._batch = 0
        self._lock = threading.Lock()

    def record_events(
        self,
        records: Sequence[Mapping[str, object]],
        *,
        received_at: datetime,
        source: str | None = None,
        refused: Mapping[int, Refusal] | None = None,
    ) -> list[Verdict]:
        """A verdict for each event, in the order given. What is ACCEPTED is in the log when this returns.

        At most 2,500 events (BadInput); the same events again are REPEATED. LogUnavailable: none of them was taken.
        Those at the places in `refused` are not read: they are REJECTED as told, and kept with the dead letters.
        """
        [done] = self.record_all([Request(records, received_at, source, refused or {})])
        if isinstance(done, RenmaiError):
            raise done
        return done

    def record_all(self, requests: Sequence[Request]) -> list[list[Verdict] | RenmaiError]:
        """Of each request what `record_events` says, in one commit of the log for all of them; one that fails stops no
        other. LogUnavailable where nothing of any could be written.
        """
        with self._lock:
            self._clocks.learn_from(self._log, self._log.version)
            read = [self._understood(one) for one in requests]
            done = self._appended([(request, one) for request, one in zip(requests, read, strict=True)
                                   if isinstance(one, Understood)])  # fmt: skip
        found: list[list[Verdict] | RenmaiError] = []
        for request, one in zip(requests, read, strict=True):
            if isinstance(one, RenmaiError):
                found.append(one)
            else:
                found.append(_told(request, one, done[: one.events.height]))
                done = done[one.events.height :]
        return found

    def _understood(self, request: Request) -> Understood | RenmaiError:
        records, refused = request.records, request.refused
        if len(records) > MOST:
            return BadInput(f"at most {MOST} events can be recorded at once, not {len(records)}; send them in parts")
        read = read_lines([(place + 1, _line(records[place])) for place in request.places])
        self._batch += 1
        try:
            defaults = self._defaults if request.source is None else _from(self._defaults, request.source)
            understood = understand(read, self._clocks, defaults, request.received_at)
            unfit = [_unfit(place, records[place], why) for place, why in sorted(refused.items())]
            self._keep_rejected((*understood.rejected, *unfit), defaults.source, request.received_at)
        except RenmaiError as failure:
            return failure
        return understood

    def _appended(self, read: Sequence[tuple[Request, Understood]]) -> list[Outcome]:
        """What became of each event."""
        events = pl.concat([one.events for _, one in read]) if read else None
        if events is None or events.is_empty():
            return []
        since = [version for request, one in read for version in _since(request, one)]
        unchanged = Unchanged(since) if any(version is not None for version in since) else None
        appended = self._log.append(events, loader=self._name, batch=self._batch, unchanged=unchanged)
        done = [Outcome.ACCEPTED if new else Outcome.REPEATED for new in appended.fresh]
        if appended.held is None:
            return done
        return [Outcome.CONFLICT if held else one for one, held in zip(done, appended.held, strict=True)]

    def _keep_rejected(self, rejected: Sequence[Rejected], source: str, received_at: datetime) -> None:
        if rejected:
            kept = letters(
                rejected,
                origin=f"{self._name}:{self._batch}",
                file="recordEvents",
                form="events_jsonl",
                source=source,
                received_at=received_at,
            )
            self._rejected.append(kept, loader=self._name, batch=self._batch)


def _from(defaults: Defaults, source: str) -> Defaults:
    return Defaults(time_zone=defaults.time_zone, currency=defaults.currency, source=source)


def _line(record: Mapping[str, object]) -> bytes:
    """The event as the line of JSON that a file would hold; decimals and times are spelt as text."""
    try:
        return msgspec.json.encode(dict(record))
    except (TypeError, ValueError) as error:
        return f"cannot be written as JSON: {error}".encode()


def _unfit(place: int, record: Mapping[str, object], why: Refusal) -> Rejected:
    line = _line(record).decode()
    value = None if record.get(why.field) is None else str(record[why.field])[:LONGEST_VALUE]
    return Rejected(why.reason, why.field, value, why.message, line, line, place + 1, place)


def _since(request: Request, understood: Understood) -> list[int | None]:
    """The condition of each event, in the events' order."""
    places = request.places
    rows: list[int] = understood.events["_row"].to_list()
    return [request.since.get(places[row]) for row in rows]


def _told(request: Request, understood: Understood, done: Sequence[Outcome]) -> list[Verdict]:
    places = request.places
    found = dict(zip(places, _verdicts(understood, done, len(places)), strict=True))
    refused = request.refused.items()
    found |= {place: Verdict(Outcome.REJECTED, None, why.reason, why.field, why.message) for place, why in refused}
    return [found[place] for place in range(len(request.records))]


def _verdicts(understood: Understood, done: Sequence[Outcome], count: int) -> list[Verdict]:
    found: dict[int, Verdict] = {}
    for row, id_, outcome in zip(understood.events["_row"], understood.events["id"], done, strict=True):
        found[row] = Verdict(outcome, id_)
    for one in understood.rejected:
        found[one.row] = Verdict(Outcome.REJECTED, None, one.reason, one.field, one.message)
    return [found[row] for row in range(count)]
