"""Pictures of calibration: histograms of the PIT, and the share of months inside intervals by year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from careo.base.texts import say
from careo.views.drawing import Plot, draw
from careo.views.images import FONTS
from careo.views.svg import GREY, coordinate, plain, words

_WIDTH, _HEIGHT, _LEFT, _TOP = 420.0, 170.0, 44.0, 34.0
_BAR, _EVEN = "#3f6f8f", "#111111"
_COLOURS = {50: "#3f6f8f", 90: "#a04020"}


def draw_pit(shares: Sequence[float], named: Mapping[str, str], language: str) -> str:
    """The PIT histogram as an SVG: bars of how much of all observations fell into each stretch, a line where all would be even.

    Args:
        shares: of all observations, stretch by stretch; they add up to 1. named: `model` and `window` in words.
    """
    count = len(shares)
    title, note = (say(language, f"validate.picture.{key}", **named) for key in ("pit", "pit_note"))
    high = max(*shares, 2 / count) * 1.1
    width = _WIDTH / count
    out = [words(4, 16, title, size=13, bold=True)]
    for at, share in enumerate(shares):
        tall = share / high * _HEIGHT
        x, y = _LEFT + at * width, _TOP + _HEIGHT - tall
        out.append(
            f'<rect x="{coordinate(x + 1)}" y="{coordinate(y)}" width="{coordinate(width - 2)}" height="{coordinate(tall)}" fill="{_BAR}"/>'
        )
    even, floor = _TOP + _HEIGHT * (1 - 1 / count / high), _TOP + _HEIGHT
    out.append(
        f'<path d="M{coordinate(_LEFT)} {coordinate(even)}h{coordinate(_WIDTH)}" stroke="{_EVEN}" stroke-dasharray="4 3"/>'
    )
    out.append(words(_LEFT - 6, even + 4, f"{100 / count:.0f}%", size=12, anchor="end"))
    out.append(f'<path d="M{coordinate(_LEFT)} {coordinate(floor)}h{coordinate(_WIDTH)}" stroke="#999"/>')
    out += [
        words(_LEFT + at / 10 * _WIDTH, floor + 16, f"{at / 10:g}", size=12, anchor="middle")
        for at in range(0, 11, 2)
    ]
    out.append(words(4, floor + 36, note, size=11, fill=GREY))
    box = f"0 0 {coordinate(_LEFT + _WIDTH + 130)} {coordinate(floor + 46)}"
    told = plain(f"{title}. {note} " + ", ".join(f"{100 * share:.0f}%" for share in shares))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{told}"><title>{plain(title)}</title>'
    return f'{head}<g font-family="{FONTS}">{"".join(out)}</g></svg>\n'


def draw_coverage(
    years: Sequence[int], inside: Mapping[int, Iterable[float]], named: Mapping[str, str], language: str
) -> str:
    """The share of months inside the 50% and the 90% interval, by target year."""
    title, note = (say(language, f"validate.picture.{key}", **named) for key in ("coverage", "coverage_note"))
    lines = {
        f"{level}": [(float(year), float(share)) for year, share in zip(years, shares, strict=True)]
        for level, shares in inside.items()
    }
    colours = {f"{level}": _COLOURS[level] for level in inside}
    return draw(Plot(lines, colours, unit=title, share=True), f"{title}. {note}") + "\n"
