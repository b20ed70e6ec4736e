"""An evaluation in words: one sentence, the tables behind it, what to know, and what others published beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from careo.base.citations import Source, load_sources
from careo.base.fields import worded
from careo.base.texts import say, sayable
from careo.evidence.events import Event, load_outcomes
from careo.evidence.studies import Estimate as Published
from careo.evidence.studies import Study, load_studies, log_points
from careo.results.designs.setting import LOG, RATE, SCALES, Estimate
from careo.results.evaluate import ALPHA, Evaluated
from careo.results.finding import Finding
from careo.results.wording import place_name
from careo.run.evaluation_setting import Posed

_CLAUSES = {"increased": "increased", "decreased": "decreased", "no detectable effect": "none"}
_YEAR = 12
_NAMED = 20  # places named in a sentence
_FEW_A_MONTH = 1.0


@dataclass(frozen=True, slots=True)
class Beside:
    """A published estimate beside ours.

    Attributes:
        study, published: whose. ours: on its scale, NaN where none is. low, high: of ours. reads: "inside", "outside_same",
            "outside_other" or "apart" (not comparable).
    """

    study: Study
    published: Published
    ours: float
    low: float
    high: float
    reads: str


def finding(result: Evaluated, language: str = "en") -> Finding:
    """The evaluation as a finding: kind "evaluation", a verdict of `finding.DIFFERENCES`."""
    asked = result.evaluation
    return Finding(
        id=f"evaluation:{asked.id}:{result.outcome.id}",
        kind="evaluation",
        claim=worded(asked.question, language),
        verdict=result.verdict.word,
        because=because(result, language),
        statement=None,
        table=tuple(estimate_row(one, language) for one in result.estimates),
        grade=grade(result),
        caveats=caveats(result, language),
        sources=sources(result, language),
        language=language,
        extra={"evaluation": asked.id, "outcome": result.outcome.id, "design": result.design},
    )


def grade(result: Evaluated) -> str:
    """B where places with and without the measure were compared and the checks passed; C where one failed; D where nothing was compared."""
    if result.design in ("interrupted", "dated_history"):
        return "D"
    return "C" if result.verdict.word == "inconclusive" else "B"


def because(result: Evaluated, language: str) -> str:
    """The one sentence."""
    verdict = result.verdict
    words = {
        "name": worded(result.evaluation.name, language),
        "outcome": worded(result.outcome.name, language),
    }
    if verdict.word in _CLAUSES:
        main = [one for scale in SCALES if (one := result.on(scale))]
        effects = say(language, "evaluate.and").join(_effect(one, language) for one in main)
        told = {"effects": effects, "mde": _mde(main, language), "later": _later(result, language)}
        return say(language, f"evaluate.because.{_CLAUSES[verdict.word]}", **words, **told)
    if verdict.reason in ("evaluate.because.dated", "evaluate.because.listed"):
        return _of_choice(result, language)
    text = say(language, verdict.reason, **verdict.words)
    why = text if verdict.reason.startswith("evaluate.why.") else _lower(text)
    key = (
        "inconclusive"
        if verdict.failed < 1
        else "inconclusive_one"
        if verdict.failed == 1
        else "inconclusive_more"
    )
    return say(language, f"evaluate.because.{key}", **words, why=why, count=verdict.failed)


def _of_choice(result: Evaluated, language: str) -> str:
    main, choice = result.main, result.evaluation.choice
    assert choice is not None  # noqa: S101 - a dated history has one
    ends = (main.effect, main.low, main.high) if main else ()
    told = (
        dict(zip(("median", "low", "high"), map(percent, ends), strict=True))
        if ends
        else dict.fromkeys(("median", "low", "high"), "–")
    )
    net = percent(math.log1p(result.listed[0].net)) if result.listed else ""
    return say(language, result.verdict.reason, count=choice.count, net=net, **told)


def _effect(one: Estimate, language: str) -> str:
    words = {"effect": effect_words(one.effect, one.scale, language), "p": p_words(one)}
    if math.isnan(one.low) or math.isnan(one.high):
        return say(language, "evaluate.effect_plain", **words)
    low, high = (percent(end) if one.scale == LOG else signed(end) for end in (one.low, one.high))
    return say(language, "evaluate.effect", **words, low=low, high=high)


def _later(result: Evaluated, language: str) -> str:
    """What a later window shows by the same estimate, where chance would seldom give it."""
    main = result.main
    for one in result.estimates if main else ():
        same = (one.method, one.scale, one.base) == (main.method, main.scale, main.base) if main else False
        if main and same and one.default and one.window[0] > main.window[0] and one.p <= ALPHA:
            words = {"first": one.window[0], "last": one.window[1], "effect": _effect(one, language)}
            return say(language, "evaluate.later", **words)
    return ""


def _mde(main: Sequence[Estimate], language: str) -> str:
    told = [size_words(one.mde, one.scale, language) for one in main if not math.isnan(one.mde)]
    if not told:
        return say(language, "evaluate.mde_unknown")
    return say(language, "evaluate.mde", mde=say(language, "evaluate.and").join(told))


def effect_words(effect: float, scale: str, language: str) -> str:
    """An effect with its unit: "+3.2 per 100,000 a year", "−14%"."""
    if math.isnan(effect):
        return say(language, "evaluate.none")
    value = percent(effect) if scale == LOG else signed(effect)
    return say(language, f"evaluate.unit.{scale}", value=value)


def size_words(size: float, scale: str, language: str) -> str:
    """A size without a sign: "3.2 per 100,000 a year", "31%"."""
    return effect_words(abs(size), scale, language).replace("+", "", 1)


def signed(value: float) -> str:
    """One decimal with its sign, a true minus, never a negative zero."""
    return f"{round(value, 1) + 0.0:+.1f}".replace("-", "−")


def percent(logs: float) -> str:
    """Log points as a change in percent."""
    return f"{round(100 * math.expm1(logs)) + 0:+d}%".replace("-", "−")


def p_words(one: Estimate) -> str:
    """A p-value with three decimals below a tenth."""
    if math.isnan(one.p):
        return "–"
    return f"{one.p:.3f}" if one.p < 0.0995 else f"{one.p:.2f}"


def estimate_row(one: Estimate, language: str) -> dict[str, str]:
    """An estimate as a row of words."""
    none = say(language, "evaluate.none")
    base = say(language, "evaluate.base", months=one.base) if one.base else say(language, "evaluate.base_all")
    interval = none
    if not math.isnan(one.low) and not math.isnan(one.high):
        low, high = (percent(end) if one.scale == LOG else signed(end) for end in (one.low, one.high))
        interval = f"{low} … {high}"
    key = f"evaluate.method.{one.method}"
    effect = (
        none if math.isnan(one.effect) else percent(one.effect) if one.scale == LOG else signed(one.effect)
    )
    mde = (
        none
        if math.isnan(one.mde)
        else (percent(abs(one.mde)) if one.scale == LOG else signed(abs(one.mde))).replace("+", "")
    )
    return {
        "method": (say(language, key) if sayable(language, key) else one.method)
        + (" ◆" if one.default and not math.isnan(one.p) else ""),
        "window": _window(one, language),
        "scale": say(language, f"evaluate.scale.{one.scale}"),
        "effect": effect,
        "interval": interval,
        "p": p_words(one),
        "mde": mde,
        "base": none if one.method == "dated_history" else base,
    }


def _window(one: Estimate, language: str) -> str:
    if one.method == "dated_history":
        return say(language, "evaluate.years", year=one.window[0] // _YEAR + 1)
    return say(language, "evaluate.window", first=one.window[0], last=one.window[1])


# ── what to know ─────────────────────────────────────────────────────────────────────────────────────────────────


def caveats(result: Evaluated, language: str) -> tuple[str, ...]:
    """What a reader must know, the evaluation's own notes first."""
    asked, posed = result.evaluation, result.posed
    told = [worded(note, language) for note in asked.notes]
    name, definition = worded(result.outcome.name, language), worded(result.outcome.definition, language)
    told.append(_caveat(language, "outcome", name=name, definition=definition))
    if posed:
        setting = posed.setting
        months = np.datetime64(setting.first, "M") + np.array([0, setting.counts.shape[1] - 1]).astype(
            "timedelta64[M]"
        )
        treated = _places(
            result,
            language,
            [code for code, hit in zip(setting.places, setting.treated.tolist(), strict=True) if hit],
        )
        if asked.level != "nation":
            told.append(
                _caveat(
                    language,
                    "treated",
                    treated=treated,
                    donors=int(setting.compared.sum()),
                    first=months[0],
                    last=months[1],
                )
            )
        told.append(
            _caveat(
                language,
                "events",
                events="; ".join(event_words(event, result, language) for event in posed.events),
            )
        )
        for key, memory in (("recalled", True), ("wider", False)):
            some = [event for event in posed.recalled if (event.sureness == "memory") == memory]
            if some:
                told.append(
                    _caveat(
                        language,
                        key,
                        events="; ".join(event_words(event, result, language) for event in some),
                    )
                )
        if posed.dropped:
            told.append(_caveat(language, "dropped", places=_places(result, language, posed.dropped)))
        told += _of_municipalities(result, posed, language)
    if result.design in ("difference", "synthetic_control"):
        told.append(_looks(result, language))
        if asked.contrast and posed:
            least = posed.setting.dose[posed.setting.treated].min()
            told.append(_caveat(language, "contrast", least=round(100 * float(least))))
        if result.country.key == "mexico" and asked.level == "state":
            told.append(_caveat(language, "year"))
    if result.lacking:
        told.append(_caveat(language, "lacking"))
    if result.falls:
        years = sorted({one.year for one in result.falls})
        told.append(
            _caveat(
                language,
                "seen",
                count=len({(one.series, one.year) for one in result.falls}),
                years=f"{years[0]}–{years[-1]}",
            )
        )
        told += [
            _caveat(language, key) for key in (("overlap",) if result.listed else ("hypothetical", "overlap"))
        ]
    return tuple(told)


