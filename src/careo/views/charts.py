"""Charts: a Vega-Lite specification as plain data → SVG. One code path for every view.

Only numbers and words of our own go into a chart, never words of a page. Lines carry letters, as the table beside them does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from careo.base.dates import Period
from careo.base.texts import say
from careo.panel import Panel
from careo.panel.series import Observation
from careo.results.finding import Considered, Finding
from careo.views.i18n import period_words, value_words

LETTERS = "ABCDEF"
# Okabe and Ito (2008), without the two that are too pale for lines on white.
PALETTE = ("#0072b2", "#d55e00", "#00785a", "#a34c7d", "#8a6d00", "#555555")
_CLAIM = "#111111"
_WIDTH, _HEIGHT = 500, 190
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_FORBIDDEN = re.compile(
    r"<\s*(script|foreignobject|image|use|a|style|iframe)\b|\son\w+\s*=|(?:xlink:)?href\s*=|javascript:|url\((?!#)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: `svg` to stand inline, and the indicators its letters stand for."""

    svg: str
    letters: tuple[tuple[str, str], ...]


def finding_chart(finding: Finding, panel: Panel, language: str) -> Chart | None:
    """The series a claim was held against, with the claim marked; None where there is no line to draw."""
    rows = _one_place(finding.considered)
    if not rows:
        return None
    near = [row for row in rows if row.fits or row.named] or list(rows)
    near.sort(key=finding.considered.index)  # letters in the order of the table
    names = list(dict.fromkeys(row.indicator for row in near))[: len(LETTERS)]
    points: list[dict[str, Any]] = []
    letters: list[tuple[str, str]] = []
    shape = _frequency(str(rows[0].period))
    for name in names:
        line = _line(panel, name, rows[0].place, shape)
        if len(line) >= 2:
            letter = LETTERS[len(letters)]
            letters.append((letter, name))
            points += [{"x": x, "y": y, "line": letter} for x, y in line]
    if not letters:
        return None
    claims = _claims(finding, rows, {name: letter for letter, name in letters}, points)
    units = {row.unit for row in rows if row.indicator in {name for _, name in letters}}
    unit = rows[0].unit if len(units) == 1 else "count"
    spec = _spec(points, [(x, y) for x, y, _ in claims], unit, language)
    title = say(
        language,
        "dossier.chart.title",
        names=", ".join(f"{k}: {_name(panel, n, language)}" for k, n in letters),
    )
    for _, y, period in claims:
        value = value_words(y, unit, language)
        title += " " + say(
            language, "dossier.chart.claim", value=value, period=period_words(period, language)
        )
    return Chart(_inline(svg(json.dumps(spec, sort_keys=True)), title), tuple(letters))


