"""The municipal filter: closed forms, luck by address, missing months, and what it learns from series of a known law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from careo.model.luck import Luck
from careo.model.municipal_forecast import LAW, LocalLaw, LocalLevels, fit, sample

STILL = LocalLaw(variance=0.0)
MONTHS = 40


def towns(places: int = 12, months: int = MONTHS, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts of towns of very different size, exposure, and the number of each one's state."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.normal(-1.0, 1.5, places))
    return (
        rng.poisson(rate[:, None], (places, months)).astype(float),
        rng.uniform(0.9, 1.05, months),
        np.arange(places) % 3 + 1,
    )


def drawn(levels: LocalLevels, draws: int = 50, months: int = 14, **more: Any) -> np.ndarray:
    return sample(levels, Luck(7), np.ones(months), draws=draws, **more)


# ── luck ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_block_of_draws_or_places_is_a_slice_of_the_whole() -> None:
    counts, exposure, states = towns()
    levels = fit(counts, exposure, states=states)
    whole = drawn(levels)
    assert np.array_equal(drawn(levels, 9, first_draw=20), whole[..., 20:29])
    assert np.array_equal(drawn(levels, rows=slice(4, 7)), whole[4:7])
    assert np.array_equal(drawn(levels, rows=np.array([8, 2])), whole[[8, 2]])
    assert np.array_equal(drawn(levels, months=5), whole[:, :5])


@settings(max_examples=15)
@given(st.data())
def test_places_in_another_order_have_the_same_future(data: st.DataObject) -> None:
    counts, exposure, states = towns(7, 30, data.draw(st.integers(0, 99)))
    for place, month in data.draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 28)), max_size=30)):
        counts[place, month] = np.nan
    order = np.array(data.draw(st.permutations(range(7))))
    numbers = np.arange(100, 107)
    one = drawn(fit(counts, exposure, states=states, places=numbers))
    other = drawn(fit(counts[order], exposure, states=states[order], places=numbers[order]))
    assert np.array_equal(one[order], other)
    assert (one >= 0).all()


def test_another_origin_has_luck_of_its_own() -> None:
    counts, exposure, states = towns()
    levels = fit(counts, exposure, states=states)
    assert not np.array_equal(drawn(levels), drawn(levels, first_month=100))


# ── closed forms ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_forgetting_the_filter_is_the_gamma_posterior() -> None:
    counts, exposure, states = towns()
    levels = fit(counts, exposure, states=states, law=LocalLaw(forgetting=0.0, start=0.3))
    mean = np.array(
        [(counts[states == s].sum() + 0.5) / (exposure.sum() * (states == s).sum()) for s in states]
    )
    assert levels.shape == pytest.approx(0.3 + counts.sum(axis=1))
    assert levels.rate == pytest.approx(0.3 / mean + exposure.sum())


def test_forgetting_in_proportion_to_what_is_known() -> None:
    steady = np.full((2, 4000), 1.0) * np.array([[9.0], [0.25]])
    levels = fit(steady, np.ones(4000), states=np.ones(2, dtype=int), law=LocalLaw(variance_sd=0.0))
    assert levels.shape / levels.rate == pytest.approx([9.0, 0.25], rel=1e-6)
    # k a + y = a with k = 1 / (1 + φ a): φ a² = y (1 + φ a)
    expected = [(y * 0.01 + np.sqrt((y * 0.01) ** 2 + 4 * 0.01 * y)) / 0.02 for y in (9.0, 0.25)]
    assert levels.shape == pytest.approx(expected, rel=1e-6)


def test_a_steady_level_gives_negative_binomial_months() -> None:
    counts = np.array([[0, 1, 0, 2, 0, 0, 1, 0, 0, 1, 3, 0, 0, 1, 0, 0]], dtype=float)
    levels = fit(counts, np.ones(16), states=np.array([1]), law=STILL)
    months = sample(levels, Luck(1), np.array([1.0, 2.0]), draws=40_000)
    a, b = levels.shape[0], levels.rate[0]
    for month, exposure in enumerate((1.0, 2.0)):
        law = stats.nbinom(a, b / (b + exposure))
        for k in range(5):
            share = (months[0, month] <= k).mean()
            assert share == pytest.approx(law.cdf(k), abs=4 * np.sqrt(0.25 / 40_000))
    both = stats.nbinom(a, b / (b + 3.0))
    total = months[0].sum(axis=0)
    assert total.var() == pytest.approx(both.var(), rel=0.08), "a draw has one level for all its months"


def test_a_level_known_for_sure_gives_poisson_months() -> None:
    sure = LocalLaw(forgetting=0.0, start=1e12, variance=0.0)
    levels = fit(np.full((1, 24), 3.0), np.ones(24), states=np.array([1]), law=sure)
    months = sample(levels, Luck(1), np.ones(2), draws=40_000)
    rate = 72.5 / 24
    assert months.mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / 80_000))
    assert months.var() == pytest.approx(rate, rel=0.03)
    assert abs(np.corrcoef(months[0])[0, 1]) < 4 / np.sqrt(40_000)


def test_levels_move_by_student_t_of_the_promised_variance() -> None:
    sure = LocalLaw(forgetting=0.0, start=1e12, variance=0.2, variance_sd=0.0)
    levels = fit(np.full((1, 24), 10_000.0), np.ones(24), states=np.array([1]), law=sure)
    months = sample(levels, Luck(2), np.ones(12), draws=20_000)
    for lead in (1, 8, 12):
        moved = np.log(months[0, lead - 1] / 10_000.0)
        expected = np.sqrt(0.6 * 0.2 * lead / 8) * stats.t.ppf([0.05, 0.25, 0.75, 0.95], 5)
        assert np.quantile(moved, [0.05, 0.25, 0.75, 0.95]) == pytest.approx(expected, abs=0.02)


def test_places_share_the_shocks_of_their_state_more_than_those_of_the_nation() -> None:
    law = LocalLaw(forgetting=0.0, start=1e12, variance=0.2, variance_sd=0.0, nation=0.2, state=0.5)
    levels = fit(np.full((4, 24), 10_000.0), np.ones(24), states=np.array([1, 1, 2, 2]), law=law)
    moved = np.argsort(np.argsort(sample(levels, Luck(2), np.ones(8), draws=8000)[:, 7]))
    beside, apart = np.corrcoef(moved)[0, 1], np.corrcoef(moved)[0, 2]
    # ranks of products with scales of their own are a little less alike than the normals, 0.7 and 0.2
    assert 0.55 < beside < 0.7 and 0.12 < apart < 0.2
    alone = fit(
        np.full((2, 24), 9e3), np.ones(24), states=np.array([1, 1]),
        law=LocalLaw(forgetting=0.0, start=1e12, variance_sd=0.0, nation=0.0, state=0.0),
    )  # fmt: skip
    assert abs(np.corrcoef(np.log(sample(alone, Luck(2), np.ones(8), draws=8000)[:, 7]))[0, 1]) < 0.06


# ── months that were not observed ────────────────────────────────────────────────────────────────────────────────


def test_a_month_not_observed_is_not_a_zero_and_only_makes_less_sure() -> None:
    counts, exposure, states = towns()
    law = LocalLaw(variance_sd=0.0)
    whole, gap, zero = counts.copy(), counts.copy(), counts.copy()
    gap[0, -3:], zero[0, -3:] = np.nan, 0.0
    before = fit(whole[:, :-3], exposure[:-3], states=states, law=law)
    after, zeros = fit(gap, exposure, states=states, law=law), fit(zero, exposure, states=states, law=law)
    own = LocalLaw(variance_sd=0.0, start=1e-9)  # without the state's mean, which more months move a little
    one, other = (
        fit(c, e, states=states, law=own) for c, e in ((whole[:, :-3], exposure[:-3]), (gap, exposure))
    )
    assert other.shape[0] / other.rate[0] == pytest.approx(one.shape[0] / one.rate[0])
    assert after.shape[0] < before.shape[0]
    assert zeros.shape[0] / zeros.rate[0] < after.shape[0] / after.rate[0]


def test_months_before_a_place_existed_say_nothing() -> None:
    counts, exposure, _ = towns(3)
    longer = np.hstack([np.full((3, 20), np.nan), counts])
    states, law = np.array([1, 1, 1]), LocalLaw(variance_sd=0.0)
    one = fit(counts, exposure, states=states, law=law)
    other = fit(longer, np.concatenate([np.ones(20), exposure]), states=states, law=law)
    assert np.allclose(one.shape, other.shape, rtol=1e-12) and np.allclose(one.rate, other.rate, rtol=1e-12)


def test_a_place_without_an_event_is_near_its_own_state() -> None:
    counts = np.zeros((4, 6))
    counts[1], counts[3] = 8.0, 0.1
    levels = fit(counts, np.ones(6), states=np.array([1, 1, 2, 2]))
    mean = levels.shape / levels.rate
    assert mean[0] > 1.5 * mean[2] > 0


# ── what is learnt ───────────────────────────────────────────────────────────────────────────────────────────────


def walks(variance: float, places: int = 250, months: int = 72, seed: int = 5) -> np.ndarray:
    """Counts whose logarithmic levels are random walks of this variance in 8 months."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, np.sqrt(variance / 8), (places, months))
    return rng.poisson(np.exp(rng.normal(1.0, 0.8, (places, 1)) + steps.cumsum(axis=1))).astype(float)


