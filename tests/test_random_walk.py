"""The log random walk, the rival that every forecaster must beat; and the history that forecasters learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from careo.base.errors import CareoError, DataError
from careo.model.counts import observe
from careo.model.luck import Luck
from careo.model.random_walk import Walk, fit, log_intensities, scales
from careo.panel.country import load_country
from careo.run.history import companion_levels, exposure_days, homicide_history
from worlds import World, new_world

LUCK = Luck(7)
INEGI = "homicide_inegi_registered"


def poisson(mean: float, places: int = 1, months: int = 400, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, (places, months)).astype(float)


def learnt(counts: np.ndarray, **more: object) -> Walk:
    return fit(counts, np.ones(counts.shape[1]), **{"seasonal": False, **more})  # pyright: ignore[reportArgumentType]


def draw(baseline: Walk, months: int = 12, draws: int = 200, **more: int) -> np.ndarray:
    return log_intensities(baseline, LUCK, np.ones(months), draws=draws, **more)


# ── what is learnt ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_poisson_process_without_a_walk_has_the_scale_of_its_own_noise() -> None:
    # 3-month sums that do not overlap are independent, each with relative variance 1/(3 · mean); 60 places average the rest away.
    mean = 100.0
    measured = scales(learnt(poisson(mean, places=60)), 24)[:, 2:].mean(axis=1)
    error = measured.std(ddof=1) / np.sqrt(60)
    assert abs(measured.mean() - np.sqrt(2 / (3 * mean))) < 4 * error
    assert error < 0.001


def test_a_walk_of_known_step_is_found_and_grows_with_the_root_of_the_lead() -> None:
    steps = np.random.default_rng(3).normal(0, 0.05, (80, 500)).cumsum(axis=1)
    found = scales(learnt(np.exp(12 + steps)), 48).mean(axis=0)
    # The weights of the steps between two means of three are ⅓, ⅔, 1 … 1, ⅔, ⅓: their squares add up to lead − 8/9. Changes that
    # overlap wander about a mean of their own, which takes more away the fewer of them are independent.
    true = 0.05 * np.sqrt(np.arange(1, 49) - 8 / 9)
    assert found[2] == pytest.approx(true[2], rel=0.04)
    assert 0.85 < found[11] / true[11] < 0.97
    assert 0.75 < found[23] / true[23] < 0.95
    assert found[47] == pytest.approx(found[23] * np.sqrt(2), rel=1e-12), "beyond 24 months by the root"


def test_a_constant_series_stays_where_it_is() -> None:
    baseline = learnt(np.full((2, 200), 30.0))
    assert scales(baseline, 72).max() < 1e-12
    assert np.exp(draw(baseline)) == pytest.approx(90.5 / 3)


def test_a_place_without_events_is_rare_not_impossible() -> None:
    found = np.exp(draw(learnt(np.zeros((1, 200)))))
    assert found == pytest.approx(1 / 6), "half an event in three months"
    assert (observe(np.log(found), LUCK, np.arange(1)) >= 0).all()


def test_a_short_history_is_measured_only_as_far_as_it_holds_five_changes() -> None:
    # 60 months: 58 levels, 49 changes at lead 9 (five times nine is 45), 48 at lead 10 (needs 50)
    assert learnt(poisson(50, months=60)).measured.tolist() == [9]
    assert learnt(poisson(50, months=400)).measured.tolist() == [24]
    with pytest.raises(ValueError, match="months in a row"):
        learnt(poisson(50, months=12))


def test_the_scale_is_that_of_the_last_ten_years() -> None:
    wild, calm = poisson(5, months=200), np.full((1, 160), 40.0)
    # the oldest of 120 changes at lead 24 is 144 months back, and each level reaches two months further
    assert scales(learnt(np.hstack([wild, calm])), 24).max() < 1e-12
    assert scales(learnt(np.hstack([wild, calm[:, :140]])), 24)[0, 23] > 0.1


def test_months_not_observed_are_passed_over_and_are_not_zeros() -> None:
    counts = poisson(80)
    holed = counts.copy()
    holed[0, [330, 331, 370, 399]] = np.nan
    zeros = np.nan_to_num(holed)
    whole, found, wrong = (learnt(c) for c in (counts, holed, zeros))
    assert found.level[0] == pytest.approx(np.log((counts[0, 396:399].sum() + 0.5) / 3))
    assert scales(found, 12) == pytest.approx(scales(whole, 12), rel=0.25)
    assert scales(wrong, 12)[0, 2] > 1.5 * scales(found, 12)[0, 2]


def test_a_place_too_young_to_be_measured_borrows_the_scale_of_the_others() -> None:
    counts = poisson(80, places=3)
    counts[2, :-6] = np.nan
    found = scales(learnt(counts), 30)
    assert found[2] == pytest.approx(found[:2].mean(axis=0)), "of two, the median is the mean"


def test_the_season_is_learnt_and_counts_are_the_same_per_day() -> None:
    months = 240
    factor = np.where(np.arange(months) % 12 == 4, 1.5, 1.0)
    counts = np.tile(1000 * factor, (3, 1))
    baseline = fit(counts, np.ones(months))
    # the first month ahead is of phase 0, so the fifth is the high one
    high = baseline.season[4] - baseline.season[3]
    assert high == pytest.approx(np.log(1.5), abs=0.03)
    ahead = log_intensities(baseline, LUCK, np.ones(12), draws=1)[0, :, 0]
    assert ahead.argmax() == 4
    longer = log_intensities(baseline, LUCK, np.full(12, 2.0), draws=1)[0, :, 0]
    assert longer - ahead == pytest.approx(np.log(2))


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
        fit(counts, exposure)


def test_two_places_need_two_numbers() -> None:
    with pytest.raises(ValueError, match="different numbers"):
        learnt(poisson(9, places=2), places=np.array([4, 4]))


# ── what is drawn ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lead", [1, 12, 40])
def test_a_lead_is_a_student_t_with_the_scale_as_its_deviation(lead: int) -> None:
    baseline = learnt(poisson(1000))
    shocks = (draw(baseline, 40, 20_000)[0, lead - 1] - baseline.level[0]) / scales(baseline, 40)[0, lead - 1]
    standard = stats.t(5, scale=np.sqrt(3 / 5))
    assert stats.kstest(shocks, standard.cdf).statistic < 1.95 / np.sqrt(20_000), "1 in 1,000 by chance"


def test_a_path_is_a_walk_and_places_move_together_as_they_did() -> None:
    together = np.random.default_rng(5).normal(0, 0.1, 400).cumsum()
    apart = np.random.default_rng(6).normal(0, 0.1, (30, 400)).cumsum(axis=1)
    alike = learnt(np.exp(9 + 0.7 * together + 0.7 * apart))
    assert alike.correlation == pytest.approx(0.5, abs=0.15)
    assert learnt(np.exp(9 + apart)).correlation < 0.12
    paths = draw(alike, 24, 20_000)
    ranks = stats.rankdata(paths[:, [5, 23]], axis=-1)
    assert np.corrcoef(ranks[0])[0, 1] == pytest.approx(0.5, abs=0.06), "√(6/24) between months 6 and 24"
    assert np.corrcoef(ranks[:2, 0])[0, 1] == pytest.approx(alike.correlation, abs=0.06)


@given(first=st.integers(0, 60), draws=st.integers(1, 30), months=st.integers(1, 24))
def test_a_block_of_draws_and_a_shorter_horizon_are_slices_of_the_whole(
    first: int, draws: int, months: int
) -> None:
    baseline = learnt(poisson(20, places=3))
    whole = draw(baseline, 24, 90)
    block = draw(baseline, months, draws, first_draw=first)
    assert np.array_equal(block, whole[:, :months, first : first + draws])
    counted = observe(whole, LUCK, baseline.places)
    again = observe(block, LUCK, baseline.places, first_draw=first)
    assert np.array_equal(again, counted[:, :months, first : first + draws])


@given(order=st.permutations(range(6)))
def test_permuting_places_permutes_the_results(order: list[int]) -> None:
    counts = poisson(20, places=6) * np.arange(1.0, 7.0)[:, None]
    numbers = np.array([3, 9, 4, 1, 30, 32])
    one = fit(counts, np.ones(400), places=numbers)
    other = fit(counts[order], np.ones(400), places=numbers[order])
    assert np.array_equal(draw(one)[order], draw(other))


def test_another_last_month_in_one_place_changes_that_place_only() -> None:
    counts = poisson(200, places=4)
    changed = counts.copy()
    changed[2, -1] += 40
    before, after = draw(learnt(counts)), draw(learnt(changed))
    # what places share, their correlation, is pinned: it is meant to answer to every place
    pinned = replace(learnt(changed), correlation=learnt(counts).correlation)
    same = draw(pinned)
    assert np.array_equal(same[[0, 1, 3]], before[[0, 1, 3]])
    assert (same[2] != before[2]).all() and np.median(after[2]) > np.median(before[2])


def test_no_path_leaves_its_ceiling() -> None:
    steps = np.random.default_rng(3).normal(0, 0.5, (1, 300)).cumsum(axis=1)
    counts = np.exp(np.minimum(3 + steps, 8)).round()
    baseline = learnt(counts)
    most = np.exp(draw(baseline, 72, 2000)).max()
    assert most == pytest.approx(5 * counts[0, -240:].max() + 50)


def test_counts_scatter_about_intensities_as_poisson_does() -> None:
    counts = observe(np.full((1, 1, 40_000), np.log(6.0)), LUCK, np.arange(1))
    error = np.sqrt(6 / 40_000)
    assert abs(counts.mean() - 6) < 4 * error
    assert counts.var() == pytest.approx(6, rel=0.04)


# ── the history of a country ─────────────────────────────────────────────────────────────────────────────────────


def test_before_the_join_the_history_is_what_was_registered() -> None:
    history = homicide_history(last=date(2014, 10, 31))
    assert (history.first, history.last) == (date(1990, 1, 1), date(2014, 10, 1))
    assert history.counts.shape == (32, 298) and (history.factors == 1).all()
    months = load_country().months(INEGI)
    chihuahua = {o.period.first: o.value for o in months.observations if o.place == "08"}
    assert history.counts[history.places.index("08"), -1] == chihuahua[date(2014, 10, 1)]


def test_from_october_2015_on_what_was_registered_is_matched_to_the_victims_state_by_state() -> None:
    early, late = (homicide_history(last=day) for day in (date(2015, 9, 1), date(2015, 10, 1)))
    assert (early.factors == 1).all()
    factors = dict(zip(late.places, late.factors[:, 0], strict=True))
    assert factors["30"] == pytest.approx(0.61, abs=0.005) and factors["23"] == pytest.approx(1.60, abs=0.005)
    assert late.counts[:, :-1] == pytest.approx(early.counts * late.factors[:, :1])


def test_oaxaca_is_repaired_and_no_month_is_missing() -> None:
    history = homicide_history()
    assert not np.isnan(history.counts).any()
    oaxaca = history.counts[history.places.index("20")]
    october = (2016 - 1990) * 12 + 9
    assert oaxaca[october] == 76 and oaxaca[october - 1] != 76
    # 56 + … + 73 victims of 2015 over the deaths registered that year
    assert oaxaca[(2015 - 1990) * 12 : (2016 - 1990) * 12].sum() == pytest.approx(849)
    assert "oaxaca_repair" in history.sources
    assert "oaxaca_repair" not in homicide_history(last=date(2014, 10, 1)).sources


def test_after_the_join_the_history_is_victims_of_homicide_and_feminicide() -> None:
    history = homicide_history(last=date(2018, 12, 1))
    assert history.counts[:, -12:].sum() == 33_742 + 920
    assert history.population.sum() == pytest.approx(126e6, rel=0.01)
    assert history.exposure_days[-12:].sum() == 365


def test_a_country_with_one_series_needs_no_code() -> None:
    history = homicide_history(load_country("toyland"))
    assert history.places == tuple(f"T{n}" for n in range(1, 10))
    assert np.isnan(history.counts).sum() == 1, "Spindlewood sent no book for April 2019"
    assert not np.isnan(history.population).any()
    baseline = fit(history.counts, history.exposure)
    days = exposure_days(date(2023, 1, 1), 12)
    assert days.sum() == 365 and np.isfinite(log_intensities(baseline, LUCK, days / 30.4375, draws=5)).all()


def test_an_origin_before_the_first_month_is_refused() -> None:
    with pytest.raises(CareoError, match="1980"):
        homicide_history(last=date(1980, 1, 1))


def _broken(folder: Path, change: Callable[[str], str]) -> World:
    world = new_world(folder)
    path = world.folder / "forecast.yaml"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    return world


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lantern_thefts_watch", "lantern_theft_watch", "lantern_theft_watch"),
        ("sum_of", "sums_of", "sum_of"),
        ("[lantern_thefts_watch]", "[lantern_thefts_watch]\n    until: 2019-02", "until"),
        ("[lantern_thefts_watch]", "[]", "sum_of"),
        ("lantern_thefts_insured", "nonsense", "nonsense"),
    ],
)
def test_a_mistake_in_forecast_yaml_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    world = _broken(tmp_path, lambda text: text.replace(old, new))
    with pytest.raises(DataError, match=rf"(?s)forecast\.yaml:\d+.*{words}"):
        homicide_history(load_country(str(world.folder)))


# ── the other outcomes ───────────────────────────────────────────────────────────────────────────────────────────


def test_companions_have_the_level_of_their_last_year() -> None:
    history = homicide_history()
    found = companion_levels(places=history.places, last=history.last)
    assert set(found.levels) == {"disappearances", "kidnapping", "extortion", "rights_complaints"}
    assert found.levels["kidnapping"].monthly.sum() * 12 == pytest.approx(844)
    assert found.levels["disappearances"].monthly[0] == pytest.approx(718 / 12)
    assert found.levels["kidnapping"].shared == ()
    assert str(found.levels["extortion"].period) == "2023"


def test_a_nation_without_states_is_shared_by_population_and_says_so() -> None:
    history = homicide_history()
    complaints = companion_levels(places=history.places, last=history.last).levels["rights_complaints"]
    assert complaints.shared == history.places
    assert str(complaints.period) == "2021/2022"
    assert complaints.monthly.sum() * 24 == pytest.approx(854 + 224 + 1041, rel=1e-3)
    per_person = complaints.monthly / history.population
    assert per_person.max() == pytest.approx(per_person.min(), rel=0.05)


def test_an_outcome_of_which_nothing_is_known_yet_is_named_not_zero() -> None:
    found = companion_levels(places=("08",), last=date(2009, 12, 31))
    assert set(found.missing) == {"disappearances", "kidnapping", "extortion", "rights_complaints"}
    assert found.levels == {}


# ── its score ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_on_the_tuning_years_it_scores_as_the_published_log_random_walk() -> None:
    """Published for 2009–2017, without days and seasons: CRPS 12.91, coverage .89; three seeds here gave 12.75 to 12.79, .88."""
    scores, inside = [], []
    for year in range(2009, 2018):
        origin = homicide_history(last=date(year - 1, 10, 1))
        seen = homicide_history(last=date(year, 12, 1))
        truth = np.rint(
            seen.counts[:, -12:] / (seen.factors[:, :1] if year == 2015 else 1)
        )  # scored as registered
        baseline = fit(origin.counts, np.ones(origin.counts.shape[1]), seasonal=False)
        paths = log_intensities(baseline, LUCK, np.ones(14), draws=1000, first_month=12 * year)
        drawn = np.sort(observe(paths, LUCK, baseline.places, first_month=12 * year)[:, 2:], axis=-1)
        rank = 2 * np.arange(1, 1001) - 1001
        scores.append(np.abs(drawn - truth[..., None]).mean() - (drawn * rank).sum(axis=-1).mean() / 1000**2)
        low, high = np.quantile(drawn, [0.05, 0.95], axis=-1)
        inside.append(((low <= truth) & (truth <= high)).mean())
    assert np.mean(scores) == pytest.approx(12.8, abs=0.15)
    assert np.mean(inside) == pytest.approx(0.88, abs=0.015)


def test_what_is_derived_once_for_a_country_is_nobodys_to_change() -> None:
    country = load_country("toyland")
    history = homicide_history(country)
    levels = companion_levels(country, places=history.places)
    assert homicide_history(country) is history and companion_levels(country, places=history.places) is levels
    shared = [history.counts, history.exposure_days, history.population, history.factors]
    for array in (*shared, *(level.monthly for level in levels.levels.values())):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0.0
