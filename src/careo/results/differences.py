"""Strategies compared under the same luck, in numbers: quantiles of paired differences, and how far off they can be.

Draw 17 is the same world under every strategy, so a difference is taken draw by draw (paired) and its quantiles are those of the
differences, by linear interpolation between draws: exact to 10,000 draws, beyond that read from bins with a stated error.

A median of n draws has a standard error of its own, for other draws would give another: half the distance between the quantiles at
1/2 ± 1/(2√n), which is what the number of draws below the true median varies by. That of a probability is the deviation of what is
believed of it after k of n draws, √(p(1−p)/(n+3)) with p = (k+1)/(n+2) (Laplace): never 0, for finitely many draws prove nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from careo.results.accumulated import HUNDREDTHS, Accumulated, Bins, Counts, accumulate, start_of
from careo.results.histograms import Histograms
from careo.run.ensemble import STATUS_QUO, Ensemble
from careo.run.futures import Futures, futures_of

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MEDIAN = 2
NATION = "nation"
NEGLIGIBLE = 2.0
"""A difference within so many per cent of what it is compared with is none that matters."""
DOUBTFUL = 2.0
"""The sign of a median within so many standard errors of none could turn with other draws."""
FEWEST_DRAWS = 20
"""Of fewer draws not one is expected beyond an end of the 90% interval, so that nobody can say where it ends."""
HOMICIDES = 0
"""Their place among the outcomes of a run, which always counts them."""

_CELL = ("outcome", "place", "year")
_START = ("side", "place", "full_year")
_AXES = {
    "expected": _CELL, "difference": (*_CELL, "quantile"), "percent": (*_CELL, "quantile"), "fewer": _CELL,
    "expected_luck": _CELL, "difference_luck": _CELL, "percent_luck": _CELL, "fewer_luck": _CELL,
    "expected_error": _CELL, "difference_error": (*_CELL, "quantile"), "percent_error": (*_CELL, "quantile"),
    "start_difference": (*_START, "quantile"), "start_percent": (*_START, "quantile"),
    "start_percent_error": (*_START, "quantile"), "start_fewer": _START,
    "draws": ("outcome",),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Differences:
    """One strategy against another.

    Over outcome, place ("nation" first), year (0 is the whole horizon) and quantile (5, 25, 50, 75, 95%):

    Attributes:
        expected: the median under `against` [events/year, or over the horizon]. difference: of the two in the same draw.
        percent: the difference as a share of what the same draw has under `against`; NaN where that is 0 in some draw.
        fewer: the probability of fewer events, ties by half.
        expected_luck, difference_luck, percent_luck, fewer_luck: standard errors of the medians and the probability, from the number of draws.
        expected_error, difference_error, percent_error, start_percent_error: how far off a quantile can be because it was read from bins; 0 to 10,000 draws.
        start_difference, start_percent, start_fewer: homicides of full years against the last twelve observed months, over side
            ("strategy", "against"), place, full year and quantile.
        draws: pairs that were counted [outcome]; where there is none, everything is NaN: not known, never 0.
        moved: whether any draw has another count than under `against`, in any place or year [outcome].
        exact: whether quantiles are exact.
    """

    strategy: str
    against: str
    outcomes: tuple[str, ...]
    places: tuple[str, ...]
    expected: np.ndarray
    difference: np.ndarray
    percent: np.ndarray
    fewer: np.ndarray
    expected_luck: np.ndarray
    difference_luck: np.ndarray
    percent_luck: np.ndarray
    fewer_luck: np.ndarray
    expected_error: np.ndarray
    difference_error: np.ndarray
    percent_error: np.ndarray
    start_difference: np.ndarray
    start_percent: np.ndarray
    start_percent_error: np.ndarray
    start_fewer: np.ndarray
    draws: np.ndarray
    moved: np.ndarray
    exact: bool

    @property
    def years(self) -> int:
        """Years, the whole horizon as the first."""
        return self.expected.shape[2]

    @property
    def full_years(self) -> int:
        """Years of twelve months."""
        return self.start_fewer.shape[2]

    def at(self, outcome: str) -> At:
        """The nation's whole horizon."""
        o = self.outcomes.index(outcome)
        cell = (o, 0, 0)
        return At(
            self.difference[cell], self.percent[cell], float(self.expected[cell]), float(self.fewer[cell]),
            float(self.difference_luck[cell]), float(self.percent_luck[cell]), int(self.draws[o]), bool(self.moved[o]),
        )  # fmt: skip

    def axes(self) -> dict[str, list[object]]:
        """The names along every axis."""
        return {
            "outcome": list(self.outcomes), "place": list(self.places), "year": list(range(self.years)), "quantile": list(QUANTILES),
            "side": ["strategy", "against"], "full_year": list(range(1, self.full_years + 1)),
        }  # fmt: skip

    def arrays(self) -> Mapping[str, tuple[tuple[str, ...], np.ndarray]]:
        """Every array with the names of its axes."""
        return {name: (axes, getattr(self, name)) for name, axes in _AXES.items()}


