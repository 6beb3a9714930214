"""Which chains of a run are closed: no longer one that contains them was gone through by as many customers.

A chain contains another one if its steps hold the other's in a row: the same categories and slots, with the same gaps
and kinds of day. Whoever went through it went through what it contains, so that as many customers are the same ones,
and the shorter chain tells nothing that the longer one does not. Compared are a run's confirmed chains that stand for
themselves (after closed sequential patterns: Yan, Han, Afshar 2003). Customers are counted by completions, as in
`longer.py`, the last days of the log included.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from graph.algorithms.chains.events import Bool, Int64, Steps
from graph.algorithms.chains.longer import LongerChains, Prefix, extended, pair
from graph.algorithms.chains.mining import Chains

Words = tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]
"""Tokens, kinds of day of every step, and gaps."""


def pairs_of(steps: Steps, chains: Chains, rows: Int64) -> Iterator[Prefix]:
    """The chains that these rows of pairs are, one at a time: each holds all its completions."""
    return (pair(steps, chains, row) for row in rows.tolist())


def extensions_of(steps: Steps, found: LongerChains, rows: Int64) -> Iterator[Prefix]:
    """The same of rows of extensions."""
    return (extended(steps, found, row) for row in rows.tolist())


def closed(chains: Iterable[Prefix], longer: Iterable[Prefix]) -> Bool:
    """For each chain whether no longer one that contains it has as many customers. O(chains + Σ over longer of steps²).

    `longer` may hold the chains themselves: none contains itself.
    """
    most: dict[Words, int] = defaultdict(int)
    for one in longer:
        people = one.people
        for words in _parts(one):
            most[words] = max(most[words], people)
    return np.array([_words(one) not in most or one.people > most[_words(one)] for one in chains], np.bool_)


def _words(chain: Prefix) -> Words:
    return chain.tokens, tuple(chain.kinds), chain.gaps


def _parts(chain: Prefix) -> Iterator[Words]:
    """All runs of two and more of its steps, less itself."""
    tokens, kinds, gaps = _words(chain)
    for start in range(len(tokens) - 1):
        for end in range(start + 2, len(tokens) + 1):
            if end - start < len(tokens):
                yield tokens[start:end], kinds[start:end], gaps[start : end - 1]
