"""Strategies of few measures in Toyland, compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from careo.panel import load_country
from careo.record.strategy import Dose, Measure, Strategy, load_strategy
from careo.run.scenario import Scenario, compile_scenario
from worlds import words

TOYLAND = load_country("toyland")
QUIET = load_strategy("status-quo", "toyland")
PLAN = replace(QUIET, slug="plan", period=replace(QUIET.period, start="2020-01-01", end=None))
START = date(2023, 4, 1)
TEXT = words("words")


def dose(value: float, low: float | None = None, high: float | None = None, **more: Any) -> Dose:
    """A dose by judgement."""
    ends = (value if low is None else low, value if high is None else high)
    return Dose("judgement", value, ends[0], ends[1], TEXT, "D", **more)


def measure(mark: str = "m-1", value: float = 0.5, **more: Any) -> Measure:
    """Half the street lighting there may be, everywhere and from the beginning, unless told otherwise."""
    return Measure(
        **{
            "id": mark, "name": words(mark), "lever": "street-lighting", "sources": ("gazette",), "verified": "read",
            "coverage": "later", "dose": dose(value), **more,
        }
    )  # fmt: skip


def plan(*measures: Measure, **more: Any) -> Strategy:
    """A strategy of these measures."""
    return replace(PLAN, measures=measures, **more)


def compiled(*measures: Measure, start: date | None = START, months: int = 24, **asked: Any) -> Scenario:
    """Their doses, month by month."""
    return compile_scenario(plan(*measures), TOYLAND, start=start, months=months, **asked)


def doses(scenario: Scenario, lever: str = "street-lighting", place: str = "T1") -> list[float]:
    """Of one lever in one place, by month."""
    return scenario.doses[scenario.levers.index(lever), scenario.places.index(place)].tolist()


def said(notes: Sequence[Mapping[str, str]]) -> str:
    """Notes in English."""
    return "\n".join(each["en"] for each in notes)
