"""What a process contributes to what is judged beyond it: purchases for groups, tallies for sums, measures for populations.

Pure functions of a process: what it contributed before can be taken away again, so sums never depend on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache, wraps
from typing import Any, TypeVar

from careo.record.purchases.process import Process
from careo.record.purchases.rules import Fact, Measure, Purchase, Tally
from careo.sources.civil import DAY
from careo.sources.releases import Award, Bid, Contract, Release

VOID = frozenset({"cancelled", "withdrawn", "unsuccessful"})
"""Statuses of a process that came to nothing."""

CALLED_OFF = frozenset({"cancelled", "withdrawn"})
"""Statuses of a process that its buyer ended."""

COMPETITIVE = {"open": True, "selective": True, "invited": False, "direct": False}
NOT_SUBMITTED = frozenset({"invited", "withdrawn"})
FINAL_AWARDS = frozenset({"active", "cancelled", "unsuccessful"})
_AWARD_STATUSES = FINAL_AWARDS | {"pending"}


# ── what is read of a process in several places ──────────────────────────────────────────────────────────────────


_Answer = TypeVar("_Answer")


def _once(question: Callable[[Release], _Answer]) -> Callable[[Release], _Answer]:
    """The question with its last answer kept: rules ask the same of a release one after the other."""
    last: tuple[Release | None, Any] = (None, None)

    @wraps(question)
    def asked(now: Release) -> _Answer:
        nonlocal last
        of, answer = last
        if of is not now:
            answer = question(now)
            last = (now, answer)
        return answer

    return asked


def void(now: Release) -> bool:
    """Whether it is a draft, or came to nothing: no rule on decisions, prices or suppliers speaks of it."""
    return now.draft is True or now.status in VOID


def called_off(now: Release) -> bool:
    """Whether it is a draft, or was called off; a call that nobody answered was still a call."""
    return now.draft is True or now.status in CALLED_OFF


@lru_cache(maxsize=4096)
def year_of(day: int) -> int:
    """The year of a civil day (`time // 86400`)."""
    return (_EPOCH + timedelta(days=day)).year if -_FAR < day < _FAR else 0


@_once
def decided_at(now: Release) -> int | None:
    """The award decision: of the process, else of its earliest award or contract that stands; None if none is dated."""
    if type(now.decided) is int:
        return now.decided
    dates = [award.date for award in now.awards or () if award.status == "active" and type(award.date) is int]
    dates += [c.decided for c in now.contracts or () if c.status != "cancelled" and type(c.decided) is int]
    return min(dates, default=None)


@_once
def submitted(now: Release) -> Sequence[Bid]:
    """Bids that were handed in and stand: every status but "invited", "withdrawn" and none."""
    return [bid for bid in now.bids or () if bid.status and bid.status not in NOT_SUBMITTED]


@_once
def unsettled(now: Release) -> bool:
    """Whether an award has no status, or one that is not known: whether it is in force cannot be told."""
    return any(award.status not in _AWARD_STATUSES for award in now.awards or ())


@_once
def active_awards(now: Release) -> Sequence[Award] | None:
    """Its awards in force; None while one is not final, or where awards are not published."""
    if not now.awards:
        return None
    active: list[Award] = []
    for award in now.awards:
        if award.status == "active":
            active.append(award)
        elif award.status and award.status not in FINAL_AWARDS:
            return None
    return active


_EPOCH = date(1970, 1, 1)
_FAR = 700_000  # days; beyond it the calendar of Python ends


# ── purchases ────────────────────────────────────────────────────────────────────────────────────────────────────


def purchases_of(process: Process, currency: str) -> tuple[Purchase, ...]:
    """Its contracts, and the awards in force that have none yet, one for each supplier.

    Args:
        currency: code of the country's; amounts in another, or in none, are unknown.
    """
    global _latest
    if not (process.now.contracts or process.now.awards):
        return ()
    one, of, found = _latest
    if one is not process or of != currency:
        found = _found(process, currency)
        _latest = (process, currency, found)
    return found


_latest: tuple[Process | None, str, tuple[Purchase, ...]] = (None, "", ())
"""The last answer: several rules ask for the same purchases one after the other."""


def _found(process: Process, currency: str) -> tuple[Purchase, ...]:
    now = process.now
    if void(now):
        return ()
    awards = {award.id: award for award in now.awards or ()}
    found: list[Purchase] = []
    covered: set[str] = set()
    contracts = now.contracts or ()
    sole = next(iter(awards.values())) if len(awards) == 1 else None
    for contract in contracts:
        award = awards.get(contract.award) if type(contract.award) is str else sole
        if award is not None:
            covered.add(award.id)
        elif not contract.award:
            covered.update(awards)  # which of them it signs cannot be told: none is counted beside it
        if contract.status == "cancelled":
            continue
        of_award = award if award is not None and _only(contract, contracts, sole) else None
        found += _purchases(process.id, now, contract, award, of_award, currency)
    for award in awards.values():
        if award.status == "active" and award.id not in covered:
            found += _purchases(process.id, now, None, award, award, currency)
    return tuple(found)


def _only(contract: Contract, contracts: Sequence[Contract], sole: Award | None) -> bool:
    """Whether no other contract shares its award, whose amount is then its own."""
    if len(contracts) == 1:
        return True
    return sole is None and sum(other.award == contract.award for other in contracts) == 1


def _purchases(
    process: str,
    now: Release,
    contract: Contract | None,
    award: Award | None,
    of_award: Award | None,
    currency: str,
) -> Iterator[Purchase]:
    suppliers = (contract.suppliers if contract else None) or (award.suppliers if award else None) or ("",)
    parts = (contract.parts if contract else None) or (award.items if award else None) or now.items or ()
    said = contract if contract and type(contract.amount) is int else of_award
    amount = said.amount if said and said.currency == currency and type(said.amount) is int else None
    times = (
        contract.decided if contract else None,
        award.date if award else None,
        now.decided,
        contract.signed if contract else None,
        now.published,
    )
    day = next((time // DAY for time in times if type(time) is int), None)
    method = now.method or ""
    buyer = (contract.buyer if contract else None) or now.buyer or ""
    unit = (contract.unit if contract else None) or now.unit or buyer
    part = parts[0] if len(parts) == 1 else ",".join(sorted(set(parts)))
    name = contract.id if contract else award.id if award else ""
    for supplier in suppliers:
        yield Purchase(
            process, name, buyer, unit, supplier, part, method == "direct", COMPETITIVE.get(method),
            day, amount, len(suppliers), now.law or "", now.category or "",
        )  # fmt: skip


# ── tallies ──────────────────────────────────────────────────────────────────────────────────────────────────────

UNIT_YEAR = "unit_year"
"""By "<buyer>|<unit>|<year>": purchases without competition, with a known method, all; cents."""
UNIT_SUPPLIER_YEAR = "unit_supplier_year"
"""By "<buyer>|<unit>|<year>|<supplier>": purchases, cents."""
SUPPLIER_ITEMS = "supplier_items"
"""By supplier: processes with an item whose chapter is known."""
SUPPLIER_CHAPTER = "supplier_chapter"
"""By "<supplier>|<chapter>", the first two digits of an item's code: processes."""
TENDERER = "tenderer"
"""By tenderer: processes won, processes with a valid bid; bids disqualified, bids handed in."""
BUYER_DISQUALIFIED, UNIT_DISQUALIFIED = "buyer_disqualified", "unit_disqualified"
"""By buyer, by "<buyer>|<unit>": bids disqualified, bids handed in, processes."""


