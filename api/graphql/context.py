"""What resolvers work with: services that live as long as the app, and a context that lives for one operation."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import strawberry
from graphql import DocumentNode

from api.access.audit import PersonalRead
from api.access.scopes import Needs, expanded
from api.access.scopes import Scope as Scope
from api.graphql.errors import lacking
from api.graphql.loaders import Batch, Loaders
from api.observing.request_id import current
from api.webhooks.records import Attempt, Delivery, Message, Stretch, Webhook
from graph.algorithms.chains import EVERY_WEEK_ALIKE, Calendar
from graph.jobs.advocates import AdvocatesChosen, AdvocatesRequest
from graph.jobs.drift import Drifted
from graph.jobs.referral_economics import EconomicsAsked, EconomicsReport
from graph.jobs.score_changes import Changed, ChangesAsked
from graph.queries.reader import Columns, Reader
from graph.queries.view import Ids, PartnerReader, View

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the name of the key, or nobody's, its scopes, and what tells it apart (the same after a rotation).

    Who has no key is told apart by the address.
    """

    name: str
    scopes: Needs
    is_anonymous: bool = False
    key: str = field(default="", compare=False)
    view: View | None = None
    """Of a partner: what it sees."""
    is_sandbox: bool = False
    """Whether the caller is answered from generated data alone (`api.sandbox`)."""
    is_token: bool = False
    """Whether a token of the identity provider says who it is: it ends, and nobody tells us who may have another."""

    @property
    def rights(self) -> Needs:
        """Everything that the scopes stand for."""
        return expanded(self.scopes)

    @property
    def owner(self) -> str:
        """Under whose name things are kept that nobody else may have."""
        return self.name if self.is_anonymous else self.key or self.name


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event: ACCEPTED, REPEATED or REJECTED, and for the last why."""

    status: str
    event_id: str | None = None
    reason: str | None = None
    field: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event is no event: told by the API, before any loader reads it."""

    reason: str
    field: str
    message: str