def test_restlessness_is_learnt_and_stays_below_its_ceiling() -> None:
    states = np.arange(250) % 5
    found = [fit(walks(v), np.ones(72), states=states).variance for v in (0.02, 0.15, 2.0)]
    assert found[0] < 0.08 < found[1] < 0.35
    assert found[2] == LAW.variance


def test_simulated_towns_lie_inside_their_intervals_as_often_as_promised() -> None:
    counts = walks(0.3)
    levels = fit(counts[:, :60], np.ones(60), states=np.arange(250) % 5)
    low, high = np.quantile(drawn(levels, 400, 12), [0.05, 0.95], axis=-1)
    inside = ((low <= counts[:, 60:]) & (counts[:, 60:] <= high)).mean()
    assert 0.87 < inside < 0.98, "discrete intervals hold more than 90%"


def test_a_short_record_leaves_the_variance_as_given() -> None:
    counts, exposure, states = towns(months=15)
    assert fit(counts, exposure, states=states).variance == LAW.variance


def test_a_thousand_events_out_of_nowhere_are_survived() -> None:
    counts, exposure, states = towns()
    counts[0, -2] = 1e6
    levels = fit(counts, exposure, states=states)
    assert np.isfinite([levels.variance, *levels.shape, *levels.rate]).all()
    assert (drawn(levels) >= 0).all()


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"counts": np.full((2, 20), -1.0)}, "not negative"),
        ({"counts": np.full((2, 20), np.inf)}, "finite"),
        ({"counts": np.full((2, 20), np.nan)}, "no observed month"),
        ({"counts": np.ones((2, 19))}, "place, month"),
        ({"exposure": np.zeros(20)}, "positive"),
        ({"states": np.ones(3, dtype=int)}, "numbers of states"),
        ({"places": np.array([4, 4])}, "different numbers"),
        ({"law": LocalLaw(nation=0.7, state=0.7)}, "in common"),
        ({"law": LocalLaw(start=0.0)}, "start"),
    ],
)
def test_what_cannot_be_filtered_is_refused(change: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {
        "counts": np.ones((2, 20)),
        "exposure": np.ones(20),
        "states": np.array([1, 2]),
        **change,
    }
    with pytest.raises(ValueError, match=words):
        fit(given.pop("counts"), given.pop("exposure"), **given)


def test_months_ahead_have_a_length() -> None:
    counts, exposure, states = towns()
    with pytest.raises(ValueError, match="month ahead"):
        sample(fit(counts, exposure, states=states), Luck(1), np.array([1.0, 0.0]), draws=2)
