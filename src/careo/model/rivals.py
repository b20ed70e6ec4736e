"""The naive ways to forecast that every forecaster must beat, and what a forecaster is to a hindcast: one function.

    last observation    y_i,h ~ Poisson(y_i,0): the last observed month goes on
    conflictology-12    y_i,h is one of the place's last 12 observed months, each as likely

Neither knows days, seasons or how places move together: draws of different places and months are independent, so a sum over places is
narrower than the nation is uncertain. That is the rivals' own flaw and part of what they are compared for.

Sources:
    Conflictology: Hegre et al. (2025), The 2023/24 VIEWS prediction challenge, Journal of Peace Research, doi:10.1177/00223433241300862
    (its benchmark "conflictology" draws from the last 12 months).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from careo.model import forecast, random_walk
from careo.model.counts import observe
from careo.model.forecast import Constants
from careo.model.luck import Luck, Process
from careo.model.quantiles import poisson_quantile

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

YEAR = 12


@dataclass(frozen=True, eq=False)
class Task:
    """What a forecaster is given: the past as it was known at an origin, and nothing of what came after.

    Attributes:
        counts: Events, NaN where not observed `[events/month; place, month]`.
        exposure: Length of each month, 1 for one of 30.4375 days `[month]`.
        ahead: The same for the months to forecast, the first one right after the last of `counts` `[lead]`.
        places: Each place's own number in addresses of luck `[place]`.
        draws: How many samples of each place and month.
        constants: Of the country, for the forecaster that has any.
        luck: The luck of the hindcast. first_month: the number of the first month ahead in its addresses.
    """

    counts: Floats
    exposure: Floats
    ahead: Floats
    places: Counts
    draws: int
    luck: Luck
    constants: Constants
    first_month: int = 0


Rival = Callable[[Task], Counts]
"""A way to forecast: samples of the months ahead `[events/month; place, lead, draw]`; draw d of all places is one world."""


def released(task: Task) -> Counts:
    """The forecaster of `forecast.py`, with the country's constants."""
    baseline = forecast.fit(task.counts, task.exposure, task.constants, places=task.places)
    paths = forecast.log_intensities(
        baseline, task.luck, task.ahead, draws=task.draws, first_month=task.first_month
    )
    return observe(
        paths, task.luck, task.places, dispersion=task.constants.dispersion, first_month=task.first_month
    )


def log_random_walk(task: Task) -> Counts:
    """The walk of `random_walk.py`."""
    walk = random_walk.fit(task.counts, task.exposure, places=task.places)
    paths = random_walk.log_intensities(
        walk, task.luck, task.ahead, draws=task.draws, first_month=task.first_month
    )
    return observe(paths, task.luck, task.places, first_month=task.first_month)


def last_observation(task: Task) -> Counts:
    """Poisson about the last observed month."""
    last = np.array([row[~np.isnan(row)][-1] for row in task.counts])
    out = np.empty((len(last), len(task.ahead), task.draws), dtype=np.int64)
    for lead in range(len(task.ahead)):
        _poisson(_uniform(task, Process.OBSERVATION, lead), last, out[:, lead])
    return out


def own_last_year(task: Task) -> Counts:
    """One of the last 12 observed months, drawn with replacement; a month matched to another source is rounded."""
    years = [np.rint(row[~np.isnan(row)][-YEAR:]).astype(np.int64) for row in task.counts]
    out = np.empty((len(years), len(task.ahead), task.draws), dtype=np.int64)
    for lead in range(len(task.ahead)):
        uniform = _uniform(task, Process.FORECAST_MEMBER, lead)
        for i, months in enumerate(years):
            out[i, lead] = months[(uniform[i] * len(months)).astype(np.int64)]
    return out


def _uniform(task: Task, process: Process, lead: int) -> Floats:
    return task.luck.uniform(process, task.first_month + lead, task.places, np.arange(task.draws))


@njit(cache=True, nogil=True)
def _poisson(uniform, mean, out):  # pyright: ignore
    for i in range(out.shape[0]):
        for d in range(out.shape[1]):
            out[i, d] = poisson_quantile(uniform[i, d], mean[i])
