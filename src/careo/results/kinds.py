"""Which kinds of indicator a figure can be held against, by its unit."""

from __future__ import annotations

from functools import lru_cache

from careo.base.units import is_money
from careo.panel.indicators import Indicator
from careo.record.statements import Statement

# A count of things is answered only by a series of the same things; persons, events and files may be taken for one another.
_THINGS = frozenset(
    (
        "graves",
        "places",
        "facilities",
        "weapons",
        "vehicles",
        "tonnes",
        "kilograms",
        "hectares",
        "purchases",
        "groups",
    )
)


def kind_fits(indicator: Indicator, statement: Statement) -> bool:
    """Whether an indicator is of the kind a figure is: money in its currency, shares, rates, counts."""
    quantity = statement.quantity
    return quantity is not None and _fits(
        indicator.kind, indicator.unit, quantity.unit, bool(quantity.change)
    )


@lru_cache(maxsize=1024)
def _fits(kind: str, counted: str, unit: str, change: bool) -> bool:
    """Whether an indicator of a kind, counted in one unit, can answer a figure in another."""
    if unit == "percentage_points":
        return kind == "share"
    if unit == "factor" or (change and unit == "share"):
        return True
    if unit == "share":
        return kind == "share"
    if unit == "rate_per_100k":
        return kind == "rate"
    if is_money(unit):
        return kind == "money" and (unit == "money" or counted.startswith(unit))
    if unit == "interval_minutes":
        return kind == "flow"
    if unit in _THINGS or (counted in _THINGS and unit != "count"):
        return counted == unit or (unit == "graves" and counted == "bodies")
    return kind in ("flow", "stock")
