"""The ledger: what a person decided about each statement, in a YAML file made to be edited by hand.

Reading refuses nonsense with file and line. `anchoring.apply` finds the statements again on the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from careo.base.dates import Period, parse_period
from careo.base.errors import LedgerError
from careo.base.texts import say
from careo.record.statements import HEDGES, KINDS
from careo.sources.documents import Document

DECISIONS = ("undecided", "accept", "reject", "correct")
CORRECTABLE = ("value", "unit", "hedge", "period", "place", "indicator", "kind")

_LARGEST = 16_000_000  # bytes; some 40,000 statements
_DEEPEST = 12
_yaml: Any = yaml  # its parser and composer have no types


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


def read_period(iso: str) -> Period | None:
    """A period as `str(Period)` writes it; None when it is not one."""
    try:
        return parse_period(iso)
    except ValueError:
        return None


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
    return ledger_of(_text(Path(path)), str(path))


def ledger_of(text: str, path: str = "") -> Ledger:
    """The same of the text of a ledger; `path` is for messages.

    Raises:
        LedgerError: it does not make sense.
    """
    return _Reader(path).ledger(text)


def check_indicators(ledger: Ledger, known: Iterable[str]) -> None:
    """Refuses corrections that name an indicator which the country does not have.

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
            where = f"{self.path}:{min(mark.line, text.count(chr(10))) + 1}" if mark else self.path
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
