"""The looks that lead to purchases, and those that do not, as `truth.json` tells them."""

from loaders.world import clock
from loaders.world.catalogue import CATEGORIES
from loaders.world.looks import Looking

Told = dict[str, object]


def looks_told(looking: Looking, customers: int) -> dict[str, list[Told]]:
    """Under `chains` what is planted, under `decoys` what is not; lifts of those who look by habit."""
    told: dict[str, list[Told]] = {"chains": [], "decoys": []}
    for one in looking.followed:
        look = one.look
        told["chains" if look.lift > 1 else "decoys"].append(
            {
                "name": look.name,
                "steps": [_step("view", look.category, look.looked), _step("purchase", look.category, look.bought)],
                "gaps": ["same_day"],
                "lift": one.lift(),
                "habit_lift": one.habit_lift(customers),
                "led_up": one.led_up,
                "occurrences": one.both,
                "expected_without": round(one.expected_without, 2),
            }
        )
    return told


def _step(behaviour: str, category: int, slot: int) -> Told:
    kind, start, end = clock.SLOTS[slot]
    return {
        "behaviour": behaviour,
        "category": CATEGORIES[category].path,
        "name": CATEGORIES[category].name,
        "day_kind": clock.KIND_NAMES[kind],
        "slot": [start * 60, end * 60],
    }
