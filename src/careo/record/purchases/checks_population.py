"""Rules that hold a number against all the numbers of its kind: fences as of Tukey, on exact order statistics.

Quartiles are those of Hyndman and Fan's type 8 (the one Cardinal uses): with x sorted from 1, Q1 stands at (3n + 5)/12 and Q3 at
(9n + 7)/12, between two neighbours in proportion. Neither place is ever a whole number, so there is no tie to break.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from careo.record.purchases.contributions import active_awards, decided_at, submitted, unsettled, void
from careo.record.purchases.process import Process
from careo.record.purchases.rules import (
    CLEAR,
    NOT_MEANT,
    Hit,
    Measure,
    Missing,
    Outcome,
    ProcessCheck,
    Rule,
    Waiting,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gate:
    """A second condition: the entity's number in `population` is at or above its third quartile."""

    population: str


@dataclass(frozen=True, slots=True)
class PopulationCheck:
    """How the measures of a population are judged.

    Attributes:
        population: what is measured: that name, or "<name>|<among whom>"; each such population has its own fence.
        side: "above": Q3 + m·IQR; "below": Q1 − m·IQR.
        strict: whether the fence itself is still within.
        covers: what the rule can say of one process (not meant, missing, waiting, else clear), for the table of coverage.
        floor, top: the least and the greatest value that can occur: a fence beyond them is never reached.
        gate: see `Gate`.
    """

    population: str
    side: Literal["above", "below"]
    strict: bool
    covers: ProcessCheck
    floor: float = 0.0
    top: float = math.inf
    gate: Gate | None = None
    kind: Literal["population"] = "population"


@dataclass(frozen=True, slots=True)
class Fence:
    """The fence of a population.

    Attributes:
        value: None where there is none: too few entities ("few"), or half of them alike ("flat", IQR = 0), which would put every
            other one beyond it; "unreachable": nothing can lie beyond it, such as a
            fence below zero of what is never negative.
        quartiles: Q1 and Q3; None for too few. size: of the population.
    """

    value: float | None
    why: Literal["", "few", "flat", "unreachable"]
    quartiles: tuple[float, float] | None
    size: int


