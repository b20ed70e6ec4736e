"""Words of a text with their places, accents folded: the ground on which names and terms are matched."""

from __future__ import annotations

import re
from functools import lru_cache

from careo.base.words import Words, cut
from careo.base.words import fold as plain

_WORD = re.compile(r"([^\W_]+)")
_LOOSE_WORD = re.compile(r"((?:[^\W_][̀-ͯ]*)+)")
_LOOSE = re.compile(r"[̀-ͯ]")


def fold(text: str) -> str:
    """Lower case without accents, also those written as separate characters."""
    return _LOOSE.sub("", plain(text))


def words(text: str, start: int = 0, end: int | None = None) -> Words:
    """The words of a text in order. Accents written as separate characters count as part of their letter.

    Args:
        start, end: only the words there; their places still count from the beginning of the text.
    """
    if start == 0 and end is None:
        return _words(text)
    end = len(text) if end is None else end
    return _words(text).within(start, end) or _piece(text, start, end)


def _piece(text: str, start: int, end: int) -> Words:
    found = _words(text[start:end])
    return Words(found.folded, [at + start for at in found.starts], [at + start for at in found.ends])


@lru_cache(maxsize=8)
def _words(text: str) -> Words:
    """Remembered for a moment: places, concepts and measures are looked for in the same page."""
    if _LOOSE.search(text):
        written, starts, ends = cut(_LOOSE_WORD, text)
        return Words([fold(word) for word in written], starts, ends)
    return Words(*cut(_WORD, plain(text)))
