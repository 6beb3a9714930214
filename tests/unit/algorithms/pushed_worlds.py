"""Small worlds with one campaign, which makes people buy and click at once, and clicks that bring orders."""

from dataclasses import replace

import numpy as np
from share_worlds import share_log

from graph.algorithms.influence import ShareLog

NONE = -1
DAYS, PUSHED = 60, 30


def pushed_log(seed: int, customers: int = 600, lift: float = 0.5, reached: str = "all") -> tuple[ShareLog, int]:
    """A campaign on one day: whom it reaches buy six times as much for three days, and two thirds click a share.

    Before and after, some click now and then. A click brings an order by the next day with probability `lift`; the
    second answer is how many orders the clicks brought. Instead of all, the campaign reaches the first third, which is
    the second segment, or the odd ones, who alone ever click, and more often.
    """
    who = np.arange(customers)
    push = {"all": who >= 0, "segment": who < customers // 3, "clickers": who % 2 == 1}[reached]
    clicker = who % 2 == 1 if reached == "clickers" else who >= 0
    random = np.random.default_rng(seed)
    rhythm = 0.1 * random.gamma(1.5, size=customers)
    factor = np.where(np.arange(DAYS) % 7 < 5, 1.0, 0.6)
    factor[PUSHED : PUSHED + 3] = 6
    calm = np.where(np.arange(DAYS) % 7 < 5, 1.0, 0.6)
    habit = random.poisson(rhythm[:, None] * np.where(push[:, None], factor, calm))
    bought = [(v, d + random.random(), NONE, NONE, 100) for v, d in np.argwhere(habit) for _ in range(habit[v, d])]
    often = (0.5, 0.03) if reached == "clickers" else (0.66, 0.005)
    daily = np.where(np.arange(DAYS) == PUSHED, *often)
    clicks = [
        (v, d, d + random.random()) for v, d in np.argwhere(random.random((customers, DAYS)) < daily * clicker[:, None])
    ]
    brought = [(v, at + random.random(), NONE, NONE, 100) for v, _, at in clicks if random.random() < lift]
    shares = [(customers, day) for day in range(DAYS)]
    entered = [(v, 0, NONE, NONE, 0) for v in range(customers)]
    log = share_log(customers + 1, shares, clicks, [*entered, *bought, *brought])
    segment = np.append(push & (reached == "segment"), False).astype(np.int32)
    return replace(log, segment=segment), len(brought)
