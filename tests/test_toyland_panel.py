"""Toyland loads by the same code, and so does a country somebody else wrote; broken files say what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from careo.base.dates import parse_period
from careo.base.errors import DataError
from careo.base.shipped import shipped
from careo.panel import load_country
from careo.panel.validation import validate_country


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    shutil.copytree(shipped("toyland"), folder)
    return folder


def test_toyland_passes_the_full_check() -> None:
    size = validate_country("toyland")
    assert size.places == 10 and size.indicators == 7


def test_toyland_has_nine_places_and_nothing_of_mexico() -> None:
    panel = load_country("toyland")
    assert len(panel.places.within("TY")) == 9
    assert panel.places.find("homicides in Jalisco") == ()
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(shipped("toyland").rglob("*.yaml")))
    assert "homicid" not in text and "INEGI" not in text and "Mexic" not in text.replace("data/mexico", "")


def test_a_country_given_as_a_path_loads_by_the_same_code(copied: Path) -> None:
    panel = load_country(str(copied))
    own = load_country("toyland")
    assert panel.code == "TY" and panel.indicators.keys() == own.indicators.keys()
    year = parse_period("2018")
    assert panel.at("lantern_thefts_watch", "TY", year) == own.at("lantern_thefts_watch", "TY", year)
    assert len(panel.at("lantern_thefts_watch", "TY", year)) == 2, "two vintages"


def test_a_hole_in_the_monthly_table_stays_a_hole() -> None:
    panel = load_country("toyland")
    assert panel.newest("lantern_thefts_watch", "T5", parse_period("2019-04")) is None
    assert panel.newest("lantern_thefts_watch", "TY", parse_period("2019-04")) is None
    march = panel.newest("lantern_thefts_watch", "TY", parse_period("2019-03"))
    assert march is not None and march.verified == "computed"


def test_a_country_that_does_not_exist_is_said_plainly() -> None:
    with pytest.raises(DataError, match="no country"):
        load_country("atlantis")


def _in(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _appended(name: str, line: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")

    return change


BOATS = "series/boats_missing.csv"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            _appended(BOATS, "TY,2021,5,2022,nobody,read"),
            "boats_missing.csv:6: this source is not in sources.yaml",
        ),
        (_appended(BOATS, "T99,2021,5,2022,harbour,read"), "this place is not in places.csv"),
        (_appended(BOATS, "TY,20-21,5,2022,harbour,read"), "this is not a period"),
        (_appended(BOATS, "TY,2021,many,2022,harbour,read"), "not a number"),
        (_appended(BOATS, "TY,2021,-5,2022,harbour,read"), "not a number"),
        (_appended(BOATS, "TY,2021,nan,2022,harbour,read"), "not a number"),
        (_appended(BOATS, "TY,2021,5,undated,harbour,read"), "a vintage must be"),
        (_appended(BOATS, "TY,2021,5,2022,harbour,hearsay"), "way of verifying"),
        (_appended(BOATS, "TY,2021,5"), "the columns are not the expected ones"),
        (
            _appended(BOATS, "TY,2019-01-15,812,2019-01,harbour,read"),
            "boats_missing.csv:6: this stands twice",
        ),
        (_in(BOATS, "place,period", "period,place"), "boats_missing.csv:1: the columns"),
        (
            _appended("series/lanterns_unrecovered_share.csv", "TY,2019,87.4,2021,watch_2023,read"),
            "between 0 and 1",
        ),
        (_appended("series/ghosts.csv", ""), "no definition"),
        (
            _in("indicators.yaml", "      unit: reports\n", ""),
            "'lantern_thefts_watch.cumulative' lacks its unit",
        ),
        (_in("indicators.yaml", "  unit: reports\n", ""), "'lantern_thefts_watch' lacks its unit"),
        (_in("indicators.yaml", "kind: flow", "kind: river"), "of no known kind"),
        (_in("indicators.yaml", "concept: missing_boat", "concept: sea_serpent"), "sea_serpent"),
        (
            _in("indicators.yaml", "    lantern_thefts_insured:\n", "    lantern_theft_by_magpies:\n"),
            "magpies",
        ),
        (_in("indicators.yaml", "    es: Barcas que siguen desaparecidas\n", ""), "name.es"),
        (_in("lexicons/concepts.yaml", "near: [lantern_theft]", "near: [moths]"), "moths"),
        (_in("sources.yaml", "producer: Harbour Office, ", ""), "lacks a producer"),
        (_in("places/places.csv", "T9,Hobbyvale,TY", "T9,Hobbyvale,XX"), "places.csv:11: this place"),
        (_in("places/places.csv", "T9,Hobbyvale", "T8,Hobbyvale"), "places.csv:11: this stands twice"),
        (_in("places/places.csv", "T9,Hobbyvale,TY,state", "T9,Hobbyvale,TY,planet"), "not a kind of place"),
        (_in("office_holders.csv", "2012-03-01", "once"), "office_holders.csv:2: this is not a period"),
        (_in("country.yaml", "default_place: TY", "other: TY"), "'default_place' is missing"),
        (_in("indicators.yaml", "kind: flow", "kind: [flow"), "indicators.yaml:"),
    ],
)
def test_a_broken_country_says_where_and_what(
    copied: Path, damage: Callable[[Path], None], words: str
) -> None:
    if words == "no definition":
        (copied / "series" / "ghosts.csv").write_text(
            "place,period,value,vintage,source,verified\n", encoding="utf-8"
        )
    damage(copied)
    with pytest.raises(DataError) as caught:
        validate_country(str(copied))
    assert words in str(caught.value)
    assert words != caught.value.render("es"), "the message also speaks Spanish"
