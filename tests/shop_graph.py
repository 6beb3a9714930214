"""A tiny shop in the graph: few enough people, orders, scores and chains to work every answer out by hand.

ann brought bob and dan, bob brought 蔡. ann and bob had coffee at noon on Monday 2 March 2026; ann had fruit tea at
18:30 on the day after. All times are of Shanghai, eight hours ahead of UTC.
"""

from datetime import UTC, date, datetime
from typing import Any

from graph.jobs.project import prepare
from graph.model import NODES, TIES
from graph.model.statements import upsert_node, upsert_tie
from graph.store import Store, generated


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)

Rows = list[dict[str, Any]]
PEOPLE: Rows = [
    {"customer_id": "ann", "name": "Ann 安", "city": "Hangzhou", "district": "Xihu", "registered_at": utc(2026, 1, 1),
     "order_count": 2, "revenue_cents": 5_200, "first_order_at": utc(2026, 3, 2, 4), "source": "shop"},
    {"customer_id": "bob", "name": "Bob", "city": "Hangzhou", "district": "Gongshu", "registered_at": utc(2026, 1, 2),
     "order_count": 1, "revenue_cents": 1_850, "source": "shop"},
    {"customer_id": "dan", "name": "Dan", "city": "Ningbo", "district": "Haishu", "registered_at": utc(2026, 1, 2),
     "order_count": 0, "revenue_cents": 0, "source": "other"},
    {"customer_id": "蔡", "name": None, "city": "Ningbo", "district": None, "registered_at": None, "order_count": 0,
     "revenue_cents": 0, "source": "shop"},
]  # fmt: skip
NODE_ROWS: dict[str, Rows] = {
    "Customer": PEOPLE,
    "Category": [
        {"category_id": "coffee", "name": "coffee", "level": 1},
        {"category_id": "tea", "name": "tea", "level": 1},
        {"category_id": "tea > fruit tea", "name": "fruit tea", "level": 2},
    ],
    "Product": [
        {"sku": "latte", "name": "拿铁 Latte", "category_id": "coffee", "price_cents": 1_850, "currency": "CNY",
         "attributes": ["hot"]},
        {"sku": "peach", "name": "蜜桃茶", "category_id": "tea > fruit tea", "price_cents": 1_500,
         "attributes": ["low-caffeine", "low-sugar"]},
    ],
    "Store": [
        {"store_id": "west", "name": "西湖店", "city": "Hangzhou", "district": "Xihu"},
        {"store_id": "york", "name": "New York", "city": "New York", "time_zone": "America/New_York"},
    ],
    "Channel": [{"name": "app", "online": True, "cost_cents": 90_000}, {"name": "mall", "online": False}],
    "Order": [
        {"order_id": "o1", "at": utc(2026, 3, 2, 4), "local_date": MONDAY, "local_minute": 720, "line_count": 2,
         "quantity": 2.0, "amount_cents": 3_700, "currency": "CNY", "source": "shop"},
        {"order_id": "o2", "at": utc(2026, 3, 3, 10, 30), "local_date": TUESDAY, "local_minute": 1_110,
         "line_count": 1, "quantity": 1.0, "amount_cents": 1_500, "source": "shop"},
        {"order_id": "o3", "at": utc(2026, 3, 2, 4, 30), "local_date": MONDAY, "local_minute": 750, "line_count": 1,
         "quantity": 1.0, "amount_cents": 1_850, "refunded_cents": 350, "source": "shop"},
    ],
    "Share": [
        {"share_id": "s1", "at": utc(2026, 1, 1, 9), "click_count": 3, "registration_count": 1, "revenue_cents": 1_850},
        {"share_id": "s2", "at": utc(2026, 1, 3, 9)},
    ],
    "ScoreRun": [
        {"run_id": "influence-0", "kind": "influence", "scope": "*", "state": "succeeded",
         "started_at": utc(2026, 3, 4), "parameters": '{"seed": 1}', "seed": 1, "log_version": 3},
        {"run_id": "influence-1", "kind": "influence", "scope": "*", "state": "succeeded",
         "started_at": utc(2026, 3, 5)},
        {"run_id": "chains-0", "kind": "chains", "scope": "*", "state": "succeeded", "started_at": utc(2026, 3, 4)},
        {"run_id": "chains-1", "kind": "chains", "scope": "*", "state": "succeeded", "started_at": utc(2026, 3, 5)},
    ],
    "CurrentRun": [
        {"pointer_id": "influence|*", "kind": "influence", "scope": "*", "run_id": "influence-1"},
        {"pointer_id": "chains|*", "kind": "chains", "scope": "*", "run_id": "chains-1"},
    ],
}  # fmt: skip


def score(run: str, customer: str, spread: float, rank: int, **given: object) -> dict[str, Any]:
    """A score with revenue ten times its spread."""
    row: dict[str, Any] = {"score_id": f"{run}|{customer}", "run_id": run, "customer_id": customer, "rank": rank}
    row |= {"spread": spread, "spread_low": spread - 0.5, "spread_high": spread + 0.5, "percentile": 50.0}
    row |= {"revenue": 10 * spread, "revenue_low": 9 * spread, "revenue_high": 11 * spread}
    return row | given


def chain(
    run: str, rank: int, first: tuple[str, int, int], then: tuple[str, int, int], **given: object
) -> dict[str, Any]:
    """A chain from one category and slot to another, confirmed and everywhere unless said otherwise."""
    row: dict[str, Any] = {"chain_id": f"{run}|{rank}", "run_id": run, "rank": rank}
    row |= dict(zip(("first_category_id", "first_start_minute", "first_end_minute"), first, strict=True))
    row |= dict(zip(("then_category_id", "then_start_minute", "then_end_minute"), then, strict=True))
    row |= {"first_day_kind": "any", "then_day_kind": "any", "gap": "next_day", "customers": 10, "occurrences": 12}
    row |= {"support": 0.1, "confidence": 0.4, "lift": 2.0, "p_value": 0.001, "q_value": 0.01}
    return row | {"scope_kind": "everywhere"} | given


