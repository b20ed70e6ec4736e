"""`Setting`: what a design of causal evaluation is given, as arrays. It stands here because `run` makes it and `results` uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = -1
"""Start of a place that is never treated."""
RATE, LOG = "rate", "log"
SCALES = (RATE, LOG)
PER_YEAR = 12 * 100_000
"""Events a month and person → events a year and 100,000 persons."""
HALF = 0.5
"""Added to a count before its logarithm is taken: Jeffreys' prior, as everywhere in careo."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What a design is given.

    Attributes:
        counts: Events, NaN where not observed `[events/month; place, month]`.
        population: `[persons; place, month]`.
        places: Codes `[place]`.
        first: The first month, by its first day.
        start: Index of the first treated month, −1 where never treated `[place]`.
        dose: 0 to 1 at full; 0 where never treated `[place]`.
        donors: Which places may serve as comparison `[place]`.
        neighbours: Row-normalised borders `[place, place]`; None where nobody knows them.
        windows: Months after the start, first and last.
        scale: "rate" (events per 100,000 persons and year) or "log" (of the same, of counts plus ½).
        seed: Of all luck.
        earlier: The same outcome under other definitions, name → counts like `counts`.
        strata: Classes by number of inhabitants that places are compared and drawn within `[place]`; None is all with all.
    """

    counts: Floats
    population: Floats
    places: tuple[str, ...]
    first: date
    start: Integers
    dose: Floats
    donors: Flags
    neighbours: Floats | None = None
    windows: tuple[tuple[int, int], ...] = ((0, 11), (12, 23))
    scale: str = RATE
    seed: int = 7
    earlier: Mapping[str, Floats] = field(default_factory=dict)
    strata: Integers | None = None

    @property
    def treated(self) -> Flags:
        """`[place]`"""
        return self.start >= 0

    @property
    def compared(self) -> Flags:
        """Donors, of the strata that a treated place is in `[place]`."""
        if self.strata is None:
            return self.donors
        return self.donors & np.isin(self.strata, self.strata[self.treated])

    def outcome(self, scale: str = "") -> Floats:
        """The outcome on a scale, its own unless another is named; NaN where not observed `[place, month]`.

        Errors:
            ValueError: there is no such scale.
        """
        return on_scale(self.counts, self.population, scale or self.scale)


def on_scale(counts: Floats, population: Floats, scale: str) -> Floats:
    """Counts as a rate or its logarithm `[place, month]`.

    Errors:
        ValueError: there is no such scale.
    """
    if scale == RATE:
        return counts / population * PER_YEAR
    if scale == LOG:
        return np.log((counts + HALF) / population * PER_YEAR)
    raise ValueError(f"scale must be one of {', '.join(SCALES)}, not {scale!r}")
