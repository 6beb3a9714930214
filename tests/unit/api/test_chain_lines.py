"""What `renmai score chains` prints of a chain."""

import pytest

from api.cli.chain_table import chain_line
from api.cli.scoring import slot_minutes
from graph.algorithms.chains import ChainsRequest
from graph.errors import BadInput
from graph.queries.chain import ChainRow

VIEW = (
    '[{"behaviour":"view","category_id":"tea","start_minute":660,"end_minute":780,"day_kind":"weekday","gap":"next_day"},'
    '{"behaviour":"purchase","category_id":"tea","start_minute":1080,"end_minute":1200,"day_kind":"any","gap":null}]'
)
ROW = ChainRow(
    key="r|1", run_id="r", rank=1, first_category_id="tea", first_start_minute=660, first_end_minute=780,
    first_day_kind="weekday", then_category_id="tea", then_start_minute=1080, then_end_minute=1200, then_day_kind="any",
    gap="next_day", customers=1916, occurrences=7956, support=0.1, confidence=0.4, lift=2.0, p_value=0.01, q_value=0.01,
    scope_kind="everywhere", scope_key=None, told_steps=VIEW, leverage=0.0123, median_gap_minutes=1860.0,
    revenue_cents=1_234_50,
)  # fmt: skip


def test_a_chain_is_told_step_by_step_with_its_figures():
    assert chain_line(ROW) == (
        "1. view of tea 11:00–13:00 weekday (next_day) → tea 18:00–20:00: 1,916 customers, 7,956 times, "
        "confidence 0.400, lift 2.00, leverage 0.012, q 0.01, median gap 31.0 h, revenue 1,234.50"
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"behaviours": ()}, "at least one behaviour"),
        ({"behaviours": ("view", "view")}, "each once"),
        ({"behaviours": ("look",)}, "behaviour must be one of purchase, view"),
        ({"behaviours": ("view", "purchase"), "compared": "visits"}, "visits are compared by what was bought"),
    ],
)
def test_behaviours_that_cannot_be_searched_are_refused(wrong, told):
    with pytest.raises(BadInput, match=told):
        ChainsRequest(**wrong)


@pytest.mark.parametrize(("given", "minutes"), [("00:00-24:00", (0, 1440)), ("11:00-13:05", (660, 785))])
def test_a_slot_is_told_by_the_clock(given: str, minutes: tuple[int, int]):
    assert slot_minutes(given) == minutes


@pytest.mark.parametrize("given", ["noon", "11:00", "11:00-13:75", "25:00-26:00", "13:00-11:00", "22:00-24:01"])
def test_what_is_no_slot_is_refused_in_the_words_it_came_in(given: str):
    with pytest.raises(BadInput, match=rf"--slot must .*not {given}$"):
        slot_minutes(given)