def tallies_of(process: Process, purchases: Sequence[Purchase]) -> tuple[Tally, ...]:
    """What it adds to sums; `purchases` are those of `purchases_of`."""
    now = process.now
    found: list[Tally] = []
    if purchases:
        found += _of_units(purchases)
        found += _of_items(now)
    if now.bids and now.draft is not True and now.status != "cancelled":
        found += _of_bids(now)
    return tuple(found)


def _of_units(purchases: Sequence[Purchase]) -> Iterator[Tally]:
    counted: set[str] = set()
    for each in purchases:
        if each.day is None or not each.unit:
            continue
        key = f"{each.buyer}|{each.unit}|{year_of(each.day)}"
        amount = max(each.amount or 0, 0)
        if each.contract not in counted:  # once, however many suppliers share it
            counted.add(each.contract)
            yield Tally(
                UNIT_YEAR, key, (int(each.competitive is False), int(each.competitive is not None), 1, amount)
            )
        if each.supplier and each.shared == 1:
            yield Tally(UNIT_SUPPLIER_YEAR, f"{key}|{each.supplier}", (1, amount))


def _of_items(now: Release) -> Iterator[Tally]:
    chapters: dict[str, set[str]] = {}
    for award in now.awards or ():
        if award.status == "active" and award.suppliers and len(award.suppliers) == 1:
            chapters.setdefault(award.suppliers[0], set()).update(_chapters(award.items or ()))
    if not now.awards:
        for contract in now.contracts or ():
            if contract.status != "cancelled" and contract.suppliers and len(contract.suppliers) == 1:
                chapters.setdefault(contract.suppliers[0], set()).update(_chapters(contract.parts or ()))
    for supplier, places in chapters.items():
        if places:
            yield Tally(SUPPLIER_ITEMS, supplier, (1,))
            for place in sorted(places):
                yield Tally(SUPPLIER_CHAPTER, f"{supplier}|{place}", (1,))


