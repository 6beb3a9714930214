"""How `renmai serve` runs: the server's configuration, its log, and several processes behind one socket.

The parent owns the embedded engine, where there is one, and keeps it while workers come and go; they join it. One of
them projects (`api.claims`). What they share lies in the data folder: keys, kept answers, exports; budgets in Redis.
"""

import asyncio
import gc
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.cli.whole_answers import WholeAnswers
from api.graphql.socket import LARGEST_FRAME
from api.observing.metrics import MULTIPROCESS
from api.settings import Settings
from graph.store import open_store

SHUTDOWN_SECONDS = 10
"""How long what is under way may take to end once the server was told to stop."""

START_SECONDS = 60
"""A worker that says nothing for so long is replaced; on a busy machine it takes long to begin."""


def server_config(application: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """The configuration of one process; `application` is an app, or with `factory` what makes it."""
    return uvicorn.Config(
        application,
        http=WholeAnswers,
        log_level="debug" if settings.log_level == "DEBUG" else "warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ws_max_size=4 * LARGEST_FRAME,  # bytes: a character of UTF-8 has up to four
        # Messages are a few hundred bytes, and a packer a socket stays in memory as long as it is open.
        ws_per_message_deflate=False,
        **more,
    )


def log_to_stderr(settings: Settings) -> None:
    """Events as lines on standard error, for eyes or as JSON; values of variables are in neither."""
    # Values of variables are people's data and secrets: a traceback without them tells enough.
    if settings.log_format == "json":
        lines: list[Any] = [
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        colors = sys.stderr.isatty()
        plain = structlog.dev.plain_traceback
        lines = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    structlog.configure(
        [
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *lines,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def serve_by_several(settings: Settings, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serves until interrupted; RenmaiError where the graph cannot be opened. A worker that dies is replaced."""
    settings = settings.model_copy(update={"data": settings.data.absolute()})
    with tempfile.TemporaryDirectory(prefix="renmai-metrics-") as folder, asyncio.Runner() as runner:
        os.environ[MULTIPROCESS] = folder
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(open_store(settings.store_config())))
        try:
            make = partial(_worker, settings)
            config = server_config(
                make, settings, factory=True, workers=settings.workers, timeout_worker_healthcheck=START_SECONDS
            )
            ready()
            Multiprocess(config, [listening]).run()
        finally:
            runner.run(stack.aclose())


def _worker(settings: Settings) -> Starlette:
    log_to_stderr(settings)
    application = create_app(settings)
    keep_for_good()
    return application


COLLECT_AFTER = 5_000
"""Objects that came and did not go before the collector looks for cycles, not Python's 700: under a thousand
subscriptions it took a ninth of the process's CPU time. Not more, either: all waits while it looks, 4 ms for 5,000
objects and 40 for 50,000, and that is what the slowest of a hundred requests then shows."""


def keep_for_good() -> None:
    """What was loaded stays: the collector, which else stops all work to look it over, passes over it from now on.

    It looks for new garbage less often, too: an answer of a thousand rows is tens of thousands of objects, all of them
    in use until it is sent.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
