"""Synthetic controls: a published study, worlds whose effect is known, what they say where nothing was done, and what they refuse."""

from __future__ import annotations

import csv
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import CareoError
from careo.model.conformal import conformal_interval, conformal_p
from careo.model.randomisation import lower_bound
from careo.model.simplex import ACCEPTED, fit_simplex
from careo.model.synthetic import (
    critical,
    detectable_by_effect,
    detectable_by_ratio,
    plain_differences,
    rank_p,
    root_mean_squares,
    synthetic_controls,
    synthetic_differences,
)
from careo.results.designs import synthetic_checks, synthetic_control
from careo.results.designs.setting import LOG, NEVER, RATE, Check, Estimate, Setting
from careo.results.designs.synthetic_checks import sizes
from careo.results.designs.synthetic_cut import cut


def world(
    places: int = 25, months: int = 96, seed: int = 3, noise: float = 1.0, factors: int = 2
) -> np.ndarray:
    """Levels, common movements with loadings, noise [place month]."""
    luck = np.random.default_rng(seed)
    common = np.cumsum(luck.normal(0, 0.3, size=(factors, months)), axis=1)
    loads = luck.uniform(0, 2, size=(places, factors))
    return 40 + luck.normal(0, 5, (places, 1)) + loads @ common + luck.normal(0, noise, (places, months))


def setting(
    values: np.ndarray | None = None, treated: dict[int, int] | None = None, **more: object
) -> Setting:
    """A setting whose rates are `values`; place 0 is treated from month 60 unless told otherwise."""
    values = world() if values is None else values
    starts = np.full(len(values), NEVER)
    for place, start in ({0: 60} if treated is None else treated).items():
        starts[place] = start
    population = np.full(values.shape, 1e6)
    plain = Setting(
        counts=values * population / 1_200_000,
        population=population,
        places=tuple(f"{place + 1:02d}" for place in range(len(values))),
        first=date(2000, 1, 1),
        start=starts,
        dose=(starts >= 0) * 1.0,
        donors=starts < 0,
        windows=((0, 11),),
    )
    return replace(plain, **more)  # pyright: ignore[reportArgumentType]


def by_method(found: tuple[Estimate, ...], window: tuple[int, int] = (0, 11)) -> dict[str, Estimate]:
    return {estimate.method: estimate for estimate in found if estimate.window == window}


def named(found: tuple[Check, ...]) -> dict[str, Check]:
    return {check.name: check for check in found}


# ── Proposition 99 ───────────────────────────────────────────────────────────────────────────────────────────────


@cache
def proposition_99() -> tuple[np.ndarray, np.ndarray, int]:
    """California, the other states [state year], and the years before 1989; from the wheel of CausalPy, read as data."""
    file = next(f for f in metadata.files("causalpy") or () if f.name == "california_prop99.csv")
    with Path(str(file.locate())).open(encoding="utf-8") as text:
        rows = list(csv.reader(text))
    packs = np.array([[float(cell) for cell in row[1:]] for row in rows[1:]]).T
    california = rows[0][1:].index("California")
    years = [int(row[0]) for row in rows[1:]]
    return packs[[california]], np.delete(packs, california, axis=0), years.index(1989)


@pytest.mark.slow
def test_proposition_99_as_published() -> None:
    """Arkhangelsky et al. (2021), table 1: −15.6, −27.3, −19.6."""
    treated, donors, base = proposition_99()
    every = np.ones((1, len(donors)), dtype=bool)
    assert synthetic_differences(treated, donors, every, base).effects[0] == pytest.approx(-15.6, abs=0.05)
    assert plain_differences(treated, donors, every, base).effects[0] == pytest.approx(-27.3, abs=0.05)
    control = synthetic_controls(treated, donors, every, base, demeaned=False)
    assert control.gaps[0, base:].mean() == pytest.approx(-19.5, abs=0.1)


