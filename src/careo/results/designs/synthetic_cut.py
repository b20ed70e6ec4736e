"""A setting in months since the start: what one estimate with synthetic controls rests on, and its fit.

Several treated places are one target: the mean of their outcomes in months since their own starts. Donors are aligned alike, a placebo is
as many places as there are treated, each at the start of one. With several treated a placebo may hold some of them, never all: chance could
have drawn any of them with others, and where one place stands out by itself, every set with it does. Without such sets, invented pairs of
Mexico's states were found at 5% in 6 to 8 of 100 (with them, see `benchmarks/NOTES.md`). An effect moves them by its share, which costs a
little power. Everything that cannot be estimated is a sentence here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from careo.base.errors import CareoError
from careo.model.luck import Luck, Process
from careo.model.synthetic import Controls, critical, rank_p, root_mean_squares, synthetic_controls
from careo.results.designs.setting import Setting

BASE = 36
"""Months before the start that are fitted, where there are as many."""
LEAST_BASE = 12
"""Months before the start without which nothing is estimated."""
DRAWS = 1999
"""Placebos at most."""
MOST_DONORS = 200
"""Of more, those with most nearly as many inhabitants as the treated are kept: a weighted mean of everything fits anything."""

Floats = np.ndarray


@dataclass(frozen=True, eq=False)
class Cut:
    """A setting in months since the start: the base, then one window.

    Attributes:
        target: mean of the treated [unit of the outcome; month]. donors: [same; donor month]. places: codes of the donors.
        placebos: mean of the places assigned [same; placebo month]. allowed: whose donors they may be [placebo donor].
        base, window: how many months come first; which months since the start come then.
        treated: how many places.
    """

    target: Floats
    donors: Floats
    places: tuple[str, ...]
    placebos: Floats
    allowed: np.ndarray
    base: int
    window: tuple[int, int]
    treated: int

    @property
    def targets(self) -> Floats:
        """The treated first, then the placebos [target month]."""
        return np.concatenate([self.target[None], self.placebos])

    @property
    def permitted(self) -> np.ndarray:
        """Donors of each [target donor]."""
        return np.concatenate([np.ones((1, len(self.donors)), dtype=bool), self.allowed])


@dataclass(frozen=True, eq=False)
class Fitted:
    """The synthetic control of a cut.

    Attributes:
        effect: mean gap in the window. p: rank of the RMSPE ratio. before: root mean square of gaps on the base, the treated first.
        controls: of the treated first, then of the placebos.
    """

    effect: float
    p: float
    before: Floats
    controls: Controls


def fit(part: Cut, *, threads: int | None = None) -> Fitted:
    """The synthetic control of a cut and of its placebos."""
    controls = synthetic_controls(part.targets, part.donors, part.permitted, part.base, threads=threads)
    before, after = root_mean_squares(controls.gaps, part.base)
    ratios = after / before
    return Fitted(
        effect=float(controls.gaps[0, part.base :].mean()),
        p=rank_p(float(ratios[0]), ratios[1:]),
        before=before,
        controls=controls,
    )


def reach(fitted: Fitted, base: int, level: float) -> float:
    """How large an effect may be without being among the largest 1 − level of placebos, in units of their misses before the start."""
    effects = np.abs(fitted.controls.gaps[1:, base:].mean(axis=1)) / fitted.before[1:]
    return critical(effects, level) * float(fitted.before[0])


def cut(
    setting: Setting,
    window: tuple[int, int],
    *,
    base: int = BASE,
    earlier: int = 0,
    without: Collection[int] = (),
    draws: int = DRAWS,
    outcome: Floats | None = None,
) -> Cut:
    """The months and places that one estimate rests on.

    Args:
        window: months since the start; where the record ends earlier, so does the window.
        base: months before the start, fewer where the record has fewer.
        earlier: by how many months starts are moved back.
        without: numbers of places that are left out, treated or not.
        draws: placebos at most. outcome: `setting.outcome()`, where it is at hand.

    Errors:
        CareoError: as for `estimate`.
    """
    outcome = setting.outcome() if outcome is None else outcome
    months = outcome.shape[1]
    kept = ~np.isin(np.arange(len(setting.places)), list(without))
    treated = np.flatnonzero(setting.treated & kept)
    if not treated.size:
        raise CareoError("design_no_treated", fix="design_no_treated")
    if setting.treated.all():
        raise CareoError("design_all_treated", count=len(setting.places), fix="design_all_treated")
    starts = setting.start[treated] - earlier
    if starts.min() < LEAST_BASE:
        place = setting.places[treated[starts.argmin()]]
        raise CareoError("design_before", place=place, count=max(int(starts.min()), 0), least=LEAST_BASE)
    base, last = min(base, int(starts.min())), min(window[1], months - 1 - int(starts.max()))
    if last < window[0]:
        raise CareoError(
            "design_after", place=setting.places[treated[starts.argmax()]], first=window[0], last=window[1]
        )
    offsets = np.concatenate([np.arange(-base, 0), np.arange(window[0], last + 1)])
    seen = np.stack([np.isfinite(outcome[:, start + offsets]).all(axis=1) for start in starts])
    for row, place in enumerate(treated):
        if not seen[row, place]:
            missing = int(np.isnan(outcome[place, starts[row] + offsets]).sum())
            raise CareoError(
                "design_missing", place=setting.places[place], count=missing, fix="design_missing"
            )
    numbers = np.flatnonzero(setting.compared & ~setting.treated & kept & seen.all(axis=0))
    numbers = _nearest(setting, numbers, treated, int(starts.min()))
    if numbers.size < treated.size + 2:
        raise CareoError(
            "design_few_donors", count=numbers.size, least=treated.size + 2, fix="design_few_donors"
        )
    drawable = (
        np.concatenate([numbers, treated[seen[:, treated].all(axis=0)]]) if treated.size > 1 else numbers
    )
    aligned = np.stack([outcome[drawable][:, start + offsets] for start in starts])  # treated, place, month
    assigned = _assigned(drawable, starts, setting.seed, draws)
    assigned = assigned[(assigned < numbers.size).any(axis=1)]
    allowed = np.ones((len(assigned), drawable.size), dtype=bool)
    np.put_along_axis(allowed, assigned, False, axis=1)
    return Cut(
        target=np.stack(
            [outcome[place, start + offsets] for place, start in zip(treated, starts, strict=True)]
        ).mean(axis=0),
        donors=aligned[:, : numbers.size].mean(axis=0),
        places=tuple(setting.places[number] for number in numbers),
        placebos=np.stack([aligned[i, assigned[:, i]] for i in range(treated.size)]).mean(axis=0),
        allowed=allowed[:, : numbers.size],
        base=base,
        window=(window[0], last),
        treated=treated.size,
    )


def _nearest(setting: Setting, numbers: np.ndarray, treated: np.ndarray, month: int) -> np.ndarray:
    """Of more places than `MOST_DONORS`, those nearest to the treated in inhabitants, in their order."""
    if numbers.size <= MOST_DONORS:
        return numbers
    people = np.log(setting.population[:, month])
    far = np.abs(people[numbers] - people[treated].mean())
    return np.sort(numbers[np.argsort(far, kind="stable")[:MOST_DONORS]])


def _assigned(numbers: np.ndarray, starts: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """Which places stand for the treated, each at the start of one: all ways where they are few, else drawn [placebo treated]."""
    count, same = starts.size, bool((starts == starts[0]).all())
    ways = math.comb(numbers.size, count) if same else math.perm(numbers.size, count)
    if ways <= draws:
        every: Sequence[Sequence[int]] = list(
            (combinations if same else permutations)(range(numbers.size), count)
        )
        return np.array(every, dtype=np.int64)
    if count == 1:
        return np.argsort(Luck(seed).uniform(Process.PLACEBO, 0, numbers, 0)[:, 0])[:draws, None]
    luck = Luck(seed).uniform(Process.PLACEBO, 0, numbers, np.arange(draws))
    return np.argsort(luck, axis=0, kind="stable")[:count].T
