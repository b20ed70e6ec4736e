"""Words of a text with their places, accents folded: the ground on which names and terms are matched."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")
_ACCENTED = "áàâäãåéèêëíìîïóòôöõúùûüñçýÁÀÂÄÃÅÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇÝ"
_PLAIN = str.maketrans(_ACCENTED, "aaaaaaeeeeiiiiooooouuuuncyAAAAAAEEEEIIIIOOOOOUUUUNCY")
_LOOSE = re.compile(r"[̀-ͯ]")


class Word(NamedTuple):
    """One word: its characters in the text, and itself in lower case without accents."""

    start: int
    end: int
    folded: str


def fold(text: str) -> str:
    """Lower case without accents."""
    folded = text.translate(_PLAIN).lower()
    return folded if folded.isascii() else _LOOSE.sub("", unicodedata.normalize("NFD", folded))


@lru_cache(maxsize=8)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text in order. Accents written as separate characters count as part of their letter."""
    if _LOOSE.search(text):
        return tuple(Word(m.start(), m.end(), fold(m[0])) for m in _LOOSE_WORD.finditer(text))
    plain = text.translate(_PLAIN).lower()
    if len(plain) != len(text):  # a few letters grow in lower case ("İ")
        return tuple(Word(m.start(), m.end(), fold(m[0])) for m in _WORD.finditer(text))
    return tuple(Word(m.start(), m.end(), m[0]) for m in _WORD.finditer(plain))


_LOOSE_WORD = re.compile(r"(?:[^\W_][̀-ͯ]*)+")
