"""What only all processes together decide: fences of populations, and suppliers' shares of what a unit spent.

Everything is drawn from what the state holds now, exactly, so that it depends on nothing but what was seen.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from careo.record.purchases.checks_group import ShareRule
from careo.record.purchases.checks_population import (
    Fence,
    PopulationCheck,
    beyond,
    fence_of,
    fence_of_values,
    hit_of,
    quartiles,
)
from careo.record.purchases.contributions import (
    DISQUALIFIED,
    SUPPLIER_CHAPTER,
    SUPPLIER_ITEMS,
    TALLIES_OF,
    UNIT_YEAR,
    measures_of,
    measures_of_tally,
)
from careo.record.purchases.process import process
from careo.record.purchases.rules import Hit, Measure, Rule
from careo.record.purchases.state import State

_AT_ONCE = 1000


def hits_of_population(
    state: State, check: PopulationCheck, rule: Rule, clock: int, currency: str
) -> Iterator[Hit]:
    """All that lies beyond its fence now."""
    kinds = TALLIES_OF.get(check.population)
    if kinds is None:
        yield from _of_processes(state, check, rule, clock, currency)
    else:
        yield from _of_sums(state, check, rule, kinds)


def hits_of_shares(
    state: State, check: ShareRule, rule: Rule, wholes: Iterable[str] | None
) -> Iterator[tuple[str, Hit | None]]:
    """(subject, what is met) of every part of the wholes that changed; None for all wholes."""
    keys = [key for key, _ in state.tallies(check.whole)] if wholes is None else sorted(wholes)
    for key in keys:
        parts = list(state.tallies(check.part, f"{key}|", with_nothing=True))
        hits = {
            hit.subject: hit for hit in check.check(key, state.tally(check.whole, key), _twos(parts), rule)
        }
        for name, _ in parts:
            yield name, hits.get(name)


def _twos(parts: Sequence[tuple[str, Sequence[int]]]) -> list[tuple[str, Sequence[int]]]:
    return [(name, numbers[:2]) for name, numbers in parts if any(numbers)]


def _of_sums(state: State, check: PopulationCheck, rule: Rule, kinds: Sequence[str]) -> Iterator[Hit]:
    counts = _least_counts(rule)

    def measures() -> Iterator[Measure]:
        for kind in kinds:
            for key, numbers in state.tallies(kind):
                chapters = _chapters(state, key) if kind == SUPPLIER_ITEMS else ()
                yield from measures_of_tally(kind, key, numbers, counts, chapters)

    values: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for measure in measures():
        values[measure.population].append(measure.value)
    fences = {
        name: fence_of_values(check, rule, of)
        for name, of in values.items()
        if name.partition("|")[0] == check.population
    }
    gate = check.gate
    least_of_gate = 0.0
    entities: set[str] | None = None
    if gate is not None and values.get(gate.population):
        ordered = sorted(values[gate.population])
        least_of_gate = quartiles(ordered.__getitem__, len(ordered))[1]
        entities = {
            one.subject
            for one in measures()
            if one.population == gate.population and one.value >= least_of_gate
        }
    for measure in measures():
        fence = fences.get(measure.population)
        if (
            fence is not None
            and beyond(check, measure.value, fence)
            and (entities is None or measure.subject in entities)
        ):
            yield hit_of(rule, measure, fence)


def _least_counts(rule: Rule) -> dict[str, int]:
    settings: Any = rule.settings
    tenderer, *others = DISQUALIFIED
    return {
        UNIT_YEAR: settings.get("least_purchases", 1),
        SUPPLIER_ITEMS: settings.get("least_processes", 1),
        tenderer: settings.get("least_bids", 1),
        **dict.fromkeys(others, settings.get("least_processes", 1)),
    }


def _chapters(state: State, supplier: str) -> tuple[str, ...]:
    return tuple(key.rpartition("|")[2] for key, _ in state.tallies(SUPPLIER_CHAPTER, f"{supplier}|"))


def _of_processes(
    state: State, check: PopulationCheck, rule: Rule, clock: int, currency: str
) -> Iterator[Hit]:
    for name in state.populations(check.population):
        size = state.population_size(name)
        fence = fence_of(check, rule, _place_in(state, name), size)
        if fence.value is None:
            continue
        subjects = state.beyond(name, fence.value, above=check.side == "above")
        while some := list(islice(subjects, _AT_ONCE)):
            yield from _hits(state, check, rule, fence, name, some, clock, currency)


def _place_in(state: State, population: str) -> Callable[[int], float]:
    return lambda place: state.measure_at(population, place)


def _hits(
    state: State,
    check: PopulationCheck,
    rule: Rule,
    fence: Fence,
    population: str,
    subjects: Sequence[str],
    clock: int,
    currency: str,
) -> Iterator[Hit]:
    for name, (versions, _) in sorted(state.processes(subjects).items()):
        for measure in measures_of(process(name, versions, {}), clock, currency):
            if measure.population == population and beyond(check, measure.value, fence):
                yield hit_of(rule, measure, fence)
