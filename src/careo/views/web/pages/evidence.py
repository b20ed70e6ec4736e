"""What is believed of the levers and on what evidence: priors, grades, studies, and our own evaluations beside them."""

from __future__ import annotations

from typing import Any

from careo.base.citations import load_sources
from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.effects import KAPPA, SMALLEST_MEAN
from careo.evidence.events import load_evaluations
from careo.evidence.levers import Lever, load_levers
from careo.evidence.own import held_against, load_own_studies
from careo.evidence.studies import Study, load_studies
from careo.views.forest import draw_forest, forest_rows, mechanisms, prior_rows
from careo.views.lever_verb import levers_data, source_keys
from careo.views.lever_words import (
    DOTS,
    below_words,
    cost_lines,
    effect_notes,
    graded,
    lag_words,
    link_name,
    own_words,
    partner_words,
    prior_numbers,
    prior_words,
    seen_words,
)  # fmt: skip
from careo.views.parts import source_rows
from careo.views.web.page import Asking, Page, Table, page, shipped

_FAMILIES = ("prevention", "coercion", "neither", "")
_PRIORS = (
    "lever",
    "code",
    "mechanism",
    "law",
    "mean",
    "sd",
    "median",
    "low_90",
    "high_90",
    "chance_below_zero",
    "grade",
)
_STUDIES = ("key", "authors", "year", "design", "place", "result", "verified")


@page("/evidence", part="evidence")
def evidence(asking: Asking) -> Page:
    """All levers with their priors, grades and how many studies stand behind each."""
    language = asking.language
    levers = list(load_levers(asking.country).values())
    data = levers_data(None, asking.country, language)
    grades = {grade: sum(lever.grade == grade for lever in levers) for grade in DOTS}
    families = [
        (each, [_row(lever, language) for lever in levers if (lever.family or "") == each])
        for each in _FAMILIES
    ]
    picture = draw_forest(
        prior_rows(levers, language), title=say(language, "levers.forest.all"), language=language
    )
    return Page(
        template="evidence.html",
        title=say(language, "web_evidence.title"),
        data=data,
        rows={
            "families": [(name, rows) for name, rows in families if rows],
            "grades": [(grade, DOTS[grade], say(language, f"levers.grade.{grade}"), count) for grade, count in grades.items()],
            "count": len(levers),
            "weak": grades["D"],
            "held": _own(asking, levers),
        },
        command=("levers",),
        python=f"import careo\n\nfor lever in careo.load_levers({asking.named()}).values():\n    print(lever.code, lever.id, lever.grade)",
        pictures={"priors": picture},
        tables={"priors": _priors_table(data)},
    )  # fmt: skip


@page("/evidence/{name}", part="evidence")
def lever(asking: Asking, name: str) -> Page:
    """One lever: what it is, its prior beside every study, what it costs, and whether our own evaluations agree."""
    language = asking.language
    one = shipped(name, load_levers(asking.country), "usage_lever")
    studies = load_studies(asking.country)
    data = levers_data(one, asking.country, language)
    rows = forest_rows(one, studies, language)
    sources = load_sources(asking.country, language)
    called = worded(one.name, language)
    title = say(language, "levers.forest.title", code=one.code, name=called)
    held = held_against(one, load_own_studies(asking.country).get(one.id, ()))
    asked = [each for each in load_evaluations(asking.country).values() if each.lever == one.id]
    drawn = (
        {"forest": draw_forest(rows, title=title, language=language)} if any(row.ends for row in rows) else {}
    )
    table = [[study[key] for key in _STUDIES] for study in data["levers"][0]["studies"]]
    return Page(
        template="lever.html",
        title=called,
        data=data,
        rows={
            "lever": one,
            "graded": graded(one.grade, one),
            "grade_line": _grade_line(one, language),
            "weak": _weak(one, language),
            "floor": _floor(one, language),
            "texts": _texts(one, language),
            "dose": _dose(one, language),
            "basis": worded(one.prior_basis, language),
            "priors": _priors(one, language),
            "notes": _notes(one, language),
            "studies": [_study(studies[key], language) for key in one.studies],
            "held": [(each.meet, own_words(each, language)) for each in held],
            "asked": [(each.id, worded(each.name, language), worded(each.question, language)) for each in asked],
            "interactions": [(partner_words(each.partner, language), worded(each.note, language)) for each in one.interactions],
            "cost": cost_lines(one.cost, language),
            "sources": source_rows([sources[key] for key in source_keys(one, studies)], language),
        },
        command=("levers", one.id),
        python=f"import careo\n\nlever = careo.find_lever({one.id!r}{asking.named(', ')})\nprint(lever.grade, lever.effects)",
        pictures=drawn,
        tables={"priors": _priors_table(data), "studies": Table(_STUDIES, table)},
        cites=(one.id,),
    )  # fmt: skip


