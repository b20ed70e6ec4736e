"""What a difference-in-differences has to stand up to.

Gates, in this order: enough months and places; level and recent rise balanced, and leads (a look at leads alone does not repair a
choice by level); no hinging on anticipation, dating, base month, scale, one treated place, neighbours, outcome definition, denominators;
earlier dates of the same places; and the size of the whole procedure on at least 500 invented treatments, at random and at places and dates that resemble the
treated. Placebos in space and the minimum detectable effect are told beside them.

Looks that ask one question share one 5%, else chance alone would refuse a third of all that was drawn at random:
    1. Were the places chosen for what they were? Level, rise and the two years of leads are judged together, on the same draws (`unusual`).
    2. Does an absence of an effect stand? All changed runs of all checks together (`hinges`). A found effect has to stand in each of them.
    3. Gates speak of the window that the verdict rests on. Whether what a later window shows stands is told beside it (`later`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from careo.model.imputation import effects, many_effects, prepare
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
from careo.results.designs.trials import DRAWS, MOST_DRAWS, Trial, hinges, neighbouring, trial, unusual, who
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
    told = trial(setting, draws=MOST_DRAWS)  # as many as the estimate: one number, wherever it stands
    balance, leads = chosen(setting)
    near, beside = _near(setting)
    changed: dict[str, _Changed] = {
        "anticipation": _Changed(_anticipated(setting)),
        "dating": _dated(setting),
        "base": _based(setting),
        "scale": _Changed([trial(replace(setting, scale=LOG if setting.scale == RATE else RATE))]),
        "leave_one_out": _left_out(setting),
        "spillover": near,
        "definition": _defined(setting),
        "denominators": _Changed(_denominators(setting)),
    }
    looks = sum(len(one.trials) for one in changed.values())
    main = _main(setting)
    found = [
        _few(setting),
        balance,
        leads,
        *(
            beside if name == "spillover" and beside else _hinge(name, told, one, main, looks)
            for name, one in changed.items()
        ),
        _earlier(setting, told, main),
        _size(setting, "size_random", None, fakes),
        _size(setting, "size_alike", profiles(setting.outcome(RATE)), fakes),
        _space(told),
        _later(setting, told, main, changed, looks),
        _mde(setting, told, main),
    ]
    return tuple(found)


@dataclass(frozen=True)
class _Changed:
    """Trials with one thing changed: how each is called, what else was measured, how many of what was changed."""

    trials: Sequence[Trial]
    labels: Sequence[str] = ()
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    count: int = 0


def _main(setting: Setting) -> int:
    """Which window the verdict rests on: the first to begin."""
    return min(range(len(setting.windows)), key=lambda w: setting.windows[w][0])


def _few(setting: Setting) -> Check:
    treated, at_risk = who(setting)
    months, donors = _before(setting), int((at_risk & ~treated).sum())
    passed = months >= FEWEST_MONTHS and donors >= FEWEST_DONORS
    return _check("few", passed, months=months, donors=donors, least=FEWEST_MONTHS, fewest=FEWEST_DONORS)


def chosen(setting: Setting) -> tuple[Check, Check]:
    """Whether the places were chosen for what they were: balance and leads, judged together among all sets of places at risk.

    Level (the mean of twelve months before the start), rise (less the mean of the twelve before those), and the effects of the two years
    before the start, held out, as if the measure had begun before them.
    """
    treated, at_risk = who(setting)
    begins, leads = setting.start[treated], 2 * YEAR
    if begins.min() < leads:
        return _check("balance", None), _check("leads", None, months=leads + YEAR)
    values, months = setting.outcome(), np.arange(setting.counts.shape[1])
    risk = within(at_risk, setting.strata, np.flatnonzero(treated))
    sets, _, _ = assignments(risk, begins, DRAWS, setting.seed)
    sets = np.concatenate([np.flatnonzero(treated)[None], sets])
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = [_before_start(values, months, begins, years) for years in (1, 2)]  # [start, place]
    features: list[Floats] = []
    for feature in (first, first - second):
        others = np.broadcast_to(risk, feature.shape)
        centred = feature - np.nanmean(np.where(others, feature, np.nan), axis=1, keepdims=True)
        features.append(centred[np.arange(begins.size), sets].mean(axis=1))
    names = ["level", "rise"]
    if _before(setting) >= leads + YEAR:
        values[treated[:, None] & (months >= setting.start[:, None])] = np.nan
        years = ((0, YEAR - 1), (YEAR, leads - 1))
        panel = prepare(values, at_risk, strata=setting.strata)
        features += list(many_effects(panel, sets, begins - leads, years)[:, 0].T)
        names += ["second", "last"]
    table = np.stack(features, axis=1)
    known = ~np.isnan(table[0])
    p = np.full(len(names), np.nan)
    p[known] = unusual(table[:, known])
    told = dict(zip(names, table[0].tolist(), strict=True))
    told |= {f"{name}_p": float(one) for name, one in zip(names, p, strict=True)}
    return _together("balance", ("level", "rise"), told), _together("leads", ("second", "last"), told)


def _together(name: str, features: tuple[str, ...], told: Mapping[str, float]) -> Check:
    p = [told.get(f"{feature}_p", np.nan) for feature in features]
    if np.isnan(p).any():
        return _check(name, None, months=3 * YEAR)
    figures = {key: told[key] for one in features for key in (one, f"{one}_p")}
    return _check(name, min(p) > ALPHA, figures)


def _before_start(values: Floats, months: Integers, begins: Integers, years: int) -> Floats:
    """The mean of the last year before the start, or of the one before that `[start, place]`."""
    return np.stack(
        [
            values[:, (months >= start - years * YEAR) & (months < start - (years - 1) * YEAR)].mean(axis=1)
            for start in begins
        ]
    )


def _anticipated(setting: Setting) -> list[Trial]:
    """The months just before the start left out of the fit."""
    if _before(setting) < ANTICIPATION + YEAR:
        return []
    windows = [(first + ANTICIPATION, last + ANTICIPATION) for first, last in setting.windows]
    return [trial(replace(setting, start=_shifted(setting, -ANTICIPATION)), windows=windows)]


def _dated(setting: Setting) -> _Changed:
    shifts = [months for months in SHIFTS if _before(setting) + months >= YEAR]
    trials = [trial(replace(setting, start=_shifted(setting, months))) for months in shifts]
    return _Changed(trials, [signed(months) for months in shifts])


def _based(setting: Setting) -> _Changed:
    bases = [base for base in BASES if base <= _before(setting)]
    return _Changed([trial(setting, base=base) for base in bases], [str(base) for base in bases])


def _left_out(setting: Setting) -> _Changed:
    """Each treated place left out of everything; with many, those with the largest effects of their own."""
    treated = np.flatnonzero(setting.treated)
    if treated.size < 3:
        return _Changed([])
    chosen = treated
    if treated.size > MOST_LEFT_OUT:
        single = [abs(_alone(setting, i)) for i in treated.tolist()]
        chosen = treated[np.argsort(single)[::-1][:MOST_LEFT_OUT]]
    trials: list[Trial] = []
    for i in chosen:
        start, donors = setting.start.copy(), setting.donors.copy()
        start[i], donors[i] = -1, False
        trials.append(trial(replace(setting, start=start, donors=donors)))
    return _Changed(trials, [setting.places[i] for i in chosen])


def _alone(setting: Setting, place: int) -> float:
    """The effect of the first window at one treated place."""
    start = np.where(np.arange(setting.start.size) == place, setting.start, -1)
    comparison = setting.donors & ~setting.treated
    found = effects(
        setting.outcome(), start, setting.windows[:1], comparison=comparison, strata=setting.strata
    )
    return float(np.nan_to_num(found[0, 0]))


def _near(setting: Setting) -> tuple[_Changed, Check | None]:
    """The effect without the treated places' neighbours, and what these did; a check where there is nothing to try."""
    treated, at_risk = who(setting)
    if setting.neighbours is None:
        return _Changed([]), _check("spillover", None, why="unknown")
    asked = neighbouring(setting)
    beside = np.zeros_like(treated) if asked is None else asked.treated
    rest, count = at_risk & ~treated & ~beside, int(beside.sum())
    if asked is None or min(rest.sum(), asked.compared.sum()) < FEWEST_DONORS:
        return _Changed([]), _check("spillover", None, why="none" if not count else "few", count=count)
    near = trial(asked)
    without = trial(replace(setting, donors=setting.donors & ~beside))
    main = _main(setting)
    figures = {
        "neighbours": near.effect[main],
        "neighbours_p": near.p[main],
        "without": without.effect[main],
        "without_p": without.p[main],
    }
    return _Changed([without], figures=figures, count=count), None


