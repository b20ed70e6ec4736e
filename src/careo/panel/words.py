"""Words of a text with their places, accents folded: the ground on which names and terms are matched."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from careo.base.words import fold as plain

_WORD = re.compile(r"[^\W_]+")
_LOOSE = re.compile(r"[̀-ͯ]")


class Word(NamedTuple):
    """One word: its characters in the text, and itself in lower case without accents."""

    start: int
    end: int
    folded: str


def fold(text: str) -> str:
    """Lower case without accents, also those written as separate characters."""
    return _LOOSE.sub("", plain(text))


@lru_cache(maxsize=8)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text in order. Accents written as separate characters count as part of their letter."""
    if _LOOSE.search(text):
        return tuple(Word(m.start(), m.end(), fold(m[0])) for m in _LOOSE_WORD.finditer(text))
    return tuple([Word(m.start(), m.end(), m[0]) for m in _WORD.finditer(plain(text))])


_LOOSE_WORD = re.compile(r"(?:[^\W_][̀-ͯ]*)+")
