"""Pictures of comparisons and searches, drawn from their JSON: differences side by side, and what every mix may be sorry for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from careo.base.texts import say
from careo.results.search_words import mix_name
from careo.results.wording import number, signed
from careo.views.svg import coordinate

_WIDTH, _LEFT, _VALUE, _RIGHT, _TOP, _STEP = 760.0, 210.0, 590.0, 700.0, 34.0, 26.0
_BLUE, _INK, _GRID = "#0072b2", "#444", "#e4e0d8"
_FONT = '<g font-family="Liberation Sans, Arial, Helvetica, sans-serif" fill="none">'


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a picture of differences [per cent].

    Attributes:
        label, detail: its words; a line without quantiles is a heading. quantiles: 5, 25, 50, 75, 95 %, or 5, 50, 95 %.
        weak: the share of it that rests on evidence of grade D, which pales it; None: nobody can tell, and it is palest.
    """

    label: str
    detail: str = ""
    quantiles: Sequence[float] = ()
    weak: float | None = None


def draw_differences(bars: Sequence[Bar], title: str, note: str) -> str:
    """Differences side by side on one scale of per cent: median, 50 and 90 %; the more rests on grade D, the paler."""
    known = [value for bar in bars for value in bar.quantiles]
    if not known:
        return ""
    low, high = min(0.0, *known), max(0.0, *known)
    room = 0.06 * (high - low or 1.0)
    low, high = low - room, high + room

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_VALUE - _LEFT)

    y, out = 30.0, list[str]()
    for bar in bars:
        y += _STEP + (6 if bar.detail else 0)
        out.append(_text(4, y, bar.label, anchor="start", weight=not bar.quantiles))
        if bar.detail:
            out.append(_text(4, y + 13, bar.detail, anchor="start", size=10))
        if bar.quantiles:
            out += _whisker(
                [x(value) for value in bar.quantiles], y, 0.15 if bar.weak is None else 1.0 - 0.85 * bar.weak
            )
            middle, first, last = bar.quantiles[len(bar.quantiles) // 2], bar.quantiles[0], bar.quantiles[-1]
            told = f"{signed(middle, 1)}% ({signed(first, 1)} … {signed(last, 1)})"
            out.append(_text(_VALUE + 12, y, told, anchor="start"))
        y += 10 if bar.detail else 0
    bottom = y + 16
    grid: list[str] = []
    for tick in _ticks(low, high):
        ink = _INK if tick == 0 else _GRID
        grid.append(f'<path d="M{coordinate(x(tick))} 34V{coordinate(bottom)}" stroke="{ink}"/>')
        grid.append(
            _text(
                x(tick),
                bottom + 15,
                f"{tick:+g}%".replace("-", "−") if tick else "0",
                anchor="middle",
                size=11,
            )
        )
    words = [
        _text(4, 16, title, anchor="start", weight=True),
        _text(4, bottom + 36, note, anchor="start", size=11),
    ]
    label = escape(f"{title}. {note}", quote=True)
    box = f"0 0 {coordinate(_WIDTH)} {coordinate(bottom + 44)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{label}"><title>{label}</title>'
    return f"{head}{_FONT}{''.join([*grid, *out, *words])}</g></svg>"


def _whisker(at: Sequence[float], y: float, opacity: float) -> list[str]:
    ends = f"M{coordinate(at[0])} {coordinate(y - 4)}H{coordinate(at[-1])}"
    found = [f'<path d="{ends}" stroke="{_BLUE}" stroke-width="2"/>']
    if len(at) == 5:
        box = f"M{coordinate(at[1])} {coordinate(y - 10)}H{coordinate(at[3])}v12H{coordinate(at[1])}z"
        found.append(
            f'<path d="{box}" fill="white"/><path d="{box}" fill="{_BLUE}" fill-opacity="{opacity:.2f}" stroke="{_BLUE}"/>'
        )
    middle = at[len(at) // 2]
    found.append(
        f'<path d="M{coordinate(middle)} {coordinate(y - 12)}v16" stroke="{_INK}" stroke-width="2"/>'
    )
    return found


def _ticks(low: float, high: float) -> list[float]:
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.99)
    return [round(k * step, 9) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def draw_front(found: Mapping[str, Any], language: str) -> str:
    """Differences in homicides of all that was compared, in per cent of the status quo."""
    bars: list[Bar] = []
    for kind in ("mix", "reference"):
        named = [each for each in found["candidates"] if each["kind"] == kind]
        if named:
            bars.append(Bar(say(language, f"web_search.kind.{kind}")))
        for each in named:
            at = numbers_of(found, each["name"])
            values = [at("percent", q) for q in found["axes"]["quantile"]]
            share = "" if each["prevention"] is None else f"{100 * each['prevention']:.0f}%"
            detail = say(language, "web_search.picture.prevention", share=share) if share else ""
            told = [value for value in values if value is not None]
            if len(told) == len(values):
                weak = each["grade_d"]
                bars.append(
                    Bar(
                        mix_name(each["name"], language),
                        detail,
                        told,
                        None if weak is None else min(max(weak, 0.0), 1.0),
                    )
                )
    return draw_differences(
        bars, say(language, "web_search.picture.front"), say(language, "web_search.picture.front_note")
    )


def draw_regret(found: Mapping[str, Any], language: str) -> str:
    """The regret of each mix: in 90 of 100 worlds no more than the bar, in the worst of them as far as the line."""
    rows = [
        (mix_name(each["name"], language), numbers_of(found, each["name"])("regret_90"), numbers_of(found, each["name"])("regret_most"))
        for each in found["candidates"]
        if each["kind"] != "reference"
    ]  # fmt: skip
    known = [(name, bar or 0.0, line) for name, bar, line in rows if line is not None]
    title = say(language, "web_search.picture.regret")
    if not known:
        return ""
    most = max(line for _, _, line in known) or 1.0
    height = _TOP + _STEP * len(known) + 10
    out = [_text(4, 16, title, anchor="start", weight=True)]
    for k, (name, bar, line) in enumerate(known):
        y = _TOP + _STEP * k + 8
        end, far = (_LEFT + (_RIGHT - _LEFT) * value / most for value in (bar, line))
        out.append(_text(_LEFT - 8, y + 8, name, anchor="end"))
        out.append(
            f'<path d="M{coordinate(_LEFT)} {coordinate(y)}H{coordinate(end)}v10H{coordinate(_LEFT)}z" fill="{_BLUE}"/>'
        )
        out.append(
            f'<path d="M{coordinate(end)} {coordinate(y + 5)}H{coordinate(far)}" stroke="{_INK}" stroke-width="1.5"/>'
        )
        out.append(_text(far + 5, y + 9, number(round(line)), anchor="start"))
    label = escape(f"{title}. " + "; ".join(f"{name} {signed(line)}" for name, _, line in known), quote=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {coordinate(_WIDTH)} {coordinate(height)}" role="img" aria-label="{label}">'
    return f"{head}<title>{escape(title)}</title>{_FONT}{''.join(out)}</g></svg>"


def _text(x: float, y: float, text: str, *, anchor: str, weight: bool = False, size: int = 12) -> str:
    bold = ' font-weight="bold"' if weight else ""
    return f'<text x="{coordinate(x)}" y="{coordinate(y)}" text-anchor="{anchor}" font-size="{size}" fill="{_INK}"{bold}>{escape(text)}</text>'


def numbers_of(found: Mapping[str, Any], mix: str, outcome: str = "homicides") -> Any:
    """A look-up in the numbers of a search as JSON: name and quantile → a number, None where it is not known."""
    axes = found["axes"]

    def at(name: str, quantile: float | None = None) -> float | None:
        held = found["numbers"][name]
        value: Any = held["values"]
        wanted = {"mix": mix, "outcome": outcome, "quantile": quantile}
        for axis in held["axes"]:
            value = value[axes[axis].index(wanted[axis])]
        return value

    return at
