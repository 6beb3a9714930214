"""Closed chains: by hand, and on random logs as plain sets have it."""

from itertools import pairwise, product

from chain_worlds import SLOTS, bought
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.chains import DayKind, Gap, closed
from graph.algorithms.chains.events import to_steps
from graph.algorithms.chains.longer import Prefix, completed, days_of

COFFEE, TEA, CAKE = range(3)
HOURS = {7: 0, 12: 1, 18: 2}


def chain(steps, tokens: tuple[int, ...], gaps: tuple[Gap, ...], kind: DayKind = DayKind.ANY) -> Prefix:
    """The chain of these tokens with its completions."""
    days = days_of(steps, tokens[0], kind)
    for token, gap in zip(tokens[1:], gaps, strict=True):
        days = completed(days, days_of(steps, token, DayKind.ANY), gap)
    return Prefix(tokens, gaps, kind, days)


def token(category: int, slot: int) -> int:
    return category * len(SLOTS) + slot


ONE, TWO, THREE = token(COFFEE, 0), token(TEA, 1), token(CAKE, 2)
NEXT = Gap.NEXT_DAY


def test_a_chain_that_all_its_customers_carry_on_is_not_closed():
    # Both customers go on from coffee and tea to cake; tea and cake has a third customer.
    rows = [
        (who, day, hour, what) for who in (0, 1) for day, hour, what in ((0, 7, COFFEE), (1, 12, TEA), (2, 18, CAKE))
    ]
    steps = to_steps(bought([*rows, (2, 5, 12, TEA), (2, 6, 18, CAKE)]), SLOTS)
    whole = chain(steps, (ONE, TWO, THREE), (NEXT, NEXT))

    head, tail = chain(steps, (ONE, TWO), (NEXT,)), chain(steps, (TWO, THREE), (NEXT,))

    assert (head.people, tail.people, whole.people) == (2, 3, 2)
    assert closed([head, tail, whole], [whole]).tolist() == [False, True, True]


def test_another_gap_or_kind_of_day_is_another_chain():
    rows = [(0, day, hour, what) for day, hour, what in ((0, 7, COFFEE), (1, 12, TEA), (2, 18, CAKE))]
    steps = to_steps(bought(rows), SLOTS)
    whole = chain(steps, (ONE, TWO, THREE), (NEXT, NEXT))

    others = [
        chain(steps, (ONE, TWO), (Gap.WITHIN_3_DAYS,)),
        chain(steps, (ONE, TWO), (NEXT,), DayKind.WEEKDAY),
        chain(steps, (ONE, TWO), (NEXT,)),
    ]

    assert closed(others, [whole]).tolist() == [True, True, False]


def test_without_longer_chains_all_are_closed():
    steps = to_steps(bought([(0, 0, 7, COFFEE), (0, 1, 12, TEA)]), SLOTS)

    assert closed([chain(steps, (ONE, TWO), (NEXT,))], []).tolist() == [True]
    assert closed([], []).size == 0


logs = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from(sorted(HOURS)), st.integers(0, 1)),
    min_size=8,
    max_size=50,
)


@settings(max_examples=300, deadline=None)
@given(logs, st.sampled_from([Gap.NEXT_DAY, Gap.WITHIN_3_DAYS]))
def test_closed_is_what_plain_sets_say(rows, gap):
    steps = to_steps(bought(rows, 4, 2), SLOTS)
    on = {
        (code, who): {day for other, day, hour, what in rows if (other, token(what, HOURS[hour])) == (who, code)}
        for code in range(steps.token_count)
        for who in range(4)
    }
    some = sorted({token(what, HOURS[hour]) for *_, hour, what in rows})[:4]

    def customers(tokens):
        """Who went through, by trying every day of every step."""
        through = set()
        for who in range(4):
            ways = product(*(on[code, who] for code in tokens))
            if any(all(gap.first_day <= b - a <= gap.last_day for a, b in pairwise(days)) for days in ways):
                through.add(who)
        return through

    lengths = {size: [t for t in product(some, repeat=size) if customers(t)] for size in (2, 3, 4)}
    chains = [t for size in lengths for t in lengths[size]]
    built = [chain(steps, tokens, (gap,) * (len(tokens) - 1)) for tokens in chains]

    found = closed(built, built)

    people = {tokens: len(customers(tokens)) for tokens in chains}
    assert [one.people for one in built] == [people[tokens] for tokens in chains]
    for tokens, told in zip(chains, found.tolist(), strict=True):
        holding = [
            other
            for other in chains
            if len(other) > len(tokens)
            and any(other[at : at + len(tokens)] == tokens for at in range(len(other) - len(tokens) + 1))
        ]
        assert told == all(people[other] < people[tokens] for other in holding)
