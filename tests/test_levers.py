"""Levers: graded priors that cannot look surer than their evidence, their studies, and how both are shown."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.texts import LANGUAGES, say, sentences
from careo.evidence import Lever, find_lever, load_levers, load_studies
from careo.evidence.effects import (
    KAPPA,
    MECHANISMS,
    Effect,
    chance_below_zero,
    interval,
    least_sd,
    quantile,
)
from careo.evidence.levers import read_lever
from careo.evidence.studies import Estimate, Study, log_points, read_studies
from careo.views.cli import run
from careo.views.forest import Row, draw_forest, forest_rows, percent, prior_rows, text_forest, written
from careo.views.lever_verb import lever_data

SVG = "{http://www.w3.org/2000/svg}"
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

LEVER = """\
id: lamps
code: T1
name: {en: Lamps, es: Lámparas}
what: {en: More lamps., es: Más lámparas.}
full_dose: {en: A lamp each., es: Una lámpara por persona.}
dose_unit: {name: {en: lamps a head, es: lámparas por persona}, symbol: l}
effects:
- {mechanisms: [homicide], mean: -0.10, sd: 0.20}
lag: {kernel: gamma, months: 6}
grade: D
evidence_from: none
prior_basis: {en: Our judgement., es: Juicio nuestro.}
unverified: {en: All of it., es: Todo.}
studies: [one-2001]
interactions:
- {with: conflict, note: {en: With conflict., es: Con conflicto.}}
cost:
  value: 20
  low: 10
  high: 40
  currency: TOY
  price_year: 2020
  basis: {en: Guessed., es: Supuesto.}
sources: [one-2001]
verified: memory
"""
STUDIES = """\
studies:
- key: one-2001
  authors: One
  year: '2001'
  about: {en: Lamps, es: Lámparas}
  design: panel
  place: {en: Here, es: Aquí}
  outcome: {en: thefts, es: robos}
  result: {en: Fewer., es: Menos.}
  speaks_to: [homicide]
  verified: excerpt
  estimates:
  - {outcome: {en: thefts, es: robos}, metric: relative_change, value: -0.2, low: -0.3, high: -0.1, speaks_to: homicide, verified: excerpt}
