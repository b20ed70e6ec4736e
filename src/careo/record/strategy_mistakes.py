"""The mistakes that a strategy's file shows by itself: dates out of order, doses out of range, keys that name nothing in the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from careo.base.errors import CareoError
from careo.base.fields import first_day, last_day
from careo.base.yaml_files import Loc, Written
from careo.record.strategy import BudgetLine, Cost, Dose, Measure, Pledge, Strategy, Test

_ROUNDING = 0.01  # how far a printed conversion may be from the dose it gives, as a share


def mistakes_of(written: Written, strategy: Strategy, shared: Collection[str]) -> Iterator[CareoError]:
    """Every mistake of a strategy that its file shows by itself; `shared` are the keys of the country's sources."""
    known = {*shared, *strategy.own_sources}
    start = first_day(strategy.period.start)
    end = last_day(strategy.period.end) if strategy.period.end else None
    if end and end < start:
        yield written.error(("period", "end"), "strategy_period", found=strategy.period.end)
    if strategy.announced and last_day(strategy.compiled) < first_day(strategy.announced):
        yield written.error(("compiled",), "strategy_compiled_early", found=strategy.compiled)
    for key in strategy.own_sources:
        if key in shared:
            yield written.error(("sources", key), "strategy_source_taken", found=key)
    yield from _twice(written, strategy)
    yield from uncited(written, strategy, known)
    for index, pledge in enumerate(strategy.pledges):
        loc: Loc = ("pledges", index)
        yield from _pledge(written, strategy, pledge, loc)
        for place, span in enumerate(pledge.quoted):
            if span.end <= span.start:
                yield written.error((*loc, "quoted", place, "end"), "strategy_span", found=span.end)
    for index, measure in enumerate(strategy.measures):
        yield from _measure(written, strategy, measure, ("measures", index))
    for index, line in enumerate(strategy.budget):
        yield from _budget(written, line, ("budget", index))
    for index, constraint in enumerate(strategy.constraints):
        loc = ("constraints", index)
        if not constraint.indicator and constraint.no_series is None:
            yield written.error(loc, "strategy_no_series", fix="file_add")
        yield from _covered(written, constraint.coverage, constraint.coverage_note, loc)


def uncited(written: Written, strategy: Strategy, known: Collection[str]) -> Iterator[CareoError]:
    """Citations of sources that are not among those known by key."""
    for loc, keys in _citations(strategy):
        for place, key in enumerate(keys):
            if key not in known:
                yield written.error(
                    (*loc, place), "file_source", known=known, found=key, fix="" if known else "file_add"
                )
    for index, pledge in enumerate(strategy.pledges):
        for place, span in enumerate(pledge.quoted):
            if span.source not in known:
                yield written.error(
                    ("pledges", index, "quoted", place, "source"),
                    "file_source",
                    known=known,
                    found=span.source,
                )


def _twice(written: Written, strategy: Strategy) -> Iterator[CareoError]:
    seen: set[str] = set()
    for part in ("pledges", "measures", "constraints"):
        for index, element in enumerate(getattr(strategy, part)):
            if element.id in seen:
                yield written.error((part, index, "id"), "file_id_twice", found=element.id)
            seen.add(element.id)
    lines: set[str] = set()
    for index, line in enumerate(strategy.budget):
        if line.line in lines:
            yield written.error(("budget", index, "line"), "file_id_twice", found=line.line)
        lines.add(line.line)


def _citations(strategy: Strategy) -> Iterator[tuple[Loc, tuple[str, ...]]]:
    for part in ("pledges", "measures", "constraints"):
        for index, element in enumerate(getattr(strategy, part)):
            yield (part, index, "sources"), element.sources
    for index, measure in enumerate(strategy.measures):
        for place, amount in enumerate(measure.delivered):
            yield ("measures", index, "delivered", place, "sources"), amount.sources
        if measure.announced:
            yield ("measures", index, "announced", "sources"), measure.announced.sources
    for index, line in enumerate(strategy.budget):
        for place, flow in enumerate(line.flows):
            yield ("budget", index, "flows", place, "sources"), flow.sources
    for index, ceiling in enumerate(strategy.ceilings):
        yield ("ceilings", index, "sources"), ceiling.sources


