"""Every statement that we ask, with sample parameters: what the conformance tests run on every store."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from graph.queries import (
    affinity,
    audience,
    centrality,
    chain,
    chain_behaviours,
    channel,
    customer,
    influence,
    inside,
    order,
    overview,
    product,
    recent_orders,
    referral,
    referral_review,
    run,
    search,
    share,
    store,
    view,
)
from graph.queries.export_children import CHILDREN
from graph.queries.grouping import Grouping, groups_statement
from graph.queries.listing import (
    Listing,
    Totals,
    absent_statement,
    count_statement,
    counts_statement,
    page_statement,
    pages_statement,
    totals_statement,
    valued_statement,
)
from graph.queries.paging import COUNT_CAP, Ordering, turned
from graph.store.statement import CUSTOMER, ORDER, SHARE, Statement

Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sample:
    """A statement under a name, with parameters that it can be run with."""

    name: str
    statement: Statement
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class _Noun:
    name: str
    listing: Listing[Any]
    orderings: Mapping[str, Ordering]
    given: Parameters
    totals: Totals[Any] | None = None
    grouping: Grouping[Any] | None = None


_NOUNS: tuple[_Noun, ...] = (
    _Noun("customers", customer.LISTING, customer.ORDERINGS, {}, customer.TOTALS, customer.GROUPING),
    _Noun("products", product.LISTING, product.ORDERINGS, {}, product.TOTALS, product.GROUPING),
    _Noun("orders", order.LISTING, order.ORDERINGS, {}, order.TOTALS, order.GROUPING),
    _Noun("stores", store.LISTING, store.ORDERINGS, {}),
    _Noun("channels", channel.LISTING, channel.ORDERINGS, {}, channel.TOTALS),
    _Noun("referral reviews", referral_review.LISTING, referral_review.ORDERINGS, {}),
    _Noun("runs", run.LISTING, {"newest": run.NEWEST_FIRST}, {}),
    _Noun("chains", chain.LISTING, chain.ORDERINGS, {}),
    _Noun("chains in a run", chain.LISTING_IN_RUN, chain.ORDERINGS, {"run": "chains-1"}),
    _Noun("influence", influence.LISTING, influence.METRICS, {}),
    _Noun("influence in a run", influence.LISTING_IN_RUN, influence.METRICS, {"run": "influence-1"}),
    _Noun("centrality", centrality.LISTING, centrality.METRICS, {}),
    _Noun("centrality in a run", centrality.LISTING_IN_RUN, centrality.METRICS, {"run": "centrality-1"}),
    _Noun("audience", influence.AUDIENCE, influence.METRICS, {}),
    _Noun("audience in a run", influence.AUDIENCE_IN_RUN, influence.METRICS, {"run": "influence-1"}),
)

_CHILDREN: tuple[tuple[str, Listing[Any], Ordering], ...] = (
    ("orders of customers", order.OF_CUSTOMERS, order.NEWEST_FIRST),
    ("lines of orders", order.LINES, order.BY_SKU),
    ("shares of customers", share.OF_CUSTOMERS, share.NEWEST_FIRST),
    ("referrals from customers", referral.FROM_CUSTOMERS, referral.NEWEST_FIRST),
)

_KEYS: tuple[tuple[str, Statement, Parameters], ...] = (
    ("customers by key", customer.BY_KEYS, {"keys": ["ann"]}),
    ("reviews by key", referral_review.BY_KEYS, {"keys": ["bob"]}),
    ("standing of referrals", referral_review.STANDING, {"keys": ["bob"]}),
    ("products by key", product.BY_KEYS, {"keys": ["latte"]}),
    ("products of shares", product.OF_SHARES, {"parents": ["s1"]}),
    ("stores by key", store.BY_KEYS, {"keys": ["west"]}),
    ("stores of orders", store.OF_ORDERS, {"parents": ["o1"]}),
    ("channels by key", channel.BY_KEYS, {"keys": ["app"]}),
    ("channels of customers", channel.OF_CUSTOMERS, {"parents": ["ann"]}),
    ("channels of orders", channel.OF_ORDERS, {"parents": ["o1"]}),
    ("channels of shares", channel.OF_SHARES, {"parents": ["s1"]}),
    ("orders by key", order.BY_KEYS, {"keys": ["o1"]}),
    ("buyers of orders", order.BUYERS, {"parents": ["o1"]}),
    ("shares by key", share.BY_KEYS, {"keys": ["s1"]}),
    ("sharers of shares", share.SHARERS, {"parents": ["s1"]}),
    ("referrals to customers", referral.TO_CUSTOMERS, {"parents": ["bob"]}),
    ("runs by key", run.BY_KEYS, {"keys": ["influence-1"]}),
    ("pointers at current runs", run.POINTERS, {}),
    ("current runs of a kind", run.CURRENT, {"kind": "influence"}),
    ("known categories", audience.KNOWN_CATEGORIES, {"category": "tea"}),
    ("chains by key", chain.BY_KEYS, {"keys": ["chains-1|1"]}),
    ("behaviours of current chains", chain_behaviours.KNOWN, {"behaviours": ["view"]}),
    (
        "recent orders",
        recent_orders.OF_CUSTOMERS,
        {
            "customers": ["ann"],
            "dates": [date(2026, 3, 2)],
            "since": datetime(2026, 1, 1, tzinfo=UTC),
            "told": ["view"],
            "q_limit": 0.05,
            "any_consent": False,
        },
    ),
    ("partners of products", affinity.OF_PRODUCTS, {"keys": ["latte"]}),
    ("next products of customers", affinity.OF_CUSTOMERS, {"keys": ["ann"]}),
    ("centrality of customers", centrality.BY_CUSTOMERS, {"keys": ["ann"]}),
    ("centrality in a run", centrality.BY_CUSTOMERS_IN_RUN, {"keys": ["ann"], "run": "centrality-1"}),
    ("influence of customers", influence.BY_CUSTOMERS, {"keys": ["ann"]}),
    ("influence of customers in a run", influence.BY_CUSTOMERS_IN_RUN, {"keys": ["ann"], "run": "influence-1"}),
    ("overview: all", overview.ALL, {}),
    ("seen customers", view.SEEN, {"keys": ["ann"]}),
    ("count of seen customers", view.SEEN_COUNTS[CUSTOMER], {"keys": ["ann"]}),
    ("count of seen orders", view.SEEN_COUNTS[ORDER], {"keys": ["o1"]}),
    ("count of seen shares", view.SEEN_COUNTS[SHARE], {"keys": ["s1"]}),
    ("projected version", overview.PROJECTED, {}),
)

_DATETIMES = ("at", "registered_at", "last_order_at", "raised_at", "decided_at")
_NUMBERS = (
    "amount_cents",
    "order_count",
    "revenue_cents",
    "price_cents",
    "lift",
    "confidence",
    "q_value",
    "customers",
    "suspicion",
)


def samples() -> Iterator[Sample]:
    """Every filter, ordering, direction, bound and depth, so that each part of a statement is run with each other.

    All filters of a noun are run together, each way of comparing also by itself. Of (lower bound, upper bound, end)
    any two meet in each combination of theirs; children and searches, whose bounds are their own, have all eight.
    """
    for name, child in CHILDREN.items():
        yield Sample(f"children in exports: {name}", child.statement, {"parents": ["ann", "o1"]})
    for name, statement, parameters in _KEYS:
        yield Sample(name, statement, parameters)
    for depth, statement in referral.TREES.items():
        yield Sample(f"referral tree of depth {depth}", statement, {"key": "ann", "limit": 100})
    for by, statement in audience.GROUPS.items():
        yield Sample(f"customers by {by}", statement, {})
    every = tuple(audience.CONDITIONS)
    yield Sample("keys of an audience", audience.keys_statement(every), _values(every))
    scan = {"since": datetime(2026, 1, 1, tzinfo=UTC), "scan": 9}
    yield Sample("a chain that leads there", inside.LEADING_THERE, {"category": "tea", "q_limit": 0.05})
    active = (*(((), one, beyond) for one in _SHAPES for beyond in (False, True)), (every, _SHAPES[0], True))
    for names, shape, beyond in active:
        given = {**_values(names), **scan, "after": "a", "before": "z"}
        yield _sample(
            f"active customers {shape} by {names}",
            inside.active_statement(names, *shape, beyond_purchases=beyond),
            given,
        )
    for among in (search.LABELS, ("Channel",), ("Customer",)):
        yield from _of_search(search.Sought("an 王芳", among))
    for noun in _NOUNS:
        yield from _of_noun(noun)
    for name, listing, ordering in _CHILDREN:
        yield from _of_children(name, listing, ordering)


def _of_search(sought: search.Sought) -> Iterator[Sample]:
    ends: dict[str, object] = {f"{end}_{part}": "a" for end in ("after", "before") for part in ("customer", "key")}
    ends |= {"after_fit": 5, "before_fit": 1, "after_label": "A", "before_label": "Z"}
    yield _sample(f"count hits among {sought.labels}", sought.counting(), sought.parameters())
    for shape in _SHAPES:
        given = {**sought.parameters(), **ends, "limit": 5}
        yield _sample(f"search among {sought.labels} {shape}", sought.statement(*shape), given)


def _sample(name: str, statement: Statement, given: Parameters) -> Sample:
    """With those of the parameters that the statement names."""
    named = set(re.findall(r"\$(\w+)", statement.text))
    return Sample(name, statement, {one: value for one, value in given.items() if one in named})


def _of_noun(noun: _Noun) -> Iterator[Sample]:
    every = tuple(noun.listing.filters)
    # Nouns that read a given run share their filters with those that read the current one.
    alone = () if noun.given else tuple(_each_comparison(noun.listing.filters))
    for names in ((), *alone, every):
        parameters = {**noun.given, **_values(names), "cap": COUNT_CAP}
        yield Sample(f"count {noun.name} by {names}", count_statement(noun.listing, names), parameters)
    if noun.totals:
        for names in ((), every):
            yield Sample(f"totals of {noun.name} by {names}", totals_statement(noun.totals, names), _values(names))
    if noun.grouping:
        for by in noun.grouping.by:
            yield Sample(f"totals of {noun.name} by each {by}", groups_statement(noun.grouping, by, ()), {"first": 5})
        in_order = groups_statement(noun.grouping, next(iter(noun.grouping.by)), (), True)
        yield Sample(f"totals of {noun.name} in order", in_order, {"first": 5})
    first = next(iter(noun.orderings.values()))
    yield from _by_properties(noun)
    for label, ordering in noun.orderings.items():
        if ordering.by_index:
            continue
        for way in (ordering, turned(ordering)):
            for shape in _PAIRWISE if way is first else _COMMON_SHAPES:
                statement = page_statement(noun.listing, way, (), *shape)
                parameters = {**noun.given, "limit": 3, **_bounds(label, *shape[:2], by_key=_is_by_key(ordering))}
                yield Sample(f"{noun.name} by {label} {way.descending} {shape}", statement, parameters)
    filtered = page_statement(noun.listing, first, every, False, False, False)
    yield Sample(f"{noun.name} with every filter", filtered, {**noun.given, **_values(every), "limit": 3})


def _each_comparison(filters: Mapping[str, str]) -> Iterator[tuple[str]]:
    """The first filter of each text that differs in more than its property and parameter."""
    met = set[str]()
    for name, text in filters.items():
        comparison = re.sub(r"[.$]\w+", "", text)
        if comparison not in met:
            met.add(comparison)
            yield (name,)


def _by_properties(noun: _Noun) -> Iterator[Sample]:
    """Pages sorted by an indexed property: of those that have it, and where it may be absent of the others."""
    every = tuple(noun.listing.filters)
    for label, ordering in noun.orderings.items():
        given = {**noun.given, **_values(every), "limit": 3, **_bounds(label, after=True, before=True)}
        parts = (("with", valued_statement), ("without", absent_statement))[: ordering.by_index + ordering.absent]
        for way in (ordering, turned(ordering)):
            for part, made in parts:
                for shape in _PAIRWISE if way is ordering else _COMMON_SHAPES:
                    name = f"{noun.name} by {label} {way.descending} {part} {shape}"
                    yield _sample(name, made(noun.listing, way, (), *shape), given)
                name = f"{noun.name} by {label} {way.descending} {part} and with every filter"
                yield _sample(name, made(noun.listing, way, every, *_SHAPES[0]), given)


def _of_children(name: str, listing: Listing[Any], ordering: Ordering) -> Iterator[Sample]:
    yield Sample(f"count {name}", counts_statement(listing), {"parents": ["ann", "o1"], "cap": COUNT_CAP})
    label = "key" if ordering is order.BY_SKU else "at"
    for shape in _SHAPES:
        statement = pages_statement(listing, ordering, *shape)
        parameters = {"parents": ["ann", "o1"], "limit": 3, **_bounds(label, *shape[:2])}
        yield Sample(f"{name} {shape}", statement, parameters)


Shape = tuple[bool, bool, bool]
"""With a lower bound, with an upper bound, read from the end."""

_SHAPES: tuple[Shape, ...] = tuple(
    (after, before, backward) for after in (False, True) for before in (False, True) for backward in (False, True)
)
_PAIRWISE: tuple[Shape, ...] = tuple(shape for shape in _SHAPES if sum(shape) % 2 == 0)
_COMMON_SHAPES: tuple[Shape, ...] = ((True, False, False),)


def _is_by_key(ordering: Ordering) -> bool:
    return ordering.value == ordering.key


def _bounds(label: str, after: bool, before: bool, *, by_key: bool = False) -> Parameters:
    value = _sort_value(label)
    found: dict[str, object] = {}
    if after:
        found |= {"after_key": "a"} if by_key else {"after_value": value, "after_key": "a"}
    if before:
        found |= {"before_key": "z"} if by_key else {"before_value": value, "before_key": "z"}
    return found


def _sort_value(label: str) -> object:
    if label in {"key", "name", "category", "district"}:
        return "m"
    if label in {*_DATETIMES, "newest", "at"}:
        return datetime(2026, 3, 2, 4, tzinfo=UTC)
    return 1


def _values(names: tuple[str, ...]) -> dict[str, object]:
    return {name: _value(name) for name in names}


def _value(name: str) -> object:
    noun, _, condition = name.rpartition("_")
    if condition == "in":
        return [_value(f"{noun}_eq")]
    if name == "online_eq" or name.startswith("consent_"):
        return True
    if noun == "local_date":
        return date(2026, 3, 2)
    if noun in _DATETIMES:
        return datetime(2026, 3, 2, 4, tzinfo=UTC)
    return 1 if noun in _NUMBERS and condition in {"eq", "gte", "gt", "lte", "lt"} else "a"
