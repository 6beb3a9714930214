"""What this server allows beyond what a key may do."""

from dataclasses import dataclass, field

from api.documents import TrustedDocuments
from api.limits import Limits
from api.throttle import Allowance


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much may wait for one subscription whose client does not keep up."""

    messages: int = 10_000
    size: int = 4_000_000
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits and switches; the defaults suit development.

    In production nobody without a key learns the schema. `origins` are those of other sites whose pages may ask.
    """

    limits: Limits = field(default_factory=Limits)
    allowance: Allowance = field(default_factory=Allowance)
    documents: TrustedDocuments = field(default_factory=TrustedDocuments)
    is_production: bool = False
    get_queries: bool = True
    origins: frozenset[str] = frozenset()
    seconds: float = 30.0
    """No operation runs longer, whatever its statements do."""
    init_seconds: float = 3.0
    """How long a socket may stay silent before its init."""
    recheck_seconds: float = 5.0
    """How often it is asked whether the key or token of an open socket or stream is still good."""
    sockets: int = 2_000
    """Web sockets of one caller in a process."""
    socket_operations: int = 100
    """Operations at once on one socket."""
    subscriptions: int = 10_000
    """Subscriptions of one caller in a process, on sockets and as streams."""
    waiting: Waiting = field(default_factory=Waiting)
