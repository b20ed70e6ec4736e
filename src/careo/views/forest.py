"""Forest plots: what the studies of a lever found, and the prior that was made of them, on one scale of log points.

A prior is drawn with its 50 and 90% intervals and pales with its grade; a study of another outcome or place is hollow; what
is only remembered is grey and starred. Same input, same bytes; no word of a file can become markup.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.effects import Effect, Rebound, interval, quantile
from careo.evidence.levers import Lever
from careo.evidence.studies import Estimate, Study, log_points
from careo.views import svg
from careo.views.images import FONTS

_WIDTH, _MARGIN = 940, 24
_LEFT, _RIGHT = 352, 712  # of the scale
_LABEL, _VALUE = _LEFT - 16 - _MARGIN, _WIDTH - _MARGIN - _RIGHT - 14  # room for words on either side
_DARK, _FAINT, _BLUE = "#111111", "#8a8a8a", "#0072b2"  # the blue of Okabe and Ito
_OPACITY = {"A": 1.0, "B": 0.7, "C": 0.4, "D": 0.12}
_Scale = Callable[[float], float]  # log points → pixels


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a forest plot [log points at full dose].

    Attributes:
        kind: "head", "prior", "fixed" or "study". label, detail: its words.
        value: median or estimate; None where only a range is known. wide, narrow: intervals (90 and 50% of a prior; what the
            study gives).
        grade: of a prior. hollow: another outcome or place. recalled: from memory.
    """

    kind: str
    label: str
    detail: str = ""
    value: float | None = None
    wide: tuple[float, float] | None = None
    narrow: tuple[float, float] | None = None
    grade: str = ""
    hollow: bool = False
    recalled: bool = False

    @property
    def ends(self) -> tuple[float, ...]:
        """Every number the row needs room for."""
        return (*([] if self.value is None else [self.value]), *(self.wide or ()))


def forest_rows(lever: Lever, studies: Mapping[str, Study], language: str) -> tuple[Row, ...]:
    """The effects of a lever, each prior followed by the estimates that speak to its mechanism, then those of others.

    Links are elasticities, not log points, and have no place on this scale.
    """
    rows: list[Row] = []
    listed = [(studies[key], e) for key in lever.studies for e in studies[key].estimates]
    left = [(study, e) for study, e in listed if log_points(e) is not None]
    for effect in lever.effects:
        prior = _prior(effect, effect.grade or lever.grade, language)
        near = [pair for pair in left if _speaks_to(pair[1], effect)]
        if prior:
            rows.append(prior)
        rows += [_study(study, estimate, language) for study, estimate in near]
        left = [pair for pair in left if pair not in near]
        if effect.rebound:
            rows.append(_rebound(effect.rebound, effect, effect.grade or lever.grade, language))
    if left:
        rows.append(Row("head", say(language, "levers.forest.others")))
        rows += [_study(study, estimate, language) for study, estimate in left]
    return tuple(rows)


def prior_rows(levers: Sequence[Lever], language: str) -> tuple[Row, ...]:
    """The priors of many levers, each named by its lever."""
    rows: list[Row] = []
    for lever in levers:
        for effect in lever.effects:
            row = _prior(effect, effect.grade or lever.grade, language)
            if row:
                detail = f"{mechanisms(effect, language)} · {say(language, 'levers.forest.grade', grade=row.grade)}"
                label = f"{lever.code} {worded(lever.name, language)}"
                rows.append(Row(row.kind, label, detail, row.value, row.wide, row.narrow, row.grade))
    return tuple(rows)


def mechanisms(effect: Effect, language: str) -> str:
    """What an effect acts on, in words, with where and how when that is limited."""
    names = ", ".join(say(language, f"levers.mechanism.{name}.name") for name in effect.mechanisms)
    limits = [say(language, f"levers.level.{effect.level}")] if effect.level else []
    if effect.from_month is not None or effect.to_month is not None:
        key = "window_to" if effect.to_month is not None else "window"
        words = {"start": f"{effect.from_month or 0:g}", "end": f"{effect.to_month or 0:g}"}
        limits.append(say(language, f"levers.{key}", **words))
    return f"{names} ({', '.join(limits)})" if limits else names


