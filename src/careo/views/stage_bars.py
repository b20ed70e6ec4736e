"""Money by stage as bars: for each period what was announced, voted and paid, side by side and never added.

A bar that is missing is an amount that cannot be told; the table beside the picture says why. Drawn here for the reasons of `drawing.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from careo.views.drawing import round_ticks, tick_label
from careo.views.images import FONTS
from careo.views.svg import CHARACTER, coordinate, plain, words

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 600.0, 180.0, 48.0, 26.0
_SIZE = 12
_LABEL = 44.0  # room for a year below the axis
_GREY, _GRID, _AXIS = "#444", "#e4e0d8", "#999"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of money.

    Attributes:
        name: in words. colour: of its bars. amounts: one a period [unit of the axis], None where it cannot be told.
        hollow: drawn as an outline, for what was only said.
    """

    name: str
    colour: str
    amounts: Sequence[float | None]
    hollow: bool = False


def draw_stages(periods: Sequence[str], stages: Sequence[Stage], unit: str, title: str) -> str:
    """Bars grouped by period as an `<svg>` that may stand inside a page, with `title` for whoever cannot see it; "" without an amount."""
    told = [amount for stage in stages for amount in stage.amounts if amount is not None]
    if not told:
        return ""
    high = max(*told, 0.0) * 1.06 or 1.0
    ticks = round_ticks(0.0, high)
    labels = [tick_label(tick, ticks) for tick in ticks]
    left = 12 + _SIZE * CHARACTER * max(map(len, labels))
    group = _WIDTH / len(periods)
    bar = min(30.0, group * 0.8 / len(stages))
    floor = _TOP + _HEIGHT

    def at(amount: float) -> float:
        return floor - amount / high * _HEIGHT

    out = [words(4, _TOP - 10, unit, size=_SIZE, fill=_GREY), *_legend(stages, left)]
    for tick, label in zip(ticks, labels, strict=True):
        y = at(tick)
        out.append(f'<path d="M{coordinate(left)} {coordinate(y)}h{coordinate(_WIDTH)}" stroke="{_GRID}"/>')
        out.append(words(left - 6, y + 4, label, size=_SIZE, fill=_GREY, anchor="end"))
    every = math.ceil(_LABEL / group)
    for place, period in enumerate(periods):
        middle = left + group * (place + 0.5)
        if place % every == 0:
            out.append(words(middle, floor + 18, period, size=_SIZE, fill=_GREY, anchor="middle"))
        for index, stage in enumerate(stages):
            amount = stage.amounts[place]
            x = middle + (index - len(stages) / 2) * bar
            if amount is None:
                continue
            box = f'x="{coordinate(x + 1)}" y="{coordinate(at(amount))}" width="{coordinate(bar - 2)}" height="{coordinate(floor - at(amount))}"'
            said = plain(f"{stage.name}, {period}: {amount:,.1f}")
            out.append(f"<rect {box} {_paint(stage)}><title>{said}</title></rect>")
    out.append(f'<path d="M{coordinate(left)} {coordinate(floor)}h{coordinate(_WIDTH)}" stroke="{_AXIS}"/>')
    box = f"0 0 {coordinate(left + _WIDTH + 12)} {coordinate(floor + _BOTTOM)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{plain(title)}"><title>{plain(title)}</title>'
    return f'{head}<g font-family="{FONTS}" fill="none">{"".join(out)}</g></svg>'


def _legend(stages: Sequence[Stage], x: float) -> list[str]:
    out: list[str] = []
    for stage in stages:
        out.append(f'<rect x="{coordinate(x)}" y="4" width="12" height="12" {_paint(stage)}/>')
        out.append(words(x + 18, 14, stage.name, size=_SIZE, fill=_GREY))
        x += 34 + _SIZE * CHARACTER * len(stage.name)
    return out


def _paint(stage: Stage) -> str:
    if stage.hollow:
        return f'stroke="{stage.colour}" stroke-width="1.6" stroke-dasharray="4 2"'
    return f'fill="{stage.colour}"'
