"""The panel beside every future: what a country ships, in three sentences, and where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

import careo
from careo.base.errors import DataError
from careo.base.shipped import country_folder
from careo.results.skill_record import load_skill, measure_skill, skill_sentences, skill_text
from careo.run.calibrate import load_calibration
from worlds import new_world

SHIPPED = country_folder("mexico") / "skill.yaml"


def test_what_is_shipped_was_measured_with_the_constants_that_are_shipped() -> None:
    found = load_skill("mexico")
    assert found is not None
    assert found.constants == load_calibration("mexico").key, "run tools/write_skill.py"
    assert skill_text(found) == SHIPPED.read_text("utf-8")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_panel_is_three_short_sentences_with_the_numbers_of_the_test_window(language: str) -> None:
    told = skill_sentences("mexico", language)
    assert len(told) == 3 and all(len(each) < 260 for each in told)
    found = load_skill("mexico")
    assert found is not None
    test = found.windows["test"]
    assert f"{test.state.models['careo'].crps:.1f}" in told[0] and "2018–2023" in told[0]
    assert f"{100 * test.state.models['careo'].coverage_90:.0f}%" in told[1]


def with_skill(folder: Path, text: str) -> str:
    world = new_world(folder)
    (world.folder / "skill.yaml").write_text(text, encoding="utf-8")
    return str(world.folder)


def level(verdict: str, gain: float, low: float, high: float) -> str:
    scores = "{crps: 2.0, mis90: 20.0, coverage_50: 0.5, coverage_90: 0.9}"
    return f"{{models: {{careo: {scores}, log random walk: {scores}}}, gain: {gain}, low: {low}, high: {high}, verdict: {verdict}}}"


def written(state: str, *, crps: str = "2.0") -> str:
    return (
        f"schema: careo.skill/1\nconstants: {'a' * 64}\nmodel: careo\nagainst: log random walk\ndraws: 100\nseed: 7\nwindows:\n"
        f"  test: {{first: 2020, last: 2022, state: {state}, national: {level('better', 0.2, 0.1, 0.3)}}}\n"
    ).replace("crps: 2.0", f"crps: {crps}", 1)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (level("better", 0.069, 0.002, 0.138), "better than the naive log random walk by 6.9% [0.2, 13.8]"),
        (level("worse", -0.069, -0.138, -0.002), "worse than the naive log random walk by 6.9% [0.2, 13.8]"),
        (
            level("not distinguishable", 0.01, -0.03, 0.05),
            "not distinguishable from the naive log random walk: 1.0% [−3.0, 5.0] better",
        ),
        (
            level("not distinguishable", -0.01, -0.05, 0.03),
            "not distinguishable from the naive log random walk: 1.0% [−3.0, 5.0] worse",
        ),
    ],
)
def test_better_and_worse_are_said_with_their_interval(tmp_path: Path, state: str, words: str) -> None:
    assert words in skill_sentences(with_skill(tmp_path, written(state)), "en")[0]


def test_beside_a_forecast_by_other_constants_it_says_so(tmp_path: Path) -> None:
    country = with_skill(tmp_path, written(level("better", 0.1, 0.1, 0.2)))
    assert "other constants" in skill_sentences(country, "en", constants="b" * 64)[2]
    assert "other constants" not in skill_sentences(country, "en", constants="a" * 64)[2]


def test_a_country_that_was_not_measured_says_so() -> None:
    assert load_skill("toyland") is None
    assert skill_sentences("toyland", "en") == (
        "Not measured for this country; `careo validate --country toyland` does it.",
    )


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    country = with_skill(tmp_path, written(level("best", 0.1, 0.1, 0.2)))
    with pytest.raises(DataError, match=r"skill\.yaml:8"):
        load_skill(country)
    other = with_skill(tmp_path / "other", written(level("better", 0.1, 0.1, 0.2), crps="-1.0"))
    with pytest.raises(DataError, match=r"skill\.yaml:8"):
        load_skill(other)


def test_measuring_gives_what_validate_gives() -> None:
    toyland = careo.load_country("toyland")
    found = measure_skill(toyland, draws=20)
    assert list(found.windows) == ["tuning", "test"] and found.constants == load_calibration("toyland").key
    assert found.windows["test"].national.low is None and "low: null" in skill_text(found)
    table = careo.validate(toyland, draws=20, models=["log random walk"]).table
    crps = float(table["crps"].sel(model="log random walk", window="test"))
    assert found.windows["test"].state.models["log random walk"].crps == round(crps, 4)
