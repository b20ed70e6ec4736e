"""The core's parameters: every number comes from somewhere, and draw 17 has the same ones in any block."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

import careo
import careo.run.ensemble
import careo.run.parameters
from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.shipped import country_folder
from careo.base.texts import LANGUAGES
from careo.evidence.levers import load_levers
from careo.model.laws import beta_quantile
from careo.model.mechanisms import OUTCOMES
from careo.panel import Country, load_country
from careo.record.strategy import Dose, Measure, Strategy, StrategyPeriod
from careo.run.ensemble import simulate
from careo.run.history import CompanionLevels, companion_levels
from careo.run.parameter_table import (
    RETIRED_NUMBERS,
    SLOTS,
    Parameter,
    load_table,
    parameter_rows,
    quantile,
    read_table,
)
from careo.run.parameters import (
    MEMBERSHIP_SWEEP,
    WEEKS_A_MONTH,
    Parameters,
    draw_parameters,
    neighbours,
    parameters_key,
    place_numbers,
)
from careo.views.cli import run
from worlds import new_world

MEXICO, TOYLAND = load_country("mexico"), load_country("toyland")
COUNTRIES = {"mexico": MEXICO, "toyland": TOYLAND}
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


def drawn(country: Country = TOYLAND, places: tuple[str, ...] = (), **asked: Any) -> Parameters:
    return draw_parameters(
        country, places or country.places.states, **{"seed": 7, "first_draw": 0, "draws": 40, **asked}
    )


def arrays(parameters: Parameters) -> dict[str, np.ndarray]:
    return {each.name: getattr(parameters, each.name) for each in fields(parameters)}


# ── the shipped tables ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_number_has_a_source_or_a_numbered_assumption(country: str) -> None:
    table, sources = load_table(country), load_sources(country)
    for name, parameter in table.parameters.items():
        assert parameter.sources or parameter.assumptions, name
        assert set(parameter.sources) <= set(sources), name
        assert set(parameter.assumptions) <= set(table.assumptions), name
    numbers = [int(key.removeprefix("A")) for key in table.assumptions]
    assert numbers == sorted(set(numbers))  # one that is gone leaves its number empty


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_word_of_a_table_stands_in_both_languages(country: str) -> None:
    table = load_table(country)
    worded = [words for p in table.parameters.values() for words in (p.name, p.unit)]
    for words in (*worded, *table.assumptions.values()):
        assert set(words) == set(LANGUAGES)
    english, spanish = (parameter_rows(language, country) for language in LANGUAGES)
    assert [row.id for row in english] == list(table.parameters)
    assert all(a.law != b.law for a, b in zip(english, spanish, strict=True) if "beta" not in a.law)


def test_what_no_count_can_tell_is_marked() -> None:
    untold = {row.id for row in parameter_rows("en") if not row.identified}
    assert {"members", "recruitment_hazard", "recruitment_exponent", "organised_share"} <= untold
    assert "overdispersion" not in untold


def test_a_row_tells_the_law_in_words_and_its_range() -> None:
    row = {row.id: row for row in parameter_rows("en")}["members"]
    assert row.law == "log-normal, median 100,000, standard deviation of the logarithm 0.5"
    assert row.low == pytest.approx(1e5 * np.exp(-0.5 * 1.6448536), rel=1e-6)
    assert row.low < min(MEMBERSHIP_SWEEP[1:]) < MEMBERSHIP_SWEEP[2] < row.high
    assert row.assumptions["A1"].startswith("Nobody has counted")


def test_no_two_parameters_share_a_number_and_those_of_the_gone_stay_theirs() -> None:
    numbers = [slot.number for slot in SLOTS.values()]
    assert len(set(numbers)) == len(numbers)
    assert not RETIRED_NUMBERS & set(numbers)
    assert set(numbers) | RETIRED_NUMBERS == set(range(len(numbers) + len(RETIRED_NUMBERS)))


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_parameter_of_a_table_is_used(country: str) -> None:
    assert set(load_table(country).parameters) == set(SLOTS)
    read = inspect.getsource(careo.run.parameters) + inspect.getsource(careo.run.ensemble)
    for name in SLOTS:
        assert f'"{name}"' in read or f"p.{name}" in read, name


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
        name: parameters_key(_land(tmp_path / name, change))
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


# ── broken files, one mistake each ───────────────────────────────────────────────────────────────────────────────

Change = Callable[[dict[str, Any]], object]


def _land(folder: Path, change: Change) -> Country:
    folder.mkdir()
    world = new_world(folder)
    table = yaml.safe_load((country_folder("toyland") / "parameters.yaml").read_text(encoding="utf-8"))
    change(table)
    world.write("parameters.yaml", table)
    return load_country(str(world.folder))


def _row(name: str, table: dict[str, Any], **numbers: Any) -> None:
    row = table["parameters"][name]
    row.update(numbers)
    for key in [key for key, value in row.items() if value == "gone"]:
        del row[key]


BROKEN: dict[str, tuple[Change, str]] = {
    "missing": (lambda t: t["parameters"].pop("recidivism"), "parameters.recidivism is missing"),
    "unknown": (lambda t: t["parameters"].update(recidivsm=t["parameters"]["recidivism"]), "recidivism"),
    "law": (partial(lambda t: _row("members", t, law="pareto")), "lognormal"),
    "numbers": (lambda t: _row("members", t, log_sd="gone", sd=3), "the law lognormal has other numbers"),
    "too many": (lambda t: _row("members", t, mean=3), "mean, median, log_sd"),
    "no spread": (lambda t: _row("members", t, log_sd=0), "must be a number in its bounds"),
    "not fixed": (lambda t: _row("groups", t, law="lognormal", value="gone", median=9, log_sd=1), "same in every draw"),
    "range": (lambda t: _row("recruitment_exponent", t, low=1, high=0.8), "ends above where it begins"),
    "share": (lambda t: _row("recidivism", t, law="normal", a="gone", b="gone", mean=0.5, sd=0.2), "cannot be"),
    "negative": (lambda t: _row("arrests", t, value=-1), "> 0"),
    "one group": (lambda t: _row("groups_least", t, value=1), "> 1"),
    "week": (lambda t: _row("prison_months", t, per="week"), "is no hazard"),
    "of": (lambda t: _row("recidivism", t, of="population"), "only a number of the whole nation"),
    "series": (lambda t: _row("young_men", t, of="populaton"), "population"),
    "unsourced": (lambda t: _row("fragmentation", t, assumptions="gone"), "come from nowhere"),
    "source": (lambda t: _row("groups", t, sources=["thread-2021"]), "thread-2022"),
    "assumption": (lambda t: _row("migration", t, assumptions=["A33"]), "no such assumption"),
    "unused": (lambda t: t["assumptions"].update(A4={"en": "x", "es": "x"}), "no parameter rests on"),
    "grade": (lambda t: _row("migration", t, grade="E"), "grade cannot be this"),
    "identified": (lambda t: _row("migration", t, identified="gone"), "identified is missing"),
    "key": (lambda t: _row("migration", t, medain=3), "median"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_refused_with_file_line_and_words(tmp_path: Path, name: str) -> None:
    change, words = BROKEN[name]
    table = yaml.safe_load((country_folder("toyland") / "parameters.yaml").read_text(encoding="utf-8"))
    change(table)
    path = tmp_path / "parameters.yaml"
    path.write_text(json.dumps(table, indent=1, ensure_ascii=False), encoding="utf-8")
    _, mistakes = read_table(path, "toyland")
    assert len(mistakes) == 1, [str(mistake) for mistake in mistakes]
    assert words in mistakes[0].render("en")
    assert mistakes[0].where.startswith(f"{path}:")
    assert int(mistakes[0].where.rpartition(":")[2]) >= 1
    assert mistakes[0].render("es") != mistakes[0].render("en")


def test_every_mistake_of_a_table_is_named_in_the_order_of_its_lines(tmp_path: Path) -> None:
    def change(table: dict[str, Any]) -> None:
        _row("overdispersion", table, sources="gone")
        _row("members", table, mean=3)

    land = tmp_path / "two"
    with pytest.raises(DataError, match="other numbers"):
        drawn(_land(land, change))
    _, mistakes = read_table(land / "land" / "parameters.yaml", "toyland")
    assert [mistake.key for mistake in mistakes] == ["parameters_law", "parameters_unsourced"]


def test_a_country_without_a_table_says_which_file_is_missing(tmp_path: Path) -> None:
    land = _land(tmp_path / "bare", lambda table: None)
    (land.folder / "parameters.yaml").unlink()
    with pytest.raises(DataError, match=r"parameters\.yaml"):
        drawn(land)


def test_a_series_without_a_national_value_is_refused(tmp_path: Path) -> None:
    land = _land(tmp_path / "empty", lambda table: _row("arrests", table, of="lamp_budget.spent"))
    (land.folder / "series" / "lamp_budget.spent.csv").write_text(
        "place,period,value,vintage,source,verified\n"
    )
    with pytest.raises(CareoError, match="no value of the nation"):
        drawn(load_country(str(land.folder)))


def test_a_state_without_a_population_is_refused(tmp_path: Path) -> None:
    land = _land(tmp_path / "empty", lambda table: None)
    path = land.folder / "series" / "population.csv"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("T4,")]
    path.write_text("\n".join(kept) + "\n")
    with pytest.raises(CareoError, match="T4"):
        drawn(load_country(str(land.folder)))


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


# ── `careo parameters` ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_on_the_screen_names_every_parameter_and_its_origins(
    country: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["parameters", "--country", country, "--lang", language]) == 0
    out = capsys.readouterr().out
    for row in parameter_rows(language, country):
        assert row.symbol in out
        assert row.id in out
        assert next(iter((*row.sources, *(f"assumption:{key}" for key in row.assumptions)))) in out
    assert "30,000, 60,000, 115,000" in " ".join(out.split())


def test_one_parameter_comes_with_its_assumptions_and_whole_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("organised_share", "organised-share", "q"):
        assert run(["parameters", name, "--lang", "en"]) == 0
        out = capsys.readouterr().out
        assert "beta (10, 10)" in out and "A7: Between a third" in out
        assert "No series of counts can tell this number" in out
        assert load_sources("mexico")["evidence-notes"].title[:40] in out
    assert run(["parameters", "young_men", "--lang", "en"]) == 0
    assert "drops out of every result" in " ".join(capsys.readouterr().out.split())


def test_a_name_that_is_no_parameter_is_a_sentence_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["parameters", "recidivsm", "--lang", "en"]) == 2
    assert "did you mean 'recidivism'?" in capsys.readouterr().err


def test_the_table_as_data_follows_the_published_schema(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (["parameters", "--json"], ["parameters", "members", "--json"]):
        assert run(asked) == 0
        data = json.loads(capsys.readouterr().out)
        jsonschema.validate(data, careo.schema())
    assert [row["id"] for row in data["parameters"]] == ["members"]
    assert {source["key"] for source in data["sources"]} == {"evidence-notes", "scale-sweep-2026"}


def test_the_table_names_the_outcomes_that_the_kernel_counts() -> None:
    """Two lists, so that `careo parameters` need not load the kernel; one order."""
    from careo.model import mechanisms
    from careo.run import parameter_table

    assert parameter_table.OUTCOMES == mechanisms.OUTCOMES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 120])
def test_no_key_or_number_of_the_table_is_broken_across_lines(
    language: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["parameters", "--lang", language]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    words = {word.strip(",") for line in lines for word in line.split()}
    for row in parameter_rows(language, "mexico"):
        assert {row.id, *row.sources, *(f"assumption:{key}" for key in row.assumptions)} <= words
        first = next(line for line in lines if line.split()[:2] == [row.symbol, row.id])
        assert row.grade in first.split() and first.split()[-1] not in row.id  # down to the last column


def test_outcomes_have_the_same_letters_in_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    columns = []
    for language in LANGUAGES:
        run(["parameters", "--lang", language])
        lines = capsys.readouterr().out.splitlines()
        columns.append([line.split()[-1] for line in lines if {"✓", "✗"} & set(line.split()[2:])][:27])
    assert columns[0] == columns[1] and "HDEK" in columns[0]


def test_careos_own_notes_have_titles_in_both_languages_and_works_keep_theirs() -> None:
    english, spanish = (load_sources("mexico", language) for language in ("en", "es"))
    assert english == load_sources("mexico")
    own = {key for key, source in english.items() if source.producer == "careo"}
    assert {"evidence-notes", "scale-sweep-2026"} <= own
    panel = {"f_state_month"}  # of two publishers, put together and named by us
    assert {key for key in english if english[key].title != spanish[key].title} == own | panel
