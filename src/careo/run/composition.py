"""Strategies composed in the laboratory: a shipped one with its measures turned up or down, levers by hand, money by family.

A composition becomes a `Strategy` and nothing else, so that what the laboratory shows is what `careo simulate FILE` computes from the
file that it gives away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from careo.base.errors import CareoError
from careo.base.fields import first_day
from careo.base.texts import LANGUAGES, say
from careo.base.yaml_files import NUMBER
from careo.evidence.levers import Lever, load_levers
from careo.panel import Country
from careo.record.strategy import (
    SCHEMA,
    Dose,
    DoseFrom,
    MaskFile,
    Measure,
    Reference,
    Strategy,
    StrategyPeriod,
    load_strategy,
)
from careo.run.mixes import even_mix, mix_question
from careo.run.scenario_checks import largest_dose

MOST_MONTH = 600
_SOURCE = "laboratory"


@dataclass(frozen=True, slots=True)
class Line:
    """One lever by hand.

    Attributes:
        dose: announced [dose units of the lever]. places: codes; none: everywhere. start: month of the run in which it begins, 1 the first.
        ramp: months over which the dose grows evenly. delivered: how much of what was announced comes about [share, 0 … 1].
    """

    lever: str
    dose: float
    places: tuple[str, ...] = ()
    start: int = 1
    ramp: int = 1
    delivered: float = 1.0


@dataclass(frozen=True, slots=True)
class Composition:
    """What somebody set.

    Attributes:
        base: slug of a shipped strategy, or "". kept: measure of it → how much of its dose comes about [share]; all of it where nothing is said.
        lines: levers by hand. budget: that is spread evenly over the levers of either family [currency of the country a year]; 0: none.
        prevention: the preventive part of that money [share]. A lever
            that is also set by hand keeps what the hand says.
    """

    base: str = ""
    kept: Mapping[str, float] = field(default_factory=dict[str, float])
    lines: tuple[Line, ...] = ()
    budget: float = 0.0
    prevention: float = 0.7

    @property
    def slug(self) -> str:
        """Its name in files and commands, the same for the same composition."""
        told = repr(
            (self.base, sorted(self.kept.items()), self.lines, self.budget, self.budget and self.prevention)
        )
        return f"laboratory-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def compose(composition: Composition, country: Country, *, months: int, start: date) -> Strategy:
    """The strategy of a composition.

    Args:
        months: of the run. start: month 0 of the run, in which a composition without a base begins.

    Raises:
        CareoError: a lever, a measure or a place that is not there, a dose that means nothing, a budget that cannot be spread.
    """
    base = _base(composition.base, country.key) if composition.base else None
    begin = first_day(base.period.start) if base else start
    origin = begin.year * 12 + begin.month - 1 + (begin.day > 16)
    measures = [*_kept(composition, base), *_by_hand(composition, country, origin)]
    measures += _by_money(composition, country, months, origin)
    if not measures:
        raise CareoError("laboratory_nothing")
    title = _words("title_of", base=base.title) if base else _words("title")
    return Strategy(
        schema=SCHEMA,
        slug=composition.slug,
        country=country.code,
        title=title,
        actor=_words("actor"),
        period=base.period if base else StrategyPeriod(start.isoformat(), None),
        summary=_words("summary"),
        compiled=base.compiled if base else start.isoformat(),
        notes=(_words("note"),),
        measures=tuple(measures),
        budget=base.budget if base else (),
        ceilings=base.ceilings if base else (),
        own_sources={
            **(base.own_sources if base else {}),
            _SOURCE: Reference(producer="careo", title="Laboratory", seen="memory"),
        },
    )


@cache
def _base(name: str, country: str) -> Strategy:
    return load_strategy(name, country)


def _kept(composition: Composition, base: Strategy | None) -> Iterator[Measure]:
    """The measures of the base, each as far as it comes about."""
    known = [measure.id for measure in base.measures] if base else []
    for name, share in composition.kept.items():
        if name not in known:
            raise CareoError("laboratory_measure", found=repr(name[:60]), expected=" | ".join(known) or "–")
        _within(name, share, 0.0, 1.0)
    for measure in base.measures if base else ():
        share = composition.kept.get(measure.id, 1.0)
        if isinstance(measure.where, MaskFile):
            raise CareoError(
                "laboratory_mask", found=measure.id
            )  # no shipped one has; the file would not be beside ours
        if measure.dose is None or share == 1.0:
            yield measure
        elif share > 0.0:
            yield replace(measure, announced=None, delivered=(), dose=_scaled(measure.dose, share))


def _scaled(dose: Dose, share: float) -> Dose:
    schedule = tuple(DoseFrom(step.start, step.value * share) for step in dose.schedule)
    return replace(
        dose, basis="judgement", grade="D", divide_by=None, schedule=schedule, low=dose.low * share, value=dose.value * share,
        high=dose.high * share, how=_words("scaled", share=f"{100 * share:g}", how=dose.how),
    )  # fmt: skip


def _by_hand(composition: Composition, country: Country, origin: int) -> Iterator[Measure]:
    levers = load_levers(country.key)
    for number, line in enumerate(composition.lines, 1):
        if line.lever not in levers:
            raise CareoError("usage_lever", found=repr(line.lever[:60]), fix="levers")
        unknown = [code for code in line.places if code not in country.places.by_code]
        if unknown:
            raise CareoError("laboratory_place", where=line.lever, found=", ".join(unknown[:6])[:200])
        lever = levers[line.lever]
        _within(f"{lever.code} dose", line.dose, 0.0, largest_dose(lever))
        _within(f"{lever.code} delivered", line.delivered, 0.0, 1.0)
        _within(f"{lever.code} start", line.start, 1, MOST_MONTH)
        _within(f"{lever.code} ramp", line.ramp, 1, MOST_MONTH)
        dose = line.dose * line.delivered
        if dose:
            yield _measure(f"hand-{number}", lever, dose, origin, line)


def _by_money(composition: Composition, country: Country, months: int, origin: int) -> Iterator[Measure]:
    """Doses that an even mix of the budget buys at the middle cost of each lever."""
    if not composition.budget:
        return
    _within("prevention", composition.prevention, 0.0, 1.0)
    question = mix_question(country, budget=composition.budget, months=months)
    mix = even_mix(question, composition.prevention)
    by_hand = {line.lever for line in composition.lines}
    for share, price in zip(mix.shares.tolist(), question.prices, strict=True):
        dose = min(share * question.budget / price.value, 1.0) * price.most
        if dose > 0 and price.lever.id not in by_hand:
            yield _measure(
                f"money-{price.lever.code.lower()}", price.lever, dose, origin, Line(price.lever.id, dose)
            )


def _measure(name: str, lever: Lever, dose: float, origin: int, line: Line) -> Measure:
    first = origin + line.start - 1
    steps = (
        [(_month(first + k), dose * (k + 1) / line.ramp) for k in range(line.ramp)] if line.ramp > 1 else []
    )
    return Measure(
        id=name,
        name=dict(lever.name),
        lever=lever.id,
        sources=(_SOURCE,),
        verified="memory",
        coverage="answered",
        where=tuple(sorted(set(line.places))) or "nation",
        start=_month(first),
        dose=Dose(
            basis="judgement", value=dose, low=dose, high=dose, grade="D",
            how=_words("how", dose=f"{line.dose:g}", delivered=f"{100 * line.delivered:g}"),
            schedule=tuple(DoseFrom(day, value) for day, value in steps),
        ),
    )  # fmt: skip


def _month(number: int) -> str:
    return date(number // 12, number % 12 + 1, 1).isoformat()


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise CareoError("laboratory_value", where=name, found=f"{value:g}", expected=f"{least:g} … {most:g}")


def _words(key: str, **words: Any) -> dict[str, str]:
    """A sentence of texts/{en,es}/composition.yaml in every language; words by language are chosen by it."""
    return {
        language: say(
            language,
            f"composition.{key}",
            **{
                n: (w.get(language) or next(iter(w.values()))) if isinstance(w, Mapping) else w
                for n, w in words.items()
            },  # pyright: ignore
        )
        for language in LANGUAGES
    }


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def strategy_text(strategy: Strategy) -> str:
    """A strategy as the file that `careo simulate FILE` takes; reading it gives the same strategy, number for number."""
    return str(yaml.dump(_plain(strategy), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        found: dict[str, Any] = {}
        for each in fields(value):
            held = getattr(value, each.name)
            default = each.default_factory() if each.default_factory is not MISSING else each.default
            if held != default or default is MISSING:
                found[_key(each.name, each.type, type(value))] = _plain(held)
        return found
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, (tuple, list)):
        return [_plain(held) for held in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _key(name: str, _: Any, kind: type) -> str:
    """The name of a field in files: its alias where it has one."""
    from typing import get_type_hints

    hint = get_type_hints(kind, include_extras=True)[name]
    aliases = [
        each.alias for each in getattr(hint, "__metadata__", ()) if isinstance(each, FieldInfo) and each.alias
    ]
    return str(aliases[0]) if aliases else name


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):
    """Writes every value out: anchors and aliases are refused when the file is read."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML calls it so
        return True


def _text(dumper: Any, text: str) -> Any:
    """Text that would be read as a number or a date without quotes gets them."""
    style = "'" if NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
