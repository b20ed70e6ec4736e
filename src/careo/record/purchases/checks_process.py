"""Rules that look at one process: terms, grounds, amounts near a ceiling, signatures, lists, edits in place, quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec

from careo.record.purchases.checks_population import covers_decision
from careo.record.purchases.contributions import (
    COMPETITIVE,
    DAY,
    called_off,
    decided_at,
    purchases_of,
    unsettled,
    void,
    year_of,
)
from careo.record.purchases.editions import Change
from careo.record.purchases.process import Process
from careo.record.purchases.rules import (
    CLEAR,
    NOT_MEANT,
    Fact,
    Hit,
    Missing,
    Outcome,
    Purchase,
    Rule,
    Waiting,
)  # fmt: skip
from careo.sources.releases import Release


def _hit(
    process: Process, severity: str, value: float | str, threshold: float | str, *facts: Fact, at: str = "", supplier: str = ""
) -> Hit:  # fmt: skip
    """A signal about a process, or about something in it (`at`)."""
    now = process.now
    subject = f"{process.id}/{at}" if at else process.id
    return Hit(subject, now.buyer or "", now.unit or "", supplier, severity, value, threshold, facts)


# ── W01 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def short_term(process: Process, rule: Rule, _clock: int) -> Outcome:
    """Calendar days from the call to the opening of bids. Settings: methods, strong_days, national_days, international_days."""
    now = process.now
    settings: Any = rule.settings
    if called_off(now):
        return NOT_MEANT
    if not now.method:
        return Missing(("method",))
    if now.method not in settings["methods"]:
        return NOT_MEANT
    published, opening = now.published, now.opening
    if type(published) is not int or type(opening) is not int:
        both = type(published) is not int and type(opening) is not int
        return Missing(
            ("published", "opening") if both else ("opening",) if type(published) is int else ("published",)
        )
    days = opening // DAY - published // DAY
    if days < 0:
        return Missing(("opening",))  # W13 tells that the dates are in the wrong order
    strong, national, abroad = (
        settings["strong_days"],
        settings["national_days"],
        settings["international_days"],
    )
    if days >= max(national, abroad):
        return CLEAR
    if now.scope:
        least = national if now.scope == "national" else abroad
        if days >= least:
            return CLEAR
    elif days >= min(national, abroad):
        return Missing(("scope",))
    else:
        least = min(national, abroad)
    facts = (Fact(process.id, "published", published), Fact(process.id, "opening", opening))
    if days < strong:
        return (_hit(process, "strong", days, strong, *facts),)
    return (_hit(process, rule.severity, days, least, *facts),)


# ── W02 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def without_ground(process: Process, rule: Rule, _clock: int) -> Outcome:
    """No legal ground of an exception, or a military one. Settings: military_grounds."""
    now = process.now
    if called_off(now):
        return NOT_MEANT
    if not now.method:
        return Missing(("method",))
    if COMPETITIVE.get(now.method) is not False:
        return NOT_MEANT
    ground = now.ground
    if ground is not None and type(ground) is not str:
        return Missing(("ground",))
    settings: Any = rule.settings
    listed = _listed(ground, settings["military_grounds"]) if ground and not ground.isspace() else None
    if listed == "":
        return CLEAR
    facts = (Fact(process.id, "method", now.method), Fact(process.id, "ground", ground))
    if listed is None:
        return (_hit(process, rule.severity, "", "", *facts),)
    return (_hit(process, "notice", ground or "", listed, *facts),)


@lru_cache(maxsize=4096)
def _listed(ground: str, listed: tuple[str, ...]) -> str:
    """Which of the listed grounds it is, or a paragraph of it; "" for none."""
    return next((each for each in listed if _begins(_plain(ground), _plain(each))), "")


def _plain(ground: str) -> str:
    """A ground without what publishers write differently: case, spaces, points."""
    return " ".join(ground.upper().replace(".", " ").replace(",", " ").split())


def _begins(ground: str, listed: str) -> bool:
    return ground == listed or ground.startswith(f"{listed} ")


# ── W04 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def ceiling_of(purchase: Purchase, settings: Mapping[str, Any]) -> int | None:
    """The ceiling for a direct award [cents] by law, category and year of the purchase; None where the country's file has none."""
    if purchase.day is None:
        return None
    by_year = settings["ceilings"].get(purchase.law, {}).get(purchase.category)
    whole = by_year.get(str(year_of(purchase.day))) if by_year else None
    return None if whole is None else round(whole * 100)


