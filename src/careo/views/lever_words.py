"""What is said of levers, word by word: priors, lags, grades, costs and studies, the same on a terminal and on a page."""

from __future__ import annotations

from typing import Any

from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.effects import MECHANISMS, Effect, Lag, Link, Rebound, chance_below_zero, interval
from careo.evidence.levers import Cost, Lever
from careo.evidence.own import Held
from careo.evidence.studies import Estimate, Study
from careo.results.wording import number, value_words
from careo.views.forest import mechanisms, percent, signed

DOTS = {"A": "●●●●", "B": "●●●○", "C": "●●○○", "D": "●○○○"}
"""A grade as people see it at a glance."""


def own_words(held: Held, language: str) -> str:
    """An evaluation of our own beside a prior, and whether the two meet."""
    return say(
        language, "levers.own.meets" if held.meet else "levers.own.apart",
        name=worded(held.study.about, language), grade=held.study.grade or "D", mechanism=mechanisms(held.effect, language),
        low=signed(held.ours[0]), high=signed(held.ours[1]), prior_low=signed(held.prior[0]), prior_high=signed(held.prior[1]),
    )  # fmt: skip


def graded(grade: str, lever: Lever) -> str:
    """A grade as it stands in tables: "B ●●●○", starred where nothing was read."""
    return f"{grade}{'*' if lever.verified == 'memory' else ''} {DOTS[grade]}"


def prior_words(effect: Effect | Link | Rebound, language: str) -> str:
    """The prior as it is written in tables: "−0.25 ± 0.30"."""
    if isinstance(effect, Effect) and effect.law == "structural":
        if effect.mean is None:
            return say(language, "levers.structural")
        return say(language, "levers.structural_value", value=signed(effect.mean))
    if isinstance(effect, Effect) and effect.law == "beta_log_share":
        low, high = (signed(end) for end in interval(effect, 0.9) or (0.0, 0.0))
        return say(language, "levers.sweep", low=low, high=high)
    return say(language, "levers.normal", mean=signed(effect.mean or 0.0), sd=signed(effect.sd or 0.0))


def below_words(effect: Effect | Link | Rebound, language: str) -> str:
    if isinstance(effect, Effect) and effect.law != "normal":
        return say(language, "levers.certain")  # a sign that follows from a definition is no evidence
    chance = chance_below_zero(effect)
    return say(language, "levers.certain") if chance is None else f"{round(chance * 100)}%"


def lag_short(lag: Lag, language: str) -> str:
    if lag.months == 0:
        return say(language, "levers.lag_none")
    key = "lag_short" if lag.kernel == "gamma" else "lag_flat_short"
    return say(language, f"levers.{key}", months=f"{lag.months:g}")


def prior_numbers(prior: Effect | Link | Rebound, language: str) -> list[str]:
    """Prior, 50% and 90% intervals, the latter as a change, and P(b<0)."""
    half, most = interval(prior, 0.5), interval(prior, 0.9)
    none = say(language, "levers.certain")

    def swept(ends: tuple[float, float] | None, write: Any) -> str:
        if ends is None:
            return none
        return say(language, "levers.sweep", low=write(ends[0]), high=write(ends[1]))

    name = prior_words(prior, language)
    if isinstance(prior, Effect) and prior.law == "beta_log_share":
        name = say(language, "levers.beta", a=f"{prior.a:g}", b=f"{prior.b:g}")
    return [
        name,
        swept(half, signed),
        swept(most, signed),
        swept(most, percent),
        below_words(prior, language),
    ]


def effect_notes(effect: Effect, language: str) -> list[str]:
    what = [
        f"{say(language, f'levers.mechanism.{name}.name')} ({MECHANISMS[name]}): "
        + say(language, f"levers.mechanism.{name}.what")
        for name in effect.mechanisms
    ]
    told = [worded(effect.note, language)] if effect.note else []
    if effect.calibrates:
        told.append(say(language, "levers.calibrates"))
    if len(effect.mechanisms) > 1:
        told.append(say(language, "levers.together"))
    if effect.half_life_months is not None:
        told.append(say(language, "levers.half_life", months=f"{effect.half_life_months:g}"))
    if effect.hazard_per_month is not None:
        told.append(say(language, "levers.hazard", hazard=f"{effect.hazard_per_month * 100:g}%"))
    return [*what, *told]


def link_name(link: Link, language: str) -> str:
    names = [say(language, f"levers.mechanism.{name}.name") for name in link.to]
    source = say(language, f"levers.mechanism.{link.source}.name")
    return say(language, "levers.link", source=source, to=", ".join(names))


def lag_words(lag: Lag, language: str) -> str:
    if lag.months == 0:
        return say(language, "levers.lag_same")
    key = "lag_gamma" if lag.kernel == "gamma" else "lag_flat"
    return say(language, f"levers.{key}", months=f"{lag.months:g}")


def seen_words(study: Study, language: str) -> str:
    """How the finding is known, and how its numbers are when that is less well."""
    finding = say(language, f"levers.verified.{study.verified}")
    known = {estimate.verified for estimate in study.estimates}
    if "memory" in known and study.verified != "memory":
        numbers = say(language, "levers.verified.memory")
        return say(language, "levers.seen_both", finding=finding, numbers=numbers)
    return finding


def estimate_words(estimate: Estimate, language: str) -> str:
    scale = 100 if estimate.metric in ("relative_change", "share_of_rise") else 1
    value, low, high = (
        None if x is None else number(x * scale) for x in (estimate.value, estimate.low, estimate.high)
    )
    if low is None or high is None:
        return value or ""
    if value is None:
        return say(language, "levers.forest.range", low=low, high=high)
    return say(language, "levers.forest.value", value=value, low=low, high=high)


def cost_lines(cost: Cost | None, language: str) -> list[str]:
    if cost is None:
        return [say(language, "levers.cost_none")]
    value, low, high = (value_words(x, cost.currency, language) for x in (cost.value, cost.low, cost.high))
    words: dict[str, object] = {"value": value, "low": low, "high": high, "year": cost.price_year}
    kind = "cost_judgement" if cost.judgement else "cost_source"
    return [
        say(language, f"levers.cost_{cost.per}", **words),
        say(language, f"levers.{kind}", grade=cost.grade, basis=worded(cost.basis, language)),
    ]


def partner_words(name: str, language: str) -> str:
    return say(language, f"levers.mechanism.{name}.name") if name in MECHANISMS else name
