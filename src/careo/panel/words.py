"""Words of a text with their places, accents folded: the ground on which names and terms are matched."""

from __future__ import annotations

import re
from functools import lru_cache

from careo.base.words import Words, cut, words_in
from careo.base.words import fold as plain

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
    whole = _words(text)
    if start == 0 and end is None:
        return whole
    stretch = whole.between(start, len(text) if end is None else end)
    if stretch is None:
        folded, starts, ends = _words(text[start:end])
        return Words(folded, [at + start for at in starts], [at + start for at in ends])
    first, last = stretch
    return Words(whole.folded[first:last], whole.starts[first:last], whole.ends[first:last])


@lru_cache(maxsize=8)
def _words(text: str) -> Words:
    """Remembered for a moment: places, concepts and measures are looked for in the same page."""
    if _LOOSE.search(text):
        written, starts, ends = cut(_LOOSE_WORD, text)
        return Words([fold(word) for word in written], starts, ends)
    return words_in(text)