def test_every_fit_of_its_placebo_loop_is_at_the_optimum() -> None:
    _, donors, base = proposition_99()
    allowed = ~np.eye(len(donors), dtype=bool)
    for demeaned in (True, False):
        assert synthetic_controls(donors, donors, allowed, base, demeaned=demeaned).optimality.max() <= ACCEPTED  # fmt: skip
    # Fewer years than states: the dual; more of them: the active set.
    assert synthetic_differences(donors, donors, allowed, base).optimality.max() <= ACCEPTED
    assert synthetic_differences(donors[:12], donors[:12], allowed[:12, :12], base).optimality.max() <= ACCEPTED  # fmt: skip


# ── the estimators ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_loop_is_its_fits_one_by_one() -> None:
    values, base = world(20), 60
    allowed = ~np.eye(20, dtype=bool)
    allowed[3, :14] = False  # few donors: sums of those instead of the pool's less the others
    loop = synthetic_differences(values, values, allowed, base, threads=2)
    controls = synthetic_controls(values, values, allowed, base)
    for place in (0, 3, 11):
        donors = values[allowed[place]]
        every = np.ones((1, len(donors)), dtype=bool)
        alone = synthetic_differences(values[[place]], donors, every, base)
        assert loop.effects[place] == pytest.approx(alone.effects[0], rel=1e-8)
        np.testing.assert_allclose(loop.month_weights[place], alone.month_weights[0], atol=1e-7)
        single = synthetic_controls(values[[place]], donors, every, base)
        np.testing.assert_allclose(controls.gaps[place], single.gaps[0], atol=1e-7)


def test_weights_of_months_are_those_of_least_squares_over_donors() -> None:
    values, base = world(20), 12
    found = synthetic_differences(values[:1], values[1:], np.ones((1, 19), dtype=bool), base)
    before, after = values[1:, :base], values[1:, base:].mean(axis=1)
    before, after = before - before.mean(axis=0), after - after.mean()
    direct = fit_simplex(before.T @ before, (before.T @ after)[None], np.ones((1, base), dtype=bool))
    np.testing.assert_allclose(found.month_weights, direct.weights, atol=1e-6)


@given(st.floats(-50, 50), st.integers(0, 50))
def test_an_effect_that_is_added_is_found_on_top_of_what_was_there(effect: float, seed: int) -> None:
    values, base = world(12, 40, seed), 30
    every = np.ones((1, 11), dtype=bool)
    moved = values.copy()
    moved[0, base:] += effect
    for way in (synthetic_differences, plain_differences):
        before, after = (way(v[:1], v[1:], every, base).effects[0] for v in (values, moved))
        assert after - before == pytest.approx(effect, abs=1e-8)
    before, after = (synthetic_controls(v[:1], v[1:], every, base).gaps[0] for v in (values, moved))
    np.testing.assert_allclose((after - before)[base:], effect, atol=1e-8)
    np.testing.assert_allclose((after - before)[:base], 0, atol=1e-8)


def test_another_level_changes_nothing_where_demeaned() -> None:
    values, base = world(12, 40), 30
    every = np.ones((1, 11), dtype=bool)
    higher = values + np.linspace(0, 500, 12)[:, None]
    for gaps in zip(
        *(synthetic_controls(v[:1], v[1:], every, base).gaps[0] for v in (values, higher)), strict=True
    ):
        assert gaps[0] == pytest.approx(gaps[1], abs=1e-7)
    effects = [synthetic_differences(v[:1], v[1:], every, base).effects[0] for v in (values, higher)]
    assert effects[0] == pytest.approx(effects[1], abs=1e-6)


def test_ranks_and_critical_values_tell_the_same() -> None:
    luck = np.random.default_rng(1)
    for count in (5, 9, 10, 31, 99):
        placebos = luck.normal(size=count)
        bound = critical(placebos, 0.90)
        for own in (*placebos, *(placebos + 1e-9), 9.0):
            assert (rank_p(own, placebos) <= 0.10 + 1e-12) == (own > bound)
    assert critical(np.ones(8), 0.90) == np.inf  # 1/9 is the smallest p
    assert rank_p(3.0, np.array([1.0, 2.0, 3.0])) == 0.5


