"""The forecaster's constants, learnt from what came after many origins: a posterior mode with the covariance about it.

Of the logarithm of a count y of expected m = λ (constants and features as in `forecast.py`, T at one lead),

    r = ln(y + ½) − ln(m + ½),    r / √(s² q² + 1/(m + ½) + α q²) ~ Student t with 4 degrees of freedom,    q = m/(m + ½)

to first order. Each place weighs by its expected events, because what is missed is measured in events, and months that overlap, or places that
move together, are not as many observations as they are numbers: all of them together count as E. The constants minimise

    mean of weights · −ln density  +  1/(2E) Σ_k ((θ_k − prior_k)/sd_k)²

and their covariance is that of a normal with the same curvature: (E · Hessian)⁻¹. A constant that the record does not identify keeps its prior.
How places depend on each other is read off the errors of leads up to six years (`correlation_by_lead`, `dependence_of`).

Assumptions:
    1. The observation's dispersion α is a moment's: of second differences of three months in a row, less the share that the filter's own
       monthly step explains.
    2. To first order only: where the noise of counting is as large as s, v comes out too steep (tests/test_calibration.py simulates where it
       is not). On Mexico's record, counting three quarters of that noise moves v by a sixth of its posterior deviation and all others by less.
    3. E is chosen, not learnt: by the score of years left out (docs/validation-log.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from careo.model.counts import Floats, season_of, seasonal_exposure
from careo.model.forecast import (
    DEGREES,
    LEAST_VOLATILITY,
    LEVEL,
    VOLATILITY,
    Features,
    momentum_by_lead,
    near_and_far,
)

_NUDGE, _MOST_STEPS, _ENOUGH = 1e-4, 60, 1e-9
_LEVEL_STEP = 0.012
_FAR_OFF = 4.0
"""Standardised errors beyond it count as it: one outbreak is no proof that all places move together."""


@dataclass(frozen=True, eq=False)
class Cases:
    """What was known at many origins, and what came.

    Attributes:
        features: level, distance, own momentum, height, volatility [feature, origin, place]. national: [origin].
        exposure: with the season [origin, lead]. observed: NaN where not [events/month; origin, place, lead]. leads: months ahead [lead].
    """

    features: Floats
    national: Floats
    exposure: Floats
    observed: Floats
    leads: np.ndarray

    @property
    def weights(self) -> Floats:
        """Of each cell, mean 1 over those observed; 0 where nothing was [origin, place, lead]."""
        heavy = np.where(np.isnan(self.observed), 0.0, np.exp(self.features[0])[:, :, None])
        return heavy / heavy.sum() * (heavy > 0).sum()


@dataclass(frozen=True, eq=False)
class Calibrated:
    """The constants that a record speaks for.

    Attributes:
        mean: posterior mode [constant]. covariance: about it [constant, constant].
        learnt: the share of each prior variance that the record removed, 0 to 1 [constant].
        steepest: the largest slope left at the mode. steps: that it took.
    """

    mean: Floats
    covariance: Floats
    learnt: Floats
    steepest: float
    steps: int


def cases_of(known: Sequence[Features], ahead: Sequence[tuple[Floats, Floats]], leads: np.ndarray) -> Cases:
    """Cases from what was known and what followed.

    Args:
        known: what the history said at each origin; NaN of places that it did not know, whose outcomes then count for nothing.
        ahead: after each origin the exposure of months 1, 2, 3 … [month], and counts at `leads` [events/month; place, lead].
        leads: months after the origin [lead].
    """
    features, national, exposure = [], [], []
    for found, (length_ahead, _) in zip(known, ahead, strict=True):
        restless = np.log(found.volatility + LEAST_VOLATILITY) - VOLATILITY
        features.append([found.level, found.distance, found.momentum, found.level - LEVEL, restless])
        national.append(found.national)
        exposure.append(length_ahead[leads - 1] * np.exp(found.season[(leads - 1) % 12]))
    told = np.array(features).transpose(1, 0, 2)
    unknown = np.any(np.isnan(told), axis=0, keepdims=True)[0, :, :, None]
    observed = np.where(unknown, np.nan, np.array([came for _, came in ahead]))
    return Cases(told, np.array(national), np.array(exposure), observed, leads)


def fit_constants(
    cases: Cases, prior_mean: Floats, prior_sd: Floats, *, effective: float, dispersion: float
) -> Calibrated:
    """The posterior mode of the constants and the covariance about it.

    Args:
        cases: to learn from. prior_mean, prior_sd: of the constants [constant].
        effective: E, as how many independent observations all of them count. dispersion: α.

    Errors:
        ValueError: nothing was observed, or a prior without width.
    """
    if np.isnan(cases.observed).all():
        raise ValueError("no case has an outcome")
    if not (prior_sd > 0).all():
        raise ValueError("each prior needs a positive sd")
    posterior = _Posterior(cases, prior_mean, prior_sd, effective, dispersion)
    at, value, damping, steps = prior_mean.astype(np.float64), posterior.value(prior_mean), 1e-6, 0
    for _ in range(_MOST_STEPS):
        steps += 1
        slope, curvature = posterior.slope(at), posterior.curvature(at)
        if np.abs(slope * prior_sd).max() < _ENOUGH:
            break
        while damping < 1e9:
            step = np.linalg.solve(curvature + damping * np.diag(1.0 / prior_sd**2), slope)
            further = posterior.value(at - step)
            if further <= value:
                at, value, damping = at - step, further, max(damping / 10, 1e-9)
                break
            damping *= 10
    curvature = posterior.curvature(at)
    covariance = np.asarray(np.linalg.inv(effective * curvature), dtype=np.float64)
    return Calibrated(
        mean=at,
        covariance=np.asarray(covariance, dtype=np.float64),
        learnt=np.clip(1.0 - np.diag(covariance) / prior_sd**2, 0.0, 1.0),
        steepest=float(np.abs(posterior.slope(at) * prior_sd).max()),
        steps=steps,
    )


def correlation_by_lead(cases: Cases, constants: Floats) -> Floats:
    """How forecast errors of places correlate, each place weighing by its expected events and its spread; NaN where nothing was observed `[lead]`.

    Of standardised errors z and weights w, Σ_o [(Σ w z)² − Σ w² z²] / Σ_o [((Σ w)² − Σ w²) · mean z²], not less than 0 and not more than 1.
    """
    centre, spread = _centre_and_spread(cases, constants)
    expected = np.exp(centre) * cases.exposure[:, None, :]
    error = (np.log(cases.observed + 0.5) - np.log(expected + 0.5)) / np.exp(0.5 * spread)
    z = np.clip(np.where(np.isnan(error), 0.0, error), -_FAR_OFF, _FAR_OFF)
    weight = np.where(np.isnan(error), 0.0, np.exp(cases.features[0])[:, :, None] * np.exp(0.5 * spread))
    seen = np.maximum((weight > 0).sum(axis=1), 1)
    together = (weight * z).sum(axis=1) ** 2 - (weight**2 * z**2).sum(axis=1)
    possible = (weight.sum(axis=1) ** 2 - (weight**2).sum(axis=1)) * (z**2).sum(axis=1) / seen
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(together.sum(axis=0) / possible.sum(axis=0), 0.0, 1.0)


def dependence_of(correlation: Floats, leads: np.ndarray) -> tuple[float, float]:
    """ρ and τ of ρ (1 − e^(−h/τ)) nearest to correlations by lead in the mean square; τ one of 6 to 120 months.

    Errors:
        ValueError: fewer than two leads have a correlation.
    """
    known = ~np.isnan(correlation)
    if known.sum() < 2:
        raise ValueError("two leads are needed")
    best = (np.inf, 0.0, 1.0)
    for months in range(6, 121):
        shape = -np.expm1(-leads[known] / months)
        limit = float(np.clip((shape * correlation[known]).sum() / (shape**2).sum(), 0.0, 1.0))
        best = min(best, (float(((limit * shape - correlation[known]) ** 2).sum()), limit, float(months)))
    return best[1], best[2]


def dispersion_of(counts: Floats, exposure: Floats) -> float:
    """α of monthly counts about their intensity, at least 0: from second differences of three months in a row.

    E[(y_t − (y_t−1 + y_t+1)/2)²] = 3/2 (λ + α λ²) + ½ q λ², q the variance of the filter's monthly step; the ratio of sums over all places and
    months, so that places weigh by the square of their events.
    """
    rate = counts / seasonal_exposure(exposure, season_of(counts, exposure))
    bend = rate[:, 1:-1] - 0.5 * (rate[:, 2:] + rate[:, :-2])
    level = (rate[:, 1:-1] + rate[:, 2:] + rate[:, :-2]) / 3
    sound = ~np.isnan(bend)
    squares = np.where(sound, level, 0.0) ** 2
    if not squares.sum():
        return 0.0
    excess = np.where(sound, bend**2 - 1.5 * level, 0.0).sum() / squares.sum()
    return float(max((excess - 0.5 * _LEVEL_STEP) / 1.5, 0.0))


def _terms(cases: Cases) -> tuple[list[Floats], list[Floats]]:
    """What the constants but the first multiply, in ln λ and in ln s², each broadcast to `[origin, place, lead]`."""
    months = int(cases.leads.max())
    near, far = np.log(near_and_far(months))[:, cases.leads - 1]
    carried = momentum_by_lead(months)[cases.leads - 1]
    _, _, momentum, height, restless = cases.features[:, :, :, None]
    return [carried * cases.national[:, None, None], carried * momentum], [
        np.ones(1),
        near,
        far,
        height,
        restless,
    ]


def _centre_and_spread(cases: Cases, at: Floats) -> tuple[Floats, Floats]:
    """ln λ without exposure, and ln s², of `forecast.py` `[origin, place, lead]`."""
    level, distance = cases.features[:2, :, :, None]
    of_centre, of_spread = _terms(cases)
    centre = level + (1.0 - (1.0 / (1.0 + np.exp(-at[0]))) ** cases.leads) * distance
    for constant, term in zip(at[1:3], of_centre, strict=True):
        centre = centre + constant * term
    spread = np.zeros(1)
    for constant, term in zip(at[3:], of_spread, strict=True):
        spread = spread + constant * term
    return centre, spread


class _Posterior:
    """The objective of the module's equation, its slope and curvature."""

    def __init__(self, cases: Cases, mean: Floats, sd: Floats, effective: float, dispersion: float) -> None:
        self.mean, self.precision, self.dispersion = mean, 1.0 / (effective * sd**2), dispersion
        keep = ~np.isnan(cases.observed)
        self.weights = cases.weights[keep] / keep.sum()
        self.observed = cases.observed[keep]
        self.cases, self.keep = cases, keep
        self.moves_centre, self.moves_spread = (
            [self._cells(each) for each in terms] for terms in _terms(cases)
        )
        self.distance, self.lead = (
            self._cells(cases.features[1][:, :, None]),
            self._cells(cases.leads.astype(np.float64)),
        )
        self.exposure = self._cells(cases.exposure[:, None, :])

    def _cells(self, values: Floats) -> Floats:
        """Of the cells that were observed [cell]."""
        return np.broadcast_to(values, self.cases.observed.shape)[self.keep]

    def value(self, at: Floats) -> float:
        centre, spread = self._parts(at)
        prior = 0.5 * (self.precision * (at - self.mean) ** 2).sum()
        return float((self.weights * self._loss(centre, spread)).sum() + prior)

    def slope(self, at: Floats) -> Floats:
        """[constant]."""
        centre, spread = self._parts(at)
        by_centre = (self._loss(centre + _NUDGE, spread) - self._loss(centre - _NUDGE, spread)) / (2 * _NUDGE)
        by_spread = (self._loss(centre, spread + _NUDGE) - self._loss(centre, spread - _NUDGE)) / (2 * _NUDGE)
        kept = 1.0 / (1.0 + np.exp(-at[0]))
        back = -self.lead * kept**self.lead * (1.0 - kept) * self.distance
        moves = np.stack(
            [by_centre * each for each in (back, *self.moves_centre)]
            + [by_spread * each for each in self.moves_spread]
        )
        return (moves * self.weights).sum(axis=1) + self.precision * (at - self.mean)

    def curvature(self, at: Floats) -> Floats:
        """[constant, constant]."""
        many, nudge = len(at), 1e-3
        rows = [
            (self.slope(at + nudge * unit) - self.slope(at - nudge * unit)) / (2 * nudge)
            for unit in np.eye(many)
        ]
        return 0.5 * (np.array(rows) + np.array(rows).T)

    def _parts(self, at: Floats) -> tuple[Floats, Floats]:
        centre, spread = _centre_and_spread(self.cases, at)
        return self._cells(centre), self._cells(spread)

    def _loss(self, centre: Floats, spread: Floats) -> Floats:
        expected = np.exp(np.clip(centre, -20.0, 20.0)) * self.exposure
        share = expected / (expected + 0.5)
        missed = np.log(self.observed + 0.5) - np.log(expected + 0.5)
        variance = (np.exp(np.clip(spread, -30.0, 30.0)) + self.dispersion) * share**2 + 1.0 / (
            expected + 0.5
        )
        return 0.5 * (DEGREES + 1) * np.log1p(missed**2 / (DEGREES * variance)) + 0.5 * np.log(variance)
