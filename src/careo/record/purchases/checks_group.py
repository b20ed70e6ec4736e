"""Rules about purchases that belong together: several small ones beside a ceiling, one supplier's share of a buying unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from careo.record.purchases.checks_process import ceiling_of, unless_direct
from careo.record.purchases.contributions import UNIT_SUPPLIER_YEAR, UNIT_YEAR, purchases_of, void
from careo.record.purchases.process import Process
from careo.record.purchases.rules import (
    CLEAR,
    NOT_MEANT,
    Fact,
    GroupCheck,
    Hit,
    Missing,
    Outcome,
    ProcessCheck,
    Purchase,
    Rule,
)  # fmt: skip
from careo.sources.civil import DAY


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A check of purchases that share a key.

    key: of a purchase; None for one that is in no group. check: see `GroupCheck`; the order of purchases does not matter to it.
    covers: what the rule can say of one process.
    """

    key: Callable[[Purchase], str | None]
    check: GroupCheck
    covers: ProcessCheck
    kind: Literal["group"] = "group"


@dataclass(frozen=True, slots=True)
class ShareRule:
    """A check of what parts have in a whole, both being sums.

    whole, part: kinds of tallies; the key of a part is that of its whole, "|" and a name. check: of the whole's key and numbers,
    and of its parts as (key, numbers), in any order. Parts below `least_percent` of the whole's last number may be left out.
    covers: what the rule can say of one process.
    """

    whole: str
    part: str
    check: Callable[[str, Sequence[int], Iterable[tuple[str, Sequence[int]]], Rule], tuple[Hit, ...]]
    covers: ProcessCheck
    kind: Literal["share"] = "share"


# ── W03 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def split_key(purchase: Purchase) -> str | None:
    """Direct awards to one supplier alone by one unit for one item."""
    if not purchase.direct or purchase.shared != 1:
        return None
    if (
        purchase.amount is None
        or purchase.day is None
        or not (purchase.unit and purchase.supplier and purchase.part)
    ):
        return None
    return f"{purchase.unit}|{purchase.supplier}|{purchase.part}"


def split(purchases: Sequence[Purchase], rule: Rule) -> tuple[Hit, ...]:
    """Direct awards each within its ceiling that together exceed it within a rolling window: the earliest such window.

    The ceiling that the sum is held against is the highest among those of the window. Days count whole, so that nothing depends on
    the order within a day. Settings: ceilings, window_days.
    """
    if len(purchases) < 2:
        return ()
    settings: Any = rule.settings
    length: int = settings["window_days"]
    rows: list[tuple[int, str, str, int, int]] = []
    for each in purchases:
        ceiling = ceiling_of(each, settings)
        if ceiling is None or each.amount is None or each.day is None or not 0 < each.amount <= ceiling:
            continue
        rows.append((each.day, each.process, each.contract, each.amount, ceiling))
    rows.sort()
    start = total = 0
    for place, row in enumerate(rows):
        total += row[3]
        while rows[start][0] <= row[0] - length:
            total -= rows[start][3]
            start += 1
        if place + 1 < len(rows) and rows[place + 1][0] == row[0]:
            continue
        window = rows[start : place + 1]
        most = max(each[4] for each in window)
        if total > most:
            return (_split_hit(purchases[0], rule, window, total, most),)
    return ()


def _split_hit(
    one: Purchase, rule: Rule, window: Sequence[tuple[int, str, str, int, int]], total: int, most: int
) -> Hit:
    facts = tuple(Fact(process, f"contracts/{name}/amount", amount) for _, process, name, amount, _ in window)
    days = (window[0][0] * DAY, (window[-1][0] + 1) * DAY - 1)
    subject = f"{one.unit}|{one.supplier}|{one.part}"
    return Hit(subject, one.buyer, one.unit, one.supplier, rule.severity, total, most, facts, days)


def covers_split(process: Process, rule: Rule, _clock: int) -> Outcome:
    """Whether a process can take part in W03."""
    other = unless_direct(process.now)
    if other is not None:
        return other
    settings: Any = rule.settings
    purchases = purchases_of(process, settings["currency"])
    if not purchases:
        return Missing(("contracts",))
    lacking: dict[str, None] = {}
    for each in purchases:
        if split_key(each) and ceiling_of(each, settings) is not None:
            return CLEAR
        said = {"amount": each.amount is not None, "decided": each.day is not None, "unit": each.unit,
                "suppliers": each.supplier, "parts": each.part, "law": each.law, "category": each.category}  # fmt: skip
        lacking.update(dict.fromkeys(name for name, there in said.items() if not there))
    return Missing(tuple(lacking)) if lacking else NOT_MEANT


# ── W06 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def supplier_share(
    key: str, whole: Sequence[int], parts: Iterable[tuple[str, Sequence[int]]], rule: Rule
) -> tuple[Hit, ...]:
    """Suppliers with a large part of what a unit spent in a year. Settings: least_purchases, least_percent, strong_percent."""
    settings: Any = rule.settings
    count, total = whole[2], whole[3]
    if count < settings["least_purchases"] or total <= 0:
        return ()
    buyer, unit, year = key.rsplit("|", 2)
    hits: list[Hit] = []
    for name, (number, amount) in sorted(parts):
        if amount * 100 < total * settings["least_percent"]:
            continue
        strong = amount * 100 >= total * settings["strong_percent"]
        supplier = name[len(key) + 1 :]
        percent = settings["strong_percent"] if strong else settings["least_percent"]
        facts = (
            Fact("", "amount_of_supplier", amount), Fact("", "amount_of_unit", total),
            Fact("", "purchases_of_supplier", number), Fact("", "purchases", count), Fact("", "year", year),
        )  # fmt: skip
        severity = "strong" if strong else rule.severity
        hits.append(Hit(name, buyer, unit, supplier, severity, amount / total, percent / 100, facts))
    return tuple(hits)


def covers_share(process: Process, rule: Rule, _clock: int) -> Outcome:
    """Whether a process counts in W06."""
    now = process.now
    settings: Any = rule.settings
    if void(now):
        return NOT_MEANT
    purchases = purchases_of(process, settings["currency"])
    if not purchases:
        return Missing(("contracts",))
    for each in purchases:
        if each.amount is not None and each.day is not None and each.unit and each.supplier:
            return CLEAR
    one = purchases[0]
    said = {
        "amount": one.amount is not None,
        "decided": one.day is not None,
        "unit": one.unit,
        "suppliers": one.supplier,
    }
    return Missing(tuple(name for name, there in said.items() if not there))


SHARE = (UNIT_YEAR, UNIT_SUPPLIER_YEAR)
