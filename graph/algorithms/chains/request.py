"""What a search for chains may be asked: slots, days, gaps, behaviours and the smallest number of customers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from graph.algorithms.chains.calendar import EVERY_WEEK_ALIKE, Calendar
from graph.algorithms.chains.language import MINUTES_A_DAY, Behaviour, DayKind, Gap
from graph.errors import BadInput

MOST_STEPS = 5
MOST_PERMUTATIONS = 100_000
Member = TypeVar("Member", bound=StrEnum)


class Compared(StrEnum):
    """What a second step is compared over."""

    DAYS = "days"
    """All days of a customer, shopped on or not: does the second step come on more of them?"""
    VISITS = "visits"
    """A customer's visits of like size: given that they come, is the category in their basket more often?"""


class SlotsFrom(StrEnum):
    """Where the slots come from."""

    GIVEN = "given"
    """Those of the request, alike for all categories."""
    FOUND = "found"
    """Where each category's own profile over the day changes."""


class ScopeKind(StrEnum):
    """By what customers are parted, beside everywhere."""

    EVERYWHERE = "everywhere"
    DISTRICT = "district"
    STORE = "store"
    CHANNEL = "channel"
    SEGMENT = "segment"


DEFAULT_SLOTS: tuple[tuple[int, int], ...] = (
    (0, 420),
    (420, 540),
    (540, 660),
    (660, 780),
    (780, 840),
    (840, 1020),
    (1020, 1080),
    (1080, 1200),
    (1140, 1260),
    (1260, 1440),
)
"""Night, 07–09, 09–11, 11–13, 13–14, 14–17, 17–18, 18–20, 19–21, 21–24. The two evening slots overlap on purpose: an
evening habit may sit in either, and of overlapping chains only the strongest is kept."""