def _places(result: Evaluated, language: str, codes: Sequence[str]) -> str:
    names = [place_name(result.country, code, language) for code in codes[:_NAMED]]
    return ", ".join(names) + (f" … ({len(codes)})" if len(codes) > _NAMED else "")


def _of_municipalities(result: Evaluated, posed: Posed, language: str) -> list[str]:
    """Classes of inhabitants, small counts, new places beside the treated, neighbours, and what was left out for its size."""
    from careo.results.designs import other_estimators

    setting, told = posed.setting, list[str]()
    if setting.strata is not None:
        used = np.unique(setting.strata[setting.treated])
        people = [
            setting.population[(setting.strata == one) & (setting.compared | setting.treated), 0]
            for one in used
        ]
        classes = "; ".join(f"{each.min():,.0f}–{each.max():,.0f}: {each.size}" for each in people)
        told.append(_caveat(language, "classes", classes=classes))
    if result.evaluation.level == "municipality":
        months = np.arange(setting.counts.shape[1])
        before = setting.treated[:, None] & (months < setting.start[:, None])
        mean = float(np.nanmean(setting.counts[before])) if before.any() else math.nan
        if mean < _FEW_A_MONTH:
            told.append(_caveat(language, "few_counts", mean=f"{mean:.2f}"))
    for code, others in posed.newcomers.items():
        words = "; ".join(
            f"{place_name(result.country, other, language)} ({month})" for other, month in others
        )
        key = "newcomers_beside" if posed.bordered else "newcomers"
        told.append(_caveat(language, key, place=place_name(result.country, code, language), others=words))
    near = [one for one in result.estimates if one.method == "neighbours"]
    if near:
        told.append(_caveat(language, "neighbours", count=near[0].treated))
    if result.design == "difference" and other_estimators.too_large(setting):
        told.append(_caveat(language, "too_large", most=other_estimators.MOST_PLACES))
    return told


