"""`renmai referrals`: what referrals bring and cost, which look like fraud, and what is decided about them."""

import asyncio
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from api.cli.advocates import PURPOSES
from api.cli.console import answers, print_table
from api.cli.referral_events import review_command, taken
from api.settings import Settings
from graph.algorithms.referrals import Estimate
from graph.errors import BadInput
from graph.jobs.referral_economics import EconomicsAsked, EconomicsReport, ReferralReports
from graph.jobs.referral_read import month_named
from graph.jobs.referral_signs import SignsFound, SignsRequest, find_signs
from graph.log import EventLog
from graph.store import open_store
from loaders.record import Outcome

ASKED, SIGNS = EconomicsAsked(), SignsRequest()
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    referrals = typer.Typer(no_args_is_help=True, help="What referrals bring and cost, and which look like fraud.")
    referrals.command("economics")(economics_command)
    referrals.command("check")(check_command)
    referrals.command("review")(review_command)
    app.add_typer(referrals, name="referrals")


def economics_command(
    start: Annotated[str | None, typer.Option("--from", help="First day, such as 2026-03-01; the log's first.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="The day after the last; the log's end.")] = None,
    source: Annotated[str | None, typer.Option(help="Customers of this data set only.")] = None,
    city: Annotated[str | None, typer.Option(help="Customers of this city only.")] = None,
    district: Annotated[str | None, typer.Option(help="Customers of this district only.")] = None,
    category: Annotated[str | None, typer.Option(help="Who bought of this category or below it only.")] = None,
    consent: Annotated[list[str] | None, typer.Option(help=f"Who agreed to it only: {', '.join(PURPOSES)}.")] = None,
    horizon: Annotated[list[int] | None, typer.Option(help="Days since registration; repeat for more.")] = None,
    high_sharer_shares: Annotated[
        int, typer.Option(help="Who shared so often in the period's first half is a high sharer.")
    ] = ASKED.high_sharer_shares,
    reward: Annotated[str | None, typer.Option(help="What a referral costs, where the log has no rewards.")] = None,
) -> None:
    """What referrals bring and cost, of the customers who registered in the period."""
    settings = Settings()
    if unknown := [purpose for purpose in consent or () if purpose not in PURPOSES]:
        raise BadInput(f"--consent must be one of {', '.join(PURPOSES)}, not {unknown[0]}")
    given = {"source_eq": source, "city_eq": city, "district_eq": district, "category": category}
    audience: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    asked = EconomicsAsked(
        audience | {f"consent_{purpose}": True for purpose in consent or ()},
        _day("--from", start, settings),
        _day("--to", end, settings),
        tuple(horizon) if horizon else ASKED.horizons_days,
        high_sharer_shares,
        _cents(reward),
    )
    asyncio.run(_economics(settings, asked))


def check_command(
    ring_days: Annotated[float, typer.Option(help="A ring closes within so many days.")] = SIGNS.ring_days,
    burst_hours: Annotated[float, typer.Option(help="Registrations are counted within so many hours.")] = (
        SIGNS.burst_hours
    ),
    velocity_days: Annotated[float, typer.Option(help="Referrals are counted within so many days.")] = (
        SIGNS.velocity_days
    ),
    lapse_days: Annotated[float, typer.Option(help="Who buys nothing for so long has lapsed.")] = SIGNS.lapse_days,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the signs, and record nothing.")] = False,
) -> None:
    """Looks for signs of fraud and puts what it finds under review; the same sign is raised once."""
    settings = Settings()
    log = EventLog.open(settings.log_folder)
    found = find_signs(log, log.version, SignsRequest(ring_days, burst_hours, velocity_days, lapse_days))
    _show_signs(found)
    if not dry_run and found.signs:
        asyncio.run(_raised(settings, log, found))


async def _economics(settings: Settings, asked: EconomicsAsked) -> None:
    log = EventLog.open(settings.log_folder)
    async with open_store(settings.store_config()) as store:
        report = await ReferralReports(store, log, settings.time_zone).report(asked)
    _show(report)


async def _raised(settings: Settings, log: EventLog, found: SignsFound) -> None:
    async with open_store(settings.store_config()) as store:
        verdicts = await taken(settings, log, store, found.events())
    new = sum(verdict.outcome is Outcome.ACCEPTED for verdict in verdicts)
    answers.print(f"{new:,} signs are new and under review; {len(verdicts) - new:,} were raised before.")


def _show_signs(found: SignsFound) -> None:
    if found.signs:
        worst = sorted(found.signs, key=lambda sign: -sign.score)[:SHOWN]
        rows = [(one.customer, one.referrer, one.sign, f"{one.score:.2f}", one.sentence) for one in worst]
        print_table(("customer", "referrer", "sign", "score", "what was seen"), rows)
    customers = len({sign.customer for sign in found.signs})
    answers.print(f"{len(found.signs):,} signs against {customers:,} of {found.referrals:,} referrals.")


def _show(report: EconomicsReport) -> None:
    found, unit = report.economics, report.currency or ""
    rows: list[tuple[str, str, str, str]] = []

    def row(name: str, estimate: Estimate | None, form: str, scale: float = 1.0) -> None:
        if estimate is None:
            rows.append((name, "–", "", ""))
            return
        value, low, high = (f"{one * scale:{form}}" for one in (estimate.value, estimate.low, estimate.high))
        rows.append((name, value, f"{low} to {high}", f"{estimate.count:,}"))

    def plain(name: str, value: float | None, form: str, of: int | None = None) -> None:
        rows.append((name, "–" if value is None else f"{value:{form}}", "", "" if of is None else f"{of:,}"))

    costs = found.costs
    row("old brings new", found.old_brings_new, ".1%")
    row("customers who brought somebody", found.bringing, ".1%")
    plain("invitations a customer", found.invites_each, ".2f", found.customers)
    plain("customers brought an invitation", found.conversion, ".1%", found.shares)
    plain("k-factor", found.k_factor, ".3f", found.customers)
    row("repurchase, high sharers", found.repurchase.high_sharers, ".1%")
    row("repurchase, others", found.repurchase.others, ".1%")
    row("their ratio", found.repurchase.ratio, ".2f")
    row("their ratio among alike customers", found.repurchase.matched_ratio, ".2f")
    plain(f"cost of a bought customer {unit}", _units(costs.bought_cents_each), ",.2f", costs.bought)
    plain(f"cost of a referred customer {unit}", _units(costs.referred_cents_each), ",.2f", found.referred)
    plain("referred over bought", costs.ratio, ".2f")
    for worth in found.worth:
        row(f"worth after {worth.days} days, referred {unit}", worth.referred, ",.2f", 0.01)
        row(f"worth after {worth.days} days, bought {unit}", worth.bought, ",.2f", 0.01)
        row(f"worth after {worth.days} days, ratio", worth.ratio, ".2f")
    for cohort in found.cohorts:
        row(f"old brings new, {month_named(cohort.month)}", cohort.referred_share, ".1%")
    print_table(("figure", "value", "95 %", "of"), rows)
    trees = found.trees
    answers.print(
        f"{trees.trees:,} trees; by depth {', '.join(f'{many:,}' for many in trees.depths) or 'nobody'};"
        f" {trees.mean_width:.2f} a bringer, at most {trees.widest:,}; the largest tree has {trees.largest:,}."
    )
    answers.print(
        f"{found.new_customers:,} customers registered from {report.start:%Y-%m-%d} to {report.end:%Y-%m-%d}"
        f" (UTC); log version {report.log_version}. What sharers do more of is no effect of sharing."
    )


def _units(cents: float | None) -> float | None:
    return None if cents is None else cents / 100


def _day(option: str, given: str | None, settings: Settings) -> datetime | None:
    """The first instant of a day on the retailer's calendar, or an instant with an offset."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadInput(f"{option} must be a day such as 2026-03-01, not {given}") from error
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.time_zone))


def _cents(given: str | None) -> int | None:
    try:
        return None if given is None else int(Decimal(given) * 100)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise BadInput(f"--reward must be an amount such as 8.50, not {given}") from error
