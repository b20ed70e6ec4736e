"""Numbers, units and places in words of a language, for the sentences of findings."""

from __future__ import annotations

import math

from careo.base.dates import Period
from careo.base.errors import DataError
from careo.base.texts import say, sayable
from careo.base.units import is_money, unit_long
from careo.panel import Country
from careo.record.statements import Quantity


def unit_name(quantity: Quantity) -> str:
    """The published unit of a claimed figure: "persons", "persons per year", "share", "USD"…"""
    return (
        f"{quantity.unit} per {quantity.every}"
        if quantity.every and not is_money(quantity.unit)
        else quantity.unit
    )


def amount(quantity: Quantity, language: str, hedge: str = "none") -> str:
    """A claimed quantity in words, with its hedge: "33,000", "at least 15%", "US$9.2 billion", "one every 15 minutes"."""
    words = _bare(quantity, language)
    return (
        words if hedge == "none" else say(language, f"findings.hedge.{hedge.replace(' ', '_')}", value=words)
    )


def _bare(quantity: Quantity, language: str) -> str:
    if quantity.low != quantity.high:
        return say(
            language,
            "findings.number.range",
            low=_plain(quantity.low, quantity.unit, language),
            high=_plain(quantity.high, quantity.unit, language),
        )
    words = _plain(quantity.value, quantity.unit, language)
    if quantity.change and quantity.unit != "factor":
        words = say(language, f"findings.number.{quantity.change}", value=words)
    return say(language, f"findings.number.per_{quantity.every}", value=words) if quantity.every else words


def _plain(value: float, unit: str, language: str) -> str:
    if unit == "share":
        return f"{number(round(value * 100, 2))}%"
    if unit == "rate_per_100k":
        return say(language, "findings.number.rate", value=number(value))
    if unit == "factor":
        return say(language, "findings.number.times", value=number(round(value, 2)))
    if unit == "interval_minutes":
        return say(language, "findings.number.interval", value=number(value))
    if unit == "percentage_points" or is_money(unit):
        return value_words(value, unit, language)
    return number(value)


def number(value: float) -> str:
    """A number with thousands separators and no more decimals than it needs (both languages, as Mexico writes them)."""
    if value != value or value in (float("inf"), float("-inf")):
        return "–"
    size = abs(value)
    decimals = 0 if value == int(value) or size >= 1000 else 1 if size >= 10 else 2 if size >= 0.1 else 4
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−", 1) if text.startswith("-") else text


def value_words(value: float, unit: str, language: str, change: str = "") -> str:
    """A value with its unit, as a reader would write it: "33,341 victims", "15%", "US$9.2 billion"."""
    sign = "+" if change == "up" and value > 0 else "−" if change == "down" and value > 0 else ""
    if unit == "share":
        return f"{sign}{number(round(value * 100, 4))}%"
    if unit in ("percentage_points", "percentage points"):
        return say(language, "words.points", value=sign + number(round(value * 100, 4)))
    currency, _, year = unit.partition(" of ")
    if is_money(currency):
        words = sign + _money(value, currency, language)
        return say(language, "units.prices", money=words, year=year) if year else words
    if unit.startswith("interval") or unit == "factor":
        return say(language, f"words.{unit}", value=number(value)) if unit in _WORDED else number(value)
    return f"{sign}{number(value)} {unit_word(unit, language)}".rstrip()


_WORDED = ("factor", "interval_minutes")


def _money(value: float, unit: str, language: str) -> str:
    currency = "" if unit == "money" else unit
    size = abs(value)
    scale, divisor = next(((n, d) for n, d in _SCALES[language] if size >= d), ("", 1.0))
    amount = number(round(value / divisor, 1 if value / divisor < 1000 else 0))
    words = say(language, f"words.scale.{scale}", value=amount) if scale else amount
    known = f"words.currency.{currency}"
    if sayable(language, known):
        return say(language, known, value=words)
    return f"{currency} {words}".strip()


# Spanish counts thousands of millions where English says billion: "9,200 millones".
_SCALES = {"en": (("billion", 1e9), ("million", 1e6)), "es": (("million", 1e6),)}


def unit_word(name: str, language: str) -> str:
    """A published unit name in the reader's language."""
    try:
        return unit_long(name, language)
    except (DataError, KeyError):  # a country's own unit ("boats") is its own word
        return name.replace("_", " ")


def period_words(period: Period | str | None, language: str) -> str:
    """A period for a reader: "2018", "May 2018", "2006 to 2012", "since 2006"."""
    iso = "undated" if period is None else str(period)
    if iso in ("", "undated"):
        return say(language, "words.period.undated")
    if "/" not in iso:
        return _point(iso, language)
    first, _, last = iso.partition("/")
    if first == "..":
        return say(language, "words.period.until", last=_point(last, language))
    if last == "..":
        return say(language, "words.period.since", first=_point(first, language))
    return say(language, "words.period.between", first=_point(first, language), last=_point(last, language))


def _point(iso: str, language: str) -> str:
    parts = iso.split("-")
    if len(parts) == 1 or not all(part.isdigit() for part in parts) or not 1 <= int(parts[1]) <= 12:
        return iso
    month = say(language, "words.months").split()[int(parts[1]) - 1]
    if len(parts) == 2:
        return say(language, "words.period.month", month=month, year=parts[0])
    return say(language, "words.period.day", day=int(parts[2]), month=month, year=parts[0])


def place_name(country: Country, code: str, language: str) -> str:
    """A place as a reader calls it; its code when it has no name here."""
    place = country.places.by_code.get(code)
    if place:
        return country.names.get(language, (place.name,))[0] if code == country.code else place.name
    return next((names[0] for c, _, names, _ in country.places.foreign if c == code and names), code)


def signed(value: float, decimals: int = 0) -> str:
    """A difference with its sign; none where it is rounded to zero."""
    text = f"{value:+,.{decimals}f}"
    return text[1:] if not any(digit in text for digit in "123456789") else text.replace("-", "−")


def chance_words(probability: float, language: str) -> str:
    """ "92 of 100", never certain: a simulation has finitely many draws."""
    hundredths = round(100 * probability)
    key = "least" if hundredths < 1 else "most" if hundredths > 99 else "of"
    return say(language, f"simulate.chance.{key}", count=hundredths)


def duration_words(seconds: float, language: str) -> str:
    """A length of time, rounded up."""
    if seconds < 1:
        return say(language, "simulate.under_a_second")
    key, size = ("seconds", 1) if seconds < 120 else ("minutes", 60) if seconds < 7200 else ("hours", 3600)
    return say(language, f"simulate.{key}", count=math.ceil(seconds / size))
