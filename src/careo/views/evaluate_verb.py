"""The verb `careo evaluate`: what a measure did, or why nobody can tell, in words, as JSON and as pictures."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from careo.base.errors import OutputError
from careo.base.fields import worded
from careo.base.files import is_file, writing
from careo.base.texts import say
from careo.evidence.events import Evaluation, events_of, load_evaluations, load_events
from careo.results.evaluate import DRAWS, Evaluated, evaluate
from careo.results.evaluate_words import Beside, beside_row, besides, estimate_row, finding, signed
from careo.results.finding import Finding
from careo.results.own_evidence import registry_text, study_key
from careo.views import contract
from careo.views.arguments import whole
from careo.views.cli import Asked
from careo.views.folders import output_folder, write_folder
from careo.views.i18n import verdict_words
from careo.views.terminal import Screen

_LIST = "list"
_ICONS = {True: "✓", False: "✗", None: "○"}
_WIDE = 60  # columns of a line of progress
_FALLS = 40  # rows; a screen's worth of dates


def evaluate_verb(
    asked: Asked, *, name: str, outcome: str, draws: str, seed: str, to_registry: str, boundaries: str
) -> int:
    """`careo evaluate list | NAME | FILE`: one sentence, estimates, checks, what others found; `-o` writes pictures and the JSON."""
    import careo

    if name == _LIST:
        return _list(asked)
    folder = output_folder(asked.out)
    luck = whole("--seed", seed, 7, 2**63, least=0)
    tty = sys.stderr.isatty()
    result = evaluate(
        name,
        careo.load_country(asked.country),
        outcome=outcome or None,
        boundaries=Path(boundaries) if boundaries else None,
        draws=whole("--draws", draws, DRAWS, 99_999, least=99),
        seed=luck,
        progress=(lambda what: _working(asked, what)) if tty else None,
    )
    if tty:
        print("\r" + " " * _WIDE, end="\r", file=sys.stderr, flush=True)
    told = finding(result, asked.language)
    if folder:
        _write(folder, result, told, asked.language)
        print(_view(asked, "lies", folder=folder), file=sys.stderr)
    screen = Screen()
    if asked.json:
        screen.write(_json(result, told, asked.language))
    else:
        _show(screen, asked, result, told)
    screen.close()
    if to_registry:  # last, so that a refusal costs nobody the answer
        _register(asked, Path(to_registry), result, luck, told.grade)
    return 0


def _register(asked: Asked, path: Path, result: Evaluated, luck: int, grade: str) -> None:
    """Writes the estimate as a study, over an earlier answer to the same question only.

    Raises:
        OutputError: the file holds something else.
    """
    if is_file(path) and f"\n- key: {study_key(result)}\n".encode() not in path.read_bytes():
        raise OutputError("output_there", where=str(path), fix="output_there")
    with writing(path) as draft:
        draft.write_text(registry_text(result, seed=luck), encoding="utf-8", newline="\n")
    print(_view(asked, "registry", grade=grade, path=path), file=sys.stderr)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _list(asked: Asked) -> int:
    known = load_evaluations(asked.country)
    screen = Screen(asked.out)
    if asked.json:
        rows = [evaluation_data(each, asked.country, asked.language) for each in known.values()]
        screen.write(contract.to_json(contract.envelope("evaluate", evaluations=rows)))
    elif not known:
        screen.line(_view(asked, "list_none"))
    else:
        screen.line(_view(asked, "list_title", count=len(known)), style="bold")
        screen.line()
        events = load_events(asked.country)
        heads = [_view(asked, f"head.{key}") for key in ("name", "about", "events")]
        rows = [
            [each.id, worded(each.question, asked.language), str(len(events_of(each, events)))]
            for each in known.values()
        ]
        screen.table(heads, rows, right=(2,), whole=(0,))
        screen.line()
        screen.line(_view(asked, "list_hint"), style="dim")
    screen.close()
    return 0


def evaluation_data(evaluation: Evaluation, country: str, language: str) -> dict[str, Any]:
    """An evaluation's file as the JSON contract has it."""
    return {
        "id": evaluation.id,
        "name": worded(evaluation.name, language),
        "question": worded(evaluation.question, language),
        "outcome": evaluation.outcome,
        "design": evaluation.design,
        "level": evaluation.level,
        "period": evaluation.period,
        "windows": [list(window) for window in evaluation.windows],
        "events": [event.id for event in events_of(evaluation, load_events(country))],
        "lever": evaluation.lever,
        "studies": list(evaluation.studies),
        "notes": [worded(note, language) for note in evaluation.notes],
    }


# ── one evaluation ───────────────────────────────────────────────────────────────────────────────────────────────


def _json(result: Evaluated, told: Finding, language: str) -> str:
    block = evaluated_data(result, language)
    return contract.to_json(
        contract.envelope("evaluate", [contract.finding_data(told, {})], evaluation=block)
    )