class Recorder(Protocol):
    """Where events go."""

    async def record(
        self,
        events: Sequence[Mapping[str, Any]],
        source: str,
        refused: Mapping[int, Refusal],
        since: Mapping[int, int] | None = None,
    ) -> list[Verdict]:
        """A verdict for each event, in their order. LogUnavailable where nothing could be written.

        `refused` are places of events that are REJECTED for a reason that is known already. `since` is, by place, the
        version of the log since which nothing may have been said of the event's subject: else it is a CONFLICT.
        """
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """A mutation that carries an idempotency key: whose, which, and a digest of its input."""

    caller: str
    mutation: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Mine:
    """Nobody answered this request yet: answer it, then `keep` or `forget`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer, as it was kept."""

    answer: bytes


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The first request with this key and input has not ended."""


@dataclass(frozen=True, slots=True)
class Conflicting:
    """The key was used with other input."""


class Answers(Protocol):
    """Where the first answers to mutations are kept."""

    def claim(self, given: Given, now: datetime) -> Mine | Kept | UnderWay | Conflicting:
        """The kept answer to the same request, or the right to answer it."""
        ...

    def keep(self, given: Given, answer: bytes) -> None:
        """The answer to a request that was claimed."""
        ...

    def forget(self, given: Given) -> None:
        """Nothing was done for a request that was claimed."""
        ...


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A computation of scores that a client asks for."""

    kind: str
    source: str | None
    seed: int
    parameters: Mapping[str, Any]
    engine: str = "local"


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is: `done` of `total` steps of its present stage; `state` is running, succeeded or failed."""

    run_id: str
    kind: str
    state: str
    stage: str
    done: int
    total: int
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class AlreadyRunning:
    """A run of the same kind and data set is under way."""

    run_id: str


class ScoreRuns(Protocol):
    """Where runs are started and watched."""

    async def start(self, request: RunRequest) -> RunProgress | AlreadyRunning:
        """Starts in the background. BadInput where the parameters cannot be used."""
        ...

    def watch(self, run_id: str) -> AsyncIterator[RunProgress] | None:
        """Progress from now on, the last state first, until the run ends; None for a run not started here."""
        ...


class AdvocateChoices(Protocol):
    """Where advocates are chosen."""

    async def choose(self, request: AdvocatesRequest) -> AdvocatesChosen:
        """The choice; CannotSelect where it cannot be made as asked."""
        ...


class Referrals(Protocol):
    """Where the economics of referrals are told."""

    async def report(self, asked: EconomicsAsked) -> EconomicsReport:
        """The figures; CannotReport where they cannot be told as asked."""
        ...


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An event as the log has it, as far as it is told to who watches."""

    id: str
    kind: str
    at: datetime
    customer: str | None
    store: str | None
    channel: str | None
    product: str | None
    order: str | None
    quantity: float | None
    amount: Decimal | None
    currency: str | None
    share: str | None
    referrer: str | None
    source: str | None
    log_version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a listener wants: of these kinds, or that name one of these customers; all without either."""

    kinds: frozenset[str] | None = None
    customers: frozenset[str] | None = None

    def fits(self, event: LogEvent) -> bool:
        """Whether the listener wants this one."""
        if self.customers is not None:
            return event.customer in self.customers or event.referrer in self.customers
        return self.kinds is None or event.kind in self.kinds


class FellBehind(Exception):
    """A listener did not keep up."""

    def __init__(self, waiting: int, what: str = "events") -> None:
        """`waiting` is how many events, messages or bytes may wait."""
        super().__init__(f"more than {waiting} {what} were waiting")
        self.waiting, self.what = waiting, what


class Listening(Protocol):
    """Where what is recorded is told."""

    def listen(self, wanted: Wanted) -> AsyncIterator[list[LogEvent]]:
        """What comes from now on, in the order of the log; FellBehind where it is not taken fast enough."""
        ...

    async def joined(self) -> int:
        """After which version of the log somebody hears who comes now; no delivery lies astride it."""
        ...


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export: a noun in a form, of one run, of some customers, with what is personal and nested, or without."""

    noun: str
    form: str
    run: str | None = None
    audience: Mapping[str, Any] = field(default_factory=dict[str, Any])
    personal: bool = False
    children: tuple[str, ...] = ()
    """Lists whose rows follow their parents."""
    owner: str = field(default="", compare=False)
    """Who may ask for it and download it."""
    view: View | None = field(default=None, compare=False)
    """Of a partner: what it sees."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export as it stands; `state` is running, succeeded or failed."""

    id: str
    request: ExportRequest
    state: str
    started_at: datetime
    expires_at: datetime
    rows: int = 0
    size: int = 0
    failure: str | None = None
    is_withdrawn: bool = False
    """Whether its file is gone because a partner does not see everybody in it any more."""


@dataclass(frozen=True, slots=True)
class TooManyExports:
    """As many as may run at once are under way."""

    running: int


class Audit(Protocol):
    """Where reads of personal data are recorded."""

    def record(self, *reads: PersonalRead) -> None:
        """Adds a line for each. LogUnavailable where they cannot be written: then none is."""
        ...


class Exports(Protocol):
    """Where exports are started and found."""

    async def start(self, request: ExportRequest) -> Export | TooManyExports:
        """Begins in the background. LogUnavailable where nothing can be written."""
        ...

    async def find(self, id: str) -> Export | None:
        """The export as it stands; None for an unknown or an expired one.

        A partner's is withdrawn once somebody in it is not seen by the partner any more.
        """
        ...


