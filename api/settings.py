"""What the environment, or a `.env` file, says: where the data lies, which graph, who may ask."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.documents import TrustedDocuments, read_manifest
from api.policy import Policy, Waiting
from api.safety import LOOPBACK
from api.shared_throttle import SharedThrottle
from api.throttle import Allowance, Buckets, OwnBuckets, Throttle
from graph.errors import BadInput
from graph.store import StoreConfig

if TYPE_CHECKING:
    from api.access.tokens import Issuer
    from graph.algorithms.chains import Calendar


class Settings(BaseSettings):
    """Every setting with its default; names in the environment start with RENMAI_ or NEO4J_. Empty is unset."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True)

    data: Path = Field(
        default=Path("data"), validation_alias="RENMAI_DATA", description="Folder of log, scores, graph and keys."
    )
    neo4j_uri: str | None = Field(
        default=None, validation_alias="NEO4J_URI", description="A real Neo4j; else the embedded engine."
    )
    neo4j_user: str = Field(default="neo4j", validation_alias="NEO4J_USER", description="User of that Neo4j.")
    neo4j_password: SecretStr | None = Field(
        default=None, validation_alias="NEO4J_PASSWORD", description="Password of that user."
    )
    neo4j_database: str | None = Field(
        default=None, validation_alias="NEO4J_DATABASE", description="Database; its default if unset."
    )
    host: str = Field(default="127.0.0.1", validation_alias="RENMAI_HOST", description="Address to serve on.")
    port: int = Field(
        default=8000,
        validation_alias="RENMAI_PORT",
        ge=0,
        le=65535,
        description="Port to serve on; 0 takes a free one.",
    )
    auth: Literal["required", "open"] = Field(
        default="required", validation_alias="RENMAI_AUTH", description="open: nobody needs a key."
    )
    open_reads: bool = Field(
        default=False, validation_alias="RENMAI_OPEN_READS", description="Reading needs no key; writing still does."
    )
    project: bool = Field(default=True, validation_alias="RENMAI_PROJECT", description="Follow the log while serving.")
    production: bool = Field(
        default=False,
        validation_alias="RENMAI_PRODUCTION",
        description="No explorer; callers without a key learn nothing of the schema.",
    )
    trusted_documents: Path | None = Field(
        default=None, validation_alias="RENMAI_TRUSTED_DOCUMENTS", description="Manifest of trusted documents."
    )
    only_trusted: bool = Field(
        default=False, validation_alias="RENMAI_ONLY_TRUSTED", description="Nothing but trusted documents is run."
    )
    get_queries: bool = Field(
        default=True, validation_alias="RENMAI_GET_QUERIES", description="Queries may be sent by GET."
    )
    origins: str = Field(
        default="",
        validation_alias="RENMAI_ORIGINS",
        description="Origins of other sites whose pages may ask, such as https://app.example; several with commas.",
    )
    budget: int = Field(
        default=Allowance().maximum,
        validation_alias="RENMAI_BUDGET",
        ge=1,
        description="Cost that one caller may spend at once, in each process.",
    )
    budget_per_second: int = Field(
        default=Allowance().restored_per_second,
        validation_alias="RENMAI_BUDGET_PER_SECOND",
        ge=1,
        description="Cost that comes back to a caller each second.",
    )
    sockets: int = Field(
        default=Policy().sockets,
        validation_alias="RENMAI_SOCKETS",
        ge=1,
        description="Web sockets of one caller, in each process.",
    )
    socket_operations: int = Field(
        default=Policy().socket_operations,
        validation_alias="RENMAI_SOCKET_OPERATIONS",
        ge=1,
        description="Operations at once on one socket.",
    )
    subscriptions: int = Field(
        default=Policy().subscriptions,
        validation_alias="RENMAI_SUBSCRIPTIONS",
        ge=1,
        description="Subscriptions of one caller, on sockets and as streams, in each process.",
    )
    waiting_messages: int = Field(
        default=Waiting().messages,
        validation_alias="RENMAI_WAITING_MESSAGES",
        ge=1,
        description="Messages that wait for one subscription whose client does not keep up; beyond it is ended.",
    )
    waiting_bytes: int = Field(
        default=Waiting().size,
        validation_alias="RENMAI_WAITING_BYTES",
        ge=1,
        description="Bytes of messages that wait for one subscription; beyond it is ended.",
    )
    stalled_seconds: int = Field(
        default=60,
        validation_alias="RENMAI_STALLED_SECONDS",
        ge=1,
        description="A client that takes nothing of what is sent for so long is cut off.",
    )
    private_webhooks: bool = Field(
        default=False,
        validation_alias="RENMAI_PRIVATE_WEBHOOKS",
        description="Webhooks may have addresses of the own network, and plain HTTP.",
    )
    webhook_days: int = Field(
        default=30,
        validation_alias="RENMAI_WEBHOOK_DAYS",
        ge=1,
        description="Deliveries of webhooks that ended are forgotten after so many days.",
    )
    audit_days: int | None = Field(
        default=None,
        validation_alias="RENMAI_AUDIT_DAYS",
        ge=1,
        description="Lines of the audit log go after so many days; none goes if unset.",
    )
    redis_url: SecretStr | None = Field(
        default=None, validation_alias="REDIS_URL", description="A Redis in which processes share the budgets."
    )
    slow_seconds: float = Field(
        default=1.0,
        validation_alias="RENMAI_SLOW_SECONDS",
        gt=0,
        description="A statement in the graph that takes so long is told in the log.",
    )
    oidc_issuer: str | None = Field(
        default=None, validation_alias="RENMAI_OIDC_ISSUER", description="Identity provider whose tokens are taken."
    )
    oidc_audience: str = Field(
        default="", validation_alias="RENMAI_OIDC_AUDIENCE", description="For whom its tokens must be meant."
    )
    oidc_jwks: str | None = Field(
        default=None,
        validation_alias="RENMAI_OIDC_JWKS",
        description="Where its keys are; found by discovery if unset.",
    )
    oidc_scopes: str = Field(
        default="",
        validation_alias="RENMAI_OIDC_SCOPES",
        description="What its scopes mean: THEIRS=OURS, such as crm=customers:read,orders:read; several with spaces.",
    )
    time_zone: str = Field(
        default="Asia/Shanghai", validation_alias="RENMAI_TIME_ZONE", description="Zone of stores that give none."
    )
    calendar: str | None = Field(
        default=None,
        validation_alias="RENMAI_CALENDAR",
        description="File of holidays and make-up workdays, or china: kinds of day of chains.",
    )
    refresh_minutes: float = Field(
        default=0.0,
        validation_alias="RENMAI_REFRESH_MINUTES",
        ge=0,
        description="So often, while serving, influence runs are brought up to date; 0 is never.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="RENMAI_LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", validation_alias="RENMAI_LOG_FORMAT", description="json: a line of JSON for each event."
    )
    workers: int = Field(default=1, validation_alias="RENMAI_WORKERS", ge=1, le=64, description="Processes that serve.")

    def store_config(self) -> StoreConfig:
        """Which graph to open."""
        password = self.neo4j_password.get_secret_value() if self.neo4j_password else None
        return StoreConfig(self.data, self.neo4j_uri, self.neo4j_user, password, self.neo4j_database)

    def allowance(self) -> Allowance:
        """What one caller may spend."""
        return Allowance(self.budget, self.budget_per_second)

    def buckets(self) -> Buckets:
        """Where it is counted: in Redis, or in this process. BadInput for an address that cannot be used."""
        if self.redis_url is None:
            return OwnBuckets(Throttle(self.allowance()))
        return SharedThrottle.open(self.redis_url.get_secret_value(), self.allowance())

    def policy(self) -> Policy:
        """What the API allows; BadInput for a manifest of trusted documents that cannot be used."""
        if self.only_trusted and self.trusted_documents is None:
            raise BadInput("RENMAI_ONLY_TRUSTED needs RENMAI_TRUSTED_DOCUMENTS: the file of what is trusted.")
        manifest = self.trusted_documents
        return Policy(
            allowance=self.allowance(),
            documents=read_manifest(manifest, only=self.only_trusted) if manifest else TrustedDocuments(),
            is_production=self.production,
            get_queries=self.get_queries,
            origins=frozenset(origin.strip() for origin in self.origins.split(",") if origin.strip()),
            sockets=self.sockets,
            socket_operations=self.socket_operations,
            subscriptions=self.subscriptions,
            waiting=Waiting(self.waiting_messages, self.waiting_bytes),
        )

    def holidays(self) -> "Calendar":
        """The calendar of kinds of day; BadInput for one that cannot be read."""
        # Imported here: commands that score nothing do not wait for compiled kernels.
        from graph.algorithms.chains import Calendar
        from graph.jobs.calendar import read_calendar

        return Calendar() if self.calendar is None else read_calendar(self.calendar)

    def issuer(self) -> "Issuer | None":
        """Whose bearer tokens are taken, if anybody's; BadInput for what cannot be used."""
        if self.oidc_issuer is None:
            return None
        # Not every command waits for what only the server needs.
        from api.access.tokens import Issuer

        scopes: dict[str, tuple[str, ...]] = {}
        for given in self.oidc_scopes.split():
            theirs, equals, ours = given.rpartition("=")
            if not (theirs and equals and ours):
                raise BadInput(f"RENMAI_OIDC_SCOPES takes THEIRS=OURS, several with spaces; not {given}.")
            scopes[theirs] = (*scopes.get(theirs, ()), *ours.split(","))
        return Issuer(self.oidc_issuer, self.oidc_audience, self.oidc_jwks, scopes)

    @property
    def is_open_on_this_machine(self) -> bool:
        """Whether somebody tries it out here: no key is needed, and nobody else's machine can ask."""
        is_open = self.auth == "open" or self.open_reads
        return is_open and not self.production and self.host in LOOPBACK

    @property
    def log_folder(self) -> Path:
        """The event log."""
        return self.data / "log" / "events"

    @property
    def rejected_folder(self) -> Path:
        """The dead letters."""
        return self.data / "log" / "rejected"

    @property
    def scores_folder(self) -> Path:
        """The scores of every run, in full."""
        return self.data / "scores"

    @property
    def keys_file(self) -> Path:
        """The API keys, hashed."""
        return self.data / "keys" / "keys.sqlite"

    @property
    def virtual_ids_file(self) -> Path:
        """The secret of the partners' ids."""
        return self.data / "keys" / "virtual-ids.secret"

    @property
    def audit_file(self) -> Path:
        """Who read what is personal."""
        return self.data / "keys" / "audit.sqlite"

    @property
    def exports_folder(self) -> Path:
        """The files of exports."""
        return self.data / "exports"

    @property
    def webhooks_file(self) -> Path:
        """The webhooks, their secrets and what is to be delivered."""
        return self.data / "keys" / "webhooks.sqlite"

    @property
    def answers_file(self) -> Path:
        """The first answers of mutations that carried an idempotency key."""
        return self.data / "keys" / "answers.sqlite"


def unusable(error: ValidationError) -> str:
    """Which settings cannot be used, with the value each has and what would be valid."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}={one['input']} cannot be used: {one['msg'][:1].lower()}{one['msg'][1:]}"
        for one in error.errors()
    )