def _pledge(written: Written, strategy: Strategy, pledge: Pledge, loc: Loc) -> Iterator[CareoError]:
    if pledge.component and pledge.component not in strategy.components:
        yield written.error(
            (*loc, "component"), "strategy_component", known=strategy.components, found=pledge.component
        )
    if pledge.measurable != "yes" and pledge.why_not is None:
        yield written.error(loc, "strategy_why_not", fix="file_add")
    if pledge.measurable == "no" and pledge.test:
        yield written.error((*loc, "test"), "strategy_test_of_nothing")
    if pledge.measurable == "yes" and pledge.test is None and pledge.no_series is None:
        yield written.error(loc, "strategy_no_series", fix="file_add")
    if pledge.act == "request" and pledge.addressee is None:
        yield written.error(loc, "strategy_addressee", fix="file_add")
    said = pledge.said or strategy.announced or strategy.period.start
    if pledge.deadline and last_day(pledge.deadline) < first_day(said):
        yield written.error((*loc, "deadline"), "strategy_deadline", found=pledge.deadline, said=said)
    if pledge.override and last_day(pledge.override.on) < first_day(said):
        yield written.error(
            (*loc, "override", "on"), "strategy_override", found=pledge.override.on, said=said
        )
    if pledge.test:
        yield from _test(written, pledge.test, (*loc, "test"))
    for place, other in enumerate(pledge.alternatives):
        if other.test:
            yield from _test(written, other.test, (*loc, "alternatives", place, "test"))
        elif other.no_series is None:
            yield written.error((*loc, "alternatives", place), "strategy_no_series", fix="file_add")
    yield from _covered(written, pledge.coverage, pledge.coverage_note, loc)


_FOREIGN = {
    "ladder": ("place", "unit", "stage", "period", "currency", "at_most"),
    "indicator": ("goal", "track", "differs", "stage", "period", "currency"),
    "money": ("goal", "track", "differs", "place", "unit"),
}
"""Kind of test → fields that only other kinds have."""


def _test(written: Written, test: Test, loc: Loc) -> Iterator[CareoError]:
    if sum(map(bool, (test.ladder, test.indicator, test.money))) != 1:
        yield written.error(loc, "strategy_test", expected="ladder | indicator | money")
        return
    for name in _FOREIGN[test.kind]:
        if getattr(test, name):
            yield written.error(
                (*loc, name), "strategy_test_foreign", found=getattr(test, name), kind=test.kind
            )
    if test.ladder:
        from careo.record.ladder import STAGES

        if test.goal not in STAGES:
            yield written.error((*loc, "goal"), "file_choice", known=STAGES, found=test.goal)
        if test.at_least is not None and test.goal != "implemented":
            yield written.error((*loc, "at_least"), "strategy_done", found=test.at_least)
        return
    if (test.at_least is None) == (test.at_most is None):
        yield written.error(loc, "strategy_bound", expected="at_least | at_most")
    if test.money:
        for name in ("stage", "period", "currency"):
            if getattr(test, name) is None:
                yield written.error((*loc, name), "file_missing", fix="file_add")


def _measure(written: Written, strategy: Strategy, measure: Measure, loc: Loc) -> Iterator[CareoError]:
    if measure.direction == -1 and measure.direction_note is None:
        yield written.error((*loc, "direction"), "strategy_direction", fix="file_add")
    if (measure.dose is None) == (measure.not_simulated is None):
        yield written.error(loc, "strategy_dose", expected="dose | not_simulated")
    begin = first_day(measure.start) if measure.start else None
    close = last_day(measure.end) if measure.end else None
    if begin and close and close < begin:
        yield written.error((*loc, "end"), "strategy_period", found=measure.end)
    latest = last_day(strategy.period.end) if strategy.period.end else None
    if measure.start and latest and first_day(measure.start) > latest:
        yield written.error(
            (*loc, "start"), "strategy_outside", found=measure.start, period=_period(strategy)
        )
    if measure.end and last_day(measure.end) < first_day(strategy.period.start):
        yield written.error((*loc, "end"), "strategy_outside", found=measure.end, period=_period(strategy))
    days = [last_day(amount.date) for amount in measure.delivered if amount.date]
    for place, amount in enumerate(measure.delivered):
        if amount.date is None:
            yield written.error((*loc, "delivered", place), "strategy_undated", fix="file_add")
        elif first_day(amount.date) > last_day(strategy.compiled):
            yield written.error((*loc, "delivered", place, "date"), "strategy_compiled", found=amount.date)
    if days != sorted(days):
        yield written.error((*loc, "delivered"), "strategy_order")
    if measure.dose:
        yield from _dose(written, measure, measure.dose, (*loc, "dose"))
    if measure.cost:
        yield from _cost(written, measure.cost, (*loc, "cost"))
    yield from _covered(written, measure.coverage, measure.coverage_note, loc)


