"""Events and evaluations: carried over as they were found, refused with a line, posed as arrays, judged by the stated rules."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

import careo
from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.shipped import country_folder
from careo.base.texts import LANGUAGES, say, sentences
from careo.evidence.events import (
    Evaluation,
    Event,
    events_of,
    find_evaluation,
    load_evaluations,
    load_events,
    load_outcomes,
    read_evaluation,
    read_events,
)
from careo.evidence.levers import load_levers
from careo.evidence.own import held_against, load_own_studies
from careo.evidence.studies import Estimate as Published
from careo.evidence.studies import Study, read_studies
from careo.model.luck import Luck, Process
from careo.panel import load_country
from careo.record.strategy import load_strategy
from careo.results.designs import dated_history, interrupted
from careo.results.designs.setting import Check, Estimate, Setting
from careo.results.evaluate import Evaluated, evaluate, judge, leading
from careo.results.evaluate_words import because, besides, finding, holm, percent
from careo.results.own_evidence import registry_text
from careo.results.strategy_audit import audit_strategy
from careo.run.evaluation_setting import find_outcome, pose
from careo.run.yearly import Yearly, yearly_record
from careo.views.cli import run
from careo.views.evaluate_pictures import draw_evaluation
from careo.views.lever_words import own_words

FACTS = Path(__file__).resolve().parents[2] / "shared" / "facts"
SURE = {"memory": 0, "excerpt": 1, "read": 2}
COUNTRIES = ("mexico", "toyland")
realdata = pytest.mark.skipif(not FACTS.is_dir(), reason="../shared is not beside the project")


# ── what was carried over ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.realdata
@realdata
def test_every_compiled_event_is_carried_with_its_date_and_never_surer() -> None:
    drafts = yaml.safe_load((FACTS / "events.yaml").read_text(encoding="utf-8"))
    ours = load_events("mexico")
    found = [
        each
        for part in ("leader_removals", "joint_operations", "programmes_and_deployments")
        for each in drafts[part]
    ]
    assert len(found) == len(ours)
    for draft in found:
        event = ours[draft["id"].lower()]
        assert event.date == str(draft["date"])
        told = draft.get("states") or draft.get("where") or [draft.get("state")]
        assert event.places == (tuple(told) if isinstance(told, list) else ())
        assert event.municipalities == (
            (draft["municipality"],) if draft.get("municipality") else event.municipalities
        )
        tags = [draft[tag] for tag in ("verified", "date_verified", "place_verified") if draft.get(tag)]
        assert SURE[event.sureness] <= min(SURE[tag] for tag in tags)
        seen = load_sources("mexico")[event.sources[0]].seen
        assert not seen or SURE[seen] <= SURE["read"]


@pytest.mark.realdata
@realdata
def test_the_table_of_operations_is_in_the_events_with_its_places() -> None:
    ours = [event for event in load_events("mexico").values() if event.kind == "joint_operation"]
    with (FACTS / "operations_2006_2009.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            codes = set(row["state_codes"].split(";"))
            assert any(event.date == row["start"] and set(event.places) == codes for event in ours), row[
                "operation"
            ]


def test_the_one_event_that_never_was_is_only_a_placebo() -> None:
    untrue = [event.id for event in load_events("mexico").values() if event.untrue]
    assert untrue == ["kp-2010-12-09-lfm"]
    for evaluation in load_evaluations("mexico").values():
        assert not set(untrue) & {*evaluation.events, *evaluation.wider}
    assert load_evaluations("mexico")["leader-removals"].placebos == ("kp-2010-12-09-lfm",)


@pytest.mark.parametrize("country", COUNTRIES)
def test_leaders_are_a_group_and_a_date(country: str) -> None:
    removals = [event for event in load_events(country).values() if event.kind == "leader_removal"]
    assert removals
    for event in removals:
        assert event.name is None
        assert event.group
        assert event.group.isupper()
    alias = ("el-teo", "el-marro", "el-z-4", "ovidio")
    urls = " ".join(source.url.lower() for source in load_sources(country).values())
    assert not [name for name in alias if name in urls]


@pytest.mark.parametrize("country", COUNTRIES)
def test_shipped_evaluations_speak_both_languages_and_name_known_places(country: str) -> None:
    places = load_country(country).places.by_code
    for event in load_events(country).values():
        assert set(event.places + event.municipalities) <= set(places)
    for evaluation in load_evaluations(country).values():
        for words in (evaluation.name, evaluation.question, *evaluation.notes):
            assert set(words) == set(LANGUAGES)
        assert all(key in load_sources(country) for key in evaluation.sources)


# ── files that people write ──────────────────────────────────────────────────────────────────────────────────────

MINE: dict[str, Any] = {
    "id": "mine",
    "name": {"en": "Mine"},
    "question": {"en": "What did it do?"},
    "outcome": "thefts",
    "period": "2018-01/2022-12",
    "own_events": [
        {
            "id": "here",
            "kind": "deployment",
            "date": "2020-06-01",
            "name": {"en": "Here"},
            "places": ["T3"],
            "sources": ["seen by me"],
            "verified": "read",
        }
    ],
}


def written(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Path:
    data = yaml.safe_load(yaml.safe_dump(MINE))
    change(data)
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


def _set(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update(values)


def _event(**values: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key, value in values.items():
            if value is None:
                data["own_events"][0].pop(key)
            else:
                data["own_events"][0][key] = value

    return change


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], str, str]] = {
    "no source": (_event(sources=None), "sources", "file_missing"),
    "empty source": (_event(sources=[]), "sources", "file_missing"),
    "no such outcome": (_set(outcome="theft"), "theft", "evaluation_outcome"),
    "no such event": (_set(events=["patrol-button"]), "patrol-button", "evaluation_event"),
    "an event that never was": (_set(events=["patrol-marblemere"]), "patrol-marblemere", "evaluation_untrue"),
    "nothing happened": (_set(own_events=[]), "events", "evaluation_no_event"),
    "a window that ends before it begins": (_set(windows=[[6, 2]]), "6, 2", "evaluation_window"),
    "an open period": (_set(period="2018-01/.."), "2018-01/..", "evaluation_period"),
    "a choice without its design": (_set(choice={"count": 3, "year": 2020}), "choice", "evaluation_choice"),
    "no such lever": (_set(lever="night-patrols"), "night-patrols", "evaluation_lever"),
    "no such study": (_set(studies=["nobody-1900"]), "nobody-1900", "lever_study"),
    "no such place": (_event(places=["T33"]), "T33", "panel_place"),
    "a nation with places": (_event(reach="nation"), "places", "event_places"),
    "an end before the start": (_event(end="2019-01"), "2019-01", "event_end"),
    "a person's event": (_event(kind="leader_removal"), "group", "event_group"),
    "an unknown key": (_set(desing="by_places"), "desing", "file_unknown_key"),
    "a date that is none": (_event(date="soon"), "soon", "file_date"),
    "a surer tag": (_event(verified="certain"), "certain", "file_choice"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_mistake_of_a_file_names_its_line(name: str, tmp_path: Path) -> None:
    change, word, key = BROKEN[name]
    path = written(tmp_path, change)
    with pytest.raises(DataError) as caught:
        find_evaluation(path, "toyland", places=load_country("toyland").places.by_code)
    told = [mistake for mistake in caught.value.mistakes if mistake.key == key]
    assert told, caught.value
    assert f"{path}:" in told[0].where
    assert word in told[0].render("en")
    for language in LANGUAGES:
        assert "{" not in told[0].render(language)


def test_a_sound_file_of_ones_own_is_read_and_may_cite_in_words(tmp_path: Path) -> None:
    found = find_evaluation(written(tmp_path), "toyland", places=load_country("toyland").places.by_code)
    assert events_of(found, load_events("toyland"))[0].sources == ("seen by me",)


def test_a_file_with_two_mistakes_names_both(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        _set(outcome="theft", lever="x")(data)

    _, mistakes = read_evaluation(written(tmp_path, change), "toyland", own=True)
    assert {mistake.key for mistake in mistakes} == {"evaluation_outcome", "evaluation_lever"}


def test_an_event_of_a_country_without_a_source_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "events.yaml"
    path.write_text(
        "events:\n- id: x\n  kind: deployment\n  date: '2019'\n  name: {en: x}\n  reach: nation\n  verified: read\n  sources: [nowhere]\n",
        encoding="utf-8",
    )
    _, mistakes = read_events(path, load_sources("toyland"))
    assert [(mistake.key, mistake.where) for mistake in mistakes] == [("file_source", f"{path}:8")]


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(CareoError, match="did you mean 'night-patrols'"):
        find_evaluation("night-patrol", "toyland")


# ── the question as arrays ───────────────────────────────────────────────────────────────────────────────────────


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


# ── the verdict ──────────────────────────────────────────────────────────────────────────────────────────────────


def estimate_(effect: float, p: float, scale: str = "rate", **more: Any) -> Estimate:
    given_ = {
        "low": effect - 1,
        "high": effect + 1,
        "smallest_p": 0.0005,
        "mde": 2.0,
        "default": True,
        **more,
    }
    return Estimate("imputation", (0, 11), scale, effect, p=p, **given_)


FAILED = Check("size", False, "evaluate.why.scale")


def test_the_rules_give_each_verdict_and_in_their_order() -> None:
    up = (estimate_(3, 0.001), estimate_(0.2, 0.01, "log"))
    down = (estimate_(-3, 0.001), estimate_(-0.2, 0.01, "log"))
    assert judge(up, ()).word == "increased"
    assert judge(down, ()).word == "decreased"
    assert judge((estimate_(3, 0.4), estimate_(0.2, 0.3, "log")), ()).word == "no detectable effect"
    assert judge((estimate_(3, 0.04), estimate_(0.2, 0.3, "log")), ()).reason == "evaluate.why.scale"
    assert judge((*up, replace(estimate_(-1, 0.9), method="other")), ()).reason == "evaluate.why.method"
    assert judge(up, (FAILED,)).reason == FAILED.reason
    assert judge(up, (replace(FAILED, gate=False),)).word == "increased"
    assert judge(up, (replace(FAILED, passed=None),)).word == "increased"
    assert judge(up, (), only_recalled=True).reason == "evaluate.why.recalled"
    assert judge(up, (FAILED,), capped="national").reason == "evaluate.why.national"
    assert judge((estimate_(3, 0.1, smallest_p=0.1),), ()).reason == "evaluate.why.few_placebos"
    assert judge((), ()).reason == "evaluate.why.nothing"


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(0.0005, 1.0)), min_size=2, max_size=2),
    st.lists(st.sampled_from([True, False, None]), max_size=4),
)
def test_a_failed_gate_is_never_a_supported_verdict(
    numbers: list[tuple[float, float]], passed: list[bool | None]
) -> None:
    estimates = [
        estimate_(effect, p, scale) for (effect, p), scale in zip(numbers, ("rate", "log"), strict=True)
    ]
    checks = [Check(f"c{i}", one, "evaluate.why.scale") for i, one in enumerate(passed)]
    verdict = judge(estimates, checks)
    if False in passed:
        assert verdict.word == "inconclusive"
    elif all(p > 0.05 for _, p in numbers):
        assert verdict.word == "no detectable effect"
    elif verdict.word != "inconclusive":
        assert verdict.word == ("increased" if numbers[0][0] > 0 else "decreased")
        assert numbers[0][0] * numbers[1][0] >= 0


def test_the_leading_estimates_are_one_a_scale_of_the_first_window() -> None:
    second = replace(estimate_(9, 0.001), window=(12, 23))
    found = leading(
        (second, estimate_(0.1, 0.5, "log"), estimate_(2, 0.5), replace(estimate_(5, 0.1), default=False))
    )
    assert [(one.scale, one.effect) for one in found] == [("rate", 2), ("log", 0.1)]
    assert leading(()) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_is_one_sentence_with_its_numbers(language: str) -> None:
    estimates = (estimate_(3, 0.001), estimate_(math.log(1.25), 0.01, "log", low=0.0, high=0.5))
    evaluation = load_evaluations("toyland")["night-patrols"]
    country = load_country("toyland")
    base = Evaluated(
        evaluation,
        load_outcomes("toyland")["thefts"],
        country,
        "difference",
        judge(estimates, ()),
        estimates,
        (),
    )
    told = because(base, language)
    assert "+3.0" in told
    assert "+25%" in told
    none = tuple(replace(one, p=0.5) for one in estimates)
    told = because(replace(base, estimates=none, verdict=judge(none, ())), language)
    assert "2.0" in told
    failed = judge(estimates, (FAILED, FAILED))
    told = because(replace(base, verdict=failed), language)
    assert say(language, "evaluate.why.scale") in told
    assert "{" not in told


# ── designs that describe ────────────────────────────────────────────────────────────────────────────────────────


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


def test_our_own_estimate_is_evidence_that_the_registry_reads(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(registry_text(evaluate("ten-lamps", load_country("toyland"))), encoding="utf-8")
    studies, mistakes = read_studies(path, load_sources("toyland"))
    assert not mistakes
    assert studies[0].grade == "D"
    assert studies[0].key == "careo-ten-lamps"


# ── the verb ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_and_a_described_series_are_printed(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "list", "--country", "toyland", "--lang", language]) == 0
    assert "night-patrols" in capsys.readouterr().out
    assert run(["evaluate", "ten-lamps", "--country", "toyland", "--lang", language]) == 0
    out = capsys.readouterr().out
    assert say(language, "evaluate.why.national")[:40] in " ".join(out.split())


@pytest.mark.parametrize("name", ["list", "ten-lamps", "worst-lots"])
def test_what_is_printed_as_json_keeps_the_contract(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", name, "--country", "toyland", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, careo.schema())


@pytest.mark.parametrize(("name", "word"), [("nobody", "evaluate list"), ("missing.yaml", "missing.yaml")])
def test_what_a_user_can_cause_is_a_sentence_and_exit_code_two(
    name: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", name, "--country", "toyland", "--lang", "en"]) == 2
    err = capsys.readouterr().err
    assert word in err
    assert "Traceback" not in err


def test_texts_of_both_languages_have_the_same_keys() -> None:
    assert set(sentences("en", "evaluate")) == set(sentences("es", "evaluate"))
    assert percent(0.0) == "+0%"


# ── beside the priors ────────────────────────────────────────────────────────────────────────────────────────────


def own_study(low: float, high: float, **more: Any) -> Study:
    words = {"en": "x", "es": "x"}
    number = Published(
        words, "log_points", "homicide", "computed", value=(low + high) / 2, low=low, high=high, **more
    )
    return Study(
        "careo-x",
        "careo",
        words,
        "differences",
        words,
        words,
        words,
        ("homicide",),
        "computed",
        estimates=(number,),
        grade="B",
    )


def test_an_own_estimate_meets_a_prior_or_disagrees_in_words() -> None:
    lever = load_levers("mexico")["local-prevention"]  # −0.03 ± 0.12 on homicide
    (meets,) = held_against(lever, (own_study(-0.1, 0.1),))
    (apart,) = held_against(lever, (own_study(0.5, 0.9),))
    assert (meets.meet, apart.meet) == (True, False)
    for language in LANGUAGES:
        assert say(language, "levers.own.apart").split(". ")[-1][:8] in own_words(apart, language)


def test_an_estimate_of_another_mechanism_or_level_is_not_held_against_a_prior() -> None:
    lever = load_levers("mexico")["leader-removal"]
    assert held_against(lever, (own_study(0.0, 0.2),)) == ()
    told = replace(own_study(0.0, 0.2).estimates[0], speaks_to="fragmentation", level="state")
    (held,) = held_against(lever, (replace(own_study(0.0, 0.2), estimates=(told,)),))
    assert held.effect.level == "state"


# ── from the question to the verdict, with the designs that compare places ───────────────────────────────────────


@pytest.fixture(scope="module")
def compared() -> Evaluated:
    return evaluate("snatcher-kitehaven", load_country("toyland"), draws=99)


def test_one_treated_place_among_nine_can_never_tell(compared: Evaluated) -> None:
    assert compared.design == "synthetic_control"
    assert compared.verdict.word == "inconclusive"
    assert compared.verdict.reason == "evaluate.why.few_placebos"
    assert {"actual-synthetic", "placebos"} <= set(draw_evaluation(compared, "en"))


def test_an_evaluation_writes_pictures_and_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert (
        run(
            [
                "evaluate",
                "snatcher-kitehaven",
                "--country",
                "toyland",
                "--json",
                "--draws",
                "99",
                "-o",
                str(out),
            ]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert told["findings"][0]["verdict"] == "inconclusive"
    assert told["findings"][0]["kind"] == "evaluation"
    assert [each["place"] for each in told["evaluation"]["places"]["treated"]] == ["T3"]
    assert sorted(path.suffix for path in out.iterdir()) == [".json", ".svg", ".svg"]


def test_the_same_seed_gives_the_same_evaluation(compared: Evaluated) -> None:
    again = evaluate("snatcher-kitehaven", load_country("toyland"), draws=99)
    assert [replace(one, low=0, high=0, mde=0) for one in again.estimates if one.p == one.p] == [
        replace(one, low=0, high=0, mde=0) for one in compared.estimates if one.p == one.p
    ]


def test_operations_that_were_sent_to_a_peak_are_refused() -> None:
    result = evaluate("joint-operations-2006", load_country("mexico"))
    assert result.design == "difference"
    assert result.verdict.word == "inconclusive"
    assert any(check.passed is False and check.gate for check in result.checks)
    (beside,) = [one for one in besides(result) if one.reads != "apart"]
    assert beside.study.key == "espinosa-rubin-2015"
    assert registry_text(result).count("grade: C") == 1
    # What is shipped is what the command writes now; else run tools/write_own_evidence.py.
    kept = country_folder("mexico") / "levers" / "own" / "joint-operations-2006.yaml"
    assert kept.read_text(encoding="utf-8") == registry_text(result)


def test_every_question_that_compares_states_is_kept_as_evidence_and_shown_beside_its_prior() -> None:
    kept = [study for studies in load_own_studies("mexico").values() for study in studies]
    asked = [
        name
        for name, one in load_evaluations("mexico").items()
        if one.level == "state" and one.design == "by_places"
    ]
    assert {study.key for study in kept} == {f"careo-{name}" for name in asked}
    assert {study.grade for study in kept} <= {"B", "C"}
    levers = load_levers("mexico")
    for lever, studies in load_own_studies("mexico").items():
        held = held_against(levers[lever], studies)
        assert {one.study.key for one in held} == {study.key for study in studies}, lever
    for language in LANGUAGES:
        result = audit_strategy(load_strategy("amlo-2019-practice"), language=language)
        told = [caveat for one in result.findings if one.kind == "measure" for caveat in one.caveats]
        assert any("careo levers national-guard" in caveat for caveat in told)


def test_holm_is_never_below_p_nor_above_bonferroni_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    for seed in range(20):
        p = np.random.default_rng(seed).uniform(size=6).tolist()
        told = holm(p)
        assert all(one <= other <= min(1, 6 * one) for one, other in zip(p, told, strict=True))
        in_order = [told[k] for k in np.argsort(p)]
        assert in_order == sorted(in_order)
