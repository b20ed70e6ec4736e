"""Which language a passage is in, by its function words.

A language detector from PyPI would bring NumPy or a model; counting function words tells English, Spanish and their
neighbours apart on anything longer than a few words, and gives the same answer on every machine.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import repeat
from typing import Any

from careo.base.shipped import read_yaml, shipped
from careo.base.words import Words, cut
from careo.base.words import fold as unaccented
from careo.base.words import words_in as plain_words

LANGUAGES = ("en", "es", "pt", "fr", "de", "it")
_BITS = 20  # one counter of 20 bits for each language, packed in one integer: a whole passage is one sum()
_FIELD = (1 << _BITS) - 1
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LETTER_APOSTROPHE = "\u02bc"
_MANY = (
    500  # apostrophes; with more of them, joining words at each would take longer than cutting the text again
)
_CUT = re.compile(f"({WORD.pattern})")
_TYPOGRAPHIC = {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00a0": " "}


@lru_cache(maxsize=4)
def fold(text: str) -> str:
    """As `base.words.fold`, with typographic apostrophes and spaces made plain; offsets hold.

    Remembered for a moment: blocks, flags and office-holders are read from the same page.
    """
    for sign, plain in _TYPOGRAPHIC.items():
        text = text.replace(sign, plain)
    return unaccented(text)


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    return WORD.findall(fold(text))


@lru_cache(maxsize=2)
def words_in(text: str) -> Words:
    """The words of a text, folded, with their places; remembered as the folded text is."""
    low = fold(text)
    if (
        _LETTER_APOSTROPHE in text or low.count("'") > _MANY
    ):  # the first counts as a letter until it is made plain
        return Words(*cut(_CUT, low))
    if "'" not in low:
        return plain_words(text)
    folded, starts, ends = map(list[Any], plain_words(text))
    at = low.rfind("'")
    while at >= 0:
        behind = bisect_left(starts, at)  # the word behind the apostrophe goes to the one before it
        if 0 < behind < len(starts) and ends[behind - 1] == at and starts[behind] == at + 1:
            folded[behind - 1 : behind + 1] = [f"{folded[behind - 1]}'{folded[behind]}"]
            del starts[behind], ends[behind - 1]
        at = low.rfind("'", 0, at)
    return Words(folded, starts, ends)


def words_between(text: str, start: int, end: int) -> list[str]:
    """The words of a stretch of a page, folded."""
    words = words_in(text)
    stretch = words.between(start, end)
    return WORD.findall(fold(text), start, end) if stretch is None else words.folded[slice(*stretch)]


@cache
def function_words() -> dict[str, int]:
    """Function word → packed counters, one for each language it belongs to."""
    packed: dict[str, int] = {}
    for place, code in enumerate(LANGUAGES):
        folder = code if code in ("en", "es") else "other"
        part = "stopwords" if folder == code else f"stopwords_{code}"
        for word in words_of(" ".join(read_yaml(shipped("languages", folder, f"{part}.yaml"))["words"])):
            packed[word] = packed.get(word, 0) | 1 << _BITS * place
    return packed


def tally(words: Iterable[str]) -> int:
    """How often the function words of each language occur, packed; sums of tallies are tallies of the sum."""
    return sum(map(function_words().get, words, repeat(0)))


def counts_of(packed: int) -> list[int]:
    """A tally as one count for each of `LANGUAGES`."""
    return [packed >> _BITS * place & _FIELD for place in range(len(LANGUAGES))]


def language_of(packed: int, length: int) -> str:
    """The language of a passage of `length` words with this tally, "" when it does not tell."""
    counts = counts_of(packed)
    *_, second, hits = sorted(counts)
    if hits < 2 or hits * 8 < length or hits == second or (length < 12 and hits - second < 2):
        return ""
    return LANGUAGES[counts.index(hits)]