def _prior(effect: Effect, grade: str, language: str) -> Row | None:
    label = say(language, "levers.forest.prior", mechanism=mechanisms(effect, language))
    detail = say(language, "levers.forest.grade", grade=grade)
    if effect.law == "structural":
        told = say(language, "levers.forest.key_fixed")
        return Row("fixed", label, told, effect.mean, grade=grade) if effect.mean is not None else None
    return Row(
        "prior", label, detail, quantile(effect, 0.5), interval(effect, 0.9), interval(effect, 0.5), grade
    )


def _rebound(rebound: Rebound, effect: Effect, grade: str, language: str) -> Row:
    label = say(language, "levers.rebound", mechanism=mechanisms(effect, language))
    detail = say(language, "levers.forest.grade", grade=grade)
    ends = interval(rebound, 0.9), interval(rebound, 0.5)
    return Row("prior", label, detail, quantile(rebound, 0.5), *ends, grade)


def _study(study: Study, estimate: Estimate, language: str) -> Row:
    value, low, high = log_points(estimate) or (None, None, None)
    recalled = "memory" in (estimate.verified, study.verified)
    name = " ".join(part for part in (study.authors, study.year) if part)
    ends = None if low is None or high is None else (low, high)
    detail = worded(estimate.outcome, language)
    return Row(
        "study",
        name + ("*" if recalled else ""),
        detail,
        value,
        ends,
        hollow=estimate.indirect,
        recalled=recalled,
    )


def _speaks_to(estimate: Estimate, effect: Effect) -> bool:
    at = effect.level is None or estimate.level is None or estimate.level == effect.level
    return estimate.speaks_to in effect.mechanisms and at


def written(row: Row, language: str) -> str:
    """The numbers of a row: "−0.25 (−0.74 to 0.24)"."""
    words = {} if row.wide is None else {"low": signed(row.wide[0]), "high": signed(row.wide[1])}
    if row.value is not None:
        words["value"] = signed(row.value)
    if not words:
        return ""
    key = "alone" if row.wide is None else "range" if row.value is None else "value"
    return say(language, f"levers.forest.{key}", **words)


def signed(value: float) -> str:
    """Log points with two decimals and a true minus; never a negative zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


# ── in a terminal ────────────────────────────────────────────────────────────────────────────────────────────────


def text_forest(rows: Sequence[Row], width: int) -> list[str]:
    """One line of `width` letters a row: ─ 90%, ━ 50%, ◆ a prior's median, ● a study (○ of another outcome), │ zero."""
    low, high = _span(rows)

    def at(value: float) -> int:
        return round((value - low) / (high - low) * (width - 1))

    lines: list[str] = []
    for row in rows:
        if row.kind == "head":
            lines.append("")
            continue
        cells = ["·"] * width
        cells[at(0.0)] = "│"
        for ends, mark in ((row.wide, "─"), (row.narrow, "━")):
            if ends:
                first, last = at(ends[0]), at(ends[1])
                cells[first : last + 1] = [mark] * (last + 1 - first)
        if row.value is not None:
            cells[at(row.value)] = {"prior": "◆", "fixed": "◇"}.get(row.kind, "○" if row.hollow else "●")
        lines.append("".join(cells))
    return lines


def _span(rows: Sequence[Row]) -> tuple[float, float]:
    ends = [end for row in rows for end in row.ends] + [0.0]
    low, high = min(ends), max(ends)
    room = max(high - low, 0.2) * 0.04
    return low - room, high + room


# ── as a picture ─────────────────────────────────────────────────────────────────────────────────────────────────


