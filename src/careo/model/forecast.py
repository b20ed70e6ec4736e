"""What is expected when nothing new is done: the laboratory's statistical part, a forecast of monthly counts by place.

Each place has a level that is filtered from its counts, returns slowly to where it was in the last seven years, and is carried on for a
while by the nation's and its own momentum; how far it may stray depends on the lead, the level and how restless the place has been. For
place i and lead h (months after the last one of the history)

    ln λ_i,h = min(x_i + (1 − κ^h)(x̄_i − x_i) + ψ_h (γ g + ω (x_i − x_i,−12)) + s_i,h T_i,h, ln ceiling_i) + ln A_h
    s_i,h    = exp ½[a + b ln(min(h, 14)/8) + f ln(max(h, 14)/14) + c (x_i − 3.3) + v (ln(w_i + .005) + 2.5)],     ψ_h = √(min(h, 14)/8)
    T_i,h    = √(4/χ²_i) · [√.85 · (√ρ_h N_h + √(1−ρ_h) E_i,h)/√h + √.15 · ε_i,h],     ρ_h = ρ (1 − e^(−h/τ))
    y_i,h    ~ negative binomial of mean λ and variance λ + α λ²

x is the filtered logarithm of events per unit of exposure A (days and season), x̄ its mean over 84 months, g the nation's change in a year,
w an exponentially weighted mean of (x_t − x_t−3)²; N and E_i are sums of h standard normals, one for the nation, one of each place, ε is
standard normal, χ² has 4 degrees of freedom: at each lead T is Student's t with 4 degrees of freedom, and over leads it is one path. κ, γ, ω, a, b, f, c, v are drawn once a draw from their joint law, a multivariate
normal that `careo calibrate` writes (κ by its logit).

    filter, each month:  P += .012;  λ = e^x A;  R = 1/(λ+.3) + .01;  r = ln((y+.5)/(λ+.5)) if λ > 4 else (y+.3)/(λ+.3) − 1, within ±2.5 √(P+R);
                         K = P/(P+R);  x += K r;  P ← P (1−K);    a month not observed only adds to P.

A place that lags, whose newest months were not observed, stands where it stood when it was last seen: x, x̄, w and its own momentum are those
of that month, and its leads count from it. What it did not report lies on the same path as what follows, so that it can be shown (`before`).

Assumptions:
    1. Momentum grows to lead 14 and stays: a year's rise is not carried on for six years.
    2. Beyond lead 14 the spread grows with the slope f, not b: with it 92 to 86% of what came 24 to 72 months after 26 origins of 1997 to
       2009 lay inside the 90% interval in Mexico's states, with b alone 91 to 83%.
    3. What places do together shows slowly: forecast errors of Mexico's states correlate by .06 at 3 to 6 months and by .44 at 60 and more
       (`careo calibrate` prints them).
       A forecast of one place does not depend on it.
    4. Ceiling: an exponential of a Student t has no mean, so intensities stop at 5 times the largest month of the last 240 plus 50.
    5. No drift in the median of a place beyond momentum and return, so the mean of a place and the nation's sum drift upwards with the
       spread: that leaves comparisons under the same luck alone but not the level of a far year.

Sources:
    Model R of careo's forecasting protocol (filter, volatility, mean, scale, dependence, and the first values of the constants).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model.counts import Floats, ceiling_of, checked_history, season_of, seasonal_exposure
from careo.model.lanes import normals
from careo.model.luck import WORD_LIMIT, Luck, Process, uniform

CONSTANTS = (
    "reversion", "national_momentum", "own_momentum", "spread", "spread_by_lead", "spread_by_far_lead", "spread_by_level", "spread_by_volatility",
)  # fmt: skip
"""Names of κ (its logit), γ, ω, a, b, f, c, v, in the order of every array of constants."""
DEGREES = 4.0
"""Of freedom of the shocks."""
NEAR, FAR = 8.0, 14.0
"""Leads [months]: the one at which the spread is a, and the last one at which it grows with b, and momentum at all."""
LEVEL, VOLATILITY, LEAST_VOLATILITY = 3.3, -2.5, 0.005
"""About which level and logarithm of volatility the spread is written."""

_LONG, _YEAR, _QUARTER = 84, 12, 3
_STEP, _NOISE, _CLIP, _START, _FIRST = 0.012, 0.01, 2.5, 0.3, 12
_KEPT, _FIRST_CHANGES = 0.97, 60
_OWN_NOISE = 0.15
_LARGEST_CONSTANT, _LARGEST_FACTOR, _LARGEST_DISPERSION = 20.0, 2.0, 10.0

_SHOCK, _SCALE, _NATION = int(Process.LEVEL_SHOCK), int(Process.LEVEL_SCALE), int(Process.NATIONAL_FACTOR)
_MONTH, _CONSTANT = int(Process.LEVEL_NOISE), int(Process.FORECAST_CONSTANT)


@dataclass(frozen=True, eq=False)
class Constants:
    """What is the same for all places of a country, as a joint law.

    Attributes:
        mean: of the constants, in the order of `CONSTANTS` `[constant]`.
        factor: lower triangular, factor · factorᵀ is their covariance; zeros: they are not drawn `[constant, constant]`.
        dispersion: α of the observation law.
        dependence: ρ, the correlation between places that far leads come near to. dependence_months: τ, in which it comes.
    """

    mean: np.ndarray
    factor: np.ndarray
    dispersion: float
    dependence: float
    dependence_months: float

    def sound(self) -> bool:
        """Whether these can be constants at all: what was read from a file may be anything, and no shock may overflow."""
        many = len(CONSTANTS)
        fit = self.mean.shape == (many,) and self.factor.shape == (many, many)
        return bool(
            fit
            and (np.abs(self.mean) <= _LARGEST_CONSTANT).all()
            and (np.abs(self.factor) <= _LARGEST_FACTOR).all()
            and not np.triu(self.factor, 1).any()
            and 0.0 <= self.dispersion <= _LARGEST_DISPERSION
            and 0.0 <= self.dependence <= 1.0
            and 0.0 < self.dependence_months < np.inf
        )


@dataclass(frozen=True, eq=False)
class Features:
    """What a history says of each place at the last month that was observed of it.

    Attributes:
        level: x, logarithm of events per unit of exposure `[ln events/month; place]`.
        distance: x̄ − x `[place]`. momentum: x − x twelve months before `[place]`. volatility: w `[place]`.
        national: g, the nation's change in a year. season: as of `counts.season_of` `[12]`.
        lag: months since it was last observed, 0 for the last one of the history `[place]`.
    """

    level: Floats
    distance: Floats
    momentum: Floats
    volatility: Floats
    national: float
    season: Floats
    lag: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Baseline:
    """A forecast before luck: what was learnt from a history of counts, and the country's constants.

    Attributes:
        features: of the history. constants: of the country.
        ceiling: most events per unit of exposure `[events/month; place]`.
        places: their numbers in addresses of luck `[place]`.
    """

    features: Features
    constants: Constants
    ceiling: Floats
    places: NDArray[np.int64]

    @property
    def level(self) -> Floats:
        """`features.level`."""
        return self.features.level


def fit(
    counts: Floats,
    exposure: Floats,
    constants: Constants,
    *,
    places: NDArray[np.int64] | None = None,
    seasonal: bool = True,
) -> Baseline:
    """Learns where every place stands.

    Args:
        counts: Events, NaN where not observed `[events/month; place, month]`.
        exposure: Length of each month, 1 for one of 30.4375 days `[month]`.
        constants: Of the country.
        places: Each place's own number in addresses of luck; 0, 1, 2 … when not given `[place]`.
        seasonal: Whether calendar months differ in exposure beyond their days; learnt from the total of all places.

    Errors:
        ValueError: as of `counts.checked_history`.
    """
    counts, exposure, numbers = checked_history(counts, exposure, places)
    season = season_of(counts, exposure) if seasonal else np.zeros(12)
    return Baseline(features_of(counts, exposure, season), constants, ceiling_of(counts), numbers)


def features_of(counts: Floats, exposure: Floats, season: Floats) -> Features:
    """What a history says of each place at the last month that was observed of it; arguments as of `fit`."""
    seasonal = seasonal_exposure(exposure, season)
    levels, lag = filtered_levels(counts, seasonal), months_unobserved(counts)
    distance, momentum, volatility = (np.empty(len(counts)) for _ in range(3))
    for months in np.unique(lag):
        late = lag == months
        seen = levels[late, : levels.shape[1] - months]
        last = seen[:, -1]
        distance[late] = seen[:, -_LONG:].mean(axis=1) - last
        momentum[late] = last - seen[:, -1 - _YEAR] if seen.shape[1] > _YEAR else 0.0
        volatility[late] = _volatility(seen)
    return Features(
        level=levels[:, -1],
        distance=distance,
        momentum=momentum,
        volatility=volatility,
        national=_national_momentum(counts, seasonal),
        season=season,
        lag=lag,
    )


def months_unobserved(counts: Floats) -> NDArray[np.int64]:
    """How many months at the end of a history were not observed `[months; place]`."""
    return np.argmax(~np.isnan(counts[:, ::-1]), axis=1)


def filtered_levels(counts: Floats, exposure: Floats) -> Floats:
    """x of the module's filter at every month `[ln events/month; place, month]`."""
    seen = ~np.isnan(counts)
    level = np.log(_first_mean(counts, seen) + 0.5)
    variance = np.full(len(counts), _START)
    levels = np.empty(counts.shape)
    for t in range(counts.shape[1]):
        variance = variance + _STEP
        expected = np.exp(level) * exposure[t]
        noise = 1.0 / (expected + 0.3) + _NOISE
        y = np.where(seen[:, t], counts[:, t], expected)
        surprise = np.where(
            expected > 4.0, np.log((y + 0.5) / (expected + 0.5)), (y + 0.3) / (expected + 0.3) - 1.0
        )
        most = _CLIP * np.sqrt(variance + noise)
        gain = np.where(seen[:, t], variance / (variance + noise), 0.0)
        level = level + gain * np.clip(surprise, -most, most)
        variance = variance * (1.0 - gain)
        levels[:, t] = level
    return levels


