"""Commands that score: what leads to what, who moves whom."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

import typer

from api.cli.chain_table import tell_strongest
from api.cli.console import answers, progress_bar
from api.settings import Settings
from graph.algorithms.affinity import AffinityRequest
from graph.algorithms.centrality import CentralityRequest
from graph.algorithms.chains import NAMED_GAPS, Behaviour, ChainsRequest, Compared, DayKind, Gap, ScopeKind, SlotsFrom
from graph.algorithms.influence import Attribution, InfluenceRequest
from graph.engines import ENGINES
from graph.errors import BadInput
from graph.jobs.affinity import score_affinity
from graph.jobs.calendar import read_calendar
from graph.jobs.chain_steps import step_words
from graph.jobs.drift import ChainDrift
from graph.jobs.project import prepare, projected_version
from graph.jobs.publish import Progress, RunContext, new_run_id
from graph.jobs.refresh import standing_of
from graph.jobs.score import score_chains, score_influence
from graph.jobs.score_centrality import score_centrality
from graph.jobs.share_events import ShareMemory
from graph.jobs.started import ScoreRequest
from graph.log import EventLog
from graph.queries.score_run import ScoreRunRow
from graph.store import Store, open_store

MINUTES_AN_HOUR = 60
MINUTES_A_DAY = 24 * MINUTES_AN_HOUR
CHAINS, INFLUENCE, AFFINITY, CENTRALITY = ChainsRequest(), InfluenceRequest(), AffinityRequest(), CentralityRequest()
Choice = TypeVar("Choice", bound=StrEnum)

Source = Annotated[str | None, typer.Option(help="Score one data set only, such as completejourney.")]
EngineName = Annotated[str, typer.Option(help=f"One of {', '.join(ENGINES)}.")]
Seed = Annotated[int, typer.Option(help="Seed of the random numbers.")]


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    score = typer.Typer(no_args_is_help=True, help="Score the log as it is now and publish the run.")
    score.command("chains")(chains_command)
    score.command("influence")(influence_command)
    score.command("drift")(drift_command)
    score.command("affinity")(affinity_command)
    score.command("centrality")(centrality_command)
    app.add_typer(score, name="score")


def chains_command(
    source: Source = None,
    slot: Annotated[list[str] | None, typer.Option(help="HH:MM-HH:MM of the store's day; repeat for more.")] = None,
    slots: Annotated[
        str, typer.Option(help="given: those of --slot; found: where each category's own profile over the day changes.")
    ] = CHAINS.slots_from,
    gap: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(NAMED_GAPS)}, 2-4d or 1-6h; repeat. The first two unless said."),
    ] = None,
    day_kind: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(DayKind)}; repeat for more. All of them unless said.")
    ] = None,
    behaviour: Annotated[
        list[str] | None,
        typer.Option(help=f"What counts as a step, repeat: {', '.join(Behaviour)}. Purchases alone unless said."),
    ] = None,
    compare: Annotated[
        str, typer.Option(help="days: does the step come on more days? visits: is it in the basket of more visits?")
    ] = CHAINS.compared,
    level: Annotated[int | None, typer.Option(help="Depth in the tree of categories, 1 for the roots.")] = None,
    by: Annotated[
        str, typer.Option(help=f"Beside everywhere, in each of these: {', '.join(list(ScopeKind)[1:])}.")
    ] = CHAINS.scope_kind,
    steps: Annotated[int, typer.Option(help="Longest chains, 2 to 5 steps.")] = CHAINS.max_steps,
    min_customers: Annotated[int, typer.Option(help="Fewest customers behind a chain.")] = CHAINS.min_customers,
    closed: Annotated[
        bool,
        typer.Option(
            "--closed",
            help="Show closed chains alone, and of the longer ones those that say more than their last two steps.",
        ),
    ] = CHAINS.closed,
    permutations: Annotated[
        int, typer.Option(help="Check every p-value by so many shufflings, stopped early.")
    ] = CHAINS.permutations,
    seed: Annotated[int, typer.Option(help="Seed of the permutations.")] = CHAINS.seed,
    calendar: Annotated[
        str | None, typer.Option(help="CSV or JSONL of holidays and make-up workdays, or china; else RENMAI_CALENDAR.")
    ] = None,
    engine: EngineName = "local",
) -> None:
    """Which category in which slot of the day leads to which other, and whether that is more than habit."""
    settings = Settings()
    request = ChainsRequest(
        calendar=read_calendar(calendar) if calendar else settings.holidays(),
        slots=tuple(map(slot_minutes, slot)) if slot else CHAINS.slots,
        slots_from=_one_of(SlotsFrom, "--slots", slots),
        gaps=tuple(map(Gap, gap)) if gap else CHAINS.gaps,
        day_kinds=tuple(_one_of(DayKind, "--day-kind", name) for name in day_kind) if day_kind else CHAINS.day_kinds,
        behaviours=tuple(_one_of(Behaviour, "--behaviour", one) for one in behaviour or CHAINS.behaviours),
        compared=_one_of(Compared, "--compare", compare),
        scope_kind=_one_of(ScopeKind, "--by", by),
        max_steps=steps,
        min_customers=min_customers,
        closed=closed,
        permutations=permutations,
        seed=seed,
        source=source,
        category_level=level,
    )
    asyncio.run(_score(settings, request, engine))


def influence_command(
    source: Source = None,
    window_days: Annotated[float, typer.Option(help="Days within which an act follows a click.")] = (
        INFLUENCE.window_days
    ),
    attribution: Annotated[str, typer.Option(help=f"One of {', '.join(Attribution)}.")] = INFLUENCE.attribution,
    decay: Annotated[float, typer.Option(help="Part of a credit that is passed up.")] = INFLUENCE.decay,
    fading_days: Annotated[
        str | None, typer.Option(help="Half-life of what shares tell of ties, or fitted: as later shares show.")
    ] = None,
    within_days: Annotated[
        float | None, typer.Option(help="Count only who is moved within so many days of the share.")
    ] = INFLUENCE.within_days,
    category: Annotated[
        str | None, typer.Option(help="Count only who is moved to buy of this category; a run beside the one of all.")
    ] = INFLUENCE.category,
    simulations: Annotated[int, typer.Option(help="Cascades simulated from each sharer.")] = INFLUENCE.simulations,
    seed: Seed = INFLUENCE.seed,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh",
            help="Bring the current runs up to date, that of everything and those of categories (or of --category "
            "alone), each with its own parameters, if events since touch them.",
        ),
    ] = False,
    engine: EngineName = "local",
) -> None:
    """How many others each customer moves, what that is worth, and what has been credited so far."""
    if refresh:
        asyncio.run(_refresh(Settings(), source, category))
        return
    request = InfluenceRequest(
        window_days=window_days,
        attribution=_attribution(attribution),
        decay=decay,
        fading_days=_fading(fading_days),
        within_days=within_days,
        category=category,
        simulations=simulations,
        source=source,
        seed=seed,
    )
    asyncio.run(_score(Settings(), request, engine))


def affinity_command(
    source: Source = None,
    horizon_days: Annotated[int, typer.Option(help="Days whose purchases are foretold.")] = AFFINITY.horizon_days,
    min_baskets: Annotated[int, typer.Option(help="Fewest baskets, and buyers, of a product with partners.")] = (
        AFFINITY.min_baskets
    ),
    judge: Annotated[
        bool, typer.Option(help="Also foretell the last days from what came before, and say how well.")
    ] = AFFINITY.judge,
    seed: Seed = AFFINITY.seed,
) -> None:
    """What is bought together, which products are alike, and what every customer probably buys next."""
    request = AffinityRequest(source=source, horizon_days=horizon_days, min_baskets=min_baskets, judge=judge, seed=seed)
    asyncio.run(_score(Settings(), request, "local"))


def centrality_command(
    source: Source = None,
    around: Annotated[
        list[str] | None, typer.Option(help="Key of a customer to be near to (personalised PageRank); repeat for more.")
    ] = None,
    damping: Annotated[float, typer.Option(help="How often PageRank's walk follows a tie.")] = CENTRALITY.damping,
    resolution: Annotated[float, typer.Option(help="Higher: more and smaller communities.")] = CENTRALITY.resolution,
    seed: Seed = CENTRALITY.seed,
    engine: EngineName = "local",
) -> None:
    """Who is central among those who follow one another's shares, and which communities they are in."""
    request = CentralityRequest(damping, tuple(around or ()), resolution, source, seed)
    asyncio.run(_score(Settings(), request, engine))


