"""Files of events and evaluations: carried over as they were found, and refused with a line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.texts import LANGUAGES
from careo.evidence.events import (
    events_of,
    find_evaluation,
    load_evaluations,
    load_events,
    read_evaluation,
    read_events,
)
from careo.panel import load_country

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
