"""Numbers, units and places in words of a language, for the sentences of findings."""

from __future__ import annotations

from careo.base.texts import say
from careo.base.units import unit_long
from careo.panel import Panel
from careo.record.statements import Quantity
from careo.results.kinds import is_money


def unit_name(quantity: Quantity) -> str:
    """The published unit of a claimed figure: "persons", "persons per year", "share", "USD"…"""
    return (
        f"{quantity.unit} per {quantity.every}"
        if quantity.every and not is_money(quantity.unit)
        else quantity.unit
    )


def amount(quantity: Quantity, language: str, hedge: str = "none") -> str:
    """A claimed quantity in words, with its hedge: "33,000", "at least 15%", "USD 9,200 million", "one every 15 minutes"."""
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


def value_words(value: float, unit: str, language: str) -> str:
    """An official value in words, with its unit."""
    if unit == "share":
        return f"{value * 100:.1f}%"
    currency, _, year = unit.partition(" of ")
    if is_money(currency):
        words = _plain(value, currency, language)
        return say(language, "units.prices", money=words, year=year) if year else words
    digits = 0 if float(value).is_integer() or value >= 1000 else 1
    return f"{value:,.{digits}f} {unit_long(unit, language)}".strip()


def _plain(value: float, unit: str, language: str) -> str:
    if unit == "share":
        return f"{value * 100:.4g}%"
    if unit == "percentage_points":
        return say(language, "findings.number.points", value=f"{value * 100:.4g}")
    if unit == "rate_per_100k":
        return say(language, "findings.number.rate", value=f"{value:,.4g}")
    if unit == "factor":
        return say(language, "findings.number.times", value=f"{value:.3g}")
    if unit == "interval_minutes":
        return say(language, "findings.number.interval", value=f"{value:.4g}")
    if is_money(unit):
        return say(
            language,
            "findings.number.money",
            unit="" if unit == "money" else unit,
            value=f"{value / 1e6:,.6g}" if value < 1e9 else f"{value / 1e6:,.0f}",
        ).strip()
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def place_name(panel: Panel, code: str, language: str) -> str:
    """A place as a reader calls it; its code when it has no name here."""
    place = panel.places.by_code.get(code)
    if place:
        return panel.names.get(language, (place.name,))[0] if code == panel.code else place.name
    return next((names[0] for c, _, names, _ in panel.places.foreign if c == code and names), code)
