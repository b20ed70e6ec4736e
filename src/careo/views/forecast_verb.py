"""The verb `careo forecast`: what comes when nothing new is done, as tables, fan charts, JSON and CSV."""

from __future__ import annotations

import csv
import io
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError
from careo.base.files import writing
from careo.base.texts import say
from careo.results.forecast_words import forecast_caveats, forecast_summary
from careo.results.skill_record import skill_sentences
from careo.results.wording import chance_words, number, place_name
from careo.run.forecasts import LEAST_DRAWS, MOST_DRAWS, MOST_LAG, MOST_MONTHS, QUANTILES, YEAR, forecast
from careo.views import contract
from careo.views.arguments import month, whole
from careo.views.cli import Asked
from careo.views.folders import output_folder, write_folder
from careo.views.skill_panel import show_skill
from careo.views.terminal import Screen

if TYPE_CHECKING:
    from careo.run.forecasts import Forecast, Outlook

_FEW = 3
"""With no more places than these, each is shown month by month."""
MUNICIPALITY = "municipality"
RECENT = 60
"""Observed months before the origin in pictures and tables."""


def forecast_verb(
    asked: Asked,
    *,
    origin: str,
    months: str,
    places: str,
    draws: str,
    seed: str,
    calibration: str,
    provisional: str,
) -> int:
    """`careo forecast`: the nation and its states over the next twelve months; `-o` writes fan charts and tables."""
    import careo
    from careo.run.calibrate import read_calibration

    if places == MUNICIPALITY:
        for option, given in (("--calibration", calibration), ("--provisional", provisional)):
            if given:  # the municipal forecaster has no such constants, and no months that some places lag by
                raise CareoError("usage_value", expected="--places state", found=places, option=option)
        return _municipal(asked, origin=origin, months=months, draws=draws, seed=seed)
    folder = output_folder(asked.out)
    found = forecast(
        careo.load_country(asked.country),
        origin=month("--origin", origin),
        months=whole("--months", months, 14, MOST_MONTHS),
        draws=whole("--draws", draws, 1000, MOST_DRAWS, least=LEAST_DRAWS),
        seed=whole("--seed", seed, 7, 2**64 - 1, least=0),
        places=places or "state",
        calibration=read_calibration(calibration) if calibration else None,
        provisional=whole("--provisional", provisional, 0, MOST_LAG, least=0),
    )
    block = contract.to_json(contract.envelope("forecast", forecast=forecast_data(found, asked.language)))
    if folder:
        _write(folder, found, block, asked.language)
        print(_view(asked, "lies", folder=folder), file=sys.stderr)
    screen = Screen()
    if asked.json:
        screen.write(block)
    else:
        _show(screen, asked, found)
    screen.close()
    return 0


def _municipal(asked: Asked, *, origin: str, months: str, draws: str, seed: str) -> int:
    """The imported municipal record carried on: it has a forecaster of its own, without constants of a country."""
    import careo
    from careo.run import municipal_forecast as municipal
    from careo.views.municipal_forecast import show_municipal_forecast

    country = careo.load_country(asked.country)
    found = municipal.forecast_municipalities(
        country,
        month("--origin", origin),
        whole("--months", months, 14, municipal.MOST_MONTHS),
        whole("--draws", draws, 1000, municipal.MOST_DRAWS, least=LEAST_DRAWS),
        whole("--seed", seed, 7, 2**64 - 1, least=0),
    )
    return show_municipal_forecast(asked, country, found)


def forecast_data(found: Forecast, language: str) -> dict[str, Any]:
    """A forecast as the JSON contract has it: quantiles by place and month, and the next twelve months of each place."""
    used = found.calibration
    return {
        "summary": forecast_summary(found, language),
        "level": found.level,
        "origin": f"{found.origin:%Y-%m}",
        "record_end": f"{found.record_end:%Y-%m}",
        "pseudo": found.pseudo,
        "months": found.months,
        "draws": found.draws,
        "seed": found.seed,
        "constants": {"sha256": used.key, "until": used.until, "origins": used.origins},
        "provisional": found.provisional,
        "unobserved": [list(cell) for cell in found.unobserved],
        "gaps": [list(cell) for cell in found.gaps],
        "next_year": [_outlook_data(found.outlook(code)) for code in found.rows],
        "by_month": [
            {"place": code, "month": at, "kind": kind, **dict(zip(_names(), quantiles, strict=True))}
            for code in found.rows
            for at, kind, quantiles in _months(found, code)
        ],
        "sources": list(found.sources),
        "skill": list(skill_sentences(found.country.key, language, constants=used.key)),
        "caveats": list(forecast_caveats(found, language)),
    }


def _outlook_data(each: Outlook) -> dict[str, Any]:
    return {
        "place": each.place,
        "observed": each.observed,
        "observed_until": f"{each.observed_until:%Y-%m}",
        **dict(zip(_names(), each.quantiles, strict=True)),
        "rises": each.rises,
    }


def _names() -> list[str]:
    return [f"q{round(100 * q):02}" for q in QUANTILES]


