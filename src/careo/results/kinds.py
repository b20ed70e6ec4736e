"""Which kinds of indicator a figure can be held against, by its unit."""

from __future__ import annotations

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
    if quantity is None:
        return False
    if quantity.unit == "percentage_points":
        return indicator.kind == "share"
    if quantity.change and quantity.unit in ("share", "factor"):
        return True
    if quantity.unit == "factor":
        return True
    if quantity.unit == "share":
        return indicator.kind == "share"
    if quantity.unit == "rate_per_100k":
        return indicator.kind == "rate"
    if is_money(quantity.unit):
        return indicator.kind == "money" and (
            quantity.unit == "money" or indicator.unit.startswith(quantity.unit)
        )
    if quantity.unit == "interval_minutes":
        return indicator.kind == "flow"
    if quantity.unit in _THINGS or (indicator.unit in _THINGS and quantity.unit != "count"):
        return indicator.unit == quantity.unit or (quantity.unit == "graves" and indicator.unit == "bodies")
    return indicator.kind in ("flow", "stock")
