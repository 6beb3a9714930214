"""Products in the API."""

from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.graphql.affinity import BoughtTogether, FirstOf, SimilarProduct, bought_together, similar_to
from api.graphql.category import Category
from api.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    PageArguments,
    connect,
    slice_of,
)
from api.graphql.context import Info
from api.graphql.filters import AND, NOT, OR, MoneyFilter, NameFilter, TextFilter, combined, filters_of
from api.graphql.node import Node
from api.graphql.ordering import Direction, chosen
from api.graphql.rows import Cell, id_of, made_of, money_of, told_from
from api.graphql.selected import is_only
from api.graphql.totals import OF_THE_WHOLE, Group, MoneyTotals, WithTotals, groups_of, with_totals
from graph.queries import product as queries
from graph.queries.paging import Page


def _category(key: str | None) -> Category | None:
    return None if key is None else Category.of(key)


def _traits(told: list[str] | None) -> list[str]:
    return told or []


@told_from(
    queries.ProductRow,
    id=id_of("Product"),
    category=Cell("category_id", _category),
    price=money_of("price_cents"),
    attributes=Cell("attributes", _traits),
)
@strawberry.type(description="Something that is sold.")
class Product(Node):
    """A product, out of its row."""

    key: str = strawberry.field(description="The retailer's own id of the product (sku).")
    name: str | None = strawberry.field(description="What it is called.")
    category: Category | None = strawberry.field(description="Its category.")
    brand: str | None = strawberry.field(description="Brand.")
    package_size: str | None = strawberry.field(description="Size of the package.")
    price: Decimal | None = strawberry.field(description="List price.")
    currency: str | None = strawberry.field(description="ISO 4217 code of the price.")
    attributes: list[str] = strawberry.field(description="Traits such as low-caffeine or low-sugar.")
    source: str | None = strawberry.field(description="The data set or system that spoke of it last.")

    @strawberry.field(
        description="What is in one basket with it more often than the size of the baskets explains, surest first."
    )
    async def bought_together(self, info: Info, first: FirstOf = 10) -> list[BoughtTogether]:
        """Read together with the other products' partners."""
        return await bought_together(info, self.key, first)

    @strawberry.field(description="What the same customers buy, the most alike first.")
    async def similar(self, info: Info, first: FirstOf = 10) -> list[SimilarProduct]:
        """Read together with the other products' partners."""
        return await similar_to(info, self.key, first)

    @classmethod
    def of(cls, row: queries.ProductRow) -> "Product":
        """The product of a row."""
        return made_of(cls, row)


@strawberry.input(description="Which products are wanted: every given condition must hold.")
class ProductWhere:
    """Conditions on products."""

    key: TextFilter | None = strawberry.field(default=None, description="The retailer's own id (sku).")
    name: NameFilter | None = strawberry.field(default=None, description="The name.")
    category: TextFilter | None = strawberry.field(
        default=None, description="The category's key; `startsWith` takes the whole branch below it."
    )
    brand: TextFilter | None = strawberry.field(default=None, description="The brand.")
    price: MoneyFilter | None = strawberry.field(default=None, description="The list price.")
    attribute: str | None = strawberry.field(default=None, description="Has this trait.")
    source: TextFilter | None = strawberry.field(default=None, description="The data set or system.")

    and_: list["ProductWhere"] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list["ProductWhere"] | None = strawberry.field(name="or", default=None, description=OR)
    not_: "ProductWhere | None" = strawberry.field(name="not", default=None, description=NOT)

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        given: dict[str, object] = {} if self.attribute is None else {"attribute_eq": self.attribute}
        own = given | filters_of(
            {
                "key": self.key,
                "name": self.name,
                "category": self.category,
                "brand": self.brand,
                "price_cents": self.price,
                "source": self.source,
            }
        )
        return combined(own, self.and_, self.or_, self.not_)


@strawberry.enum(description="By what products are sorted.")
class ProductOrderField(Enum):
    """Names of the query's orderings."""

    KEY = strawberry.enum_value("key", description="By the retailer's own id.")
    NAME = strawberry.enum_value("name", description="By name; nameless ones last.")
    CATEGORY = strawberry.enum_value("category", description="By the category's path; those without one last.")
    PRICE = strawberry.enum_value("price", description="By list price; those without one last.")


@strawberry.input(description="How products are sorted; equals come by key.")
class ProductOrder:
    """Field and direction."""

    field: ProductOrderField = strawberry.field(default=ProductOrderField.KEY, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.type(description="Figures over all products of a list.")
class ProductTotals:
    """Sums, least and most."""

    count: int = strawberry.field(description="How many products, however many there are.")
    price: MoneyTotals = strawberry.field(description="The list prices that are known.")

    @classmethod
    def of(cls, row: queries.ProductTotals) -> "ProductTotals":
        """The figures of a row."""
        return cls(count=row.count, price=MoneyTotals.of(row.priced, row.price_sum, row.price_min, row.price_max))


@strawberry.enum(description="What a list of products is grouped by.")
class ProductGrouping(Enum):
    """Names of the query's groupings."""

    CATEGORY = strawberry.enum_value("category", description="By the path of the category.")
    BRAND = strawberry.enum_value("brand", description="By brand.")
    SOURCE = strawberry.enum_value("source", description="By the data set or system that described them last.")


@strawberry.type(name="ProductConnection", description="One page of products.")
class ProductConnection(Connection[Product], WithTotals[ProductTotals]):
    """Products, page by page."""

    groups: list[Group[ProductTotals]] = groups_of(ProductTotals, ProductGrouping, queries.GROUPING)


async def product(
    info: Info, key: Annotated[str, strawberry.argument(description="The retailer's own id (sku).")]
) -> Product | None:
    """One product; null where there is none."""
    row = await info.context.load(queries.products_by_key, key)
    return None if row is None else Product.of(row)


async def products(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[ProductWhere | None, strawberry.argument(description="Which ones; all if absent.")] = None,
    order_by: Annotated[ProductOrder | None, strawberry.argument(description="By key if absent.")] = None,
) -> Connection[Product]:
    """A page of products, with figures over all of the list."""
    order = order_by or ProductOrder()
    name, ordering = chosen("products", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    page: Page[queries.ProductRow] = (
        Page()
        if is_only(info, OF_THE_WHOLE)
        else await queries.products(info.context.reader, filters, ordering, wanted, info.context.needed(info))
    )
    counted = partial(queries.count_products, info.context.reader, filters)
    found = connect(ProductConnection, page, name, Product.of, counted)
    return with_totals(found, partial(_totals, info, filters), filters)


async def _totals(info: Info, filters: dict[str, object]) -> ProductTotals:
    return ProductTotals.of(await queries.total_products(info.context.reader, filters))
