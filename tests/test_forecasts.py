"""Forecasts: the status quo of the laboratory number for number, months not observed yet told apart, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

import careo
from careo.base.errors import CareoError, DataError
from careo.base.texts import LANGUAGES
from careo.model.counts import observe
from careo.model.forecast import Constants, features_of, fit, log_intensities
from careo.model.luck import Luck
from careo.results.forecast_words import forecast_caveats
from careo.run.calibrate import load_calibration
from careo.run.forecasts import MOST_LAG, Forecast, forecast
from careo.run.history import homicide_history
from careo.views import cli
from worlds import World, new_world

LUCK = Luck(7)
SERIES = "series/monthly/lantern_thefts_watch.csv"


def hidden(
    folder: Path, months: Mapping[str, int], value: str = "", gap: tuple[str, str] = ("", "")
) -> careo.Country:
    """Toyland, its newest months of some shires taken away (or written over), or one month amid others."""
    world = new_world(folder)
    path = world.folder / SERIES
    head, *rows = [line.split(",") for line in path.read_text("utf-8").splitlines()]
    for shire, count in months.items():
        for row in rows[-count:] if count else rows:
            row[head.index(shire)] = value
    for row in rows:
        if row[0] == gap[1]:
            row[head.index(gap[0])] = ""
    path.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n", encoding="utf-8")
    return load(world)


def load(world: World) -> careo.Country:
    return careo.load_country(str(world.folder))


@pytest.fixture(scope="module")
def lagging(tmp_path_factory: pytest.TempPathFactory) -> careo.Country:
    return hidden(tmp_path_factory.mktemp("lagging"), {"T3": 2, "T7": 1})


@pytest.fixture(scope="module")
def late(lagging: careo.Country) -> Forecast:
    return forecast(lagging, draws=400)


# ── the status quo ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("country", ["mexico", "toyland"])
@pytest.mark.parametrize(("months", "seed"), [(14, 7), (24, 2**64 - 1)])
def test_a_forecast_is_the_status_quo_of_the_laboratory_bit_for_bit(
    country: str, months: int, seed: int
) -> None:
    panel = careo.load_country(country)
    found = forecast(panel, months=months, seed=seed, draws=60)
    run = careo.simulate([], panel, months=months, seed=seed, draws=60)
    quiet = run.monthly.sel(strategy="status-quo", outcome="homicides")
    assert np.array_equal(found.total.values, quiet.values)
    assert list(found.total["month"].values) == list(quiet["month"].values)
    by_year = run.yearly.sel(strategy="status-quo", outcome="homicides")
    assert list(found.yearly["place"].values) == list(by_year["place"].values)
    assert np.array_equal(found.yearly.values, by_year.values)


def test_it_is_so_where_states_lag_behind_too(lagging: careo.Country, late: Forecast) -> None:
    run = careo.simulate([], lagging, months=14, draws=400)
    assert np.array_equal(late.total.values[-14:], run.monthly.values[0, 0])
    assert np.array_equal(late.yearly.values, run.yearly.values[0, 0])


def test_the_nation_is_the_sum_of_the_states_in_every_draw() -> None:
    found = forecast(draws=30, months=5)
    assert found.samples.dims == ("place", "month", "draw") and found.samples.dtype == np.int64
    assert np.array_equal(found.samples.sum("place").values, found.total.values)
    assert np.array_equal(found.total_yearly.values, found.yearly.sum("place").values)
    nation = forecast(draws=30, months=5, places="national")
    assert nation.places == ("MX",) and np.array_equal(nation.samples.values[0], found.total.values)


def test_some_states_are_rows_of_all_and_some_draws_the_first_of_many() -> None:
    every, some = forecast(draws=1100, months=3), forecast(draws=40, months=3, places=("14", "06", "14"))
    assert some.places == ("14", "06") and some.rows == ("MX", "14", "06")
    assert np.array_equal(some.samples.values, every.samples.sel(place=["14", "06"]).values[..., :40])
    assert np.array_equal(some.total.values, every.total.values[:, :40])


def test_years_are_of_twelve_months_and_the_last_of_what_is_left() -> None:
    found = forecast(careo.load_country("toyland"), months=14, draws=20)
    assert list(found.yearly["year"].values) == [1, 2]
    assert np.array_equal(found.yearly.values[:, 1], found.samples.values[:, 12:].sum(axis=1))


def test_an_outlook_sets_the_next_year_beside_the_last_one() -> None:
    found = forecast(draws=200)
    each = found.outlook("06")
    ahead = found.samples.sel(place="06").values[:12].sum(axis=0)
    assert each.observed == found.observed.sel(place="06").values[-12:].sum() == 915
    assert each.quantiles[2] == np.median(ahead) and each.rises == (ahead > 915).mean()


@pytest.mark.parametrize("months", [1, 3, 11])
def test_fewer_months_than_a_year_stand_beside_the_same_months_a_year_before(months: int) -> None:
    found = forecast(draws=50, months=months)
    for code in ("MX", "06"):
        each, (samples, _, _, record) = found.outlook(code), found.of(code)
        same = record.sel(month=samples["month"].values.astype("datetime64[M]") - np.timedelta64(12, "M"))
        assert each.observed == same.sum() and same.sizes["month"] == months
        assert each.rises == (samples.sum("month") > each.observed).mean()


def test_a_year_before_that_was_not_observed_whole_is_not_told() -> None:
    found = forecast(careo.load_country("toyland"), draws=20, months=5, origin=date(2020, 2, 1))
    assert np.isnan(found.outlook("T5").observed) and np.isnan(
        found.outlook("T5").rises
    )  # 2019-04 was not reported
    assert not np.isnan(found.outlook("T1").observed)


@pytest.mark.parametrize(
    ("origin", "counted", "not_counted"),
    [
        (date(2023, 12, 1), ("homicide_sesnsp_victims", "feminicide_victims"), ("homicide_inegi_registered",)),
        (date(2015, 12, 1), ("homicide_sesnsp_victims", "feminicide_victims"), ("homicide_inegi_registered",)),
        (date(2012, 10, 1), ("homicide_inegi_registered",), ("homicide_sesnsp_victims", "feminicide_victims")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_as_homicides_is_said(
    origin: date, counted: tuple[str, ...], not_counted: tuple[str, ...], language: str
) -> None:
    found = forecast(draws=20, months=3, origin=origin)
    first, names = forecast_caveats(found, language)[0], found.country.indicators
    assert all(names[one].name[language] in first for one in counted)
    assert not any(names[one].name[language] in first for one in not_counted)


# ── origins ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_earlier_origin_sees_nothing_later_and_says_that_it_is_a_pseudo_forecast() -> None:
    found = forecast(origin=date(2022, 10, 9), months=3, draws=20)
    assert found.pseudo and found.origin == date(2022, 10, 1) and found.record_end == date(2023, 12, 1)
    assert str(found.observed["month"].values[-1])[:7] == "2022-10"
    assert [str(month)[:7] for month in found.samples["month"].values] == ["2022-11", "2022-12", "2023-01"]
    assert not forecast(months=3, draws=20).pseudo


def test_other_constants_give_another_forecast() -> None:
    given = load_calibration("toyland")
    assert not np.array_equal(
        forecast(months=3, draws=20).total.values,
        forecast(months=3, draws=20, calibration=given).total.values,
    )


# ── months not observed yet ──────────────────────────────────────────────────────────────────────────────────────


def test_months_not_observed_yet_are_nowcast_and_named(lagging: careo.Country, late: Forecast) -> None:
    assert late.unobserved == (("T3", "2022-11"), ("T3", "2022-12"), ("T7", "2022-12"))
    kinds = late.kind.isel(month=slice(3))
    assert kinds.sel(place="T3").values.tolist() == ["nowcast", "nowcast", "forecast"]
    assert kinds.sel(place="T7").values.tolist() == ["observed", "nowcast", "forecast"]
    assert kinds.sel(place="T1").values.tolist() == ["observed", "observed", "forecast"]
    assert late.total_kind.values.tolist() == ["nowcast"] * 2 + ["forecast"] * 14
    assert [str(month)[:7] for month in late.samples["month"].values[:3]] == ["2022-11", "2022-12", "2023-01"]


def test_what_was_observed_stays_and_the_nation_adds_up(late: Forecast) -> None:
    first = late.samples.isel(month=0)
    for code in ("T1", "T7"):
        assert set(first.sel(place=code).values.tolist()) == {late.observed.sel(place=code).values[-2]}
    assert len(set(first.sel(place="T3").values.tolist())) > 10
    assert np.array_equal(late.samples.sum("place").values, late.total.values)
    assert (
        np.isnan(late.total_observed.values[-2:]).all()
        and np.isnan(late.observed.sel(place="T3").values[-2:]).all()
    )


def test_states_that_lag_change_no_state_that_does_not_beyond_what_is_shared(late: Forecast) -> None:
    whole = forecast(careo.load_country("toyland"), draws=400)
    ours, theirs = (each.samples.sel(place="T1").values[-14:] for each in (late, whole))
    assert np.abs(np.quantile(ours, 0.5, axis=1) / np.quantile(theirs, 0.5, axis=1) - 1).max() < 0.05


def test_the_last_year_of_a_lagging_state_ends_earlier(late: Forecast) -> None:
    assert late.outlook("T3").observed_until == date(2022, 10, 1)
    assert late.outlook("TY").observed_until == date(2022, 10, 1)
    assert late.outlook("T1").observed_until == date(2022, 12, 1)


def test_months_set_aside_as_not_final_are_nowcast_everywhere() -> None:
    found = forecast(draws=300, months=2, provisional=3)
    assert found.kind.values.tolist() == [["nowcast"] * 3 + ["forecast"] * 2] * 32
    assert found.provisional == 3 and not found.unobserved
    # as from an origin three months earlier, but for luck
    earlier = forecast(draws=300, months=5, origin=date(2023, 9, 1))
    medians = [np.quantile(each.total.values, 0.5, axis=1) for each in (found, earlier)]
    assert np.abs(medians[0] / medians[1] - 1).max() < 0.02


# ── places that lag, in arrays ───────────────────────────────────────────────────────────────────────────────────

CONSTANTS = Constants(
    np.array([4.185, 0.45, 0.05, -1.7726, 0.59, 0.82, -0.38, 1.28]), np.zeros((8, 8)), 0.0, 0.4, 12.0
)


def some_counts(places: int = 4, months: int = 120) -> NDArray[np.float64]:
    uniform = np.concatenate(
        [LUCK.uniform(0, month, np.arange(places), [0]) for month in range(months)], axis=1
    )
    return np.rint(20 + 15 * uniform + np.arange(months) / 10)


@pytest.mark.parametrize("lag", [1, 2, 7])
def test_a_place_that_lags_stands_where_it_was_last_seen(lag: int) -> None:
    counts, flat = some_counts(), np.zeros(12)
    counts[2, -lag:] = np.nan
    found = features_of(counts, np.ones(120), flat)
    cut = features_of(counts[:, :-lag], np.ones(120 - lag), flat)
    assert found.lag.tolist() == [0, 0, lag, 0]
    for name in ("level", "distance", "momentum", "volatility"):
        assert getattr(found, name)[2] == getattr(cut, name)[2], name


def test_a_place_that_lags_strays_by_its_own_leads_on_one_path() -> None:
    counts, draws = some_counts(), 4000
    late = counts.copy()
    late[2, -3:] = np.nan
    seen, lagging, whole = (
        fit(each, np.ones(each.shape[1]), CONSTANTS, seasonal=False)
        for each in (counts[:, :-3], late, counts)
    )
    by_lead = log_intensities(seen, LUCK, np.ones(9), draws=draws)[2]
    shifted = log_intensities(lagging, LUCK, np.ones(6), draws=draws, before=np.ones(3))
    assert np.isnan(shifted[[0, 1, 3], :3]).all() and np.isfinite(shifted[2]).all()
    spreads = [np.subtract(*np.quantile(each, (0.75, 0.25), axis=1)) for each in (by_lead, shifted[2])]
    # Standard error of an interquartile range of 4,000: about 2.5% of it.
    assert np.abs(spreads[1] / spreads[0] - 1).max() < 0.1
    assert np.corrcoef(shifted[2, 2], shifted[2, 3])[0, 1] > 0.5
    # Three more months unseen: √(4^.59) of one month's spread.
    assert np.std(shifted[2, 3]) > 1.3 * np.std(log_intensities(whole, LUCK, np.ones(1), draws=draws)[2, 0])


def test_what_states_reported_later_lay_inside_the_nowcast_as_often_as_it_says() -> None:
    """Eight states at a time lag by one to three months, at origins of 1998 to 2014."""
    record, constants = homicide_history(matched=False), load_calibration().constants
    inside: list[bool] = []
    for turn, months in enumerate(range(97, 300, 8)):
        counts, late = (
            record.counts[:, :months].copy(),
            {(5 * turn + 4 * k) % 32: 1 + (turn + k) % 3 for k in range(8)},
        )
        for state, lag in late.items():
            counts[state, -lag:] = np.nan
        exposure = record.exposure[:months]
        baseline = fit(counts, exposure, constants)
        paths = log_intensities(baseline, Luck(turn), np.ones(1), draws=200, before=exposure[-3:])[:, :3]
        drawn = observe(np.nan_to_num(paths), Luck(turn), baseline.places, dispersion=constants.dispersion)
        low, high = np.quantile(drawn, (0.05, 0.95), axis=-1)
        came = record.counts[:, months - 3 : months]
        inside += [
            bool(low[i, t] <= came[i, t] <= high[i, t]) for i, lag in late.items() for t in range(3 - lag, 3)
        ]
    # Standard error of a share of 0.9 among these: about 1.5%.
    assert len(inside) > 400 and 0.85 < np.mean(inside) < 0.95


def test_the_months_ahead_do_not_depend_on_whether_those_before_are_given() -> None:
    late = some_counts()
    late[2, -3:] = np.nan
    baseline = fit(late, np.ones(120), CONSTANTS)
    alone = log_intensities(baseline, LUCK, np.ones(6), draws=50, first_draw=3)
    for months in (1, 3, 5):
        both = log_intensities(baseline, LUCK, np.ones(6), draws=50, first_draw=3, before=np.ones(months))
        assert np.array_equal(alone, both[:, months:])


def test_a_few_early_reports_are_not_the_nation() -> None:
    counts = some_counts(places=6)
    early = np.hstack([counts, np.full((6, 1), np.nan)])
    early[0, -1] = 500.0
    kept = features_of(counts, np.ones(120), np.zeros(12)).national
    assert features_of(early, np.ones(121), np.zeros(12)).national == kept
    early[:3, -1] = 500.0
    assert features_of(early, np.ones(121), np.zeros(12)).national > kept + 0.5


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (date(2024, 1, 1), "the record does not reach this origin; it ends with 2023-12"),
        (date(1989, 12, 1), "the record does not reach back to this month; it begins with 1990-01"),
        (date(1991, 11, 1), "Aguascalientes, 1991-11: the series is too short: 23 months"),
    ],
)
def test_an_origin_outside_the_record_is_refused(origin: date, words: str) -> None:
    with pytest.raises(DataError, match=words):
        forecast(origin=origin)


def test_a_gap_at_the_origin_is_refused_because_it_is_no_lag(tmp_path: Path) -> None:
    land = hidden(tmp_path, {}, gap=("T4", "2021-06"))
    with pytest.raises(
        DataError, match="Buttonbury, 2021-06: this month was not reported, and a gap is never filled"
    ):
        forecast(land, origin=date(2021, 6, 1))
    # one month on it is a gap in the record, which is left out and named
    found = forecast(land, origin=date(2021, 7, 1), draws=20)
    assert found.gaps == (("T4", "2021-06"), ("T5", "2019-04")) and not found.unobserved


def test_a_state_that_stopped_reporting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=rf"Marblemere, 2021-12: nothing was reported for {MOST_LAG + 1} months"
    ):
        forecast(hidden(tmp_path, {"T2": MOST_LAG + 1}))


def test_a_state_without_an_event_and_one_never_observed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Marblemere, 2018-01 … 2022-12: every month of this series is zero"):
        forecast(hidden(tmp_path / "zeros", {"T2": 0}, "0"))
    with pytest.raises(DataError, match="Marblemere: nothing was observed there until 2022-12"):
        forecast(hidden(tmp_path / "never", {"T2": 0}))


def test_places_are_known_by_their_names_too() -> None:
    found = forecast(places="michoacan, 06 ,Ciudad de México", months=1, draws=20)
    assert found.places == ("16", "06", "09")


@pytest.mark.parametrize("places", ["99", "01,XX", "Michoacan Street", "", ",", "county", ("MX",), ()])
def test_an_unknown_place_is_refused(places: str | tuple[str, ...]) -> None:
    with pytest.raises(CareoError, match="there is no such place in the record"):
        forecast(places=places, draws=20)


@pytest.mark.parametrize(
    "more", [{"months": 0}, {"months": 121}, {"draws": 19}, {"seed": -1}, {"provisional": 13}]
)
def test_numbers_out_of_bounds_are_refused(more: dict[str, int]) -> None:
    with pytest.raises(CareoError, match=f"--{next(iter(more))} does not take this value"):
        forecast(**more)  # pyright: ignore[reportArgumentType]


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────


def ask(*words: str) -> int:
    return cli.run(["forecast", "--draws", "40", *words])


def test_the_first_sentence_says_what_from_when_by_what_and_how_sure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ask("--places", "06") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith("The next 12 months (2024-01 to 2024-12) in Mexico: ")
    assert "forecast from 2023-12 by the constants learnt from" in out
    for words in (
        "with 50%",
        "with 90%",
        "Colima, month by month",
        "How well such forecasts did before",
        "chance of more",
        "log random walk",
    ):
        assert words in out


def test_it_speaks_spanish(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--lang", "es", "--origin", "2022-10", "--months", "20") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Los próximos 12 meses (2022-11 a 2023-10) en México" in out
    assert "Pronóstico solo en apariencia: el registro sigue hasta 2023-12" in out
    assert "Qué tan bien pronosticó antes" in out and "Se calificaron los meses 3 a 14" in out
    assert "statu quo de `careo simulate" not in out  # a simulation cannot start there


def test_what_was_not_observed_is_said(lagging: careo.Country, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--country", lagging.key, "--places", "T3") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert (
        "nowcast from what was: Kitehaven 2022-11, 2022-12; Thimbleton 2022-12. Nothing was filled in." in out
    )
    assert "Spindlewood 2019-04" in out and "(to 2022-10)" in out and "2022-11" in out


def test_a_folder_holds_pictures_numbers_and_the_same_json(
    lagging: careo.Country, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert ask("--country", lagging.key, "--json", "-o", str(folder)) == 0
    told = capsys.readouterr().out
    assert (folder / "forecast.json").read_text("utf-8") == told
    jsonschema.validate(json.loads(told), careo.schema())
    found = json.loads(told)["forecast"]
    assert found["unobserved"] == [["T3", "2022-11"], ["T3", "2022-12"], ["T7", "2022-12"]]
    assert len(found["next_year"]) == 10 and len(found["by_month"]) == 10 * 16
    rows = [line.split(",") for line in (folder / "quantiles.csv").read_text("utf-8").splitlines()]
    assert rows[0] == ["place", "month", "q05", "q25", "q50", "q75", "q95", "kind"]
    kinds = {(row[0], row[1]): row[-1] for row in rows[1:]}
    assert len(kinds) == len(rows) - 1
    assert [kinds["T3", month] for month in ("2022-10", "2022-11", "2023-01")] == [
        "observed",
        "nowcast",
        "forecast",
    ]
    assert ("T5", "2019-04") not in kinds and kinds["T5", "2019-03"] == "observed"
    assert sorted(path.stem for path in folder.glob("*.svg")) == sorted(
        f"fan-{row['place']}" for row in found["next_year"]
    )
    for path in folder.glob("*.svg"):
        assert ElementTree.fromstring(path.read_text("utf-8")).get("role") == "img"  # noqa: S314 - our own
    assert "nowcast" in (folder / "fan-T3.svg").read_text("utf-8")
    samples = pl.read_parquet(folder / "samples.parquet")
    nation = next(row for row in found["next_year"] if row["place"] == lagging.default_place)
    year = samples.filter(pl.col("kind").cast(str) == "forecast").filter(pl.col("month").dt.year() == 2023)
    worlds = year.group_by("draw").agg(pl.col("count").sum())["count"]
    assert worlds.median() == nation["q50"], "the nation is the sum of its states, world by world"


def test_mistakes_are_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    for words, said in (
        (["--origin", "2031-05"], "ends with 2023-12"),
        (["--origin", "yesterday"], "not a date"),
        (["--places", "municipal"], "no such place"),
        (["--calibration", str(tmp_path / "none.yaml")], "no such file"),
        (["--calibration", str(file)], "file"),
        (["-o", str(file)], "is a file"),
    ):
        assert ask(*words) == 2
        shown = capsys.readouterr()
        assert said in shown.err and not shown.out
    assert list(tmp_path.iterdir()) == [file]
