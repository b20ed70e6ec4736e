"""Synthetic controls: what a place would have been, as a weighted mean of places that were not treated.

Months are cut to `base` months before the treatment and those of one window after it. For a target series y and donors X

    demeaned synthetic control     min over w  ‖(y − ȳ) − (X − X̄)ᵀw‖²  on the base, means over the base;  gap_t = (y_t − ȳ) − (X_t − X̄)ᵀw
    synthetic difference           τ = (ȳ_post − λᵀy_base) − Σ_j ω_j (X̄_j,post − λᵀX_j,base)
        ω: min Σ_t (ω₀ + ωᵀX_t − y_t)² + ζ² T₀ ‖ω‖²,   ζ = (N₁ T₁)^¼ σ
        λ: min Σ_j (λ₀ + λᵀX_j,base − X̄_j,post)² + ζ_λ² N₀ ‖λ‖²,   ζ_λ = 10⁻⁶ σ
    difference in differences      the same with ω = 1/N₀ and λ = 1/T₀

all weights on the simplex (`simplex.py`), σ the standard deviation of donors' monthly changes on the base. There are no predictors and
no nested weights of predictors: what is fitted is the outcome before. A whole loop over placebo targets is one call; donors' Gram matrix
is formed once, and the one over months is the pool's less what a target may not use.

Assumptions:
    1. Without treatment the gap of the treated would have gone on as gaps of placebo targets do, up to its own scale: the root mean
       square of its gaps on the base. That is what ranks and intervals rest on.
    2. Donors are not affected by the treatment.

Sources:
    Abadie, Diamond & Hainmueller (2010), JASA 105(490), doi:10.1198/jasa.2009.ap08746 (placebos in space, RMSPE ratios);
    Doudchenko & Imbens (2016), arXiv:1610.07748, and Ferman & Pinto (2021), Quantitative Economics 12(4), doi:10.3982/QE1596 (demeaned);
    Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), AER 111(12), doi:10.1257/aer.20190159 (synthetic difference-in-differences,
    equations 4 to 6; its λ and ω are solved exactly here, where the authors' program stops early and drops small weights).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from careo.model.simplex import Bools, Floats, accept, fit_one, fit_simplex, in_threads, product
from careo.model.spread_weights import fit_spread

TIME_PENALTY = 1e-6
"""ζ_λ in units of σ: only so that the weights are unique."""
FLOOR = 0.1
"""See `root_mean_squares`."""
SIZE = 0.05
POWER = 0.80
"""An effect counts as detectable when a test of this size finds it this often."""

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, eq=False)
class Controls:
    """Synthetic controls of several targets.

    Attributes:
        gaps: actual less synthetic, around their mean on the base where demeaned [unit of the outcome; target month].
        weights: [target donor]. optimality: gaps of the fits, see `simplex.py` [target].
    """

    gaps: Floats
    weights: Floats
    optimality: Floats


@dataclass(frozen=True, eq=False)
class Differences:
    """Synthetic differences, or plain ones, of several targets.

    Attributes:
        effects: τ [unit of the outcome; target]. spreads: root mean square of the gaps on the base [same; target].
        unit_weights: ω [target donor]. month_weights: λ [target month of the base].
        optimality: the larger gap of the two fits [target].
    """

    effects: Floats
    spreads: Floats
    unit_weights: Floats
    month_weights: Floats
    optimality: Floats


def synthetic_controls(
    targets: Floats,
    donors: Floats,
    allowed: Bools,
    base: int,
    *,
    demeaned: bool = True,
    threads: int | None = None,
) -> Controls:
    """The synthetic control of each target.

    Args:
        targets: [target month]. donors: [donor month]. allowed: who may be a donor of whom [target donor].
        base: how many months, the first ones, are fitted.
        demeaned: whether levels may differ.
        threads: None for one a core.

    Raises:
        ValueError: shapes, a base that is not within the months, values that are not finite, a target without donors.
    """
    _checked(targets, donors, base)
    if demeaned:
        targets, donors = _around(targets, base), _around(donors, base)
    before = donors[:, :base]
    fits = fit_simplex(
        product(before, before.T), product(targets[:, :base], before.T), allowed, threads=threads
    )
    return Controls(gaps=targets - product(fits.weights, donors), weights=fits.weights, optimality=fits.gaps)


def synthetic_differences(
    targets: Floats,
    donors: Floats,
    allowed: Bools,
    base: int,
    *,
    treated: int = 1,
    threads: int | None = None,
) -> Differences:
    """The synthetic difference-in-differences of each target; arguments and errors of `synthetic_controls`.

    Args:
        treated: N₁, of how many places each target is the mean. At least two months of base.
    """
    _checked(targets, donors, base)
    if base < 2:
        raise ValueError("a base of at least two months is needed")
    noise = _noise(donors[:, :base], allowed)
    strength = math.sqrt(treated * (donors.shape[1] - base)) * noise**2 * base
    centred_targets, centred_donors = _around(targets, base), _around(donors, base)
    before = centred_donors[:, :base]
    if len(donors) > base and (strength > 0).all():
        units = fit_spread(centred_targets[:, :base], before, allowed, strength, threads=threads)
    else:
        units = fit_simplex(
            product(before, before.T),
            product(centred_targets[:, :base], before.T),
            allowed,
            strength,
            threads=threads,
        )

    after = donors[:, base:].mean(axis=1)
    pool = donors[:, :base].mean(axis=0)
    apart, apart_after = np.ascontiguousarray(donors[:, :base] - pool), after - after.mean()
    gram, linear = product(apart.T, apart), product(apart.T, apart_after[:, None])[:, 0]
    months, gaps = np.zeros((len(targets), base)), np.zeros(len(targets))
    penalty = (TIME_PENALTY * noise) ** 2

    def work(rows: slice) -> None:
        _fit_months(gram, linear, apart, apart_after, allowed[rows], penalty[rows], months[rows], gaps[rows])

    in_threads(work, len(targets), threads)
    accept(gaps)
    return Differences(
        effects=_effects(targets, donors, units.weights, months, base),
        spreads=_spreads(centred_targets, centred_donors, units.weights, base),
        unit_weights=units.weights,
        month_weights=months,
        optimality=np.maximum(units.gaps, gaps),
    )


def plain_differences(targets: Floats, donors: Floats, allowed: Bools, base: int) -> Differences:
    """The difference-in-differences of each target against the mean of its donors; arguments and errors of `synthetic_controls`."""
    _checked(targets, donors, base)
    units = allowed / allowed.sum(axis=1, keepdims=True)
    months = np.full((len(targets), base), 1.0 / base)
    return Differences(
        effects=_effects(targets, donors, units, months, base),
        spreads=_spreads(_around(targets, base), _around(donors, base), units, base),
        unit_weights=units,
        month_weights=months,
        optimality=np.zeros(len(targets)),
    )


def root_mean_squares(gaps: Floats, base: int) -> tuple[Floats, Floats]:
    """Root mean square of gaps before and after [same unit; target].

    Before, it is not below `FLOOR` of the median after: where donors outnumber months some targets are fitted exactly, and ratios to nothing
    would rank those first. The floor is the same for all, so ranks are as valid as without.
    """
    before = np.sqrt((gaps[:, :base] ** 2).mean(axis=1))
    after = np.sqrt((gaps[:, base:] ** 2).mean(axis=1))
    return np.maximum(before, max(FLOOR * float(np.median(after)), np.finfo(float).tiny)), after


def rank_p(own: float, placebos: Floats) -> float:
    """The share of all, its own among them, that are at least as large; the smallest possible is 1/(placebos + 1)."""
    return float((1 + (placebos >= own).sum()) / (1 + placebos.size))


def critical(placebos: Floats, level: float) -> float:
    """The largest statistic that `rank_p` does not reject at 1 − level; infinite where there are too few placebos to reject anything."""
    kept = math.floor((1 - level) * (placebos.size + 1) + 1e-9)
    return math.inf if kept < 1 else float(np.sort(placebos)[-kept])


def detectable_by_ratio(spread: float, placebo_gaps: Floats, base: int) -> float:
    """The smallest constant effect that the rank of RMSPE ratios finds at `SIZE` with `POWER`, of either sign.

    An effect is added to the window of every placebo, each ranked among the others; what four in five of them need, in units
    of their own root mean square on the base, times that of the target.

    Args:
        spread: the target's root mean square on the base.

    Returns:
        [unit of the outcome]; infinite where no rank of so few placebos can be that rare.
    """
    before, after = root_mean_squares(placebo_gaps, base)
    bound = _bound_of_others(after / before)
    mean = placebo_gaps[:, base:].mean(axis=1) / before
    left = np.maximum(bound**2 - (after / before) ** 2 + mean**2, 0.0)
    needed = np.stack([np.sqrt(left) - mean, np.sqrt(left) + mean])
    return _needed(needed, spread)


def detectable_by_effect(spread: float, placebo_effects: Floats, placebo_spreads: Floats) -> float:
    """The same for the rank of effects in units of their spreads."""
    scaled = placebo_effects / placebo_spreads
    bound = _bound_of_others(np.abs(scaled))
    return _needed(np.stack([bound - scaled, bound + scaled]), spread)


def _needed(needed: Floats, spread: float) -> float:
    if not np.isfinite(needed).all():
        return math.inf
    return float(np.quantile(np.maximum(needed, 0.0), POWER, axis=1, method="higher").max() * spread)


def _bound_of_others(statistics: Floats) -> Floats:
    """What each must reach to be among the `SIZE` most extreme of all of them."""
    allowed = math.floor(SIZE * statistics.size + 1e-9) - 1  # others that may be as large
    if allowed < 0:
        return np.full(statistics.size, math.inf)
    order = np.sort(statistics)[::-1]
    # Without itself, the next one takes its place in the order.
    return np.where(statistics >= order[allowed], order[allowed + 1], order[allowed])


def _checked(targets: Floats, donors: Floats, base: int) -> None:
    if targets.shape[1] != donors.shape[1] or not 0 < base < donors.shape[1]:
        raise ValueError(
            f"targets {targets.shape}, donors {donors.shape} and base {base} do not fit together"
        )
    if not (np.isfinite(targets).all() and np.isfinite(donors).all()):
        raise ValueError("outcomes must be finite")


def _around(values: Floats, base: int) -> Floats:
    return values - values[:, :base].mean(axis=1, keepdims=True)


def _noise(before: Floats, allowed: Bools) -> Floats:
    """Standard deviation of the monthly changes of each target's donors [target]."""
    changes = np.diff(before, axis=1)
    changes = changes - changes.mean()
    count = allowed.sum(axis=1) * changes.shape[1]
    sums = np.stack([changes.sum(axis=1), (changes**2).sum(axis=1)], axis=1)
    total, squares = product(allowed.astype(float), sums).T
    return np.sqrt(np.maximum(squares - total**2 / count, 0.0) / np.maximum(count - 1, 1))


