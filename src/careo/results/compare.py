"""Strategies compared under the same luck: differences by draw, what can be said of them, and what they rest on.

Draw 17 is the same world under every strategy, so a difference is taken draw by draw (paired) and its quantiles are those of the
differences, exact and by linear interpolation between draws. The verdict follows from the paired differences alone:

    decreased, increased     the 90% interval of the difference excludes zero
    no detectable effect     else, when it lies within ±2% of what it is compared with
    inconclusive             else; and always when more than half of the effect rests on evidence of grade D or nobody looked how much
                             does, when an outcome's level is not known, or when nothing that was simulated moves it

Share of the effect that rests on grade D = 1 − median difference without effects of grade D / median difference.

Outcomes stand side by side and are never added up: complaints of rights violations come first, and where they rise in more than half of
the futures the sentence about any other outcome begins with that.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from careo.base.citations import Source, load_sources
from careo.base.dates import Period
from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.levers import Lever, load_levers
from careo.model.mechanisms import OUTCOMES
from careo.panel import Country, country_of
from careo.results.finding import Finding
from careo.results.wording import number, period_words, signed, value_words
from careo.run.ensemble import STATUS_QUO, Ensemble
from careo.run.parameter_table import SLOTS
from careo.run.scenario import Scenario
from careo.run.scenario_costs import note

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NATION = "nation"
NEGLIGIBLE = 2.0
"""A difference within so many per cent of what it is compared with is none that matters."""
WEAK_SHARE = 0.5
"""An effect that rests on grade D with more than this share of it decides nothing."""

_HOMICIDES, _RIGHTS = "homicides", "rights_complaints"
_ORDER = (_RIGHTS, *(name for name in OUTCOMES if name != _RIGHTS))
_NAMED = 8  # names in a sentence


def compare(
    ensemble: Ensemble,
    *,
    against: str = STATUS_QUO,
    quantity: str | None = None,
    language: str = "en",
    without_d: Ensemble | None = None,
    scales: Sequence[Ensemble] = (),
    country: Country | None = None,
) -> tuple[Finding, ...]:
    """What each strategy changes, outcome by outcome, complaints of rights violations first.

    Args:
        ensemble: of `simulate` or `read_run`. against: the strategy that the others are compared with.
        quantity: one of the outcomes; None: all of them.
        without_d: the same ensemble without effects of grade D, to tell how much rests on them.
        scales: the same with given numbers of members, of as many draws as you like.
        country: whose names, levers and sources; Mexico by default.

    Returns:
        A finding of kind "comparison" for each strategy and outcome. Its table: the nation first, the whole horizon before single
        years. `extra`: strategy, against, outcome, reason (of "inconclusive": "interval", "grade_d", "grade_d_unknown",
        "members", "unknown", "not_simulated"), grade_d_share ("" where it cannot be told), start (the sentence against the start year).

    Raises:
        CareoError: there is no such outcome, or no such strategy in the ensemble.
    """
    if quantity is not None and quantity not in OUTCOMES:
        raise CareoError("run_quantity", expected=" | ".join(OUTCOMES), found=repr(quantity))
    if against not in ensemble.strategies:
        raise CareoError("run_strategy", expected=" | ".join(ensemble.strategies), found=repr(against))
    found: list[Finding] = []
    for scenario in ensemble.scenarios:
        if scenario.name in (against, STATUS_QUO):
            continue
        one = _Comparison(ensemble, scenario, against, language, without_d, scales, country_of(country))
        found += [one.finding(outcome) for outcome in _ORDER if quantity in (None, outcome)]
    return tuple(found)


def paired(ensemble: Ensemble, strategy: str, against: str = STATUS_QUO) -> xr.Dataset:
    """Differences by draw between two strategies, in numbers.

    Returns:
        Over outcome, place ("nation" first), year (0 is the whole horizon) and quantile (5, 25, 50, 75, 95%): `expected`, the median
        under `against`, and `difference` [events/year, or over the horizon]; `percent`, of what the same draw has under `against`, NaN
        where that is 0 in some draw; `fewer`, the probability of fewer events, ties by half. For homicides, over side ("strategy",
        "against"), place, full year and quantile: `start_difference`, `start_percent` and `start_fewer`, against the last twelve
        observed months. `draws`: pairs that were counted [outcome]; where there is none, everything is NaN: not known, never 0.
    """
    import xarray as xr

    ours, theirs = (_with_totals(ensemble, name) for name in (strategy, against))
    whole: np.ndarray = np.all((ours >= 0) & (theirs >= 0), axis=(1, 2))  # pyright: ignore[reportAssignmentType] - [outcome draw]
    shape = ours.shape[:3]
    expected, fewer = np.full(shape, np.nan), np.full(shape, np.nan)
    difference = np.full((*shape, len(QUANTILES)), np.nan)
    percent = np.full((*shape, len(QUANTILES)), np.nan)
    for o in range(shape[0]):
        if not whole[o].any():
            continue
        a, b = ours[o][..., whole[o]], theirs[o][..., whole[o]]
        expected[o], fewer[o] = np.median(b, axis=-1), _fewer(a - b)
        difference[o] = _quantiles(a - b)
        percent[o] = _quantiles(_percent(a - b, b))
    starts = _against_start(ensemble, (ours[0], theirs[0]), whole[0])
    places, years = [NATION, *map(str, ensemble.yearly["place"].values)], np.arange(shape[2])
    axes = ("outcome", "place", "year")
    start_axes = ("side", "place", "full_year")
    return xr.Dataset(
        {
            "expected": (axes, expected),
            "difference": ((*axes, "quantile"), difference),
            "percent": ((*axes, "quantile"), percent),
            "fewer": (axes, fewer),
            "start_difference": ((*start_axes, "quantile"), starts[0]),
            "start_percent": ((*start_axes, "quantile"), starts[1]),
            "start_fewer": (start_axes, starts[2]),
            "draws": ("outcome", whole.sum(axis=1)),
        },
        coords={
            "outcome": list(OUTCOMES), "place": places, "year": years, "quantile": list(QUANTILES),
            "side": ["strategy", "against"], "full_year": np.arange(1, starts[2].shape[2] + 1),
        },
        attrs={"strategy": strategy, "against": against},
    )  # fmt: skip


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


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _with_totals(ensemble: Ensemble, strategy: str) -> np.ndarray:
    """Counts, the nation before the places and the horizon before the years [events; outcome place year draw]; −1 stays −1."""
    counts = ensemble.yearly.sel(strategy=strategy).transpose("outcome", "place", "year", "draw").to_numpy()
    counts = counts.astype(np.int64)
    for row, outcome in enumerate(ensemble.yearly["outcome"].values):
        if outcome != _HOMICIDES and outcome not in ensemble.companions.levels:
            counts[row] = -1  # nothing is known of its level: that is not none
    for axis in (1, 2):
        total = counts.sum(axis=axis, keepdims=True)
        unknown = (counts < 0).any(axis=axis, keepdims=True)
        counts = np.concatenate([np.where(unknown, -1, total), counts], axis=axis)
    return counts


def _quantiles(values: np.ndarray) -> np.ndarray:
    """[… quantile] of [… draw]; NaN where a draw is NaN."""
    return np.moveaxis(np.quantile(values, QUANTILES, axis=-1), 0, -1)


def _percent(difference: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Per cent of what the same draw has; NaN throughout where that is 0 in some draw."""
    sound = np.broadcast_to((base > 0).all(axis=-1, keepdims=True), difference.shape)
    return np.where(sound, 100.0 * difference / np.where(base > 0, base, 1), np.nan)


