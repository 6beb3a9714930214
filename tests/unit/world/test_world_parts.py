"""The small parts that a world is made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.log.schema import EventKind
from loaders.world import rows as r
from loaders.world.catalogue import CATEGORIES, PRODUCTS, STORES, campaigns_of, coupons_on
from loaders.world.chains import DECOYS, IMPLIED, PLANTED, Chain, kind_of_cell
from loaders.world.clock import CLOSES, DAY, OPENS, SLOTS, while_awake, within_slots
from loaders.world.draws import heavy_tail, pick, stream, whole
from loaders.world.habits import SECOND_MOST_OFTEN, lives_in, settle
from loaders.world.network import connect
from loaders.world.people import SHARING, populate
from loaders.world.request import WorldRequest
from loaders.world.taste import PRICE_CENTS, Taste, district_factor

REQUEST = WorldRequest(customers=1_000, days=60, seed=9)


def test_a_stream_depends_on_seed_purpose_and_day_alone() -> None:
    assert stream(1, "a", 2).random() == stream(1, "a", 2).random()
    assert len({stream(*given).random() for given in [(1, "a", 2), (2, "a", 2), (1, "b", 2), (1, "a", 3)]}) == 4


def test_picks_follow_their_weights() -> None:
    counts = np.bincount(pick(stream(1, "pick"), (1.0, 0.0, 3.0), 40_000), minlength=3)

    assert counts[1] == 0
    assert counts[2] / counts[0] == pytest.approx(3.0, rel=0.05)


@given(st.integers(0, 2**32), st.integers(-5, 5), st.integers(0, 9))
def test_whole_numbers_stay_between_their_limits(seed: int, least: int, more: int) -> None:
    numbers = whole(stream(seed, "whole"), least, least + more, 200)

    assert least <= numbers.min() <= numbers.max() <= least + more


def test_a_heavy_tail_has_pareto_quantiles() -> None:
    numbers = heavy_tail(stream(1, "tail"), 2.0, 2.0, 1e9, 100_000)

    assert numbers.min() >= 2.0
    assert np.quantile(numbers, 0.75) == pytest.approx(4.0, rel=0.03)


@given(st.integers(-10 * DAY, 10 * DAY))
def test_nobody_acts_at_night(at: int) -> None:
    [awake] = while_awake(np.asarray([at]))

    assert OPENS <= awake % DAY < CLOSES
    assert awake - at in {0, 9 * 3_600}


@given(st.integers(0, len(SLOTS) - 1), st.floats(0, 1, exclude_max=True), st.integers(0, 400))
def test_a_moment_within_a_slot_is_within_it(slot: int, uniform: float, day: int) -> None:
    [at] = within_slots(day, np.asarray([slot]), np.asarray([uniform]))

    assert at // DAY == day
    assert SLOTS[slot][1] * 3_600 <= at % DAY < SLOTS[slot][2] * 3_600


def test_a_diary_gives_each_day_its_own_and_forgets_what_lies_beyond_the_end() -> None:
    diary = r.Diary(3)
    diary.note({"at": np.asarray([DAY + 5, 10, 2 * DAY, 3 * DAY]), "who": np.asarray([1, 2, 3, 4])})

    told = [[part["who"].tolist() for part in diary.take(day)] for day in range(4)]

    assert told == [[[2]], [[1]], [[3]], []]
    assert diary.take(0) == []


def test_rows_come_by_time_and_then_by_kind() -> None:
    parts = [
        r.rows(EventKind.PURCHASE, np.asarray([7, 3]), customer=1),
        r.rows(EventKind.REGISTER, np.asarray([7]), customer=2),
    ]

    ordered = r.in_order(r.joined(parts))

    assert ordered["at"].tolist() == [3, 7, 7]
    assert [r.KINDS[kind] for kind in ordered["kind"]] == [EventKind.PURCHASE, EventKind.REGISTER, EventKind.PURCHASE]
    assert ordered["order"].tolist() == [-1, -1, -1]


def test_habits_are_one_row_a_customer_and_cell_and_second_steps_leave_room_for_their_lift() -> None:
    habits = settle(REQUEST, populate(REQUEST))

    pairs = np.stack([habits.customer, habits.cell], axis=1)
    assert np.unique(pairs, axis=0).shape == pairs.shape
    for chain, rows in zip(PLANTED, habits.chain_rows, strict=True):
        people = habits.customer[rows[0]]
        assert people.size > 10
        for place, step, lift in zip(chain.cells, rows, (1.0, *chain.lifts), strict=True):
            assert (habits.cell[step] == place).all()
            assert (habits.customer[step] == people).all()
            assert lift == 1.0 or habits.rate[step].max() <= SECOND_MOST_OFTEN
            assert lift * SECOND_MOST_OFTEN < 1
    assert len({chain.name for chain in PLANTED + IMPLIED + DECOYS}) == 21


def test_a_chain_of_one_district_works_upon_nobody_elsewhere() -> None:
    people = populate(REQUEST)

    habits = settle(REQUEST, people)

    for chain, rows in zip(PLANTED, habits.chain_rows, strict=True):
        inside = lives_in(people, chain.only_in)[habits.customer[rows[0]]]
        assert inside.all()
    elsewhere = ~lives_in(people, "滨江区")[habits.customer]
    assert np.isin(habits.cell[elsewhere], PLANTED[-1].cells).any()


@pytest.mark.parametrize("chain", PLANTED + IMPLIED + DECOYS, ids=lambda chain: chain.name)
def test_a_chain_stays_within_one_kind_of_day_and_remembers_one_day(chain: Chain) -> None:
    assert len(chain.gaps) == len(chain.steps) - 1
    assert sum(chain.gaps) <= 1
    assert {kind_of_cell(place) for place in chain.cells} == {chain.kind}


def test_no_later_chain_brings_a_step_of_an_earlier_one() -> None:
    """So that a day's chains can be gone through in their order, once."""
    for place, chain in enumerate(PLANTED):
        for later in PLANTED[place + 1 :]:
            assert not set(later.cells[1:]) & set(chain.cells)


