"""What a difference-in-differences has to stand up to.

Gates, in this order: enough months and places; level and recent rise balanced, and leads (a look at leads alone does not repair a
choice by level); no hinging on anticipation, dating, base month, scale, one treated place, neighbours, outcome definition, denominators;
earlier dates of the same places; and the size of the whole procedure on at least 500 invented treatments, at random and at places and dates that resemble the
treated. Placebos in space and the minimum detectable effect are told beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from careo.model.imputation import effects
from careo.model.randomisation import (
    ALPHA,
    LARGEST_SIZE,
    YEAR,
    NullSize,
    assignments,
    profiles,
    simulate_null,
    two_sided,
    within,
)
from careo.results.designs.setting import LOG, RATE, Check, Setting
from careo.results.designs.trials import DRAWS, Trial, hinges, neighbouring, trial, who
from careo.results.wording import number, signed

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST_MONTHS = 36
"""Before the first start: two years of leads, and one to hold them against."""
FEWEST_DONORS = 5
SHIFTS = (-6, -3, 3, 6)
"""Other dates of the start, in months."""
BASES = (12, 24, 60)
ANTICIPATION = 6
MOST_LEFT_OUT = 10
EARLIER_STEP, FEWEST_EARLIER, EARLIER_SHARE = 6, 8, 0.20
FAKES = 500
FEWEST_DIFFERENT = 100
"""Different invented treatments (places and year) below which a size is not a test."""


def checks(setting: Setting, *, fakes: int = FAKES) -> tuple[Check, ...]:
    """All checks of one setting, each with what was measured.

    Args:
        fakes: Invented treatments behind each size.

    Raises:
        ValueError: nobody is treated, or nobody else could have been.
    """
    who(setting)
    told = trial(setting)
    found = [
        _few(setting),
        _balance(setting),
        _leads(setting),
        _hinge("anticipation", told, _anticipated(setting)),
        _hinge("dating", told, *_dated(setting)),
        _hinge("base", told, *_based(setting)),
        _hinge("scale", told, [trial(replace(setting, scale=LOG if setting.scale == RATE else RATE))]),
        _hinge("leave_one_out", told, *_left_out(setting)),
        _spillover(setting, told),
        _hinge("definition", told, *_defined(setting)),
        _hinge("denominators", told, _denominators(setting)),
        _earlier(setting, told),
        _size(setting, "size_random", None, fakes),
        _size(setting, "size_alike", profiles(setting.outcome(RATE)), fakes),
        _space(told),
        _mde(setting, told),
    ]
    return tuple(found)


def _few(setting: Setting) -> Check:
    treated, at_risk = who(setting)
    months, donors = _before(setting), int((at_risk & ~treated).sum())
    passed = months >= FEWEST_MONTHS and donors >= FEWEST_DONORS
    return _check("few", passed, months=months, donors=donors, least=FEWEST_MONTHS, fewest=FEWEST_DONORS)


def _balance(setting: Setting) -> Check:
    """Level (the mean of twelve months before the start) and rise (less the mean of the twelve before those), among all sets of places at risk."""
    treated, at_risk = who(setting)
    begins = setting.start[treated]
    if begins.min() < 2 * YEAR:
        return _check("balance", None)
    values, months = setting.outcome(), np.arange(setting.counts.shape[1])
    told: dict[str, float] = {}
    risk = within(at_risk, setting.strata, np.flatnonzero(treated))
    sets, _, _ = assignments(risk, begins, DRAWS, setting.seed)
    sets = np.concatenate([np.flatnonzero(treated)[None], sets])
    with np.errstate(invalid="ignore", divide="ignore"):
        features = [_before_start(values, months, begins, years) for years in (1, 2)]  # each [start, place]
    level, rise = features[0], features[0] - features[1]
    for name, feature in (("level", level), ("rise", rise)):
        others = np.broadcast_to(risk, feature.shape)
        centred = feature - np.nanmean(np.where(others, feature, np.nan), axis=1, keepdims=True)
        means = centred[np.arange(begins.size), sets].mean(axis=1)
        told[name] = float(means[0])
        told[f"{name}_p"] = float(two_sided(means[0], means[1:]))
    least = min(told["level_p"], told["rise_p"])
    if np.isnan(least):
        return _check("balance", None)
    return _check("balance", least > ALPHA, told)


def _before_start(values: Floats, months: Integers, begins: Integers, years: int) -> Floats:
    """The mean of the last year before the start, or of the one before that `[start, place]`."""
    return np.stack(
        [
            values[:, (months >= start - years * YEAR) & (months < start - (years - 1) * YEAR)].mean(axis=1)
            for start in begins
        ]
    )


def _leads(setting: Setting) -> Check:
    """The two years before the start, held out, as if the measure had begun before them."""
    leads = 2 * YEAR
    if _before(setting) < leads + YEAR:
        return _check("leads", None, months=leads + YEAR)
    earlier = replace(setting, start=_shifted(setting, -leads))
    years = trial(earlier, windows=((0, YEAR - 1), (YEAR, leads - 1)))
    figures = {
        "second": years.effect[0],
        "second_p": years.p[0],
        "last": years.effect[1],
        "last_p": years.p[1],
    }
    if np.isnan(years.p).any():
        return _check("leads", None, figures, months=leads + YEAR)
    return _check("leads", min(years.p) > ALPHA, figures)


def _anticipated(setting: Setting) -> list[Trial]:
    """The months just before the start left out of the fit."""
    if _before(setting) < ANTICIPATION + YEAR:
        return []
    windows = [(first + ANTICIPATION, last + ANTICIPATION) for first, last in setting.windows]
    return [trial(replace(setting, start=_shifted(setting, -ANTICIPATION)), windows=windows)]


def _dated(setting: Setting) -> tuple[list[Trial], list[str]]:
    shifts = [months for months in SHIFTS if _before(setting) + months >= YEAR]
    trials = [trial(replace(setting, start=_shifted(setting, months))) for months in shifts]
    return trials, [signed(months) for months in shifts]


def _based(setting: Setting) -> tuple[list[Trial], list[str]]:
    bases = [base for base in BASES if base <= _before(setting)]
    return [trial(setting, base=base) for base in bases], [str(base) for base in bases]


def _left_out(setting: Setting) -> tuple[list[Trial], list[str]]:
    """Each treated place left out of everything; with many, those with the largest effects of their own."""
    treated = np.flatnonzero(setting.treated)
    if treated.size < 3:
        return [], []
    chosen = treated
    if treated.size > MOST_LEFT_OUT:
        single = [abs(_alone(setting, i)) for i in treated.tolist()]
        chosen = treated[np.argsort(single)[::-1][:MOST_LEFT_OUT]]
    trials: list[Trial] = []
    for i in chosen:
        start, donors = setting.start.copy(), setting.donors.copy()
        start[i], donors[i] = -1, False
        trials.append(trial(replace(setting, start=start, donors=donors)))
    return trials, [setting.places[i] for i in chosen]


def _alone(setting: Setting, place: int) -> float:
    """The effect of the first window at one treated place."""
    start = np.where(np.arange(setting.start.size) == place, setting.start, -1)
    comparison = setting.donors & ~setting.treated
    found = effects(
        setting.outcome(), start, setting.windows[:1], comparison=comparison, strata=setting.strata
    )
    return float(np.nan_to_num(found[0, 0]))


def _spillover(setting: Setting, told: Trial) -> Check:
    """What the treated places' neighbours did, and the effect without them."""
    treated, at_risk = who(setting)
    if setting.neighbours is None:
        return _check("spillover", None, why="unknown")
    asked = neighbouring(setting)
    beside = np.zeros_like(treated) if asked is None else asked.treated
    rest = at_risk & ~treated & ~beside
    if asked is None or min(rest.sum(), asked.compared.sum()) < FEWEST_DONORS:
        return _check("spillover", None, why="none" if not beside.any() else "few", count=int(beside.sum()))
    near = trial(asked)
    without = trial(replace(setting, donors=setting.donors & ~beside))
    figures = {
        "neighbours": near.effect[0],
        "neighbours_p": near.p[0],
        "without": without.effect[0],
        "without_p": without.p[0],
    }
    return _hinge("spillover", told, [without], figures=figures, count=int(beside.sum()))


