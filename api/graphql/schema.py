"""The schema: every way in, in three roots."""

from collections.abc import AsyncIterator, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import strawberry
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.access.guard import guard
from api.access.scopes import needed
from api.access.sdl import with_scopes
from api.graphql.advocates import AdvocateSelection, select
from api.graphql.bookmark import bookmark
from api.graphql.centrality import CentralityScore, most_central
from api.graphql.chain import Chain, chain, chains
from api.graphql.chain_step import ChainStepReached, watch_chain_steps
from api.graphql.changes import CustomerChange, RecordedEvent, watch_customers, watch_events
from api.graphql.channel import Channel, ChannelConnection, channel, channels
from api.graphql.connection import Connection
from api.graphql.context import Context, Info
from api.graphql.customer import Customer, CustomerConnection, customer, customers
from api.graphql.drift import ChainDrift, chain_drift
from api.graphql.event import EventKind, RecordEventsResult, record_events
from api.graphql.export import ExportJob, ExportResult, export, start_export
from api.graphql.federation import ENTITIES, KEYS, Entity, Service, entities, service
from api.graphql.forgiving import forgive
from api.graphql.influence import InfluenceConnection, InfluenceScore, influence_scores, top_influencers
from api.graphql.influence_change import InfluenceChange, influence_changes
from api.graphql.inside import Insider, customers_inside
from api.graphql.node import Node
from api.graphql.nodes import SearchConnection, node, nodes, search_nodes
from api.graphql.open_chain import OpenChain, open_chains
from api.graphql.order import Order, order
from api.graphql.order_list import OrdersConnection, orders
from api.graphql.overview import Overview, overview
from api.graphql.plain import PlainExecutor
from api.graphql.prices import prices
from api.graphql.product import Product, ProductConnection, product, products
from api.graphql.record_referral import RecordReferralResult, record_referral
from api.graphql.referral import ReferralTree, referral_tree
from api.graphql.referral_economics import ReferralEconomics, referral_economics
from api.graphql.referral_review import ReferralReview, referral_reviews
from api.graphql.review_referral import ReviewReferralResult, review_referral
from api.graphql.run import ScoreRun, score_run, score_runs
from api.graphql.scalars import SCALARS
from api.graphql.score import ScoreRunProgress, ScoreRunResult, start_score_run, watch_score_run
from api.graphql.sdl import with_costs, with_federation, without_federation
from api.graphql.share import Share
from api.graphql.store import Store, store, stores
from api.graphql.upsert import UpsertResult, upsert_channels, upsert_customers, upsert_products, upsert_stores
from api.graphql.webhook import Webhook, WebhookDelivery, webhook_deliveries, webhooks
from api.graphql.webhook_changes import (
    CreateWebhookResult,
    DeleteWebhookResult,
    ReplayWebhookDeliveryResult,
    TestWebhookResult,
    create_webhook,
    delete_webhook,
    replay_delivery,
    send_test,
)

FORGIVING = ("EventInput", "CustomerUpsert", "ProductUpsert", "StoreUpsert", "ChannelUpsert")
"""Inputs of which one that is malformed is refused alone."""
SCHEMA_FILE = Path(__file__).parent / "schema.graphql"