def _effects(targets: Floats, donors: Floats, units: Floats, months: Floats, base: int) -> Floats:
    of_targets = targets[:, base:].mean(axis=1) - (targets[:, :base] * months).sum(axis=1)
    synthetic = product(units, donors)
    of_donors = synthetic[:, base:].mean(axis=1) - (synthetic[:, :base] * months).sum(axis=1)
    return of_targets - of_donors


def _spreads(targets: Floats, donors: Floats, units: Floats, base: int) -> Floats:
    gaps = targets - product(units, donors)
    return root_mean_squares(gaps, base)[0]


@_compiled
def _fit_months(
    gram: Floats,
    linear: Floats,
    apart: Floats,
    apart_after: Floats,
    allowed: Bools,
    penalty: Floats,
    months: Floats,
    gaps: Floats,
) -> None:
    """λ of each target: the pool's sums less the donors a target may not use, or, where those are most, the sums of the others."""
    base = linear.size
    open_to_all = np.ones(base, dtype=np.bool_)
    own, sought, shift = np.empty_like(gram), np.empty(base), np.empty(base)
    for row in range(allowed.shape[0]):
        count = 0
        for j in range(allowed.shape[1]):
            count += allowed[row, j]
        fewer = 2 * count >= allowed.shape[1]
        sign, counted = (-1.0, False) if fewer else (1.0, True)
        for s in range(base):
            sought[s], shift[s] = linear[s] if fewer else 0.0, 0.0
            for t in range(base):
                own[s, t] = gram[s, t] if fewer else 0.0
        after = 0.0
        for j in range(allowed.shape[1]):
            if allowed[row, j] == counted:
                after += sign * apart_after[j]
                for s in range(base):
                    value = sign * apart[j, s]
                    shift[s] += value
                    sought[s] += value * apart_after[j]
                    for t in range(base):
                        own[s, t] += value * apart[j, t]
        scale = 0.0
        for s in range(base):
            sought[s] -= shift[s] * after / count
            for t in range(base):
                own[s, t] -= shift[s] * shift[t] / count
            scale += own[s, s] / base
        if scale <= 0.0:
            months[row, :] = 1.0 / base
            gaps[row] = 0.0
            continue
        for s in range(base):
            sought[s] = sought[s] / scale + 1.0
            for t in range(base):
                own[s, t] = own[s, t] / scale + 1.0
        gaps[row] = fit_one(own, sought, open_to_all, penalty[row] * count / scale, months[row])
