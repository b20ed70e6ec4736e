"""What did a measure do? An evaluation run by its design, held against its checks, and judged by stated rules.

The verdict, by the first rule that applies (`judge`):

    1. a national series, or a choice of the worst without a list            inconclusive: the design cannot tell
    2. every event rests on memory                                           inconclusive
    3. nothing could be estimated, or fewer placebos than a p of 5% needs    inconclusive
    4. a gate failed (size, selection, dating, base month, one place …)      inconclusive, naming it
    5. the main effect has p ≤ .05 on every scale and every estimate that the verdict rests on has its sign    increased, decreased
    6. p > .05 on every scale                                                no detectable effect (with the smallest that would have been seen)
    7. anything else: it hinges on the scale or the method                   inconclusive
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.evidence.events import Evaluation, Outcome, find_evaluation
from careo.panel import Country, country_of
from careo.results.designs import dated_history, interrupted
from careo.results.designs.dated_history import Fall
from careo.results.designs.setting import SCALES, Check, Estimate, Setting
from careo.run.evaluation_setting import Posed, find_outcome, pose
from careo.run.place_selection import mask_places
from careo.run.yearly import Yearly, yearly_record

if TYPE_CHECKING:
    import xarray as xr

    from careo.results.designs.difference import EventStudy
    from careo.results.designs.synthetic_control import Paths

ALPHA = 0.05
Design = Literal["difference", "synthetic_control", "interrupted", "dated_history"]
LEAST_TREATED = 3
"""Treated places from which on differences are taken; below, a synthetic control."""
DRAWS = 1999
FAKES = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of `finding.DIFFERENCES`; reason: key of texts of why, with its words; failed: how many further gates failed."""

    word: str
    reason: str
    words: Mapping[str, object] = field(default_factory=dict[str, object])
    failed: int = 0


@dataclass(frozen=True, eq=False)
class Evaluated:
    """An evaluation with everything its verdict rests on.

    Attributes:
        evaluation, outcome, country: what was asked of whom. design: that ran. verdict: see `judge`.
        estimates: those the verdict rests on first. checks: what they were held against.
        sensitivity: name of another run ("memory", "later", "placebo") → its main estimates.
        posed: the setting; None for a dated history. record, falls, listed: of a dated history. study, paths: what is drawn, where the design has it.
        lacking: estimators of others could stand beside ours and their library is not installed.
    """

    evaluation: Evaluation
    outcome: Outcome
    country: Country
    design: Design
    verdict: Verdict
    estimates: tuple[Estimate, ...]
    checks: tuple[Check, ...]
    sensitivity: Mapping[str, tuple[Estimate, ...]] = field(default_factory=dict[str, tuple[Estimate, ...]])
    posed: Posed | None = None
    record: tuple[Yearly, ...] = ()
    falls: tuple[Fall, ...] = ()
    listed: tuple[Fall, ...] = ()
    study: EventStudy | None = None
    paths: Paths | None = None
    lacking: bool = False

    @property
    def main(self) -> Estimate | None:
        """The first estimate that the verdict rests on."""
        return next(iter(leading(self.estimates)), None)

    def on(self, scale: str) -> Estimate | None:
        """The main estimate, or the same one on another scale."""
        main = self.main
        alike = (
            one
            for one in self.estimates
            if main and (one.method, one.window, one.base) == (main.method, main.window, main.base)
        )
        return next((one for one in alike if one.scale == scale), None)


def evaluate(
    name_or_file: str | Path | Evaluation,
    panel: Country | xr.Dataset | None = None,
    *,
    outcome: str | None = None,
    boundaries: Path | None = None,
    draws: int = DRAWS,
    seed: int = 7,
    progress: Callable[[str], None] | None = None,
) -> Evaluated:
    """What a dated measure did, or why nobody can tell.

    Args:
        name_or_file: an evaluation of the country, the path of a file, or an `Evaluation`.
        panel: a country, or a panel of it with its `as_of`; None is Mexico.
        outcome: another outcome than the evaluation's. draws: placebo assignments at most. seed: of all luck.
        boundaries: GeoJSON or TopoJSON of the places, for who borders whom; None is the country's own borders, which are of states.
        progress: told what is under way: "record", "estimates", "checks", "others".

    Raises:
        CareoError: there is no such evaluation or outcome, or the question cannot be put to this record (`run/evaluation_setting.py`).
        DataError: the file is broken; every mistake, with file and line.
    """
    country = country_of(panel)
    asked = (
        name_or_file
        if isinstance(name_or_file, Evaluation)
        else find_evaluation(name_or_file, country.key, places=country.places.by_code)
    )
    if asked.design == "dated_history":
        folder = Path(name_or_file).parent if isinstance(name_or_file, (str, Path)) else Path()
        return _dated(asked, country, panel, outcome, folder)
    tell = progress or (lambda _: None)
    tell("record")
    posed = pose(asked, panel, outcome=outcome, boundaries=boundaries, seed=seed)
    if asked.design == "interrupted":
        return _interrupted(posed)
    return _by_places(posed, draws, tell)


