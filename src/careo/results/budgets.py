"""What was announced, voted and paid, line by line, and what must not be compared.

A line that was announced is held against what was voted for the same period, or else paid: it is met when at least 95% of
the announced is there. Nothing else about money is a verdict: voted and paid amounts stand side by side, what cannot be
told says why, and rival reports, running totals and parts are shown and never added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from careo.base.citations import Source, load_sources
from careo.base.dates import parse_period
from careo.base.fields import Words, first_day, last_day, worded
from careo.base.texts import say
from careo.record.money import (
    COUNTED,
    STAGES,
    Flow,
    Money,
    MoneyLine,
    Total,
    constant_prices,
    convert,
    existed,
    flows_of,
    known_on,
    money_of,
    total,
    weakest,
    years_in,
    years_told,
)
from careo.record.strategy import Strategy, sources_of
from careo.results.finding import Finding
from careo.results.money_shares import share_finding
from careo.results.money_words import (
    amount_words,
    cited,
    exact,
    line_name,
    reason_words,
    sentence,
    share_words,
    stage_words,
    total_words,
    when_words,
    years_words,
)

MET = Decimal("0.95")
"""The part of an announced amount from which on it counts as met; announcements are round figures."""
_PERIODS = 6
"""Periods that a sentence names one by one."""


@dataclass(frozen=True, slots=True)
class Budgeted:
    """A line as somebody looks at it.

    Attributes:
        line: its id. period: only these years; "": all. stage: only this one; "": all. role: what it is to a strategy.
        strategy: whose line it is; "": nobody's. currency, prices: in which other currency and at which year's prices to
            show it besides; "" and 0: neither.
    """

    line: str
    period: str = ""
    stage: str = ""
    role: Words | None = None
    strategy: str = ""
    currency: str = ""
    prices: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    """What the findings are made from."""

    money: Money
    sources: Mapping[str, Source]
    language: str

    def say(self, key: str, **words: object) -> str:
        return say(self.language, f"money.{key}", **words)


def strategy_findings(
    strategy: Strategy,
    country: str = "mexico",
    *,
    on: date | None = None,
    asked: Budgeted | None = None,
    language: str = "en",
) -> tuple[Finding, ...]:
    """The money of a strategy: each of its lines, those of them that must not be compared, and the shares it promised.

    Args:
        on: only what can have been known by that day.
        asked: narrows period and stage, names another currency or other prices; its line does not matter.
    """
    money = money_of(strategy, country)
    if on:
        money = known_on(money, on)
    read = _Read(money, sources_of(strategy, country), language)
    lines = [line for line in strategy.budget if line.line in money.lines]
    wanted = asked or Budgeted("")
    found = [
        _line(
            read,
            replace(
                wanted,
                line=line.line,
                period=wanted.period or line.period or "",
                role=line.role,
                strategy=strategy.slug,
            ),
        )
        for line in lines
    ]
    found += _pairs(read, [line.line for line in lines], strategy.slug)
    period = (
        f"{first_day(strategy.period.start)}/{last_day(strategy.period.end) if strategy.period.end else '..'}"
    )
    purposes = dict.fromkeys(p.purpose for p in money.promises if p.strategy == strategy.slug)
    for purpose in purposes:
        found.append(
            share_finding(
                money, purpose, strategy=strategy.slug, period=period, sources=read.sources, language=language
            )
        )
    return tuple(found)


def line_findings(
    money: Money, asked: Budgeted, *, country: str = "mexico", language: str = "en"
) -> tuple[Finding, ...]:
    """One line: what was announced, voted and paid; and each other line that it must not be compared with.

    Raises:
        KeyError: there is no such line.
    """
    read = _Read(money, load_sources(country), language)
    others = [
        other
        for other, known in money.lines.items()
        if other in money.lines[asked.line].not_comparable_with or asked.line in known.not_comparable_with
    ]
    pairs = [finding for other in others for finding in _pairs(read, [asked.line, other])]
    return (_line(read, asked), *pairs)


# ── one line ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _line(read: _Read, asked: Budgeted) -> Finding:
    known = read.money.lines[asked.line]
    flows = flows_of(read.money, asked.line, asked.stage, asked.period)
    verdict, because = _verdict(read, known, asked.period)
    verified = weakest(f.verified for f in flows if f.basis in COUNTED and f.amount is not None)
    name = worded(known.name, read.language)
    if verified == "memory":
        name += f" ({read.say('verified.memory')})"
    keys = [key for flow in flows for key in flow.sources]
    keys += known.earmark.sources if known.earmark else ()
    keys += [key for flow in flows for key in _made_with(read, flow, asked)]
    return Finding(
        id=":".join(part for part in (asked.strategy, "money", asked.line) if part),
        kind="money",
        claim=f"{name}: {sentence(_clauses(read, known, asked.period))}",
        verdict=verdict,
        because=because,
        statement=None,
        table=tuple(_row(read, flow, asked) for flow in flows),
        caveats=tuple(_caveats(read, known, flows, asked)),
        sources=cited(keys, read.sources),
        language=read.language,
        extra={
            "strategy": asked.strategy,
            "line": asked.line,
            "role": worded(asked.role, read.language),
            "purpose": known.purpose,
            "currency": known.currency,
            "period": asked.period,
            "verified": verified,
        },
    )


def _clauses(read: _Read, line: MoneyLine, period: str) -> list[str]:
    """What is known of a line: announced; then voted and paid in the same years; then what cannot be told."""
    clauses = [*_announced(read, line, period), *_voted_and_paid(read, line, period)]
    if not any(_told(read, line, stage, period) for stage in ("appropriated", "spent")):
        for stage in ("modified", "obligated", "accrued"):
            clauses += _alone(read, line, stage, period)
    clauses += _running(read, line, period)
    if not clauses:
        notes = [worded(flow.note, read.language) for flow in flows_of(read.money, line.id, "", period)]
        clauses = [next((note for note in notes if note), read.say("clause.nothing"))]
    return clauses


def _years(read: _Read, line: MoneyLine, stage: str, period: str) -> tuple[str, ...]:
    """Years of the period with a row, found or not."""
    span = parse_period(period or "undated")
    return tuple(year for year in years_told(read.money, line.id, stage) if span.overlaps(parse_period(year)))


def _told(read: _Read, line: MoneyLine, stage: str, period: str) -> dict[str, Decimal]:
    """Years of the period with an amount."""
    totals = {
        year: total(read.money, line.id, stage, year).amount for year in _years(read, line, stage, period)
    }
    return {year: amount for year, amount in totals.items() if amount is not None}


def _announced(read: _Read, line: MoneyLine, period: str) -> list[str]:
    clauses: list[str] = []
    for t in _announcements(read, line, period):
        if t.amount is None and t.low is None:
            continue
        key = "clause.announced_by_different" if t.low is not None else "clause.announced"
        amount = _hedged(read, t.flows[0]) if len(t.flows) == 1 else total_words(t, read.language)
        words = read.say(key, amount=amount, period=when_words(t.period, read.language))
        others = [
            _hedged(read, flow)
            for flow in flows_of(read.money, line.id, "announced", t.period)
            if flow.basis == "converted" and flow.period == t.period
        ]
        if others:
            words = read.say("clause.converted", announced=words, amounts=", ".join(others))
        clauses.append(words)
    return clauses


def _announcements(read: _Read, line: MoneyLine, period: str) -> list[Total]:
    """Every announced cell of the line's own currency that is whole, or of which there are rival reports."""
    periods = dict.fromkeys(
        flow.period
        for flow in flows_of(read.money, line.id, "announced", period)
        if flow.currency == line.currency and (flow.basis in COUNTED or flow.basis == "rival")
    )
    return [total(read.money, line.id, "announced", one) for one in periods]


