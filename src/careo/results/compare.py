"""Strategies compared under the same luck: what can be said of their differences, and what it rests on.

The numbers stand in `differences.py`, the words in `compare_words.py`. The verdict follows from the paired differences alone:

    decreased, increased     the 90% interval of the difference excludes zero
    no detectable effect     else, when it lies within ±2% of what it is compared with
    inconclusive             else; and always when more than half of the effect rests on evidence of grade D or nobody looked how much
                             does, when an outcome's level is not known, when nothing that was simulated moves it, or when there
                             are too few draws for a 90% interval

Share of the effect that rests on grade D = 1 − median difference without effects of grade D / median difference.

Outcomes stand side by side and are never added up: complaints of rights violations come first, and where they rise in more than half of
the futures the sentence about any other outcome begins with that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from careo.base.citations import Source, load_sources
from careo.base.errors import CareoError
from careo.evidence.levers import load_levers
from careo.model.mechanisms import OUTCOMES
from careo.panel import Country, country_of
from careo.results.accumulated import Accumulated, accumulate
from careo.results.compare_words import ORDER, RIGHTS, Words
from careo.results.differences import MEDIAN, differences, grade_d_share, too_few, verdict_of
from careo.results.finding import Finding
from careo.run.ensemble import STATUS_QUO, Ensemble
from careo.run.futures import Futures, futures_of
from careo.run.scenario import Scenario

WEAK_SHARE = 0.5
"""An effect that rests on grade D with more than this share of it decides nothing."""


def compare(
    ensemble: Ensemble | Futures | Accumulated,
    *,
    against: str = STATUS_QUO,
    quantity: str | None = None,
    language: str = "en",
    without_d: Ensemble | Futures | None = None,
    scales: Sequence[Ensemble | Futures] = (),
    country: Country | None = None,
) -> tuple[Finding, ...]:
    """What each strategy changes, outcome by outcome, complaints of rights violations first.

    Args:
        ensemble: of `simulate` or `read_run`; of `open_run`, it is gone through block by block, and memory does not depend on how many
            there are. against: the strategy that the others are compared with.
        quantity: one of the outcomes; None: all of them.
        without_d: the same ensemble without effects of grade D, to tell how much rests on them.
        scales: the same with given numbers of members, of as many draws as you like.
        country: whose names, levers and sources; Mexico by default.

    Returns:
        A finding of kind "comparison" for each strategy and outcome. Its table: the nation first, the whole horizon before single
        years. `extra`: strategy, against, outcome, reason (of "inconclusive": "interval", "grade_d", "grade_d_unknown",
        "members", "draws", "unknown", "not_simulated"), grade_d_share ("" where it cannot be told), start (the sentence against the start year).

    Raises:
        CareoError: there is no such outcome, or no such strategy in the ensemble; one beside it counted fewer outcomes.
    """
    if quantity is not None and quantity not in OUTCOMES:
        raise CareoError("run_quantity", expected=" | ".join(OUTCOMES), found=repr(quantity))
    kept = accumulated(ensemble, against)
    if quantity is not None and quantity not in kept.futures.outcomes:
        raise CareoError("run_not_counted", expected=" | ".join(kept.futures.outcomes), found=repr(quantity))
    for beside in (without_d, *scales):
        lacking = [name for name in kept.futures.outcomes if beside and name not in beside.outcomes]
        if beside and lacking:
            raise CareoError(
                "run_not_counted", expected=" | ".join(beside.outcomes), found=repr(", ".join(lacking))
            )
    of = country_of(country)
    less = accumulate(_futures(without_d), against, nation_only=True) if without_d else None
    scaled = [accumulate(_futures(scale), against, nation_only=True) for scale in scales]
    found: list[Finding] = []
    for scenario in kept.futures.scenarios:
        if scenario.name in (kept.against, STATUS_QUO):
            continue
        one = _Comparison(kept, scenario, less, scaled, of, language)
        found += [
            one.finding(outcome)
            for outcome in ORDER
            if outcome in kept.futures.outcomes and quantity in (None, outcome)
        ]
    return tuple(found)


def accumulated(ensemble: Ensemble | Futures | Accumulated, against: str = STATUS_QUO) -> Accumulated:
    """An ensemble gone through, to be compared in several ways.

    Raises:
        CareoError: the ensemble has no such strategy.
    """
    if isinstance(ensemble, Accumulated):
        return ensemble
    futures = _futures(ensemble)
    if against not in futures.strategies:
        raise CareoError("run_strategy", expected=" | ".join(futures.strategies), found=repr(against))
    return accumulate(futures, against)


def _futures(ensemble: Ensemble | Futures) -> Futures:
    return futures_of(ensemble) if isinstance(ensemble, Ensemble) else ensemble


class _Comparison:
    """One strategy against another: numbers once, then a finding for each outcome."""

    def __init__(
        self,
        kept: Accumulated,
        scenario: Scenario,
        less: Accumulated | None,
        scales: Sequence[Accumulated],
        country: Country,
        language: str,
    ) -> None:
        self.kept, self.futures, self.scenario, self.country = kept, kept.futures, scenario, country
        name = scenario.name
        self.numbers = differences(kept, name)
        self.less = differences(less, name) if less else None
        levers = load_levers(country.key)
        other = next(s for s in self.futures.scenarios if s.name == kept.against)
        self.levers = [levers[one] for one in sorted({*scenario.levers, *other.levers}) if one in levers]
        scaled = [(scale.futures.members_nation or 0.0, differences(scale, name)) for scale in scales]
        self.words = Words(kept, scenario, self.numbers, scaled, self.levers, country, language)

    def finding(self, outcome: str) -> Finding:
        words = self.words
        verdict, reason, share = self._judged(outcome)
        rights = words.rights(*self._judged(RIGHTS)[1:]) if outcome != RIGHTS else ""
        start = words.start() if outcome == "homicides" else ""
        capped = reason.startswith("grade_d") or reason in ("members", "draws")
        return Finding(
            id=self._id(outcome),
            kind="comparison",
            claim=words.claim(outcome),
            verdict=verdict,
            because=words.because(outcome, verdict, reason, share, rights),
            statement=None,
            table=() if reason == "unknown" else words.rows(outcome, capped=capped),
            grade=max((grade for grade, _ in words.graded()), default=""),
            caveats=tuple(words.caveats(outcome, reason, share, start)),
            sources=self._sources(outcome),
            language=words.language,
            extra={
                "strategy": self.scenario.name,
                "against": self.kept.against,
                "outcome": outcome,
                "reason": reason,
                "grade_d_share": "" if share is None else f"{share:.3f}",
                "start": start,
            },
        )

    def _judged(self, outcome: str) -> tuple[str, str, float | None]:
        """The verdict, why it is "inconclusive", and the share of grade D."""
        at, share = self.numbers.at(outcome), self._share(outcome)
        verdict = verdict_of(at.difference, at.percent, at.expected)
        if at.draws == 0:
            return "inconclusive", "unknown", share
        if not at.moved:
            return "inconclusive", "not_simulated", share
        if share is None and at.difference[MEDIAN] != 0:
            return "inconclusive", "grade_d_unknown", share
        if share is not None and share > WEAK_SHARE:
            return "inconclusive", "grade_d", share
        if too_few(at.draws):
            return "inconclusive", "draws", share
        if verdict == "inconclusive":
            return verdict, "interval", share
        if self.futures.members_nation is None and self.words.sign_turns(outcome):
            return "inconclusive", "members", share
        return verdict, "", share

    def _id(self, outcome: str) -> str:
        futures = self.futures
        keys = (
            self.scenario.name, self.kept.against, outcome, futures.seed, futures.start, len(futures.strategies), len(futures.outcomes),
            futures.months, futures.draws, futures.members_nation, *sorted(futures.without),
        )  # fmt: skip
        return hashlib.sha256("|".join(map(str, keys)).encode()).hexdigest()[:16]

    def _share(self, outcome: str) -> float | None:
        if not any(grade == "D" for grade, _ in self.words.graded()):
            return 0.0
        if self.less is None:
            return None
        whole, less = (float(one.at(outcome).difference[MEDIAN]) for one in (self.numbers, self.less))
        return grade_d_share(whole, less)

    def _sources(self, outcome: str) -> tuple[Source, ...]:
        level = self.futures.companions.levels.get(outcome)
        of_levers = (key for lever in self.levers for key in lever.sources)
        keys = [*self.scenario.sources, *(level.sources if level else ()), *of_levers]
        known = {**load_sources(self.country.key), **self.country.sources}
        return tuple(known[key] for key in dict.fromkeys(keys) if key in known)
