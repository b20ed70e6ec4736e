"""The question of an evaluation posed as arrays: months, places, doses; or refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from careo.base.errors import CareoError
from careo.base.texts import LANGUAGES
from careo.evidence.events import Evaluation, Event, load_evaluations
from careo.panel import load_country
from careo.run.evaluation_setting import find_outcome, pose


def asked(**values: Any) -> Evaluation:
    event = Event("here", "deployment", "2020-06-01", ("me",), "read", places=("T3",))
    given_ = {"own_events": (event,), "period": "2018-01/2022-12", **values}
    return Evaluation("mine", {"en": "Mine"}, {"en": "?"}, "thefts", **given_)


def test_the_month_of_an_event_is_month_zero_and_a_place_counts_from_its_first() -> None:
    posed = pose(load_evaluations("toyland")["night-patrols"], load_country("toyland"))
    setting = posed.setting
    starts = dict(zip(setting.places, setting.start.tolist(), strict=True))
    assert (starts["T4"], starts["T6"], starts["T7"], starts["T2"]) == (30, 32, 36, -1)
    assert setting.first.isoformat() == "2018-01-01"


def test_what_rests_on_memory_enters_only_a_sensitivity_run_and_is_no_comparison() -> None:
    posed = pose(load_evaluations("toyland")["night-patrols"], load_country("toyland"))
    row = posed.setting.places.index("T9")
    assert not posed.setting.treated[row]
    assert not posed.setting.donors[row]
    assert posed.variants["memory"].treated[row]
    assert [event.id for event in posed.recalled] == ["patrol-hobbyvale"]
    placebo = posed.variants["placebo"]
    assert [placebo.places[i] for i in np.flatnonzero(placebo.treated)] == ["T2"]
    assert not placebo.donors[placebo.places.index("T4")]


def test_an_evaluation_of_recalled_events_alone_is_posed_and_says_so() -> None:
    event = Event("here", "deployment", "2020-06-01", ("me",), "memory", places=("T3",))
    assert pose(asked(own_events=(event,)), load_country("toyland")).only_recalled


def test_a_place_without_a_month_is_no_comparison() -> None:
    posed = pose(asked(), load_country("toyland"))
    assert posed.dropped == ("T5",)
    assert np.isfinite(posed.setting.counts).all()
    assert np.isfinite(posed.setting.population).all()


REFUSED: dict[str, tuple[Mapping[str, Any], str]] = {
    "before the data": ({"period": "2020-03/2022-12"}, "setting_before"),
    "after the data": ({"period": "2018-01/2019-12"}, "setting_after"),
    "outside the record": ({"period": "1995-01/1999-12"}, "panel_no_months"),
    "a missing month": (
        {"own_events": (Event("here", "deployment", "2020-06", ("me",), "read", places=("T5",)),)},
        "setting_missing",
    ),
    "no month": (
        {"own_events": (Event("here", "deployment", "2020", ("me",), "read", places=("T3",)),)},
        "setting_dated",
    ),
    "no such place": (
        {"own_events": (Event("here", "deployment", "2020-06", ("me",), "read", places=("T33",)),)},
        "panel_place",
    ),
    "everywhere": (
        {"own_events": (Event("here", "deployment", "2020-06", ("me",), "read", reach="nation"),)},
        "setting_missing",
    ),
    "everywhere at once": (
        {
            "own_events": (Event("here", "deployment", "2020-08", ("me",), "read", reach="nation"),),
            "period": "2019-05/2022-12",
        },
        "setting_all_treated",
    ),
    "nowhere": (
        {"own_events": (Event("here", "programme", "2020-06", ("me",), "read", reach="list"),)},
        "setting_no_treated",
    ),
    "nobody to compare with": ({"not_compared": tuple(f"T{i}" for i in range(1, 10))}, "setting_no_donors"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_question_that_cannot_be_put_is_refused_in_words(name: str) -> None:
    values, key = REFUSED[name]
    with pytest.raises(CareoError) as caught:
        pose(asked(**values), load_country("toyland"))
    assert caught.value.key == key
    for language in LANGUAGES:
        assert "{" not in caught.value.render(language)


def test_a_place_that_began_within_the_record_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    import careo.run.evaluation_setting as settings

    real = settings.counted_outcome

    def split(*given_: Any, **more: Any) -> Any:
        found = real(*given_, **more)
        counts = found.counts.copy()
        counts[found.places.index("T3"), :20] = np.nan
        return replace(found, counts=counts)

    monkeypatch.setattr(settings, "counted_outcome", split)
    with pytest.raises(CareoError) as caught:
        pose(asked(), load_country("toyland"))
    assert caught.value.key == "setting_split"
    assert "T3 (Kitehaven) has no value before 2019-09" in caught.value.render("en")


def test_an_unknown_outcome_is_refused_with_a_guess() -> None:
    with pytest.raises(CareoError, match="did you mean 'thefts'"):
        find_outcome(load_country("toyland"), "theft")


def test_a_measure_that_came_everywhere_unequally_treats_the_upper_half_by_dose() -> None:
    setting = pose(load_evaluations("mexico")["national-guard-2019"], load_country("mexico")).setting
    treated = setting.treated
    assert abs(int(treated.sum()) - int(setting.donors.sum())) <= 1
    assert set(setting.start[treated].tolist()) == {
        (2019 - setting.first.year) * 12 + 7 - setting.first.month
    }
    assert setting.dose[treated].max() == 1.0
    assert (setting.dose[treated] > 0).all()
    assert not setting.dose[~treated].any()


def test_operations_treat_ten_states_from_their_first_on() -> None:
    posed = pose(load_evaluations("mexico")["joint-operations-2006"], load_country("mexico"))
    setting = posed.setting
    starts = {code: at for code, at in zip(setting.places, setting.start.tolist(), strict=True) if at >= 0}
    assert sorted(starts) == ["02", "08", "10", "12", "16", "19", "25", "26", "28", "30"]
    assert (starts["16"], starts["02"], starts["26"]) == (59, 60, 74)
    later = posed.variants["later"]
    assert later.start[later.places.index("08")] == 74
    assert later.start[later.places.index("16")] == 59
