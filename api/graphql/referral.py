"""Referrals in the API: who brought whom, and the tree below a customer."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.errors import ApiError, Code, bad_input
from graph.queries import customer as customer_queries
from graph.queries import referral as queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer
    from api.graphql.referral_review import ReferralReview

DEFAULT_DEPTH = 3
LARGEST_TREE = 1_000


@strawberry.type(description="One customer brought another.")
class Referral:
    """A referral, out of its row."""

    referrer_key: str = strawberry.field(description="Key of the customer who brought.")
    referred_key: str = strawberry.field(description="Key of the customer who was brought.")
    at: datetime | None = strawberry.field(description="When.")
    channel: str | None = strawberry.field(description="Through which channel.")
    campaign: str | None = strawberry.field(description="In which campaign.")
    share: str | None = strawberry.field(description="By which share.")

    @strawberry.field(description="The customer who brought.")
    async def referrer(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")]:
        """Read together with the other customers of this level."""
        return await _customer(info, self.referrer_key)

    @strawberry.field(description="The customer who was brought.")
    async def referred(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")]:
        """Read together with the other customers of this level."""
        return await _customer(info, self.referred_key)

    @strawberry.field(description="What speaks against this referral and what was decided; null where nothing does.")
    async def review(
        self, info: Info
    ) -> Annotated["ReferralReview", strawberry.lazy("api.graphql.referral_review")] | None:
        """Read together with the other reviews of this level."""
        from api.graphql.referral_review import review_of

        return await review_of(info, self.referred_key)

    @classmethod
    def of(cls, row: queries.ReferralRow) -> "Referral":
        """The referral of a row."""
        return cls(
            referrer_key=row.referrer,
            referred_key=row.referred,
            at=row.at,
            channel=row.channel,
            campaign=row.campaign,
            share=row.share,
        )


@strawberry.type(description="One customer of a referral tree.")
class ReferralBranch:
    """A branch, out of its row."""

    depth: int = strawberry.field(description="1 for those whom the root brought, 2 for those whom these brought …")
    referral: Referral = strawberry.field(description="Who brought this customer, and when.")

    @strawberry.field(description="The customer.")
    async def customer(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")]:
        """Read together with the other customers of the tree."""
        return await _customer(info, self.referral.referred_key)


@strawberry.type(description="Whom a customer brought, directly and through others.")
class ReferralTree:
    """A tree, flat: each branch names the one above it."""

    depth: int = strawberry.field(description="How deep it was read.")
    branches: list[ReferralBranch] = strawberry.field(description="Nearest first; each names who brought it.")
    truncated: bool = strawberry.field(description=f"True where there were more than {LARGEST_TREE:,} branches.")
    root_key: strawberry.Private[str]

    @strawberry.field(description="The customer at the root.")
    async def root(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")]:
        """The root itself."""
        return await _customer(info, self.root_key)

    @strawberry.field(description="How many branches are given.")
    def size(self) -> int:
        """Their number."""
        return len(self.branches)


async def _customer(info: Info, key: str) -> "Customer":
    from api.graphql.customer import Customer

    row = await info.context.load(customer_queries.customers_by_key, key)
    if row is None:
        raise ApiError(Code.NOT_FOUND, f"There is no customer {key!r}.")
    return Customer.of(row)


async def referral_tree(
    info: Info,
    customer_key: Annotated[str, strawberry.argument(description="The customer at the root.")],
    depth: Annotated[
        int | None,
        strawberry.argument(description=f"How deep, 1 to {queries.DEEPEST}; {DEFAULT_DEPTH} if absent."),
    ] = None,
) -> ReferralTree:
    """The tree below a customer; NOT_FOUND for an unknown one."""
    deep = DEFAULT_DEPTH if depth is None else depth
    if deep not in queries.TREES:
        raise bad_input(f"`depth` must be from 1 to {queries.DEEPEST}, not {deep}.", argument="depth", value=deep)
    await _customer(info, customer_key)
    rows = await queries.referral_tree(info.context.reader, customer_key, deep, LARGEST_TREE + 1)
    branches = [ReferralBranch(depth=row.depth, referral=Referral.of(row.referral)) for row in rows[:LARGEST_TREE]]
    return ReferralTree(depth=deep, branches=branches, truncated=len(rows) > LARGEST_TREE, root_key=customer_key)
