"""Evaluation by municipality: classes of inhabitants, what has to be imported, neighbours, places that split in two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import careo.run.evaluation_setting as settings
from careo.base.errors import CareoError
from careo.base.texts import LANGUAGES
from careo.evidence.events import Evaluation, Event
from careo.model.imputation import effects, many_effects, prepare
from careo.model.luck import Luck, Process
from careo.model.randomisation import draw_places, profiles, randomise, simulate_null, within
from careo.panel import load_country
from careo.results.designs import difference, synthetic_control, synthetic_cut
from careo.results.designs.trials import neighbouring
from careo.results.evaluate import evaluate
from careo.results.evaluate_words import finding
from careo.run.evaluation_setting import Counted, pose
from careo.run.setting import Floats
from careo.run.size_classes import size_classes
from careo.views.cli import run

SMALL, LARGE, MONTHS = 90, 60, 60
PEOPLE = np.r_[np.full(SMALL, 4_000.0), np.full(LARGE, 400_000.0)]
FIRST = np.datetime64("2004-01", "M")


def _codes() -> tuple[str, ...]:
    by_code = load_country("mexico").places.by_code
    return tuple(sorted(code for code, one in by_code.items() if one.kind == "municipality"))[: SMALL + LARGE]


CODES = _codes()


def world(rise: float = 0.0) -> Floats:
    """Counts of villages and cities where nothing was done; the last two years cities rise by `rise` in logarithms."""
    months = np.arange(MONTHS)
    mean = np.where(PEOPLE[:, None] > 1e5, 8.0 * np.exp(rise * (months >= MONTHS - 24)), 0.05)
    luck = Luck(3).uniform(Process.PLACEBO, 9, np.arange(PEOPLE.size), months)
    from scipy.stats import poisson

    return np.asarray(poisson.ppf(luck, mean), dtype=np.float64)


def measure(*codes: str, date: str = "2007-02", places: tuple[str, ...] = ()) -> Event:
    return Event(
        "here",
        "deployment",
        date,
        ("me",),
        "read",
        places=places or codes,
        municipalities=codes if places else (),
    )


def asked(*events: Event, **values: Any) -> Evaluation:
    given = {"period": "2004-01/2008-12", "windows": ((0, 11),), "level": "municipality", **values}
    return Evaluation("mine", {"en": "Mine"}, {"en": "?"}, "homicides-occurrence", own_events=events, **given)


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Floats:
    """A record of 150 municipalities: 90 villages, 60 cities."""
    counts = world()
    months = np.arange(FIRST, FIRST + np.timedelta64(MONTHS, "M"))
    monkeypatch.setattr(
        settings, "counted_outcome", lambda *_, **__: Counted(CODES, months, counts, ("here",))
    )
    monkeypatch.setattr(
        settings,
        "_people",
        lambda _, codes, *__: np.repeat(PEOPLE[[CODES.index(c) for c in codes], None], MONTHS, 1),
    )
    return counts


# ── classes ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_classes_grow_by_the_root_of_ten_and_small_ones_join_the_next() -> None:
    people = np.r_[np.full(50, 2_000.0), np.full(50, 5_000.0), np.full(50, 50_000.0), np.full(5, 2e6)]
    classes = size_classes(people, np.zeros(people.size, dtype=bool))
    assert classes is not None
    assert np.bincount(classes).tolist() == [50, 50, 55]
    many = np.arange(people.size) < 12  # too few of the first class are left for twelve treated ones
    joined = size_classes(people, many)
    assert joined is not None
    assert joined[0] == joined[60]
    assert size_classes(people[:60], np.zeros(60, dtype=bool)) is None


def test_an_effect_in_strata_is_that_of_each_stratum_weighed_by_its_treated_months() -> None:
    values = Luck(1).uniform(Process.PLACEBO, 0, np.arange(30), np.arange(40))
    strata = (np.arange(30) >= 12).astype(int)
    start = np.full(30, -1)
    start[[2, 15, 16]] = 20, 20, 24
    windows = [(0, 5), (6, 11)]
    found = effects(values, start, windows, strata=strata)
    parts = [effects(values[strata == k], start[strata == k], windows) for k in (0, 1)]
    assert found == pytest.approx((parts[0] + 2 * parts[1]) / 3)
    one = effects(values, start, windows, strata=np.zeros(30, dtype=int))
    assert one == pytest.approx(effects(values, start, windows))
    with pytest.raises(ValueError, match="one stratum"):
        many_effects(prepare(values, strata=strata), [[2], [15]], [20], windows)


def test_drawn_places_stay_in_their_stratum_and_are_all_different() -> None:
    strata = np.arange(30) % 3
    sets = within(np.ones(30, dtype=bool), strata, np.array([0, 1, 3]))
    drawn = draw_places(sets, 200, Luck(5), 7)
    assert (strata[drawn] == [0, 1, 0]).all()
    assert (drawn[:, 0] != drawn[:, 2]).all()


def test_what_all_cities_did_is_an_effect_beside_villages_and_none_within_classes() -> None:
    counts = world(rise=0.4)
    logs = np.log((counts + 0.5) / PEOPLE[:, None])
    start = np.full(PEOPLE.size, -1)
    start[[100, 110, 120, 130]] = MONTHS - 24
    everyone = np.ones(PEOPLE.size, dtype=bool)
    mixed = randomise(logs, start, [(0, 11)], risk=everyone, draws=199)
    apart = randomise(logs, start, [(0, 11)], risk=everyone, strata=PEOPLE > 1e5, draws=199)
    assert mixed.p[0, 0] < 0.05 < apart.p[0, 0]
    assert abs(apart.effect[0, 0]) < 0.1 < mixed.effect[0, 0]


def test_invented_treatments_are_as_large_as_the_treated() -> None:
    rate = world() / PEOPLE[:, None]
    start = np.full(PEOPLE.size, -1)
    start[[100, 120, 130]] = 40
    null = simulate_null(
        rate,
        start,
        [(0, 5)],
        profile=profiles(rate),
        risk=np.ones(PEOPLE.size, dtype=bool),
        strata=PEOPLE > 1e5,
        fakes=500,
    )
    assert null.fakes >= 500
    assert null.bound.max() <= 0.10


# ── a question by municipality ───────────────────────────────────────────────────────────────────────────────────


def test_a_city_is_compared_with_cities(record: Floats) -> None:
    setting = pose(asked(measure(*CODES[100:103])), load_country("mexico")).setting
    assert setting.strata is not None
    assert setting.compared.sum() == LARGE - 3
    assert setting.donors.sum() == SMALL + LARGE - 3


def test_three_treated_are_judged_with_all_checks_and_the_words_name_the_classes(record: Floats) -> None:
    record[100:103, 37:] *= 3
    result = evaluate(asked(measure(*CODES[100:103])), load_country("mexico"), draws=199)
    assert result.verdict.word == "increased", finding(result).because
    sizes = [check for check in result.checks if check.name.startswith("size")]
    assert all(check.figures["fakes"] >= 500 for check in sizes)
    assert all(check.passed is not False for check in result.checks if check.gate)
    for language in LANGUAGES:
        told = " ".join(finding(result, language).caveats)
        assert "400,000–400,000: 60" in told
        assert "{" not in told


def test_one_treated_city_has_cities_for_donors(record: Floats) -> None:
    setting = pose(asked(measure(CODES[100])), load_country("mexico")).setting
    part = synthetic_cut.cut(setting, (0, 11))
    assert set(part.places) == set(CODES[SMALL:]) - {CODES[100]}
    assert synthetic_control.estimate(setting)[0].smallest_p == pytest.approx(1 / LARGE)


def test_of_many_donors_the_nearest_in_inhabitants_are_kept(
    record: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic_cut, "MOST_DONORS", 20)
    setting = pose(asked(measure(CODES[100])), load_country("mexico")).setting
    people = setting.population * np.linspace(1, 2, PEOPLE.size)[:, None]
    part = synthetic_cut.cut(replace(setting, population=people), (0, 11))
    assert part.places == (*CODES[90:100], *CODES[101:111])


def test_neighbours_are_asked_the_same_and_the_treated_left_out(
    record: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    treated, near = CODES[100:103], CODES[110:116]
    borders: dict[str, tuple[str, ...]] = {code: near[2 * k : 2 * k + 2] for k, code in enumerate(treated)}
    borders |= {code: (treated[k // 2],) for k, code in enumerate(near)}
    monkeypatch.setattr(settings, "_drawn", lambda *_: borders)
    record[110:116, 37:] *= 4
    setting = pose(asked(measure(*treated)), load_country("mexico"), boundaries=Path("x")).setting
    beside = neighbouring(setting)
    assert beside is not None
    assert [beside.places[i] for i in np.flatnonzero(beside.treated)] == list(near)
    assert not beside.compared[[CODES.index(code) for code in treated]].any()
    told = difference.neighbour_estimates(setting, draws=199)
    assert {one.scale for one in told} == {"rate", "log"}
    assert all(one.p <= 0.05 and one.effect > 0 and not one.default for one in told)
    spill = next(check for check in difference.checks(setting, fakes=100) if check.name == "spillover")
    assert spill.passed is not None
    assert spill.figures["neighbours"] == pytest.approx(told[0].effect)


def test_without_borders_spill_over_is_no_test(record: Floats) -> None:
    setting = pose(asked(measure(*CODES[100:103])), load_country("mexico")).setting
    assert difference.neighbour_estimates(setting) == ()
    spill = next(check for check in difference.checks(setting, fakes=100) if check.name == "spillover")
    assert spill.passed is None


# ── what is refused, and what is named ───────────────────────────────────────────────────────────────────────────


def test_a_place_that_began_in_the_period_is_named_beside_what_it_may_have_been_part_of(
    record: Floats,
) -> None:
    state = load_country("mexico").places.by_code[CODES[100]].parent
    child = next(code for code in CODES[103:] if load_country("mexico").places.by_code[code].parent == state)
    record[CODES.index(child), :20] = np.nan
    posed = pose(asked(measure(*CODES[100:103])), load_country("mexico"))
    assert posed.newcomers[CODES[100]] == ((child, "2005-09"),)
    assert child in posed.dropped
    with pytest.raises(CareoError) as caught:
        pose(asked(measure(child)), load_country("mexico"))
    assert caught.value.key == "setting_split"


@pytest.mark.parametrize(
    ("events", "spoil", "key"),
    [
        ((measure(places=("09",)),), None, "setting_wider_place"),
        ((measure(*CODES),), None, "setting_all_treated"),
        ((Event("x", "programme", "2007-02", ("me",), "read", reach="list"),), None, "setting_no_treated"),
        ((measure(CODES[100]),), (100, 38), "setting_missing"),
        ((measure(CODES[100], date="2004-05"),), None, "setting_before"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(
    record: Floats, events: tuple[Event, ...], spoil: tuple[int, int] | None, key: str
) -> None:
    if spoil:
        record[spoil] = np.nan
    with pytest.raises(CareoError) as caught:
        pose(asked(*events), load_country("mexico"))
    assert caught.value.key == key
    for language in LANGUAGES:
        assert "{" not in caught.value.render(language)


def test_without_an_import_the_command_says_which_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAREO_HOME", str(tmp_path))
    assert run(["evaluate", "leader-removals-municipal", "--lang", "en"]) == 2
    told = capsys.readouterr().err
    assert "no months of this outcome by municipality have been imported" in told
    assert "inegi_municipal_month" in told
    assert "conapo_municipal_population" in told
    assert "Traceback" not in told
