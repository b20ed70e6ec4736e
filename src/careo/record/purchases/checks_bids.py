"""Rules that need bids, as Cardinal of the Open Contracting Partnership defines them; its code was read, none of it is here.

One difference, because an answer must not depend on the order in which bids stand: of several lowest bids alike, all have to be
disqualified (R036); the others are those of what is read (`tests/test_purchases_cardinal.py` has all of them). Processes that are
cancelled, and drafts, are left out, as are amounts in another currency than the country's.
"""

from __future__ import annotations

from typing import Any

from careo.record.purchases.contributions import active_awards, submitted, unsettled
from careo.record.purchases.process import Process
from careo.record.purchases.rules import CLEAR, NOT_MEANT, Fact, Hit, Missing, Outcome, Rule
from careo.sources.releases import Release


def _hit(
    process: Process, rule: Rule, value: float, threshold: float, facts: tuple[Fact, ...], supplier: str = ""
) -> Hit:
    now = process.now
    return Hit(process.id, now.buyer or "", now.unit or "", supplier, rule.severity, value, threshold, facts)


_NO_BIDS, _NO_AWARDS, _NEITHER = Missing(("bids",)), Missing(("awards",)), Missing(("bids", "awards"))
_NO_COUNT = Missing(("tenderers",))
_NO_STATUS = Missing(("awards/status",))


def _lacking(now: Release) -> Missing:
    return _NO_AWARDS if now.bids else _NO_BIDS if now.awards else _NEITHER


def single_tenderer(process: Process, rule: Rule, _clock: int) -> Outcome:
    """R018: one tenderer where others could have come. Settings: methods."""
    now = process.now
    settings: Any = rule.settings
    if now.draft is True or now.status == "cancelled":
        return NOT_MEANT
    if not now.method:
        return Missing(("method",))
    if now.method not in settings["methods"]:
        return NOT_MEANT
    if type(now.tenderers) is not int:
        return _NO_COUNT
    if now.tenderers != 1:
        return CLEAR
    return (_hit(process, rule, 1, 1, (Fact(process.id, "tenderers", 1),)),)


def same_price(process: Process, rule: Rule, _clock: int) -> Outcome:
    """R028: bids of different tenderers at one price. Settings: fixed_price_methods."""
    now = process.now
    settings: Any = rule.settings
    if now.draft is True or now.status == "cancelled" or now.method_words in settings["fixed_price_methods"]:
        return NOT_MEANT
    if not now.bids:
        return _NO_BIDS
    prices: dict[tuple[int, str], list[tuple[str, frozenset[str]]]] = {}
    for bid in submitted(now):
        if type(bid.amount) is int and type(bid.currency) is str and bid.tenderers:
            prices.setdefault((bid.amount, bid.currency), []).append((bid.id, frozenset(bid.tenderers)))
    if not prices:
        return Missing(("bids/amount",))
    for (amount, _), bids in sorted(prices.items()):
        if len({who for _, who in bids}) > 1:
            facts = tuple(
                Fact(process.id, f"bids/{name}/amount", amount) for name, _ in sorted(bids, key=_first)
            )
            return (_hit(process, rule, amount, amount, facts),)
    return CLEAR


def _first(pair: tuple[str, frozenset[str]]) -> str:
    return pair[0]


def late_winner(process: Process, rule: Rule, _clock: int) -> Outcome:
    """R030: a valid bid of a supplier who won came after the time for bids."""
    now = process.now
    if now.draft is True or now.status == "cancelled":
        return NOT_MEANT
    if not now.bids or not now.awards:
        return _lacking(now)
    if type(now.opening) is not int:
        return Missing(("opening",))
    winners = {who for award in now.awards or () if award.status == "active" for who in award.suppliers or ()}
    if not winners:
        return _NO_STATUS if unsettled(now) else NOT_MEANT
    late: list[tuple[int, str, str]] = []
    dated = False
    for bid in now.bids or ():
        if bid.status != "valid" or not winners.intersection(bid.tenderers or ()):
            continue
        if type(bid.date) is int:
            dated = True
            if bid.date > now.opening:
                late.append((bid.date, bid.id, min(winners.intersection(bid.tenderers or ()))))
    if not late:
        return CLEAR if dated else Missing(("bids/date",))
    facts = tuple(Fact(process.id, f"bids/{name}/date", time) for time, name, _ in sorted(late))
    facts = (Fact(process.id, "opening", now.opening), *facts)
    first = min(late)
    return (_hit(process, rule, first[0], now.opening, facts, first[2]),)


def others_disqualified(process: Process, rule: Rule, _clock: int) -> Outcome:
    """R035: one valid tenderer, who won, and others disqualified. Settings: least."""
    now = process.now
    settings: Any = rule.settings
    if now.draft is True or now.status == "cancelled":
        return NOT_MEANT
    if not now.bids or not now.awards:
        return _lacking(now)
    active = active_awards(now)
    if not active:
        return _NO_STATUS if unsettled(now) else NOT_MEANT
    winners = {who for award in active for who in award.suppliers or ()}
    valid: set[str] = set()
    out: set[str] = set()
    bad: list[str] = []
    for bid in now.bids or ():
        if bid.status == "valid":
            valid.update(bid.tenderers or ())
        elif bid.status == "disqualified":
            out.update(bid.tenderers or ())
            bad.append(bid.id)
    count = len(out - valid)
    if len(valid) != 1 or valid != winners or count < max(settings["least"], 1):
        return CLEAR
    facts = tuple(Fact(process.id, f"bids/{name}/status", "disqualified") for name in sorted(bad))
    return (_hit(process, rule, count, settings["least"], facts, next(iter(valid))),)


def lowest_disqualified(process: Process, rule: Rule, _clock: int) -> Outcome:
    """R036: the lowest bid was disqualified and one with a price was not, where the price decides. Settings: currency."""
    now = process.now
    settings: Any = rule.settings
    if now.draft is True or now.status == "cancelled" or now.price_only is False:
        return NOT_MEANT
    if not now.bids or not now.awards:
        return _lacking(now)
    if not any(award.status == "active" for award in now.awards or ()):
        return _NO_STATUS if unsettled(now) else NOT_MEANT
    priced = [
        (bid.amount, bid.id, bid.status)
        for bid in submitted(now)
        if bid.currency == settings["currency"] and type(bid.amount) is int
    ]
    if not priced:
        return Missing(("bids/amount",))
    lowest = min(amount for amount, _, _ in priced)
    of_lowest = [(name, status) for amount, name, status in priced if amount == lowest]
    if any(status != "disqualified" for _, status in of_lowest):
        return CLEAR
    if not any(status == "valid" for _, _, status in priced):
        valid = any(bid.status == "valid" for bid in submitted(now))
        return Missing(("bids/amount",)) if valid else CLEAR
    facts = tuple(Fact(process.id, f"bids/{name}/amount", lowest) for name, _ in sorted(of_lowest))
    return (_hit(process, rule, lowest, lowest, facts),)
