"""The audit log kept no longer than it is wanted: its oldest lines go while the server runs."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from api.access.audit import AuditLog
from graph.errors import LogUnavailable

log = structlog.get_logger("renmai.audit")

EVERY_SECONDS = 3_600.0


async def pruning(audit: AuditLog, kept_for: timedelta, now: Callable[[], datetime]) -> None:
    """Prunes until it is cancelled; what cannot be pruned now is pruned an hour later."""
    while True:
        try:
            if gone := await asyncio.to_thread(audit.prune, now() - kept_for):
                log.info("old lines of the audit log are gone", lines=gone, kept_for_days=kept_for.days)
        except LogUnavailable as failure:
            log.warning("the audit log is not pruned", failure=str(failure))
        await asyncio.sleep(EVERY_SECONDS)
