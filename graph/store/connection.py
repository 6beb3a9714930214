"""Drivers: how the program talks to a store over Bolt, quietly and with short time-outs."""

import asyncio
import logging
from dataclasses import dataclass

from neo4j import AsyncDriver, AsyncGraphDatabase, NotificationMinimumSeverity

from graph.errors import StoreUnavailable
from graph.store.failures import explained, message_of, shown

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


async def connect(uri: str, login: Login) -> AsyncDriver:
    """A driver that has reached the store once; StoreUnavailable says why it could not."""
    driver = _driver(uri, login)
    try:
        with explained(uri, login.user, timeout_seconds=CONNECT_SECONDS):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await driver.verify_connectivity()  # pyright: ignore[reportUnknownMemberType]
            except TimeoutError as error:
                raise StoreUnavailable(
                    f"Cannot reach the graph at {shown(uri)} within {CONNECT_SECONDS:g} s: "
                    "start it, or correct NEO4J_URI."
                ) from error
    except BaseException:
        await driver.close()
        raise
    return driver


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
        )
    except Exception as error:
        # The driver answers a malformed address with ConfigurationError, ValueError or a parser's own error.
        raise StoreUnavailable(
            f"The graph's address {shown(uri)} cannot be used: NEO4J_URI looks like bolt://host:7687 or "
            f"neo4j://host:7687. ({message_of(error)})"
        ) from error
