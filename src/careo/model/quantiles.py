"""Quantile functions for kernels: one uniform number in, one draw out, monotone in both the uniform number and the mean.

Draws come through quantile functions, so that two worlds with the same luck differ only where their means do. Counts have one
variance function, V = m + a m²: a > 0 is the negative binomial, a = 0 Poisson, a = −1/n the binomial; with it one expansion, one
recurrence of probabilities and one continued fraction of tails serve all three.

A count is found in one of three ways, which give the same integer:
1. mean below 4, or 64 where alpha is above 0.2: probabilities are added up from zero;
2. otherwise the Cornish–Fisher expansion to the sixth order, with Sheppard's corrections, gives a real number that is rounded up, where
   the bound on its error says that rounding cannot go wrong;
3. otherwise (hardly ever at alpha below 0.02, one draw in ten at a mean of 60 and alpha 0.1, always beyond) the exact tails decide: Loader's saddle-point form of the probability times a
   continued fraction of the incomplete beta function, then steps of one. In the upper half it is the upper tail that is compared
   with 1 − u, so that far tails keep their relative accuracy.

Invalid input gives NaN, or −1 for counts: u outside (0, 1), a negative or infinite mean, a shape or df that is not positive. A count
above 2**62 gives −1 too. Nothing is raised: these functions run inside loops.

Sources:
    Wichura (1988), Algorithm AS 241, Applied Statistics 37, doi:10.2307/2347330 (the normal quantile).
    Hill & Davis (1968), Generalized asymptotic expansions of Cornish-Fisher type, doi:10.1214/aoms/1177698251.
    Loader (2000), Fast and accurate computation of binomial probabilities (deviance and Stirling error).
    DLMF §8.17 and §8.9 (continued fractions, here in the even form of Boost.Math's `ibeta_fraction2`).
    Giles (2016), Algorithm 955: approximation of the inverse Poisson CDF, doi:10.1145/2699466 (round where it is safe, else correct).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""As every quantile function is compiled."""
_inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
"""For what kernels evaluate for many draws side by side (`lanes.py`)."""

LARGEST_COUNT = 2**62
"""A quantile above it is refused (−1): integers beyond 2**53 are steps of the floating-point grid anyway."""

TWO_PI = 2.0 * math.pi
_LARGEST_MEAN = 2.0**62
_FROM_ZERO_BELOW = 4.0
_FROM_ZERO_BELOW_IF_SKEWED = 64.0
_SKEWED_ALPHA = 0.2
_FROM_ZERO_STEPS = 400
_UPPER_TAIL = 0.999
"""Above it sums from zero lose the tail's relative accuracy, so that its exact form decides."""
_STEPS = 16
ROUNDS = 300
"""Newton's steps at the most."""
TERMS = 1_000_000
"""Terms of a continued fraction at the most."""


@compiled
def poisson_quantile(u: float, mean: float) -> int:
    """The smallest count k with P(Y ≤ k) ≥ u, Y Poisson."""
    if not (0.0 < u < 1.0 and 0.0 <= mean < _LARGEST_MEAN):
        return -1
    mean = float(mean)
    if mean < _FROM_ZERO_BELOW:
        return _from_zero(u, 1.0 - u, mean, 0.0, math.exp(-mean), LARGEST_COUNT)
    score = normal_quantile(u)
    deviation = math.sqrt(mean)
    skewness = 1.0 / deviation
    place = mean - 0.5 + deviation * poisson_expansion(score, skewness)
    error = deviation * expansion_error(score, skewness)
    return _settled(u, 1.0 - u, place, error, mean, 0.0, LARGEST_COUNT)


