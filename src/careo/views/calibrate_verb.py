"""The verb `careo calibrate`: the forecaster's constants, fitted again, beside what was believed of them before."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from careo.base.texts import say
from careo.results.wording import place_name
from careo.views import contract
from careo.views.arguments import month
from careo.views.cli import Asked
from careo.views.terminal import Screen

if TYPE_CHECKING:
    import numpy as np

    from careo.panel import Country
    from careo.run.calibrate import Calibration, Diagnostics

_NOTHING, _LITTLE = 0.005, 0.2
"""Shares learnt of a prior variance below which a record says nothing, or little, of a constant."""
_FLAT = 1e-6
"""A slope per prior standard deviation that moves no digit that is shown."""
_STATES = 8
"""Shown without `--states`: those with most events."""


def calibrate_verb(asked: Asked, *, until: str, states: bool) -> int:
    """`careo calibrate [--until MONTH] [-o FILE]`: fits the constants, shows what was learnt; `-o` writes the file that runs use."""
    import careo

    country = careo.load_country(asked.country)
    tty = sys.stderr.isatty()
    calibration, diagnostics = careo.calibrate(
        country,
        until=month("--until", until),
        progress=(lambda done, all_: _working(asked, done, all_)) if tty else None,
    )
    if tty:
        print(file=sys.stderr)
    if asked.out:
        careo.write_calibration(calibration, asked.out)
        print(_words(asked, "written", file=asked.out), file=sys.stderr)
    screen = Screen()
    if asked.json:
        block: dict[str, Any] = {"calibration": calibration_data(calibration, diagnostics, asked.language)}
        screen.write(contract.to_json(contract.envelope("calibrate", **block)))
    else:
        _show(screen, asked, country, calibration, diagnostics, states=states)
    screen.close()
    return 0


def calibration_data(calibration: Calibration, diagnostics: Diagnostics, language: str) -> dict[str, Any]:
    """A calibration as the JSON contract has it."""
    from careo.model.forecast import CONSTANTS

    c = calibration.constants
    sd = _deviations(calibration)
    return {
        "sha256": calibration.key,
        "record_sha256": calibration.record,
        "until": calibration.until,
        "origins": {"first": calibration.first_origin, "last": calibration.last_origin, "count": calibration.origins},
        "outcomes": diagnostics.cases,
        "effective": calibration.effective,
        "constants": [
            {"id": name, "name": constant_words(name, language), "prior_mean": float(calibration.prior_mean[k]),
             "prior_sd": float(calibration.prior_sd[k]), "mean": float(c.mean[k]), "sd": float(sd[k]),
             "learnt": float(calibration.learnt[k])}
            for k, name in enumerate(CONSTANTS)
        ],
        "covariance": (c.factor @ c.factor.T).tolist(),
        "dispersion": c.dispersion,
        "dependence": c.dependence,
        "dependence_months": c.dependence_months,
        "correlation": [
            {"lead": lead, "found": None if math.isnan(found) else found, "fitted": fitted}
            for lead, found, fitted in _correlations(calibration, diagnostics)
        ],
        "states": [
            {"place": code, "level": diagnostics.levels[code], "volatility": diagnostics.restless[code],
             "source_ratio": diagnostics.ratios[code]}
            for code in diagnostics.levels
        ],
        "search": {"steps": diagnostics.steps, "steepest": diagnostics.steepest},
    }  # fmt: skip


def constant_words(name: str, language: str) -> str:
    """A constant of the forecaster in words."""
    return say(language, f"calibrate.constant.{name}")


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(
    screen: Screen,
    asked: Asked,
    country: Country,
    calibration: Calibration,
    diagnostics: Diagnostics,
    *,
    states: bool,
) -> None:
    c = calibration
    screen.line(_words(asked, "title", country=asked.country, until=c.until), style="bold")
    screen.line(
        _words(asked, "asked", count=c.origins, first=c.first_origin, last=c.last_origin, cases=f"{diagnostics.cases:,}",
               effective=f"{c.effective:g}"),
        style="dim",
    )  # fmt: skip
    if c.until > _tuned_until(country):
        screen.line(_words(asked, "beyond", until=_tuned_until(country)))
    screen.line()
    _show_constants(screen, asked, c)
    screen.line()
    screen.line(_words(asked, "section.untold"), style="bold")
    for line in _untold(asked, c):
        screen.line("· " + line, indent=2)
    screen.line()
    screen.line(_words(asked, "section.together"), style="bold")
    _show_dependence(screen, asked, c, diagnostics)
    screen.line()
    _show_states(screen, asked, country, diagnostics, every=states)
    screen.line()
    if diagnostics.steepest < _FLAT:
        screen.line(_words(asked, "search", steps=diagnostics.steps))
    else:
        steepest = f"{diagnostics.steepest:.1g}"
        screen.line(_words(asked, "search_open", steps=diagnostics.steps, steepest=steepest))
    screen.line(_words(asked, "key", constants=c.key[:12], record=c.record[:12]), style="dim")


def _show_constants(screen: Screen, asked: Asked, calibration: Calibration) -> None:
    from careo.model.forecast import CONSTANTS

    mean, sd = calibration.constants.mean, _deviations(calibration)
    rows = [
        [constant_words(name, asked.language), _pair(calibration.prior_mean[k], calibration.prior_sd[k]),
         _pair(mean[k], sd[k]), _percent(calibration.learnt[k])]
        for k, name in enumerate(CONSTANTS)
    ]  # fmt: skip
    heads = [_words(asked, f"head.{key}") for key in ("constant", "prior", "posterior", "learnt")]
    screen.table(heads, rows, indent=2, right=(1, 2, 3))
    stays = 1 / (1 + math.exp(-float(mean[0])))
    half = f"{math.log(0.5) / math.log(stays):.0f}"
    screen.line(_words(asked, "legend", stays=f"{stays:.3f}", months=half), indent=2, style="dim")
    dispersion = calibration.constants.dispersion
    words = {"alpha": f"{dispersion:.4f}", "extra": f"{100 * math.sqrt(dispersion):.0f}"}
    screen.line(_words(asked, "dispersion" if dispersion else "dispersion_none", **words), indent=2)


def _untold(asked: Asked, calibration: Calibration) -> list[str]:
    """What the counts say nothing, or little, of."""
    from careo.model.forecast import CONSTANTS

    share = dict(zip(CONSTANTS, calibration.learnt.tolist(), strict=True))
    none = [constant_words(name, asked.language) for name in CONSTANTS if share[name] < _NOTHING]
    little = [constant_words(name, asked.language) for name in CONSTANTS if _NOTHING <= share[name] < _LITTLE]
    lines = [_words(asked, "untold.none", names="; ".join(none))] if none else []
    if little:
        lines.append(_words(asked, "untold.little", names="; ".join(little), share=_percent(_LITTLE)))
    return [
        *lines,
        _words(asked, "untold.effective", effective=f"{calibration.effective:g}"),
        _words(asked, "untold.core"),
    ]


def _show_dependence(
    screen: Screen, asked: Asked, calibration: Calibration, diagnostics: Diagnostics
) -> None:
    known = any(not math.isnan(found) for found in diagnostics.correlation.values())
    rows = [
        [f"{lead}", "–" if math.isnan(found) else f"{found:.2f}", f"{fitted:.2f}"]
        for lead, found, fitted in _correlations(calibration, diagnostics)
    ]
    heads = [_words(asked, f"head.{key}") for key in ("lead", "found", "fitted")]
    screen.table(heads, rows, indent=2, right=(0, 1, 2))
    c = calibration.constants
    words = {"limit": f"{c.dependence:.2f}", "months": f"{c.dependence_months:g}"}
    screen.line(
        _words(asked, "dependence" if known else "dependence_assumed", **words), indent=2, style="dim"
    )


def _show_states(
    screen: Screen, asked: Asked, country: Country, diagnostics: Diagnostics, *, every: bool
) -> None:
    codes = sorted(diagnostics.levels, key=lambda code: -diagnostics.levels[code])
    shown = codes if every else codes[:_STATES]
    joined = any(ratio != 1.0 for ratio in diagnostics.ratios.values())
    keys = ("state", "level", "volatility", *(("ratio",) if joined else ()))
    screen.line(_words(asked, "section.states", count=len(shown), all=len(codes)), style="bold")
    rows = [
        [place_name(country, code, asked.language), f"{diagnostics.levels[code]:,.1f}",
         f"{100 * math.expm1(diagnostics.restless[code]):.0f}%",
         *((f"{diagnostics.ratios[code]:.2f}",) if joined else ())]
        for code in shown
    ]  # fmt: skip
    screen.table([_words(asked, f"head.{key}") for key in keys], rows, indent=2, right=range(1, len(keys)))
    screen.line(_words(asked, "states_note"), indent=2, style="dim")
    if joined:
        screen.line(_words(asked, "ratio_note"), indent=2, style="dim")
    if not every and len(codes) > len(shown):
        screen.line(_words(asked, "more"), indent=2, style="dim")


def _correlations(calibration: Calibration, diagnostics: Diagnostics) -> list[tuple[int, float, float]]:
    """Lead, correlation found, and that of the fitted curve."""
    from careo.model.forecast import dependence_by_lead

    leads = sorted(diagnostics.correlation)
    fitted = dependence_by_lead(calibration.constants, leads[-1])
    return [(lead, diagnostics.correlation[lead], float(fitted[lead - 1])) for lead in leads]


def _deviations(calibration: Calibration) -> np.ndarray:
    """Posterior standard deviations [constant]."""
    import numpy as np

    return np.sqrt((calibration.constants.factor**2).sum(axis=1))


def _tuned_until(country: Country) -> str:
    from careo.run.history import calibration_plan

    return f"{calibration_plan(country).until}-12"


def _pair(mean: float, sd: float) -> str:
    return f"{mean:.3f} ± {sd:.3f}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


# ── talk ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _working(asked: Asked, done: int, every: int) -> None:
    print("\r" + _words(asked, "progress", done=done, count=every), end="", file=sys.stderr, flush=True)


def _words(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"calibrate.{key}", **words)
