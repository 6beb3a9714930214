"""The world's clock: whole seconds since the first local midnight, kinds of day and slots of the day."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from loaders.world.draws import Floats, Ints

DAY = 86_400
HOUR = 3_600
UTC_OFFSET = timedelta(hours=8)
"""Asia/Shanghai has kept one offset since 1991."""

WEEKDAY, WEEKEND = 0, 1
KIND_NAMES = ("weekday", "weekend")

SLOTS: tuple[tuple[int, int, int], ...] = (
    (WEEKDAY, 7, 9), (WEEKDAY, 9, 11), (WEEKDAY, 11, 13), (WEEKDAY, 14, 17), (WEEKDAY, 18, 20), (WEEKDAY, 20, 22),
    (WEEKEND, 9, 11), (WEEKEND, 11, 13), (WEEKEND, 14, 17), (WEEKEND, 19, 21),
)  # fmt: skip
"""(kind of day, first hour, hour after the last): a slot belongs to one kind of day; those of a kind do not overlap."""
BREAKFAST, MORNING, LUNCH, AFTERNOON, EVENING, NIGHT = range(6)
WEEKEND_MORNING, WEEKEND_LUNCH, WEEKEND_AFTERNOON, WEEKEND_EVENING = range(6, 10)

OPENS, CLOSES = 7 * HOUR, 22 * HOUR


def kind_of(start: date, day: int) -> int:
    """WEEKDAY from Monday to Friday, WEEKEND else; public holidays count as the days that they fall on."""
    return WEEKEND if (start + timedelta(days=day)).weekday() >= 5 else WEEKDAY


def epoch_of(start: date) -> int:
    """Seconds from the epoch to the first local midnight."""
    return int((datetime(start.year, start.month, start.day, tzinfo=UTC) - UTC_OFFSET).timestamp())


def within_slots(day: int, slots: Ints, uniform: Floats) -> Ints:
    """A second of the day's slot for each uniform number."""
    opens = np.asarray([slot[1] for slot in SLOTS], dtype=np.int64) * HOUR
    closes = np.asarray([slot[2] for slot in SLOTS], dtype=np.int64) * HOUR
    return day * DAY + opens[slots] + np.floor(uniform * (closes - opens)[slots]).astype(np.int64)


def while_awake(at: Ints) -> Ints:
    """Nobody acts between 22:00 and 07:00: nine hours later it is day."""
    hour = at % DAY
    return np.where((hour < OPENS) | (hour >= CLOSES), at + 9 * HOUR, at)
