"""Where violence stands: the last value of every outcome beside the one a year before, and one indicator by state and month.

Values of different vintages are never mixed in silence: each carries the edition that it comes from. A year that was not over when it was
published is no year; twelve months are twelve months that every part of them reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.base.texts import say
from careo.panel.country import Country, country_of
from careo.panel.indicators import Indicator
from careo.panel.series import Observation
from careo.results.wording import number, period_words, place_name, unit_word, value_words

if TYPE_CHECKING:
    import xarray as xr

    from careo.panel.monthly import MonthlyValues

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_YEAR = 12  # months


@dataclass(frozen=True, slots=True)
class Standing:
    """An outcome of the whole country.

    Attributes:
        indicator: its definition. last, before: the newest value, and the one a year earlier [unit of the indicator]; None when there is none.
    """

    indicator: Indicator
    last: Observation | None
    before: Observation | None

    @property
    def change(self) -> float | None:
        """How much more the last value is than the one a year before, as a part of it; of shares, in parts of one."""
        if self.last is None or self.before is None:
            return None
        if self.indicator.kind == "share":
            return self.last.value - self.before.value
        return self.last.value / self.before.value - 1 if self.before.value > 0 else None


@dataclass(frozen=True, slots=True)
class Overview:
    """Every outcome, and one indicator by place and month.

    Attributes:
        country: whose record. standings: of its outcomes, in the order of its card.
        indicator: id of what is shown by state. rate: per 100,000 inhabitants a year instead of counts. unit: of the values.
        month: "2018-05", which `values` are of. months: every month from the first with a value to the last.
        values: code → value of the month; None where nothing was observed. nation: value of each month.
        states: code → mean of the rates, or sum of the counts, of the twelve months up to each month.
        vintages, sources: what the values come from.
    """

    country: Country
    standings: tuple[Standing, ...]
    indicator: str
    rate: bool
    unit: str
    month: str
    months: tuple[str, ...]
    values: Mapping[str, float | None]
    nation: tuple[float | None, ...]
    states: Mapping[str, tuple[float | None, ...]]
    vintages: str
    sources: tuple[str, ...]


def overview(
    panel: Country | xr.Dataset | None = None,
    *,
    indicator: str = "",
    month: str = "",
    rate: bool = True,
    states: Sequence[str] = (),
) -> Overview:
    """Where violence stands.

    Args:
        panel: the record; Mexico's when none is given. indicator: id of one with monthly values; without it the first outcome whose months
            go farthest. month: "2018-05"; without it the last one with the most places observed.
        rate: per 100,000 inhabitants a year instead of counts. states: codes or names set side by side; all when none is named.

    Raises:
        CareoError: no such indicator, month or state.
    """
    from careo.panel.monthly import load_panel, monthly_indicators, rate_name

    country = country_of(panel)
    monthly = monthly_indicators(country)
    if indicator and indicator not in monthly:
        raise CareoError("usage_overview", expected=" | ".join(sorted(monthly)), found=repr(indicator[:60]))
    if month and not _MONTH.fullmatch(month):
        raise CareoError("usage_month", where="--month", expected="2018-05", found=repr(month[:40]))
    chosen = indicator or _farthest(country)
    array = load_panel(country, indicators=(chosen,), rate=rate)[
        rate_name(country, chosen) if rate else chosen
    ]
    months = tuple(str(each)[:7] for each in array["month"].values.astype("datetime64[M]"))
    table: dict[str, list[float | None]] = {
        str(code): [None if math.isnan(value) else float(value) for value in row]
        for code, row in zip(array["place"].values, array.transpose("place", "month").values, strict=True)
    }
    nation = tuple(table.pop(country.default_place, [None] * len(months)))
    month = month or _fullest(table, months)
    if month not in months:
        raise CareoError(
            "usage_month", where="--month", expected=f"{months[0]} … {months[-1]}", found=repr(month)
        )
    at = months.index(month)
    codes = _codes(country, states, table) or sorted(table)
    flow = country.sums(chosen)
    return Overview(
        country=country,
        standings=tuple(standing(country, each) for each in country.outcomes),
        indicator=chosen,
        rate=rate,
        unit=str(array.attrs["unit"]),
        month=month,
        months=months,
        values={code: row[at] for code, row in sorted(table.items())},
        nation=nation,
        states={code: _twelve(table[code], mean=rate or not flow) for code in codes},
        vintages=str(array.attrs["vintages"]),
        sources=tuple(filter(None, str(array.attrs["sources"]).split(", "))),
    )


def standing(country: Country, indicator: str) -> Standing:
    """The newest national value of an indicator and the one a year before: of twelve months, a whole year, or a date."""
    definition = country.indicators[indicator]
    newest: dict[str, Observation] = {}
    for each in country.series(indicator).observations:
        told = str(each.period)
        whole = (
            each.period.last is None or each.period.last <= each.known
        )  # a year that was over when it was published
        if (
            each.place == country.default_place
            and whole
            and (told not in newest or newest[told].known <= each.known)
        ):
            newest[told] = each
    length = 10 if definition.kind == "stock" else 4
    times = sorted(told for told in newest if len(told) == length)
    last = newest[times[-1]] if times else None
    months = _months(country, indicator) if country.sums(indicator) else ()
    if len(months) == 2 and (last is None or _end(months[0]) > _end(last)):
        return Standing(definition, *months)
    return Standing(definition, last, _year_before(newest, last) if last else None)


def standing_sentence(found: Standing, language: str) -> str:
    """One outcome in a sentence: the last value, of when, and how it compares with the year before."""
    item, last, before = found.indicator, found.last, found.before
    name = item.name.get(language, item.id)
    if last is None:
        return say(language, "overview.nothing", name=name)
    value = value_words(last.value, item.unit, language)
    told = say(language, "overview.last", name=name, value=value, period=period_words(last.period, language))
    if before is None or found.change is None:
        return told + " " + say(language, "overview.no_before")
    earlier = value_words(before.value, item.unit, language)
    words = {
        "before": earlier,
        "period": period_words(before.period, language),
        "change": change_words(found, language),
    }
    return told + " " + say(language, "overview.before", **words)


def change_words(found: Standing, language: str) -> str:
    """The change against the year before: "8% less", "2.1 points more", "the same"; nothing when there is none."""
    change = found.change
    if change is None:
        return ""
    size = abs(change) * 100
    key = "same" if round(size, 1) == 0 else "more" if change > 0 else "less"
    told = f"{size:.1f}" if size < 10 else f"{size:.0f}"
    return say(
        language,
        f"overview.{'points_' if found.indicator.kind == 'share' and key != 'same' else ''}{key}",
        size=told,
    )


def map_sentence(found: Overview, language: str) -> str:
    """The places with the least and the most in the month, in a sentence."""
    there = sorted((value, code) for code, value in found.values.items() if value is not None)
    period = period_words(found.month, language)
    if not there:
        return say(language, "overview.map_nothing", period=period)
    (low, least), (high, most) = there[0], there[-1]
    return say(
        language, "overview.map", period=period, count=len(there), unit=unit_word(found.unit, language), low=number(round(low, 1)),
        least=place_name(found.country, least, language), high=number(round(high, 1)), most=place_name(found.country, most, language),
    )  # fmt: skip


def _farthest(country: Country) -> str:
    """The first outcome whose months go farthest; the first indicator with months where no outcome has any."""
    from careo.panel.monthly import monthly_indicators

    monthly = monthly_indicators(country)
    found = [name for name in country.outcomes if name in monthly] or sorted(monthly)
    if not found:
        raise CareoError("overview_no_months", where=country.key)
    known = {name: _monthly(country, name, ("nation", "state")) for name in found}
    ends = {name: months.months[-1] for name, months in known.items() if months}
    if not ends:
        raise CareoError("overview_no_months", where=country.key)
    return next(name for name in ends if ends[name] == max(ends.values()))


def _monthly(country: Country, indicator: str, places: Sequence[str]) -> MonthlyValues | None:
    """The months of an indicator at places; None where its editions speak of other places only."""
    from careo.panel.monthly import monthly_values

    try:
        return monthly_values(country, places=places, indicators=(indicator,))
    except CareoError as error:
        if error.key != "panel_no_months":
            raise
        return None


def _fullest(table: Mapping[str, Sequence[float | None]], months: Sequence[str]) -> str:
    """The last of the months in which the most places are observed."""
    counts = [sum(row[at] is not None for row in table.values()) for at in range(len(months))]
    return months[max(range(len(months)), key=lambda at: (counts[at], at))]


def _codes(country: Country, states: Sequence[str], table: Mapping[str, object]) -> list[str]:
    found: list[str] = []
    for name in states:
        code = name if name in table else country.places.code_of(name) or ""
        if code not in table:
            raise CareoError("usage_place", found=repr(name[:60]))
        found.append(code)
    return list(dict.fromkeys(found))


def _twelve(row: Sequence[float | None], *, mean: bool) -> tuple[float | None, ...]:
    """Of the twelve months up to each: their sum or mean; None where one of them is missing."""
    found: list[float | None] = []
    for at in range(len(row)):
        part = [value for value in row[max(0, at - _YEAR + 1) : at + 1] if value is not None]
        found.append(math.fsum(part) / (_YEAR if mean else 1) if len(part) == _YEAR else None)
    return tuple(found)


def _months(country: Country, indicator: str) -> tuple[Observation, ...]:
    """The sums of the last twelve months and of the twelve before, of the nation; nothing when a month is missing."""
    from careo.panel.monthly import monthly_indicators

    found = (
        _monthly(country, indicator, (country.default_place,))
        if indicator in monthly_indicators(country)
        else None
    )
    if found is None:
        return ()
    row = [float(value) for value in found.values[indicator][0]]
    while row and math.isnan(row[-1]):
        row.pop()
    if len(row) < 2 * _YEAR or any(math.isnan(value) for value in row[-2 * _YEAR :]):
        return ()
    times = [str(each)[:7] for each in found.months[: len(row)]]
    vintage = found.vintages[indicator][-1]
    known = parse_period(vintage).last or date.max
    source = found.sources[indicator][-1]
    return tuple(
        Observation(
            country.default_place, parse_period(f"{times[first]}/{times[first + _YEAR - 1]}"),
            math.fsum(row[first : first + _YEAR]), vintage, known, source, "computed",
        )
        for first in (len(row) - _YEAR, len(row) - 2 * _YEAR)
    )  # fmt: skip


def _end(found: Observation) -> date:
    return found.period.last or found.period.first or date.min


def _year_before(newest: Mapping[str, Observation], last: Observation) -> Observation | None:
    """The value of the year before; of stocks, at the date nearest to a year before, four months off at most."""
    told = str(last.period)
    if len(told) == 4:
        return newest.get(str(int(told) - 1))
    wanted = date.fromisoformat(told).toordinal() - 365
    near = [(abs(_end(each).toordinal() - wanted), key) for key, each in newest.items() if len(key) == 10]
    apart, key = min(near, default=(9999, ""))
    return newest[key] if apart <= 120 else None
