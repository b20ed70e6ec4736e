"""Comparisons that figures make: "up by 15%", "doubled since 2006", "from 22,000 to 33,000".

A change is checked within one definition at a time; two levels that only agree with different definitions are not comparable.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from careo.base.dates import Period, period_of_year, years_on
from careo.base.texts import say
from careo.panel import Country
from careo.panel.series import Observation
from careo.record.passages import phrases, spaced
from careo.record.sentences import statement_rules
from careo.record.statements import Quantity, Statement
from careo.results.agreement import agrees, change_agrees
from careo.results.candidates import Candidate, candidates
from careo.results.considered import considered, in_words, make_finding
from careo.results.finding import Considered, Finding
from careo.results.wording import amount, period_words, signed, value_words


def compare_change(statement: Statement, country: Country, on: date | None, language: str = "en") -> Finding:
    """The verdict on a claimed change: the same two periods under each definition, one definition at a time."""
    quantity = statement.quantity
    assert quantity is not None  # noqa: S101 - figures only
    claimed = amount(quantity, language, statement.hedge)
    if not statement.concept:
        key = "no_series" if quantity.noun or quantity.unit not in ("share", "factor") else "change_of_what"
        uncounted = phrases(statement.language, "uncounted").search(statement.claim.lower())
        if uncounted and quantity.unit in ("share", "factor"):
            key = "change_of_what"
        verdict = "unverifiable" if key == "no_series" else "not measurable as stated"
        return make_finding(
            statement,
            "comparison",
            verdict,
            say(language, f"findings.because.{key}", claim=claimed),
            (),
            (),
            country,
            language,
        )
    rows: list[Considered] = []
    for candidate in candidates(statement, country):
        for pair in _pairs(candidate, statement, country, on):
            rows += _change_rows(candidate, pair, quantity, statement, on, language)
    fitting = sorted(
        (r for r in rows if r.fits), key=lambda r: (not r.named, r.verified == "memory", not r.known)
    )
    best = fitting[0] if fitting else None
    apart = None if best else _apart(statement, country, on)
    if apart:
        names = [in_words(country.indicators[i].name, language) for i in apart]
        because = say(
            language, "findings.because.change_apart", claim=claimed, before=names[0], after=names[1]
        )
        return make_finding(
            statement, "comparison", "not comparable", because, tuple(rows), (), country, language
        )
    if not rows:
        because = say(language, "findings.because.no_change", claim=claimed)
        return make_finding(statement, "comparison", "unverifiable", because, (), (), country, language)
    verdict, key = "inconsistent", "change_inconsistent"
    if best and best.named:
        verdict, key = "consistent", "change_consistent"
    elif best:
        verdict, key = "consistent under another definition", "change_other"
    told_far_off = statement.weak and all(country.indicators[r.indicator].kind == "money" for r in rows)
    if not best and told_far_off:  # sums are of too many things for one told sentences ago to refute this one
        because = say(language, "findings.because.something_else", claim=claimed, name=rows[0].name)
        return make_finding(
            statement, "comparison", "unverifiable", because, tuple(rows), (), country, language
        )
    # "under X they tripled", "so far this term": which two years are meant nobody says
    if not best and statement.period_form in ("page", "", "term") and quantity.against is None:
        key = "change_term" if statement.period_form == "term" else "change_when"
        because = say(language, f"findings.because.{key}", claim=claimed)
        return make_finding(
            statement, "comparison", "unverifiable", because, tuple(rows), (), country, language
        )
    shown = best or next((r for r in rows if r.named), rows[0])
    because = say(language, f"findings.because.{key}", claim=claimed, name=shown.name, change=shown.note)
    return make_finding(statement, "comparison", verdict, because, tuple(rows), (), country, language)


def _apart(statement: Statement, country: Country, on: date | None) -> tuple[str, str] | None:
    """Two named definitions that give one end of the change each, when no named one gives both: two registers, say."""
    quantity, place = statement.quantity, statement.place or country.default_place
    if quantity is None or quantity.against is None or statement.period is None:
        return None
    ends: list[set[str]] = []
    for period in (quantity.against, statement.period):
        found = {
            c.indicator.id
            for c in candidates(statement, country)
            if c.named and _reading(country, c.indicator.id, place, period, on, lambda _: None)
        }
        ends.append(found)
    before, after = ends
    if not before or not after or before & after:
        return None
    return sorted(before)[0], sorted(after)[0]


def _pairs(
    candidate: Candidate, statement: Statement, country: Country, on: date | None
) -> list[tuple[Observation, Observation]]:
    """(before, after) under one definition: the periods claimed, else the last two whole years known."""
    indicator, place = candidate.indicator, statement.place or country.default_place

    def value(period: Period) -> Observation | None:
        return (country.known(indicator.id, place, period, on) if on else None) or country.newest(
            indicator.id, place, period
        )

    after, before = statement.period, statement.quantity.against if statement.quantity else None
    if after and after.last and statement.period_form in ("at", "between", "rolling"):
        base = before or _year_before(after)
        new, old = (
            _reading(country, indicator.id, place, after, on, value),
            _reading(country, indicator.id, place, base, on, value),
        )
        return [(old, new)] if old and new else []
    series = [
        o
        for o in country.series(indicator.id).observations
        if o.place == place and (on is None or o.known <= on)
    ]
    last = max(
        (o for o in series if o.period.last), key=lambda o: (o.period.last or date.min, o.known), default=None
    )
    if last is None:
        return []
    if before is None and statement.period_form == "term" and after and after.first:
        before = period_of_year(after.first.year)
        whole = [
            o
            for o in series
            if o.period.last and (after.last is None or o.period.last.year <= after.last.year)
        ]
        last = max(whole, key=lambda o: (o.period.last or date.min, o.known), default=last)
    base = before or _year_before(last.period)
    old = _reading(country, indicator.id, place, base, on, value)
    return [(old, last)] if old and old.period != last.period else []


def _reading(
    country: Country, indicator: str, place: str, period: Period, on: date | None, value: object
) -> Observation | None:
    """The value of a period; for a stock, its last reading inside the period."""
    found = value(period) if callable(value) else None
    if isinstance(found, Observation):
        return found
    if country.indicators[indicator].kind in ("stock", "share", "money") and period.last:
        inside = [
            o
            for o in country.series(indicator).observations
            if o.place == place
            and o.period.last
            and (period.first or date.min) <= o.period.last <= period.last
            and (on is None or o.known <= on)
        ]
        return max(inside, key=lambda o: (o.period.last or date.min, o.known), default=None)
    return None


def _year_before(period: Period) -> Period:
    first, last = period.first, period.last
    return Period(years_on(first, -1) if first else None, years_on(last, -1) if last else None)


def _change_rows(
    candidate: Candidate,
    pair: tuple[Observation, Observation],
    quantity: Quantity,
    statement: Statement,
    on: date | None,
    language: str,
) -> list[Considered]:
    old, new = pair
    fits = _change_fits(pair, quantity, statement)
    words = _change_words(candidate, pair, language)
    indicator = candidate.indicator
    return [
        Considered(
            indicator=indicator.id,
            name=in_words(indicator.name, language),
            definition=in_words(indicator.definition, language),
            period=str(o.period),
            place=o.place,
            value=o.value,
            unit=indicator.unit,
            vintage=o.vintage,
            source=o.source,
            verified=o.verified,
            ratio=None,
            fits=fits,
            named=candidate.named,
            known=on is None or o.known <= on,
            note=words,
        )
        for o in (old, new)
    ]


def _change_fits(pair: tuple[Observation, Observation], quantity: Quantity, statement: Statement) -> bool:
    old, new = pair
    if quantity.unit == "percentage_points":
        signed = -quantity.value if quantity.change == "down" else quantity.value
        return change_agrees(signed, quantity.step, new.value - old.value, statement.hedge)
    if quantity.unit == "factor":
        return old.value > 0 and abs(new.value / old.value - quantity.value) <= 0.12 * quantity.value
    if quantity.unit == "share":
        signed = -quantity.value if quantity.change == "down" else quantity.value
        return old.value > 0 and change_agrees(
            signed, quantity.step, new.value / old.value - 1, statement.hedge
        )
    difference = new.value - old.value
    rising = difference >= 0
    return rising == (quantity.change != "down") and agrees(quantity, statement.hedge, abs(difference))


def _change_words(candidate: Candidate, pair: tuple[Observation, Observation], language: str) -> str:
    old, new = pair
    unit = candidate.indicator.unit
    relative = f"{signed((new.value / old.value - 1) * 100, 1)}%" if old.value else "–"
    if candidate.indicator.kind == "share":
        relative = (
            say(language, "words.points", value=signed((new.value - old.value) * 100, 1)) + f" ({relative})"
        )
    return say(
        language,
        "findings.note.change",
        old=value_words(old.value, unit, language),
        new=value_words(new.value, unit, language),
        before=period_words(old.period, language),
        after=period_words(new.period, language),
        change=relative,
    )


# --- two levels in one sentence -------------------------------------------------------------------------------------------


def compare_levels(
    first: Statement,
    second: Statement,
    country: Country,
    on: date | None,
    language: str = "en",
) -> Finding | None:
    """The comparison two figures of one sentence make by standing side by side, or None when they make none."""
    a, b = first.quantity, second.quantity
    if a is None or b is None or a.change or b.change or a.unit != b.unit or not _contrasted(first):
        return None
    related = first.concept == second.concept or _near(country, first.concept, second.concept)
    if not first.concept or not second.concept or not related:
        return None
    if first.period == second.period and first.place == second.place:
        return None
    if not first.quantity or (first.concept == second.concept and not _numbered_periods(first, second)):
        return None
    rows_a, rows_b = considered(first, country, on, language), considered(second, country, on, language)
    fits_a, fits_b = _definitions(rows_a), _definitions(rows_b)
    shared = [i for i in fits_a if i in fits_b]
    words = {"first": amount(a, language, first.hedge), "second": amount(b, language, second.hedge)}
    caveats: tuple[str, ...] = ()
    if shared:
        name = in_words(country.indicators[shared[0]].name, language)
        verdict, because = (
            "consistent",
            say(language, "findings.because.levels_consistent", name=name, **words),
        )
    elif fits_a and fits_b:
        verdict = "not comparable"
        because = say(
            language,
            "findings.because.levels_apart",
            name_first=in_words(country.indicators[fits_a[0]].name, language),
            name_second=in_words(country.indicators[fits_b[0]].name, language),
            **words,
        )
        reason = country.indicators[fits_a[0]].not_comparable_with.get(fits_b[0])
        caveats = (in_words(reason, language),) if reason else ()
    elif rows_a and rows_b:
        verdict, because = "inconsistent", say(language, "findings.because.levels_inconsistent", **words)
    else:
        verdict, because = "unverifiable", say(language, "findings.because.levels_unverifiable", **words)
    whole = replace(second, start=first.start, quote=f"{first.quote} … {second.quote}")
    rows = tuple(r for r in (*rows_a, *rows_b) if r.fits) or (*rows_a, *rows_b)
    return make_finding(whole, "comparison", verdict, because, rows, caveats, country, language)


def _definitions(rows: tuple[Considered, ...]) -> list[str]:
    ordered = sorted(
        (r for r in rows if r.fits),
        key=lambda r: (not r.named, r.verified == "memory", not r.known, abs((r.ratio or 9) - 1)),
    )
    return list(dict.fromkeys(r.indicator for r in ordered))


def _near(country: Country, one: str, other: str) -> bool:
    concepts = country.concepts.by_id
    return (one in concepts and other in concepts[one].near) or (
        other in concepts and one in concepts[other].near
    )


def _numbered_periods(first: Statement, second: Statement) -> bool:
    return first.period is not None and second.period is not None and first.period != second.period


def _contrasted(first: Statement) -> bool:
    """Whether the sentence sets the second figure against the first."""
    cue = re.compile(
        rf"(?<!\w){spaced(str(statement_rules(first.language)['contrast']))}(?!\w)", re.IGNORECASE
    )
    return bool(cue.search(first.claim))
