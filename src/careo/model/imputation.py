"""Effects of dated treatments on panels, by imputing what the treated would have been from what was never or not yet treated.

    y_i,t = a_i + b_t + e_i,t           on untreated cells: places never treated, and the others before their start
    effect of a window = mean over treated cells in it of  y_i,t − â_i − b̂_t

Least squares on untreated cells that were observed; a window's months count from each place's own start, and may be negative where
those months are kept out of the fit. With `base` months, only that many before the start are fitted, and comparison places from the
earliest of them to the last month of a window. On a panel without gaps and with one start the effect is
(treated, window − treated, before) − (comparison, window − comparison, before).

Two-way fixed effects (`two_way`) are beside it: one coefficient of being treated, which weighs staggered effects by how much is left of
the treatment after both sets of effects, some of it negatively.

Many assignments of the same panel are computed together (`many_effects`). Places that were observed in the same months and start together
share their equations, so the normal equations have one row for each such group; where there are more groups than months, they are solved
for the months instead, and only treated places change them. Outcomes observed in the same cells share one factorisation.

Places may be in strata (`prepare`): each then has effects of months of its own, and the effect is the mean over all treated cells of what
each stratum says.

Assumptions:
    1. Without treatment, treated and comparison places (of a stratum) would have moved in parallel on the scale of `outcomes`.
    2. No anticipation before the start (or the `base` that is left), no effect on comparison places.

Sources:
    Borusyak, Jaravel & Spiess (2024), Revisiting event-study designs, RES 91(6), doi:10.1093/restud/rdae007;
    Gardner (2022), Two-stage differences in differences, arXiv:2207.05943 (did2s: the same estimates, which the tests hold it against).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_compiled = njit(cache=True, nogil=True, error_model="numpy")

NOBODY = 1e-6
"""Weights add up to less than this where nobody is left; a place weighs 1 on average."""
SINGULAR = 1e-9
"""A pivot below this share of the largest is none: something is not tied to the rest of the panel."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A panel made ready for many assignments.

    Attributes:
        values: 0 where not observed `[outcome, place, month]`. seen: cells observed, in all outcomes `[place, month]`.
        comparison: places that are compared with while they are not treated `[place]`.
        weight: of places, 1 on average `[place]`. pattern: which months a place was observed in, by number `[place]`. patterns: `[pattern, month]`.
        strata: places are compared within `[place]`; None is all with all.
    """

    values: Floats
    seen: Flags
    comparison: Flags
    weight: Floats
    pattern: Integers
    patterns: Flags
    strata: Integers | None = None


def prepare(
    outcomes: ArrayLike,
    comparison: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Prepared:
    """A panel for `many_effects`.

    Args:
        outcomes: NaN where not observed; a cell missing in one outcome is missing in all `[outcome, place, month]` or `[place, month]`.
        comparison: `[place]`; None is all. weights: how much each place counts, above 0 `[place]`; None is all the same.
        strata: numbers of the strata that places are compared within `[place]`; None is all with all.

    Raises:
        ValueError: another number of axes, a weight that is not above 0.
    """
    values = np.asarray(outcomes, dtype=np.float64)
    values = values[None] if values.ndim == 2 else values
    if values.ndim != 3:
        raise ValueError(f"outcomes must have two or three axes, not {values.ndim}")
    seen = np.isfinite(values).all(axis=0)
    everyone = np.ones(values.shape[1], dtype=np.bool_)
    weight = np.ones(values.shape[1]) if weights is None else np.array(weights, dtype=np.float64)
    if weight.shape != everyone.shape or not (weight > 0).all():
        raise ValueError("weights must be one number above 0 for each place")
    patterns, pattern = np.unique(seen, axis=0, return_inverse=True)
    return Prepared(
        values=np.ascontiguousarray(np.where(seen, values, 0.0)),
        seen=np.ascontiguousarray(seen),
        comparison=everyone if comparison is None else np.asarray(comparison, dtype=np.bool_).copy(),
        weight=weight / weight.mean() if weight.size else weight,
        pattern=pattern.reshape(-1).astype(np.int64),
        patterns=np.ascontiguousarray(patterns),
        strata=None if strata is None else np.asarray(strata, dtype=np.int64),
    )


def effects(
    outcomes: ArrayLike,
    start: ArrayLike,
    windows: ArrayLike,
    *,
    base: int = 0,
    comparison: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Floats:
    """The effect of one assignment by outcome and window; NaN where a window has no observed treated month or the panel falls apart.

    Args:
        outcomes: as for `prepare`. start: index of the first treated month, −1 never `[place]`.
        windows: first and last month after the start `[window, 2]`. base: months before the start to fit on; 0 is all.
        comparison, weights, strata: as for `prepare`.

    Returns:
        `[outcome, window]`
    """
    begins = np.asarray(start, dtype=np.int64)
    treated = np.flatnonzero(begins >= 0)
    panel = prepare(outcomes, comparison, weights=weights, strata=strata)
    return many_effects(panel, treated[None], begins[treated], windows, base=base)[0]


def many_effects(
    panel: Prepared, places: ArrayLike, starts: ArrayLike, windows: ArrayLike, *, base: int = 0
) -> Floats:
    """The effects of many assignments.

    Args:
        panel: from `prepare`. places: who is treated, all different within a draw `[draw, treated]`.
        starts: index of the first treated month, `[treated]` for the same in all draws or `[draw, treated]`; it may lie outside the
            panel.
        windows, base: as for `effects`.

    Returns:
        `[draw, outcome, window]`

    Raises:
        ValueError: the panel has strata, and a column of `places` is of several.
    """
    # The kernels are compiled for each layout of an array, so they are given one.
    who = np.require(np.atleast_2d(np.asarray(places, dtype=np.int64)), requirements=("C", "W"))
    when = np.require(np.broadcast_to(np.asarray(starts, dtype=np.int64), who.shape), requirements=("C", "W"))
    frame = np.ascontiguousarray(np.asarray(windows, dtype=np.int64).reshape(-1, 2))
    out = np.full((who.shape[0], panel.values.shape[0], frame.shape[0]), np.nan)
    if who.size == 0 or frame.size == 0:
        return out
    if panel.strata is not None:
        return _by_stratum(panel, panel.strata, who, when, frame, base)
    counted, sums = _sums(
        panel.values, panel.pattern, panel.patterns.shape[0], panel.comparison, panel.weight
    )
    if int((counted > 0).sum()) + who.shape[1] <= max(panel.seen.shape[1], _SMALL):
        _by_group(
            panel.values,
            panel.comparison,
            panel.weight,
            panel.pattern,
            panel.patterns,
            counted,
            sums,
            who,
            when,
            frame,
            base,
            out,
        )
    else:
        _by_month(panel.values, panel.seen, panel.comparison, panel.weight, who, when, frame, base, out)
    return out


def _by_stratum(
    panel: Prepared, strata: Integers, who: Integers, when: Integers, windows: Integers, base: int
) -> Floats:
    """`many_effects` of each stratum by itself, put together by how many treated cells it has."""
    of_column = strata[who[0]]
    if (strata[who] != of_column).any():
        raise ValueError("a column of places must be of one stratum")
    upto = np.concatenate([np.zeros((len(panel.seen), 1)), panel.seen.cumsum(axis=1)], axis=1)
    upto, months = upto * panel.weight[:, None], panel.seen.shape[1]
    total, cells = 0.0, 0.0
    for stratum in np.unique(of_column):
        columns = np.flatnonzero(of_column == stratum)
        places, starts = who[:, columns], when[:, columns]
        inside = replace(panel, comparison=panel.comparison & (strata == stratum), strata=None)
        found = many_effects(inside, places, starts, windows, base=base)
        ends = np.clip(starts[..., None, None] + windows + [0, 1], 0, months)  # draw, treated, window, end
        seen = upto[places[..., None, None], ends]
        counted = (seen[..., 1] - seen[..., 0]).sum(axis=1)[:, None]  # draw, 1, window
        total = total + np.where(counted > 0, found, 0.0) * counted
        cells = cells + counted
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / cells)


def many_event_studies(
    panel: Prepared, places: ArrayLike, starts: ArrayLike, leads: int, lags: int
) -> Floats:
    """Effects month by month around the start, of many assignments.

    Months before the start are out of the fit when they are estimated, so they are judged as the months after it are: leads are
    differences from all that came before the first of them, lags from all that came before the start.

    Args:
        panel, places, starts: as for `many_effects`. leads: months before the start. lags: months from the start on.

    Returns:
        `[draw, outcome, leads + lags]`, the first lead first.
    """
    begins = np.asarray(starts, dtype=np.int64)
    before, after = np.arange(leads), np.arange(lags)
    parts = (
        many_effects(panel, places, begins - leads, np.stack([before, before], axis=1)),
        many_effects(panel, places, begins, np.stack([after, after], axis=1)),
    )
    return np.concatenate(parts, axis=2)


def two_way(outcomes: ArrayLike, start: ArrayLike, last: int) -> Floats:
    """The coefficient of being treated beside effects of places and months, by ordinary least squares `[outcome]`.

    Args:
        outcomes, start: as for `effects`. last: months after the start that are kept of treated places; later ones are dropped.
    """
    panel, begins = prepare(outcomes), np.asarray(start, dtype=np.int64)
    months = np.arange(panel.seen.shape[1])
    since = months[None] - begins[:, None]
    treated = (begins[:, None] >= 0) & (since >= 0)
    cells = (panel.seen & ~(treated & (since > last))).astype(np.float64)
    whole = np.concatenate([treated[None] * 1.0, panel.values]) * cells
    each = np.maximum(cells.sum(axis=1), 1)
    matrix = np.diag(cells.sum(axis=0)) - cells.T @ (cells / each[:, None])
    centred = cells * (whole - (whole.sum(axis=2) / each)[..., None])
    of_month = centred.sum(axis=1) @ np.linalg.pinv(matrix, hermitian=True)
    rest = cells * (whole - of_month[:, None])
    rest = cells * (rest - (rest.sum(axis=2) / each)[..., None])
    spread = (rest[0] * rest[0]).sum()
    if not spread > SINGULAR * cells.sum():
        return np.full(panel.values.shape[0], np.nan)
    return (rest[1:] * rest[0]).sum(axis=(1, 2)) / spread


_SMALL = 64
"""So many groups are quicker than months, whatever the number of months."""


@_compiled
def _sums(
    values: Floats, pattern: Integers, patterns: int, comparison: Flags, weight: Floats
) -> tuple[Floats, Floats]:
    """The weight of comparison places by pattern, and the sums of their outcomes `[pattern]`, `[pattern, outcome, month]`."""
    outcomes, places, months = values.shape
    counted, sums = np.zeros(patterns), np.zeros((patterns, outcomes, months))
    for i in range(places):
        if comparison[i]:
            counted[pattern[i]] += weight[i]
            for q in range(outcomes):
                for t in range(months):
                    sums[pattern[i], q, t] += weight[i] * values[q, i, t]
    return counted, sums


@_compiled
def _span(starts: Integers, windows: Integers, base: int, months: int) -> tuple[int, int]:
    """The months that comparison places are fitted on."""
    if base == 0:
        return 0, months
    return max(0, starts.min() - base), min(months, starts.max() + windows[:, 1].max() + 1)


@_compiled
def _by_group(
    values: Floats, comparison: Flags, weight: Floats, pattern: Integers, patterns: Flags, counted: Floats, sums: Floats,
    who: Integers, when: Integers, windows: Integers, base: int, out: Floats,
) -> None:  # fmt: skip
    """Solves for groups of places: first the comparison places by pattern, then the treated by pattern and start."""
    outcomes, _, months = values.shape
    kinds, treated = patterns.shape[0], who.shape[1]
    most = kinds + treated
    number, total = np.zeros(most), np.zeros((most, outcomes, months))
    fitted = np.zeros((most, months), np.bool_)
    kind, begins = np.arange(most), np.zeros(most, np.int64)
    matrix, place = np.zeros((most, most)), np.zeros((most, outcomes))
    present, month = np.zeros(months), np.zeros((outcomes, months))
    for d in range(who.shape[0]):
        low, high = _span(when[d], windows, base, months)
        number[:kinds], total[:kinds] = counted, sums
        groups = kinds
        for k in range(treated):
            i, s = who[d, k], when[d, k]
            if comparison[i]:
                number[pattern[i]] -= weight[i]
                total[pattern[i]] -= weight[i] * values[:, i]
            g = kinds
            while g < groups and (kind[g] != pattern[i] or begins[g] != s):
                g += 1
            if g == groups:
                groups += 1
                kind[g], begins[g], number[g], total[g] = pattern[i], s, 0.0, 0.0
            number[g] += weight[i]
            total[g] += weight[i] * values[:, i]
        for g in range(groups):
            for t in range(months):
                fitted[g, t] = low <= t < high and patterns[kind[g], t]
                if g >= kinds:
                    fitted[g, t] &= t < begins[g] and (base == 0 or t >= begins[g] - base)
        if not _fit_groups(number, total, fitted, groups, kinds, matrix, place, present, month):
            continue
        for w in range(windows.shape[0]):
            cells, known = 0.0, True
            out[d, :, w] = 0.0
            for g in range(kinds, groups):
                first, last = begins[g] + windows[w, 0], begins[g] + windows[w, 1]
                for t in range(max(0, first), min(months, last + 1)):
                    if patterns[kind[g], t]:
                        known &= present[t] > NOBODY
                        cells += number[g]
                        for q in range(outcomes):
                            out[d, q, w] += total[g, q, t] - number[g] * (place[g, q] + month[q, t])
            for q in range(outcomes):
                out[d, q, w] = out[d, q, w] / cells if known and cells > 0 else np.nan


@_compiled
def _fit_groups(
    number: Floats, total: Floats, fitted: Flags, groups: int, kinds: int,
    matrix: Floats, place: Floats, present: Floats, month: Floats,
) -> bool:  # fmt: skip
    """Effects of places by group and of months, into `place` and `month`; False where they are not identified."""
    outcomes, months = month.shape
    present[:], month[:], place[:] = 0.0, 0.0, 0.0
    weight = np.zeros(groups)
    for g in range(groups):
        if number[g] < NOBODY:
            continue
        for t in range(months):
            if fitted[g, t]:
                weight[g] = number[g]
                present[t] += number[g]
                for q in range(outcomes):
                    month[q, t] += total[g, q, t]
        if weight[g] == 0 and g >= kinds:
            return False
    everyone = weight.sum()
    for g in range(groups):
        matrix[g, : g + 1] = 0.0
        if weight[g] == 0:
            matrix[g, g] = 1.0
            continue
        for t in range(months):
            if fitted[g, t]:
                share = weight[g] / present[t]
                matrix[g, g] += weight[g]
                for q in range(outcomes):
                    place[g, q] += total[g, q, t] - share * month[q, t]
                for h in range(g + 1):
                    if fitted[h, t]:
                        matrix[g, h] -= share * weight[h]
        for h in range(g + 1):  # ties the level: the places' effects sum to 0, which changes no fitted value
            matrix[g, h] += weight[g] * weight[h] / everyone
    if not _solve(matrix, place, groups):
        return False
    for t in range(months):
        for g in range(groups):
            if fitted[g, t] and weight[g] > 0:
                for q in range(outcomes):
                    month[q, t] -= weight[g] * place[g, q]
        for q in range(outcomes):
            month[q, t] = month[q, t] / present[t] if present[t] > NOBODY else 0.0
    return True


@_compiled
def _by_month(
    values: Floats, seen: Flags, comparison: Flags, weight: Floats, who: Integers, when: Integers, windows: Integers,
    base: int, out: Floats,
) -> None:  # fmt: skip
    """Solves for months: the matrix of all comparison places once, then only what treated places change."""
    outcomes, places, months = values.shape
    whole, matrix = np.zeros((months, months)), np.zeros((months, months))
    whole_right, right = np.zeros((months, outcomes)), np.zeros((months, outcomes))
    whole_present, present = np.zeros(months), np.zeros(months)
    cells = np.zeros(months, np.bool_)
    last_low, last_high = -1, -1
    for d in range(who.shape[0]):
        low, high = _span(when[d], windows, base, months)
        if low != last_low or high != last_high:
            last_low, last_high = low, high
            whole[:], whole_right[:], whole_present[:] = 0.0, 0.0, 0.0
            for i in range(places):
                if comparison[i]:
                    _cells(seen[i], low, high, cells)
                    _add(values[:, i], cells, float(weight[i]), whole, whole_right, whole_present)
        matrix[:], right[:], present[:] = whole, whole_right, whole_present
        identified = True
        for k in range(who.shape[1]):
            i, s = who[d, k], when[d, k]
            if comparison[i]:
                _cells(seen[i], low, high, cells)
                _add(values[:, i], cells, -float(weight[i]), matrix, right, present)
            _cells(seen[i], max(low, s - base) if base else low, min(high, s), cells)
            identified &= _add(values[:, i], cells, float(weight[i]), matrix, right, present)
        everyone = present.sum()
        for t in range(months):
            if present[t] < NOBODY:
                matrix[t, t] = 1.0
            for s in range(
                t + 1
            ):  # ties the level: the months' effects sum to 0, which changes no fitted value
                matrix[t, s] += present[t] * present[s] / everyone
        if not identified or not _solve(matrix, right, months):
            continue
        for w in range(windows.shape[0]):
            count, known = 0.0, True
            out[d, :, w] = 0.0
            for k in range(who.shape[1]):
                i, s = who[d, k], when[d, k]
                mine = 0.0
                for t in range(max(0, s + windows[w, 0]), min(months, s + windows[w, 1] + 1)):
                    if seen[i, t]:
                        mine += weight[i]
                        known &= present[t] > NOBODY
                        for q in range(outcomes):
                            out[d, q, w] += weight[i] * (values[q, i, t] - right[t, q])
                count += mine
                _cells(seen[i], max(low, s - base) if base else low, min(high, s), cells)
                fitted = cells.sum()
                for q in range(outcomes):
                    level = 0.0
                    for t in range(months):
                        if cells[t]:
                            level += values[q, i, t] - right[t, q]
                    out[d, q, w] -= mine * level / fitted
            for q in range(outcomes):
                out[d, q, w] = out[d, q, w] / count if known and count > 0 else np.nan


@_compiled
def _cells(seen: Flags, low: int, high: int, cells: Flags) -> None:
    """The observed months from `low` up to before `high`."""
    for t in range(seen.size):
        cells[t] = low <= t < high and seen[t]


@_compiled
def _add(values: Floats, cells: Flags, weight: float, matrix: Floats, right: Floats, present: Floats) -> bool:
    """Adds a place, or takes it away with a negative weight, its own effect taken out; False where it has no cells."""
    count = cells.sum()
    if count == 0:
        return False
    for q in range(values.shape[0]):
        mean = 0.0
        for t in range(cells.size):
            if cells[t]:
                mean += values[q, t]
        mean /= count
        for t in range(cells.size):
            if cells[t]:
                right[t, q] += weight * (values[q, t] - mean)
    share = weight / count
    for t in range(cells.size):
        if cells[t]:
            present[t] += weight
            matrix[t, t] += weight
            for s in range(t + 1):
                if cells[s]:
                    matrix[t, s] -= share
    return True


@_compiled
def _solve(matrix: Floats, right: Floats, size: int) -> bool:
    """Cholesky in place, lower half of `matrix`, then both substitutions into `right`; False where it is singular."""
    largest = 0.0
    for g in range(size):
        largest = max(largest, matrix[g, g])
    for g in range(size):
        for h in range(g + 1):
            rest = matrix[g, h]
            for k in range(h):
                rest -= matrix[g, k] * matrix[h, k]
            if g == h:
                if not rest > SINGULAR * largest:
                    return False
                matrix[g, g] = np.sqrt(rest)
            else:
                matrix[g, h] = rest / matrix[h, h]
    for q in range(right.shape[1]):
        for g in range(size):
            for k in range(g):
                right[g, q] -= matrix[g, k] * right[k, q]
            right[g, q] /= matrix[g, g]
        for g in range(size - 1, -1, -1):
            for k in range(g + 1, size):
                right[g, q] -= matrix[k, g] * right[k, q]
            right[g, q] /= matrix[g, g]
    return True
