"""The quantile function of Student's t, in closed form or by Kepler's equation up to five degrees of freedom.

Source:
    Hill (1970), Algorithm 396: Student's t-quantiles, doi:10.1145/355598.355600 (where to begin for the others).
"""

from __future__ import annotations

import math

from careo.model.quantiles import (
    ROUNDS,
    TERMS,
    TWO_PI,
    compiled,
    nonzero,
    normal_quantile,
    score_of_tails,
    stirling_error,
)


@compiled
def student_t_quantile(u: float, df: float) -> float:
    """The quantile of Student's t with df ≥ 1 degrees of freedom (NaN below 1), to about 1e-13 of its value."""
    if not (0.0 < u < 1.0 and df >= 1.0):
        return math.nan
    if df > 1e12:
        return normal_quantile(u)
    above = 1.0 - u
    centre = u - 0.5 if u < 0.5 else 0.5 - above
    if centre == 0.0:
        return 0.0
    tail = min(u, above)
    if df == 1.0:
        size = 1.0 / math.tan(math.pi * tail) if tail < 0.25 else math.tan(math.pi * abs(centre))
    elif df == 2.0:
        size = abs(centre) * math.sqrt(2.0 / (tail * (1.0 - tail)))
    elif df == 3.0:
        size = _t3(tail, abs(centre))
    elif df == 4.0:
        size = _t4(tail, abs(centre))
    elif df == 5.0:
        size = _t5(tail, abs(centre))
    else:
        size = _t_of_any(tail, abs(centre), df)
    return size if centre > 0.0 else -size


@compiled
def _t3(tail: float, centre: float) -> float:
    """t = √3 tan(a / 2) with a + sin a = 2π centre; in the tail t = √3 / tan(b / 2) with b − sin b = 2π tail (Kepler)."""
    if centre < 0.25:
        mass = 2.0 * math.pi * centre
        w = 0.5 * mass
        a = w + w * w * w * (1 / 12 + w * w / 60)
        for _ in range(8):
            step = (mass - a - math.sin(a)) / (1.0 + math.cos(a))
            a += step
            if abs(step) < 1e-9 * a:
                break
        return math.sqrt(3.0) * math.tan(0.5 * a)
    mass = 2.0 * math.pi * tail
    s = (6.0 * mass) ** (1 / 3)
    w = s * s
    b = s * (1.0 + w * (1 / 60 + w * (1 / 1400 + w * (1 / 25200 + w * 43 / 17248000))))
    for _ in range(8):
        half = math.sin(0.5 * b)
        w = b * b
        if b < 0.7:
            area = (
                b
                * w
                / 6.0
                * (
                    1.0
                    - w / 20.0 * (1.0 - w / 42.0 * (1.0 - w / 72.0 * (1.0 - w / 110.0 * (1.0 - w / 156.0))))
                )
            )
        else:
            area = b - math.sin(b)
        step = (mass - area) / (2.0 * half * half)
        b += step
        if abs(step) < 1e-9 * b:
            break
    return math.sqrt(3.0) / math.tan(0.5 * b)


@compiled
def _t4(tail: float, centre: float) -> float:
    """The closed form; by the sine of a third in the centre, by the cosine in the tails."""
    if centre < 0.25:
        s = 2.0 * math.sin(math.asin(2.0 * centre) / 3.0)
        return 2.0 * s / math.sqrt((1.0 - s) * (1.0 + s))
    root = 2.0 * math.sqrt(tail * (1.0 - tail))
    return 2.0 * math.sqrt(math.cos(math.acos(root) / 3.0) / root - 1.0)


