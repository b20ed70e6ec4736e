"""Candidates: the definitions a claimed figure can be held against, and the official values of each.

Definitions before numbers: first which definitions the words name and which they merely could mean, then, per
definition, the period that answers the claim (a year for a flow, the last reading for a stock, a running total for
"since 2006"), then every vintage that was public when the claim was made, and the newest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from careo.base.dates import Period, period_of_year
from careo.panel import Country
from careo.panel.indicators import Indicator
from careo.panel.series import Observation
from careo.panel.words import fold
from careo.record.statements import Statement
from careo.results.kinds import kind_fits

PERSON_MEASURES = ("deaths", "victims", "persons", "bodies")
PLANNED = ("persons_planned", "money_announced", "money_voted", "money_appropriated")
MONEY_STAGES = {"money_announced", "money_voted", "money_appropriated", "money_spent", "money_delivered"}
_YEARS_BACK = 4
_MONTH = timedelta(days=31)
_NEAR_STOCK = timedelta(days=200)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that a claim can be held against.

    Attributes:
        indicator: the definition. named: whether the words of the claim name it (several may be named).
    """

    indicator: Indicator
    named: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One official value that answers a claim under one definition.

    Attributes:
        observation: the value with its vintage and source. known: whether it was public on the day of the claim.
        exact: whether it covers the very period of the claim; False for the nearest one.
        meant: False when the words name another stage of it ("preliminary", "final").
    """

    observation: Observation
    known: bool
    exact: bool = True
    meant: bool = True


def candidates(statement: Statement, country: Country) -> tuple[Candidate, ...]:
    """Definitions of the concept of a figure, those named by its words first."""
    named, ranked = _ranked(statement, country, statement.concept, statement.naming)
    return tuple(Candidate(i, i.id in named) for i in ranked)


def _part_named(indicator: Indicator, statement: Statement) -> bool:
    """Whether the sentence names the part that a share is of ("of extortion"), when a definition is about a part."""
    if not indicator.qualifier or indicator.kind != "share":
        return True
    said = fold(statement.claim)
    return any(fold(cue).strip("*") in said for cue in indicator.qualifier.get(statement.language, ()))


def likeliest(statement: Statement, country: Country, concept: str, naming: tuple[str, ...]) -> str:
    """Id of the first of the candidates of a figure of that concept whose words name so much; "" when there is none."""
    _, ranked = _ranked(statement, country, concept, naming)
    return ranked[0].id if ranked else ""


def _ranked(
    statement: Statement, country: Country, concept: str, naming: tuple[str, ...]
) -> tuple[list[str], list[Indicator]]:
    """Ids of the definitions that the words of a figure name, and all that it can be held against, best first."""
    members = [i for i in country.by_concept.get(concept, ()) if i.usable and kind_fits(i, statement)]
    near = country.concepts.by_id[concept].near if concept in country.concepts.by_id else ()
    others = [
        i
        for c in near
        for i in country.by_concept.get(c, ())
        if i.usable and kind_fits(i, statement) and _part_named(i, statement)
    ]
    if statement.promised:
        members, others = (
            [i for i in members if i.measure in PLANNED],
            [i for i in others if i.measure in PLANNED],
        )
    named = _named(statement, members, set(naming))
    ranked = sorted(
        members, key=lambda i: (i.id not in named, named.index(i.id) if i.id in named else 0, i.parent != "")
    )
    return named, ranked + others


def _named(statement: Statement, members: list[Indicator], naming: set[str]) -> list[str]:
    """Ids of the definitions that the words name; when they name none in particular, all that a reader would mean."""
    ids = {i.id for i in members}
    if statement.quantity and statement.quantity.unit != "rate_per_100k" and "rate" not in naming:
        members = [i for i in members if i.kind != "rate"] or members
    everything = members
    qualified = [i for i in members if i.qualifier and i.id in naming]
    members = qualified or [i for i in members if not i.qualifier] or members
    if not qualified:
        meant = _wanted_kind(statement, everything, naming)
        registers = any(i.kind == "stock" and not i.cumulative for i in members)
        if meant and registers and not any((i.kind, i.cumulative) in meant for i in members):
            members = [i for i in everything if (i.kind, i.cumulative) in meant]
    pool = [i for i in members if i.id in naming]
    if naming & {"money_voted", "money_appropriated"}:
        naming |= {"money_voted", "money_appropriated"}  # a parliament votes what a government calls assigned
    measured = [i for i in pool if i.measure in naming]
    files = statement.quantity is not None and statement.quantity.unit == "case files"
    if not measured and (files or not pool):
        measured = [i for i in members if i.measure in naming]
    if measured:
        pool = measured
    elif naming & MONEY_STAGES and any(i.kind == "money" for i in members):
        return []  # "spent" names no announcement, even when only the announcement is in the currency claimed
    if not pool:
        plain = [i for i in members if i.parent == "" or i.id in naming]
        counted = [i for i in plain if i.measure in PERSON_MEASURES] if _counts_persons(statement) else plain
        pool = counted or plain or members
    wanted = _wanted_kind(statement, pool, naming)
    if not wanted:
        return []
    pool = (
        [i for i in pool if (i.kind, i.cumulative) in wanted]
        or [i for i in members if (i.kind, i.cumulative) in wanted and i.parent == ""]
        or pool
    )
    return [i.id for i in pool if i.id in ids]


def _counts_persons(statement: Statement) -> bool:
    return statement.quantity is not None and statement.quantity.unit in (
        "persons",
        "count",
        "interval_minutes",
        "factor",
        "share",
        "percentage_points",
    )


def _wanted_kind(statement: Statement, pool: list[Indicator], naming: set[str]) -> set[tuple[str, bool]]:
    """Kinds (and whether cumulative) that answer the claim as it is worded."""
    kinds = {(i.kind, i.cumulative) for i in pool}
    period = statement.period
    if statement.quantity and statement.quantity.unit == "rate_per_100k":
        return kinds
    if pool and all(i.qualifier for i in pool):
        return kinds  # the words have said which one
    running = statement.period_form in ("since", "term", "over") or (
        period is not None
        and period.first is not None
        and period.last is not None
        and period.last.year - period.first.year >= 2
    )
    if running:
        return kinds & {
            ("flow", False),
            ("flow", True),
            ("stock", True),
            ("stock", False),
            ("money", True),
            ("money", False),
            ("share", False),
            ("rate", False),
        }
    if "cumulative" not in naming:
        kinds -= {("stock", True), ("flow", True)}  # a running total is meant only when the words run
    one_time = statement.period_form in ("at", "between", "rolling") and period is not None
    if not kinds and one_time and "flow" in naming:
        return set()  # "3,000 graves were found in 2023" does not name the running total
    flows = {k for k in kinds if k[0] == "flow"}
    stocks = {k for k in kinds if k[0] == "stock"}
    if flows and stocks:
        if "stock" in naming and "flow" not in naming:
            return stocks
        if (
            period
            and period.first
            and period.last
            and (period.last - period.first).days <= 31
            and statement.period_form != "page"
        ):
            return stocks  # a day or a month dates a reading of a register
        if one_time or "flow" in naming or statement.period_form == "every":
            return flows
        return stocks if pool[0].kind == "stock" else flows
    return kinds or {(i.kind, i.cumulative) for i in pool}


def readings(
    candidate: Indicator, statement: Statement, country: Country, on: date | None
) -> tuple[Reading, ...]:
    """The official values under one definition that answer the claim, known ones first."""
    place = statement.place or country.default_place
    found: list[Reading] = []
    for period, exact in _periods(candidate, statement, country, place, on):
        vintages = country.at(candidate.id, place, period)
        then = country.known(candidate.id, place, period, on) if on else None
        seen: set[tuple[float, str]] = set()
        for observation in (*((then,) if then else ()), *reversed(vintages)):
            key = (observation.value, observation.vintage)
            if key not in seen:
                seen.add(key)
                known = (
                    on is None
                    or observation.known <= on
                    or (not then and _was_public(candidate, vintages, observation, on))
                )
                newer = then is not None and observation.known < then.known and observation is not then
                found.append(Reading(observation, known, exact, meant=not newer))
        if found and exact and not each_year(statement):
            break
    return tuple(found)


def each_year(statement: Statement) -> bool:
    """Whether a claim is about every year of a stretch, so that every one must agree."""
    period = statement.period
    if period is None or period.first is None or period.last is None:
        return False
    return statement.period_form == "every" and period.last.year > period.first.year


def _was_public(
    indicator: Indicator, vintages: tuple[Observation, ...], observation: Observation, on: date
) -> bool:
    """Whether a value held only in a later copy was public on a day: its publisher's usual lag had passed."""
    last = observation.period.last
    if not indicator.lag_months or last is None or observation != vintages[0]:
        return False
    months = last.year * 12 + last.month + indicator.lag_months
    return (on.year * 12 + on.month) > months


