"""What a customer probably buys next: the run's products, joined with the chains that are open just now."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from api.graphql.affinity import NextProduct, NextReason, few
from api.graphql.behaviour import Behaviour
from api.graphql.context import Info
from api.graphql.open_chain import OpenChain, open_chains_of
from graph.model.product import is_within
from graph.queries import affinity as queries
from graph.queries import product as product_queries


async def next_products(info: Info, key: str, first: int, at: datetime | None, new_only: bool) -> list[NextProduct]:
    """A customer's next products, the likeliest first; none for one whom no run scored or who said no to offers."""
    few(first)
    found, chains = await asyncio.gather(
        info.context.load(queries.next_of_customers, key), open_chains_of(info, key, at)
    )
    if found is None:
        return []
    led = await _led_to(info, found.products, chains)
    told = [_told(found, row, led.get(row.sku)) for row in found.products if not (new_only and row.known)]
    return sorted(told, key=lambda one: (-one.probability, one.product_key))[:first]


async def _led_to(
    info: Info, products: Sequence[queries.NextRow], chains: Sequence[OpenChain]
) -> dict[str, tuple[float, OpenChain]]:
    """Product → how likely the likeliest open chain makes it: what the chain promises of its category, divided among
    the customer's products of that category as the run sees them."""
    if not chains:
        return {}
    rows = await asyncio.gather(*(info.context.load(product_queries.products_by_key, row.sku) for row in products))
    led: dict[str, tuple[float, OpenChain]] = {}
    for chain in chains:
        step = chain.next_step
        if step.category is None or step.behaviour is not Behaviour.PURCHASE:
            continue
        category = step.category.key
        within = [
            row
            for row, told in zip(products, rows, strict=True)
            if told and told.category_id and is_within(told.category_id, category)
        ]
        whole = sum(row.probability for row in within)
        for row in within:
            chance = chain.probability * row.probability / whole
            if row.sku not in led or chance > led[row.sku][0]:
                led[row.sku] = chance, chain
    return led


def _told(found: queries.NextRows, row: queries.NextRow, led: tuple[float, OpenChain] | None) -> NextProduct:
    chance, chain = led if led and led[0] > row.probability else (row.probability, None)
    reason = NextReason.OPEN_CHAIN if chain else _reason(row)
    return NextProduct(
        product_key=row.sku,
        probability=chance,
        reason=reason,
        is_new=not row.known,
        horizon_days=found.horizon_days,
        open_chain=chain,
        run_key=found.run_id,
    )


def _reason(row: queries.NextRow) -> NextReason:
    if row.known:
        return NextReason.HABIT
    return NextReason.PEOPLE_LIKE_THEM if row.told > 0 else NextReason.POPULAR
