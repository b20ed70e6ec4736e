"""The forecaster inside the laboratory: what it learns from a history, and the paths it draws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from careo.model import forecast
from careo.model.counts import observe
from careo.model.forecast import (
    CONSTANTS,
    Baseline,
    Constants,
    dependence_by_lead,
    filtered_levels,
    fit,
    log_intensities,
    momentum_by_lead,
)
from careo.model.luck import Luck

LUCK = Luck(7)
MEAN = np.array([4.185, 0.45, 0.05, -1.7726, 0.59, 0.82, -0.38, 1.28])
FIXED = Constants(MEAN, np.zeros((8, 8)), 0.01, 0.6, 36.0)
ENDLESS = 1e30
"""A ceiling that nothing reaches."""


def poisson(mean: float, places: int = 1, months: int = 200, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, (places, months)).astype(float)


def learnt(counts: np.ndarray, constants: Constants = FIXED, **more: object) -> Baseline:
    return fit(counts, np.ones(counts.shape[1]), constants, **{"seasonal": False, **more})  # pyright: ignore[reportArgumentType]


def unbounded(baseline: Baseline) -> Baseline:
    return replace(baseline, ceiling=np.full_like(baseline.ceiling, ENDLESS))


def draw(baseline: Baseline, months: int = 12, draws: int = 200, **more: int) -> np.ndarray:
    return log_intensities(baseline, LUCK, np.ones(months), draws=draws, **more)


# ── what is learnt ───────────────────────────────────────────────────────────────────────────────────────────────


def _filtered(counts: list[float]) -> list[float]:
    """The filter of the module's docstring for one place and exposure 1, written down again."""
    x, p = math.log(sum(counts[:12]) / 12 + 0.5), 0.3
    levels: list[float] = []
    for y in counts:
        p += 0.012
        if not math.isnan(y):
            expected = math.exp(x)
            noise = 1 / (expected + 0.3) + 0.01
            r = math.log((y + 0.5) / (expected + 0.5)) if expected > 4 else (y + 0.3) / (expected + 0.3) - 1
            most = 2.5 * math.sqrt(p + noise)
            gain = p / (p + noise)
            x += gain * min(max(r, -most), most)
            p *= 1 - gain
        levels.append(x)
    return levels


@pytest.mark.parametrize("mean", [0.4, 3.0, 200.0])
def test_the_filter_is_the_one_that_is_written_down(mean: float) -> None:
    counts = poisson(mean)
    counts[0, 120] = 40 * mean + 50
    counts[0, [60, 61, 150]] = np.nan
    expected = _filtered(counts[0].tolist())
    assert filtered_levels(counts, np.ones(200))[0] == pytest.approx(expected, rel=1e-12)


def test_months_not_observed_are_passed_over_and_are_not_zeros() -> None:
    counts = poisson(80)
    holed = counts.copy()
    holed[0, [150, 151, 199]] = np.nan
    levels = filtered_levels(holed, np.ones(200))[0]
    assert levels[150] == levels[149] == levels[151] and levels[199] == levels[198]
    wrong = filtered_levels(np.nan_to_num(holed), np.ones(200))[0]
    assert wrong[199] < levels[199] - 0.2, "as far as the clip lets a zero pull"


def test_one_wild_month_moves_the_level_no_further_than_its_clip() -> None:
    calm, wild, wilder = (poisson(80) for _ in range(3))
    wild[0, -1], wilder[0, -1] = 4_000, 400_000
    assert learnt(wild).level == learnt(wilder).level
    assert 0.05 < (learnt(wild).level - learnt(calm).level)[0] < 0.5


def test_the_nations_momentum_is_that_of_places_which_observed_both_quarters() -> None:
    counts = np.full((3, 40), 100.0)
    counts[0, -3:] = 150.0
    assert learnt(counts).features.national == pytest.approx(np.log(350 / 300))
    unseen = counts.copy()
    unseen[2, -14] = np.nan
    assert learnt(unseen).features.national == pytest.approx(np.log(250 / 200)), "not the third place"
    unseen[:, -1] = np.nan
    assert learnt(unseen).features.national == pytest.approx(np.log(700 / 600)), (
        "a month that nobody reported"
    )
    unseen[:, -3:] = unseen[:, 25:28] = np.nan
    unseen[:, 22:25] = np.nan
    assert learnt(unseen).features.national == 0.0, "nobody observed both"
    assert learnt(counts[:, :14]).features.national == 0.0, "no quarter of a year before"


