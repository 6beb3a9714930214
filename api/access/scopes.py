"""What a key or a token may do, as scopes `noun:action`, and which scopes each field of the schema needs.

One table says to which noun a type belongs: every field that answers it needs `noun:read`. What the model declares as
personal needs `personal:read` besides. The same table is printed into the schema as `@requiresScopes`, checked before
and while an operation runs, and walked by the tests.
"""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    get_named_type,
)

from graph.errors import BadInput
from graph.model.customer import CUSTOMER

Needs = frozenset[str]
"""Scopes, all of which are needed."""
NOTHING: Needs = frozenset()


class Scope(StrEnum):
    """Shorthands: everything that can be read, everything that can be written."""

    READ = "read"
    WRITE = "write"


EVERYTHING = "*"
PERSONAL = "personal:read"
TYPES: Mapping[str, str] = {
    "AdvocateSelection": "advocates",
    "BoughtTogether": "affinity",
    "CentralityScore": "centrality",
    "Chain": "chains",
    "ChainDrift": "chains",
    "ChainStepReached": "chains",
    "Channel": "channels",
    "Customer": "customers",
    "CustomerChange": "events",
    "ExportJob": "exports",
    "InfluenceChange": "changes",
    "InfluenceScore": "influence",
    "Insider": "chains",
    "NextProduct": "affinity",
    "OpenChain": "chains",
    "Order": "orders",
    "Overview": "overview",
    "Product": "products",
    "RecordedEvent": "events",
    "Referral": "referrals",
    "ReferralEconomics": "economics",
    "ReferralReview": "reviews",
    "ReferralTree": "referrals",
    "ScoreRun": "runs",
    "ScoreRunProgress": "runs",
    "Share": "shares",
    "SimilarProduct": "affinity",
    "Store": "stores",
    "Webhook": "webhooks",
    "WebhookDelivery": "webhooks",
}
"""Type → the noun whose scope its readers need; a connection belongs to the noun of what it holds."""
WRITES: Mapping[str, str] = {
    "recordEvents": "events",
    "recordReferral": "events",
    "reviewReferral": "reviews",
    "upsertCustomers": "customers",
    "upsertProducts": "products",
    "upsertStores": "stores",
    "upsertChannels": "channels",
    "startExport": "exports",
    "startScoreRun": "runs",
    "createWebhook": "webhooks",
    "deleteWebhook": "webhooks",
    "testWebhook": "webhooks",
    "replayWebhookDelivery": "webhooks",
}
"""Mutation → the noun that it writes. A new one must say so here, or the schema is not made."""
BY_KIND = frozenset({"node", "nodes", "search", "_entities", "_service"})
"""Fields of the query that answer several nouns: what they may answer is checked thing by thing."""
OF_NO_NOUN = frozenset({"bookmark"})
"""Fields of the query that tell nothing of any noun: whoever may read at all may ask them."""
PERSONAL_FIELDS = frozenset(one.name for one in CUSTOMER.properties if one.personal)
"""Properties of customers that the model declares personal."""

READS: Needs = frozenset(f"{noun}:read" for noun in TYPES.values()) | {PERSONAL}
WRITTEN: Needs = frozenset(f"{noun}:write" for noun in WRITES.values())
SCOPES: Needs = READS | WRITTEN
"""Every scope that there is; the shorthands stand for several of them."""
FOR_PARTNERS: Needs = frozenset(
    {f"{noun}:read" for noun in ("channels", "chains", "customers", "events", "exports", "influence", "orders")}
    | {f"{noun}:read" for noun in ("products", "referrals", "runs", "shares", "stores", "webhooks")}
    | {"exports:write", "webhooks:write", PERSONAL}
)
"""What a partner may be given: nothing that writes into the log, chooses among everybody or counts everybody."""