def _chapters(codes: Sequence[str]) -> Iterator[str]:
    for code in codes:
        head = code[:2]
        if len(head) == 2 and head.isascii() and head.isdigit():
            yield head


def _of_bids(now: Release) -> Iterator[Tally]:
    """Wins of tenderers, where one award is in force and to one of them; and bids handed in, with those of them that were disqualified."""
    of_tenderer: dict[str, list[int]] = {}
    active = active_awards(now)
    if active and len(active) == 1 and active[0].suppliers and len(active[0].suppliers) == 1:
        winner = active[0].suppliers[0]
        for bid in now.bids or ():
            if bid.status == "valid" and bid.tenderers and len(bid.tenderers) == 1:
                tenderer = bid.tenderers[0]
                of_tenderer[tenderer] = [int(tenderer == winner), 1, 0, 0]
    bids = submitted(now)
    out = 0
    for bid in bids:
        bad = bid.status == "disqualified"
        out += bad
        for tenderer in bid.tenderers or ():
            counts = of_tenderer.get(tenderer)
            if counts is None:
                counts = of_tenderer[tenderer] = [0, 0, 0, 0]
            counts[2] += bad
            counts[3] += 1
    for tenderer, counts in of_tenderer.items():
        yield Tally(TENDERER, tenderer, tuple(counts))
    if not bids:
        return
    if now.buyer:
        yield Tally(BUYER_DISQUALIFIED, now.buyer, (out, len(bids), 1))
    if now.unit:
        yield Tally(UNIT_DISQUALIFIED, f"{now.buyer or ''}|{now.unit}", (out, len(bids), 1))


TALLIES_OF: Mapping[str, tuple[str, ...]] = {
    "without_competition": (UNIT_YEAR,),
    "item_variety": (SUPPLIER_ITEMS,),
    "wins": (TENDERER,),
    "disqualified": (TENDERER, BUYER_DISQUALIFIED, UNIT_DISQUALIFIED),
}
"""Populations that are measured on sums, and on which."""


