"""A strategy held against the record: its words, its money, its delivery, its outcomes, and its alternatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from careo.base.dates import Period, parse_period
from careo.base.fields import first_day, last_day, worded
from careo.base.texts import say
from careo.evidence.levers import Lever, load_levers
from careo.evidence.own import held_against, load_own_studies
from careo.panel import Country, country_of
from careo.panel.series import Observation
from careo.record.ladder import load_ladders
from careo.record.strategy import Amount, MaskFile, Measure, Strategy, TopPlaces, sources_of
from careo.results.audit import Audit
from careo.results.budgets import strategy_findings
from careo.results.finding import Considered, Finding
from careo.results.pledges import judge_pledges, sentence
from careo.results.tying import Tie, tie
from careo.results.watched import watched_of
from careo.results.wording import number, period_words, place_name, value_words

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class StrategyAudit:
    """A strategy on a day, question by question.

    Attributes:
        strategy, day: what was judged, and when. pledges: the words, each with its verdict.
        money: lines, shares, what is not comparable. measures: delivery, dose and cost of each measure.
        constraints: rights. outcomes: official series over its time; they describe, they attribute nothing.
        pages: the audit of pages read beside it, if any; ties: their statements and the pledges they are about.
        watched: how purchases are published, where a pledge says they are watched and `careo watch` has watched them.
    """

    strategy: Strategy
    day: date
    pledges: tuple[Finding, ...]
    money: tuple[Finding, ...]
    measures: tuple[Finding, ...]
    constraints: tuple[Finding, ...]
    outcomes: tuple[Finding, ...]
    pages: Audit | None = None
    ties: tuple[Tie, ...] = field(default=())
    watched: tuple[Finding, ...] = field(default=())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, in the order of the five questions."""
        return (*self.pledges, *self.money, *self.measures, *self.watched, *self.constraints, *self.outcomes)


def audit_strategy(
    strategy: Strategy,
    panel: Country | xr.Dataset | None = None,
    *,
    on: date | None = None,
    pages: Audit | None = None,
    language: str = "en",
) -> StrategyAudit:
    """Answers the five questions for a strategy.

    Args:
        strategy: as `careo.load_strategy` returns it.
        panel: whose record it is held against; Mexico by default.
        on: the day of the answers; only what was known then counts. Without it the day the strategy was compiled.
        pages: an audit of pages whose statements are tied to its pledges.
        language: of the sentences.
    """
    country = country_of(panel)
    day = min(on or last_day(strategy.compiled), last_day(strategy.compiled))
    ties = tie(pages.statements, strategy, load_ladders(country.key)) if pages else ()
    return StrategyAudit(
        strategy,
        day,
        pledges=judge_pledges(strategy, country, on=on, language=language),
        money=strategy_findings(strategy, country.key, on=day, language=language),
        measures=tuple(_measures(strategy, country, day, language)),
        constraints=tuple(_constraints(strategy, country, day, language)),
        outcomes=tuple(_outcomes(country.outcomes, strategy, country, day, language)),
        pages=pages,
        ties=ties,
        watched=watched_of(strategy, country.key, language, on=on),
    )


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _measures(strategy: Strategy, country: Country, day: date, language: str) -> Iterator[Finding]:
    levers = load_levers(country.key)
    sources = sources_of(strategy, country.key)
    for measure in strategy.measures:
        delivered = [amount for amount in measure.delivered if amount.date and last_day(amount.date) <= day]
        keys = dict.fromkeys([*measure.sources, *(key for amount in delivered for key in amount.sources)])
        lever = levers[measure.lever]
        yield Finding(
            id=f"{strategy.slug}:{measure.id}",
            kind="measure",
            claim=worded(measure.name, language),
            verdict="raised",
            because=" ".join(_delivery(measure, delivered, language)),
            statement=None,
            table=tuple(_amount_row(amount, language) for amount in delivered),
            grade=measure.dose.grade if measure.dose else "",
            caveats=(*_measure_caveats(measure, delivered, language), *_own(lever, country, language)),
            sources=tuple(sources[key] for key in keys if key in sources),
            language=language,
            extra={
                "strategy": strategy.slug,
                "measure": measure.id,
                "lever": measure.lever,
                "direction": str(measure.direction),
                "where": _where(measure, country, language),
                "start": measure.start or "",
                "end": measure.end or "",
                "dose": _dose(measure, lever, language),
                "cost": _cost(measure, language),
                "verified": measure.verified,
            },
        )