def log_intensities(
    baseline: Baseline,
    luck: Luck,
    exposure: Floats,
    *,
    draws: int,
    first_draw: int = 0,
    first_month: int = 0,
    before: Floats | None = None,
) -> Floats:
    """Logarithms of the expected counts of the months after the history, one path for each place and draw.

    Args:
        baseline: As fitted.
        luck: The luck of the run.
        exposure: Length of each month ahead, the first one right after the history, 1 for 30.4375 days `[month]`.
        draws, first_draw: Which draws: a block is a slice of the whole.
        first_month: The number of the first month ahead in addresses of luck.
        before: Length of the last months of the history, which are to be given, too, for places that did not report them `[month]`.

    Returns:
        `[ln events/month; place, month, draw]`, those `before` first; finite, but NaN in months that were observed.
    """
    exposure = np.asarray(exposure, dtype=np.float64)
    if exposure.ndim != 1 or not (exposure > 0).all():
        raise ValueError("exposure must be one positive number for each month ahead")
    found, constants = baseline.features, baseline.constants
    past = 0 if before is None else len(before)
    whole = exposure if before is None else np.concatenate([before, exposure])
    offset = np.log(whole) + found.season[(np.arange(len(whole)) - past) % 12]
    leads = len(exposure) + int(found.lag.max(initial=0))
    of_place = np.stack(
        [
            found.level,
            found.distance,
            found.momentum,
            found.level - LEVEL,
            np.log(found.volatility + LEAST_VOLATILITY) - VOLATILITY,
            np.log(baseline.ceiling),
        ]
    )
    out = np.full((len(found.level), len(whole), draws), np.nan)
    mean, factor = (np.require(each, requirements=("C", "W")) for each in (constants.mean, constants.factor))
    _paths(
        np.uint64(luck.seed), baseline.places, found.lag, first_month, first_draw, of_place, found.national,
        dependence_by_lead(constants, leads), mean, factor, momentum_by_lead(leads), np.log(near_and_far(leads)), offset,
        past, out,
    )  # fmt: skip
    return out


