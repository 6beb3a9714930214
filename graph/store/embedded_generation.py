"""Filling a new generation of the embedded store beside the current one, and changing over to it."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from graph.errors import StoreUnavailable
from graph.store import embedded_fill
from graph.store.connection import Login, connect
from graph.store.embedded_fill import Plan, database_folder
from graph.store.embedded_process import Server, end, locked, start
from graph.store.embedded_users import OWNER
from graph.store.rows import NodeRows, TieRows
from graph.store.session import Channel
from graph.store.staging import stage
from graph.store.statement import Step

_CHECKPOINT_SECONDS = 120.0


async def fill_generation(server: Server, nodes: Sequence[NodeRows], ties: Sequence[TieRows], checkpoint: Step) -> None:
    """All of it is there afterwards, or none: what counts is one small file that is replaced at the end."""
    lock = locked(server.home)
    await asyncio.to_thread(lock.__enter__)
    staged = server.home.staged
    root = server.home.next_root()
    try:
        shutil.rmtree(staged, ignore_errors=True)
        await asyncio.to_thread(_copy_schema, server, root)
        plan = await asyncio.to_thread(stage, staged, database_folder(root), server.home.log, nodes, ties)
        await _run_filler(plan, server.home.folder)
        await _write_checkpoint(server, root, checkpoint)
        await asyncio.to_thread(switch, server, root)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        lock.__exit__(None, None, None)


def switch(server: Server, root: Path) -> None:
    """Makes `root` the current generation and serves it; what counted before is removed."""
    server.stop()
    try:
        server.home.switch_to(root)
        server.home.sweep()
    finally:
        server.restart()


def _copy_schema(server: Server, root: Path) -> None:
    """The empty store's folder holds the constraints and indexes; it is copied while nobody writes to it."""
    server.stop()
    try:
        shutil.copytree(database_folder(server.home.root), database_folder(root))
    finally:
        server.restart()


async def _run_filler(plan: Plan, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        embedded_fill.__file__,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        answer = await _converse(process, plan.to_line())
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if answer != "DONE":
        reason = answer.removeprefix("FAILED ") or f"the filler ended with code {process.returncode}"
        raise StoreUnavailable(f"The graph in {folder} could not be filled and is empty as before: {reason}")


async def _converse(process: asyncio.subprocess.Process, line: bytes) -> str:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a child without pipes")
    process.stdin.write(line)
    await process.stdin.drain()
    answer = await process.stdout.readline()
    process.stdin.close()
    await process.wait()
    return answer.decode(errors="replace").strip()


async def _write_checkpoint(server: Server, root: Path, checkpoint: Step) -> None:
    """Through a server that nobody else knows of, so that the data are never seen without their checkpoint."""
    child, serving = await asyncio.to_thread(start, server.home, root)
    try:
        uri = f"bolt://127.0.0.1:{serving.bolt_port}"
        driver = await connect(uri, Login(OWNER, server.home.passwords().owner))
        channel = Channel(driver, "embedded", uri, OWNER, None)
        try:
            await channel.apply([checkpoint], _CHECKPOINT_SECONDS)
        finally:
            await channel.close()
    finally:
        await asyncio.to_thread(end, child)
