"""Charts: which series stand beside a claim, and where the claim stands among them. One code path for every view.

Only numbers and words of our own go into a chart, never words of a page. Lines carry letters, as the table beside them does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from careo.base.dates import Period, parse_period
from careo.base.texts import say
from careo.panel import Country
from careo.panel.series import Observation
from careo.results.finding import Considered, Finding
from careo.results.wording import period_words, unit_word, value_words
from careo.views.drawing import Plot, draw

LETTERS = "ABCDEF"
# Okabe and Ito (2008), without the two that are too pale for lines on white.
PALETTE = ("#0072b2", "#d55e00", "#00785a", "#a34c7d", "#8a6d00", "#555555")


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: `svg` to stand inline, and the indicators its letters stand for."""

    svg: str
    letters: tuple[tuple[str, str], ...]


def finding_chart(finding: Finding, country: Country, language: str) -> Chart | None:
    """The series a claim was held against, with the claim marked; None where there is no line to draw."""
    rows = _one_place(finding.considered)
    if not rows:
        return None
    near = [row for row in rows if row.fits or row.named] or list(rows)
    near.sort(key=finding.considered.index)  # letters in the order of the table
    names = list(dict.fromkeys(row.indicator for row in near))[: len(LETTERS)]
    lines: dict[str, list[tuple[float, float]]] = {}
    letters: list[tuple[str, str]] = []
    shape = _frequency(str(rows[0].period))
    for name in names:
        line = _line(country, name, rows[0].place, shape)
        if len(line) >= 2:
            letter = LETTERS[len(letters)]
            letters.append((letter, name))
            lines[letter] = line
    if not letters:
        return None
    claims = _claims(finding, rows, {name: letter for letter, name in letters}, lines)
    units = {row.unit for row in rows if row.indicator in {name for _, name in letters}}
    unit = rows[0].unit if len(units) == 1 else "count"
    divisor, axis = _axis([point for line in lines.values() for point in line], unit, language)
    plot = Plot(
        lines={letter: [(x, y / divisor) for x, y in line] for letter, line in lines.items()},
        colours=dict(zip(LETTERS, PALETTE, strict=True)),
        claims=[(x, y / divisor) for x, y, _ in claims],
        claimed=say(language, "dossier.chart.claimed"),
        unit=axis,
        share=unit == "share",
    )
    title = say(
        language,
        "dossier.chart.title",
        names=", ".join(f"{k}: {_name(country, n, language)}" for k, n in letters),
    )
    for _, y, period in claims:
        value = value_words(y, unit, language)
        title += " " + say(
            language, "dossier.chart.claim", value=value, period=period_words(period, language)
        )
    return Chart(draw(plot, title), tuple(letters))


def series_chart(
    finding: Finding, country: Country, language: str, *, span: tuple[date, date], spanned: str, on: date
) -> Chart | None:
    """The series of a finding over all its time, as known on a day, with a stretch of time shaded; None without a line."""
    if not finding.considered:
        return None
    row = finding.considered[-1]
    shape = _frequency(row.period)
    line = _line(country, row.indicator, row.place, shape, on)
    if len(line) < 2:
        return None
    divisor, axis = _axis(line, row.unit, language)
    # The value of a year stands at its number and is of the whole year, so the year begins half of one before it.
    half = 0.5 if shape == "year" else 0.0
    start, end = (_time(parse_period(day.isoformat())) or 0.0 for day in span)
    plot = Plot(
        lines={"": [(x, y / divisor) for x, y in line]},  # alone, it needs no letter
        colours={"": PALETTE[0]},
        unit=axis,
        share=row.unit == "share",
        span=(start - half, max(start, end) - half),
        spanned=spanned,
    )
    name = _name(country, row.indicator, language)
    title = f"{say(language, 'dossier.chart.title', names=name)} {finding.because}"
    return Chart(draw(plot, title), (("", row.indicator),))


