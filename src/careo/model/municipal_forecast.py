"""Monthly counts of municipalities, most of them small: a gamma-Poisson filter of each place, carried on under shocks that places share.

For place i, month t, exposure A (its days) and lead h (months after the last one of the history)

    level_i,t  ~ Gamma(a_i, b_i)                                 [events a month of 30.4375 days]
    each month   k = 1/(1 + φ a);  a ← k a + y;  b ← k b + A     a month not observed only forgets: a ← k a, b ← k b
    start        a = α, b = α / m                                m: events per place and month in the place's state
    λ_i,h      = min(level_i · exp(√(v/8) · √(3/χ²_i) · W_i,h), ceiling_i) · A_h
    W_i,h      = Σ_k≤h [√ρ_n n_k + √ρ_s s_k + √(1−ρ_n−ρ_s) e_i,k]
    y_i,h      ~ Poisson(λ_i,h)

n, s and e are standard normals of the nation, of the state and of the place, χ² has 5 degrees of freedom: at lead h the logarithm of the level
moves by Student's t with 5 degrees of freedom and variance v h/8. Without shocks a month is negative binomial with mean A a/b and shape a.

v is learnt from the history itself: the mode of its posterior under a log-normal law about v0, given how well the filter's states at every
third of the last 24 months would have told the months 3 to 8 ahead of them. As those months overlap and share shocks, all of them
together weigh no more than as many as do not overlap (one in 8 months) would. It is never above v0: a rise that all places share would be
taken for the restlessness of each.

φ forgets in proportion to what is known: a place with 20 events a month is remembered for some two months, one with an event in five years for
longer than any record. So large places follow their last months and small ones keep their long mean, without a threshold.

Assumptions:
    1. Forgetting keeps the mean and lowers the shape, so a level that was not seen for long is the same and less sure.
    2. A place starts at its state's mean with the weight of α events: that is all that is said of a place without an event.
    3. The level is drawn once for all months of a draw, so a place's year is as uncertain as its level is. A month's own forecast does not
       depend on that, nor on ρ; sums over months, states and the nation do.
    4. No season beyond the days of months: a few events a year show none.
    5. Nothing pulls a level back or carries its momentum on, and a state's rise does not lift its quiet places. All three were tried
       (benchmarks/NOTES.md).
    6. Ceiling: an exponential of a Student t has no mean, so intensities stop at 5 times the largest month of the last 240 plus 50.
    7. v is the same for all places and leads: one country, one restlessness.

Sources:
    Filter, φ, v0 and the 5 degrees of freedom: point 8 of the reference model of careo's forecasting protocol. The discounted gamma-Poisson
    filter: West & Harrison (1997), Bayesian Forecasting and Dynamic Models, §10, doi:10.1007/b98971; Harvey & Fernandes (1989), Time
    series models for count or qualitative observations, doi:10.1080/07350015.1989.10509750 (there k is the same for all places).
    α and ρ: chosen on months of 2007 and 2008, `benchmarks/NOTES.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model.counts import chi_square_of_5
from careo.model.lanes import exp_of, normals, score_of
from careo.model.luck import Luck, Process, uniform, uniform_pair
from careo.model.quantiles import gamma_quantile, normal_quantile, poisson_quantile
from careo.model.student_t import student_t_quantile

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

CEILING_TIMES, CEILING_PLUS, CEILING_MONTHS = 5.0, 50.0, 240
_VARIANCE_LEAD = 8.0
_BACK, _EVERY, _SETTLED = 24, 3, 14
"""Months back, every so many, that v is learnt from; the filter is not asked before its month 14."""
_LEADS, _NEAREST = range(3, 9), 3
_TRIED = np.exp(np.linspace(np.log(1 / 32), np.log(8.0), 17))
"""Of v0."""
_PARTS = 21
_FAR_TAIL = 1e-9  # where the quick quantile of the normal may give up

_SHOCK, _SCALE, _LEVEL = int(Process.LOCAL_SHOCK), int(Process.LOCAL_SCALE), int(Process.LOCAL_LEVEL)
_STATE, _NATION = int(Process.LOCAL_STATE), int(Process.LOCAL_NATION)


@dataclass(frozen=True)
class LocalLaw:
    """What is the same for all places.

    Attributes:
        forgetting: φ. start: α.
        variance: v0, the most that the logarithm of a level's change in 8 months may vary. variance_sd: of ln v about ln v0 before the
            history is seen; 0: v is v0.
        nation, state: ρ_n and ρ_s, the parts of that variance that all places, and all places of a state, have in common.
    """

    forgetting: float = 0.01
    start: float = 0.3
    variance: float = 0.5
    variance_sd: float = 1.0
    nation: float = 0.1
    state: float = 0.2


LAW = LocalLaw()


@dataclass(frozen=True, eq=False)
class LocalLevels:
    """Where every place stands at the last month of a history.

    Attributes:
        shape: a `[events; place]`. rate: b `[months; place]`. ceiling: `[events/month; place]`.
        variance: v.
        places, states: the numbers of each place and of its state in addresses of luck `[place]`.
        law: of all places.
    """

    shape: Floats
    rate: Floats
    ceiling: Floats
    variance: float
    places: Numbers
    states: Numbers
    law: LocalLaw


def fit(
    counts: Floats,
    exposure: Floats,
    *,
    states: Numbers,
    places: Numbers | None = None,
    law: LocalLaw = LAW,
) -> LocalLevels:
    """Filters the level of every place.

    Args:
        counts: Events, NaN where not observed `[events/month; place, month]`; months before a place was first observed say nothing.
        exposure: Length of each month, 1 for one of 30.4375 days `[month]`.
        states: The number of each place's state, as in addresses of luck `[place]`.
        places: Each place's own number in addresses of luck; 0, 1, 2 … when not given `[place]`.
        law: Of all places.

    Errors:
        ValueError: shapes that do not fit, counts that are negative or infinite, exposure that is not positive, a place without an observed
            month, two places of one number, parts of the variance that are negative or exceed it.
    """
    counts, exposure = np.asarray(counts, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    of = np.asarray(states, dtype=np.int64)
    numbers = np.arange(len(counts)) if places is None else np.asarray(places, dtype=np.int64)
    _refuse_odd(counts, exposure, of, numbers)
    _refuse_odd_law(law)
    seen = ~np.isnan(counts)
    mean = _state_means(np.where(seen, counts, 0.0), np.where(seen, exposure, 0.0), of)
    shape, rate = np.empty(counts.shape), np.empty(counts.shape)
    _filtered(counts, exposure, law.forgetting, law.start, law.start / mean, shape, rate)
    ceiling = CEILING_TIMES * np.where(seen, counts, 0.0)[:, -CEILING_MONTHS:].max(axis=1) + CEILING_PLUS
    variance = _variance(counts, exposure, shape, rate, law)
    return LocalLevels(shape[:, -1].copy(), rate[:, -1].copy(), ceiling, variance, numbers, of, law)


def sample(
    levels: LocalLevels,
    luck: Luck,
    exposure: Floats,
    *,
    rows: slice | NDArray[np.integer] = slice(None),
    draws: int,
    first_draw: int = 0,
    first_month: int = 0,
) -> NDArray[np.int32]:
    """Counts of the months after the history; a block of places or draws is a slice of the whole.

    Args:
        levels: As filtered.
        luck: The luck of the run.
        exposure: Length of each month ahead, the first one right after the history, 1 for 30.4375 days `[month]`.
        rows: Which places: a slice or their positions, so that thousands need not be held at once.
        draws, first_draw: Which draws.
        first_month: The number of the first month ahead in addresses of luck.

    Returns:
        `[events/month; place, month, draw]`.
    """
    ahead = np.asarray(exposure, dtype=np.float64)
    if ahead.ndim != 1 or not (np.isfinite(ahead) & (ahead > 0)).all():
        raise ValueError("exposure must be one positive number for each month ahead")
    shape, states = levels.shape[rows], levels.states[rows]
    law, out = levels.law, np.empty((len(shape), len(ahead), draws), dtype=np.int32)
    numbers, at = np.unique(states, return_inverse=True)
    common = np.empty((len(numbers), len(ahead), draws))
    _common(np.uint64(luck.seed), numbers, first_month, first_draw, law.nation, law.state, common)
    _sampled(
        np.uint64(luck.seed), levels.places[rows], first_month, first_draw, shape, levels.rate[rows], levels.ceiling[rows],
        ahead, np.sqrt(levels.variance / _VARIANCE_LEAD), np.sqrt(1.0 - law.nation - law.state), common, at.astype(np.int64), out,
    )  # fmt: skip
    return out


@njit(cache=True, nogil=True)
def _filtered(counts, exposure, forgetting, start, start_rate, shape, rate):  # pyright: ignore
    """Shape and rate of every place after every month `[place, month]`."""
    for i in range(counts.shape[0]):
        a, b, begun = start, start_rate[i], False
        for t in range(counts.shape[1]):
            y = counts[i, t]
            if y == y:
                begun = True
            if begun:
                kept = 1.0 / (1.0 + forgetting * a)
                a, b = kept * a, kept * b
            if y == y:
                a, b = a + y, b + exposure[t]
            shape[i, t], rate[i, t] = a, b


@njit(cache=True, nogil=True)
def _common(seed, states, first_month, first_draw, nation, state, out):  # pyright: ignore
    """What the places of each state have in common of W, month by month `[state, month, draw]`."""
    of_nation, of_state = np.empty(out.shape[2]), np.empty(out.shape[2])
    shared, own = np.sqrt(nation), np.sqrt(state)
    for h in range(out.shape[1]):
        normals(seed, _NATION, first_month + h, 0, first_draw, of_nation)
        for s in range(out.shape[0]):
            normals(seed, _STATE, first_month + h, states[s], first_draw, of_state)
            for d in range(out.shape[2]):
                out[s, h, d] = shared * of_nation[d] + own * of_state[d]


@njit(cache=True, nogil=True)
def _sampled(seed, places, first_month, first_draw, shape, rate, ceiling, ahead, step, own, common, at, out):  # pyright: ignore
    draws = out.shape[2]
    level, reach, walk, noise, luck = (
        np.empty(draws),
        np.empty(draws),
        np.empty(draws),
        np.empty(draws),
        np.empty(draws),
    )
    for i in range(out.shape[0]):
        for d in range(draws):
            draw = first_draw + d
            level[d] = gamma_quantile(uniform(seed, _LEVEL, first_month, places[i], draw), shape[i]) / rate[i]
            reach[d] = step * np.sqrt(3.0 / chi_square_of_5(seed, _SCALE, first_month, places[i], draw))
            walk[d] = 0.0
        for h in range(out.shape[1]):
            for d in range(draws):
                noise[d], luck[d] = uniform_pair(seed, _SHOCK, first_month + h, places[i], first_draw + d)
            for d in range(draws):  # one loop of arithmetic alone, so that it becomes vector instructions
                z = score_of(noise[d], 1.0 - noise[d])
                walk[d] += common[at[i], h, d] + own * (z if z == z else 0.0)
            for d in range(draws):
                if min(noise[d], 1.0 - noise[d]) < _FAR_TAIL:
                    z = score_of(noise[d], 1.0 - noise[d])
                    walk[d] += own * normal_quantile(noise[d]) if z != z else 0.0
            for d in range(draws):
                noise[d] = min(level[d] * exp_of(reach[d] * walk[d]), ceiling[i]) * ahead[h]
            for d in range(draws):
                out[i, h, d] = poisson_quantile(luck[d], noise[d])


def _variance(counts: Floats, exposure: Floats, shape: Floats, rate: Floats, law: LocalLaw) -> float:
    """v, as the module says; v0 where the history is too short to tell."""
    months = counts.shape[1]
    first = max(months - 1 - _BACK, _SETTLED)
    pairs = [(o, h) for o in range(first, months - _NEAREST, _EVERY) for h in _LEADS if o + h < months]
    if not pairs or law.variance_sd == 0.0 or law.variance == 0.0:
        return law.variance
    fits = np.empty((len(_TRIED), len(counts)))
    origins, leads = (np.array(each, dtype=np.int64) for each in zip(*pairs, strict=True))
    cells = np.ascontiguousarray(counts)
    _fits(cells, exposure, shape, rate, origins, leads, _TRIED * law.variance, _PARTS, fits)
    weight = (months - 1 - first) / _VARIANCE_LEAD / len(pairs)
    logs = np.log(_TRIED)
    told = weight * np.sort(fits, axis=1).sum(axis=1) - 0.5 * (logs / law.variance_sd) ** 2
    best = int(np.clip(told.argmax(), 1, len(told) - 2))
    before, here, after = told[best - 1 : best + 2]
    # The top of a parabola through three points that are evenly spaced.
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else float(np.sign(after - before))
    mode = logs[best] + np.clip(shift, -1.0, 1.0) * (logs[1] - logs[0])
    return law.variance * float(np.exp(min(mode, 0.0)))


@njit(cache=True, nogil=True)
def _fits(counts, exposure, shape, rate, origins, leads, tried, parts, out):  # pyright: ignore
    """Log likelihood of each place's months under each variance, up to what all variances share `[variance, place]`.

    Student's t stands for so many equal parts of it.
    """
    nodes, logs = np.empty(parts), np.empty(parts)
    for n in range(parts):
        nodes[n] = np.sqrt(0.6) * student_t_quantile((n + 0.5) / parts, 5.0)
    for i in range(counts.shape[0]):
        for j in range(len(tried)):
            out[j, i] = 0.0
        for k in range(len(origins)):
            month = origins[k] + leads[k]
            y, a = counts[i, month], shape[i, origins[k]]
            if np.isnan(y):
                continue
            middle = a / rate[i, origins[k]] * exposure[month]
            for j in range(len(tried)):
                step, chance = np.sqrt(tried[j] * leads[k] / _VARIANCE_LEAD), 0.0
                for n in range(parts):
                    moved = step * nodes[n]
                    logs[n] = y * moved - (y + a) * np.log((a + middle * np.exp(moved)) / (a + middle))
                top = logs.max()
                for n in range(parts):
                    chance += np.exp(logs[n] - top)
                out[j, i] += top + np.log(chance / parts)


def _state_means(counts: Floats, exposure: Floats, states: Numbers) -> Floats:
    """Events per unit of exposure in each place's state, half an event added `[events/month; place]`.

    Sums of sorted numbers: the same to the last bit in whatever order places stand.
    """
    numbers, at = np.unique(states, return_inverse=True)
    events, length = counts.sum(axis=1), np.sort(exposure, axis=1).sum(axis=1)
    sums = [(np.sort(events[at == s]).sum(), np.sort(length[at == s]).sum()) for s in range(len(numbers))]
    return np.array([(total + 0.5) / months for total, months in sums])[at]


def _refuse_odd(counts: Floats, exposure: Floats, states: Numbers, places: Numbers) -> None:
    if counts.ndim != 2 or exposure.shape != counts.shape[1:]:
        raise ValueError(f"counts {counts.shape} must be [place, month], exposure {exposure.shape} [month]")
    if states.shape != counts.shape[:1]:
        raise ValueError(f"{len(counts)} places need as many numbers of states, not {states.shape}")
    if places.shape != counts.shape[:1] or len(np.unique(places)) != len(places):
        raise ValueError(f"{len(counts)} places need as many different numbers")
    if np.isinf(counts).any() or (counts < 0).any():
        raise ValueError("counts must be finite and not negative; NaN where not observed")
    if not ((exposure > 0) & np.isfinite(exposure)).all():
        raise ValueError("exposure must be positive")
    unseen = np.flatnonzero(np.isnan(counts).all(axis=1))
    if unseen.size:
        raise ValueError(f"rows {unseen[:10].tolist()} have no observed month")


def _refuse_odd_law(law: LocalLaw) -> None:
    if not (law.forgetting >= 0 and law.variance >= 0 and law.variance_sd >= 0 and law.start > 0):
        raise ValueError("forgetting and variance must not be negative, and the start must be positive")
    if not (law.nation >= 0 and law.state >= 0 and law.nation + law.state <= 1):
        raise ValueError("the parts of the variance in common must lie between 0 and 1, together too")
