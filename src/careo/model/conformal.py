"""Conformal tests and intervals for the effect on one place, against a demeaned synthetic control.

Hypothesis: the effect was θ in each of the T₁ months of the window. Then the months of the window, less θ, are months like any other:

    y⁰_t = y_t − θ·1{t in window};      w, a fitted by simplex least squares to y⁰ over *all* T = T₀ + T₁ months;      u = y⁰ − a − Xᵀw
    S_s  = |Σ u over T₁ months from month s, cyclically| / √T₁;      p(θ) = share of the T starts s with S_s ≥ S at the window

The interval of level 1 − α is where p(θ) > α; it is found on a grid and its ends by halving, as the least interval that holds all of it.
p moves in steps of 1/T.

Assumptions:
    1. Under the hypothesis residuals are stationary and weakly dependent, so that a block of months is as good as another. That they are of
       every other place is what a placebo in space tests.
    2. The effect is the same in all months of the window; where it is not, θ is about their mean.

Sources:
    Chernozhukov, Wüthrich & Zhu (2021), An exact and robust conformal inference method for counterfactual and synthetic controls,
    JASA 116(536), doi:10.1080/01621459.2021.1920957 (moving blocks; the statistic for average effects).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from careo.model.simplex import Bools, Floats, fit_one, product

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_GRID = 161
_HALVINGS = 12
_WIDENINGS = 6


def conformal_p(target: Floats, donors: Floats, base: int, effects: Floats) -> Floats:
    """p of each hypothetical effect [effect].

    Args:
        target: [unit of the outcome; month]. donors: [same; donor month]; the first `base` months are before the window.
        effects: θ [same; effect].

    Raises:
        ValueError: shapes, a base that is not within the months, values that are not finite.
    """
    if donors.ndim != 2 or target.shape != donors.shape[1:] or not 0 < base < target.size:
        raise ValueError(f"target {target.shape}, donors {donors.shape} and base {base} do not fit together")
    if not (np.isfinite(target).all() and np.isfinite(donors).all()):
        raise ValueError("outcomes must be finite")
    around = np.ascontiguousarray(donors - donors.mean(axis=1, keepdims=True))
    window = (np.arange(target.size) >= base).astype(float)
    p = np.empty(len(effects))
    _tests(
        target - target.mean(), window - window.mean(), around, product(around, around.T), base, effects, p
    )
    return p


def conformal_interval(
    target: Floats, donors: Floats, base: int, effect: float, level: float
) -> tuple[float, float]:
    """The interval of a level around an effect [unit of the outcome]; arguments and errors of `conformal_p`.

    Infinite on a side where effects of any size stand, both ways where 1/T is more than 1 − level; NaN where no effect does.
    """
    if 1.0 / target.size > 1 - level:
        return -math.inf, math.inf
    reach = 3 * max(float(np.std(np.diff(target))), abs(effect), 1e-9 * float(np.abs(target).max()), 1e-300)
    for widening in range(_WIDENINGS):
        grid = np.linspace(effect - reach * 3**widening, effect + reach * 3**widening, _GRID)
        stands = conformal_p(target, donors, base, grid) > 1 - level
        if not (stands[0] or stands[-1]):
            return _ends(target, donors, base, grid, stands, level)
    return _ends(target, donors, base, grid, stands, level)  # pyright: ignore[reportPossiblyUnboundVariable] - there is a widening


def _ends(
    target: Floats, donors: Floats, base: int, grid: Floats, stands: Bools, level: float
) -> tuple[float, float]:
    if not stands.any():
        return math.nan, math.nan
    first, last = int(np.argmax(stands)), _GRID - 1 - int(np.argmax(stands[::-1]))

    def end(inside: float, outside: float) -> float:
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if conformal_p(target, donors, base, np.array([middle]))[0] > 1 - level:
                inside = middle
            else:
                outside = middle
        return inside

    low = -math.inf if first == 0 else end(float(grid[first]), float(grid[first - 1]))
    high = math.inf if last == _GRID - 1 else end(float(grid[last]), float(grid[last + 1]))
    return low, high


@_compiled
def _tests(
    target: Floats,
    window: Floats,
    donors: Floats,
    gram: Floats,
    base: int,
    effects: Floats,
    p: Floats,
) -> None:
    """All series around their means."""
    count, months = donors.shape
    length = months - base
    scale = np.trace(gram) / count
    if scale <= 0.0:
        scale = 1.0
    lifted = gram / scale + 1.0
    of_target, of_window, left = np.empty(count), np.empty(count), np.empty(months)
    for j in range(count):
        of_target[j] = (donors[j] * target).sum() / scale + 1.0
        of_window[j] = (donors[j] * window).sum() / scale
    allowed = np.ones(count, dtype=np.bool_)
    for e in range(effects.size):
        weights = np.zeros(count)
        fit_one(lifted, of_target - effects[e] * of_window, allowed, 0.0, weights)
        left[:] = target - effects[e] * window
        for j in range(count):
            if weights[j] > 0.0:
                left -= weights[j] * donors[j]
        block = left[base:].sum()
        own, slack = abs(block), 1e-9 * np.abs(left).sum()
        reached = 1  # by the window itself
        for s in range(months - 1):
            # The block moves on by a month, through the end to the beginning.
            start = (base + s) % months
            block += left[(start + length) % months] - left[start]
            reached += abs(block) >= own - slack
        p[e] = reached / months
