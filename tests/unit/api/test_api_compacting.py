"""A log that requests write to bit by bit stays in few files while the server runs."""

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from api.compacting import compacting
from graph.log import EventLog
from tests.event_rows import event, frame


class Pauses:
    """Lets so many pauses pass at once; then whoever waits is left waiting."""

    def __init__(self, count: int) -> None:
        self.left, self.over = count, asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        assert seconds == 10
        self.left -= 1
        if self.left < 0:
            self.over.set()
            await asyncio.Event().wait()


async def looked(events: EventLog, most: int, times: int) -> None:
    pauses = Pauses(times)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(compacting(events, most, pauses))
        await pauses.over.wait()
        task.cancel()


def filled(folder: Path) -> EventLog:
    log = EventLog.open(folder)
    for number in range(4):
        log.append(frame([event("login", customer="ann", id=f"e{number}")]), loader="x", batch=number + 1)
    return log


async def test_small_files_are_joined_once_there_are_too_many(tmp_path: Path):
    events = filled(tmp_path)

    await looked(events, 3, 1)
    assert events.version == 4
    await looked(events, 2, 2)
    # One compaction made one version; the second look found nothing to do.
    assert events.version == 5
    assert len(events.read(["id"])) == 4


async def test_a_log_that_cannot_be_compacted_is_told_and_tried_again(tmp_path: Path):
    events = filled(tmp_path)
    hidden = (tmp_path / "_delta_log").rename(tmp_path / "_hidden")

    with capture_logs() as told:
        await looked(events, 2, 1)
    assert [one["event"] for one in told] == ["the log was not compacted"]
    hidden.rename(tmp_path / "_delta_log")
    await looked(events, 2, 1)
    assert events.version == 5