def _row(found: Lever, language: str) -> dict[str, Any]:
    return {
        "id": found.id,
        "code": found.code,
        "name": worded(found.name, language),
        "grade": graded(found.grade, found),
        "letter": found.grade,
        "effects": [
            (mechanisms(each, language), prior_numbers(each, language)[3], prior_words(each, language), below_words(each, language)) for each in found.effects
        ],
        "studies": len(found.studies),
    }  # fmt: skip


def _own(asking: Asking, levers: list[Lever]) -> list[tuple[str, str, bool, str]]:
    """Every evaluation of our own beside a prior, as lever, its name, whether they meet, and the sentence."""
    own = load_own_studies(asking.country)
    return [
        (each.id, worded(each.name, asking.language), held.meet, own_words(held, asking.language))
        for each in levers
        for held in held_against(each, own.get(each.id, ()))
    ]


def _grade_line(found: Lever, language: str) -> str:
    star = "*" if found.verified == "memory" else ""
    word, origin = (
        say(language, f"levers.grade.{found.grade}"),
        say(language, f"levers.origin.{found.evidence_from}"),
    )
    return say(
        language,
        "levers.grade_line",
        grade=found.grade + star,
        dots=DOTS[found.grade],
        word=word,
        origin=origin,
    )


def _estimated(found: Lever) -> bool:
    return any(effect.law == "normal" for effect in found.effects)


def _weak(found: Lever, language: str) -> list[str]:
    """What its grade lets nobody say, and why it has that grade."""
    key = "levers.weak" if _estimated(found) else "levers.weak_fixed"
    told = [say(language, key)] if found.grade == "D" else []
    return [*told, *([worded(found.grade_note, language)] if found.grade_note else [])]


def _floor(found: Lever, language: str) -> list[str]:
    """How wide its grade makes the prior at least."""
    if not _estimated(found):
        return []
    ratio, kappa = f"{1 / KAPPA[found.grade]:.3g}", f"{KAPPA[found.grade]:g}"
    return [say(language, "levers.floor", kappa=kappa, smallest=f"{SMALLEST_MEAN:g}", ratio=ratio)]


def _texts(found: Lever, language: str) -> list[tuple[str, str, str]]:
    """What is told of it under headings of its own: key, heading, words."""
    told = {"rights": found.rights, "open": found.sign_open, "unverified": found.unverified}
    return [
        (key, say(language, f"levers.section.{key}"), worded(words, language))
        for key, words in told.items()
        if words
    ]


def _dose(found: Lever, language: str) -> list[str]:
    unit = say(
        language,
        "levers.dose_unit",
        unit=worded(found.dose_unit.name, language),
        symbol=found.dose_unit.symbol,
    )
    told = [say(language, "levers.dose", full=worded(found.full_dose, language)), unit]
    return [*told, *([say(language, "levers.dose_event")] if found.dose_kind == "event" else [])]


def _priors(found: Lever, language: str) -> list[list[str]]:
    """Mechanism, prior, intervals, the latter as change, P(b<0), lag and grade of every prior."""
    rows: list[list[str]] = []
    for effect in found.effects:
        grade = effect.grade or found.grade
        lag = lag_words(effect.lag or found.lag, language)
        rows.append([mechanisms(effect, language), *prior_numbers(effect, language), lag, grade])
        if effect.rebound:
            name = say(language, "levers.rebound", mechanism=mechanisms(effect, language))
            rows.append([name, *prior_numbers(effect.rebound, language), "", grade])
    for link in found.links:
        name = f"{link_name(link, language)} ({say(language, 'levers.link_what', name=link.name)})"
        numbers = prior_numbers(link, language)
        rows.append([name, *numbers[:3], "", below_words(link, language), "", link.grade or found.grade])
    return rows


def _notes(found: Lever, language: str) -> list[str]:
    notes = [note for effect in found.effects for note in effect_notes(effect, language)]
    notes += [worded(link.note, language) for link in found.links if link.note]
    return list(dict.fromkeys(notes))


def _study(found: Study, language: str) -> dict[str, str]:
    return {
        "name": " ".join(part for part in (found.authors, found.year) if part),
        "design": say(language, f"levers.design.{found.design}"),
        "place": worded(found.place, language),
        "result": " ".join(worded(words, language) for words in (found.result, found.note) if words),
        "seen": seen_words(found, language),
    }


def _priors_table(data: Any) -> Table:
    rows: list[tuple[str | float | None, ...]] = []
    for each in data["levers"]:
        for effect in each["effects"]:
            low, high = effect["interval_90"] or (None, None)
            told = (
                effect["law"],
                effect["mean"],
                effect["sd"],
                effect["median"],
                low,
                high,
                effect["chance_below_zero"],
            )
            rows.append((each["id"], each["code"], ", ".join(effect["mechanisms"]), *told, effect["grade"]))
    return Table(_PRIORS, rows)
