"""The units values are counted in: their kind, their bounds, and the few conversions that lose nothing.

A unit is a published name ("deaths", "share", "per 100,000 per year", "MXN of 2023"). Counts of different things are never
converted into each other, nor are currencies, nor money of one year into money of another. A new thing to count needs no code: it is
registered by its words in `data/texts/{en,es}/units.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import inf

from careo.base.errors import DataError
from careo.base.texts import say, sayable, sentences

_SPELLINGS = {
    "rate_per_100k": "per 100,000",
    "per_100k": "per 100,000",
    "per 100,000 inhabitants": "per 100,000",
    "per_100k_year": "per 100,000 per year",
    "percentage points": "percentage_points",
    "case_files": "case files",
}
_MONEY = re.compile(r"([A-Z]{3})(?:(?: of |_)((?:19|20)[0-9]{2}))?")
_PER_YEAR = re.compile(r"(.+) per (year|month|week|day)")


@dataclass(frozen=True, slots=True)
class Unit:
    """What a value is counted in.

    Attributes:
        name: the published name. kind: "count", "share", "points", "rate", "money", "factor" or "interval".
        low, high: values outside cannot be.
        currency: ISO 4217 code for money, "" when not said. prices: year of constant prices, 0 for current ones.
        every: "year", "month", "week" or "day" for a rhythm ("persons per year"), else "".
    """

    name: str
    kind: str
    low: float = 0.0
    high: float = inf
    currency: str = ""
    prices: int = 0
    every: str = ""


_MEASURES = {
    "share": Unit("share", "share", 0.0, 1.0),
    "percentage_points": Unit("percentage_points", "points", -1.0, 1.0),
    "per 100,000": Unit("per 100,000", "rate", 0.0, 100_000.0),
    "per 100,000 per year": Unit("per 100,000 per year", "rate", 0.0, inf, every="year"),
    "factor": Unit("factor", "factor"),
    "interval_minutes": Unit("interval_minutes", "interval"),
    "money": Unit("money", "money", -inf),
}


@cache
def _registry() -> Mapping[str, Unit]:
    """The measures above, and the things counted: every other unit that `texts/en/units.yaml` has words for."""
    keys = (key.removeprefix("units.") for key in sentences("en", "units"))
    things = (key.replace("_", " ") for key in keys if "." not in key and key != "prices")
    measures = {_key(name) for name in _MEASURES}
    return {name: Unit(name, "count") for name in things if _key(name) not in measures} | _MEASURES


def unit(name: str) -> Unit:
    """The unit of that name: a registered one, a currency ("MXN", "MXN of 2023") or a count with a rhythm ("persons per year").

    Raises:
        DataError: there is no such unit.
    """
    name = _SPELLINGS.get(name, name)
    registry = _registry()
    known = registry.get(name)
    if known is not None:
        return known
    money = _MONEY.fullmatch(name)
    if money:
        return Unit(name, "money", -inf, currency=money[1], prices=int(money[2] or 0))
    rhythm = _PER_YEAR.fullmatch(name)
    if rhythm and rhythm[1] in registry and registry[rhythm[1]].kind == "count":
        return Unit(name, "count", every=rhythm[2])
    raise DataError("unit_unknown", expected=", ".join(registry), found=repr(name), fix="unit")


def unit_long(name: str, language: str) -> str:
    """The unit in words of `language`, as it stands behind a value ("case files" → "carpetas de investigación").

    Raises:
        DataError: there is no such unit.
    """
    known = unit(name)
    if known.kind == "money" and known.currency:
        currency = f"units.currency.{known.currency}"
        words = say(language, currency) if sayable(language, currency) else known.currency
        return say(language, "units.prices", money=words, year=known.prices) if known.prices else words
    if known.kind == "count" and known.every:
        thing = say(language, f"units.{_key(known.name.partition(' per ')[0])}")
        return say(language, f"units.every.{known.every}", thing=thing)
    return say(language, f"units.{_key(known.name)}")


def is_money(name: str) -> bool:
    """Whether a unit is money of the day: an ISO currency code, or "money" where none is said."""
    return name == "money" or (len(name) == 3 and name.isalpha() and name.isupper())


def possible(value: float, name: str) -> bool:
    """Whether a value can be at all in that unit (a share outside [0, 1] cannot)."""
    known = unit(name)
    return value == value and known.low <= value <= known.high and value not in (inf, -inf)


def convert(value: float, given: str, wanted: str) -> float:
    """A value in another unit of the same meaning: per month ↔ per year for rhythms, "percent" ↔ share.

    Raises:
        DataError: unknown unit, or no conversion without a further assumption (currencies, prices, different things).
    """
    if given == "percent":
        return convert(value / 100, "share", wanted)
    if wanted == "percent":
        return 100 * convert(value, given, "share")
    a, b = unit(given), unit(wanted)
    if a == b:
        return value
    if (
        a.kind == b.kind == "count"
        and a.every
        and b.every
        and a.name.partition(" per ")[0] == b.name.partition(" per ")[0]
    ):
        return value * A_YEAR[a.every] / A_YEAR[b.every]
    raise DataError("unit_convert", given=given, wanted=wanted)


A_YEAR = {"year": 1.0, "month": 12.0, "week": 365.25 / 7, "day": 365.25}


def _key(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")
