"""Looks are drawn given what was bought, and jointly it is as if they had led to it."""

import numpy as np
import pytest

from loaders.world import WorldRequest
from loaders.world.chains import cell
from loaders.world.draws import stream
from loaders.world.habits import Habits
from loaders.world.looks import LOOKS, Followed, Look

MANY = 200_000


@pytest.mark.parametrize("look", LOOKS, ids=["planted", "decoy"])
def test_a_look_makes_the_purchase_so_many_times_as_likely_by_counting(look: Look) -> None:
    buys = 0.1
    everybody = np.arange(MANY, dtype=np.int64)
    nothing = np.empty(0, dtype=np.int64)
    cells = np.full(MANY, cell(look.category, look.bought), dtype=np.int64)
    habits = Habits(everybody, cells, np.full(MANY, buys), (everybody, nothing), ())
    one = Followed(WorldRequest(), habits, look)
    happens = np.random.default_rng(3).random(MANY) < buys

    looked = np.zeros(MANY, dtype=np.bool_)
    looked[one.drawn(stream(5, "looks"), happens, np.ones(MANY, dtype=np.bool_), look.lift)] = True

    assert looked.mean() == pytest.approx(0.08, abs=0.003)
    assert happens[looked].mean() / happens[~looked].mean() == pytest.approx(look.lift, rel=0.06)
    assert one.lift() == look.lift
    assert (one.led_up, one.both) == (looked.sum(), (looked & happens).sum())
