"""How a publisher publishes, counted: how late, what was edited in place, how much without competition.

These are what a strategy's promise to watch purchases is held against; they measure the publisher and how often we look, not the
rules. What stood in the first edition of a table has no delay: nobody can know since when it was there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from careo.record.purchases.contributions import year_of
from careo.record.purchases.process import Process
from careo.record.purchases.rules import Purchase, Tally
from careo.record.purchases.versions import Versions
from careo.sources.civil import DAY
from careo.sources.releases import unpacked

EVENT_TO_PUBLICATION, PUBLICATION_TO_SEEN, EVENT_TO_SEEN = "published", "seen", "event-seen"


def publishing_of(process: Process, versions: Versions, purchases: Sequence[Purchase]) -> Iterator[Tally]:
    """Everything that a process adds to these counts.

    Kinds: "delay" (see `delays_of`), "spent" and "change". "spent", key "<buyer>|<year>": contracts whose method is known, those
    without competition, their amounts in cents (all, without competition); of contracts with an amount in the country's
    currency. "change", key "<buyer>|<kind>|<field>": edits in place; kind "filled" for an empty field that was filled.
    "contracts", key "<buyer>": contracts of tables that stand, and those of them that were edited in something said.
    """
    yield from delays_of(process, versions)
    told: set[str] = set()
    for one in purchases:
        if one.contract in told:
            continue  # one row for each supplier of a joint contract
        told.add(one.contract)
        if one.competitive is not None and one.amount is not None and one.day is not None:
            alone = not one.competitive
            yield Tally(
                "spent",
                f"{one.buyer}|{year_of(one.day)}",
                (1, int(alone), one.amount, one.amount if alone else 0),
            )
    buyer = process.now.buyer or ""
    edited: set[str] = set()
    for change in process.changes:
        yield Tally("change", f"{buyer}|{'filled' if change.filled else change.kind}|{change.field}", (1,))
        if change.kind == "edited" and not change.filled and change.contract:
            edited.add(change.contract)
    if versions.tables and (contracts := process.contracts()):
        yield Tally("contracts", buyer, (len(contracts), sum(one.id in edited for one in contracts)))


def day_of(time: int) -> date:
    """The civil day of a civil second."""
    return date(1970, 1, 1) + timedelta(days=time // DAY)


def delays_of(process: Process, versions: Versions) -> Iterator[Tally]:
    """A tally of kind "delay" for each delay that is known; key "<buyer>|<which>|<days>", zero-padded.

    Of a call: from the opening of its file to its publication. Of an award: from the decision to the release that first says
    it, and from that to us; of a row of a table, which bears no date of its own, from the decision to us.
    """
    now = process.now
    buyer = now.buyer or ""
    if now.filed and now.published and now.published >= now.filed:
        yield _tally(buyer, EVENT_TO_PUBLICATION, now.published - now.filed)
    if versions.stream:
        first = min(versions.stream, key=lambda version: version.seen)
        dated = now.date if len(versions.stream) == 1 else unpacked(first.release).date
        if dated and first.seen >= dated:
            yield _tally(buyer, PUBLICATION_TO_SEEN, first.seen - dated)
        for award in now.awards or ():
            told = _first_told(versions, now.date, award.id)
            if award.date and told and told >= award.date:
                yield _tally(buyer, EVENT_TO_PUBLICATION, told - award.date)
    elif versions.tables:
        for contract in process.contracts():
            seen, decided = process.contract_seen.get(contract.id), contract.decided or now.decided
            if seen is not None and decided and seen >= decided:
                yield _tally(buyer, EVENT_TO_SEEN, seen - decided)


def _first_told(versions: Versions, dated: object, award: str) -> int | None:
    if len(versions.stream) == 1:
        ahead = isinstance(dated, int) and dated >= versions.stream[0].seen + DAY
        return dated if isinstance(dated, int) and not ahead else None
    for version in versions.stream:
        release = unpacked(version.release)
        if (
            release.date
            and release.date < version.seen + DAY
            and any(one.id == award for one in release.awards or ())
        ):
            return release.date
    return None


def _tally(buyer: str, which: str, seconds: int) -> Tally:
    return Tally("delay", f"{buyer}|{which}|{seconds // DAY:06d}", (1,))