def checked(scopes: Collection[str], *, partner: bool = False) -> Needs:
    """The scopes as they are kept; BadInput for one that there is not, or that no partner may have."""
    possible = FOR_PARTNERS if partner else SCOPES | set(Scope) | {EVERYTHING}
    for scope in scopes:
        if scope not in possible:
            whose = "a partner's key must name scopes out of" if partner else "--scope must be one of"
            raise BadInput(f"{whose} {', '.join(sorted(possible))}; not {scope}.")
    return frozenset(str(scope) for scope in scopes)


@lru_cache(maxsize=1024)
def expanded(scopes: Needs) -> Needs:
    """Everything that the scopes stand for."""
    found = set(scopes & SCOPES)
    if scopes & {Scope.READ, EVERYTHING}:
        found |= READS
    if scopes & {Scope.WRITE, EVERYTHING}:
        found |= WRITTEN
    return frozenset(found)


def any_for(kind: OperationType, scopes: Needs) -> bool:
    """Whether the scopes let their bearer do anything of this kind: without, not even `__typename` is answered."""
    return bool(expanded(scopes) & (WRITTEN if kind is OperationType.MUTATION else READS))


def to_read(type_name: str) -> Needs:
    """What readers of a type need; nothing for one that no scope guards."""
    noun = TYPES.get(type_name)
    return NOTHING if noun is None else frozenset({f"{noun}:read"})


_TOLD: Mapping[str, str] = {
    "score_run.published": "runs",
    "score_run.failed": "runs",
    "influence.changed": "changes",
    "chain.steps_reached": "chains",
    "export.ended": "exports",
}
"""Topic of a webhook → the noun of what it tells; events for all others."""


def to_hear(topics: Collection[str], *, partner: bool = False) -> Needs:
    """What a webhook's maker needs for its topics. A partner, who asks for no changes over everybody, hears of those
    whose scores it may read."""
    told = {_TOLD.get(topic, "events") for topic in topics}
    return frozenset(f"{'influence' if partner and noun == 'changes' else noun}:read" for noun in told)


_OWN = ("StartExport", "CreateWebhook", "ReplayWebhook")


def needs(owner: str, name: str, field: GraphQLField) -> Needs:
    """The scopes that one field of a type needs, all of them."""
    if owner == "Mutation":
        return frozenset({f"{WRITES[name]}:write"})
    if owner.endswith(("Connection", "Edge")) or (owner.endswith("Payload") and owner.startswith(_OWN)):
        # Who may ask for a page may have what is on it; who made something may see what was made.
        return NOTHING
    found = to_read(_held(field).name)
    if owner == "Customer" and _snake(name) in PERSONAL_FIELDS:
        found |= {"customers:read", PERSONAL}
    if owner == "Subscription" and name == "customerChanged":
        found |= {"customers:read"}
    return found


def needed(schema: GraphQLSchema) -> dict[tuple[str, str], Needs]:
    """(type, field) → what it needs, of every field that needs something; KeyError for a root field in no table."""
    found: dict[tuple[str, str], Needs] = {}
    for kind, name, field in _fields(schema):
        if kind is schema.mutation_type and name not in WRITES:
            raise KeyError(f"say in api/access/scopes.py which noun the mutation {name} writes")
        if scopes := needs(kind.name, name, field):
            found[kind.name, name] = scopes
        elif kind in {schema.query_type, schema.subscription_type} and name not in BY_KIND | OF_NO_NOUN:
            raise KeyError(f"say in api/access/scopes.py to which noun the type of {kind.name}.{name} belongs")
    return found


def _fields(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType | GraphQLInterfaceType, str, GraphQLField]]:
    for kind in schema.type_map.values():
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                yield kind, name, field


def _held(field: Any) -> GraphQLNamedType:  # graphql-core leaves the types of fields partly unknown
    """What a field answers; of a connection, what it holds."""
    kind = cast("GraphQLNamedType", get_named_type(field.type))
    if isinstance(kind, GraphQLObjectType) and "pageInfo" in kind.fields:
        return _held(kind.fields["nodes"])
    return kind


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
