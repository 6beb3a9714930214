"""What is kept of webhooks: addresses, messages, deliveries, attempts; and how each is read from its row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from graph.queries.view import View


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address and what it wants; `disabled` says why nothing is sent to it any more."""

    id: str
    owner: str
    url: str
    topics: frozenset[str]
    kinds: frozenset[str]
    secret: str
    created_at: datetime
    disabled: str | None = None
    view: View | None = field(default=None, compare=False)
    """Of a partner's: what it sees."""


@dataclass(frozen=True, slots=True)
class Message:
    """What happened, for everybody who wants its topic; `kind` is that of the events in it."""

    id: str
    topic: str
    body: bytes
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: the status that was answered, or the problem that no answer came of."""

    at: datetime
    status: int | None
    milliseconds: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for one webhook; `state` is pending, delivered or dead."""

    number: int
    message: str
    webhook: str
    topic: str
    body: bytes
    created_at: datetime
    state: str
    failed: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a list of deliveries: at most so many between two numbers, the newest first unless told otherwise."""

    most: int
    below: int | None = None
    above: int | None = None
    oldest_first: bool = False


def webhook_of(row: Sequence[Any]) -> Webhook:
    """The webhook of a row."""
    id, owner, url, topics, kinds, secret, created, disabled, partner, only = row
    wanted = (frozenset(topics.split()), frozenset(kinds.split()))
    rules = {name: tuple(values) for name, values in json.loads(only or "{}").items()}
    view = View(partner, rules) if partner else None
    return Webhook(id, owner, url, *wanted, secret, datetime.fromtimestamp(created, UTC), disabled, view)


def only_text(view: View) -> str:
    """The rules of a view as they are kept."""
    return json.dumps(dict(view.only), ensure_ascii=False)


def delivery_of(row: Sequence[Any]) -> Delivery:
    """The delivery of a row."""
    number, message, webhook, topic, body, created, state, failed, next_at = row
    made, due = datetime.fromtimestamp(created, UTC), datetime.fromtimestamp(next_at, UTC)
    return Delivery(number, message, webhook, topic, body, made, state, failed, due)


def attempt_of(row: Sequence[Any]) -> Attempt:
    """The attempt of a row."""
    at, status, milliseconds, problem = row
    return Attempt(datetime.fromtimestamp(at, UTC), status, milliseconds, problem)