def unless_direct(now: Release) -> Outcome | None:
    """What rules on direct awards say of any other process: that it is not meant, or that its method is missing; None of a direct award."""
    if void(now):
        return NOT_MEANT
    if not now.method:
        return Missing(("method",))
    return None if now.method == "direct" else NOT_MEANT


def near_ceiling(process: Process, rule: Rule, _clock: int) -> Outcome:
    """A direct award just below the ceiling. Settings: ceilings [whole units], from_percent, currency."""
    other = unless_direct(process.now)
    if other is not None:
        return other
    settings: Any = rule.settings
    hits: list[Hit] = []
    lacking: dict[str, None] = {}
    judged = False
    seen: set[str] = set()
    for purchase in purchases_of(process, settings["currency"]):
        if purchase.contract in seen:
            continue
        seen.add(purchase.contract)
        ceiling = ceiling_of(purchase, settings)
        if purchase.amount is None or ceiling is None:
            names = {"amount": purchase.amount, "decided": purchase.day, "law": purchase.law or None,
                     "category": purchase.category or None}  # fmt: skip
            absent = [name for name, value in names.items() if value is None]
            lacking.update(dict.fromkeys(absent or ["ceiling"]))
            continue
        judged = True
        if purchase.amount <= ceiling and purchase.amount * 100 >= ceiling * settings["from_percent"]:
            supplier = purchase.supplier if purchase.shared == 1 else ""
            fact = Fact(process.id, f"contracts/{purchase.contract}/amount", purchase.amount)
            at = purchase.contract
            hits.append(
                _hit(process, rule.severity, purchase.amount, ceiling, fact, at=at, supplier=supplier)
            )
    if hits:
        return tuple(hits)
    if not judged:
        if not lacking and unsettled(process.now):
            return Missing(("awards/status",))
        return Missing(tuple(lacking) or ("contracts",))
    return CLEAR


# ── W07 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def hasty_decision(process: Process, rule: Rule, clock: int) -> Outcome:
    """Decided at once after the opening. Settings: methods, days."""
    outcome = covers_decision(process, rule, clock)
    if outcome is not CLEAR:
        return outcome
    now = process.now
    settings: Any = rule.settings
    decided = decided_at(now)
    if decided is None or type(now.opening) is not int:
        return outcome
    days = decided // DAY - now.opening // DAY
    if days < 0:
        return Missing(("decided",))  # W13 tells that the dates are in the wrong order
    if days > settings["days"]:
        return CLEAR
    facts = (Fact(process.id, "opening", now.opening), Fact(process.id, "decided", decided))
    return (_hit(process, rule.severity, days, settings["days"], *facts),)


