"""The default design once more on a setting that differs in one thing, and whether its answer hinges on that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from careo.model.randomisation import ALPHA, alike, profiles, randomise, within
from careo.results.designs.setting import NEVER, RATE, Setting

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

BASE = 12
DRAWS = 499
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


def hinges(told: Trial, variants: Sequence[Trial]) -> tuple[int, int] | None:
    """The first (variant, window) in which the answer is another; None where there is none.

    Where the default found something, a variant has to have its sign and a p of at most 10%. Where it found nothing, a variant may not
    find something at 5% shared out among all variants and windows: of many, one will by chance.
    """
    chances = len(variants) * len(told.effect)
    for v, other in enumerate(variants):
        for w, (effect, p) in enumerate(zip(told.effect, told.p, strict=True)):
            if np.isnan(p) or np.isnan(other.p[w]):
                continue
            if p <= ALPHA:
                if other.p[w] > WEAK or other.effect[w] * effect < 0:
                    return v, w
            elif other.p[w] <= ALPHA / chances:
                return v, w
    return None