@dataclass(frozen=True, eq=False)
class At:
    """A difference in one outcome, place and year. Attributes as of `Differences`."""

    difference: np.ndarray
    percent: np.ndarray
    expected: float
    fewer: float
    difference_luck: float
    percent_luck: float
    draws: int
    moved: bool

    @property
    def relative(self) -> bool:
        """Whether per cents can be told."""
        return not np.isnan(self.percent).any()

    @property
    def size(self) -> np.ndarray:
        """Quantiles in per cent, or in events where per cents cannot be told."""
        return self.percent if self.relative else self.difference

    @property
    def luck(self) -> float:
        """The standard error of the median of `size`."""
        return self.percent_luck if self.relative else self.difference_luck

    @property
    def doubtful(self) -> bool:
        """Whether the sign of the median could turn with other draws."""
        return 0 < abs(self.difference[MEDIAN]) <= DOUBTFUL * self.difference_luck


def differences(kept: Accumulated, strategy: str) -> Differences:
    """A strategy against the one that draws were kept for."""
    pair = (
        _binned(kept, kept.kept, strategy)
        if isinstance(kept.kept, Bins)
        else _exact(kept, kept.kept, strategy)
    )
    names = (NATION,) if kept.nation_only else (NATION, *kept.futures.places)
    return Differences(strategy, kept.against, kept.futures.outcomes, names, **pair, exact=kept.exact)


def paired(ensemble: Ensemble | Futures, strategy: str, against: str = STATUS_QUO) -> xr.Dataset:
    """`Differences` between two strategies as xarray; its attributes are the variables."""
    import xarray as xr

    futures = futures_of(ensemble) if isinstance(ensemble, Ensemble) else ensemble
    found = differences(accumulate(futures, against), strategy)
    return xr.Dataset(
        dict(found.arrays()), coords=found.axes(), attrs={"strategy": strategy, "against": against}
    )


def too_few(draws: int) -> bool:
    """Whether so many draws cannot tell a 90% interval."""
    return draws < FEWEST_DRAWS


def verdict_of(difference: np.ndarray, percent: np.ndarray, expected: float) -> str:
    """The verdict that paired differences allow, of what they rest on nothing said.

    Args:
        difference: quantiles of the difference [events; quantile]. percent: of the difference as a share of what the same draw has
            under the other strategy [per cent; quantile]; NaN: the difference is taken as a share of `expected` instead.
        expected: median of what it is compared with [events].
    """
    if np.isnan(difference).any():
        return "inconclusive"
    low, high = difference[0], difference[-1]
    if high < 0:
        return "decreased"
    if low > 0:
        return "increased"
    if np.isnan(percent).any():
        percent = 100.0 * difference / expected if expected > 0 else np.where(difference == 0, 0.0, np.inf)
    within = max(abs(percent[0]), abs(percent[-1])) <= NEGLIGIBLE
    return "no detectable effect" if within else "inconclusive"