def _voted_and_paid(read: _Read, line: MoneyLine, period: str) -> list[str]:
    voted, paid = (_told(read, line, stage, period) for stage in ("appropriated", "spent"))
    both = [year for year in paid if year in voted]
    clauses: list[str] = []
    if both and not _scattered(both):
        sums = [sum((amounts[year] for year in both), Decimal(0)) for amounts in (voted, paid)]
        words = [amount_words(amount, line.currency, read.language) for amount in sums]
        key = "clause.voted_and_paid" if sums[0] else "clause.paid_unvoted"
        share = share_words(sums[1] / sums[0], sums[1] / sums[0]) if sums[0] else ""
        clauses.append(
            read.say(key, voted=words[0], paid=words[1], years=years_words(both, read.language), share=share)
        )
    else:
        both = []
    for stage, amounts in (("appropriated", voted), ("spent", paid)):
        clauses += _alone(read, line, stage, period, leave=both, amounts=amounts)
    missing = _untold(read, line, period, {*voted, *paid})
    if missing:
        clauses.append(read.say("clause.untold", years=years_words(missing, read.language)))
    return clauses


def _alone(
    read: _Read, line: MoneyLine, stage: str, period: str, *,
    leave: Sequence[str] = (), amounts: Mapping[str, Decimal] | None = None,
) -> list[str]:  # fmt: skip
    """One stage in the years that no other clause has; years far apart are not summed."""
    told = _told(read, line, stage, period) if amounts is None else amounts
    left = {year: amount for year, amount in told.items() if year not in leave}
    runs = [[year] for year in left] if _scattered(list(left)) else [list(left)] if left else []
    return [
        read.say(
            "clause.alone",
            amount=amount_words(sum((left[year] for year in run), Decimal(0)), line.currency, read.language),
            stage=stage_words(stage, read.language),
            years=years_words(run, read.language),
        )
        for run in runs
    ]


