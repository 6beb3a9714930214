"""Many events of every kind, drawn from a seed: enough to exercise each node and each tie, in no order of time."""

import random

from event_rows import event

from graph.log.schema import REQUIRED, EventKind

NAMES = {
    "customer": 120,
    "referrer": 120,
    "product": 40,
    "order": 400,
    "store": 6,
    "channel": 5,
    "campaign": 4,
    "share": 60,
}
PROFILED = ("customer", "product", "store", "channel", "campaign")


def random_events(seed: int, size: int) -> list[dict[str, object]]:
    """`size` events; the same for the same seed."""
    draw = random.Random(seed)
    return [_event(draw, f"{seed}-{number:06}") for number in range(size)]


def _event(draw: random.Random, id: str) -> dict[str, object]:
    kind = draw.choice(list(EventKind))
    columns = [name for name in NAMES if name in REQUIRED[kind] or draw.random() < 0.2]
    if kind is EventKind.PROFILE:
        columns = [draw.choice(PROFILED)]
    fields: dict[str, object] = {name: f"{_kind_of(name)}{draw.randrange(NAMES[name])}" for name in columns}
    if {"amount", "quantity"} & set(REQUIRED[kind]):
        fields |= {"amount": draw.randrange(5000) / 100, "quantity": draw.choice([1, 2, 0.1]), "currency": "CNY"}
    return event(kind.value, draw.randrange(500_000), id, _properties(draw, kind), **fields)


def _kind_of(column: str) -> str:
    return "c" if column == "referrer" else column[:1] if column != "channel" else "渠道"


def _properties(draw: random.Random, kind: EventKind) -> dict[str, object]:
    if kind is EventKind.CONSENT:
        return {"purpose": draw.choice(["analytics", "offers", "sharing"]), "granted": draw.random() < 0.5}
    if kind is EventKind.REFERRAL_SIGN:
        told = {"sign": draw.choice(["ring", "burst"]), "score": draw.randrange(101) / 100, "evidence": ["甲", "乙"]}
        return told | {"sentence": "一天注册九次"}
    if kind is EventKind.REFERRAL_REVIEW:
        return {"decision": draw.choice(["approved", "voided", "reopened"]), "reason": "查过", "by": "李"}
    if kind is EventKind.PROFILE:
        said = {
            "name": draw.choice(["王小明", "奶绿", "西湖店"]),
            "city": "杭州",
            "price": 18.5,
            "category": draw.choice(["奶茶", ["饮品", "果茶"], "GROCERY > FRZN ICE"]),
            "attributes": ["low-sugar"],
            "starts_on": "2026-03-01",
            "latitude": 30.25,
            "online": True,
            "registered_at": "2025-01-02T08:00:00.5+08:00",
        }
        return dict(draw.sample(sorted(said.items(), key=lambda pair: pair[0]), 4))
    return {"dwell_seconds": draw.randrange(1000) / 10}
