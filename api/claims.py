"""Work that one process at a time does, whichever of those that share a data folder: held by locks of files.

The system lets go of a lock however its process ends, so that nothing stays claimed by the dead.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from graph.errors import LogUnavailable

AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one folder, each by a name; a word about the work stands beside its lock."""

    folder: Path
    _held: dict[str, FileLock] = field(default_factory=dict[str, FileLock])

    def take(self, name: str, about: str = "") -> bool:
        """Whether the work is ours now, or was already; LogUnavailable where the folder cannot be written."""
        if name in self._held:
            return True
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._file(name), thread_local=False)
            lock.acquire(timeout=0)
            self._about(name).write_text(about, encoding="utf-8")
        except Timeout:
            return False
        except OSError as error:
            raise LogUnavailable(f"{self.folder} cannot be written: {error.strerror}") from error
        self._held[name] = lock
        return True

    def release(self, name: str) -> None:
        """The work has ended."""
        if lock := self._held.pop(name, None):
            self._about(name).unlink(missing_ok=True)
            lock.release()

    def release_all(self) -> None:
        """Nothing is ours any longer."""
        for name in list(self._held):
            self.release(name)

    async def when_taken(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work once it is ours: at once, or when whoever does it ends."""
        while not await asyncio.to_thread(self.take, name):
            await asyncio.sleep(AGAIN_SECONDS)
        await work()

    def about(self, name: str) -> str | None:
        """What was said of the work by whoever does it now; None where nobody does."""
        if name in self._held:
            return self._about(name).read_text(encoding="utf-8")
        lock = FileLock(self._file(name), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return self._about(name).read_text(encoding="utf-8") if self._about(name).is_file() else ""
        except OSError:
            return None
        lock.release()
        return None

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    def _about(self, name: str) -> Path:
        return self.folder / f"{name}.about"
