"""A circuit breaker: when the graph is away, requests are refused at once, and one at a time asks whether it is back.

Closed, everything passes. After some failures in a row it opens: nothing passes for a pause. Then it is half open: one
request is let through; its success closes the breaker, its failure opens it again for twice the pause.
"""

import math
from dataclasses import dataclass, field

from graph.errors import StoreUnavailable


class StoreAway(StoreUnavailable):
    """The graph did not answer lately; nothing was sent to it."""

    def __init__(self, seconds: float) -> None:
        """`seconds` until it is asked again."""
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(f"The graph has not answered lately: it is asked again in {self.retry_after} s.")


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures in a row open the breaker, and for how many seconds at first and at most."""

    failures: int = 3
    first_pause: float = 1.0
    longest_pause: float = 8.0


@dataclass(slots=True)
class Breaker:
    """One for a store. `now` is seconds of a clock that does not run backwards."""

    patience: Patience = field(default_factory=Patience)
    _failures: int = 0
    _pause: float = 0.0
    _open_until: float = 0.0
    _probed_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the last that was heard of the store is that it is away."""
        return self._failures >= self.patience.failures

    def wait(self, now: float) -> float:
        """Seconds until something is let through; 0 where it is now, or one may ask whether the store is back."""
        if not self.is_open:
            return 0.0
        if now < self._open_until:
            return self._open_until - now
        probing = self._probed_at is not None and now < self._probed_at + self.patience.longest_pause
        return self.patience.first_pause if probing else 0.0

    def enter(self, now: float) -> None:
        """Before a statement is sent; StoreAway where none may be."""
        if seconds := self.wait(now):
            raise StoreAway(seconds)
        if self.is_open:
            self._probed_at = now

    def succeeded(self) -> None:
        """The store answered, be it with a refusal."""
        self._failures, self._pause, self._probed_at = 0, 0.0, None

    def failed(self, now: float) -> None:
        """The store could not be reached."""
        self._failures += 1
        if self.is_open:
            doubled = max(self.patience.first_pause, 2 * self._pause)
            self._pause = min(doubled, self.patience.longest_pause)
            self._open_until, self._probed_at = now + self._pause, None

    def gave_up(self) -> None:
        """Nobody waits for the statement any longer: nothing was learnt, and the next one may ask."""
        self._probed_at = None