def _scattered(years: Sequence[str]) -> bool:
    """Whether more years are missing between the first and the last than are there."""
    return len(years) > 1 and int(years[-1]) - int(years[0]) + 1 > 2 * len(years)


def _untold(read: _Read, line: MoneyLine, period: str, told: Iterable[str]) -> list[str]:
    """Years without an amount: those between told ones, those looked for and not found, those asked for."""
    known = sorted(told)
    if not known:
        return []
    span = parse_period(period or "undated")
    first, last = (int(edge) for edge in (known[0], known[-1]))
    if span.first and span.last and len(known) > 1:
        first, last = min(first, span.first.year), max(last, span.last.year)
    years = {str(year) for year in range(first, last + 1)}
    looked_for = {year for stage in ("appropriated", "spent") for year in _years(read, line, stage, period)}
    return sorted(y for y in (years | looked_for) - set(known) if existed(line, y))


def _running(read: _Read, line: MoneyLine, period: str) -> list[str]:
    """The latest running total of each stage that years cannot tell."""
    clauses: list[str] = []
    for stage in ("appropriated", "obligated", "spent"):
        found = [
            flow
            for flow in flows_of(read.money, line.id, stage, period)
            if flow.basis == "cumulative"
            and flow.amount is not None
            and flow.currency == line.currency
            and parse_period(period or "undated").contains(parse_period(flow.period))
        ]
        told = _told(read, line, stage, period)
        beyond = [flow for flow in found if not _summed(flow, told)]
        if not beyond:
            continue
        latest = max(beyond, key=lambda flow: (parse_period(flow.period).last or date.min, flow.as_of))
        clauses.append(
            read.say(
                "clause.running",
                amount=_hedged(read, latest),
                stage=stage_words(stage, read.language),
                period=when_words(latest.period, read.language),
            )
        )
    return clauses


def _summed(flow: Flow, told: Mapping[str, Decimal]) -> bool:
    """Whether the told years say as much as a running total: they cover it, or add up to it."""
    years = _touched(flow)
    return set(years) <= told.keys() or flow.amount == sum(
        (told[year] for year in years if year in told), Decimal(0)
    )


