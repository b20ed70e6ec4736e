"""`careo levers [ID]`: the evidence registry, as a list or lever by lever, in words, as JSON or as a forest plot."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from careo.base.citations import Source, load_sources
from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.effects import (
    KAPPA,
    SMALLEST_MEAN,
    Effect,
    chance_below_zero,
    interval,
    quantile,
)
from careo.evidence.levers import Cost, Lever, find_lever, load_levers
from careo.evidence.own import held_against, load_own_studies
from careo.evidence.studies import Study, load_studies, log_points
from careo.views import contract
from careo.views.cli import Asked
from careo.views.forest import (
    draw_forest,
    forest_rows,
    mechanisms,
    prior_rows,
    text_forest,
    written,
)
from careo.views.images import write_image
from careo.views.lever_words import (
    DOTS,
    below_words,
    cost_lines,
    effect_notes,
    estimate_words,
    graded,
    lag_short,
    lag_words,
    link_name,
    own_words,
    partner_words,
    prior_numbers,
    prior_words,
    seen_words,
)  # fmt: skip
from careo.views.terminal import Screen

_TEXTS = ("", ".txt", ".md", ".json")


def levers_verb(asked: Asked, *, lever: str | None) -> int:
    """`careo levers [ID]`: what is believed of the levers, and on what evidence."""
    one = find_lever(lever, asked.country) if lever else None
    levers = [one] if one else list(load_levers(asked.country).values())
    studies = load_studies(asked.country)
    if asked.out and Path(asked.out).suffix.lower() not in _TEXTS:
        _picture(asked, one, levers, studies)
        return 0
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(levers_data(one, asked.country, asked.language)))
    elif one:
        own = load_own_studies(asked.country).get(one.id, ())
        _show_lever(screen, one, studies, load_sources(asked.country, asked.language), own, asked.language)
    else:
        _show_list(screen, levers, asked.language)
    screen.close()
    return 0


def levers_data(one: Lever | None, country: str, language: str) -> dict[str, Any]:
    """All levers of a country, or one with its sources and our own evaluations beside its priors, as the JSON contract has them."""
    studies = load_studies(country)
    levers = [one] if one else list(load_levers(country).values())
    block: dict[str, Any] = {"levers": [lever_data(item, studies, language) for item in levers]}
    if one:
        sources = load_sources(country, language)
        held = held_against(one, load_own_studies(country).get(one.id, ()))
        block["own"] = [
            {
                "study": each.study.key,
                "grade": each.study.grade,
                "prior": each.prior,
                "ours": each.ours,
                "meet": each.meet,
            }
            for each in held
        ]
        block["sources"] = [asdict(sources[key]) for key in source_keys(one, studies)]
    return contract.envelope("levers", **block)


def lever_data(lever: Lever, studies: Mapping[str, Study], language: str) -> dict[str, Any]:
    """A lever as the JSON contract has it: the file in one language, with what follows from its priors."""
    effects = [_effect_data(effect, lever, language) for effect in lever.effects]
    links = [
        {
            "name": link.name, "from": link.source, "to": dict(link.to), "mean": link.mean, "sd": link.sd,
            "grade": link.grade or lever.grade, "chance_below_zero": chance_below_zero(link),
            "interval_90": interval(link, 0.9), "note": worded(link.note, language),
        }
        for link in lever.links
    ]  # fmt: skip
    return {
        "id": lever.id,
        "code": lever.code,
        "name": worded(lever.name, language),
        "family": lever.family,
        "what": worded(lever.what, language),
        "full_dose": worded(lever.full_dose, language),
        "dose_unit": {
            "name": worded(lever.dose_unit.name, language),
            "symbol": lever.dose_unit.symbol,
        },
        "dose_kind": lever.dose_kind,
        "effects": effects,
        "links": links,
        "lag": asdict(lever.lag),
        "grade": lever.grade,
        "grade_note": worded(lever.grade_note, language),
        "evidence_from": lever.evidence_from,
        "transported": lever.transported,
        "prior_basis": worded(lever.prior_basis, language),
        "sign_open": worded(lever.sign_open, language) or None,
        "unverified": worded(lever.unverified, language),
        "rights": worded(lever.rights, language) or None,
        "interactions": [
            {"with": each.partner, "note": worded(each.note, language)} for each in lever.interactions
        ],
        "cost": _cost_data(lever.cost, language) if lever.cost else None,
        "studies": [_study_data(studies[key], language) for key in lever.studies],
        "sources": list(lever.sources),
        "verified": lever.verified,
    }


def source_keys(lever: Lever, studies: Mapping[str, Study]) -> tuple[str, ...]:
    """Keys of every source that something shown of a lever rests on, each once."""
    keys = [key for study in lever.studies for key in studies[study].cited]
    keys += [*lever.sources, *(lever.cost.sources if lever.cost else ())]
    return tuple(dict.fromkeys(keys))


def _effect_data(effect: Effect, lever: Lever, language: str) -> dict[str, Any]:
    data = {name: getattr(effect, name) for name in effect.__dataclass_fields__ if name != "note"}
    data["mechanisms"] = list(effect.mechanisms)
    data["rebound"] = asdict(effect.rebound) if effect.rebound else None
    data["lag"] = asdict(effect.lag or lever.lag)
    data["grade"] = effect.grade or lever.grade
    data["note"] = worded(effect.note, language)
    data["median"] = quantile(effect, 0.5)
    data["interval_50"], data["interval_90"] = interval(effect, 0.5), interval(effect, 0.9)
    data["chance_below_zero"] = chance_below_zero(effect)
    return data


def _cost_data(cost: Cost, language: str) -> dict[str, Any]:
    return {**asdict(cost), "basis": worded(cost.basis, language), "sources": list(cost.sources)}


def _study_data(study: Study, language: str) -> dict[str, Any]:
    words = {name: worded(getattr(study, name), language) for name in ("about", "place", "outcome", "result")}
    estimates: list[dict[str, Any]] = []
    for estimate in study.estimates:
        data = asdict(estimate)
        data["outcome"], data["note"] = worded(estimate.outcome, language), worded(estimate.note, language)
        data["log_points"] = log_points(estimate)
        estimates.append(data)
    return {
        "key": study.key, "authors": study.authors, "year": study.year, "appeared": study.appeared, **words,
        "design": study.design, "speaks_to": list(study.speaks_to), "estimates": estimates, "verified": study.verified,
        "note": worded(study.note, language), "sources": list(study.cited),
    }  # fmt: skip


def _picture(asked: Asked, one: Lever | None, levers: Sequence[Lever], studies: Mapping[str, Study]) -> None:
    path = Path(asked.out)
    if one:
        rows = forest_rows(one, studies, asked.language)
        name = worded(one.name, asked.language)
        title = say(asked.language, "levers.forest.title", code=one.code, name=name)
    else:
        rows, title = prior_rows(levers, asked.language), say(asked.language, "levers.forest.all")
    write_image(draw_forest(rows, title=title, language=asked.language), path)
    print(say(asked.language, "levers.drawn", path=path), file=sys.stderr)
    if asked.json:
        sys.stdout.write(contract.to_json(contract.envelope("levers", path=str(path))))


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_list(screen: Screen, levers: Sequence[Lever], language: str) -> None:
    if not levers:
        screen.line(say(language, "levers.none"))
        return
    screen.line(say(language, "levers.title", count=len(levers)), style="bold")
    screen.line(say(language, "levers.how_to_read"), style="dim")
    screen.line()
    heads = [
        say(language, f"levers.head.{name}")
        for name in ("code", "lever", "mechanism", "prior", "below", "lag", "grade", "studies")
    ]
    rows: list[list[str]] = []
    for lever in levers:
        count = str(len(lever.studies)) if lever.studies else say(language, "levers.no_studies")
        names = [lever.code, f"{lever.id}: {worded(lever.name, language)}", count]
        for effect in lever.effects:
            code, name, studied = names
            rows.append([code, name, *_list_row(effect, lever, language), studied])
            names = ["", "", ""]
    screen.table(heads, rows, right=(4,), whole=(0, 3, 5, 6))
    screen.line()
    grades = "; ".join(
        f"{grade} {dots} {say(language, f'levers.grade.{grade}')}" for grade, dots in DOTS.items()
    )
    screen.line(say(language, "levers.marks", grades=grades), style="dim")
    screen.line(say(language, "levers.details"), style="dim")


def _list_row(effect: Effect, lever: Lever, language: str) -> list[str]:
    return [
        mechanisms(effect, language),
        prior_words(effect, language),
        below_words(effect, language),
        lag_short(effect.lag or lever.lag, language),
        graded(effect.grade or lever.grade, lever),
    ]


# ── one lever ────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_lever(
    screen: Screen,
    lever: Lever,
    studies: Mapping[str, Study],
    sources: Mapping[str, Source],
    own: tuple[Study, ...],
    language: str,
) -> None:
    star = "*" if lever.verified == "memory" else ""
    screen.line(f"{lever.code}  {worded(lever.name, language)}  ({lever.id})", style="bold")
    word = say(language, f"levers.grade.{lever.grade}")
    origin = say(language, f"levers.origin.{lever.evidence_from}")
    line = say(
        language,
        "levers.grade_line",
        grade=lever.grade + star,
        dots=DOTS[lever.grade],
        word=word,
        origin=origin,
    )
    screen.line(line)
    estimated = any(effect.law == "normal" for effect in lever.effects)
    if lever.grade == "D":
        screen.line(say(language, "levers.weak" if estimated else "levers.weak_fixed"), style="bold")
    if estimated:
        ratio, kappa = f"{1 / KAPPA[lever.grade]:.3g}", f"{KAPPA[lever.grade]:g}"
        floor = say(language, "levers.floor", kappa=kappa, smallest=f"{SMALLEST_MEAN:g}", ratio=ratio)
        screen.line(floor, style="dim")
    if lever.grade_note:
        screen.line(worded(lever.grade_note, language), style="dim")
    unit = worded(lever.dose_unit.name, language)
    full = worded(lever.full_dose, language)
    dose = [
        say(language, "levers.dose", full=full),
        say(language, "levers.dose_unit", unit=unit, symbol=lever.dose_unit.symbol),
    ]
    if lever.dose_kind == "event":
        dose.append(say(language, "levers.dose_event"))
    _part(screen, "what", [worded(lever.what, language)], language)
    _part(screen, "dose", dose, language)
    _show_priors(screen, lever, language)
    _show_forest(screen, lever, studies, language)
    _show_studies(screen, [studies[key] for key in lever.studies], language)
    _part(screen, "own", [own_words(held, language) for held in held_against(lever, own)], language)
    depends = [
        f"{partner_words(each.partner, language)}: {worded(each.note, language)}"
        for each in lever.interactions
    ]
    _part(screen, "interactions", depends, language)
    for name in ("rights", "open", "unverified"):
        words = {"rights": lever.rights, "open": lever.sign_open, "unverified": lever.unverified}[name]
        _part(screen, name, [worded(words, language)] if words else [], language)
    _part(screen, "cost", cost_lines(lever.cost, language), language)
    cited = [sources[key] for key in source_keys(lever, studies)]
    _part(screen, "sources", [_source_line(source, language) for source in cited], language)


def _part(screen: Screen, name: str, lines: Sequence[str], language: str) -> None:
    if not lines:
        return
    screen.line()
    screen.line(say(language, f"levers.section.{name}"), style="bold")
    for line in lines:
        screen.line(line, indent=2)


def _show_priors(screen: Screen, lever: Lever, language: str) -> None:
    _part(
        screen,
        "prior",
        [say(language, "levers.judgement", basis=worded(lever.prior_basis, language))],
        language,
    )
    heads = [
        say(language, f"levers.head.{name}")
        for name in ("mechanism", "prior", "half", "most", "percent", "below", "lag", "grade")
    ]
    rows: list[list[str]] = []
    notes: list[str] = []
    for effect in lever.effects:
        lag = lag_words(effect.lag or lever.lag, language)
        grade = effect.grade or lever.grade
        rows.append([mechanisms(effect, language), *prior_numbers(effect, language), lag, grade])
        if effect.rebound:
            name = say(language, "levers.rebound", mechanism=mechanisms(effect, language))
            rows.append([name, *prior_numbers(effect.rebound, language), "", grade])
        notes += effect_notes(effect, language)
    for link in lever.links:
        name = f"{link_name(link, language)} ({say(language, 'levers.link_what', name=link.name)})"
        rows.append(
            [
                name,
                *prior_numbers(link, language)[:3],
                "",
                below_words(link, language),
                "",
                link.grade or lever.grade,
            ]
        )
        notes += [worded(link.note, language)] if link.note else []
    screen.table(heads, rows, indent=2, right=(5,), whole=(1,))
    for line in dict.fromkeys(notes):
        screen.line(line, indent=2, style="dim")


def _show_forest(screen: Screen, lever: Lever, studies: Mapping[str, Study], language: str) -> None:
    rows = forest_rows(lever, studies, language)
    screen.line()
    screen.line(say(language, "levers.section.forest"), style="bold")
    if not any(row.ends for row in rows):
        screen.line(say(language, "levers.forest.none"), indent=2)
        return
    lines = text_forest(rows, max(20, screen.width - 74))
    table = [
        [
            f"{row.label}: {row.detail}" if row.kind == "study" else row.label,
            line,
            written(row, language),
        ]
        for row, line in zip(rows, lines, strict=True)
    ]
    screen.table(["", "", ""], table, indent=2, whole=(1, 2))


def _show_studies(screen: Screen, studies: Sequence[Study], language: str) -> None:
    screen.line()
    screen.line(say(language, "levers.section.studies"), style="bold")
    if not studies:
        screen.line(say(language, "levers.no_studies_found"), indent=2)
        return
    heads = [say(language, f"levers.head.{name}") for name in ("study", "design", "place", "result", "seen")]
    rows = [
        [
            " ".join(part for part in (study.authors, study.year) if part),
            say(language, f"levers.design.{study.design}"),
            worded(study.place, language),
            " ".join(worded(words, language) for words in (study.result, study.note) if words),
            seen_words(study, language),
        ]
        for study in studies
    ]
    screen.table(heads, rows, indent=2)
    numbers = [
        say(
            language,
            "levers.number",
            outcome=worded(estimate.outcome, language),
            value=estimate_words(estimate, language),
            metric=say(language, f"levers.metric.{estimate.metric}"),
        )
        + ("*" if estimate.verified == "memory" else "")
        for study in studies
        for estimate in study.estimates
        if log_points(estimate) is None
    ]
    if numbers:
        screen.line(say(language, "levers.not_drawn") + ":", indent=2, style="dim")
        for line in numbers:
            screen.line(line, indent=4, style="dim")


def _source_line(source: Source, language: str) -> str:
    seen = source.seen or ("memory" if source.tier == 4 else "")
    told = [f"[{source.key}] {source.producer}", source.title, source.published, source.url]
    if seen:
        told.append(say(language, f"levers.verified.{seen}"))
    return ". ".join(part for part in told if part)
