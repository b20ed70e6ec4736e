"""Bytes of a page → its text in labelled blocks, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from careo.sources.blocks import classify
from careo.sources.decoding import declared_charset, decode
from careo.sources.documents import Block
from careo.sources.lines import pieces_of


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
    return Page(text, text, (), classify(text, pieces_of(text)), kind if kind == "markdown" else "text")


def looks_like_html(text: str) -> bool:
    """Mark-up from the very start, as browsers sniff it."""
    head = text[:512].lstrip("\ufeff \t\r\n").lower()
    return head.startswith(("<!doctype html", "<html", "<head", "<body", "<?xml")) or (
        head.startswith("<")
        and any(tag in head for tag in ("<html", "<body", "<p>", "<div", "<article", "<meta", "<script"))
    )
