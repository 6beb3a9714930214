"""Affinity without order: what is bought together, which products are alike, what a customer buys next."""

from graph.algorithms.affinity.baskets import Baskets
from graph.algorithms.affinity.evaluation import Quality, held_out, quality
from graph.algorithms.affinity.judging import Judged, judged
from graph.algorithms.affinity.next_product import NextProducts, Recommended, next_products
from graph.algorithms.affinity.request import PROVENANCE, AffinityRequest
from graph.algorithms.affinity.similar import Similar, SimilarProducts, similar_products
from graph.algorithms.affinity.together import BoughtTogether, Pairs, bought_together

__all__ = [
    "PROVENANCE",
    "AffinityRequest",
    "Baskets",
    "BoughtTogether",
    "Judged",
    "NextProducts",
    "Pairs",
    "Quality",
    "Recommended",
    "Similar",
    "SimilarProducts",
    "bought_together",
    "held_out",
    "judged",
    "next_products",
    "quality",
    "similar_products",
]
