"""What scores say of one another: intervals of differences, and places outside too often."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.results.skill import difference, low_coverage


def crps(years: int = 6, places: int = 12, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4.0, 3.0, (years, places, 12))


def test_a_model_that_is_a_tenth_better_everywhere_is_better_by_a_tenth_without_doubt() -> None:
    others = crps()
    found = difference("a", "b", "test", 0.9 * others, others, seed=7)
    assert (found.gain, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.verdict == "better"
    assert difference("b", "a", "test", others, 0.9 * others, seed=7).verdict == "worse"


@given(st.integers(0, 50))
def test_noise_alone_is_hardly_ever_a_difference(seed: int) -> None:
    base = crps(seed=seed)
    noise = np.random.default_rng(seed + 1000).normal(1, 0.3, (2, *base.shape))
    found = difference("a", "b", "test", base * noise[0], base * noise[1], seed=7)
    assert found.low <= found.gain <= found.high
    assert abs(found.gain) < 0.1


def test_a_shock_of_one_year_makes_the_interval_wide() -> None:
    """Months and states of a year are one trial: a gain from one year in six must not look certain."""
    others = np.ones((6, 32, 12))
    mine = others.copy()
    mine[2] *= 0.4
    found = difference("a", "b", "test", mine, others, seed=7)
    assert found.gain == pytest.approx(0.1)
    assert found.low == pytest.approx(0.0, abs=0.01) and found.high > 0.2
    assert found.verdict == "not distinguishable"


def test_one_year_or_one_cell_decides_nothing() -> None:
    others = crps(years=1)
    found = difference("a", "b", "later", 0.5 * others, others, seed=7)
    assert found.low > 0 and found.verdict == "not distinguishable"
    alone = difference("a", "b", "later", 0.5 * others[:, :1], others[:, :1], seed=7)
    assert np.isnan(alone.low) and alone.verdict == "not distinguishable"


def test_months_that_were_not_scored_count_for_neither() -> None:
    others = crps()
    mine = 0.8 * others
    mine[5, :, 6:] = others[5, :, 6:] = np.nan
    assert difference("a", "b", "later", mine, others, seed=7).gain == pytest.approx(0.2)


def test_states_below_70_per_cent_are_listed_beside_what_chance_does() -> None:
    inside = np.ones((6, 3, 12))
    inside[:3, 1] = 0  # half of the months
    inside[:2, 2, :6] = 0  # a sixth
    drawn = np.full((6, 3, 100), 12)
    drawn[:, 0, :30] = 8  # in 30 of 100 draws state 0 has two thirds of its months inside
    found = low_coverage(("01", "02", "03"), inside, drawn, 72)
    assert found.places == (("02", 0.5),)
    assert found.expected == pytest.approx(0.3) and found.most == 1
