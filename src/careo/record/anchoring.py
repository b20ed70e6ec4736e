"""Finding the statements of a ledger again, on a page that may have changed.

By the hash of the quoted text and of the text around it, then by likeness; an entry whose numbers changed is another
claim. What is not found again is listed, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import SequenceMatcher
from hashlib import sha256
from heapq import nsmallest

from careo.base.numbers import read_numbers
from careo.record.ledger import Entry, Ledger, Page, read_period
from careo.record.statements import Quantity, Statement
from careo.sources.documents import Document

_CONTEXT = 40  # characters on either side
_ALIKE = 0.75  # least likeness of two wordings of one statement
_CANDIDATES = 40  # compared by likeness for one entry; keeps hostile pages cheap
_TELLING = 24  # characters that are not found twice by chance
_SPACE = re.compile(r"\s+")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a ledger made of the statements of a page.

    Attributes:
        statements: to be checked: as read, accepted, or corrected; without the rejected ones.
        decisions: the entry behind each of `statements`, in the same order; None when there is none.
        rejected: statements that a person rejected, as read.
        page: the page of the new ledger, with every decision and note, and the unanchored entries.
    """

    statements: tuple[Statement, ...]
    decisions: tuple[Entry | None, ...]
    rejected: tuple[Statement, ...]
    page: Page


def quote_hash(quote: str) -> str:
    """Short hash of a quoted text, blind to white space and letter case."""
    return sha256(_plain(quote).encode()).hexdigest()[:16]


def apply(ledger: Ledger | None, document: Document, statements: Sequence[Statement]) -> Applied:
    """Finds every entry of the ledger again among `statements` (or in the text) and carries its decision over."""
    page = ledger.page_of(document) if ledger else None
    before = [*page.entries, *page.unanchored] if page else []
    entries = [_entry(document, s) for s in statements]
    found, lost = _anchor(before, entries)
    kept: list[tuple[Entry, Statement]] = []
    for index, (fresh, statement) in enumerate(zip(entries, statements, strict=True)):
        old = found.get(index)
        kept.append((fresh if old is None else _carry(old, fresh), statement))
    unanchored: list[Entry] = []
    for old in lost:
        span = _find(old, document)
        if span is None:
            if not _untouched(old):
                unanchored.append(old)
        elif not _untouched(old):  # a person's own statement, or one that careo no longer reads as such
            made = _statement(old, span, document)
            kept.append((_carry(old, _entry(document, made)), made))
    kept.sort(key=lambda pair: (pair[1].start, pair[1].end, pair[1].kind))
    named = _unique(entry for entry, _ in kept)
    pairs = [(entry, statement) for entry, (_, statement) in zip(named, kept, strict=True)]
    going = [
        (e, corrected(s, e.correct) if e.decision == "correct" else s)
        for e, s in pairs
        if e.decision != "reject"
    ]
    return Applied(
        statements=tuple(s for _, s in going),
        decisions=tuple(None if _untouched(e) else e for e, _ in going),
        rejected=tuple(s for e, s in pairs if e.decision == "reject"),
        page=Page(
            document.source.key, document.source.sha256, document.title, tuple(named), tuple(unanchored)
        ),
    )


def corrected(statement: Statement, correct: Mapping[str, str]) -> Statement:
    """The statement as a person corrected it."""
    quantity = statement.quantity
    if "value" in correct or "unit" in correct:
        quantity = quantity or Quantity(0.0, 0.0, 0.0, "count")
        if "value" in correct:
            value = Decimal(correct["value"])
            lean = value.normalize().as_tuple()
            step = float(Decimal(1).scaleb(int(lean.exponent))) if value else 1.0
            quantity = replace(
                quantity,
                value=float(value),
                low=float(value),
                high=float(value),
                digits=len(lean.digits),
                step=step,
            )
        quantity = replace(quantity, unit=correct.get("unit", quantity.unit))
    period, form = statement.period, statement.period_form
    if "period" in correct:
        period, form = read_period(correct["period"]), "at"
    return replace(
        statement,
        kind=correct.get("kind", statement.kind),
        hedge=correct.get("hedge", statement.hedge),
        place=correct.get("place", statement.place),
        indicator=correct.get("indicator", statement.indicator),
        quantity=quantity,
        period=period,
        period_form=form,
    )


