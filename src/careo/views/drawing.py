"""Plain SVG line charts: one line a series with a letter at its end, claims as diamonds, intervals as bands.

Drawn here and not by a charting library because a dossier promises the same bytes everywhere (a library measures text with
the fonts of the machine), because nothing may act inside the page, and because it takes a thousandth of the time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from careo.views.svg import coordinate

_WIDTH, _HEIGHT = 500.0, 190.0
_TOP, _BOTTOM, _RIGHT = 22.0, 26.0, 26.0
_CHARACTER = 6.7  # width of a digit at size 12: fonts are never measured
_GREY, _GRID, _CLAIM, _SHADE = "#444", "#e4e0d8", "#111111", "#f1eadb"
_HALO = ' stroke="white" stroke-width="3" paint-order="stroke"'  # words stay readable where they cross a line
_SERIES = 400  # points of a line beyond which single dots would only blur it


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn.

    Attributes:
        lines: letter → points (time in years, value), in the order of time. colours: of each letter.
        claims: points to mark, with `claimed` beside each.
        unit: title of the value axis. share: values are parts of one, shown in percent.
        span: a stretch of time (in years) to shade, with `spanned` above it.
        bands: behind the lines, the first at the back: a colour, and (time, low, high) in the order of time. dots: whether points show.
        width: of the plot without its labels; what is shown small is drawn narrow, so that its words stay readable.
        gap: points further apart than this [years] are not joined, since what lies between them was never observed; 0 joins all.
    """

    lines: Mapping[str, Sequence[tuple[float, float]]]
    colours: Mapping[str, str]
    claims: Sequence[tuple[float, float]] = ()
    claimed: str = ""
    unit: str = ""
    share: bool = False
    span: tuple[float, float] | None = None
    spanned: str = ""
    bands: Sequence[tuple[str, Sequence[tuple[float, float, float]]]] = ()
    dots: bool = True
    width: float = _WIDTH
    gap: float = 0.0

    def stretches(self, letter: str) -> list[list[tuple[float, float]]]:
        """The points of a line, parted where nothing was observed between them."""
        parts: list[list[tuple[float, float]]] = []
        for point in self.lines[letter]:
            if parts and not 0 < self.gap < point[0] - parts[-1][-1][0]:
                parts[-1].append(point)
            else:
                parts.append([point])
        return parts


def draw(plot: Plot, title: str) -> str:
    """The plot as an `<svg>` that may stand inside a page, with `title` for whoever cannot see it."""
    points = [point for line in plot.lines.values() for point in line]
    points += [(time, end) for _, band in plot.bands for time, *ends in band for end in ends]
    xs, ys = (sorted({p[i] for p in (*points, *plot.claims)}) for i in (0, 1))
    xs = sorted({*xs, *(plot.span or ())})
    low, high = min(0.0, ys[0] * 1.06), ys[-1] * 1.12 if ys[-1] > 0 else 0.0
    high = high if high > low else low + 1.0
    first, last = xs[0], xs[-1] if xs[-1] > xs[0] else xs[0] + 1.0
    ticks = round_ticks(low, high)
    labels = [tick_label(tick, ticks, plot.share) for tick in ticks]
    left = 10 + _CHARACTER * max(map(len, labels))

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x = left + (point[0] - first) / (last - first) * plot.width
        return x, _TOP + (high - point[1]) / (high - low) * _HEIGHT

    out = [_text(4, 12, plot.unit)] if plot.unit else []
    if plot.span:
        start, end = (at((time, high)) for time in plot.span)
        out += _shade(start, end, plot.spanned, left + plot.width)
    for tick, label in zip(ticks, labels, strict=True):
        y = at((first, tick))[1]
        out.append(
            f'<path d="M{coordinate(left)} {coordinate(y)}h{coordinate(plot.width)}" stroke="{_GRID}"/>'
        )
        out.append(_text(left - 6, y + 4, label, anchor="end"))
    floor = at((first, low))[1]
    out.append(f'<path d="M{coordinate(left)} {coordinate(floor)}h{coordinate(plot.width)}" stroke="#999"/>')
    for tick, label in _times(first, last):
        x = at((tick, low))[0]
        anchor = "end" if x > left + plot.width - 12 and len(label) > 4 else "middle"
        out.append(f'<path d="M{coordinate(x)} {coordinate(floor)}v5" stroke="#999"/>')
        out.append(_text(x, floor + 18, label, anchor=anchor))
    out += [
        _band([(*at((time, low)), at((time, high))[1]) for time, low, high in band], colour)
        for colour, band in plot.bands
    ]
    if low < 0:  # no difference, over the bands
        out.append(
            f'<path d="M{coordinate(left)} {coordinate(at((first, 0.0))[1])}h{coordinate(plot.width)}" stroke="#777"/>'
        )
    for letter in plot.lines:
        for part in plot.stretches(letter):
            out += _line(
                [at(point) for point in part], plot.colours[letter], dots=plot.dots or len(part) == 1
            )
    for letter, x, y in _apart({letter: at(line[-1]) for letter, line in plot.lines.items()}):
        out.append(
            _text(
                x + 7, y + 4, letter, size=13, fill=plot.colours[letter], extra=' font-weight="bold"' + _HALO
            )
        )
    for claim in plot.claims:
        out += _mark(*at(claim), plot.claimed, to_the_left=claim[0] > (first + last) / 2)
    label = escape(title, quote=True)
    box = f"0 0 {coordinate(left + plot.width + _RIGHT)} {coordinate(_TOP + _HEIGHT + _BOTTOM)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{label}"><title>{label}</title>'
    font = '<g font-family="Liberation Sans, Arial, Helvetica, sans-serif" fill="none">'
    return f"{head}{font}{''.join(out)}</g></svg>"


