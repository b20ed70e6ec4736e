"""Which elements of the shipped strategies careo answers, and by which command; which it only records; which come later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.evidence.levers import load_levers
from careo.record.ladder import load_ladders
from careo.record.money import load_money
from careo.record.strategy import Pledge, Strategy, load_strategy, strategies
from careo.record.topic import load_topics
from careo.results.drift import check_topics
from careo.results.strategies import check_strategy, one_language


@dataclass(frozen=True, slots=True)
class Covered:
    """One element of a strategy.

    Attributes:
        strategy, part ("pledges", "measures", "budget", "constraints"), id, text.
        label: "answered", "recorded" or "later". by: the command that answers it; "" when none does. why: why none does.
    """

    strategy: str
    part: str
    id: str
    text: str
    label: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every element of every shipped strategy of a country; what is wrong with the files.

    Attributes:
        elements: in the order of the files. mistakes: of the strategies' files, a missing label among them.
        one_language: texts that stand in one language only, "strategies/slug: path".
    """

    elements: tuple[Covered, ...]
    mistakes: tuple[CareoError, ...]
    one_language: tuple[str, ...]


def coverage(country: str = "mexico", language: str = "en") -> Coverage:
    """What is answered of the shipped strategies of a country, by which command."""
    names = strategies(country)
    mistakes = [mistake for name in names for mistake in check_strategy(name, country)]
    mistakes += [] if mistakes else check_topics(country)
    loaded = [] if mistakes else [load_strategy(name, country) for name in names]
    elements = [element for strategy in loaded for element in _elements(strategy, language)]
    return Coverage(tuple(elements), tuple(mistakes), tuple(_halves(country, loaded)))


def _halves(country: str, loaded: list[Strategy]) -> Iterator[str]:
    things = [("strategies", strategy.slug, strategy) for strategy in loaded]
    things += [("ladders", name, ladder) for name, ladder in load_ladders(country).items()]
    things += [("levers", name, lever) for name, lever in load_levers(country).items()]
    things += [("money", name, line) for name, line in load_money(country).lines.items()]
    things += [("topics", name, topic) for name, topic in load_topics(country).items()]
    for folder, name, thing in things:
        for path in one_language(thing):
            yield f"{folder}/{name}: {path}"


def _elements(strategy: Strategy, language: str) -> Iterator[Covered]:
    def covered(part: str, name: str, text: str, element: object, by: str) -> Covered:
        label = str(getattr(element, "coverage", ""))
        why = worded(getattr(element, "coverage_note", None), language)
        return Covered(strategy.slug, part, name, text, label, by if label == "answered" else "", why)

    for pledge in strategy.pledges:
        text = worded(pledge.text, language)
        yield covered("pledges", pledge.id, text, pledge, command_for(pledge, strategy))
    for measure in strategy.measures:
        yield covered(
            "measures", measure.id, worded(measure.name, language), measure, f"careo simulate {strategy.slug}"
        )
    for line in strategy.budget:
        yield covered("budget", line.line, worded(line.role, language), line, f"careo money {line.line}")
    for constraint in strategy.constraints:
        by = (
            f"careo indicators {constraint.indicator}"
            if constraint.indicator
            else f"careo strategies show {strategy.slug}"
        )
        yield covered("constraints", constraint.id, worded(constraint.text, language), constraint, by)


def command_for(pledge: Pledge, strategy: Strategy) -> str:
    """The command that shows what decides a pledge."""
    test = pledge.test
    if test and test.ladder:
        return f"careo ladder {strategy.slug}:{pledge.id}"
    if test and test.money:
        return f"careo money {test.money}"
    if test:
        return f"careo indicators {test.indicator}"
    return f"careo audit --strategy {strategy.slug}"