NODE_ROWS["InfluenceScore"] = [
    score("influence-0", "ann", 9.0, 1),
    score("influence-1", "ann", 2.5, 1, direct_referrals=2, downstream=1, credited_direct_cents=1_850,
          credited_downstream_cents=50, paths='[{"customers": ["ann", "bob"], "probability": 0.6}]'),
    score("influence-1", "bob", 1.5, 2, direct_referrals=1, credited_direct_cents=9_000,
          figures="[1.5,1.0,2.0,15.0,13.5,16.5,9000,0,1,0,2,50.0]"),
    score("influence-1", "蔡", 0.0, 3),
]  # fmt: skip
THREE_STEPS = (
    '[{"category_id": "coffee", "start_minute": 660, "end_minute": 780, "day_kind": "any", "gap": "same_day"},'
    ' {"category_id": "tea", "start_minute": 840, "end_minute": 1020, "day_kind": "any", "gap": "next_day"},'
    ' {"category_id": "cake", "start_minute": 540, "end_minute": 660, "day_kind": "any", "gap": null}]'
)
NODE_ROWS["Chain"] = [
    chain("chains-0", 1, ("coffee", 660, 780), ("tea", 0, 1440)),
    chain("chains-1", 1, ("coffee", 660, 780), ("tea", 1080, 1200), first_day_kind="weekday"),
    chain("chains-1", 2, ("tea", 1080, 1200), ("coffee", 1200, 1320), gap="same_day", lift=1.5, confidence=0.2),
    chain("chains-1", 3, ("coffee", 660, 780), ("coffee", 0, 1440), q_value=0.5, lift=3.0),
    chain("chains-1", 4, ("coffee", 660, 780), ("tea", 600, 660), scope_kind="district", scope_key="Xihu", lift=1.2),
    chain("chains-1", 5, ("coffee", 660, 780), ("tea", 660, 720), first_day_kind="weekend", lift=1.1),
    chain(
        "chains-0",
        2,
        ("coffee", 660, 780),
        ("cake", 540, 660),
        step_count=3,
        categories=["coffee", "tea", "cake"],
        steps=THREE_STEPS,
        suffix_lift=1.5,
        new=False,
        lift_low=1.2,
        lift_high=3.0,
        held=True,
    ),
]
NODE_ROWS["ReferralReview"] = [
    {"referral_id": "bob", "referrer_id": "ann", "state": "pending", "suspicion": 0.9, "sign_names": ["ring"],
     "signs": "[]", "raised_at": utc(2026, 3, 3), "reward_cents": 850},
    {"referral_id": "dan", "referrer_id": "ann", "state": "voided", "suspicion": 0.5, "sign_names": ["same_phone"],
     "raised_at": utc(2026, 3, 1), "decided_at": utc(2026, 3, 4), "decided_by": "li", "reason": "one phone"},
]  # fmt: skip
TIE_ROWS: dict[str, Rows] = {
    "CONCERNS": [{"start": "bob", "end": "bob"}, {"start": "dan", "end": "dan"}],
    "ACQUIRED_VIA": [{"start": "ann", "end": "app"}],
    "IN": [{"start": "latte", "end": "coffee"}, {"start": "peach", "end": "tea > fruit tea"}],
    "PART_OF": [{"start": "tea > fruit tea", "end": "tea"}],
    "PLACED": [{"start": "ann", "end": "o1"}, {"start": "ann", "end": "o2"}, {"start": "bob", "end": "o3"}],
    "AT": [{"start": "o1", "end": "west"}, {"start": "o2", "end": "west"}],
    "VIA": [{"start": "o1", "end": "app"}],
    "CONTAINS": [
        {"start": "o1", "end": "latte", "quantity": 1.0, "amount_cents": 1_850, "discount_cents": 0},
        {"start": "o1", "end": "peach", "quantity": 1.0, "amount_cents": 1_850, "discount_cents": 150},
        {"start": "o2", "end": "peach", "quantity": 1.0, "amount_cents": 1_500},
        {"start": "o3", "end": "latte", "quantity": 1.0, "amount_cents": 1_850},
    ],
    "SHARED": [{"start": "ann", "end": "s1"}, {"start": "ann", "end": "s2"}],
    "OF": [{"start": "s1", "end": "latte"}],
    "THROUGH": [{"start": "s1", "end": "app"}],
    "CLICKED": [{"start": "bob", "end": "s1", "count": 3}],
    "REFERRED": [
        {"start": "ann", "end": "bob", "at": utc(2026, 1, 2), "channel": "app", "share": "s1"},
        {"start": "ann", "end": "dan", "at": utc(2026, 1, 3)},
        {"start": "bob", "end": "蔡", "at": utc(2026, 1, 4)},
    ],
}


async def fill_shop(store: Store) -> Store:
    """The shop in an empty store, under the model's constraints and indexes."""
    await prepare(store)
    for node in NODES:
        if rows := NODE_ROWS.get(node.label):
            names = [given.name for given in node.all_properties()]
            await store.write((generated(upsert_node(node)), {"rows": [_whole(row, names) for row in rows]}))
    for tie in TIES:
        if rows := TIE_ROWS.get(tie.type):
            names = ["start", "end", *(given.name for given in tie.properties)]
            await store.write((generated(upsert_tie(tie)), {"rows": [_whole(row, names) for row in rows]}))
    return store


def _whole(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    assert set(row) <= set(names), row
    return {name: row.get(name) for name in names}