def test_only_sharers_have_contacts_and_nobody_is_their_own() -> None:
    people = populate(REQUEST)

    network = connect(REQUEST, people)

    assert (people.persona[network.influencer()] == SHARING).all()
    assert (network.influencer() != network.contact).all()
    assert 0 < network.probability.min() <= network.probability.max() <= 0.6
    assert (network.pass_on[people.persona != SHARING] == 0).all()
    near = people.store[network.influencer()] == people.store[network.contact]
    assert near.mean() > 0.5


@given(st.floats(1, 50), st.floats(100, 1e5), st.floats(1, 50), st.floats(1e6, 1e7))
def test_the_district_factor_gives_the_preference_over_the_whole_city(
    inside: float, lines: float, outside: float, lines_outside: float
) -> None:
    low, low_outside = lines * (20 + inside / 10) / 100, lines_outside * (20 + outside / 10) / 100

    factor = district_factor(low, lines, low_outside, lines_outside)

    city = (factor * low + low_outside) / (lines + lines_outside)
    assert factor * low / lines / city == pytest.approx(1.23, abs=1e-6) or factor in {1.0, 2.0}


def test_choices_are_probabilities_and_no_product_is_free() -> None:
    people = populate(REQUEST)

    taste = Taste(REQUEST, people, settle(REQUEST, people))

    assert taste.probability.min() > 0
    assert taste.probability.sum(axis=3) == pytest.approx(1.0, abs=1e-6)
    assert PRICE_CENTS.min() > 0


def test_the_catalogue_is_whole() -> None:
    assert len(CATEGORIES) == 10
    assert len({product.sku for product in PRODUCTS}) == 40
    assert len({store.store_id for store in STORES}) == 12
    for store in STORES:
        assert 29.1 < store.latitude < 30.6
        assert 118.3 < store.longitude < 120.8


def test_the_coupon_campaign_of_a_day_is_the_one_that_runs() -> None:
    campaigns = campaigns_of(REQUEST.start, 400)

    for day in range(400):
        today = REQUEST.start.toordinal() + day
        begun = [c.starts_on.toordinal() <= today <= c.ends_on.toordinal() for c in campaigns]
        running = [number for number, runs in enumerate(begun) if number and runs]
        assert (running or [-1]) == [coupons_on(day)]