# ── measures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def measures_of_tally(
    kind: str, key: str, numbers: Sequence[int], least: Mapping[str, int], chapters: Sequence[str] = ()
) -> tuple[Measure, ...]:
    """The numbers of a sum that are held against a population; none below its least count.

    Args:
        chapters: of SUPPLIER_ITEMS, the chapters of the supplier's SUPPLIER_CHAPTER.
        least: kind of tally → least purchases, processes or bids (`fences.least_counts`); 1 where it names none.
    """
    if kind == UNIT_YEAR:
        alone, known = numbers[0], numbers[1]
        if known < least.get(kind, 1):
            return ()
        buyer, unit, year = key.rsplit("|", 2) if key.count("|") > 1 else ("", key, "")
        facts = (Fact("", "purchases", known), Fact("", "without_competition", alone))
        return (Measure(f"without_competition|{year}", key, alone / known, buyer, unit, "", facts),)
    if kind == SUPPLIER_ITEMS:
        if numbers[0] < least.get(kind, 1):
            return ()
        facts = (Fact("", "processes", numbers[0]), Fact("", "items", " ".join(chapters)))
        return (Measure("item_variety", key, len(chapters), "", "", key, facts),)
    if kind == TENDERER:
        won, tried, out, bids = numbers
        found: list[Measure] = []
        if tried:
            facts = (Fact("", "processes", tried), Fact("", "won", won))
            found.append(Measure("wins", key, won / tried, "", "", key, facts))
            found.append(Measure("bids_of_tenderer", key, tried, "", "", key))
        if bids >= max(least.get(kind, 1), 1):
            found.append(_disqualified("tenderer", key, out, bids, supplier=key))
        return tuple(found)
    if kind in (BUYER_DISQUALIFIED, UNIT_DISQUALIFIED):
        out, bids, processes = numbers[:3]
        if bids < 1 or processes < least.get(kind, 1):
            return ()
        if kind == BUYER_DISQUALIFIED:
            return (_disqualified("buyer", key, out, bids, buyer=key),)
        buyer, _, unit = key.rpartition("|")
        return (_disqualified("unit", key, out, bids, buyer=buyer, unit=unit),)
    return ()


def _disqualified(
    whose: str, key: str, out: int, bids: int, *, buyer: str = "", unit: str = "", supplier: str = ""
) -> Measure:
    facts = (Fact("", "bids", bids), Fact("", "disqualified", out))
    return Measure(f"disqualified|{whose}", f"{whose}|{key}", out / bids, buyer, unit, supplier, facts)


def measures_of(process: Process, clock: int, currency: str) -> tuple[Measure, ...]:
    """What is measured of the process itself: days from opening to decision, the gap between the lowest bids."""
    now = process.now
    if now.draft is True or now.status == "cancelled":
        return ()
    found: list[Measure] = []
    days = decision_days(now, clock)
    if days is not None and days >= 0:
        facts = (Fact(process.id, "opening", now.opening), Fact(process.id, "decided", decided_at(now)))
        found.append(
            Measure(
                f"decision_days|{now.method}", process.id, days, now.buyer or "", now.unit or "", "", facts
            )
        )
    if now.bids and now.awards:
        gap = bid_gap(process, currency)
        if gap is not None:
            found.append(gap)
    return tuple(found)


def decision_days(now: Release, clock: int) -> int | None:
    """Calendar days from opening to decision of a process that is complete; None while they cannot be told."""
    if now.status != "complete" or type(now.opening) is not int or not now.method:
        return None
    decided = decided_at(now)
    return None if decided is None or decided > clock else decided // DAY - now.opening // DAY


def bid_gap(process: Process, currency: str) -> Measure | None:
    """(lowest valid bid of another − the winner's) / the winner's, as Cardinal defines it for R024 and R058.

    None unless there is one award in force, to one supplier, and no valid bid is lower than his. Bids of several tenderers or in
    another currency are left out. A winning bid of nothing has no ratio.
    """
    now = process.now
    active = active_awards(now)
    if not active or len(active) != 1 or not active[0].suppliers or len(active[0].suppliers) != 1:
        return None
    winner = active[0].suppliers[0]
    own: Bid | None = None
    other: Bid | None = None
    for bid in now.bids or ():
        if bid.status != "valid" or bid.currency != currency or type(bid.amount) is not int:
            continue
        if not bid.tenderers or len(bid.tenderers) != 1:
            continue
        if bid.tenderers[0] == winner:
            own = _lower(own, bid)
        else:
            other = _lower(other, bid)
    if own is None or other is None:
        return None
    low, high = own.amount, other.amount
    if type(low) is not int or type(high) is not int or low <= 0 or high < low:
        return None
    facts = tuple(Fact(process.id, f"bids/{bid.id}/amount", bid.amount) for bid in (own, other))
    return Measure("bid_gap", process.id, (high - low) / low, now.buyer or "", now.unit or "", winner, facts)


def _lower(one: Bid | None, other: Bid) -> Bid:
    """The lower bid, and of two alike the one whose id comes first, in whatever order they stand."""
    if one is None or (other.amount, other.id) < (one.amount, one.id):
        return other
    return one
