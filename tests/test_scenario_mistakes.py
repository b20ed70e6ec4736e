"""Strategies that cannot become doses: each mistake with file and line, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from careo.base.errors import CareoError, DataError
from careo.panel import load_country
from careo.record.strategy import Strategy
from careo.run.scenario import compile_scenario, scenario_mistakes
from scenario_cases import PLAN, START, compiled, measure
from worlds import World, new_world, words


def written(name: str = "m-1", **more: Any) -> dict[str, Any]:
    """A measure as a file has it."""
    number = {"basis": "judgement", "value": 0.5, "low": 0.5, "high": 0.5, "how": words("how"), "grade": "D"}
    return {
        "id": name, "name": words(name), "lever": "street-lighting", "start": "2020-03", "dose": {**number, **more.pop("dose", {})},
        "sources": ["gazette"], "verified": "read", "coverage": "later", "coverage_note": words("later"), **more,
    }  # fmt: skip


# name → measures, what was asked, text of the line that is named, words of the message
BROKEN: Mapping[str, tuple[list[dict[str, Any]], dict[str, Any], str, tuple[str, ...]]] = {
    "an unknown lever": ([written(lever="street-lightning")], {}, '"lever": "street-lightning"',
                         ("measures[0].lever", "no such lever", "did you mean 'street-lighting'?")),
    "a dose above the full one": ([written("m-0"), written(dose={"value": 0.9, "high": 1.4})], {}, '"high": 1.4',
                                  ("measures[1].dose.high", "does not take this dose", "4 lamps/k", "0 … 1", "'1.4'")),
    "a negative dose": ([written(dose={"low": -0.5})], {}, '"low": -0.5', ("direction: -1",)),
    "a step above the full dose": (
        [written(dose={"schedule": [{"from": "2020-03", "value": 7}, {"from": "2020-04", "value": 0.5}]})],
        {}, '"value": 7', ("measures[0].dose.schedule[0].value", "street-lighting"),
    ),
    "an unknown place": ([written(where=["T1", "T77"])], {}, '"T77"', ("measures[0].where[1]", "no such place")),
    "no place": ([written(where=[])], {}, '"where"', ("measures[0].where", "at least one")),
    "everything beyond the horizon": ([written(start="2023-01")], {"months": 12}, '"start": "2023-01"',
                                      ("within 12 months", "under another name")),
    "a budget exceeded": ([written("m-0", dose={"value": 0.1, "low": 0.1, "high": 0.1}), written("m-1")],
                          {"budget_per_year": 1000.0}, '"id": "m-1"', ("months 1–12 cost more", "≤ 1,000", "m-1")),
    "a ramp of an unknown measure": ([written()], {"ramp_months": {"m-2": 3}}, '"measures"', ("no such measure", "'m-1'")),
    "a ramp of no month": ([written()], {"ramp_months": {"m-1": 0}}, '"measures"', ("m-1", "one month or more")),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_named_with_file_and_line(name: str, tmp_path: Path) -> None:
    parts, asked, shown, told = BROKEN[name]
    world = new_world(tmp_path)
    strategy = _read(world, parts)
    path = world.folder / "strategies" / "plan.yaml"
    with pytest.raises(CareoError) as caught:
        compile_scenario(
            strategy, load_country(str(world.folder)), **{"months": 24, "start": START, "path": path, **asked}
        )
    message = str(caught.value)
    assert all(part in message for part in told), message
    where, _, line = caught.value.where.rpartition(":")
    assert where == str(path)
    assert shown in path.read_text("utf-8").splitlines()[int(line) - 1], message
    assert "{" not in caught.value.render("es")


def _read(world: World, parts: list[dict[str, Any]]) -> Strategy:
    from careo.record.strategy import read_strategy

    world.write("strategies/plan.yaml", {
        "schema": "careo.strategy/1", "slug": "plan", "country": "TY", "title": words("a"), "actor": words("b"),
        "period": {"start": "2020-01-01", "end": None}, "summary": words("c"), "compiled": "2030-12-31", "measures": parts,
    })  # fmt: skip
    strategy, _ = read_strategy(world.folder / "strategies" / "plan.yaml", str(world.folder))
    assert strategy is not None
    return strategy


def test_a_shipped_strategy_of_a_country_is_found_by_itself_for_the_line(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    strategy = _read(world, [written("m-0"), written("m-1", lever="torches")])
    (mistake,) = scenario_mistakes(strategy, load_country(str(world.folder)), months=12)
    path = world.folder / "strategies" / "plan.yaml"
    line = next(n for n, text in enumerate(path.read_text("utf-8").splitlines(), 1) if "torches" in text)
    assert mistake.where == f"{path}:{line}"


def test_every_mistake_is_found_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    parts = [written("m-0", where=["T77"]), written("m-1", lever="torches"), written("m-1", dose={"high": 3})]
    path = world.folder / "strategies" / "plan.yaml"
    found = scenario_mistakes(_read(world, parts), load_country(str(world.folder)), months=12, path=path)
    assert [each.key for each in found] == [
        "strategy_place",
        "strategy_lever",
        "scenario_overlap",
        "scenario_dose",
    ]


def test_without_a_file_a_mistake_is_named_with_the_strategy() -> None:
    with pytest.raises(DataError) as caught:
        compiled(measure(lever="torches"))
    assert caught.value.where == "plan"
    assert "measures[0].lever" in str(caught.value)


def test_a_file_in_another_order_than_the_strategy_is_still_cited_at_the_right_measure(
    tmp_path: Path,
) -> None:
    world = new_world(tmp_path)
    strategy = _read(world, [written("m-0"), written("m-1", lever="torches")])
    turned = replace(strategy, measures=tuple(reversed(strategy.measures)))
    path = world.folder / "strategies" / "plan.yaml"
    (mistake,) = scenario_mistakes(turned, load_country(str(world.folder)), months=12, path=path)
    assert "measures[1].lever" in str(mistake)


@pytest.mark.parametrize("months", [0, -3, 1201])
def test_a_horizon_is_of_one_month_to_a_century(months: int) -> None:
    with pytest.raises(DataError, match="no horizon in months"):
        compiled(measure(), months=months)


def test_a_strategy_of_another_country_is_refused() -> None:
    with pytest.raises(DataError, match="of another country"):
        compile_scenario(PLAN, load_country(), months=12)


def test_a_measure_given_twice_is_refused() -> None:
    with pytest.raises(DataError, match="two measures have this id"):
        compiled(measure(), measure())