def _touched(flow: Flow) -> list[str]:
    """The years that a row's period has a day in."""
    span = parse_period(flow.period)
    if span.first is None or span.last is None:
        return []
    return [str(year) for year in range(span.first.year, span.last.year + 1)]


def _hedged(read: _Read, flow: Flow) -> str:
    """A row's amount as firmly as the source says it."""
    if flow.amount is None:
        return "–"
    words = amount_words(flow.amount, flow.currency, read.language)
    if flow.low is not None and flow.low != flow.amount:
        return read.say("range", low=amount_words(flow.low, flow.currency, read.language), high=words)
    return read.say(f"hedge.{flow.hedge.replace(' ', '_')}", value=words) if flow.hedge else words


def _nothing(read: _Read, key: str, elsewhere: Sequence[Flow | Total], period: str) -> str:
    """That something is not on record: in the period that was asked for, where it is for others."""
    others = [when_words(one, read.language) for one in sorted({each.period for each in elsewhere})]
    if not (period and others):
        return read.say(f"because.{key}")
    told = ", ".join(others if len(others) <= _PERIODS else [others[0], "…", others[-1]])
    return read.say(f"because.{key}_then", period=when_words(period, read.language), others=told)


def _verdict(read: _Read, line: MoneyLine, period: str) -> tuple[str, str]:
    """Whether what was announced is in what was voted or paid, and why."""
    announced = [t for t in _announcements(read, line, period) if t.amount is not None or t.low is not None]
    if not announced:
        if any(flow.amount is not None for flow in flows_of(read.money, line.id, "", period)):
            return "raised", _nothing(read, "nothing_announced", _announcements(read, line, ""), period)
        rows = [flow for flow in flows_of(read.money, line.id) if flow.amount is not None]
        return "unverifiable", _nothing(read, "no_amount", rows, period)
    met: list[bool | None] = []
    reasons: list[str] = []
    for one in announced:
        for stage in ("appropriated", "spent"):
            other = total(read.money, line.id, stage, one.period)
            if other.amount is not None:
                break
        else:
            met.append(None)
            other = total(read.money, line.id, "appropriated", one.period)
            reasons.append(
                read.say(
                    "because.announced_untold", period=when_words(one.period, read.language),
                    reason=reason_words(other, read.language),
                )
            )  # fmt: skip
            continue
        low, high = (one.amount, one.amount) if one.amount is not None else (one.low, one.high)
        low, high = low or Decimal(0), high or Decimal(0)
        met.append(True if other.amount >= MET * high else False if other.amount < MET * low else None)
        reasons.append(
            read.say(
                "because.announced_told", announced=total_words(one, read.language),
                amount=total_words(other, read.language), stage=stage_words(stage, read.language),
                period=when_words(one.period, read.language),
                share=share_words(other.amount / high, other.amount / low) if low and high else "–",
                paid=_paid_too(read, line, stage, one.period),
            )
        )  # fmt: skip
    if all(one is None for one in met) and line.not_comparable_with:
        names = "; ".join(line_name(read.money, other, read.language) for other in line.not_comparable_with)
        reasons.append(read.say("because.not_comparable", lines=names))
        reasons += [worded(why, read.language).strip() for why in line.not_comparable_with.values()]
        return "not comparable", " ".join(reasons)
    rule = read.say("because.rule", share=share_words(MET, MET))
    if False in met:
        return "inconsistent", " ".join((*reasons, rule))
    return ("consistent", " ".join((*reasons, rule))) if True in met else ("unverifiable", " ".join(reasons))


def _paid_too(read: _Read, line: MoneyLine, stage: str, period: str) -> str:
    paid = total(read.money, line.id, "spent", period)
    if stage == "spent" or paid.amount is None:
        return ""
    return read.say("because.paid_too", amount=total_words(paid, read.language))