def drift_command(
    before: Annotated[str, typer.Argument(help="Id of the earlier run of chains.")],
    after: Annotated[str, typer.Argument(help="Id of the later one.")],
) -> None:
    """Which chains grew, faded, shifted slot, came or went from one run to another, and why that is said."""
    asyncio.run(_drift(Settings(), before, after))


async def _drift(settings: Settings, before: str, after: str) -> None:
    async with open_store(settings.store_config()) as store:
        found = await ChainDrift(store, settings.scores_folder).between(before, after)
    for one in found:
        first = step_words(one.first_behaviour, one.first_category_id)
        then = step_words(one.then_behaviour, one.then_category_id)
        answers.print(f"{one.change}: {first} → {then}, {one.gap}. {one.reason}")
    answers.print(f"{len(found):,} chains changed.")


async def scored(
    settings: Settings,
    store: Store,
    request: ScoreRequest,
    engine: str = "local",
    memory: ShareMemory | None = None,
    follows: str | None = None,
) -> ScoreRunRow:
    """Runs one scoring with a progress bar; the answer is the published run. With a `memory` it is a refresh."""
    log = EventLog.open(settings.log_folder)
    kind = _KINDS[type(request)]
    started_at = datetime.now(UTC)
    context = RunContext(
        new_run_id(kind, started_at), started_at, lambda: datetime.now(UTC), engine, memory, memory is None, follows
    )
    with progress_bar(f"score {kind}") as advance:

        def told(progress: Progress) -> None:
            advance(f"score {kind}: {progress.stage}", progress.done, progress.total)

        if isinstance(request, ChainsRequest):
            return await score_chains(log, store, settings.scores_folder, request, context, told)
        if isinstance(request, AffinityRequest):
            return await score_affinity(log, store, settings.scores_folder, request, context, told)
        if isinstance(request, CentralityRequest):
            return await score_centrality(log, store, settings.scores_folder, request, context, told)
        return await score_influence(log, store, settings.scores_folder, request, context, told)