def _delivery(measure: Measure, delivered: Sequence[Amount], language: str) -> Iterator[str]:
    if measure.announced:
        yield say(language, "strategies.measure.announced", amount=_amount(measure.announced, language))
    if delivered:
        last = delivered[-1]
        when = period_words(last.date, language)
        yield say(language, "strategies.measure.delivered", amount=_amount(last, language), date=when)
    else:
        yield say(language, "strategies.measure.unknown")
    announced, last = measure.announced, delivered[-1] if delivered else None
    if announced and last and announced.value and announced.unit == last.unit:
        share = number(round(100 * last.value / announced.value, 1))
        yield say(language, "strategies.measure.share", share=share)


def _amount(amount: Amount, language: str) -> str:
    return f"{number(amount.value)} {worded(amount.unit, language)}"


def _amount_row(amount: Amount, language: str) -> dict[str, str]:
    return {
        "date": amount.date or "",
        "amount": _amount(amount, language),
        "note": worded(amount.note, language),
        "verified": amount.verified or "",
        "sources": ", ".join(amount.sources),
    }


def _measure_caveats(measure: Measure, delivered: Sequence[Amount], language: str) -> Iterator[str]:
    if measure.direction == -1:
        yield say(language, "strategies.measure.turned", why=sentence(measure.direction_note, language))
    for words in (measure.where_note, measure.note):
        if words:
            yield worded(words, language)
    if measure.not_simulated:
        yield say(language, "strategies.measure.not_simulated", why=sentence(measure.not_simulated, language))
    if measure.dose:
        yield say(language, "strategies.measure.how", how=sentence(measure.dose.how, language))
    if "memory" in (measure.verified, *(amount.verified for amount in delivered)):
        yield say(language, "strategies.measure.memory")


def _own(lever: Lever, country: Country, language: str) -> Iterator[str]:
    """Our own evaluations that bear on the lever, and whether they and its prior agree."""
    told: dict[str, bool] = {}
    grades: dict[str, str] = {}
    for held in held_against(lever, load_own_studies(country.key).get(lever.id, ())):
        name = worded(held.study.about, language)
        told[name] = told.get(name, True) and held.meet
        grades[name] = held.study.grade or "D"
    for name, meet in told.items():
        key = "own_meets" if meet else "own_apart"
        yield say(language, f"strategies.measure.{key}", name=name, grade=grades[name], lever=lever.id)


def _where(measure: Measure, country: Country, language: str) -> str:
    if measure.where == "nation":
        return place_name(country, country.default_place, language)
    if isinstance(measure.where, MaskFile):
        return say(language, "strategies.where.file", file=Path(measure.where.file).name)
    if isinstance(measure.where, TopPlaces):
        words = {"count": measure.where.top, "date": period_words(measure.where.on, language)}
        name = worded(country.indicators[measure.where.by].name, language)
        return say(language, "strategies.where.top", indicator=name, **words)
    return ", ".join(place_name(country, code, language) for code in measure.where)


def _dose(measure: Measure, lever: Lever, language: str) -> str:
    dose = measure.dose
    if dose is None:
        return ""
    low, high = sorted((dose.low * measure.direction, dose.high * measure.direction))
    return say(
        language, "strategies.measure.dose", value=number(dose.value * measure.direction), low=number(low),
        high=number(high), unit=worded(lever.dose_unit.name, language), grade=dose.grade,
        basis=say(language, f"strategies.basis.{dose.basis}"),
    )  # fmt: skip


def _cost(measure: Measure, language: str) -> str:
    cost = measure.cost
    if cost is None:
        return say(language, "strategies.measure.cost_unknown")
    if cost.money:
        return f"careo money {cost.money}"
    values = [float(v) for v in (cost.value, cost.low, cost.high) if v is not None]
    unit = cost.currency or "money"
    words = value_words(values[0], unit, language)
    if len(values) == 3:
        words += f" ({value_words(values[1], unit, language)} – {value_words(values[2], unit, language)})"
    return f"{words}. {worded(cost.basis, language)}".strip(". ")


# ── rights and outcomes ──────────────────────────────────────────────────────────────────────────────────────────


