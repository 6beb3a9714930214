"""Affinity in the API: what goes with a product, and what a customer probably buys next."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.errors import ApiError, Code, bad_input
from api.graphql.run import ScoreRun, run_of
from graph.queries import affinity as queries
from graph.queries import product as product_queries

if TYPE_CHECKING:
    from api.graphql.open_chain import OpenChain
    from api.graphql.product import Product

MOST = 20
LazyProduct = Annotated["Product", strawberry.lazy("api.graphql.product")]
FirstOf = Annotated[int, strawberry.argument(description=f"How many, 1 to {MOST}.")]


async def _product(info: Info, key: str) -> "Product | None":
    from api.graphql.product import Product

    row = await info.context.load(product_queries.products_by_key, key)
    return None if row is None else Product.of(row)


async def _run(info: Info, key: str) -> ScoreRun:
    found = await run_of(info, key)
    if found is None:
        raise ApiError(Code.NOT_FOUND, f"There is no run {key!r} any more.")
    return found


def few(first: int) -> int:
    """How many are wanted; BAD_USER_INPUT for a number that is not kept."""
    if not 1 <= first <= MOST:
        raise bad_input(f"`first` must be from 1 to {MOST}, not {first}.", argument="first", value=first, maximum=MOST)
    return first


@strawberry.type(description="A product that is in one basket with another more often than the baskets' size explains.")
class BoughtTogether:
    """A pair, out of its row."""

    product_key: str = strawberry.field(description="Key of the other product.")
    baskets: int = strawberry.field(description="Baskets with both.")
    lift: float = strawberry.field(description="Baskets with both over those expected among baskets of like size.")
    q_value: float = strawberry.field(description="Benjamini-Hochberg over every pair of products that was tried.")
    cosine: float = strawberry.field(description="Baskets with both over the geometric mean of the two's baskets.")
    jaccard: float = strawberry.field(description="Baskets with both over those with either.")
    run_key: strawberry.Private[str]

    @strawberry.field(description="The other product; null where it is gone.")
    async def product(self, info: Info) -> LazyProduct | None:
        """Read together with the products of the other pairs."""
        return await _product(info, self.product_key)

    @strawberry.field(description="The run that found it.")
    async def run(self, info: Info) -> ScoreRun:
        """Read once for all pairs of the run."""
        return await _run(info, self.run_key)


@strawberry.type(description="A product that the same customers buy, whatever the basket.")
class SimilarProduct:
    """A like product, out of its row."""

    product_key: str = strawberry.field(description="Key of the other product.")
    customers: int = strawberry.field(description="Customers who bought both.")
    cosine: float = strawberry.field(
        description="Customers of both over the geometric mean of the two's, which counts ten more: the order."
    )
    jaccard: float = strawberry.field(description="Customers of both over those of either.")
    run_key: strawberry.Private[str]

    @strawberry.field(description="The other product; null where it is gone.")
    async def product(self, info: Info) -> LazyProduct | None:
        """Read together with the other like products."""
        return await _product(info, self.product_key)

    @strawberry.field(description="The run that found it.")
    async def run(self, info: Info) -> ScoreRun:
        """Read once for all products of the run."""
        return await _run(info, self.run_key)


@strawberry.enum(description="What speaks most for a product.")
class NextReason(Enum):
    """Reasons."""

    OPEN_CHAIN = strawberry.enum_value("open_chain", description="The customer is inside a chain that leads to it.")
    HABIT = strawberry.enum_value("habit", description="The customer has bought it before.")
    PEOPLE_LIKE_THEM = strawberry.enum_value(
        "people_like_them", description="New to the customer; those who are most like them buy it."
    )
    POPULAR = strawberry.enum_value("popular", description="New to the customer; many buy it just now.")


@strawberry.type(description="A product that a customer probably buys next.")
class NextProduct:
    """A recommendation."""

    product_key: str = strawberry.field(description="Key of the product.")
    probability: float = strawberry.field(
        description="Of buying it within horizonDays behind the run's newest event, or, where an open chain leads to "
        "it, of buying it in the chain's window if that is likelier."
    )
    reason: NextReason = strawberry.field(description="What speaks most for it.")
    is_new: bool = strawberry.field(description="Whether the customer never bought it before the run.")
    horizon_days: int = strawberry.field(description="The days that the run foretells.")
    open_chain: Annotated["OpenChain", strawberry.lazy("api.graphql.open_chain")] | None = strawberry.field(
        description="The open chain that leads to it; null for every other reason."
    )
    run_key: strawberry.Private[str]

    @strawberry.field(description="The product; null where it is gone.")
    async def product(self, info: Info) -> LazyProduct | None:
        """Read together with the other next products."""
        return await _product(info, self.product_key)

    @strawberry.field(description="The run that foretold it.")
    async def run(self, info: Info) -> ScoreRun:
        """Read once for all products of the run."""
        return await _run(info, self.run_key)


async def bought_together(info: Info, key: str, first: int) -> list[BoughtTogether]:
    """What is bought together with a product, read together with the other products' partners."""
    few(first)
    found = await info.context.load(queries.partners_of, key)
    if found is None:
        return []
    return [
        BoughtTogether(
            product_key=row.sku,
            baskets=row.baskets,
            lift=row.lift,
            q_value=row.q_value,
            cosine=row.cosine,
            jaccard=row.jaccard,
            run_key=found.run_id,
        )
        for row in found.together[:first]
    ]


async def similar_to(info: Info, key: str, first: int) -> list[SimilarProduct]:
    """What the customers of a product buy, read together with the other products' partners."""
    few(first)
    found = await info.context.load(queries.partners_of, key)
    if found is None:
        return []
    return [
        SimilarProduct(
            product_key=row.sku,
            customers=row.customers,
            cosine=row.cosine,
            jaccard=row.jaccard,
            run_key=found.run_id,
        )
        for row in found.similar[:first]
    ]
