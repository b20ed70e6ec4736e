"""Forecasts by municipality and their hindcasts: what takes part, the same however it is cut, scores by hand, what is refused."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import careo
from careo.base.errors import CareoError
from careo.base.texts import LANGUAGES
from careo.panel import Country, load_country
from careo.results import municipal_validation
from careo.results.municipal_validation import validate_municipalities
from careo.results.validate import Validation, validate
from careo.run.municipal_forecast import QUANTILES, MunicipalForecast, forecast_municipalities
from careo.run.municipal_hindcast import (
    MUNICIPAL_RELEASED,
    municipal_hindcast,
    municipal_records,
    servable_origins,
)
from careo.views import cli
from worlds import World, new_world, with_towns

DRAWS = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return with_towns(new_world(tmp_path_factory.mktemp("hindcast-towns")))


@pytest.fixture(scope="module")
def country(world: World) -> Country:
    return load_country(str(world.folder))


@pytest.fixture(scope="module")
def found(country: Country) -> Validation:
    return validate_municipalities(country, draws=DRAWS, threads=1)


def changed(tmp_path: Path, change: dict[tuple[str, str], str]) -> Country:
    """The country whose thefts of (month, town) are other cells; "*" is every month."""
    world = with_towns(new_world(tmp_path))
    path = world.folder / "series" / "monthly" / "lantern_thefts_towns.csv"
    head, *rows = (line.split(",") for line in path.read_text("utf-8").splitlines())
    for (month, town), cell in change.items():
        for row in rows:
            if month in ("*", row[0]):
                row[head.index(town)] = cell
    path.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n", "utf-8")
    return load_country(str(world.folder))


# ── what takes part ──────────────────────────────────────────────────────────────────────────────────────────────


def test_origins_are_octobers_with_months_before_and_after(country: Country, found: Validation) -> None:
    (table,) = municipal_records(country)
    assert servable_origins(table) == tuple(date(year, 10, 1) for year in (2019, 2020, 2021))
    assert found.years == (2020, 2021, 2022) and found.windows == ("test",)
    assert found.level == "municipality" and found.scores.sizes["place"] == 27


def test_a_forecaster_sees_nothing_after_its_origin(tmp_path: Path, country: Country) -> None:
    later = {(f"2022-{month:02}", "T1a"): "999" for month in range(1, 13)}
    origin = date(2021, 10, 1)
    one, other = (
        municipal_hindcast(c, municipal_records(c)[0], origin, draws=DRAWS, seed=1)
        for c in (country, changed(tmp_path, later))
    )
    assert np.array_equal(one.places.given.task.counts, other.places.given.task.counts, equal_nan=True)
    assert (other.observed[0] == 999).all() and not (one.observed[0] == 999).any()
    assert np.array_equal(one.observed[1:], other.observed[1:])
    assert list(one.leads) == list(range(3, 15))


def test_a_month_without_a_report_is_neither_zero_nor_scored(tmp_path: Path, found: Validation) -> None:
    gap = changed(tmp_path, {("2022-05", "T2b"): "", ("2019-03", "T4a"): ""})
    other = validate_municipalities(gap, draws=DRAWS, threads=1)
    crps = other.scores["crps"].sel(model=MUNICIPAL_RELEASED)
    assert np.isnan(crps.sel(place="T2b", year=2022, month=5)) and int(np.isnan(crps).sum()) == 1
    assert not np.isnan(found.scores["crps"]).any()
    assert float(other.nation["crps"].sel(model=MUNICIPAL_RELEASED, year=2022, month=5)) >= 0


def test_a_town_too_young_or_silent_is_left_out_and_counted(tmp_path: Path) -> None:
    months = [f"{year}-{month:02}" for year in range(2018, 2023) for month in range(1, 13)]
    young = {(month, "T5a"): "" for month in months if month < "2020-01"}
    silent = {(month, "T6b"): "" for month in months if month > "2019-06"}
    result = validate_municipalities(changed(tmp_path, young | silent), draws=DRAWS, threads=1)
    crps = result.scores["crps"].sel(model=MUNICIPAL_RELEASED)
    assert (
        np.isnan(crps.sel(place="T5a", year=[2020, 2021])).all()
        and not np.isnan(crps.sel(place="T5a", year=2022)).any()
    )
    assert np.isnan(crps.sel(place="T6b")).all(), "what did not happen is not scored"
    assert any(caveat.startswith("2 municipalities are left out") for caveat in result.caveats)


# ── the same however it is cut ───────────────────────────────────────────────────────────────────────────────────


def test_blocks_and_threads_change_nothing(
    country: Country, found: Validation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(municipal_validation, "BLOCK", 5)
    again = validate_municipalities(country, draws=DRAWS, threads=3)
    assert again.scores.equals(found.scores) and again.nation.equals(found.nation)
    assert np.allclose(again.pit, found.pit)
    assert again.low == found.low and again.differences == found.differences


def test_one_model_is_scored_as_in_company(country: Country, found: Validation) -> None:
    alone = validate_municipalities(country, models=[MUNICIPAL_RELEASED], origins="2020-10", draws=DRAWS)
    both = {"model": MUNICIPAL_RELEASED, "year": 2021}
    assert alone.scores.sel(both).equals(found.scores.sel(both))
    assert alone.models == (MUNICIPAL_RELEASED, "conflictology-12"), "what it is held against is run too"


def test_scores_of_a_place_are_those_of_its_samples(country: Country, found: Validation) -> None:
    (table,) = municipal_records(country)
    cast = municipal_hindcast(country, table, date(2021, 10, 1), draws=DRAWS, seed=7)
    row = cast.places.codes.index("T3a")
    task = cast.places.given.task
    year, x = task.counts[row, -12:], cast.observed[row, 0]
    from careo.run.municipal_hindcast import MUNICIPAL_RIVALS

    samples = MUNICIPAL_RIVALS["conflictology-12"](cast.places.given)(np.array([row]))[0, 2]
    assert set(samples) <= set(year.astype(int))
    crps = np.abs(samples - x).mean() - np.abs(samples[:, None] - samples).mean() / 2
    at = {"model": "conflictology-12", "place": "T3a", "year": 2022, "month": 1}
    assert float(found.scores["crps"].sel(at)) == pytest.approx(crps)


def test_the_bootstrap_takes_states_whole(found: Validation) -> None:
    assert {(each.years, each.places) for each in found.differences} == {(3, 9)}
    each = next(d for d in found.differences if d.model == MUNICIPAL_RELEASED)
    table = found.table["crps"].sel(window="test")
    assert each.gain == pytest.approx(1 - float(table.sel(model=each.model) / table.sel(model=each.against)))
    assert each.low < each.gain < each.high


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_whole(country: Country, language: str) -> None:
    result = validate_municipalities(country, origins="2020-10", draws=DRAWS, language=language)
    told = [
        result.summary,
        *result.caveats,
        *(f.because for f in result.findings),
        *(f.claim for f in result.findings),
    ]
    assert all("{" not in text and text.strip() for text in told)
    assert "27" in result.caveats[0] and "conflictology-12" in result.summary
    assert len(result.findings) == 3 and all(f.sources for f in result.findings)


def test_validate_hands_municipalities_on(country: Country) -> None:
    result = validate(
        country, places="municipality", origins="2021-10", draws=DRAWS, models=["last-observation"]
    )
    assert result.level == "municipality" and result.level_scores.sizes["place"] == 27


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"origins": "2025-10"}, "serves these origins.*2019-10 … 2021-10"),
        ({"origins": "2020-10/2022-10"}, "serves these origins"),
        ({"origins": "2020-09"}, "each is an October"),
        ({"origins": "2021-10/2020-10"}, "each is an October"),
        ({"origins": "now"}, "each is an October"),
        ({"models": ["theta"]}, "no model of this name"),
        ({"against": "nobody"}, "no model of this name"),
        ({"draws": 3}, "20 … 20000"),
    ],
)
def test_what_cannot_be_scored_is_refused(country: Country, more: dict[str, Any], words: str) -> None:
    with pytest.raises(CareoError, match=f"(?s){words}"):
        validate_municipalities(country, **{"draws": DRAWS, **more})


@pytest.mark.parametrize("asked", [validate_municipalities, forecast_municipalities])
def test_without_a_record_one_sentence_says_what_to_import(asked: Any) -> None:
    with pytest.raises(CareoError) as refused:
        asked(None)
    assert "no monthly record by municipality" in refused.value.render("en")
    assert "careo data import FILE" in refused.value.render("en")
    assert "ningún registro mensual por municipio" in refused.value.render("es")


def test_a_country_without_municipalities_says_so() -> None:
    with pytest.raises(CareoError, match="toyland"):
        validate_municipalities(load_country("toyland"))


def test_later_data_are_for_states(country: Country, tmp_path: Path) -> None:
    with pytest.raises(CareoError, match="by state"):
        validate(country, places="municipality", data=tmp_path / "later.csv")


# ── forecasts ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def ahead(country: Country) -> MunicipalForecast:
    return forecast_municipalities(country, date(2021, 10, 1), 14, 200, 7, threads=1)


def test_a_forecast_has_every_town_and_month(ahead: MunicipalForecast, country: Country) -> None:
    assert (ahead.months[0], ahead.months[-1]) == (date(2021, 11, 1), date(2022, 12, 1))
    assert ahead.quantiles.shape == (27, 14, len(QUANTILES)) and len(ahead.states) == 9
    assert (np.diff(ahead.quantiles, axis=-1) >= 0).all() and (ahead.quantiles >= 0).all()
    assert ahead.state_means.sum(axis=0) == pytest.approx(ahead.means.sum(axis=0))
    assert ahead.means.reshape(9, 3, 14).sum(axis=1) == pytest.approx(ahead.state_means)
    last = forecast_municipalities(country, months=2, draws=20)
    assert last.origin == date(2022, 12, 1)


def test_a_forecast_is_what_its_hindcast_was(ahead: MunicipalForecast, country: Country) -> None:
    from careo.run.municipal_hindcast import filtered

    cast = municipal_hindcast(country, municipal_records(country)[0], date(2021, 10, 1), draws=200, seed=7)
    samples = filtered(cast.places.given)(np.arange(27))
    assert np.array_equal(np.quantile(samples, 0.5, axis=-1), ahead.quantiles[..., 2])
    totals = samples.reshape(9, 3, 14, 200).sum(axis=1)
    assert np.allclose(np.moveaxis(np.quantile(totals, QUANTILES, axis=-1), 0, -1), ahead.state_quantiles)


def test_threads_and_blocks_forecast_the_same(
    ahead: MunicipalForecast, country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    from careo.run import municipal_forecast

    monkeypatch.setattr(municipal_forecast, "_BLOCK_SAMPLES", 14 * 200 * 4)
    again = forecast_municipalities(country, date(2021, 10, 31), 14, 200, 7, threads=3)
    assert np.array_equal(again.quantiles, ahead.quantiles)
    assert np.array_equal(again.state_quantiles, ahead.state_quantiles)
    assert np.array_equal(again.nation_quantiles, ahead.nation_quantiles)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"origin": date(2030, 1, 1)}, "does not reach this month"),
        ({"origin": date(2018, 6, 1)}, "6 months are too short a record"),
        ({"months": 0}, "1 … 72"),
        ({"draws": 1}, "20 … 20000"),
    ],
)
def test_what_cannot_be_forecast_is_refused(country: Country, more: dict[str, Any], words: str) -> None:
    with pytest.raises(CareoError, match=words):
        forecast_municipalities(country, **more)


# ── the record of Mexico ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.realdata
@pytest.mark.slow
def test_mexico_on_its_own_window() -> None:
    careo.import_data(Path("../shared/data/inegi/municipal_month_2004-2010.csv.bz2"))
    result = validate_municipalities(draws=200, models=[MUNICIPAL_RELEASED])
    assert result.years == (2008, 2009, 2010) and result.windows == ("tuning", "test")
    crps = result.table["crps"].sel(window="test")
    assert 0.34 < float(crps.sel(model=MUNICIPAL_RELEASED)) < 0.39
    assert 0.38 < float(crps.sel(model="conflictology-12")) < 0.42
    inside = float(result.table["inside_90"].sel(model=MUNICIPAL_RELEASED, window="test"))
    assert 0.93 < inside < 0.99
    mine = next(each for each in result.differences if each.window == "test")
    assert mine.gain > 0.05 and mine.places == 32


@pytest.mark.realdata
def test_another_record_that_a_person_imports_is_a_test_of_its_own() -> None:
    careo.import_data(Path("../shared/data/sesnsp/IDM_municipal_cases_guanajuato_2020-2023.csv"))
    result = validate_municipalities(draws=100)
    assert result.years == (2022, 2023) and result.windows == ("test",)
    assert result.scores.sizes["place"] == 46
    assert {each.places for each in result.differences} == {46}, "one state: each municipality by itself"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_shows_the_largest_and_writes_all(
    language: str, ahead: MunicipalForecast, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        "forecast",
        "--places",
        "municipality",
        "--country",
        str(world.folder),
        "--origin",
        "2021-10",
        "--draws",
        "200",
    ]
    assert cli.run([*asked, "--lang", language]) == 0
    shown = capsys.readouterr().out
    largest = ahead.codes[int(ahead.means.sum(axis=1).argmax())]
    assert (
        load_country(str(world.folder)).places.by_code[largest].name
        in shown.splitlines()[0] + shown.splitlines()[1]
    )
    assert not re.search(r"\{\w+\}", shown)
    folder = tmp_path / "out"
    assert cli.run([*asked, "--lang", language, "--json", "-o", str(folder)]) == 0
    told = capsys.readouterr().out
    assert (folder / "forecast.json").read_text("utf-8") == told
    jsonschema.validate(json.loads(told), careo.schema())
    found = json.loads(told)["forecast"]
    assert len(found["by_month"]) == 27 * 14 and len(found["by_state"]) == 9 * 14
    assert sum(row["mean"] for row in found["by_month"]) == pytest.approx(ahead.means.sum(), rel=1e-3)
    rows = (folder / "quantiles.csv").read_text("utf-8").splitlines()
    assert rows[0] == "place,month,mean,q05,q25,q50,q75,q95" and len(rows) == 1 + 27 * 14


@pytest.mark.parametrize("option", [["--provisional", "2"], ["--calibration", "constants.yaml"]])
def test_options_that_mean_nothing_by_municipality_are_refused(
    option: list[str], world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["forecast", "--places", "municipality", "--country", str(world.folder), "--lang", "en"]
    assert cli.run([*asked, *option]) == 2
    assert option[0] in capsys.readouterr().err
