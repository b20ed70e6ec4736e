"""What an estimate with synthetic controls has to stand up to.

Gates, in this order: enough donors and months; a level that is not above those of all others, which no weights of donors reach and from which
places come down by themselves; a fit before the start that is not among the worst; earlier dates of the same places; the
months just before the start; no hinging on dating, base, one donor, one treated place, neighbours, outcome definition; placebos in space; and
the size of the whole procedure on invented treatments, at random and at places and dates that resemble the treated in level and recent rise.

An answer hinges on something where, once that is changed, the effect is farther from what it was than effects of nine placebos in ten are
from zero (in units of their misses before the start), or where it was farther than that from zero and is now on the other side. Not the
conformal interval: it takes account of what a donor may have done in the window, and so is wide where the answer hinges on one. With one
treated place less another thing is estimated; that hinges where an effect that was told from zero is no longer, at 10%. A size fails when its
one-sided 95% lower bound exceeds 10%.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from careo.base.errors import CareoError
from careo.model.conformal import conformal_p
from careo.model.luck import Luck, Process
from careo.model.randomisation import ROUNDING, assignments, lower_bound, profiles
from careo.model.synthetic import SIZE, rank_p, synthetic_differences
from careo.results.designs.setting import NEVER, RATE, Check, Setting
from careo.results.designs.synthetic_cut import BASE, DRAWS, LEAST_BASE, Cut, Fitted, Floats, cut, fit, reach
from careo.results.wording import number, signed

ENOUGH_BASE = 24
BADLY_FITTED = 0.10
"""The fit is too bad when the treated is among so large a share of worst fitted placebos."""
EARLIER, YEAR = 24, 12
"""The time placebo: the year that begins so many months before the start."""
ANTICIPATION = 6
SHIFTS = (-3, -1, 1, 3)
BASES = (24, 60, 96)
WEIGHTY = 0.01
"""Donors with less weight are not left out one by one."""
FAKES, REFERENCES = 500, 39
"""Invented treatments; placebos behind the p of each, so that 5% is a whole number."""
LARGEST_SIZE = 0.10
CONFIDENCE = 0.95
FEWEST_PLACEBOS = 20
"""Placebos without which a size is not a test: at fewer no share is surely above 10%, or no rank below 5%."""
NEAREST = 3
LEVEL, WEAK = 0.90, 0.10


@dataclass(frozen=True, eq=False)
class _Main:
    """The estimate that is checked: the first window."""

    setting: Setting
    outcome: Floats
    part: Cut
    fitted: Fitted
    reach: float

    def again(
        self, *, window: tuple[int, int] | None = None, base: int = BASE, earlier: int = 0, without: Iterable[int] = ()
    ) -> Cut | None:  # fmt: skip
        """The same with something changed; None where that cannot be estimated."""
        try:
            return cut(
                self.setting, window or self.part.window, base=base, earlier=earlier, without=tuple(without), outcome=self.outcome
            )  # fmt: skip
        except CareoError:
            return None

    @property
    def told(self) -> bool:
        """Whether the effect is farther from zero than those of placebos."""
        return abs(self.fitted.effect) > self.reach

    def stands(self, effect: float) -> bool:
        """Whether another effect leaves the answer as it was."""
        return abs(effect - self.fitted.effect) <= self.reach and not (self.told and effect * self.fitted.effect <= 0)  # fmt: skip


def _main(setting: Setting) -> _Main:
    outcome = setting.outcome()
    part = cut(setting, setting.windows[0], outcome=outcome)
    fitted = fit(part)
    return _Main(setting, outcome, part, fitted, reach(fitted, part.base, LEVEL))


def checks(setting: Setting, *, fakes: int = FAKES) -> tuple[Check, ...]:
    """All checks of one setting, each with what was measured; errors of `estimate`.

    Args:
        fakes: invented treatments behind each size.
    """
    main = _main(setting)
    random, alike = (_sizes(main, fakes, resembling=resembling) for resembling in (False, True))
    return (
        _few_donors(main),
        _few_months(main),
        _level(main),
        _fit(main),
        _earlier(main),
        _anticipation(main),
        _hinge(main, "dating", {signed(-months): main.again(earlier=months) for months in SHIFTS}),
        _hinge(main, "base", _based(main)),
        _hinge(main, "leave_one_out", _without_donors(main)),
        _without_treated(main),
        _hinge(main, "spillover", _without_neighbours(main)),
        _definition(main),
        _space(main),
        _size("size_random", random),
        _size("size_alike", alike),
    )


def _few_donors(main: _Main) -> Check:
    smallest = 1 / (len(main.part.placebos) + 1)
    return _check(
        "few_donors", smallest <= SIZE, {"donors": len(main.part.donors), "smallest_p": round(smallest, 4)}
    )


def _few_months(main: _Main) -> Check:
    first, last = main.part.window
    least = max(ENOUGH_BASE, 2 * (last - first + 1))
    return _check("few_months", main.part.base >= least, {"months": main.part.base, "least": least})


def _level(main: _Main) -> Check:
    """The rate of the year before the start, among those of as many places drawn at the same dates: chosen as the worst?"""
    setting = main.setting
    rates, begins = setting.outcome(RATE), setting.start[setting.treated]
    at_risk = setting.donors | setting.treated
    year = np.stack([rates[:, max(start - YEAR, 0) : start].mean(axis=1) for start in begins])
    at_risk &= np.isfinite(year).all(axis=0)
    sets, _, exact = assignments(at_risk, begins, DRAWS, setting.seed)
    treated = np.flatnonzero(setting.treated)
    others = sets[(np.sort(sets, axis=1) != treated).any(axis=1)] if exact else sets
    if len(others) < FEWEST_PLACEBOS - 1 or begins.min() < YEAR:
        return _check("level", None, {"places": len(others)})
    own, drawn = (year[np.arange(begins.size), which].mean(axis=-1) for which in (treated, others))
    higher = rank_p(float(own), drawn * (1 + ROUNDING))
    figures = {"own": float(own), "median": float(np.median(drawn)), "higher": round(higher, 4)}
    return _check("level", higher > SIZE, figures)


def _fit(main: _Main) -> Check:
    """The miss in units of how much a target moves by itself on the base, because levels differ and misses with them."""
    targets = main.part.targets[:, : main.part.base]
    moves = np.maximum(targets.std(axis=1), np.finfo(float).tiny)
    missed = main.fitted.before / moves
    worse = rank_p(float(missed[0]), missed[1:])
    figures = {"own": float(missed[0]), "median": float(np.median(missed[1:])), "worse": round(worse, 4)}
    return _check(
        "fit",
        None if len(missed) <= FEWEST_PLACEBOS else worse > BADLY_FITTED,
        figures,
        own_percent=_percent(missed[0]),
        median_percent=_percent(np.median(missed[1:])),
    )


def _earlier(main: _Main) -> Check:
    return _before_start(main, "earlier", EARLIER, (0, YEAR - 1))


def _anticipation(main: _Main) -> Check:
    return _before_start(main, "anticipation", ANTICIPATION, (0, ANTICIPATION - 1))


def _before_start(main: _Main, name: str, earlier: int, window: tuple[int, int]) -> Check:
    """Nothing should be found where nothing had been done yet."""
    part = main.again(window=window, earlier=earlier)
    if part is None or 1 / (len(part.placebos) + 1) > SIZE:
        return _check(name, None, {"months": earlier, "least": earlier + LEAST_BASE})
    fitted = fit(part)
    figures = {"months": earlier, "effect": fitted.effect, "p": round(fitted.p, 4)}
    return _check(name, fitted.p > SIZE, figures)


def _based(main: _Main) -> dict[str, Cut | None]:
    parts = {str(base): main.again(base=base) for base in BASES}
    return {base: part for base, part in parts.items() if part and part.base == int(base)}


def _without_donors(main: _Main) -> dict[str, Cut | None]:
    weights = main.fitted.controls.weights[0]
    heavy = [place for place, weight in zip(main.part.places, weights, strict=True) if weight >= WEIGHTY]
    return {place: main.again(without=[main.setting.places.index(place)]) for place in heavy}


def _without_treated(main: _Main) -> Check:
    name, setting = "leave_one_treated_out", main.setting
    treated = np.flatnonzero(setting.treated)
    parts = {setting.places[place]: main.again(without=[int(place)]) for place in treated if treated.size > 1}
    found = {place: fit(part) for place, part in parts.items() if part is not None}
    if not found:
        return _check(name, None)
    effect = main.fitted.effect
    worst = max(found, key=lambda place: (found[place].effect * effect <= 0, found[place].p))
    fallen = main.told and (found[worst].effect * effect <= 0 or found[worst].p > WEAK)
    figures = {place: fitted.effect for place, fitted in found.items()}
    return _check(
        name, not fallen, figures, count=len(found), effect=number(effect), variant=worst, other=number(found[worst].effect), p=number(round(found[worst].p, 4))
    )  # fmt: skip


def _without_neighbours(main: _Main) -> dict[str, Cut | None]:
    borders = main.setting.neighbours
    if borders is None:
        return {}
    near = (borders[main.setting.treated] > 0).any(axis=0) & main.setting.donors & ~main.setting.treated
    named = [place for place, is_near in zip(main.setting.places, near, strict=True) if is_near]
    return {", ".join(named): main.again(without=np.flatnonzero(near).tolist())} if named else {}


def _hinge(main: _Main, name: str, variants: Mapping[str, Cut | None]) -> Check:
    effects = {label: fit(part).effect for label, part in variants.items() if part is not None}
    return _hinged(main, name, effects)


def _hinged(main: _Main, name: str, effects: Mapping[str, float]) -> Check:
    if not effects:
        return _check(name, None)
    fallen = [label for label, effect in effects.items() if not main.stands(effect)]
    # Of those that change the answer, or else of all, the one that is farthest off.
    worst = max(fallen or effects, key=lambda label: abs(effects[label] - main.fitted.effect))
    return _check(
        name,
        not fallen,
        dict(effects),
        count=len(effects),
        effect=number(main.fitted.effect),
        variant=worst,
        other=number(effects[worst]),
    )


def _definition(main: _Main) -> Check:
    effects: dict[str, float] = {}
    for name, counts in main.setting.earlier.items():
        other = replace(main.setting, counts=counts)
        try:
            part = cut(other, main.part.window)
        except CareoError:
            continue
        effects[name] = fit(part).effect
    return _hinged(main, "definition", effects)


def _space(main: _Main) -> Check:
    """The conformal test of every donor at the same date: where months are not alike, it finds what is not there."""
    donors, base = main.part.donors, main.part.base
    if (
        main.part.treated > 1
        or main.part.window[0] > 0
        or len(donors) < FEWEST_PLACEBOS
        or 1 / donors.shape[1] > SIZE
    ):
        return _check("space", None, {"donors": len(donors), "least": FEWEST_PLACEBOS})
    chosen = range(len(donors))[:: -(-len(donors) // FAKES)]
    found = sum(
        float(conformal_p(donors[j], np.delete(donors, j, axis=0), base, np.zeros(1))[0]) <= SIZE
        for j in chosen
    )
    bound = lower_bound(found, len(chosen))
    return _check(
        "space", bound <= LARGEST_SIZE, {"found": found, "placebos": len(chosen), "bound": round(bound, 4)}
    )


@dataclass(frozen=True)
class Sizes:
    """How often each default finds something at 5% where nothing was done.

    Attributes:
        control, conformal, difference: shares; conformal is of the interval of the synthetic control, by rank where a window begins late. fakes: invented treatments. different: of them, no two with the same first place within
            one window's length; as many trials they count for.
    """

    control: float
    conformal: float
    difference: float
    fakes: int
    different: int


def sizes(setting: Setting, *, fakes: int = FAKES, resembling: bool = False) -> Sizes | None:
    """The size on invented treatments of as many places, with the same distances between starts; None where there is no room for them.

    Args:
        resembling: places are drawn from the three most like the treated in the level of the last year and its rise over the year
            before, among ranks of the invented date; else any.
    """
    return _sizes(_main(setting), fakes, resembling=resembling)


def _sizes(main: _Main, fakes: int, *, resembling: bool) -> Sizes | None:
    if 1 / (len(main.part.placebos) + 1) > SIZE:
        return None
    invented = list(_invented(main, fakes, resembling=resembling))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        tried = list(pool.map(lambda fake: _found(main, *fake), invented))
    found = [which for which in tried if which is not None]
    length = main.part.window[1] + 1
    blocks = {
        (int(places[0]), int(starts[0]) // length)
        for (places, starts), which in zip(invented, tried, strict=True)
        if which is not None
    }
    if len(blocks) < FEWEST_PLACEBOS:
        return None
    control, conformal, difference = np.mean(found, axis=0).tolist()
    return Sizes(control, conformal, difference, len(found), len(blocks))


def _found(main: _Main, places: np.ndarray, starts: np.ndarray) -> tuple[bool, bool, bool] | None:
    """Whether control, conformal test and difference find something at 5%; None where that cannot be tried."""
    start = np.full(len(main.setting.places), NEVER)
    start[places] = starts
    fake = replace(main.setting, start=start, donors=main.setting.donors & ~main.setting.treated)
    try:
        part = cut(fake, main.part.window, base=main.part.base, draws=REFERENCES, outcome=main.outcome)
    except CareoError:
        return None
    if part.window != main.part.window or 1 / (len(part.placebos) + 1) > SIZE:
        return None
    other = synthetic_differences(
        part.targets, part.donors, part.permitted, part.base, treated=part.treated, threads=1
    )
    scaled = np.abs(other.effects / other.spreads)
    fitted = fit(part, threads=1)
    if part.window[0] > 0:  # its interval is by rank
        interval = abs(fitted.effect) > reach(fitted, part.base, 1 - SIZE)
    else:
        interval = conformal_p(part.target, part.donors, part.base, np.zeros(1))[0] <= SIZE
    return (
        fitted.p <= SIZE,
        bool(interval),
        rank_p(float(scaled[0]), scaled[1:]) <= SIZE,
    )


def _invented(main: _Main, fakes: int, *, resembling: bool) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Places and starts of invented treatments, each on months that were observed and not treated."""
    setting, outcome = main.setting, main.outcome
    treated = np.flatnonzero(setting.treated)
    offsets = setting.start[treated] - setting.start[treated].min()
    last = main.part.window[1]
    possible = setting.donors | setting.treated
    months = np.arange(outcome.shape[1])
    usable = np.isfinite(outcome) & ((setting.start[:, None] < 0) | (months < setting.start[:, None]))
    before = max(main.part.base, 2 * YEAR)
    dates = np.arange(before, outcome.shape[1] - last - int(offsets.max()))
    ranks = profiles(np.where(usable, outcome, np.nan))
    own = [ranks[:, place, start] for place, start in zip(treated, setting.start[treated], strict=True)]
    if not dates.size or (resembling and not np.isfinite(own).all()):
        return
    luck = Luck(setting.seed).uniform(
        Process.PLACEBO, 1 + resembling, np.arange(treated.size + 1), np.arange(fakes)
    )
    for draw in range(fakes):
        date = int(dates[int(luck[0, draw] * dates.size)])
        chosen: list[int] = []
        for k in range(treated.size):
            begin = date + int(offsets[k])
            there = possible & usable[:, begin - before : begin + last + 1].all(axis=1)
            there[chosen] = False
            if setting.strata is not None:
                there &= setting.strata == setting.strata[treated[k]]
            candidates = np.flatnonzero(there)
            if resembling and candidates.size:
                far = ((ranks[:, candidates, begin] - own[k][:, None]) ** 2).sum(axis=0)
                candidates = candidates[np.argsort(far, kind="stable")[:NEAREST]]
            if not candidates.size:
                break
            chosen.append(int(candidates[int(luck[k + 1, draw] * candidates.size)]))
        if len(chosen) == treated.size:
            yield np.array(chosen), date + offsets


