"""Series: official values of any period, with every vintage kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from careo.base.dates import Period


@dataclass(frozen=True, slots=True)
class Observation:
    """One published value.

    Attributes:
        place: code ("MX", "08"…). period: what it covers. value: in the indicator's unit; shares in [0, 1].
        vintage: when this value was current, as published ("2019-01", "2022", "2026-07-09").
        known: the last day of the vintage: the value counts as known from that day.
        source: key of sources.yaml. verified: "read", "computed", "excerpt" or "memory" (shown as unverified).
    """

    place: str
    period: Period
    value: float
    vintage: str
    known: date
    source: str
    verified: str


@dataclass(frozen=True, slots=True)
class Series:
    """All observations of one indicator, sorted by place, period and vintage."""

    indicator: str
    observations: tuple[Observation, ...]
