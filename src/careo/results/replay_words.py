"""A replay in sentences: where the laboratory fails is said first."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from careo.base.fields import first_day, worded
from careo.base.texts import say
from careo.evidence.levers import Lever, load_levers
from careo.record.strategy import Dose, Measure, load_strategy, sources_of
from careo.results.finding import Finding
from careo.results.forecast_words import homicide_words
from careo.results.replay import FORECASTS, GroupReplay, Replay, Said, Stretch
from careo.results.wording import number, period_words, place_name, signed

FEW_PLACES = 4
"""So many places are named one by one."""
ALMOST_NOTHING = 0.005
"""Of a miss: covered share that reads as nothing."""


def with_words(found: Replay, language: str) -> Replay:
    """The same with its summary, findings, doses and caveats."""
    words = _Words(found, language)
    caveats = tuple(words.caveats())
    return replace(
        found, summary=words.summary(), findings=tuple(words.finding(group, caveats) for group in found.groups),
        doses=tuple(words.doses()), not_dosed=tuple(words.not_dosed()), caveats=caveats,
    )  # fmt: skip


def group_words(found: Replay, group: GroupReplay, language: str) -> str:
    """What a group is called: "the states with the measure (Chihuahua, Sinaloa, Sonora)"."""
    if len(group.places) <= FEW_PLACES and group.name != "nation":
        names = ", ".join(place_name(found.country, code, language) for code in group.places)
    else:
        names = str(len(group.places))
    return say(language, f"replay.group.{group.name}", places=names)


def stretch_words(stretch: Stretch, language: str) -> str:
    """ "2008 (10 months)", "2009", "all 34 months"."""
    if not stretch.year:
        return say(language, "replay.stretch.whole", months=stretch.months)
    key = {1: "month", 12: "year"}.get(stretch.months, "part")
    return say(language, f"replay.stretch.{key}", year=stretch.year, months=stretch.months)


def interval_words(said: Said, *, level: int = 90) -> str:
    """Median with an interval: "4,187 [3,059, 6,369]"."""
    low, high = (
        (said.quantiles[0], said.quantiles[4]) if level == 90 else (said.quantiles[1], said.quantiles[3])
    )
    return f"{_count(said.median)} [{_count(low)}, {_count(high)}]"


def below_words(below: float) -> str:
    """Where what was counted stands in a forecast: "93%", never quite 0 or 100."""
    if below < 0.01:
        return "<1%"
    return ">99%" if below > 0.99 else f"{100 * below:.0f}%"


def _count(value: float) -> str:
    return number(round(value))


class _Words:
    def __init__(self, found: Replay, language: str) -> None:
        self.found, self.language = found, language

    def _say(self, key: str, **words: object) -> str:
        return say(self.language, f"replay.{key}", **words)

    def _month(self, text: str) -> str:
        return period_words(text, self.language)

    def summary(self) -> str:
        """Where it failed, by group, and how far off each was."""
        found = self.found
        failed = [
            group_words(found, g, self.language)
            for g in found.groups
            if not g.whole.said["with_measure"].holds(g.whole.counted)
        ]
        key = "failed" if failed else "held"
        sentence = self._say(
            f"summary.{key}",
            title=worded(found.case.title, self.language),
            groups=self._listed(failed),
            origin=self._month(found.case.origin),
        )
        if len(found.groups) == 1:
            return sentence
        ratios = [g.whole.counted / max(g.whole.said["without"].median, 1.0) for g in found.groups[:2]]
        names = [group_words(found, g, self.language) for g in found.groups[:2]]
        return (
            sentence
            + " "
            + self._say(
                "summary.ratios",
                one=names[0],
                first=f"{ratios[0]:.2f}",
                other=names[1],
                second=f"{ratios[1]:.2f}",
            )
        )

    def _listed(self, names: Sequence[str]) -> str:
        return self._say("and").join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)

    def because(self, group: GroupReplay) -> str:
        """Failure first, then what was expected with and without, then what the prior covers."""
        whole = group.whole
        without, mine = whole.said["without"], whole.said["with_measure"]
        inside = (without.holds(whole.counted), mine.holds(whole.counted))
        key = {(True, True): "both", (False, True): "with", (True, False): "without"}.get(inside, "none")
        if key == "none":
            key = "above" if whole.counted > mine.median else "below"
        first = self._say(f"held.{key}", counted=number(whole.counted))
        second = self._say("expected", without=interval_words(without), mine=interval_words(mine))
        scores = [_count(whole.said[name].crps) for name in FORECASTS]
        third = self._say("scores", without=scores[0], mine=scores[1], walk=scores[2])
        return f"{first} {second} {self._share(group)} {third}"

    def _share(self, group: GroupReplay) -> str:
        whole = group.whole
        without = whole.said["without"].median
        if math.isnan(group.share):
            miss = f"{100 * abs(whole.counted - without) / max(without, 1.0):.1f}%"
            return self._say("share.small", miss=miss)
        if abs(group.share) < ALMOST_NOTHING:
            return self._say("share.nothing")
        return self._say(
            "share.covers" if group.share > 0 else "share.away", share=_percent(abs(group.share))
        )

    def finding(self, group: GroupReplay, caveats: Sequence[str]) -> Finding:
        """One group."""
        found, case = self.found, self.found.case
        keys = (
            found.country.key,
            case.slug,
            group.name,
            found.draws,
            found.seed,
            found.rerun.calibration.key,
        )
        known = {
            **found.country.sources,
            **sources_of(load_strategy(case.strategy, found.country.key), found.country.key),
        }
        used = [
            *found.rerun.history.sources,
            *(key for m in found.rerun.strategy.measures for key in m.sources),
        ]
        whole = group.whole
        return Finding(
            id=hashlib.sha256("|".join(map(str, keys)).encode()).hexdigest()[:16],
            kind="validation",
            claim=self._say("claim", title=worded(case.title, self.language), group=group_words(found, group, self.language),
                            first=self._month(f"{case.start:%Y-%m}"), last=self._month(case.until)),
            verdict="inconclusive",
            because=self.because(group),
            statement=None,
            table=tuple(self._row(stretch) for stretch in group.stretches),
            caveats=(*self._few(group), *caveats),
            sources=tuple(known[key] for key in dict.fromkeys(used) if key in known),
            language=self.language,
            extra={
                "replay": case.slug, "group": group.name, "counted": str(whole.counted),
                "share_covered": "" if math.isnan(group.share) else f"{group.share:.4f}",
                **{f"{name}_{what}": f"{value:.4f}" for name in FORECASTS
                   for what, value in (("crps", whole.said[name].crps), ("pit", whole.said[name].below))},
            },
        )  # fmt: skip

    def _row(self, stretch: Stretch) -> dict[str, str]:
        row = {"period": stretch_words(stretch, self.language), "counted": str(stretch.counted)}
        for name in FORECASTS:
            said = stretch.said[name]
            row |= {
                f"{name}_{at}": f"{value:.0f}"
                for at, value in zip(("q05", "q25", "q50", "q75", "q95"), said.quantiles, strict=True)
            }
            row |= {f"{name}_crps": f"{said.crps:.1f}", f"{name}_pit": f"{said.below:.4f}"}
        return row

    def _few(self, group: GroupReplay) -> Iterable[str]:
        count = len(group.places)
        if count > 1:
            yield self._say("caveat.holding", count=count, without=group.holding["without"], mine=group.holding["with_measure"],
                            walk=group.holding["walk"])  # fmt: skip

    def doses(self) -> Iterable[str]:
        """Each measure with its dose and what that rests on; then each lever's prior."""
        found, case = self.found, self.found.case
        levers = load_levers(found.country.key)
        for measure in load_strategy(case.strategy, found.country.key).measures:
            if measure.id in case.measures:
                yield from self._dose(measure, levers[measure.lever])
        for name in found.rerun.scenario.levers:
            priors = [
                self._say("prior", mechanisms=", ".join(say(self.language, f"levers.mechanism.{each}.name") for each in effect.mechanisms),
                          mean=signed(effect.mean, 2), sd=f"{effect.sd:.2f}")
                for effect in levers[name].effects
                if effect.mean is not None and effect.sd is not None
            ]  # fmt: skip
            if priors:
                yield self._say(
                    "priors", lever=_upper(worded(levers[name].name, self.language)), priors="; ".join(priors)
                )

    def _dose(self, measure: Measure, lever: Lever) -> Iterable[str]:
        found, name = self.found, worded(measure.name, self.language)
        counted = f"{measure.id}-"
        parts = [m for m in found.rerun.strategy.measures if m.id == measure.id or m.id.startswith(counted)]
        doses = [part.dose for part in parts if part.dose]
        yield self._say(
            "dose", name=name, lever=worded(lever.name, self.language), unit=worded(lever.dose_unit.name, self.language),
            first=_range([dose.schedule[0].value if dose.schedule else dose.value for dose in doses]),
            last=_range([_at_end(dose, found.case.until) for dose in doses]), start=self._month((parts[0].start or "")[:7]),
            basis=self._say(f"basis.{doses[0].basis}"), grade=doses[0].grade, how=worded(doses[0].how, self.language).rstrip("."),
            verified=self._say(f"verified.{measure.verified}"),
        )  # fmt: skip
        if measure.id in found.rerun.capped:
            cut = found.rerun.capped[measure.id]
            yield self._say(
                "capped",
                name=name,
                count=len(cut),
                places=", ".join(place_name(found.country, code, self.language) for code in cut),
            )

    def not_dosed(self) -> Iterable[str]:
        """What else was done, and why it has no dose here."""
        found, case = self.found, self.found.case
        for each in case.not_dosed:
            yield self._say(
                "not_dosed",
                what=worded(each.what, self.language),
                why=worded(each.why, self.language),
                verified=self._say(f"verified.{each.verified}"),
            )
        others = {True: list[str](), False: list[str]()}
        for measure in load_strategy(case.strategy, found.country.key).measures:
            if measure.id not in case.measures and measure.start:
                begun = first_day(measure.start) < case.start
                if begun or measure.start[:7] <= case.until:
                    others[begun].append(worded(measure.name, self.language))
        for begun, names in others.items():
            if names:
                yield self._say("already" if begun else "elsewhere", names="; ".join(names))

    def caveats(self) -> Iterable[str]:
        """What every replay must say, and what this one must."""
        from careo.run.hindcast import disclosed

        found, case = self.found, self.found.case
        levers = load_levers(found.country.key)
        used = [levers[name] for name in found.rerun.scenario.levers]
        yield homicide_words(found.country, case.origin_month, self.language)
        yield self._say("caveat.one_event")
        yield self._say("caveat.afterwards")
        for lever in used:
            yield self._say(
                f"caveat.evidence.{lever.evidence_from}",
                lever=worded(lever.name, self.language),
                grade=lever.grade,
            )
        if any(dosed.basis != "delivered" for dosed in found.rerun.scenario.measures):
            yield self._say("caveat.judged_dose")
        yield from self._constants()
        yield self._say("caveat.form")
        if found.rerun.borrowed:
            names = ", ".join(
                worded(found.country.indicators[name].name, self.language) for name in found.rerun.borrowed
            )
            yield self._say("caveat.borrowed", series=names, origin=self._month(case.origin))
        yield self._say("caveat.parameters")
        missing = found.rerun.companions.missing
        if missing:
            names = ", ".join(say(self.language, f"simulate.outcome.{name}") for name in missing)
            yield self._say("caveat.companions", outcomes=names, origin=self._month(case.origin))
        for key, words in disclosed(found.country, [case.origin_month]):
            yield say(self.language, f"validate.caveat.{key}", **words)
        yield from (worded(note, self.language) for note in case.notes)
        if found.rerun.failures:
            yield self._say("caveat.failures", count=found.rerun.failures)

    def _constants(self) -> Iterable[str]:
        calibration = self.found.rerun.calibration
        if calibration.until:
            yield self._say(
                "caveat.constants", until=self._month(calibration.until), origins=calibration.origins
            )
        else:
            yield self._say("caveat.prior_constants")


def _at_end(dose: Dose, until: str) -> float:
    """The dose in force at the end of a month."""
    steps = [step.value for step in dose.schedule if first_day(step.start) <= first_day(until)]
    return steps[-1] if steps else dose.value


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return number(low) if math.isclose(low, high) else f"{number(low)}–{number(high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share < 0.1 else f"{100 * share:.0f}%"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
