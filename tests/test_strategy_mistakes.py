"""What is wrong with a strategy is said all at once, with file and line, before a number is drawn or a folder made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import careo
from careo.base.errors import CareoError, Mistakes
from careo.base.texts import LANGUAGES
from careo.record.strategy import Strategy
from careo.results.strategies import check_strategy, load_strategies
from careo.views.cli import run
from worlds import words


def dose(value: float, **more: Any) -> dict[str, Any]:
    return {"basis": "judgement", "value": value, "low": value, "high": value, "how": words("so"), "grade": "D", **more}  # fmt: skip


def measure(mark: str, **more: Any) -> dict[str, Any]:
    return {
        "id": mark, "name": words(mark), "lever": "street-lighting", "sources": ["gazette"], "verified": "read",
        "coverage": "answered", "dose": dose(0.5), **more,
    }  # fmt: skip


def written(folder: Path, *measures: dict[str, Any], name: str = "mine", **more: Any) -> Path:
    path = folder / f"{name}.yaml"
    body = {
        "schema": "careo.strategy/1", "slug": name, "country": "TY", "title": words("a"), "actor": words("b"),
        "period": {"start": "2020-01-01", "end": "2025-12-31"}, "summary": words("c"), "compiled": "2030-12-31",
        "measures": list(measures), **more,
    }  # fmt: skip
    path.write_text(json.dumps(body, indent=1), encoding="utf-8")
    return path


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize("language", LANGUAGES)
def test_simulate_says_every_mistake_of_every_strategy_and_leaves_nothing_behind(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = written(
        tmp_path,
        measure("m-1", where=["T77"]),
        measure("m-2", lever="torches"),
        measure("m-3", lever="night-patrol", dose=dose(1.25, low=1)),
        measure("m-4", lever="lantern-marking", start="2031-01-01"),
        name="one",
    )
    two = written(tmp_path, measure("m-1", dose=dose(0.625)), measure("m-2", where=["T1"]), name="two")
    asked = ["simulate", str(one), str(two), "nowhere.yaml", "--country", "toyland", "--lang", language]
    assert run(asked) == 2
    out, err = capsys.readouterr()
    assert out == ""
    for path, text in ((one, "T77"), (one, "torches"), (one, '"value": 1.25'), (one, "2031")):
        assert f"{path}:{line_of(path, text)}: " in err, text
    assert "1.12" in err and "≤ 1" in err  # two measures of one lever, together
    assert "nowhere.yaml" in err
    assert "7 " in err.splitlines()[-1]
    assert "Traceback" not in err and "{" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.yaml", "two.yaml"]


def test_one_mistake_alone_is_one_sentence_without_a_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, measure("m-1", dose=dose(1.5, low=1, high=1.5)))
    assert (
        run(["simulate", str(path), "--country", "toyland", "-o", str(tmp_path / "runs"), "--lang", "en"])
        == 2
    )
    err = capsys.readouterr().err
    assert err.count("does not take this dose") == 2  # the value and its upper end
    path = written(tmp_path, measure("m-1", where=["T77"]))
    assert (
        run(["simulate", str(path), "--country", "toyland", "-o", str(tmp_path / "runs"), "--lang", "en"])
        == 2
    )
    err = capsys.readouterr().err
    assert err.startswith(f"{path}:") and "mistakes" not in err
    assert not (tmp_path / "runs").exists()


OUTSIDE = {
    "dose": (measure("m-1", dose=dose(2)), "scenario_dose", '"value": 2'),
    "schedule": (
        measure("m-1", dose=dose(0.5, schedule=[{"from": "2020-01", "value": 1.75}, {"from": "2021-01", "value": 0.5}])),
        "scenario_dose",
        "1.75",
    ),
    "beyond the horizon": (measure("m-1", start="2025-06-01"), "scenario_outside", '"start": "2025'),
    "lever": (measure("m-1", lever="lamps"), "strategy_lever", '"lever"'),
    "place": (measure("m-1", where=["T1", "T99"]), "strategy_place", "T99"),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_check_names_what_only_a_run_would_find(name: str, tmp_path: Path) -> None:
    part, key, text = OUTSIDE[name]
    path = written(tmp_path, part)
    found = check_strategy(path, "toyland", months=24)
    assert key in [mistake.key for mistake in found]
    assert f"{path}:{line_of(path, text)}" in [mistake.where for mistake in found]


def test_a_horizon_is_the_strategys_own_when_none_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, measure("m-1", start="2025-06-01"))
    assert check_strategy(path, "toyland") == ()
    assert [mistake.key for mistake in check_strategy(path, "toyland", months=24)] == ["scenario_outside"]


def test_a_value_is_told_once_however_many_find_it(tmp_path: Path) -> None:
    path = written(tmp_path, measure("m-1", lever="lamps"), measure("m-1"), measure("m-2", where=[]))
    found = check_strategy(path, "toyland")
    fields = [mistake.words["field"] for mistake in found]
    assert len(fields) == len(set(fields))


OVERLAPS: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "same place and time": ([measure("m-1", dose=dose(0.75)), measure("m-2")], True),
    "three together": ([measure(f"m-{n}", dose=dose(0.375)) for n in (1, 2, 3)], True),
    "up to the full dose": ([measure("m-1"), measure("m-2")], False),
    "other places": ([measure("m-1", dose=dose(0.75), where=["T1"]), measure("m-2", where=["T2"])], False),
    "one after the other": (
        [measure("m-1", dose=dose(0.75), end="2021-12-31"), measure("m-2", start="2022-01-01")],
        False,
    ),
    "one taken back": (
        [measure("m-1", dose=dose(0.75)), measure("m-2", direction=-1, direction_note=words("back"))],
        False,
    ),
    "other levers": ([measure("m-1", dose=dose(0.75)), measure("m-2", lever="night-patrol")], False),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_measures_of_one_lever_may_not_ask_more_of_it_than_its_full_dose(name: str, tmp_path: Path) -> None:
    measures, refused = OVERLAPS[name]
    path = written(tmp_path, *measures)
    found = check_strategy(path, "toyland")
    assert [mistake.key for mistake in found] == ["scenario_overlap_dose"] * refused
    if refused:
        last = measures[-1]["id"]
        assert found[0].where.rpartition(":")[0] == str(path)
        assert "m-1" in str(found[0]) and int(found[0].where.rpartition(":")[2]) > line_of(
            path, f'"id": "{last}"'
        )


def test_several_mistakes_are_one_error_that_holds_each(tmp_path: Path) -> None:
    path = written(tmp_path, measure("m-1", where=["T77"]), measure("m-2", lever="lamps"))
    with pytest.raises(Mistakes) as caught:
        load_strategies([path], "toyland")
    assert [mistake.key for mistake in caught.value.mistakes] == ["strategy_place", "strategy_lever"]
    assert caught.value.key == "strategy_place"
    for language in LANGUAGES:
        assert all(
            mistake.render(language) in caught.value.render(language) for mistake in caught.value.mistakes
        )


def test_strategies_without_a_mistake_are_the_shipped_ones() -> None:
    names = careo.strategies("toyland")
    assert [strategy.slug for strategy in load_strategies(names, "toyland", months=72)] == list(names)


part = some.fixed_dictionaries(
    {
        "id": some.sampled_from(["m-1", "m-2", "m-3"]),
        "name": some.just(words("x")),
        "lever": some.sampled_from(["street-lighting", "night-patrol", "lamps", ""]),
        "where": some.sampled_from(["nation", [], ["T1"], ["T1", "T1"], ["TY"], ["T9", "T0"], ["BL"]]),
        "start": some.sampled_from([None, "2019", "2020-05", "2026-01-01", "9999-12-31"]),
        "end": some.sampled_from([None, "2019-06", "2024-12-31", "0001-01-01"]),
        "direction": some.sampled_from([1, -1]),
        "direction_note": some.just(words("x")),
        "sources": some.just(["gazette"]),
        "verified": some.just("read"),
        "coverage": some.just("answered"),
        "dose": some.one_of(some.none(), some.floats(-1, 2, allow_nan=False).map(dose)),
    }
)


@given(parts=some.lists(part, max_size=4), months=some.integers(1, 80))
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_a_file_is_a_list_of_mistakes_or_a_strategy(
    parts: list[dict[str, Any]], months: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("any"), *parts)
    found = check_strategy(path, "toyland", months=months)
    assert all(mistake.where.startswith(f"{path}:") for mistake in found)
    try:
        (strategy,) = load_strategies([path], "toyland", months=months)
    except CareoError as error:
        assert [str(one) for one in error.mistakes] == [str(one) for one in found]
    else:
        assert isinstance(strategy, Strategy) and not found
