"""The naive rival that every forecaster must beat: a random walk of the logarithm of monthly counts, with Poisson observation.

For place i and lead h (months after the last one of the history)

    z_t    = ln[(y_t + y_t−1 + y_t−2 + ½) / (A_t + A_t−1 + A_t−2)]
    log intensity_i,h = min(z_i + s_i,h · T_i,h, ln ceiling_i) + ln A_h
    T_i,h  = √(3/5) · √(5/χ²_i) · W_i,h/√h,     W_i,h = Σ_k≤h [√ρ n_k + √(1−ρ) e_i,k]
    y_i,h  ~ Poisson(intensity)

A is the exposure (days and season), n and e are standard normals, χ² has 5 degrees of freedom: at each lead T is Student's t with 5 degrees
of freedom and variance 1, and over leads it is one path. s_i,h is the place's own standard deviation of z_t − z_t−h over the last 120 such
differences, as long as they hold five that do not overlap, so up to lead 24 where the history is long; beyond, s grows with √(h/24).

Assumptions:
    1. Paths: the t is that of a path with one scale for all its months (a state in turmoil stays in turmoil); a forecast of one lead
       does not depend on it.
    2. Places move together: ρ is the mean correlation of their twelve-month changes, floored at 0; a forecast of one place does not
       depend on it.
    3. √ beyond lead 24 is steeper than what was seen: in Mexico's states, 1990–2016, the pooled spread grew from .47 at 24 months to
       .69 at 72, by 1.47 where √3 is 1.73. That makes up for changes that overlap being too much alike: measured over ten years, the
       scale of a true walk comes out some 10% low at lead 12 and 15% at 24.
    4. Ceiling: an exponential of a Student t has no mean, so intensities stop at 5 times the largest month of the last 240 plus 50.
    5. The ½ is Jeffreys' prior of a Poisson rate: three months without an event are not a rate of zero.
    6. Where the last months of a place were not observed, its last three observed ones stand for them.
    7. No drift in the median of a place, so the mean of a place and the nation's sum drift upwards with the spread: the model's own flaw,
       3 to 5% a year in Mexico, which leaves comparisons under the same luck alone but not the level of a far year.

Sources:
    The log random walk among the baselines of careo's forecasting protocol, whose published scores it is held against in the tests; the
    ceiling and the season are those of the protocol's reference model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model.counts import (
    Floats,
    ceiling_of,
    checked_history,
    chi_square_of_5,
    season_of,
    seasonal_exposure,
    sum_of_places,
)
from careo.model.lanes import normals
from careo.model.luck import Luck, Process

WINDOW = 3  # months whose sum is a level
DIFFERENCES = 120  # the last ones that make a scale
INDEPENDENT = 5  # differences that do not overlap, the fewest that measure a scale
FEWEST = 12  # differences of any kind
CHANGE = 12  # months over which places are seen to move together

_SHOCK, _SCALE, _NATION = int(Process.LEVEL_SHOCK), int(Process.LEVEL_SCALE), int(Process.NATIONAL_FACTOR)


@dataclass(frozen=True, eq=False)
class Walk:
    """What was learnt from a history of counts.

    Attributes:
        level: Logarithm of events per unit of exposure at the last month `[ln events/month; place]`.
        scale: Standard deviation of the level's change, first lead first `[place, lead]`.
        measured: The last lead whose scale was measured; beyond it `scale` is NaN or ends, so ask `scales` `[place]`.
        ceiling: Most events per unit of exposure `[events/month; place]`.
        season: Logarithm of a calendar month's factor; entry 0 is that of the first month after the history `[12]`.
        correlation: ρ between places.
        places: Their numbers in addresses of luck `[place]`.
    """

    level: Floats
    scale: Floats
    measured: NDArray[np.int64]
    ceiling: Floats
    season: Floats
    correlation: float
    places: NDArray[np.int64]


def fit(
    counts: Floats, exposure: Floats, *, places: NDArray[np.int64] | None = None, seasonal: bool = True
) -> Walk:
    """Learns the random walk of every place.

    Args:
        counts: Events, NaN where not observed `[events/month; place, month]`.
        exposure: Length of each month, 1 for one of 30.4375 days `[month]`.
        places: Each place's own number in addresses of luck; 0, 1, 2 … when not given `[place]`.
        seasonal: Whether calendar months differ in exposure beyond their days; learnt from the total of all places.

    Errors:
        ValueError: shapes that do not fit, counts that are negative or infinite, exposure that is not positive, a place with fewer than
            three observed months, or no place with a history long enough to measure one scale.
    """
    counts, exposure, numbers = checked_history(counts, exposure, places)
    season = season_of(counts, exposure) if seasonal else np.zeros(12)
    exposure = seasonal_exposure(exposure, season)
    levels = _levels(counts, exposure)
    scale, measured = _scales(levels)
    return Walk(
        level=_last_levels(counts, exposure),
        scale=scale,
        measured=measured,
        ceiling=ceiling_of(counts),
        season=season,
        correlation=_correlation(levels, min(CHANGE, scale.shape[1])),
        places=numbers,
    )


def scales(walk: Walk, months: int) -> Floats:
    """Standard deviation of the level's change at leads 1 … months: as measured, then growing with the root of the lead.

    Returns:
        `[place, lead]`.
    """
    leads = np.arange(1, months + 1)
    near = np.minimum(leads, walk.measured[:, None])
    return np.take_along_axis(walk.scale, near - 1, axis=1) * np.sqrt(leads / near)


def log_intensities(
    walk: Walk, luck: Luck, exposure: Floats, *, draws: int, first_draw: int = 0, first_month: int = 0
) -> Floats:
    """Logarithms of the expected counts of the months after the history, one path for each place and draw.

    Args:
        walk: As fitted.
        luck: The luck of the run.
        exposure: Length of each month ahead, the first one right after the history, 1 for 30.4375 days `[month]`.
        draws, first_draw: Which draws: a block is a slice of the whole.
        first_month: The number of the first month ahead in addresses of luck.

    Returns:
        `[ln events/month; place, month, draw]`; finite.
    """
    exposure = np.asarray(exposure, dtype=np.float64)
    if exposure.ndim != 1 or not (exposure > 0).all():
        raise ValueError("exposure must be one positive number for each month ahead")
    months = len(exposure)
    offset = np.log(exposure) + walk.season[np.arange(months) % 12]
    out = np.empty((len(walk.level), months, draws))
    _paths(
        np.uint64(luck.seed), walk.places, first_month, first_draw, walk.level, scales(walk, months),
        np.log(walk.ceiling), offset, walk.correlation, out,
    )  # fmt: skip
    return out


@njit(cache=True, nogil=True)
def _paths(seed, places, first_month, first_draw, level, scale, ceiling, offset, correlation, out):  # pyright: ignore
    shared, own = np.sqrt(correlation), np.sqrt(1.0 - correlation)
    months, draws = out.shape[1], out.shape[2]
    nation, noise = np.empty((months, draws)), np.empty(draws)
    for h in range(months):
        normals(seed, _NATION, first_month + h, 0, first_draw, nation[h])
    tail, walk = np.empty(draws), np.empty(draws)
    for i in range(out.shape[0]):
        for d in range(draws):
            tail[d] = np.sqrt(3.0 / chi_square_of_5(seed, _SCALE, first_month, places[i], first_draw + d))
            walk[d] = 0.0
        for h in range(months):
            step = scale[i, h] / np.sqrt(h + 1.0)
            normals(seed, _SHOCK, first_month + h, places[i], first_draw, noise)
            for d in range(draws):
                walk[d] += shared * nation[h, d] + own * noise[d]
                out[i, h, d] = min(level[i] + step * tail[d] * walk[d], ceiling[i]) + offset[h]


def _levels(counts: Floats, exposure: Floats) -> Floats:
    """z of the module's equation, one column for each month from the third; NaN unless all three were observed `[place, month]`."""
    months = np.lib.stride_tricks.sliding_window_view
    return np.log((months(counts, WINDOW, axis=1).sum(axis=2) + 0.5) / months(exposure, WINDOW).sum(axis=1))


