"""The core's parameters as they are drawn: their laws, what they mean, and draw 17 has the same ones in any block."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from careo.base.errors import CareoError
from careo.evidence.levers import load_levers
from careo.model.laws import beta_quantile
from careo.model.mechanisms import OUTCOMES
from careo.record.strategy import Dose, Measure, Strategy, StrategyPeriod
from careo.run.ensemble import simulate
from careo.run.history import CompanionLevels, companion_levels
from careo.run.parameter_table import Parameter, load_table, parameter_rows, quantile
from careo.run.parameters import (
    MEMBERSHIP_SWEEP,
    WEEKS_A_MONTH,
    Parameters,
    neighbours,
    parameters_key,
    place_numbers,
)
from parameter_cases import COUNTRIES, MEXICO, TOYLAND, drawn, land_with

BY_PLACE = ("members", "prisoners", "organised_share")
OF_STATES = ("groups", "young_men", "arrests_per_month", "captures_per_month")

FIRST_DRAWN = {
    "members": 6025.6140264860005,
    "prisoners": 601.5181285568923,
    "groups": 3.422498905431929,
    "young_men": 202799.70500000028,
    "arrests_per_month": 322.67195429625014,
    "captures_per_month": 0.032447364979730615,
    "organised_share": 0.48984602164496455,
    "recruitment_hazard": 0.007346186677057418,
    "recruitment_exponent": 0.8337608041047363,
    "recruitment_rent_exponent": 0.11922490639684943,
    "conflict_rent_exponent": -0.013925394876272368,
    "saturation": 4.27800775287512e-07,
    "capture_share": 0.052976114530565055,
    "exit_hazard": 0.004158431077710244,
    "recidivism": 0.6322764514798886,
    "prison_months": 48.99181931276035,
    "fragmentation": 0.05623488941634417,
    "groups_return_months": 45.39448038300232,
    "migration": 0.008262048104534963,
    "extortion_exponent": 0.1713761554500509,
    "clearance_elasticity": -0.2,
    "overdispersion": 0.01315401348729125,
}
"""The last number of each array: seed 7, draws 0 to 39, all states of Mexico."""


def arrays(parameters: Parameters) -> dict[str, np.ndarray]:
    return {each.name: getattr(parameters, each.name) for each in fields(parameters)}


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────

U = np.array([1e-12, 1e-6, 1e-3, 0.05, 0.3, 0.5, 0.77, 0.95, 0.999, 1 - 1e-6, 1 - 1e-12])


def law(name: str, **numbers: float) -> Parameter:
    return Parameter({"en": "x"}, "x", {"en": "1"}, name, "D", identified=False, **numbers)  # pyright: ignore


@pytest.mark.parametrize(
    ("parameter", "reference"),
    [
        (law("normal", mean=0.3, sd=0.24), ("norm", (), {"loc": 0.3, "scale": 0.24})),
        (law("lognormal", median=24, log_sd=0.4), ("lognorm", (0.4,), {"scale": 24})),
        (law("beta", a=10, b=10), ("beta", (10, 10), {})),
        (law("beta", a=5, b=95), ("beta", (5, 95), {})),
        (law("beta", a=6, b=44), ("beta", (6, 44), {})),
        (law("gamma", shape=4, scale=100), ("gamma", (4,), {"scale": 100})),
        (law("uniform", low=0.8, high=1), ("uniform", (), {"loc": 0.8, "scale": 0.2})),
    ],
)
def test_the_quantiles_of_a_law_are_those_of_scipy(parameter: Parameter, reference: Any) -> None:
    import scipy.stats

    name, shapes, scales = reference
    expected = getattr(scipy.stats, name).ppf(U, *shapes, **scales)
    np.testing.assert_allclose([quantile(parameter, u) for u in U], expected, rtol=2e-12, atol=1e-300)


@given(u=some.floats(1e-9, 1 - 1e-9), a=some.floats(0.1, 400), b=some.floats(0.1, 400))
@settings(max_examples=300, deadline=None)
def test_a_beta_quantile_has_that_much_below_it(u: float, a: float, b: float) -> None:
    from scipy.special import betainc, betaincc

    x = float(beta_quantile(u, a, b))
    if (
        not 1e-300 < x < 1 - 1e-6
    ):  # so near to an end that the share below x is a step of the floating-point grid
        return
    close = betainc(a, b, x) if u < 0.5 else 1 - betaincc(a, b, x)
    assert close == pytest.approx(u, rel=1e-10, abs=1e-12)


def test_a_beta_quantile_of_no_law_is_no_number() -> None:
    assert np.isnan(
        [beta_quantile(0.0, 1.0, 1.0), beta_quantile(1.0, 1.0, 1.0), beta_quantile(0.5, 0.0, 1.0)]
    ).all()


def test_draws_follow_their_law() -> None:
    many = drawn(draws=4000)
    assert np.mean(many.organised_share) == pytest.approx(0.5, abs=4 * 0.109 / np.sqrt(9 * 4000))
    logs = np.log(many.prison_months / 12)
    assert np.mean(logs) == pytest.approx(0, abs=4 * 0.4 / np.sqrt(4000))
    assert np.std(logs) == pytest.approx(0.4, rel=4 / np.sqrt(2 * 4000))
    assert abs(np.corrcoef(many.recidivism, many.fragmentation)[0, 1]) < 4 / np.sqrt(4000)


# ── blocks and places ────────────────────────────────────────────────────────────────────────────────────────────


@given(first=some.integers(0, 38), size=some.integers(1, 39))
@settings(max_examples=25, deadline=None)
def test_a_block_of_draws_is_a_slice_of_the_whole_bit_for_bit(first: int, size: int) -> None:
    size = min(size, 40 - first)
    whole, block = arrays(drawn()), arrays(drawn(first_draw=first, draws=size))
    for name, array in whole.items():
        sliced = array if name in OF_STATES else array[..., first : first + size]
        assert np.array_equal(block[name], sliced), name


@given(places=some.permutations(TOYLAND.places.states), count=some.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_choosing_and_permuting_places_moves_rows_and_nothing_else(places: list[str], count: int) -> None:
    chosen = tuple(places[:count])
    rows = [TOYLAND.places.states.index(code) for code in chosen]
    whole, part = arrays(drawn()), arrays(drawn(places=chosen))
    for name, array in whole.items():
        by_place = name in BY_PLACE or name in OF_STATES
        assert np.array_equal(part[name], array[rows] if by_place else array), name


@pytest.mark.parametrize("country", COUNTRIES)
def test_shapes_are_as_said_and_every_number_is_finite(country: str) -> None:
    land = COUNTRIES[country]
    for name, array in arrays(drawn(land, draws=3)).items():
        states = len(land.places.states)
        shape = (states, 3) if name in BY_PLACE else (states,) if name in OF_STATES else (3,)
        assert (array.shape, array.dtype) == (shape, np.float64), name
        assert np.isfinite(array).all(), name


def test_another_seed_gives_other_draws() -> None:
    assert not np.any(drawn(seed=8).members == drawn(seed=7).members)


def test_states_have_the_numbers_of_their_codes_in_addresses_of_luck() -> None:
    assert place_numbers(MEXICO, ["32", "01"]).tolist() == [32, 1]
    assert place_numbers(TOYLAND, ["T3", "T1"]).tolist() == [2, 0]


def test_a_place_that_is_no_state_is_refused() -> None:
    with pytest.raises(CareoError, match=r"(?s)no state of the country.*'T77'"):
        drawn(places=("T1", "T77"))
    with pytest.raises(CareoError, match="no state of the country"):
        drawn(places=("TY",))


def test_a_membership_that_is_no_number_of_people_is_refused() -> None:
    for wrong in (0.0, -5.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="members_nation"):
            drawn(members_nation=wrong)


# ── what the numbers mean ────────────────────────────────────────────────────────────────────────────────────────


def test_the_members_of_all_states_are_the_nations_draw() -> None:
    nation = load_table("mexico").parameters["members"]
    totals = drawn(MEXICO, draws=500).members.sum(axis=0)
    assert np.mean(np.log(totals / (nation.median or 0))) == pytest.approx(0, abs=4 * 0.5 / np.sqrt(500))
    np.testing.assert_allclose(drawn(MEXICO, members_nation=60_000).members.sum(axis=0), 60_000, rtol=1e-12)


def test_a_given_membership_moves_what_scales_with_it_and_nothing_else() -> None:
    small, large = (arrays(drawn(members_nation=m)) for m in (6_000, 12_000))
    moved = {name for name in small if not np.array_equal(small[name], large[name])}
    assert moved == {"members", "recruitment_hazard", "saturation"}
    np.testing.assert_allclose(small["saturation"], 2 * large["saturation"], rtol=1e-12)


def test_members_are_shared_like_homicides_times_their_organised_share() -> None:
    p = drawn(MEXICO)
    weight = p.arrests_per_month[:, None] * p.organised_share
    np.testing.assert_allclose(p.members / p.members.sum(axis=0), weight / weight.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(p.prisoners / p.prisoners.sum(axis=0), weight / weight.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("members", MEMBERSHIP_SWEEP)
def test_the_published_share_of_members_drops_out_whatever_their_number(members: float) -> None:
    p = drawn(MEXICO, members_nation=members)
    dropped = p.saturation * (p.members**2 / p.groups[:, None]).sum(axis=0)
    published = 4e-8 * 115_000**2 / 19 * WEEKS_A_MONTH
    np.testing.assert_allclose(dropped / members, published / 115_000, rtol=1e-12)
    assert published / WEEKS_A_MONTH == pytest.approx(
        27.7, abs=0.2
    )  # a week, as the published model counts it


@pytest.mark.parametrize("members", MEMBERSHIP_SWEEP)
def test_members_begin_to_grow_as_fast_as_in_the_published_model_whatever_their_number(
    members: float,
) -> None:
    p = drawn(MEXICO, members_nation=members, draws=400)
    a = p.recruitment_exponent
    recruits = p.recruitment_hazard * (p.members**a * p.young_men[:, None] ** (1 - a)).sum(axis=0)
    counted = MEXICO.months("homicide_sesnsp_victims").observations
    assert counted
    organised = p.organised_share * p.arrests_per_month[:, None] / p.arrests_per_month.sum()
    killed = organised.sum(axis=0) * _homicides_a_month()
    lost = (
        p.capture_share * p.arrests_per_month.sum()
        + killed
        - p.recidivism * p.prisoners.sum(axis=0) / p.prison_months
    )
    lost = lost + members * p.exit_hazard + p.saturation * (p.members**2 / p.groups[:, None]).sum(axis=0)
    growth = (recruits - lost) / members
    published = WEEKS_A_MONTH * (2.527474e-3 - 204.9 / 115_000)
    assert np.median(growth) == pytest.approx(published, abs=5 * 0.002 / np.sqrt(400) + 1e-4)
    assert np.std(growth) == pytest.approx(0.002, rel=0.2)


def _homicides_a_month() -> float:
    from careo.run.history import homicide_history

    return float(np.nanmean(homicide_history(MEXICO).counts[:, -12:], axis=1).sum())


def test_a_states_number_of_groups_is_near_that_of_the_published_sizes_shared_out() -> None:
    p = drawn(MEXICO)
    share = p.arrests_per_month / p.arrests_per_month.sum()
    for part, groups in zip(share, p.groups, strict=True):
        here = 1 / np.arange(1, max(1, round(150 * part)) + 1)  # groups of sizes 1, ½, ⅓ … in one state each
        effective = here.sum() ** 2 / (here**2).sum()
        assert groups == pytest.approx(max(2, effective), rel=0.3)
    assert groups_of(1.0) == pytest.approx(19)


def groups_of(share: float) -> float:
    numbers = load_table("mexico").parameters
    return (numbers["groups"].value or 0) * share ** (numbers["groups_exponent"].value or 0)


def test_prisoners_and_arrests_are_about_those_on_record() -> None:
    p = drawn(MEXICO, draws=1000)
    assert p.prisoners.sum(axis=0).mean() == pytest.approx(0.12 * 236_773, rel=0.06)
    assert p.arrests_per_month.sum() * 12 == pytest.approx(119_252, rel=0.002)
    assert 14e6 < p.young_men.sum() < 17e6


def test_an_earlier_origin_sees_no_later_record() -> None:
    early = drawn(MEXICO, last=date(2015, 6, 30))
    assert early.arrests_per_month.sum() * 12 == pytest.approx(
        105_581, rel=0.002
    )  # the last whole year, 2014
    assert early.young_men.sum() < drawn(MEXICO).young_men.sum()
    first_known = drawn(
        MEXICO, last=date(2009, 12, 31)
    )  # before any count of arrests: the oldest stands for it
    assert first_known.arrests_per_month.sum() * 12 == pytest.approx(102_535, rel=0.004)


def test_a_key_changes_with_a_number_and_not_with_a_word(tmp_path: Path) -> None:
    keys = {
        name: parameters_key(land_with(tmp_path / name, change))
        for name, change in {
            "same": lambda table: None,
            "word": lambda table: table["parameters"]["members"].update(name={"en": "People"}),
            "number": lambda table: table["parameters"]["members"].update(median=12_001),
        }.items()
    }
    assert keys["same"] == keys["word"] == parameters_key(TOYLAND)
    assert keys["number"] != keys["same"]
    assert parameters_key(MEXICO) != parameters_key(MEXICO, last=date(2015, 6, 30))


# ── neighbours ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_leaves_a_state_goes_to_its_neighbours_in_equal_parts() -> None:
    matrix = neighbours(TOYLAND, TOYLAND.places.states)
    assert matrix[0].tolist() == [
        0,
        0.5,
        0,
        0.5,
        0,
        0,
        0,
        0,
        0,
    ]  # Tinwhistle borders Marblemere and Buttonbury
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    assert np.array_equal(matrix > 0, (matrix > 0).T)


def test_neighbours_outside_the_run_take_nobody() -> None:
    assert neighbours(TOYLAND, ["T1", "T3", "T2"]).tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_permuting_places_permutes_neighbours() -> None:
    states = MEXICO.places.states
    order = np.random.default_rng(1).permutation(len(states))
    permuted = neighbours(MEXICO, [states[i] for i in order])
    assert np.array_equal(permuted, neighbours(MEXICO, states)[np.ix_(order, order)])


# ── what depends on a parameter ──────────────────────────────────────────────────────────────────────────────────


def test_every_parameter_moves_the_outcomes_that_its_row_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each number is moved far, and the difference between a strategy of all levers and the status quo looked at."""
    here = {"en": "x", "es": "x"}
    measures = tuple(
        Measure(
            lever, here, lever, ("evidence-notes",), "read", "answered",
            dose=Dose("judgement", 0.5, 0.5, 0.5, here, "D"),
        )
        for lever in load_levers("mexico")
    )  # fmt: skip
    everything = Strategy(
        "careo.strategy/1", "everything", "MX", here, here, StrategyPeriod("2027-01-01"), here, "2026-01-01",
        measures=measures,
    )  # fmt: skip
    table = load_table("mexico")

    def often(*asked: Any, **more: Any) -> CompanionLevels:
        found = companion_levels(*asked, **more)  # rare events would hide a small change of their rate
        levels = {name: replace(level, monthly=level.monthly + 1000) for name, level in found.levels.items()}
        return replace(found, levels=levels)

    monkeypatch.setattr("careo.run.ensemble.companion_levels", often)

    def difference() -> np.ndarray:
        yearly = simulate([everything], MEXICO, months=24, draws=24, threads=1).yearly.to_numpy()
        return yearly[1] - yearly[0]

    before = difference()
    for row in parameter_rows("en"):
        other = replace(table, parameters={**table.parameters, row.id: _far(table.parameters[row.id])})
        monkeypatch.setattr("careo.run.parameters.load_table", lambda _, other=other: other)
        after = difference()
        moved = tuple(name for name, a, b in zip(OUTCOMES, before, after, strict=True) if (a != b).any())
        assert moved == row.moves, row.id


def _far(p: Parameter) -> Parameter:
    if p.law == "fixed":
        return replace(p, value=1.5 * (p.value or 0))
    if p.law == "normal":
        return replace(p, mean=(p.mean or 0) + 3 * (p.sd or 0))
    if p.law == "lognormal":
        return replace(p, median=4 * (p.median or 0))
    if p.law == "beta":
        return replace(p, a=2 * (p.a or 0))
    return replace(p, low=(p.low or 0) - 0.3, high=(p.high or 0) - 0.3)


def test_draws_are_those_of_the_first_day() -> None:
    """Written down before the table and the draws were parted: a change of these is a change of every published number."""
    mexico = {name: float(array.flat[-1]) for name, array in arrays(drawn(MEXICO)).items()}
    for name, value in FIRST_DRAWN.items():
        assert mexico[name] == pytest.approx(value, rel=1e-12), name