# ── finding again ────────────────────────────────────────────────────────────────────────────────────────────────


def _anchor(before: Sequence[Entry], now: Sequence[Entry]) -> tuple[dict[int, Entry], list[Entry]]:
    """Which fresh entry each old one is: (index of the fresh one → old entry, old entries without a match)."""
    same: dict[tuple[str, str], list[int]] = {}
    for index, entry in enumerate(now):
        same.setdefault((entry.kind, entry.quote_hash), []).append(index)
    rivals: dict[tuple[str, str], list[int]] = {}
    for index, entry in enumerate(before):
        rivals.setdefault((entry.kind, quote_hash(entry.quote)), []).append(index)
    pairs: list[tuple[int, int, int, int]] = []
    for key, olds in rivals.items():
        news = same.get(key, ())
        for rank, old in enumerate(olds):
            for order, new in enumerate(news[: 8 * _CANDIDATES]):
                score = _context_score(before[old], now[new])
                # A short quote ("15%") alone proves little: the text around it must agree, or there are as many as before.
                sure = (
                    score or len(before[old].quote) >= _TELLING or (len(olds) == len(news) and rank == order)
                )
                if sure or not before[old].quote_hash:
                    pairs.append((-score, abs(before[old].start - now[new].start), old, new))
    found: dict[int, Entry] = {}
    matched: set[int] = set()
    for _, _, old, new in sorted(pairs):
        if old not in matched and new not in found:
            found[new] = before[old]
            matched.add(old)
    kin: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for index, entry in enumerate(now):
        if index not in found:
            kin.setdefault(_kin(entry), []).append(index)
    lost: list[Entry] = []
    for index, entry in enumerate(before):
        if index not in matched:
            new = _alike(entry, now, [i for i in kin.get(_kin(entry), ()) if i not in found])
            if new is None:
                lost.append(entry)
            else:
                found[new] = entry
    return found, lost


def _kin(entry: Entry) -> tuple[str, tuple[str, ...]]:
    """What must be the same, or it is another claim: the kind and the numbers."""
    return entry.kind, tuple(_DIGITS.findall(entry.quote))


def _alike(old: Entry, now: Sequence[Entry], free: list[int]) -> int | None:
    """The fresh entry that is most like `old`, of those that may be it."""
    plain = _plain(old.quote)
    near = nsmallest(_CANDIDATES, free, key=lambda i: abs(now[i].start - old.start))
    best, score = None, _ALIKE
    for index in near:
        matcher = SequenceMatcher(None, _plain(now[index].quote)[:2000], plain[:2000], autojunk=False)
        if matcher.real_quick_ratio() <= score or matcher.quick_ratio() <= score:
            continue
        likeness = matcher.ratio() + 0.1 * _context_score(old, now[index])
        if likeness > score and (len(plain) >= 12 or _context_score(old, now[index])):
            best, score = index, likeness
    return best


def _context_score(old: Entry, new: Entry) -> int:
    return int(bool(old.before) and old.before == new.before) + int(
        bool(old.after) and old.after == new.after
    )


def _find(entry: Entry, document: Document) -> tuple[int, int] | None:
    """Where the quoted words stand in the text, whatever the white space between them; nearest to where they stood."""
    words = entry.quote.split()
    if not words or len(entry.quote) < 3:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
    spans = [match.span() for _, match in zip(range(200), pattern.finditer(document.text), strict=False)]
    if not spans:
        return None
    if entry.start < 0:  # added by hand: the first place that has these words
        return spans[0]
    near = min(spans, key=lambda span: (-_score_at(entry, document, span), abs(span[0] - entry.start)))
    # Short words found somewhere else are not this statement.
    return near if _score_at(entry, document, near) or len(entry.quote) >= _TELLING else None


