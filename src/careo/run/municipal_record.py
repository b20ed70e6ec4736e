"""What states' homicides are shared by: shares, concentration and drift from the municipal record that a person has imported.

Of each state the series that reaches furthest counts (`forecast.yaml`, `municipalities`). From it:

- Shares. With Y_j the counts of the last 36 months, E_j what the state's total would give by population, and 1/a the variance of
  rates among municipalities beyond chance (method of moments, all states together): π_j ∝ E_j (Y_j + a) / (E_j + a), the mean of a
  gamma-Poisson law. A small place is near its state's rate, a large one keeps its own.
- Concentration ψ of the Dirichlet-multinomial law: of each state the one that gives the squared deviations of months from their
  year's shares; the median of states, and the spread of their logarithms, are its prior, drawn for each state.
- Drift: the slope by years of squared changes of logarithmic shares, which chance within a year does not change.

Where nothing can be estimated, `CONCENTRATION`, `CONCENTRATION_LOG_SD` and `DRIFT` stand: the values of Mexico's record 2004–2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError
from careo.panel import Country, country_of
from careo.panel.monthly import load_panel, monthly_population
from careo.run.history import known_on, municipal_series

if TYPE_CHECKING:
    import xarray as xr

CONCENTRATION, CONCENTRATION_LOG_SD, DRIFT = 75.0, 0.9, 0.25
"""Median over states of ψ, spread of its logarithm, and a year's step of log shares: Mexico 2004–2010, by the functions below."""
WINDOW_MONTHS = 36
"""Of counts that shares are taken from: fewer are chance, more are history."""

_LEAST_COUNT = (
    50.0  # a year of a municipality that says something of drift; a tenth more or less is then chance
)
_LEAST_PAIRS = 20
_LEAST_STATE_YEAR = 100.0  # homicides of a state and year that say something of concentration
_BOUNDS_SHAPE = (0.5, 50.0)
_BOUNDS_CONCENTRATION = (5.0, 2000.0)


@dataclass(frozen=True, eq=False)
class MunicipalRecord:
    """What states' homicides are shared by.

    Attributes:
        codes: of municipalities, those of a state together, in the order of codes [municipality].
        state: index of each one's state [municipality]. numbers: in addresses of luck [municipality].
        shares: of its state's homicides, as recorded [share; municipality]. people: shares of its state's inhabitants, by recorded
            shares where they are not known [share; municipality].
        years_before: from each state's record to month 0 [years; state].
        last: last month of each state's record, "" where only inhabitants tell [state]. series, sources: used.
        concentration: median of ψ. concentration_log_sd. drift: a year's step [log points].
    """

    codes: tuple[str, ...]
    state: np.ndarray
    numbers: np.ndarray
    shares: np.ndarray
    people: np.ndarray
    years_before: np.ndarray
    last: tuple[str, ...]
    series: tuple[str, ...]
    sources: tuple[str, ...]
    concentration: float
    concentration_log_sd: float
    drift: float


def municipal_record(
    panel: Country | xr.Dataset | None, states: Sequence[str], start: date
) -> MunicipalRecord:
    """What states' homicides are shared by, from what was imported.

    Args:
        panel: as for `homicide_history`. states: codes. start: month 0.

    Raises:
        CareoError: the country has no municipalities, or none in one of the states; nothing monthly is known of them; or one state
            has neither a record nor inhabitants by municipality.
    """
    country, day = country_of(panel), known_on(panel)
    codes, state = municipalities_of(country, states)
    tables = municipal_tables(country, codes, day)
    if not tables:
        series = ", ".join(municipal_series(country)) or "–"
        raise CareoError("municipal_none", where=country.key, expected=series, fix="municipal_data")
    counts, last, used = _of_states(tables, codes, state, len(states))
    people = _people(country, codes, last, start, state)
    unknown = [states[i] for i in range(len(states)) if not last[i] and np.isnan(people[state == i]).any()]
    if unknown:
        raise CareoError("municipal_unknown", found=", ".join(unknown), fix="municipal_data")
    shares, by_people = _shares(counts, people, state, len(states))
    seen = ~np.isnan(counts).all(axis=1)
    median, log_sd = _concentration(counts[seen], state[seen])
    origin = np.datetime64(start, "M")
    before = [(origin - np.datetime64(one, "M")).astype(int) / 12 - 1 / 12 if one else 0.0 for one in last]
    oldest = max(before, default=0.0)
    return MunicipalRecord(
        codes=codes,
        state=state,
        numbers=municipality_numbers(country, codes),
        shares=shares,
        people=by_people,
        years_before=np.array([years if one else oldest for years, one in zip(before, last, strict=True)]),
        last=last,
        series=tuple(dict.fromkeys(table.name for table in used)),
        sources=tuple(dict.fromkeys(source for table in used for source in table.sources)),
        concentration=median,
        concentration_log_sd=log_sd,
        drift=_drift(counts[seen], state[seen]),
    )


