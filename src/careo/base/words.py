"""Comparing words without case and accents, and building patterns from lexicons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache


@cache
def plain_letters() -> dict[int, str]:
    """Latin letters with accents → the letters without, as `str.translate` takes them; one character for one."""
    table: dict[int, str] = {}
    for code in range(0xC0, 0x180):
        bare = unicodedata.normalize("NFD", chr(code))[0]
        table[code] = bare if bare.isascii() else chr(code).lower()
    return table


def fold(text: str) -> str:
    """`text` in lower case without accents (año → ano), character by character: offsets hold."""
    return text.lower() if text.isascii() else text.translate(plain_letters()).lower()


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
