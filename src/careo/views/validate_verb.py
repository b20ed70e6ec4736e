"""The verb `careo validate`: how well forecasts did before, as tables, pictures and JSON."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.results.scores import SCORES
from careo.results.validate import Validation, validate
from careo.results.validate_words import model_words, window_words, years_of
from careo.results.wording import number, place_name
from careo.views import contract
from careo.views.arguments import whole
from careo.views.cli import Asked
from careo.views.folders import output_folder, write_folder
from careo.views.progress import end_progress, tell_progress, watched
from careo.views.terminal import Screen

if TYPE_CHECKING:
    import numpy as np

_COLUMNS = ("crps", "interval_90", "ignorance", "error", "log_crps", "inside_50", "inside_90", "nation_crps")
_PUBLISHED = {
    "crps": "CRPS", "interval_90": "MIS90", "ignorance": "IGN", "error": "MAE", "log_crps": "log1p_CRPS",
    "inside_50": "coverage_50", "inside_90": "coverage_90", "nation_crps": "national_CRPS",
}  # fmt: skip
"""Scores by the names that the protocol has for them: those of the JSON."""
_DECIMALS = {
    "crps": 2,
    "interval_90": 1,
    "ignorance": 3,
    "error": 2,
    "log_crps": 4,
    "inside_50": 2,
    "inside_90": 2,
    "nation_crps": 1,
}


def validate_verb(
    asked: Asked,
    *,
    origins: str,
    origin: str,
    places: str,
    against: str,
    models: str,
    draws: str,
    seed: str,
    data: str,
    by_state: bool,
    replay: str = "",
) -> int:
    """`careo validate [--data FILE]`: the table by model and window, by year, by state; `-o` writes pictures and tables."""
    import careo

    if replay:
        from careo.views.replay_verb import replay_verb

        others = {"--origins": origins, "--origin": origin, "--places": places, "--against": against, "--models": models,
                  "--data": data, "--by-state": by_state}  # fmt: skip
        return replay_verb(
            asked, replay, draws=draws, seed=seed, others=[name for name, value in others.items() if value]
        )
    if origins and origin:
        raise CareoError(
            "usage_value", expected="--origins | --origin", found="--origins --origin", option="--origin"
        )
    if "/" in origin:
        raise CareoError("usage_value", expected="2023-10", found=repr(origin[:40]), option="--origin")
    folder = output_folder(asked.out)
    result = validate(
        careo.load_country(asked.country),
        origins=origins or origin,
        places=places or "state",
        models=[name.strip() for name in models.split(",") if name.strip()] or None,
        against=against,
        draws=whole("--draws", draws, 1000, 20_000, least=20),
        seed=whole("--seed", seed, 7, 2**63, least=0),
        data=data or None,
        today=datetime.now(UTC).date(),
        language=asked.language,
        progress=(lambda share: _working(asked, share)) if watched() else None,
    )
    end_progress()
    if folder:
        _write(folder, result, asked.language)
        print(_view(asked, "lies", folder=folder), file=sys.stderr)
    screen = Screen()
    if asked.json:
        screen.write(_json(result))
    else:
        _show(screen, asked, result, by_state=by_state)
    screen.close()
    return 0


def _json(result: Validation) -> str:
    findings = [contract.finding_data(finding, {}) for finding in result.findings]
    return contract.to_json(contract.envelope("validate", findings, validation=validation_data(result)))


def validation_data(result: Validation) -> dict[str, Any]:
    """A validation as the JSON contract has it; scores are means, `by_year` and `by_state` of the level asked for."""
    data = result.data
    return {
        "summary": result.summary,
        "level": result.level,
        "origins": [f"{origin:%Y-%m}" for origin in result.origins],
        "against": result.against,
        "draws": result.draws,
        "seed": result.seed,
        "models": {
            model: {
                window: {
                    **{_PUBLISHED[key]: _value(result, key, model, window) for key in _COLUMNS},
                    "months": _cells(result, window),
                    "pit": result.pit.sel(model=model, window=window).values.tolist(),
                    "low_coverage": dict(result.low[model, window].places),
                    "low_coverage_expected": result.low[model, window].expected,
                    "low_coverage_most": result.low[model, window].most,
                }
                for window in result.windows
            }
            for model in result.models
        },
        "differences": [
            {"model": d.model, "against": d.against, "window": d.window, "gain": d.gain, "low": d.low, "high": d.high,
             "years": d.years, "places": d.places, "verdict": d.verdict}
            for d in result.differences
        ],
        "by_year": {
            model: {str(year): _of(result, model, year=year) for year in result.years} for model in result.models
        },
        "by_state": {
            model: {str(code): _of_state(result, model, str(code)) for code in result.scores["place"].values}
            for model in result.models
        } if result.level == "state" else {},
        "not_run": dict(result.not_run),
        "gaps": [list(gap) for gap in result.gaps],
        "data": {
            "name": data.name, "sha256": data.sha256, "first": f"{data.first:%Y-%m}", "last": f"{data.last:%Y-%m}",
            "months": data.counts.shape[1], "compared": data.compared, "differing": data.differing,
        } if data else None,
        "caveats": list(result.caveats),
    }  # fmt: skip


def _value(result: Validation, name: str, model: str, window: str) -> float:
    return float(result.table[name].sel(model=model, window=window))


def _cells(result: Validation, window: str) -> int:
    years = years_of(result, window)
    return int(result.level_scores["crps"].isel(model=0).sel(year=years).notnull().sum())


def _of(result: Validation, model: str, **at: Any) -> dict[str, float]:
    chosen = result.level_scores.sel(model=model, **at)
    return {_PUBLISHED[name]: float(chosen[name].mean()) for name in SCORES}


def _of_state(result: Validation, model: str, code: str) -> dict[str, dict[str, float]]:
    chosen = result.scores.sel(model=model, place=code)
    return {
        window: {
            _PUBLISHED[name]: float(chosen[name].sel(year=years_of(result, window)).mean()) for name in SCORES
        }
        for window in result.windows
    }


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(screen: Screen, asked: Asked, result: Validation, *, by_state: bool) -> None:
    language = asked.language
    screen.line(result.summary, style="bold")
    screen.line(
        _view(asked, "question", origins=_origins(result),
              draws=number(result.draws), seed=result.seed, level=say(language, f"validate.level.{result.level}")),
        style="dim",
    )  # fmt: skip
    keys = [key for key in _COLUMNS if key != "nation_crps" or result.level == "state"]
    spare = [1 + keys.index(key) for key in ("log_crps", "error", "inside_50")]
    against = model_words(result.against, language)
    for window in result.windows:
        screen.line()
        screen.line(window_words(result, window, language), style="bold")
        heads = [
            _head(asked, "model"),
            *(_head(asked, key) for key in keys),
            _head(asked, "difference"),
        ]
        rows = [
            [model_words(model, language), *(_shown(result, key, _value(result, key, model, window)) for key in keys),
             _difference(result, model, window)]
            for model in result.models
        ]  # fmt: skip
        left = screen.table(
            heads, rows, indent=2, right=range(1, len(keys) + 1), whole=(0, len(keys) + 1), spare=spare
        )
        screen.no_room(left, language)
    screen.line()
    screen.line(_view(asked, "legend", against=against), style="dim")
    screen.line()
    screen.line(_view(asked, "years"), style="bold")
    _by(screen, asked, result, "year", [(str(year), {"year": year}) for year in result.years])
    if by_state and result.level == "state":
        screen.line()
        screen.line(_view(asked, "states"), style="bold")
        _by_state(screen, asked, result)
    _show_low(screen, asked, result)
    screen.line()
    screen.line(_view(asked, "caveats"), style="bold")
    for caveat in [*_not_run(asked, result), *result.caveats]:
        screen.line("· " + caveat, indent=2, style="dim")


def _origins(result: Validation) -> str:
    first, last = (f"{origin:%Y-%m}" for origin in (result.origins[0], result.origins[-1]))
    return first if first == last else f"{first} … {last} ({len(result.origins)})"


def _difference(result: Validation, model: str, window: str) -> str:
    found = [d for d in result.differences if (d.model, d.window) == (model, window)]
    if not found:
        return "–"
    # Sign of a change in CRPS: less is better.
    values = [-100 * each for each in (found[0].gain, found[0].high, found[0].low)]
    if math.isnan(values[1]):
        return f"{_signed(values[0])}%"
    return f"{_signed(values[0])}% [{_signed(values[1])}, {_signed(values[2])}]"


def _signed(value: float) -> str:
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def _by(
    screen: Screen, asked: Asked, result: Validation, head: str, rows: Sequence[tuple[str, dict[str, Any]]]
) -> None:
    crps = result.level_scores["crps"]
    heads = [_head(asked, head), *(model_words(model, asked.language) for model in result.models)]
    cells = [
        [
            name,
            *(_shown(result, "crps", float(crps.sel(model=model, **at).mean())) for model in result.models),
        ]
        for name, at in rows
    ]
    screen.table(
        heads, cells, indent=2, right=range(1, len(heads)), whole=(0,), spare=range(len(heads) - 1, 2, -1)
    )


def _by_state(screen: Screen, asked: Asked, result: Validation) -> None:
    scores, window = result.scores.sel(year=years_of(result, result.windows[-1])), result.windows[-1]
    heads = [f"{_head(asked, 'state')} ({window_words(result, window, asked.language)})"]
    heads += [model_words(model, asked.language) for model in result.models]
    rows: list[list[str]] = []
    for code in scores["place"].values:
        at = scores.sel(place=code).mean(("year", "month"))
        cells = [
            f"{float(at['crps'].sel(model=m)):.2f} ({float(at['inside_90'].sel(model=m)):.2f})"
            for m in result.models
        ]
        rows.append([place_name(result.country, str(code), asked.language), *cells])
    screen.table(heads, rows, indent=2, right=range(1, len(heads)), spare=range(len(heads) - 1, 2, -1))


def _show_low(screen: Screen, asked: Asked, result: Validation) -> None:
    from careo.run.hindcast import RELEASED

    if result.level != "state":
        return
    screen.line()
    screen.line(_view(asked, "low"), style="bold")
    for model in dict.fromkeys((RELEASED, result.against)):
        for window in result.windows if model in result.models else ():
            low = result.low[model, window]
            names = [
                f"{place_name(result.country, code, asked.language)} {share:.2f}"
                for code, share in low.places
            ]
            words = _view(
                asked, "low_row", model=model_words(model, asked.language), window=window_words(result, window, asked.language),
                places=", ".join(names) or _view(asked, "none"), expected=f"{low.expected:.1f}", most=f"{low.most:.0f}",
            )  # fmt: skip
            screen.line(words, indent=2)


def _not_run(asked: Asked, result: Validation) -> Iterator[str]:
    for why in dict.fromkeys(result.not_run.values()):
        names = ", ".join(model for model, other in result.not_run.items() if other == why)
        fix = say(asked.language, f"errors.fix.{why}").rstrip(".")
        yield say(asked.language, "validate.not_run", models=names, fix=fix)


def _shown(result: Validation, key: str, value: float) -> str:
    small = result.level == "municipality" and key in ("crps", "error")
    decimals = _DECIMALS[key] + small  # a municipality's month is a fraction of an event
    return "–" if math.isnan(value) else f"{value:,.{decimals}f}"


def _head(asked: Asked, key: str, **words: object) -> str:
    return _view(asked, f"head.{key}", **words)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(folder: Path, result: Validation, language: str) -> None:
    """validation.json, scores.csv, and of each model and window the PIT histogram and the coverage by year."""
    from careo.views.skill_pictures import draw_coverage, draw_pit

    files = {"validation.json": _json(result), "scores.csv": _csv(result)}
    for model in result.models:
        slug = "-".join(model.lower().split())
        for window in result.windows:
            words = {"model": model_words(model, language), "window": window_words(result, window, language)}
            shares: np.ndarray = result.pit.sel(model=model, window=window).values
            files[f"pit-{slug}-{window}.svg"] = draw_pit(shares / shares.sum(), words, language)
            inside = result.level_scores.sel(model=model, year=years_of(result, window)).mean(
                ("place", "month")
            )
            files[f"coverage-{slug}-{window}.svg"] = draw_coverage(
                years_of(result, window),
                {50: inside["inside_50"].values, 90: inside["inside_90"].values},
                words,
                language,
            )
    write_folder(folder, files)


def _csv(result: Validation) -> str:
    """Every score: one row a model, place and month."""
    scores, out = result.level_scores, io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["model", "place", "year", "month", *SCORES])
    values = {name: scores[name].transpose("model", "place", "year", "month").values for name in SCORES}
    for m, model in enumerate(result.models):
        for p, place in enumerate(scores["place"].values):
            for y, year in enumerate(result.years):
                for month in range(12):
                    row = [float(values[name][m, p, y, month]) for name in SCORES]
                    if not math.isnan(row[0]):
                        writer.writerow(
                            [model, str(place), year, month + 1, *(f"{value:.6g}" for value in row)]
                        )
    return out.getvalue()


# ── talk ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _working(asked: Asked, share: float) -> None:
    tell_progress(_view(asked, "progress", share=f"{100 * share:.0f}"), 100 * share, 100)


def _view(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"validate.view.{key}", **words)