def _row(read: _Read, flow: Flow, asked: Budgeted) -> dict[str, str]:
    """A row as its source has it, in words and figures; nothing left out."""
    language = read.language
    low = f"{exact(flow.low)} – " if flow.low is not None and flow.amount is not None else ""
    amount = read.say("not_found") if flow.amount is None else low + exact(flow.amount)
    row = {
        "period": flow.period,
        "stage": stage_words(flow.stage, language),
        "amount": read.say(f"hedge.{flow.hedge.replace(' ', '_')}", value=amount) if flow.hedge else amount,
        "currency": flow.currency,
        "basis": read.say(f"basis.{flow.basis}"),
        "account": flow.account,
        "verified": read.say(f"verified.{flow.verified}"),
        "source": " ".join(flow.sources),
        "note": " ".join(
            part for part in (
                read.say("as_of", day=flow.as_of) if flow.as_of else "",
                worded(flow.note, language),
            ) if part
        ),
    }  # fmt: skip
    if asked.currency:
        row |= dict(zip(("converted", "rate"), _in_currency(read, flow, asked.currency), strict=True))
    if asked.prices:
        row |= dict(zip(("constant", "index"), _at_prices(read, flow, asked.prices), strict=True))
    return row


def _in_currency(read: _Read, flow: Flow, currency: str) -> tuple[str, str]:
    """A row in another currency, and the rate; or why not."""
    if flow.amount is None or flow.currency == currency:
        return "–", ""
    made = convert(read.money, flow.amount, flow.currency, currency, flow.period)
    if made is None:
        return "–", read.say("no_rate", period=flow.period)
    rate = made.rate
    return exact(made.amount), read.say(
        "rate_words", rate=rate.rate, pair=f"{rate.quoted}/{rate.base}", period=rate.period,
        basis=read.say(f"rate.{rate.basis}"), verified=read.say(f"verified.{rate.verified}"),
        source=" ".join(rate.sources),
    )  # fmt: skip


def _made_with(read: _Read, flow: Flow, asked: Budgeted) -> Iterator[str]:
    """The sources of the rate and the index that a row was turned with."""
    if flow.amount is None:
        return
    if asked.currency not in ("", flow.currency):
        converted = convert(read.money, flow.amount, flow.currency, asked.currency, flow.period)
        yield from converted.rate.sources if converted else ()
    if asked.prices:
        constant = constant_prices(read.money, flow.amount, flow.currency, flow.period, asked.prices)
        yield from (*constant.given.sources, *constant.wanted.sources) if constant else ()


def _at_prices(read: _Read, flow: Flow, year: int) -> tuple[str, str]:
    """A row at the prices of another year, and the index; or why not."""
    if flow.amount is None:
        return "–", ""
    if not any(index.currency == flow.currency for index in read.money.prices):
        return "–", read.say("no_index", currency=flow.currency)
    made = constant_prices(read.money, flow.amount, flow.currency, flow.period, year)
    if made is None:
        missing = flow.period if len(years_in(flow.period)) != 1 else f"{flow.period} → {year}"
        return "–", read.say("no_index_year", period=missing)
    return exact(made.amount), read.say(
        "index_words", given=made.given.index, wanted=made.wanted.index, source=" ".join(made.given.sources)
    )


def _caveats(read: _Read, line: MoneyLine, flows: Sequence[Flow], asked: Budgeted) -> Iterator[str]:
    yield worded(line.what, read.language).strip()
    if line.year_begins != 1:
        month = say(read.language, "words.months").split()
        yield read.say(
            "caveat.fiscal_year", first=month[line.year_begins - 1], last=month[(line.year_begins - 2) % 12]
        )
        if asked.currency and asked.currency != line.currency:
            yield read.say("caveat.rate_of_calendar_year")
    beside = [flow for flow in flows if flow.basis not in COUNTED]
    if beside:
        kinds = dict.fromkeys(read.say(f"basis.{flow.basis}") for flow in beside)
        yield read.say("caveat.beside", count=len(beside), kinds=", ".join(kinds))
    for stage in ("announced", "appropriated", "spent"):
        yield from _differing(read, line, [flow for flow in flows if flow.stage == stage])
    if any(flow.verified == "memory" for flow in flows):
        yield read.say("caveat.memory")
    if line.earmark:
        unverified = f" ({read.say('verified.memory')})" if line.earmark.verified == "memory" else ""
        yield read.say("caveat.earmark", reason=worded(line.earmark.reason, read.language)) + unverified
    yield read.say("caveat.purpose", purpose=read.say(f"purpose.{line.purpose}"))