async def _refresh(settings: Settings, source: str | None, category: str | None) -> None:
    log, memory = EventLog.open(settings.log_folder), ShareMemory()
    async with open_store(settings.store_config()) as store:
        for standing in await standing_of(log, store, memory, source, category):
            if not standing.is_touched:
                version = standing.run.log_version
                answers.print(f"Nothing that counts came since run {standing.run.key} of log version {version}.")
                continue
            engine = standing.run.engine or "local"
            _tell(await scored(settings, store, standing.request, engine, memory, standing.follows))


async def _score(settings: Settings, request: ScoreRequest, engine: str) -> None:
    async with open_store(settings.store_config()) as store:
        if not await projected_version(store):
            # Nothing was projected yet: without indexes every score would be searched for among all.
            await prepare(store)
        run = await scored(settings, store, request, engine)
        if isinstance(request, ChainsRequest):
            await tell_strongest(store, run.run_id, request.q_limit)
    _tell(run)


def _tell(run: ScoreRunRow) -> None:
    answers.print(run.said)
    answers.print(f"Run {run.run_id} of log version {run.log_version} is current.")


_KINDS: dict[type[ScoreRequest], str] = {
    ChainsRequest: "chains",
    InfluenceRequest: "influence",
    AffinityRequest: "affinity",
    CentralityRequest: "centrality",
}


def _fading(given: str | None) -> float | Literal["fitted"] | None:
    if given is None or given == "fitted":
        return given
    try:
        return float(given)
    except ValueError as error:
        raise BadInput(f"--fading-days must be a number of days, or fitted, not {given}") from error


def slot_minutes(given: str) -> tuple[int, int]:
    """The minutes of the day between which a slot lies, the last one left out, of a text such as 11:00-13:00."""
    try:
        start, end = (_minute(clock) for clock in given.split("-"))
    except ValueError as error:
        raise BadInput(f"--slot must be HH:MM-HH:MM such as 11:00-13:00, not {given}") from error
    if not 0 <= start < end <= MINUTES_A_DAY:
        raise BadInput(f"--slot must end after it starts, and no later than 24:00, not {given}")
    return start, end


def _minute(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if not 0 <= minute < MINUTES_AN_HOUR:
        raise ValueError(clock)
    return hour * MINUTES_AN_HOUR + minute


def _one_of(kind: type[Choice], option: str, given: str) -> Choice:
    if given not in set(kind):
        raise BadInput(f"{option} must be one of {', '.join(kind)}, not {given}")
    return kind(given)


def _attribution(given: str) -> Attribution:
    if given not in set(Attribution):
        raise BadInput(f"--attribution must be one of {', '.join(Attribution)}, not {given}")
    return Attribution(given)
