"""Monthly counts of places: what every forecaster of them refuses, the season they share, and how counts are drawn from intensities.

Sources:
    The season and the ceiling are those of careo's forecasting protocol.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model.luck import Luck, Process, uniform
from careo.model.quantiles import negative_binomial_quantile, normal_quantile

Floats = NDArray[np.float64]

FEWEST_MONTHS = 3
"""Observed months that a place must have: fewer say nothing of where it stands."""
SEASON_MONTHS, SEASON_SPAN, SEASON_FEWEST = 144, 13, 36
CEILING_TIMES, CEILING_PLUS, CEILING_MONTHS = 5.0, 50.0, 240

_OBSERVATION = int(Process.OBSERVATION)


def checked_history(
    counts: Floats, exposure: Floats, places: NDArray[np.int64] | None
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Counts, exposure and the places' own numbers as arrays of what they should be.

    Errors:
        ValueError: shapes that do not fit, counts that are negative or infinite, exposure that is not positive, a place with fewer
            than three observed months, two places of one number.
    """
    counts, exposure = np.asarray(counts, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    if counts.ndim != 2 or exposure.shape != counts.shape[1:]:
        raise ValueError(f"counts {counts.shape} must be [place, month], exposure {exposure.shape} [month]")
    if np.isinf(counts).any() or (counts < 0).any():
        raise ValueError("counts must be finite and not negative; NaN where not observed")
    if not ((exposure > 0) & np.isfinite(exposure)).all():
        raise ValueError("exposure must be positive")
    short = np.flatnonzero((~np.isnan(counts)).sum(axis=1) < FEWEST_MONTHS)
    if short.size:
        raise ValueError(f"rows {short.tolist()} have fewer than {FEWEST_MONTHS} observed months")
    numbers = np.arange(len(counts)) if places is None else np.asarray(places, dtype=np.int64)
    if numbers.shape != counts.shape[:1] or len(np.unique(numbers)) != len(numbers):
        raise ValueError(f"{len(counts)} places need as many different numbers, not {numbers.tolist()}")
    return counts, exposure, numbers


def season_of(counts: Floats, exposure: Floats) -> Floats:
    """Logarithm of a calendar month's factor; entry 0 is that of the first month after the history `[12]`.

    The mean log ratio of the total of all places to its centred 13-term mean, by calendar month; zeros where the history is short.
    """
    total = sum_of_places(counts) / exposure
    middle = np.convolve(total, np.full(SEASON_SPAN, 1 / SEASON_SPAN), "valid")
    half, months = SEASON_SPAN // 2, len(total)
    if len(middle) < SEASON_FEWEST:
        return np.zeros(12)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(total[half:-half] / middle)
    phase = (np.arange(half, months - half) - months) % 12
    ratio, phase = ratio[-SEASON_MONTHS:], phase[-SEASON_MONTHS:]
    sound = np.isfinite(ratio)
    seen = np.bincount(phase[sound], minlength=12)
    if seen.min() < SEASON_FEWEST // 12:
        return np.zeros(12)
    season = np.bincount(phase[sound], weights=ratio[sound], minlength=12) / seen
    return season - season.mean()


def seasonal_exposure(exposure: Floats, season: Floats) -> Floats:
    """Exposure of the months of a history with their calendar months' factors `[month]`."""
    months = len(exposure)
    return exposure * np.exp(season[(np.arange(months) - months) % 12])


def sum_of_places(values: Floats) -> Floats:
    """The sum over places, the same to the last bit in whatever order they stand."""
    return np.sort(values, axis=0).sum(axis=0)


def ceiling_of(counts: Floats) -> Floats:
    """The most that is expected of a place: 5 times its largest month of the last 240, plus 50 `[events/month; place]`."""
    recent = counts[:, -CEILING_MONTHS:]
    return CEILING_TIMES * np.where(np.isnan(recent), 0.0, recent).max(axis=1) + CEILING_PLUS


def observe(
    log_intensity: Floats,
    luck: Luck,
    places: NDArray[np.int64],
    *,
    dispersion: float = 0.0,
    first_draw: int = 0,
    first_month: int = 0,
) -> NDArray[np.int64]:
    """Counts of given intensities, of variance mean + dispersion · mean², each through the quantile function at its own address.

    Args:
        log_intensity: `[ln events/month; place, month, draw]`.
        luck: The luck of the run.
        places: The places' numbers in addresses of luck `[place]`.
        dispersion: 0 is Poisson.
        first_draw, first_month: Of the block, in addresses of luck.

    Returns:
        `[events/month; place, month, draw]`.
    """
    out = np.empty(log_intensity.shape, dtype=np.int64)
    _observed(np.uint64(luck.seed), places, first_month, first_draw, log_intensity, dispersion, out)
    return out


@njit(cache=True, nogil=True)
def chi_square_of_5(seed, process, month, place, draw):  # pyright: ignore
    """χ² with 5 degrees of freedom at an address and the two months after it: two exponentials, of 2 degrees each, and the square of a normal."""
    first = uniform(seed, process, month, place, draw)
    second = uniform(seed, process, month + 1, place, draw)
    third = normal_quantile(uniform(seed, process, month + 2, place, draw))
    return third * third - 2.0 * np.log(first * second)


@njit(cache=True, nogil=True)
def _observed(seed, places, first_month, first_draw, log_intensity, dispersion, out):  # pyright: ignore
    for i in range(out.shape[0]):
        for h in range(out.shape[1]):
            for d in range(out.shape[2]):
                u = uniform(seed, _OBSERVATION, first_month + h, places[i], first_draw + d)
                out[i, h, d] = negative_binomial_quantile(u, np.exp(log_intensity[i, h, d]), dispersion)
