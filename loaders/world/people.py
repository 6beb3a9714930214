"""The customers: who they are, where they live, when they come and when they fall asleep."""

from dataclasses import dataclass

import numpy as np

from loaders.world.catalogue import ORGANIC_CHANNELS, STORES
from loaders.world.clock import DAY, HOUR
from loaders.world.draws import Bools, Floats, Ints, heavy_tail, pick, stream, whole
from loaders.world.request import WorldRequest

PERSONAS = ("ordinary", "price-sensitive", "quality-seeking", "sharing")
SHARING = PERSONAS.index("sharing")
PERSONA_WEIGHTS = (0.18, 0.33, 0.22, 0.27)
REGISTERED_BEFORE = 0.5
"""Share of the customers who had registered before the first day."""
SLEEPERS = 0.10
"""Share of those who fall asleep."""
OLDEST_DAYS = 600
CONSENT = ("analytics", "offers", "sharing")
CONSENT_GIVEN = (0.97, 0.85, 0.80)

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡"
    "蒋余于杜叶程魏苏吕丁沈任姚卢傅钟姜崔谭陆汪范金石廖贾夏韦方邹熊白孟秦邱江尹薛"
)
GIVEN = (
    "伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅鑫鹏飞宇婷雪晨浩然子"
    "涵欣怡梓萱博文思远嘉琪雨桐俊熙诗语若曦佳宁一诺奕辰可馨泽楷书瑶语彤承恩沐阳"
)


@dataclass(frozen=True, slots=True)
class People:
    """One element a customer; never changed while the world runs."""

    persona: Ints
    store: Ints
    """The home store, where all of the customer's orders go; its district is the customer's."""
    planned_at: Ints
    """When the customer registers if nobody brings them before; negative for those who were there before."""
    asleep_from: Ints
    """The second from which a sleeper buys and shares no more; far beyond the end for all others."""
    activity: Floats
    """How much livelier than usual: heavy-tailed, mean about 1."""
    channel: Ints
    """The channel of an organic registration."""
    consent: Ints
    """A bit for each of CONSENT."""
    gender: Ints
    birth_year: Ints
    surname: Ints
    given: Ints
    """First given character + its count × second one; the second may be none."""

    def __len__(self) -> int:
        """How many customers."""
        return self.persona.size

    @property
    def was_there(self) -> Bools:
        """Who had registered before the first day."""
        return self.planned_at < 0


def populate(request: WorldRequest) -> People:
    """Draw the customers; O(customers)."""
    size, rng = request.customers, stream(request.seed, "people")
    persona = pick(rng, PERSONA_WEIGHTS, size)
    store = pick(rng, tuple(store.weight for store in STORES), size)
    before = rng.random(size) < REGISTERED_BEFORE
    past = -whole(rng, 1, OLDEST_DAYS, size) * DAY + whole(rng, 8 * HOUR, 22 * HOUR - 1, size)
    planned = whole(rng, 0, request.days - 1, size) * DAY + whole(rng, 8 * HOUR, 22 * HOUR - 1, size)
    return People(
        persona=persona,
        store=store,
        planned_at=np.where(before, past, planned),
        asleep_from=_asleep_from(request, rng, before),
        activity=heavy_tail(rng, 0.5, 2.0, 8.0, size),
        channel=pick(rng, ORGANIC_CHANNELS, size),
        consent=sum(
            ((rng.random(size) < given).astype(np.int64) << bit for bit, given in enumerate(CONSENT_GIVEN)),
            np.zeros(size, dtype=np.int64),
        ),
        gender=pick(rng, (0.62, 0.36, 0.02), size),
        birth_year=request.start.year - 18 - np.floor(rng.random(size) * rng.random(size) * 45).astype(np.int64),
        surname=np.floor(rng.random(size) ** 2 * len(SURNAMES)).astype(np.int64),
        given=whole(rng, 0, len(GIVEN) - 1, size) + len(GIVEN) * whole(rng, 0, len(GIVEN) + len(GIVEN) // 4, size),
    )


def _asleep_from(request: WorldRequest, rng: np.random.Generator, before: Bools) -> Ints:
    """Sleepers were there before and stop 30 to 45 days before the end; worlds of less than 60 days have none."""
    size = before.size
    chosen = before & (rng.random(size) < SLEEPERS / REGISTERED_BEFORE) & (request.days >= 60)
    return np.where(chosen, request.days - whole(rng, 30, 45, size), 4 * request.days + 3_650) * DAY
