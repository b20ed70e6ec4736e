"""Designs that describe: dated histories and interrupted series, which have no p and claim no cause."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import poisson

from careo.evidence.events import load_evaluations, load_outcomes
from careo.model.luck import Luck, Process
from careo.panel import load_country
from careo.results.designs import dated_history, interrupted
from careo.results.designs.setting import Setting
from careo.results.evaluate import evaluate
from careo.results.evaluate_words import finding
from careo.run.evaluation_setting import pose
from careo.run.yearly import Yearly, yearly_record
from careo.views.evaluate_pictures import draw_evaluation


def series(counts: np.ndarray, first: int = 2000) -> Yearly:
    places = tuple(f"{i:03}" for i in range(len(counts)))
    years = tuple(range(first, first + counts.shape[1]))
    return Yearly("made", places, years, counts.astype(float), np.full(counts.shape, 100_000.0))


def test_what_never_changes_does_not_fall_and_what_is_chance_does() -> None:
    still = np.repeat(np.arange(1, 41)[:, None], 6, axis=1)
    for one in dated_history.falls([series(still)], 5):
        assert one.change == pytest.approx(0)
        assert one.net == pytest.approx(0)
    luck = Luck(3).uniform(Process.RESAMPLING, 0, np.arange(400), np.arange(12))
    chance = poisson.ppf(luck.reshape(12, 400).T, 4)
    found = dated_history.falls([series(chance)], 40, after=(1,))
    assert all(one.net < -0.4 for one in found)  # the top tenth of pure chance is at the mean a year later


def test_a_choice_by_hand_gives_the_falls_by_hand() -> None:
    counts = np.array([[10, 4], [6, 6], [2, 2], [2, 2], [2, 4]])
    (one,) = dated_history.falls([series(counts)], 1, after=(1,))
    assert (one.year, one.chosen, one.before_rate, one.after_rate) == (2000, 1, 10.0, 4.0)
    assert one.change == pytest.approx(-0.6)
    assert one.others == pytest.approx(14 / 12 - 1)
    assert one.net == pytest.approx(0.4 / (14 / 12) - 1)
    assert one.naive == pytest.approx(math.log(0.4))


def test_nothing_is_compared_across_two_series_nor_across_a_gap() -> None:
    first, second = series(np.ones((9, 2)) * 3), series(np.ones((9, 2)) * 7, first=2002)
    assert {one.year for one in dated_history.falls([first, second], 2, after=(1,))} == {2000, 2002}


def test_permuting_places_changes_nothing() -> None:
    counts = (np.arange(60).reshape(12, 5) * 7) % 23 + 1.0
    order = np.argsort((np.arange(12) * 5) % 12)
    here, there = (dated_history.falls([series(part)], 3) for part in (counts, counts[order]))
    assert [one.before_rate for one in here] == [one.before_rate for one in there]


def test_listed_places_are_seen_beside_the_rest() -> None:
    counts = np.array([[10, 4], [6, 6], [2, 2], [2, 2], [2, 4]])
    one = dated_history.listed_fall(series(counts), 2000, 1, ["001"])
    assert one is not None
    assert one.chosen == 1
    assert one.change == pytest.approx(0)
    assert math.isnan(one.naive)


def test_a_year_that_repeats_another_is_left_out_and_said() -> None:
    record = yearly_record(load_country("toyland"), load_outcomes("toyland")["thefts-watch"], "state")
    assert record[0].years == (2018, 2019, 2020, 2021, 2022)
    check = dated_history.checks((), [replace(record[0], copies=((2011, 2012),))], year=2020, after=(1,))[-1]
    assert "2011" in check.sentence("en")
    assert not check.gate


def test_an_interrupted_series_has_no_p_and_no_interval() -> None:
    setting = pose(load_evaluations("toyland")["ten-lamps"], load_country("toyland")).setting
    found = interrupted.estimate(setting)
    assert found
    assert all(math.isnan(one.p) and math.isnan(one.low) and math.isnan(one.high) for one in found)


def test_a_line_carried_on_and_a_step_are_told_exactly() -> None:
    months = np.arange(72)
    season = np.array([0, 1, 2, 3, 2, 1, 0, -1, -2, -3, -2, -1.0])[months % 12]
    rates = 20 + months / 12 + season + np.where(months >= 48, 4.0, 0.0)
    people = np.full((1, 72), 1e6)
    setting = Setting(
        rates[None] * people / 1_200_000, people, ("X",), date(2000, 1, 1),
        np.array([48]), np.ones(1), np.zeros(1, dtype=bool), windows=((0, 11),),
    )  # fmt: skip
    found = {
        (one.method, one.base): one.effect for one in interrupted.estimate(setting) if one.scale == "rate"
    }
    assert found["interrupted_trend", 24] == pytest.approx(4.0)
    assert found["interrupted_trend", 48] == pytest.approx(4.0)
    assert found["interrupted_before", 12] == pytest.approx(5.0)


@pytest.mark.parametrize("name", ["ten-lamps", "worst-lots"])
def test_what_can_never_tell_never_does(name: str) -> None:
    result = evaluate(name, load_country("toyland"))
    assert result.verdict.word == "inconclusive"
    told = finding(result)
    assert told.kind == "evaluation"
    assert told.grade == "D"
    pictures = draw_evaluation(result, "es")
    assert pictures
    assert all(picture.startswith("<svg") for picture in pictures.values())