def test_what_is_called_detectable_is_detected_four_times_in_five() -> None:
    base = 60
    gaps = np.random.default_rng(2).normal(size=(200, 72)) * np.linspace(1, 3, 200)[:, None]
    before, after = root_mean_squares(gaps, base)
    mde = detectable_by_ratio(1.0, gaps, base)
    found = 0
    for placebo in range(200):
        moved = gaps[placebo, base:] + mde * before[placebo]
        ratio = np.sqrt((moved**2).mean()) / before[placebo]
        found += rank_p(ratio, np.delete(after / before, placebo)) <= 0.05
    assert 0.78 <= found / 200 <= 0.86
    effects = gaps[:, base:].mean(axis=1)
    mde = detectable_by_effect(1.0, effects, before)
    scaled = effects / before
    found = sum(rank_p(abs(s + mde), np.delete(np.abs(scaled), i)) <= 0.05 for i, s in enumerate(scaled))
    assert 0.78 <= found / 200 <= 0.86
    assert detectable_by_ratio(1.0, gaps[:15], base) == np.inf


# ── conformal ────────────────────────────────────────────────────────────────────────────────────────────────────


def conformal_by_hand(target: np.ndarray, donors: np.ndarray, base: int, effect: float) -> float:
    null = target - effect * (np.arange(target.size) >= base)
    null, around = null - null.mean(), donors - donors.mean(axis=1, keepdims=True)
    every = np.ones((1, len(donors)), dtype=bool)
    left = null - fit_simplex(around @ around.T, (null @ around.T)[None], every).weights[0] @ around
    blocks = [abs(np.roll(left, -shift)[base:].sum()) for shift in range(target.size)]
    return float(np.mean([block >= blocks[0] - 1e-9 for block in blocks]))


def test_the_conformal_p_is_that_of_its_definition() -> None:
    values, base = world(10, 50), 40
    effects = np.array([-3.0, 0.0, 0.5, 8.0])
    found = conformal_p(values[0], values[1:], base, effects)
    assert found.tolist() == [conformal_by_hand(values[0], values[1:], base, e) for e in effects]


@given(st.floats(-20, 20), st.integers(0, 30))
def test_the_interval_moves_with_the_effect(effect: float, seed: int) -> None:
    values, base = world(10, 50, seed), 40
    moved = values[0] + effect * (np.arange(50) >= base)
    low, high = conformal_interval(values[0], values[1:], base, 0.0, 0.90)
    assert conformal_interval(moved, values[1:], base, effect, 0.90) == pytest.approx(
        (low + effect, high + effect), abs=0.05
    )
    assert low < high


def test_too_few_months_tell_nothing_about_an_effect() -> None:
    values = world(10, 9)
    assert conformal_interval(values[0], values[1:], 6, 0.0, 0.90) == (-np.inf, np.inf)


def test_known_effects_are_covered_about_as_often_as_the_interval_says() -> None:
    """200 worlds, an effect of 2 in each; 90% intervals; standard error of a share .021."""
    inside = {"synthetic_control": 0, "synthetic_difference": 0}
    errors = []
    for seed in range(200):
        values = world(25, 60, seed, noise=1.0)
        values[0, 36:48] += 2.0
        for method, found in by_method(synthetic_control.estimate(setting(values, {0: 36}))).items():
            if method in inside:
                inside[method] += found.low <= 2.0 <= found.high
                errors.append(found.effect - 2.0)
    assert 0.84 <= inside["synthetic_control"] / 200 <= 0.97
    assert 0.84 <= inside["synthetic_difference"] / 200 <= 0.97
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(200)
    assert np.std(errors) < 0.8