@compiled
def negative_binomial_quantile(u: float, mean: float, alpha: float) -> int:
    """The smallest count k with P(Y ≤ k) ≥ u, Y negative binomial of variance mean + alpha mean²; alpha 0 is Poisson."""
    if not (0.0 < u < 1.0 and 0.0 <= mean < _LARGEST_MEAN and 0.0 <= alpha < math.inf):
        return -1
    mean, alpha = float(mean), float(alpha)
    if alpha * max(mean, 1.0) < 1e-17:
        return poisson_quantile(u, mean)
    if mean < _FROM_ZERO_BELOW or (alpha > _SKEWED_ALPHA and mean < _FROM_ZERO_BELOW_IF_SKEWED):
        none = math.exp(-math.log1p(alpha * mean) / alpha)
        return _from_zero(u, 1.0 - u, mean, alpha, none, LARGEST_COUNT)
    return _expanded(u, 1.0 - u, mean, alpha, LARGEST_COUNT)


@compiled
def binomial_quantile(u: float, n: int, p: float) -> int:
    """The smallest count k with P(Y ≤ k) ≥ u, Y binomial of n trials of probability p."""
    if not (0.0 < u < 1.0 and 0 <= n < LARGEST_COUNT and 0.0 <= p <= 1.0):
        return -1
    if n == 0 or p == 0.0:
        return 0
    if p == 1.0:
        return n
    if p <= 0.5:
        return _binomial(u, 1.0 - u, n, p)
    # Failures are the rarer: P(n − F ≤ k) ≥ u asks for the least F with P(F > that) < u, "below" being the next number down.
    return n - _binomial(np.nextafter(1.0 - u, 1.0), np.nextafter(u, 0.0), n, 1.0 - p)


@compiled
def _binomial(u: float, above: float, n: int, p: float) -> int:
    mean, alpha = n * p, -1.0 / n
    if mean < _FROM_ZERO_BELOW:
        return _from_zero(u, above, mean, alpha, math.exp(n * math.log1p(-p)), n)
    return _expanded(u, above, mean, alpha, n)


@compiled
def _from_zero(u: float, above: float, mean: float, alpha: float, none: float, limit: int) -> int:
    """Add probabilities up from that of zero, `none`; hand far tails over to the exact search."""
    if u <= none and u < 0.5:
        return 0
    if u < _UPPER_TAIL:
        k, probability, reached = 0, none, none
        ratio = mean / (1.0 + alpha * mean)
        while reached < u and k < _FROM_ZERO_STEPS:
            probability *= ratio * (1.0 + alpha * k) / (k + 1)
            k += 1
            reached += probability
        if reached >= u or k >= limit:
            return k
    deviation = math.sqrt(mean * (1.0 + alpha * mean))
    return _searched(u, above, mean + deviation * score_of_tails(u, above), mean, alpha, limit)


@compiled
def _expanded(u: float, above: float, mean: float, alpha: float, limit: int) -> int:
    score = score_of_tails(u, above)
    slope = 1.0 + 2.0 * alpha * mean
    deviation = math.sqrt(mean * (1.0 + alpha * mean))
    inverse = 1.0 / deviation
    skewness = slope * inverse
    place = mean - 0.5 + deviation * expansion(score, skewness, inverse)
    error = deviation * expansion_error(score, max(abs(skewness), inverse))
    return _settled(u, above, place, error, mean, alpha, limit)


@compiled
def _settled(
    u: float, above: float, place: float, error: float, mean: float, alpha: float, limit: int
) -> int:
    """Round the expansion up where its error allows it; else search from there."""
    low = math.ceil(place - error - mean * 4e-15)
    high = math.ceil(place + error + mean * 4e-15)
    if low == high and low >= 0.0 and low <= limit:
        return int(low)
    return _searched(u, above, place + 0.5, mean, alpha, limit)