def _periods(
    indicator: Indicator, statement: Statement, country: Country, place: str, on: date | None
) -> list[tuple[Period, bool]]:
    """Periods that answer the claim, best first; each with whether it is the very period claimed."""
    held = [o for o in country.series(indicator.id).observations if o.place == place]
    observed = [o.period for o in held]
    running = indicator.kind == "stock" or indicator.cumulative
    period, form = statement.period, statement.period_form
    public = {
        o.period for o in held if on is None or o.known <= on or (o.period.last and o.period.last <= on)
    }
    ends = [p for p in dict.fromkeys(observed) if p.last is not None and p in public]
    ends.sort(key=lambda p: (p.last or date.min, p.first or date.min))
    if running:
        return _stock_periods(period, form, ends, observed)
    if form == "every" and period and period.first and period.last:
        return [(period_of_year(year), True) for year in range(period.first.year, period.last.year + 1)]
    if period and period.first and period.last and form not in ("page", "term", "since"):
        whole = [(period, True)]
        if indicator.kind in ("money", "share"):  # announced once, or read at a date inside the year
            whole += [
                (p, True)
                for p in dict.fromkeys(observed)
                if p != period and p.first and p.last and period.first <= p.first and p.last <= period.last
            ]
        if form == "rolling" or period.first.year == period.last.year:
            whole += [(period_of_year(period.last.year), False)]
        return whole
    if form in ("since", "term") and period and period.first:
        whole = _covering(period, ends) + _to_date(indicator, country, place, period.first, on)
        return [(p, True) for p in whole] + [
            (p, True) for p in _since(period.first, on or (period.last or date.max), observed)
        ]
    if form == "over":
        spans = [p for p in reversed(ends) if p.first and p.last and (p.last - p.first).days > 600]
        return [(p, False) for p in spans[:3]]
    years = [p for p in reversed(ends) if _is_year(p)]
    back = years[: _YEARS_BACK if form == "every" else 2]
    current = form == "every" or indicator.kind in (
        "share",
        "rate",
    )  # told without a year, these are about how things stand
    return [(p, order == 0 or current) for order, p in enumerate(back)]


