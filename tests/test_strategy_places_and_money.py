"""What a strategy's file may say of places and of money: rankings, files of places, lines of its own, and its own ceilings."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import careo
from careo.base.errors import DataError
from careo.base.texts import LANGUAGES
from careo.panel import load_country
from careo.panel.monthly import load_panel
from careo.record.strategy import MaskFile, TopPlaces, load_strategy
from careo.results.strategies import check_strategy, strategy_warnings
from careo.run.place_selection import top_places
from careo.run.scenario import Scenario, compile_scenario
from careo.views.cli import run
from test_strategy_mistakes import dose, line_of, measure, written
from worlds import words

TOYLAND = load_country("toyland")
TOP: dict[str, Any] = {"top": 3, "by": "lantern_thefts_watch", "on": "2021-12"}


def compiled(path: Path, **asked: Any) -> Scenario:
    return compile_scenario(
        load_strategy(path, "toyland"), TOYLAND, **{"months": 24, "price_year": 2022, "path": path, **asked}
    )


def at(path: Path, text: str) -> str:
    return f"{path}:{line_of(path, text)}"


def reached(scenario: Scenario) -> list[str]:
    return [code for code, doses in zip(scenario.places, scenario.doses[0], strict=True) if doses.any()]


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_measure_may_ask_for_the_worst_places_at_a_date(tmp_path: Path) -> None:
    path = written(tmp_path, measure("m-1", where=TOP))
    assert check_strategy(path, "toyland") == ()
    panel = load_panel("toyland", places=("state",), indicators=("lantern_thefts_watch",))
    scenario = compiled(path)
    assert reached(scenario) == list(
        top_places(panel, 3, "lantern_thefts_watch", date(2021, 12, 31), level="state")
    )
    other = compiled(written(tmp_path, measure("m-1", where={**TOP, "on": "2018-12", "top": 1})))
    assert len(reached(other)) == 1
    for language in LANGUAGES:
        note = next(note[language] for note in scenario.notes if "2021-12" in note[language])
        assert "m-1" in note and "3" in note


def test_places_by_hand_still_go_before_those_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, measure("m-1", where=TOP))
    assert reached(compiled(path, where={"m-1": ("T9",)})) == ["T9"]


@pytest.mark.parametrize("text", ["T3\nT1\n", "code,name\nT1,Tinwhistle\nT3,Marblemere\n", "﻿code\nT1\n\nT3"])
def test_a_measure_may_name_a_file_of_places_beside_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "worst.csv").write_text(text, encoding="utf-8")
    path = written(tmp_path, measure("m-1", where={"file": "lists/worst.csv"}))
    assert check_strategy(path, "toyland") == ()
    assert reached(compiled(path)) == ["T1", "T3"]
    where = load_strategy(path, "toyland").measures[0].where
    assert isinstance(where, MaskFile) and Path(where.file).is_absolute()


def test_a_file_of_places_is_found_from_wherever_careo_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "worst.csv").write_text("T2\n")
    (tmp_path / "elsewhere").mkdir()
    written(tmp_path, measure("m-1", where={"file": "worst.csv"}))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert reached(compiled(Path("../mine.yaml"))) == ["T2"]


@pytest.mark.parametrize(
    "name", ["../out.csv", "/etc/passwd", "link.csv", "lists/../../out.csv", "..\\out.csv", "a\0b"]
)
def test_a_file_of_places_outside_the_strategys_folder_is_refused_and_never_read(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "mine"
    (folder / "lists").mkdir(parents=True)
    (tmp_path / "out.csv").write_text("T1\n")
    (folder / "link.csv").symlink_to(tmp_path / "out.csv")
    path = written(folder, measure("m-1", where={"file": name}))
    (mistake,) = check_strategy(path, "toyland")
    assert mistake.key in ("strategy_mask_outside", "strategy_mask_missing")
    assert mistake.where == at(path, '"file"')
    assert (mistake.key == "strategy_mask_outside") == (name != "a\0b")


PLACES: dict[str, tuple[dict[str, Any], str]] = {
    "no such file": ({"file": "none.csv"}, "no such file beside the strategy"),
    "a folder": ({"file": "."}, "no such file beside the strategy"),
    "unknown indicator": ({**TOP, "by": "lantern_thefts_wach"}, "did you mean 'lantern_thefts_watch'?"),
    "no months": ({**TOP, "on": "1999"}, "does not have all the months"),
    "too many": ({**TOP, "top": 10}, "cannot be ranked"),
    "none": ({**TOP, "top": 0}, "ge 1"),
    "no date": ({"top": 3, "by": "lantern_thefts_watch"}, "measures[0].where.on is missing"),
    "another level": ({**TOP, "level": "nation"}, "municipality"),
    "both": ({**TOP, "file": "x.csv"}, "measures[0].where.top: there is no such key here"),
    "a number": (3, "measures[0].where"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_places_that_cannot_be_found_are_a_sentence_with_file_and_line(name: str, tmp_path: Path) -> None:
    where, told = PLACES[name]
    path = written(tmp_path, measure("m-1", where=where))
    found = check_strategy(path, "toyland")
    assert found
    assert told in "\n".join(str(mistake) for mistake in found)
    assert all(mistake.where.startswith(f"{path}:") for mistake in found)
    assert len({mistake.where + str(mistake.words.get("field")) for mistake in found}) == len(found)


def test_a_mistake_in_a_file_of_places_has_the_line_of_that_file(tmp_path: Path) -> None:
    (tmp_path / "worst.csv").write_text("code\nT1\nT77\n")
    path = written(tmp_path, measure("m-1", where={"file": "worst.csv"}))
    (mistake,) = check_strategy(path, "toyland")
    assert mistake.where == f"{tmp_path / 'worst.csv'}:3"


@pytest.mark.parametrize("language", LANGUAGES)
def test_chosen_places_are_told_in_the_audit(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "worst.csv").write_text("T1\n")
    path = written(
        tmp_path, measure("m-1", where=TOP), measure("m-2", where={"file": "worst.csv"}, lever="night-patrol")
    )
    assert run(["strategies", "show", str(path), "--country", "toyland", "--lang", language, "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    told = [finding["extra"]["where"] for finding in findings if "where" in finding.get("extra", {})]
    if told:
        assert "3" in told[0] and "worst.csv" in told[1] and str(tmp_path) not in told[1]


def test_the_schema_for_editors_knows_the_forms_of_a_place(tmp_path: Path) -> None:
    schema = careo.schema("strategy")
    for where in ("nation", ["T1"], TOP, {"file": "x.csv"}):
        path = written(tmp_path, measure("m-1", where=where))
        jsonschema.validate(json.loads(path.read_text()), schema)
    path = written(tmp_path, measure("m-1", where={"top": 3}))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(path.read_text()), schema)


def test_a_noun_made_in_python_may_rank_places_too() -> None:
    assert TopPlaces(3, "lantern_thefts_watch", "2021-12").months == 12


# ── money of the file's own ──────────────────────────────────────────────────────────────────────────────────────


def own_line(**more: Any) -> dict[str, Any]:
    flow = {"stage": "announced", "amount": 2400, "currency": "TYD", "period": "2022", "sources": ["gazette"], "verified": "read"}  # fmt: skip
    return {"line": "my-lamps", "role": words("lamps"), "coverage": "answered", "flows": [{**flow, **more}]}


def test_a_cost_may_cite_a_line_of_money_of_its_own_file(tmp_path: Path) -> None:
    part = measure(
        "m-1", start="2022-01-01", end="2022-12-31", cost={"money": "my-lamps", "stage": "announced"}
    )
    path = written(tmp_path, part, budget=[own_line()])
    assert check_strategy(path, "toyland") == ()
    (cost,) = compiled(path, months=48).costs
    assert cost.basis == "line"
    assert np.nansum(cost.value) == pytest.approx(2400)
    assert cost.value[24:36] == pytest.approx([200.0] * 12)


@pytest.mark.parametrize(
    ("cost", "flow", "key"),
    [
        ({"money": "my-lamps", "stage": "spent"}, {}, "strategy_line_stage"),
        ({"money": "my-lamps"}, {}, "strategy_line_stage"),
        ({"money": "my-lamps", "stage": "announced"}, {"amount": None, "note": words("not found")}, "strategy_line_stage"),
        ({"money": "my-lamp", "stage": "announced"}, {}, "strategy_line"),
    ],
)  # fmt: skip
def test_a_cost_that_its_own_line_cannot_tell_is_refused(
    cost: dict[str, Any], flow: dict[str, Any], key: str, tmp_path: Path
) -> None:
    path = written(tmp_path, measure("m-1", cost=cost), budget=[own_line(**flow)])
    assert [mistake.key for mistake in check_strategy(path, "toyland")] == [key]


# ── ceilings ─────────────────────────────────────────────────────────────────────────────────────────────────────


def ceiling(per_year: float, **more: Any) -> dict[str, Any]:
    return {
        "per_year": per_year,
        "currency": "TYD",
        "prices": 2022,
        "sources": ["gazette"],
        "verified": "read",
        **more,
    }


LOW, MIDDLE = 0.25 * 1_500_000, 0.5 * 2_000_000
"""What half a full dose of lamps, at least a quarter, costs in a year [TYD of 2022]."""
HALF = measure("m-1", dose=dose(0.5, low=0.25, high=0.75))


def test_a_ceiling_below_the_low_end_of_the_costs_is_a_mistake_with_both_amounts(tmp_path: Path) -> None:
    path = written(tmp_path, HALF, ceilings=[ceiling(LOW - 1)])
    (mistake,) = check_strategy(path, "toyland", months=12)
    assert mistake.key == "scenario_ceiling"
    assert mistake.where == at(path, '"per_year"')
    for language in LANGUAGES:
        told = mistake.render(language)
        assert "2020" in told and "2023" in told and "m-1" in told and "TYD" in told and "{" not in told
    assert f"{(LOW - 1) * 130 / 125:,.0f}" in mistake.expected
    assert f"{LOW * 130 / 125:,.0f}" in mistake.found
    with pytest.raises(DataError, match="even by the low end"):
        compiled(path)


def test_a_ceiling_between_the_low_end_and_the_middle_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, HALF, ceilings=[ceiling(LOW + 1)])
    assert check_strategy(path, "toyland") == ()
    (warning,) = strategy_warnings(path, "toyland")
    assert warning.key == "scenario_ceiling_perhaps"
    scenario = compiled(path)
    for language in LANGUAGES:
        assert any("1,000,000" in note[language] and "375,001" in note[language] for note in scenario.notes)
    for arguments, code in ((["--strict"], 1), ([], 0)):
        assert (
            run(["strategies", "check", str(path), "--country", "toyland", "--lang", "en", *arguments])
            == code
        )
        assert "though not by the low end" in capsys.readouterr().out


@pytest.mark.parametrize("per_year", [MIDDLE, 10 * MIDDLE])
def test_a_ceiling_that_is_kept_says_nothing(per_year: float, tmp_path: Path) -> None:
    path = written(tmp_path, HALF, ceilings=[ceiling(per_year)])
    assert check_strategy(path, "toyland") == strategy_warnings(path, "toyland") == ()
    assert compiled(path).doses.tobytes() == compiled(written(tmp_path, HALF)).doses.tobytes()


def test_a_ceiling_holds_in_its_years_only(tmp_path: Path) -> None:
    def years(**more: Any) -> list[str]:
        path = written(tmp_path, HALF, ceilings=[ceiling(1, **more)])
        return [str(mistake) for mistake in check_strategy(path, "toyland")]

    assert "2020 … 2025 (6)" in years()[0]
    assert "in 2021, 2022 the" in years(period="2021/2022")[0]
    assert years(period="2030/..") == []
    part = measure("m-1", start="2024-01-01", dose=dose(0.5, low=0.25, high=0.75))
    path = written(tmp_path, part, ceilings=[ceiling(1)])
    assert "in 2024, 2025 the" in str(check_strategy(path, "toyland")[0])


def test_a_ceiling_without_a_price_year_is_told_in_each_years_own_prices(tmp_path: Path) -> None:
    def refused(prices: int | None, year: int) -> bool:
        path = written(tmp_path, HALF, ceilings=[ceiling(360_000, prices=prices, period=str(year))])
        return bool(check_strategy(path, "toyland"))

    # 360,000 of 2020 are 416,667 of 2022, more than the 375,000 of the low end; of 2022 they are less.
    assert not refused(None, 2020) and refused(None, 2022)
    assert refused(2022, 2020) and not refused(2020, 2022)


def test_every_exceeded_ceiling_is_named_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, HALF, ceilings=[ceiling(1), ceiling(MIDDLE), ceiling(2)])
    found = check_strategy(path, "toyland", months=12)
    assert [mistake.words["field"] for mistake in found] == ["ceilings[0].per_year", "ceilings[2].per_year"]


@given(limit=some.floats(0, 2 * MIDDLE), year=some.sampled_from([2018, 2020, 2023]))
@settings(max_examples=25, deadline=None)
def test_whose_prices_costs_are_told_in_never_decides_whether_a_ceiling_is_kept(
    limit: float, year: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("any"), HALF, ceilings=[ceiling(round(limit, 2))])

    def verdict(prices: int) -> str:
        try:
            scenario = compiled(path, price_year=prices)
        except DataError as error:
            return error.key
        return "perhaps" if any("allows itself" in note["en"] for note in scenario.notes) else "kept"

    assert verdict(year) == verdict(2022)


CEILINGS: dict[str, tuple[dict[str, Any], str]] = {
    "negative": (ceiling(-1), "ceilings[0].per_year"),
    "currency": (ceiling(1, currency="pesos"), "ceilings[0].currency"),
    "source": (ceiling(1, sources=["gazete"]), "did you mean 'gazette'?"),
    "no source": (ceiling(1, sources=[]), "ceilings[0].sources"),
    "period": (ceiling(1, period="soon"), "ceilings[0].period"),
    "key": (ceiling(1, per_month=3), "per_month"),
}


@pytest.mark.parametrize("name", CEILINGS)
def test_a_broken_ceiling_is_refused_with_file_and_line(name: str, tmp_path: Path) -> None:
    broken, told = CEILINGS[name]
    path = written(tmp_path, ceilings=[broken])
    (mistake,) = check_strategy(path, "toyland")
    assert told in str(mistake) and mistake.where.startswith(f"{path}:")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ceiling_is_shown_with_its_source(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, ceilings=[ceiling(5_000_000)])
    assert run(["strategies", "show", str(path), "--country", "toyland", "--lang", language]) == 0
    out = capsys.readouterr().out
    assert "TYD 5 " in out and "2022" in out and "[gazette]" in out
    assert run(["cite", str(path), "--country", "toyland", "--lang", language]) == 0
    assert "TYD 5 " in capsys.readouterr().out
