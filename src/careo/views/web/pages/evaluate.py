"""What past measures did: the questions that can be asked, and each with its answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from careo.base.fields import worded
from careo.base.texts import LANGUAGES, say, sayable
from careo.evidence.events import Evaluation, load_evaluations, load_outcomes
from careo.evidence.levers import load_levers
from careo.evidence.own import load_own_studies
from careo.evidence.studies import Study, load_studies
from careo.results.designs.setting import Estimate
from careo.results.evaluate import ALPHA
from careo.results.evaluate_words import (
    Beside,
    beside_row,
    effect_words,
    estimate_row,
    p_words,
    percent,
    size_words,
)
from careo.results.finding import DIFFERENCES
from careo.results.wording import period_words
from careo.views import contract, parts
from careo.views.evaluate_verb import evaluation_data
from careo.views.i18n import verdict_slug, verdict_words
from careo.views.web.job import OUT
from careo.views.web.page import Asking, Page, Table, page, shipped

_ICONS = {"increased": "▲", "decreased": "▼", "no_detectable_effect": "–", "inconclusive": "?"}
_MARKS = {True: "✓", False: "✗", None: "○"}
_COLUMNS = ("method", "window", "scale", "effect", "interval", "p", "mde", "base")
_NUMBERS = ("effect", "interval", "p", "mde")
_ESTIMATES = ("method", "first", "last", "scale", "effect", "low", "high", "level", "p", "smallest_p", "mde", "base", "draws", "treated", "default")  # fmt: skip


@page("/evaluate", part="evaluate")
def evaluations(asking: Asking) -> Page:
    """Every evaluation that can be asked of the record, with its verdict where it is known already."""
    known = load_evaluations(asking.country)
    data = [evaluation_data(each, asking.country, asking.language) for each in known.values()]
    outcomes = load_outcomes(asking.country)
    own = {study.key: study for some in load_own_studies(asking.country).values() for study in some}
    rows = [
        {
            "id": each.id,
            "name": worded(each.name, asking.language),
            "question": worded(each.question, asking.language),
            "outcome": worded(outcomes[each.outcome].name, asking.language),
            "first": each.period.partition("/")[0],
            "last": each.period.partition("/")[2],
            "span": [period_words(month, asking.language) for month in each.period.split("/")],
        }
        for each in known.values()
    ]
    columns = ("id", "name", "question", "outcome", "first", "last")
    table = Table(columns, [[row[name] for name in columns] for row in rows])
    answers = {each.id: _known(each, own.get(f"careo-{each.id}"), asking) for each in known.values()}
    return Page(
        template="evaluations.html",
        title=say(asking.language, "web_evaluate.title"),
        data=contract.envelope("evaluate", evaluations=data),
        rows={"evaluations": rows, "answers": answers},
        command=("evaluate", "list"),
        python=f"import careo\n\nfor evaluation in careo.load_evaluations({asking.named()}).values():\n    print(evaluation.id, evaluation.question)",
        tables={"evaluations": table},
        stable=False,  # what is being computed beside the server may end at any time
    )


@page("/evaluate/{name}", part="evaluate")
def evaluation(asking: Asking, name: str, outcome: str = "") -> Page:
    """What one measure did, or why nobody can tell."""
    language = asking.language
    asked = shipped(name, load_evaluations(asking.country), "usage_evaluation")
    outcomes = load_outcomes(asking.country)
    wanted = shipped(outcome, outcomes, "usage_evaluated_outcome").id if outcome else ""
    wanted = (
        wanted if wanted != asked.outcome else ""
    )  # its own outcome is the same question, however it is asked
    command = ("evaluate", asked.id, *(("--outcome", wanted) if wanted else ()))
    data, folder = asking.result((*command, "-o", OUT))
    found, told = data["findings"][0], data["evaluation"]
    pictures = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.svg"))}
    estimates = [_estimate(row) for row in told["estimates"]]
    given = repr(asked.id) + asking.named(", ", loaded=True) + (f", outcome={wanted!r}" if wanted else "")
    lever = load_levers(asking.country).get(asked.lever or "")
    return Page(
        template="evaluation.html",
        title=worded(asked.name, language),
        data=data,
        rows={
            "finding": found,
            "verdict_row": _verdict(found["verdict"], language),
            "evaluation": told,
            "outcome": worded(outcomes[told["outcome"]].name, language),
            "own_outcome": asked.outcome,
            "definition": worded(outcomes[told["outcome"]].definition, language),
            "outcomes": [{"id": each.id, "name": worded(each.name, language)} for each in outcomes.values()],
            "captions": {
                name: say(language, f"web_evaluate.caption.{name.replace('-', '_')}") for name in pictures
            },
            "columns": _used(found["table"]),
            "with_smallest": any(not math.isnan(one.smallest_p) for one in estimates),
            "rows_told": [
                {**row, "default": one.default, "smallest_p": _smallest(one)}
                for row, one in zip(found["table"], estimates, strict=True)
            ],
            "plain": list(_plain(estimates, language)),
            "checks": _checks(told["checks"]),
            "sensitivity": list(_sensitivity(told["sensitivity"], language)),
            "published": _published(asked, told["published"], asking),
            "falls": _falls(told["falls"]),
            "lever": {"id": lever.id, "name": worded(lever.name, language)} if lever else None,
            "sources": _sources(found["sources"], language),
        },
        command=command,
        python=f"import careo\n\nprint(careo.evaluate({given}).verdict)",
        pictures=pictures,
        tables=_tables(told),
        cites=tuple(source["key"] for source in found["sources"][:1]),
    )


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _known(asked: Evaluation, own: Study | None, asking: Asking) -> dict[str, Any] | None:
    """Verdict and sentence, where somebody asked this server or we shipped our own answer; None where nobody did."""
    language = asking.language
    for each in (language, *(other for other in LANGUAGES if other != language)):
        data = asking.services.jobs.found(("evaluate", asked.id, "-o", OUT), each)
        if data:
            found = data["findings"][0]
            sentence = found["because"] if each == language else ""
            return {"verdict": _verdict(found["verdict"], language), "because": sentence, "grade": found["grade"]}  # fmt: skip
    if own is None:
        return None
    # The file's note ends with the verdict (results/own_evidence.py).
    note = worded(own.note, language).rstrip(". ") if own.note else ""
    verdict = next((each for each in DIFFERENCES if note.endswith(verdict_words(each, language))), "")
    told = _verdict(verdict, language) if verdict else None
    return {"verdict": told, "because": worded(own.result, language), "grade": own.grade or ""}


def _verdict(verdict: str, language: str) -> dict[str, str]:
    slug = verdict_slug(verdict)
    return {"slug": slug, "icon": _ICONS.get(slug, "•"), "name": verdict_words(verdict, language)}


# ── one evaluation ───────────────────────────────────────────────────────────────────────────────────────────────


def _estimate(row: Mapping[str, Any]) -> Estimate:
    """An estimate as it was before it became JSON, where NaN is null."""
    given = {name: math.nan if value is None else value for name, value in row.items()}
    return Estimate(**{**given, "window": tuple(row["window"])})


def _smallest(one: Estimate) -> str:
    return "–" if math.isnan(one.smallest_p) else f"{one.smallest_p:.4f}".rstrip("0")


def _used(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The columns of which any row says something."""
    return [
        {"key": key, "number": key in _NUMBERS}
        for key in _COLUMNS
        if any(row[key] not in ("–", "") for row in rows)
    ]


