"""Where violence stands: the last value beside the year before, what is no year, what is no twelve months."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import careo
from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.panel.monthly import load_panel
from careo.panel.series import Observation, Series, make_series
from careo.results.overview import change_words, map_sentence, overview, standing, standing_sentence
from careo.views import cli
from careo.views.small_multiples import draw_states

THEFTS = "lantern_thefts_watch"


@pytest.fixture(scope="module")
def toyland() -> careo.Country:
    return careo.load_country("toyland")


def given(country: careo.Country, name: str, *rows: tuple[str, float, str]) -> careo.Country:
    """The country with only these national values (period, value, known) of an indicator, and no months."""
    observations = [
        Observation(
            country.default_place,
            parse_period(period),
            value,
            known[:7],
            date.fromisoformat(known),
            "s",
            "read",
        )
        for period, value, known in rows
    ]
    changed = replace(country)
    whole: Series = make_series(name, observations)
    changed.__dict__["_read"] = {name: whole}
    changed.__dict__["monthly_tables"] = {}
    return changed


def test_the_newest_edition_of_the_last_whole_year_stands_beside_that_of_the_year_before(
    toyland: careo.Country,
) -> None:
    country = given(
        toyland, THEFTS, ("2020", 100, "2021-02-01"), ("2020", 110, "2022-02-01"), ("2021", 88, "2022-02-01")
    )  # fmt: skip
    found = standing(country, THEFTS)
    assert found.last and found.before
    assert (str(found.last.period), found.last.value, found.before.value) == ("2021", 88, 110)
    assert found.change == pytest.approx(-0.2)
    assert change_words(found, "en") == "20% less"
    assert "20% menos" in standing_sentence(found, "es")


def test_a_year_that_was_not_over_when_it_was_published_is_no_year(toyland: careo.Country) -> None:
    country = given(toyland, THEFTS, ("2020", 100, "2021-02-01"), ("2021", 40, "2021-06-30"))
    found = standing(country, THEFTS)
    assert found.last is not None
    assert str(found.last.period) == "2020"
    assert found.before is None
    assert "Nothing comparable" in standing_sentence(found, "en")


def test_nothing_known_is_said_and_nothing_divided(toyland: careo.Country) -> None:
    empty = standing(given(toyland, THEFTS), THEFTS)
    assert empty.last is None and empty.change is None
    zero = standing(given(toyland, THEFTS, ("2020", 0, "2021-02-01"), ("2021", 3, "2022-02-01")), THEFTS)
    assert zero.change is None


def test_a_stock_is_held_against_the_date_nearest_to_a_year_before(toyland: careo.Country) -> None:
    name = "boats_missing"
    rows = (
        ("2020-12-20", 10, "2021-01-01"),
        ("2021-06-01", 20, "2021-07-01"),
        ("2021-12-31", 30, "2022-01-01"),
    )
    found = standing(given(toyland, name, *rows), name)
    assert found.last and found.before
    assert (found.last.value, found.before.value) == (30, 10)
    apart = standing(given(toyland, name, rows[1], ("2022-12-31", 40, "2023-01-01")), name)
    assert apart.before is None


def test_the_map_is_a_month_of_the_panel(toyland: careo.Country) -> None:
    panel = load_panel(toyland, indicators=(THEFTS,), rate=True)
    array = panel[f"{THEFTS}_rate_per_100k_year"]
    found = overview(toyland, indicator=THEFTS, month="2019-04")
    for code, value in found.values.items():
        expected = float(array.sel(place=code, month="2019-04-01"))
        assert value == (None if math.isnan(expected) else expected)
    assert toyland.default_place not in found.values


def test_twelve_months_are_the_sum_of_twelve_and_nothing_before_the_twelfth(toyland: careo.Country) -> None:
    found = overview(toyland, indicator=THEFTS, rate=False)
    panel = load_panel(toyland, indicators=(THEFTS,))[THEFTS]
    for code, row in found.states.items():
        counts = [float(value) for value in panel.sel(place=code).values]
        assert row[:11] == (None,) * 11
        for at in range(11, len(row)):
            part = counts[at - 11 : at + 1]
            assert row[at] == (None if any(map(math.isnan, part)) else pytest.approx(sum(part)))


def test_states_are_named_by_code_or_name_and_nothing_else(toyland: careo.Country) -> None:
    code = next(iter(overview(toyland).values))
    name = toyland.places.by_code[code].name
    assert list(overview(toyland, states=[name, code]).states) == [code]
    with pytest.raises(CareoError, match=r"usage_place|no such place"):
        overview(toyland, states=["../etc"])


@pytest.mark.parametrize(("indicator", "month", "words"), [("nope", "", "by state and month"), ("", "2019-13", "no month"), ("", "1999-01", "no month")])  # fmt: skip
def test_what_is_not_there_is_said_with_what_is(
    indicator: str, month: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["overview", *([indicator] if indicator else []), *(["--month", month] if month else [])]
    assert cli.run([*asked, "--country", "toyland", "--lang", "en"]) == 2
    told = capsys.readouterr().err
    assert words in told and "expected" in told


def test_the_verb_prints_what_the_function_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["overview", "--country", "toyland", "--json", "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = overview(careo.load_country("toyland"))
    assert [row["id"] for row in told["standings"]] == list(found.country.outcomes)
    assert {row["place"]: row["value"] for row in told["map"]["values"]} == dict(found.values)
    assert told["map"]["sentence"] == map_sentence(found, "en")


def test_states_side_by_side_share_one_scale_and_are_the_same_bytes(
    toyland: careo.Country, tmp_path: Path
) -> None:
    found = overview(toyland)
    drawn = draw_states(found, "es")
    assert drawn == draw_states(overview(toyland), "es")
    # the picture has a title, and so has each panel, which is read where one points at it
    assert drawn.count("<title>") == 1 + len(found.states) and drawn.count('stroke="#0072b2"') >= len(
        found.states
    )
    high = max(value for row in found.states.values() for value in row if value is not None)
    tops = [float(y) for y in re.findall(r'd="M[\d.]+ ([\d.]+)v74"', drawn)]
    assert len(tops) == len(found.states)
    told = f"{high:.1f}" if found.rate or high < 20 else str(round(high))
    assert told in drawn.replace(",", "")
    assert cli.run(["overview", "--country", "toyland", "-o", str(tmp_path / "states.svg")]) == 0
    assert (tmp_path / "states.svg").read_text(encoding="utf-8").startswith("<svg")


def test_months_known_of_no_state_are_no_map_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from careo.panel import monthly

    def nothing(
        _: object, *, places: tuple[str, ...], indicators: tuple[str, ...], as_of: object = None
    ) -> object:
        raise CareoError("panel_no_months", where=indicators[0], places=", ".join(places))

    monkeypatch.setattr(monthly, "monthly_values", nothing)
    country = careo.load_country("toyland")
    assert standing(country, THEFTS).last is not None  # the years are known all the same
    with pytest.raises(CareoError) as caught:
        overview(country)
    assert caught.value.key == "overview_no_months"
