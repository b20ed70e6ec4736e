"""HTML → the text a reader sees, with the place of every character in the mark-up.

One pass that never looks back: unclosed tags, comments and quotes cost no more than well-formed ones, nesting is
counted and not followed, and nothing is executed or fetched. What mark-up says of a paragraph (heading, list item,
caption, navigation) is kept as a hint.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from careo.sources.lines import Piece

_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:-]{0,30}")
_STOP = re.compile(r"[\"'>]")
_RUN = re.compile(r"[^\s&]+(?: [^\s&]+)*|\s+|&(?:#[xX]?[0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,31});?|&")
_ATTRIBUTE = re.compile(
    r"([a-zA-Z_:][\w:.-]{0,40})\s{0,9}=\s{0,9}(?:\"([^\"]{0,2000})\"|'([^']{0,2000})'|([^\s\"'>]{1,2000}))"
)
_RAW = frozenset(
    "script style noscript template textarea iframe svg math canvas object audio video select xmp noembed noframes".split()  # noqa: SIM905
)
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in (*_RAW, "title")}
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark meter q s samp small span "  # noqa: SIM905
    "strike strong sub sup time tt u var wbr input".split()
)
_KEPT = (
    "nav",
    "footer",
    "form",
    "button",
    "menu",
    "figcaption",
    "aside",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "blockquote",
)
_CLOSED_BY = {"ul": "li", "ol": "li"}  # what an end tag closes that authors leave open
_LONGEST_SCRIPT = 400_000


@dataclass(slots=True)
class Markup:
    """What a page of HTML shows and states.

    Attributes:
        text, segments: as in `Document`. pieces: its paragraphs, headings and items, with `tag` as hint.
        title: of the `title` element. lang: of the `html` element.
        meta: name or property → content, the first of each. times: `datetime` values.
        linked_data: contents of JSON-LD scripts.
        tags: how many tags. depth: how deep they nest, about.
    """

    text: str = ""
    segments: tuple[tuple[int, int], ...] = ()
    pieces: list[Piece] = field(default_factory=list[Piece])
    title: str = ""
    lang: str = ""
    meta: dict[str, str] = field(default_factory=dict[str, str])
    times: list[str] = field(default_factory=list[str])
    linked_data: list[str] = field(default_factory=list[str])
    tags: int = 0
    depth: int = 0


class _Writer:
    """Collects visible text with the place of its characters."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0
        self.segments: list[tuple[int, int]] = []
        self.pieces: list[Piece] = []
        self.opened = -1  # where the running piece begins, -1 when none does
        self.space = -1  # place in the mark-up of white space not yet written
        self.breaks = 0

    def put(self, text: str, origin: int) -> None:
        if self.opened < 0:
            if self.size:
                self._add("\n", origin)
            self.opened = self.size
        elif self.breaks:
            self._add("\n", origin)
        elif self.space >= 0:
            self._add(" ", self.space)
        self.space, self.breaks = -1, 0
        self._add(text, origin)

    def _add(self, text: str, origin: int) -> None:
        if not self.segments or origin - self.segments[-1][1] != self.size - self.segments[-1][0]:
            self.segments.append((self.size, origin))
        self.parts.append(text)
        self.size += len(text)

    def close(self, tag: str) -> None:
        if self.opened >= 0:
            self.pieces.append(Piece(self.opened, self.size, tag=tag))
            self.opened = -1
        self.space, self.breaks = -1, 0


