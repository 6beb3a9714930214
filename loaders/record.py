"""Recording events that a program hands over: the same steps as for files, and a verdict for each."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

import msgspec

from graph.errors import BadInput
from graph.log import Clocks, DeadLetters, EventLog
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
        if len(records) > MOST:
            raise BadInput(f"at most {MOST} events can be recorded at once, not {len(records)}; send them in parts")
        if not records:
            return []
        defaults = self._defaults if source is None else _from(self._defaults, source)
        known = refused or {}
        places = [place for place in range(len(records)) if place not in known]
        read = read_lines([(place + 1, _line(records[place])) for place in places])
        with self._lock:
            self._clocks.learn_from(self._log, self._log.version)
            understood = understand(read, self._clocks, defaults, received_at)
            self._batch += 1
            unfit = [_unfit(place, records[place], why) for place, why in sorted(known.items())]
            self._keep_rejected((*understood.rejected, *unfit), defaults.source, received_at)
            if understood.events.is_empty():
                fresh: list[bool] = []
            else:
                fresh = self._log.append(understood.events, loader=self._name, batch=self._batch).fresh.to_list()
        found = dict(zip(places, _verdicts(understood, fresh, len(places)), strict=True))
        found |= {place: Verdict(Outcome.REJECTED, None, w.reason, w.field, w.message) for place, w in known.items()}
        return [found[place] for place in range(len(records))]

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


def _verdicts(understood: Understood, fresh: Sequence[bool], count: int) -> list[Verdict]:
    found: dict[int, Verdict] = {}
    for row, id_, new in zip(understood.events["_row"], understood.events["id"], fresh, strict=True):
        found[row] = Verdict(Outcome.ACCEPTED if new else Outcome.REPEATED, id_)
    for one in understood.rejected:
        found[one.row] = Verdict(Outcome.REJECTED, None, one.reason, one.field, one.message)
    return [found[row] for row in range(count)]
