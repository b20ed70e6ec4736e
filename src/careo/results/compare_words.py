"""What a comparison says: sentences, tables and caveats of paired differences, in the words of a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from careo.base.dates import Period
from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.levers import Lever
from careo.evidence.own import held_against, load_own_studies
from careo.model.mechanisms import OUTCOMES
from careo.panel import Country
from careo.results.accumulated import Accumulated
from careo.results.caveats import Caveat
from careo.results.differences import FEWEST_DRAWS, HOMICIDES, MEDIAN, At, Differences, verdict_of
from careo.results.forecast_words import homicide_words
from careo.results.wording import chance_words, number, period_words, signed, value_words
from careo.run.ensemble import STATUS_QUO
from careo.run.parameter_table import SLOTS
from careo.run.scenario import Scenario
from careo.run.scenario_costs import note

RIGHTS = "rights_complaints"
ORDER = (RIGHTS, *(name for name in OUTCOMES if name != RIGHTS))
"""Outcomes as they are shown: rights first."""
_NAMED = 8  # names in a sentence


@dataclass(frozen=True, eq=False)
class Words:
    """The words about one strategy against another.

    Attributes:
        kept: of what the numbers are. numbers: of the strategy. scales: the same by number of members [persons].
        levers: in use by either.
    """

    kept: Accumulated
    scenario: Scenario
    numbers: Differences
    scales: Sequence[tuple[float, Differences]]
    levers: Sequence[Lever]
    country: Country
    language: str

    # sentences

    def claim(self, outcome: str) -> str:
        """What is looked at."""
        strategy, other = self.scenario.name, versus(self.kept.against, self.language)
        words = {"outcome": self._outcome(outcome), "period": self._period(0)}
        return _sentence(self._say("claim", strategy=strategy, versus=other, **words))

    def because(self, outcome: str, verdict: str, reason: str, share: float | None, rights: str) -> str:
        """The difference, how likely fewer are, and what can be told; `rights` first."""
        words = {"outcome": self._outcome(outcome), "against": self._other(), "period": self._period(0)}
        if reason in ("unknown", "not_simulated"):
            return _sentence(rights + self._say(f"because.{reason}", **words))
        at = self.numbers.at(outcome)
        weak = self._weak(share)
        end = self._say(f"end.{reason or verdict.replace(' ', '_')}", share=weak, fewest=FEWEST_DRAWS)
        change, fewer = self._size(at), chance_words(at.fewer, self.language)
        return _sentence(rights + self._say("because.change", change=change, fewer=fewer, end=end, **words))

    def rights(self, reason: str, share: float | None) -> str:
        """What other outcomes' sentences begin with when complaints rise in more than half of the futures, and what that rests on.

        Args:
            reason, share: of the verdict on complaints.
        """
        rise = 1.0 - self.numbers.at(RIGHTS).fewer
        if not rise > 0.5:  # NaN: not known
            return ""
        grade = weakest_of_rights(self.levers) or max((grade for grade, _ in self.graded()), default="")
        rests = self._say(f"rights_rest.{reason or 'told'}", grade=grade, share=self._weak(share))
        return self._say("rights_first", chance=chance_words(rise, self.language), rests=rests)

    def start(self) -> str:
        """The last full year against the last twelve observed months, of both."""
        numbers = self.numbers
        if not numbers.full_years or not int(numbers.draws[HOMICIDES]):
            return ""
        (ours, theirs), fewer = numbers.start_percent[:, 0, -1], numbers.start_fewer[:, 0, -1]
        return self._say(
            "start",
            count=number(round(float(self.kept.futures.baseline_year.sum()))),
            period=self._period(numbers.full_years),
            strategy=self.scenario.name,
            change=self._interval(ours, "%", 1),
            fewer=chance_words(float(fewer[0]), self.language),
            against=self._other(),
            other=self._interval(theirs, "%", 1),
            other_fewer=chance_words(float(fewer[1]), self.language),
        )

    def graded(self) -> list[tuple[str, str]]:
        """Grade and name of every effect in use, once each."""
        found = {
            (part.grade or lever.grade, worded(lever.name, self.language))
            for lever in self.levers
            for part in (*lever.effects, *lever.links)
        }
        return sorted(found)

    # table

    def rows(self, outcome: str, *, capped: bool) -> tuple[Mapping[str, str], ...]:
        """The nation first, the whole horizon before single years.

        Args:
            capped: whether what the difference rests on lets nothing be told.
        """
        numbers, o = self.numbers, self.numbers.outcomes.index(outcome)
        names = [self._say("nation"), *(self._place(code) for code in numbers.places[1:])]
        full = numbers.full_years if o == HOMICIDES else 0
        start, start_fewer = numbers.start_percent[0], numbers.start_fewer[0]
        rows: list[dict[str, str]] = []
        for p, name in enumerate(names):
            for y in range(numbers.years):
                cell = (o, p, y)
                d, share = numbers.difference[cell], numbers.percent[cell]
                expected, fewer = float(numbers.expected[cell]), float(numbers.fewer[cell])
                verdict = verdict_of(d, share, expected)
                if not d.any() and fewer == 0.5:
                    verdict = "same"  # not reached: no finding of no effect
                elif capped:
                    verdict = "inconclusive"
                relative = not np.isnan(share).any()
                size, unit, decimals = (share, "%", 1) if relative else (d, "", 0)
                luck, error = (
                    (numbers.percent_luck[cell], numbers.percent_error[cell])
                    if relative
                    else (numbers.difference_luck[cell], numbers.difference_error[cell])
                )
                row = {
                    "place": name,
                    "period": self._period(y),
                    "expected": number(round(expected)),
                    "difference": signed(d[MEDIAN], 0),
                    "half": self._range(d[1], d[3], 0),
                    "most": self._range(d[0], d[4], 0),
                    "change": f"{signed(share[MEDIAN], 1)}%" if relative else "–",
                    "luck": _unsigned(float(luck), unit),
                    "half_change": self._range(size[1], size[3], decimals, unit),
                    "most_change": self._range(size[0], size[4], decimals, unit),
                    "fewer": f"{100 * fewer:.0f}%",
                    "fewer_luck": _unsigned(100 * float(numbers.fewer_luck[cell]), "%"),
                    "verdict": self._say(f"verdict.{verdict.replace(' ', '_')}"),
                }
                if not numbers.exact:
                    row["bins"] = _unsigned(float(error.max()), unit)
                if full:
                    there = 1 <= y <= full and not np.isnan(start[p, y - 1]).any()
                    row["start"] = self._interval(start[p, y - 1], "%", 1, "short") if there else "–"
                    row["start_fewer"] = f"{100 * start_fewer[p, y - 1]:.0f}%" if there else "–"
                rows.append(row)
        return tuple(rows)

    # caveats

    def caveats(self, outcome: str, reason: str, share: float | None, start: str) -> list[Caveat]:
        """What a reader has to keep in mind; `careo.results.caveats` says what a screen shows first."""
        kept, scenario = self.kept, self.scenario
        found = [Caveat(start, "start")] if start else []
        found += [
            self._caveat("unknown", o, outcome=self._outcome(o))
            for o in ORDER
            if o in self.numbers.outcomes and not self.numbers.at(o).draws
        ]
        if reason not in ("unknown", "not_simulated"):
            found += self._luck_words(outcome)
            found.append(self._share_words(outcome, share))
            found += self._sweep_words(outcome)
        if outcome in SLOTS["members"].moves:
            found.append(self._untold_words())
        graded: dict[str, list[str]] = {}
        for grade, name in self.graded():
            graded.setdefault(grade, []).append(name)
        if graded:
            words = "; ".join(f"{grade}: {', '.join(names)}" for grade, names in graded.items())
            found.append(self._caveat("graded", graded=words))
        weak = [worded(m.name, self.language) for m in scenario.measures if m.grade == "D"]
        if weak:
            words = {"count": len(weak), "all": len(scenario.measures), "names": _names(weak)}
            found.append(self._caveat("doses", **words))
        left = [worded(m.name, self.language) for m in scenario.not_simulated]
        if left:
            found.append(self._caveat("not_simulated", count=len(left), names=_names(left)))
        found += self._left_out_words()
        found += self._own_words()
        if kept.failures:
            found.append(self._caveat("failures", count=kept.failures, draws=kept.futures.draws))
        found += self._level_words(outcome)
        found += self._cost_words()
        of_costs = [note("no_purpose"), *(one for cost in scenario.costs for one in cost.notes)]
        notes = [worded(one, self.language) for one in scenario.notes if one not in of_costs]
        found += [Caveat(one, "note") for one in notes]
        return [*found, *(self._caveat(kind) for kind in ("forecaster", "never_netted", "rule"))]

    def sign_turns(self, outcome: str) -> bool:
        """Whether the sign of the difference turns with the number of members, which no count tells."""
        return self._sweep(outcome)[1]

    def _luck_words(self, outcome: str) -> list[Caveat]:
        """That the sign could turn with other draws; that quantiles are not exact."""
        at, draws = self.numbers.at(outcome), number(self.kept.futures.draws)
        words = {"outcome": self._outcome(outcome), "draws": draws}
        found: list[Caveat] = []
        if at.doubtful:
            luck = _unsigned(at.luck, "%" if at.relative else "")
            found.append(self._caveat("luck", outcome, {"draws": draws}, luck=luck, **words))
        if not self.numbers.exact:
            found.append(self._caveat("bins", outcome, **words))
        return found

    def _share_words(self, outcome: str, share: float | None) -> Caveat:
        words = {"outcome": self._outcome(outcome)}
        if share is None:
            return self._caveat("share_unknown", outcome, {"share": "–"}, **words)
        if share < -0.005:
            return self._caveat("share_against", outcome, {"share": self._say("against")}, **words)
        if share <= 0.005:
            return self._caveat("share_none", outcome, {"share": "0%"}, **words)
        rests = self._weak(share)
        cells = {"share": f"{min(100 * share, 100):.0f}%"}
        return self._caveat("share", outcome, cells, share=rests, **words)

    def _sweep(self, outcome: str) -> tuple[dict[str, At], bool]:
        """The difference with each number of members; whether its sign turns."""
        shown: dict[str, At] = {}
        signs: set[float] = set()
        for members, numbers in sorted(self.scales, key=lambda pair: pair[0]):
            at = numbers.at(outcome)
            if np.isnan(at.size).any():
                continue
            signs.add(float(np.sign(round(float(at.size[MEDIAN]), 1 if at.relative else 0))))
            shown[number(members)] = at
        return shown, len(signs - {0.0}) > 1

    def _sweep_words(self, outcome: str) -> list[Caveat]:
        shown, turns = self._sweep(outcome)
        sizes = {members: self._size(at, "short") for members, at in shown.items()}
        words = {"outcome": self._outcome(outcome)}
        if not shown:
            return [self._caveat("sweep_none", **words)]
        cells = {members: self._median(at) for members, at in shown.items()}
        if len(shown) > 1 and len(set(sizes.values())) == 1:
            return [self._caveat("sweep_same", outcome, cells, **words)]
        told = "; ".join(f"{members}: {size}" for members, size in sizes.items())
        loud = [self._caveat("sweep_turns", outcome, **words)] if turns else []
        return [*loud, self._caveat("sweep", outcome, cells, differences=told, **words)]

    def _left_out_words(self) -> list[Caveat]:
        """Effects that no run by state can hold."""
        mine = {lever.id: worded(lever.name, self.language) for lever in self.levers}
        found = [
            self._say(
                "left_out", lever=mine[one.lever], level=say(self.language, f"levers.level.{one.level}"),
                mechanisms=", ".join(say(self.language, f"levers.mechanism.{m}.name") for m in one.mechanisms),
            )
            for one in self.kept.futures.left_out
            if one.lever in mine
        ]  # fmt: skip
        return [self._caveat("left_out", effects="; ".join(dict.fromkeys(found)))] if found else []

    def _own_words(self) -> list[Caveat]:
        """Priors of the levers in use that our own evaluations of the record do not meet."""
        own = load_own_studies(self.country.key)
        found = [
            self._say(
                "own_apart",
                lever=worded(lever.name, self.language),
                study=worded(held.study.about, self.language),
            )
            for lever in self.levers
            for held in held_against(lever, own.get(lever.id, ()))
            if not held.meet
        ]
        return [self._caveat("own", levers="; ".join(dict.fromkeys(found)))] if found else []

    def _level_words(self, outcome: str) -> list[Caveat]:
        """What the present level of an outcome rests on."""
        from careo.run.history import companion_series

        if outcome == "homicides":
            last = _month(self.kept.futures.start, -1)
            return [Caveat(homicide_words(self.country, last, self.language), "counted", outcome)]
        level = self.kept.futures.companions.levels.get(outcome)
        if not level:
            return []
        name, period = self._outcome(outcome), period_words(level.period, self.language)
        counted = [
            worded(self.country.indicators[one].name, self.language)
            for one in companion_series(self.country, outcome)
        ]
        key = "level_follows" if outcome == "disappearances" else "level"
        found = [self._caveat(key, outcome, outcome=name, period=period, series=" + ".join(counted))]
        if level.shared:
            shared = _names([self._place(code) for code in level.shared])
            found.append(self._caveat("shared", outcome, outcome=name, places=shared))
        if level.unverified:
            found.append(self._caveat("unverified", outcome, outcome=name))
        return found

    def _untold_words(self) -> Caveat:
        """What no series of counts can tell, and the outcomes that depend on it."""
        futures = self.kept.futures
        moved = [name for name in SLOTS["members"].moves if name in futures.outcomes]
        words = {"outcomes": ", ".join(self._say(f"short_outcome.{name}") for name in moved)}
        if futures.members_nation:
            return self._caveat("scale_given", members=number(futures.members_nation), **words)
        return self._caveat("scale", **words)

    def _cost_words(self) -> list[Caveat]:
        """The strategy's own cost over the horizon, as far as it is known."""
        costs = self.scenario.costs
        known = [cost for cost in costs if np.isfinite(cost.value).any()]
        if not known:
            return [self._caveat("cost_unknown")] if costs else []
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
        return [Caveat(" ".join(filter(None, (self._say("caveat.cost", **words), more))), "cost")]

    # pieces

    def _caveat(
        self, kind: str, of: str = "", cells: Mapping[str, str] | None = None, /, **words: object
    ) -> Caveat:
        """A caveat of an outcome, or of none."""
        return Caveat(_sentence(self._say(f"caveat.{kind}", **words)), kind, of, cells or {})

    def _say(self, key: str, **words: object) -> str:
        return say(self.language, f"simulate.{key}", **words)

    def _outcome(self, outcome: str) -> str:
        return self._say(f"outcome.{outcome}")

    def _other(self) -> str:
        return self._say("status_quo") if self.kept.against == STATUS_QUO else self.kept.against

    def _weak(self, share: float | None) -> str:
        return self._say("share.all") if share and share >= 0.995 else f"{100 * (share or 0):.0f}%"

    def _period(self, year: int) -> str:
        """Year 0 is the whole horizon."""
        futures = self.kept.futures
        first, end = (0, futures.months) if year == 0 else (12 * (year - 1), min(12 * year, futures.months))
        begin, after = (_month(futures.start, offset) for offset in (first, end))
        return period_words(Period(begin, after - timedelta(days=1)), self.language)

    def _place(self, code: str) -> str:
        place = self.country.places.by_code.get(code)
        return place.name if place else code

    def _range(self, low: float, high: float, decimals: int, unit: str = "") -> str:
        return self._say("range", low=signed(low, decimals) + unit, high=signed(high, decimals) + unit)

    def _size(self, at: At, key: str = "interval") -> str:
        return self._interval(at.size, "%", 1, key) if at.relative else self._interval(at.size, "", 0, key)

    def _median(self, at: At) -> str:
        return signed(at.size[MEDIAN], 1 if at.relative else 0) + ("%" if at.relative else "")

    def _interval(self, size: np.ndarray, unit: str, decimals: int, key: str = "interval") -> str:
        """Median and 90% interval."""
        median = signed(size[MEDIAN], decimals) + unit
        return self._say(key, median=median, range=self._range(size[0], size[-1], decimals, unit))


def weakest_of_rights(levers: Sequence[Lever]) -> str:
    """The weakest grade among effects on complaints of rights violations; "" where there is none."""
    return max(
        (e.grade or lever.grade for lever in levers for e in lever.effects if RIGHTS in e.mechanisms),
        default="",
    )


def versus(against: str, language: str) -> str:
    """ "against the status quo", or another strategy."""
    if against == STATUS_QUO:
        return say(language, "simulate.versus_status_quo")
    return say(language, "simulate.versus", name=against)


def _unsigned(value: float, unit: str) -> str:
    """An error: two digits are more than enough."""
    if np.isnan(value):
        return "–"
    return f"{value:,.{0 if value >= 10 else 1 if value >= 1 else 2}f}{unit}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _names(names: Sequence[str]) -> str:
    several = list(dict.fromkeys(names))
    return ", ".join(several[:_NAMED]) + (f" … (+{len(several) - _NAMED})" if len(several) > _NAMED else "")


def _month(start: date, offset: int) -> date:
    months = start.year * 12 + start.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)