def quartile_places(size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Of Q1 and of Q3: the place from 0 of the lower neighbour, and twelfths of the way to the next.

    A place before the first or after the last is the first or the last, with no way to go.
    """
    return _place(3 * size + 5, size), _place(9 * size + 7, size)


def _place(twelfths: int, size: int) -> tuple[int, int]:
    whole, rest = divmod(twelfths, 12)
    if whole < 1:
        return 0, 0
    return (size - 1, 0) if whole >= size else (whole - 1, rest)


def quartiles(at: Callable[[int], float], size: int) -> tuple[float, float]:
    """Q1 and Q3; `at` gives the value at a place of the sorted population, from 0. At least one value."""
    found = [
        at(place) + (rest / 12 * (at(place + 1) - at(place)) if rest else 0.0)
        for place, rest in quartile_places(size)
    ]
    return found[0], found[1]


def fence_of(check: PopulationCheck, rule: Rule, at: Callable[[int], float], size: int) -> Fence:
    """The fence of one population; `at` as of `quartiles`. Settings: `multiplier`, `least_population`."""
    settings = rule.settings
    least: int = settings.get("least_population", 4)  # pyright: ignore[reportAssignmentType]
    multiplier: float = settings.get("multiplier", 1.5)  # pyright: ignore[reportAssignmentType]
    if size < max(least, 1):
        return Fence(None, "few", None, size)
    low, high = quartiles(at, size)
    if high <= low:
        return Fence(None, "flat", (low, high), size)
    above = check.side == "above"
    value = high + multiplier * (high - low) if above else low - multiplier * (high - low)
    end = check.top if above else check.floor
    if (value > end if above else value < end) or (check.strict and value == end):
        return Fence(None, "unreachable", (low, high), size)
    return Fence(value, "", (low, high), size)


def beyond(check: PopulationCheck, value: float, fence: Fence) -> bool:
    """Whether a value lies beyond the fence; never where there is none."""
    if fence.value is None:
        return False
    gap = value - fence.value if check.side == "above" else fence.value - value
    return gap > 0 or (gap == 0 and not check.strict)


def through(gate: Fence, value: float) -> bool:
    """Whether a value of the population of a `Gate` is at or above its third quartile; `gate` is the fence of that population."""
    return gate.quartiles is not None and value >= gate.quartiles[1]


def fence_of_values(check: PopulationCheck, rule: Rule, values: Sequence[float]) -> Fence:
    """As `fence_of`, of values in any order."""
    ordered = sorted(values)
    return fence_of(check, rule, ordered.__getitem__, len(ordered))


def hit_of(rule: Rule, measure: Measure, fence: Fence) -> Hit:
    """The signal of a measure that lies beyond its fence."""
    assert fence.value is not None  # noqa: S101 - `beyond` is False otherwise
    return Hit(
        measure.subject, measure.buyer, measure.unit, measure.supplier, rule.severity, measure.value, fence.value, measure.facts
    )  # fmt: skip


def judged(check: PopulationCheck, rule: Rule, measures: Sequence[Measure]) -> tuple[Hit, ...]:
    """The signals of a rule among all measures, those of other populations too; in the order of populations and subjects."""
    by_population: dict[str, list[Measure]] = {}
    for measure in measures:
        by_population.setdefault(measure.population, []).append(measure)
    gate: dict[str, float] | None = None
    threshold: Fence | None = None
    if check.gate:
        of_gate = by_population.get(check.gate.population, [])
        gate = {measure.subject: measure.value for measure in of_gate}
        threshold = fence_of_values(check, rule, tuple(gate.values()))
    hits: list[Hit] = []
    for name, of_name in sorted(by_population.items()):
        if name.partition("|")[0] != check.population:
            continue
        fence = fence_of_values(check, rule, [measure.value for measure in of_name])
        for measure in sorted(of_name, key=_subject):
            if not beyond(check, measure.value, fence):
                continue
            if gate is None or threshold is None or through(threshold, gate.get(measure.subject, -math.inf)):
                hits.append(hit_of(rule, measure, fence))
    return tuple(hits)


def _subject(measure: Measure) -> str:
    return measure.subject


# ── what each can say of one process ─────────────────────────────────────────────────────────────────────────────


def covers_decision(process: Process, rule: Rule, clock: int) -> Outcome:
    """Days from opening to decision: only of complete processes of the methods named, once the date has come."""
    now = process.now
    settings = rule.settings
    if void(now):
        return NOT_MEANT
    if not now.method:
        return Missing(("method",))
    if now.method not in settings["methods"]:  # pyright: ignore[reportOperatorIssue]
        return NOT_MEANT
    if not now.status:
        return Missing(("status",))
    if now.status != "complete":
        return NOT_MEANT
    decided = decided_at(now)
    if decided is None or type(now.opening) is not int:
        lacking = ("opening", "decided") if decided is None and type(now.opening) is not int else None
        return Missing(lacking or (("decided",) if decided is None else ("opening",)))
    return Waiting(decided) if decided > clock else CLEAR


def covers_units(process: Process, _rule: Rule, _clock: int) -> Outcome:
    """Purchases by unit and year."""
    now = process.now
    if void(now):
        return NOT_MEANT
    lacking = [name for name in ("method", "unit") if not getattr(now, name)]
    if not (now.contracts or now.awards):
        lacking.append("contracts")
    elif not now.contracts and unsettled(now) and not any(one.status == "active" for one in now.awards or ()):
        lacking.append("awards/status")
    return Missing(tuple(lacking)) if lacking else CLEAR


def covers_items(process: Process, _rule: Rule, _clock: int) -> Outcome:
    """What a supplier sells."""
    now = process.now
    if void(now):
        return NOT_MEANT
    for award in now.awards or ():
        if award.items and award.suppliers:
            return CLEAR
    for contract in now.contracts or ():
        if contract.parts and contract.suppliers:
            return CLEAR
    return Missing(("items", "suppliers"))


def covers_bids(process: Process, _rule: Rule, _clock: int) -> Outcome:
    """What needs bids and one award."""
    now = process.now
    if now.draft is True or now.status == "cancelled":
        return NOT_MEANT
    if not now.bids:
        return Missing(("bids", "awards") if not now.awards else ("bids",))
    if not now.awards:
        return Missing(("awards",))
    active = active_awards(now)
    if not active and unsettled(now):
        return Missing(("awards/status",))
    return CLEAR if active and len(active) == 1 else NOT_MEANT


def covers_submitted(process: Process, _rule: Rule, _clock: int) -> Outcome:
    """What needs bids alone."""
    now = process.now
    if now.draft is True or now.status == "cancelled":
        return NOT_MEANT
    if not now.bids:
        return Missing(("bids",))
    return CLEAR if submitted(now) else NOT_MEANT