"""
REFERENCES = "one-2001: {producer: One, title: Lamps}\n"
CARD = "key: nowhere\n"


def _world(folder: Path, lever: str = LEVER, studies: str = STUDIES, name: str = "lamps") -> Path:
    (folder / "levers").mkdir(parents=True, exist_ok=True)
    (folder / "country.yaml").write_text(CARD, encoding="utf-8")
    (folder / "references.yaml").write_text(REFERENCES, encoding="utf-8")
    (folder / "levers" / "studies.yaml").write_text(studies, encoding="utf-8")
    path = folder / "levers" / f"{name}.yaml"
    path.write_text(lever, encoding="utf-8")
    return path


def _mistakes(folder: Path, lever: str) -> tuple[CareoError, ...]:
    path = _world(folder, lever)
    sources = load_sources.__wrapped__(str(folder))
    known, _ = read_studies(folder / "levers" / "studies.yaml", sources)
    return read_lever(path, {study.key: study for study in known}, sources)[1]


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


# ── the floor by grade ───────────────────────────────────────────────────────────────────────────────────────────


def test_no_shipped_prior_is_surer_than_its_grade() -> None:
    for country in ("mexico", "toyland"):
        for lever in load_levers(country).values():
            for effect in lever.effects:
                if effect.law == "normal":
                    least = least_sd(effect.grade or lever.grade, effect.mean or 0)
                    assert effect.sd is not None and effect.sd >= least * (1 - 1e-9), lever.code


_GRADES = st.sampled_from(sorted(KAPPA))
_MEANS = st.floats(-3, 3).map(lambda x: round(x, 4))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grade=_GRADES, mean=_MEANS, below=st.floats(0.01, 0.999))
def test_any_prior_below_the_floor_is_refused_and_the_smallest_that_is_named_is_accepted(
    tmp_path: Path, grade: str, mean: float, below: float
) -> None:
    def lever(sd: str) -> str:
        return LEVER.replace("mean: -0.10, sd: 0.20", f"mean: {mean}, sd: {sd}").replace(
            "grade: D", f"grade: {grade}"
        )

    (refused,) = _mistakes(tmp_path, lever(f"{least_sd(grade, mean) * below:.9f}"))
    assert refused.key == "lever_floor"
    assert _mistakes(tmp_path, lever(str(refused.words["least"]))) == ()


def test_the_message_of_the_floor_says_where_which_floor_and_what_would_pass(tmp_path: Path) -> None:
    (error,) = _mistakes(tmp_path, LEVER.replace("sd: 0.20", "sd: 0.10"))
    told = error.render("en")
    assert told.startswith(f"{tmp_path}/levers/lamps.yaml:8: effects[0].sd")
    assert "grade D keeps sd ≥ 2 × max(|mean|, 0.05)" in told and "≥ 0.2" in told
    assert "'0.1'" in told and "sd: 0.2 or more" in told
    assert "grado D" in error.render("es")


def test_an_effect_may_have_a_worse_grade_than_its_lever_and_is_held_to_it(tmp_path: Path) -> None:
    better = LEVER.replace("\ngrade: D", "\ngrade: A").replace("sd: 0.20", "sd: 0.08")
    assert _mistakes(tmp_path, better) == ()
    (error,) = _mistakes(tmp_path, better.replace("sd: 0.08", "sd: 0.08, grade: D"))
    assert error.words["least"] == "0.2"


def test_rebounds_and_links_are_held_to_the_floor_too(tmp_path: Path) -> None:
    rebound = LEVER.replace("sd: 0.20}", "sd: 0.20, rebound: {mean: 0.3, sd: 0.5}}")
    link = LEVER + "links: [{name: e, from: rent, to: {conflict: 1}, mean: 0.3, sd: 0.59}]\n"
    assert [error.words["least"] for text in (rebound, link) for error in _mistakes(tmp_path, text)] == [
        "0.6",
        "0.6",
    ]


def test_structural_and_share_laws_are_exempt_and_nothing_else(tmp_path: Path) -> None:
    for law in ("law: structural, mean: 0.69", "law: structural", "law: beta_log_share, a: 2, b: 26"):
        assert _mistakes(tmp_path, LEVER.replace("mean: -0.10, sd: 0.20", law)) == ()


@given(_MEANS)
def test_a_lever_of_grade_d_never_looks_likely_to_work_from_its_prior(mean: float) -> None:
    at_the_floor = Effect(("homicide",), mean=mean, sd=least_sd("D", mean))
    chance = chance_below_zero(at_the_floor)
    assert chance is not None and 0.308 < chance < 0.692  # Φ(±1/2)


# ── broken files, one mistake each ───────────────────────────────────────────────────────────────────────────────

BROKEN: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "unknown key": (lambda t: t.replace("studies:", "studeis:"), ("studeis", "did you mean 'studies'", ":14")),
    "no floor without a deviation": (lambda t: t.replace(", sd: 0.20", ""), ("effects[0].law", "mean, sd", ":8")),
    "a law with the numbers of another": (lambda t: t.replace("sd: 0.20", "sd: 0.20, a: 2"), ("law normal", "a, mean, sd")),
    "a share without its second number": (lambda t: t.replace("mean: -0.10, sd: 0.20", "law: beta_log_share, a: 2"), ("a, b",)),
    "a deviation of zero": (lambda t: t.replace("sd: 0.20", "sd: 0"), ("effects[0].sd", "number", "gt 0")),
    "a mean that is no number": (lambda t: t.replace("mean: -0.10", "mean: small"), ("effects[0].mean", "'small'")),
    "an infinite mean": (lambda t: t.replace("mean: -0.10", "mean: 1e999"), ("effects[0].mean",)),
    "unknown mechanism": (lambda t: t.replace("[homicide]", "[homicides]"), ("did you mean 'homicide'",)),
    "unknown grade": (lambda t: t.replace("grade: D", "grade: E"), ("grade", "A | B | C | D", "'E'")),
    "unknown kernel": (lambda t: t.replace("kernel: gamma", "kernel: gama"), ("lag.kernel", "did you mean 'gamma'")),
    "a negative lag": (lambda t: t.replace("months: 6", "months: -6"), ("lag.months", "ge 0")),
    "a window that ends before it begins": (
        lambda t: t.replace("sd: 0.20", "sd: 0.20, from_month: 3, to_month: 3"), ("to_month", "before it begins")),
    "another id than the file": (lambda t: t.replace("id: lamps", "id: lamp"), ("id must be the name of the file", "lamps")),
    "a code that is none": (lambda t: t.replace("code: T1", "code: seven"), ("code", "L1")),
    "unknown study": (lambda t: t.replace("[one-2001]\ni", "[one-2002]\ni"), ("studies[0]", "did you mean 'one-2001'", ":14")),
    "unknown source": (lambda t: t.replace("sources: [one-2001]", "sources: [two]"), ("sources[0]", "no such source")),
    "no source at all": (lambda t: t.replace("sources: [one-2001]", "sources: []"), ("sources",)),
    "unknown partner": (lambda t: t.replace("with: conflict", "with: conflicts"), ("interactions[0].with", "'conflict'")),
    "costs out of order": (lambda t: t.replace("low: 10", "low: 30"), ("cost.low", "30, 20, 40")),
    "a judgement of cost graded better": (lambda t: t.replace("price_year: 2020", "price_year: 2020\n  grade: B"), ("grade D",)),
    "a cost from no source": (
        lambda t: t.replace("price_year: 2020", "price_year: 2020\n  judgement: false"), ("cost.sources", "needs a source")),
    "a text in no language": (lambda t: t.replace("{en: More lamps., es: Más lámparas.}", "{fr: Lampes}"), ("what",)),
    "a prior nobody owns": (lambda t: re.sub(r"prior_basis:.*\n", "", t), ("prior_basis is missing",)),
    "nothing about what is unverified": (lambda t: re.sub(r"unverified:.*\n", "", t), ("unverified is missing",)),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lever_file_says_where_and_what(tmp_path: Path, name: str) -> None:
    change, words = BROKEN[name]
    broken = change(LEVER)
    assert broken != LEVER
    errors = _mistakes(tmp_path, broken)
    assert len(errors) == 1, [str(error) for error in errors]
    told = errors[0].render("en")
    assert re.match(rf"{re.escape(str(tmp_path))}/levers/lamps\.yaml:\d+: ", told)
    for word in words:
        assert word in told
    assert errors[0].render("es") != told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda t: t.replace("value: -0.2, low: -0.3, high: -0.1, ", ""),
            ("estimates[0].value", "needs a value"),
        ),
        (lambda t: t.replace("low: -0.3", "low: -0.1"), ("must rise", "-0.1, -0.2, -0.1")),
        (lambda t: t.replace("low: -0.3", "low: -1"), ("no logarithm",)),
        (lambda t: t + t.partition("studies:\n")[2], ("studies[1].key", "twice")),
        (lambda t: t.replace("key: one-2001", "key: one-2002"), ("studies[0].key", "no such source")),
        (lambda t: t.replace("design: panel", "design: panels"), ("did you mean 'panel'",)),
        (lambda t: t.replace("metric: relative_change", "metric: change"), ("metric",)),
    ],
)
def test_a_broken_file_of_studies_says_where_and_what(
    tmp_path: Path, change: Callable[[str], str], words: tuple[str, ...]
) -> None:
    broken = change(STUDIES)
    assert broken != STUDIES
    _world(tmp_path, studies=broken)
    _, errors = read_studies(tmp_path / "levers" / "studies.yaml", load_sources.__wrapped__(str(tmp_path)))
    assert len(errors) == 1, [str(error) for error in errors]
    for word in words:
        assert word in str(errors[0])


def test_a_code_that_two_levers_claim_is_refused(tmp_path: Path) -> None:
    _world(tmp_path)
    _world(tmp_path, LEVER.replace("id: lamps", "id: locks"), name="locks")
    with pytest.raises(DataError, match=r"locks\.yaml:2: code: .*'lamps'"):
        load_levers(str(tmp_path))


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


def test_a_file_in_one_language_is_read(tmp_path: Path) -> None:
    _world(tmp_path, LEVER.replace("{en: More lamps., es: Más lámparas.}", "{es: Más lámparas.}"))
    assert load_levers(str(tmp_path))["lamps"].what == {"es": "Más lámparas."}


# ── what follows from a prior ────────────────────────────────────────────────────────────────────────────────────

_NORMAL = st.builds(
    lambda mean, sd: Effect(("homicide",), mean=mean, sd=sd), st.floats(-2, 2), st.floats(0.02, 2)
)


@given(_NORMAL)
def test_the_chance_of_being_negative_is_the_normal_distribution_function(effect: Effect) -> None:
    assert effect.mean is not None and effect.sd is not None
    closed = (1 + math.erf(-effect.mean / (effect.sd * math.sqrt(2)))) / 2
    mirrored = chance_below_zero(replace(effect, mean=-effect.mean))
    chance = chance_below_zero(effect)
    assert chance == pytest.approx(closed, abs=1e-12)
    assert chance is not None and mirrored == pytest.approx(1 - chance, abs=1e-12)


@given(_NORMAL, st.floats(0.01, 0.99))
def test_an_interval_holds_the_mass_it_is_asked_for(effect: Effect, mass: float) -> None:
    ends = interval(effect, mass)
    assert ends is not None and effect.mean is not None and effect.sd is not None
    law = NormalDist(effect.mean, effect.sd)
    assert law.cdf(ends[1]) - law.cdf(ends[0]) == pytest.approx(mass, abs=1e-9)


@given(st.integers(1, 60), st.floats(0.001, 0.999))
def test_a_share_that_is_one_of_n_has_the_closed_quantile(n: int, p: float) -> None:
    effect = Effect(("rent",), law="beta_log_share", a=1, b=n)  # P(s ≤ x) = 1 − (1 − x)^n
    assert quantile(effect, p) == pytest.approx(math.log(p) / n, rel=1e-9, abs=1e-12)


@given(st.integers(1, 12), st.integers(1, 40), st.floats(0.01, 0.99))
def test_quantiles_of_shares_agree_with_sums_of_the_binomial(a: int, b: int, p: float) -> None:
    found = quantile(Effect(("rent",), law="beta_log_share", a=a, b=b), 1 - p)
    assert found is not None
    x, n = -math.expm1(found), a + b - 1
    cdf = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert cdf == pytest.approx(p, abs=1e-9)


def test_a_fixed_effect_has_neither_interval_nor_chance() -> None:
    fixed = Effect(("incapacitation",), law="structural", mean=0.69)
    assert (quantile(fixed, 0.5), interval(fixed, 0.9), chance_below_zero(fixed)) == (0.69, None, None)


def _estimate(**given: Any) -> Estimate:
    base: dict[str, Any] = {
        "outcome": {"en": "x"},
        "metric": "relative_change",
        "speaks_to": "conflict",
        "verified": "read",
    }
    return Estimate(**(base | given))


def test_numbers_of_studies_become_log_points_at_a_full_dose() -> None:
    assert log_points(_estimate(value=0.8)) == (pytest.approx(math.log(1.8)), None, None)
    ratio = log_points(_estimate(metric="rate_ratio", value=0.55, low=0.49, high=0.63))
    assert ratio == pytest.approx((math.log(0.55), math.log(0.49), math.log(0.63)))
    turned = log_points(_estimate(value=0.36, low=0.1, high=0.5, to_dose=-1))
    assert turned == pytest.approx((-math.log(1.36), -math.log(1.5), -math.log(1.1)))
    assert log_points(_estimate(metric="rate_ratio", value=0.997, to_dose=50)) == (
        pytest.approx(50 * math.log(0.997)),
        None,
        None,
    )
    assert log_points(_estimate(metric="per_100k", value=11)) is None


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
    _world(tmp_path / "a")
    _world(tmp_path / "b", LEVER.replace("sd: 0.20", "sd: 0.30"))
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


# ── the forest plot ──────────────────────────────────────────────────────────────────────────────────────────────


def _parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def _svg(lever: Lever, studies: Mapping[str, Study] | None = None, language: str = "en") -> str:
    return draw_forest(
        forest_rows(lever, studies or load_studies(), language), title=lever.code, language=language
    )


def test_each_prior_is_followed_by_the_studies_that_speak_to_it() -> None:
    rows = forest_rows(find_lever("L5"), load_studies(), "en")
    kinds = [(row.kind, row.label.partition(" ")[0]) for row in rows]
    assert kinds[0] == ("prior", "prior,") and kinds[1][0] == "prior", "no number for states is on this scale"
    assert [row.value for row in rows if row.kind == "study"] == pytest.approx(
        [math.log(x) for x in (1.8, 1.3, 1.365)]
    )


def test_a_study_of_another_outcome_is_hollow_and_one_from_memory_starred() -> None:
    rows = {row.label: row for row in forest_rows(find_lever("L7"), load_studies(), "en")}
    assert rows["Dell 2015*"].recalled and rows["Dell 2015*"].hollow
    katz = [row for row in forest_rows(find_lever("L17"), load_studies(), "en") if row.kind == "study"]
    assert not any(row.recalled or row.hollow for row in katz)


def test_links_are_elasticities_and_are_not_drawn() -> None:
    rows = forest_rows(find_lever("L22"), load_studies(), "en")
    assert [row.kind for row in rows] == ["prior", "study"]


@pytest.mark.parametrize("code", [f"L{n}" for n in range(1, 29)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_a_forest_plot_stay_inside_it_and_do_not_touch(code: str, language: str) -> None:
    root = _parsed(_svg(find_lever(code), language=language))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    boxes: list[tuple[float, float, float, float]] = []
    for node in root.iter(f"{SVG}text"):
        size, x, y = (float(node.get(name, 0)) for name in ("font-size", "x", "y"))
        long = len(node.text or "") * size * 0.5
        left = x - long / 2 if node.get("text-anchor") == "middle" else x
        assert left >= 0 and left + long <= width and size <= y <= height, node.text
        boxes.append((left, left + long, y - size * 0.75, y + size * 0.2))
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
            assert apart, (one, other)


def test_a_weak_prior_is_paler_than_a_strong_one_and_dashed() -> None:
    row = Row("prior", "x", "", -0.1, (-0.3, 0.1), (-0.2, 0.0))
    strengths = {}
    for grade in "ABCD":
        svg = draw_forest([replace(row, grade=grade)], title="x")
        strengths[grade] = float(re.findall(r'fill-opacity="([\d.]+)"', svg)[0])
        plot = svg.partition("prior: median")[0]
        assert ("stroke-dasharray" in plot) == (grade == "D")
    assert strengths["A"] > strengths["B"] > strengths["C"] > strengths["D"]


HOSTILE = "</text><script>alert(1)</script> & \" ' \x00\x1b[31m \u202e \ud800 ]]>"


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    _world(tmp_path)
    lever, study = load_levers(str(tmp_path))["lamps"], load_studies(str(tmp_path))["one-2001"]
    estimate = replace(study.estimates[0], outcome={"en": HOSTILE})
    studies = {study.key: replace(study, authors=HOSTILE, estimates=(estimate,))}
    rows = forest_rows(lever, studies, "en")
    svg = draw_forest(rows, title=HOSTILE, notes=[HOSTILE])
    root = _parsed(svg)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        "svg", "title", "desc", "rect", "g", "path", "text", "circle",
    }  # fmt: skip
    assert "<script" not in svg and "alert(1)" in (root.get("aria-label") or "")
    svg.encode("utf-8")


@given(st.lists(st.builds(
    Row, st.sampled_from(["prior", "study", "fixed", "head"]), st.text(max_size=80), st.text(max_size=80),
    st.none() | st.floats(-6, 6), st.none() | st.tuples(st.floats(-6, 0), st.floats(0, 6)), grade=st.sampled_from("ABCD"),
), max_size=6))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_rows_make_a_picture_and_lines_of_one_width(rows: list[Row]) -> None:
    _parsed(draw_forest(rows, title="x"))
    lines = text_forest(rows, 40)
    assert len(lines) == len(rows)
    assert all(len(line) == (0 if row.kind == "head" else 40) for row, line in zip(rows, lines, strict=True))


def test_the_same_lever_makes_the_same_bytes() -> None:
    assert _svg(find_lever("L17")) == _svg(find_lever("L17"))


def test_the_terminal_shows_the_same_marks_in_the_same_order() -> None:
    rows = [
        Row("prior", "p", "", -0.5, (-1.0, 0.0), (-0.7, -0.3), "B"),
        Row("study", "s", "", 0.9),
        Row("study", "h", "", 0.9, hollow=True),
    ]
    prior, study, hollow = text_forest(rows, 41)
    zero = study.index("│")
    assert prior.index("◆") < zero < study.index("●") and hollow.index("○") == study.index("●")
    assert prior.count("━") < prior.count("─") + prior.count("━")


def test_rows_are_written_with_a_true_minus_and_percent_as_changes() -> None:
    assert written(Row("prior", "", "", -0.25, (-0.74, 0.24)), "en") == "−0.25 (−0.74 to 0.24)"
    assert written(Row("study", "", "", None, (-0.14, -0.13)), "es") == "−0.14 a −0.13"
    assert written(Row("study", "", "", -0.001), "en") == "0.00"
    assert [percent(x) for x in (math.log(1.8), -0.001, math.log(0.5))] == ["+80%", "0%", "−50%"]


def test_the_plot_of_all_levers_names_each_by_its_code() -> None:
    rows = prior_rows(list(load_levers().values()), "es")
    numbered = {row.label.partition(" ")[0] for row in rows}
    assert numbered == {f"L{n}" for n in range(1, 29)}


def test_a_picture_can_be_made_of_pixels(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    path = tmp_path / "forest.png"
    assert run(["levers", "L17", "-o", str(path), "--lang", "es"]) == 0
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG") and int.from_bytes(head[16:20], "big") == 2 * 940
    assert say("es", "levers.drawn", path=path)
