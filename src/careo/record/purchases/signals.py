"""`Signal`: a rule met, with what it rests on; raised, updated, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import cast

import msgspec

from careo.record.purchases.rules import Fact, Hit, Rule

RAISED, UPDATED, WITHDRAWN = "raised", "updated", "withdrawn"


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where something stands. name, sha256: of the file; line or pointer: where in it; release: hash of the release's content, by
    which two files that say the same are known."""

    name: str = ""
    sha256: str = ""
    line: int = 0
    pointer: str = ""
    release: str = ""


class Evidence(Place, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A field that a signal rests on, and where it stands.

    field, value: as of `rules.Fact`. before: what stood there before, of an edit in place; former: and where that stands.
    """

    process: str
    field: str
    value: int | float | str | bool | None
    before: int | float | str | bool | None = None
    former: Place | None = None


class Signal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a rule says of a subject.

    Attributes:
        id: hash of rule, version and subject: the same however often and in whatever order the same is seen.
        state: "raised", "updated", "withdrawn"; revision: from 1, one more with every change of state or content.
        rule, version, codes: see `rules.Rule`. subject, buyer, unit, supplier, severity, value, threshold, window: see `rules.Hit`.
        evidence: what it rests on.
        event: when what it speaks of happened, published: when the publisher published that, first_seen: when careo first had
            it; told: when this revision was told. Civil seconds, None where not known.
        taken: when the last of the dated copies of tables that it rests on came to careo: what it rests on was seen at their dates, and
            could not be told before.
    """

    id: str
    state: str
    revision: int
    rule: str
    version: int
    codes: tuple[str, ...]
    subject: str
    buyer: str
    unit: str
    supplier: str
    severity: str
    value: int | float | str
    threshold: int | float | str
    evidence: tuple[Evidence, ...]
    told: int
    window: tuple[int, int] | None = None
    event: int | None = None
    published: int | None = None
    first_seen: int | None = None
    taken: int | None = None

    @property
    def delays(self) -> tuple[tuple[int | None, int | None], ...]:
        """From the event to its publication, from there to being seen here, and from when careo had it to this revision: (early, late)."""
        had = self.first_seen if self.first_seen is None else max(self.first_seen, self.taken or 0)
        return (self.event, self.published), (self.published, self.first_seen), (had, self.told)

    @property
    def standing(self) -> bool:
        """True unless it was withdrawn."""
        return self.state != WITHDRAWN


def signal_id(rule: Rule, subject: str) -> str:
    """The id of what `rule` says of `subject`."""
    return blake2b(f"{rule.id}/{rule.version}/{subject}".encode(), digest_size=10).hexdigest()


def next_revision(
    before: Signal | None, rule: Rule, hit: Hit | None, clock: int, locate: Callable[[Hit], Dated]
) -> Signal | None:
    """What is to be told of a subject, given what was told of it last: None if nothing is new.

    A fence that moved under a signal that stands is no news, nor is another place that says the same: the same revision with the new
    threshold and places, to be kept and not told.

    Args:
        hit: what the rule says now, None if it is not met.
        locate: finds the evidence of a hit and its times.
    """
    if hit is None:
        if before is None or not before.standing:
            return None
        return msgspec.structs.replace(before, state=WITHDRAWN, revision=before.revision + 1, told=clock)
    dated = locate(hit)
    if before is not None and before.standing and _same(before, hit) and _same_dates(before, dated):
        now = msgspec.structs.replace(before, threshold=hit.threshold, evidence=dated.evidence)
        return None if now == before else now
    return Signal(
        id=signal_id(rule, hit.subject),
        state=UPDATED if before is not None and before.standing else RAISED,
        revision=before.revision + 1 if before is not None else 1,
        rule=rule.id,
        version=rule.version,
        codes=rule.codes,
        subject=hit.subject,
        buyer=hit.buyer,
        unit=hit.unit,
        supplier=hit.supplier,
        severity=hit.severity,
        value=hit.value,
        threshold=hit.threshold,
        window=hit.window,
        evidence=dated.evidence,
        event=dated.event,
        published=dated.published,
        first_seen=dated.first_seen,
        taken=dated.taken,
        told=clock,
    )


class Dated(msgspec.Struct, frozen=True):
    """Evidence of a hit, and when it happened, was published, first seen and taken in (civil seconds); see `Signal`."""

    evidence: tuple[Evidence, ...]
    event: int | None
    published: int | None
    first_seen: int | None
    taken: int | None = None


def value_of(fact: Fact) -> tuple[int | float | str | bool | None, int | float | str | bool | None]:
    """What stood before, where an edit in place is told (before, after), and what stands."""
    value: object = fact.value
    pair = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    if len(pair) == 2:
        return _plain(pair[0]), _plain(pair[1])
    return None, _plain(value)  # pyright: ignore[reportUnknownArgumentType]


def _same(before: Signal, hit: Hit) -> bool:
    return (
        before.severity == hit.severity
        and before.value == hit.value
        and before.window == hit.window
        and [(one.process, one.field, (one.before, one.value)) for one in before.evidence]
        == [(fact.process, fact.field, value_of(fact)) for fact in hit.facts]
    )


def _same_dates(before: Signal, dated: Dated) -> bool:
    """Whether it rests on what it rested on: a release that comes late may have said the same earlier. An edit is what became of
    what, and when: its rows may say more."""
    return (before.event, before.published, before.first_seen) == (
        dated.event,
        dated.published,
        dated.first_seen,
    ) and all(
        one.before is not None or one.release == other.release
        for one, other in zip(before.evidence, dated.evidence, strict=True)
    )


def _plain(value: object) -> int | float | str | bool | None:
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value)))
    return value if isinstance(value, int | float | str | bool | None) else str(value)
