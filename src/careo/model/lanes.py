"""Draws side by side: arithmetic that compilers turn into vector instructions, and counts for 64 draws at once.

Kernels keep the numbers of `LANES` draws in rows of one flat array, `w[row + i]` with i from 0 to LANES − 1 and rows known when they are
compiled: so nothing can overlap, and every loop over i becomes a few vector instructions. Nothing here depends on the width of the
machine's vectors or on which lane a draw stands in: each operation is that of a single number, rounded once, in the same order.

Counts are those of `quantiles.negative_binomial_quantile`, integer for integer. Where that function would add up probabilities, the lanes add
them up together; where it would round the Cornish–Fisher expansion, so do they; and wherever rounding could go wrong, the lane is
handed to it.

Sources:
    Cody & Waite (1980), Software manual for the elementary functions (reduction of the argument).
    FreeBSD msun `e_log.c` (coefficients of the logarithm's series; Sun Microsystems 1993, freely usable).
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from careo.model.luck import Word, uniform, uniform_pair
from careo.model.quantiles import (
    expansion,
    expansion_error,
    negative_binomial_quantile,
    normal_quantile,
    poisson_expansion,
    score_in_centre,
    score_in_tail,
)

LANES = 64
"""Draws side by side: enough that the work around a row weighs little, few enough that the states of some strategies fit a core's cache."""

inlined = njit(nogil=True, error_model="numpy", forceinline=True)
"""For a function of single numbers inside a loop over lanes."""
compiled = njit(cache=True, nogil=True, error_model="numpy")

SUMMED_BELOW = 6.0
"""Where every lane's mean is below it, adding up probabilities is quicker than expanding."""
_SUMMED_STEPS = 400
_DOUBT = 1e-12
"""A sum of probabilities this near to the uniform number does not decide: its own error is below a tenth of it."""

_FAR = 1e3
_SHIFT = 6755399441055744.0  # 1.5 · 2**52: adding it leaves the nearest integer in the lower bits
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@intrinsic
def _bits_of(_, x):  # pyright: ignore # noqa: ARG001
    """The 64 bits of a number."""
    return types.int64(types.float64), lambda c, b, s, a: b.bitcast(a[0], ir.IntType(64))  # noqa: ARG005


@intrinsic
def _with_bits(_, x):  # pyright: ignore # noqa: ARG001
    """The number of 64 bits."""
    return types.float64(types.int64), lambda c, b, s, a: b.bitcast(a[0], ir.DoubleType())  # noqa: ARG005


@inlined
def exp_of(x: float) -> float:
    """exp(x) to 1 unit in the last place, exp(0) = 1; beyond ±700 as at ±700. NaN stays NaN."""
    x = -700.0 if x < -700.0 else 700.0 if x > 700.0 else x
    shifted = x * 1.4426950408889634 + _SHIFT
    n = shifted - _SHIFT
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    p = 1 / 6227020800
    p = p * r + 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = (p * r) * r + r + 1.0
    return p * _with_bits((_bits_of(shifted) + 1023) << 52)  # pyright: ignore[reportCallIssue]


@inlined
def log_of(x: float) -> float:
    """log(x) to 1 unit in the last place for normal x > 0, log(1) = 0; something finite for any other x."""
    bits = _bits_of(x)  # pyright: ignore[reportCallIssue]
    k = (bits - 0x3FE6A09E667F3BCD) >> 52  # so that the rest lies between √½ and √2
    f = _with_bits(bits - (k << 52)) - 1.0  # pyright: ignore[reportCallIssue]
    e = _with_bits(k + 0x4338000000000000) - _SHIFT  # pyright: ignore[reportCallIssue]
    s = f / (2.0 + f)
    z = s * s
    series = z * (6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * (2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))))))  # fmt: skip
    half = 0.5 * f * f
    return e * _LN2_HIGH - ((half - (s * (half + series) + e * _LN2_LOW)) - f)


@inlined
def log1p_of(x: float) -> float:
    """log(1 + x) to a few units in the last place for x ≥ 0."""
    one = 1.0 + x
    rest = one - 1.0
    return x if rest == 0.0 else log_of(one) * (x / rest)


@inlined
def score_of(u: float, above: float) -> float:
    """The standard normal quantile of u, above = 1 − u; NaN in tails below 1e-10, which hardly ever happens."""
    q = u - 0.5 if u < 0.5 else 0.5 - above
    centre = score_in_centre(q)
    r = math.sqrt(-log_of(u if q < 0.0 else above))
    size = score_in_tail(r)
    tail = math.nan if r > 4.8 else -size if q < 0.0 else size
    return centre if abs(q) <= 0.425 else tail


@compiled
def normals(
    seed: Word, process: Word, month: Word, place: Word, first_draw: Word, out: NDArray[np.float64]
) -> None:
    """Standard normals at the addresses of consecutive draws [draw]."""
    for d in range(out.size):
        even, odd = uniform_pair(seed, process, month, place, first_draw + d)
        out[d] = odd if process & 1 else even
    doubtful = 0
    for d in range(out.size):
        u = out[d]
        z = score_of(u, 1.0 - u)
        # a tail that is too far is marked by a number that no normal has
        out[d] = z if z == z else _FAR
        doubtful += z != z
    if doubtful:
        for d in range(out.size):
            if out[d] >= _FAR:
                out[d] = normal_quantile(uniform(seed, process, month, place, first_draw + d))


