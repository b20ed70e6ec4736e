"""Sentences and clauses of a block, with exact offsets."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from careo.base.shipped import language_data, readable
from careo.base.words import uncased

Span = tuple[int, int]

LONGEST = 1_500  # characters: what never ends (a table without stops, a hostile page) is cut, so that no reading grows with its square

# Begins with one class of characters, to which a search can leap.
_STOP = re.compile(
    r"[.!?…\n](?:(?<=\n)\s*\n"
    r"|(?<!\n)(?<![.!?…].)[.!?…]*+[\"'”’»)\]]*(?=\s+[\"'“‘«(\[¿¡•–—-]*[A-ZÁÉÍÓÚÜÑ0-9]|\s*$))"
)


@cache
def statement_rules(language: str) -> dict[str, Any]:
    """The statement lexicon of a language; languages without one are read with the English one."""
    return language_data(readable(language), "statements")


@cache
def _abbreviation(language: str) -> re.Pattern[str]:
    words = "|".join(
        sorted((re.escape(w) for w in statement_rules(language)["abbreviations"]), key=len, reverse=True)
    )
    return re.compile(rf"(?:(?<!\w)(?:{words})|(?<!\w)[A-ZÁÉÍÓÚÑ]|(?:\b[A-Z]\.)+[A-Z])$")


def split_sentences(text: str, start: int, end: int, language: str) -> tuple[Span, ...]:
    """Sentences of `text[start:end]`, trimmed; a full stop after an abbreviation, an initial or a list number ends none."""
    spans: list[Span] = []
    begin = start
    for match in _STOP.finditer(text, start, end):
        stop = match.end()
        if text[match.start()] == "." and match.end() - match.start() == 1:
            before = text[max(begin, match.start() - 12) : match.start()]
            if _abbreviation(language).search(before) and stop < end:
                continue
            if before.strip().isdigit() and not text[begin : match.start()].strip().rstrip("0123456789"):
                continue
        _add(spans, text, begin, stop)
        begin = stop
    _add(spans, text, begin, end)
    return tuple(spans)


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST:
        cut = max(text.rfind(" ", start + 1, start + LONGEST), text.rfind("\n", start + 1, start + LONGEST))
        cut = cut if cut > start else start + LONGEST
        spans.append((start, cut))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if end > start:
        spans.append((start, end))


@cache
def _boundary(language: str) -> re.Pattern[str]:
    words = "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in statement_rules(language)["clause_words"])
    return uncased(  # begins with one class of characters, as above
        rf"[;:—.,\s”\"»](?:(?<=[;:—.])\s|(?<=\s)[–-]\s|(?<=,)\s+(?=(?:{words})\b)|(?<=[”\"»]),?\s(?=\w))"
    )


@lru_cache(maxsize=256)
def split_clauses(low: str, start: int, end: int, language: str) -> tuple[Span, ...]:
    """Clauses of a sentence of a text in lower case: cut at strong punctuation and before conjunctions that open a new one.

    Remembered for a moment: the figures of a page are linked after all of it was read.
    """
    spans: list[Span] = []
    begin = start
    for match in _boundary(language).finditer(low, start, end):
        if match.start() > begin:
            spans.append((begin, match.start()))
            begin = match.start() + 1
    spans.append((begin, end))
    return tuple(spans)
