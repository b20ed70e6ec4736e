"""A publisher's file → a snapshot: recognised, read, placed, summed, checked against published totals, kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from careo.base.dates import parse_period
from careo.base.errors import DataError
from careo.panel.country import Country, load_country
from careo.panel.derivation import Derived, derive
from careo.panel.gazetteer import Located, locate_places, shortened
from careo.panel.monthly import POPULATION
from careo.panel.reconcile import TOLERANCE, Reconciliation, reconcile
from careo.panel.traps import copied_years, incomplete_periods, passing_places
from careo.sources import store
from careo.sources.catalog import Dataset, datasets
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import Oddity, Reading
from careo.sources.snapshot import Snapshot
from careo.sources.tables import DataFile, open_data, readable

REFUSED_BEYOND = 0.5
"""A sum this far from every published total of that year is held back: no revision does that, something was left out or counted twice."""

_SIZE = 50.0  # times larger or smaller than the nearest published year: another unit, or another thing


@dataclass(frozen=True, slots=True)
class Imported:
    """An import: the snapshot kept, and its sums beside published totals."""

    snapshot: Snapshot
    reconciliations: tuple[Reconciliation, ...]


def import_file(
    path: Path, *, country: str = "mexico", vintage: str = "", today: date | None = None
) -> Imported:
    """Import one official file as it was downloaded.

    Args:
        path: CSV, XLSX or Parquet, also compressed; the layout is told by its header.
        country: whose cards, places and totals.
        vintage: day, month or year of the edition; else what the file says, else the month in which an edition with that last
            month is published, else the day of the import.
        today: the day of the import.

    Raises:
        InputError: the file cannot be read. DataError: no layout fits, its places are others, or a vintage that is no date or older
            than what the file reports.
    """
    today = today or datetime.now(UTC).date()
    if vintage:
        _last_day(vintage, "--vintage")
    loaded = load_country(country)
    with open_data(path) as file, store.draft() as folder, store.copying(path, folder) as copied:
        layout, table = recognise(file)
        reading = read(layout, table)
        dataset = datasets(country).get(reading.dataset)
        if dataset is None:
            raise DataError("card_missing", where=file.name, layout=layout.key, country=country)
        rows, located = _rows(file, reading, dataset, folder, country)
        derived = derive(
            rows, dataset, keys=reading.keys, values=reading.values, country=country, unsure=located.unsure
        )
        first, last = _extent(rows, derived)
        edition, basis = _edition(vintage, reading.vintage, last, dataset, today)
        known = _last_day(edition, "--vintage" if vintage else file.name)
        _refuse_older(edition, basis, last, dataset, file.name)
        kept, checked, held = _checked(derived, loaded, known)
        kept.sort("indicator", "place", "start").write_parquet(
            folder / "series.parquet", row_group_size=1 << 17
        )
        count, places = rows.select(pl.len(), pl.col("place").n_unique()).collect().row(0)
        snapshot = Snapshot(
            sha256=file.sha256,
            country=country,
            dataset=dataset.id,
            layout=layout.key,
            name=file.name,
            size=file.size,
            vintage=edition,
            vintage_basis=basis,
            known=known,
            first=first,
            last=last,
            level=dataset.places,
            places=places,
            rows=count,
            indicators=tuple(kept["indicator"].unique().sort().to_list()),
            oddities=(
                *reading.oddities,
                *located.oddities,
                *derived.oddities,
                *held,
                *_coverage(rows, dataset, loaded),
            ),
            imported=datetime.now(UTC).isoformat(timespec="seconds"),
            version=version("careo"),
        )
        return Imported(store.keep(folder, path, snapshot, copied), checked)


def _rows(
    file: DataFile, reading: Reading, dataset: Dataset, folder: Path, country: str
) -> tuple[pl.LazyFrame, Located]:
    """The rows as Parquet with official place codes; what had no single place keeps an empty code."""
    target = folder / "rows.parquet"
    with readable(file):
        _sunk(reading.rows, target)
    rows = pl.scan_parquet(target)
    names = rows.collect_schema().names()
    if not {"place", "place_name"} & set(names) or dataset.places in ("foreign", "none"):
        return rows, Located({}, ())
    code = pl.col("place") if "place" in names else pl.lit(None, pl.String)
    name = pl.col("place_name") if "place_name" in names else pl.lit(None, pl.String)
    pairs = rows.select(code.alias("code"), name.alias("name")).unique().collect(engine="streaming").rows()
    located = locate_places(pairs, level=dataset.places, country=country, where=file.name)
    if all(located.codes[code or "", name or ""] == code for code, name in pairs):
        return rows, located
    table = pl.DataFrame(
        [
            # the code as written tells the state of what has no place of its own; a total has none
            (code, name, found, None if (code, name) in located.totals else code or found)
            for (code, name), found in located.codes.items()
        ],
        schema=dict.fromkeys(("code", "name", "found", "written"), pl.String),
        orient="row",
    )
    placed = (
        rows.with_columns(code.fill_null("").alias("code"), name.fill_null("").alias("name"))
        .join(table.lazy(), on=["code", "name"], how="left")
        .with_columns(pl.col("found").alias("place"))
        .drop("code", "name", "found")
    )
    draft = folder / "placed.parquet"
    _sunk(placed, draft)
    draft.replace(target)
    return pl.scan_parquet(target), located


def _sunk(rows: pl.LazyFrame, target: Path) -> None:
    rows.sink_parquet(target, compression="zstd", compression_level=1, row_group_size=1 << 18)


@dataclass(frozen=True, slots=True)
class _Held:
    indicator: str
    year: int
    code: str
    words: dict[str, str]


def _checked(
    derived: Derived, loaded: Country, known: date
) -> tuple[pl.DataFrame, tuple[Reconciliation, ...], tuple[Oddity, ...]]:
    """The series that may stand, its sums beside published totals, and why years were held back."""
    checked = reconcile(derived.series, loaded, known)
    fits = {(r.indicator, r.year): r.fits for r in checked}
    apart = {(r.indicator, r.year): abs(r.value / r.published - 1) for r in checked if r.published}
    held: list[_Held] = []
    for indicator, pairs in copied_years(derived.series, loaded).items():
        for one, other in pairs:
            dropped = _copy_of(
                one, other, {y: apart[indicator, y] for y in (one, other) if (indicator, y) in apart}
            )
            words = {
                "years": f"{one}, {other}",
                "dropped": ", ".join(map(str, dropped)),
                "indicator": indicator,
            }
            code = "year_copied" if len(dropped) == 1 else "years_alike"
            held += [_Held(indicator, year, code, words) for year in dropped]
    for indicator, year in sorted(derived.doubtful):
        if not fits.get((indicator, year)):
            held.append(_Held(indicator, year, "unmapped_held", {"indicator": indicator}))
    held += _far_off(checked, {(h.indicator, h.year) for h in held})
    if not held:
        return derived.series, checked, ()
    gone = pl.DataFrame(
        sorted({(h.indicator, h.year) for h in held}),
        schema={"indicator": pl.String, "year": pl.Int32},
        orient="row",
    )
    kept = derived.series.with_columns(pl.col("start").dt.year().alias("year"))
    kept = kept.join(gone, on=["indicator", "year"], how="anti").drop("year")
    stands = {(h.indicator, h.year) for h in held}
    compared = tuple(r for r in checked if (r.indicator, r.year) not in stands)
    return kept, compared, tuple(_held_oddities(held))


def _far_off(checked: Iterable[Reconciliation], stand: set[tuple[str, int]]) -> Iterable[_Held]:
    """Years that sum to something far from their published total, or of another size than the nearest year that has one."""
    far: dict[tuple[str, str], list[Reconciliation]] = {}
    for r in checked:
        if (r.indicator, r.year) in stand:
            continue
        if r.published is not None and abs(r.value - r.published) > REFUSED_BEYOND * max(r.published, 1.0):
            far.setdefault(("total_off", r.indicator), []).append(r)
        elif r.published is None and r.nearest and not 1 / _SIZE <= r.value / r.nearest <= _SIZE:
            far.setdefault(("scale_off", r.indicator), []).append(r)
    for (code, indicator), years in far.items():
        told = shortened(f"{r.year} ({r.value:,.0f} / {r.published or r.nearest or 0:,.0f})" for r in years)
        for r in years:
            yield _Held(indicator, r.year, code, {"indicator": indicator, "years": told})


def _copy_of(one: int, other: int, apart: dict[int, float]) -> list[int]:
    """Which of two equal years is the copy: the one far from its published total when the other is near its own; both when that is open."""
    if len(apart) == 2:
        near, far = sorted((one, other), key=apart.__getitem__)
        if apart[near] <= TOLERANCE and apart[far] > TOLERANCE + apart[near]:
            return [far]
    return [one, other]


def _held_oddities(held: Iterable[_Held]) -> Iterable[Oddity]:
    grouped: dict[tuple[str, tuple[tuple[str, str], ...]], list[int]] = {}
    for h in held:
        grouped.setdefault((h.code, tuple(sorted(h.words.items()))), []).append(h.year)
    for (code, words), years in grouped.items():
        listed = shortened(str(year) for year in sorted(set(years)))
        yield Oddity(code, {"held": listed, **dict(words)}, grave=code != "year_copied", refused=True)


def _coverage(rows: pl.LazyFrame, dataset: Dataset, loaded: Country) -> tuple[Oddity, ...]:
    """States that are missing altogether or in some years, and municipalities that come and go."""
    found = list(passing_places(rows, level=dataset.places))
    if dataset.places not in ("state", "municipality"):
        return tuple(found)
    if dataset.absent == "missing":
        found += incomplete_periods(rows, loaded.places)
    there = rows.select("place").filter(pl.col("place") != "").unique().collect()["place"].to_list()
    parent = loaded.places.by_code
    states = {
        code if parent[code].kind == "state" else parent[code].parent for code in there if code in parent
    }
    missing = [code for code in loaded.places.states if code not in states]
    if missing and loaded.places.nation not in there:
        names = shortened(parent[code].name for code in missing)
        found.append(
            Oddity(
                "states_missing",
                {
                    "count": str(len(missing)),
                    "places": names,
                    "there": str(len(loaded.places.states) - len(missing)),
                },
            )
        )
    return tuple(found)


def _extent(rows: pl.LazyFrame, derived: Derived) -> tuple[str, str]:
    """First and last period with a value, "2015-01" or "2015"; of the rows where no series was formed."""
    if derived.months is not None:
        return derived.months
    some = derived.series.drop_nulls("value")
    if some.height:
        first, last = some["start"].min(), some["start"].max()
        monthly = "month" in some["step"].unique().to_list()
        return _named(first, monthly), _named(last, monthly)
    names = rows.collect_schema().names()
    timed = next((name for name in ("month", "day", "year") if name in names), "")
    if not timed:
        return "", ""
    first, last = rows.select(pl.col(timed).min().alias("a"), pl.col(timed).max().alias("b")).collect().row(0)
    return _named(first, timed != "year"), _named(last, timed != "year")


def _named(when: object, monthly: bool) -> str:
    if isinstance(when, date):
        return f"{when:%Y-%m}" if monthly else f"{when:%Y}"
    return "" if when is None else str(when)


def _edition(given: str, stated: str, last: str, dataset: Dataset, today: date) -> tuple[str, str]:
    """The vintage of an edition, and what it rests on."""
    if given:
        return given, "given"
    if stated:
        return stated, "stated"
    inferred = _inferred(last, dataset)
    return (inferred, "inferred") if inferred else (today.isoformat(), "imported")


def _inferred(last: str, dataset: Dataset) -> str:
    """The month in which an edition that ends with `last` is published; "" when that is irregular."""
    if dataset.lag_months is None or not last:
        return ""
    year, _, month = last.partition("-")
    ahead = int(year) * 12 + int(month or 12) - 1 + dataset.lag_months
    return f"{ahead // 12}-{ahead % 12 + 1:02d}"


def _last_day(vintage: str, where: str) -> date:
    """The last day of a day, month or year: that of a longer period would name no edition."""
    try:
        last = None if "/" in vintage else parse_period(vintage).last
    except ValueError:
        last = None
    if last is None:
        raise DataError("vintage_form", where=where, found=repr(vintage[:40]), fix="vintage_form")
    return last


def _refuse_older(edition: str, basis: str, last: str, dataset: Dataset, name: str) -> None:
    """Raises DataError for an edition said to be older than the last period it reports; projections look ahead."""
    if basis not in ("given", "stated") or not last or POPULATION in dataset.series:
        return
    first = parse_period(last).first
    if first is not None and _last_day(edition, name) < first:
        raise DataError("vintage_before", where=name, fix="vintage_before", vintage=edition, last=last)
