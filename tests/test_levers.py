"""Levers: the shipped registry with its graded priors, how one is found, and how both are shown."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.base.texts import LANGUAGES, sentences
from careo.evidence import find_lever, load_levers, load_studies
from careo.evidence.effects import MECHANISMS
from careo.views.cli import run
from careo.views.lever_verb import lever_data
from lever_cases import CARD, LEVER, lever_world

SLUGS = [
    "youth-employment", "targeted-therapy", "cash-transfers", "local-prevention",
    "leader-removal", "mid-level-arrests", "military-operation", "national-guard",
    "hot-spot-patrol", "police-reform", "certainty-of-punishment", "longer-sentences",
    "incapacitation", "prison-rehabilitation", "remand-reform", "amnesty",
    "negotiated-truce", "cannabis-regulation", "poppy-regulation", "foreign-demand",
    "foreign-gun-control", "purchase-monitoring", "intelligence-sharing", "foreign-aid",
    "torture-ban", "inequality", "anti-extortion-units", "search-and-forensics",
]  # fmt: skip

# Code → grade and (mechanism, mean, sd) of every normal prior, as the working notes judge them (section B2).
PRIORS: dict[str, tuple[str, set[tuple[str, float, float]]]] = {
    "L1": ("C", {("recruitment", -0.25, 0.30)}),
    "L2": ("A", {("recruitment", -0.25, 0.15), ("exit", 0.10, 0.10)}),
    "L3": ("C", {("recruitment", -0.05, 0.20)}),
    "L4": ("C", {("homicide", -0.03, 0.12)}),
    "L5": ("B", {("fragmentation", 0.04, 0.04), ("fragmentation", 0.59, 0.48)}),
    "L6": ("C", {("conflict", -0.02, 0.06), ("conflict", 0.03, 0.06)}),
    "L7": ("B", {("conflict", 0.15, 0.25), ("rights_complaints", 0.6, 0.48)}),
    "L8": ("D", {("homicide", 0.0, 0.15), ("conflict", 0.0, 0.15), ("rights_complaints", 0.3, 0.60)}),
    "L9": ("A", {("homicide", -0.03, 0.05)}),
    "L10": ("B", {("extortion", -0.10, 0.12), ("homicide", 0.05, 0.12)}),
    "L11": ("C", {("homicide", -0.14, 0.17), ("conflict", -0.14, 0.17)}),
    "L12": ("D", {("recruitment", 0.0, 0.10)}),
    "L13": ("D", set()),
    "L14": ("A", {("recidivism", -0.12, 0.08)}),
    "L15": ("D", {("recidivism", 0.0, 0.10)}),
    "L16": ("D", {("exit", 0.0, 0.20), ("recidivism", 0.0, 0.20)}),
    "L17": ("B", {("conflict", -0.45, 0.36), ("extortion", 0.10, 0.25)}),
    "L18": ("B", set()),
    "L19": ("C", {("extortion", 0.05, 0.10)}),
    "L20": ("B", set()),
    "L21": ("B", {("conflict", -0.03, 0.04), ("conflict", -0.12, 0.10)}),
    "L22": ("A", {("corruption", -0.15, 0.08)}),
    "L23": ("D", {("captures", 0.0, 0.15), ("clearance", 0.0, 0.15)}),
    "L24": ("C", {("captures", 0.0, 0.06), ("clearance", 0.0, 0.06)}),
    "L25": ("B", {("rights_complaints", -0.15, 0.12), ("clearance", 0.0, 0.15)}),
    "L26": ("B", {("conflict", -0.12, 0.12)}),
    "L27": ("D", {("extortion", -0.10, 0.20), ("kidnapping", -0.10, 0.20)}),
    "L28": ("D", {("recording", 0.0, 0.10)}),
}


# ── the shipped registry ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_lever_is_there_in_order_under_its_code_and_its_name() -> None:
    levers = load_levers()
    assert list(levers) == SLUGS
    assert [lever.code for lever in levers.values()] == [f"L{n}" for n in range(1, 29)]


@pytest.mark.parametrize("code", PRIORS)
def test_a_prior_is_what_the_notes_judged_it_to_be(code: str) -> None:
    lever = find_lever(code)
    grade, expected = PRIORS[code]
    found = {(m, e.mean, e.sd) for e in lever.effects if e.law == "normal" for m in e.mechanisms}
    assert (lever.grade, found) == (grade, expected)


def test_priors_of_other_laws_are_the_shares_and_the_doses_of_the_notes() -> None:
    laws = {
        (lever.code, e.mechanisms[0]): (e.a, e.b) if e.law == "beta_log_share" else e.mean
        for lever in load_levers().values()
        for e in lever.effects
        if e.law != "normal"
    }
    assert laws == {
        ("L12", "incapacitation"): None,
        ("L13", "incapacitation"): pytest.approx(math.log(2), abs=1e-4),
        ("L15", "prison_inflow"): None,
        ("L18", "rent"): (2, 26),
        ("L19", "rent"): (1, 40),
        ("L20", "rent"): pytest.approx(math.log(0.9), abs=1e-4),
    }


def test_regimes_windows_and_links_are_those_of_the_notes() -> None:
    truce = find_lever("L17").effects[0]
    assert truce.hazard_per_month == 0.04 and truce.rebound is not None
    assert (truce.rebound.mean, truce.rebound.sd) == (0.20, 0.25)
    assert find_lever("L4").effects[0].half_life_months == 12
    early, late = find_lever("L6").effects
    assert (early.from_month, early.to_month, late.from_month, late.to_month) == (0, 3, 3, None)
    assert early.lag is not None and early.lag.months == 0 and late.lag is not None and late.lag.months == 6
    links = {link.name: (dict(link.to), link.mean, link.sd, link.grade or lever.grade)
             for lever in load_levers().values() for link in lever.links}  # fmt: skip
    assert links == {
        "eps": ({"conflict": 1}, 0.3, 0.24, "B"),
        "ec": ({"recruitment": 1, "incapacitation": -1}, 0.1, 0.20, "D"),
    }
    assert [find_lever(code).lag.kernel for code in ("L5", "L7", "L1")] == ["flat", "flat", "gamma"]


def test_removals_are_events_whose_priors_are_of_homicides() -> None:
    events = [lever for lever in load_levers().values() if lever.dose_kind == "event"]
    assert [lever.code for lever in events] == ["L5"]
    assert all(effect.calibrates for effect in events[0].effects)
    assert {effect.level for effect in events[0].effects} == {"state", "municipality"}


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_every_study_is_used_and_everything_cited_is_a_source(country: str) -> None:
    levers, studies, sources = load_levers(country), load_studies(country), load_sources(country)
    assert set(studies) == {key for lever in levers.values() for key in lever.studies}
    cited = {key for study in studies.values() for key in study.cited} | {
        key
        for lever in levers.values()
        for key in (*lever.sources, *(lever.cost.sources if lever.cost else ()))
    }
    assert cited <= sources.keys()


def test_what_is_only_remembered_says_so_at_its_source_and_its_number() -> None:
    sources = load_sources()
    for study in load_studies().values():
        if study.verified == "memory":
            assert sources[study.key].seen == "memory", study.key
    dell = load_studies()["dell-2015"]
    assert dell.verified == "excerpt" and {e.verified for e in dell.estimates} == {"memory"}


def test_a_lever_without_any_study_is_graded_d_and_shown_as_unverified() -> None:
    for lever in load_levers().values():
        if lever.evidence_from in ("none", "simulation"):
            assert lever.grade == "D", lever.code
        if lever.evidence_from == "none":
            assert lever.verified == "memory", lever.code


def test_every_lever_says_whose_judgement_its_prior_and_its_cost_are() -> None:
    for lever in load_levers().values():
        assert "udgement" in lever.prior_basis["en"] and "uicio" in lever.prior_basis["es"], lever.code
        assert lever.cost is not None, lever.code
        assert lever.cost.grade == "D" or lever.cost.sources, lever.code


def test_levers_that_touch_rights_say_how() -> None:
    assert all(find_lever(code).rights for code in ("L7", "L8", "L13", "L15", "L17", "L25", "L28"))


def _words(thing: Any, at: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every text by language inside a noun, with where it stands."""
    if isinstance(thing, Mapping) and set(thing) & set(LANGUAGES):
        yield at, thing
    elif isinstance(thing, (tuple, list)):
        for index, item in enumerate(thing):
            yield from _words(item, f"{at}[{index}]")
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from _words(getattr(thing, field.name), f"{at}.{field.name}")


