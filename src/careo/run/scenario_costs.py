"""What a measure costs by month, in one currency at the prices of one year; months that cannot be costed are NaN, never 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from careo.base.fields import first_day, worded
from careo.base.texts import LANGUAGES, say
from careo.evidence.levers import Lever
from careo.record.money import Money, constant_prices, convert, money_of, total
from careo.record.strategy import Measure, Strategy

Note = Mapping[str, str]
"""One sentence by language."""
_BEYOND = 2  # years after the end of the price index whose prices are taken as those of its last year


@dataclass(frozen=True, slots=True, eq=False)
class MeasureCost:
    """The cost of one measure, its own and not net of what was in force before.

    Attributes:
        measure, lever: ids. low, value, high: [currency of the scenario/month; month]; NaN: not costed.
        basis: "line" (money on record), "amount" (of the file), "lever" (cost of a full dose × dose), "mixed", "none".
        notes: what was assumed, and why months are not costed.
    """

    measure: str
    lever: str
    low: np.ndarray
    value: np.ndarray
    high: np.ndarray
    basis: str
    notes: tuple[Note, ...] = ()

    @property
    def costed(self) -> bool:
        """Whether every month is costed."""
        return bool(np.isfinite(self.value).all())


@dataclass(frozen=True, slots=True)
class Prices:
    """A country's money, and the currency and year that costs are told in."""

    money: Money
    currency: str
    year: int


def note(key: str, **words: object) -> Note:
    """A sentence of texts/{en,es}/scenario.yaml in every language; words that are themselves by language are chosen by it."""
    return {
        language: say(
            language,
            f"scenario.{key}",
            **{n: worded(w, language) if isinstance(w, Mapping) else w for n, w in words.items()},  # pyright: ignore[reportUnknownArgumentType]
        )
        for language in LANGUAGES
    }


def measure_names(*measures: Measure) -> Note:
    """Measures as a note tells them: what they are, and the ids by which their file and `--where` know them."""
    return {
        language: ", ".join(f"{worded(one.name, language)} ({one.id})" for one in measures)
        for language in LANGUAGES
    }


def prices_of(strategy: Strategy, country: str, year: int | None) -> Prices | None:
    """The country's money with the file's own amounts; None for a country without a price index.

    Args:
        year: whose prices; None: the last of the index.
    """
    money = money_of(strategy, country)
    currencies = sorted({index.currency for index in money.prices})
    if len(currencies) != 1:
        return None
    return Prices(money, currencies[0], year or max(index.year for index in money.prices))


@dataclass(frozen=True, slots=True, eq=False)
class Costed:
    """What the cost of a measure follows from.

    Attributes:
        origin: month 0 in the strategy's own calendar [months since year 0].
        begin, end: months after `origin` in which it is in force, whatever the horizon; end None: open.
        active: [bool; month]. low, value, high: doses without direction [dose units; month].
        people: the share of the country's inhabitants it reaches, NaN when not known. places: how many places' worth.
    """

    measure: Measure
    lever: Lever
    origin: int
    begin: int
    end: int | None
    active: np.ndarray
    low: np.ndarray
    value: np.ndarray
    high: np.ndarray
    people: float
    places: float


def cost_of(item: Costed, prices: Prices | None) -> MeasureCost:
    """The cost of a measure: money on record or an amount of its file where there is one, else its lever's cost × dose.

    A year's money on record is spread evenly over the months of that year in which the measure was in force.
    """
    low, value, high = (np.where(item.active, np.nan, 0.0) for _ in range(3))
    used: list[str] = []
    notes: list[Note] = []
    if prices is None:
        notes.append(note("no_prices"))
    for basis, find in (("own", _own), ("lever", _by_lever)):
        missing = item.active & np.isnan(value)
        if prices is None or not missing.any():
            continue
        found = find(item, prices, notes)
        if found is None:
            continue
        told = missing & np.isfinite(found[1])
        if told.any():
            used.append(
                ("line" if item.measure.cost and item.measure.cost.money else "amount")
                if basis == "own"
                else basis
            )
        for array, part in zip((low, value, high), found, strict=True):
            array[told] = part[told]
    unknown = int((item.active & np.isnan(value)).sum())
    if len(used) == 2:
        notes.append(note("mixed_cost", measure=measure_names(item.measure)))
    if unknown:
        notes.append(note("not_costed", measure=measure_names(item.measure), months=unknown))
    basis = "none" if not used else used[0] if len(used) == 1 else "mixed"
    for array in (low, value, high):
        array.setflags(write=False)
    return MeasureCost(item.measure.id, item.lever.id, low, value, high, basis, tuple(unique(notes)))


