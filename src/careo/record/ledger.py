"""The ledger: what a person decided about each statement, in a YAML file made to be edited by hand.

Reading refuses nonsense with file and line. `apply` finds the statements again on a page that may have changed: by the
hash of the quoted text and of the text around it, then by likeness. What is not found again is listed, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import SequenceMatcher, get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from careo.base.dates import Period, parse_period
from careo.base.errors import LedgerError
from careo.base.numbers import read_numbers
from careo.base.texts import say
from careo.record.statements import HEDGES, KINDS, Quantity, Statement
from careo.sources.documents import Document

DECISIONS = ("undecided", "accept", "reject", "correct")
CORRECTABLE = ("value", "unit", "hedge", "period", "place", "indicator", "kind")

_LARGEST = 16_000_000  # bytes; some 40,000 statements
_DEEPEST = 12
_CONTEXT = 40  # characters on either side
_ALIKE = 0.75  # least likeness of two wordings of one statement
_CANDIDATES = 40  # compared by likeness for one entry; keeps hostile pages cheap
_SPACE = re.compile(r"\s+")
_yaml: Any = yaml  # its parser and composer have no types
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement in the ledger.

    Attributes:
        id: unique on its page; "" when a person added the entry by hand.
        kind, quote, start, end: as in the statement when the ledger was written (-1: not known).
        quote_hash, before, after: short hashes of the quote and of the text on either side; "" when not known.
        read: what careo read, for the person; never read back.
        decision: one of DECISIONS. correct: corrected values, as written. note: the person's own words.
        lines: line of the file at which a field stands, for messages.
    """

    kind: str
    quote: str
    id: str = ""
    start: int = -1
    end: int = -1
    quote_hash: str = ""
    before: str = ""
    after: str = ""
    read: Mapping[str, str] = field(default_factory=dict[str, str])
    decision: str = "undecided"
    correct: Mapping[str, str] = field(default_factory=dict[str, str])
    note: str = ""
    lines: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Page:
    """The entries of one page; `unanchored` are those that the page no longer shows."""

    source: str
    sha256: str
    title: str
    entries: tuple[Entry, ...]
    unanchored: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """All pages of a ledger file. `path` is "" for one that was never written."""

    pages: tuple[Page, ...] = ()
    path: str = ""

    def page_of(self, document: Document) -> Page | None:
        """The page of a document: by its source, else by its bytes, else by its file name when that is unambiguous."""
        name = Path(document.source.key).name
        ways: tuple[Callable[[Page], bool], ...] = (
            lambda page: page.source == document.source.key,
            lambda page: bool(page.sha256) and page.sha256 == document.source.sha256,
            lambda page: bool(name) and Path(page.source).name == name,
        )
        for way in ways:
            found = [page for page in self.pages if way(page)]
            if len(found) == 1 or (found and way is ways[0]):
                return found[0]
        return None


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
    found, lost = _anchor(before, entries, document)
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


def read_period(iso: str) -> Period | None:
    """A period as `str(Period)` writes it; None when it is not one."""
    try:
        return parse_period(iso)
    except ValueError:
        return None


# ── finding again ────────────────────────────────────────────────────────────────────────────────────────────────


def _anchor(
    before: Sequence[Entry], now: Sequence[Entry], document: Document
) -> tuple[dict[int, Entry], list[Entry]]:
    """Which fresh entry each old one is: (index of the fresh one → old entry, old entries without a match)."""
    same: dict[tuple[str, str], list[int]] = {}
    for index, entry in enumerate(now):
        same.setdefault((entry.kind, entry.quote_hash), []).append(index)
    rivals: dict[tuple[str, str], list[int]] = {}
    for index, entry in enumerate(before):
        rivals.setdefault((entry.kind, _hash_of(entry)), []).append(index)
    pairs: list[tuple[int, int, int, int]] = []
    for key, olds in rivals.items():
        news = same.get(key, ())
        for rank, old in enumerate(olds):
            for order, new in enumerate(news[: 8 * _CANDIDATES]):
                score = _context_score(before[old], now[new])
                # A short quote ("15%") alone proves little: the text around it must agree, or there are as many as before.
                sure = score or len(before[old].quote) >= 24 or (len(olds) == len(news) and rank == order)
                if sure or not before[old].quote_hash:
                    pairs.append((-score, abs(before[old].start - now[new].start), old, new))
    found: dict[int, Entry] = {}
    matched: set[int] = set()
    for _, _, old, new in sorted(pairs):
        if old not in matched and new not in found:
            found[new] = before[old]
            matched.add(old)
    lost: list[Entry] = []
    for index, entry in enumerate(before):
        if index not in matched:
            new = _alike(entry, now, found)
            if new is None:
                lost.append(entry)
            else:
                found[new] = entry
    return found, lost


