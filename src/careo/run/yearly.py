"""An outcome by place and year, from editions that a person imported or from whole years of the monthly record.

Series by year come with traps: a year may be the copy of another, and counts by year of death end with deaths that were not registered yet. A
year that repeats another is left out, the one that lies farther from the published total; each series is a stretch of its own, and nothing is
compared across two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from careo.base.dates import period_of_year
from careo.base.errors import CareoError
from careo.evidence.events import Outcome
from careo.panel import Country, country_of
from careo.panel.editions import source_of, values
from careo.panel.monthly import monthly_population, monthly_values

if TYPE_CHECKING:
    import xarray as xr

    from careo.run.setting import Floats

_ENOUGH = 20  # places with any events in two years before their being equal is no coincidence
_ALIKE = 0.95


@dataclass(frozen=True, eq=False)
class Yearly:
    """One series by place and year.

    Attributes:
        name: of the indicator, or of the outcome. places: codes [place]. years: [year].
        counts: NaN where not observed [events/year; place, year]. people: mid-year inhabitants, NaN where unknown [persons; place, year].
        copies: (year left out, year that it repeats). sources: keys.
    """

    name: str
    places: tuple[str, ...]
    years: tuple[int, ...]
    counts: Floats
    people: Floats
    copies: tuple[tuple[int, int], ...] = ()
    sources: tuple[str, ...] = ()


def yearly_record(panel: Country | xr.Dataset | None, outcome: Outcome, level: str) -> tuple[Yearly, ...]:
    """The series of an outcome by year at a level, each by itself; those with fewer than two years are none.

    Raises:
        CareoError: nobody imported any, or no population of the places is known.
    """
    country = country_of(panel)
    codes = tuple(sorted(place.code for place in country.places.by_code.values() if place.kind == level))
    found = [
        one for name in outcome.yearly or outcome.sum_of if (one := _series(country, name, codes, level))
    ]
    if not found:
        names = ", ".join(outcome.yearly or outcome.sum_of) or "–"
        raise CareoError("yearly_none", where=outcome.id, expected=names, level=level, fix="municipal_data")
    if not any(np.isfinite(one.people).any() for one in found):
        raise CareoError("setting_population", places=level, fix="setting_population")
    return tuple(found)


def _series(country: Country, name: str, codes: Sequence[str], level: str) -> Yearly | None:
    by_year: dict[int, Floats] = {}
    sources: list[str] = []
    for year, counts, source in [*_years(country, name, codes), *_months(country, name, codes, level)]:
        stood = by_year.setdefault(year, np.full(len(codes), np.nan))
        by_year[year] = np.where(np.isfinite(counts), counts, stood)
        sources.append(source)
    copies = _copies(country, name, by_year)
    for year, _ in copies:
        del by_year[year]
    if len(by_year) < 2:
        return None
    years = tuple(sorted(by_year))
    table = np.stack([by_year[year] for year in years], axis=1)
    seen = np.asarray(np.isfinite(table).any(axis=1))
    places = tuple(code for code, there in zip(codes, seen.tolist(), strict=True) if there)
    months = np.array([f"{year}-07" for year in years], dtype="datetime64[M]")
    people = monthly_population(country, places, months)
    return Yearly(name, places, years, table[seen], np.array(people), copies, tuple(dict.fromkeys(sources)))


def _years(country: Country, name: str, codes: Sequence[str]) -> list[tuple[int, Floats, str]]:
    """Values by year of imported editions, oldest edition first."""
    import polars as pl

    rows = {code: row for row, code in enumerate(codes)}
    found: list[tuple[int, Floats, str]] = []
    for edition in country.editions:
        if name not in edition.indicators:
            continue
        table = (
            values(edition, name)
            .filter((pl.col("step") == "year") & pl.col("place").is_in(list(codes)))
            .collect()
        )
        for (year,), part in table.group_by(pl.col("start").dt.year(), maintain_order=True):
            counts = np.full(len(codes), np.nan)
            counts[[rows[code] for code in part["place"]]] = part["value"].to_numpy()
            found.append((int(str(year)), counts, source_of(edition).key))
    return found


def _months(country: Country, name: str, codes: Sequence[str], level: str) -> list[tuple[int, Floats, str]]:
    """Whole years of the monthly record; a place that lacks a month lacks the year."""
    try:
        monthly = monthly_values(country, places=[level], indicators=[name])
    except CareoError as error:
        if error.key != "panel_no_months":
            raise
        return []
    rows = {code: row for row, code in enumerate(codes)}
    year_of = monthly.months.astype("datetime64[Y]").astype(int) + 1970
    found: list[tuple[int, Floats, str]] = []
    for year in np.unique(year_of).tolist():
        inside = year_of == year
        if inside.sum() == 12:
            counts = np.full(len(codes), np.nan)
            counts[[rows[code] for code in monthly.places]] = monthly.values[name][:, inside].sum(axis=1)
            if np.isfinite(counts).any():
                found.append((int(year), counts, ", ".join(monthly.sources[name])))
    return found


def _copies(country: Country, name: str, by_year: dict[int, Floats]) -> tuple[tuple[int, int], ...]:
    """Years that repeat another one: of each pair the one that lies farther from the published total, the later one where none is known."""
    found: list[tuple[int, int]] = []
    for one, other in combinations(sorted(by_year), 2):
        some = (np.nan_to_num(by_year[one]) > 0) | (np.nan_to_num(by_year[other]) > 0)
        if some.sum() >= _ENOUGH and (by_year[one] == by_year[other])[some].mean() >= _ALIKE:
            off = [_off(country, name, year, float(np.nansum(by_year[year]))) for year in (one, other)]
            found.append((one, other) if off[0] > off[1] else (other, one))
    return tuple(found)


def _off(country: Country, name: str, year: int, total: float) -> float:
    """How far a sum lies from what was published, as a share; 0 where nothing was."""
    known = country.newest(name, country.places.nation, period_of_year(year))
    return abs(total / known.value - 1) if known and known.value else 0.0