def _last_levels(counts: Floats, exposure: Floats) -> Floats:
    found = np.empty(len(counts))
    for i, row in enumerate(counts):
        seen = np.flatnonzero(~np.isnan(row))[-WINDOW:]
        found[i] = np.log((row[seen].sum() + 0.5) / exposure[seen].sum())
    return found


def _scales(levels: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Measured scales `[place, lead]` and the last measured lead `[place]`; a place too short for any borrows the median of the others."""
    longest = min(DIFFERENCES // INDEPENDENT, levels.shape[1] - 1)
    scale = np.full((len(levels), max(longest, 0)), np.nan)
    for i, row in enumerate(levels):
        for lead in range(1, longest + 1):
            changes = row[lead:] - row[:-lead]
            changes = changes[~np.isnan(changes)][-DIFFERENCES:]
            if len(changes) < max(INDEPENDENT * lead, FEWEST):
                break
            scale[i, lead - 1] = changes.std(ddof=1)
    measured = (~np.isnan(scale)).sum(axis=1)
    if not measured.any():
        raise ValueError(f"no place has the {FEWEST + WINDOW} months in a row that a scale needs")
    long = int(measured.max())
    scale = scale[:, :long]
    scale[measured == 0] = np.median(scale[measured == long], axis=0)
    measured[measured == 0] = long
    return scale, measured


def _correlation(levels: Floats, lead: int) -> float:
    """Mean correlation between places of their changes over so many months, in months that all observed; 0 to 1."""
    changes = (levels[:, lead:] - levels[:, :-lead])[:, -DIFFERENCES:]
    changes = changes[:, ~np.isnan(changes).any(axis=0)]
    if changes.shape[1] < FEWEST:
        return 0.0
    changes = changes - changes.mean(axis=1, keepdims=True)
    length = np.sqrt((changes**2).sum(axis=1, keepdims=True))
    moving = changes[length[:, 0] > 1e-9] / length[length[:, 0] > 1e-9][:, :1]
    many = len(moving)
    if many < 2:
        return 0.0
    return float(np.clip(((sum_of_places(moving) ** 2).sum() - many) / (many * (many - 1)), 0.0, 1.0))