def _defined(setting: Setting) -> tuple[list[Trial], list[str]]:
    trials, names = [], []
    for name, counts in setting.earlier.items():
        found = trial(replace(setting, counts=counts))
        if not np.isnan(found.p).all():
            trials.append(found)
            names.append(name)
    return trials, names


def _denominators(setting: Setting) -> list[Trial]:
    """Each place's population held at what it was when the first measure began, so that its projections do nothing."""
    first = int(setting.start[setting.treated].min())
    held = np.repeat(
        setting.population[:, [min(first, setting.population.shape[1] - 1)]], setting.counts.shape[1], axis=1
    )
    if np.isnan(held[setting.treated]).any():
        return []
    return [trial(replace(setting, population=held))]


def _earlier(setting: Setting, told: Trial) -> Check:
    """The same places at earlier dates, at which nothing was done."""
    treated, at_risk = who(setting)
    values = setting.outcome()
    months = np.arange(values.shape[1])
    values[treated[:, None] & (months >= setting.start[:, None])] = np.nan
    last = max(window[1] for window in setting.windows)
    begins = setting.start
    dates = range(last + 1, _before(setting) - FEWEST_MONTHS + 1, EARLIER_STEP)
    found = [
        effects(
            values,
            np.where(begins >= 0, begins - back, -1),
            setting.windows,
            comparison=at_risk,
            strata=setting.strata,
        )[0]
        for back in dates
    ]
    if len(found) < FEWEST_EARLIER:
        return _check("earlier", None, count=len(found), least=FEWEST_EARLIER)
    shares = two_sided(np.array(told.effect), np.stack(found))
    failed = [s for s, p in zip(shares, told.p, strict=True) if p <= ALPHA and s > EARLIER_SHARE]
    figures = {"share": float(shares[0]), "dates": len(found)}
    larger = round(float(shares[0]) * (len(found) + 1)) - 1 if not np.isnan(shares[0]) else 0
    return _check("earlier", not failed, figures, count=len(found), larger=larger)