def _defined(setting: Setting) -> _Changed:
    trials, names = [], []
    for name, counts in setting.earlier.items():
        found = trial(replace(setting, counts=counts))
        if not np.isnan(found.p).all():
            trials.append(found)
            names.append(name)
    return _Changed(trials, names)


def _denominators(setting: Setting) -> list[Trial]:
    """Each place's population held at what it was when the first measure began, so that its projections do nothing."""
    first = int(setting.start[setting.treated].min())
    held = np.repeat(
        setting.population[:, [min(first, setting.population.shape[1] - 1)]], setting.counts.shape[1], axis=1
    )
    if np.isnan(held[setting.treated]).any():
        return []
    return [trial(replace(setting, population=held))]


def _earlier(setting: Setting, told: Trial, main: int) -> Check:
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
    share = float(shares[main])
    failed = told.p[main] <= ALPHA and share > EARLIER_SHARE
    figures = {"share": share, "dates": len(found)}
    larger = round(share * (len(found) + 1)) - 1 if not np.isnan(share) else 0
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


def _mde(setting: Setting, told: Trial, main: int) -> Check:
    least = told.mde[main]
    if np.isnan(least):
        return _check("mde", None, gate=False)
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


def _hinge(name: str, told: Trial, changed: _Changed, main: int, looks: int) -> Check:
    """Whether the answer of the main window is another in any variant; not a test where there is none."""
    variants, labels = changed.trials, changed.labels
    if not variants:
        return _check(name, None, changed.figures, count=changed.count)
    measured = dict(changed.figures)
    for v, variant in enumerate(variants):
        label = labels[v] if labels else "other"
        measured |= {label: variant.effect[main], f"{label} p": variant.p[main]}
    count = changed.count or len(variants)
    failing = [v for v, one in enumerate(variants) if hinges(told, one, main, looks)]
    smallest = int(np.nanargmin([np.inf, *(one.p[main] for one in variants)])) - 1
    by_chance = not failing and told.p[main] > ALPHA and smallest >= 0 and variants[smallest].p[main] <= ALPHA
    if not failing and not by_chance:
        return _check(name, True, measured, count=count)
    v = failing[0] if failing else smallest
    words = {
        "count": count, "variant": labels[v] if labels else "", "effect": number(told.effect[main]), "p": number(told.p[main]),
        "other": number(variants[v].effect[main]), "other_p": number(variants[v].p[main]), "looks": looks,
    }  # fmt: skip
    return replace(
        _check(name, not failing, measured, **words),
        reason=f"difference.check.{name}.failed" if failing else "difference.by_chance",
    )


def _later(setting: Setting, told: Trial, main: int, changed: Mapping[str, _Changed], looks: int) -> Check:
    """Whether what a later window shows stands in every changed run; no gate, for the verdict does not rest on it."""
    for w, p in enumerate(told.p):
        if w == main or not p <= ALPHA:
            continue
        first, last = setting.windows[w]
        on = [name for name, one in changed.items() if any(hinges(told, v, w, looks) for v in one.trials)]
        words = {
            "first": first,
            "last": last,
            "effect": number(told.effect[w]),
            "p": number(p),
            "count": len(on),
        }
        return _check("later", not on, dict.fromkeys(on, 1.0), gate=False, **words)
    return _check("later", None, gate=False)


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
