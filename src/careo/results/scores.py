"""How good a forecast in samples was, by proper rules: one number for each place and month, smaller is better.

    CRPS            E|X − y| − ½ E|X − X′| over the samples as they are (no correction for their number) [events]
    log CRPS        the same of ln(1 + x): what is large by nature weighs no more than what is small
    ignorance       −log₂ of the probability of the bin that y fell in, each of the 11 bins with one sample more than it has [bits]
    interval 90     width of the central 90% interval, and 20 times what y lies outside it [events]
    error           |y − median| [events]

Coverage is the share of what fell into the central 50% or 90% interval, ends included; quantiles are linear between samples. The PIT of a count is
not a number but the stretch from P(X < y) to P(X ≤ y): its histogram spreads each observation evenly over its stretch and needs no
luck.

NumPy alone, because every reader of a forecast sees scores: scoringrules has CRPS and the interval score, but brings SciPy (83 MB, a second
to import) and has neither the binned ignorance nor this histogram. In the tests it is what these are held against, next to closed forms.

Sources:
    Gneiting & Raftery (2007), Strictly proper scoring rules, JASA 102, doi:10.1198/016214506000001437 (CRPS, interval score);
    Czado, Gneiting & Held (2009), Predictive model assessment for count data, Biometrics 65, doi:10.1111/j.1541-0420.2009.01191.x (PIT);
    Bosse et al. (2023), Scoring epidemiological forecasts on transformed scales, doi:10.1371/journal.pcbi.1011393 (log CRPS);
    Hegre et al. (2025), doi:10.1177/00223433241300862 (ignorance and its bins).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SCORES = ("crps", "interval_90", "ignorance", "error", "log_crps", "inside_50", "inside_90")
BINS = (0.0, 0.5, 2.5, 5.5, 10.5, 25.5, 50.5, 100.5, 250.5, 500.5, 1000.5, np.inf)
PIT_BINS = 10


def score(samples: NDArray[np.int64], observed: Floats) -> dict[str, Floats]:
    """Every score of `SCORES`.

    Args:
        samples: `[events; …, draw]`, not negative. observed: `[events; …]`; NaN gives NaN.
    """
    ordered = np.sort(samples.astype(np.float64), axis=-1)
    missing = np.isnan(observed)
    low, high = interval(ordered, 0.9)
    found = {
        "crps": crps(ordered, observed),
        "interval_90": interval_score(ordered, observed),
        "ignorance": ignorance(ordered, observed),
        "error": np.abs(np.median(ordered, axis=-1) - observed),
        "log_crps": crps(np.log1p(ordered), np.log1p(observed)),
        "inside_50": _inside(*interval(ordered, 0.5), observed),
        "inside_90": _inside(low, high, observed),
    }
    return {name: np.where(missing, np.nan, values) for name, values in found.items()}


def crps(ordered: Floats, observed: Floats) -> Floats:
    """Continuous ranked probability score of samples in ascending order `[…, draw]` for what was observed `[…]`."""
    count = ordered.shape[-1]
    weights = (2 * np.arange(1, count + 1) - count - 1) / count**2  # Σ weights · x = ½ E|X − X′|
    return np.abs(ordered - observed[..., None]).mean(axis=-1) - ordered @ weights


def interval(ordered: Floats, level: float) -> tuple[Floats, Floats]:
    """Ends of the central interval that holds this share of the samples."""
    low, high = np.quantile(ordered, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    return low, high


def interval_score(ordered: Floats, observed: Floats, level: float = 0.9) -> Floats:
    """Width of the central interval, and 2/(1 − level) times the distance of what lies outside."""
    low, high = interval(ordered, level)
    outside = np.maximum(low - observed, 0) + np.maximum(observed - high, 0)
    return high - low + outside * 2 / (1 - level)


def ignorance(ordered: Floats, observed: Floats) -> Floats:
    """−log₂ of the smoothed share of samples in the bin of what was observed [bits]."""
    at = np.searchsorted(BINS, np.nan_to_num(observed), side="right")
    low, high = np.asarray(BINS)[at - 1], np.asarray(BINS)[at]
    inside = ((ordered >= low[..., None]) & (ordered < high[..., None])).sum(axis=-1)
    return -np.log2((inside + 1) / (ordered.shape[-1] + len(BINS) - 1))


def pit_histogram(samples: NDArray[np.int64], observed: Floats, bins: int = PIT_BINS) -> Floats:
    """How much of all observations falls into each of so many equal stretches of probability, NaN left out `[observations; bin]`.

    Even when forecasts are calibrated; a hump when they are too wide, a hollow when too narrow, a slope when they lie too high or low.
    """
    seen = ~np.isnan(observed)
    below = (samples < observed[..., None]).mean(axis=-1)[seen]
    until = (samples <= observed[..., None]).mean(axis=-1)[seen]
    edges = np.linspace(0, 1, bins + 1)[:, None]
    width = until - below
    stretched = np.clip((edges - below) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    # An observation that no sample hit is a point, the right end of the histogram included.
    point = (edges > below) | (edges == 1.0)
    return np.diff(np.where(width > 0, stretched, point), axis=0).sum(axis=-1)


def _inside(low: Floats, high: Floats, observed: Floats) -> Floats:
    return ((low <= observed) & (observed <= high)).astype(np.float64)
