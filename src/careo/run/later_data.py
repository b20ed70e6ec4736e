"""Months that a reader supplies beyond the record's own, to judge a released forecaster on: one CSV, every month and state checked.

The columns are `year`, `month`, `state_code` (or `state`) and those that the country's `forecast.yaml` names for the series of its last
stretch. The file may repeat months that the record has: those stand as they were released, and what the file says of them is only
compared. New months must follow without a gap, in every state; a month that no state reports ends the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from careo.base.errors import DataError
from careo.panel.country import Country, country_of
from careo.panel.gazetteer import locate_places
from careo.run.history import History, hindcast_protocol, homicide_history, stretches
from careo.sources.tables import DataFile, open_data, readable

if TYPE_CHECKING:
    import xarray as xr

Floats = np.ndarray

OVERLAP = 24
"""The record's last months, over which the file must be the same series as the record."""
_REVISED = 0.25  # no revision moves two years of a state by more
_APART = 2.0  # the nation's level in the file over that of the record's last year, or the reverse
_STATE_APART = 10.0
_EXPECTED = 20.0  # events below which chance explains a zero or a jump
_KEYS = ("year", "month")
_PLACE = ("state_code", "state")
_WHOLE = re.compile(r"\d{1,9}(\.0*)?")
_MONTH = np.timedelta64(1, "M")


@dataclass(frozen=True, eq=False)
class LaterData:
    """What a file adds to the record.

    Attributes:
        places: Codes of states `[place]`.
        first: The first new month, by its first day: the one after the record ends.
        counts: Events `[events/month; place, month]`; no month when the file ends with the record or before.
        record_end: The record's last month, by its first day.
        compared: Months and states that both have, among the record's last 24 months. differing: how many of them differ.
        name: Of the file. sha256: of its bytes.
    """

    places: tuple[str, ...]
    first: date
    counts: Floats
    record_end: date
    compared: int
    differing: int
    name: str
    sha256: str

    @property
    def last(self) -> date:
        """The last month known with the file, by its first day."""
        return _day(np.datetime64(self.first, "M") + np.timedelta64(self.counts.shape[1] - 1, "M"))


