"""The strongest chains of a run, a line each, on the console."""

from api.cli.console import answers
from graph.jobs.chain_steps import step_words
from graph.queries.chain import ORDERINGS, ChainRow, chains
from graph.queries.chain_steps import ChainStepRow
from graph.queries.paging import Slice
from graph.queries.reader import Reader

STRONGEST = 10


async def tell_strongest(store: Reader, run_id: str, q_limit: float) -> None:
    """Prints the ten strongest confirmed chains with all their figures, if there are any."""
    sure = {"q_value_lt": q_limit, "lift_gt": 1.0}
    found = await chains(store, sure, ORDERINGS["rank"], run_id, Slice(STRONGEST))
    for entry in found.entries:
        answers.print(chain_line(entry.row))


def chain_line(row: ChainRow) -> str:
    """The chain step by step and its figures, in one line."""
    where = "" if row.scope_key is None else f" [{row.scope_kind} {row.scope_key}]"
    steps = " → ".join(map(_step, row.steps))
    told = [
        f"{row.customers:,} customers",
        f"{row.occurrences:,} times",
        f"confidence {row.confidence:.3f}",
        f"lift {row.lift:.2f}",
        f"q {row.q_value:.2g}",
    ]
    if row.leverage is not None:
        told.insert(4, f"leverage {row.leverage:.2g}")
    if row.median_gap_minutes is not None:
        told.append(f"median gap {row.median_gap_minutes / 60:.1f} h")
    if row.revenue_cents is not None:
        told.append(f"revenue {row.revenue_cents / 100:,.2f}")
    return f"{row.rank}. {steps}{where}: {', '.join(told)}"


def _step(step: ChainStepRow) -> str:
    slot = "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (step.start_minute, step.end_minute))
    days = "" if step.day_kind == "any" else f" {step.day_kind}"
    gap = "" if step.gap is None else f" ({step.gap})"
    return f"{step_words(step.behaviour, step.category_id)} {slot}{days}{gap}"
