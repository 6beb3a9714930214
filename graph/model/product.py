"""Products and the tree of categories."""

from graph.model.declarations import Node, Owner, Property, PropertyType, Tie

SEPARATOR = " > "
"""What joins the names of a category path."""

CATEGORY = Node(
    "Category",
    Property("category_id", PropertyType.STRING, "The path from the root, joined by ' > '."),
    (
        Property("name", PropertyType.STRING, "The last part of the path.", fulltext=True),
        Property("level", PropertyType.INTEGER, "1 for a root category, 2 for its children, and so on."),
    ),
    "A category of products; categories form a tree.",
)

PRODUCT = Node(
    "Product",
    Property("sku", PropertyType.STRING, "The retailer's own id of the product."),
    (
        Property("name", PropertyType.STRING, "What the product is called.", fulltext=True),
        Property("category_id", PropertyType.STRING, "Its category, as a path joined by ' > '.", indexed=True),
        Property("brand", PropertyType.STRING, "Brand."),
        Property("package_size", PropertyType.STRING, "Size of the package."),
        Property("price_cents", PropertyType.CENTS, "List price.", indexed=True),
        Property("currency", PropertyType.STRING, "ISO 4217 code of the price."),
        Property("attributes", PropertyType.STRINGS, "Traits such as low-caffeine or low-sugar."),
        Property("source", PropertyType.STRING, "The data set or system that described it last.", indexed=True),
    ),
    "Something that is sold.",
)

IN = Tie("IN", PRODUCT, CATEGORY, "The product's category.", Owner.START)
PART_OF = Tie("PART_OF", CATEGORY, CATEGORY, "The category one level up.", Owner.START)


def branches(path: str) -> list[str]:
    """The category of a path and those above it, the root first."""
    names = path.split(SEPARATOR)
    return [SEPARATOR.join(names[: depth + 1]) for depth in range(len(names))]


def is_within(category: str, branch: str) -> bool:
    """Whether the one is the other or stands below it in the tree."""
    return category == branch or category.startswith(branch + SEPARATOR)
