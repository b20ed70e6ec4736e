"""Strategies become doses by lever, place and month: re-dated, bounded, and the same whatever the order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from careo.base.errors import DataError
from careo.base.fields import worded
from careo.base.texts import LANGUAGES
from careo.evidence.levers import load_levers
from careo.panel import load_country
from careo.record.strategy import DoseFrom, Measure, load_strategy, strategies
from careo.run.scenario import Scenario, compile_scenario, largest_dose, over_levers, scenario_key
from scenario_cases import PLAN, START, TOYLAND, compiled, dose, doses, measure, plan, said
from worlds import words


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