# ── the design ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_large_effect_is_found_and_ranks_first() -> None:
    values = world()
    values[0, 60:] += 12.0
    found = by_method(synthetic_control.estimate(setting(values)))
    for method in ("synthetic_control", "synthetic_difference"):
        estimate = found[method]
        assert estimate.effect == pytest.approx(12, abs=1.5)
        assert estimate.low > 5
        assert estimate.p == estimate.smallest_p == pytest.approx(1 / 25)
        assert (estimate.draws, estimate.treated, estimate.months, estimate.base) == (24, 1, 12, 36)
        assert 0 < estimate.mde < 12
    assert not found["difference"].default


def test_after_the_end_of_the_record_there_is_no_estimate_and_before_it_a_shorter_window() -> None:
    late = setting(world(months=80), windows=((0, 11), (12, 23), (24, 35)))
    assert {e.window for e in synthetic_control.estimate(late)} == {(0, 11), (12, 19)}


def test_two_treated_are_one_mean_with_pairs_as_placebos() -> None:
    values = world(20)
    values[0, 60:], values[1, 50:] = values[0, 60:] + 6, values[1, 50:] + 10
    at_once = by_method(synthetic_control.estimate(setting(values, {0: 60, 1: 60})))["synthetic_control"]
    assert at_once.draws == 20 * 19 // 2 - 1  # every other pair, with one of the treated too
    staggered = by_method(synthetic_control.estimate(setting(values, {0: 60, 1: 50})))["synthetic_control"]
    assert staggered.draws == 20 * 19 - 2
    assert staggered.effect == pytest.approx(8, abs=1.2)
    assert (staggered.treated, staggered.months) == (2, 24)


def test_many_placebos_are_drawn_by_address() -> None:
    three = setting(world(30), {0: 60, 1: 55, 2: 50})
    first, again = (synthetic_control.estimate(three) for _ in range(2))
    np.testing.assert_equal(
        *([asdict(one) for one in made] for made in (first, again))
    )  # NaN is not itself from Python 3.13 on
    assert first[0].draws == 1999
    assert synthetic_control.estimate(replace(three, seed=8))[0].p != first[0].p


def test_paths_are_at_the_level_of_what_was_seen() -> None:
    values = world()
    values[0, 60:] += 12.0
    drawn = synthetic_control.paths(setting(values, windows=((0, 11), (12, 23))))
    assert drawn.months.tolist() == list(range(-36, 24))
    np.testing.assert_allclose(drawn.actual, values[0, 24:84])
    assert (drawn.actual - drawn.synthetic)[:36].mean() == pytest.approx(0, abs=1e-9)
    assert (drawn.actual - drawn.synthetic)[36:].mean() == pytest.approx(12, abs=1.5)
    assert sum(drawn.weights.values()) == pytest.approx(1)
    assert drawn.placebo_gaps.shape == (24, 60)


def test_the_scale_is_the_settings() -> None:
    values = world()
    values[0, 60:] *= 1.5
    found = by_method(synthetic_control.estimate(setting(values, scale=LOG)))["synthetic_control"]
    assert found.scale == LOG
    assert found.effect == pytest.approx(np.log(1.5), abs=0.05)


@pytest.mark.parametrize(
    ("given_to_it", "words", "palabras"),
    [
        (lambda: setting(treated={}), "no place is treated", "ningún lugar está tratado"),
        (
            lambda: setting(treated=dict.fromkeys(range(25), 60)),
            "all 25 places are treated",
            "los 25 lugares están tratados",
        ),
        (
            lambda: setting(treated={0: 4}),
            "01 has 4 months before its treatment",
            "01 tiene 4 meses antes de su tratamiento",
        ),
        (lambda: setting(treated={0: 96}), "the record ends before", "el registro termina antes"),
        (
            lambda: replace(setting(), counts=gap(0, 62)),
            "01 is treated and lacks 1 of the months",
            "01 está tratado y le faltan 1 de los meses",
        ),
        (
            lambda: setting(donors=np.arange(25) == 3),
            "1 places can be compared with; the design needs 3",
            "se puede comparar con 1 lugares",
        ),
    ],
)
def test_what_cannot_be_estimated_is_a_sentence(given_to_it, words: str, palabras: str) -> None:
    for verb in (synthetic_control.estimate, synthetic_control.checks):
        with pytest.raises(CareoError) as refused:
            verb(given_to_it())
        assert words in refused.value.render("en").lower()
        assert palabras in refused.value.render("es").lower()


