"""Title, date of publication, publisher and language of a page, as far as it states them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache

from careo.base.dates import read_dates, read_day
from careo.base.shipped import readable
from careo.sources.furniture import Starts, heads, starts_with
from careo.sources.language import counts_of, fold, language_of, tally, words_of
from careo.sources.page import Page

_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s*(?:©\s*)?(?:\d{4}\s*(?:[-–]\s*\d{4})?,?\s*)?(?:by\s|por\s)?", re.IGNORECASE
)
_NAME_END = re.compile(r"[.|,;·•]|\s[-–—]\s|all rights|todos los|derechos", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page states of itself; `within` is the month when it states no day."""

    title: str
    publisher: str
    published: date | None
    language: str
    within: tuple[date, date] | None = None


def facts_of(page: Page) -> Facts:
    """Title, publisher, date and language; mark-up is believed before the text."""
    language = _language(page)
    published = page.stated_published or _published(page, language)
    return Facts(
        page.stated_title or _title(page),
        page.stated_publisher or _publisher(page),
        published,
        language,
        None if published else _month(page, language),
    )


def _language(page: Page) -> str:
    chosen = [b for b in page.blocks if b.label == "body"] or list(page.blocks)
    counts: Counter[str] = Counter()
    for block in chosen:
        if block.language:
            counts[block.language] += block.end - block.start
    if counts:
        return max(sorted(counts), key=counts.__getitem__)
    words = words_of(" ".join(page.text[b.start : b.end] for b in chosen[:200]))
    return language_of(tally(words), len(words)) or page.stated_language or _leaning(words)


def _leaning(words: list[str]) -> str:
    """The likelier of English and Spanish for a page of a few words; English when nothing tells."""
    english, spanish, *_ = counts_of(tally(words))
    return "es" if spanish > english else "en"


def _title(page: Page) -> str:
    for block in page.blocks:
        if block.role == "title" and block.label == "meta":
            title = page.text[block.start : block.end].strip("#*_ \t")
            label = starts_with(words_of(title), heads().title_label)
            rest = _after_words(title, label) if label else ""
            # "Subject: …" of a letter, "title: …" at the head of a Markdown file
            named = rest and title[: -len(rest)].rstrip().endswith(":")
            return rest.strip("\"' ") if named else title
    return ""


def _published(page: Page, language: str) -> date | None:
    """The first date line that says published, else one that says nothing, else one that says updated."""
    known = heads()
    best: tuple[int, date] | None = None
    for block in page.blocks:
        if block.label != "meta" or block.role != "dateline":
            continue
        line = page.text[block.start : block.end]
        for rank, part in _stamps(line, known.published, known.modified):
            day = read_day(part, readable(language))
            if day is not None and (best is None or rank < best[0]):
                best = (rank, day)
    return best[1] if best else _opening_day(page, language)


# "MEXICO CITY, July 26, 2023 (Wire) -- …", "(Washington, DC, May 17, 2022) – …", "Ciudad de México, a 20 de enero de 2020.- …"
_OPENING = re.compile(r"(?=\(?[A-ZÁÉÍÓÚÑÜ])(?P<head>[^;:!?\n–—]{6,90}?)(?:\)?\s{0,2}(?:--|–|—)|\.\s?-)\s")
_SENTENCE_WORD = re.compile(r"(?<!\w)[a-záéíóúñü]{4,}")


def _opening_day(page: Page, language: str) -> date | None:
    """The day with which a wire opens its first paragraph: behind the place, before a dash."""
    first = next((b for b in page.blocks if b.label == "body" and b.role == "paragraph"), None)
    opening = _OPENING.match(page.text, first.start, first.end) if first else None
    if opening is None or "," not in opening["head"]:
        return None
    head, mention = opening["head"], None
    for mention in read_dates(opening["head"], readable(language), None):
        head = head.replace(opening["head"][mention.start : mention.end], "")
    if mention is None or _SENTENCE_WORD.search(head):
        return None  # a sentence with a dash in it
    return read_day(opening["head"], readable(language))


def _month(page: Page, language: str) -> tuple[date, date] | None:
    """The first month that a line of dates or of authors states without a day: "March 2021", "By Ana Ruiz, March 2021"."""
    for block in page.blocks:
        if block.label == "meta" and block.role in ("dateline", "byline"):
            for mention in read_dates(page.text[block.start : block.end], language, None):
                period = mention.period
                if period is not None and len(str(period)) == 7 and period.first and period.last:
                    return period.first, period.last
    return None


def _stamps(line: str, published: Starts, modified: Starts) -> list[tuple[int, str]]:
    """Parts of a date line with their rank: 0 published, 1 not said, 2 modified. "Published 3 May | Updated 5 May" has two."""
    parts: list[tuple[int, str]] = []
    cut = [0]
    folded = fold(line)
    pattern = _stamp_words()
    cut += [m.start() for m in pattern.finditer(folded) if m.start()]
    for start, end in zip(cut, [*cut[1:], len(line)], strict=True):
        words = words_of(line[start:end])
        if starts_with(words, modified):
            rank = 2
        elif starts_with(words, published):
            rank = 0
        else:
            rank = 1
        parts.append((rank, line[start:end]))
    return parts


@cache
def _stamp_words() -> re.Pattern[str]:
    tables = (heads().published, heads().modified)
    every = sorted(
        {" ".join(p) for table in tables for found in table.values() for p in found},
        key=lambda p: (-len(p), p),
    )
    return re.compile(r"\b(?:" + "|".join(map(re.escape, every)) + r")\b")


def _publisher(page: Page) -> str:
    known = heads()
    for block in page.blocks:
        if block.label == "body" or block.end - block.start > 160:
            continue
        line = page.text[block.start : block.end].lstrip("•*-–> \t")
        owner = _COPYRIGHT.match(line)
        if owner and owner.end() < len(line):
            return _name(line[owner.end() :])
        words = words_of(line)
        size = starts_with(words, known.publisher)
        if size and size < len(words) <= size + 6:
            rest = _after_words(line, size)
            if rest[:1].isupper() and (":" in line or size > 1):
                return _name(rest)
    return ""


def _after_words(line: str, size: int) -> str:
    places = list(re.finditer(r"[^\W_]+(?:['’][^\W_]+)*", line))
    return line[places[size - 1].end() :].lstrip(" :|-–—") if len(places) > size else ""


def _name(text: str) -> str:
    found = _NAME_END.search(text)
    return (text[: found.start()] if found else text).strip(' .|-–—:()[]"“”')
