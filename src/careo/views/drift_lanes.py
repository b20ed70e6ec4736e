"""One matter through its channels: a lane each for speech, plan, law, budget, deployment; what contradicts what is joined by a line.

Drawn here for the reasons of `drawing.py`. Time runs to the right; nothing is joined but contradictions, since what follows does not follow from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from careo.views.images import FONTS
from careo.views.svg import CHARACTER, coordinate, plain, words
from careo.views.timeline import labelled_years, year_of

_WIDTH, _LANE, _TOP, _SIZE = 600.0, 34.0, 14.0, 12
_GREY, _SOFT, _GRID = "#444", "#777", "#e4e0d8"
_DOT, _CLASH = "#0072b2", "#d55e00"
_BESIDE = 4.0  # dots of one lane nearer than this stand a little apart


@dataclass(frozen=True, slots=True)
class Dot:
    """One link: its day, the lane it stands in (from 0), all of it for whoever points at it, and whether something contradicts it."""

    day: date
    lane: int
    title: str
    clashes: bool = False


def draw_lanes(
    lanes: Sequence[str], dots: Sequence[Dot], against: Sequence[tuple[int, int]], title: str
) -> str:
    """The lanes as an `<svg>` that may stand inside a page.

    Args:
        lanes: their names, from above. against: pairs of places in `dots` that contradict each other. title: for whoever cannot see it.
    """
    if not dots:
        return ""
    times = [year_of(dot.day) for dot in dots]
    first, last = min(times), max(times)
    room = max(0.04 * (last - first), 0.25)
    first, last = first - room, last + room
    left = 16 + _SIZE * CHARACTER * max(map(len, lanes))
    floor = _TOP + _LANE * len(lanes)

    def at(time: float) -> float:
        return left + (time - first) / (last - first) * _WIDTH

    out: list[str] = []
    for index, name in enumerate(lanes):
        y = _TOP + _LANE * (index + 0.5)
        out.append(f'<path d="M{coordinate(left)} {coordinate(y)}h{coordinate(_WIDTH)}" stroke="{_GRID}"/>')
        out.append(words(left - 10, y + 4, name, size=_SIZE, fill=_GREY, anchor="end"))
    for time, label in labelled_years(first, last):
        x = at(time)
        out.append(f'<path d="M{coordinate(x)} {coordinate(_TOP)}V{coordinate(floor)}" stroke="{_GRID}"/>')
        out.append(words(x, floor + 16, label, size=11, fill=_SOFT, anchor="middle"))
    placed = _placed([(at(time), dot.lane) for time, dot in zip(times, dots, strict=True)])
    for one, other in against:
        (x1, y1), (x2, y2) = placed[one], placed[other]
        bend = (y1 + y2) / 2 - (26 if y1 == y2 else 0)
        path = f"M{coordinate(x1)} {coordinate(y1)}Q{coordinate((x1 + x2) / 2)} {coordinate(bend)} {coordinate(x2)} {coordinate(y2)}"
        out.append(f'<path d="{path}" stroke="{_CLASH}" stroke-width="1.6" stroke-dasharray="5 3"/>')
    for (x, y), dot in zip(placed, dots, strict=True):
        ring = (
            f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="7.5" stroke="{_CLASH}" stroke-width="1.8"/>'
            if dot.clashes
            else ""
        )
        disc = f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="4.2" fill="{_DOT}"/>'
        out.append(f"<g><title>{plain(dot.title)}</title>{ring}{disc}</g>")
    box = f"0 0 {coordinate(left + _WIDTH + 12)} {coordinate(floor + 24)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{plain(title)}"><title>{plain(title)}</title>'
    return f'{head}<g font-family="{FONTS}" fill="none">{"".join(out)}</g></svg>'


def _placed(wanted: Sequence[tuple[float, int]]) -> list[tuple[float, float]]:
    """Where each dot stands; those of one lane that would cover each other a little above and below its line."""
    found: list[tuple[float, float]] = []
    for index, (x, lane) in enumerate(wanted):
        near = sum(1 for other, where in wanted[:index] if where == lane and abs(other - x) < _BESIDE)
        shift = (0, -8, 8, -12, 12)[near % 5]
        found.append((x, _TOP + _LANE * (lane + 0.5) + shift))
    return found
