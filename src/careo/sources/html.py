"""HTML pages: trafilatura says what is main text, our own reading of the mark-up where it stands.

When trafilatura or lxml fail on a page, or it is too hostile to hand it to them, the block classifier decides alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from careo.sources.blocks import classify
from careo.sources.documents import Block
from careo.sources.language import words_of
from careo.sources.lines import Piece
from careo.sources.markup import Markup, parse
from careo.sources.page import Page, not_too_long, parsers_quiet

# Beyond these an extractor that builds a tree takes too long; no page of a newspaper comes near.
_LARGEST, _MOST_TAGS, _DEEPEST = 4_000_000, 60_000, 200
_SHINGLE = 6
_BAR = re.compile(r"\s[|»›·•]\s")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_PUBLISHED = (
    "article:published_time", "og:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "dcterms.created",
    "pubdate", "publishdate", "publish-date", "sailthru.date", "parsely-pub-date", "article.published", "cxenseparse:recs:publishtime",
)  # fmt: skip
_IN_LINKED_DATA = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{8,40})"')
_PUBLISHER_IN_LINKED_DATA = re.compile(
    r'"publisher"\s{0,9}:\s{0,9}\{[^{}]{0,500}?"name"\s{0,9}:\s{0,9}"([^"]{1,100})"'
)
_BY_PLACE = frozenset(
    ("before_title", "before_body", "after_body", "fragment", "navigation", "aside", "other_headline", "after_end", "breadcrumb",
     "other_language")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Extract:
    """What trafilatura makes of a page: its paragraphs, folded, and what it read from the head."""

    paragraphs: tuple[tuple[str, ...], ...] = ()
    title: str = ""
    publisher: str = ""
    published: date | None = None


def html_page(source: str, where: str, *, url: str = "") -> Page:
    """Read mark-up.

    Raises:
        InputError: the mark-up shows no text.
    """
    markup = parse(source)
    if not markup.pieces:
        from careo.base.errors import InputError

        raise InputError("input_empty", where=where, fix="input_empty")
    not_too_long(markup.text, len(markup.pieces), where)
    hostile = len(source) > _LARGEST or markup.tags > _MOST_TAGS or markup.depth > _DEEPEST
    extract = _Extract() if hostile else _extract(source, url)
    title = markup.meta.get("og:title") or extract.title or markup.title
    blocks = classify(markup.text, markup.pieces, title=title)
    if not any(
        block.label == "body" for block in blocks
    ):  # everything inside an element that was never closed
        bare = [
            Piece(p.start, p.end, tag=p.tag if p.tag in ("h1", "h2", "li") else "") for p in markup.pieces
        ]
        blocks = classify(markup.text, bare, title=title)
    return Page(
        markup.text,
        source,
        markup.segments,
        _agreed(markup.text, blocks, extract.paragraphs),
        "html",
        stated_title=title,
        stated_publisher=markup.meta.get("og:site_name") or _from_linked_data(markup) or extract.publisher,
        stated_published=_published(markup) or extract.published,
        stated_language=markup.lang[:2].lower(),
    )


def _agreed(text: str, blocks: tuple[Block, ...], main: tuple[tuple[str, ...], ...]) -> tuple[Block, ...]:
    """The classifier's blocks, corrected by what the extractor takes for main text."""
    whole = {" ".join(words) for words in main}
    shingles = {" ".join(words[i : i + _SHINGLE]) for words in main for i in range(len(words) - _SHINGLE + 1)}
    inside = [_is_main(words_of(text[b.start : b.end]), whole, shingles) for b in blocks]
    size = sum(b.end - b.start for b in blocks if b.label == "body")
    both = sum(
        b.end - b.start
        for b, main_text in zip(blocks, inside, strict=True)
        if b.label == "body" and main_text
    )
    if not size or both < 0.5 * size:  # the extractor lost the article
        return blocks
    agreed: list[Block] = []
    titled = False
    for index, (block, main_text) in enumerate(zip(blocks, inside, strict=True)):
        if main_text and block.label in ("boilerplate", "related") and block.reason in _BY_PLACE:
            block = replace(block, label="body", reason="main_text")
        elif block.label == "body" and not main_text:
            around = inside[max(0, index - 2) : index], inside[index + 1 : index + 3]
            if block.role == "heading" and any(around[1]) and not any(inside[:index]) and titled:
                block = replace(block, label="meta", reason="subtitle", role="subtitle")
            elif not (any(around[0]) and any(around[1])):
                block = replace(block, label="boilerplate", reason="outside_main")
        titled = titled or block.role == "title"
        agreed.append(block)
    return tuple(agreed)


def _is_main(words: list[str], whole: set[str], shingles: set[str]) -> bool:
    if len(words) < _SHINGLE:
        return " ".join(words) in whole
    first, last = words[:_SHINGLE], words[-_SHINGLE:]
    return " ".join(first) in shingles or " ".join(last) in shingles


def _extract(source: str, url: str) -> _Extract:
    try:
        with parsers_quiet("trafilatura", "htmldate", "courlan", "justext", "readability"):
            from trafilatura import bare_extraction

            found = bare_extraction(
                source,
                url=url or None,
                include_comments=False,
                with_metadata=True,
                # Fixed bounds: the default upper bound is the day of the run, and the same page must read the same tomorrow.
                date_extraction_params={
                    "original_date": True,
                    "extensive_search": False,
                    "max_date": "2100-01-01",
                },
            )
            if found is None:
                return _Extract()
            facts = found if isinstance(found, dict) else found.as_dict()
    except Exception:  # whatever a parser chokes on, the page is still read by our own classifier
        return _Extract()
    text = str(facts.get("text") or facts.get("raw_text") or "")
    return _Extract(
        tuple(tuple(words_of(line)) for line in text.split("\n") if line.strip()),
        str(facts.get("title") or ""),
        _site(str(facts.get("sitename") or ""), str(facts.get("title") or "")),
        _day(str(facts.get("date") or "")),
    )


def _site(name: str, title: str) -> str:
    """The name of a site; an extractor sometimes takes the whole title of the window for it."""
    parts = [part.strip() for part in _BAR.split(name)]
    kept = [part for part in parts if part and part != title.strip()]
    return kept[0] if kept else ""


def _published(markup: Markup) -> date | None:
    stated = [markup.meta[name] for name in _PUBLISHED if name in markup.meta]
    for script in markup.linked_data:
        found = _IN_LINKED_DATA.search(script)
        if found:
            stated.append(found[1])
    stated += markup.times[:1]
    return next((day for day in map(_day, stated) if day), None)


def _day(stated: str) -> date | None:
    found = _ISO_DAY.search(stated)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _from_linked_data(markup: Markup) -> str:
    for script in markup.linked_data:
        found = _PUBLISHER_IN_LINKED_DATA.search(script)
        if found:
            return found[1].strip()
    return ""
