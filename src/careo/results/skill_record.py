"""How well the forecaster did before, kept with a country, so that no future is shown without it.

`skill.yaml` of a country is written by `tools/write_skill.py` from `careo.validate`, never by hand. It names the constants that it was measured
with: beside a forecast by other constants the sentences say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from careo.base.fields import CLOSED
from careo.base.shipped import country_folder
from careo.base.texts import say, sayable
from careo.base.yaml_files import build, read_written

if TYPE_CHECKING:
    from careo.panel.country import Country
    from careo.results.validate import Validation

_SCHEMA = "careo.skill/1"
_DECIMALS = 4
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]


@checked(frozen=True, config=CLOSED)
class Scores:
    """Means over months: CRPS and the interval score of the 90% interval [events/month], shares inside two intervals."""

    crps: Annotated[float, Field(ge=0)]
    mis90: Annotated[float, Field(ge=0)]
    coverage_50: Share
    coverage_90: Share


@checked(frozen=True, config=CLOSED)
class LevelSkill:
    """Months of states, or of the nation: scores by model, and how much smaller the forecaster's CRPS is than the rival's.

    Attributes:
        gain, low, high: the share, and the central 90% of a bootstrap; None where there is one year or place. verdict: "better" and "worse" only where that excludes zero.
    """

    models: Mapping[str, Scores]
    gain: float
    low: float | None
    high: float | None
    verdict: Literal["better", "worse", "not distinguishable"]


@checked(frozen=True, config=CLOSED)
class WindowSkill:
    """Target years, and what was scored in them."""

    first: int
    last: int
    state: LevelSkill
    national: LevelSkill


@checked(frozen=True, config=CLOSED)
class Skill:
    """What `skill.yaml` holds.

    Attributes:
        constants: sha256 of those of the forecaster that was scored. model, against: names. windows: "tuning", "test".
    """

    schema: Annotated[str, Field(pattern=f"^{_SCHEMA}$")]
    constants: Hash
    model: str
    against: str
    draws: Annotated[int, Field(gt=0)]
    seed: Annotated[int, Field(ge=0)]
    windows: Annotated[Mapping[str, WindowSkill], Field(min_length=1)]


@cache
def load_skill(country: str = "mexico") -> Skill | None:
    """What a country ships; None where nothing was measured.

    Raises:
        DataError: a mistake in `skill.yaml`; says file and line.
    """
    path = country_folder(country) / "skill.yaml"
    if not path.is_file():
        return None
    made, mistakes = build(read_written(path), Skill)
    if made is None:
        raise mistakes[0]
    return made


def skill_sentences(country: str, language: str, *, constants: str = "") -> tuple[str, ...]:
    """At most three short sentences to stand beside any future of a country.

    Args:
        country: its key. constants: sha256 of those that the future was made with; without it, those that were scored.
    """
    found = load_skill(country)
    if found is None:
        return (say(language, "forecast.skill.none", country=country),)
    window = "test" if "test" in found.windows else list(found.windows)[-1]
    span = found.windows[window]
    states, nation = span.state.models[found.model], span.national.models[found.model]
    rival = span.state.models[found.against]
    against = _model(found.against, language)
    told = {
        "window": say(language, f"validate.window.{window}", years=f"{span.first}–{span.last}"), "crps": f"{states.crps:.1f}", "nation_crps": f"{nation.crps:.0f}", "against": against,
        "mis90": f"{states.mis90:.0f}", "rival_mis90": f"{rival.mis90:.0f}", "inside": _percent(states.coverage_90),
        "nation_inside": _percent(nation.coverage_90),
        "gain": _gain(span.state, against, language), "nation_gain": _gain(span.national, against, language),
    }  # fmt: skip
    last = "other" if constants and constants != found.constants else "revised"
    return tuple(say(language, f"forecast.skill.{key}", **told) for key in ("error", "intervals", last))


def measure_skill(panel: Country | None = None, *, draws: int = 1000, seed: int = 7) -> Skill:
    """Scores the forecaster and the log random walk over all origins of the country's protocol.

    Errors:
        as of `careo.validate`.
    """
    from careo.panel.country import country_of
    from careo.results.validate import validate
    from careo.run.calibrate import load_calibration
    from careo.run.hindcast import AGAINST, RELEASED

    country = country_of(panel)
    states, nation = (
        validate(country, places=level, models=[RELEASED, AGAINST], against=AGAINST, draws=draws, seed=seed)
        for level in ("state", "national")
    )
    windows: dict[str, WindowSkill] = {}
    for window in states.windows:
        years = [int(year) for year in states.years if _in(states, window, year)]
        windows[window] = WindowSkill(
            years[0],
            years[-1],
            _level(states, window, RELEASED, AGAINST),
            _level(nation, window, RELEASED, AGAINST),
        )
    key = load_calibration(country.key).key
    return Skill(_SCHEMA, key, RELEASED, AGAINST, draws, seed, windows)


def skill_text(skill: Skill) -> str:
    """What was measured, as its file has it; the same gives the same bytes."""
    lines = [
        "# How well the forecaster did before: written by tools/write_skill.py from careo.validate. Not for editing.",
        f"schema: {skill.schema}",
        f"constants: {skill.constants}",
        f"model: {skill.model}",
        f"against: {skill.against}",
        f"draws: {skill.draws}",
        f"seed: {skill.seed}",
        "windows:",
    ]
    for name, window in skill.windows.items():
        lines += [f"  {name}:", f"    first: {window.first}", f"    last: {window.last}"]
        for level in ("state", "national"):
            found: LevelSkill = getattr(window, level)
            lines += [f"    {level}:", "      models:"]
            lines += [
                f"        {model}: {{crps: {s.crps!r}, mis90: {s.mis90!r}, coverage_50: {s.coverage_50!r}, coverage_90: {s.coverage_90!r}}}"
                for model, s in found.models.items()
            ]
            ends = {end: getattr(found, end) for end in ("gain", "low", "high")}
            lines += [
                f"      {end}: {'null' if value is None else repr(value)}" for end, value in ends.items()
            ]
            lines.append(f"      verdict: {found.verdict}")
    return "\n".join(lines) + "\n"


def _level(found: Validation, window: str, model: str, against: str) -> LevelSkill:
    value = lambda name, each: round(float(found.table[name].sel(model=each, window=window)), _DECIMALS)  # noqa: E731
    scores = {
        each: Scores(
            value("crps", each),
            value("interval_90", each),
            value("inside_50", each),
            value("inside_90", each),
        )
        for each in (model, against)
    }
    each = next(d for d in found.differences if (d.model, d.window) == (model, window))
    low, high = (None if math.isnan(end) else round(float(end), _DECIMALS) for end in (each.low, each.high))
    return LevelSkill(scores, round(float(each.gain), _DECIMALS), low, high, each.verdict)  # pyright: ignore[reportArgumentType]


def _in(found: Validation, window: str, year: int) -> bool:
    from careo.results.validate import window_of
    from careo.run.history import hindcast_protocol

    return window_of(year, hindcast_protocol(found.country)) == window


def _gain(level: LevelSkill, against: str, language: str) -> str:
    """A difference, its direction in words: "better than log random walk by 6.9% [0.2, 13.8]"."""
    sign = -1 if level.gain < 0 else 1
    ends = sorted(sign * end for end in (level.low, level.high) if end is not None)
    interval = f" [{', '.join(map(_signed, ends))}]" if ends else ""
    key = f"forecast.skill.{level.verdict.replace(' ', '_')}"
    if level.verdict == "not distinguishable":
        key += ".worse" if sign < 0 else ".better"
    return say(language, key, against=against, gain=f"{_signed(sign * level.gain)}%", interval=interval)


def _signed(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−") if abs(share) >= 0.0005 else "0.0"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _model(name: str, language: str) -> str:
    key = f"forecast.skill.{name.replace(' ', '_')}"
    return say(language, key) if sayable(language, key) else name
