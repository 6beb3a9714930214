"""Affinity without order: what is bought together, which products are alike, what a customer buys next."""

from graph.algorithms.affinity.baskets import Baskets
from graph.algorithms.affinity.evaluation import Quality, held_out, quality
from graph.algorithms.affinity.next_product import NextProducts, Recommended, next_products
from graph.algorithms.affinity.together import BoughtTogether, Pairs, bought_together

__all__ = [
    "Baskets",
    "BoughtTogether",
    "NextProducts",
    "Pairs",
    "Quality",
    "Recommended",
    "bought_together",
    "held_out",
    "next_products",
    "quality",
]
