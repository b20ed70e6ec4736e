"""Worlds in which something goes wrong, as a box: the patient rule induction method (PRIM).

From a box that holds every world, a small share is peeled off one side at a time, always where the share of failures among those left
grows most; then the sides are moved out again as long as that share does not fall. Of the boxes on the way, the one in which coverage (of
all failures, how many lie inside) and density (of the worlds inside, how many fail) are large together is taken, by their harmonic mean.
A side that chance alone would often give is opened again.

Sources: Friedman & Fisher, Bump hunting in high-dimensional data, Statistics and Computing 9 (1999); Bryant & Lempert, Thinking inside
the box, Technological Forecasting and Social Change 77 (2010): coverage, density, the binomial test of a side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

PEELED = 0.05
"""Share of the worlds in a box that one step takes off, or adds."""
LEAST_INSIDE = 0.05
"""A box with a smaller share of all worlds is not looked at."""
BY_CHANCE = 0.05
"""A side stays closed when fewer than so many of such cuts would do as well by chance."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the worlds.

    Attributes:
        sides: by name of an input, its lowest and highest value inside; ±inf where it is open. Inputs that are free are not in it.
        coverage: of all failures, the share inside. density: of the worlds inside, the share that fails.
        inside: the share of all worlds. chance: by name, how often a cut of the same size would do as well by chance.
    """

    sides: Mapping[str, tuple[float, float]]
    coverage: float
    density: float
    inside: float
    chance: Mapping[str, float]


def find_box(inputs: Mapping[str, np.ndarray], failed: np.ndarray) -> Box | None:
    """The box that tells failures best; None without failures, with nothing but failures, or when no side stands out from chance.

    Args:
        inputs: values by name [its unit; world]. failed: [bool; world].
    """
    if not failed.any() or failed.all():
        return None
    names, values = list(inputs), np.stack(list(inputs.values()))
    best = max(_boxes(values, failed), key=lambda sides: _worth(values, failed, sides))
    while True:
        closed = [k for k in range(len(names)) if np.isfinite(best[k]).any()]
        chance = {k: _chance(values, failed, best, k) for k in closed}
        doubtful = [k for k in closed if chance[k] > BY_CHANCE]
        if not doubtful:
            break
        best[max(doubtful, key=lambda k: chance[k])] = (-math.inf, math.inf)
    if not closed:
        return None
    inside = _inside(values, best)
    return Box(
        sides={names[k]: (float(best[k][0]), float(best[k][1])) for k in closed},
        coverage=float(failed[inside].sum() / failed.sum()),
        density=float(failed[inside].mean()),
        inside=float(inside.mean()),
        chance={names[k]: chance[k] for k in closed},
    )


def trajectory(values: np.ndarray, failed: np.ndarray) -> Sequence[np.ndarray]:
    """Every box on the way from all worlds to the smallest, without pasting [lowest highest; input] each."""
    sides = np.tile((-math.inf, math.inf), (len(values), 1))
    found = [sides]
    inside = np.ones(len(failed), dtype=bool)
    while True:
        step = _peel(values, failed, inside)
        if step is None:
            return found
        row, end, limit = step
        sides = sides.copy()
        sides[row, end] = limit
        inside = _inside(values, sides)
        found.append(sides)


def _boxes(values: np.ndarray, failed: np.ndarray) -> Sequence[np.ndarray]:
    way = trajectory(values, failed)
    return [*way, *(_paste(values, failed, sides) for sides in way[1:])]


def _peel(values: np.ndarray, failed: np.ndarray, inside: np.ndarray) -> tuple[int, int, float] | None:
    """The cut after which the share of failures is largest: input, end and limit; of equal ones the smaller cut, then the first."""
    count = int(inside.sum())
    best: tuple[float, int] | None = None
    cut: tuple[int, int, float] | None = None
    for row in range(len(values)):
        here = values[row][inside]
        ordered = np.sort(here)
        off = max(1, math.floor(PEELED * count))
        if off >= count:
            continue
        for end, limit in ((0, ordered[off]), (1, ordered[count - 1 - off])):
            stay = here >= limit if end == 0 else here <= limit
            left = int(stay.sum())
            if left == count:  # ties: the whole of them goes, or nothing does
                beyond = ordered[ordered > limit] if end == 0 else ordered[ordered < limit]
                if not len(beyond):
                    continue
                limit = beyond[0] if end == 0 else beyond[-1]
                stay = here >= limit if end == 0 else here <= limit
                left = int(stay.sum())
            if left < LEAST_INSIDE * len(failed) or left == 0:
                continue
            worth = (float(failed[inside][stay].mean()), left)
            if best is None or worth > best:
                best, cut = worth, (row, end, float(limit))
    return cut


def _paste(values: np.ndarray, failed: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The box moved out again, side by side, while the share of failures in it does not fall."""
    sides = sides.copy()
    while True:
        inside = _inside(values, sides)
        density, best, wider = failed[inside].mean(), (-1.0, 0), None
        for row in range(len(values)):
            others = sides.copy()
            others[row] = (-math.inf, math.inf)
            line = np.sort(values[row][_inside(values, others)])
            for end in (0, 1):
                if not math.isfinite(sides[row, end]):
                    continue
                beyond = line[line < sides[row, 0]][::-1] if end == 0 else line[line > sides[row, 1]]
                more = max(1, math.floor(PEELED * inside.sum()))
                limit = (
                    beyond[min(more, len(beyond)) - 1] if len(beyond) > more else (-math.inf, math.inf)[end]
                )
                trial = sides.copy()
                trial[row, end] = limit
                there = _inside(values, trial)
                worth = (float(failed[there].mean()), int(there.sum()))
                if worth[0] >= density and worth > best:
                    best, wider = worth, trial
        if wider is None:
            return sides
        sides = wider


def _inside(values: np.ndarray, sides: np.ndarray) -> np.ndarray:
    return np.all((values >= sides[:, :1]) & (values <= sides[:, 1:]), axis=0)  # pyright: ignore[reportReturnType]


def _worth(values: np.ndarray, failed: np.ndarray, sides: np.ndarray) -> tuple[float, float]:
    """The harmonic mean of coverage and density, then the size."""
    inside = _inside(values, sides)
    hits = int((failed & inside).sum())
    return 2 * hits / float(failed.sum() + inside.sum()), float(inside.mean())


def _chance(values: np.ndarray, failed: np.ndarray, sides: np.ndarray, row: int) -> float:
    """How often as many failures or more would lie inside if this input's sides had been cut by chance (Bryant & Lempert's quasi-p)."""
    without = sides.copy()
    without[row] = (-math.inf, math.inf)
    wide, narrow = _inside(values, without), _inside(values, sides)
    return upper_tail(int(narrow.sum()), float(failed[wide].mean()), int((failed & narrow).sum()))


def upper_tail(trials: int, probability: float, hits: int) -> float:
    """P(X ≥ hits) for X binomial."""
    if hits <= 0 or probability >= 1:
        return 1.0
    if probability <= 0:
        return 0.0
    up, down = math.log(probability), math.log1p(-probability)
    return min(
        1.0,
        math.fsum(
            math.exp(
                math.lgamma(trials + 1)
                - math.lgamma(k + 1)
                - math.lgamma(trials - k + 1)
                + k * up
                + (trials - k) * down
            )
            for k in range(hits, trials + 1)
        ),
    )
