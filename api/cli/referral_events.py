"""What `renmai referrals` writes: signs that were raised and decisions about referrals become events of the log."""

import asyncio
import getpass
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli.console import answers
from api.settings import Settings
from graph.errors import BadInput
from graph.jobs.project import project
from graph.jobs.referral_decision import ReferralDecision
from graph.log import DeadLetters, EventLog
from graph.model.referral import Decision
from graph.queries.referral_review import standings
from graph.store import Store, open_store
from loaders.record import MOST, Outcome, Recorder, Verdict
from loaders.steps.complete import Defaults

SOURCE = "renmai-referrals"
DECISIONS = {"approve": Decision.APPROVED, "void": Decision.VOIDED, "reopen": Decision.REOPENED}


def review_command(
    key: Annotated[str, typer.Argument(help="Key of the customer who was brought.")],
    decision: Annotated[str, typer.Argument(help=f"One of {', '.join(DECISIONS)}.")],
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")],
    by: Annotated[str | None, typer.Option(help="Who decides; the name you are logged in with.")] = None,
) -> None:
    """Decides about the referral that brought a customer: it counts, counts for nothing, or is open again."""
    if decision not in DECISIONS:
        raise BadInput(f"the decision must be one of {', '.join(DECISIONS)}, not {decision}")
    decided = ReferralDecision(key, DECISIONS[decision], reason, by or getpass.getuser())
    asyncio.run(_review(Settings(), decided))


async def _review(settings: Settings, decided: ReferralDecision) -> None:
    log = EventLog.open(settings.log_folder)
    async with open_store(settings.store_config()) as store:
        [standing] = await standings(store, [decided.customer])
        [verdict] = await taken(settings, log, store, [decided.event(standing, datetime.now(UTC))])
        if verdict.outcome is Outcome.REJECTED:
            raise BadInput(f"the decision was not taken: {verdict.message}")
        [after] = await standings(store, [decided.customer])
    state = decided.state if after is None else after.state
    answers.print(f"The referral of {decided.customer} is {state}, by {decided.by} (event {verdict.id}).")


async def taken(
    settings: Settings, log: EventLog, store: Store, events: Sequence[Mapping[str, object]]
) -> list[Verdict]:
    """Through the same checks as everybody's events, and into the graph; a verdict for each."""
    recorder = Recorder(
        log, DeadLetters.open(settings.rejected_folder), Defaults(source=SOURCE, time_zone=settings.time_zone)
    )
    now = datetime.now(UTC)
    verdicts = [
        verdict
        for place in range(0, len(events), MOST)
        for verdict in recorder.record_events(events[place : place + MOST], received_at=now)
    ]
    await project(log, store)
    return verdicts