def leading(estimates: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """The estimates of the main window by the first method that the verdict rests on, one a scale."""
    default = [one for one in estimates if one.default]
    if not default:
        return ()
    first = default[0]
    start = min(one.window[0] for one in default)
    found = [one for one in default if one.method == first.method and one.window[0] == start]
    return tuple(
        {one.scale: one for one in reversed(found)}[scale]
        for scale in SCALES
        if scale in {one.scale for one in found}
    )


def judge(
    estimates: Sequence[Estimate], checks: Sequence[Check], *, capped: str = "", only_recalled: bool = False
) -> Verdict:
    """The verdict by the rules at the head of this file.

    Args:
        capped: "national" or "dated": the design can never tell. only_recalled: every event rests on memory.
    """
    gates = [check for check in checks if check.gate and check.passed is False]
    if capped:
        return Verdict(
            "inconclusive",
            f"evaluate.because.{capped}" if capped != "national" else "evaluate.why.national",
            failed=len(gates),
        )
    if only_recalled:
        return Verdict("inconclusive", "evaluate.why.recalled", failed=len(gates))
    main = leading(estimates)
    if not main or any(math.isnan(one.p) for one in main):
        return Verdict("inconclusive", "evaluate.why.nothing", failed=len(gates))
    if main[0].smallest_p > ALPHA:
        words = {"smallest": f"{main[0].smallest_p:.2f}"}
        return Verdict("inconclusive", "evaluate.why.few_placebos", words, failed=len(gates))
    if gates:
        return Verdict("inconclusive", gates[0].reason, gates[0].words, failed=len(gates) - 1)
    found = [one.p <= ALPHA for one in main]
    start = main[0].window
    signs = {one.effect > 0 for one in estimates if one.default and one.window == start}
    if all(found) and len(signs) == 1:
        return Verdict("increased" if signs == {True} else "decreased", "evaluate.why.found")
    if not any(found):
        return Verdict("no detectable effect", "evaluate.why.none")
    return Verdict("inconclusive", "evaluate.why.scale" if not all(found) else "evaluate.why.method")


# ── by places ────────────────────────────────────────────────────────────────────────────────────────────────────


def design_of(setting: Setting) -> Design:
    """The design that so many treated places get."""
    return "difference" if int(setting.treated.sum()) >= LEAST_TREATED else "synthetic_control"


def run_design(
    setting: Setting, draws: int = DRAWS, *, fakes: int = FAKES
) -> tuple[Design, tuple[Estimate, ...], tuple[Check, ...]]:
    """The design of a setting, its estimates and what they were held against: what `judge` needs.

    Args:
        draws: placebo assignments at most. fakes: invented treatments behind each size.

    Errors:
        CareoError: as for the design.
    """
    design = design_of(setting)
    return design, _estimates(design, setting, draws), _checks(design, setting, fakes)


def _by_places(posed: Posed, draws: int, tell: Callable[[str], None]) -> Evaluated:
    design = design_of(posed.setting)
    many = design == "difference"
    tell("estimates")
    estimates = _estimates(design, posed.setting, draws)
    beside = _neighbours(posed.setting, draws) if posed.evaluation.level == "municipality" else ()
    tell("others")
    others = _others(posed.setting) if many else ()
    tell("checks")
    checks = list(_checks(design, posed.setting, FAKES))
    sensitivity: dict[str, tuple[Estimate, ...]] = {}
    for name, setting in posed.variants.items():
        try:
            sensitivity[name] = leading(_estimates(design_of(setting), setting, min(draws, 499)))
        except CareoError:  # the variant has too little to be run; the main run has not
            continue
    checks += _sensitive(leading(estimates), sensitivity)
    return Evaluated(
        evaluation=posed.evaluation,
        outcome=posed.outcome,
        country=posed.country,
        design=design,
        verdict=judge(estimates, checks, only_recalled=posed.only_recalled),
        estimates=estimates + beside + (others or ()),
        checks=tuple(checks),
        sensitivity=sensitivity,
        posed=posed,
        lacking=others is None,
        study=_event_study(posed.setting) if many else None,
        paths=None if many else _paths(posed.setting),
    )


def _estimates(design: Design, setting: Setting, draws: int) -> tuple[Estimate, ...]:
    if design == "difference":
        from careo.results.designs import difference

        return difference.estimate(setting, draws=draws)
    from careo.results.designs import synthetic_control

    found = [one for scale in SCALES for one in synthetic_control.estimate(replace(setting, scale=scale))]
    return tuple(sorted(found, key=lambda one: not one.default))


def _neighbours(setting: Setting, draws: int) -> tuple[Estimate, ...]:
    from careo.results.designs import difference

    return difference.neighbour_estimates(setting, draws=draws)


def _others(setting: Setting) -> tuple[Estimate, ...] | None:
    """What estimators of others say, beside which ours stands; None where their library is not installed."""
    from careo.results.designs import other_estimators

    if other_estimators.too_large(setting):
        return ()
    return other_estimators.other_estimates(setting) if other_estimators.installed() else None


def _checks(design: Design, setting: Setting, fakes: int) -> tuple[Check, ...]:
    if design == "difference":
        from careo.results.designs import difference

        return difference.checks(setting, fakes=fakes)
    from careo.results.designs import synthetic_control

    return synthetic_control.checks(setting, fakes=fakes)


def _event_study(setting: Setting) -> EventStudy:
    from careo.results.designs import difference

    return difference.event_study(setting)


def _paths(setting: Setting) -> Paths:
    from careo.results.designs import synthetic_control

    return synthetic_control.paths(setting)


def _sensitive(main: Sequence[Estimate], runs: Mapping[str, Sequence[Estimate]]) -> list[Check]:
    """What other runs say of the main one: events that nobody looked up, later dates, events that never were."""
    found: list[Check] = []
    for name, others in runs.items():
        if not main or not others:
            continue
        ours, other = main[0], next((one for one in others if one.scale == main[0].scale), others[0])
        figures = {"effect": other.effect, "p": other.p, "smallest_p": other.smallest_p}
        if name == "placebo":
            told = None if not other.smallest_p <= ALPHA else other.p > ALPHA
            key = {True: "placebo_event", False: "placebo_event_found", None: "placebo_event_few"}[told]
        elif ours.p > ALPHA:
            told = other.p > ALPHA or None
            key = f"{name}_none" if told else f"{name}_more"
        else:
            told = (other.effect > 0) == (ours.effect > 0) and not other.p > 2 * ALPHA
            key = name if told else f"{name}_hinges"
        words = {"effect": _worded(other), "p": f"{other.p:.3f}"}
        found.append(Check(name, told, f"evaluate.check.{key}", words, figures))
    return found


def _worded(one: Estimate) -> str:
    value = f"{one.effect:+.1f}" if one.scale == "rate" else f"{100 * math.expm1(one.effect):+.0f}%"
    return value.replace("-", "−")


# ── designs that never tell ──────────────────────────────────────────────────────────────────────────────────────


def _interrupted(posed: Posed) -> Evaluated:
    estimates = interrupted.estimate(posed.setting)
    checks = interrupted.checks(posed.setting, estimates)
    return Evaluated(
        evaluation=posed.evaluation,
        outcome=posed.outcome,
        country=posed.country,
        design="interrupted",
        verdict=judge(estimates, checks, capped="national"),
        estimates=estimates,
        checks=checks,
        posed=posed,
    )


def _dated(
    asked: Evaluation, country: Country, panel: Country | xr.Dataset | None, outcome: str | None, folder: Path
) -> Evaluated:
    choice = asked.choice
    assert choice is not None  # noqa: S101 - a file without one was refused
    told = find_outcome(country, outcome or asked.outcome)
    record = _within(yearly_record(panel, told, asked.level), asked)
    falls = dated_history.falls(record, choice.count, over=choice.over, after=choice.after)
    if not falls:
        years = ", ".join(str(year) for one in record for year in one.years)
        raise CareoError("setting_no_choice", where=asked.id, found=years or "–", expected=str(choice.count))
    listed: list[Fall] = []
    if choice.list:
        codes = mask_places(folder / choice.list, country)
        for later in choice.after:
            found = [
                one
                for series in record
                if (one := dated_history.listed_fall(series, choice.year, later, codes, over=choice.over))
            ]
            listed += found[:1]
    estimates = dated_history.estimates(falls, year=choice.year, after=choice.after)
    checks = dated_history.checks(falls, record, year=choice.year, after=choice.after)
    return Evaluated(
        evaluation=asked,
        outcome=told,
        country=country,
        design="dated_history",
        verdict=judge(estimates, checks, capped="listed" if listed else "dated"),
        estimates=estimates,
        checks=checks,
        record=record,
        falls=falls,
        listed=tuple(listed),
    )


def _within(record: Sequence[Yearly], asked: Evaluation) -> tuple[Yearly, ...]:
    """The years of the record that the evaluation looks at."""
    period = parse_period(asked.period)
    assert period.first is not None  # noqa: S101 - a file with an open period was refused
    assert period.last is not None  # noqa: S101
    found: list[Yearly] = []
    for one in record:
        kept = [
            column for column, year in enumerate(one.years) if period.first.year <= year <= period.last.year
        ]
        if len(kept) > 1:
            years = tuple(one.years[column] for column in kept)
            found.append(replace(one, years=years, counts=one.counts[:, kept], people=one.people[:, kept]))
    return tuple(found)
