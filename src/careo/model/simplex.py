"""Least squares with weights that are not negative and sum to one: an exact active set on a Gram matrix that many fits share.

For a target series y and donors X `[donor month]`

    minimise  ½‖y − Xᵀw‖² + ½ρ‖w‖²  =  ½wᵀ(G + ρI)w − cᵀw + ½yᵀy,      G = XXᵀ, c = Xy
    over      w ≥ 0,  Σw = 1,  w = 0 outside the donors allowed

G is formed once for a whole placebo loop; each fit then costs what its few donors with weight cost. A donor enters when its gradient
shows that weight on it lowers the objective most; the best weights on those inside, whatever their signs, follow from a Cholesky factor
that is lengthened by a row; where a weight would fall below zero the path stops there, that donor leaves and its row is rotated out. It
ends after finitely many steps at the optimum, not near it. Adding one constant to all of G changes nothing on Σw = 1 and makes donors that
are linearly but not affinely dependent harmless.

`gap` is gᵀw − min g over the donors allowed, g the gradient, in units of the mean of the diagonal of G + ρI: it bounds how far the objective is above
its least value (in the same units), and is zero where the conditions of Karush, Kuhn and Tucker hold.

Sources:
    Wolfe (1976), Finding the nearest point in a polytope, Mathematical Programming 11, doi:10.1007/BF01580381 (the algorithm, for ρ = 0
    and y = 0); Golub & Van Loan (2013), Matrix Computations, 4th ed., 6.5.4 (a row out of a Cholesky factor).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ACCEPTED = 1e-8
"""The largest gap of a fit that is used."""
_AIMED = 1e-13  # where the search stops; rounding leaves somewhat more
_DEPENDENT = 1e-13  # squared pivot, relative: closer to the span of those inside than rounding can tell
_compiled = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, eq=False)
class SimplexFits:
    """Weights of many fits.

    Attributes:
        weights: [target donor], not negative, rows sum to 1. gaps: distance from the optimum, see above [target].
    """

    weights: Floats
    gaps: Floats


def fit_simplex(
    gram: Floats,
    linear: Floats,
    allowed: Bools,
    ridge: Floats | float = 0.0,
    *,
    threads: int | None = None,
) -> SimplexFits:
    """The best weights of each target.

    Args:
        gram: G, symmetric [donor donor]. linear: c [target donor].
        allowed: which donors may have weight [target donor]; at least one a target.
        ridge: ρ ≥ 0, one or one a target.
        threads: how many; None for one a core. What is found does not depend on it.

    Raises:
        ValueError: shapes that do not fit, a target without donors, numbers that are not finite.
        ArithmeticError: a gap above `ACCEPTED`, which nobody has seen.
    """
    targets, donors = linear.shape
    if gram.shape != (donors, donors) or allowed.shape != linear.shape:
        raise ValueError(
            f"gram {gram.shape}, linear {linear.shape} and allowed {allowed.shape} do not fit together"
        )
    if not allowed.any(axis=1).all():
        raise ValueError("a target has no donor")
    ridges = np.broadcast_to(np.asarray(ridge, dtype=float), (targets,))
    if not (np.isfinite(gram).all() and np.isfinite(linear).all() and np.isfinite(ridges).all()):
        raise ValueError("gram, linear and ridge must be finite")
    scale = float(np.trace(gram)) / donors or 1.0
    lifted, sought = gram / scale + 1.0, linear / scale + 1.0
    weights, gaps = np.zeros((targets, donors)), np.zeros(targets)

    def work(rows: slice) -> None:
        _fit_rows(lifted, sought[rows], allowed[rows], ridges[rows] / scale, weights[rows], gaps[rows])

    in_threads(work, targets, threads)
    accept(gaps)
    return SimplexFits(weights=weights, gaps=gaps)


def accept(gaps: Floats) -> None:
    """Nothing where all fits are at their optimum; else ArithmeticError."""
    if not (gaps <= ACCEPTED).all():
        raise ArithmeticError(f"a fit ended {np.max(gaps):.1e} above its optimum")


def product(left: Floats, right: Floats) -> Floats:
    """The matrix product, on the thread that asks. Threads of a linear algebra library among ours take longer to agree than to multiply."""
    out = np.zeros((left.shape[0], right.shape[1]))
    _multiply(np.ascontiguousarray(left, dtype=float), np.ascontiguousarray(right), out)
    return out


def in_threads(work: Callable[[slice], None], count: int, threads: int | None) -> None:
    """Let threads do `work(slice)` on pieces of `count` rows; small pieces, because rows differ in cost."""
    workers = min(threads or os.cpu_count() or 1, count)
    if workers <= 1:
        work(slice(0, count))
        return
    size = max(1, -(-count // (workers * 8)))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, [slice(first, first + size) for first in range(0, count, size)]))


@_compiled
def _multiply(left: Floats, right: Floats, out: Floats) -> None:
    for i in range(left.shape[0]):
        row = out[i]
        for k in range(left.shape[1]):
            value = left[i, k]
            if value != 0.0:  # most weights are
                for j in range(row.size):
                    row[j] += value * right[k, j]


@_compiled
def _fit_rows(
    gram: Floats, linear: Floats, allowed: Bools, ridges: Floats, weights: Floats, gaps: Floats
) -> None:
    for row in range(linear.shape[0]):
        gaps[row] = fit_one(gram, linear[row], allowed[row], ridges[row], weights[row])


@_compiled
def fit_one(gram: Floats, linear: Floats, allowed: Bools, ridge: float, weights: Floats) -> float:
    """One fit, for kernels: `gram` and `linear` already in units of the mean diagonal and lifted by a constant.

    Args:
        weights: all zero, filled with the best ones [donor].

    Returns:
        The gap.
    """
    donors = linear.size
    inside = np.empty(donors, dtype=np.int64)  # donors with weight, in the order of the factor's rows
    blocked = np.zeros(donors, dtype=np.bool_)
    room = min(donors, 64)
    factor = np.empty((room, room))
    of_linear, of_ones = np.empty(donors), np.empty(donors)  # the factor solved for c and for ones
    weight, best = np.empty(donors), np.empty(donors)
    gradient = np.empty(donors)

    first, least = -1, np.inf
    for j in range(donors):
        if allowed[j] and 0.5 * (gram[j, j] + ridge) - linear[j] < least:
            first, least = j, 0.5 * (gram[j, j] + ridge) - linear[j]
    size = 0
    _enter(gram, linear, ridge, factor, of_linear, of_ones, inside, size, first)
    size, weight[0] = 1, 1.0

    gap = np.inf
    for _ in range(20 * donors + 100):
        gap, entering = _price(gram, linear, ridge, allowed, blocked, inside[:size], weight[:size], gradient)
        if gap <= _AIMED * (1.0 + ridge) or entering < 0:
            break
        if size == factor.shape[0]:
            wider = np.empty((min(donors, 2 * size), min(donors, 2 * size)))
            wider[:size, :size] = factor
            factor = wider
        if not _enter(gram, linear, ridge, factor, of_linear, of_ones, inside, size, entering):
            blocked[entering] = True
            continue
        weight[size] = 0.0
        size += 1
        moved = False
        while True:
            _best_inside(factor, of_linear, of_ones, size, best)
            step, leaving = 1.0, -1
            for k in range(size):
                if best[k] <= 0.0:
                    reach = weight[k] / (weight[k] - best[k]) if weight[k] > 0.0 else 0.0
                    if reach < step or leaving < 0:
                        step, leaving = reach, k
            if leaving < 0:
                weight[:size] = best[:size]
                moved = True
                break
            for k in range(size):
                weight[k] = max(weight[k] + step * (best[k] - weight[k]), 0.0)
            moved = moved or step > 0.0
            if inside[leaving] == entering and not moved:
                blocked[entering] = True  # its gain is below what rounding can tell
            size = _leave(linear, factor, of_linear, of_ones, inside, weight, size, leaving)
        if moved:
            blocked[:] = False

    total = weight[:size].sum()
    for k in range(size):
        weight[k] /= total
        weights[inside[k]] = weight[k]
    blocked[:] = False
    gap, _ = _price(gram, linear, ridge, allowed, blocked, inside[:size], weight[:size], gradient)
    return gap / (1.0 + ridge)


@_compiled
def _price(
    gram: Floats,
    linear: Floats,
    ridge: float,
    allowed: Bools,
    blocked: Bools,
    inside: NDArray[np.int64],
    weight: Floats,
    gradient: Floats,
) -> tuple[float, int]:
    """The gap, and the donor outside that should enter; −1 where none would lower the objective."""
    donors = linear.size
    for j in range(donors):
        gradient[j] = -linear[j]
    for k in range(inside.size):
        row, share = gram[inside[k]], weight[k]
        for j in range(donors):
            gradient[j] += share * row[j]
    level = 0.0
    for k in range(inside.size):
        gradient[inside[k]] += ridge * weight[k]
        level += weight[k] * gradient[inside[k]]
    least, lowest, entering = level, level, -1
    for j in range(donors):
        if allowed[j]:
            least = min(least, gradient[j])
            if gradient[j] < lowest and not blocked[j]:
                lowest, entering = gradient[j], j
    for k in range(inside.size):
        if inside[k] == entering:
            entering = -1
    return level - least, entering


@_compiled
def _enter(
    gram: Floats,
    linear: Floats,
    ridge: float,
    factor: Floats,
    of_linear: Floats,
    of_ones: Floats,
    inside: NDArray[np.int64],
    size: int,
    entering: int,
) -> bool:
    """A row more in the factor; False, and nothing changed that counts, where the donor depends on those inside."""
    row = gram[entering]
    left, toward, ones = row[entering] + ridge, linear[entering], 1.0
    for k in range(size):
        value = row[inside[k]]
        for m in range(k):
            value -= factor[k, m] * factor[size, m]
        value /= factor[k, k]
        factor[size, k] = value
        left -= value * value
        toward -= value * of_linear[k]
        ones -= value * of_ones[k]
    if left <= _DEPENDENT * (row[entering] + ridge):
        return False
    pivot = np.sqrt(left)
    factor[size, size], of_linear[size], of_ones[size] = pivot, toward / pivot, ones / pivot
    inside[size] = entering
    return True


@_compiled
def _best_inside(factor: Floats, of_linear: Floats, of_ones: Floats, size: int, best: Floats) -> None:
    """Weights of any sign that sum to 1 and are best on the donors inside."""
    up, down = 1.0, 0.0
    for k in range(size):
        up -= of_ones[k] * of_linear[k]
        down += of_ones[k] * of_ones[k]
    price = up / down
    for k in range(size):
        best[k] = of_linear[k] + price * of_ones[k]
    for k in range(size - 1, -1, -1):
        best[k] /= factor[k, k]
        for m in range(k):
            best[m] -= factor[k, m] * best[k]


@_compiled
def _leave(
    linear: Floats,
    factor: Floats,
    of_linear: Floats,
    of_ones: Floats,
    inside: NDArray[np.int64],
    weight: Floats,
    size: int,
    leaving: int,
) -> int:
    """A donor out: its row goes, and rotations of columns make the rest triangular again."""
    for k in range(leaving, size - 1):
        inside[k], weight[k] = inside[k + 1], weight[k + 1]
        factor[k, : k + 2] = factor[k + 1, : k + 2]
    size -= 1
    for k in range(leaving, size):
        a, b = factor[k, k], factor[k, k + 1]
        length = np.hypot(a, b)
        cosine, sine = a / length, b / length
        for m in range(k, size):
            a, b = factor[m, k], factor[m, k + 1]
            factor[m, k], factor[m, k + 1] = cosine * a + sine * b, cosine * b - sine * a
    for k in range(leaving, size):
        toward, ones = linear[inside[k]], 1.0
        for m in range(k):
            toward -= factor[k, m] * of_linear[m]
            ones -= factor[k, m] * of_ones[m]
        of_linear[k], of_ones[k] = toward / factor[k, k], ones / factor[k, k]
    return size
