"""Drivers: how the program talks to a store over Bolt, quietly and with short time-outs."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from neo4j import READ_ACCESS, AsyncDriver, AsyncGraphDatabase, AsyncSession, NotificationMinimumSeverity
from neo4j.exceptions import DriverError, Neo4jError

from graph.errors import StoreUnavailable
from graph.store.failures import explained, message_of, shown

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")

CONNECT_SECONDS = 8.0
"""An address where nobody answers is told to the user within this time."""

_log = logging.getLogger("neo4j")
_log.addHandler(logging.NullHandler())
if _log.level == logging.NOTSET:
    # The driver reports every retry and every failed connection; what matters reaches the user as one of our errors.
    _log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the store and the password, which never stands in the object's text."""

    user: str
    password: str | None

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


async def connect(uri: str, login: Login, database: str | None = None) -> AsyncDriver:
    """A driver that has had one answer from the database; StoreUnavailable says why it could not."""
    check_address(uri)
    driver = _driver(uri, login)
    try:
        with explained(uri, login.user, timeout_seconds=CONNECT_SECONDS):
            try:
                async with asyncio.timeout(CONNECT_SECONDS), _session(driver, database) as session:
                    await (await session.run("RETURN 1 AS one")).consume()
            except TimeoutError as error:
                raise StoreUnavailable(
                    f"The graph at {shown(uri)} does not answer within {CONNECT_SECONDS:g} s: "
                    "start it, wait until it has started, or correct NEO4J_URI."
                ) from error
    except BaseException:
        await driver.close()
        raise
    return driver


def check_address(uri: str) -> None:
    """Refuses what the driver would take for something else, such as http://, and a password in the address."""
    parts = urlsplit(uri)
    if parts.scheme not in SCHEMES or not parts.hostname or not _has_usable_port(parts):
        raise StoreUnavailable(
            f"The graph's address {shown(uri)!r} cannot be used: NEO4J_URI looks like bolt://host:7687 or "
            f"neo4j://host:7687, and begins with one of {', '.join(SCHEMES)}."
        )
    if "@" in parts.netloc:
        raise StoreUnavailable(
            f"The graph's address {shown(uri)} must not hold a user or a password: set NEO4J_USER and NEO4J_PASSWORD."
        )


def _has_usable_port(parts: SplitResult) -> bool:
    """False where what stands behind the colon is no port."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _session(driver: AsyncDriver, database: str | None) -> AsyncSession:
    opened: Callable[..., AsyncSession] = driver.session  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return opened(database=database, default_access_mode=READ_ACCESS)


def _driver(uri: str, login: Login) -> AsyncDriver:
    try:
        return AsyncGraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]
            uri,
            auth=None if login.password is None else (login.user, login.password),
            user_agent="renmai",
            connection_timeout=CONNECT_SECONDS / 2,
            connection_acquisition_timeout=30,
            max_transaction_retry_time=15,
            notifications_min_severity=NotificationMinimumSeverity.OFF,
            # Else every statement is followed by a message that tells the server how the driver was used.
            telemetry_disabled=True,
        )
    except (DriverError, Neo4jError, ValueError) as error:
        raise StoreUnavailable(
            f"The graph's address {shown(uri)} cannot be used: correct NEO4J_URI. ({message_of(error)})"
        ) from error
