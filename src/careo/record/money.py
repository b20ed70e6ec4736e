"""Money by line, stage and period: what was announced, appropriated, modified, obligated, accrued and spent.

Stages are never mixed and never added. A line's money of a period is one row that is the whole of it, or rows that say of
themselves that they make up the whole (`addend`). Everything else (parts, running totals, rival reports, conversions by
others) is shown beside and never added. What cannot be told has no amount and says why; 0 is an amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

from pydantic import ConfigDict, Field

from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.base.fields import CLOSED, PeriodText, Verified, Words, last_day

if TYPE_CHECKING:
    from careo.record.strategy import Strategy

Stage = Literal["announced", "appropriated", "modified", "obligated", "accrued", "spent"]
Purpose = Literal["prevention", "coercion", "justice", "victims", "search", "aid", "mixed", "total"]
Basis = Literal["whole", "addend", "part", "cumulative", "wider", "rival", "converted"]
Hedge = Literal["", "about", "more than", "up to"]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,63}$")]

STAGES: tuple[str, ...] = get_args(Stage)
PURPOSES: tuple[str, ...] = get_args(Purpose)
COUNTED = frozenset({"whole", "addend"})
"""The rows that a sum may rest on."""

CENT = Decimal("0.01")
_KNOWN = ("memory", "excerpt", "read")  # the weakest first


@dataclass(frozen=True, slots=True)
class Earmark:
    """Why the money of a line may not be moved."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    reason: Words
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One line of money.

    Attributes:
        id, name; what: what it counts and does not. purpose: our classification. currency: ISO 4217, of its amounts.
        exists: the years in which there was such a line (None: always); outside there is nothing, which is no gap.
        inside: lines that hold this line's money too, with the years in which they do; never added to it.
        not_comparable_with: other lines and why. earmark: why it may not be moved.
        year_begins: month in which the budget year begins; a year that does not begin in January is named by its end.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    name: Words
    what: Words
    purpose: Purpose
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    exists: PeriodText | None = None
    inside: Mapping[str, PeriodText] = field(default_factory=dict[str, str])
    not_comparable_with: Mapping[str, Words] = field(default_factory=dict[str, Mapping[str, str]])
    earmark: Earmark | None = None
    year_begins: Annotated[int, Field(ge=1, le=12)] = 1


@dataclass(frozen=True, slots=True)
class Flow:
    """One amount as a source gives it.

    Attributes:
        line, stage, period (as `str(Period)`), currency. amount: in units of the currency, nominal; None: not found.
        low: the lower end where the source gives a range, whose upper end is `amount`. hedge: how firmly it is said.
        basis: "whole" of the line; "addend": with the others of its cell the whole; "part" of the whole, or of the account
            `part_of`; "cumulative": a running total; "wider": counts more than the line; "rival": another report;
            "converted" by somebody else.
        account: code or name within the line. as_of: day of the report. sources: keys. verified. note: by language.
        where: file:line, for messages.
    """

    line: str
    stage: str
    amount: Decimal | None
    currency: str
    period: str
    sources: tuple[str, ...]
    verified: str
    basis: str = "whole"
    low: Decimal | None = None
    hedge: str = ""
    account: str = ""
    part_of: str = ""
    as_of: str = ""
    note: Mapping[str, str] = field(default_factory=dict[str, str])
    where: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """An exchange rate: `rate` units of `quoted` for one of `base`; "mean" of the period, or "implied" by a report of that day."""

    period: str
    quoted: str
    base: str
    rate: Decimal
    basis: str
    sources: tuple[str, ...]
    verified: str
    note: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """The mean consumer price index of a year, for one currency."""

    year: int
    currency: str
    index: Decimal
    sources: tuple[str, ...]
    verified: str


@dataclass(frozen=True, slots=True)
class ShareDefinition:
    """One thing that "a share for …" can mean: the lines of `share` over the lines of `of`, in `years`, at `stages`."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    name: Words
    meaning: Words
    purpose: Purpose
    share: Annotated[tuple[str, ...], Field(min_length=1)]
    of: Annotated[tuple[str, ...], Field(min_length=1)]
    years: PeriodText
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)] = ("appropriated", "spent")


@dataclass(frozen=True, slots=True)
class PromisedValue:
    """A share in [0, 1] as one report of the promise has it."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    share: Annotated[float, Field(ge=0, le=1)]
    words: Words
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified


