"""Whole runs: the same worlds under every strategy, in any size, on any number of threads; and what a run refuses."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

import careo
from careo.base.errors import DataError
from careo.evidence.effects import Effect, Lag
from careo.evidence.levers import load_levers
from careo.model.mechanisms import OUTCOMES
from careo.run.effects import draw_effects, kernel_weights, lagged, plan_effects
from careo.run.ensemble import Ensemble, quiet_scenario, simulate
from careo.run.scenario import compile_scenario


def run(*names: str, country: str = "mexico", **more: object) -> Ensemble:
    given = {"months": 24, "draws": 60, "seed": 7} | more
    plans = [careo.load_strategy(name, country) for name in names]
    return simulate(plans, careo.load_country(country), **given)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def whole() -> Ensemble:
    return run("amlo-2019-practice", "calderon-2006")


def test_a_strategy_that_doses_nothing_is_the_status_quo_bit_for_bit() -> None:
    found = run("congress-2021")
    assert np.array_equal(found.yearly.sel(strategy="congress-2021"), found.yearly.sel(strategy="status-quo"))
    assert len(found.scenarios[1].not_simulated) == 3


def test_one_thread_is_many_threads(whole: Ensemble) -> None:
    alone = run("amlo-2019-practice", "calderon-2006", threads=1)
    assert np.array_equal(whole.yearly, alone.yearly)
    assert np.array_equal(whole.monthly, alone.monthly)


def test_a_small_ensemble_is_a_slice_of_a_large_one_across_blocks(whole: Ensemble) -> None:
    large = run("amlo-2019-practice", "calderon-2006", draws=160)
    assert np.array_equal(whole.yearly, large.yearly.isel(draw=slice(60)))


def test_another_strategy_beside_it_changes_nothing(whole: Ensemble) -> None:
    alone = run("calderon-2006")
    assert np.array_equal(
        alone.yearly.sel(strategy="calderon-2006"), whole.yearly.sel(strategy="calderon-2006")
    )


def test_the_whole_is_the_sum_of_places_and_years_of_months(whole: Ensemble) -> None:
    by_year = whole.monthly.values.reshape(*whole.monthly.shape[:2], 2, 12, -1).sum(axis=3)
    assert np.array_equal(by_year, whole.yearly.sum("place"))


def test_another_seed_is_another_world(whole: Ensemble) -> None:
    assert not np.array_equal(whole.yearly, run("amlo-2019-practice", "calderon-2006", seed=8).yearly)


def test_without_grade_d_less_moves(whole: Ensemble) -> None:
    strong = run("amlo-2019-practice", "calderon-2006", without=frozenset("D"))
    moved = [abs(e.yearly[1].astype(float) - e.yearly[0]).sum() for e in (whole, strong)]
    assert float(moved[1]) < float(moved[0])
    assert np.array_equal(whole.yearly.sel(strategy="status-quo"), strong.yearly.sel(strategy="status-quo"))


def test_members_are_what_they_are_told_to_be() -> None:
    small, large = (run("calderon-2006", members_nation=float(n)) for n in (30_000, 230_000))
    first = [e.members.sel(strategy="status-quo", year=1).sum("place").mean() for e in (small, large)]
    assert first[0] < 60_000 < 150_000 < first[1]


def test_a_later_start_draws_the_months_between_and_an_earlier_one_is_refused() -> None:
    early = run("congress-2021", draws=20)
    later = run("congress-2021", draws=20, months=12, start=date(early.start.year + 1, early.start.month, 1))
    assert np.array_equal(early.monthly[0, 0, 12:], later.monthly[0, 0])
    with pytest.raises(DataError, match="right after the record ends"):
        run("congress-2021", start=date(2010, 1, 1))


def test_toyland_runs_through_the_same_engine_with_no_code() -> None:
    found = run("ten-lamps-2018", country="toyland", months=48, draws=30)
    assert found.strategies == ("status-quo", "ten-lamps-2018")
    assert found.failures == 0
    assert (found.yearly.sel(outcome="homicides") >= 0).all()


def test_every_outcome_of_mexico_is_counted(whole: Ensemble) -> None:
    assert tuple(whole.yearly.outcome.values) == OUTCOMES
    assert (whole.yearly.sum("place").median("draw") > 0).all()


# ── doses to effects ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("months", [0.0, 1.0, 6.0, 24.0])
def test_a_gamma_kernel_sums_to_one_and_has_its_mean(months: float) -> None:
    weights = kernel_weights(Effect(("homicide",), mean=0.1, sd=1.0), Lag("gamma", months), 600, event=False)
    assert weights.sum() == pytest.approx(1.0, abs=1e-9)
    mean = float((weights * (np.arange(600) + 0.5)).sum()) if months else 0.0
    assert mean == pytest.approx(months, abs=0.1 if months > 2 else 0.3)


def test_an_event_holds_its_whole_effect_for_its_window_and_a_level_reaches_it() -> None:
    effect = Effect(("homicide",), mean=0.04, sd=0.04, from_month=0, to_month=12)
    event = np.zeros((1, 30))
    event[0, 3] = 1.0
    held = lagged(event, effect, Lag("flat", 12), event=True)[0]
    assert held.tolist() == [0.0] * 3 + [1.0] * 12 + [0.0] * 15
    level = lagged(np.ones((1, 30)), effect, Lag("flat", 12), event=False)[0]
    assert level[-1] == pytest.approx(1.0)
    assert level[0] == pytest.approx(1 / 12)


def test_an_effect_with_a_half_life_fades_after_the_dose_ends() -> None:
    effect = Effect(("homicide",), mean=-0.03, sd=0.12, half_life_months=12)
    dose = np.zeros((1, 40))
    dose[0, :10] = 1.0
    felt = lagged(dose, effect, Lag("gamma", 0), event=False)[0]
    assert felt[9] == 1.0
    assert felt[21] == pytest.approx(0.5)


def test_a_lever_believes_the_same_in_every_block_and_beside_every_strategy() -> None:
    country, levers = careo.load_country(), load_levers()
    history = run("congress-2021", draws=5).scenarios[0]
    plan = compile_scenario(
        careo.load_strategy("calderon-2006"), country, months=24, start=history.start, level="state"
    )
    quiet = quiet_scenario(plan.places, plan.start, 24)
    one = plan_effects([quiet, plan], levers)
    block = draw_effects(one, seed=7, first_draw=0, draws=50)
    part = draw_effects(one, seed=7, first_draw=30, draws=10)
    assert np.array_equal(block.beta[:, 30:40], part.beta)
    assert (block.above >= 0).all()
    assert (block.below >= 0).all()


def test_an_outcome_of_unknown_level_is_minus_one_and_not_none() -> None:
    found = run("ten-lamps-2018", country="toyland")
    known = {"homicides", *found.companions.levels}
    assert set(OUTCOMES) - known
    for name in OUTCOMES:
        assert bool((found.yearly.sel(outcome=name) < 0).any()) == (name not in known), name
        assert bool((found.monthly.sel(outcome=name) < 0).any()) == (name not in known), name


@pytest.mark.parametrize("names", [("calderon-2006", "calderon-2006"), ("status-quo",)])
def test_two_strategies_of_one_name_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(DataError) as caught:
        run(*names)
    assert names[-1] in caught.value.render("en")


def test_outcomes_that_nobody_asked_for_are_not_counted_but_rights_always_are(whole: Ensemble) -> None:
    few = run("amlo-2019-practice", "calderon-2006", outcomes=("kidnapping",))
    assert few.yearly["outcome"].values.tolist() == ["homicides", "kidnapping", "rights_complaints"]
    assert np.array_equal(few.yearly, whole.yearly.sel(outcome=few.yearly["outcome"]))
    findings = careo.compare(few)
    assert {f.extra["outcome"] for f in findings} == {"homicides", "kidnapping", "rights_complaints"}
    with pytest.raises(DataError, match="no such outcome"):
        run("calderon-2006", outcomes=("theft",))
    with pytest.raises(careo.CareoError, match="did not count"):
        careo.compare(few, quantity="extortion")


def test_a_start_in_another_age_is_refused_before_a_number_is_drawn() -> None:
    with pytest.raises(DataError, match="at most so many months"):
        run("calderon-2006", start=date(2999, 12, 1))
