"""Money moved between lines: `Move`, what a line has afterwards, and the lines that hold the moved ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.record.money import CENT, Money, MoneyLine, unknown_line

_MOVE = re.compile(r"\s*([^\s>=]+)\s*>\s*([^\s>=]+)\s*=\s*([^\s%]+)\s*(%?)\s*")


@dataclass(frozen=True, slots=True)
class Move:
    """Money taken from one line and given to another: an amount [cents exactly] or a share in (0, 1] of the source line."""

    source: str
    target: str
    amount: Decimal | None = None
    share: Decimal | None = None


def read_move(text: str) -> Move:
    """A move as typed: `FROM>TO=5e9`, `FROM>TO=5000000000.25` or `FROM>TO=10%` (of what FROM has at that moment).

    Raises:
        CareoError: not of that form, no positive amount, parts of a cent, or more than 100%.
    """
    match = _MOVE.fullmatch(text)
    try:
        value = Decimal(match[3]) if match else None
    except InvalidOperation:
        value = None
    if match is None or value is None or not value.is_finite() or value <= 0 or value >= Decimal("1e18"):
        raise CareoError(
            "money_move", expected="FROM>TO=5e9 | FROM>TO=5000000000.25 | FROM>TO=10%", found=repr(text)
        )
    if match[4]:
        if value > 100:
            raise CareoError("money_move", expected="0% < … ≤ 100%", found=repr(text))
        return Move(match[1], match[2], share=value / 100)
    if value != value.quantize(CENT):
        raise CareoError("money_move", expected="5000000000.25", found=repr(text))
    return Move(match[1], match[2], amount=value.quantize(CENT))


def reallocate(amounts: Mapping[str, Decimal], moves: Iterable[Move]) -> dict[str, Decimal]:
    """The amounts after the moves, one after the other; their sum stays what it was, to the cent.

    Args:
        amounts: line → amount, of one stage, period and currency.
    Raises:
        CareoError: a line that is not there, money moved to where it is, or more than a line has.
    """
    result = dict(amounts)
    for move in moves:
        for line in (move.source, move.target):
            if line not in result:
                raise unknown_line(line, result)
        if move.source == move.target:
            raise CareoError("money_move_same", found=repr(move.source))
        left = result[move.source]
        taken = move.amount if move.amount is not None else left * (move.share or Decimal(0))
        taken = taken.quantize(CENT, ROUND_HALF_EVEN)
        if taken > left:
            raise CareoError("money_short", line=move.source, found=f"{taken:,}", expected=f"≤ {left:,}")
        result[move.source] = left - taken
        result[move.target] += taken
    return result


def holders(lines: Mapping[str, MoneyLine], line: str, period: str = "") -> tuple[str, ...]:
    """The lines that hold this line's money too in a period ("": ever), however far up.

    Of a year in which a line changed its branch, both are given.
    """
    found: dict[str, None] = {}
    waiting = [line]
    while waiting:
        for holder in _inside(lines, waiting.pop(), period):
            if holder not in found:
                found[holder] = None
                waiting.append(holder)
    return tuple(found)


def _inside(lines: Mapping[str, MoneyLine], line: str, period: str) -> list[str]:
    """The lines right above one."""
    if line not in lines:
        return []
    span = parse_period(period or "undated")
    return [holder for holder, years in lines[line].inside.items() if parse_period(years).overlaps(span)]


def carried(
    money: Money, before: Mapping[str, Decimal], after: Mapping[str, Decimal], period: str
) -> tuple[dict[str, Decimal], frozenset[str]]:
    """How a reallocation changes the lines that hold the moved ones: line → change; and the lines for which it cannot be told.

    A line that stood in two others within the period leaves both untold.
    """
    changes = {line: after[line] - before[line] for line in after if after[line] != before[line]}
    result, untold = dict(changes), set[str]()
    for line, change in changes.items():
        above = holders(money.lines, line, period)
        split = any(len(_inside(money.lines, name, period)) > 1 for name in (line, *above))
        for holder in above:
            if split:
                untold.add(holder)
            else:
                result[holder] = result.get(holder, Decimal(0)) + change
    return result, frozenset(untold)
