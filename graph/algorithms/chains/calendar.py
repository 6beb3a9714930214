"""Kinds of day: weekdays, weekends, and what a calendar of holidays and make-up workdays says beside."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graph.errors import BadInput

Int32 = NDArray[np.int32]
WEEKDAY, WEEKEND, HOLIDAY = range(3)
"""Codes of the kinds that a day may be."""
EPOCH = date(1970, 1, 1).toordinal()
LATER_PLACES = 3
"""Days of a holiday are told apart up to the fourth; all later ones are alike."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates such as 2026-10-01 that are not what their name in the week says. `BadInput` for what is no date."""

    holidays: tuple[str, ...] = ()
    """Days off, on whatever day of the week."""
    workdays: tuple[str, ...] = ()
    """Saturdays and Sundays on which people work, in place of a holiday elsewhere: they count as weekdays."""

    def __post_init__(self) -> None:
        """Check the dates and put them in order."""
        for name in ("holidays", "workdays"):
            days = [str(_date(text)) for text in getattr(self, name)]
            object.__setattr__(self, name, tuple(sorted(days)))
            if twice := [one for one, other in pairwise(sorted(days)) if one == other]:
                raise BadInput(f"a calendar has each day once, not {twice[0]} twice among its {name}")
        if both := sorted(set(self.holidays) & set(self.workdays)):
            raise BadInput(f"{both[0]} cannot be a holiday and a make-up workday")

    def kind(self, day: date) -> str:
        """What a day is: weekday, weekend or holiday."""
        if day.isoformat() in self.holidays:
            return "holiday"
        return "weekday" if day.weekday() < 5 or day.isoformat() in self.workdays else "weekend"


EVERY_WEEK_ALIKE = Calendar()
"""No holidays."""


def kinds_of_days(calendar: Calendar, origin: int, day_count: int) -> Int32:
    """The code of the kind of each day from `origin`, counted from 1970-01-01, a Thursday."""
    day = np.arange(origin, origin + day_count, dtype=np.int64)
    kind = np.where((day + 3) % 7 >= 5, WEEKEND, WEEKDAY)
    kind[np.isin(day, _days(calendar.workdays))] = WEEKDAY
    kind[np.isin(day, _days(calendar.holidays))] = HOLIDAY
    return kind.astype(np.int32)


def places_in_holiday(kind: Int32) -> Int32:
    """Of each day how many holidays came before it without a break, `LATER_PLACES` at most; 0 elsewhere."""
    place = np.zeros(kind.size, np.int32)
    for day in np.flatnonzero(kind == HOLIDAY).tolist():
        if day and kind[day - 1] == HOLIDAY:
            place[day] = min(place[day - 1] + 1, LATER_PLACES)
    return place


def _days(dates: tuple[str, ...]) -> NDArray[np.int64]:
    return np.array([date.fromisoformat(text).toordinal() - EPOCH for text in dates], np.int64)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"a calendar holds dates such as 2026-10-01, not {text!r}") from error