def draw_forest(rows: Sequence[Row], *, title: str, language: str = "en", notes: Sequence[str] = ()) -> str:
    """The plot as SVG text.

    Args:
        rows: from `forest_rows` or `prior_rows`; may be empty. title: what it is of. notes: lines below.
        language: "en" or "es".
    """
    low, high = _span(rows)
    out: list[str] = []
    y = _MARGIN + 16.0
    for line in svg.wrapped(title, 19, _WIDTH - 2 * _MARGIN):
        out.append(svg.words(_MARGIN, y, line, size=19, fill=_DARK, bold=True))
        y += 24
    y += 8
    top = y

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT)

    lines: list[str] = []
    for row in rows:
        drawn, height = _row(row, y, x, language)
        lines += drawn
        y += height
    if not rows:
        for line in svg.wrapped(say(language, "levers.forest.none"), 14, _WIDTH - 2 * _MARGIN):
            lines.append(svg.words(_MARGIN, y + 12, line, size=14))
            y += 20
    else:
        out += _scale(low, high, top, y, x, language)
        y += 58
    out += lines
    y = _key(rows, y, out, language)
    told = ["note", "note_studies"] if any(row.kind == "study" for row in rows) else ["note"]
    for note in (*(say(language, f"levers.forest.{key}") for key in told), *notes):
        for line in svg.wrapped(note, 12, _WIDTH - 2 * _MARGIN):
            out.append(svg.words(_MARGIN, y, line, size=12))
            y += 16
    height = math.ceil(y + _MARGIN - 12)
    label = svg.plain(title)
    described = "; ".join(f"{row.label}: {written(row, language)}" for row in rows if row.ends)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{label}" lang="{svg.plain(language)}"><title>{label}</title><desc>{svg.plain(described)}</desc>'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/><g font-family="{FONTS}">{"".join(out)}</g></svg>\n'
    )


def _row(row: Row, y: float, x: _Scale, language: str) -> tuple[list[str], float]:
    """One row from its top `y`: what is drawn, and how high it is."""
    labels = svg.wrapped(row.label, 13, _LABEL)
    details = svg.wrapped(row.detail, 11, _LABEL)
    if row.kind == "head":
        return [
            svg.words(_MARGIN, y + 18, labels[0] if labels else "", size=13, fill=svg.GREY, bold=True)
        ], 28
    strong = row.kind != "study"
    ink = _FAINT if row.recalled else _DARK
    out: list[str] = []
    at = y + 17.0
    for line in labels:
        out.append(
            svg.words(_MARGIN, at, line, size=13, fill=svg.GREY if row.recalled else _DARK, bold=strong)
        )
        at += 16
    for line in details:
        out.append(svg.words(_MARGIN, at - 2, line, size=11))
        at += 14
    height = at - y + 2
    middle = y + height / 2
    if row.kind == "study":
        out += _estimate(row, middle, x, ink)
    else:
        out += _belief(row, middle, x)
    numbers = svg.wrapped(written(row, language), 12, _VALUE)
    first = middle + 4 - 7 * (len(numbers) - 1)
    out += [
        svg.words(_RIGHT + 14, first + 14 * index, line, size=12, fill=_DARK)
        for index, line in enumerate(numbers)
    ]
    return out, height


def _belief(row: Row, y: float, x: _Scale) -> list[str]:
    opacity, dashed = _OPACITY.get(row.grade, 0.12), ' stroke-dasharray="4 3"' if row.grade == "D" else ""
    out: list[str] = []
    if row.wide:
        first, last = x(row.wide[0]), x(row.wide[1])
        out.append(
            f'<path d="M{svg.coordinate(first)} {svg.coordinate(y)}H{svg.coordinate(last)}" stroke="{_BLUE}" stroke-width="2"{dashed}/>'
        )
    if row.narrow:
        first, last = x(row.narrow[0]), x(row.narrow[1])
        box = f'x="{svg.coordinate(first)}" y="{svg.coordinate(y - 7)}" width="{svg.coordinate(last - first)}" height="14"'
        out.append(f'<rect {box} fill="#ffffff"/>')
        out.append(
            f'<rect {box} fill="{_BLUE}" fill-opacity="{opacity:g}" stroke="{_BLUE}" stroke-width="1.5"{dashed}/>'
        )
    if row.value is not None:
        fill = "#ffffff" if row.kind == "fixed" or row.grade in "AB" else _BLUE
        out.append(_diamond(x(row.value), y, fill))
    return out


