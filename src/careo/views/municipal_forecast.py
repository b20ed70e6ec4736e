"""`careo forecast --places municipality`: the imported municipal record carried on; a table of the largest, all of them as CSV and JSON."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from careo.base.texts import say
from careo.results.wording import number, place_name
from careo.views import contract
from careo.views.cli import Asked
from careo.views.folders import output_folder, write_folder
from careo.views.terminal import Screen

if TYPE_CHECKING:
    from careo.panel.country import Country
    from careo.run.municipal_forecast import MunicipalForecast

_SHOWN = 15
"""Municipalities in the table, those with the most expected homicides; `-o` and `--json` have all."""
_QUANTILES = ("q05", "q25", "q50", "q75", "q95")


def show_municipal_forecast(asked: Asked, country: Country, found: MunicipalForecast) -> int:
    """Table, JSON, and with `-o` a folder of JSON and CSV."""
    folder = output_folder(asked.out)
    block = contract.to_json(contract.envelope("forecast", forecast=_data(country, found, asked.language)))
    if folder:
        write_folder(folder, {"forecast.json": block, "quantiles.csv": _csv(found)})
        print(say(asked.language, "forecast.view.lies", folder=folder), file=sys.stderr)
    screen = Screen()
    if asked.json:
        screen.write(block)
    else:
        _show(screen, asked, country, found)
    screen.close()
    return 0


def _data(country: Country, found: MunicipalForecast, language: str) -> dict[str, Any]:
    return {
        "summary": _summary(country, found, language),
        "level": "municipality",
        "origin": f"{found.origin:%Y-%m}",
        "series": found.series,
        "draws": found.draws,
        "seed": found.seed,
        "left_out": found.left_out,
        "by_month": [
            {"place": code, "month": month, "mean": mean, **dict(zip(_QUANTILES, quantiles, strict=True))}
            for code, month, mean, quantiles in _months(found)
        ],
        "by_state": [
            {"place": code, "month": f"{month:%Y-%m}", **dict(zip(_QUANTILES, row, strict=True))}
            for code, rows in zip(found.states, found.state_quantiles.tolist(), strict=True)
            for month, row in zip(found.months, rows, strict=True)
        ],
        "caveats": _caveats(country, found, language),
    }


def _months(found: MunicipalForecast) -> list[tuple[str, str, float, list[float]]]:
    return [
        (code, f"{month:%Y-%m}", round(mean, 4), quantiles)
        for code, means, rows in zip(found.codes, found.means.tolist(), found.quantiles.tolist(), strict=True)
        for month, mean, quantiles in zip(found.months, means, rows, strict=True)
    ]


def _csv(found: MunicipalForecast) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["place", "month", "mean", *_QUANTILES])
    for code, month, mean, quantiles in _months(found):
        writer.writerow([code, month, f"{mean:.4g}", *(f"{q:g}" for q in quantiles)])
    return out.getvalue()


def _summary(country: Country, found: MunicipalForecast, language: str) -> str:
    expected = found.means.sum(axis=1)
    most = int(expected.argmax())
    half = int((np.sort(expected)[::-1].cumsum() < 0.5 * expected.sum()).sum()) + 1
    return say(
        language, "forecast.municipal.summary", count=number(len(found.codes)), months=len(found.months),
        first=f"{found.months[0]:%Y-%m}", last=f"{found.months[-1]:%Y-%m}", origin=f"{found.origin:%Y-%m}", half=number(half),
        place=place_name(country, found.codes[most], language), expected=number(round(float(expected[most]))),
    )  # fmt: skip


def _caveats(country: Country, found: MunicipalForecast, language: str) -> list[str]:
    name = country.indicators[found.series].name
    told = [
        say(language, "forecast.municipal.series", series=name.get(language, found.series)),
        say(language, "forecast.municipal.sums"),
        say(language, "forecast.municipal.skill"),
    ]
    if found.left_out:
        told.insert(1, say(language, "forecast.municipal.left_out", count=number(found.left_out)))
    return told


def _show(screen: Screen, asked: Asked, country: Country, found: MunicipalForecast) -> None:
    language = asked.language
    screen.line(_summary(country, found, language), style="bold")
    words = {"months": len(found.months), "draws": number(found.draws), "seed": found.seed}
    screen.line(say(language, "forecast.question", **words), style="dim")
    screen.line()
    screen.line(say(language, "forecast.municipal.largest", count=_SHOWN), style="bold")
    heads = [say(language, f"forecast.municipal.head.{key}") for key in ("place", "expected", "near", "far")]
    expected = found.means.sum(axis=1)
    rows = [
        [
            place_name(country, found.codes[i], language),
            number(round(float(expected[i]))),
            *(_range(found.quantiles[i, month], language) for month in (0, -1)),
        ]
        for i in np.argsort(-expected, kind="stable")[:_SHOWN]
    ]
    screen.table(heads, rows, indent=2, right=(1, 2, 3), whole=(0,))
    screen.line()
    screen.line(say(language, "forecast.view.caveats"), style="bold")
    for caveat in _caveats(country, found, language):
        screen.line("· " + caveat, indent=2, style="dim")


def _range(quantiles: np.ndarray, language: str) -> str:
    return say(
        language,
        "forecast.view.range",
        low=number(round(float(quantiles[0]))),
        high=number(round(float(quantiles[-1]))),
    )