def _covering(period: Period, ends: list[Period]) -> list[Period]:
    """A published total of the very stretch ("December 2018 to September 2024"), its first month as told."""
    found = [
        p
        for p in reversed(ends)
        if p.first
        and p.last
        and period.first
        and abs(p.first - period.first) <= _MONTH
        and (p.last - p.first).days > 366
    ]
    last = period.last
    if last:
        found.sort(key=lambda p: abs((p.last or date.min) - last))
    return found[:1]


def _to_date(
    indicator: Indicator, country: Country, place: str, first: date, on: date | None
) -> list[Period]:
    """The stretch from a month to the last month observed, where monthly values are held."""
    if first.day != 1:
        return []
    months = [
        o.period.last
        for o in country.months(indicator.id).observations
        if o.place == place and o.period.last and (on is None or o.period.last <= on)
    ]
    return [Period(first, max(months))] if months and max(months) > first else []


def _stock_periods(
    period: Period | None, form: str, ends: list[Period], observed: list[Period]
) -> list[tuple[Period, bool]]:
    if period and period.last and form in ("at", "between", "until"):
        first = period.first or date.min
        inside = [p for p in dict.fromkeys(observed) if p.last and first <= p.last <= period.last]
        if inside:
            return [(p, True) for p in sorted(inside, key=lambda p: p.last or date.min, reverse=True)]
        close = [p for p in dict.fromkeys(observed) if p.last and abs(p.last - period.last) <= _NEAR_STOCK]
        return [
            (p, False)
            for p in sorted(close, key=lambda p: abs((p.last or date.min) - (period.last or date.min)))
        ][:2]
    return [(p, order == 0) for order, p in enumerate(reversed(ends[-2:]))]


def _since(first: date, until: date, observed: list[Period]) -> list[Period]:
    """Whole years from a start to the last one observed ("since 2006" begun in December is taken from January 2007)."""
    begin = first.year if (first.month, first.day) == (1, 1) else first.year + 1
    last = sorted({p.last.year for p in observed if p.last and _is_year(p) and p.last <= until}, reverse=True)
    return [Period(date(begin, 1, 1), date(year, 12, 31)) for year in last[:3] if year >= begin]


def _is_year(period: Period) -> bool:
    return period.first is not None and period == period_of_year(period.first.year)