@dataclass(frozen=True, slots=True)
class SharePromise:
    """A promised share. `of`: the definition its own words name, with `stage` and `years`; None where they do not say of what."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    strategy: str
    purpose: Purpose
    words: Words
    values: tuple[PromisedValue, ...]
    pledge: str = ""
    of: str | None = None
    stage: Stage = "spent"
    years: PeriodText | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """All that is known of a country's money."""

    lines: Mapping[str, MoneyLine]
    flows: tuple[Flow, ...]
    rates: tuple[Rate, ...]
    prices: tuple[PriceIndex, ...]
    shares: Mapping[str, ShareDefinition]
    promises: tuple[SharePromise, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """The money of a line at a stage in a period, or why it cannot be told.

    Attributes:
        amount: [currency]. low, high: instead of an amount, where reports differ.
        reason: "" | "not_found" | "did_not_exist" | "missing_years" | "rivals" | "only_cumulative" | "only_parts" |
            "only_wider" | "no_flows". missing: the years that are missing.
        flows: what it rests on, or what there is instead.
    """

    line: str
    stage: str
    period: str
    currency: str
    amount: Decimal | None
    flows: tuple[Flow, ...]
    reason: str = ""
    missing: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def verified(self) -> str:
        """As its weakest row is."""
        return weakest(flow.verified for flow in self.flows)

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of every row it rests on."""
        return tuple(dict.fromkeys(key for flow in self.flows for key in flow.sources))


@dataclass(frozen=True, slots=True)
class ShareValue:
    """A share in [0, 1] by one definition: one value (`low` equals `high`), a range, or None with the lines that cannot be told."""

    definition: str
    stage: str
    period: str
    low: Decimal | None
    high: Decimal | None
    missing: tuple[Total, ...] = ()
    rests_on: tuple[Total, ...] = ()

    @property
    def verified(self) -> str:
        """As its weakest row is."""
        return weakest(total.verified for total in self.rests_on)


@cache
def load_money(country: str = "mexico") -> Money:
    """The money of a country; empty when it has none.

    Raises:
        DataError: a file is broken; says file and line.
    """
    from careo.record.money_files import read_money

    return read_money(country)


def money_of(strategy: Strategy, country: str) -> Money:
    """The money of a country with the amounts that only the strategy's file has, lines of its own among them."""
    known = load_money(country)
    own = [
        Flow(
            line.line, flow.stage, flow.amount, flow.currency, flow.period, flow.sources, flow.verified,
            note=flow.note or {},
        )
        for line in strategy.budget
        for flow in line.flows
    ]  # fmt: skip
    if not own:
        return known
    new = {
        line.line: MoneyLine(line.line, line.role, line.role, "mixed", line.flows[0].currency)
        for line in strategy.budget
        if line.flows and line.line not in known.lines
    }
    return with_flows(replace(known, lines={**known.lines, **new}), own)


def with_flows(money: Money, flows: Iterable[Flow]) -> Money:
    """The same money with amounts of somebody's own file.

    Where the record has that cell already, or several own amounts claim one cell, they are rival reports and are not added.
    An own running total beside yearly rows is one, too.
    """
    result = list(money.flows)
    own = list(flows)
    for flow in own:
        cell = [other for other in [*money.flows, *own] if other is not flow and _same_cell(other, flow)]
        crossing = [
            other
            for other in money.flows
            if _crosses(other, flow) and other.basis in COUNTED and other not in cell
        ]
        basis = "rival" if any(o.basis in COUNTED for o in cell) else "cumulative" if crossing else flow.basis
        result.append(replace(flow, basis=basis))
    return replace(money, flows=tuple(result))


def _same_cell(a: Flow, b: Flow) -> bool:
    return (a.line, a.stage, a.currency, a.period) == (b.line, b.stage, b.currency, b.period)


def _crosses(a: Flow, b: Flow) -> bool:
    same = (a.line, a.stage, a.currency) == (b.line, b.stage, b.currency)
    return same and a.period != b.period and parse_period(a.period).overlaps(parse_period(b.period))


def known_on(money: Money, day: date) -> Money:
    """The money as it can have been known on a day.

    A row with a day of its own counts from that day; otherwise what was announced or voted for a period counts from its
    beginning, and what was changed, obligated, accrued or spent from its end.
    """
    return replace(money, flows=tuple(flow for flow in money.flows if _known(flow) <= day))


def _known(flow: Flow) -> date:
    if flow.as_of:
        return last_day(flow.as_of)
    period = parse_period(flow.period)
    ahead = flow.stage in ("announced", "appropriated") and flow.basis != "cumulative"
    edge = period.first if ahead else period.last
    return edge or date.min


def flows_of(money: Money, line: str, stage: str = "", period: str = "") -> tuple[Flow, ...]:
    """The rows of a line, in their order; with `period` those that have a day in common with it."""
    span = parse_period(period) if period else None
    return tuple(
        flow
        for flow in money.flows
        if flow.line == line
        and stage in ("", flow.stage)
        and (span is None or parse_period(flow.period).overlaps(span))
    )


def total(money: Money, line: str, stage: str, period: str, currency: str = "") -> Total:
    """The money of a line at one stage in one period, with the rows it rests on; or no amount and the reason.

    A period of several years is the sum of its years, if each in which the line existed can be told; running totals of
    others never stand in for it.

    Args:
        currency: "" for the line's own.
    Raises:
        KeyError: there is no such line.
    """
    known = money.lines[line]
    unit = currency or known.currency
    here = [f for f in money.flows if (f.line, f.stage, f.currency) == (line, stage, unit)]
    cell = [flow for flow in here if flow.period == period]
    result = Total(line, stage, period, unit, None, ())
    counted = tuple(flow for flow in cell if flow.basis in COUNTED)
    if counted:
        amounts = [flow.amount for flow in counted if flow.amount is not None]
        if len(amounts) < len(counted):
            return replace(result, reason="not_found", flows=counted)
        return replace(result, amount=sum(amounts, Decimal(0)), flows=counted)
    if not existed(known, period):
        return replace(result, reason="did_not_exist")
    years = years_in(period)
    if len(years) > 1:
        each = [t for t in (total(money, line, stage, y, unit) for y in years) if t.reason != "did_not_exist"]
        told = [t.amount for t in each if t.amount is not None]
        rows = tuple(flow for t in each if t.amount is not None for flow in t.flows)
        if each and len(told) == len(each):
            return replace(result, amount=sum(told, Decimal(0)), flows=rows)
        if told:
            missing = tuple(t.period for t in each if t.amount is None)
            return replace(result, reason="missing_years", missing=missing, flows=rows)
    return _instead(result, cell, here)


def _instead(result: Total, cell: Sequence[Flow], here: Sequence[Flow]) -> Total:
    """What there is instead of a total."""
    rivals = tuple(flow for flow in cell if flow.basis == "rival" and flow.amount is not None)
    if rivals:
        ends = [(flow.amount if flow.low is None else flow.low, flow.amount) for flow in rivals]
        low = min(low for low, _ in ends if low is not None)
        high = max(high for _, high in ends if high is not None)
        return replace(result, reason="rivals", flows=rivals, low=low, high=high)
    span = parse_period(result.period)
    near = [flow for flow in here if parse_period(flow.period).overlaps(span)]
    for basis, reason in (("cumulative", "only_cumulative"), ("part", "only_parts"), ("wider", "only_wider")):
        found = tuple(flow for flow in near if flow.basis == basis)
        if found:
            return replace(result, reason=reason, flows=found)
    return replace(result, reason="no_flows")


def existed(line: MoneyLine, period: str) -> bool:
    """Whether there was such a line in a part of the period."""
    return line.exists is None or parse_period(line.exists).overlaps(parse_period(period))


def years_in(period: str) -> tuple[str, ...]:
    """The years of a period of whole years; () for one that is shorter, crooked or open."""
    span = parse_period(period)
    first, last = span.first, span.last
    if (
        first is None
        or last is None
        or (first.month, first.day) != (1, 1)
        or (last.month, last.day) != (12, 31)
    ):
        return ()
    return tuple(str(year) for year in range(first.year, last.year + 1))


def years_told(money: Money, line: str, stage: str, currency: str = "") -> tuple[str, ...]:
    """The years of which there is any row that a sum may rest on, found or not, in their order."""
    unit = currency or money.lines[line].currency
    rows = (
        f for f in money.flows if (f.line, f.stage, f.currency) == (line, stage, unit) and f.basis in COUNTED
    )
    return tuple(sorted({flow.period for flow in rows if len(years_in(flow.period)) == 1}))


def weakest(verified: Iterable[str]) -> str:
    """How the least known of several things is known; "" of none."""
    return min(verified, key=_KNOWN.index, default="")


def unknown_line(name: str, known: Iterable[str]) -> CareoError:
    """The error about a line that does not exist, with a suggestion."""
    names = sorted(known)
    near = [other for other in names if name and name.lower() in other]
    guess = near[:1] or get_close_matches(name.lower(), names, n=1, cutoff=0.4)
    return CareoError(
        "money_unknown", expected=" | ".join(names[:12]) + (" | …" if len(names) > 12 else ""), found=repr(name[:60]),
        fix="did_you_mean" if guess else "money_list", guess=guess[0] if guess else "",
    )  # fmt: skip


# ── other currencies, other prices ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount in another currency (cents), with the rate that made it."""

    amount: Decimal
    currency: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Constant:
    """An amount at the prices of another year (cents), with the two yearly means that made it."""

    amount: Decimal
    given: PriceIndex
    wanted: PriceIndex


def convert(money: Money, amount: Decimal, currency: str, wanted: str, period: str) -> Converted | None:
    """An amount of a period in another currency, by the rate of exactly that period; None when there is none."""
    for rate in money.rates:
        if rate.period != period or {rate.quoted, rate.base} != {currency, wanted}:
            continue
        other = amount / rate.rate if currency == rate.quoted else amount * rate.rate
        return Converted(other.quantize(CENT, ROUND_HALF_EVEN), wanted, rate)
    return None


def constant_prices(money: Money, amount: Decimal, currency: str, period: str, year: int) -> Constant | None:
    """An amount of one year at the prices of another: amount × index(year) / index(its year).

    None for periods other than a year, for currencies without a price index, and for years that the index does not have.
    """
    by_year = {index.year: index for index in money.prices if index.currency == currency}
    years = years_in(period)
    given, wanted = by_year.get(int(years[0])) if len(years) == 1 else None, by_year.get(year)
    if given is None or wanted is None:
        return None
    return Constant((amount * wanted.index / given.index).quantize(CENT, ROUND_HALF_EVEN), given, wanted)


# ── shares ───────────────────────────────────────────────────────────────────────────────────────────────────────


def share(
    money: Money,
    definition: ShareDefinition,
    stage: str,
    period: str,
    changed: Mapping[str, Decimal] | None = None,
) -> ShareValue:
    """The share by one definition at one stage in one period; a range where reports differ, none where a line cannot be told.

    Lines that did not exist in the period count nothing. `changed`: amounts that replace the record's (a reallocation).
    """
    names = dict.fromkeys((*definition.share, *definition.of))
    totals = {line: total(money, line, stage, period) for line in names}
    there = {line: t for line, t in totals.items() if t.reason != "did_not_exist"}
    missing = tuple(t for t in there.values() if t.amount is None and t.low is None)
    nothing = ShareValue(definition.id, stage, period, None, None, missing)
    if missing or not any(line in there for line in definition.share):
        return nothing
    ends: dict[str, tuple[Decimal, Decimal]] = {}
    for line, t in there.items():
        amount = (changed or {}).get(line, t.amount)
        low, high = (amount, amount) if amount is not None else (t.low, t.high)
        ends[line] = (low or Decimal(0), high or Decimal(0))
    bounds: list[Decimal] = []
    for end in (0, 1):  # the share is lowest where its own lines are lowest and the others highest
        top = sum((ends[line][end] for line in definition.share if line in ends), Decimal(0))
        whole = sum(
            (
                ends[line][end if line in definition.share else 1 - end]
                for line in definition.of
                if line in ends
            ),
            Decimal(0),
        )
        if whole <= 0:
            return nothing
        bounds.append(top / whole)
    return replace(nothing, low=bounds[0], high=bounds[1], rests_on=tuple(there.values()))
