"""Series: official values of any period, with every vintage kept.

A series is read from `series/<indicator>.csv` (any period) and, for some flows, from the wide monthly table
`series/monthly/<indicator>.csv`. Sums over months or years are formed only when every part is there, and only
for flows; nothing yearly is ever spread over months.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from careo.base.dates import Period, parse_period
from careo.base.errors import DataError
from careo.base.shipped import read_table

COLUMNS = ("place", "period", "value", "vintage", "source", "verified")
VERIFIED = ("read", "computed", "excerpt", "memory")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Observation:
    """One published value.

    Attributes:
        place: code ("MX", "08"…). period: what it covers. value: in the indicator's unit; shares in [0, 1].
        vintage: when this value was current, as published ("2019-01", "2022", "2026-07-09").
        known: the last day of the vintage: the value counts as known from that day.
        source: key of sources.yaml. verified: "read", "computed", "excerpt" or "memory" (shown as unverified).
    """

    place: str
    period: Period
    value: float
    vintage: str
    known: date
    source: str
    verified: str


@dataclass(frozen=True, slots=True)
class Series:
    """All observations of one indicator, sorted by place, period and vintage.

    `index` is place → period → observations by vintage, oldest first; `make_series` fills it.
    """

    indicator: str
    observations: tuple[Observation, ...]
    index: Mapping[str, Mapping[Period, tuple[Observation, ...]]] = field(
        default_factory=dict, repr=False, compare=False
    )


def make_series(indicator: str, observations: Iterable[Observation]) -> Series:
    """A series with its index, observations sorted."""
    ordered = tuple(sorted(observations, key=_order))
    return Series(indicator, ordered, _indexed(ordered))


def periods(series: Series, place: str) -> tuple[Period, ...]:
    """The periods observed at a place, in order; undated ones first."""
    return tuple(_index(series).get(place, ()))


def at(series: Series, place: str, period: Period) -> tuple[Observation, ...]:
    """Every vintage of exactly this place and period, oldest first."""
    return _index(series).get(place, {}).get(period, ())


def newest(series: Series, place: str, period: Period) -> Observation | None:
    """The last vintage of exactly this place and period."""
    found = at(series, place, period)
    return found[-1] if found else None


def known(series: Series, place: str, period: Period, on: date) -> Observation | None:
    """The last vintage of exactly this place and period that was public on a day."""
    return next((o for o in reversed(at(series, place, period)) if o.known <= on), None)


def total(parts: Iterable[Series], place: str, period: Period, on: date | None = None) -> Observation | None:
    """The sum of a flow over a period that no single value covers, tagged "computed".

    The period is tiled with as few observed parts as possible (years before months), without gap or overlap.

    Args:
        parts: series of the same flow, for example its yearly and its monthly one.
        place, period: what to sum.
        on: take the vintage known on that day; None takes the newest.

    Returns:
        None when the period is open or some part was not observed (or not yet known).
    """
    if period.first is None or period.last is None:
        return None
    found: dict[Period, Observation] = {}
    for series in parts:
        for part, vintages in _index(series).get(place, {}).items():
            if (
                part.first is None
                or part.last is None
                or part.first < period.first
                or part.last > period.last
            ):
                continue
            value = next((o for o in reversed(vintages) if on is None or o.known <= on), None)
            if value is not None:
                found.setdefault(part, value)
    chain = _tiles(found.values(), period.first, period.last)
    if not chain:
        return None
    latest = max(chain, key=lambda o: (o.known, o.vintage))
    value = sum(o.value for o in chain)
    verified = "memory" if any(o.verified == "memory" for o in chain) else "computed"
    return Observation(place, period, value, latest.vintage, latest.known, latest.source, verified)


def read_series(
    path: Path, indicator: str, *, share: bool, sources: Collection[str], places: Collection[str]
) -> Series:
    """One `series/<indicator>.csv`.

    Raises:
        DataError: an unknown place or source, a bad number, period or vintage, a share outside [0, 1], a row that
            stands twice; says file and line.
    """
    observations: list[Observation] = []
    seen: set[tuple[str, str, str]] = set()
    for where, row in read_table(path, COLUMNS):
        place, period, value, vintage, source, verified = row
        if (place, period, vintage) in seen:
            raise DataError("panel_twice", where=where, found=f"{place}, {period}, {vintage}")
        seen.add((place, period, vintage))
        _refuse_unknown(where, place, places, source, sources, verified)
        observations.append(
            Observation(
                place,
                _period(period, where),
                read_value(value, where, share=share),
                vintage,
                _known_from(vintage, where),
                source,
                verified,
            )
        )
    return make_series(indicator, observations)


def read_months(
    path: Path, indicator: str, card: Mapping[str, str], *, sources: Collection[str], places: Collection[str]
) -> Series:
    """One `series/monthly/<indicator>.csv`: months in rows, places in columns, empty where nothing was reported.

    Args:
        path: the table.
        indicator: id of the flow it counts.
        card: its entry in `index.yaml`: vintage, source, verified, and `whole`, the place whose month is the sum of
            all columns, formed only when every column is filled.
        sources, places: what is described.

    Raises:
        DataError: as `read_series`.
    """
    vintage, source, verified, whole = (
        str(card.get(k, "")) for k in ("vintage", "source", "verified", "whole")
    )
    known_from = _known_from(vintage, str(path))
    observations: list[Observation] = []
    header, rows = read_wide(path)
    for place in (*header, *([whole] if whole else [])):
        _refuse_unknown(f"{path}:1", place, places, source, sources, verified)
    for month, cells in rows:
        values = [(p, v) for p, v in zip(header, cells, strict=True) if v is not None]
        observations += [Observation(p, month, v, vintage, known_from, source, verified) for p, v in values]
        if whole and len(values) == len(header):
            value = sum(v for _, v in values)
            observations.append(Observation(whole, month, value, vintage, known_from, source, "computed"))
    return make_series(indicator, observations)


def read_wide(path: Path) -> tuple[tuple[str, ...], list[tuple[Period, list[float | None]]]]:
    """The places of a table with months in rows and places in columns, and its months with their values, None where nothing was reported.

    Raises:
        DataError: a bad number or month, a row of another length; says file and line.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        rows: list[tuple[Period, list[float | None]]] = []
        for month, *cells in reader:
            where = f"{path}:{reader.line_num}"
            if len(cells) != len(header) - 1:
                expected = ", ".join(header)
                raise DataError("panel_columns", where=where, expected=expected, found=", ".join(cells))
            rows.append((_period(month, where), [read_value(c, where) if c else None for c in cells]))
    return tuple(header[1:]), rows


