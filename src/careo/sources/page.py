"""Bytes of a page → its text in labelled blocks, whatever the format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from careo.sources.blocks import classify
from careo.sources.decoding import declared_charset, decode
from careo.sources.documents import Block
from careo.sources.lines import pieces_of, unhyphenated

# Of visible text. A book of a thousand pages stays below; beyond, what was given is no page and would take minutes.
_LONGEST, _MOST_PIECES = 5_000_000, 50_000


@dataclass(frozen=True, slots=True)
class Page:
    """A page before its language, date and quality are judged. Fields as in `Document`; `stated_…` come from mark-up."""

    text: str
    original: str
    segments: tuple[tuple[int, int], ...]
    blocks: tuple[Block, ...]
    format: str
    pages: tuple[int, ...] = ()
    stated_title: str = ""
    stated_publisher: str = ""
    stated_published: date | None = None
    stated_language: str = ""


def page_of(data: bytes, where: str, *, kind: str = "", charset: str = "", url: str = "") -> Page:
    """Read bytes as what they are: the first characters tell PDF and HTML, else `kind`, else plain text."""
    if data[:1024].lstrip().startswith(b"%PDF-") or (kind == "pdf" and data.strip()):
        from careo.sources.pdf import pdf_page

        return pdf_page(data, where)
    text = decode(
        data, where=where, declared=charset or (declared_charset(data) if b"<" in data[:64] else "")
    )
    if kind == "html" or (kind != "markdown" and looks_like_html(text)):
        from careo.sources.html import html_page

        return html_page(text, where, url=url)
    not_too_long(text, 0, where)
    whole, segments = unhyphenated(text)
    pieces = pieces_of(whole, wrapped=True if len(segments) > 2 else None)
    not_too_long(whole, len(pieces), where)
    return Page(whole, text, segments, classify(whole, pieces), kind if kind == "markdown" else "text")


def not_too_long(text: str, pieces: int, where: str) -> None:
    """Raises:
    InputError: more text, or more paragraphs, than any page has.
    """
    if len(text) > _LONGEST or pieces > _MOST_PIECES:
        from careo.base.errors import InputError

        raise InputError(
            "input_too_long",
            where=where,
            found=f"{len(text) / 1e6:.1f} M, {pieces:,} ¶" if pieces else f"{len(text) / 1e6:.1f} M",
            fix="input_too_large",
            characters=_LONGEST // 1_000_000,
            pieces=f"{_MOST_PIECES:,}",
        )


def looks_like_html(text: str) -> bool:
    """Mark-up from the very start, as browsers sniff it."""
    head = text[:512].lstrip("\ufeff \t\r\n").lower()
    return head.startswith(("<!doctype html", "<html", "<head", "<body", "<?xml")) or (
        head.startswith("<")
        and any(tag in head for tag in ("<html", "<body", "<p>", "<div", "<article", "<meta", "<script"))
    )


@contextmanager
def parsers_quiet(*loggers: str) -> Iterator[None]:
    """Without the log lines and deprecation warnings of a library that parses, which say nothing to a reader."""
    import logging
    import warnings

    found = [logging.getLogger(name) for name in loggers]
    levels = [logger.level for logger in found]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in found:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(found, levels, strict=True):
                logger.setLevel(level)
