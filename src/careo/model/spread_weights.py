"""Weights on the simplex with a ridge, where donors outnumber months: hundreds of donors have weight, and few numbers decide which.

    minimise  ½‖y − Xᵀw‖² + ½ρ‖w‖²   over  w ≥ 0, Σw = 1, w = 0 outside the donors allowed,   ρ > 0

An active set that takes donors in one by one (`simplex.py`) would be slow here. The dual has one number a month, the residual r, and
one more, μ, and tells the weights: w_j = max(0, x_j·r + μ)/ρ. It is concave and piecewise quadratic,

    D(r, μ) = y·r − ½‖r‖² + μ − Σ_j max(0, x_j·r + μ)² / 2ρ

so Newton steps, halved where D would fall, end at its maximum after finitely many. Each needs Σ x xᵀ over the donors with weight, kept
up to date by those that come and go. Dividing by ρ costs digits where ρ is small; fits that lost too many go to the active set.

Sources:
    Qi & Sun (1993), A nonsmooth version of Newton's method, Mathematical Programming 58, doi:10.1007/BF01581275; Li, Sun & Toh (2018),
    SIAM J. Optim. 28(1), doi:10.1137/16M1097572 (such steps on the dual of penalised least squares).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from careo.model.simplex import ACCEPTED, Bools, Floats, SimplexFits, fit_simplex, in_threads, product

_POOR = ACCEPTED / 100
_MOST_STEPS, _MOST_HALVINGS = 200, 30
_compiled = njit(cache=True, nogil=True, error_model="numpy")


def fit_spread(
    targets: Floats, donors: Floats, allowed: Bools, ridge: Floats, *, threads: int | None = None
) -> SimplexFits:
    """The best weights of each target.

    Args:
        targets: y [target month]. donors: X [donor month]. allowed: at least one a target [target donor]. ridge: ρ > 0 [target].
        threads: how many; None for one a core.

    Raises:
        ValueError: a ridge that is not above zero. ArithmeticError: a gap above `simplex.ACCEPTED`.
    """
    if not (ridge > 0).all():
        raise ValueError("every ridge must be above zero")
    scale = float((donors**2).sum()) / len(donors) or 1.0
    unit = np.sqrt(scale)
    weights, gaps = np.zeros((len(targets), len(donors))), np.zeros(len(targets))
    x, y = np.ascontiguousarray(donors / unit), np.ascontiguousarray(targets / unit)
    moments, sums = product(x.T, x), x.sum(axis=0)

    def work(rows: slice) -> None:
        _fit_rows(x, y[rows], allowed[rows], ridge[rows] / scale, moments, sums, weights[rows], gaps[rows])

    in_threads(work, len(targets), threads)
    if (poor := np.flatnonzero(~(gaps <= _POOR))).size:  # a ridge so small that few donors have weight
        again = fit_simplex(
            product(donors, donors.T),
            product(targets[poor], donors.T),
            allowed[poor],
            ridge[poor],
            threads=threads,
        )
        weights[poor], gaps[poor] = again.weights, again.gaps
    return SimplexFits(weights=weights, gaps=gaps)


@_compiled
def _fit_rows(
    x: Floats,
    y: Floats,
    allowed: Bools,
    ridges: Floats,
    moments: Floats,
    sums: Floats,
    weights: Floats,
    gaps: Floats,
) -> None:
    donors, months = x.shape
    own = np.empty((months, months))
    matrix = np.empty((months + 1, months + 1))
    own_sums, point, target = np.empty(months), np.empty(months + 1), np.empty(months + 1)
    inside = np.empty(donors, dtype=np.bool_)
    lift, lift_after = np.empty(donors), np.empty(donors)  # x·r + μ
    for row in range(y.shape[0]):
        own[:, :] = moments
        own_sums[:] = sums
        count = donors
        for j in range(donors):
            inside[j] = True
            if not allowed[row, j]:
                inside[j] = False
                count -= 1
                _move(own, own_sums, x[j], -1.0)
        ridge = ridges[row]
        _newton(own, own_sums, count, y[row], ridge, matrix, point)
        value = _lift(x, y[row], allowed[row], ridge, point, lift)
        whole = True
        for _ in range(_MOST_STEPS):
            changed = 0
            for j in range(donors):
                now = allowed[row, j] and lift[j] > 0.0
                if now != inside[j]:
                    inside[j] = now
                    count += 1 if now else -1
                    _move(own, own_sums, x[j], 1.0 if now else -1.0)
                    changed += 1
            if changed == 0 and whole:
                break
            if count == 0:  # nobody has weight: more μ until the first would have all of it
                highest = -np.inf
                for j in range(donors):
                    if allowed[row, j]:
                        highest = max(highest, lift[j])
                point[months] += ridge - highest
                value = _lift(x, y[row], allowed[row], ridge, point, lift)
                continue
            _newton(own, own_sums, count, y[row], ridge, matrix, target)
            after = _lift(x, y[row], allowed[row], ridge, target, lift_after)
            whole = True
            for _ in range(_MOST_HALVINGS):
                if after >= value - 1e-13 * abs(value):
                    break
                whole = False
                for s in range(months + 1):
                    target[s] = 0.5 * (point[s] + target[s])
                after = _lift(x, y[row], allowed[row], ridge, target, lift_after)
            value = after
            point[:] = target
            lift[:] = lift_after
        gaps[row] = _finish(x, y[row], allowed[row], ridge, lift, weights[row])


@_compiled
def _move(own: Floats, own_sums: Floats, series: Floats, sign: float) -> None:
    """A donor into the sums, or out of them; of the matrix, the lower half."""
    for s in range(series.size):
        value = sign * series[s]
        own_sums[s] += value
        for t in range(s + 1):
            own[s, t] += value * series[t]


@_compiled
def _newton(
    own: Floats, own_sums: Floats, count: int, y: Floats, ridge: float, matrix: Floats, point: Floats
) -> None:
    """Where D would be largest if those inside stayed inside: a Cholesky factor in place, then two solves."""
    months = y.size
    for s in range(months):
        for t in range(s + 1):
            matrix[s, t] = own[s, t] / ridge
        matrix[s, s] += 1.0
        matrix[months, s] = own_sums[s] / ridge
        point[s] = y[s]
    matrix[months, months], point[months] = count / ridge, 1.0
    for s in range(months + 1):
        for t in range(s + 1):
            value = matrix[s, t]
            for k in range(t):
                value -= matrix[s, k] * matrix[t, k]
            matrix[s, t] = np.sqrt(max(value, 1e-300)) if s == t else value / matrix[t, t]
        for k in range(s):
            point[s] -= matrix[s, k] * point[k]
        point[s] /= matrix[s, s]
    for s in range(months, -1, -1):
        point[s] /= matrix[s, s]
        for k in range(s):
            point[k] -= matrix[s, k] * point[s]


@_compiled
def _lift(x: Floats, y: Floats, allowed: Bools, ridge: float, point: Floats, lift: Floats) -> float:
    """x·r + μ of every donor, and D."""
    months = y.size
    value = point[months]
    for s in range(months):
        value += y[s] * point[s] - 0.5 * point[s] ** 2
    for j in range(x.shape[0]):
        total = point[months]
        for s in range(months):
            total += x[j, s] * point[s]
        lift[j] = total
        if allowed[j] and total > 0.0:
            value -= 0.5 * total * total / ridge
    return value


@_compiled
def _finish(x: Floats, y: Floats, allowed: Bools, ridge: float, lift: Floats, weights: Floats) -> float:
    """Weights that sum to 1, and how far they are from the optimum (see `simplex.py`)."""
    total = 0.0
    for j in range(weights.size):
        if allowed[j] and lift[j] > 0.0:
            weights[j] = lift[j]
            total += lift[j]
    left = -y
    for j in range(weights.size):
        if weights[j] > 0.0:
            weights[j] /= total
            for s in range(y.size):
                left[s] += weights[j] * x[j, s]
    level, least = 0.0, np.inf
    for j in range(weights.size):
        if allowed[j]:
            gradient = ridge * weights[j]
            for s in range(y.size):
                gradient += x[j, s] * left[s]
            level += weights[j] * gradient
            least = min(least, gradient)
    return (level - least) / (1.0 + ridge) if total > 0.0 else np.inf
