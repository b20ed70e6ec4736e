"""Which parts of a page are the article: every block gets a label and the reason for it.

A page dumped as text mixes the article with its title, captions, pull quotes, teasers of other articles and the site's
furniture. No model: lines that speak for themselves are told by a lexicon (`furniture`), the article is found from its
long paragraphs (`extent`), and the short lines around and between them by where they stand, what they repeat and
whether they share the article's vocabulary (`placing`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from careo.sources.documents import Block
from careo.sources.extent import bound
from careo.sources.furniture import START, is_byline, is_caption, is_credit, is_date_line, said_by
from careo.sources.language import function_words, language_of, tally, words_between, words_of
from careo.sources.lines import Piece
from careo.sources.marks import Line, Sheet, is_headline, stop_share
from careo.sources.placing import place_head, place_middle, place_tail

_TERMINAL = re.compile(r"[.!?…][\"'”’»)\]*_]{0,4}$")
_BREADCRUMB = re.compile(r"^[^.!?]{1,80}(?: [>»›/|] [^.!?]{1,60}){1,6}$")
_ADDRESS = re.compile(r"^(?:https?://|www\.)\S+$|^[\w.+-]+@[\w-]+\.[\w.]+$|^[@#]\w+$")
_IMAGE = re.compile(r"^!\[[^\]]{0,300}\]\([^)]{0,500}\)$")
_COUNTED = re.compile(
    r"^\d{1,6}\s+(?:comments?|comentarios?|repl(?:y|ies)|responses?|respuestas?|thoughts?|shares?|likes?|views?|vistas)\b",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(r"^(?:©|\(c\)\s|copyright\s*(?:©|\(c\)|\d{4}))", re.IGNORECASE)
_BRACKETED = re.compile(r"^[\[(【].{12,300}[\])】]$", re.DOTALL)
_STEM = 6  # letters that tell a word from others of its family well enough
_SHINGLE = 5  # words; a line at least this long that stands in a longer paragraph is taken from it
_AROUND = frozenset(("nav", "footer", "form", "button", "menu"))
_ROLES = {"heading": "heading", "item": "item", "number": "item", "quote": "quote"}


def classify(text: str, pieces: Sequence[Piece], *, title: str = "") -> tuple[Block, ...]:
    """Label every piece of a page.

    Args:
        text: the page.
        pieces: its paragraphs, headings and list items in order.
        title: the title when the mark-up states it.
    """
    page = Sheet([_measure(text, piece) for piece in pieces])
    listed = False  # inside a list that a line of the writer's opens: "We ask the government to:"
    for index, line in enumerate(page.lines):
        _by_itself(line, listed=listed and line.role == "item")
        if line.role != "item":
            listed = not line.label and not line.hint and line.n >= 3 and line.text.endswith(":")
        if line.key == "image caption" and index + 1 < len(pieces):
            page.lines[index + 1].hint = "caption"
    _find_prose(page)
    _duplicates(page)
    if page.core:
        bound(page)
        place_head(page, title)
        place_middle(page)
        place_tail(page)
    else:
        _without_prose(page, title)
    return tuple(_block(page, line) for line in page.lines)


def _block(page: Sheet, line: Line) -> Block:
    other = page.lines[line.like].piece if line.like >= 0 and line.label == "repeat" else None
    like = (other.start, other.end) if other else None
    return Block(line.piece.start, line.piece.end, line.label, line.reason, line.role, line.language, like)


def _measure(text: str, piece: Piece) -> Line:
    own = text[piece.start + piece.skip : piece.end].strip()
    words = words_between(text, piece.start + piece.skip, piece.end)
    packed = tally(words)
    role = _ROLES.get(piece.marker, "paragraph")
    if piece.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
        role = "heading"
    elif piece.tag == "li":
        role = "item"
    elif piece.tag == "blockquote":
        role = "quote"
    terminal = bool(_TERMINAL.search(own, max(0, len(own) - 8)))
    key = " ".join(words) if len(words) <= 120 else ""
    language = language_of(packed, len(words))
    return Line(piece, own, words, packed, terminal, key, role=role, language=language, n=len(words))


def _by_itself(line: Line, *, listed: bool = False) -> None:
    """What a line says of itself, or a hint that waits for the context."""
    text, words = line.text, line.words
    if not words:
        line.be("boilerplate", "rule", "other")
    elif line.piece.tag in _AROUND:
        line.be("boilerplate", "navigation", "other")
    elif line.piece.tag == "figcaption" or _IMAGE.match(text):
        line.be("repeat", "caption", "caption")
    elif _ADDRESS.match(text):
        line.be("boilerplate", "address", "other")
    elif line.n > 22 or not _small(line):
        _by_lexicon(line, listed=listed)


def _small(line: Line) -> bool:
    """Dates, bylines, credits, counters: told by their shape."""
    text, words = line.text, line.words
    if is_credit(text, words):
        line.be("boilerplate", "picture_credit", "other")
    elif _COPYRIGHT.match(text):
        line.be("boilerplate", "rights", "other")
    elif _COUNTED.match(text) and not line.terminal and line.n <= 12:
        line.be("boilerplate", "comments_form", "other")
    elif line.n > 8 and is_caption(text, words, terminal=line.terminal):
        return False
    else:
        joined = line.n <= 16 and not line.terminal and bool(_BREADCRUMB.match(text))
        if is_date_line(text, words, loose=joined) and (line.role != "item" or line.n <= 5):
            line.date = True
            line.be("meta", "date", "dateline")
        elif is_byline(text, words):
            line.be("meta", "byline", "byline")
        elif joined and line.n <= 14 and said_by(words, text, terminal=False) is None:
            line.be("boilerplate", "breadcrumb", "other")
        else:
            return False
    return True


def _by_lexicon(line: Line, *, listed: bool) -> None:
    text, words = line.text, line.words
    phrase = said_by(words, text, terminal=line.terminal)
    if (
        phrase is not None
        and (line.piece.marker == "number" or (listed and line.n >= 4))
        and phrase.anchor == START
        and len(phrase.words) < line.n
        and phrase.label == "boilerplate"
    ):
        phrase = None  # an item of a list that happens to begin like an appeal
    if phrase is None:
        if is_caption(text, words, terminal=line.terminal):
            line.hint = "caption"
        elif line.n <= 40 and ":" in text and _BRACKETED.match(text):
            line.hint = "link"
    elif phrase.label == "related" or phrase.reason == "bio":
        line.hint = phrase.reason
    elif phrase.reason == "picture_credit" and line.n > 6 and is_caption(text, words, terminal=line.terminal):
        line.be("repeat", "caption", "caption")
    elif phrase.reason == "reading_time" and line.n <= 22 and is_date_line(text, words, loose=True):
        line.date = True
        line.be("meta", "date", "dateline")
    else:
        line.be("boilerplate", phrase.reason, "other")


def _find_prose(page: Sheet) -> None:
    """The paragraphs that read as prose, the language of the page and the words it uses."""
    total = words = 0
    for line in page.lines:
        if line.label or line.hint in ("link", "end", "close", "caption"):
            continue
        stop = stop_share(line)
        line.prose = (line.n >= 12 and line.terminal and stop >= 0.2) or (line.n >= 25 and stop >= 0.25)
        if line.prose:
            total += line.packed
            words += line.n
    if not words:
        total, words = sum(line.packed for line in page.lines), sum(line.n for line in page.lines)
    page.language = language_of(total, words)
    stop_words = function_words()
    for index, line in enumerate(page.lines):
        if line.prose and line.language and page.language and line.language != page.language:
            line.prose = False
            line.hint = line.hint or "foreign"
        content = [w for w in line.words if len(w) > 3 and w not in stop_words]
        line.stems = frozenset([w[:_STEM].partition("'")[0] for w in content])
        if line.prose:
            page.core.append(index)
            if line.hint != "bio":
                page.vocabulary.update(line.stems)


def _duplicates(page: Sheet) -> None:
    """Lines that stand word for word in another one; `like` points to the other, nothing is decided yet."""
    seen: dict[str, int] = {}
    shingles: dict[str, int] = {}
    lines = page.lines
    openings = {line.words[0] for line in lines if line.n >= _SHINGLE and line.key}
    for index, line in enumerate(lines):
        if line.prose or (line.hint == "caption" and line.n >= 5):
            words = line.words
            for at in range(len(words) - _SHINGLE + 1):
                if words[at] in openings:
                    shingles.setdefault(" ".join(words[at : at + _SHINGLE]), index)
    for index, line in enumerate(lines):
        if line.n < 3 or not line.key:
            continue
        if line.key in seen:
            line.like = seen[line.key]
            continue
        seen[line.key] = index
        if line.n >= (_SHINGLE if line.role != "item" else 2 * _SHINGLE):
            other = shingles.get(" ".join(line.words[:_SHINGLE]), -1)
            if other >= 0 and other != index and lines[other].n > line.n and _inside(line, lines[other]):
                line.like = other
    for index, line in enumerate(lines):  # a caption said once with its credit and once without
        if line.hint == "caption" and line.like < 0 and 5 <= line.n <= 60:
            for other in (index - 2, index - 1, index + 1, index + 2):
                if (
                    0 <= other < len(lines)
                    and 4 <= lines[other].n < line.n
                    and f" {lines[other].key} " in f" {line.key} "
                ):
                    lines[other].like = index


def _inside(line: Line, other: Line) -> bool:
    first, size, words = line.words[0], line.n, other.words
    at = 0
    for _ in range(50):  # a first word repeated thousands of times is no reason to look on
        try:
            at = words.index(first, at)
        except ValueError:
            return False
        if words[at : at + size] == line.words:
            return True
        at += 1
    return False


def _without_prose(page: Sheet, stated: str) -> None:
    """Pages without a paragraph of prose: a sentence, a list, a note."""
    lines = page.lines
    wanted = " ".join(words_of(stated))
    unlabelled = [line for line in lines if not line.label]
    sentences = any(line.terminal and line.n >= 4 for line in unlabelled)
    ended = False
    for index, line in enumerate(lines):
        if line.label:
            continue
        ended = ended or line.hint in ("end", "close")
        dated = index + 1 < len(lines) and lines[index + 1].date and line.role != "item" and line.n >= 2
        title = (
            line is unlabelled[0]
            and not line.terminal
            and len(unlabelled) > 1
            and (dated or (sentences and is_headline(line)))
        )
        if ended or line.hint == "link":
            line.be("related", "link" if line.hint == "link" else "after_end")
        elif line.hint == "caption" and len(unlabelled) > 1:
            line.be("repeat", "caption", "caption")
        elif line.like >= 0 and line.like != index and line.n >= 4:
            line.be("repeat", "duplicate")
        elif title or (wanted and line.key == wanted):
            page.title = index
            line.be("meta", "title", "title")
        elif line.n >= 4 or line.role == "item" or len(unlabelled) <= 3:
            line.be("body", "list_item" if line.role == "item" else "short_paragraph")
        else:
            line.be("boilerplate", "fragment", "other")
