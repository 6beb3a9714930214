"""What a world is asked for, and what is told about it once it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from graph.errors import BadInput

FEWEST_CUSTOMERS = 100
MOST_CUSTOMERS = 5_000_000
MOST_DAYS = 3_650
PUSH_DAYS = 7


@dataclass(frozen=True, slots=True)
class WorldRequest:
    """A world is its request: the same request gives the same events, another seed gives another world."""

    customers: int = 20_000
    days: int = 120
    seed: int = 20_26
    start: date = date(2026, 3, 2)
    """The first day, on the clock of Hangzhou (Asia/Shanghai)."""
    truth_runs: int = 1_000
    """How many simulated shares the true influence of each sharer is the mean of."""
    rows_a_file: int = 250_000
    """An event file is closed at the end of the day on which it reaches so many rows; that much is held in memory."""
    push_day: int | None = None
    """From this day on, counted from 0, a campaign makes everybody buy more for PUSH_DAYS days; none unless said."""
    push_lift: float = 3.0
    """How many times likelier every habit then comes true."""
    push_contacts: bool = False
    """It reaches those alone to whom somebody's shares are shown: all who click are among them."""
    looks: bool = False
    """Customers look at what they buy hours before: a planted chain of view → purchase and a decoy. Purchases, shares
    and all else stay as they are without."""

    def __post_init__(self) -> None:
        """Refuse what cannot be generated, with the value and the valid range."""
        within("customers", self.customers, FEWEST_CUSTOMERS, MOST_CUSTOMERS)
        within("days", self.days, 7, MOST_DAYS)
        within("seed", self.seed, 0, 2**63 - 1)
        within("truth runs", self.truth_runs, 1, 1_000_000)
        within("rows a file", self.rows_a_file, 1, 100_000_000)
        within("the year of the first day", self.start.year, 2000, 2100)
        if self.push_day is not None:
            within("push day", self.push_day, 0, self.days - 1)
        if not 1 <= self.push_lift <= 20:
            raise BadInput(f"push lift must be from 1 to 20, not {self.push_lift}")

    def pushed(self, day: int) -> bool:
        """Whether the campaign runs on this day."""
        return self.push_day is not None and 0 <= day - self.push_day < PUSH_DAYS

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.start + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class WorldSummary:
    """What was written, and where."""

    folder: Path
    event_files: tuple[Path, ...]
    truth: Path
    events: int
    by_kind: Mapping[str, int]


def within(name: str, value: int, least: int, most: int) -> None:
    """Raise BadInput unless least ≤ value ≤ most."""
    if not least <= value <= most:
        raise BadInput(f"{name} must be from {least:,} to {most:,}, not {value:,}")