def read_later(
    path: Path, panel: Country | xr.Dataset | None = None, *, today: date | None = None
) -> LaterData:
    """Reads and checks such a file.

    Args:
        path: CSV, Parquet or a workbook with the columns of `facts/state_month.csv`, as text in any usual encoding.
        panel: A country, or a panel of it with its `as_of`; None is Mexico.
        today: Months that are not over on this day are refused; None does not ask.

    Raises:
        InputError: the file cannot be read as a table.
        DataError: columns missing, a cell that is no count, a place or month that is none, twice, missing or to come, a zero that is a
            missing report, or another source than the record's.
    """
    country = country_of(panel)
    record = homicide_history(panel, matched=False)
    with open_data(path) as file:
        rows = _rows(file, country)
        name, sha256 = file.name, file.sha256
    end = np.datetime64(record.last, "M")
    table = _table(rows, country, record, name, today)
    compared, differing = _held_against(table, country, record, name)
    new = {at: value for at, value in table.items() if at[1] > end}
    last = max((month for (_, month), value in new.items() if not np.isnan(value)), default=end)
    months = np.arange(end + _MONTH, last + _MONTH)
    counts = np.array([[new.get((code, month), np.nan) for month in months] for code in record.places])
    counts = counts.reshape(len(record.places), len(months))
    _refuse_holes(counts, months, country, record, name)
    _refuse_other_source(counts, months, country, record, name)
    return LaterData(
        record.places, _day(end + _MONTH), counts, record.last, compared, differing, name, sha256
    )


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: where it stands, whose and when it is, its counts by series as written."""

    where: str
    place: str
    month: np.datetime64
    cells: Mapping[str, str]


def _rows(file: DataFile, country: Country) -> list[_Row]:
    columns = hindcast_protocol(country).columns
    sheet = file.sheets[0]
    heads = [[cell.strip().casefold() for cell in row] for row in sheet.head[:5]]
    header = next((at for at, row in enumerate(heads) if set(_KEYS) <= set(row)), 0)
    head = heads[header] if heads else []
    wanted = last_series(country)
    needed = [*_KEYS, *(columns.get(name, name) for name in wanted)]
    missing = [name for name in needed if name not in head]
    if not set(_PLACE) & set(head):
        missing.append(" | ".join(_PLACE))
    if missing:
        raise DataError(
            "later_columns", where=file.name, expected=", ".join(missing), found=", ".join(head[:20])
        )
    twice = [name for name in (*needed, *_PLACE) if head.count(name) > 1]
    if twice:
        raise DataError("later_columns_twice", where=file.name, found=", ".join(twice))
    with readable(file):
        frame = file.frame(sheet, header).collect()
    asked = {name: head.index(name) for name in (*_KEYS, *_PLACE) if name in head}
    asked |= {
        f"={name}": head.index(columns.get(name, name))
        for name in _all_series(country)
        if columns.get(name, name) in head
    }
    told = [{key: (row[at] or "").strip() for key, at in asked.items()} for row in frame.iter_rows()]
    pairs = {(each.get("state_code", ""), each.get("state", "")) for each in told if any(each.values())}
    written = {pair: (_plain_code(pair[0]), pair[1]) for pair in pairs}
    located = locate_places(
        sorted(set(written.values())), level="state", country=country.key, where=file.name
    )
    found: list[_Row] = []
    for number, each in enumerate(told):
        pair = (each.get("state_code", ""), each.get("state", ""))
        if pair not in written or written[pair] in located.totals:
            continue  # an empty row, or a total of others
        where = f"{file.name}:{number + header + 2}"
        place = located.codes[written[pair]]
        if place not in country.places.states:
            raise DataError("later_place", where=where, found=" ".join(pair).strip() or "–")
        cells = {key[1:]: cell for key, cell in each.items() if key[0] == "="}
        found.append(_Row(where, place, _month(each["year"], each["month"], where), cells))
    return found


def last_series(country: Country) -> tuple[str, ...]:
    """The series whose sum is the history today."""
    return stretches(country)[-1]


def _all_series(country: Country) -> Iterable[str]:
    return dict.fromkeys(name for stretch in stretches(country) for name in stretch)


def _plain_code(code: str) -> str:
    """A code as spreadsheets leave it: "1", "1.0" and "01" are one state."""
    if re.fullmatch(r"\d{1,2}\.0+", code):
        code = code.partition(".")[0]
    return code.zfill(2) if re.fullmatch(r"\d", code) else code


def _month(year: str, month: str, where: str) -> np.datetime64:
    if _WHOLE.fullmatch(year) and _WHOLE.fullmatch(month):
        y, m = int(float(year)), int(float(month))
        if 1000 <= y <= 9999 and 1 <= m <= 12:
            return np.datetime64(f"{y:04}-{m:02}", "M")
    raise DataError("later_month", where=where, found=repr(f"{year}-{month}"[:40]))


def _count(cell: str, where: str, column: str) -> float:
    if not cell or cell.casefold() in ("na", "nan", "null", "none"):
        return np.nan
    if not _WHOLE.fullmatch(cell):
        raise DataError("later_count", where=where, found=repr(cell[:40]), column=column)
    return float(cell)


# ── checking ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _table(
    rows: Sequence[_Row], country: Country, record: History, name: str, today: date | None
) -> dict[tuple[str, Any], float]:
    """Sums by place and month; NaN where a cell is empty."""
    columns, wanted = hindcast_protocol(country).columns, last_series(country)
    others = [series for series in _all_series(country) if series not in wanted]
    found: dict[tuple[str, Any], float] = {}
    stands: dict[tuple[str, Any], str] = {}
    for row in rows:
        at = (row.place, row.month)
        here = _words(country, row.place, row.month)
        if at in stands:
            raise DataError("later_twice", where=row.where, at=here, other=stands[at])
        stands[at] = row.where
        values = {s: _count(row.cells[s], row.where, columns.get(s, s)) for s in wanted}
        empty = [columns.get(s, s) for s, value in values.items() if np.isnan(value)]
        new = row.month > np.datetime64(record.last, "M")
        if new and empty:
            other = next((s for s in others if row.cells.get(s)), "")
            if other:
                column = columns.get(other, other)
                raise DataError(
                    "later_break_column", where=row.where, at=here, column=column, needed=", ".join(empty)
                )
            if len(empty) < len(values):
                raise DataError("later_half", where=row.where, at=here, column=", ".join(empty))
        if today is not None and len(empty) < len(values) and row.month >= np.datetime64(today, "M"):
            raise DataError("later_future", where=row.where, at=here, today=today.isoformat())
        found[at] = sum(values.values())
    if not any(not np.isnan(value) for value in found.values()):
        raise DataError("later_nothing", where=name)
    return found


def _held_against(
    table: Mapping[tuple[str, Any], float], country: Country, record: History, name: str
) -> tuple[int, int]:
    """How many of the record's last months the file repeats, and how many of them otherwise."""
    first = np.datetime64(record.first, "M")
    begin = record.counts.shape[1] - OVERLAP
    compared = differing = 0
    for code, row in zip(record.places, record.counts, strict=True):
        ours = theirs = 0.0
        for at in range(max(begin, 0), len(row)):
            value = table.get((code, first + np.timedelta64(at, "M")), np.nan)
            if np.isnan(value) or np.isnan(row[at]):
                continue
            compared, differing = compared + 1, differing + int(value != row[at])
            ours, theirs = ours + row[at], theirs + value
        if abs(theirs - ours) > max(_REVISED * ours, _EXPECTED):
            raise DataError("later_break_overlap", where=name, state=_name(country, code), record=f"{ours:,.0f}", given=f"{theirs:,.0f}",
                            months=f"{first + max(begin, 0) * _MONTH} … {record.last:%Y-%m}")  # fmt: skip
    return compared, differing