@strawberry.type(description="What can be asked.")
class Query:
    """Reading."""

    node: Node | None = strawberry.field(resolver=node, description="Anything by its global id; null where it is gone.")
    nodes: list[Node | None] = strawberry.field(
        resolver=nodes, description="Things by their global ids: one answer for each id, in order."
    )
    customer: Customer | None = strawberry.field(resolver=customer, description="One customer by key.")
    customers: CustomerConnection = strawberry.field(  # pyright: ignore[reportAssignmentType]  `connect` makes it
        resolver=customers, description="Customers, page by page."
    )
    product: Product | None = strawberry.field(resolver=product, description="One product by key.")
    products: ProductConnection = strawberry.field(  # pyright: ignore[reportAssignmentType]  `connect` makes it
        resolver=products, description="Products, page by page."
    )
    store: Store | None = strawberry.field(resolver=store, description="One store by key.")
    stores: Connection[Store] = strawberry.field(resolver=stores, description="Stores, page by page.")
    channel: Channel | None = strawberry.field(resolver=channel, description="One channel by name.")
    channels: ChannelConnection = strawberry.field(  # pyright: ignore[reportAssignmentType]  `connect` makes it
        resolver=channels, description="Channels, page by page."
    )
    order: Order | None = strawberry.field(resolver=order, description="One order by key.")
    orders: OrdersConnection = strawberry.field(  # pyright: ignore[reportAssignmentType]  `connect` makes it
        resolver=orders, description="Orders, page by page."
    )
    chain_drift: list[ChainDrift] = strawberry.field(
        resolver=chain_drift, description="What changed between two runs of chains, surest first, each with its reason."
    )
    influence_changes: Connection[InfluenceChange] = strawberry.field(
        resolver=influence_changes,
        description="Whose influence changed from one run to another of the same scope, the farthest moved first.",
    )
    influence_scores: list[InfluenceScore | None] = strawberry.field(
        resolver=influence_scores,
        description="Scores of up to 1,000 customers in one read, in the order of the keys; null where there is none.",
    )
    top_influencers: InfluenceConnection = strawberry.field(  # pyright: ignore[reportAssignmentType]  `connect` makes it
        resolver=top_influencers, description="The customers who move others most, page by page."
    )
    most_central: Connection[CentralityScore] = strawberry.field(
        resolver=most_central,
        description="The most central of those who follow one another's shares, page by page; see CentralityScore.",
    )
    select_advocates: AdvocateSelection = strawberry.field(
        resolver=select,
        description="Whom to enlist: the customers of an audience who together move the most, with a certificate.",
    )
    referral_tree: ReferralTree = strawberry.field(
        resolver=referral_tree, description="Whom a customer brought, directly and through others."
    )
    referral_economics: ReferralEconomics = strawberry.field(
        resolver=referral_economics, description="What referrals bring and cost, over an audience and a period."
    )
    referral_reviews: Connection[ReferralReview] = strawberry.field(
        resolver=referral_reviews, description="Referrals that look like fraud or were decided about, page by page."
    )
    chain: Chain | None = strawberry.field(resolver=chain, description="One chain by id.")
    chains: Connection[Chain] = strawberry.field(
        resolver=chains, description="What leads to what, page by page: of the current runs, or of a given one."
    )
    open_chains: list[OpenChain] = strawberry.field(
        resolver=open_chains, description="What probably comes next for a customer, in which slot, how likely."
    )
    customers_inside: Connection[Insider] = strawberry.field(
        resolver=customers_inside,
        description="Who is inside of an open chain now, of those who agreed to offers, page by page.",
    )
    score_run: ScoreRun | None = strawberry.field(resolver=score_run, description="One run of scores by id.")
    score_runs: Connection[ScoreRun] = strawberry.field(
        resolver=score_runs, description="Runs of scores, newest first, page by page."
    )
    export: ExportJob | None = strawberry.field(
        resolver=export, description="How far an export is, and where its file is; null once it has expired."
    )
    webhooks: list[Webhook] = strawberry.field(
        resolver=webhooks, description="The webhooks of the key that asks, the oldest first."
    )
    webhook_deliveries: Connection[WebhookDelivery] = strawberry.field(
        resolver=webhook_deliveries,
        description="What was posted to a webhook, the newest first, page by page.",
    )
    bookmark: str | None = strawberry.field(
        resolver=bookmark,
        description="Where the graph stands: whatever a later request reads has all of it. For `unchangedSince`: ask "
        "for it in a request before the one that reads. Null for partners, who write nothing.",
    )
    overview: Overview = strawberry.field(resolver=overview, description="What is loaded, in figures.")
    search: SearchConnection = strawberry.field(
        resolver=search_nodes,
        description="Customers, products, stores and channels by key or words of their names, page by page.",
    )
    service_: Service = strawberry.field(
        name="_service", resolver=service, description="The schema, for the gateway of a federated graph."
    )
    entities_: list[Entity | None] = strawberry.field(
        name="_entities", resolver=entities, description="Entities by their keys, for the gateway of a federated graph."
    )


@strawberry.type(description="What can be done.")
class Mutation:
    """Writing."""

    record_events: RecordEventsResult = strawberry.mutation(
        resolver=record_events,
        description="Takes up to 2,500 events in, with a verdict for each; the same event twice changes nothing.",
    )
    record_referral: RecordReferralResult = strawberry.mutation(
        resolver=record_referral, description="Says that one customer brought another."
    )
    review_referral: ReviewReferralResult = strawberry.mutation(
        resolver=review_referral, description="Approves, voids or reopens the referral that brought a customer."
    )
    upsert_customers: UpsertResult = strawberry.mutation(
        resolver=upsert_customers, description="Says what is known of up to 2,500 customers, with a verdict for each."
    )
    upsert_products: UpsertResult = strawberry.mutation(
        resolver=upsert_products, description="Says what is known of up to 2,500 products, with a verdict for each."
    )
    upsert_stores: UpsertResult = strawberry.mutation(
        resolver=upsert_stores, description="Says what is known of up to 2,500 stores, with a verdict for each."
    )
    upsert_channels: UpsertResult = strawberry.mutation(
        resolver=upsert_channels, description="Says what is known of up to 2,500 channels, with a verdict for each."
    )
    start_export: ExportResult = strawberry.mutation(
        resolver=start_export, description="Writes everything of a noun into a file in the background; see `export`."
    )
    create_webhook: CreateWebhookResult = strawberry.mutation(
        resolver=create_webhook, description="Has an address told what happens: signed, and until it was taken."
    )
    delete_webhook: DeleteWebhookResult = strawberry.mutation(
        resolver=delete_webhook, description="Removes a webhook, with all that waited for it."
    )
    test_webhook: TestWebhookResult = strawberry.mutation(
        resolver=send_test, description="Posts a test to a webhook, or shows what would be posted."
    )
    replay_webhook_delivery: ReplayWebhookDeliveryResult = strawberry.mutation(
        resolver=replay_delivery, description="Posts a message again, whatever became of it before."
    )
    start_score_run: ScoreRunResult = strawberry.mutation(
        resolver=start_score_run, description="Computes scores in the background; watch it with scoreRun."
    )