def test_volatility_is_that_of_changes_over_three_months() -> None:
    levels = filtered_levels(poisson(400), np.ones(200))
    squares = (levels[0, 3:] - levels[0, :-3]) ** 2
    expected = squares[:60].mean()
    for square in squares:
        expected = 0.97 * expected + 0.03 * square
    assert learnt(poisson(400)).features.volatility[0] == pytest.approx(expected)


def test_a_constant_series_stays_where_it_is() -> None:
    baseline = learnt(np.full((2, 200), 30.0))
    assert np.exp(baseline.level) == pytest.approx(30.0, rel=1e-6)
    assert baseline.features.volatility.max() < 1e-6
    paths = draw(baseline, 72, 8000)
    # the standard error of the median of a Student t with 4 degrees of freedom is 1.33 spreads over √n
    spread = np.abs(paths - np.log(30)).mean(axis=-1)
    assert (np.abs(np.median(paths, axis=-1) - np.log(30)) < 4 * 1.33 * spread / np.sqrt(8000)).all()


def test_a_place_without_events_is_rare_not_impossible() -> None:
    found = draw(learnt(np.zeros((1, 200))), 24, 2000)
    assert np.isfinite(found).all()
    counts = observe(found, LUCK, np.arange(1))
    assert (counts >= 0).all() and (counts == 0).mean() > 0.5 and (counts > 0).any()