@pytest.mark.parametrize("country", ["mexico", "toyland"])
def test_every_text_stands_in_both_languages_and_is_translated(country: str) -> None:
    count = 0
    for noun in (*load_levers(country).values(), *load_studies(country).values()):
        for at, words in _words(noun):
            count += 1
            assert all(words.get(language, "").strip() for language in LANGUAGES), at
            if len(words["en"].split()) > 4:
                assert words["en"] != words["es"], at
    assert count > 20


def test_every_mechanism_design_and_metric_has_words() -> None:
    from typing import get_args

    from careo.evidence import studies as module

    for language in LANGUAGES:
        told = sentences(language)
        for name in MECHANISMS:
            assert f"levers.mechanism.{name}.name" in told and f"levers.mechanism.{name}.what" in told
        for part, names in (("design", module.Design), ("metric", module.Metric), ("verified", module.Known)):
            assert all(f"levers.{part}.{name}" in told for name in get_args(names))


# ── finding them ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["L7", "l7", "military-operation", "Military Operation", " military_operation "]
)
def test_a_lever_is_found_by_code_or_name_in_any_case(name: str) -> None:
    assert find_lever(name).code == "L7"


@pytest.mark.parametrize(
    ("name", "guess"),
    [("amnisty", "amnesty"), ("guard", "national-guard"), ("militar", "military-operation")],
)
def test_an_unknown_lever_is_answered_with_the_nearest(name: str, guess: str) -> None:
    with pytest.raises(CareoError, match=f"did you mean '{guess}'"):
        find_lever(name)


