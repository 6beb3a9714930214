"""What affinity runs leave in the graph: of each product its partners, of each customer what they buy next."""

from graph.model.declarations import Node, Property, PropertyType

PRODUCT_AFFINITY = Node(
    "ProductAffinity",
    Property("affinity_id", PropertyType.STRING, "run and sku, joined by |."),
    (
        Property("run_id", PropertyType.STRING, "The run that made it.", indexed=True),
        Property("sku", PropertyType.STRING, "The product.", indexed=True),
        Property("together_skus", PropertyType.STRINGS, "What it is bought together with, the most significant first."),
        Property(
            "together",
            PropertyType.STRING,
            "The same as a JSON list of {sku, baskets, lift, q_value, cosine, jaccard}.",
        ),
        Property("similar_skus", PropertyType.STRINGS, "What the same customers buy, the most alike first."),
        Property("similar", PropertyType.STRING, "The same as a JSON list of {sku, customers, cosine, jaccard}."),
    ),
    "The products that go with a product, as one run saw them.",
)

NEXT_PRODUCTS = Node(
    "NextProducts",
    Property("next_id", PropertyType.STRING, "run and customer, joined by |."),
    (
        Property("run_id", PropertyType.STRING, "The run that made it.", indexed=True),
        Property("customer_id", PropertyType.STRING, "Whose next products they are.", indexed=True),
        Property("horizon_days", PropertyType.INTEGER, "The days behind the newest event that are foretold."),
        Property("skus", PropertyType.STRINGS, "What the customer probably buys, the likeliest first."),
        Property("products", PropertyType.STRING, "The same as a JSON list of {sku, probability, known, told}."),
    ),
    "What a customer probably buys next, as one run saw it.",
)