@pytest.mark.parametrize(
    ("counts", "exposure", "word"),
    [
        (np.full((1, 50), -1.0), np.ones(50), "negative"),
        (np.full((1, 50), np.inf), np.ones(50), "finite"),
        (np.ones((1, 50)), np.zeros(50), "exposure"),
        (np.ones((1, 50)), np.ones(49), "month"),
        (np.vstack([np.ones(50), np.full(50, np.nan)]), np.ones(50), r"\[1\]"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(counts: np.ndarray, exposure: np.ndarray, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        fit(counts, exposure, FIXED)


def test_the_months_ahead_have_lengths() -> None:
    with pytest.raises(ValueError, match="exposure"):
        log_intensities(learnt(poisson(9)), LUCK, np.array([1.0, 0.0]), draws=1)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("mean", MEAN[:7]),
        ("mean", np.where(np.arange(8) == 3, np.nan, MEAN)),
        ("mean", np.where(np.arange(8) == 3, 400.0, MEAN)),
        ("factor", np.triu(np.ones((8, 8)))),
        ("factor", np.diag(np.full(8, np.inf))),
        ("dispersion", -0.1),
        ("dispersion", math.nan),
        ("dependence", 1.1),
        ("dependence_months", 0.0),
    ],
)
def test_what_no_calibration_writes_is_no_set_of_constants(part: str, value: object) -> None:
    assert FIXED.sound()
    assert not replace(FIXED, **{part: value}).sound()  # pyright: ignore[reportArgumentType]


# ── what is drawn ────────────────────────────────────────────────────────────────────────────────────────────────


def _spread(baseline: Baseline, lead: int) -> np.ndarray:
    """s of the module's docstring, written down again."""
    a, b, f, c, v = MEAN[3:]
    found = baseline.features
    level, restless = found.level - 3.3, np.log(found.volatility + 0.005) + 2.5
    growth = b * math.log(min(lead, 14) / 8) + f * math.log(max(lead, 14) / 14)
    return np.exp(0.5 * (a + growth + c * level + v * restless))


def _centre(baseline: Baseline, lead: int) -> np.ndarray:
    found = baseline.features
    kept = (1 / (1 + math.exp(-MEAN[0]))) ** lead
    carried = math.sqrt(min(lead, 14) / 8) * (MEAN[1] * found.national + MEAN[2] * found.momentum)
    return found.level + (1 - kept) * found.distance + carried


@pytest.mark.parametrize("lead", [1, 8, 14, 40])
def test_a_lead_is_a_student_t_about_its_centre_with_the_spread_that_is_written_down(lead: int) -> None:
    walk = np.random.default_rng(3).normal(0, 0.04, (2, 200)).cumsum(axis=1)
    baseline = unbounded(learnt(np.exp(5 + walk).round()))
    shocks = (draw(baseline, 40, 20_000)[:, lead - 1].T - _centre(baseline, lead)) / _spread(baseline, lead)
    for place in range(2):
        found = stats.kstest(shocks[:, place], stats.t(4).cdf).statistic
        assert found < 1.95 / np.sqrt(20_000), "1 in 1,000 by chance"


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Of the normals behind two samples of Student's t: mixing changes no sign, so P(same sign) = ½ + arcsin(r)/π."""
    same = (np.sign(one) == np.sign(other)).mean()
    return math.sin(math.pi * (same - 0.5))


@pytest.mark.parametrize("lead", [3, 14, 72])
def test_places_move_together_slowly_and_never_more_than_85_of_100(lead: int) -> None:
    baseline = unbounded(learnt(poisson(300, places=2)))
    shocks = draw(baseline, 72, 40_000)[:, lead - 1] - _centre(baseline, lead)[:, None]
    expected = 0.85 * dependence_by_lead(FIXED, 72)[lead - 1]
    # P(same sign) has a standard error of .0025, the correlation one of π times that at most
    assert _correlation(*shocks) == pytest.approx(expected, abs=4 * 0.0025 * math.pi)
    assert dependence_by_lead(FIXED, 72)[lead - 1] == pytest.approx(0.6 * (1 - math.exp(-lead / 36)))


def test_a_path_is_a_walk_with_a_little_noise_of_each_month() -> None:
    alone = replace(FIXED, dependence=0.0)
    baseline = unbounded(learnt(poisson(300), alone))
    paths = draw(baseline, 24, 40_000)[0]
    early, late = (paths[lead - 1] - _centre(baseline, lead)[0] for lead in (6, 24))
    assert _correlation(early, late) == pytest.approx(0.85 * math.sqrt(6 / 24), abs=4 * 0.0025 * math.pi)


def test_constants_are_drawn_from_their_joint_law() -> None:
    random = np.random.default_rng(5)
    factor = np.tril(random.normal(0, 0.1, (8, 8)))
    found = forecast._drawn_constants(np.uint64(7), 0, MEAN, factor, 20_000)  # pyright: ignore
    covariance = factor @ factor.T
    deviation = np.sqrt(np.diag(covariance))
    assert (np.abs(found.mean(axis=1) - MEAN) < 4 * deviation / np.sqrt(20_000)).all()
    error = np.sqrt((np.outer(deviation, deviation) ** 2 + covariance**2) / 20_000)
    assert (np.abs(np.cov(found) - covariance) < 4.5 * error).all()
    later = forecast._drawn_constants(np.uint64(7), 300, MEAN, factor, 50)  # pyright: ignore
    assert np.array_equal(later, found[:, 300:350])


def test_drawn_constants_widen_what_is_drawn_and_are_the_same_for_all_places() -> None:
    factor = np.zeros((8, 8))
    factor[CONSTANTS.index("spread"), CONSTANTS.index("spread")] = 2.0
    sure, unsure = (
        unbounded(learnt(poisson(300, places=2), replace(FIXED, factor=f)))
        for f in (np.zeros((8, 8)), factor)
    )
    narrow, wide = (np.abs(draw(b, 8, 4000)[:, 7] - _centre(b, 8)[:, None]) for b in (sure, unsure))
    ratio = np.log(wide / narrow)
    assert ratio[0] == pytest.approx(ratio[1]), "one factor a draw, e^(z)"
    assert ratio[0].std() == pytest.approx(1.0, abs=4 / math.sqrt(2 * 4000))


@given(momentum=st.floats(-1, 1), distance=st.floats(-1, 1))
def test_momentum_grows_to_lead_14_and_what_is_far_returns(momentum: float, distance: float) -> None:
    plain = unbounded(learnt(poisson(300)))
    zero = replace(plain.features, momentum=np.zeros(1), distance=np.zeros(1))
    moved = replace(zero, momentum=np.full(1, momentum))
    away = replace(zero, distance=np.full(1, distance))
    still, pushed, pulled = (draw(replace(plain, features=f), 40, 3)[0] for f in (zero, moved, away))
    carried = (pushed - still)[:, 0]
    assert carried == pytest.approx(0.05 * momentum * momentum_by_lead(40), abs=1e-12)
    assert carried[13:] == pytest.approx(carried[13])
    kept = (1 / (1 + math.exp(-MEAN[0]))) ** np.arange(1, 41)
    assert (pulled - still)[:, 0] == pytest.approx((1 - kept) * distance, abs=1e-12)
    assert kept[0] == pytest.approx(0.985, abs=1e-4)


def test_no_path_leaves_its_ceiling() -> None:
    walk = np.random.default_rng(3).normal(0, 0.4, (1, 300)).cumsum(axis=1)
    counts = np.exp(np.minimum(3 + walk, 8)).round()
    most = np.exp(draw(learnt(counts), 72, 4000)).max()
    assert most == pytest.approx(5 * counts[0, -240:].max() + 50)


@given(first=st.integers(0, 60), draws=st.integers(1, 30), months=st.integers(1, 24))
def test_a_block_of_draws_and_a_shorter_horizon_are_slices_of_the_whole(
    first: int, draws: int, months: int
) -> None:
    baseline = learnt(poisson(20, places=3), replace(FIXED, factor=0.1 * np.eye(8)))
    whole = draw(baseline, 24, 90)
    block = draw(baseline, months, draws, first_draw=first)
    assert np.array_equal(block, whole[:, :months, first : first + draws])


@given(order=st.permutations(range(6)))
def test_permuting_places_permutes_the_results(order: list[int]) -> None:
    counts = poisson(20, places=6) * np.arange(1.0, 7.0)[:, None]
    numbers = np.array([3, 9, 4, 1, 30, 32])
    one = fit(counts, np.ones(200), FIXED, places=numbers)
    other = fit(counts[order], np.ones(200), FIXED, places=numbers[order])
    assert np.array_equal(draw(one)[order], draw(other))


def test_a_place_is_forecast_the_same_whatever_it_depends_on() -> None:
    counts = poisson(200, places=4)
    apart, together = (learnt(counts, replace(FIXED, dependence=rho)) for rho in (0.0, 1.0))
    one, other = (np.sort(draw(b, 36, 4000), axis=-1) for b in (apart, together))
    found = [stats.ks_2samp(one[i, 35], other[i, 35]).statistic for i in range(4)]
    assert max(found) < 1.95 * math.sqrt(2 / 4000), "1 in 1,000 by chance"


def test_another_last_month_in_one_place_changes_that_place_only() -> None:
    counts = poisson(200, places=4)
    changed = counts.copy()
    changed[2, -1] += 40
    before, after = learnt(counts), learnt(changed)
    # what places share, the nation's momentum, is pinned: it is meant to answer to every place
    pinned = replace(after, features=replace(after.features, national=before.features.national))
    same, old = draw(pinned), draw(before)
    assert np.array_equal(same[[0, 1, 3]], old[[0, 1, 3]])
    assert (same[2] != old[2]).all() and np.median(same[2]) > np.median(old[2])


def test_counts_are_the_same_per_day_and_the_season_is_learnt() -> None:
    months = 240
    counts = np.tile(1000 * np.where(np.arange(months) % 12 == 4, 1.5, 1.0), (3, 1))
    baseline = fit(counts, np.ones(months), FIXED)
    assert baseline.features.season[4] - baseline.features.season[3] == pytest.approx(np.log(1.5), abs=0.03)
    ahead, longer = (log_intensities(baseline, LUCK, np.full(12, days), draws=1) for days in (1.0, 2.0))
    assert longer - ahead == pytest.approx(np.log(2))
