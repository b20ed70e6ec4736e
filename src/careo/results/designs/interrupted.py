"""An interrupted series: what one place's series did after a date beside what it did before. A description, never a test.

Equation, with y_t the outcome on its scale, d_t the months after the start and m(t) the calendar month:

    same months of the year before:   mean of y over the window − mean of y over the same calendar months of the 12 before the start
    trend:   y_t = a + b t + c_m(t) fitted to the 24 (48) months before the start, carried on; mean of what was seen less what was carried on

There is no p-value and no interval: on the national series of this record a test of such a design at 5% is wrong in 34 to 90 of 100 invented
dates (design notes, EVALUATION.md), for everything else that happens in the country is in the series too.

Assumption, were it an effect: nothing else changed, and the trend would have gone on.

Sources:
    Bernal, Cummins & Gasparrini (2017), Interrupted time series regression, Int. J. Epidemiology 46:348.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from careo.results.designs.setting import SCALES, Check, Estimate, Setting

BEFORE, TREND = "interrupted_before", "interrupted_trend"
TRENDS = (24, 48)
"""Months before the start that a trend is fitted to; which of them is right nobody knows."""


def estimate(setting: Setting) -> tuple[Estimate, ...]:
    """Every window on both scales, beside the year before and beside two trends; no interval and no p.

    Args:
        setting: one treated place; the first treated one is described.
    """
    row = int(np.flatnonzero(setting.treated)[0])
    start = int(setting.start[row])
    found: list[Estimate] = []
    for scale in SCALES:
        series = setting.outcome(scale)[row]
        months = np.arange(len(series)) + setting.first.month - 1
        for index, (first, last) in enumerate(setting.windows):
            inside = np.arange(start + first, min(start + last + 1, len(series)))
            inside = inside[np.isfinite(series[inside])]
            if len(inside) < last - first + 1:
                continue
            year = np.arange(max(0, start - 12), start)
            twins = np.array([year[months[year] % 12 == months[at] % 12].tolist() for at in inside]).ravel()
            effect = float(np.mean(series[inside]) - np.mean(series[twins.astype(int)]))
            if np.isfinite(effect):
                found.append(
                    Estimate(
                        BEFORE, (first, last), scale, effect, base=12, treated=1, months=len(inside),
                        default=index == 0 and scale == setting.scale,
                    )
                )  # fmt: skip
            for length in TRENDS:
                carried = _carried(series, months, start, length, inside)
                if carried is not None:
                    effect = float(np.mean(series[inside] - carried))
                    found.append(
                        Estimate(
                            TREND, (first, last), scale, effect, base=length, treated=1, months=len(inside)
                        )
                    )
    return tuple(found)


def checks(setting: Setting, estimates: Sequence[Estimate] = ()) -> tuple[Check, ...]:
    """Why this cannot be a test, and whether the descriptions agree with one another."""
    found = [Check("national", None, "evaluate.check.national")]
    told = [
        one.effect
        for one in estimates or estimate(setting)
        if one.scale == setting.scale and one.window == setting.windows[0]
    ]
    if len(told) > 1:
        same = all(effect > 0 for effect in told) or all(effect < 0 for effect in told)
        words = {
            name: f"{end:+.1f}".replace("-", "−") for name, end in (("low", min(told)), ("high", max(told)))
        }
        key = "evaluate.check.trends" if same else "evaluate.check.trends_differ"
        found.append(Check("trends", same, key, words, {"low": min(told), "high": max(told)}, gate=False))
    return tuple(found)


def _carried(
    series: np.ndarray, months: np.ndarray, start: int, length: int, inside: np.ndarray
) -> np.ndarray | None:
    """The trend of so many months before the start, with a level for each calendar month, carried on to `inside`."""
    before = np.arange(start - length, start)
    if before[0] < 0:
        return None
    before = before[np.isfinite(series[before])]

    def design(at: np.ndarray) -> np.ndarray:
        seasons = np.eye(12)[months[at] % 12]
        return np.column_stack([(at - start) / 12, seasons])

    if np.linalg.matrix_rank(design(before)) < 13:
        return None
    return design(inside) @ np.linalg.lstsq(design(before), series[before], rcond=None)[0]
