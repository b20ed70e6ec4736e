"""Text → pieces: paragraphs, headings and list items as stretches of the text, before anybody judges them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

_LINE = re.compile(r"[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MARKER = re.compile(
    r"(?P<heading>#{1,6}[ \t]+)"
    r"|(?P<item>[•‣◦▪▫●○■□–—·►▶➤✓✔*+-][ \t]+|[•●▪►])"
    r"|(?P<number>\(?\d{1,3}[.)][ \t]+|\(?[a-z]\)[ \t]+|[IVX]{1,5}\.[ \t]+)"
    r"|(?P<quote>>[ \t]*)"
)
_CUT_WORD = re.compile(
    r"(?P<head>(?<![^\W\d_])[^\W\d_]{1,40})[-\u00ad\u2010](?P<break>[ \t]*\r?\n[ \t]*)(?P<tail>[^\W\d_A-ZÁÉÍÓÚÑÜ]{1,40})(?P<punctuation>[^\w\s-]{0,3})(?P<space>[ \t]?)"
)
_ENDS = re.compile(r"[.!?…:;][\"'”’»)\]*_]*$")
_FIRST_WORD = re.compile(r"\S{1,60}")
_NARROW, _WIDE, _LONG = 45, 132, 160  # columns between which editors and mail programs wrap
_SHORT = 25  # columns left free that no ragged edge explains


@dataclass(slots=True)
class Piece:
    """A stretch of text that will become a block.

    Attributes:
        start, end: characters, without surrounding white space.
        marker: "" or "heading", "item", "number", "quote": what its first characters make it.
        skip: characters of the marker.
        gap: a blank line stands before it.
        tag: what the mark-up says of it: "h1" … "h6", "li", "nav", "footer", "figcaption", "blockquote" …; "" for text.
        main: mark-up only: the extractor takes it for main text (True) or not (False); None when it was not asked.
    """

    start: int
    end: int
    marker: str = ""
    skip: int = 0
    gap: bool = True
    tag: str = ""
    main: bool | None = None


def pieces_of(
    text: str, *, wrapped: bool | None = None, start: int = 0, end: int | None = None
) -> list[Piece]:
    """The pieces of a text: one a line, or, where lines are hard-wrapped, one a paragraph.

    Args:
        text: the whole text.
        wrapped: join lines into paragraphs; None looks whether the text was wrapped by an editor.
        start, end: the part of the text to look at.
    """
    lines = list(_lines(text, start, len(text) if end is None else end))
    if wrapped is None:
        wrapped = _is_wrapped(text, lines)
    return _joined(text, lines) if wrapped else lines


def unhyphenated(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A text with the words whole that a typesetter cut at the end of a line, and where its stretches stood.

    "vícti-/mas de homicidio" becomes "víctimas/de homicidio": the break moves behind the word, so that lines stay lines.
    A hyphen that the page writes inside a line, too ("post-conflict"), stays. The stretches are (offset in the new text,
    offset in the old one), as in `Document.segments`; empty when nothing was cut.
    """
    kept: list[str] = []
    runs: list[tuple[int, int]] = []
    at = size = 0

    def keep(start: int, end: int, written: str = "") -> None:
        nonlocal size
        if end > start:
            if not runs or runs[-1][1] - runs[-1][0] != start - size:
                runs.append((size, start))
            kept.append(written or text[start:end])
            size += end - start

    for match in _CUT_WORD.finditer(text):
        keep(at, match.end("head"))
        if f"{match['head']}-{match['tail']}".lower() in _hyphenated(text):
            keep(match.end("head"), match.end("head") + 1)
        keep(match.start("tail"), match.end("punctuation"))
        keep(*match.span("space"), "\n")
        at = match.end()
    if not at:
        return text, ()
    keep(at, len(text))
    return "".join(kept), tuple(runs)


@lru_cache(maxsize=2)
def _hyphenated(text: str) -> frozenset[str]:
    """Words that a text writes with a hyphen inside a line."""
    return frozenset(word.lower() for word in _COMPOUND.findall(text))


_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")


def _lines(text: str, start: int, end: int) -> Iterator[Piece]:
    before = start
    for match in _LINE.finditer(text, start, end):
        raw = match[0]
        line = raw.strip()
        if not line:
            continue
        first = match.start() + len(raw) - len(raw.lstrip())
        marker, skip = "", 0
        found = _MARKER.match(line)
        if found and found.end() < len(line):
            marker, skip = found.lastgroup or "", found.end()
        gap = _breaks(text, before, match.start()) > 1
        before = match.end()
        yield Piece(first, first + len(line), marker, skip, gap)


def _breaks(text: str, start: int, end: int) -> int:
    if end - start == 1:
        return 1
    if end - start > 200:
        return 2
    return len(_BREAK.findall(text, start, end))


def _is_wrapped(text: str, lines: list[Piece]) -> bool:
    """Lines of like length that end in the middle of a sentence: an editor wrapped them."""
    inner = cut = lower = long = 0
    for line, following in pairwise(lines):
        length = line.end - line.start
        long += length > _LONG
        if following.gap or following.marker or line.marker in ("heading", "quote"):
            continue
        inner += 1
        if _NARROW <= length <= _WIDE and not _ENDS.search(text, max(line.start, line.end - 6), line.end):
            lower += text[following.start].islower()
            cut += 1
    if long > lower:
        return False
    if inner >= 2 and lower == inner:
        return True
    return (inner >= 4 and cut >= 0.6 * inner and cut >= 0.3 * len(lines)) or (
        lower >= 3 and lower >= 0.2 * inner
    )


def _joined(text: str, lines: list[Piece]) -> list[Piece]:
    width = sorted(line.end - line.start for line in lines)[int(0.9 * (len(lines) - 1))] if lines else 0
    joined: list[Piece] = []
    last = 0
    for line in lines:
        if joined and not line.gap and not _opens(text, joined[-1], last, line, width):
            joined[-1].end = line.end
        else:
            joined.append(line)
        last = line.end - line.start
    return joined


def _opens(text: str, piece: Piece, last: int, line: Piece, width: int) -> bool:
    """Whether a wrapped line begins a new piece although no blank line stands before it."""
    if line.marker in ("heading", "item", "quote") or piece.marker == "heading":
        return True
    ends = bool(_ENDS.search(text, max(piece.start, piece.end - 6), piece.end))
    # An editor breaks a line when the next word does not fit; a break before a word that fits is the writer's.
    room = width - last - 1
    word = _FIRST_WORD.match(text, line.start, line.end)
    fits = room - (word.end() - word.start() if word else 0)
    first = text[line.start : line.start + 1]
    if line.marker == "number":
        return fits > 6 or ends
    if first.isupper() and not ends:
        return fits > 1
    if first.islower() and not ends and last >= _NARROW // 2 and not piece.marker:
        return False  # a headline over two lines
    return fits > 6 and (ends or not first.isalpha() or room > _SHORT)


@cache
def sentence_breaks() -> re.Pattern[str]:
    """Where a sentence ends and another begins."""
    return re.compile(r"[.!?…][\"'”’»)\]]{0,3}\s+(?=[\"'“‘«¿¡(\[]{0,3}[A-ZÁÉÍÓÚÑÜ])")
