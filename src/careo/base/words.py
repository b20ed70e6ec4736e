"""Comparing words without case and accents, and building patterns from lexicons."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ACCENTS = str.maketrans(
    "áàâäãéèêëíìîïóòôöõúùûüñçÁÀÂÄÃÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇ", "aaaaaeeeeiiiiooooouuuuncAAAAAEEEEIIIIOOOOOUUUUNC"
)


def fold(text: str) -> str:
    """`text` in lower case without accents (año → ano), character by character: offsets hold."""
    low = text.translate(_ACCENTS).lower()
    if len(low) != len(text):  # a few letters (İ) grow when lowered
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text.translate(_ACCENTS))
    return low


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