# ── W08 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def unsigned(process: Process, rule: Rule, clock: int) -> Outcome:
    """No signed contract some days after the decision. Settings: legal_days, grace_days.

    The signal is about the process and rests on the contract or award that has waited longest, so that it stays the same
    however much later it is looked at.
    """
    now = process.now
    if void(now):
        return NOT_MEANT
    if not now.awards and not now.contracts:
        return NOT_MEANT if type(now.decided) is not int else Missing(("contracts",))
    settings: Any = rule.settings
    wait: int = settings["legal_days"] + settings["grace_days"]
    waiting: list[tuple[int, str]] = []
    undated = False
    for name, decided in _unsigned(now):
        if decided is None:
            undated = True
        else:
            waiting.append((decided, name))
    if not waiting:
        if undated:
            return Missing(("decided",))
        return Missing(("awards/status",)) if unsettled(now) and not now.contracts else CLEAR
    decided, name = min(waiting)
    due = (decided // DAY + wait + 1) * DAY
    if clock < due:
        return Waiting(due)
    fact = Fact(process.id, f"{name}/decided" if name.startswith("contracts") else f"{name}/date", decided)
    return (_hit(process, rule.severity, wait, wait, fact),)


def _unsigned(now: Release) -> list[tuple[str, int | None]]:
    """Contracts and awards in force that nobody is known to have signed, with the day they were decided."""
    general = decided_at(now)
    awards = {award.id: award for award in now.awards or () if award.status == "active"}
    found: list[tuple[str, int | None]] = []
    signed: set[str] = set()
    whole = False
    contracts = now.contracts or ()
    for contract in contracts:
        award = awards.get(contract.award) if contract.award else None
        if contract.status == "cancelled":
            continue
        if award is None:
            whole = True  # a contract that names no award may be of any of them
        else:
            signed.add(award.id)  # the contract speaks for it from here on
        if type(contract.signed) is int:
            continue
        day = contract.decided if type(contract.decided) is int else award.date if award else None
        found.append((f"contracts/{contract.id}", day if type(day) is int else general))
    if not whole:
        found += [
            (f"awards/{award.id}", award.date if type(award.date) is int else general)
            for award in awards.values()
            if award.id not in signed
        ]
    return found


# ── W09 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Listing:
    """A company on a list that a user supplied. since, until: civil days, both included; until None: still on it."""

    name: str
    since: int
    until: int | None


_NO_LIST = Missing(("supplier_list",))


def with_lists(rule: Rule, lists: Mapping[str, Sequence[Listing]]) -> Rule:
    """The rule with the lists of suppliers to compare with: id of the company → its listings."""
    return replace(rule, settings={**rule.settings, "listed": lists})


def listed_supplier(process: Process, rule: Rule, _clock: int) -> Outcome:
    """A company on a list at the time of the award. Settings: listed (`with_lists`), absent unless a user gives lists."""
    settings: Any = rule.settings
    listed: Mapping[str, Sequence[Listing]] | None = settings.get("listed")
    if void(process.now):
        return NOT_MEANT
    if listed is None:
        return _NO_LIST
    purchases = purchases_of(process, settings["currency"])
    if not purchases:
        return Missing(("awards/status",)) if unsettled(process.now) else NOT_MEANT
    hits: dict[str, Hit] = {}
    lacking: dict[str, None] = {}
    for purchase in purchases:
        if not purchase.supplier:
            lacking["suppliers"] = None
            continue
        of_supplier = () if purchase.supplier.startswith("P-") else listed.get(purchase.supplier, ())
        if of_supplier and purchase.day is None:
            lacking["decided"] = None
            continue
        for listing in of_supplier:
            day = purchase.day or 0
            if listing.since <= day and (listing.until is None or day <= listing.until):
                at = f"{purchase.contract}/{purchase.supplier}"
                fact = Fact(process.id, f"contracts/{purchase.contract}/suppliers", purchase.supplier)
                hits[at] = _hit(
                    process, rule.severity, listing.name, "", fact, at=at, supplier=purchase.supplier
                )
                break
    if hits:
        return tuple(hits.values())
    return Missing(tuple(lacking)) if lacking else CLEAR


# ── W10 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def edited_in_place(process: Process, rule: Rule, _clock: int) -> Outcome:
    """What a publisher changed without a new release. Settings: fields, strong_percent of an amount."""
    if not process.changes and not process.conflicts:
        return CLEAR
    settings: Any = rule.settings
    changed: dict[str, list[Change]] = {}
    for change in process.changes:
        if (
            change.filled or change.before == ""
        ):  # a ground that was there and empty is "", so that W02 can tell
            continue
        if change.kind == "edited":
            if change.field in settings["fields"]:
                at = f"{change.contract}/{change.field}" if change.contract else change.field
                changed.setdefault(at, []).append(change)
        else:
            changed.setdefault(f"{change.contract}/{change.kind}", []).append(change)
    hits = [
        _edited(process, rule, at, changes, settings["strong_percent"]) for at, changes in changed.items()
    ]
    for conflict in sorted(set(process.conflicts)):
        fact = Fact(process.id, "id", conflict)
        hits.append(_hit(process, rule.severity, conflict, "", fact, at=f"releases/{conflict}"))
    return tuple(hits) or CLEAR


def _edited(process: Process, rule: Rule, at: str, changes: Sequence[Change], strong: int) -> Hit:
    """All changes of one field are one signal; it tells the last and rests on all."""
    last = changes[-1]
    name = f"contracts/{last.contract}/{last.field}" if last.contract else last.field
    facts = tuple(
        Fact(process.id, name.rstrip("/"), (each.before, each.after), each.rows) for each in changes
    )
    mild = last.kind == "ambiguous" or last.field == "supplier_name"
    severity = "notice" if mild else rule.severity
    for each in changes:
        before, after = each.before, each.after
        if each.field != "amount" or type(before) is not int or type(after) is not int:
            continue
        if abs(after - before) * 100 >= abs(before) * strong:
            severity = "strong"
    value, threshold = (_shown(last.after), _shown(last.before)) if last.kind == "edited" else (last.kind, "")
    window = (changes[0].since, last.seen)
    of_contract = [contract for contract in process.contracts() if contract.id == last.contract]
    suppliers = (of_contract[0].suppliers if of_contract else None) or ()
    supplier = suppliers[0] if len(suppliers) == 1 else ""
    hit = _hit(process, severity, value, threshold, *facts, at=at, supplier=supplier)
    return msgspec.structs.replace(hit, window=window)


def _shown(value: object) -> int | str:
    if type(value) is int:
        return value
    if isinstance(value, (tuple, list)):
        return ", ".join(str(each) for each in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return "" if value is None else str(value)


# ── W13 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def quality(process: Process, rule: Rule, _clock: int) -> Outcome:
    """What cannot be right. Settings: most [whole units], currency."""
    now = process.now
    found: list[Hit] = []
    published, opening, decided = now.published, now.opening, now.decided
    if type(opening) is int:
        if type(published) is int and opening // DAY < published // DAY:
            found.append(_order(process, rule, "published", published, "opening", opening, ""))
        if type(decided) is int and decided // DAY < opening // DAY:
            found.append(_order(process, rule, "opening", opening, "decided", decided, ""))
    for contract in now.contracts or ():
        before = contract.decided
        if type(before) is int and type(contract.signed) is int and contract.signed // DAY < before // DAY:
            at = f"contracts/{contract.id}/"
            found.append(_order(process, rule, f"{at}decided", before, f"{at}signed", contract.signed, at))
    if now.contracts or now.awards or now.bids:
        found += _amounts(process, rule)
    for name in process.twice:
        fact = Fact(process.id, f"contracts/{name}", name)
        found.append(_hit(process, rule.severity, name, "", fact, at=f"contracts/{name}/twice"))
    return tuple(found) or CLEAR


def _order(process: Process, rule: Rule, early: str, first: int, late: str, second: int, at: str) -> Hit:
    facts = (Fact(process.id, early, first), Fact(process.id, late, second))
    days = second // DAY - first // DAY
    return _hit(process, rule.severity, days, 0, *facts, at=f"{at}{late.rpartition('/')[2]}/order")


def _amounts(process: Process, rule: Rule) -> list[Hit]:
    settings: Any = rule.settings
    now = process.now
    most: int = settings["most"] * 100
    main: str = settings["currency"]
    found: list[Hit] = []
    for kind, things in (("contracts", now.contracts), ("awards", now.awards), ("bids", now.bids)):
        for each in things or ():
            amount = each.amount
            if type(amount) is not int:
                continue
            name = f"{kind}/{each.id}/amount"
            if not each.currency:
                fact = Fact(process.id, name, amount)
                found.append(_hit(process, rule.severity, amount, "", fact, at=f"{kind}/{each.id}/currency"))
            if amount < 0 or (amount > most and each.currency == main):
                fact = Fact(process.id, name, amount)
                found.append(_hit(process, rule.severity, amount, most, fact, at=name))
    return found
