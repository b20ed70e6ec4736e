"""`careo validate --replay`: what the laboratory would have said before a measure, as tables, pictures and JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.base.texts import say
from careo.results.replay import ENDS, FEWEST_DRAWS, FORECASTS, MOST_DRAWS, GroupReplay, Replay, replay
from careo.results.replay_words import below_words, group_words, interval_words, stretch_words
from careo.results.wording import number, period_words
from careo.views import contract
from careo.views.arguments import whole
from careo.views.cli import Asked
from careo.views.folders import output_folder, write_folder
from careo.views.replay_picture import draw_fan
from careo.views.terminal import Screen


def replay_verb(
    asked: Asked, name: str, *, draws: str = "", seed: str = "", others: Sequence[str] = ()
) -> int:
    """`careo validate --replay NAME`: a table for each group of places; `-o` writes a fan of each and all of it as JSON.

    Args:
        others: options of `careo validate` that were given beside it and mean nothing to a replay: refused.
    """
    import careo

    if others:
        expected = "--replay NAME [--draws N] [--seed N] [-o DIR] [--json]"
        raise CareoError(
            "usage_value", expected=expected, found=" ".join(("--replay", *others)), option="--replay"
        )
    folder = output_folder(asked.out)
    tty = sys.stderr.isatty()
    result = replay(
        name,
        careo.load_country(asked.country),
        draws=whole("--draws", draws, 1000, MOST_DRAWS, least=FEWEST_DRAWS),
        seed=whole("--seed", seed, 7, 2**63, least=0),
        language=asked.language,
        progress=(lambda share: _working(asked, share)) if tty else None,
    )
    if tty:
        print(file=sys.stderr)
    if folder:
        _write(folder, result, asked.language)
        print(_view(asked.language, "lies", folder=folder), file=sys.stderr)
    screen = Screen()
    if asked.json:
        screen.write(_json(result))
    else:
        _show(screen, result, asked.language)
    screen.close()
    return 0


def replay_data(result: Replay) -> dict[str, Any]:
    """A replay as the JSON contract has it; quantiles are those of `ends`."""
    case = result.case
    return {
        "name": case.slug,
        "summary": result.summary,
        "origin": case.origin,
        "until": case.until,
        "months": case.months,
        "strategy": case.strategy,
        "measures": list(case.measures),
        "draws": result.draws,
        "seed": result.seed,
        "ends": list(ENDS),
        "groups": [_group_data(group) for group in result.groups],
        "calibrated_until": result.rerun.calibration.until,
        "known_later": list(result.rerun.borrowed),
        "not_known": list(result.rerun.companions.missing),
        "doses": list(result.doses),
        "not_dosed": list(result.not_dosed),
        "caveats": list(result.caveats),
    }


def _group_data(group: GroupReplay) -> dict[str, Any]:
    return {
        "name": group.name,
        "places": list(group.places),
        "share_covered": group.share,
        "places_inside_90": dict(group.holding),
        "stretches": [
            {"year": each.year or None, "months": each.months, "counted": each.counted,
             "forecasts": {name: {"quantiles": list(said.quantiles), "CRPS": said.crps, "PIT": said.below} for name, said in each.said.items()}}
            for each in group.stretches
        ],
        "counted_by_month": [None if value != value else float(value) for value in group.counted],
        "months_before": group.before,
        "quantiles_by_month": {name: fan.tolist() for name, fan in group.fans.items()},
    }  # fmt: skip


def _json(result: Replay) -> str:
    findings = [contract.finding_data(finding, {}) for finding in result.findings]
    return contract.to_json(contract.envelope("validate", findings, replay=replay_data(result)))


def _show(screen: Screen, result: Replay, language: str) -> None:
    case = result.case
    screen.line(result.summary, style="bold")
    for key in ("origin", "until"):
        words = {
            key: period_words(getattr(case, key), language),
            "why": worded(getattr(case, f"{key}_why"), language),
        }
        screen.line(_view(language, key, **words), style="dim")
    screen.line(_view(language, "run", draws=number(result.draws), seed=result.seed), style="dim")
    for group, finding in zip(result.groups, result.findings, strict=True):
        screen.line()
        named = group_words(result, group, language)
        screen.line(named[:1].upper() + named[1:], style="bold")
        screen.line(finding.because, indent=2)
        heads = [_view(language, f"head.{key}") for key in ("period", "counted", *FORECASTS, "below")]
        rows = [
            [stretch_words(each, language), number(each.counted), *(interval_words(each.said[name]) for name in FORECASTS),
             " · ".join(below_words(each.said[name].below) for name in FORECASTS)]
            for each in group.stretches
        ]  # fmt: skip
        left = screen.table(heads, rows, indent=2, right=(1,), whole=(0, 2, 3, 4, 5), spare=(4, 5))
        screen.no_room(left, language)
    screen.line()
    screen.line(_view(language, "legend"), style="dim")
    of_places = [
        finding.caveats[0] for finding in result.findings if finding.caveats[0] not in result.caveats
    ]
    sections = {
        "doses": result.doses,
        "not_dosed": result.not_dosed,
        "caveats": (*of_places[-1:], *result.caveats),
    }
    for key, sentences in sections.items():
        if sentences:
            screen.line()
            screen.line(_view(language, key), style="bold")
            for sentence in sentences:
                screen.line("· " + sentence, indent=2, style="dim")


def _write(folder: Path, result: Replay, language: str) -> None:
    files = {f"{result.case.slug}.json": _json(result)}
    files |= {
        f"{result.case.slug}-{group.name}.svg": draw_fan(result, group, language) for group in result.groups
    }
    write_folder(folder, files)


def _working(asked: Asked, share: float) -> None:
    print(
        "\r" + _view(asked.language, "progress", share=int(100 * share)), end="", file=sys.stderr, flush=True
    )


def _view(language: str, key: str, **words: object) -> str:
    return say(language, f"replay.view.{key}", **words)