def momentum_by_lead(months: int) -> Floats:
    """ψ of the module's equation at leads 1 … months `[lead]`."""
    return np.sqrt(np.minimum(np.arange(1, months + 1), FAR) / NEAR)


def near_and_far(months: int) -> Floats:
    """min(h, 14)/8 and max(h, 14)/14 at leads 1 … months `[2, lead]`."""
    leads = np.arange(1.0, months + 1)
    return np.stack([np.minimum(leads, FAR) / NEAR, np.maximum(leads, FAR) / FAR])


def dependence_by_lead(constants: Constants, months: int) -> Floats:
    """ρ_h of the module's equation at leads 1 … months `[lead]`."""
    return constants.dependence * -np.expm1(-np.arange(1, months + 1) / constants.dependence_months)


@njit(cache=True, nogil=True)
def _paths(
    seed, places, lag, first_month, first_draw, of_place, national, dependence, mean, factor, momentum, leads, offset, past, out
):  # pyright: ignore # fmt: skip
    draws, farthest = out.shape[2], len(momentum)
    ahead, oldest = out.shape[1] - past, farthest - (out.shape[1] - past)
    monthly = np.sqrt(_OWN_NOISE)
    constants = _drawn_constants(seed, first_draw, mean, factor, draws)
    returned, growth = np.empty((farthest, draws)), np.empty((farthest, draws))
    for d in range(draws):
        kept, each = 1.0, 1.0 / (1.0 + np.exp(-constants[0, d]))
        for h in range(farthest):
            kept *= each
            returned[h, d] = 1.0 - kept
            growth[h, d] = np.exp(0.5 * (constants[4, d] * leads[0, h] + constants[5, d] * leads[1, h]))
    # Months are counted from the first one ahead; those of the history have the addresses below it.
    nation, earlier, step = np.empty((ahead, draws)), np.zeros((oldest + 1, draws)), np.empty(draws)
    for h in range(ahead):
        normals(seed, _NATION, first_month + h, 0, first_draw, nation[h])
        if h:
            nation[h] += nation[h - 1]
    for back in range(1, oldest + 1):
        normals(seed, _NATION, (first_month - back) % WORD_LIMIT, 0, first_draw, step)
        earlier[back] = earlier[back - 1] + step
    size, walk, noise, together = np.empty(draws), np.empty(draws), np.empty(draws), np.empty(draws)
    for i in range(out.shape[0]):
        level, distance, own_change, height, volatility, ceiling = of_place[:, i]
        for d in range(draws):
            spread = np.exp(0.5 * (constants[3, d] + constants[6, d] * height + constants[7, d] * volatility))
            size[d] = spread * np.sqrt(DEGREES / _chi_square(seed, first_month, places[i], first_draw + d))
            walk[d] = 0.0
        for month in range(-lag[i], ahead):
            address, h = (first_month + month) % WORD_LIMIT, month + lag[i]
            normals(seed, _SHOCK, address, places[i], first_draw, step)
            normals(seed, _MONTH, address, places[i], first_draw, noise)
            shared = np.sqrt(dependence[h] * (1.0 - _OWN_NOISE) / (h + 1.0))
            own = np.sqrt((1.0 - dependence[h]) * (1.0 - _OWN_NOISE) / (h + 1.0))
            if month < 0:
                together[:] = earlier[lag[i]] - earlier[-1 - month]
            else:
                together[:] = nation[month] + earlier[lag[i]]
            for d in range(draws):
                walk[d] += step[d]
                if month < -past:
                    continue
                carried = momentum[h] * (constants[1, d] * national + constants[2, d] * own_change)
                shock = size[d] * growth[h, d] * (shared * together[d] + own * walk[d] + monthly * noise[d])
                expected = min(level + returned[h, d] * distance + carried + shock, ceiling)
                out[i, past + month, d] = expected + offset[past + month]