# ── reading it ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class MunicipalTable:
    """A municipal series: counts [events/month; municipality month], NaN where not observed; months; keys of sources."""

    name: str
    counts: np.ndarray
    months: np.ndarray
    sources: tuple[str, ...]


def municipality_numbers(country: Country, codes: Sequence[str]) -> np.ndarray:
    """Each municipality's own number in addresses of luck: its official code where that is a number [municipality]."""
    positions = {code: position for position, code in enumerate(sorted(country.places.by_code))}
    return np.array([int(code) if code.isdigit() else positions[code] for code in codes], dtype=np.int64)


def municipalities_of(country: Country, states: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Codes of the municipalities of these states, those of a state together, and the index of each one's state [municipality]."""
    rows = {code: row for row, code in enumerate(states)}
    found = sorted(
        (rows[place.parent], place.code)
        for place in country.places.by_code.values()
        if place.kind == "municipality" and place.parent in rows
    )
    if not found:
        raise CareoError("scenario_level", where=country.key, found="municipality")
    state = np.array([row for row, _ in found], dtype=np.int64)
    empty = [code for code, row in rows.items() if row not in set(state.tolist())]
    if empty:
        raise CareoError("municipal_states", where=country.key, found=", ".join(empty))
    return tuple(code for _, code in found), state


def municipal_tables(country: Country, codes: Sequence[str], day: date | None) -> list[MunicipalTable]:
    """The series of which any municipal month is known, the preferred one first."""
    found: list[MunicipalTable] = []
    for name in municipal_series(country):
        try:
            panel = load_panel(country, places=codes, indicators=[name], as_of=day)
        except CareoError as error:
            if error.key != "panel_no_months":
                raise
            continue
        sources = tuple(str(panel[name].attrs["sources"]).split(", "))
        panel = panel.reindex(place=list(codes))
        months = panel["month"].to_numpy().astype("datetime64[M]")
        found.append(MunicipalTable(name, panel[name].to_numpy(), months, sources))
    return found


def _of_states(
    tables: Sequence[MunicipalTable], codes: Sequence[str], state: np.ndarray, states: int
) -> tuple[np.ndarray, tuple[str, ...], list[MunicipalTable]]:
    """Each state's longest-reaching series by year back from its last month: [events/month; municipality month], the last month last."""
    length = max(len(table.months) for table in tables)
    counts = np.full((len(codes), length), np.nan)
    last: list[str] = []
    used: list[MunicipalTable] = []
    for i in range(states):
        mine = state == i
        ends: list[tuple[str, int, int]] = []
        for k, table in enumerate(tables):
            seen = np.flatnonzero(~np.isnan(table.counts[mine]).all(axis=0))
            if len(seen):
                ends.append((str(table.months[seen[-1]]), -k, int(seen[-1])))
        if not ends:
            last.append("")
            continue
        month, k, at = max(ends)
        table = tables[-k]
        counts[mine, length - at - 1 :] = table.counts[mine, : at + 1]
        last.append(month)
        used.append(table)
    return counts, tuple(last), used


def _people(
    country: Country, codes: tuple[str, ...], last: Sequence[str], start: date, state: np.ndarray
) -> np.ndarray:
    """Inhabitants in each state's last month of record [persons; municipality]; NaN for a whole state where one is not known."""
    found = np.full(len(codes), np.nan)
    months = np.array([one or f"{start:%Y-%m}" for one in last], dtype="datetime64[M]")
    for month in np.unique(months):
        window = month - np.arange(61)[::-1]
        known = monthly_population(country, codes, window)
        latest = np.where(np.isnan(known), -1, np.arange(61)).max(axis=1)
        value = np.where(latest < 0, np.nan, known[np.arange(len(codes)), latest])
        mine = months[state] == month
        found[mine] = value[mine]
    return found


def _shares(
    counts: np.ndarray, people: np.ndarray, state: np.ndarray, states: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of homicides and of people by municipality, each summing to 1 within a state."""
    recent = np.nansum(counts[:, -WINDOW_MONTHS:], axis=1)
    by_people = np.empty(len(recent))
    for i in range(states):
        mine = state == i
        size = people[mine]
        known = ~np.isnan(size)
        if not known.any():  # all that is known of their size is what happened there
            size = np.nansum(counts[mine], axis=1) + 1.0
        elif not known.all():  # a municipality that is younger than the list of inhabitants
            size = np.where(known, size, np.nanmin(size))
        by_people[mine] = size / size.sum()
    totals = np.bincount(state, recent, states)
    expected = by_people * totals[state]
    seen = ~np.isnan(counts).all(axis=1)  # one that is younger than the record is at its state's rate
    shape = _shape(recent[seen], expected[seen])
    weight = np.where(seen, by_people * (recent + shape) / (expected + shape), by_people)
    return weight / np.bincount(state, weight, states)[state], by_people


def _shape(counts: np.ndarray, expected: np.ndarray) -> float:
    """Of the gamma law of rates, relative to their state's, by moments."""
    beyond = float(((counts - expected) ** 2 - expected).sum())
    low, high = _BOUNDS_SHAPE
    return float(np.clip((expected**2).sum() / beyond, low, high)) if beyond > 0 else high


def _by_year(counts: np.ndarray) -> np.ndarray:
    """Whole years back from the last month [events/month; municipality year month]; a year with a month unknown stays NaN."""
    years = counts.shape[1] // 12
    return counts[:, counts.shape[1] - 12 * years :].reshape(len(counts), years, 12)


def _concentration(counts: np.ndarray, state: np.ndarray) -> tuple[float, float]:
    """Median of ψ over states, and the spread of its logarithm."""
    found: list[float] = []
    years = _by_year(counts)
    for i in np.unique(state):
        cells: list[tuple[np.ndarray, float, float, float]] = []
        for year in range(years.shape[1]):
            months = years[state == i, year]
            if np.isnan(months).any() or months.sum() < _LEAST_STATE_YEAR or len(months) < 2:
                continue
            n, shares = months.sum(axis=0), months.sum(axis=1) / months.sum()
            deviation = float(((months - shares[:, None] * n) ** 2).sum())
            cells.append((n, 1.0 - float((shares**2).sum()), float(n.sum()), deviation))
        if cells:
            found.append(_solved(cells))
    if len(found) < 3:
        return CONCENTRATION, CONCENTRATION_LOG_SD
    logs = np.log(found)
    middle = float(np.median(logs))
    spread = float(np.subtract(*np.quantile(logs, [0.75, 0.25])) / 1.349)
    return float(np.exp(middle)), max(spread, 0.1)


def _solved(cells: Sequence[tuple[np.ndarray, float, float, float]]) -> float:
    """ψ that gives the squared deviations; what a year's own shares take of them is allowed for."""
    low, high = np.log(_BOUNDS_CONCENTRATION)
    observed = sum(deviation for *_, deviation in cells)
    for _ in range(60):
        psi = np.exp((low + high) / 2)
        wanted = sum(
            float((n * spread * (n + psi) / (1 + psi) * (1 - n / total)).sum())
            for n, spread, total, _ in cells
        )
        if wanted > observed:  # too lumpy: more concentrated
            low = (low + high) / 2
        else:
            high = (low + high) / 2
    return float(np.exp((low + high) / 2))


def _drift(counts: np.ndarray, state: np.ndarray) -> float:
    """A year's step of log shares: the rise of their mean squared change from one year's distance to the farthest that is well seen."""
    totals = _by_year(counts).sum(axis=2)
    of_state = np.empty_like(totals)
    for i in np.unique(state):
        of_state[state == i] = totals[state == i].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log((totals + 0.5) / of_state)
    squares: list[float] = []
    for lag in range(1, totals.shape[1]):
        early, late = totals[:, :-lag], totals[:, lag:]
        with np.errstate(invalid="ignore"):
            well = (early + late) / 2 >= _LEAST_COUNT
        change = (logs[:, lag:] - logs[:, :-lag])[well]
        change = change[np.isfinite(change)]
        if len(change) < _LEAST_PAIRS:
            break
        squares.append(float((change**2).mean()))
    if len(squares) < 3:
        return DRIFT
    return float(np.sqrt(max(squares[-1] - squares[0], 0.0) / (len(squares) - 1)))