@dataclass(frozen=True, slots=True)
class ChainsRequest:
    """Frozen parameters of one search. Raises `BadInput` with the valid range when one of them cannot be used."""

    slots: tuple[tuple[int, int], ...] = DEFAULT_SLOTS
    """[start, end) in minutes of the store's own day; slots may overlap, none may pass midnight."""
    slots_from: SlotsFrom = SlotsFrom.GIVEN
    """Given as `slots`, or found for each category in the log that is read; `slots` then counts for nothing."""
    day_kinds: tuple[DayKind, ...] = tuple(DayKind)
    """Of the first step; holidays are there where the calendar has any."""
    calendar: Calendar = EVERY_WEEK_ALIKE
    """Holidays, and weekend days on which people work."""
    gaps: tuple[Gap, ...] = (Gap.SAME_DAY, Gap.NEXT_DAY)
    behaviours: tuple[Behaviour, ...] = (Behaviour.PURCHASE,)
    """What counts as a step. Every behaviour may lead to every other; of purchases alone views are no steps."""
    compared: Compared = Compared.DAYS
    max_steps: int = 2
    """The longest chains, 2 to 5 steps; those of more than two are searched among days only."""
    scope_kind: ScopeKind = ScopeKind.EVERYWHERE
    """Beside everywhere, chains are searched in each scope of this kind, and what differs there is told."""
    min_customers: int = 30
    """A pair is tried when so many customers did both steps; a chain is confirmed when so many went through it."""
    block_days: int = 7
    """Days are compared within blocks of this length, counted from a Monday, so that busy weeks, seasons and sleep make
    no chains. Longer blocks see more of a weak chain, and take bursts shorter than themselves for one."""
    visit_block_days: int = 91
    """Visits are compared within blocks of this length: a quarter, so that seasons make no chains."""
    q_limit: float = 0.05
    kept: int = 500
    """How many confirmed chains are shown to readers at most, and how many others; the table of scores has them all."""
    source: str | None = None
    """Score one data set only; None for all."""
    category_level: int | None = None
    """Depth in the tree of categories, 1 for the roots; None for the leaves."""
    closed: bool = False
    """Show closed chains alone, and of the longer ones those alone that say more than their last two steps
    (`closed.py`)."""
    permutations: int = 0
    """Beside the closed form, check every row by so many shufflings of days; 0 for none."""
    seed: int = 0
    """Of the permutations; nothing else draws random numbers."""

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        _check_slots(self.slots)
        object.__setattr__(self, "day_kinds", tuple(_member(DayKind, kind, "kind of day") for kind in self.day_kinds))
        object.__setattr__(self, "gaps", tuple(map(Gap, self.gaps)))
        object.__setattr__(self, "behaviours", tuple(_member(Behaviour, one, "behaviour") for one in self.behaviours))
        object.__setattr__(self, "compared", _member(Compared, self.compared, "what is compared"))
        object.__setattr__(self, "slots_from", _member(SlotsFrom, self.slots_from, "where slots come from"))
        object.__setattr__(self, "scope_kind", _member(ScopeKind, self.scope_kind, "kind of scope"))
        if not self.day_kinds or not self.gaps:
            raise BadInput("chains need at least one kind of day and one gap; leave both out for all of them")
        if len(set(self.gaps)) != len(self.gaps):
            raise BadInput(f"each gap may be given once, not {', '.join(self.gaps)}")
        if not self.behaviours or len(set(self.behaviours)) != len(self.behaviours):
            raise BadInput(f"chains need at least one behaviour, each once, not ({', '.join(self.behaviours)})")
        if self.compared is Compared.VISITS and self.behaviours != (Behaviour.PURCHASE,):
            raise BadInput("visits are compared by what was bought: leave the behaviours at purchase, or compare days")
        if not 2 <= self.max_steps <= MOST_STEPS:
            raise BadInput(f"max_steps must be 2 to {MOST_STEPS}, not {self.max_steps}")
        if self.max_steps > 2 and self.compared is Compared.VISITS:
            raise BadInput("chains of more than two steps are searched among days: leave max_steps at 2 for visits")
        if self.compared is Compared.VISITS and self.slots_from is SlotsFrom.FOUND:
            raise BadInput("visits are compared in slots that all categories share: give the slots")
        if self.compared is Compared.VISITS and any(gap.in_hours for gap in self.gaps):
            raise BadInput("gaps in hours are compared over days: leave `compared` at days")
        if self.max_steps > 2 and any(gap.in_hours for gap in self.gaps):
            raise BadInput("chains of more than two steps have gaps of days: leave max_steps at 2 for hours")
        if not 0 <= self.permutations <= MOST_PERMUTATIONS:
            raise BadInput(f"permutations must be 0 to {MOST_PERMUTATIONS:,}, not {self.permutations}")
        if self.min_customers < 1:
            raise BadInput(f"min_customers must be 1 or more, not {self.min_customers}")
        if self.block_days < 7:
            raise BadInput(f"block_days must be 7 or more, so that a block holds a weekend, not {self.block_days}")
        if self.visit_block_days < 7:
            raise BadInput(f"visit_block_days must be 7 or more, not {self.visit_block_days}")
        if not 0 < self.q_limit <= 1:
            raise BadInput(f"q_limit must be above 0 and at most 1, not {self.q_limit}")
        if self.kept < 1:
            raise BadInput(f"kept must be 1 or more, not {self.kept}")
        if self.category_level is not None and self.category_level < 1:
            raise BadInput(
                f"category_level must be 1 (roots) or more, or left out for the leaves, not {self.category_level}"
            )

    @property
    def scope(self) -> str:
        """The data set that is scored, or * for all."""
        return self.source or "*"


def _check_slots(slots: tuple[tuple[int, int], ...]) -> None:
    if not slots:
        raise BadInput("chains need at least one slot such as (660, 780) for 11:00–13:00")
    for start, end in slots:
        if not 0 <= start < end <= MINUTES_A_DAY:
            raise BadInput(
                f"a slot must be 0 <= start < end <= {MINUTES_A_DAY} minutes, within one day, not ({start}, {end})"
            )
    if len(set(slots)) != len(slots):
        raise BadInput(f"each slot may be given once, not {slots}")


def _member(kind: type[Member], value: str, what: str) -> Member:
    try:
        return kind(value)
    except ValueError as error:
        raise BadInput(f"{what} must be one of {', '.join(kind)}, not {value!r}") from error
