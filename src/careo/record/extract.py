"""From a document to its statements: every sentence of the body, and the lists a plan is written in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from careo.base.dates import Term
from careo.record.actors import Speakers, speaker, speakers_of, subject, trim
from careo.record.acts import act, acts
from careo.record.passages import POINTED, Passage, passages, spaced
from careo.record.periods import compared_with
from careo.record.quantities import figures
from careo.record.sentences import statement_rules
from careo.record.statements import Statement
from careo.sources.documents import Document

_MARK = re.compile(r"\s*(?:[•·▪◦*‣–—-]|\(?\d{1,2}[.)]|\(?[a-z]\)|[IVX]{1,4}[.)])\s+")
_NUMBERED = re.compile(r"\s*\(?\d{1,2}[.)]\s+")


@dataclass(slots=True)
class _List:
    """The list being read: what its items are, who speaks, and whether its items are numbered headings."""

    kind: str
    actor: str
    block: int
    numbered: bool = False
    begun: bool = False


def extract(
    document: Document, *, terms: tuple[Term, ...] = (), dollar: Mapping[str, str] | None = None
) -> tuple[Statement, ...]:
    """All statements of a document, in the order of the text.

    Args:
        terms: heads of government, for "so far this term". dollar: language → currency that a bare "$" means.
    """
    source, speakers = document.source.key, speakers_of(document.text)
    found: list[Statement] = []
    current: _List | None = None
    told: Statement | None = None
    trail: list[Statement] = []
    last_numbered = max(
        (
            i
            for i, b in enumerate(document.blocks)
            if b.label == "body" and _NUMBERED.match(document.text, b.start)
        ),
        default=-1,
    )
    for passage in passages(document, terms, dict(dollar or {})):
        actor = speaker(passage, speakers)
        here = figures(passage, source, actor, told, tuple(trail))
        trail = [*trail, *here][-6:]
        told = next(
            (
                s
                for s in reversed(here)
                if s.period_form == "at" and not _pointed(passage, s) and not compared_with(passage, s)
            ),
            told,
        )
        if passage.block.label == "meta":
            found += here
            continue
        current = _still(current, passage, last_numbered)
        if current and passage.index != current.block:
            said = [
                s
                for s in acts(passage, source, actor or current.actor, speakers)
                if s.kind in ("pledge", "request")
            ]
            here += said if any(s.kind != current.kind for s in said) else _item(passage, current, source)
        else:
            here += _order(passage, source, actor) or acts(passage, source, actor, speakers)
        pledges = [s for s in here if s.kind == "pledge"]
        here = [
            replace(s, promised=True)
            if s.kind == "figure" and any(p.start <= s.start < p.end for p in pledges)
            else s
            for s in here
        ]
        opened = _opens(document, passage, actor, speakers)
        if opened:
            here = [
                s for s in here if s.kind == "figure" or s.end < passage.span[1] - 30 or s.end - s.start > 60
            ]
        current = opened or current
        found += here
    return tuple(sorted(_distinct(found), key=lambda s: (s.start, s.end, s.kind)))


def _pointed(passage: Passage, figure: Statement) -> bool:
    """Whether the year of a figure is only told by pointing ("a year earlier"): the page goes on about the other year."""
    return any(d.every == POINTED and d.period == figure.period for d in passage.dates)


def _opens(document: Document, passage: Passage, actor: str, speakers: Speakers) -> _List | None:
    """A list begins when a block ends in a colon (or is a heading before items) and says that what follows is a plan,
    demands or proposals.
    """
    if passage.span[1] < passage.block.end:
        return None
    if not passage.words.rstrip().endswith(":") and not _heads_items(document, passage):
        return None
    rules, words = statement_rules(passage.language)["lists"], passage.words
    if re.search(rf"(?<!\w){spaced(rules['not'])}(?!\w)", words, re.IGNORECASE):
        return None
    if not re.search(rf"(?<!\w){spaced(rules['opens'])}(?!\w)", words, re.IGNORECASE):
        return None
    kind = "pledge"
    if re.search(rf"(?<!\w){rules['request']}", words, re.IGNORECASE):
        kind = "request"
    elif re.search(rf"(?<!\w){rules['position']}", words, re.IGNORECASE):
        kind = "position"
    return _List(kind, actor or subject(passage, speakers), passage.index)


def _heads_items(document: Document, passage: Passage) -> bool:
    """Whether a block is a short heading ("Recommendations") with list items right below it."""
    if len(passage.words) > 70 or passage.words.rstrip()[-1:] in ".!?":
        return False
    after = next((b for b in document.blocks[passage.index + 1 :] if b.label == "body"), None)
    return after is not None and bool(_MARK.match(document.text, after.start))


def _order(passage: Passage, source: str, actor: str) -> list[Statement]:
    """A marked item that orders, outside a list that was opened: asked in English ("1. Adopt a target"), where the
    imperative speaks to somebody; pledged in Spanish ("1. Construir una cárcel"), where plans are written in infinitives.
    """
    mark = _MARK.match(passage.text, passage.span[0], passage.span[1])
    if mark is None or passage.span[0] != passage.block.start:
        return []
    rules = statement_rules(passage.language)
    orders = re.compile(spaced(rules["imperative_item"]), re.IGNORECASE).match(
        passage.text, mark.end(), passage.span[1]
    )
    if orders is None or orders[0].split()[0] in rules["not_imperative"]:
        return []
    start, end = trim(passage.text, (mark.end(), passage.span[1]))
    kind = "request" if passage.language == "en" else "pledge"
    return [act(passage, kind, start, end, source, actor)]


def _still(current: _List | None, passage: Passage, last_numbered: int) -> _List | None:
    """Whether a passage still belongs to the list: an item mark, or the lines under a numbered heading."""
    if current is None or passage.index == current.block:
        return current
    block = passage.text[passage.block.start : passage.block.end]
    if not current.begun:
        current.begun = True
        current.numbered = bool(_NUMBERED.match(block))
        short = len(block) < 220 and not block.rstrip().endswith(":")
        return current if _MARK.match(block) or passage.block.role == "item" or short else None
    if _MARK.match(block) or (passage.block.role == "item" and len(block) < 200):
        return current
    if current.numbered:
        if passage.index < last_numbered:
            return current
        return (
            current
            if passage.index == last_numbered + 1 and len(block) < 300 and not _heading(block)
            else None
        )
    return None


def _heading(block: str) -> bool:
    return block.rstrip()[-1:] in "?:!" or (len(block) < 50 and block.istitle())


def _item(passage: Passage, current: _List, source: str) -> Iterator[Statement]:
    mark = _MARK.match(passage.text, passage.span[0], passage.span[1])
    start, end = trim(passage.text, (mark.end() if mark else passage.span[0], passage.span[1]))
    told = re.match(
        r"[^:]{3,50}:\s*[~<>$+-]?\d", passage.text[start:end]
    )  # "Impunity: 95%" informs, it orders nothing
    if end - start > 5 and not told:
        yield act(passage, current.kind, start, end, source, current.actor)


def _distinct(statements: list[Statement]) -> Iterator[Statement]:
    seen: set[tuple[str, int, int]] = set()
    for statement in statements:
        key = (statement.kind, statement.start, statement.end)
        if key not in seen:
            seen.add(key)
            yield statement