def _plain(estimates: Sequence[Estimate], language: str) -> Iterator[str]:
    """What could have been seen at all, in plain words: of each scale the first estimate that the verdict rests on."""
    main = [one for one in estimates if one.default and not math.isnan(one.p)]
    first = {one.scale: one for one in reversed(main)}
    for one in (each for each in main if first[each.scale] is each and not math.isnan(each.mde)):
        size, window = size_words(one.mde, one.scale, language), _window(one, language)
        effect = effect_words(one.effect, one.scale, language)
        yield say(language, "web_evaluate.plain.mde", size=size, effect=effect, window=window)
    floors = [one for one in main if not math.isnan(one.smallest_p)]
    if floors:
        worst = max(floors, key=lambda one: one.smallest_p)
        key = "p_few" if worst.smallest_p > ALPHA else "p"
        told = {"p": p_words(worst), "smallest": _smallest(worst)}
        yield say(language, f"web_evaluate.plain.{key}", **told)


def _window(one: Estimate, language: str) -> str:
    return say(language, "evaluate.window", first=one.window[0], last=one.window[1])


def _checks(checks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gates first, those that failed before the others; then what stands beside the verdict."""
    groups: list[dict[str, Any]] = []
    for name, gate in (("gates", True), ("beside", False)):
        some = [each for each in checks if each["gate"] == gate]
        order = (False, True, None)
        rows = [
            {"mark": _MARKS[each["passed"]], "state": _state(each["passed"]), "reason": each["reason"]}
            for each in sorted(some, key=lambda each: order.index(each["passed"]))
        ]
        if rows:
            counts = {state: sum(row["state"] == state for row in rows) for state in ("passed", "failed", "not_a_test")}  # fmt: skip
            groups.append({"name": name, "rows": rows, **counts})
    return groups


def _state(passed: bool | None) -> str:
    return "not_a_test" if passed is None else "passed" if passed else "failed"


def _sensitivity(runs: Mapping[str, Sequence[Mapping[str, Any]]], language: str) -> Iterator[dict[str, Any]]:
    for name, rows in runs.items():
        key = f"web_evaluate.sensitivity.{name}"
        told = say(language, key) if sayable(language, key) else name
        yield {"name": told, "rows": [estimate_row(_estimate(row), language) for row in rows]}


def _published(asked: Evaluation, rows: Sequence[Mapping[str, Any]], asking: Asking) -> list[dict[str, str]]:
    """Published estimates beside ours, in words; the rows come in the order of the studies."""
    studies = load_studies(asking.country)
    known = [(studies[name], published) for name in asked.studies for published in studies[name].estimates]
    return [
        beside_row(Beside(study, published, *_ours(row), row["reads"]), asking.language)
        for (study, published), row in zip(known, rows, strict=True)
    ]


def _ours(row: Mapping[str, Any]) -> tuple[float, float, float]:
    ours, low, high = (math.nan if row[key] is None else row[key] for key in ("ours", "low", "high"))
    return ours, low, high


def _falls(falls: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Dates at which the rule was applied, and what happened by the first year afterwards."""
    first = min((one["after"] for one in falls), default=0)
    return [
        {
            "year": str(one["year"]),
            "before": f"{one['before_rate']:.1f}",
            "after": f"{one['after_rate']:.1f}",
            **{key: percent(math.log1p(one[key])) for key in ("change", "others", "net")},
        }
        for one in falls
        if one["after"] == first
    ]


def _sources(sources: Sequence[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    from careo.base.citations import Source

    names = Source.__dataclass_fields__
    given = [{name: value for name, value in row.items() if name in names} for row in sources]
    return parts.source_rows([Source(**row) for row in given], language)


def _tables(told: Mapping[str, Any]) -> dict[str, Table]:
    estimates = [{**row, "first": row["window"][0], "last": row["window"][1]} for row in told["estimates"]]
    found = {
        "estimates": Table(_ESTIMATES, [[row[name] for name in _ESTIMATES] for row in estimates]),
        "checks": Table(
            ("name", "gate", "passed", "reason"),
            [[each[name] for name in ("name", "gate", "passed", "reason")] for each in told["checks"]],
        ),
    }
    return {name: table for name, table in found.items() if table.rows}