def gap(place: int, month: int) -> np.ndarray:
    counts = setting().counts.copy()
    counts[place, month] = np.nan
    return counts


def test_a_donor_with_a_gap_is_left_out_and_one_elsewhere_is_not() -> None:
    assert "05" not in cut(replace(setting(), counts=gap(4, 50)), (0, 11)).places
    assert "05" in cut(replace(setting(), counts=gap(4, 5)), (0, 11)).places


# ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_quiet_world_passes_and_every_sentence_is_whole() -> None:
    found = named(synthetic_control.checks(setting(), fakes=60))
    assert [name for name, check in found.items() if check.passed is False] == []
    assert found["leave_one_treated_out"].passed is None
    for check in found.values():
        for language in ("en", "es"):
            assert "{" not in check.sentence(language)


def test_every_way_a_check_can_end_has_a_sentence_without_gaps() -> None:
    ends: dict[str, str] = {}
    moved = world()
    moved[0, 54:] += 10.0
    rough = world()
    rough[0, :60] += 8 * np.random.default_rng(1).normal(size=60)
    worlds = [
        setting(), setting(moved), setting(rough), setting(treated={0: 13}), setting(world(8)), setting(world(30), {0: 60, 1: 62}),
        setting(neighbours=np.eye(25, k=1), earlier={"other": setting().counts * 1.3, "none": setting().counts * np.nan}),
    ]  # fmt: skip
    for given_to_it in worlds:
        for check in synthetic_control.checks(given_to_it, fakes=40):
            for language in ("en", "es"):
                assert "{" not in check.sentence(language), check.reason
            ends[check.reason] = check.name
    assert {f"synthetic.check.{name}.{end}" for name, end in [
        ("few_donors", "failed"), ("few_months", "failed"), ("fit", "failed"), ("fit", "none"), ("earlier", "none"), ("anticipation", "failed"),
        ("leave_one_treated_out", "passed"), ("spillover", "passed"), ("definition", "passed"), ("space", "none"), ("size_random", "none"),
    ]} <= set(ends)  # fmt: skip


def test_a_level_above_all_others_is_noticed_for_one_place_and_for_a_pair() -> None:
    values = world(28)
    for treated in ({0: 60}, {0: 60, 1: 60}):
        as_others = named(synthetic_control.checks(setting(values, treated), fakes=0))["level"]
        higher = values.copy()
        higher[: len(treated), :60] += 100.0
        above = named(synthetic_control.checks(setting(higher, treated), fakes=0))["level"]
        assert (as_others.passed, above.passed) == (True, False)
        assert "peak" in above.sentence("en")


def test_what_began_before_its_date_is_noticed() -> None:
    values = world()
    values[0, 54:] += 10.0
    assert named(synthetic_control.checks(setting(values), fakes=0))["anticipation"].passed is False


def test_a_result_that_one_donor_makes_is_noticed() -> None:
    values = world(noise=0.3)
    values[0] = values[7] + np.random.default_rng(4).normal(0, 0.1, values.shape[1])
    values[7, 60:] -= 9.0  # what happened to the donor looks like an effect on the treated
    found = named(synthetic_control.checks(setting(values), fakes=0))["leave_one_out"]
    assert found.passed is False
    assert found.words["variant"] == "08"