@compiled
def _t5(tail: float, centre: float) -> float:
    """As for 3: a + sin a (4 + cos a) / 3 = 2π centre, or b − sin b (4 − cos b) / 3 = 2π tail, and √5 for √3."""
    if centre < 0.25:
        mass = 2.0 * math.pi * centre
        a = 0.375 * mass
        for _ in range(12):
            half = math.cos(0.5 * a)
            step = (mass - a - math.sin(a) * (4.0 + math.cos(a)) / 3.0) / (8.0 / 3.0 * half**4)
            a += step
            if abs(step) < 1e-9 * a:
                break
        return math.sqrt(5.0) * math.tan(0.5 * a)
    mass = 2.0 * math.pi * tail
    s = (30.0 * mass) ** 0.2
    b = s + s * s * s / 42.0
    for _ in range(12):
        half = math.sin(0.5 * b)
        if b < 1.0:
            w = b * b
            # Σ (−1)^k (4^k − 4) b^(2k+1) / (3 (2k + 1) (2k)!) from k = 2
            four, power, sign, area = 16.0, b * w * w / 24.0, 1.0, 0.0
            for k in range(2, 13):
                area += sign * (four - 4.0) * power / (3.0 * (2 * k + 1))
                four *= 4.0
                power *= w / ((2 * k + 1) * (2 * k + 2))
                sign = -sign
        else:
            area = b - math.sin(b) * (4.0 - math.cos(b)) / 3.0
        step = (mass - area) / (8.0 / 3.0 * half**4)
        b += step
        if abs(step) < 1e-9 * b:
            break
    return math.sqrt(5.0) / math.tan(0.5 * b)


@compiled
def _t_of_any(tail: float, centre: float, df: float) -> float:
    """Hill's expansion, then Newton's steps with the incomplete beta function."""
    half = 0.5 * df
    top = math.exp(half * math.log1p(0.5 / half) - 0.5 + stirling_error(half + 0.5) - stirling_error(half))
    top /= math.sqrt(TWO_PI)
    t = _hill(tail, df)
    for _ in range(ROUNDS):
        square = t * t
        flow = 0.5 * t * top * math.exp(-0.5 * (df + 1.0) * math.log1p(square / df))
        if centre < 0.25:
            middle = flow / _beta_fraction(0.5, half, square / (df + square), df / (df + square))
            step = (centre - middle) / (2.0 * flow)
        else:
            outside = flow / _beta_fraction(half, 0.5, df / (df + square), square / (df + square))
            step = outside / (2.0 * flow) * math.log(outside / tail)
        t *= 1.0 + step if step > -0.5 else 0.5
        if abs(step) < 1e-8:
            break
    return t


@compiled
def _hill(tail: float, df: float) -> float:
    a = 1.0 / (df - 0.5)
    b = 48.0 / (a * a)
    c = ((20700.0 * a / b - 98.0) * a - 16.0) * a + 96.36
    d = ((94.5 / (b + c) - 3.0) / b + 1.0) * math.sqrt(0.5 * math.pi * a) * df
    y = (2.0 * d * tail) ** (2.0 / df)
    if y > 0.05 + a:
        x = score_of_tails(tail, 1.0 - tail)
        y = x * x
        if df < 5.0:
            c += 0.3 * (df - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x
        y = math.expm1(a * y * y)
    else:
        y = (
            (1.0 / (((df + 6.0) / (df * y) - 0.089 * d - 0.822) * (df + 2.0) * 3.0) + 0.5 / (df + 4.0)) * y
            - 1.0
        ) * (df + 1.0) / (df + 2.0) + 1.0 / y
    t = math.sqrt(df * y)
    return t if t > 0.0 and t < math.inf else 1e-3


@compiled
def _beta_fraction(a: float, b: float, x: float, y: float) -> float:
    """The continued fraction below x^a y^b / B(a, b) in I_x(a, b), y = 1 − x."""
    value = nonzero(a * (a * y - b * x + 1.0) / (a + 1.0))
    c, d = value, 0.0
    for m in range(1, TERMS):
        inner = a + 2 * m - 1.0
        numerator = (a + m - 1.0) * (a + b + m - 1.0) * m * (b - m) * (x / inner) ** 2
        term = m + m * (b - m) * x / inner
        term += (a + m) / (a + 2 * m + 1.0) * (a * y - b * x + 1.0 + m * (2.0 - x))
        d = 1.0 / nonzero(term + numerator * d)
        c = nonzero(term + numerator / c)
        value *= c * d
        if abs(c * d - 1.0) < 3e-16:
            break
    return value
