"""Pictures of a search: what money buys against the bad worlds, and what every mix may be sorry for. Drawn from its JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

from careo.base.texts import say
from careo.results.search_words import mix_name
from careo.results.wording import number, signed
from careo.views.forest import Row, draw_forest
from careo.views.svg import coordinate

_WIDTH, _LEFT, _RIGHT, _TOP, _STEP = 760.0, 210.0, 700.0, 34.0, 26.0
_BLUE, _INK, _GRID = "#0072b2", "#444", "#e4e0d8"


def draw_front(found: Mapping[str, Any], language: str) -> str:
    """Differences in homicides of what was compared, median with 50 and 90% of the worlds; mixes that nothing beats are filled."""
    rows: list[Row] = []
    for kind in ("mix", "reference"):
        named = [each for each in found["candidates"] if each["kind"] == kind]
        if named:
            rows.append(Row("head", say(language, f"web_search.kind.{kind}")))
        for each in named:
            at = numbers_of(found, each["name"])
            quantiles = [at("percent", q) for q in found["axes"]["quantile"] if q in (0.05, 0.5, 0.95)]
            if len(quantiles) != 3 or any(value is None for value in quantiles):
                continue
            low, median, high = (math.log1p(max(value, -99.9) / 100) for value in quantiles if value is not None)
            share = "" if each["prevention"] is None else f"{100 * each['prevention']:.0f} %"
            detail = say(language, "web_search.picture.prevention", share=share) if share else ""
            weak = each["grade_d"]
            grade = "D" if weak is None or weak > 0.5 else "C" if weak > 0.25 else "B"
            name = mix_name(each["name"], language)
            rows.append(Row("prior", name, detail, median, (low, high), None, grade))
    return draw_forest(rows, title=say(language, "web_search.picture.front"), language=language) if len(rows) > 1 else ""


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
        out.append(f'<path d="M{coordinate(_LEFT)} {coordinate(y)}H{coordinate(end)}v10H{coordinate(_LEFT)}z" fill="{_BLUE}"/>')
        out.append(f'<path d="M{coordinate(end)} {coordinate(y + 5)}H{coordinate(far)}" stroke="{_INK}" stroke-width="1.5"/>')
        out.append(_text(far + 5, y + 9, number(round(line)), anchor="start"))
    label = escape(f"{title}. " + "; ".join(f"{name} {signed(line)}" for name, _, line in known), quote=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {coordinate(_WIDTH)} {coordinate(height)}" role="img" aria-label="{label}">'
    font = '<g font-family="Liberation Sans, Arial, Helvetica, sans-serif" fill="none">'
    return f"{head}<title>{escape(title)}</title>{font}{''.join(out)}</g></svg>"


def _text(x: float, y: float, text: str, *, anchor: str, weight: bool = False) -> str:
    bold = ' font-weight="bold"' if weight else ""
    return f'<text x="{coordinate(x)}" y="{coordinate(y)}" text-anchor="{anchor}" font-size="12" fill="{_INK}"{bold}>{escape(text)}</text>'


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