@lru_cache(maxsize=512)
def svg(spec: str) -> str:
    """Draws a Vega-Lite specification (JSON text). Nothing is fetched; the same text gives the same drawing."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return drawn


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


def _line(panel: Panel, name: str, place: str, shape: str) -> list[tuple[float, float]]:
    """(time, value) of the newest vintage of each period of one length."""
    try:
        observations = panel.series(name).observations
    except KeyError:
        return []
    newest: dict[str, Observation] = {}
    for o in observations:
        iso = str(o.period)
        if (
            o.place == place
            and _frequency(iso) == shape
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
    finding: Finding, rows: Sequence[Considered], lines: dict[str, str], points: Sequence[dict[str, Any]]
) -> list[tuple[float, float, str]]:
    """Where the claim stands on the chart, with its period: once, or both ends of a comparison of two figures.

    Empty when it is not a level of these series (a change, another unit).
    """
    found: dict[float, tuple[float, float, str]] = {}
    for row in rows:
        parts = [
            int(part)
            for part in re.split(r"[-/]", row.period.partition("/")[2] or row.period)
            if part.isdigit()
        ]
        if row.ratio is None or row.indicator not in lines or not parts:
            continue
        x = float(parts[0]) if len(parts) == 1 else round(parts[0] + (parts[1] - 1) / 12, 4)
        near = [p for p in points if p["line"] == lines[row.indicator] and abs(p["x"] - x) < 1.01]
        if any(abs(p["y"] - row.value) <= 0.25 * abs(row.value) for p in near):
            found.setdefault(x, (x, row.ratio * row.value, row.period))
            if finding.kind != "comparison":
                break
    return list(found.values())


def _name(panel: Panel, indicator: str, language: str) -> str:
    item = panel.indicators.get(indicator)
    return item.name.get(language, indicator) if item else indicator


def _spec(
    points: list[dict[str, Any]], claims: list[tuple[float, float]], unit: str, language: str
) -> dict[str, Any]:
    """The specification: one line a definition, a letter at its end, the claim as a diamond with its value."""
    divisor, title, number_format = _axis(points, unit, language)
    points = [{**p, "y": p["y"] / divisor} for p in points]
    xs, ys = [p["x"] for p in points], [p["y"] for p in points]
    claims = [(at, value / divisor) for at, value in claims]
    xs, ys = [*xs, *(at for at, _ in claims)], [*ys, *(value for _, value in claims)]
    top = max(ys) * 1.12 or 1.0
    domain_x = [min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1]
    lines = sorted({p["line"] for p in points})
    colour = {
        "field": "line",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(LETTERS), "range": list(PALETTE)},
    }
    x = {"field": "x", "type": "quantitative", "title": None, "scale": {"domain": domain_x, "nice": False},
         "axis": {"format": "d", "tickMinStep": 1, "tickCount": 8, "grid": False}}  # fmt: skip
    y = {"field": "y", "type": "quantitative", "title": title, "scale": {"domain": [min(0.0, *ys), top], "nice": False},
         "axis": {"format": number_format, "tickCount": 4, "domain": False, "ticks": False}}  # fmt: skip
    layers: list[dict[str, Any]] = [
        {"data": {"values": points}, "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 16, "filled": True}},
         "encoding": {"x": x, "y": y, "color": colour}},
        {"data": {"values": _ends(points, lines, top)}, "mark": {"type": "text", "align": "left", "dx": 7, "fontWeight": "bold",
         "fontSize": 13}, "encoding": {"x": x, "y": y, "text": {"field": "line"}, "color": colour}},
    ]  # fmt: skip
    for claim in claims:
        left = claim[0] > (domain_x[0] + domain_x[1]) / 2
        mark = {"values": [{"x": claim[0], "y": claim[1], "label": say(language, "dossier.chart.claimed")}]}
        layers += [
            {"data": mark, "mark": {"type": "point", "shape": "diamond", "size": 130, "filled": True, "color": _CLAIM,
             "stroke": "white", "strokeWidth": 1.5, "opacity": 1}, "encoding": {"x": x, "y": y}},
            {"data": mark, "mark": {"type": "text", "align": "right" if left else "left", "dx": -10 if left else 10, "dy": -11,
             "fontSize": 12, "fontStyle": "italic", "color": _CLAIM}, "encoding": {"x": x, "y": y, "text": {"field": "label"}}},
        ]  # fmt: skip
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        "background": None,
        "padding": {"left": 4, "right": 18, "top": 8, "bottom": 4},
        "layer": layers,
        "config": {
            "font": _FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": "#444", "labelFontSize": 12, "titleColor": "#444", "titleFontSize": 12, "titleFontWeight": "normal",
                "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleBaseline": "bottom", "gridColor": "#e4e0d8",
                "domainColor": "#999", "tickColor": "#999",
            },
            "axisY": {"titleX": 0, "titleY": -6},
        },
    }  # fmt: skip


def _axis(points: Sequence[dict[str, Any]], unit: str, language: str) -> tuple[float, str, str]:
    """Divisor, title and number format of the value axis."""
    if unit == "share":
        return 1.0, "", ".0%" if max(abs(p["y"]) for p in points) >= 0.04 else ".1%"
    largest = max(abs(p["y"]) for p in points)
    from careo.views.i18n import unit_word

    word = unit_word(unit, language)
    if largest >= 1e8:
        return 1e6, say(language, "dossier.chart.millions", unit=word), ",.0f"
    return 1.0, word, ",.0f" if largest >= 10 else ",.2~f"


def _ends(points: Sequence[dict[str, Any]], lines: Sequence[str], top: float) -> list[dict[str, Any]]:
    """A letter at the end of each line, moved apart where they would touch."""
    last = [max((p for p in points if p["line"] == line), key=lambda p: p["x"]) for line in lines]
    room = top * 15 / _HEIGHT
    ends: list[dict[str, Any]] = []
    for point in sorted(last, key=lambda p: (p["y"], p["line"])):
        close = [e["y"] for e in ends if abs(e["x"] - point["x"]) < 2]
        y = max([point["y"], *(other + room for other in close)])
        ends.append({**point, "y": round(y, 6)})
    return sorted(ends, key=lambda p: p["line"])


def _inline(drawn: str, title: str) -> str:
    """An SVG that may stand inside a page: no names that clash, no roles but one, nothing that could act."""
    text = re.sub(r'\s(?:aria-[\w-]+|role|id|class|xmlns:xlink|pointer-events)="(?!url\()[^"]*"', "", drawn)
    text = re.sub(r'\sclip-path="url\(#[^"]*\)"', "", text)
    if _FORBIDDEN.search(text):
        return ""
    size = re.match(r'<svg[^>]*?\bwidth="([\d.]+)" height="([\d.]+)"', text)
    box = f"0 0 {size[1]} {size[2]}" if size else f"0 0 {_WIDTH} {_HEIGHT}"
    label = escape(title, quote=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{label}"><title>{label}</title>'
    return re.sub(r"^<svg[^>]*>", lambda _: head, text, count=1)