def test_what_is_near_to_nothing_is_answered_with_the_list() -> None:
    for name in ("qqqq", "L29"):
        with pytest.raises(CareoError, match="careo levers"):
            find_lever(name)


def test_a_country_without_levers_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "country.yaml").write_text(CARD, encoding="utf-8")
    assert load_levers(str(tmp_path)) == {} and load_studies(str(tmp_path)) == {}
    assert run(["levers", "--country", str(tmp_path), "--lang", "en"]) == 0
    assert "no levers" in capsys.readouterr().out


# ── the verb ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["levers", *arguments]) == 0
    return capsys.readouterr().out


def test_the_list_has_a_line_for_every_lever_and_the_json_an_entry(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = _told(capsys, "--lang", "en")
    assert all(re.search(rf"^L{n}\s", text, re.MULTILINE) for n in range(1, 29))
    assert re.search(r"^L1\s.*−0\.25 ± 0\.30\s+80%\s+12 mo\s+C ●●○○", text, re.MULTILINE)
    data = json.loads(_told(capsys, "--json", "--lang", "es"))
    assert data["command"] == "levers" and [row["id"] for row in data["levers"]] == SLUGS
    assert data["levers"][6]["effects"][0]["chance_below_zero"] == pytest.approx(0.27425, abs=1e-5)


@pytest.mark.parametrize("code", [f"L{n}" for n in range(1, 29)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lever_is_shown_whole_in_both_languages(
    capsys: pytest.CaptureFixture[str], code: str, language: str
) -> None:
    text = _told(capsys, code, "--lang", language)
    flat = re.sub(r"\s+", " ", text)
    lever = find_lever(code)
    for words in (lever.name, lever.what, lever.full_dose, lever.prior_basis, lever.unverified):
        assert words[language] in flat
    assert not re.search(r"\{\w+\}", text), "no placeholder is left open"
    assert not re.search(r"\b(None|nan)\b", text)


def test_a_weak_lever_looks_weak_and_a_strong_one_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    weak, strong = (_told(capsys, code, "--lang", "en") for code in ("L8", "L2"))
    assert "WEAK" in weak and "D* ●○○○" in weak and "No estimate was found" in weak
    assert "WEAK" not in strong and "A ●●●●" in strong


def test_numbers_from_memory_are_starred(capsys: pytest.CaptureFixture[str]) -> None:
    text = _told(capsys, "L7", "--lang", "en")
    assert "8.4 percentage points*" in text and "Dell 2015*" in text
    assert "homicides in the first year: 11 per 100,000 inhabitants\n" in text


def test_json_of_one_lever_brings_its_studies_and_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(_told(capsys, "L17", "--json", "--lang", "en"))
    (lever,) = data["levers"]
    katz = lever["studies"][0]["estimates"][0]
    assert katz["value"] == 0.55 and katz["log_points"][0] == pytest.approx(math.log(0.55))
    assert {"katz-2016", "evidence-notes"} <= {source["key"] for source in data["sources"]}


def test_a_world_that_differs_in_one_prior_differs_there_only(tmp_path: Path) -> None:
    lever_world(tmp_path / "a")
    lever_world(tmp_path / "b", LEVER.replace("sd: 0.20", "sd: 0.30"))
    one, two = (
        lever_data(load_levers(str(tmp_path / name))["lamps"], load_studies(str(tmp_path / name)), "en")
        for name in "ab"
    )
    assert {key for key in one if one[key] != two[key]} == {"effects"}
    changed = {key for key in one["effects"][0] if one["effects"][0][key] != two["effects"][0][key]}
    assert changed == {"sd", "interval_50", "interval_90", "chance_below_zero"}


def test_out_writes_a_picture_by_its_name_and_refuses_other_kinds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["levers", "L5", "-o", str(tmp_path / "forest.svg"), "--lang", "en"]) == 0
    assert "Removal of leaders" in (tmp_path / "forest.svg").read_text(encoding="utf-8")
    assert run(["levers", "L5", "-o", str(tmp_path / "forest.pdf"), "--lang", "en"]) == 2
    assert ".svg | .png" in capsys.readouterr().err and not (tmp_path / "forest.pdf").exists()
    assert run(["levers", "-o", str(tmp_path / "list.txt"), "--lang", "en"]) == 0
    assert "L28" in (tmp_path / "list.txt").read_text(encoding="utf-8")


def test_an_unknown_lever_leaves_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levers", "goard", "--lang", "es"]) == 2
    assert "no hay tal palanca" in capsys.readouterr().err.lower()
