"""The default design once more on a setting that differs in one thing, whether its answer hinges on that, and how unusual a draw of places is.

Source: Westfall & Young (1993), Resampling-Based Multiple Testing, Wiley (p of several looks at one draw).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from careo.model.randomisation import ALPHA, ROUNDING, alike, profiles, randomise, within
from careo.results.designs.setting import NEVER, RATE, Setting

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

BASE = 12
DRAWS, MOST_DRAWS = 499, 1999
"""Assignments behind a variant, and behind what a verdict rests on."""
WEAK = 0.10
"""An effect whose p is beyond this in a variant was one of the variant's absence."""


@dataclass(frozen=True)
class Trial:
    """What one variant says: effects and p by window, on one scale; the smallest p that there could have been."""

    effect: tuple[float, ...]
    p: tuple[float, ...]
    smallest_p: float
    mde: tuple[float, ...]


def who(setting: Setting) -> tuple[Flags, Flags]:
    """Which places are treated, and which are at risk: they and the donors.

    Raises:
        ValueError: nobody is treated, or nobody else could have been.
    """
    treated = setting.treated
    at_risk = treated | setting.compared
    if not treated.any() or not (at_risk & ~treated).any():
        raise ValueError("a setting needs a treated place and one that is not")
    return treated, at_risk


def comparable(setting: Setting) -> Flags:
    """The places at risk most like each treated place before its start in level and recent rise of the rate, itself among them
    `[treated, place]`: three for each treated place, at least ten; all where less than two years lie before the start.
    """
    treated, at_risk = who(setting)
    index = np.flatnonzero(treated)
    begins = setting.start[index]
    many = max(10, 3 * index.size)
    there = within(at_risk, setting.strata, index)
    found = alike(profiles(setting.outcome(RATE)), index, begins, begins, there, many)
    found = np.where(found.any(axis=1, keepdims=True), found, there)
    found[np.arange(index.size), index] = True
    return found


def neighbouring(setting: Setting) -> Setting | None:
    """The same question asked of the treated places' neighbours, each from the first start beside it, the treated left out of everything;
    None where no neighbour may be compared or nobody knows borders."""
    if setting.neighbours is None:
        return None
    treated = setting.treated
    near = (setting.neighbours[:, treated] > 0).any(axis=1) & ~treated & setting.donors
    if not near.any():
        return None
    start, begins = np.full_like(setting.start, NEVER), setting.start[treated]
    for i in np.flatnonzero(near):
        start[i] = begins[setting.neighbours[i, treated] > 0].min()
    return replace(
        setting,
        start=start,
        dose=near.astype(float),
        donors=setting.donors & ~treated & ~near,
        neighbours=None,
    )


def trial(
    setting: Setting, *, base: int = 0, windows: Iterable[tuple[int, int]] = (), draws: int = DRAWS
) -> Trial:
    """The default design on a setting: effects and p on its scale, of its windows or of others."""
    _, at_risk = who(setting)
    found = randomise(
        setting.outcome(), setting.start, list(windows) or setting.windows, risk=at_risk, comparison=at_risk,
        strata=setting.strata, base=base, draws=draws, seed=setting.seed,
    )  # fmt: skip
    return Trial(
        tuple(found.effect[0].tolist()),
        tuple(found.p[0].tolist()),
        found.smallest_p,
        tuple(found.mde[0].tolist()),
    )


def hinges(told: Trial, other: Trial, window: int, looks: int) -> bool:
    """Whether the answer of a window is another in a variant.

    Where the default found something, a variant has to have its sign and a p of at most 10%. Where it found nothing, a variant may not
    find something at 5% shared out among all `looks`, the variants of all checks: they all ask whether that nothing stands, and of
    many, one finds something by chance.
    """
    effect, p, p_other = told.effect[window], told.p[window], other.p[window]
    if np.isnan(p) or np.isnan(p_other):
        return False
    if p <= ALPHA:
        return bool(p_other > WEAK or other.effect[window] * effect < 0)
    return bool(p_other <= ALPHA / looks)


def unusual(features: Floats) -> Floats:
    """p of each feature of the first row among all rows, for looking at as many `[feature]`: the share of rows, the first among them, whose
    smallest p by any feature is as small (Westfall & Young 1993, single step). Under a random draw of the first row some p is
    at most 5% in 5 of 100, however the features hang together; NaN where a feature of the first row is.

    Args:
        features: two-sided statistics `[row, feature]`; a row with a NaN is left out.
    """
    sizes = np.abs(features)
    if np.isnan(sizes[0]).any():
        return np.full(sizes.shape[1], np.nan)
    sizes = sizes[np.isfinite(sizes).all(axis=1)]
    slack = 1 - ROUNDING
    each = np.stack(
        [len(one) - np.searchsorted(np.sort(one), one * slack, side="left") for one in sizes.T], axis=1
    )  # rows as large, itself among them
    return (each.min(axis=1)[:, None] <= each[0]).mean(axis=0)