def _alike(old: Entry, now: Sequence[Entry], taken: Mapping[int, Entry]) -> int | None:
    """The fresh entry that is most like `old`; its numbers must be the same, or it is another claim."""
    plain, digits = _plain(old.quote), _DIGITS.findall(old.quote)
    free = [
        i
        for i, e in enumerate(now)
        if i not in taken and e.kind == old.kind and _DIGITS.findall(e.quote) == digits
    ]
    free.sort(key=lambda i: abs(now[i].start - old.start))
    best, score = None, _ALIKE
    for index in free[:_CANDIDATES]:
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
    if entry.start < 0 or len(spans) < 2:
        # Short words found somewhere are not this statement, unless a person put them there by hand.
        return spans[0] if spans and (entry.start < 0 or len(entry.quote) >= 24) else None
    near = min(spans, key=lambda span: (-_score_at(entry, document, span), abs(span[0] - entry.start)))
    return near if _score_at(entry, document, near) or len(entry.quote) >= 24 else None


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


def _hash_of(entry: Entry) -> str:
    return quote_hash(entry.quote)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def write_ledger(ledger: Ledger, language: str = "en") -> str:
    """The ledger as YAML, with the words that explain how to edit it on top."""
    pages: list[dict[str, Any]] = []
    for page in ledger.pages:
        body: dict[str, Any] = {"source": page.source, "title": page.title, "sha256": page.sha256}
        body["statements"] = [_plain_entry(entry) for entry in page.entries]
        if page.unanchored:
            body["unanchored"] = [_plain_entry(entry) for entry in page.unanchored]
        pages.append(body)
    head = "".join(
        f"# {line}".rstrip() + "\n" for line in say(language, "ledger.header").strip().splitlines()
    )
    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return head + str(
        yaml.dump(
            {"careo": "ledger", "pages": pages}, Dumper=dumper, sort_keys=False, allow_unicode=True, width=110
        )
    )


def _plain_entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "quote": entry.quote,
        "decision": entry.decision,
        "correct": {key: _scalar(key, value) for key, value in entry.correct.items()},
        "note": entry.note,
        "read": {key: _scalar(key, value) for key, value in entry.read.items()},
        "start": entry.start,
        "end": entry.end,
        "quote_hash": entry.quote_hash,
        "before": entry.before,
        "after": entry.after,
    }


def _scalar(key: str, value: str) -> Any:
    if key != "value":
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def read_ledger(path: str | Path) -> Ledger:
    """Reads a ledger edited by hand.

    Raises:
        LedgerError: it does not make sense; says file, line, what was expected and found, and how to mend it.
    """
    return _Reader(str(path)).ledger(_text(Path(path)))


