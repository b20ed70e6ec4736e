"""The panel: place × month, as known on a day, rates over interpolated populations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import careo
from careo.base.errors import CareoError
from careo.panel.imports import import_file
from careo.panel.monthly import monthly_population, rate_name, write_panel
from official_files import case_file, states

VICTIMS, CASES = "homicide_sesnsp_victims", "homicide_sesnsp_case_files"
GUARD = "guard_deployed"


def test_the_embedded_panel_is_places_by_months_of_states_and_nation() -> None:
    panel = careo.load_panel()
    assert dict(panel.sizes)["place"] == 33 and panel["place"].values[0] == "MX"
    assert set(panel["level"].values) == {"nation", "state"}
    assert panel["month"].values[0] == np.datetime64("1990-01-01")
    year = panel[VICTIMS].sel(place="MX").sel(month=slice("2019-01-01", "2019-12-01"))
    assert float(year.sum()) == pytest.approx(34_723, abs=50)
    assert panel[VICTIMS].attrs["unit"] == "victims"


def test_not_observed_is_not_zero() -> None:
    panel = careo.load_panel(places=["state"], indicators=[VICTIMS])
    before = panel[VICTIMS].sel(place="08").values
    assert not np.isnan(before).all()
    assert np.isnan(careo.load_panel()[VICTIMS].sel(place="08", month="2010-05-01"))


def test_a_day_before_an_edition_does_not_know_it() -> None:
    with pytest.raises(CareoError, match="2010-01-01"):
        careo.load_panel(indicators=[VICTIMS], as_of=date(2010, 1, 1))


def test_a_rate_is_twelve_times_the_month_over_the_population_between_mid_years() -> None:
    counts = careo.load_panel(places=["08"], indicators=[VICTIMS])[VICTIMS].sel(
        place="08", month="2018-05-01"
    )
    rate = careo.load_panel(places=["08"], indicators=[VICTIMS], rate=True)
    (name,) = rate.data_vars
    country = careo.load_country()
    people = {
        o.period.first.year: o.value
        for o in country.series("population").observations
        if o.place == "08" and o.period.first
    }
    # the middle of May lies 4.5 months into 2018: 10.5 twelfths of the way from mid-2017 to mid-2018
    between = people[2017] + (people[2018] - people[2017]) * 10.5 / 12
    assert name == "homicide_sesnsp_victims_rate_per_100k_year"
    assert float(rate[name].sel(place="08", month="2018-05-01")) == pytest.approx(
        float(counts) * 12 / between * 1e5
    )


def test_the_rate_of_a_stock_has_no_time_in_it(tmp_path: Path) -> None:
    path = tmp_path / "guard.csv"
    rows = [f"2020,{month},{name},{2000 + int(code)}" for code, name in states() for month in (1, 2, 3)]
    path.write_text("\n".join(["año,mes,entidad,despliegue", *rows]) + "\n", "utf-8")
    import_file(path)
    country = careo.load_country()
    both = [GUARD, VICTIMS]
    counts = careo.load_panel(places=["08"], indicators=both)
    rates = careo.load_panel(places=["08"], indicators=both, rate=True)
    assert list(rates.data_vars) == [
        "guard_deployed_rate_per_100k",
        "homicide_sesnsp_victims_rate_per_100k_year",
    ]
    assert [rate_name(country, name) for name in both] == list(rates.data_vars)
    assert rates["guard_deployed_rate_per_100k"].attrs["unit"] == "per 100,000"
    month = {"place": "08", "month": "2020-02-01"}
    people = monthly_population(country, ["08"], np.array(["2020-02"], dtype="datetime64[M]")).item()
    for name, periods in ((GUARD, 1), (VICTIMS, 12)):
        rate = float(rates[rate_name(country, name)].sel(month))
        assert rate == pytest.approx(float(counts[name].sel(month)) * periods / people * 1e5)


MONTHS = np.arange(np.datetime64("2014-07"), np.datetime64("2023-07"), np.timedelta64(1, "M"))
HERE = "01001"  # a municipality, of which no population is embedded


def local_file(
    path: Path, years: Sequence[int], persons: int, *, last: tuple[str, str] = ("01011", "X")
) -> Path:
    """CONAPO's wide municipal table, so many persons in every municipality of Aguascalientes."""
    pairs = [*((f"010{number:02}", "X") for number in range(1, 11)), last]
    lines = [",".join((code, name, *(str(persons) for _ in years))) for code, name in pairs]
    path.write_text("\n".join([",".join(("clave", "mun", *map(str, years))), *lines]) + "\n", "utf-8")
    return path


def state_file(path: Path, years: Sequence[int], times: float) -> Path:
    """CONAPO's table by sex: so many times the embedded population of every state, half of it men."""
    known = {
        (o.place, o.period.first.year): o.value
        for o in careo.load_country().series("population").observations
        if o.period.first
    }
    lines = [
        f"{year},{name},{code},{sex},{round(known[code, year] * times / 2)}"
        for year in years
        for code, name in states()
        for sex in ("Hombres", "Mujeres")
    ]
    path.write_text("\n".join(["AÑO,ENTIDAD,CVE_GEO,SEXO,POB_MITAD", *lines]) + "\n", "utf-8")
    return path


def people(place: str, month: str) -> float:
    months = np.array([month], dtype="datetime64[M]")
    return monthly_population(careo.load_country(), [place], months).item()


