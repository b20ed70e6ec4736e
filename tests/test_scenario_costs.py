"""What a strategy costs, at whose prices, and what cannot be costed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from careo.base.errors import DataError
from careo.record.strategy import Cost
from careo.run.scenario import compile_scenario
from scenario_cases import PLAN, START, TEXT, TOYLAND, compiled, dose, measure, plan, said


def test_a_lever_costs_its_full_dose_times_the_dose_and_the_share_of_the_people() -> None:
    scenario = compiled(measure(dose=dose(0.5, 0.25, 1.0)), months=12, price_year=2022)
    (cost,) = scenario.costs
    assert (cost.basis, scenario.currency, scenario.price_year) == ("lever", "TYD", 2022)
    assert cost.value.sum() == pytest.approx(0.5 * 2_000_000)
    assert (cost.low.sum(), cost.high.sum()) == pytest.approx((0.25 * 1_500_000, 2_600_000))
    part = compiled(measure(where=("T1", "T2", "T3", "T4")), months=12, price_year=2022).costs[0].value.sum()
    rest = (
        compiled(measure(where=("T5", "T6", "T7", "T8", "T9")), months=12, price_year=2022)
        .costs[0]
        .value.sum()
    )
    assert part + rest == pytest.approx(0.5 * 2_000_000)
    assert part != pytest.approx(rest, rel=0.01)


def test_costs_are_told_at_the_prices_of_one_year() -> None:
    old, new = (compiled(measure(), price_year=year).costs[0].value for year in (2022, 2023))
    assert new == pytest.approx(old * 130 / 125)


def test_an_amount_of_the_file_is_that_of_a_year_at_prices_of_its_beginning() -> None:
    cost = Cost(value=Decimal(1200), low=Decimal(0), high=Decimal(2400), currency="TYD", basis=TEXT)
    scenario = compiled(measure(start="2020-03", cost=cost), months=4, price_year=2020)
    assert scenario.costs[0].value == pytest.approx([0, 0, 100, 100])
    assert scenario.costs[0].low == pytest.approx([0, 0, 0, 0])
    assert scenario.costs[0].high == pytest.approx([0, 0, 200, 200])
    assert "read as that of one year, at prices of 2020" in said(scenario.notes)


def test_money_on_record_is_spread_over_the_months_of_its_year_and_the_lever_s_cost_follows() -> None:
    cost = Cost(money="street-lamps", stage="spent")
    strategy = plan(measure(start="2022-07", cost=cost), period=replace(PLAN.period, start="2022-07-01"))
    spent = [flow for flow in _flows() if flow.period == "2022" and flow.stage == "spent"]
    assert len(spent) == 1 and spent[0].amount is not None
    scenario = compile_scenario(strategy, TOYLAND, start=START, months=18, price_year=2022)
    assert scenario.costs[0].value[:6] == pytest.approx([float(spent[0].amount) / 6] * 6)
    assert np.isfinite(scenario.costs[0].value).all()


def _flows() -> list[Any]:
    from careo.record.money import COUNTED, load_money

    return [f for f in load_money("toyland").flows if f.line == "street-lamps" and f.basis in COUNTED]


def test_what_cannot_be_costed_is_missing_and_never_zero() -> None:
    scenario = compiled(
        measure("m-1", lever="lantern-marking", start="2020-02"), measure("m-2", 0.1, direction=-1), months=3
    )
    marking, back = scenario.costs
    assert np.isnan(marking.value).tolist() == [False, True, True]  # before it begins it costs nothing
    assert (marking.basis, marking.costed) == ("none", False)
    assert np.isnan(back.value).all()
    assert "the lever has no cost" in said(scenario.notes)
    assert "(m-1): 2 months are not costed" in said(scenario.notes)
    assert "takes its lever back" in said(scenario.notes)


def test_a_budget_that_is_exceeded_is_refused_with_the_dearest_measure() -> None:
    parts = (measure("m-1"), measure("m-2", 0.1))
    enough = 0.6 * 2_000_000
    assert compiled(*parts, price_year=2022, budget_per_year=enough).levers == ("street-lighting",)
    with pytest.raises(DataError, match="cost more than the budget") as caught:
        compiled(*parts, price_year=2022, budget_per_year=enough - 1)
    assert "m-1" in str(caught.value)
    assert "1,199,999" in str(caught.value)


def test_prices_of_a_year_without_an_index_are_refused() -> None:
    with pytest.raises(DataError, match="2018 … 2023"):
        compiled(measure(), price_year=2050)