@compiled
def _searched(u: float, above: float, start: float, mean: float, alpha: float, limit: int) -> int:
    """The exact quantile: Newton's steps in normal scores to within a few counts, then counts one by one.

    `below` and `beyond` bracket the answer (below is too low, beyond is high enough), so that the search ends whatever Newton does.
    """
    upper = u > 0.5
    target = above if upper else u
    score = score_of_tails(u, above)
    below, beyond = -1, limit
    if not start >= 0.0:
        start = 0.0
    k = int(min(start, float(limit)))
    if k > limit:
        k = limit
    for _ in range(ROUNDS):
        if beyond - below <= 1:
            return beyond if beyond < LARGEST_COUNT else -1
        k = min(max(k, below + 1), beyond - 1)
        probability, reached, left = _tails(k, mean, alpha)
        tail = left if upper else reached
        enough = tail <= target if upper else tail >= target
        if enough:
            beyond = k
        else:
            below = k
        gap = abs(tail - target)
        if gap > _STEPS * probability:
            nearest = min(reached, left)
            if nearest > 0.0 and probability > 0.0:
                there = normal_quantile(nearest)
                if left < reached:
                    there = -there
                move = (score - there) * math.exp(-0.5 * there * there) * 0.3989422804014327 / probability
                moved = k + move
                if below < moved < beyond:
                    k = int(moved)
                    continue
            k = _between(below, beyond, k)
            continue
        # Sums of a few steps; when what is left has shrunk to a quarter, its tail is computed anew.
        for _step in range(_STEPS):
            if enough:
                if k == below + 1:
                    return k
                if upper:
                    shrunk, tail = False, tail + probability
                else:
                    shrunk, tail = tail - probability < 0.25 * tail, tail - probability
                if shrunk:
                    k -= 1
                    break
                probability *= k * (1.0 + alpha * mean) / (mean * (1.0 + alpha * (k - 1)))
                k -= 1
                if (tail > target) if upper else (tail < target):
                    return k + 1
                beyond = k
            else:
                if k == beyond - 1:
                    return beyond
                probability *= mean * (1.0 + alpha * k) / ((1.0 + alpha * mean) * (k + 1))
                k += 1
                if upper:
                    shrunk, tail = tail - probability < 0.25 * tail, tail - probability
                else:
                    shrunk, tail = False, tail + probability
                if shrunk:
                    break
                if (tail <= target) if upper else (tail >= target):
                    return k
                below = k
    return -1


@compiled
def _between(below: int, beyond: int, k: int) -> int:
    """Halve the bracket; while its upper end is not known yet, double."""
    if beyond >= LARGEST_COUNT and below >= 0:
        return 2 * k + 1 if k < LARGEST_COUNT // 2 else below + (beyond - below) // 2
    return below + (beyond - below) // 2


@compiled
def _tails(k: int, mean: float, alpha: float) -> tuple[float, float, float]:
    """P(Y = k), P(Y ≤ k) and P(Y > k)."""
    probability = _probability(k, mean, alpha)
    reached, left = _shares(probability, float(k), mean, alpha)
    return probability, reached, left


@compiled
def _shares(probability: float, k: float, mean: float, alpha: float) -> tuple[float, float]:
    """What lies up to k and beyond it, from the probability of k; the smaller share to nearly full relative accuracy.

    The continued fractions of I_x(a, b), with every term multiplied by a power of alpha so that alpha 0 (Poisson: the incomplete gamma
    function, of any real k > −1) and alpha < 0 (binomial) are ordinary cases.
    """
    shrink = 1.0 / (1.0 + alpha * mean)
    weight = mean * shrink
    if k + 1 <= mean:
        value = (mean - k - 1.0) * shrink + 1.0
        value = nonzero(value / (1.0 + alpha))
        c, d = value, 0.0
        for m in range(1, TERMS):
            if m == k + 1.0:  # here the fraction of an integer k ends
                break
            inner = 1.0 + alpha * (2 * m - 1)
            numerator = (
                m * (k + 1.0 - m) * (1.0 + alpha * (m - 1)) * (1.0 + alpha * (k + m)) * (shrink / inner) ** 2
            )
            term = m + m * (k + 1.0 - m) * alpha * shrink / inner
            term += (
                (1.0 + alpha * m)
                / (1.0 + alpha * (2 * m + 1))
                * ((mean - k - 1.0) * shrink + 1.0 + m * (2.0 - shrink))
            )
            d = 1.0 / nonzero(term + numerator * d)
            c = nonzero(term + numerator / c)
            value *= c * d
            if abs(c * d - 1.0) < 3e-16:
                break
        reached = min(probability * weight * (1.0 + alpha * k) / value, 1.0)
        return reached, 1.0 - reached
    # P(Y > k) = P(Y ≥ j) with j = k + 1.
    j = k + 1.0
    next_probability = probability * weight * (1.0 + alpha * k) / j
    theta = alpha * weight
    value = nonzero(j * ((j - mean) * shrink + 1.0) / (j + 1.0))
    c, d = value, 0.0
    for m in range(1, TERMS):
        inner = j + 2 * m - 1.0
        numerator = (
            m * (j + m - 1.0) * (1.0 + alpha * (j + m - 1.0)) * (1.0 - alpha * m) * (weight / inner) ** 2
        )
        term = m + m * (1.0 - alpha * m) * weight / inner
        term += (j + m) / (j + 2 * m + 1.0) * ((j - mean) * shrink + 1.0 + m * (2.0 - theta))
        d = 1.0 / nonzero(term + numerator * d)
        c = nonzero(term + numerator / c)
        value *= c * d
        if abs(c * d - 1.0) < 3e-16:
            break
    left = min(max(next_probability * j / value, 0.0), 1.0)
    return 1.0 - left, left