def _score_at(entry: Entry, document: Document, span: tuple[int, int]) -> int:
    before, after = _context(document, *span)
    return int(entry.before == before) + int(entry.after == after)


def _statement(entry: Entry, span: tuple[int, int], document: Document) -> Statement:
    """A statement that only the ledger knows."""
    start, end = span
    text = document.text
    block = next((i for i, b in enumerate(document.blocks) if b.start <= start < b.end), -1)
    low = document.blocks[block].start if block >= 0 else start
    high = document.blocks[block].end if block >= 0 else end
    stop = re.compile(r"(?<=[.!?])\s").search(text, end, high)
    opening = [m.end() for m in re.finditer(r"[.!?]\s+", text[low:start])]
    return Statement(
        source=document.source.key,
        kind=entry.kind,
        start=start,
        end=end,
        quote=text[start:end],
        quantity=_quantity(text[start:end], document.language) if entry.kind == "figure" else None,
        sentence=(low + (opening[-1] if opening else 0), stop.start() if stop else max(high, end)),
        block=block,
        said=document.published.isoformat() if document.published else "",
        language=document.language,
    )


def _quantity(quote: str, language: str) -> Quantity | None:
    numbers = [n for n in read_numbers(quote, language) if n.role == "quantity"]
    if not numbers:
        return None
    n = numbers[0]
    return Quantity(n.value, n.low, n.high, n.unit, quote[n.end :].strip(), n.digits, n.step)


def _carry(old: Entry, fresh: Entry) -> Entry:
    # Whoever adds a statement by hand (no hash yet) has accepted it.
    decision = old.decision if old.quote_hash or old.decision != "undecided" else "accept"
    return replace(
        fresh,
        id=old.id or fresh.id,
        kind=old.kind,
        decision=decision,
        correct=old.correct,
        note=old.note,
        lines=old.lines,
    )


def _untouched(entry: Entry) -> bool:
    """Nobody has decided, corrected or noted anything; and it is not an entry added by hand."""
    return entry.decision == "undecided" and not entry.note and not entry.correct and bool(entry.quote_hash)


def _entry(document: Document, statement: Statement) -> Entry:
    before, after = _context(document, statement.start, statement.end)
    quantity = statement.quantity
    read = {
        "actor": statement.actor,
        "hedge": "" if statement.hedge == "none" else statement.hedge,
        "value": f"{quantity.value:.12g}" if quantity else "",
        "unit": quantity.unit if quantity else "",
        "period": str(statement.period) if statement.period else "",
        "place": statement.place,
        "deadline": statement.deadline,
        "condition": statement.condition,
        "indicator": statement.indicator,
    }
    digest = quote_hash(statement.quote)
    return Entry(
        id=f"{statement.kind}-{digest[:8]}",
        kind=statement.kind,
        quote=statement.quote,
        start=statement.start,
        end=statement.end,
        quote_hash=digest,
        before=before,
        after=after,
        read={key: value for key, value in read.items() if value},
    )


def _unique(entries: Iterable[Entry]) -> list[Entry]:
    taken: set[str] = set()
    named: list[Entry] = []
    for entry in entries:
        name, turn = entry.id, 1
        while name in taken:
            turn += 1
            name = f"{entry.id}-{turn}"
        taken.add(name)
        named.append(replace(entry, id=name))
    return named


def _context(document: Document, start: int, end: int) -> tuple[str, str]:
    text = document.text
    before, after = text[max(0, start - 2 * _CONTEXT) : start], text[end : end + 2 * _CONTEXT]
    return quote_hash(_plain(before)[-_CONTEXT:]), quote_hash(_plain(after)[:_CONTEXT])


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