def grade_d_share(whole: float, without_d: float) -> float | None:
    """The share of an effect that rests on grade D: above 1 where the rest points the other way, below 0 where grade D does.

    Args:
        whole, without_d: median differences with and without effects of grade D. None when there is no effect to share.
    """
    return None if whole == 0 or math.isnan(whole) or math.isnan(without_d) else 1.0 - without_d / whole


# ── of every count ───────────────────────────────────────────────────────────────────────────────────────────────


def _exact(kept: Accumulated, counts: Counts, strategy: str) -> dict[str, np.ndarray]:
    found = _empty(kept)
    futures, full = kept.futures, found["start_fewer"].shape[2]
    start = start_of(futures, kept.nation_only)[:, None, None]
    for o in _known(kept):
        found["moved"][o] = counts.moved(strategy, o)
        a, b = counts.pair(strategy, o)
        n = found["draws"][o] = a.shape[-1]
        if not n:
            continue
        levels = _levels(n)
        difference = a - b
        whole = _quantiles(difference, levels)
        share = _quantiles(_percent(difference, b), levels)
        base = _quantiles(b, levels[MEDIAN : MEDIAN + 1] + levels[-2:])
        found["expected"][o], found["expected_luck"][o] = base[..., 0], _luck(base)
        found["difference"][o], found["difference_luck"][o] = whole[..., :-2], _luck(whole)
        found["percent"][o], found["percent_luck"][o] = share[..., :-2], _luck(share)
        found["fewer"][o] = _fewer(difference)
        for name in ("expected", "difference", "percent"):
            found[f"{name}_error"][o] = 0.0
            if n == 1:
                found[f"{name}_luck"][o] = np.nan  # one draw says nothing of how far others lie
        if o == HOMICIDES:
            for side, level in enumerate((a, b)):
                change = level[:, 1 : full + 1] - start
                found["start_difference"][side] = _quantiles(change, list(QUANTILES))
                against = np.broadcast_to(start, change.shape)
                found["start_percent"][side] = _quantiles(_percent(change, against), list(QUANTILES))
                found["start_percent_error"][side] = 0.0 * found["start_percent"][side]
                found["start_fewer"][side] = _fewer(change)
    found["fewer_luck"] = _fewer_luck(found["fewer"], found["draws"])
    return found


def _quantiles(values: np.ndarray, levels: list[float]) -> np.ndarray:
    """[… level] of [… draw]; NaN where a draw is NaN."""
    return np.moveaxis(np.quantile(values, levels, axis=-1), 0, -1)