def evaluated_data(result: Evaluated, language: str) -> dict[str, Any]:
    """An evaluation that was run, as the JSON contract has it."""
    data: dict[str, Any] = evaluation_data(result.evaluation, result.country.key, language)
    data |= {
        "ran": result.design,
        "outcome": result.outcome.id,
        "verdict": result.verdict.word,
        "estimates": [asdict(one) | {"window": list(one.window)} for one in result.estimates],
        "checks": [
            {
                "name": check.name, "passed": check.passed, "gate": check.gate, "reason": check.sentence(language),
                "figures": dict(check.figures),
            }
            for check in result.checks
        ],
        "sensitivity": {name: [asdict(one) | {"window": list(one.window)} for one in found] for name, found in result.sensitivity.items()},
        "published": [_beside_data(one, language) for one in besides(result)],
        "falls": [asdict(one) for one in result.falls],
        "listed": [asdict(one) for one in result.listed],
    }  # fmt: skip
    if result.posed:
        setting = result.posed.setting
        places = list(
            zip(
                setting.places,
                setting.start.tolist(),
                setting.dose.tolist(),
                setting.donors.tolist(),
                strict=True,
            )
        )
        data["places"] = {
            "first": f"{setting.first:%Y-%m}",
            "months": int(setting.counts.shape[1]),
            "treated": [
                {"place": code, "start": start, "dose": dose} for code, start, dose, _ in places if start >= 0
            ],
            "compared": [code for code, _, _, donor in places if donor],
            "dropped": list(result.posed.dropped),
        }
    return data


def _beside_data(one: Beside, language: str) -> dict[str, Any]:
    return {
        "study": one.study.key,
        "outcome": worded(one.published.outcome, language),
        "metric": one.published.metric,
        "value": one.published.value,
        "verified": one.published.verified,
        "ours": one.ours,
        "low": one.low,
        "high": one.high,
        "reads": one.reads,
    }


def _show(screen: Screen, asked: Asked, result: Evaluated, told: Finding) -> None:
    language = asked.language
    screen.line(
        f"{verdict_words(told.verdict, language).upper()}  {worded(result.evaluation.name, language)}",
        style="bold",
    )
    screen.line(told.claim, style="dim")
    screen.line()
    screen.line(told.because)
    screen.line()
    screen.line(
        _view(asked, "design_line", design=say(language, f"evaluate.design.{result.design}")), style="dim"
    )
    _table(
        screen,
        asked,
        _view(asked, "estimates"),
        "table",
        [estimate_row(one, language) for one in result.estimates],
    )
    if any(one.default and not math.isnan(one.p) for one in result.estimates):
        screen.line(_view(asked, "rests"), indent=2, style="dim")
    if result.falls:
        _show_falls(screen, asked, result)
    if result.checks:
        screen.line()
        screen.line(_view(asked, "checks"), style="bold")
        for check in result.checks:
            screen.line(
                f"{_ICONS[check.passed]} {check.sentence(language)}",
                indent=2,
                style="" if check.gate else "dim",
            )
    rows = [beside_row(one, language) for one in besides(result)]
    _table(screen, asked, say(language, "evaluate.beside.title"), "beside", rows)
    if rows:
        screen.line(say(language, "evaluate.beside.read"), indent=2, style="dim")
    screen.line()
    screen.line(_view(asked, "caveats"), style="bold")
    for caveat in told.caveats:
        screen.line("· " + caveat, indent=2, style="dim")
    screen.line()
    screen.line(_view(asked, "sources", keys=", ".join(source.key for source in told.sources)), style="dim")


def _table(screen: Screen, asked: Asked, title: str, heads: str, rows: Sequence[dict[str, str]]) -> None:
    if not rows:
        return
    none = say(asked.language, "evaluate.none")
    keys = [key for key in rows[0] if any(row[key] != none for row in rows)]
    names = [say(asked.language, f"evaluate.{heads}.{key}") for key in keys]
    screen.line()
    screen.line(title, style="bold")
    numbers = [place for place, key in enumerate(keys) if key in ("effect", "interval", "p", "mde", "ours")]
    screen.table(names, [[row[key] for key in keys] for row in rows], indent=2, right=numbers)


def _show_falls(screen: Screen, asked: Asked, result: Evaluated) -> None:
    choice = result.evaluation.choice
    assert choice is not None  # noqa: S101 - a dated history has one
    first = [one for one in result.falls if one.after == choice.after[0]]
    screen.line()
    screen.line(_view(asked, "falls", count=choice.count), style="bold")
    heads = [_view(asked, f"head.{key}") for key in ("year", "before", "after", "change", "others", "net")]
    rows = [
        [
            str(one.year), f"{one.before_rate:.1f}", f"{one.after_rate:.1f}",
            *(f"{signed(100 * part).removesuffix('.0')}%" for part in (one.change, one.others, one.net)),
        ]
        for one in first[:_FALLS]
    ]  # fmt: skip
    screen.table(heads, rows, indent=2, right=range(1, 6))


def _write(folder: Path, result: Evaluated, told: Finding, language: str) -> None:
    """evaluation.json and every picture."""
    from careo.views.evaluate_pictures import draw_evaluation

    files = {"evaluation.json": _json(result, told, language)}
    files |= {f"{name}.svg": text for name, text in draw_evaluation(result, language).items()}
    write_folder(folder, files)


def _working(asked: Asked, what: str) -> None:
    print("\r" + _view(asked, f"progress.{what}").ljust(_WIDE), end="", file=sys.stderr, flush=True)


def _view(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"evaluate.view.{key}", **words)
