"""`renmai advocates`: whom to enlist, out of the ties of an influence run."""

import asyncio
from typing import Annotated

import typer

from api.cli.console import answers, print_table
from api.settings import Settings
from graph.engines import ENGINES
from graph.errors import BadInput
from graph.jobs.advocates import AdvocateChoice, AdvocatesChosen, AdvocatesRequest, Metric
from graph.queries.audience import GROUPS
from graph.store import Store, open_store

PURPOSES = ("analytics", "offers", "sharing")
DEFAULT_COUNT = 10
DEFAULT = AdvocatesRequest(k=DEFAULT_COUNT)


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("advocates")(advocates_command)


def advocates_command(
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            "--count",
            help=f"How many to choose; {DEFAULT_COUNT} unless said, with a budget all that it pays for.",
        ),
    ] = None,
    metric: Annotated[str, typer.Option(help=f"What they move most of: {' or '.join(Metric)}.")] = DEFAULT.metric,
    city: Annotated[str | None, typer.Option(help="Among the customers of this city.")] = None,
    district: Annotated[str | None, typer.Option(help="Among the customers of this district.")] = None,
    category: Annotated[str | None, typer.Option(help="Among those who bought of this category or below it.")] = None,
    consent: Annotated[
        list[str] | None, typer.Option(help=f"Among those who agreed to it: {', '.join(PURPOSES)}; repeat for more.")
    ] = None,
    enlisted: Annotated[
        list[str] | None, typer.Option(help="Key of a customer who is enlisted already; repeat for more.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="What the chosen may cost together; with costs.")] = None,
    cost: Annotated[
        list[str] | None, typer.Option(help="KEY=COST: what enlisting a customer costs; repeat for more.")
    ] = None,
    default_cost: Annotated[
        float | None, typer.Option(help="What everybody else costs; unless said only who has a cost is chosen.")
    ] = None,
    spread_over: Annotated[
        str | None, typer.Option(help=f"No more than --at-most of one of these: {', '.join(GROUPS)}.")
    ] = None,
    at_most: Annotated[int, typer.Option(help="How many of one group, the enlisted included.")] = 1,
    run: Annotated[str | None, typer.Option(help="Another influence run than the current one.")] = None,
    to_buy: Annotated[
        str | None, typer.Option(help="Count who is moved to buy of this category, by the current run of it.")
    ] = None,
    sets: Annotated[int, typer.Option(help="Cascades drawn backwards: more choose and judge better.")] = DEFAULT.sets,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.")] = DEFAULT.seed,
    threads: Annotated[
        int, typer.Option(help="Threads that draw the cascades; the answer is the same.")
    ] = DEFAULT.threads,
    engine: Annotated[
        str, typer.Option(help=f"Who chooses: one of {', '.join(ENGINES)}; the others by CELF, slowly, to compare.")
    ] = DEFAULT.engine,
) -> None:
    """Whom to enlist: the customers who together move the most, with a certificate."""
    request = AdvocatesRequest(
        k=DEFAULT_COUNT if k is None and budget is None else k,
        audience=_audience(city, district, category, consent or []),
        metric=_metric(metric),
        already=tuple(dict.fromkeys(enlisted or ())),
        run=run,
        to_buy=to_buy,
        sets=sets,
        seed=seed,
        budget=budget,
        costs=_costs(cost or []),
        default_cost=default_cost,
        group_by=_group(spread_over),
        group_most=None if spread_over is None else at_most,
        threads=threads,
        engine=engine,
    )
    asyncio.run(_choose(Settings(), request))


async def _choose(settings: Settings, request: AdvocatesRequest) -> None:
    async with open_store(settings.store_config()) as store:
        await show_advocates(settings, store, request)


async def show_advocates(settings: Settings, store: Store, request: AdvocatesRequest) -> None:
    """Choose and print; the first choice of an installation also compiles, which takes some ten seconds."""
    _show(await AdvocateChoice(store, settings.scores_folder, store).choose(request), request)


def _show(found: AdvocatesChosen, request: AdvocatesRequest) -> None:
    priced = request.budget is not None
    rows: list[list[str]] = []
    for rank, one in enumerate(found.advocates, start=1):
        told = [str(rank), one.customer, f"{one.gain:,.2f}", f"{one.spread_after:,.2f}"]
        rows.append([*told, *([f"{one.cost:,.2f}"] if priced else [])])
    print_table(("rank", "customer", "adds", "together", *(["cost"] if priced else [])), rows)
    if priced:
        answers.print(f"They cost {found.cost:,.2f} of the budget of {request.budget:,.2f}.")
    unit = "people" if request.metric is Metric.PEOPLE else "of revenue"
    together = f"Together they move {found.spread:,.1f} {unit} ({found.spread_low:,.1f} to {found.spread_high:,.1f})"
    if found.ratio:
        most = 1 / found.ratio
        answers.print(
            f"{together}; no choice among {found.candidates:,} candidates adds more than {most:.3f} times that."
        )
    else:
        answers.print(f"{together}; too few cascades to certify the choice: raise --sets.")
    answers.print(f"Run {found.run}, {found.sets:,} cascades, seed {request.seed}, by {found.method}: {found.reason}.")


def _audience(city: str | None, district: str | None, category: str | None, consent: list[str]) -> dict[str, object]:
    if unknown := [purpose for purpose in consent if purpose not in PURPOSES]:
        raise BadInput(f"--consent must be one of {', '.join(PURPOSES)}, not {unknown[0]}")
    given: dict[str, object | None] = {"city_eq": city, "district_eq": district, "category": category}
    purposes: dict[str, object] = {f"consent_{purpose}": True for purpose in consent}
    return {name: value for name, value in given.items() if value is not None} | purposes


def _costs(given: list[str]) -> dict[str, float]:
    costs: dict[str, float] = {}
    for one in given:
        key, _, cost = one.rpartition("=")
        try:
            costs[key] = float(cost)
        except ValueError:
            key = ""
        if not key:
            raise BadInput(f"--cost must be KEY=COST such as hz-c000042=80, not {one}")
    return costs


def _group(given: str | None) -> str | None:
    if given is not None and given not in GROUPS:
        raise BadInput(f"--spread-over must be one of {', '.join(GROUPS)}, not {given}")
    return given


def _metric(given: str) -> Metric:
    if given not in set(Metric):
        raise BadInput(f"--metric must be {' or '.join(Metric)}, not {given}")
    return Metric(given)
