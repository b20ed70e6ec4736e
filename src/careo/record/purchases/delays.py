"""How late things became known: from what happened to its publication, and from there to us, in whole days.

These measure the publisher and how often we look, not the rules. What stood in the first edition of a table has no such number:
nobody can know since when it was there.
"""

from __future__ import annotations

from collections.abc import Iterator

from careo.record.purchases.process import Process, Versions
from careo.record.purchases.rules import Tally
from careo.sources.releases import unpacked

DAY = 86400
EVENT_TO_PUBLICATION, PUBLICATION_TO_SEEN, EVENT_TO_SEEN = "published", "seen", "event-seen"


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


def _first_told(versions: Versions, date: object, award: str) -> int | None:
    if len(versions.stream) == 1:
        return date if isinstance(date, int) else None
    for version in versions.stream:
        release = unpacked(version.release)
        if release.date and any(one.id == award for one in release.awards or ()):
            return release.date
    return None


def _tally(buyer: str, which: str, seconds: int) -> Tally:
    return Tally("delay", f"{buyer}|{which}|{seconds // DAY:06d}", (1,))