# ── counts ───────────────────────────────────────────────────────────────────────────────────────────────────────

(UNIFORM, SCORE, MEAN, ALPHA, COUNT, _DOUBTFUL, _PROBABILITY, _REACHED, _RATIO, _SLOPE) = (
    LANES * row for row in range(10)
)
FIRST_FREE_ROW = 10
"""The first row that a kernel may use for its own; those before are what `count` reads (UNIFORM, SCORE, MEAN, ALPHA) and writes (COUNT)."""


@compiled
def score(w: NDArray[np.float64]) -> None:
    """SCORE from UNIFORM."""
    for i in range(LANES):
        w[SCORE + i] = score_of(w[UNIFORM + i], 1.0 - w[UNIFORM + i])


@compiled
def count_small(w: NDArray[np.float64]) -> None:
    """COUNT of each lane where all of MEAN is small: the smallest k with P(Y ≤ k) ≥ UNIFORM, Y of variance MEAN + ALPHA MEAN²."""
    for i in range(LANES):
        mean, alpha = w[MEAN + i], w[ALPHA + i]
        none = exp_of(-mean if alpha < 1e-17 else -log1p_of(alpha * mean) / alpha)
        w[_PROBABILITY + i] = none
        w[_REACHED + i] = none
        w[_RATIO + i] = mean / (1.0 + alpha * mean)
        w[_SLOPE + i] = alpha * w[_RATIO + i]
        w[COUNT + i] = 0.0
    for k in range(0, _SUMMED_STEPS, 4):
        below = 0
        for i in range(LANES):
            u, ratio, slope = w[UNIFORM + i], w[_RATIO + i], w[_SLOPE + i]
            probability, reached, counted = w[_PROBABILITY + i], w[_REACHED + i], w[COUNT + i]
            for step in range(4):  # four at a time, so that they stay in registers
                following = probability * ((ratio + slope * (k + step)) * (1.0 / (k + step + 1)))
                going = reached < u
                probability = following if going else probability
                reached = reached + following if going else reached
                counted = counted + 1.0 if going else counted
            w[_PROBABILITY + i], w[_REACHED + i], w[COUNT + i] = probability, reached, counted
            below += reached < u
        if below == 0:
            break
    for i in range(LANES):
        beyond = w[_REACHED + i] - w[UNIFORM + i]
        short = w[UNIFORM + i] - (w[_REACHED + i] - w[_PROBABILITY + i])
        sure = (beyond > _DOUBT) & ((short > _DOUBT) | (w[COUNT + i] == 0.0))
        w[_DOUBTFUL + i] = 0.0 if sure else 1.0
    _settle(w)


@compiled
def count_poisson(w: NDArray[np.float64]) -> None:
    """COUNT of each lane where ALPHA is 0 and SCORE is known."""
    for i in range(LANES):
        mean = w[MEAN + i]
        deviation = math.sqrt(mean)
        skewness = 1.0 / deviation
        place = mean - 0.5 + deviation * poisson_expansion(w[SCORE + i], skewness)
        error = deviation * expansion_error(w[SCORE + i], skewness) + mean * 1e-14
        low, high = math.ceil(place - error), math.ceil(place + error)
        w[COUNT + i] = low
        w[_DOUBTFUL + i] = 0.0 if (low == high) & (low >= 0.0) & (mean >= 1e-9) else 1.0
    _settle(w)


@compiled
def count_dispersed(w: NDArray[np.float64]) -> None:
    """COUNT of each lane where SCORE is known."""
    for i in range(LANES):
        mean, alpha = w[MEAN + i], w[ALPHA + i]
        deviation = math.sqrt(mean * (1.0 + alpha * mean))
        inverse = 1.0 / deviation
        skewness = (1.0 + 2.0 * alpha * mean) * inverse
        place = mean - 0.5 + deviation * expansion(w[SCORE + i], skewness, inverse)
        error = deviation * expansion_error(w[SCORE + i], skewness) + mean * 1e-14
        low, high = math.ceil(place - error), math.ceil(place + error)
        w[COUNT + i] = low
        w[_DOUBTFUL + i] = 0.0 if (low == high) & (low >= 0.0) & (mean >= 1e-9) else 1.0
    _settle(w)


@compiled
def _settle(w: NDArray[np.float64]) -> None:
    """Lanes in doubt, one by one."""
    doubtful = 0
    for i in range(LANES):
        doubtful += w[_DOUBTFUL + i] != 0.0
    if doubtful:
        for i in range(LANES):
            if w[_DOUBTFUL + i] != 0.0:
                w[COUNT + i] = negative_binomial_quantile(w[UNIFORM + i], w[MEAN + i], w[ALPHA + i])
