"""Strategies become doses by lever, place and month: re-dated, bounded, costed, and refused with file and line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import careo
from careo.base.errors import CareoError, DataError
from careo.base.fields import worded
from careo.base.texts import LANGUAGES
from careo.evidence.levers import load_levers
from careo.panel import load_country
from careo.panel.monthly import load_panel
from careo.record.strategy import Cost, Dose, DoseFrom, Measure, Strategy, load_strategy, strategies
from careo.run.scenario import (
    Level,
    Scenario,
    compile_scenario,
    largest_dose,
    mask_places,
    over_levers,
    scenario_key,
    scenario_mistakes,
    top_places,
)
from worlds import World, new_world, words

TOYLAND = load_country("toyland")
QUIET = load_strategy("status-quo", "toyland")
PLAN = replace(QUIET, slug="plan", period=replace(QUIET.period, start="2020-01-01", end=None))
START = date(2023, 4, 1)
TEXT = words("words")


def dose(value: float, low: float | None = None, high: float | None = None, **more: Any) -> Dose:
    ends = (value if low is None else low, value if high is None else high)
    return Dose("judgement", value, ends[0], ends[1], TEXT, "D", **more)


def measure(mark: str = "m-1", value: float = 0.5, **more: Any) -> Measure:
    return Measure(
        **{
            "id": mark, "name": words(mark), "lever": "street-lighting", "sources": ("gazette",), "verified": "read",
            "coverage": "later", "dose": dose(value), **more,
        }
    )  # fmt: skip


def plan(*measures: Measure, **more: Any) -> Strategy:
    return replace(PLAN, measures=measures, **more)


def compiled(*measures: Measure, start: date | None = START, months: int = 24, **asked: Any) -> Scenario:
    return compile_scenario(plan(*measures), TOYLAND, start=start, months=months, **asked)


def doses(scenario: Scenario, lever: str = "street-lighting", place: str = "T1") -> list[float]:
    return scenario.doses[scenario.levers.index(lever), scenario.places.index(place)].tolist()


def said(notes: Sequence[Mapping[str, str]]) -> str:
    return "\n".join(each["en"] for each in notes)


def same(one: Scenario, other: Scenario) -> bool:
    arrays = ((one.doses, other.doses), (one.doses_low, other.doses_low), (one.doses_high, other.doses_high))
    return one.levers == other.levers and all(np.array_equal(a, b) for a, b in arrays)


# ── months ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_measure_keeps_its_distance_from_the_first_month_of_its_strategy() -> None:
    scenario = compiled(measure(start="2020-04-01", end="2020-08-31"), months=12)
    assert doses(scenario) == [0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0]
    assert scenario.start == START
    assert "month 1 is 2023-04; the strategy's own first month is 2020-01" in said(scenario.notes)


def test_without_a_start_a_strategy_keeps_its_own_calendar() -> None:
    scenario = compiled(measure(start="2020-04-01"), start=None, months=5)
    assert scenario.start == date(2020, 1, 1)
    assert doses(scenario) == [0, 0, 0, 0.5, 0.5]


def test_days_are_rounded_to_the_nearest_beginning_of_a_month() -> None:
    early, late = measure("m-1", start="2020-02-16"), measure("m-2", start="2020-02-17", lever="night-patrol")
    scenario = compiled(early, late, months=3)
    assert doses(scenario) == [0, 0.5, 0.5]
    assert doses(scenario, "night-patrol") == [0, 0, 0.5]
    assert doses(compiled(measure(start="2020-02", end="2020-03-15"), months=4)) == [0, 0.5, 0, 0]
    assert doses(compiled(measure(start="2020-02-10", end="2020-02-12"), months=4)) == [0, 0.5, 0, 0]


def test_the_origin_is_rounded_like_every_other_date() -> None:
    strategy = plan(measure(start="2020-02-20"), period=replace(PLAN.period, start="2020-02-20"))
    assert doses(compile_scenario(strategy, TOYLAND, months=2)) == [0.5, 0.5]


def test_what_began_before_the_first_month_is_in_force_from_it() -> None:
    assert doses(compiled(measure(start="2018-06", end="2020-02"), months=4)) == [0.5, 0.5, 0, 0]


def test_a_measure_without_a_start_is_in_force_from_the_first_month_and_is_named() -> None:
    scenario = compiled(measure("m-9"), months=2)
    assert doses(scenario) == [0.5, 0.5]
    note = next(note for note in scenario.notes if "No start is known" in note["en"])
    for language, told in note.items():
        assert f"{worded(scenario.measures[0].name, language)} (m-9)" in told, (
            "an id alone tells a reader nothing"
        )


def test_a_measure_beyond_the_horizon_is_named_and_not_dropped() -> None:
    scenario = compiled(measure("m-1"), measure("m-2", start="2022-01-01", lever="night-patrol"), months=12)
    assert scenario.levers == ("street-lighting",)
    (left,) = scenario.not_simulated
    assert (left.id, left.lever) == ("m-2", "night-patrol")
    assert left.reason["en"] == "It begins in month 25 of the strategy, and the horizon ends with month 12."


def test_a_measure_that_was_over_before_is_named() -> None:
    scenario = compiled(measure("m-1"), measure("m-2", start="2018", end="2019-06-30"), months=12)
    assert [left.id for left in scenario.not_simulated] == ["m-2"]
    assert "2019-06-30" in scenario.not_simulated[0].reason["es"]


def test_a_measure_that_cannot_be_dosed_is_named_with_its_own_reason_and_never_zero() -> None:
    scenario = compiled(
        measure("m-1"), measure("m-2", lever="night-patrol", dose=None, not_simulated=words("why"))
    )
    assert scenario.levers == ("street-lighting",)
    assert scenario.not_simulated[0].reason == words("why")


def test_a_strategy_of_which_nothing_can_be_simulated_says_that_its_zero_is_no_finding() -> None:
    scenario = compiled(measure(dose=None, not_simulated=words("why")))
    assert scenario.doses.shape == (0, 9, 24)
    assert "not a finding" in said(scenario.notes)


def test_a_horizon_longer_than_the_strategy_is_said() -> None:
    strategy = plan(measure(), period=replace(PLAN.period, end="2020-12-31"))
    assert "longer than the strategy's own 12" in said(compile_scenario(strategy, TOYLAND, months=13).notes)
    assert "longer" not in said(compile_scenario(strategy, TOYLAND, months=12).notes)


# ── doses ────────────────────────────────────────────────────────────────────────────────────────────────────────


SCHEDULE = (DoseFrom("2020-03", 0.2), DoseFrom("2020-05", 0.4))


def test_a_schedule_changes_the_dose_and_its_range_with_it() -> None:
    scenario = compiled(measure(start="2020-02", dose=dose(0.4, 0.2, 0.6, schedule=SCHEDULE)), months=6)
    assert doses(scenario) == [0, 0, 0.2, 0.2, 0.4, 0.4]
    assert scenario.doses_low[0, 0] == pytest.approx([0, 0, 0.1, 0.1, 0.2, 0.2])
    assert scenario.doses_high[0, 0] == pytest.approx([0, 0.3, 0.3, 0.3, 0.6, 0.6])
    assert "nothing is on record before 2020-03" in said(scenario.notes)


def test_a_schedule_is_re_dated_with_its_measure_and_goes_on_from_where_it_was() -> None:
    scenario = compiled(
        measure(start="2019-01", dose=dose(0.4, schedule=(DoseFrom("2019-01", 0.1), *SCHEDULE))), months=6
    )
    assert doses(scenario) == [0.1, 0.1, 0.2, 0.2, 0.4, 0.4]


def test_the_range_of_an_earlier_step_never_passes_the_full_dose() -> None:
    steps = (DoseFrom("2020-01", 0.9), DoseFrom("2020-02", 0.1))
    scenario = compiled(measure(start="2020-01", dose=dose(0.1, 0.05, 0.3, schedule=steps)), months=2)
    assert scenario.doses_high[0, 0] == pytest.approx([1.0, 0.3])


def test_a_schedule_that_ends_at_nothing_keeps_its_range_in_the_lever_s_unit() -> None:
    steps = (DoseFrom("2020-01", 0.3), DoseFrom("2020-02", 0.0))
    scenario = compiled(measure(start="2020-01", dose=dose(0.0, 0.0, 0.1, schedule=steps)), months=2)
    assert doses(scenario) == [0.3, 0.0]
    assert scenario.doses_high[0, 0] == pytest.approx([0.4, 0.1])


def test_a_ramp_grows_evenly_and_one_begun_before_is_further_along() -> None:
    new = compiled(measure(start="2020-02", value=0.4), months=6, ramp_months={"m-1": 4})
    assert doses(new) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.4])
    old = compiled(measure(start="2019-12", value=0.4), months=6, ramp_months={"m-1": 4})
    assert doses(old) == pytest.approx([0.2, 0.3, 0.4, 0.4, 0.4, 0.4])


def test_a_measure_turned_round_takes_its_lever_back_low_for_high() -> None:
    scenario = compiled(measure(direction=-1, dose=dose(0.3, 0.1, 0.6)), months=1)
    assert (scenario.doses_low.min(), scenario.doses.min(), scenario.doses_high.min()) == (-0.6, -0.3, -0.1)


def test_doses_of_one_lever_in_one_place_add_up_and_stop_at_the_full_dose() -> None:
    scenario = compiled(measure("m-1", 0.7, where=("T1", "T2")), measure("m-2", 0.6, where=("T1",)), months=2)
    assert doses(scenario) == [1.0, 1.0]
    assert doses(scenario, place="T2") == [0.7, 0.7]
    assert "more than 1 in T1" in said(scenario.notes)
    assert "T2" not in said(scenario.notes)


def test_opposite_measures_of_one_lever_meet() -> None:
    scenario = compiled(measure("m-1", 0.7), measure("m-2", 0.2, direction=-1), months=1)
    assert doses(scenario) == pytest.approx([0.5])


def test_only_a_lever_that_is_a_sum_of_money_takes_more_than_the_full_dose() -> None:
    limits = {lever.id: largest_dose(lever) for lever in load_levers().values()}
    assert {name for name, most in limits.items() if most != 1} == {"foreign-aid"}


def test_event_levers_are_flagged_and_keep_events_per_month() -> None:
    scenario = compile_scenario(load_strategy("calderon-2006"), load_country(), months=72)
    row = scenario.levers.index("leader-removal")
    assert scenario.events == tuple(lever == "leader-removal" for lever in scenario.levers)
    assert scenario.doses[row].max() == pytest.approx(0.01776)


# ── what is in force ─────────────────────────────────────────────────────────────────────────────────────────────


def test_doses_are_changes_from_what_is_in_force_where_the_strategy_has_a_measure() -> None:
    standing = compiled(measure("s-1", 0.3), measure("s-2", 0.4, lever="night-patrol"), months=4)
    scenario = compiled(measure(where=("T1",), start="2020-02", end="2020-03"), months=4, in_force=standing)
    assert doses(scenario) == pytest.approx([0, 0.2, 0.2, 0])
    assert doses(scenario, place="T2") == [0, 0, 0, 0]
    assert scenario.levers == ("street-lighting",)  # what it says nothing of stays as it is
    assert "difference from plan" in said(scenario.notes)


def test_what_is_in_force_already_changes_nothing() -> None:
    standing = compiled(measure(), months=4)
    assert not compiled(measure(), months=4, in_force=standing).doses.any()


def test_what_is_in_force_must_be_of_the_same_places_and_months() -> None:
    with pytest.raises(DataError, match="another start or another number of months"):
        compiled(measure(), months=4, in_force=compiled(measure(), months=5))


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── costs ────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────

_share = some.floats(0, 1).map(lambda x: round(x, 3))


@some.composite
def measures(draw: some.DrawFn) -> Measure:
    low, value, high = sorted((draw(_share), draw(_share), draw(_share)))
    first = draw(some.integers(2018 * 12, 2024 * 12))
    length = draw(some.none() | some.integers(0, 40))
    ends = [f"{month // 12}-{month % 12 + 1:02d}" for month in (first, first + (length or 0))]
    codes = draw(some.lists(some.sampled_from(TOYLAND.places.states), min_size=1, unique=True))
    return measure(
        f"m-{draw(some.integers(0, 10_000))}",
        lever=draw(some.sampled_from(["street-lighting", "night-patrol", "L3"])),
        where=draw(some.sampled_from(["nation", tuple(codes)])),
        start=draw(some.sampled_from([ends[0], None])),
        end=ends[1] if length is not None else None,
        direction=draw(some.sampled_from([1, -1])),
        dose=dose(value, low, high),
    )


_plans = some.lists(measures(), min_size=1, max_size=6, unique_by=lambda m: m.id)


def tried(parts: Sequence[Measure], start: date = START, months: int = 30) -> Scenario | None:
    try:
        return compiled(*parts, start=start, months=months)
    except DataError as error:
        assert error.key == "scenario_outside"
        return None


@settings(max_examples=60, deadline=None)
@given(_plans, some.integers(-60, 200))
def test_re_dating_moves_the_calendar_and_no_dose(parts: list[Measure], by: int) -> None:
    one = tried(parts)
    month = START.year * 12 + START.month - 1 + by
    other = tried(parts, start=date(month // 12, month % 12 + 1, 17))
    assert (one is None) == (other is None)
    if one and other:
        assert same(one, other)
        assert other.start == date(month // 12, month % 12 + 1, 1)
        assert (scenario_key(one) == scenario_key(other)) == (by == 0)


@settings(max_examples=40, deadline=None)
@given(_plans, some.integers(1, 24))
def test_moving_a_strategy_and_all_its_dates_together_changes_no_dose(
    parts: list[Measure], years: int
) -> None:
    def moved(text: str | None) -> str | None:
        return text and f"{int(text[:4]) + years}{text[4:]}"

    later = [replace(part, start=moved(part.start), end=moved(part.end)) for part in parts]
    strategy = plan(*later, period=replace(PLAN.period, start=f"{2020 + years}-01-01"))
    one = tried(parts)
    if one:
        assert same(one, compile_scenario(strategy, TOYLAND, start=START, months=30))


@settings(max_examples=60, deadline=None)
@given(_plans, some.randoms(use_true_random=False))
def test_the_order_of_measures_changes_nothing_at_all(parts: list[Measure], random: Any) -> None:
    mixed = list(parts)
    random.shuffle(mixed)
    one, other = tried(parts), tried(mixed)
    assert (one is None) == (other is None)
    if one and other:
        assert same(one, other)
        assert scenario_key(one) == scenario_key(other)
        assert one.notes == other.notes


@settings(max_examples=60, deadline=None)
@given(_plans)
def test_doses_stay_within_the_full_dose_and_their_own_range(parts: list[Measure]) -> None:
    scenario = tried(parts)
    if scenario is None:
        return
    assert scenario.doses_low.min() >= -1
    assert scenario.doses_high.max() <= 1
    assert (scenario.doses_low <= scenario.doses).all()
    assert (scenario.doses <= scenario.doses_high).all()
    assert not (np.signbit(scenario.doses) & (scenario.doses == 0)).any()
    named = {part.id for part in scenario.measures} | {part.id for part in scenario.not_simulated}
    assert named == {part.id for part in parts}
    for cost in scenario.costs:
        known = np.isfinite(cost.value)
        assert (cost.low[known] <= cost.value[known]).all()
        assert (cost.value[known] <= cost.high[known]).all()


@settings(max_examples=40, deadline=None)
@given(_plans)
def test_every_place_by_name_is_the_nation(parts: list[Measure]) -> None:
    nation = tried([replace(part, where="nation") for part in parts])
    listed = tried([replace(part, where=tuple(reversed(TOYLAND.places.states))) for part in parts])
    assert (nation is None) == (listed is None)
    if nation and listed:
        assert same(nation, listed)
        assert scenario_key(nation) == scenario_key(listed)


@settings(max_examples=40, deadline=None)
@given(_plans, some.integers(1, 30))
def test_a_shorter_horizon_is_the_beginning_of_a_longer_one(parts: list[Measure], months: int) -> None:
    long, short = tried(parts), tried(parts, months=months)
    if long and short:
        for row, lever in enumerate(short.levers):
            assert np.array_equal(short.doses[row], long.doses[long.levers.index(lever)][:, :months])


def test_the_status_quo_moves_nothing() -> None:
    for country in ("toyland", "mexico"):
        scenario = compile_scenario(
            load_strategy("status-quo", country), load_country(country), start=date(2026, 1, 1), months=72
        )
        assert scenario.levers == ()
        assert not scenario.doses.any()
        assert scenario.not_simulated == ()


def test_every_shipped_strategy_compiles_with_words_in_both_languages() -> None:
    for land in ("toyland", "mexico"):
        country, levers = load_country(land), load_levers(land)
        for name in strategies(land):
            strategy = load_strategy(name, land)
            scenario = compile_scenario(strategy, country, start=date(2026, 1, 1), months=72)
            told = [*scenario.notes, *(each.reason for each in scenario.not_simulated)]
            assert all(set(each) == set(LANGUAGES) and "{" not in "".join(each.values()) for each in told), (
                name
            )
            assert {m.id for m in strategy.measures} == {
                *(part.id for part in scenario.measures), *(part.id for part in scenario.not_simulated)
            }  # fmt: skip
            assert set(scenario.levers) == {part.lever for part in scenario.measures} <= set(levers)
            assert scenario.doses.dtype == np.float64
            assert not scenario.doses.flags.writeable


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_key_is_the_same_in_another_process() -> None:
    code = (
        "from datetime import date\nfrom careo.panel import load_country\nfrom careo.record.strategy import load_strategy\n"
        "from careo.run.scenario import compile_scenario, scenario_key\n"
        "s = compile_scenario(load_strategy('ten-lamps-2018', 'toyland'), load_country('toyland'), start=date(2023, 4, 1), months=60)\n"
        "print(scenario_key(s))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = compile_scenario(load_strategy("ten-lamps-2018", "toyland"), TOYLAND, start=START, months=60)
    assert done.stdout.strip() == scenario_key(here)


def test_the_key_follows_numbers_and_not_words() -> None:
    one = compiled(measure())
    assert scenario_key(one) == scenario_key(compiled(measure(name=words("another name"))))
    others = [
        compiled(measure(value=0.501)),
        compiled(measure(dose=dose(0.5, 0.4))),
        compiled(measure(), start=date(2023, 5, 1)),
        compiled(measure(), months=23),
        compiled(measure(where=("T1",))),
        compiled(measure(lever="night-patrol")),
        compiled(measure(), price_year=2022),
    ]
    assert len({scenario_key(one), *map(scenario_key, others)}) == 1 + len(others)


def test_a_longer_list_of_levers_has_zeros_for_the_others() -> None:
    one = compiled(measure(lever="night-patrol"))
    wide = over_levers(one, ("street-lighting", "night-patrol"), (False, False))
    assert np.array_equal(wide.doses[1], one.doses[0])
    assert not wide.doses[0].any()
    with pytest.raises(ValueError, match="night-patrol"):
        over_levers(one, ("street-lighting",), (False,))


# ── mistakes, with file and line ─────────────────────────────────────────────────────────────────────────────────


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


@pytest.mark.parametrize(
    ("country", "levels"), [("mexico", ("state", "municipality")), ("toyland", ("state",))]
)
def test_coverage_calls_exactly_the_simulated_measures_answered_by_the_laboratory(
    country: str, levels: tuple[Level, ...]
) -> None:
    places = careo.load_country(country)
    labels = {(e.strategy, e.id): e for e in careo.coverage(country).elements if e.part == "measures"}
    assert labels
    for (slug, measure), element in labels.items():
        strategy = careo.load_strategy(slug, country)
        left = [compile_scenario(strategy, places, months=72, level=level).not_simulated for level in levels]
        simulated = any(measure not in {one.id for one in of_level} for of_level in left)
        assert (element.by == f"careo simulate {slug}") == simulated, (slug, measure)
