"""An evaluation as evidence: a study of our own for the registry, with its grade, as the text of a YAML file."""

from __future__ import annotations

import math
from typing import Any

import yaml

from careo.base.citations import load_sources
from careo.base.fields import worded
from careo.base.texts import LANGUAGES, say
from careo.evidence.levers import load_levers
from careo.evidence.studies import load_studies
from careo.results.designs.setting import LOG, SCALES, Estimate
from careo.results.evaluate import Evaluated
from careo.results.evaluate_words import because, finding, grade

_DESIGNS = {
    "difference": "differences",
    "synthetic_control": "synthetic_control",
    "interrupted": "time_series",
    "dated_history": "descriptive",
}
_ANY = "homicide"


def study_key(result: Evaluated) -> str:
    """The key of an evaluation among studies."""
    return f"careo-{result.evaluation.id}"


def registry_text(result: Evaluated, *, seed: int = 7) -> str:
    """The file: `studies:` with one study, which `evidence/studies.py` reads as it reads the others.

    Its verdict, grade and how it was computed stand in the note; an estimate that the verdict does not rest on is not written.
    """
    from careo import __version__

    asked, country = result.evaluation, result.country
    lever = load_levers(country.key).get(asked.lever or "")
    speaks = lever.effects[0].mechanisms[0] if lever else _ANY
    setting = result.posed.setting if result.posed else None
    first = f"{setting.first:%Y-%m}" if setting else asked.period.partition("/")[0]
    treated = int(setting.treated.sum()) if setting else 0

    def both(key: str, **words: object) -> dict[str, str]:
        return {each: say(each, f"evaluate.registry.{key}", **words) for each in LANGUAGES}

    note = {
        each: say(
            each, "evaluate.registry.note", version=__version__, id=asked.id, outcome=result.outcome.id, seed=seed,
            verdict=say(each, f"dossier.verdict.{result.verdict.word.replace(' ', '_')}.name"),
        )
        for each in LANGUAGES
    }  # fmt: skip
    tested = result.design not in ("interrupted", "dated_history")
    estimates = [_estimate(one, result, speaks) for scale in SCALES if tested and (one := result.on(scale))]
    known = load_sources(country.key)
    others = {key for name in asked.studies for key in load_studies(country.key)[name].cited}
    keys = [
        source.key for source in finding(result).sources if source.key in known and source.key not in others
    ]
    study: dict[str, Any] = {
        "key": study_key(result),
        "authors": "careo",
        "about": {
            each: say(each, "evaluate.registry.about", name=worded(asked.name, each)) for each in LANGUAGES
        },
        "design": _DESIGNS[result.design],
        "place": both(
            "place", country=country.key, treated=treated, first=first, last=asked.period.rpartition("/")[2]
        ),
        "outcome": dict(result.outcome.name),
        "result": {each: because(result, each) for each in LANGUAGES},
        "speaks_to": [speaks],
        "verified": "computed",
        "grade": grade(result),
        **({"lever": lever.id} if lever else {}),
        "estimates": estimates,
        "note": note,
        "sources": keys,
    }
    return yaml.safe_dump({"studies": [study]}, allow_unicode=True, sort_keys=False, width=150)


def _estimate(one: Estimate, result: Evaluated, speaks: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "outcome": dict(result.outcome.name),
        "metric": "log_points" if one.scale == LOG else "per_100k",
        "value": round(one.effect, 4),
        "speaks_to": speaks,
        "verified": "computed",
    }
    if not math.isnan(one.low + one.high):
        told |= {"low": round(one.low, 4), "high": round(one.high, 4), "coverage": one.level}
    if result.evaluation.level != "nation":
        told["level"] = result.evaluation.level
    return told
