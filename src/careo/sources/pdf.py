"""PDF files: the text layer through pypdf, lines joined into paragraphs, page heads and feet told apart.

A hostile file is bounded by the number of pages, the size of their text and the time spent; pypdf itself bounds what one
stream may unpack to.
"""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, InputError
from careo.sources.blocks import classify
from careo.sources.documents import Block
from careo.sources.language import words_of
from careo.sources.lines import Piece, pieces_of, unhyphenated
from careo.sources.page import Page, not_too_long, parsers_quiet

if TYPE_CHECKING:
    from pypdf import PdfReader

MOST_PAGES = 2000
MOST_CHARACTERS = 20_000_000
MOST_SECONDS = 60.0
_EDGE = 2  # lines at the top and foot of a page that may be its head and foot
_PAGE_NUMBER = re.compile(
    r"^(?:page|p[aá]g(?:ina)?\.?)?\s*[-–—|]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[-–—|]?\s*(?:(?:of|de|/)\s*\d{1,4})?$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")


def pdf_page(data: bytes, where: str) -> Page:
    """Read the text layer of a PDF.

    Raises:
        InputError: encrypted, broken, without text, or too large.
    """
    try:
        with parsers_quiet("pypdf"):
            sheets, title = _sheets(data, where)
    except CareoError:
        raise
    except RecursionError as error:
        raise InputError(
            "input_pdf_broken", where=where, fix="input_pdf_broken", problem="it refers to itself"
        ) from error
    except Exception as error:  # pypdf raises nearly anything on a broken file
        problem = str(error).split("\n")[0][:120].rstrip(".") or type(error).__name__
        raise InputError("input_pdf_broken", where=where, fix="input_pdf_broken", problem=problem) from error
    if not any(sheet.strip() for sheet in sheets):
        raise InputError("input_pdf_no_text", where=where, fix="input_pdf_no_text")
    offsets: list[int] = []
    at = 0
    for sheet in sheets:
        offsets.append(at)
        at += len(sheet) + 1
    text = "\f".join(sheets)
    pieces, edges = _pieces(text, sheets, offsets)
    not_too_long(text, len(pieces), where)
    kept = [piece for piece in pieces if piece.start not in edges]
    named = {block.start: block for block in classify(text, kept, title=title)}
    blocks = tuple(
        named.get(p.start) or Block(p.start, p.end, "boilerplate", edges[p.start], "other") for p in pieces
    )
    return Page(
        text,
        text,
        (),
        _without_inner_titles(blocks),
        "pdf",
        tuple(offsets),
        stated_title=_plausible(title, text),
    )


def _sheets(data: bytes, where: str) -> tuple[list[str], str]:
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not _opens_without_password(reader):
        raise InputError("input_pdf_encrypted", where=where, fix="input_pdf_encrypted")
    count = len(reader.pages)
    if count > MOST_PAGES:
        raise InputError(
            "input_pdf_too_long",
            where=where,
            fix="input_pdf_too_long",
            problem=f"{count} pages, at most {MOST_PAGES}",
        )
    started = time.monotonic()
    sheets: list[str] = []
    size = 0
    for page in reader.pages:
        # A lone surrogate cannot be written out again, and a NUL is no text.
        sheet = (
            (page.extract_text() or "")
            .encode("utf-8", "replace")
            .decode("utf-8")
            .replace("\0", "")
            .replace("\f", "\n")
        )
        sheet, _ = unhyphenated(sheet)
        size += len(sheet)
        if size > MOST_CHARACTERS or time.monotonic() - started > MOST_SECONDS:
            problem = f"more than {MOST_CHARACTERS:,} characters or {MOST_SECONDS:.0f} seconds"
            raise InputError("input_pdf_too_long", where=where, fix="input_pdf_too_long", problem=problem)
        sheets.append(sheet)
    facts: Any = reader.metadata
    title = str(facts.get("/Title") or "") if facts else ""
    return sheets, title.strip()  # the day the file was made is not the day of publication


def _opens_without_password(reader: PdfReader) -> bool:
    try:
        return bool(reader.decrypt(""))
    except Exception:  # a cipher that needs a library which is not installed: as closed as with a password
        return False


def _pieces(text: str, sheets: list[str], offsets: list[int]) -> tuple[list[Piece], dict[int, str]]:
    """Paragraphs of every page, and the starts of page heads, feet and numbers with the reason."""
    lines = [
        pieces_of(text, wrapped=False, start=offset, end=offset + len(sheet))
        for sheet, offset in zip(sheets, offsets, strict=True)
    ]
    top: Counter[str] = Counter()
    foot: Counter[str] = Counter()
    for page in lines:
        top.update({_shape(text, line) for line in page[:_EDGE]})
        foot.update({_shape(text, line) for line in page[-_EDGE:]})
    edges: dict[int, str] = {}
    pieces: list[Piece] = []
    for page in lines:
        first, last = 0, len(page)
        full = 0.75 * max((line.end - line.start for line in page), default=0)  # a full line is text, no head
        while first < min(_EDGE, last) and (
            reason := _edge(text, page[first], top, len(sheets), first, full)
        ):
            edges[page[first].start] = reason
            first += 1
        while last > max(first, len(page) - _EDGE) and (
            reason := _edge(text, page[last - 1], foot, len(sheets), len(page) - last, full)
        ):
            edges[page[last - 1].start] = reason
            last -= 1
        pieces += page[:first]
        if last > first:
            pieces += pieces_of(
                text, wrapped=_narrow(page[first:last]), start=page[first].start, end=page[last - 1].end
            )
        pieces += page[last:]
    return pieces, edges


def _narrow(page: list[Piece]) -> bool:
    """Lines of a page: PDF keeps paragraphs cut into lines, unless the tool that made it wrote one a paragraph."""
    lengths = sorted(line.end - line.start for line in page)
    return lengths[-1] <= 200


def _shape(text: str, line: Piece) -> str:
    return _DIGITS.sub("0", text[line.start : line.end].lower())[:200]


def _edge(text: str, line: Piece, repeated: Counter[str], pages: int, depth: int, full: float) -> str:
    own = text[line.start : line.end]
    if len(own) <= 20 and _PAGE_NUMBER.match(own):
        return "page_number"
    # The last line of a paragraph that many pages share is no head or foot.
    sentence = own.endswith((".", ",", ";", ":")) or own[:1].islower() or (depth > 0 and len(own) > full)
    if (
        pages >= 3
        and len(own) <= 160
        and not sentence
        and repeated[_shape(text, line)] >= max(3, 0.4 * pages)
    ):
        return "running_header"
    return ""


def _without_inner_titles(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """A paragraph cut by a page break is two blocks; the second keeps the label although it begins in the middle."""
    fixed = list(blocks)
    for index in range(1, len(fixed) - 1):
        block = fixed[index]
        if (
            block.reason == "other_headline"
            and fixed[index - 1].label == "body"
            and fixed[index + 1].label == "body"
        ):
            fixed[index] = replace(block, label="body", reason="paragraph")
    return tuple(fixed)


def _plausible(title: str, text: str) -> str:
    """The title of the file's own record, when it is no name of a file and the first page shows its words."""
    words = words_of(title)
    if (
        len(words) < 3
        or title.lower().endswith((".doc", ".docx", ".pdf", ".indd", ".rtf"))
        or title.startswith("Microsoft")
    ):
        return ""
    head = set(words_of(text[:6000]))
    return title if sum(word in head for word in words) >= 0.6 * len(words) else ""
