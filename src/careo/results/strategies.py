"""A strategy's file held against everything it refers to: levers, indicators, places, ladders, lines of money, languages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError, Mistakes
from careo.base.fields import first_day, last_day
from careo.base.texts import LANGUAGES
from careo.base.yaml_files import Loc, Written, build_rest, line_of, read_written
from careo.evidence.levers import load_levers
from careo.panel import Country, load_country
from careo.record.ladder import ladder_names, load_ladder
from careo.record.money import load_money, money_of
from careo.record.strategy import Cost, Strategy, Test, TopPlaces, find, strategies, strategy_of
from careo.record.strategy import load_strategy as read
from careo.record.strategy_mistakes import uncited

TO_WRITE = "TODO"
"""What a draft has where a person must write; a strategy that still has it is not finished."""


def check_strategy(
    name: str | Path, country: str = "mexico", *, months: int | None = None, start: date | None = None
) -> tuple[CareoError, ...]:
    """Every mistake of a strategy's file, in the order of its lines: of the file itself, of what it refers to, of its doses.

    Args:
        name: slug of a shipped strategy, or path of a file.
        country: whose indicators, levers, places, ladders and money it may name.
        months, start: of a run, when it is about to be simulated; by default the strategy's own months.

    Raises:
        DataError: there is no such file, or it is not YAML.
    """
    return _examined(name, country, months, start)[1]


def _examined(
    name: str | Path, country: str, months: int | None, start: date | None
) -> tuple[Strategy | None, tuple[CareoError, ...]]:
    """A strategy and every mistake of it. Arguments and errors as of `check_strategy`."""
    path = find(name, country)
    written = read_written(path)
    strategy, mistakes = strategy_of(written, country)
    found = list(_unwritten(written))
    places = {error.words["field"] for error in found}
    found += [error for error in mistakes if error.words.get("field") not in places]
    places = {error.words.get("field") for error in found}
    if strategy:
        found += [
            e for e in _links(written, strategy, load_country(country)) if e.words.get("field") not in places
        ]
        found += _doses(strategy, load_country(country), path, months, start, found)
    else:
        found += [e for e in _links_of_rest(written, country) if e.words.get("field") not in places]
    return strategy, tuple(sorted(found, key=line_of))


def _links_of_rest(written: Written, country: str) -> Iterator[CareoError]:
    """What the sound parts of a file with broken ones refer to and is not there; names of broken parts are no mistakes."""
    rest = build_rest(written, Strategy)
    if rest is None:
        return
    strategy, left = rest
    own: Any = written.value.get("sources")
    keys = cast(Mapping[str, Any], own) if isinstance(own, dict) else {}
    yield from uncited(left, strategy, {*load_sources(country), *keys})
    budget_cut = left.value.get("budget") != written.value.get("budget")
    for error in _links(left, strategy, load_country(country)):
        if not (budget_cut and ".cost." in str(error.words["field"])):
            yield error


def _doses(
    strategy: Strategy,
    country: Country,
    path: Path,
    months: int | None,
    start: date | None,
    known: Sequence[CareoError],
) -> list[CareoError]:
    """What shows only when a strategy becomes doses, beside what is known already: one mistake a value."""
    if not strategy.measures or strategy.country != country.code:
        return []
    from careo.run.scenario import overlap_mistakes, scenario_mistakes

    horizon = months or _own_months(strategy)
    fields = {str(error.words.get("field", "")) for error in known}
    found = [
        error
        for error in scenario_mistakes(strategy, country, months=horizon, start=start, path=path)
        if error.words.get("field", "") not in fields
    ]
    fields |= {str(error.words.get("field", "")) for error in found}
    broken = {field.partition(".")[0] for field in fields}
    sound = tuple(m for place, m in enumerate(strategy.measures) if f"measures[{place}]" not in broken)
    rest = replace(strategy, measures=sound)
    return [*found, *overlap_mistakes(rest, country, months=horizon, start=start, path=path)]


def strategy_warnings(name: str | Path, country: str = "mexico") -> tuple[CareoError, ...]:
    """What is no mistake of a strategy's file but ought to be known: a ceiling of its own that it perhaps exceeds.

    Raises:
        DataError: as of `load_strategy`; the file must be without mistakes.
    """
    strategy = load_strategy(name, country)
    if not strategy.ceilings:
        return ()
    from careo.run.scenario import budget_warnings

    path, months = find(name, country), _own_months(strategy)
    return budget_warnings(strategy, load_country(country), months=months, path=path)


def _own_months(strategy: Strategy) -> int:
    """How many months a strategy holds; six years where its end is open."""
    begin = first_day(strategy.period.start)
    end = last_day(strategy.period.end) if strategy.period.end else None
    length = (end.year - begin.year) * 12 + end.month - begin.month + 1 if end else 72
    return min(max(length, 1), 600)


def load_strategies(
    names: Sequence[str | Path],
    country: str = "mexico",
    *,
    months: int | None = None,
    start: date | None = None,
) -> tuple[Strategy, ...]:
    """Several strategies that are about to be simulated, each without a mistake.

    Raises:
        DataError: one mistake. Mistakes: all that there are in any of them, before anything else is done.
    """
    found: list[CareoError] = []
    read: dict[str, Strategy] = {}
    for name in dict.fromkeys(map(str, names)):
        try:
            strategy, mistakes = _examined(name, country, months, start)
        except CareoError as error:  # no such file, or no YAML
            found.append(error)
            continue
        found += mistakes
        if strategy:
            read[name] = strategy
    if len(found) > 1:
        raise Mistakes(found)
    if found:
        raise found[0]
    return tuple(read[str(name)] for name in names)


def load_strategy(name: str | Path, country: str = "mexico") -> Strategy:
    """A shipped strategy by its slug, or one of a file, with everything it refers to found.

    Args:
        name: slug or path. country: whose indicators, levers, places, ladders and money it may name.

    Raises:
        DataError: there is no such strategy; or its file has a mistake (`check_strategy` gives all of them).
    """
    written = read_written(find(name, country))
    strategy, mistakes = strategy_of(written, country)
    if strategy is None or mistakes:
        raise mistakes[0]
    for mistake in _links(written, strategy, load_country(country)):
        raise mistake
    return strategy


def find_pledge(name: str, country: str = "mexico") -> tuple[Strategy, str]:
    """The strategy and id of a pledge: "pln-14", or "amlo-2018-plan:pln-14" where the id alone is not unique.

    Raises:
        DataError: no strategy has it, or several do.
    """
    slug, _, wanted = name.rpartition(":")
    known = [read(s, country) for s in strategies(country) if not slug or s == slug]
    holders = [strategy for strategy in known if strategy.pledge(wanted)]
    if len(holders) == 1:
        return holders[0], wanted
    if holders:
        several = " | ".join(f"{strategy.slug}:{wanted}" for strategy in holders)
        raise DataError("pledge_several", expected=several, found=repr(name))
    ids = [pledge.id for strategy in known for pledge in strategy.pledges]
    guess = get_close_matches(wanted, ids, n=1)
    raise DataError(
        "pledge_unknown", found=repr(name), fix="did_you_mean" if guess else "pledge_list", guess=guess[0] if guess else ""
    )  # fmt: skip


def one_language(thing: object, where: str = "") -> Iterator[str]:
    """The texts inside a noun that stand in one language only, as paths such as `pledges[3].why_not`."""
    if isinstance(thing, Mapping):
        words = cast(Mapping[str, object], thing)
        if words and set(words) <= set(LANGUAGES) and all(isinstance(text, str) for text in words.values()):
            if not all(str(words.get(language, "")).strip() for language in LANGUAGES):
                yield where
            return
        for key, value in words.items():
            yield from one_language(value, f"{where}.{key}".lstrip("."))
    elif is_dataclass(thing):
        for field in fields_of(thing):
            yield from one_language(getattr(thing, field.name), f"{where}.{field.name}".lstrip("."))
    elif isinstance(thing, (list, tuple)):
        for index, value in enumerate(cast(Sequence[object], thing)):
            yield from one_language(value, f"{where}[{index}]")


# ── what a strategy refers to ────────────────────────────────────────────────────────────────────────────────────


def _links(written: Written, strategy: Strategy, country: Country) -> Iterator[CareoError]:
    if strategy.country != country.code:
        yield written.error(("country",), "strategy_country", found=strategy.country, expected=country.code)
        return
    levers, codes = load_levers(country.key), {*country.places.codes}
    by_code = {lever.code.upper(): lever.id for lever in levers.values()}
    for index, pledge in enumerate(strategy.pledges):
        loc: Loc = ("pledges", index)
        if pledge.test:
            yield from _test(written, pledge.test, (*loc, "test"), country)
        for place, other in enumerate(pledge.alternatives):
            if other.test:
                yield from _test(written, other.test, (*loc, "alternatives", place, "test"), country)
    for index, measure in enumerate(strategy.measures):
        loc = ("measures", index)
        if measure.lever not in levers:
            meant = by_code.get(measure.lever.upper(), "")
            yield written.error(
                (*loc, "lever"), "strategy_lever", known=levers, found=measure.lever, guess=meant
            )
        if isinstance(measure.where, TopPlaces):
            by = (*loc, "where", "by")
            yield from _known(written, by, "strategy_indicator", measure.where.by, country.indicators)
        elif isinstance(measure.where, tuple):
            for place, code in enumerate(measure.where):
                yield from _known(written, (*loc, "where", place), "strategy_place", code, codes)
        if measure.cost and measure.cost.money:
            yield from _cost_line(written, (*loc, "cost"), measure.cost, strategy, country)
    for index, line in enumerate(strategy.budget):
        loc = ("budget", index, "line")
        if not line.flows:
            yield from _known(written, loc, "strategy_line", line.line, load_money(country.key).lines)
    for index, constraint in enumerate(strategy.constraints):
        if constraint.indicator:
            loc = ("constraints", index, "indicator")
            yield from _known(written, loc, "strategy_indicator", constraint.indicator, country.indicators)


def _cost_line(
    written: Written, loc: Loc, cost: Cost, strategy: Strategy, country: Country
) -> Iterator[CareoError]:
    """The line of money of a cost: the country's, or one of the file's own, which must have money at that stage."""
    money = money_of(strategy, country.key)
    yield from _known(written, (*loc, "money"), "strategy_line", cost.money, money.lines)
    stages = {flow.stage for flow in money.flows if flow.line == cost.money and flow.amount is not None}
    own = cost.money in money.lines and cost.money not in load_money(country.key).lines
    stage = cost.stage or "spent"
    if own and stage not in stages:
        yield written.error((*loc, "stage"), "strategy_line_stage", known=stages, found=stage)


def _test(written: Written, test: Test, loc: Loc, country: Country) -> Iterator[CareoError]:
    if test.ladder:
        ladders = ladder_names(country.key)
        yield from _known(written, (*loc, "ladder"), "strategy_ladder", test.ladder, ladders)
        if test.ladder in ladders:
            tracks = {step.track for step in load_ladder(test.ladder, country.key).steps}
            yield from _known(written, (*loc, "track"), "strategy_track", test.track, tracks)
    elif test.indicator:
        yield from _known(
            written, (*loc, "indicator"), "strategy_indicator", test.indicator, country.indicators
        )
        if test.place:
            yield from _known(written, (*loc, "place"), "strategy_place", test.place, {*country.places.codes})
        item = country.indicators.get(test.indicator)
        if item and test.unit and test.unit != item.unit:
            yield written.error((*loc, "unit"), "strategy_unit", found=test.unit, expected=item.unit)
    else:
        lines = load_money(country.key).lines
        yield from _known(written, (*loc, "money"), "strategy_line", test.money, lines)
        if test.money in lines and test.currency != lines[test.money].currency:
            yield written.error(
                (*loc, "currency"),
                "strategy_currency",
                found=test.currency,
                expected=lines[test.money].currency,
            )


def _known(written: Written, loc: Loc, key: str, name: str, known: Collection[str]) -> Iterator[CareoError]:
    if name not in known:
        yield written.error(loc, key, known=known, found=name)


def _unwritten(written: Written) -> Iterator[CareoError]:
    for loc, value in _leaves(written.value, ()):
        if isinstance(value, str) and value.strip().startswith(TO_WRITE):
            yield written.error(loc, "strategy_todo", found=value)


def _leaves(value: Any, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    if isinstance(value, dict):
        for key, inner in cast(Mapping[str, Any], value).items():
            yield from _leaves(inner, (*loc, key))
    elif isinstance(value, list):
        for index, inner in enumerate(cast(Sequence[Any], value)):
            yield from _leaves(inner, (*loc, index))
    else:
        yield loc, value