def _months(found: Forecast, code: str) -> list[tuple[str, str, list[float]]]:
    """Month, kind and quantiles of what is drawn of a place."""
    _, quantiles, kinds, _ = found.of(code)
    months = [str(at)[:7] for at in kinds["month"].values]
    return list(zip(months, kinds.values.tolist(), quantiles.values.tolist(), strict=True))


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(screen: Screen, asked: Asked, found: Forecast) -> None:
    screen.line(forecast_summary(found, asked.language), style="bold")
    words = {"months": found.months, "draws": number(found.draws), "seed": found.seed}
    screen.line(say(asked.language, "forecast.question", **words), style="dim")
    screen.line()
    screen.line(_view(asked, "places", months=min(YEAR, found.months)), style="bold")
    heads = [
        _view(asked, f"head.{key}")
        for key in (
            "place",
            "same_months" if found.months < YEAR else "observed",
            "median",
            "inside_50",
            "inside_90",
            "rises",
        )
    ]
    rows = [_row(asked, found, found.outlook(code)) for code in found.rows]
    left = screen.table(heads, rows, indent=2, right=(1, 2, 3, 4, 5), whole=(0,), spare=(3, 5))
    screen.no_room(left, asked.language)
    if len(found.places) <= _FEW:
        for code in found.places:
            _show_months(screen, asked, found, code)
    screen.line()
    show_skill(screen, found.country.key, asked.language, constants=found.calibration.key)
    screen.line()
    screen.line(_view(asked, "caveats"), style="bold")
    for caveat in forecast_caveats(found, asked.language):
        screen.line("· " + caveat, indent=2, style="dim")


def _row(asked: Asked, found: Forecast, each: Outlook) -> list[str]:
    low90, low50, median, high50, high90 = each.quantiles
    observed = number(round(each.observed)) if not math.isnan(each.observed) else "–"
    if each.observed_until < found.origin and found.months >= YEAR:
        observed = _view(asked, "until", count=observed, month=f"{each.observed_until:%Y-%m}")
    rises = "–" if math.isnan(each.rises) else chance_words(each.rises, asked.language)
    return [place_name(found.country, each.place, asked.language), observed, number(round(median)),
            _range(asked, low50, high50), _range(asked, low90, high90), rises]  # fmt: skip


def _show_months(screen: Screen, asked: Asked, found: Forecast, code: str) -> None:
    screen.line()
    screen.line(_view(asked, "monthly", place=place_name(found.country, code, asked.language)), style="bold")
    heads = [_view(asked, f"head.{key}") for key in ("month", "median", "inside_50", "inside_90", "kind")]
    rows = [
        [
            at,
            number(round(q[2])),
            _range(asked, q[1], q[3]),
            _range(asked, q[0], q[4]),
            say(asked.language, f"forecast.kind.{kind}"),
        ]
        for at, kind, q in _months(found, code)
    ]
    screen.table(heads, rows, indent=2, right=(1, 2, 3), whole=(0,))


def _range(asked: Asked, low: float, high: float) -> str:
    return _view(asked, "range", low=number(round(low)), high=number(round(high)))


def _view(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"forecast.view.{key}", **words)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(folder: Path, found: Forecast, block: str, language: str) -> None:
    """forecast.json, quantiles.csv, every sample, and a fan chart of each place."""
    from careo.views.fan_charts import draw_fan

    files = {"forecast.json": block, "quantiles.csv": _csv(found)}
    files |= {f"fan-{code}.svg": draw_fan(found, code, language, recent=RECENT) for code in found.rows}
    write_folder(folder, files)
    _write_samples(folder / "samples.parquet", found)


def _write_samples(path: Path, found: Forecast) -> None:
    """Every sample as a row: place, month, draw, count, kind; draw d of all places is one world."""
    import numpy as np
    import polars as pl

    places, months, draws = found.samples.shape
    frame = pl.DataFrame(
        {
            "place": np.repeat(np.array(found.places), months * draws),
            "month": np.tile(np.repeat(found.samples["month"].values.astype("datetime64[D]"), draws), places),
            "draw": np.tile(np.arange(draws, dtype=np.int32), places * months),
            "count": found.samples.values.ravel(),
            "kind": np.repeat(found.kind.values.ravel().astype(str), draws),
        },
        schema_overrides={"place": pl.Categorical, "kind": pl.Categorical},
    )
    with writing(path) as draft:
        frame.write_parquet(draft, compression="zstd")


def _csv(found: Forecast) -> str:
    """Observed months (all quantiles are the count; none where it was not observed), then those that were drawn."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["place", "month", *_names(), "kind"])
    for code in found.rows:
        drawn = _months(found, code)
        record = found.of(code)[3]
        for at, count in zip(record["month"].values[-RECENT:], record.values[-RECENT:].tolist(), strict=True):
            if str(at)[:7] < drawn[0][0] and not math.isnan(count):
                writer.writerow([code, str(at)[:7], *[f"{count:g}"] * len(QUANTILES), "observed"])
        writer.writerows([code, at, *(f"{q:.6g}" for q in quantiles), kind] for at, kind, quantiles in drawn)
    return out.getvalue()