def _looks(result: Evaluated, language: str) -> str:
    """How many p-values were looked at, and the main one after Holm among those of its method: every window, every scale."""
    main = result.main
    shown = [one.p for one in result.estimates if not math.isnan(one.p)]
    alike = [
        one for one in result.estimates
        if main and (one.method, one.base) == (main.method, main.base) and not math.isnan(one.p)
    ]  # fmt: skip
    adjusted = holm([one.p for one in alike])
    own = next((p for one, p in zip(alike, adjusted, strict=True) if one is main), math.nan)
    return _caveat(
        language, "looks", looks=len(shown), windows=len({one.window for one in alike}), family=len(alike),
        outcomes=len(load_outcomes(result.country.key)), holm="–" if math.isnan(own) else f"{own:.3f}",
    )  # fmt: skip


def holm(p: Sequence[float]) -> list[float]:
    """p-values for looking at all of them, in their order (Holm 1979, Scandinavian Journal of Statistics 6(2)): whatever they have to do with each other."""
    order = sorted(range(len(p)), key=lambda k: p[k])
    adjusted, largest = list(p), 0.0
    for place, k in enumerate(order):
        largest = min(1.0, max(largest, (len(p) - place) * p[k]))
        adjusted[k] = largest
    return adjusted


def event_words(event: Event, result: Evaluated, language: str) -> str:
    """An event in a few words: its name or its group, and its date."""
    if event.name:
        return f"{worded(event.name, language)} ({event.date})"
    places = ", ".join(place_name(result.country, code, language) for code in event.places)
    return f"{event.group}, {places} ({event.date})"