def _constraints(strategy: Strategy, country: Country, day: date, language: str) -> Iterator[Finding]:
    sources = sources_of(strategy, country.key)
    for constraint in strategy.constraints:
        found = next(iter(_outcomes([constraint.indicator], strategy, country, day, language)), None) if constraint.indicator else None  # fmt: skip
        because = found.because if found else say(
            language, "strategies.constraint.no_series", why=sentence(constraint.no_series, language)
        )  # fmt: skip
        yield Finding(
            id=f"{strategy.slug}:{constraint.id}",
            kind="constraint",
            claim=worded(constraint.text, language),
            verdict="inconclusive" if found else "no evidence found",
            because=because,
            statement=None,
            considered=found.considered if found else (),
            caveats=(say(language, "strategies.constraint.rule", rule=sentence(constraint.rule, language)),),
            sources=(
                *(sources[key] for key in constraint.sources if key in sources),
                *(found.sources if found else ()),
            ),
            language=language,
            extra={"strategy": strategy.slug, "constraint": constraint.id, "indicator": constraint.indicator},
        )


def _outcomes(
    names: Sequence[str], strategy: Strategy, country: Country, day: date, language: str
) -> Iterator[Finding]:
    """What official series say of the strategy's time, each under its own definition: a description, not an effect."""
    start = first_day(strategy.period.start)
    end = min(last_day(strategy.period.end), day) if strategy.period.end else day
    # A term that begins in December is held against the year it began in: most of it lies before.
    first = start.year if _mostly(start.year, start, end) else start.year + 1
    for name in names:
        item = country.indicators[name]
        rows = [
            o
            for o in _yearly(country, name, first - 1, end, day)
            if _year(o) < first or _mostly(_year(o), start, end)
        ]
        before = next((o for o in rows if _year(o) < first), None)
        inside = [o for o in rows if _year(o) >= first]
        if not rows or not (inside or before):
            words = say(language, "strategies.outcome.none")
        elif before and inside and item.kind != "stock":
            words = _change(before, inside[-1], item.unit, language)
        elif inside:
            words = _change(inside[0], inside[-1], item.unit, language)
        else:
            words = say(language, "strategies.outcome.none")
        yield Finding(
            id=f"{strategy.slug}:outcome:{name}",
            kind="outcome",
            claim=item.name.get(language, name),
            verdict="inconclusive",
            because=words,
            statement=None,
            considered=tuple(_considered(o, country, name, language) for o in rows),
            caveats=(say(language, "strategies.outcome.describes"),) if rows else (),
            sources=tuple(
                country.sources[key]
                for key in dict.fromkeys(o.source for o in rows)
                if key in country.sources
            ),
            language=language,
            extra={"strategy": strategy.slug, "indicator": name},
        )


def _mostly(year: int, start: date, end: date) -> bool:
    """Whether more than half of a year lies within a stretch of time."""
    first, last = max(date(year, 1, 1), start), min(date(year, 12, 31), end)
    return (last - first).days + 1 > 183


def _year(value: Observation) -> int:
    return value.period.first.year if value.period.first else 0


def _yearly(country: Country, name: str, first: int, end: date, day: date) -> list[Observation]:
    """Values of whole years from `first` on, ended by `end`, as known on a day."""
    values: list[Observation] = []
    for year in range(first, end.year + 1):
        period: Period = parse_period(str(year))
        found = country.known(name, country.default_place, period, day)
        if found and period.last and (period.last <= end or year == end.year):
            values.append(found)
    return values


def _change(one: Observation, other: Observation, unit: str, language: str) -> str:
    words = {
        "first": value_words(one.value, unit, language),
        "first_period": period_words(one.period, language),
        "last": value_words(other.value, unit, language),
        "last_period": period_words(other.period, language),
    }
    if one.period == other.period:
        return say(language, "strategies.outcome.single", **words)
    if unit == "share":
        change, measure = round(100 * (other.value - one.value), 1), "points"
    else:
        change, measure = round(100 * (other.value / one.value - 1) if one.value else 0.0, 1), "percent"
    sign = "+" if change > 0 else "−" if change < 0 else ""
    words["change"] = say(language, f"strategies.outcome.{measure}", value=f"{sign}{number(abs(change))}")
    return say(language, "strategies.outcome.change", **words)


def _considered(value: Observation, country: Country, name: str, language: str) -> Considered:
    item = country.indicators[name]
    return Considered(
        indicator=name,
        name=item.name.get(language, name),
        definition=item.definition.get(language, ""),
        period=str(value.period),
        place=value.place,
        value=value.value,
        unit=item.unit,
        vintage=value.vintage,
        source=value.source,
        verified=value.verified,
        ratio=None,
        fits=False,
        named=False,
        known=True,
    )