def _diamond(x: float, y: float, fill: str) -> str:
    return f'<path d="M{svg.coordinate(x)} {svg.coordinate(y - 6)}l6 6l-6 6l-6 -6z" fill="{fill}" stroke="{_BLUE}" stroke-width="1.5"/>'


def _estimate(row: Row, y: float, x: _Scale, ink: str) -> list[str]:
    out: list[str] = []
    if row.wide:
        first, last = x(row.wide[0]), x(row.wide[1])
        out.append(
            f'<path d="M{svg.coordinate(first)} {svg.coordinate(y - 4)}v8m0 -4H{svg.coordinate(last)}m0 -4v8" stroke="{ink}" stroke-width="1.5" fill="none"/>'
        )
    if row.value is not None:
        fill = "#ffffff" if row.hollow else ink
        out.append(_dot(x(row.value), y, fill, ink))
    return out


def _dot(x: float, y: float, fill: str, ink: str) -> str:
    return f'<circle cx="{svg.coordinate(x)}" cy="{svg.coordinate(y)}" r="5" fill="{fill}" stroke="{ink}" stroke-width="1.5"/>'


def _scale(low: float, high: float, top: float, bottom: float, x: _Scale, language: str) -> list[str]:
    """Grid, zero line and both scales: log points, and the change they mean."""
    step = next(s for s in (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 1e9) if (high - low) / s <= 6.5)
    out: list[str] = []
    for index in range(math.ceil(low / step), math.floor(high / step) + 1):
        value = index * step
        line = svg.GREY if index == 0 else "#dddddd"
        out.append(
            f'<path d="M{svg.coordinate(x(value))} {svg.coordinate(top)}V{svg.coordinate(bottom + 4)}" stroke="{line}" stroke-width="1"/>'
        )
        out.append(svg.words(x(value), bottom + 18, signed(value), size=12, anchor="middle"))
        out.append(svg.words(x(value), bottom + 33, percent(value), size=11, anchor="middle"))
    out.append(svg.words(_MARGIN, bottom + 18, say(language, "levers.forest.axis"), size=12))
    out.append(svg.words(_MARGIN, bottom + 33, "%", size=11))
    return out


def percent(value: float) -> str:
    """Log points as a change: "−22%"."""
    change = round(math.expm1(value) * 100) + 0
    return f"{'+' if change > 0 else ''}{change:,}%".replace("-", "−")


def _key(rows: Sequence[Row], y: float, out: list[str], language: str) -> float:
    """What the marks mean, of those that occur; returns where the next line begins."""
    studies = [row for row in rows if row.kind == "study"]
    marks: list[tuple[str, str]] = []
    if any(row.kind == "prior" for row in rows):
        marks.append(("prior", "key_prior"))
    if any(row.kind == "fixed" for row in rows):
        marks.append(("fixed", "key_fixed"))
    if any(not row.hollow and not row.recalled for row in studies):
        marks.append(("study", "key_study"))
    if any(row.hollow for row in studies):
        marks.append(("hollow", "key_hollow"))
    if any(row.recalled for row in studies):
        marks.append(("memory", "key_memory"))
    at = float(_MARGIN)
    for mark, key in marks:
        words = say(language, f"levers.forest.{key}")
        wide = 40 + len(words) * 12 * svg.CHARACTER + 20
        if at > _MARGIN and at + wide > _WIDTH - _MARGIN:
            at, y = float(_MARGIN), y + 22
        if mark == "prior":
            sample = Row("prior", "", value=0.0, wide=(-1.0, 1.0), narrow=(-0.5, 0.5), grade="B")
            out += _belief(sample, y, _around(at + 15))
        elif mark == "fixed":
            out.append(_diamond(at + 15, y, "#ffffff"))
        else:
            ink = _FAINT if mark == "memory" else _DARK
            out.append(_dot(at + 15, y, "#ffffff" if mark == "hollow" else ink, ink))
        out.append(svg.words(at + 38, y + 4, words + ("*" if mark == "memory" else ""), size=12))
        at += wide
    return y + (30 if marks else 8)


def _around(middle: float) -> _Scale:
    return lambda value: middle + value * 15