def check_indicators(ledger: Ledger, known: Iterable[str]) -> None:
    """Refuses corrections that name an indicator which the panel does not have.

    Raises:
        LedgerError: names the line, and the indicator that was probably meant.
    """
    ids = frozenset(known)
    for page in ledger.pages:
        for entry in (*page.entries, *page.unanchored):
            name = entry.correct.get("indicator", "")
            if name and name not in ids:
                _fail(
                    ledger.path,
                    entry.lines.get("indicator", 0),
                    "ledger_indicator",
                    name,
                    sorted(ids),
                    fix="indicator",
                )


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise LedgerError("ledger_large", where=str(path), fix="ledger_split")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise LedgerError("ledger_unreadable", where=str(path), found=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise LedgerError("ledger_encoding", where=str(path), fix="ledger_utf8") from error


def _fail(
    path: str, line: int, key: str, found: str, known: Sequence[str], *, fix: str = "", **words: object
) -> None:
    guess = get_close_matches(found, known, n=1, cutoff=0.5)
    shown = " | ".join(known[:12]) + (" | …" if len(known) > 12 else "")
    if guess:
        raise LedgerError(
            key,
            where=f"{path}:{line}",
            expected=shown,
            found=_short(found),
            fix="did_you_mean",
            guess=guess[0],
            **words,
        )
    raise LedgerError(key, where=f"{path}:{line}", expected=shown, found=_short(found), fix=fix, **words)


def _short(found: str) -> str:
    return repr(found if len(found) <= 60 else found[:59] + "…")


class _Reader:
    """Walks the YAML nodes, which know their lines."""

    _ENTRY = (
        "id", "kind", "quote", "decision", "correct", "note", "read", "start", "end", "quote_hash", "before", "after",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path

    def ledger(self, text: str) -> Ledger:
        root = self._compose(text)
        top = self._mapping(root, ("careo", "pages"), "ledger")
        if "pages" not in top:
            raise LedgerError("ledger_none", where=self.path, fix="ledger_make")
        pages = tuple(self._page(node) for node in self._list(top["pages"], "pages"))
        return Ledger(pages, self.path)

    def _compose(self, text: str) -> Any:
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            depth = 0
            for event in _yaml.parse(text, Loader=loader):
                if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                    raise LedgerError(
                        "ledger_alias", where=f"{self.path}:{event.start_mark.line + 1}", fix="ledger_alias"
                    )
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
                    event, yaml.CollectionEndEvent
                )
                if depth > _DEEPEST:
                    raise LedgerError("ledger_deep", where=f"{self.path}:{event.start_mark.line + 1}")
            return _yaml.compose(text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{self.path}:{mark.line + 1}" if mark else self.path
            raise LedgerError("not_yaml", where=where, problem=error.problem or "") from error
        except (yaml.YAMLError, RecursionError) as error:
            raise LedgerError("not_yaml", where=self.path, problem=str(error).splitlines()[0]) from error

    def _page(self, node: Any) -> Page:
        page = self._mapping(node, ("source", "title", "sha256", "statements", "unanchored"), "pages[]")
        if "source" not in page:
            raise LedgerError("ledger_missing", where=self._at(node), field="source", fix="ledger_add")
        entries = self._entries(page.get("statements"), "statements")
        lost = self._entries(page.get("unanchored"), "unanchored")
        seen: dict[str, int] = {}
        for entry in (*entries, *lost):
            if entry.id and entry.id in seen:
                where = f"{self.path}:{entry.lines['id']}"
                raise LedgerError(
                    "ledger_duplicate",
                    where=where,
                    found=repr(entry.id),
                    fix="ledger_rename",
                    first=seen[entry.id],
                )
            seen[entry.id] = entry.lines.get("id", 0)
        return Page(
            self._str(page["source"], "source"),
            self._str(page.get("sha256"), "sha256"),
            self._str(page.get("title"), "title"),
            entries,
            lost,
        )

    def _entries(self, node: Any, name: str) -> tuple[Entry, ...]:
        return tuple(self._entry(item) for item in self._list(node, name))

    def _entry(self, node: Any) -> Entry:
        fields = self._mapping(node, self._ENTRY, "statements[]")
        for name in ("kind", "quote"):
            if name not in fields or not self._str(fields[name], name).strip():
                where = self._at(fields.get(name, node))
                raise LedgerError("ledger_missing", where=where, field=name, fix="ledger_add")
        decision = (
            self._choice(fields["decision"], "decision", DECISIONS) if "decision" in fields else "undecided"
        )
        correct = self._correct(fields.get("correct"))
        if decision == "correct" and not correct:
            where = self._at(fields.get("correct", fields["decision"]))
            raise LedgerError("ledger_nothing_corrected", where=where, expected="correct: {value: 33341}")
        if correct and decision == "undecided":
            raise LedgerError(
                "ledger_correct_undecided", where=self._at(fields["correct"]), expected="decision: correct"
            )
        lines = {name: value.start_mark.line + 1 for name, value in fields.items()}
        if "correct" in fields and fields["correct"].value:
            lines |= {key.value: value.start_mark.line + 1 for key, value in fields["correct"].value}
        read = (
            {k.value: str(v.value) for k, v in fields["read"].value}
            if _is_mapping(fields.get("read"))
            else {}
        )
        return Entry(
            kind=self._choice(fields["kind"], "kind", KINDS),
            quote=self._str(fields["quote"], "quote"),
            id=self._str(fields.get("id"), "id"),
            start=self._int(fields.get("start"), "start"),
            end=self._int(fields.get("end"), "end"),
            quote_hash=self._str(fields.get("quote_hash"), "quote_hash"),
            before=self._str(fields.get("before"), "before"),
            after=self._str(fields.get("after"), "after"),
            read=read,
            decision=decision,
            correct=correct,
            note=self._str(fields.get("note"), "note"),
            lines=lines,
        )

    def _correct(self, node: Any) -> dict[str, str]:
        if node is None or _is_null(node):
            return {}
        fields = self._mapping(node, CORRECTABLE, "correct")
        result: dict[str, str] = {}
        for name, value in fields.items():
            text = self._str(value, name).strip()
            if not text:
                continue
            if name == "value":
                text = self._number(value, text)
            elif name in ("hedge", "kind"):
                self._choice(value, name, HEDGES if name == "hedge" else KINDS)
            elif name == "period" and read_period(text) is None:
                expected = "2018 | 2018-05 | 2018-05-17 | 2019-01/2019-06 | 2006/.."
                raise LedgerError(
                    "ledger_period", where=self._at(value), expected=expected, found=_short(text)
                )
            result[name] = text
        return result

    def _number(self, node: Any, text: str) -> str:
        lean = text.replace("_", "")
        if not re.fullmatch(r"[-+]?\d{1,18}(\.\d{1,12})?([eE][-+]?\d{1,2})?", lean):
            raise LedgerError(
                "ledger_number", where=self._at(node), expected="33341 | 0.15", found=_short(text)
            )
        return lean

    def _mapping(self, node: Any, keys: Sequence[str], name: str) -> dict[str, Any]:
        if not _is_mapping(node):
            raise LedgerError(
                "ledger_want_mapping",
                where=self._at(node),
                expected=f"{keys[0]}: …",
                found=self._seen(node),
                field=name,
            )
        fields: dict[str, Any] = {}
        for key, value in node.value:
            word = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if word not in keys:
                _fail(
                    self.path,
                    key.start_mark.line + 1,
                    "ledger_unknown_key",
                    word,
                    keys,
                    fix="ledger_remove",
                    field=name,
                )
            if word in fields:
                raise LedgerError("ledger_twice", where=self._at(key), found=repr(word), fix="ledger_remove")
            fields[word] = value
        return fields

    def _list(self, node: Any, name: str) -> list[Any]:
        if node is None or _is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise LedgerError(
                "ledger_want_list", where=self._at(node), expected="- …", found=self._seen(node), field=name
            )
        items: Any = node.value
        return list(items)

    def _str(self, node: Any, name: str) -> str:
        if node is None or _is_null(node):
            return ""
        if not isinstance(node, yaml.ScalarNode):
            raise LedgerError("ledger_want_text", where=self._at(node), found=self._seen(node), field=name)
        return str(node.value)

    def _int(self, node: Any, name: str) -> int:
        text = self._str(node, name)
        if not text:
            return -1
        if not re.fullmatch(r"-?\d{1,12}", text):
            raise LedgerError("ledger_number", where=self._at(node), expected="0 | 1234", found=_short(text))
        return int(text)

    def _choice(self, node: Any, name: str, known: Sequence[str]) -> str:
        text = self._str(node, name).strip()
        if text not in known:
            _fail(
                self.path,
                node.start_mark.line + 1,
                "ledger_choice",
                text,
                known,
                fix="ledger_choose",
                field=name,
            )
        return text

    def _at(self, node: Any) -> str:
        return self.path if node is None else f"{self.path}:{node.start_mark.line + 1}"

    def _seen(self, node: Any) -> str:
        if node is None:
            return "''"
        return (
            _short(str(node.value))
            if isinstance(node, yaml.ScalarNode)
            else "[…]"
            if isinstance(node, yaml.SequenceNode)
            else "{…}"
        )


def _is_mapping(node: Any) -> bool:
    return isinstance(node, yaml.MappingNode)


def _is_null(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")