def _cost(written: Written, cost: Cost, loc: Loc) -> Iterator[CareoError]:
    if bool(cost.money) == (cost.value is not None):
        yield written.error(loc, "strategy_cost", expected="money | value")
    if cost.value is None:
        return
    if cost.currency is None:
        yield written.error((*loc, "currency"), "file_missing", fix="file_add")
    low, high = (cost.value if end is None else end for end in (cost.low, cost.high))
    if not low <= cost.value <= high:
        yield written.error((*loc, "value"), "strategy_range", found=f"{low} … {cost.value} … {high}")


def _dose(written: Written, measure: Measure, dose: Dose, loc: Loc) -> Iterator[CareoError]:
    if not dose.low <= dose.value <= dose.high:
        yield written.error(
            (*loc, "value"), "strategy_range", found=f"{dose.low} … {dose.value} … {dose.high}"
        )
    steps = [first_day(part.start) for part in dose.schedule]
    if steps != sorted(steps):
        yield written.error((*loc, "schedule"), "strategy_order")
    elif steps and abs(dose.schedule[-1].value - dose.value) > _ROUNDING * abs(dose.value):
        yield written.error(
            (*loc, "schedule"), "strategy_schedule", found=dose.schedule[-1].value, expected=str(dose.value)
        )
    if dose.basis != "delivered" and dose.grade != "D":
        yield written.error((*loc, "grade"), "strategy_grade", found=dose.grade)
    amount = (
        measure.announced
        if dose.basis == "announced"
        else measure.delivered[-1]
        if measure.delivered
        else None
    )
    if dose.basis != "judgement" and amount is None:
        yield written.error((*loc, "basis"), "strategy_basis", found=dose.basis)
    elif (
        dose.divide_by
        and amount
        and abs(amount.value / dose.divide_by - dose.value)
        > _ROUNDING * max(abs(dose.value), abs(amount.value / dose.divide_by))
    ):
        yield written.error(
            (*loc, "value"), "strategy_conversion", found=dose.value,
            expected=f"{amount.value:g} / {dose.divide_by:g} = {amount.value / dose.divide_by:.4g}",
        )  # fmt: skip


def _budget(written: Written, line: BudgetLine, loc: Loc) -> Iterator[CareoError]:
    if line.parts:
        stages = {(flow.stage, flow.currency) for flow in line.flows}
        total = sum((flow.amount for flow in line.flows if flow.amount is not None), Decimal(0))
        parts = sum(line.parts.values(), Decimal(0))
        if len(stages) != 1:
            yield written.error((*loc, "parts"), "strategy_parts_stage")
        elif parts != total:
            yield written.error((*loc, "parts"), "strategy_sum", found=f"{parts:,}", expected=f"{total:,}")
    for place, flow in enumerate(line.flows):
        if flow.amount is None and flow.note is None:
            yield written.error((*loc, "flows", place, "amount"), "strategy_amount", fix="file_add")
    yield from _covered(written, line.coverage, line.coverage_note, loc)


def _covered(written: Written, coverage: str, note: object, loc: Loc) -> Iterator[CareoError]:
    if coverage != "answered" and note is None:
        yield written.error((*loc, "coverage"), "strategy_coverage_note", found=coverage, fix="file_add")


def _period(strategy: Strategy) -> str:
    return f"{strategy.period.start} – {strategy.period.end or '…'}"