def _percent(difference: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Per cent of what the same draw has; NaN throughout where that is 0 in some draw."""
    sound = np.broadcast_to((base > 0).all(axis=-1, keepdims=True), difference.shape)
    return np.where(sound, 100.0 * difference / np.where(base > 0, base, 1), np.nan)


def _fewer(difference: np.ndarray) -> np.ndarray:
    return ((difference < 0).sum(axis=-1) + 0.5 * (difference == 0).sum(axis=-1)) / difference.shape[-1]


# ── of bins ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _binned(kept: Accumulated, bins: Bins, strategy: str) -> dict[str, np.ndarray]:
    found = _empty(kept)
    row, other, full = bins.names.index(strategy), bins.row, found["start_fewer"].shape[2]
    known = _known(kept)
    outcomes = range(len(kept.futures.outcomes))
    draws = np.where([o in known for o in outcomes], bins.draws, 0)
    found["draws"] = draws
    found["moved"][:] = [o in known and bins.moved(strategy, o) for o in outcomes]
    for name, several, scale, rounded in (
        ("difference", bins.difference[strategy], 1.0, 0.0),
        ("percent", bins.percent[strategy], HUNDREDTHS, 0.5),
    ):
        values, errors = _read(several, bins.shape, draws)
        found[name], found[f"{name}_luck"] = values[..., :-2] / scale, _luck(values) / scale
        found[f"{name}_error"] = (errors[..., :-2] + rounded) / scale
    for name in ("percent", "percent_luck", "percent_error"):
        found[name][bins.zero] = np.nan
    values, errors = _read(bins.level, bins.shape, draws)
    found["expected"], found["expected_luck"] = values[..., MEDIAN], _luck(values)
    found["expected_error"] = errors[..., MEDIAN]
    counted = np.where(draws > 0, draws, np.nan)[:, None, None]
    found["fewer"] = (bins.fewer[row] + 0.5 * bins.same[row]) / counted
    found["fewer_luck"] = _fewer_luck(found["fewer"], draws)
    if draws[HOMICIDES]:
        start = start_of(kept.futures, kept.nation_only)[:, None, None]
        for side, s in enumerate((row, other)):
            level, error = (
                part.reshape(*bins.shape[1:], -1)[:, 1 : full + 1]
                for part in bins.homicides[bins.names[s]].quantiles(np.array(QUANTILES))
            )
            change, share = level - start, 100.0 / np.where(start > 0, start, np.nan)
            found["start_difference"][side] = change
            found["start_percent"][side], found["start_percent_error"][side] = change * share, error * share
            fewer = (bins.below_start[s] + 0.5 * bins.as_start[s]) / draws[HOMICIDES]
            found["start_fewer"][side] = fewer[:, 1 : full + 1]
    return found


def _read(bins: Histograms, shape: tuple[int, int, int], draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles at `_levels` and their errors [outcome place year level]; NaN where there is no draw."""
    found = np.full((2, *shape, len(QUANTILES) + 2), np.nan)
    for n in np.unique(draws[draws > 0]):  # as a rule one number for all outcomes
        for k, part in enumerate(bins.quantiles(np.array(_levels(int(n))))):
            found[k][draws == n] = part.reshape(*shape, -1)[draws == n]
    return found[0], found[1]


# ── of either ────────────────────────────────────────────────────────────────────────────────────────────────────


def _levels(draws: int) -> list[float]:
    """The quantiles that are shown, and those a standard error below and above the median."""
    step = 0.5 / math.sqrt(draws)
    return [*QUANTILES, max(0.5 - step, 0.0), min(0.5 + step, 1.0)]


def _luck(quantiles: np.ndarray) -> np.ndarray:
    """The standard error of a median, from the two last quantiles."""
    return (quantiles[..., -1] - quantiles[..., -2]) / 2.0


def _fewer_luck(fewer: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The standard error of a probability."""
    n = draws.astype(np.float64)[:, None, None]
    p = (n * fewer + 1.0) / (n + 2.0)
    return np.sqrt(p * (1.0 - p) / (n + 3.0))


def _known(kept: Accumulated) -> list[int]:
    """Outcomes whose level is known; of another, counts mean nothing, not none."""
    levels = kept.futures.companions.levels
    return [o for o, name in enumerate(kept.futures.outcomes) if o == HOMICIDES or name in levels]


def _empty(kept: Accumulated) -> dict[str, np.ndarray]:
    futures = kept.futures
    places, years = (1, 1) if kept.nation_only else (len(futures.places) + 1, futures.years + 1)
    full = 0 if kept.nation_only else min(futures.months // 12, futures.years)
    sizes = {
        "outcome": len(futures.outcomes), "place": places, "year": years, "quantile": len(QUANTILES), "side": 2, "full_year": full
    }  # fmt: skip
    found = {name: np.full([sizes[axis] for axis in axes], np.nan) for name, axes in _AXES.items()}
    found["draws"], found["moved"] = (
        np.zeros(len(futures.outcomes), dtype=np.int64),
        np.zeros(len(futures.outcomes), dtype=bool),
    )
    return found
