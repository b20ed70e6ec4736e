"""Places side by side: one small line a place, all on the same scale, the highest first, as plain SVG. Same input, same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from careo.base.texts import say
from careo.results.overview import Overview
from careo.results.wording import number, period_words, place_name, unit_word
from careo.views.images import FONTS
from careo.views.svg import CHARACTER, coordinate, plain, words, wrapped

_COLUMNS, _WIDE, _TALL, _GAP, _MARGIN = 4, 200.0, 74.0, 26.0, 12.0
_LINE, _AREA, _DARK, _GREY, _RULE = "#0072b2", "#d7e6f2", "#111111", "#444", "#999"


def draw_states(found: Overview, language: str) -> str:
    """The states of an overview side by side: the twelve months up to each, the month looked at marked."""
    last = {
        code: next((value for value in reversed(row) if value is not None), None)
        for code, row in found.states.items()
    }
    codes = sorted(found.states, key=lambda code: (-(last[code] or 0.0), last[code] is None, code))
    high = (
        max((value for row in found.states.values() for value in row if value is not None), default=1.0)
        or 1.0
    )
    name = found.country.indicators[found.indicator].name.get(language, found.indicator)
    key = "rates" if found.rate else "sums"
    title = say(language, f"web_overview.multiples.{key}", name=name, unit=unit_word(found.unit, language))
    note = say(
        language, "web_overview.multiples.note", high=f"{high:,.1f}" if found.rate or high < 20 else number(round(high)), first=period_words(found.months[0], language),
        last=period_words(found.months[-1], language), month=period_words(found.month, language),
    )  # fmt: skip
    width = 2 * _MARGIN + _COLUMNS * _WIDE + (_COLUMNS - 1) * _GAP
    out, y = list[str](), _MARGIN + 14
    for line in wrapped(title, 16, width - 2 * _MARGIN):
        out.append(words(_MARGIN, y, line, size=16, fill=_DARK, bold=True))
        y += 20
    for line in wrapped(note, 12, width - 2 * _MARGIN):
        out.append(words(_MARGIN, y, line, size=12, fill=_GREY))
        y += 16
    at = found.months.index(found.month)

    def written(value: float) -> str:
        """As many decimals in every panel: one for rates, none for large counts."""
        return f"{value:,.1f}" if found.rate or high < 20 else number(round(value))

    for index, code in enumerate(codes):
        x, top = _MARGIN + index % _COLUMNS * (_WIDE + _GAP), y + 8 + index // _COLUMNS * (_TALL + 34)
        called = place_name(found.country, code, language)
        told = _told(found, code, called, written, language)
        out.append(f"<g><title>{plain(told)}</title>")
        out += _panel(x, top, called, found.states[code], last[code], high, at, written)
        out.append("</g>")
    height = y + 8 + -(-len(codes) // _COLUMNS) * (_TALL + 34) + _MARGIN
    said = plain(f"{title}. {note}")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {coordinate(width)} {coordinate(height)}" role="img" aria-label="{said}"><title>{said}</title>'
    return f'{head}<g font-family="{FONTS}" fill="none">{"".join(out)}</g></svg>\n'


def _told(found: Overview, code: str, name: str, written: Callable[[float], str], language: str) -> str:
    """What is read where a panel is pointed at: its first, highest, chosen and last twelve months."""
    row = found.states[code]
    known = [(of, month) for month, of in zip(found.months, row, strict=True) if of is not None]
    if not known:
        return f"{name}: –"
    months = dict.fromkeys([known[0][1], max(known, key=lambda pair: pair[0])[1], found.month, known[-1][1]])
    values = {month: of for of, month in known}
    told = [
        f"{period_words(month, language)}: {written(values[month]) if month in values else '–'}"
        for month in sorted(months)
    ]
    return f"{name}. {'; '.join(told)}"


def _panel(
    x: float,
    top: float,
    name: str,
    row: Sequence[float | None],
    last: float | None,
    high: float,
    at: int,
    written: Callable[[float], str],
) -> list[str]:
    """One place: its name and last value above, its line below."""
    size = min(13.0, (_WIDE - 58) / (CHARACTER * max(len(name), 1)))
    value = "–" if last is None else written(last)
    floor = top + 16 + _TALL
    step = _WIDE / max(len(row) - 1, 1)

    def place(month: int, of: float) -> str:
        return f"{coordinate(x + month * step)} {coordinate(floor - of / high * _TALL)}"

    out = [
        words(x, top + 10, name, size=size, fill=_DARK, bold=True),
        words(x + _WIDE, top + 10, value, size=13, fill=_DARK, anchor="end"),
    ]
    lines: list[str] = []
    for there, part in groupby(enumerate(row), key=lambda pair: pair[1] is not None):
        points = [(month, of) for month, of in part if of is not None]
        if there and points:
            path = "L".join(place(month, of) for month, of in points)
            ends = f"L{place(points[-1][0], 0)}L{place(points[0][0], 0)}z"
            out.append(f'<path d="M{path}{ends}" fill="{_AREA}"/>')
            lines.append(f'<path d="M{path}" stroke="{_LINE}" stroke-width="1.5" stroke-linejoin="round"/>')
    out.append(
        f'<path d="M{coordinate(x + at * step)} {coordinate(top + 16)}v{coordinate(_TALL)}" stroke="{_RULE}" stroke-dasharray="2 2"/>'
    )
    out.append(f'<path d="M{coordinate(x)} {coordinate(floor)}h{coordinate(_WIDE)}" stroke="{_RULE}"/>')
    return [*out, *lines]