def _size(setting: Setting, name: str, profile: Floats | None, fakes: int) -> Check:
    _, at_risk = who(setting)
    null: NullSize = simulate_null(
        setting.outcome(), setting.start, setting.windows, profile=profile, risk=at_risk, comparison=at_risk,
        strata=setting.strata, fakes=fakes, seed=setting.seed,
    )  # fmt: skip
    figures = {"fakes": null.fakes, "dates": null.dates, "different": null.different}
    if null.different < FEWEST_DIFFERENT:
        return _check(name, None, figures, count=null.different, least=FEWEST_DIFFERENT)
    figures |= {"size": float(np.nanmax(null.size)), "bound": float(np.nanmax(null.bound))}
    return _check(
        name, figures["bound"] <= LARGEST_SIZE, figures, count=null.fakes, size=_percent(figures["size"]), bound=_percent(figures["bound"])
    )  # fmt: skip


def _space(told: Trial) -> Check:
    figures = {"p": told.p[0], "smallest_p": told.smallest_p}
    passed = None if told.smallest_p > ALPHA else True
    return _check("space", passed, figures, gate=False, p=number(told.p[0]), smallest=number(told.smallest_p))


def _mde(setting: Setting, told: Trial) -> Check:
    known = [size for size in told.mde if not np.isnan(size)]
    if not known:
        return _check("mde", None, gate=False)
    least = min(known)
    share = _share_of_level(setting, least)
    figures = {"mde": least, "level_share": share}
    return _check("mde", True, figures, gate=False, least=number(least), share=number(round(100 * share)))


def _share_of_level(setting: Setting, effect: float) -> float:
    """An effect as a share of the treated places' level in the year before the start."""
    if setting.scale == LOG:
        return float(np.expm1(effect))
    months, begins = np.arange(setting.counts.shape[1]), setting.start
    before = (begins[:, None] > months) & (months >= begins[:, None] - YEAR) & setting.treated[:, None]
    return float(effect / np.nanmean(setting.outcome()[before])) if before.any() else float("nan")


def _hinge(
    name: str,
    told: Trial,
    variants: Sequence[Trial],
    labels: Sequence[str] = (),
    figures: Mapping[str, float] | None = None,
    count: int = 0,
) -> Check:
    """Whether the answer is another in any variant; not a test where there is none."""
    if not variants:
        return _check(name, None, figures, count=count)
    other = hinges(told, variants)
    measured = dict(figures or {})
    for v, variant in enumerate(variants):
        label = labels[v] if labels else "other"
        measured |= {label: variant.effect[0], f"{label} p": variant.p[0]}
    if other is None:
        return _check(name, True, measured, count=count or len(variants))
    v, w = other
    return _check(
        name, False, measured, count=count, variant=labels[v] if labels else "", effect=number(told.effect[w]), p=number(told.p[w]),
        other=number(variants[v].effect[w]), other_p=number(variants[v].p[w]),
    )  # fmt: skip


def _check(
    name: str,
    passed: bool | None,
    figures: Mapping[str, float] | None = None,
    *,
    gate: bool = True,
    **words: object,
) -> Check:
    verdict = "none" if passed is None else "passed" if passed else "failed"
    measured = {key: number(value) for key, value in (figures or {}).items() if key.isidentifier()}
    return Check(
        name=name,
        passed=None if passed is None else bool(passed),
        reason=f"difference.check.{name}.{verdict}",
        words={**measured, **words},
        figures=dict(figures or {}),
        gate=gate,
    )


def _shifted(setting: Setting, months: int) -> Integers:
    return np.where(setting.treated, setting.start + months, setting.start)


def _before(setting: Setting) -> int:
    """Months that every treated place was observed before its start, the fewest of them."""
    months = np.arange(setting.counts.shape[1])
    seen = np.isfinite(setting.outcome()) & (months < setting.start[:, None])
    return int(seen[setting.treated].sum(axis=1).min())


def _percent(share: float) -> str:
    return number(round(100 * share, 1))