def unique(notes: Iterable[Note]) -> Iterator[Note]:
    """The notes without repetitions, in order."""
    seen: set[str] = set()
    for each in notes:
        if each["en"] not in seen:
            seen.add(each["en"])
            yield each


_Bounds = tuple[np.ndarray, np.ndarray, np.ndarray]


def _own(item: Costed, prices: Prices, notes: list[Note]) -> _Bounds | None:
    """The measure's own cost: a line of money by year, or an amount a year."""
    cost = item.measure.cost
    if cost is None:
        return None
    months = len(item.active)
    if cost.value is not None:
        year = (item.origin + max(item.begin, 0)) // 12
        if item.measure.start:
            year = first_day(item.measure.start).year
        notes.append(note("amount_yearly", measure=measure_names(item.measure), year=year))
        ends = tuple(cost.value if end is None else end for end in (cost.low, cost.value, cost.high))
        told = [at_prices(prices, end, str(cost.currency), year, notes) for end in ends]
        if None in told:
            return None
        low, value, high = (np.full(months, (each or 0.0) / 12) for each in told)
        return low, value, high
    if cost.money not in prices.money.lines:
        notes.append(note("no_line", measure=measure_names(item.measure), line=cost.money))
        return None
    result = (np.full(months, np.nan), np.full(months, np.nan), np.full(months, np.nan))
    own = np.arange(months) + item.origin
    stop = None if item.end is None else item.origin + item.end
    for year in np.unique(own[item.active] // 12).tolist():
        found = total(prices.money, cost.money, cost.stage or "spent", str(year))
        until = year * 12 + 12 if stop is None else min(stop, year * 12 + 12)
        spread = until - max(item.origin + item.begin, year * 12)
        ends = (found.amount,) * 3
        if (
            found.low is not None and found.high is not None
        ):  # rival reports: between them, nothing in the middle is known
            ends = (found.low, (found.low + found.high) / 2, found.high)
        if ends[1] is None or spread <= 0:
            continue
        for array, end in zip(result, ends, strict=True):
            amount = at_prices(prices, end or Decimal(0), found.currency, year, notes)
            array[own // 12 == year] = np.nan if amount is None else amount / spread
    return result


def _by_lever(item: Costed, prices: Prices, notes: list[Note]) -> _Bounds | None:
    """The lever's cost of a full dose in the whole country × dose × the share of its people, or × events and places."""
    cost = item.lever.cost
    if cost is None:
        notes.append(note("lever_without_cost", lever=item.lever.name))
        return None
    if item.measure.direction == -1:
        notes.append(note("no_saving", measure=measure_names(item.measure)))
        return None
    scale = item.places if cost.per == "event" else item.people / 12
    if not np.isfinite(scale):
        notes.append(note("no_people", measure=measure_names(item.measure)))
        return None
    told = [
        at_prices(prices, Decimal(str(end)), cost.currency, cost.price_year, notes)
        for end in (cost.low, cost.value, cost.high)
    ]
    if None in told:
        return None
    doses = (item.low, item.value, item.high)
    low, value, high = ((each or 0.0) * scale * dose for each, dose in zip(told, doses, strict=True))
    return low, value, high


def at_prices(prices: Prices, amount: Decimal, currency: str, year: int, notes: list[Note]) -> float | None:
    """An amount of a year in the wanted currency and prices; None, with a note, when rate or index is missing."""
    if currency != prices.currency:
        converted = convert(prices.money, amount, currency, prices.currency, str(year))
        if converted is None:
            notes.append(note("no_rate", currency=currency, wanted=prices.currency, year=year))
            return None
        amount = converted.amount
    last = max(index.year for index in prices.money.prices)
    given = year
    if last < year <= last + _BEYOND:
        given = last
        notes.append(note("prices_beyond", year=year, last=last))
    constant = constant_prices(prices.money, amount, prices.currency, str(given), prices.year)
    if constant is None:
        notes.append(note("no_index", year=year))
        return None
    return float(constant.amount)
