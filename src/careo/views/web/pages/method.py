"""How careo comes to its answers: verdicts and rules, equations, parameters with their assumptions, limits, and how well forecasts did."""

from __future__ import annotations

from typing import Any

from careo.base.citations import load_sources
from careo.base.texts import say, sayable
from careo.results.finding import PLEDGE_VERDICTS, VERDICTS
from careo.results.pledges import RULES
from careo.results.skill_record import LevelSkill, load_skill, skill_sentences
from careo.results.wording import number
from careo.run.parameter_table import ParameterRow, parameter_rows
from careo.run.parameters import MEMBERSHIP_SWEEP
from careo.views.i18n import verdict_slug, verdict_words
from careo.views.lever_words import DOTS
from careo.views.parameters_verb import number_words, parameters_data
from careo.views.parts import source_rows
from careo.views.terminal import ICONS
from careo.views.web.page import Asking, Page, Table, page

EQUATIONS = (
    "product",
    "dose",
    "mechanisms",
    "floor",
    "flows",
    "stocks",
    "corruption",
    "multiplier",
    "municipalities",
    "observation",
)
"""In the order of the calculation; each stands in `equations.html` and is told in words in `web_method.yaml`."""
LIMITS = ("truth", "caused", "looked", "counted", "meaning", "identified", "rights")
DOCS = (
    "definitions",
    "laboratory",
    "parameters",
    "levers",
    "calibration",
    "validation",
    "forecast",
    "evaluation",
    "limits",
)
"""Pages of the documentation that say more, as they are called in `docs/`."""
_COLUMNS = (
    "id",
    "symbol",
    "name",
    "law",
    "low",
    "high",
    "unit",
    "grade",
    "identified",
    "sources",
    "assumptions",
)


@page("/method", part="method")
def method(asking: Asking) -> Page:
    """Verdicts, equations, parameters, assumptions, limits and the forecaster's skill."""
    language = asking.language
    rows = parameter_rows(language, asking.country)
    sources = load_sources(asking.country, language)
    assumptions = {key: text for row in rows for key, text in row.assumptions.items()}
    keys = dict.fromkeys(key for row in rows for key in row.sources)
    *most, last = (number(members) for members in MEMBERSHIP_SWEEP)
    table = [
        (r.id, r.symbol, r.name, r.law, r.low, r.high, r.unit, r.grade, r.identified, ", ".join(r.sources), ", ".join(r.assumptions))
        for r in rows
    ]  # fmt: skip
    return Page(
        template="method.html",
        title=say(language, "web_method.title"),
        data=parameters_data(rows, None, sources),
        rows={
            "verdicts": [_verdict(each, language) for each in VERDICTS],
            "pledge_verdicts": [_verdict(each, language) for each in PLEDGE_VERDICTS],
            "rules": [say(language, f"pledges.rule.{each}") for each in RULES],
            "equations": EQUATIONS,
            "limits": LIMITS,
            "docs": DOCS,
            "parameters": [_parameter(row, language) for row in rows],
            "untold": sum(not row.identified for row in rows),
            "sweep": say(language, "parameters.and", most=", ".join(most), last=last),
            "assumptions": sorted(assumptions.items(), key=lambda pair: (len(pair[0]), pair[0])),
            "skill": skill_sentences(asking.country, language),
            "scores": _scores(asking.country, language),
            "sources": source_rows([sources[key] for key in keys if key in sources], language),
        },
        command=("parameters",),
        python=f"import careo\n\nfor row in careo.parameter_rows({language!r}{asking.named(', ')}):\n    print(row.symbol, row.id, row.law, row.unit)",
        tables={"parameters": Table(_COLUMNS, table)},
    )


def _verdict(found: str, language: str) -> dict[str, str]:
    slug = verdict_slug(found)
    meaning = say(language, f"dossier.verdict.{slug}.meaning")
    return {
        "slug": slug,
        "icon": ICONS.get(slug, "•"),
        "name": verdict_words(found, language),
        "meaning": meaning,
    }


def _parameter(row: ParameterRow, language: str) -> dict[str, Any]:
    return {
        "row": row,
        "number": f"{number_words(row, language)} {row.unit}".removesuffix(" –"),
        "grade": f"{row.grade} {DOTS[row.grade]}",
        "told": say(language, "parameters.told" if row.identified else "parameters.untold_mark"),
        "moves": [say(language, f"simulate.short_outcome.{each}") for each in row.moves],
    }


def _scores(country: str, language: str) -> list[dict[str, str]]:
    """The forecaster beside its rival, by window and level: mean error, width of intervals, what lay inside them."""
    found = load_skill(country)
    rows: list[dict[str, str]] = []
    for name, window in found.windows.items() if found else ():
        years = say(language, f"validate.window.{name}", years=f"{window.first}–{window.last}")
        levels: tuple[tuple[str, LevelSkill], ...] = (("state", window.state), ("nation", window.national))
        for level, skill in levels:
            for model, scores in skill.models.items():
                key = f"forecast.skill.{model.replace(' ', '_')}"
                rows.append(
                    {
                        "window": years,
                        "level": say(language, f"levers.level.{level}"),
                        "model": _model(language, key, model),
                        "crps": f"{scores.crps:,.1f}",
                        "mis90": f"{scores.mis90:,.0f}",
                        "inside_50": f"{100 * scores.coverage_50:.0f}%",
                        "inside_90": f"{100 * scores.coverage_90:.0f}%",
                    }
                )
    return rows


def _model(language: str, key: str, otherwise: str) -> str:
    return say(language, key) if sayable(language, key) else otherwise