@compiled
def nonzero(x: float) -> float:
    """What a continued fraction may divide by."""
    return x if abs(x) > 1e-300 else 1e-300


@compiled
def _probability(k: int, mean: float, alpha: float) -> float:
    """P(Y = k), Loader's way: a deviance, three Stirling errors, one square root."""
    if k == 0:
        return math.exp(-mean if alpha == 0.0 else -math.log1p(alpha * mean) / alpha)
    room = 1.0 + alpha * k
    if room < 1e-9 and k * alpha < -1.0 + 0.5 * abs(alpha):
        return math.exp(math.log(-alpha * mean) * k)  # every trial succeeded
    gap = k - mean
    shrink = 1.0 / (1.0 + alpha * mean)
    if alpha > 0.0 and alpha * alpha * alpha * mean * mean > 1.0:
        # Two deviances of the size of k would cancel where alpha is large; these two terms are of the size of 1 / alpha.
        deviance = k * math.log1p(gap / (mean * room)) - math.log1p(alpha * gap * shrink) / alpha
    else:
        other = alpha * shrink * _deviance_ratio(alpha * gap * shrink)
        deviance = gap * gap * (_deviance_ratio(gap / mean) / mean - other)
    stirling = -stirling_error(float(k))
    if alpha != 0.0:
        size = 1.0 / alpha
        stirling += stirling_error(size + k) - stirling_error(size)
    return math.exp(stirling - deviance) / math.sqrt(TWO_PI * k * room)


@compiled
def _deviance_ratio(x: float) -> float:
    """((1 + x) log(1 + x) − x) / x², ½ at 0."""
    if abs(x) > 0.2:
        if x <= -1.0:
            return 1.0
        return ((1.0 + x) * math.log1p(x) - x) / (x * x)
    v = x / (2.0 + x)
    w = v * v
    series = 1 / 3 + w * (
        1 / 5 + w * (1 / 7 + w * (1 / 9 + w * (1 / 11 + w * (1 / 13 + w * (1 / 15 + w / 17)))))
    )
    return 0.5 * (1.0 - v) * (1.0 + v * (1.0 + v) * series)


@compiled
def stirling_error(x: float) -> float:
    """log Γ(x) − ((x − ½) log x − x + ½ log 2π); odd in x, as the binomial needs it."""
    size = abs(x)
    if size < 16.0:
        error = math.lgamma(size) - ((size - 0.5) * math.log(size) - size + 0.5 * math.log(TWO_PI))
    else:
        y = 1.0 / size
        w = y * y
        error = y * (
            1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * (691 / 360360)))))
        )
    return error if x > 0.0 else -error


@_inlined
def expansion_error(score: float, skewness: float) -> float:
    """A bound, in standard deviations, of what the expansion leaves out; found on a grid (tests), with a margin."""
    reach = skewness * score
    z2 = score * score
    z4 = z2 * z2
    s2 = skewness * skewness
    tail = 4e-5 * z4 * z4 * z2 * (1.0 + 0.25 * reach * reach)
    bound = s2 * s2 * s2 * skewness * (0.015 + 0.03 * z4 + tail)
    return math.inf if skewness * (1.0 + abs(score)) > 4.0 else bound