def indicator_plot(country: Country, indicator: str, place: str, language: str) -> tuple[Plot, str] | None:
    """All values of an indicator at a place as a line, the newest edition of each period, with the words for its title; None without a line.

    Periods of one length only, those of which there are most: a year and a month never stand on one line.
    """
    item = country.indicators[indicator]
    shapes = [_frequency(str(o.period)) for o in country.series(indicator).observations if o.place == place]
    likely = sorted({"year", "month", "day"} & set(shapes), key=lambda shape: (-shapes.count(shape), shape))
    line = _line(country, indicator, place, likely[0]) if likely else []
    if len(line) < 2:
        return None
    divisor, axis = _axis(line, item.unit, language)
    plot = Plot(
        lines={"": [(x, y / divisor) for x, y in line]},
        colours={"": PALETTE[0]},
        unit=axis,
        share=item.unit == "share",
    )
    return plot, say(language, "dossier.chart.title", names=_name(country, indicator, language))


def _one_place(considered: Sequence[Considered]) -> list[Considered]:
    """The rows of the place and kind of unit of the first one that fits, else of the first."""
    first = next((row for row in considered if row.fits), considered[0] if considered else None)
    if first is None:
        return []
    rest = [
        r
        for r in considered
        if r.place == first.place and _scale(r.unit) == _scale(first.unit) and r is not first
    ]
    return [first, *rest]


def _scale(unit: str) -> str:
    """Units that may share an axis: shares, one currency, rates, or counts of whatever is counted."""
    if unit == "share" or unit.startswith("per ") or re.match(r"[A-Z]{3}\b", unit):
        return unit
    return "count"


def _line(
    country: Country, name: str, place: str, shape: str, on: date | None = None
) -> list[tuple[float, float]]:
    """(time, value) of the newest vintage of each period of one length; of those known on a day when it is given."""
    try:
        observations = country.series(name).observations
    except KeyError:
        return []
    newest: dict[str, Observation] = {}
    for o in observations:
        iso = str(o.period)
        if (
            o.place == place
            and _frequency(iso) == shape
            and (on is None or o.known <= on)
            and (iso not in newest or newest[iso].known <= o.known)
        ):
            newest[iso] = o
    line = [(_time(o.period), o.value) for o in newest.values()]
    return sorted((x, y) for x, y in line if x is not None)


def _frequency(iso: str) -> str:
    """Periods that may stand on one line: years, months, days (also stocks at a date), or stretches."""
    return "stretch" if "/" in iso else ("year", "month", "day")[min(iso.count("-"), 2)]


def _time(period: Period) -> float | None:
    """Where a period stands on the axis: a year at its number, anything else at its end, as a part of the year."""
    iso = str(period)
    if iso[:4].isdigit() and len(iso) == 4:
        return float(iso)
    last = period.last or period.first
    return None if last is None else round(last.year + (last.month - 1) / 12 + (last.day - 1) / 365, 4)


def _claims(
    finding: Finding,
    rows: Sequence[Considered],
    lines: dict[str, str],
    points: Mapping[str, Sequence[tuple[float, float]]],
) -> list[tuple[float, float, str]]:
    """Where the claim stands on the chart, with its period: once, or both ends of a comparison of two figures.

    Empty when it is not a level of these series (a change, another unit).
    """
    found: dict[float, tuple[float, float, str]] = {}
    for row in rows:
        x = _time(parse_period(row.period))
        if row.ratio is None or row.indicator not in lines or x is None:
            continue
        near = [value for time, value in points[lines[row.indicator]] if abs(time - x) < 1.01]
        if any(abs(value - row.value) <= 0.25 * abs(row.value) for value in near):
            found.setdefault(x, (x, row.ratio * row.value, row.period))
            if finding.kind != "comparison":
                break
    return list(found.values())


def _name(country: Country, indicator: str, language: str) -> str:
    item = country.indicators.get(indicator)
    return item.name.get(language, indicator) if item else indicator


def _axis(points: Sequence[tuple[float, float]], unit: str, language: str) -> tuple[float, str]:
    """Divisor and title of the value axis."""
    if unit == "share":
        return 1.0, ""
    word = unit_word(unit, language)
    if max(abs(y) for _, y in points) >= 1e8:
        return 1e6, say(language, "dossier.chart.millions", unit=word)
    return 1.0, word
