"""Making the sandbox: a small generated chain of shops that ends today, loaded, projected and scored."""

import asyncio
import shutil
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from filelock import FileLock

from api.cli.console import errors
from api.cli.scoring import scored
from api.sandbox import made_file, sandbox_settings
from api.settings import Settings
from graph.algorithms.affinity import AffinityRequest
from graph.algorithms.chains import ChainsRequest
from graph.algorithms.influence import InfluenceRequest
from graph.jobs.project import project
from graph.log import DeadLetters, EventLog
from graph.store import open_store
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate

CUSTOMERS, DAYS = 1_000, 60
SCORES = (InfluenceRequest(), ChainsRequest(), AffinityRequest(neighbours=10, sample=100, learn_from=100, judge=False))
"""As much as answers every noun within a minute, not as well as it can be scored."""


def make_sandbox(settings: Settings, now: datetime, customers: int = CUSTOMERS, days: int = DAYS) -> None:
    """Fills the sandbox of a data folder, unless that was done; what was begun and broke off is begun anew."""
    own = sandbox_settings(settings)
    own.data.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.data / "sandbox.lock"):
        if made_file(own).is_file():
            return
        shutil.rmtree(own.data)
        today = now.astimezone(ZoneInfo(settings.time_zone)).date()
        world = WorldRequest(customers, days, start=today - timedelta(days=days), truth_runs=1)
        errors.print(f"The sandbox is made: {customers:,} customers of a generated chain, the {days} days up to today.")
        asyncio.run(fill(own, world, now))
        made_file(own).write_bytes(msgspec.json.encode({"customers": customers, "days": days, "madeAt": now}))


async def fill(own: Settings, world: WorldRequest, now: datetime) -> None:
    """Generates a world, and takes it into the log and the graph of these settings, with scores of every kind."""
    folder = own.data / "world"
    made = generate(world, folder)
    log, letters = EventLog.open(own.log_folder), DeadLetters.open(own.rejected_folder)
    load_files([str(file) for file in made.event_files], log, letters, LoadOptions(), received_at=now)
    # What was planted is nobody's business here.
    shutil.rmtree(folder)
    async with open_store(own.store_config()) as store:
        await project(log, store)
        for request in SCORES:
            await scored(own, store, request)
