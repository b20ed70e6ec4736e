"""Choosing places for a measure: those with the highest rates at a date, or those of a mask file."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import DataError
from careo.base.fields import last_day
from careo.base.files import read_text
from careo.panel import Country, country_of
from careo.panel.monthly import load_panel, monthly_population
from careo.record.strategy import MaskFile, Measure, TopPlaces
from careo.run.scenario_costs import Note, measure_names, note

if TYPE_CHECKING:
    import xarray as xr


def chosen_places(where: TopPlaces | MaskFile, country: Country) -> tuple[str, ...]:
    """The codes that a strategy's file asks for, sorted, by what is known of the country now.

    Raises:
        CareoError: as of `top_places` and `mask_places`; the indicator has no months at that level.
    """
    if isinstance(where, MaskFile):
        return mask_places(where.file, country)
    panel = load_panel(country, places=(where.level,), indicators=(where.by,))
    return top_places(panel, where.top, where.by, last_day(where.on), level=where.level, months=where.months)


def chosen_note(measure: Measure, country: Country, count: int) -> Note | None:
    """How the places of a measure were chosen; None where its file lists them."""
    where = measure.where
    if isinstance(where, MaskFile):
        return note("chosen_file", measure=measure_names(measure), count=count, file=Path(where.file).name)
    if isinstance(where, TopPlaces):
        month = f"{last_day(where.on):%Y-%m}"
        name = country.indicators[where.by].name
        return note(
            "chosen_top",
            measure=measure_names(measure),
            count=count,
            indicator=name,
            months=where.months,
            month=month,
        )
    return None


def top_places(
    panel: xr.Dataset, n: int, indicator: str, on: date, *, level: str = "municipality", months: int = 12
) -> tuple[str, ...]:
    """The codes of the n places with the highest rate of an indicator, sorted by code.

    Rates are counts of the `months` months up to and with that of the day, per inhabitant in those of them of which the population is
    known. A place of which a month or all population is not known is not ranked; of equal rates the lower code goes first. What was
    known then is the panel's matter (`as_of`). In small places a rate is mostly chance.

    Args:
        panel: counts by place and month, as `load_panel` gives them.

    Raises:
        DataError: the panel does not have the indicator or the months, or fewer than n places can be ranked.
    """
    if indicator not in panel.data_vars:
        raise DataError(
            "usage_indicator", found=repr(indicator), expected=", ".join(map(str, panel.data_vars))
        )
    last = np.datetime64(on, "M")
    window = last - np.arange(months)[::-1].astype("timedelta64[M]")
    have = panel["month"].values.astype("datetime64[M]")
    if months < 1 or not np.isin(window, have).all():
        span = f"{have[0]} – {have[-1]}" if len(have) else "–"
        raise DataError(
            "scenario_top_months", expected=span, found=f"{window[0] if months > 0 else on} – {last}"
        )
    rows = np.flatnonzero(panel["level"].values == level)
    codes = [str(code) for code in panel["place"].values[rows]]
    counts = panel[indicator].values[rows][:, np.isin(have, window)].sum(axis=1)
    people = monthly_population(country_of(panel), codes, window)
    known = np.isfinite(people)
    with np.errstate(divide="ignore", invalid="ignore"):  # where none of the months is known
        rates = counts / (np.where(known, people, 0.0).sum(axis=1) / known.sum(axis=1))
    ranked = sorted((-rate, code) for rate, code in zip(rates, codes, strict=True) if np.isfinite(rate))
    if not 0 < n <= len(ranked):
        raise DataError("scenario_top", expected=f"1 … {len(ranked)}", found=str(n))
    return tuple(sorted(code for _, code in ranked[:n]))


def mask_places(path: str | Path, country: Country) -> tuple[str, ...]:
    """The codes of a mask file, sorted: a table whose first column is the code of a place, with or without a head `code`.

    Raises:
        DataError: it cannot be read, or a code is unknown or stands twice; says file and line.
    """
    try:
        rows = list(csv.reader(read_text(path).splitlines()))
    except csv.Error as error:
        raise DataError("file_unreadable", where=str(path)) from error
    known = {p.code for p in country.places.by_code.values() if p.kind in ("nation", "state", "municipality")}
    codes: set[str] = set()
    for number, row in enumerate(rows, 1):
        code = row[0].strip() if row else ""
        if not code or (number == 1 and code.lower() == "code"):
            continue
        if code not in known:
            zero = f"0{code}"  # a spreadsheet has taken the zero for a number's
            raise DataError(
                "panel_place", where=f"{path}:{number}", found=repr(code),
                fix="did_you_mean" if zero in known else "", guess=zero,
            )  # fmt: skip
        if code in codes:
            raise DataError("panel_twice", where=f"{path}:{number}", found=code)
        codes.add(code)
    if not codes:
        raise DataError("scenario_mask_empty", where=str(path))
    return tuple(sorted(codes))