def test_a_result_that_one_of_two_treated_makes_is_noticed() -> None:
    values = world(28)
    values[0, 60:] += 30.0
    found = named(synthetic_control.checks(setting(values, {0: 60, 1: 60}), fakes=0))["leave_one_treated_out"]
    assert found.passed is False
    assert found.words["variant"] == "01"
    values[1, 60:] += 30.0
    both = synthetic_control.checks(setting(values, {0: 60, 1: 60}), fakes=0)
    assert named(both)["leave_one_treated_out"].passed


def test_a_neighbour_that_is_touched_is_noticed() -> None:
    values = world(noise=0.3)
    values[0] = 0.5 * (values[7] + values[8]) + np.random.default_rng(4).normal(0, 0.1, values.shape[1])
    values[7:9, 60:] -= 9.0
    borders = np.zeros((25, 25))
    borders[0, [7, 8]] = 0.5
    found = named(synthetic_control.checks(setting(values, neighbours=borders), fakes=0))["spillover"]
    assert found.passed is False
    assert found.words["variant"] == "08, 09"
    assert named(synthetic_control.checks(setting(values), fakes=0))["spillover"].passed is None


def test_invented_treatments_keep_off_what_was_treated() -> None:
    given_to_it = setting(world(30, 120), {0: 70})
    main = synthetic_checks._main(given_to_it)
    for resembling in (False, True):
        invented = list(synthetic_checks._invented(main, 80, resembling=resembling))
        assert len(invented) == 80
        assert all(starts[0] + 11 < 70 for places, starts in invented if places[0] == 0)
        assert all(starts[0] >= 36 for _, starts in invented)


# ── on the record ────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def record() -> Setting:
    """Homicides of the 32 states from 1990-07, the first month with a population, to 2023; nobody treated."""
    from careo.panel.country import load_country
    from careo.panel.monthly import monthly_population
    from careo.run.history import homicide_history

    history = homicide_history()
    months = np.datetime64(history.first, "M") + np.arange(history.counts.shape[1])
    population = monthly_population(load_country("mexico"), history.places, months)
    whole = np.isfinite(population).all(axis=0)
    never = np.full(len(history.places), NEVER)
    return Setting(
        counts=history.counts[:, whole],
        population=population[:, whole],
        places=history.places,
        first=months[whole][0].item(),
        start=never,
        dose=np.zeros(len(never)),
        donors=never < 0,
    )


def test_a_state_of_the_record_goes_through_the_whole_design() -> None:
    start = record().start.copy()
    start[7] = 213
    asked = replace(record(), start=start, donors=start < 0)
    found = synthetic_control.estimate(asked)
    assert [estimate.window for estimate in found] == [(0, 11)] * 3 + [(12, 23)] * 3
    assert all(estimate.draws == 31 for estimate in found)
    assert {check.name for check in synthetic_control.checks(asked, fakes=30)} >= {"size_alike", "space"}


@pytest.mark.slow
@pytest.mark.parametrize("scale", [RATE, LOG])
@pytest.mark.parametrize("window", [(0, 11), (12, 23)])
@pytest.mark.parametrize("resembling", [False, True])
def test_size_on_the_record(
    scale: str, window: tuple[int, int], resembling: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """500 invented treatments at nominal 5%: ranks at most 6%, conformal at most 9%; resembling ones are told, and held to 10%."""
    start = record().start.copy()
    start[7] = 213  # the one they resemble
    asked = replace(record(), start=start, donors=start < 0, scale=scale, windows=(window,))
    found = sizes(asked, fakes=500, resembling=resembling)
    assert found is not None
    with capsys.disabled():
        print(f"\n{scale} {window} resembling={resembling}: {found}")
    assert found.fakes >= 480
    if not resembling:
        assert found.control <= 0.06
        assert found.difference <= 0.08
        assert found.conformal <= 0.09
    assert lower_bound(round(found.control * found.different), found.different) <= 0.10
