"""Difference-in-differences by imputation, for three treated places or more.

    y_i,t = a_i + b_t + e_i,t on untreated cells;   effect = mean over treated cells of a window of  y_i,t − â_i − b̂_t

with effects of places and months from cells that were never or not yet treated; p by drawing the treated places again among all places that
could have been treated (`careo.model.randomisation`), never from standard errors of a few clusters. Beside it the same with a base of twelve
months, on the other scale, and among comparable places only, and two-way fixed effects. The checks stand in `difference_checks.py`; what
others' estimators say, in `other_estimators.py`.

Assumptions:
    1. Without the measure treated and comparison places would have moved in parallel on the chosen scale.
    2. Which of the places at risk were treated says nothing of where they were heading: what the checks are there to doubt.
    3. No anticipation, and no effect on comparison places.
    4. Dose is not used: an effect is that of being treated at the doses there were. An effect per dose would take its proportion for granted,
       which no check here could doubt, and where every place had some (a contrast) the places compared with would need theirs, too.

Sources:
    Borusyak, Jaravel & Spiess (2024), Revisiting event-study designs, RES 91(6), doi:10.1093/restud/rdae007;
    Bertrand, Duflo & Mullainathan (2004), QJE 119(1), doi:10.1162/003355304772839588 (why not conventional standard errors);
    Roth (2022), Pretest with caution, American Economic Review: Insights 4(3), doi:10.1257/aeri.20210236 (why leads alone are no gate).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careo.model.imputation import many_event_studies, prepare, two_way
from careo.model.randomisation import Randomised, assignments, randomise, within
from careo.results.designs.difference_checks import checks
from careo.results.designs.setting import LOG, RATE, Estimate, Setting
from careo.results.designs.trials import BASE, MOST_DRAWS, comparable, neighbouring, who

__all__ = ["EventStudy", "checks", "estimate", "event_study", "neighbour_estimates"]

Floats = NDArray[np.float64]

LEVEL = 0.90
LEADS, LAGS = 24, 24
FEWEST_NEIGHBOURS = 3


@dataclass(frozen=True, eq=False)
class EventStudy:
    """Effects month by month, for the picture.

    Attributes:
        months: after the start, negative before it `[month]`. effect: `[month]`, in the unit of `scale`.
        low, high: what 90% of invented assignments lie between `[month]`.
        scale: "rate" or "log".
    """

    months: NDArray[np.int64]
    effect: Floats
    low: Floats
    high: Floats
    scale: str


def estimate(setting: Setting, *, draws: int = MOST_DRAWS) -> tuple[Estimate, ...]:
    """Effects by window; those that the verdict rests on come first and are marked `default`.

    Args:
        draws: Assignments behind each p.

    Raises:
        ValueError: nobody is treated, or nobody else could have been.
    """
    treated, at_risk = who(setting)
    other = LOG if setting.scale == RATE else RATE
    outcomes = np.stack([setting.outcome(), setting.outcome(other)])
    told: list[Estimate] = []
    for method, base, risk in (
        ("imputation", 0, at_risk),
        ("imputation", BASE, at_risk),
        ("imputation_comparable", 0, comparable(setting)),
    ):
        found = randomise(
            outcomes, setting.start, setting.windows, risk=risk, comparison=at_risk, strata=setting.strata, base=base, draws=draws, level=LEVEL, seed=setting.seed,
        )  # fmt: skip
        default = method == "imputation" and base == 0
        told += _estimates(setting, found, (setting.scale, other), method, base, default)
    last = max(window[1] for window in setting.windows)
    for scale, coefficient in zip(
        (setting.scale, other), two_way(outcomes, setting.start, last), strict=True
    ):
        told.append(Estimate("two_way", (0, last), scale, float(coefficient), treated=int(treated.sum())))
    return tuple(sorted(told, key=lambda one: not one.default))


def neighbour_estimates(setting: Setting, *, draws: int = MOST_DRAWS) -> tuple[Estimate, ...]:
    """What the same design says of the treated places' neighbours, the treated left out; none where there are fewer than three of them."""
    asked = neighbouring(setting)
    if asked is None or asked.treated.sum() < FEWEST_NEIGHBOURS or asked.compared.sum() < FEWEST_NEIGHBOURS:
        return ()
    _, at_risk = who(asked)
    other = LOG if asked.scale == RATE else RATE
    found = randomise(
        np.stack([asked.outcome(), asked.outcome(other)]), asked.start, asked.windows, risk=at_risk, comparison=at_risk,
        strata=asked.strata, draws=draws, level=LEVEL, seed=asked.seed,
    )  # fmt: skip
    return tuple(_estimates(asked, found, (asked.scale, other), "neighbours", 0, default=False))


def event_study(setting: Setting, *, draws: int = 499) -> EventStudy:
    """Leads and lags with the band of invented assignments, on the setting's scale."""
    treated, at_risk = who(setting)
    begins = setting.start[treated]
    panel = prepare(setting.outcome(), at_risk, strata=setting.strata)
    risk = within(at_risk, setting.strata, np.flatnonzero(treated))
    invented, _, _ = assignments(risk, begins, draws, setting.seed)
    places = np.concatenate([np.flatnonzero(treated)[None], invented])
    found = many_event_studies(panel, places, begins, LEADS, LAGS)[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # months beyond the record have no effect at all
        low, high = np.nanquantile(found[1:], [0.05, 0.95], axis=0)
    return EventStudy(np.arange(-LEADS, LAGS), found[0], low, high, setting.scale)


def _estimates(
    setting: Setting, found: Randomised, scales: tuple[str, str], method: str, base: int, default: bool
) -> list[Estimate]:
    observed, begins = np.isfinite(setting.outcome()), setting.start
    since = np.arange(observed.shape[1]) - begins[:, None]
    return [
        Estimate(
            method=method,
            window=(first, last),
            scale=scale,
            effect=float(found.effect[q, w]),
            low=float(found.low[q, w]),
            high=float(found.high[q, w]),
            p=float(found.p[q, w]),
            smallest_p=found.smallest_p,
            mde=float(found.mde[q, w]),
            base=base,
            draws=found.draws,
            treated=int(setting.treated.sum()),
            months=int((observed & setting.treated[:, None] & (since >= first) & (since <= last)).sum()),
            level=LEVEL,
            default=default and q == 0,
        )
        for q, scale in enumerate(scales)
        for w, (first, last) in enumerate(setting.windows)
    ]
