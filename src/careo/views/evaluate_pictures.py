"""Pictures of an evaluation: event study with its band, actual against synthetic, placebo gaps, a described series, falls by date."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from careo.base.fields import worded
from careo.base.texts import say
from careo.results.designs.dated_history import Fall
from careo.results.evaluate import Evaluated
from careo.views.images import FONTS
from careo.views.svg import GREY, coordinate, plain, words, wrapped

_WIDTH, _HEIGHT, _LEFT, _TOP = 620.0, 260.0, 56.0, 58.0
_STRONG, _OTHER, _THIN, _BAND, _GRID = "#a04020", "#3f6f8f", "#b9b4a8", "#e4ddcc", "#e4e0d8"
_TICKS = 6


@dataclass(frozen=True, eq=False)
class _Line:
    """A line: x, y; where y is NaN it is broken. letter: at its end."""

    x: np.ndarray
    y: np.ndarray
    colour: str
    width: float = 2.0
    letter: str = ""
    dots: bool = False


def draw_evaluation(result: Evaluated, language: str = "en") -> Mapping[str, str]:
    """Every picture of an evaluation as SVG, by the name of its file without ending."""
    return dict(_pictures(result, language))


def _pictures(result: Evaluated, language: str) -> Iterator[tuple[str, str]]:
    named = {
        "name": worded(result.evaluation.name, language),
        "outcome": worded(result.outcome.name, language),
    }
    if result.study:
        study = result.study
        band = (study.months, study.low, study.high)
        line = _Line(study.months, study.effect, _STRONG, 2.0, dots=True)
        unit = say(language, f"evaluate.picture.{study.scale}")
        yield (
            "event-study",
            _chart([line], _told("study", named, language), unit, language, band=band, start=-0.5),
        )
    if result.paths:
        paths, unit = result.paths, say(language, "evaluate.picture.rate")
        both = [
            _Line(paths.months, paths.synthetic, _OTHER, 2.0, "S"),
            _Line(paths.months, paths.actual, _STRONG, 2.0, "A"),
        ]
        yield "actual-synthetic", _chart(both, _told("paths", named, language), unit, language, start=-0.5)
        gaps = [_Line(paths.months, row, _THIN, 0.8) for row in paths.placebo_gaps]
        gaps.append(_Line(paths.months, paths.actual - paths.synthetic, _STRONG, 2.4))
        yield "placebos", _chart(gaps, _told("placebos", named, language), unit, language, start=-0.5)
    if result.design == "interrupted" and result.posed:
        setting = result.posed.setting
        row = int(np.flatnonzero(setting.treated)[0])
        values = setting.outcome("rate")[row]
        line = _Line(np.arange(len(values)) - int(setting.start[row]), values, _STRONG, 1.6)
        yield (
            "series",
            _chart(
                [line],
                _told("series", named, language),
                say(language, "evaluate.picture.rate"),
                language,
                start=-0.5,
            ),
        )
    if result.falls and result.main:
        yield "falls", _falls(result, named, language)


def _falls(result: Evaluated, named: Mapping[str, str], language: str) -> str:
    choice, main = result.evaluation.choice, result.main
    assert choice is not None  # noqa: S101 - a dated history has one
    assert main is not None  # noqa: S101
    first: list[Fall] = [one for one in result.falls if one.after == choice.after[0]]
    lines: list[_Line] = []
    for name in dict.fromkeys(one.series for one in first):
        mine = [one for one in first if one.series == name]
        x, y = np.array([one.year for one in mine], dtype=float), np.array([100 * one.net for one in mine])
        lines.append(_Line(x, y, _OTHER, 0.0, dots=True))
    span = np.array([min(one.year for one in first), max(one.year for one in first)], dtype=float)
    middle = 100 * math.expm1(main.effect)
    lines.append(_Line(span, np.full(2, middle), _STRONG, 2.0))
    lines += [
        _Line(np.array([float(one.year)]), np.array([100 * one.net]), _STRONG, 0.0, "A", dots=True)
        for one in result.listed[:1]
    ]
    told = _told("falls", {**named, "count": str(choice.count)}, language)
    return _chart(lines, told, "%", language, years=True)


def _told(key: str, named: Mapping[str, str], language: str) -> tuple[str, str]:
    return say(language, f"evaluate.picture.{key}", **named), say(language, f"evaluate.picture.{key}_note")


# ── one frame for all ────────────────────────────────────────────────────────────────────────────────────────────


def _chart(
    lines: Sequence[_Line],
    told: tuple[str, str],
    unit: str,
    language: str,
    *,
    band: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    start: float | None = None,
    years: bool = False,
) -> str:
    title, note = told
    ys = np.concatenate([line.y for line in lines] + ([band[1], band[2]] if band else []))
    ys = ys[np.isfinite(ys)]
    xs = np.concatenate([line.x for line in lines])
    low, high = min(0.0, float(ys.min())), max(0.0, float(ys.max()))
    room = max(high - low, 1e-9) * 0.06
    low, high = low - (room if low < 0 else 0), high + room
    first, last = float(xs.min()), max(float(xs.max()), float(xs.min()) + 1)

    top = _TOP + 17 * max(0, len(wrapped(title, 14, _WIDTH + 60)) - 2)

    def at(x: float, y: float) -> str:
        return f"{coordinate(_LEFT + (x - first) / (last - first) * _WIDTH)} {coordinate(top + (high - y) / (high - low) * _HEIGHT)}"

    heads = wrapped(title, 14, _WIDTH + 60)
    out = [words(4, 18 + 17 * row, line, size=14, bold=True) for row, line in enumerate(heads)]
    out.append(words(4, top - 8, unit, size=11))
    floor = top + _HEIGHT
    for tick in _round(first, last, whole=True):
        x = float(at(tick, low).split(" ")[0])
        out.append(words(x, floor + 16, f"{tick:.0f}".replace("-", "−"), size=11, anchor="middle"))
    if not years:
        out.append(
            words(
                _LEFT + _WIDTH / 2,
                floor + 32,
                say(language, "evaluate.picture.months"),
                size=11,
                anchor="middle",
            )
        )
    if band:
        good = np.isfinite(band[1]) & np.isfinite(band[2])
        upper = [at(x, y) for x, y in zip(band[0][good], band[2][good], strict=True)]
        lower = [at(x, y) for x, y in zip(band[0][good][::-1], band[1][good][::-1], strict=True)]
        out.append(f'<path d="M{"L".join(upper + lower)}z" fill="{_BAND}"/>')
    for tick in _round(low, high):
        x, y = at(first, tick).split(" ")
        out.append(
            f'<path d="M{x} {y}h{coordinate(_WIDTH)}" stroke="{"#777" if tick == 0 else _GRID}" fill="none"/>'
        )
        out.append(words(_LEFT - 6, float(y) + 4, _number(tick), size=11, anchor="end"))
    if start is not None and first < start < last:
        x = at(start, low).split(" ")[0]
        out.append(
            f'<path d="M{x} {coordinate(top)}v{coordinate(_HEIGHT)}" stroke="#111" stroke-dasharray="4 3" fill="none"/>'
        )
    for line in lines:
        out += _drawn(line, at)
    for row, text in enumerate(wrapped(note, 11, _WIDTH + 40)):
        out.append(words(4, floor + 52 + 15 * row, text, size=11, fill=GREY))
    box = f"0 0 {coordinate(_LEFT + _WIDTH + 28)} {coordinate(floor + 78)}"
    label = plain(f"{title}. {note}")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{label}"><title>{plain(title)}</title>'
    return f'{head}<rect width="100%" height="100%" fill="#ffffff"/><g font-family="{FONTS}">{"".join(out)}</g></svg>\n'


def _drawn(line: _Line, place: Callable[[float, float], str]) -> Iterator[str]:
    parts: list[list[str]] = [[]]
    for x, y in zip(line.x, line.y, strict=True):
        if math.isfinite(y):
            parts[-1].append(place(float(x), float(y)))
        elif parts[-1]:
            parts.append([])
    for part in parts if line.width else ():
        if len(part) > 1:
            yield f'<path d="M{"L".join(part)}" stroke="{line.colour}" stroke-width="{line.width:g}" fill="none" stroke-linejoin="round"/>'
    points = [point for part in parts for point in part]
    if line.dots:
        radius = 2.4 if line.width else 3.6
        for point in points:
            x, y = point.split(" ")
            yield f'<circle cx="{x}" cy="{y}" r="{radius:g}" fill="{line.colour}"/>'
    if line.letter and points:
        x, y = (float(part) for part in points[-1].split(" "))
        yield words(x + 6, y + 4, line.letter, size=13, fill=line.colour, bold=True)


def _round(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Some six round values between two."""
    raw = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    steps = (
        (6, 12, 24, 60)
        if whole and high - low < 400 and low < 0
        else (power, 2 * power, 5 * power, 10 * power)
    )
    step = next((each for each in steps if each >= raw * 0.99), steps[-1])
    if whole:
        step = max(1.0, float(round(step)))
    return [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{round(value, 6) + 0.0:g}".replace("-", "−")