@strawberry.type(description="What can be watched.")
class Subscription:
    """Watching."""

    @strawberry.subscription(description="How far a run of scores is, until it ends.")
    async def score_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The run's global id or its own id.")],
    ) -> AsyncIterator[ScoreRunProgress]:
        """See `watch_score_run`."""
        async for progress in watch_score_run(info, id):
            yield progress

    @strawberry.subscription(description="Customers of whom something is recorded, by the API or any loader.")
    async def customer_changed(
        self,
        info: Info,
        keys: Annotated[list[str], strawberry.argument(description="The customers, 1 to 1,000.")],
    ) -> AsyncIterator[CustomerChange]:
        """See `watch_customers`."""
        async for change in watch_customers(info, keys):
            yield change

    @strawberry.subscription(description="Every event that is recorded from now on, by the API or any loader.")
    async def event_recorded(
        self,
        info: Info,
        kinds: Annotated[
            list[EventKind] | None, strawberry.argument(description="Of these kinds; all if absent.")
        ] = None,
    ) -> AsyncIterator[RecordedEvent]:
        """See `watch_events`."""
        async for event in watch_events(info, kinds):
            yield event

    @strawberry.subscription(
        description="What a customer did, as it is recorded, that opened a chain or led on to its last "
        "step: purchases, and what else the current runs know as steps."
    )
    async def chain_step_reached(
        self,
        info: Info,
        keys: Annotated[
            list[str] | None, strawberry.argument(description="Of these customers, 1 to 1,000; of all if absent.")
        ] = None,
        next_category: Annotated[
            str | None,
            strawberry.argument(description="Only chains that lead to this category, given by its key, or one below."),
        ] = None,
    ) -> AsyncIterator[ChainStepReached]:
        """See `watch_chain_steps`."""
        async for reached in watch_chain_steps(info, keys, next_category):
            yield reached


class Prepared(SchemaExtension):
    """Hands in the document that was parsed, limited and validated before."""

    def on_parse(self) -> Any:
        """Strawberry then neither parses nor validates again."""
        context: Context = self.execution_context.context
        if context.document is not None:
            self.execution_context.graphql_document = context.document
            self.execution_context.pre_execution_errors = []
        yield


class Schema(strawberry.Schema):
    """Errors are logged and masked where answers leave (`api.graphql.errors`), not here."""

    shown: GraphQLSchema
    """The schema as clients see it, against which documents are validated; the one that executes forgives more."""

    @property
    def sdl(self) -> str:
        """The schema in its own language, as a gateway reads it."""
        return export_subgraph()

    def process_errors(self, errors: Any, execution_context: ExecutionContext | None = None) -> None:
        """Nothing."""


def make_schema(extensions: Sequence[type[SchemaExtension]] = ()) -> Schema:
    """The schema as it is served; `extensions` look on while it executes."""
    schema = _declared(extensions)
    schema.shown = _core(_declared())
    forgive(_core(schema), FORGIVING)
    guard(_core(schema))
    return schema


def _declared(extensions: Sequence[type[SchemaExtension]] = ()) -> Schema:
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Customer, Product, Store, Channel, Order, Share, Chain, ScoreRun, ReferralReview],
        extensions=[Prepared, *extensions],
        execution_context_class=PlainExecutor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    _without_null_defaults(_core(schema))
    return schema


def core(schema: Schema) -> GraphQLSchema:
    """The schema as graphql-core has it, and as clients see it."""
    return schema.shown


def _core(schema: Schema) -> GraphQLSchema:
    return schema._schema  # pyright: ignore[reportPrivateUsage]


def _without_null_defaults(schema: GraphQLSchema) -> None:
    """An argument that may be absent is absent, not `= null`: clients need not send it, and the language is shorter."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            inputs = [kind.fields]
        elif isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            inputs = [field.args for field in kind.fields.values()]
        else:
            continue
        for given in (one for several in inputs for one in several.values()):
            if given.default_value is None:
                given.default_value = Undefined


@cache
def export_schema() -> str:
    """The schema in its own language, as clients' tools read it, with costs and scopes; ended by a line break."""
    declared = _declared()
    told = with_costs(without_federation(declared.as_str()), prices(_core(declared)))
    return with_scopes(told, needed(_core(declared)))


@cache
def export_subgraph() -> str:
    """The schema as a gateway reads it: with federation, without scopes.

    Some tools of clients cannot read `@link`. Apollo's gateway in JavaScript refuses a schema with `@requiresScopes`,
    which it does not enforce; we do, whoever asks.
    """
    declared = _declared()
    return with_federation(with_costs(declared.as_str(), prices(_core(declared))), ENTITIES, KEYS)