def _shade(start: tuple[float, float], end: tuple[float, float], word: str, edge: float) -> list[str]:
    """A stretch of time behind the lines; its word begins where it begins, or ends where the plot ends."""
    box = f'<path d="M{coordinate(start[0])} {coordinate(_TOP)}H{coordinate(end[0])}v{coordinate(_HEIGHT)}H{coordinate(start[0])}z" fill="{_SHADE}"/>'
    late = start[0] + 6 * len(word) > edge
    x, anchor = (edge - 4, "end") if late else (start[0] + 4, "start")
    return [box, _text(x, _TOP + 13, word, anchor=anchor, size=11)]


def _band(edges: Sequence[tuple[float, float, float]], colour: str) -> str:
    """What lies between two lines, from their places (x, y of the lower, y of the upper)."""
    around = [(x, y) for x, y, _ in edges] + [(x, y) for x, _, y in reversed(edges)]
    path = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in around)
    return f'<path d="M{path}z" fill="{colour}"/>'


def _line(points: Sequence[tuple[float, float]], colour: str, *, dots: bool = True) -> list[str]:
    path = "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    drawn = [f'<path d="{path}" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>']
    if dots and len(points) <= _SERIES:
        marks = (f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="2.4"/>' for x, y in points)
        drawn.append(f'<g fill="{colour}">{"".join(marks)}</g>')
    return drawn


def _mark(x: float, y: float, word: str, *, to_the_left: bool) -> list[str]:
    diamond = f'<path d="M{coordinate(x)} {coordinate(y - 7)}l7 7l-7 7l-7 -7z" fill="{_CLAIM}" stroke="white" stroke-width="1.5"/>'
    shift, anchor = (-10, "end") if to_the_left else (10, "start")
    return [
        diamond,
        _text(x + shift, y - 9, word, anchor=anchor, fill=_CLAIM, extra=' font-style="italic"' + _HALO),
    ]


def _apart(ends: Mapping[str, tuple[float, float]]) -> list[tuple[str, float, float]]:
    """Letters at the ends of lines, moved up where they would touch."""
    placed: list[tuple[str, float, float]] = []
    for letter, (x, y) in sorted(ends.items(), key=lambda item: (-item[1][1], item[0])):
        near = [other for _, at, other in placed if abs(at - x) < 24]
        placed.append((letter, x, min([y, *(other - 15 for other in near)])))
    return sorted(placed)


def round_ticks(low: float, high: float) -> list[float]:
    """Four or so round values between two."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.99)
    return [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def tick_label(value: float, ticks: Sequence[float], share: bool = False) -> str:
    """A tick in words, with as many decimals as tell it from the next."""
    step = min((b - a for a, b in pairwise(ticks)), default=1.0) * (100 if share else 1)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    return f"{value * 100:.{decimals}f}%" if share else f"{value:,.{decimals}f}"


def _times(first: float, last: float) -> list[tuple[float, str]]:
    """Years to label; months where there is but a year or two."""
    if last - first > 2 or (first == int(first) and last == int(last)):
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if (last - first) / s <= 8 or s == 1000)
        start = math.ceil(first / step - 1e-9) * step
        return [(float(year), str(year)) for year in range(start, math.floor(last + 1e-9) + 1, step)]
    months = range(math.ceil(first * 12 - 1e-6), math.floor(last * 12 + 1e-6) + 1)
    step = max(1, math.ceil(len(months) / 6))
    return [(month / 12, f"{month // 12}-{month % 12 + 1:02}") for month in months[::step]]


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int = 12,
    fill: str = _GREY,
    extra: str = "",
) -> str:
    return (
        f'<text x="{coordinate(x)}" y="{coordinate(y)}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"{extra}>'
        f"{escape(text)}</text>"
    )
