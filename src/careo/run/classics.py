"""The classics of time series, place by place, through statsforecast: rivals that need the extra `careo[validate]`.

Each is fitted to ln(1 + y) of the place's months after its last gap, and its own predictive law is drawn from: 1 + y is e to the
simulated value, rounded. On the logarithm, because on counts themselves their normal errors have one size for a state's calm and its war.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np

from careo.base.errors import CareoError
from careo.model.luck import Process
from careo.model.rivals import Rival, Task

NAMES = ("SES", "AutoETS", "Theta", "ARIMA")
SLOW = ("AutoETS", "ARIMA")
"""Over all origins and states they take more than a few seconds."""

_LARGEST = 1e6  # events a month; a trend in logarithms knows no limit


def installed() -> bool:
    """Whether the library is there."""
    return find_spec("statsforecast") is not None


def rival(name: str) -> Rival:
    """One of `NAMES` as a way to forecast.

    Raises (when it forecasts):
        CareoError: statsforecast is not installed.
    """

    def forecast(task: Task) -> np.ndarray:
        if not installed():
            raise CareoError("validate_extra", fix="validate_extra")
        out = np.empty((len(task.counts), len(task.ahead), task.draws), dtype=np.int64)
        for i, row in enumerate(task.counts):
            known = np.log1p(row[np.flatnonzero(np.isnan(row))[-1] + 1 :] if np.isnan(row).any() else row)
            luck = _own_seed(task, i, name)
            paths = _simulated(_model(name), known, len(task.ahead), task.draws, luck)
            out[i] = np.rint(np.clip(np.expm1(paths.T), 0, _LARGEST)).astype(np.int64)
        return out

    return forecast


def _model(name: str) -> Any:
    from statsforecast import models

    if name == "SES":
        return models.SimpleExponentialSmoothingOptimized()
    if name == "AutoETS":
        return models.AutoETS(season_length=1)
    if name == "Theta":
        return models.Theta(season_length=1)
    return models.AutoARIMA(d=1, max_p=1, max_q=1, seasonal=False, allowdrift=False, approximation=True)


def _simulated(model: Any, known: np.ndarray, months: int, draws: int, seed: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that statsforecast tries and drops
        return np.asarray(model.simulate(h=months, n_paths=draws, y=known, seed=seed))


def _own_seed(task: Task, row: int, name: str) -> int:
    """The seed of a place, origin and model: these libraries consume luck, so theirs starts from an address."""
    uniform = task.luck.uniform(
        Process.FORECAST_MEMBER, task.first_month, task.places[row : row + 1], NAMES.index(name)
    )
    return int(uniform[0, 0] * 2**32)