def _size(name: str, measured: Sizes | None) -> Check:
    if measured is None:
        return _check(name, None, {"least": FEWEST_PLACEBOS})
    shares = {
        "control": measured.control, "conformal": measured.conformal, "difference": measured.difference,
    }  # fmt: skip
    bounds = {
        which: lower_bound(round(share * measured.different), measured.different)
        for which, share in shares.items()
    }
    figures = {"fakes": measured.fakes, "different": measured.different} | {
        which: round(share, 4) for which, share in shares.items()
    }
    return _check(
        name,
        max(bounds.values()) <= LARGEST_SIZE,
        figures | {f"{which}_bound": round(bound, 4) for which, bound in bounds.items()},
        **{f"{which}_percent": _percent(share) for which, share in shares.items()},
        bound_percent=_percent(max(bounds.values())),
    )


def _check(
    name: str, passed: bool | None, figures: Mapping[str, float] | None = None, **words: object
) -> Check:
    verdict = "none" if passed is None else "passed" if passed else "failed"
    rounded = {key: number(value) for key, value in (figures or {}).items() if key.isidentifier()}
    return Check(
        name=name,
        passed=None if passed is None else bool(passed),
        reason=f"synthetic.check.{name}.{verdict}",
        words=rounded | words,
        figures=dict(figures or {}),
    )


def _percent(share: float) -> str:
    return number(round(100 * share, 1))
