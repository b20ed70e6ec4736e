"""Comparing words without case and accents, and building patterns from lexicons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

_ACCENTED = re.compile("[\u00c0-\u017f]")  # Latin letters beyond ASCII


def fold(text: str) -> str:
    """`text` in lower case without accents (año → ano), character by character: offsets hold."""
    # Few letters have an accent: looking for them is several times faster than `str.translate`.
    return text.lower() if text.isascii() else _ACCENTED.sub(_bare, text).lower()


def _bare(match: re.Match[str]) -> str:
    return _plain_letters()[match[0]]


@cache
def _plain_letters() -> dict[str, str]:
    """Latin letters with accents → the letters without; one character for one."""
    table: dict[str, str] = {}
    for letter in map(chr, range(0xC0, 0x180)):
        bare = unicodedata.normalize("NFD", letter)[0]
        table[letter] = bare if bare.isascii() else letter.lower()
    return table


def lower(text: str) -> str:
    """`text` in lower case, character by character: offsets hold (one capital, İ, has a lower case of two characters)."""
    return text.replace("İ", "i").lower()


def single_spaced(text: str) -> str:
    """`text` with every run of white space as one space."""
    return re.sub(r"\s+", " ", text)


def alternation(words: Iterable[str]) -> str:
    """A pattern for any of `words`, longest first, folded; a space in them stands for any white space.

    A word that ends in a letter must end there. Nothing to choose from gives a pattern that never matches.
    """
    folded = sorted({fold(word) for word in words if word}, key=lambda word: (-len(word), word))
    if not folded:
        return r"(?!)"
    return "(?:" + "|".join(_pattern(word) for word in folded) + ")"


def _pattern(word: str) -> str:
    spaced = r"\s{1,3}".join(re.escape(part) for part in word.split(" "))
    return spaced + r"(?!\w)" if word[-1].isalnum() else spaced
