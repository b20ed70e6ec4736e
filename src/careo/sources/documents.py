"""Documents: bytes of a file, a URL or standard input → text with blocks, flags and exact offsets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from careo.base.citations import Source

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
        dated: the earliest and latest day the page can have been written when `published` is None, inferred from its
            body (office-holders named, years spoken of as past); None when nothing tells.
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