def parse(source: str) -> Markup:
    """Read mark-up once from left to right."""
    page = Markup()
    writer = _Writer()
    counts: dict[str, int] = dict.fromkeys(_KEPT, 0)
    depth = at = 0
    no_quote: set[str] = set()
    size = len(source)
    while at < size:
        opening = source.find("<", at)
        if opening < 0:
            opening = size
        if opening > at:
            _text(writer, source, at, opening)
        if opening == size:
            break
        if source.startswith("<!--", opening):
            end = source.find("-->", opening + 4)
            at = end + 3 if end >= 0 else size
            continue
        found = _NAME.match(source, opening + 1)
        if found is None:
            if source.startswith(("<!", "<?"), opening):
                end = source.find(">", opening)
                at = end + 1 if end >= 0 else size
            else:  # a bare "<" is a character
                writer.put("<", opening)
                at = opening + 1
            continue
        name = found[0].lower()
        end = _tag_end(source, found.end(), no_quote)
        attributes = source[found.end() : min(end, found.end() + 4000)]
        at = end
        page.tags += 1
        if name in _RAW or name == "title":
            closing = _RAW_END[name].search(source, at)
            inner_end = closing.start() if closing else size
            _raw(page, name, attributes, source[at : min(inner_end, at + _LONGEST_SCRIPT)])
            at = inner_end
            continue
        if name == "meta":
            _meta(page, attributes)
        elif name == "time" and "datetime" in attributes:
            page.times.append(_attributes(attributes).get("datetime", ""))
        elif name == "html":
            page.lang = page.lang or _attributes(attributes).get("lang", "")
        if name.lstrip("/") in _INLINE:
            continue
        if name == "br":
            writer.breaks += 1
            if writer.breaks > 1:
                writer.close(_hint(counts))
            continue
        writer.close(_hint(counts))
        if name.startswith("/"):
            depth = max(0, depth - 1)
            closed = name[1:]
            if counts.get(closed, 0):
                counts[closed] -= 1
            if closed in _CLOSED_BY:
                counts[_CLOSED_BY[closed]] = 0
        elif name in counts:
            depth += 1
            if name == "li" or name[0] == "h":
                counts[name] = 1
            else:
                counts[name] += 1
        else:
            depth += 1
        page.depth = max(page.depth, depth)
    writer.close(_hint(counts))
    page.text = "".join(writer.parts)
    page.segments = tuple(writer.segments)
    page.pieces = writer.pieces
    return page


def _text(writer: _Writer, source: str, start: int, end: int) -> None:
    for match in _RUN.finditer(source, start, end):
        run = match[0]
        first = run[0]
        if first == "&":
            char = html.unescape(run) if len(run) > 1 else run
            if char.isspace():
                writer.space = match.start() if writer.space < 0 else writer.space
            elif char:
                writer.put(char, match.start())
        elif first.isspace():
            if writer.space < 0:
                writer.space = match.start()
        else:
            writer.put(run, match.start())


def _tag_end(source: str, at: int, no_quote: set[str]) -> int:
    """Just behind the ">" that closes a tag; quotes protect it only after "=" and only when they close."""
    while True:
        found = _STOP.search(source, at)
        if found is None:
            return len(source)
        if found[0] == ">":
            return found.end()
        at = found.end()
        quote = found[0]
        if quote in no_quote or not source[max(0, at - 12) : at - 1].rstrip().endswith("="):
            continue
        closing = source.find(quote, at)
        if closing < 0:
            no_quote.add(quote)
        else:
            at = closing + 1


def _hint(counts: dict[str, int]) -> str:
    return next((name for name in _KEPT if counts[name]), "")


def _attributes(text: str) -> dict[str, str]:
    pairs = {
        m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "")
        for m in reversed(list(_ATTRIBUTE.finditer(text)))
    }
    return {name: value.strip() for name, value in pairs.items()}


def _meta(page: Markup, text: str) -> None:
    found = _attributes(text)
    name = (found.get("property") or found.get("name") or found.get("itemprop") or "").lower()
    if name and found.get("content"):
        page.meta.setdefault(name, found["content"])


def _raw(page: Markup, name: str, attributes: str, content: str) -> None:
    if name == "title" and not page.title:
        page.title = " ".join(html.unescape(content[:1000]).split())
    elif name == "script" and "ld+json" in attributes.lower():
        page.linked_data.append(content)
