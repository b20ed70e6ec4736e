"""Documents: bytes of a file, a URL or standard input → text with blocks, flags and exact offsets.

The modules that know a format are imported when a page of that format is read, so that a text page pays for no parser.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR
from typing import IO

from careo.base.citations import Source
from careo.base.errors import InputError

LABELS = ("body", "meta", "repeat", "related", "boilerplate")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or list item.

    Attributes:
        start, end: characters of `Document.text`, without surrounding white space.
        label: one of LABELS.
        reason: why, as a key under `blocks.reason` of the text files.
        role: "title", "subtitle", "byline", "dateline", "heading", "item", "paragraph", "caption", "quote" or "other".
        language: "en", "es", another code, or "" when too short to tell.
        like: (start, end) of the block it repeats, for label "repeat" and near-duplicates; else None.
    """

    start: int
    end: int
    label: str
    reason: str
    role: str = "paragraph"
    language: str = ""
    like: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """A sign about the quality of a page, with its evidence.

    Attributes:
        code: "no_named_source", "no_figure_in_body", "date_contradicts_office_holders", "figures_only_in_related",
            "near_duplicate_paragraphs", "passage_in_another_language", "no_date", "no_body".
        words: values for the sentence `flags.<code>` of the text files.
        spans: evidence, as (start, end) in `Document.text`.
    """

    code: str
    words: dict[str, str] = field(default_factory=dict)
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A page that was read.

    Attributes:
        source: key (path or URL as given), title, publisher, sha256 of the bytes.
        text: readable text. For plain text, Markdown and PDF it is the decoded text itself; for HTML the visible text.
        original: the decoded file that offsets shown to users count in (HTML: the mark-up; else the same as `text`).
        segments: for HTML, pairs (offset in text, offset in original) at which runs of identical characters begin;
            empty when text and original are the same. `locate()` uses it.
        blocks: in order, covering every non-blank stretch of `text`.
        flags: quality flags.
        language: "en", "es" or another code; the language of the body.
        title, publisher: "" when not stated. published: None when not stated.
        dated: the earliest and latest day the page can have been written when `published` is None: the month it
            states, or inferred from its body (office-holders named, years spoken of as past); None when nothing tells.
        format: "text", "markdown", "html", "pdf".
        pages: PDF: offset in `text` at which each page begins; else empty.
    """

    source: Source
    text: str
    original: str
    segments: tuple[tuple[int, int], ...]
    blocks: tuple[Block, ...]
    flags: tuple[Flag, ...]
    language: str
    title: str
    publisher: str
    published: date | None
    dated: tuple[date, date] | None
    format: str
    pages: tuple[int, ...] = ()


SUFFIXES = {".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown"}
SUFFIXES |= {".html": "html", ".htm": "html", ".xhtml": "html", ".pdf": "pdf"}


def read(
    source: str | Path | bytes, *, name: str = "", country: str = "mexico", offline: bool = False
) -> Document:
    """Read one page.

    Args:
        source: path of a text, Markdown, HTML or PDF file; a URL; `-` for standard input; or the bytes themselves.
        name: key of the document when it is not the path or URL as given.
        country: whose office-holders date a page that states no date.
        offline: refuse URLs instead of opening a connection.

    Raises:
        InputError: no such file, or empty, binary, too large, encrypted, broken.
        NetworkError: the URL cannot be fetched.
    """
    url = kind = charset = ""
    if isinstance(source, bytes):
        key, data = name or "bytes", source
        _not_too_large(len(data), key)
    elif str(source) == "-":
        key, data = name or "-", _standard_input()
    elif str(source).lower().startswith(("http://", "https://")):
        from careo.sources.network import fetch

        url = str(source)
        fetched = fetch(url, offline=offline)
        key, data, kind, charset = name or url, fetched.data, fetched.format, fetched.charset
    else:
        key, data = name or str(source), _file(Path(source))
        kind = SUFFIXES.get(Path(source).suffix.lower(), "")
    return _document(data, key, kind=kind, charset=charset, url=url, country=country)


def read_all(
    sources: Iterable[str | Path], *, country: str = "mexico", offline: bool = False
) -> Iterator[Document]:
    """Read pages one after the other; folders are walked in order of name. Only one page is in memory at a time.

    Raises:
        InputError: as `read`; also a folder without a page.
    """
    for source in sources:
        folder = Path(source)
        if str(source) == "-" or not folder.is_dir():
            yield read(source, country=country, offline=offline)
            continue
        pages = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not pages:
            raise InputError("input_no_pages", where=str(source), fix="input_no_pages")
        for page in pages:
            yield read(page, country=country, offline=offline)


def locate(document: Document, start: int, end: int) -> tuple[int, int]:
    """Where a stretch of `document.text` stands in `document.original`."""
    if not document.segments:
        return start, end
    first = _in_original(document, start)
    return first, max(first, _behind(document, end - 1)) if end > start else first


def _in_original(document: Document, offset: int) -> int:
    run = max(bisect_right(document.segments, (offset, sys.maxsize)) - 1, 0)
    text, original = document.segments[run]
    return min(original + max(offset - text, 0), len(document.original))


def _behind(document: Document, offset: int) -> int:
    """Just behind the character of the original that `offset` shows: an entity is one character of the text."""
    place = _in_original(document, offset)
    if document.original[place : place + 1] == "&" and document.text[offset : offset + 1] != "&":
        closing = document.original.find(";", place, place + 34)
        if closing >= 0:
            return closing + 1
    return min(place + 1, len(document.original))


def _document(data: bytes, key: str, *, kind: str, charset: str, url: str, country: str) -> Document:
    from careo.sources.flags import flags_of
    from careo.sources.holders import written_between
    from careo.sources.metadata import facts_of
    from careo.sources.page import Page, page_of

    page: Page = page_of(data, key, kind=kind, charset=charset, url=url)
    facts = facts_of(page)
    bare = Document(
        source=Source(
            key,
            producer=facts.publisher,
            title=facts.title,
            url=url,
            published=facts.published.isoformat() if facts.published else "",
            sha256=sha256(data).hexdigest(),
        ),
        text=page.text,
        original=page.original,
        segments=page.segments,
        blocks=page.blocks,
        flags=(),
        language=facts.language,
        title=facts.title,
        publisher=facts.publisher,
        published=facts.published,
        dated=facts.within,
        format=page.format,
        pages=page.pages,
    )
    dated = None if facts.published else facts.within or written_between(bare, country)
    return replace(bare, dated=dated, flags=flags_of(bare, country))


def _file(path: Path) -> bytes:
    try:
        found = path.stat()
        if S_ISDIR(found.st_mode):
            raise InputError("input_folder", where=str(path), fix="input_folder")
        _not_too_large(found.st_size, str(path))
        with path.open("rb") as stream:
            return _limited(stream, str(path))
    except FileNotFoundError as error:
        raise InputError("input_missing", where=str(path), fix="input_missing") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise InputError(
            "input_unreadable", where=str(path), fix="input_missing", problem=_problem(error)
        ) from error


def _standard_input() -> bytes:
    return _limited(sys.stdin.buffer, "-")


_PAGE = 1 << 16  # bytes; room for what is allowed is made only for what is longer than nearly every page


def _limited(stream: IO[bytes], where: str) -> bytes:
    """At most the allowed number of bytes: a device or a pipe may never end."""
    from careo.sources.decoding import LARGEST

    data = stream.read(_PAGE)
    if len(data) == _PAGE:
        data += stream.read(LARGEST + 1 - _PAGE)
    _not_too_large(len(data), where)
    return data


def _not_too_large(size: int, where: str) -> None:
    from careo.sources.decoding import LARGEST

    if size > LARGEST:
        limit, found = LARGEST >> 20, f"{size / (1 << 20):.0f} MB"
        raise InputError("input_too_large", where=where, found=found, fix="input_too_large", limit=limit)


def _problem(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