def test_a_place_has_its_population_from_one_edition_never_from_several(tmp_path: Path) -> None:
    old = local_file(tmp_path / "pob_old.csv", range(2015, 2023), 50_000)
    new = local_file(tmp_path / "pob_new.csv", range(2018, 2021), 80_000)
    import_file(new, vintage="2021"), import_file(old, vintage="2019")
    found = monthly_population(careo.load_country(), [HERE], MONTHS)[0]
    assert set(found[~np.isnan(found)]) == {80_000.0}, "the newer one, whatever was imported last"
    assert np.isnan(people(HERE, "2016-01")) and np.isnan(people(HERE, "2022-01")), "a hole is not filled"


def test_an_edition_with_one_mid_year_gives_way_to_an_older_one_with_two(tmp_path: Path) -> None:
    import_file(local_file(tmp_path / "pob_old.csv", (2015, 2020), 50_000), vintage="2019")
    import_file(local_file(tmp_path / "pob_new.csv", (2018,), 80_000), vintage="2021")
    assert people(HERE, "2018-06") == 50_000


def test_the_embedded_population_is_an_edition_like_the_others(tmp_path: Path) -> None:
    embedded = people("08", "2019-03")
    import_file(state_file(tmp_path / "older.csv", (2018, 2019), 0.97), vintage="2022")
    assert people("08", "2019-03") == embedded
    import_file(state_file(tmp_path / "newer.csv", (2018, 2019), 1.02), vintage="2025")
    assert people("08", "2019-03") == pytest.approx(1.02 * embedded, rel=1e-6)
    assert np.isnan(people("08", "2017-03")), "and never spliced with it"


def test_an_edition_in_doubt_does_not_override_the_embedded_one(tmp_path: Path) -> None:
    embedded = people("08", "2019-03")
    path = state_file(tmp_path / "newer.csv", (2018, 2019), 1.02)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[-1]]) + "\n", "utf-8")
    found = import_file(path, vintage="2025").snapshot
    assert any(oddity.grave for oddity in found.oddities)
    assert people("08", "2019-03") == embedded


def test_an_edition_in_doubt_serves_where_there_is_no_other(tmp_path: Path) -> None:
    import_file(
        local_file(tmp_path / "pob.csv", (2018, 2019), 70_000, last=("01011", "Calvillo")), vintage="2025"
    )
    assert people(HERE, "2019-01") == 70_000
    import_file(local_file(tmp_path / "pob_old.csv", (2018, 2019), 50_000), vintage="2020")
    assert people(HERE, "2019-01") == 50_000


def test_population_between_two_mid_years_lies_between_them_and_ends_with_them() -> None:
    country = careo.load_country()
    months = np.arange(np.datetime64("1985-01"), np.datetime64("2050-01"), np.timedelta64(1, "M"))
    people = monthly_population(country, ["MX", "08"], months)
    known = ~np.isnan(people)
    assert known[0].sum() == known[1].sum() and not known[:, 0].any() and not known[:, -1].any()
    row = people[0][known[0]]
    assert (np.abs(np.diff(row)) < 0.003 * row[:-1]).all(), "no jump at the turn of a year"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"indicators": ["nonsense"]}, "nonsense"),
        ({"places": ["Narnia"]}, "Narnia"),
        ({"indicators": ["prison_population"]}, "prison_population"),
    ],
)
def test_what_is_not_there_is_named(given: dict[str, list[str]], word: str) -> None:
    with pytest.raises(CareoError, match=word):
        careo.load_panel(**given)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_table_written_says_the_same(tmp_path: Path, suffix: str) -> None:
    panel = careo.load_panel(places=["state"], indicators=[VICTIMS])
    path = tmp_path / f"panel.{suffix}"
    rows = write_panel(panel, path)
    table = (
        pl.read_parquet(path)
        if suffix == "parquet"
        else pl.read_csv(path, schema_overrides={"place": pl.String})
    )
    assert table.height == rows == int(np.isfinite(panel[VICTIMS].values).sum())
    assert table["place"].to_list()[0] == "01", "codes stay codes"
    assert table[VICTIMS].sum() == pytest.approx(float(panel[VICTIMS].sum()))


def test_another_kind_of_file_is_refused_and_nothing_half_written_replaces_a_good_one(tmp_path: Path) -> None:
    panel = careo.load_panel(places=["08"], indicators=[VICTIMS])
    good = tmp_path / "panel.xlsx"
    good.write_text("mine")
    with pytest.raises(CareoError, match=r"\.parquet"):
        write_panel(panel, good)
    assert good.read_text() == "mine" and list(tmp_path.iterdir()) == [good]


def test_an_imported_month_stands_in_the_panel(tmp_path: Path) -> None:
    import_file(case_file(tmp_path / "a.csv"))
    panel = careo.load_panel(indicators=[CASES])
    assert str(panel["month"].values[-1])[:7] == "2031-12"
    assert panel[CASES].attrs["vintages"] == "2032-01"


def test_figure_checks_take_the_panel(tmp_path: Path) -> None:
    panel = careo.load_panel()
    (finding,) = careo.check("In 2018, 33,742 people were murdered.", panel, said=date(2025, 12, 1))
    assert finding.verdict == "consistent"


def test_months_of_no_place_are_refused_in_words() -> None:
    with pytest.raises(CareoError) as refused:
        careo.load_panel("toyland", places=(), indicators=("lantern_thefts_watch",))
    assert refused.value.key == "panel_no_months"
    assert careo.load_panel("toyland", places=()).sizes["place"] == 0
