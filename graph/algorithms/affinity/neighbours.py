"""What the customers most like one buy, out of a sample of all, so that the cost grows with the customers alone.

After Hu, He, Gao and Zhang, "Modeling personalized item frequency information for next-basket recommendation" (SIGIR
2020), whose neighbours are looked for among everybody.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Int64
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.history import History
from graph.algorithms.affinity.matrices import Matrix, from_places, from_rows, row_sums, scaled_rows


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Everybody as a vector, and the sample that may be asked."""

    habits: Matrix
    """Customers × products: faded baskets."""
    described: Matrix
    """Each customer as a vector of length one: roots of the habits, weighed by how few customers share the product."""
    sample: Int64
    most: int

    def told(self, who: Int64) -> Matrix:
        """What the neighbours of each of these customers buy: the mean of their habits, weighed by likeness."""
        alike = self.described[who] @ self.described[self.sample].T
        row, place, likeness = best_of_rows(alike, self.most + 1)
        others = self.sample[place] != who[row]
        row, place, likeness = row[others], place[others], likeness[others]
        total = np.bincount(row, weights=likeness, minlength=who.size)
        asked = from_places(likeness / total[row], row, place, (who.size, self.sample.size))
        return asked @ self.habits[self.sample]


def neighbours(known: History, sample: int, most: int, seed: int) -> Neighbours:
    """Everybody described, and at most `sample` of those who have bought anything, drawn at random."""
    shape = (known.customer_count, known.product_count)
    habits = from_places(known.long, known.customer, known.product, shape)
    rarity = np.log(max(1, known.customer_count) / np.maximum(known.buyers, 1))
    told = from_rows(np.sqrt(habits.data) * rarity[habits.indices], habits.indices, habits.indptr, shape)
    length = np.sqrt(row_sums(told.multiply(told)))
    present = np.flatnonzero(known.absent >= 0)
    if present.size > sample:
        present = np.sort(np.random.default_rng(seed).choice(present, sample, replace=False))
    return Neighbours(habits, scaled_rows(1 / np.where(length > 0, length, 1.0), told), present, most)
