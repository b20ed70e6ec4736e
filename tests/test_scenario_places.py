"""Where a measure acts: towns and states, shares of people, rankings, places chosen by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from careo.base.errors import DataError
from careo.panel import load_country
from careo.panel.monthly import load_panel
from careo.run.scenario import compile_scenario, mask_places, top_places
from scenario_cases import START, TOYLAND, compiled, doses, measure, plan, said
from worlds import World, new_world


@pytest.fixture
def towns(tmp_path: Path) -> World:
    """Toyland with two towns in T1, of a fifth and three tenths of its people, and one town of unknown people."""
    world = new_world(tmp_path)
    places = world.folder / "places" / "places.csv"
    rows = [
        "T1a,Upper Tin,T1,municipality,,",
        "T1b,Lower Tin,T1,municipality,,",
        "T2a,Glass Alley,T2,municipality,,",
    ]
    places.write_text(places.read_text("utf-8").rstrip() + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    people = world.folder / "series" / "population.csv"
    text = people.read_text("utf-8").rstrip()
    for line in text.splitlines():
        cells = line.split(",")
        if cells[0] == "T1":
            for town, share in (("T1a", 0.2), ("T1b", 0.3)):
                text += "\n" + ",".join([town, cells[1], str(round(float(cells[2]) * share)), *cells[3:]])
    people.write_text(text + "\n", encoding="utf-8")
    return world


def test_towns_count_in_their_state_with_their_share_of_its_people(towns: World) -> None:
    country = load_country(str(towns.folder))
    scenario = compile_scenario(
        plan(measure(where=("T1b", "T1a"))), country, start=date(2021, 1, 1), months=2
    )
    assert doses(scenario) == pytest.approx([0.25, 0.25], rel=1e-3)
    assert not scenario.doses[0, 1:].any()
    assert "municipalities: 2, states: 1" in said(scenario.notes)
    whole = compile_scenario(plan(measure(where=("T1", "T1a"))), country, start=date(2021, 1, 1), months=2)
    assert doses(whole) == [0.5, 0.5]  # a town of a state that is there already adds nothing


def test_the_last_known_people_stand_in_after_the_projection_ends(towns: World) -> None:
    country = load_country(str(towns.folder))
    scenario = compile_scenario(plan(measure(where=("T1a",))), country, start=date(2027, 1, 1), months=2)
    assert doses(scenario) == pytest.approx([0.1, 0.1], rel=1e-3)


def test_a_town_of_unknown_people_is_not_simulated_rather_than_zero(towns: World) -> None:
    country = load_country(str(towns.folder))
    scenario = compile_scenario(plan(measure(where=("T1a", "T2a"))), country, start=START, months=2)
    assert scenario.levers == ()
    assert "T2a" in scenario.not_simulated[0].reason["en"]
    assert "T1a" not in scenario.not_simulated[0].reason["en"]


def test_a_run_by_municipality_gives_towns_the_dose_itself(towns: World) -> None:
    country = load_country(str(towns.folder))
    strategy = plan(measure("m-1", 0.5, where=("T1a",)), measure("m-2", 0.3, where=("T1",)))
    scenario = compile_scenario(strategy, country, start=START, months=1, level="municipality")
    assert scenario.places == ("T1a", "T1b", "T2a")
    assert scenario.doses[0, :, 0].tolist() == pytest.approx([0.8, 0.3, 0.0])


def test_a_country_without_municipalities_has_no_municipal_run() -> None:
    with pytest.raises(DataError, match="no places of this level"):
        compiled(measure(), level="municipality")


def test_a_measure_abroad_is_named() -> None:
    abroad = next(code for code in TOYLAND.places.codes if code not in TOYLAND.places.by_code)
    scenario = compiled(measure(where=(abroad,)))
    assert abroad in scenario.not_simulated[0].reason["en"]


def test_places_chosen_by_hand_stand_in_for_those_of_the_file() -> None:
    scenario = compiled(measure(where=("T1",)), months=1, where={"m-1": ("T3",)})
    assert doses(scenario) == [0]
    assert doses(scenario, place="T3") == [0.5]


def test_the_highest_rates_are_counts_per_inhabitant_and_not_counts() -> None:
    panel = load_panel("toyland", places=("state",))
    on = date(2021, 12, 31)
    chosen = top_places(panel, 3, "lantern_thefts_watch", on, level="state")
    rates = load_panel("toyland", places=("state",), rate=True)["lantern_thefts_watch_rate_per_100k_year"]
    year = rates.sel(month=slice("2021-01-01", "2021-12-31")).mean("month")
    wanted = sorted(str(code) for code in year["place"].values[np.argsort(-year.values)[:3]])
    assert list(chosen) == wanted
    counts = panel["lantern_thefts_watch"].sel(month=slice("2021-01-01", "2021-12-31")).sum("month")
    assert list(chosen) != sorted(
        str(code) for code in counts["place"].values[np.argsort(-counts.values)[:3]]
    )


def test_a_later_month_never_changes_the_ranking_of_an_earlier_date() -> None:
    panel = load_panel("toyland", places=("state",))
    on = date(2020, 12, 1)
    before = top_places(panel, 4, "lantern_thefts_watch", on, level="state")
    changed = panel.copy(deep=True)
    changed["lantern_thefts_watch"].loc[{"month": slice("2021-01-01", None)}] *= 50
    changed["lantern_thefts_watch"].loc[{"place": "T4", "month": slice("2021-01-01", None)}] = 1e6
    assert top_places(changed, 4, "lantern_thefts_watch", on, level="state") == before


def test_places_with_a_month_missing_are_not_ranked() -> None:
    panel = load_panel("toyland", places=("state",)).copy(deep=True)
    first = top_places(panel, 1, "lantern_thefts_watch", date(2021, 6, 1), level="state")[0]
    panel["lantern_thefts_watch"].loc[{"place": first, "month": "2021-03-01"}] = np.nan
    assert first not in top_places(panel, 8, "lantern_thefts_watch", date(2021, 6, 1), level="state")
    with pytest.raises(DataError, match="1 … 8"):
        top_places(panel, 9, "lantern_thefts_watch", date(2021, 6, 1), level="state")


def test_a_ranking_needs_its_indicator_and_its_months() -> None:
    panel = load_panel("toyland", places=("state",))
    with pytest.raises(DataError, match="lantern_thefts_watch"):
        top_places(panel, 1, "boats", date(2021, 6, 1), level="state")
    with pytest.raises(DataError, match="does not have all the months"):
        top_places(panel, 1, "lantern_thefts_watch", date(2018, 6, 1), level="state")


def test_a_mask_is_a_table_of_codes(tmp_path: Path) -> None:
    path = tmp_path / "mask.csv"
    path.write_text("code,name\nT3,Kitehaven\n\nT1,Tinwhistle\n", encoding="utf-8")
    assert mask_places(path, TOYLAND) == ("T1", "T3")
    path.write_text("T3\nT1\n", encoding="utf-8")
    assert mask_places(path, TOYLAND) == ("T1", "T3")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code\nT1\nT77\n", (":3:", "not in places.csv", "'T77'")),
        ("code\nT1\nT1\n", (":3:", "stands twice")),
        ("code\n", ("no code of a place",)),
    ],
)
def test_a_broken_mask_is_refused_with_its_line(tmp_path: Path, text: str, told: tuple[str, ...]) -> None:
    path = tmp_path / "mask.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        mask_places(path, TOYLAND)
    assert str(path) in str(caught.value)
    assert all(part in str(caught.value) for part in told), str(caught.value)


def test_a_code_that_a_spreadsheet_took_for_a_number_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "mask.csv"
    path.write_text("8037\n", encoding="utf-8")
    with pytest.raises(DataError, match="did you mean '08037'"):
        mask_places(path, load_country())
    with pytest.raises(DataError, match="no such file"):
        mask_places(tmp_path / "none.csv", TOYLAND)
