"""The chains that are planted into the world, those that follow from them, and decoys that lead to nothing."""

from dataclasses import dataclass

from loaders.world import clock
from loaders.world.catalogue import CATEGORIES

COUNT = len(CATEGORIES)
COFFEE, FRUIT, MILK_TEA, TEA, SOY, PLANT_MILK, YOGURT, GRAIN, BAKERY, SALAD = range(COUNT)
SAME_DAY, NEXT_DAY = 0, 1

Step = tuple[int, int]
"""Category and slot."""


def cell(category: int, slot: int) -> int:
    """A habit's place: a category in a slot, and with the slot a kind of day."""
    return slot * COUNT + category


def kind_of_cell(place: int) -> int:
    """The kind of day of a cell."""
    return clock.SLOTS[place // COUNT][0]


@dataclass(frozen=True, slots=True)
class Chain:
    """Two or more steps of one kind of day; planted where `lifts` are given, else a decoy or what follows from others.

    `share` of the customers, its members, have all habits on purpose: at `rates` a day, before their activity.
    """

    name: str
    steps: tuple[Step, ...]
    gaps: tuple[int, ...]
    """Days to the next step, 0 or 1; at most one of them is 1, so that one day is all that has to be remembered."""
    lifts: tuple[float, ...] = ()
    """How many times likelier each step but the first is for members who went through all the steps before it."""
    share: float = 0.0
    rates: tuple[float, ...] = ()
    same_people_as: str = ""
    """The members are those of another chain, named before it."""
    only_in: str = ""
    """A district: only there do the steps lead to each other, though members live everywhere."""
    home: str = ""
    """A district: the members are people of it alone."""

    @property
    def cells(self) -> tuple[int, ...]:
        """The cells of the steps."""
        return tuple(cell(*step) for step in self.steps)

    @property
    def kind(self) -> int:
        """The kind of day on which all steps happen."""
        return kind_of_cell(self.cells[0])

    @property
    def planted(self) -> bool:
        """Whether its steps truly lead to each other."""
        return bool(self.lifts)


PLANTED: tuple[Chain, ...] = (
    Chain(
        "职场能量链", ((COFFEE, clock.LUNCH), (FRUIT, clock.EVENING)), (NEXT_DAY,), (3.0,), 0.30, (0.080, 0.040)
    ),
    Chain(
        "周末下午茶链", ((BAKERY, clock.WEEKEND_AFTERNOON), (MILK_TEA, clock.WEEKEND_EVENING)), (SAME_DAY,), (2.8,),
        0.25, (0.130, 0.080),
    ),
    Chain("早餐轮换链", ((SOY, clock.BREAKFAST), (GRAIN, clock.BREAKFAST)), (NEXT_DAY,), (3.2,), 0.25, (0.070, 0.040)),
    Chain(
        "早餐配咖链", ((GRAIN, clock.BREAKFAST), (COFFEE, clock.MORNING)), (SAME_DAY,), (2.6,), 0.0, (0.0, 0.045),
        same_people_as="早餐轮换链",
    ),
    Chain(
        "轻食一日链", ((TEA, clock.MORNING), (YOGURT, clock.AFTERNOON), (SALAD, clock.EVENING)), (SAME_DAY, SAME_DAY),
        (3.0, 3.5), 0.16, (0.080, 0.060, 0.050),
    ),
    Chain(
        "周末早午餐链", ((SOY, clock.WEEKEND_MORNING), (BAKERY, clock.WEEKEND_LUNCH)), (SAME_DAY,), (2.8,), 0.16,
        (0.110, 0.080),
    ),
    Chain(
        "滨江加班链", ((PLANT_MILK, clock.AFTERNOON), (GRAIN, clock.EVENING)), (SAME_DAY,), (3.2,), 0.16,
        (0.070, 0.050), only_in="滨江区",
    ),
)  # fmt: skip
IMPLIED: tuple[Chain, ...] = (
    Chain("轻食一日链之后两步", ((YOGURT, clock.AFTERNOON), (SALAD, clock.EVENING)), (SAME_DAY,)),
    Chain("轻食一日链之首尾", ((TEA, clock.MORNING), (SALAD, clock.EVENING)), (SAME_DAY,)),
    Chain("轻食一日链之前两步", ((TEA, clock.MORNING), (YOGURT, clock.AFTERNOON)), (SAME_DAY,)),
    Chain("早餐轮换再配咖之首尾", ((SOY, clock.BREAKFAST), (COFFEE, clock.MORNING)), (NEXT_DAY,)),
)
"""Pairs that are as real as the planted chain of three that they are parts of, or the two that follow each other."""
DECOYS: tuple[Chain, ...] = (
    Chain("午咖与下午果茶", ((COFFEE, clock.LUNCH), (FRUIT, clock.AFTERNOON)), (SAME_DAY,), (), 0.16, (0.045, 0.040)),
    Chain(
        "上午植物奶与次日下午咖啡", ((PLANT_MILK, clock.MORNING), (COFFEE, clock.AFTERNOON)), (NEXT_DAY,), (), 0.14,
        (0.040, 0.040),
    ),
    Chain(
        "周末沙拉与下午果茶", ((SALAD, clock.WEEKEND_LUNCH), (FRUIT, clock.WEEKEND_AFTERNOON)), (SAME_DAY,), (), 0.15,
        (0.080, 0.080),
    ),
    Chain("早酸奶与午沙拉", ((YOGURT, clock.BREAKFAST), (SALAD, clock.LUNCH)), (SAME_DAY,), (), 0.14, (0.040, 0.040)),
    Chain(
        "下午奶茶与次日下午烘焙", ((MILK_TEA, clock.AFTERNOON), (BAKERY, clock.AFTERNOON)), (NEXT_DAY,), (), 0.15,
        (0.045, 0.035),
    ),
    Chain("夜茶与次日早豆浆", ((TEA, clock.NIGHT), (SOY, clock.BREAKFAST)), (NEXT_DAY,), (), 0.12, (0.040, 0.035)),
    Chain("午咖与次日午咖", ((COFFEE, clock.LUNCH), (COFFEE, clock.LUNCH)), (NEXT_DAY,)),
    Chain(
        "工作日早午餐", ((SOY, clock.MORNING), (BAKERY, clock.LUNCH)), (SAME_DAY,), (), 0.0, (0.045, 0.040),
        same_people_as="周末早午餐链",
    ),
    Chain(
        "余杭午酸奶与晚烘焙", ((YOGURT, clock.LUNCH), (BAKERY, clock.EVENING)), (SAME_DAY,), (), 0.50, (0.060, 0.050),
        home="余杭区",
    ),
    Chain(
        "早餐轮换再配咖", ((SOY, clock.BREAKFAST), (GRAIN, clock.BREAKFAST), (COFFEE, clock.MORNING)),
        (NEXT_DAY, SAME_DAY),
    ),
)  # fmt: skip
"""The last one is two planted chains one after the other: what begins it adds nothing to what its second half does."""
