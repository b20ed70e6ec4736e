"""The panel: place × month, as known on a day, rates over interpolated populations."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import careo
from careo.base.errors import CareoError
from careo.panel.imports import import_file
from careo.panel.monthly import monthly_population, write_panel
from official_files import case_file

VICTIMS, CASES = "homicide_sesnsp_victims", "homicide_sesnsp_case_files"


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


def test_population_between_two_mid_years_lies_between_them_and_ends_with_them() -> None:
    country = careo.load_country()
    months = np.arange(np.datetime64("1985-01"), np.datetime64("2050-01"))
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