@_inlined
def expansion(z: float, c: float, h: float) -> float:
    """Cornish–Fisher to the sixth order: a standard score from a normal one.

    For the family V = m + a m²: c = (1 + 2am) / √V is the skewness, h = 1 / √V the step of the lattice in standard deviations
    (0: continuous, the gamma distribution). The coefficients follow from the cumulants; the tests derive them anew.
    """
    c2, h2 = c * c, h * h
    a0 = (
        c * ((-1 / 6) + h2 * ((-1 / 45) + h2 * (1 / 756)))
        + c2 * c * ((1 / 405) + h2 * (-37 / 17010))
        + c2 * c2 * c * (23 / 102060)
    )
    a1 = (
        h2 * ((1 / 48) + h2 * ((181 / 23040) + h2 * (-4511 / 7741440)))
        + c2 * ((-7 / 144) + h2 * ((349 / 34560) + h2 * (158167 / 116121600)))
        + c2 * c2 * ((-433 / 622080) + h2 * (1107901 / 1045094400))
        + c2 * c2 * c2 * (289717 / 9405849600)
    )
    a2 = (
        c * ((1 / 6) + h2 * ((7 / 720) + h2 * (-493 / 48384)))
        + c2 * c * ((-7 / 6480) + h2 * (-2591 / 1088640))
        + c2 * c2 * c * (-923 / 6531840)
    )
    a3 = (
        h2 * ((-1 / 48) + h2 * ((-1 / 1920) + h2 * (34817 / 23224320)))
        + c2 * ((1 / 144) + h2 * ((-59 / 17280) + h2 * (266929 / 38707200)))
        + c2 * c2 * ((1 / 2430) + h2 * (608771 / 1045094400))
        + c2 * c2 * c2 * (289517 / 9405849600)
    )
    a4 = (
        c * h2 * ((1 / 240) + h2 * (43 / 48384))
        + c2 * c * ((-1 / 2160) + h2 * (97 / 120960))
        + c2 * c2 * c * (-1 / 26880)
    )
    a5 = (
        h2 * h2 * ((-13 / 23040) + h2 * (-1283 / 23224320))
        + c2 * h2 * ((-1 / 1280) + h2 * (-72343 / 116121600))
        + c2 * c2 * ((1 / 69120) + h2 * (-58283 / 348364800))
        + c2 * c2 * c2 * (-1451 / 3135283200)
    )
    a6 = c * h2 * h2 * (5 / 12096) + c2 * c * h2 * (13 / 90720) + c2 * c2 * c * (1 / 544320)
    a7 = (
        h2 * h2 * h2 * (-97 / 2580480)
        + c2 * h2 * h2 * (-2507 / 12902400)
        + c2 * c2 * h2 * (-997 / 38707200)
        + c2 * c2 * c2 * (-139 / 348364800)
    )
    return z + (a0 + z * (a1 + z * (a2 + z * (a3 + z * (a4 + z * (a5 + z * (a6 + z * a7)))))))


@_inlined
def poisson_expansion(z: float, h: float) -> float:
    """`expansion` with c = h, where a = 0."""
    h2 = h * h
    a0 = h * ((-1 / 6) + h2 * ((-8 / 405) + h2 * (-16 / 25515)))
    a1 = h2 * ((-1 / 36) + h2 * ((671 / 38880) + h2 * (274867 / 146966400)))
    a2 = h * ((1 / 6) + h2 * ((7 / 810) + h2 * (-5189 / 408240)))
    a3 = h2 * ((-1 / 72) + h2 * ((-137 / 38880) + h2 * (2647909 / 293932800)))
    a4 = h2 * h * ((1 / 270) + h2 * (5 / 3024))
    a5 = h2 * h2 * ((-23 / 17280) + h2 * (-165779 / 195955200))
    a6 = h2 * h2 * h * (19 / 34020)
    a7 = h2 * h2 * h2 * (-11237 / 43545600)
    return z + (a0 + z * (a1 + z * (a2 + z * (a3 + z * (a4 + z * (a5 + z * (a6 + z * a7)))))))