class Webhooks(Protocol):
    """Where webhooks are made and their deliveries are found; nobody sees another's."""

    async def create(self, caller: Caller, url: str, topics: Collection[str], kinds: Collection[str]) -> Webhook:
        """A new webhook; BadInput for what cannot be one."""
        ...

    async def of(self, owner: str) -> list[Webhook]:
        """All of a caller's, the oldest first."""
        ...

    async def find(self, owner: str, id: str) -> Webhook | None:
        """One of a caller's."""
        ...

    async def remove(self, webhook: Webhook) -> None:
        """Forgets it."""
        ...

    async def test(self, webhook: Webhook, *, send: bool) -> tuple[Message, dict[str, str]]:
        """A test message and its headers, sent or only shown."""
        ...

    async def deliveries(self, webhook: Webhook, wanted: Stretch, state: str | None) -> list[Delivery]:
        """Deliveries in a stretch of their list, in the order in which it is read."""
        ...

    async def count(self, webhook: Webhook, state: str | None, most: int) -> int:
        """How many deliveries there are in a state, or in any; no further than to the most."""
        ...

    async def attempts(self, numbers: Collection[int]) -> dict[int, list[Attempt]]:
        """The attempts of each delivery."""
        ...

    async def replay(self, owner: str, number: int) -> Delivery | None:
        """A delivery that is due again; BadInput where its webhook has ended."""
        ...


class ReadingOwnWrites(Protocol):
    """Where bookmarks are made and waited for."""

    async def newest(self) -> str:
        """The bookmark of everything that is recorded."""
        ...

    async def followed(self) -> str:
        """The bookmark of what the graph has followed."""
        ...

    async def reached(self, bookmark: str) -> bool:
        """Whether the graph has followed so far, within a bounded wait. BadInput for what is no bookmark."""
        ...


class ChainDrifts(Protocol):
    """Where runs of chains are compared."""

    async def between(self, before: str, after: str) -> list[Drifted]:
        """What changed from one run to the other; BadInput for runs that cannot be compared."""
        ...


class InfluenceComparing(Protocol):
    """Where runs of influence are compared."""

    async def between(self, before: str, after: str, asked: ChangesAsked) -> Changed:
        """Who changed from one run to the other; BadInput for runs that cannot be compared."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What lives as long as the app."""

    reader: Reader
    recorder: Recorder
    runs: ScoreRuns
    advocates: AdvocateChoices
    referrals: Referrals
    answers: Answers
    feed: Listening
    exports: Exports
    webhooks: Webhooks
    drift: ChainDrifts
    changes: InfluenceComparing
    zone: ZoneInfo
    now: Callable[[], datetime]
    ids: Callable[[str], Ids]
    """A partner's own ids, by the partner's name."""
    audit: Audit
    calendar: Calendar = EVERY_WEEK_ALIKE
    bookmarks: ReadingOwnWrites | None = None


def _not_known(_: object) -> Columns:
    return None


@dataclass(slots=True)
class Context:
    """One operation: who asks, what was parsed, and loaders that nobody else shares."""

    services: Services
    caller: Caller
    document: DocumentNode | None = None
    started_at: datetime = field(init=False)
    request_id: str = field(default_factory=current)
    loaders: Loaders = field(init=False)
    personal: Counter[str] = field(default_factory=Counter[str])
    """Personal field → how many values of it were read."""
    told_after: int = 0
    """The version of the log that the message which is made now begins with."""

    needed: Callable[[Any], Columns] = _not_known
    """Info of a field that tells a page → the columns of its rows that are needed; the executor knows."""

    reader: Reader = field(init=False)
    """The store as the caller sees it, for reads that belong to no parent."""

    def __post_init__(self) -> None:
        services, view = self.services, self.caller.view
        self.reader = PartnerReader(services.reader, view, services.ids(view.partner)) if view else services.reader
        self.loaders = Loaders(self.reader)
        self.started_at = services.now()

    def require(self, scopes: Needs) -> None:
        """Raises FORBIDDEN, or UNAUTHENTICATED for nobody, where the caller lacks one of the scopes."""
        if missing := scopes - self.caller.rights:
            raise lacking(missing, anonymous=self.caller.is_anonymous)

    def end(self) -> None:
        """Lets go of the executor and of what was loaded: all of it is freed at once, not when the collector comes."""
        self.needed = _not_known
        self.renew()

    def renew(self) -> None:
        """Loaders anew: what a subscription delivers next is read again."""
        self.loaders = Loaders(self.reader)

    def load(self, batch: Batch[Answer], key: str, *given: object) -> Awaitable[Answer]:
        """The answer to one key, read together with its neighbours' on the same level."""
        return self.loaders.load(batch, key, *given)


Info = strawberry.Info[Context, None]
