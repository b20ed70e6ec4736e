"""The panel: monthly counts by place as an xarray dataset, as known on a day, with rates where populations are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from careo.base.dates import parse_period
from careo.base.errors import CareoError, OutputError
from careo.base.files import writing
from careo.panel.country import Country, load_country
from careo.panel.editions import source_of, values
from careo.panel.series import read_wide
from careo.sources.snapshot import Snapshot

if TYPE_CHECKING:
    import xarray as xr

LEVELS = ("nation", "state", "municipality")
RATE = "_rate_per_100k_year"
LEVEL_RATE = "_rate_per_100k"
POPULATION = "population"
_MOST_CELLS = 200_000_000


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyValues:
    """Monthly values by place, NaN where nothing was reported.

    Attributes:
        places: codes [place]. months: datetime64[M] [month]. values: by indicator id [unit of the indicator; place month].
        vintages, sources: by indicator id.
    """

    places: tuple[str, ...]
    months: np.ndarray
    values: Mapping[str, np.ndarray]
    vintages: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class _Edition:
    """One vintage of one indicator, a value a row: which of the places asked for, the months since 1970, the value."""

    known: date
    vintage: str
    source: str
    places: np.ndarray
    months: np.ndarray
    values: np.ndarray


def load_panel(
    country: str | Country = "mexico",
    *,
    places: Sequence[str] = ("nation", "state"),
    indicators: Sequence[str] = (),
    as_of: date | None = None,
    rate: bool = False,
) -> xr.Dataset:
    """Monthly values by place: NaN where nothing was reported, 0 where none was counted.

    Each cell holds the newest vintage known on the day asked for. Yearly values are never spread over months.

    Args:
        country: "mexico", "toyland", a folder of the same layout, or a country already loaded.
        places: levels ("nation", "state", "municipality"), or official codes.
        indicators: ids; empty for every indicator with monthly values at those places.
        as_of: the day; None for everything known.
        rate: rates per 100,000 inhabitants instead of counts, over the population of the middle of the month, linear between
            mid-year populations: those of flows a year, twelve times the month; those of stocks as they stand.

    Returns:
        dims (place, month); data variables by indicator id (rates: see `rate_name`); coordinates place_name and
        level (place). Attributes of a variable: unit, long_name, vintages, sources.

    Raises:
        CareoError: an unknown level, place or indicator, or nothing monthly is known of it.
    """
    import xarray as xr

    country = load_country(country) if isinstance(country, str) else country
    found = monthly_values(country, places=places, indicators=indicators, as_of=as_of)
    by_code = country.places.by_code
    dataset = xr.Dataset(
        {name: (("place", "month"), array) for name, array in found.values.items()},
        coords={
            "place": np.array(found.places, dtype=str),
            "month": found.months.astype("datetime64[ns]"),
            "place_name": ("place", np.array([by_code[code].name for code in found.places], dtype=str)),
            "level": ("place", np.array([by_code[code].kind for code in found.places], dtype=str)),
        },
        attrs={"country": country.key, "as_of": as_of.isoformat() if as_of else ""},
    )
    for name in found.values:
        definition = country.indicators[name]
        dataset[name].attrs |= {
            "unit": definition.unit,
            "long_name": definition.name.get("en", name),
            "vintages": ", ".join(found.vintages[name]),
            "sources": ", ".join(found.sources[name]),
        }
    return _rates(dataset, country) if rate else dataset


def monthly_values(
    country: Country,
    *,
    places: Sequence[str],
    indicators: Sequence[str] = (),
    as_of: date | None = None,
) -> MonthlyValues:
    """The values of a panel, for those who need no dataset and would wait for xarray. Arguments and errors as of `load_panel`."""
    wanted = _codes(country, places)
    names = list(indicators) or sorted(monthly_indicators(country))
    found = {name: list(_editions(country, name, wanted, as_of)) for name in names}
    for name in indicators:
        _refuse_empty(country, name, found[name], places, as_of)
    found = {name: editions for name, editions in found.items() if editions}
    every = [edition for editions in found.values() for edition in editions]
    rows = _rows(every)
    months = _months(every)
    if len(rows) * len(months) * len(found) > _MOST_CELLS:
        raise CareoError("panel_too_large", found=f"{len(rows)} × {len(months)} × {len(found)}")
    return MonthlyValues(
        tuple(wanted[row] for row in rows),
        months,
        {name: _array(editions, rows, months) for name, editions in found.items()},
        {name: tuple(sorted({e.vintage for e in editions})) for name, editions in found.items()},
        {name: tuple(sorted({e.source for e in editions})) for name, editions in found.items()},
    )


def write_panel(panel: xr.Dataset, path: Path) -> int:
    """Write a panel as a table: one row a place and month with anything in it, one column an indicator; empty is not observed.

    Returns:
        The number of rows.

    Raises:
        OutputError: not a .parquet or .csv file, or it cannot be written; an earlier file stays as it was.
    """
    import polars as pl

    suffix = path.suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise OutputError("output_suffix", where=str(path), expected=".parquet | .csv", found=suffix or "–")
    places, months = panel.sizes["place"], panel.sizes["month"]
    table = pl.DataFrame(
        {
            "place": np.repeat(panel["place"].values, months),
            "place_name": np.repeat(panel["place_name"].values, months),
            "month": np.tile(panel["month"].values.astype("datetime64[D]"), places),
            **{str(name): array.to_numpy().ravel() for name, array in panel.data_vars.items()},
        }
    ).with_columns(pl.selectors.float().fill_nan(None))
    values = [str(name) for name in panel.data_vars]
    table = table.filter(pl.any_horizontal(pl.col(v).is_not_null() for v in values)) if values else table
    with writing(path) as draft:
        table.write_parquet(draft) if suffix == ".parquet" else table.write_csv(draft)
    return table.height


def monthly_indicators(country: Country) -> frozenset[str]:
    """The indicators of which monthly values are embedded or imported."""
    imported = {name for s in country.editions for name in s.indicators if _is_monthly(s, name)}
    return frozenset(country.monthly_tables) | (imported & set(country.indicators))


def rate_name(country: Country, indicator: str) -> str:
    """How a panel names the rate of an indicator: that of a flow is a year's, that of a stock has no time in it."""
    return indicator + (RATE if country.sums(indicator) else LEVEL_RATE)