@compiled
def normal_quantile(u: float) -> float:
    """The standard normal quantile, to about 1e-16 of its value."""
    if not 0.0 < u < 1.0:
        return math.nan
    return score_of_tails(u, 1.0 - u)


@compiled
def score_of_tails(u: float, above: float) -> float:
    """AS 241 with both tails given, so that neither is rounded away."""
    q = u - 0.5 if u < 0.5 else 0.5 - above
    if abs(q) <= 0.425:
        return score_in_centre(q)
    r = math.sqrt(-math.log(u if q < 0.0 else above))
    size = score_in_tail(r) if r <= 5.0 else _score_in_far_tail(r)
    return -size if q < 0.0 else size


@compiled
def normal_quantiles(uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """`normal_quantile` of each number [any axes]."""
    out = np.empty(uniforms.size)
    for i, u in enumerate(uniforms.flat):
        out[i] = normal_quantile(u)
    return out.reshape(uniforms.shape)


# fmt: off
@_inlined
def score_in_centre(q: float) -> float:
    """The normal quantile of ½ + q, |q| ≤ 0.425."""
    r = 0.180625 - q * q
    return q * (((((((r * 2509.0809287301226727 + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608) / (((((((r * 5226.495278852545925 + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0)


@_inlined
def score_in_tail(r: float) -> float:
    """The size of the normal quantile of exp(−r²), r from about 1.6 to 5."""
    r -= 1.6
    return (((((((r * 7.7454501427834140764e-4 + 0.0227238449892691845833) * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734) / (
        ((((((r * 1.05075007164441684324e-9 + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0
    )


@compiled
def _score_in_far_tail(r: float) -> float:
    """The same for r above 5."""
    r -= 5.0
    return (((((((r * 2.01033439929228813265e-7 + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772) / (
        ((((((r * 2.04426310338993978564e-15 + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0
    )


# fmt: on
@compiled
def gamma_quantile(u: float, shape: float) -> float:
    """The gamma quantile of scale 1, to about 1e-13 of its value; below 1e-308 it is 0."""
    if not (0.0 < u < 1.0 and 0.0 < shape < math.inf):
        return math.nan
    above = 1.0 - u
    score = score_of_tails(u, above)
    deviation = math.sqrt(shape)
    skewness = 2.0 / deviation
    error = expansion_error(score, skewness)
    x = shape + deviation * expansion(score, skewness, 0.0) if error < math.inf else 0.0
    if error < 1e-15 * deviation:
        return x
    upper = u > 0.5
    if not x > 0.0:
        if upper:
            x = max(-math.log(above) - math.lgamma(shape), shape)
        else:
            x = math.exp((math.log(u) + math.lgamma(shape + 1.0)) / shape)
    scale = deviation * 0.3989422804014327 * math.exp(-stirling_error(shape))
    for _ in range(ROUNDS):
        if not x > 1e-308:
            return 0.0
        flow = scale * math.exp(-_gamma_deviance(x, shape))  # x times the density
        over, under = _shares(flow / x, shape - 1.0, x, 0.0)
        if upper:  # Newton on the logarithm of the upper tail
            step = math.log(over / above) * over / flow if over > 0.0 else -0.5
            moved = x * (1.0 + step) if step > -0.9 else 0.1 * x
        else:  # and on that of the lower one, in log x
            step = -math.log(under / u) * under / flow
            moved = x * (1.0 + step) if abs(step) < 1e-4 else x * math.exp(min(step, 700.0))
        x = moved
        if abs(step) < 1e-8:
            return x
    return x


@compiled
def _gamma_deviance(x: float, shape: float) -> float:
    """x − shape − shape log(x / shape)."""
    gap = x - shape
    if abs(gap) > 0.5 * shape:
        return gap - shape * math.log(x / shape)
    return gap * gap / x * _deviance_ratio(-gap / x)
