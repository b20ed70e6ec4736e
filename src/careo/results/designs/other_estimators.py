"""What others' estimators say of the same setting, beside ours: did2s, Sun and Abraham, LP-DiD, by pyfixest (`careo[evaluate]`).

Each gives one mean effect over the months from the start to the end of the last window, with an interval from standard errors clustered
by place. With few treated places those are too narrow on these panels (a size of 12% with five, 20% with three), so no p is told, and with
fewer than six treated no interval either.

Sources:
    Gardner (2022), arXiv:2207.05943; Sun & Abraham (2021), J. Econometrics 225(2), doi:10.1016/j.jeconom.2020.09.006;
    Dube, Girardi, Jordà & Taylor (2023), A local projections approach to difference-in-differences, NBER 31184; pyfixest, https://github.com/py-econometrics/pyfixest.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.util import find_spec
from statistics import NormalDist
from typing import Any

import numpy as np

from careo.base.errors import CareoError
from careo.results.designs.setting import Estimate, Setting
from careo.results.designs.trials import BASE, who

FEWEST_CLUSTERS = 6
"""Treated places below which a clustered interval is not told."""
MOST_PLACES = 600
"""At risk; with all municipalities of Mexico the first stage of did2s took 17 GB."""
YEARS_BEFORE = 5
LEVEL = 0.90


def too_large(setting: Setting) -> bool:
    """Whether there are so many places that these estimators would take the memory of the machine."""
    return int(who(setting)[1].sum()) > MOST_PLACES


def installed() -> bool:
    """Whether pyfixest is there."""
    return find_spec("pyfixest") is not None


def other_estimates(setting: Setting) -> tuple[Estimate, ...]:
    """did2s by month, over all that came before; Sun and Abraham and LP-DiD by year, held against the year before the start.

    Years are twelve months counted from the first start. With starts apart, the year in which a place's measure begins counts as treated,
    which waters its effect down.

    Raises:
        CareoError: pyfixest is not installed.
        ValueError: nobody is treated, or nobody else could have been.
    """
    if not installed():
        raise CareoError("evaluate_extra", fix="evaluate_extra")
    treated, _ = who(setting)
    frame, last = _frame(setting)
    years = _by_year(frame)
    told: list[Estimate] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of collinear years that pyfixest drops
        for method, base, (effect, low, high) in (
            ("did2s", 0, _did2s(frame)),
            ("sun_abraham", BASE, _sun_abraham(years, last // BASE)),
            ("lp_did", BASE, _lp_did(years, last // BASE)),
        ):
            if treated.sum() < FEWEST_CLUSTERS:
                low = high = float("nan")
            told.append(
                Estimate(
                    method,
                    (0, last),
                    setting.scale,
                    effect,
                    low,
                    high,
                    base=base,
                    treated=int(treated.sum()),
                    level=LEVEL,
                )
            )
    return tuple(told)


def _frame(setting: Setting) -> tuple[Any, int]:
    """One row for each observed cell of places at risk, treated ones up to the last window; months from 1, `first` 0 where never treated."""
    import pandas as pd

    treated, at_risk = who(setting)
    values, last = setting.outcome(), max(window[1] for window in setting.windows)
    months = np.arange(values.shape[1])
    since = np.where(treated[:, None], months - setting.start[:, None], -1)
    place, month = np.nonzero(np.isfinite(values) & at_risk[:, None] & (since <= last))
    return pd.DataFrame(
        {
            "place": place + 1,
            "month": month + 1,
            "first": np.where(treated, setting.start + 1, 0)[place],
            "treated": (since[place, month] >= 0).astype(int),
            "outcome": values[place, month],
        }
    ), last


def _by_year(frame: Any) -> Any:
    """Means of twelve months, whole years only, from five years before the first start on."""
    began = frame["first"] > 0
    first = frame["first"][began].min()
    whole = frame.assign(
        year=(frame["month"] - first) // BASE + YEARS_BEFORE + 1,
        began=np.where(began, (frame["first"] - first) // BASE + YEARS_BEFORE + 1, 0),
    )
    means = whole.groupby(["place", "year", "began"], as_index=False)["outcome"].agg(["mean", "count"])
    return means[(means["count"] == BASE) & (means["year"] > 0)].rename(columns={"mean": "outcome"})


def _did2s(frame: Any) -> tuple[float, float, float]:
    fit = _pyfixest().did2s(
        frame, yname="outcome", first_stage="~ 0 | place + month", second_stage="~ treated", treatment="treated", cluster="place"
    )  # fmt: skip
    return _told(fit.tidy().loc["treated"])


def _sun_abraham(years: Any, last: int) -> tuple[float, float, float]:
    """The mean of its coefficients by year; pyfixest offers no joint interval, so none is told."""
    fit = _pyfixest().event_study(
        years, yname="outcome", idname="place", tname="year", gname="began", estimator="saturated", cluster="place"
    )  # fmt: skip
    by_year = fit.aggregate(agg="period")
    since = by_year.index.astype(float)
    mean = by_year["Estimate"].astype(float)[(since >= 0) & (since <= last)].mean()
    return float(mean), float("nan"), float("nan")


def _lp_did(years: Any, last: int) -> tuple[float, float, float]:
    fit = _pyfixest().lpdid(
        years, yname="outcome", idname="place", tname="year", gname="began", pre_window=-2, post_window=last, att=True
    )  # fmt: skip
    return _told(fit.tidy().iloc[0])


def _pyfixest() -> Any:
    """Untyped: its functions share names with its modules, which confuses type checkers."""
    return import_module("pyfixest")


def _told(row: Any) -> tuple[float, float, float]:
    """Estimate and interval: normal, of the standard error that was told."""
    effect, error = float(row["Estimate"]), float(row["Std. Error"])
    half = NormalDist().inv_cdf((1 + LEVEL) / 2) * error
    return effect, effect - half, effect + half
