"""What only all processes together decide: fences of populations, and suppliers' shares of what a unit spent.

Everything is drawn from what the state holds now, exactly, so that it depends on nothing but what was seen.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

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
    BUYER_DISQUALIFIED,
    SUPPLIER_CHAPTER,
    SUPPLIER_ITEMS,
    TALLIES_OF,
    TENDERER,
    UNIT_DISQUALIFIED,
    UNIT_YEAR,
    measures_of,
    measures_of_tally,
    year_of,
)
from careo.record.purchases.process import process
from careo.record.purchases.rules import Fact, Hit, Measure, Rule
from careo.record.purchases.signals import Signal
from careo.record.purchases.state import State

_AT_ONCE = 1000

MOST_ROWS = 20
MOST_READ = 50_000
"""Purchases named as evidence of a sum, at most; the sum itself is of all."""


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
    """(subject, what is met) of the parts of the wholes that changed, of which the rule is met or was; None for all wholes."""
    settings: Any = rule.settings
    standing = sorted(signal.subject for signal in state.signals_of(rule.id))
    keys = [key for key, _ in state.tallies(check.whole)] if wholes is None else sorted(wholes)
    for key in keys:
        whole = state.tally(check.whole, key)
        least = max(whole[3] * settings["least_percent"] // 100, 1)
        parts = [(name, numbers[:2]) for name, numbers in state.tallies(check.part, f"{key}|", least=least)]
        hits = {hit.subject: hit for hit in check.check(key, whole, parts, rule)}
        before = standing[bisect_left(standing, f"{key}|") : bisect_left(standing, f"{key}|\U0010ffff")]
        for name in sorted({*hits, *before}):
            yield name, hits.get(name)


def _of_sums(state: State, check: PopulationCheck, rule: Rule, kinds: Sequence[str]) -> Iterator[Hit]:
    counts = least_counts(rule)

    def measures() -> Iterator[Measure]:
        for kind in kinds:
            least_count = counts.get(kind, 1)
            for key, numbers in state.tallies(kind):
                counted = kind == SUPPLIER_ITEMS and numbers[0] >= least_count
                chapters = _chapters(state, key) if counted else ()
                yield from measures_of_tally(kind, key, numbers, counts, chapters)

    values: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for measure in measures():
        values[measure.population].append(measure.value)
    fences = {
        name: fence_of_values(check, rule, of)
        for name, of in values.items()
        if name.partition("|")[0] == check.population
    }
    if all(fence.value is None for fence in fences.values()):
        return
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


def with_purchases(state: State, hit: Hit) -> Hit:
    """The hit with the largest purchases behind a sum of a unit's year, so that a reader can open their rows.

    Sums of suppliers and tenderers go through all units; `behind` finds theirs when they are asked for.
    """
    year = _year_of(hit)
    if year is None:
        return hit
    rows = (
        state.purchases(hit.unit, hit.supplier) if hit.supplier else list(state.purchases_of_unit(hit.unit))
    )
    chosen = [
        row
        for row in rows
        if row.day is not None
        and year_of(row.day) == year
        and row.amount is not None
        and (hit.supplier or row.competitive is False)
    ]
    chosen.sort(key=lambda row: (-(row.amount or 0), row.process, row.contract))
    facts = (Fact(row.process, f"contracts/{row.contract}/amount", row.amount) for row in chosen[:MOST_ROWS])
    return msgspec.structs.replace(hit, facts=(*hit.facts, *facts))


def behind(state: State, signal: Signal) -> Iterator[Fact]:
    """Of a signal on sums that go through all units, of a supplier, a tenderer or a buyer: the first processes that count in them.

    Made when somebody opens the signal, for it reads processes one after the other: `MOST_ROWS` are given, `MOST_READ` read at most.
    """
    found = 0
    for name, versions, _ in islice(state.every_process(), MOST_READ):
        now = process(name, versions, {}).now
        if signal.supplier:
            parties = {one for bid in now.bids or () for one in bid.tenderers or ()}
            parties |= {one for award in now.awards or () for one in award.suppliers or ()}
            parties |= {one for contract in now.contracts or () for one in contract.suppliers or ()}
            if signal.supplier not in parties:
                continue
        elif now.buyer != signal.buyer or (signal.unit and now.unit != signal.unit):
            continue
        told = next((field for field in ("bids", "awards", "contracts") if getattr(now, field)), None)
        if told is not None:
            yield Fact(name, told, len(getattr(now, told)))
            found += 1
        if found == MOST_ROWS:
            return


def _year_of(hit: Hit) -> int | None:
    """The year of the subject "<buyer>|<unit>|<year>…", if it is one."""
    places = hit.subject.split("|")
    of_sums = hit.unit and len(places) > 2 and not any(fact.process for fact in hit.facts)
    return int(places[2]) if of_sums and places[2].isdigit() else None


def least_counts(rule: Rule) -> dict[str, int]:
    """For `measures_of_tally`: what a sum must count at least before `rule` says anything of it."""
    settings: Any = rule.settings
    return {
        UNIT_YEAR: settings.get("least_purchases", 1),
        TENDERER: settings.get("least_bids", 1),
        **dict.fromkeys(
            (SUPPLIER_ITEMS, BUYER_DISQUALIFIED, UNIT_DISQUALIFIED), settings.get("least_processes", 1)
        ),
    }


def _chapters(state: State, supplier: str) -> tuple[str, ...]:
    return tuple(key.rpartition("|")[2] for key, _ in state.tallies(SUPPLIER_CHAPTER, f"{supplier}|"))


def _of_processes(
    state: State, check: PopulationCheck, rule: Rule, clock: int, currency: str
) -> Iterator[Hit]:
    methods: Any = rule.settings.get("methods")
    for name in state.populations(check.population):
        among = name.partition("|")[2]
        if methods is not None and among and among not in methods:
            continue  # measured, but not what the rule speaks of
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
