"""When a claimed figure agrees with an official value: precision as written, and the hedge.

A writer rounds or cuts. A figure written with one or two significant digits may lie half a unit of its last digit
(or 2 %, whichever is larger) above the record, or a whole unit (or 2 %) below it, since writers also cut, but never more than 5 %;
with three digits 1 % takes the place of 2 %; with four or more it may be off by 0.5 %
(assumption: the press rounds to two or three digits; the tolerance is on the claim, never fitted to a check).
"About" doubles that, to at least 5 %. "More than" wants a value not below the claim, and one that the claim does not hide:
at most half as much again. "At most" is its mirror image. A rate may be off by 2.5 %, because
bases of population differ by about 2 %. A share may be off by half a unit of its last digit, at least half a point.
"""

from __future__ import annotations

from careo.record.statements import Quantity

_LOOSE, _TIGHT = 1.5, 1.05


def agrees(quantity: Quantity, hedge: str, official: float, *, named: bool = True) -> bool:
    """Whether an official value (same unit) agrees with a claimed quantity under its hedge.

    A floor or ceiling is held tighter against a definition that the words do not name: it must be near, not merely above.
    """
    low, high = bounds(quantity, hedge, _LOOSE if named else _TIGHT)
    return low <= official <= high


def bounds(quantity: Quantity, hedge: str, loose: float = 1.5) -> tuple[float, float]:
    """The official values that a claim agrees with, [low, high], in the unit of the claim."""
    below, above = _slack(quantity)
    if hedge in ("about", "possible"):
        wide = 0.05 * abs(quantity.value) if quantity.unit not in ("share", "percentage_points") else 0.02
        below, above = max(2 * below, wide), max(2 * above, wide)
    low, high = quantity.low - below, quantity.high + above
    if hedge == "at least":
        return quantity.low - below * 0.5, max(high, quantity.high * loose)
    if hedge == "at most":
        return min(low, quantity.low / loose), quantity.high + above * 0.5
    return low, high


def _slack(quantity: Quantity) -> tuple[float, float]:
    value, step = abs(quantity.value), quantity.step or 0.0
    if quantity.unit == "rate_per_100k":
        slack = max(0.5 * step, 0.025 * value)
        return slack, slack
    if quantity.unit in ("share", "percentage_points"):
        half = max(0.5 * step, 0.005)
        return half, half
    if quantity.digits >= 4:
        return 0.005 * value, 0.005 * value
    if quantity.digits == 3:
        return max(0.5 * step, 0.01 * value), max(step, 0.01 * value)
    cap = 0.05 * value
    return min(cap, max(0.5 * step, 0.02 * value)), min(cap, max(step, 0.02 * value))


def change_agrees(claimed: float, step: float, official: float, hedge: str) -> bool:
    """Whether an official relative change agrees with a claimed one (both as shares, signed): one unit of the last digit, at least a point."""
    slack = max(step, 0.01 if step >= 0.01 else 0.005)
    if hedge in ("about", "possible"):
        slack = max(2 * slack, 0.1 * abs(claimed))
    if claimed * official < 0:
        return abs(claimed - official) <= 0.5 * slack
    if hedge == "at least":
        return abs(claimed) - slack <= abs(official) <= abs(claimed) * 2
    if hedge == "at most":
        return abs(claimed) / 2 <= abs(official) <= abs(claimed) + slack
    return abs(claimed - official) <= slack
