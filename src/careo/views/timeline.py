"""Plain SVG timelines: the steps of a ladder above a time axis, each with its stage; deadlines and the day below it.

Drawn here for the reasons of `drawing.py`: the same bytes everywhere, nothing that acts. Words never touch: whatever
would run into the flag of a later mark stands a row further from the axis. What a mark is shows in its shape, not in a colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from careo.views.svg import coordinate

_WIDTH, _LEFT, _RIGHT = 600.0, 14.0, 14.0
_ROW, _CHARACTER, _SIZE = (
    16.0,
    6.3,
    12,
)  # height of a row of words; width of a letter: fonts are never measured
_GREY, _SOFT, _FAINT = "#444", "#777", "#999"
_HALO = (
    ' stroke="white" stroke-width="3" paint-order="stroke"'  # words stay readable where a line crosses them
)
_COLOURS = {
    "reached": "#00785a",
    "ended": "#d55e00",
    "work": "#0072b2",
    "words": "#777",
    "deadline": "#8a6d00",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a day.

    Attributes:
        day: where it stands. word: short, beside it. title: all of it, for whoever points at it.
        kind: above the axis "work", "reached", "ended" or "words" (spoken, nothing done); below it "deadline" (in force),
            "moved" (no longer) or "day".
    """

    day: date
    word: str
    kind: str
    title: str = ""


def draw_timeline(steps: Sequence[Mark], below: Sequence[Mark], title: str) -> str:
    """The marks on one axis as an `<svg>` that may stand inside a page, with `title` for whoever cannot see it."""
    times = [year_of(mark.day) for mark in (*steps, *below)]
    first, last = min(times), max(times)
    first, last = first - 0.04 * (last - first), last + 0.02 * (last - first)
    if last - first < 1.0:
        first, last = first - 0.5, last + 0.5

    def at(time: float) -> float:
        return _LEFT + (time - first) / (last - first) * _WIDTH

    upper = _flags([(at(year_of(m.day)), m) for m in steps])
    lower = _flags([(at(year_of(m.day)), m) for m in below if m.kind != "day"])
    # The day stands at the right edge: its word goes to its left, on a row of its own.
    row = max((row for _, row, _ in lower), default=-1) + 1
    ends_here = [(at(year_of(m.day)), row, m) for m in below if m.kind == "day"]
    top = _ROW * (max((row for _, row, _ in upper), default=0) + 1) + 14
    bottom = 40 + _ROW * row
    ends = [x + _CHARACTER * len(mark.word) + 6 for x, _, mark in (*upper, *lower)]
    width = max([_LEFT + _WIDTH + _RIGHT, *ends])
    out = [f'<path d="M{coordinate(_LEFT)} {coordinate(top)}h{coordinate(_WIDTH)}" stroke="{_FAINT}"/>']
    crossing = [x for x, _, _ in (*ends_here, *lower)]
    for year, label in labelled_years(first, last):
        x = at(year)
        out.append(f'<path d="M{coordinate(x)} {coordinate(top)}v5" stroke="{_FAINT}"/>')
        if all(
            abs(x - other) > 15 for other in crossing
        ):  # a year that a mark would strike out is not written
            out.append(_text(x, top + 17, label, _SOFT, anchor="middle", size=11, extra=_HALO))
    for x, row, mark in upper:
        y = top - 14 - _ROW * row
        body = f'<path d="M{coordinate(x)} {coordinate(top - 5)}V{coordinate(y - 8)}" stroke="{_FAINT}"/>'
        body += _text(x + 4, y, mark.word, _GREY) + _shape(x, top, mark.kind)
        out.append(_titled(body, mark.title))
    for x, row, mark in (*ends_here, *lower):
        y = top + 34 + _ROW * row
        dash = ' stroke-dasharray="4 3"' if mark.kind in ("deadline", "moved") else ""
        colour = _COLOURS["deadline"] if dash else _GREY
        crossed = ' text-decoration="line-through"' if mark.kind == "moved" else ""
        body = f'<path d="M{coordinate(x)} {coordinate(top - 8)}V{coordinate(y + 3)}" stroke="{colour}" stroke-width="1.5"{dash}/>'
        left = mark.kind == "day"
        word = _text(
            x - 4 if left else x + 4,
            y,
            mark.word,
            _GREY,
            anchor="end" if left else "start",
            extra=crossed + _HALO,
        )
        out.append(_titled(body + word, mark.title))
    label = escape(title, quote=True)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {coordinate(width)} {coordinate(top + bottom)}" role="img"'
        f' aria-label="{label}"><title>{label}</title>'
    )
    font = '<g font-family="Liberation Sans, Arial, Helvetica, sans-serif" fill="none">'
    return f"{head}{font}{''.join(out)}</g></svg>"


def _flags(marks: Sequence[tuple[float, Mark]]) -> list[tuple[float, int, Mark]]:
    """Each mark with the row of its word, 0 nearest the axis: beyond every later mark that its word would run into."""
    placed: list[tuple[float, int, Mark]] = []
    for x, mark in sorted(marks, key=lambda pair: pair[0])[::-1]:
        end = x + _CHARACTER * len(mark.word) + 8
        row = 1 + max((other for at, other, _ in placed if at < end), default=-1)
        placed.append((x, row, mark))
    return placed[::-1]


def _shape(x: float, y: float, kind: str) -> str:
    """A disc for a step, a larger ringed one where the goal was reached, a cross where something ended, a ring for mere words."""
    colour = _COLOURS[kind]
    if kind == "ended":
        return f'<path d="M{coordinate(x - 4.5)} {coordinate(y - 4.5)}l9 9m0 -9l-9 9" stroke="{colour}" stroke-width="2.5"/>'
    if kind == "words":
        return f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="3.5" fill="white" stroke="{colour}" stroke-width="1.5"/>'
    disc = f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="4" fill="{colour}"/>'
    ring = f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="7" stroke="{colour}" stroke-width="1.5"/>'
    return disc + ring if kind == "reached" else disc


def labelled_years(first: float, last: float) -> list[tuple[float, str]]:
    """Years to label, so many that they do not touch."""
    years = range(int(first) + 1, int(last) + 1)
    step = next((s for s in (1, 2, 5, 10, 20, 50) if len(years) / s <= 14), 100)
    return [(float(year), str(year)) for year in years if year % step == 0]


def year_of(day: date) -> float:
    """A day as a year with its fraction."""
    return round(day.year + (day.timetuple().tm_yday - 1) / 366, 4)


def _titled(body: str, title: str) -> str:
    return f"<g><title>{escape(title)}</title>{body}</g>" if title else body


def _text(
    x: float, y: float, text: str, fill: str, *, anchor: str = "start", size: int = _SIZE, extra: str = ""
) -> str:
    return (
        f'<text x="{coordinate(x)}" y="{coordinate(y)}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"{extra}>'
        f"{escape(text)}</text>"
    )