def _refuse_holes(counts: Floats, months: Floats, country: Country, record: History, name: str) -> None:
    absent = np.isnan(counts).all(axis=1) if len(months) else np.zeros(len(counts), dtype=bool)
    if absent.any():
        code = record.places[int(np.flatnonzero(absent)[0])]
        raise DataError("later_state_missing", where=name, state=_name(country, code), count=int(absent.sum()),
                        months=f"{months[0]} … {months[-1]}")  # fmt: skip
    holes = np.argwhere(np.isnan(counts).T)  # month by month: the first one to be mended
    if len(holes):
        month, place = holes[0]
        at = _words(country, record.places[place], months[month])
        raise DataError("later_gap", where=name, at=at, count=len(holes), end=f"{record.last:%Y-%m}")


def _refuse_other_source(
    counts: Floats, months: Floats, country: Country, record: History, name: str
) -> None:
    """Raises DataError for numbers that the series of the record cannot have become."""
    if not len(months):
        return
    year = record.counts[:, -12:]
    usual = np.nanmean(year, axis=1)
    for i, code in enumerate(record.places):
        state = _name(country, code)
        zeros = np.flatnonzero(counts[i] == 0)
        if len(zeros) == len(months) and usual[i] * len(months) >= _EXPECTED:
            raise DataError(
                "later_zeros",
                where=name,
                state=state,
                months=f"{months[0]} … {months[-1]}",
                usual=f"{usual[i]:,.0f}",
            )
        if len(zeros) and usual[i] >= _EXPECTED:
            raise DataError(
                "later_zero", where=name, at=_words(country, code, months[zeros[0]]), usual=f"{usual[i]:,.0f}"
            )
        now, then = counts[i].mean(), usual[i]
        if max(now, then) * len(months) >= _EXPECTED and _ratio(now, then, len(months)) > _STATE_APART:
            raise DataError(
                "later_break_state",
                where=name,
                state=state,
                month=str(months[0]),
                given=f"{now:,.1f}",
                usual=f"{then:,.1f}",
            )
    now, then = counts.sum(axis=0).mean(), usual.sum()
    if _ratio(now, then, len(months)) > _APART:
        raise DataError(
            "later_break_nation", where=name, month=str(months[0]), given=f"{now:,.0f}", usual=f"{then:,.0f}"
        )


def _ratio(one: float, other: float, months: int) -> float:
    """How far two monthly levels lie apart; half an event a stretch stands for none."""
    one, other = (max(value, 0.5 / months) for value in (one, other))
    return max(one / other, other / one)


def _words(country: Country, code: str, month: object) -> str:
    return f"{_name(country, code)} {month}"


def _name(country: Country, code: str) -> str:
    return country.places.by_code[code].name


def _day(month: np.datetime64) -> date:
    return month.astype("datetime64[D]").astype(date)
