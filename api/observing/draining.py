"""The end of a server, seen from within: streams are ended when the process is told to stop, not cut off after it."""

import asyncio
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Draining:
    """Whether the process was told to stop: what is under way ends, nothing new begins."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        """Whether the process was told to stop."""
        return self._told.is_set()

    async def begun(self) -> None:
        """Returns when the process is told to stop."""
        await self._told.wait()

    def begin(self) -> None:
        """Tells it."""
        self._told.set()

    @contextmanager
    def on_signals(self) -> Generator[None]:
        """Listens to SIGTERM and SIGINT beside the server, whose own handlers go on; outside a main thread to none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, before = asyncio.get_running_loop(), {one: signal.getsignal(one) for one in _SIGNALS}

        def told(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._told.set)
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)

        for one in _SIGNALS:
            signal.signal(one, told)
        try:
            yield
        finally:
            for one, handler in before.items():
                if signal.getsignal(one) is told:
                    signal.signal(one, handler)


_SIGNALS = (signal.SIGTERM, signal.SIGINT)
