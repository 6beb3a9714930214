"""The words of a chain: behaviours, kinds of day, and the gaps between steps."""

import re
from enum import StrEnum
from typing import ClassVar

from graph.errors import BadInput

HOURS_A_DAY, MINUTES_AN_HOUR, MINUTES_A_DAY = 24, 60, 1440
MOST_DAYS, MOST_HOURS = 28, 168


class DayKind(StrEnum):
    """The kind of day on which the first step happens."""

    ANY = "any"
    WEEKDAY = "weekday"
    """Monday to Friday and make-up workdays, holidays left out."""
    WEEKEND = "weekend"
    """Saturday and Sunday, holidays and make-up workdays left out."""
    HOLIDAY = "holiday"
    """A holiday of the calendar that was given, whatever its name in the week."""


class GapUnit(StrEnum):
    """What a gap counts."""

    DAYS = "days"
    HOURS = "hours"


class Gap(str):
    """How long after the first step the second one comes, as its own text: `next_day`, `2-4_days`, `1-6_hours`.

    Days are those of the store's calendar: `same_day` (a slot that starts when the first has ended, or later),
    `next_day`, `within_3_days`, `within_week`, and any other n to m days with 1 <= n <= m <= 28. Hours are those of the
    store's clock between two moments, both ends included, with 0 <= n < m <= 168; the same minute is no gap. Also taken
    are `2-4 days`, `2–4d`, `1-6 hours` and `1-6h`. Raises `BadInput` for any other text.
    """

    SAME_DAY: ClassVar["Gap"]
    NEXT_DAY: ClassVar["Gap"]
    WITHIN_3_DAYS: ClassVar["Gap"]
    WITHIN_WEEK: ClassVar["Gap"]

    unit: GapUnit
    start: int
    """The first day or hour after the first step that counts."""
    end: int
    """The last one."""

    def __new__(cls, text: str) -> "Gap":
        """The gap of a text; other spellings of the same gap become the one that is its text."""
        unit, start, end = _read(text)
        gap = super().__new__(cls, _NAMES.get((unit, start, end), f"{start}-{end}_{unit}"))
        gap.unit, gap.start, gap.end = unit, start, end
        return gap

    @classmethod
    def of_code(cls, code: int) -> "Gap":
        """The gap of a number that `code` gave."""
        unit = (GapUnit.DAYS, GapUnit.HOURS)[code >> 16]
        return cls(f"{code >> 8 & 255}-{code & 255} {unit}")

    @property
    def code(self) -> int:
        """One number for arrays: same gap, same number; days before hours, shorter before longer."""
        return (65536 if self.in_hours else 0) + self.start * 256 + self.end

    @property
    def in_hours(self) -> bool:
        """True for hours between moments, false for days of the calendar."""
        return self.unit is GapUnit.HOURS

    @property
    def in_turn(self) -> bool:
        """Whether the second slot must start when the first has ended, or later."""
        return self.unit is GapUnit.DAYS and not self.end

    @property
    def minutes(self) -> tuple[int, int]:
        """Of hours: the least and the most minutes between the two moments."""
        return max(1, self.start * MINUTES_AN_HOUR), self.end * MINUTES_AN_HOUR

    @property
    def first_day(self) -> int:
        """The first day after the first step's own on which the second may come; 0 is its own day."""
        return self.start // HOURS_A_DAY if self.in_hours else self.start

    @property
    def last_day(self) -> int:
        """The last such day."""
        return (MINUTES_A_DAY - 1 + self.minutes[1]) // MINUTES_A_DAY if self.in_hours else self.end


_NAMED = {
    "same_day": (GapUnit.DAYS, 0, 0),
    "next_day": (GapUnit.DAYS, 1, 1),
    "within_3_days": (GapUnit.DAYS, 1, 3),
    "within_week": (GapUnit.DAYS, 1, 7),
}
_NAMES = {reach: name for name, reach in _NAMED.items()}
_FREE = re.compile(r"(\d{1,3})\s*[-–]\s*(\d{1,3})[\s_]*(days|d|hours|h)")
_WANTED = f"{', '.join(_NAMED)}, or n-m_days (1 to {MOST_DAYS}) or n-m_hours (0 to {MOST_HOURS})"


def _read(text: str) -> tuple[GapUnit, int, int]:
    if text in _NAMED:
        return _NAMED[text]
    if found := _FREE.fullmatch(text.strip().lower()):
        start, end = int(found[1]), int(found[2])
        if found[3].startswith("h") and 0 <= start < end <= MOST_HOURS:
            return GapUnit.HOURS, start, end
        if found[3].startswith("d") and (1 <= start <= end <= MOST_DAYS or (start, end) == (0, 0)):
            return GapUnit.DAYS, start, end
    raise BadInput(f"gap must be one of {_WANTED}, not {text!r}")


Gap.SAME_DAY, Gap.NEXT_DAY, Gap.WITHIN_3_DAYS, Gap.WITHIN_WEEK = map(Gap, _NAMED)
NAMED_GAPS = Gap.SAME_DAY, Gap.NEXT_DAY, Gap.WITHIN_3_DAYS, Gap.WITHIN_WEEK
"""The gaps that have a name."""


class Behaviour(StrEnum):
    """What a customer does in a step: the kinds of event that have a customer, as the log names them."""

    PURCHASE = "purchase"
    VIEW = "view"
    FAVOURITE = "favourite"
    UNFAVOURITE = "unfavourite"
    CART_ADD = "cart_add"
    CART_REMOVE = "cart_remove"
    VISIT = "visit"
    LOGIN = "login"
    SHARE = "share"
    SHARE_CLICK = "share_click"
    RATING = "rating"
    FEEDBACK = "feedback"
    REFUND = "refund"
    REGISTER = "register"
    REFERRAL = "referral"
    COUPON_ISSUE = "coupon_issue"
    COUPON_REDEEM = "coupon_redeem"
