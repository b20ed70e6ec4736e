"""What scores of several forecasters say of one another: differences with intervals, and places that fell outside too often.

The interval of a difference resamples origin years and places, both with replacement and independently (two-way bootstrap): scores of one
year share its shocks, scores of one place its history, so neither months nor state-years are independent trials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careo.model.luck import Luck, Process

Floats = NDArray[np.float64]

RESAMPLES = 2000
ENDS = (0.05, 0.95)
FEWEST_YEARS = 2
"""With one year there is nothing to resample that a year's shocks do not share, so nothing is called better or worse."""

LOW_COVERAGE = 0.70
"""A place whose observations lay inside the 90% interval less often than this is listed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much smaller a model's mean CRPS is than another's.

    Attributes:
        model, against: names. window: whose years.
        gain: 1 − model/against, positive when the model is better [share].
        low, high: the central 90% of resamples [share]; NaN where neither years nor places can be resampled.
        years, places: how many were resampled.
        verdict: "better", "worse" or "not distinguishable"; the first two only when the interval excludes zero and there are two years.
    """

    model: str
    against: str
    window: str
    gain: float
    low: float
    high: float
    years: int
    places: int
    verdict: str


def difference(
    model: str, against: str, window: str, scores: Floats, others: Floats, *, seed: int
) -> Difference:
    """Sets the CRPS of a model against that of another in the same places and months.

    Args:
        scores, others: CRPS, NaN where not scored [events; year, place, month].
        seed: of the resamples, which all models share.
    """
    both = ~np.isnan(scores) & ~np.isnan(others)
    mine, theirs = (np.where(both, each, 0.0).sum(axis=2) for each in (scores, others))
    years, places = mine.shape
    gain = float(_gain(mine.sum(), theirs.sum()))
    if years * places < 2:
        return Difference(model, against, window, gain, np.nan, np.nan, years, places, "not distinguishable")
    by_year, by_place = _weights(years, 0, seed), _weights(places, 1, seed)
    found = _gain(*(np.einsum("ry,yp,rp->r", by_year, each, by_place) for each in (mine, theirs)))
    low, high = np.nanquantile(found, ENDS)
    verdict = "not distinguishable"
    if years >= FEWEST_YEARS and (low > 0 or high < 0):
        verdict = "better" if low > 0 else "worse"
    return Difference(model, against, window, gain, float(low), float(high), years, places, verdict)


def _gain(mine: Floats | np.float64, theirs: Floats | np.float64) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(theirs) > 0, 1 - mine / theirs, np.nan)[()]


def _weights(count: int, axis: int, seed: int) -> Floats:
    """How often each of so many is drawn in each resample [resample, one of them]."""
    uniform = Luck(seed).uniform(Process.RESAMPLING, axis, np.arange(count), np.arange(RESAMPLES))
    picked = np.minimum((uniform * count).astype(np.int64), count - 1).T
    rows = np.repeat(np.arange(RESAMPLES), count)
    often = np.bincount(rows * count + picked.ravel(), minlength=RESAMPLES * count)
    return often.reshape(RESAMPLES, count).astype(np.float64)


@dataclass(frozen=True, slots=True)
class LowCoverage:
    """Places whose observations lay outside the 90% interval too often, beside what chance does to a true forecast.

    Attributes:
        places: codes, with the share inside, the lowest first.
        expected: how many there would be, on average, were the forecasts true: each draw taken for what happened.
        most: the same number in the worst 5% of draws.
    """

    places: tuple[tuple[str, float], ...]
    expected: float
    most: float


def low_coverage(
    places: tuple[str, ...], inside: Floats, drawn_inside: NDArray[np.integer], months: int
) -> LowCoverage:
    """Lists places below `LOW_COVERAGE`.

    Args:
        inside: whether each observation lay inside, NaN where not scored [share; year, place, month].
        drawn_inside: in how many months of a year each draw lay inside, taken for what happened [months; year, place, draw].
        months: how many months all years have together.
    """
    seen = np.nanmean(inside, axis=(0, 2))
    below = sorted(
        (float(share), code) for share, code in zip(seen, places, strict=True) if share < LOW_COVERAGE
    )
    chance = (drawn_inside.sum(axis=0) < LOW_COVERAGE * months).sum(axis=0)
    return LowCoverage(
        tuple((str(code), share) for share, code in below),
        float(chance.mean()),
        float(np.quantile(chance, 0.95)),
    )
