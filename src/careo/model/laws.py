"""The laws that parameters are drawn from, as quantile functions: one uniform number in, one draw out.

Sources:
    DLMF 8.17.22 (the continued fraction of the incomplete beta function), by Lentz's method; the beta quantile by Newton's steps on it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model.quantiles import gamma_quantile, normal_quantile

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def law_quantiles(law: int, one: float, two: float, uniforms: Floats) -> Floats:
    """The quantiles of a law [unit of the law; place draw].

    Args:
        law, one, two: 0 fixed (value), 1 normal (mean, sd), 2 log-normal (median, sd of the logarithm), 3 beta (a, b),
            4 gamma (shape, scale), 5 uniform (low, high). uniforms: in (0, 1) [place draw].
    """
    out = np.empty(uniforms.shape)
    for i in range(uniforms.shape[0]):
        for d in range(uniforms.shape[1]):
            u = uniforms[i, d]
            if law == 0:
                out[i, d] = one
            elif law == 1:
                out[i, d] = one + two * normal_quantile(u)
            elif law == 2:
                out[i, d] = one * math.exp(two * normal_quantile(u))
            elif law == 3:
                out[i, d] = beta_quantile(u, one, two)
            elif law == 4:
                out[i, d] = two * gamma_quantile(u, one)
            else:
                out[i, d] = one + (two - one) * u
    return out


@njit(cache=True, nogil=True)
def beta_quantile(u: float, a: float, b: float) -> float:
    """The beta quantile, to about 1e-12 of its value (in the upper half, of its distance from 1); NaN for what is no law."""
    if not (0.0 < u < 1.0 and 0.0 < a < math.inf and 0.0 < b < math.inf):
        return math.nan
    return _lower_beta(u, a, b) if u < 0.5 else 1.0 - _lower_beta(1.0 - u, b, a)


@njit(cache=True, nogil=True)
def _lower_beta(u: float, a: float, b: float) -> float:
    """The beta quantile for u ≤ ½: Newton's steps on the logarithm of the share below, in log x, inside a shrinking bracket."""
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    low, high = 0.0, 1.0
    x = min(a / (a + b), math.exp((math.log(u) + math.log(a) - front) / a))
    for _ in range(200):
        if not 0.0 < x < 1.0:
            return x
        power = math.exp(front + a * math.log(x) + b * math.log1p(-x))
        if x <= (a + 1.0) / (a + b + 2.0):
            below = power * _beta_fraction(x, a, b) / a
        else:
            below = 1.0 - power * _beta_fraction(1.0 - x, b, a) / b
        if below > u:
            high = x
        else:
            low = x
        step = math.log(below / u) * below * (1.0 - x) / power if below > 0.0 and power > 0.0 else -math.inf
        new = x * math.exp(-step)
        if not low <= new <= high:
            new = 0.5 * (low + high)
        step, x = abs(new - x), new
        if step <= 1e-9 * min(x, 1.0 - x):  # Newton's next step would be its square
            break
    return x


@njit(cache=True, nogil=True)
def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of x^a (1 − x)^b / (a B(a, b)) in the share below x, by Lentz's method (DLMF 8.17.22)."""
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if d != 0.0 else tiny)
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 + term * d
            c = 1.0 + term / c
            d = 1.0 / (d if d != 0.0 else tiny)
            c = c if c != 0.0 else tiny
            value *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return value