def _fewer(difference: np.ndarray) -> np.ndarray:
    return (difference < 0).mean(axis=-1) + 0.5 * (difference == 0).mean(axis=-1)


def _against_start(
    ensemble: Ensemble, sides: Sequence[np.ndarray], whole: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Homicides of full years against the last twelve observed months: difference, per cent, probability of fewer."""
    full = min(ensemble.monthly.sizes["month"] // 12, ensemble.yearly.sizes["year"])
    start = np.concatenate([[ensemble.baseline_year.sum()], ensemble.baseline_year])[:, None, None]
    places = len(start)
    found = (
        np.full((2, places, full, len(QUANTILES)), np.nan),
        np.full((2, places, full, len(QUANTILES)), np.nan),
        np.full((2, places, full), np.nan),
    )
    if whole.any():
        for side, counts in enumerate(sides):
            change = counts[:, 1 : full + 1, whole] - start
            found[0][side] = _quantiles(change)
            found[1][side] = _quantiles(_percent(change, np.broadcast_to(start, change.shape)))
            found[2][side] = _fewer(change)
    return found


# ── sentences ────────────────────────────────────────────────────────────────────────────────────────────────────


class _Comparison:
    """One strategy against another: numbers once, then a finding for each outcome."""

    def __init__(
        self,
        ensemble: Ensemble,
        scenario: Scenario,
        against: str,
        language: str,
        without_d: Ensemble | None,
        scales: Sequence[Ensemble],
        country: Country,
    ) -> None:
        self.ensemble, self.scenario, self.against, self.language = ensemble, scenario, against, language
        self.country = country
        name = scenario.name
        self.numbers = paired(ensemble, name, against)
        self.less = paired(without_d, name, against) if without_d else None
        self.scales = [(scale.members_nation or math.nan, paired(scale, name, against)) for scale in scales]
        levers = load_levers(country.key)
        other = next(s for s in ensemble.scenarios if s.name == against)
        self.levers = [levers[one] for one in sorted({*scenario.levers, *other.levers}) if one in levers]

    def finding(self, outcome: str) -> Finding:
        at = self.numbers.sel(outcome=outcome, place=NATION, year=0)
        difference = at["difference"].to_numpy()
        verdict = verdict_of(difference, at["percent"].to_numpy(), float(at["expected"]))
        share = self._share(outcome)
        reason = ""
        if int(at["draws"]) == 0:
            verdict, reason = "inconclusive", "unknown"
        elif not self._moved(outcome):
            verdict, reason = "inconclusive", "not_simulated"
        elif share is None and difference[2] != 0:
            verdict, reason = "inconclusive", "grade_d_unknown"
        elif share is not None and share > WEAK_SHARE:
            verdict, reason = "inconclusive", "grade_d"
        elif verdict == "inconclusive":
            reason = "interval"
        elif self.ensemble.members_nation is None and self._sweep(outcome)[1]:
            verdict, reason = "inconclusive", "members"
        start = self._start() if outcome == _HOMICIDES else ""
        keys = (self.scenario.name, self.against, outcome, str(self.ensemble.seed), str(self.ensemble.start))
        sizes = (
            *self.ensemble.monthly.sizes.values(),
            self.ensemble.members_nation,
            *sorted(self.ensemble.without),
        )
        return Finding(
            id=hashlib.sha256("|".join(map(str, (*keys, *sizes))).encode()).hexdigest()[:16],
            kind="comparison",
            claim=_sentence(
                self._say(
                    "claim", strategy=self.scenario.name, versus=versus(self.against, self.language),
                    outcome=self._outcome(outcome), period=self._period(0),
                )
            ),
            verdict=verdict,
            because=self._because(outcome, verdict, reason, share),
            statement=None,
            table=() if reason == "unknown" else self._rows(outcome, capped=reason.startswith("grade_d") or reason == "members"),
            grade=max((grade for grade, _ in self._graded()), default=""),
            caveats=tuple(self._caveats(outcome, reason, share, start)),
            sources=self._sources(outcome),
            language=self.language,
            extra={
                "strategy": self.scenario.name,
                "against": self.against,
                "outcome": outcome,
                "reason": reason,
                "grade_d_share": "" if share is None else f"{share:.3f}",
                "start": start,
            },
        )  # fmt: skip

    # numbers behind the words

    def _share(self, outcome: str) -> float | None:
        if not any(grade == "D" for grade, _ in self._graded()):
            return 0.0
        if self.less is None:
            return None
        whole, less = (
            float(d["difference"].sel(outcome=outcome, place=NATION, year=0, quantile=0.5))
            for d in (self.numbers, self.less)
        )
        return grade_d_share(whole, less)

    def _moved(self, outcome: str) -> bool:
        """Whether any draw has another count, anywhere and in any year."""
        counts = self.ensemble.yearly.sel(outcome=outcome)
        ours, theirs = (counts.sel(strategy=s).to_numpy() for s in (self.scenario.name, self.against))
        return bool((ours != theirs).any())

    def _graded(self) -> list[tuple[str, str]]:
        """Grade and name of every effect in use, once each."""
        found = {
            (part.grade or lever.grade, worded(lever.name, self.language))
            for lever in self.levers
            for part in (*lever.effects, *lever.links)
        }
        return sorted(found)

    # words

    def _say(self, key: str, **words: object) -> str:
        return say(self.language, f"simulate.{key}", **words)

    def _outcome(self, outcome: str) -> str:
        return self._say(f"outcome.{outcome}")

    def _other(self) -> str:
        return self._say("status_quo") if self.against == STATUS_QUO else self.against

    def _because(self, outcome: str, verdict: str, reason: str, share: float | None) -> str:
        words = {"outcome": self._outcome(outcome), "against": self._other(), "period": self._period(0)}
        rights = self._rights(outcome)
        if reason in ("unknown", "not_simulated"):
            return _sentence(rights + self._say(f"because.{reason}", **words))
        at = self.numbers.sel(outcome=outcome, place=NATION, year=0)
        size = at["percent"].to_numpy()
        change = self._interval(size, "%", 1) if not np.isnan(size).any() else ""
        change = change or self._interval(at["difference"].to_numpy(), "", 0)
        weak = self._say("share.all") if share and share >= 0.995 else f"{100 * (share or 0):.0f}%"
        end = self._say(f"end.{reason or verdict.replace(' ', '_')}", share=weak)
        fewer = self._chance(float(at["fewer"]))
        return _sentence(rights + self._say("because.change", change=change, fewer=fewer, end=end, **words))

    def _rights(self, outcome: str) -> str:
        """What has to be said first: complaints of rights violations rise in more than half of the futures."""
        rise = 1.0 - float(self.numbers["fewer"].sel(outcome=_RIGHTS, place=NATION, year=0))
        if outcome == _RIGHTS or not rise > 0.5:  # NaN: not known
            return ""
        return self._say("rights_first", chance=self._chance(rise))

    def _start(self) -> str:
        """The last full year against the last twelve observed months, of both."""
        if not self.numbers.sizes["full_year"] or not int(self.numbers["draws"].sel(outcome=_HOMICIDES)):
            return ""
        last = self.numbers.sel(place=NATION).isel(full_year=-1)
        ours, theirs = last.sel(side="strategy"), last.sel(side="against")
        return self._say(
            "start",
            count=number(round(float(self.ensemble.baseline_year.sum()))),
            period=self._period(int(last["full_year"])),
            strategy=self.scenario.name,
            change=self._interval(ours["start_percent"].to_numpy(), "%", 1),
            fewer=self._chance(float(ours["start_fewer"])),
            against=self._other(),
            other=self._interval(theirs["start_percent"].to_numpy(), "%", 1),
            other_fewer=self._chance(float(theirs["start_fewer"])),
        )

    def _rows(self, outcome: str, *, capped: bool) -> tuple[Mapping[str, str], ...]:
        """The nation first, the whole horizon before single years."""
        numbers = self.numbers.sel(outcome=outcome)
        names = [self._say("nation"), *(self._place(str(code)) for code in numbers["place"].values[1:])]
        expected, fewer = numbers["expected"].to_numpy(), numbers["fewer"].to_numpy()
        difference, percent = numbers["difference"].to_numpy(), numbers["percent"].to_numpy()
        full = numbers.sizes["full_year"] if outcome == _HOMICIDES else 0
        start, start_fewer = numbers["start_percent"].to_numpy()[0], numbers["start_fewer"].to_numpy()[0]
        rows: list[dict[str, str]] = []
        for p, name in enumerate(names):
            for y in range(numbers.sizes["year"]):
                d, share = difference[p, y], percent[p, y]
                verdict = verdict_of(d, share, float(expected[p, y]))
                if not d.any() and fewer[p, y] == 0.5:
                    verdict = "same"  # not reached: no finding of no effect
                elif capped:
                    verdict = "inconclusive"
                relative = not np.isnan(share).any()
                size, unit, decimals = (share, "%", 1) if relative else (d, "", 0)
                row = {
                    "place": name,
                    "period": self._period(y),
                    "expected": number(round(float(expected[p, y]))),
                    "difference": signed(d[2], 0),
                    "half": self._range(d[1], d[3], 0),
                    "most": self._range(d[0], d[4], 0),
                    "change": f"{signed(share[2], 1)}%" if relative else "–",
                    "half_change": self._range(size[1], size[3], decimals, unit),
                    "most_change": self._range(size[0], size[4], decimals, unit),
                    "fewer": f"{100 * fewer[p, y]:.0f}%",
                    "verdict": self._say(f"verdict.{verdict.replace(' ', '_')}"),
                }
                if full:
                    there = 1 <= y <= full and not np.isnan(start[p, y - 1]).any()
                    row["start"] = self._interval(start[p, y - 1], "%", 1, "short") if there else "–"
                    row["start_fewer"] = f"{100 * start_fewer[p, y - 1]:.0f}%" if there else "–"
                rows.append(row)
        return tuple(rows)

    def _caveats(self, outcome: str, reason: str, share: float | None, start: str) -> list[str]:
        ensemble, scenario = self.ensemble, self.scenario
        found = [start] if start else []
        found += [self._say("caveat.unknown", outcome=self._outcome(o)) for o in _ORDER if self._unknown(o)]
        if reason not in ("unknown", "not_simulated"):
            found.append(self._share_words(outcome, share))
            found += self._sweep_words(outcome)
        if outcome in SLOTS["members"].moves:
            found.append(self._untold_words())
        graded: dict[str, list[str]] = {}
        for grade, name in self._graded():
            graded.setdefault(grade, []).append(name)
        if graded:
            words = "; ".join(f"{grade}: {', '.join(names)}" for grade, names in graded.items())
            found.append(self._say("caveat.graded", graded=words))
        weak = [worded(m.name, self.language) for m in scenario.measures if m.grade == "D"]
        if weak:
            found.append(
                self._say("caveat.doses", count=len(weak), all=len(scenario.measures), names=_names(weak))
            )
        left = [worded(m.name, self.language) for m in scenario.not_simulated]
        if left:
            found.append(self._say("caveat.not_simulated", count=len(left), names=_names(left)))
        mine = {lever.id: worded(lever.name, self.language) for lever in self.levers}
        outside = [
            self._say(
                "left_out", lever=mine[one.lever], level=say(self.language, f"levers.level.{one.level}"),
                mechanisms=", ".join(say(self.language, f"levers.mechanism.{m}.name") for m in one.mechanisms),
            )
            for one in ensemble.left_out
            if one.lever in mine
        ]  # fmt: skip
        if outside:
            found.append(self._say("caveat.left_out", effects="; ".join(dict.fromkeys(outside))))
        if ensemble.failures:
            found.append(
                self._say("caveat.failures", count=ensemble.failures, draws=ensemble.yearly.sizes["draw"])
            )
        level = ensemble.companions.levels.get(outcome)
        if level:
            found.append(
                _sentence(
                    self._say(
                        "caveat.level",
                        outcome=self._outcome(outcome),
                        period=period_words(level.period, self.language),
                    )
                )
            )
            if level.shared:
                shared = _names([self._place(code) for code in level.shared])
                words = self._say("caveat.shared", outcome=self._outcome(outcome), places=shared)
                found.append(_sentence(words))
            if level.unverified:
                found.append(_sentence(self._say("caveat.unverified", outcome=self._outcome(outcome))))
        found += self._cost_words()
        of_costs = [note("no_purpose"), *(one for cost in scenario.costs for one in cost.notes)]
        found += [worded(one, self.language) for one in scenario.notes if one not in of_costs]
        found += [self._say("caveat.forecaster"), self._say("caveat.never_netted"), self._say("caveat.rule")]
        return found

    def _unknown(self, outcome: str) -> bool:
        return int(self.numbers["draws"].sel(outcome=outcome)) == 0

    def _share_words(self, outcome: str, share: float | None) -> str:
        words = {"outcome": self._outcome(outcome)}
        if share is None:
            return self._say("caveat.share_unknown", **words)
        if share < -0.005:
            return self._say("caveat.share_against", **words)
        if share <= 0.005:
            return self._say("caveat.share_none", **words)
        rests = self._say("share.all") if share >= 0.995 else f"{100 * share:.0f}%"
        return _sentence(self._say("caveat.share", share=rests, **words))

    def _sweep(self, outcome: str) -> tuple[list[str], bool]:
        """The difference with each number of members, which no count tells apart; whether its sign turns with that number."""
        shown: list[str] = []
        signs: set[float] = set()
        for members, numbers in sorted(self.scales, key=lambda pair: pair[0]):
            at = numbers.sel(outcome=outcome, place=NATION, year=0)
            size, unit, decimals = at["percent"].to_numpy(), "%", 1
            if np.isnan(size).any():
                size, unit, decimals = at["difference"].to_numpy(), "", 0
            if np.isnan(size).any():
                continue
            signs.add(float(np.sign(round(float(size[2]), decimals))))
            shown.append(f"{number(members)}: {self._interval(size, unit, decimals, 'short')}")
        return shown, len(signs - {0.0}) > 1

    def _sweep_words(self, outcome: str) -> list[str]:
        shown, turns = self._sweep(outcome)
        words = {"outcome": self._outcome(outcome), "differences": "; ".join(shown)}
        if len(shown) > 1 and len({one.partition(": ")[2] for one in shown}) == 1:
            return [_sentence(self._say("caveat.sweep_same", **words))]
        if not shown:
            return [self._say("caveat.sweep_none", **words)]
        loud = [_sentence(self._say("caveat.sweep_turns", **words))] if turns else []
        return [*loud, self._say("caveat.sweep", **words)]

    def _untold_words(self) -> str:
        """What no series of counts can tell, and the outcomes that depend on it."""
        given, moved = self.ensemble.members_nation, SLOTS["members"].moves
        words = {"outcomes": ", ".join(self._say(f"short_outcome.{name}") for name in moved)}
        if given:
            return self._say("caveat.scale_given", members=number(given), **words)
        return self._say("caveat.scale", **words)

    def _cost_words(self) -> list[str]:
        """The strategy's own cost over the horizon, as far as it is known."""
        costs = self.scenario.costs
        known = [cost for cost in costs if np.isfinite(cost.value).any()]
        if not known:
            return [self._say("caveat.cost_unknown")] if costs else []
        plain = self.scenario.currency
        units = {"low": plain, "value": f"{plain} of {self.scenario.price_year}", "high": plain}
        words = {
            name: value_words(
                float(sum(np.nansum(getattr(cost, name)) for cost in known)), unit, self.language
            )
            for name, unit in units.items()
        }
        lacking = sum(not cost.costed for cost in costs)
        more = self._say("caveat.cost_lacking", count=lacking, all=len(costs)) if lacking else ""
        return [" ".join(filter(None, (self._say("caveat.cost", **words), more)))]

    def _period(self, year: int) -> str:
        """Year 0 is the whole horizon."""
        months = self.ensemble.monthly.sizes["month"]
        first, end = (0, months) if year == 0 else (12 * (year - 1), min(12 * year, months))
        begin, after = (_month(self.ensemble.start, offset) for offset in (first, end))
        return period_words(Period(begin, after - timedelta(days=1)), self.language)

    def _place(self, code: str) -> str:
        place = self.country.places.by_code.get(code)
        return place.name if place else code

    def _sources(self, outcome: str) -> tuple[Source, ...]:
        level = self.ensemble.companions.levels.get(outcome)
        keys = [*self.scenario.sources, *(level.sources if level else ()), *_lever_sources(self.levers)]
        known = {**load_sources(self.country.key), **self.country.sources}
        return tuple(known[key] for key in dict.fromkeys(keys) if key in known)

    def _chance(self, probability: float) -> str:
        """ "92 of 100", never certain: a simulation has finitely many draws."""
        hundredths = round(100 * probability)
        key = "least" if hundredths < 1 else "most" if hundredths > 99 else "of"
        return self._say(f"chance.{key}", count=hundredths)

    def _range(self, low: float, high: float, decimals: int, unit: str = "") -> str:
        return self._say("range", low=signed(low, decimals) + unit, high=signed(high, decimals) + unit)

    def _interval(self, size: np.ndarray, unit: str, decimals: int, key: str = "interval") -> str:
        """Median and 90% interval."""
        median = signed(size[len(QUANTILES) // 2], decimals) + unit
        return self._say(key, median=median, range=self._range(size[0], size[-1], decimals, unit))


def versus(against: str, language: str) -> str:
    """ "against the status quo", or another strategy."""
    if against == STATUS_QUO:
        return say(language, "simulate.versus_status_quo")
    return say(language, "simulate.versus", name=against)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _names(names: Sequence[str]) -> str:
    several = list(dict.fromkeys(names))
    return ", ".join(several[:_NAMED]) + (f" … (+{len(several) - _NAMED})" if len(several) > _NAMED else "")


def _lever_sources(levers: Sequence[Lever]) -> list[str]:
    return [key for lever in levers for key in lever.sources]


def _month(start: date, offset: int) -> date:
    months = start.year * 12 + start.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)