@njit(cache=True, nogil=True)
def _drawn_constants(seed, first_draw, mean, factor, draws):  # pyright: ignore
    """The constants of consecutive draws [constant, draw]."""
    many = len(mean)
    luck, out = np.empty((many, draws)), np.empty((many, draws))
    for k in range(many):
        normals(seed, _CONSTANT, k, 0, first_draw, luck[k])
    for k in range(many):
        for d in range(draws):
            out[k, d] = mean[k]
            for j in range(k + 1):
                out[k, d] += factor[k, j] * luck[j, d]
    return out


@njit(cache=True, nogil=True)
def _chi_square(seed, month, place, draw):  # pyright: ignore
    """χ² with 4 degrees of freedom: two exponentials, of 2 degrees each."""
    first = uniform(seed, _SCALE, month, place, draw)
    second = uniform(seed, _SCALE, month + 1, place, draw)
    return -2.0 * np.log(first * second)


def _first_mean(counts: Floats, seen: NDArray[np.bool_]) -> Floats:
    """The mean of each place's first twelve observed months `[events/month; place]`."""
    early = seen & (seen.cumsum(axis=1) <= _FIRST)
    return np.where(early, counts, 0.0).sum(axis=1) / early.sum(axis=1)


def _volatility(levels: Floats) -> Floats:
    """w of the module's equation `[place]`; 0 where the history is shorter than four months."""
    squares = (levels[:, _QUARTER:] - levels[:, :-_QUARTER]) ** 2
    if not squares.shape[1]:
        return np.zeros(len(levels))
    found = squares[:, :_FIRST_CHANGES].mean(axis=1)
    for t in range(squares.shape[1]):
        found = _KEPT * found + (1.0 - _KEPT) * squares[:, t]
    return found


def _national_momentum(counts: Floats, exposure: Floats) -> float:
    """g at the last month that half of the places observed: a few early reports are not the nation.

    Logarithm of three months' total over that of the same months a year before, of places that observed all six; 0 if none.
    """
    last = np.flatnonzero(2 * (~np.isnan(counts)).sum(axis=0) >= len(counts))
    end = int(last[-1]) + 1 if last.size else 0
    if end < _YEAR + _QUARTER:
        return 0.0
    now, then = slice(end - _QUARTER, end), slice(end - _YEAR - _QUARTER, end - _YEAR)
    both = ~np.isnan(counts[:, now]).any(axis=1) & ~np.isnan(counts[:, then]).any(axis=1)
    above, below = (np.sort(counts[both, span].sum(axis=1)).sum() for span in (now, then))
    if not above or not below:
        return 0.0
    return float(np.log(above / exposure[now].sum()) - np.log(below / exposure[then].sum()))