def sources(result: Evaluated, language: str) -> tuple[Source, ...]:
    """Of everything shown: events, series, studies."""
    known = {**load_sources(result.country.key, language), **result.country.sources}
    keys = [*result.evaluation.sources]
    if result.posed:
        keys += [key for event in result.posed.events for key in event.sources] + list(result.posed.sources)
    keys += [key for one in result.record for key in one.sources]
    studies = load_studies(result.country.key)
    keys += [key for name in result.evaluation.studies for key in studies[name].cited]
    return tuple(known[key] if key in known else Source(key=key, title=key) for key in dict.fromkeys(keys))


# ── what others found ────────────────────────────────────────────────────────────────────────────────────────────


def besides(result: Evaluated) -> tuple[Beside, ...]:
    """Every number of the studies that the evaluation names, ours beside it where one scale serves both."""
    studies = load_studies(result.country.key)
    found: list[Beside] = []
    for name in result.evaluation.studies:
        for published in studies[name].estimates:
            scale = (
                RATE if published.metric == "per_100k" else LOG if log_points(published) is not None else ""
            )
            ours = result.on(scale) if scale and result.design != "dated_history" else None
            if published.of_neighbours:
                ours = next(
                    (one for one in result.estimates if (one.method, one.scale) == ("neighbours", scale)),
                    None,
                )
            value = published.value if scale == RATE else (log_points(published) or (None,))[0]
            if ours is None or value is None or math.isnan(ours.low):
                found.append(Beside(studies[name], published, math.nan, math.nan, math.nan, "apart"))
                continue
            inside = ours.low <= value <= ours.high
            same = "outside_same" if (ours.effect > 0) == (value > 0) else "outside_other"
            found.append(
                Beside(
                    studies[name], published, ours.effect, ours.low, ours.high, "inside" if inside else same
                )
            )
    return tuple(found)


def beside_row(one: Beside, language: str) -> dict[str, str]:
    """A published estimate as a row of words."""
    name = " ".join(part for part in (one.study.authors, one.study.year) if part)
    star = "*" if "memory" in (one.study.verified, one.published.verified) else ""
    rate = one.published.metric == "per_100k"
    none = say(language, "evaluate.none")
    ours = none if math.isnan(one.ours) else signed(one.ours) if rate else percent(one.ours)
    return {
        "study": name + star,
        "outcome": worded(one.published.outcome, language),
        "found": published_words(one.published, language),
        "ours": ours,
        "reads": say(language, f"evaluate.beside.{one.reads}"),
    }


def published_words(published: Published, language: str) -> str:
    """A published number in its own metric."""
    if published.value is None:
        return f"{published.low:g} … {published.high:g}"
    if published.metric == "relative_change":
        return f"{100 * published.value:+.3g}%".replace("-", "−")
    value = f"{published.value:+.3g}".replace("-", "−")
    if published.metric == "per_100k":
        return say(language, "evaluate.unit.rate", value=value)
    return value


def _lower(text: str) -> str:
    """A sentence or a name inside another one: its first letter small, unless the word is an abbreviation or a name of its own."""
    first = text.split(" ", 1)[0]
    return text if first.isupper() and len(first) > 1 else text[:1].lower() + text[1:]


def _caveat(language: str, key: str, **words: object) -> str:
    return say(language, f"evaluate.caveat.{key}", **words)