def monthly_population(country: Country, codes: Sequence[str], months: np.ndarray) -> np.ndarray:
    """Inhabitants at the middle of each month [persons; place month], linear between mid-year populations, NaN beyond them.

    The newest projection serves every day: a rate as of 2015 is a matter of its counts. A place's population comes from one
    edition, for editions continue one another with a step.
    """
    key = ("monthly_population", *codes, months.astype("datetime64[M]").tobytes())
    if key not in country.derived:
        found = _monthly_population(country, codes, months)
        found.setflags(write=False)
        country.derived[key] = found
    return country.derived[key]


def _monthly_population(country: Country, codes: Sequence[str], months: np.ndarray) -> np.ndarray:
    middle = months.astype("datetime64[M]").astype(int) / 12 + 1970 + 0.5 / 12
    found = np.full((len(codes), len(months)), np.nan)
    for row, years, people in _population_points(country, codes):  # oldest first: the newest stands
        found[row] = np.interp(middle, years, people, left=np.nan, right=np.nan)
    return found


def _population_points(country: Country, codes: Sequence[str]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """A place's row, years and inhabitants, edition by edition; of one with a single year nothing can be said between years."""
    key = ("population_points", *codes)
    if key not in country.derived:
        found = list[tuple[int, np.ndarray, np.ndarray]]()
        for edition in _populations(country, codes):
            years = edition.months // 12 + 1970 + 0.5
            order = np.lexsort((years, edition.places))
            ends = np.bincount(edition.places, minlength=len(codes)).cumsum()
            parts = np.split(order, ends[:-1])
            found += [
                (row, years[part], edition.values[part]) for row, part in enumerate(parts) if len(part) > 1
            ]
        country.derived[key] = found
    return country.derived[key]


def _populations(country: Country, codes: Sequence[str]) -> list[_Edition]:
    """The editions of mid-year populations, the one to be believed last: odd ones, then older ones, then newer ones."""
    found: list[tuple[bool, _Edition]] = []
    for edition in country.editions:
        if POPULATION in edition.indicators:
            sound = not any(oddity.grave for oddity in edition.oddities)
            found.append((sound, _imported(edition, POPULATION, codes, "year")))
    imported = {edition.source for _, edition in found}
    rows = {code: row for row, code in enumerate(codes)}
    vintages: dict[tuple[date, str], list[tuple[int, int, float]]] = {}
    for o in country.series(POPULATION).observations:  # imported ones among them
        if o.source not in imported and o.place in rows and o.period.first is not None:
            month = (o.period.first.year - 1970) * 12
            vintages.setdefault((o.known, o.vintage), []).append((rows[o.place], month, o.value))
    for (known, vintage), told in vintages.items():
        found.append((True, _Edition(known, vintage, "", *map(np.array, zip(*told, strict=True)))))
    found.sort(key=lambda each: (each[0], each[1].known, each[1].vintage))
    return [edition for _, edition in found]


def _rates(dataset: xr.Dataset, country: Country) -> xr.Dataset:
    people = monthly_population(country, [str(c) for c in dataset["place"].values], dataset["month"].values)
    rates = dataset.drop_vars(list(dataset.data_vars))
    for indicator, array in dataset.data_vars.items():
        flow = country.sums(str(indicator))
        name = rate_name(country, str(indicator))
        rates[name] = (("place", "month"), array.to_numpy() * (12 if flow else 1) / people * 100_000)
        rates[name].attrs |= array.attrs | {"unit": "per 100,000 per year" if flow else "per 100,000"}
    return rates


def _codes(country: Country, places: Sequence[str]) -> list[str]:
    """Official codes in order: the nation, states, municipalities."""
    by_code = country.places.by_code
    wanted: list[str] = []
    for name in places:
        if name in LEVELS:
            wanted += sorted(place.code for place in by_code.values() if place.kind == name)
        elif name in by_code:
            wanted.append(name)
        else:
            raise CareoError("usage_place", found=repr(name))
    return list(dict.fromkeys(wanted))


def _editions(
    country: Country, indicator: str, codes: Sequence[str], as_of: date | None
) -> Iterator[_Edition]:
    """Every vintage of an indicator known on the day, oldest first."""
    found = [_embedded(country, indicator, codes)] if indicator in country.monthly_tables else []
    found += [
        _imported(snapshot, indicator, codes, "month")
        for snapshot in country.editions
        if indicator in snapshot.indicators and (as_of is None or snapshot.known <= as_of)
    ]
    for edition in sorted(found, key=lambda e: (e.known, e.vintage)):
        if len(edition.values) and (as_of is None or edition.known <= as_of):
            yield edition


def _embedded(country: Country, indicator: str, codes: Sequence[str]) -> _Edition:
    key = ("embedded_months", indicator)
    if key not in country.derived:
        country.derived[key] = _read_embedded(country, indicator)
    months, columns = country.derived[key]
    asked = np.full((len(codes), len(months)), np.nan)
    for row, code in enumerate(codes):
        if code in columns:
            asked[row] = columns[code]
    place, month = np.nonzero(~np.isnan(asked))
    card = country.monthly_tables[indicator]
    vintage = str(card["vintage"])
    known = parse_period(vintage).last or date.max
    return _Edition(known, vintage, str(card["source"]), place, months[month], asked[place, month])


def _read_embedded(country: Country, indicator: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The months of an embedded table, since 1970, and its values by place, NaN where nothing was reported."""
    places, rows = read_wide(country.folder / "series" / "monthly" / f"{indicator}.csv")
    months = np.array([month.first for month, _ in rows], dtype="datetime64[M]").astype(int)
    table = np.array([values for _, values in rows], dtype=float).reshape(len(rows), len(places))
    columns = dict(zip(places, table.T, strict=True))
    whole = country.monthly_tables[indicator].get("whole")
    return months, columns | ({whole: table.sum(axis=1)} if whole else {})  # NaN unless every place reported


def _imported(snapshot: Snapshot, indicator: str, codes: Sequence[str], step: str) -> _Edition:
    import polars as pl

    places = pl.Enum(list(codes))
    table = (
        values(snapshot, indicator)
        .filter(pl.col("step") == step, pl.col("place").is_in(list(codes)))
        .select(pl.col("place").cast(places).to_physical(), "start", "value")
        .collect()
    )
    months = table["start"].to_numpy().astype("datetime64[M]").astype(int)
    key = source_of(snapshot).key
    return _Edition(
        snapshot.known, snapshot.vintage, key, table["place"].to_numpy(), months, table["value"].to_numpy()
    )


def _rows(editions: Sequence[_Edition]) -> list[int]:
    """Which of the places asked for have any value."""
    places = [np.bincount(edition.places) for edition in editions]
    return sorted({row for counted in places for row in np.flatnonzero(counted).tolist()})


def _months(editions: Sequence[_Edition]) -> np.ndarray:
    """Every month from the first to the last one with a value, as datetime64[M]."""
    if not editions:
        return np.array([], dtype="datetime64[M]")
    first, last = min(e.months.min() for e in editions), max(e.months.max() for e in editions)
    return np.arange(first, last + 1).astype("datetime64[M]")


def _array(editions: Sequence[_Edition], rows: Sequence[int], months: np.ndarray) -> np.ndarray:
    """Values by place and month; a later vintage stands over an earlier one wherever it says something."""
    array = np.full((len(rows), len(months)), np.nan)
    for edition in editions:
        place = np.searchsorted(rows, edition.places)
        array[place, edition.months - months[0].astype(int)] = edition.values
    return array


def _is_monthly(snapshot: Snapshot, indicator: str) -> bool:
    return len(snapshot.first) == 7 and indicator in snapshot.indicators


def _refuse_empty(
    country: Country, indicator: str, editions: Sequence[_Edition], places: Sequence[str], as_of: date | None
) -> None:
    if indicator not in country.indicators:
        raise CareoError("usage_indicator", found=repr(indicator), fix="indicators")
    if not editions:
        raise CareoError(
            "panel_no_months",
            where=indicator,
            expected=", ".join(sorted(monthly_indicators(country))),
            fix="panel_no_months",
            places=", ".join(places),
            day=f" ({as_of})" if as_of else "",
        )