def read_value(text: str, where: str, *, share: bool = False) -> float:
    """A finite, non-negative number of a table; a share must stand in [0, 1].

    Raises:
        DataError: it is not one.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise DataError("panel_number", where=where, found=repr(text))
    if share and value > 1:
        raise DataError("panel_share", where=where, found=text, fix="panel_share")
    return value


def _refuse_unknown(
    where: str, place: str, places: Collection[str], source: str, sources: Collection[str], verified: str
) -> None:
    if place not in places:
        raise DataError("panel_place", where=where, found=repr(place), fix="panel_place")
    if source not in sources:
        raise DataError("panel_source", where=where, found=repr(source), fix="panel_source")
    if verified not in VERIFIED:
        raise DataError("panel_verified", where=where, expected=", ".join(VERIFIED), found=repr(verified))


def _period(text: str, where: str) -> Period:
    try:
        return parse_period(text)
    except ValueError as error:
        raise DataError("panel_period", where=where, found=repr(text), fix="panel_period") from error


def _known_from(vintage: str, where: str) -> date:
    last = _period(vintage, where).last
    if last is None:
        raise DataError("panel_vintage", where=where, found=repr(vintage), fix="panel_period")
    return last


def _order(o: Observation) -> tuple[str, date, date, date, str]:
    first, last = o.period.first or date.min, o.period.last or date.min
    return o.place, first, last, o.known, o.vintage


def _indexed(observations: Iterable[Observation]) -> Mapping[str, Mapping[Period, tuple[Observation, ...]]]:
    index: dict[str, dict[Period, tuple[Observation, ...]]] = {}
    for o in observations:
        by_period = index.setdefault(o.place, {})
        by_period[o.period] = (*by_period.get(o.period, ()), o)
    return index


def _index(series: Series) -> Mapping[str, Mapping[Period, tuple[Observation, ...]]]:
    return series.index or _indexed(series.observations)


def _tiles(parts: Iterable[Observation], first: date, last: date) -> list[Observation]:
    """The shortest chain of parts that covers first…last exactly; empty when there is none."""
    chains: dict[date, list[Observation]] = {first: []}
    for part in sorted(parts, key=_order):
        begins, ends = part.period.first, part.period.last
        if begins is None or ends is None or begins not in chains:
            continue
        chain = [*chains[begins], part]
        after = ends + _DAY
        if after not in chains or len(chain) < len(chains[after]):
            chains[after] = chain
    return chains.get(last + _DAY, [])
