"""A search in sentences: no winner, where each mix fails, what turns the order, what it rests on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.citations import load_sources
from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.levers import load_levers
from careo.model.mechanisms import OUTCOMES
from careo.results.compare_words import weakest_of_rights
from careo.results.differences import QUANTILES
from careo.results.finding import Finding
from careo.results.forecast_words import homicide_words
from careo.results.wording import chance_words, number, signed, value_words
from careo.run.mixes import classification
from careo.run.parameter_table import load_table

if TYPE_CHECKING:
    from careo.results.flips import Flip
    from careo.results.search import Candidate, Search

_TOLD = 4  # inputs that a sentence names
_FLIPS = 12


def with_words(result: Search, language: str) -> Search:
    """The search with its findings and sentences in a language."""
    words = _Words(result, language)
    return replace(
        result,
        findings=tuple(words.finding(each) for each in result.candidates if each.kind == "mix" or each.name.startswith("70/30")),
        summary=words.summary(),
        question_words=words.question(),
        promise=tuple(words.promise()),
        turns=tuple(words.turns()),
        rests=tuple(words.rests()),
    )  # fmt: skip


def mix_name(name: str, language: str) -> str:
    """How a candidate is called: "A", "status quo", "70/30", "30/70"."""
    if name.startswith("prevention-"):
        share = int(name.partition("-")[2])
        return f"{share}/{100 - share}"
    known = {
        "status-quo": "status_quo",
        "70/30": "promised",
        "70/30 all": "promised_all",
        "70/30 best": "promised_best",
    }
    return say(language, f"search.name.{known[name]}") if name in known else name


def moves(result: Search, each: Candidate, outcome: str) -> bool:
    """Whether anything that a mix pays for moves an outcome in a run by state; where nothing does, no change is no finding."""
    if (
        outcome != "rights_complaints"
    ):  # the others follow the conflict and the members, which every lever can reach
        return True
    paid = {lever for lever, part in zip(result.question.levers, each.mix.parts, strict=True) if part}
    return any(
        "rights_complaints" in effect.mechanisms
        for price in result.question.prices
        if price.lever.id in paid
        for effect in price.lever.effects
    )


class _Words:
    def __init__(self, result: Search, language: str) -> None:
        self.result, self.language = result, language
        self.levers = load_levers(result.country.key)

    # the whole

    def summary(self) -> str:
        result = self.result
        mixes = result.mixes
        limits = self._limits()
        if not mixes:
            sound = [each for each in result.candidates if each.sound and each.kind != "status-quo"]
            key = "none_beats" if sound else "none_keeps"
            best = max(
                (min(each.kept) for each in result.candidates if each.kind != "status-quo"), default=0.0
            )
            return self._say(
                f"summary.{key}",
                tried=number(result.tried),
                limits=limits,
                best=chance_words(best, self.language),
            )
        key = "several" if len(mixes) > 1 else "one"
        quo = result.candidates[0].beaten_by
        found = [
            self._say(f"summary.{key}", tried=number(result.tried), count=len(mixes), limits=limits),
            self._say("summary.quo_beaten" if quo else "summary.quo_stands", name=mix_name(quo, self.language)),
        ]  # fmt: skip
        weak = sorted(each.grade_d for each in mixes if each.grade_d is not None)
        if weak:
            low, high = (self._percent(min(max(share, 0.0), 1.0)) for share in (weak[0], weak[-1]))
            found.append(
                self._say("summary.graded_one" if low == high else "summary.graded", low=low, high=high)
            )
        found.append(self._costs())
        levers = [price.lever.id for price in result.question.prices]
        paid = {lever for each in mixes for lever, part in zip(levers, each.mix.parts, strict=True) if part}
        unseen = [lever for lever in self._touching() if lever in paid]
        if unseen:
            found.append(self._say("summary.unseen", levers=", ".join(map(self._lever, unseen))))
        return " ".join(found)

    def question(self) -> str:
        question = self.result.question
        amount, currency, per = question.asked
        own = value_words(question.budget, f"{question.currency} of {question.price_year}", self.language)
        given = value_words(amount, currency, self.language)
        key = "question" if currency == question.currency and per == "year" else "question_converted"
        return self._say(
            key, given=given, per=self._say(f"per.{per}"), own=own, levers=len(question.prices), months=question.months,
            low=self._percent(question.least), high=self._percent(question.most), limits=self._limits(),
        )  # fmt: skip

    def promise(self) -> list[str]:
        """Where 70/30 stands."""
        found: list[str] = []
        count = len(self.result.candidates)
        for name in ("70/30", "70/30 best", "70/30 all"):
            each = next((one for one in self.result.candidates if one.name == name), None)
            if each is None:
                continue
            words = {"name": _sentence(mix_name(name, self.language)), "rank": each.rank, "count": count,
                     "change": self._interval(each.name, "homicides")}  # fmt: skip
            found.append(self._say("promise.stands", **words))
            if not each.sound:
                found.append(self._say("promise.breaks", kept="; ".join(self._kept(each))))
            elif each.beaten_by:
                found.append(self._say("promise.beaten", other=mix_name(each.beaten_by, self.language)))
            else:
                found.append(self._say("promise.unbeaten"))
        return [self._say("promise.what"), " ".join(found)] if found else []

    def turns(self) -> list[str]:
        """Flip points, those of the members first: no count tells them."""
        whole = {
            (f.kind, f.lever, f.slot, f.below, f.before) for f in self.result.flips if f.after == "status-quo"
        }
        told = [f for f in self.result.flips if (f.kind, f.lever, f.slot, f.below, f.about) not in whole]
        flips = sorted(told, key=lambda flip: flip.kind != "members")
        looked = self._say("flip.looked", count=self.result.looked_at)
        if not self.result.mixes:
            return []
        if not flips:
            return [self._say("flip.none", count=self.result.looked_at)]
        found = [self._flip(flip) for flip in flips[:_FLIPS]]
        more = len(flips) - len(found)
        return [*found, *([self._say("flip.more", count=more)] if more > 0 else []), looked]

    def rests(self) -> list[str]:
        """What it all rests on."""
        from careo.results.search import graded

        result, question = self.result, self.result.question
        names = lambda ids: ", ".join(self._lever(one) for one in ids)  # noqa: E731
        counted = homicide_words(result.country, date.max, self.language)
        found = [counted, self._say("rests.never"), self._say("rests.aims"), self._rights()]
        if result.breaking:
            alone = ", ".join(
                f"{self._lever(name)} ({chance_words(kept, self.language)})"
                for name, kept in result.breaking.items()
            )
            found.append(self._say("rests.breaking", levers=alone))
        unknown = [limit.outcome for limit in result.limits if not self._known(limit.outcome)]
        found += [
            _sentence(self._say("rests.unknown", outcome=self._outcome(outcome))) for outcome in unknown
        ]
        if result.dropped:
            found.append(self._say("rests.dropped", count=result.dropped))
        by_grade = graded(result)
        told = "; ".join(f"{grade}: {names(ids)}" for grade, ids in by_grade.items())
        if told:
            found.append(self._say("rests.graded", graded=told))
        found.append(self._costs())
        families = "; ".join(
            self._say(f"family.{family}", names=", ".join(levers))
            for family, levers in sorted(classification(question, self.language).items(), reverse=True)
        )
        found.append(self._say("rests.families", families=families))
        if question.passed_over:
            left = "; ".join(
                f"{self._lever(name)} ({self._say(f'passed.{why}')})" for name, why in question.passed_over
            )
            found.append(self._say("rests.passed", levers=left))
        found += [worded(note, self.language) for note in question.notes]
        found += [self._say("rests.even"), self._say("rests.constant")]
        found.append(self._say("rests.worlds", draws=number(result.draws), worlds=number(result.worlds)))
        if result.failures:
            found.append(self._say("rests.failures", count=result.failures))
        found += [self._say("rests.members"), say(self.language, "simulate.caveat.forecaster")]
        found.append(self._say("rests.pawn"))
        return found

    def _costs(self) -> str:
        prices = self.result.question.prices
        judged = [price for price in prices if price.lever.cost and price.lever.cost.judgement]
        return self._say("rests.costs", count=len(judged), all=len(prices))

    def _moving(self) -> list[str]:
        """The levers that have an effect on complaints."""
        levers = [price.lever for price in self.result.question.prices]
        return [
            lever.id for lever in levers if any("rights_complaints" in e.mechanisms for e in lever.effects)
        ]

    def _touching(self) -> list[str]:
        """The others that touch rights by their files, which no limit sees."""
        moving = self._moving()
        levers = [price.lever for price in self.result.question.prices]
        return [lever.id for lever in levers if lever.rights and lever.id not in moving]

    def _rights(self) -> str:
        """Which levers can move complaints at all, and that the others' silence is no finding."""
        moving, touching = self._moving(), self._touching()
        found = self._say(
            "rests.complaints" if moving else "rests.no_complaints",
            levers=", ".join(map(self._lever, moving)),
        )
        if touching:
            found += " " + self._say("rests.touching", levers=", ".join(map(self._lever, touching)))
        return found

    # one candidate

    def finding(self, each: Candidate) -> Finding:
        result = self.result
        keys = (
            each.name,
            each.mix.parts,
            result.seed,
            result.worlds,
            result.question.asked,
            result.question.months,
        )
        levers = [self.levers[name] for name in self._paid(each)]
        known = {**load_sources(result.country.key), **result.country.sources}
        cited = dict.fromkeys(
            key for lever in levers for key in (*lever.sources, *(lever.cost.sources if lever.cost else ()))
        )
        fails, depends = self._fails(each), self._depends(each)
        caveats = [text for text in (self._grade_d(each), fails, depends) if text]
        name = _sentence(mix_name(each.name, self.language))
        return Finding(
            id=hashlib.sha256("|".join(map(str, keys)).encode()).hexdigest()[:16],
            kind="search",
            claim=self._say("claim", name=name, months=result.question.months),
            verdict=each.verdict,
            because=self._because(each, name),
            statement=None,
            table=tuple(self._rows(each)),
            grade=max((lever.grade for lever in levers), default=""),
            caveats=tuple(caveats),
            sources=tuple(known[key] for key in cited if key in known),
            language=self.language,
            extra={
                "mix": each.name, "kind": each.kind, "reason": each.reason, "buys": self.buys(each), "fails": fails,
                "depends": depends, "grade_d_share": "" if each.grade_d is None else f"{each.grade_d:.3f}",
            },
        )  # fmt: skip

    def buys(self, each: Candidate) -> str:
        """What its money goes to: lever, share of the budget, the largest first."""
        parts = sorted(
            zip(each.mix.parts, self.result.question.prices, strict=True), key=lambda item: -item[0]
        )
        shown = [
            self._say(
                "full" if part >= round(price.value / self.result.question.budget * 10_000) - 1 else "part",
                lever=worded(price.lever.name, self.language), share=self._percent(part / 10_000),
            )
            for part, price in parts
            if part
        ]  # fmt: skip
        return ", ".join(shown)

    def _because(self, each: Candidate, name: str) -> str:
        worse = self._fewer(each.name, "rights_complaints", more=True)
        rights = ""
        if worse > 0.5:
            grade = weakest_of_rights([self.levers[one] for one in self._paid(each)])
            rests = say(self.language, "simulate.rights_rest.told", grade=grade)
            rights = say(
                self.language, "simulate.rights_first", chance=chance_words(worse, self.language), rests=rests
            )
        text = self._say(
            "because", change=self._interval(each.name, "homicides"), name=name,
            fewer=chance_words(self._fewer(each.name, "homicides"), self.language), end=self._end(each),
        )  # fmt: skip
        kept = "; ".join(self._kept(each))
        return (
            _sentence(rights + (text if not rights else text[:1].lower() + text[1:]))
            + " "
            + self._say("kept", kept=kept)
        )

    def _end(self, each: Candidate) -> str:
        key = each.reason if each.verdict == "inconclusive" else each.verdict.replace(" ", "_")
        share = "" if each.grade_d is None else self._share(each.grade_d)
        return say(self.language, f"simulate.end.{key or 'interval'}", share=share)

    def _grade_d(self, each: Candidate) -> str:
        if each.grade_d is None:
            return ""
        if each.grade_d < 0.005:
            return self._say("grade_d.none" if each.grade_d > -0.005 else "grade_d.against")
        return _sentence(self._say("grade_d.share", share=self._share(each.grade_d)))

    def _share(self, share: float) -> str:
        return say(self.language, "simulate.share.all") if share >= 0.995 else f"{100 * share:.0f}%"

    def _fails(self, each: Candidate) -> str:
        words = {
            "name": _sentence(mix_name(each.name, self.language)),
            "share": chance_words(each.failing, self.language),
        }
        if each.box is None:
            return self._say("fails.rare" if each.failing < 0.05 else "fails.scattered", **words)
        box = each.box
        sides = self._say("and").join(self._side(name, *limits) for name, limits in box.sides.items())
        return self._say(
            "fails.box", sides=sides, coverage=self._percent(box.coverage), density=self._percent(box.density),
            inside=self._percent(box.inside), **words,
        )  # fmt: skip

    def _depends(self, each: Candidate) -> str:
        if each.depends is None:
            return ""
        telling = each.depends.telling[:_TOLD]
        if not telling:
            return self._say("depends.none")
        shown = ", ".join(f"{self._input(name)} ({each.depends.index[name]:.2f})" for name in telling)
        return self._say("depends.on", inputs=shown, noise=f"{each.depends.noise:.2f}")

    def _rows(self, each: Candidate) -> list[dict[str, str]]:
        """A row for each outcome of known level, complaints first."""
        rows: list[dict[str, str]] = []
        for outcome in ("rights_complaints", *(name for name in OUTCOMES if name != "rights_complaints")):
            if not self._known(outcome):
                continue
            at = self.result.numbers.sel(mix=each.name, outcome=outcome)
            low, median, high = (float(at["difference"].sel(quantile=q)) for q in (0.05, 0.5, 0.95))
            rows.append({
                "outcome": self._outcome(outcome), "difference": signed(median),
                "most_difference": self._range(low, high),
                "fewer": self._say("of_100", count=round(100 * float(at["fewer"]))),
                "regret_90": number(round(float(at["regret_90"]))), "regret_most": number(round(float(at["regret_most"]))),
            })  # fmt: skip
        return rows

    # pieces

    def _flip(self, flip: Flip) -> str:
        language = self.language
        between = {"below": self._value(flip, flip.below), "above": self._value(flip, flip.above)}
        thing = self._input(f"{flip.kind}:{flip.lever}:{flip.slot}" if flip.kind == "effect" else
                            f"cost:{flip.lever}" if flip.kind == "cost" else "parameter:members")  # fmt: skip
        if flip.about == "first":
            before, after = (mix_name(name, language) for name in (flip.before, flip.after))
            return _sentence(self._say("flip.first", thing=thing, before=before, after=after, **between))
        key = "flip.no_longer" if flip.before == "better" else "flip.only_then"
        return _sentence(self._say(key, thing=thing, name=mix_name(flip.about, language), **between))

    def _value(self, flip: Flip, value: float) -> str:
        if flip.kind == "cost":
            return self._money(value)
        return self._change(value) if flip.kind == "effect" else number(value)

    def _side(self, name: str, low: float, high: float) -> str:
        kind = name.partition(":")[0]
        told = {"cost": self._money, "effect": self._change}.get(kind, _rounded)
        if math.isinf(high):
            return self._say("side.above", thing=self._input(name), value=told(low))
        if math.isinf(low):
            return self._say("side.below", thing=self._input(name), value=told(high))
        return self._say("side.between", thing=self._input(name), low=told(low), high=told(high))

    def _input(self, name: str) -> str:
        kind, _, rest = name.partition(":")
        if kind == "forecast":
            return self._say("input.forecast")
        if kind == "cost":
            return self._say("input.cost", lever=self._lever(rest))
        if kind == "parameter":
            return _small(worded(load_table(self.result.country.key).parameters[rest].name, self.language))
        lever, _, slot = rest.partition(":")
        effect = self.levers[lever].effects[int(slot)]
        moved = ", ".join(say(self.language, f"levers.mechanism.{one}.name") for one in effect.mechanisms)
        words = self._say("input.effect", lever=self._lever(lever), mechanism=moved)
        if effect.to_month is None and not effect.from_month:
            return words
        ends = {"start": number(effect.from_month or 0), "end": number(effect.to_month or 0)}
        window = say(
            self.language, "levers.window_to" if effect.to_month is not None else "levers.window", **ends
        )
        return f"{words} ({window})"

    def _money(self, value: float) -> str:
        return value_words(value, self.result.question.currency, self.language)

    def _change(self, value: float) -> str:
        return f"{signed(100 * math.expm1(value), 1)}%"

    def _limits(self) -> str:
        return "; ".join(
            self._say(
                "limit", written=self._written(limit.outcome, limit.factor), share=self._percent(limit.share)
            )
            for limit in self.result.limits
        )

    def _written(self, outcome: str, factor: float) -> str:
        if factor == 1:
            return self._say("limit_same", outcome=self._outcome(outcome))
        return self._say(
            "limit_change", outcome=self._outcome(outcome), change=f"{signed(100 * (factor - 1), 1)}%"
        )

    def _kept(self, each: Candidate) -> list[str]:
        return [
            self._say(
                "kept_one" if moves(self.result, each, limit.outcome) else "kept_unmoved",
                written=self._written(limit.outcome, limit.factor), chance=chance_words(kept, self.language),
            )
            for limit, kept in zip(self.result.limits, each.kept, strict=True)
        ]  # fmt: skip

    def _known(self, outcome: str) -> bool:
        return bool(np.isfinite(self.result.numbers["fewer"].sel(outcome=outcome)).all())

    def _fewer(self, name: str, outcome: str, *, more: bool = False) -> float:
        value = float(self.result.numbers["fewer"].sel(mix=name, outcome=outcome))
        return 0.0 if math.isnan(value) else 1 - value if more else value

    def _interval(self, name: str, outcome: str) -> str:
        at = self.result.numbers["difference"].sel(mix=name, outcome=outcome).to_numpy()
        return say(
            self.language,
            "simulate.interval",
            median=signed(at[len(QUANTILES) // 2], 0),
            range=self._range(at[0], at[-1]),
        )

    def _range(self, low: float, high: float) -> str:
        return say(self.language, "simulate.range", low=signed(low, 0), high=signed(high, 0))

    def _percent(self, share: float) -> str:
        return f"{number(round(100 * share, 1 if share < 0.1 else 0))}%"

    def _paid(self, each: Candidate) -> Sequence[str]:
        return [name for name, part in zip(self.result.question.levers, each.mix.parts, strict=True) if part]

    def _lever(self, name: str) -> str:
        return worded(self.levers[name].name, self.language)

    def _outcome(self, outcome: str) -> str:
        return say(self.language, f"simulate.outcome.{outcome}")

    def _say(self, key: str, **words: object) -> str:
        return say(self.language, f"search.{key}", **words)


def _rounded(value: float) -> str:
    return number(float(f"{value:.3g}"))


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