def _differing(read: _Read, line: MoneyLine, flows: Sequence[Flow]) -> Iterator[str]:
    """A running total of somebody else beside the sum of its years here; years that it has in part only may be missing."""
    for flow in flows:
        if flow.basis != "cumulative" or flow.amount is None or flow.currency != line.currency:
            continue
        span = parse_period(flow.period)
        years = _touched(flow)
        amounts = {year: total(read.money, line.id, flow.stage, year).amount for year in years}
        told = {year: amount for year, amount in amounts.items() if amount is not None}
        untold = [year for year in years if year not in told and span.contains(parse_period(year))]
        ours = sum(told.values(), Decimal(0))
        if told and not untold and ours != flow.amount:
            yield read.say(
                "caveat.differs", period=when_words(flow.period, read.language), theirs=_hedged(read, flow),
                ours=amount_words(ours, line.currency, read.language), stage=stage_words(flow.stage, read.language),
                source=" ".join(flow.sources), years=years_words(told, read.language),
            )  # fmt: skip


# ── what must not be compared ────────────────────────────────────────────────────────────────────────────────────


def _pairs(read: _Read, lines: Sequence[str], strategy: str = "") -> list[Finding]:
    """A finding for each two of these lines that must not be held against each other."""
    found: list[Finding] = []
    for index, first in enumerate(lines):
        for second in lines[index + 1 :]:
            one, other = read.money.lines[first], read.money.lines[second]
            why = one.not_comparable_with.get(second) or other.not_comparable_with.get(first)
            if why:
                found.append(_not_comparable(read, one, other, why, strategy))
    return found


def _not_comparable(read: _Read, one: MoneyLine, other: MoneyLine, why: Words, strategy: str) -> Finding:
    periods = [_span(read, line) for line in (one, other)]
    shared = _shared(periods[0], periods[1])
    amounts = [
        f"{worded(line.name, read.language)}: {'; '.join(_clauses(read, line, shared))}"
        for line in (one, other)
    ]
    flows = [flow for line in (one, other) for flow in flows_of(read.money, line.id, "", shared)]
    names = [worded(line.name, read.language) for line in (one, other)]
    return Finding(
        id=":".join(part for part in (strategy, "money", one.id, other.id) if part),
        kind="money",
        claim=read.say("claim.not_comparable", one=names[0], other=names[1]),
        verdict="not comparable",
        because=" ".join((read.say("because.not_comparable_pair"), worded(why, read.language), *(f"{a}." for a in amounts))),
        statement=None,
        table=tuple(
            {"line": line_name(read.money, flow.line, read.language), **_row(read, flow, Budgeted(flow.line))}
            for flow in flows
        ),
        sources=cited((key for flow in flows for key in flow.sources), read.sources),
        language=read.language,
        extra={"strategy": strategy, "line": one.id, "other": other.id},
    )  # fmt: skip


def _span(read: _Read, line: MoneyLine) -> set[str]:
    """Every year of which a line has a row."""
    return {year for stage in STAGES for year in years_told(read.money, line.id, stage)} or {
        flow.period for flow in flows_of(read.money, line.id) if len(years_in(flow.period)) == 1
    }


def _shared(one: set[str], other: set[str]) -> str:
    """The period of the years that two lines share; "" for all when they share none."""
    years = sorted(one & other)
    return "" if not years else years[0] if len(years) == 1 else f"{years[0]}/{years[-1]}"
