"""Words of a text with their places, accents folded: the ground on which names and terms are matched."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from careo.base.words import cut
from careo.base.words import fold as plain

_WORD = re.compile(r"([^\W_]+)")
_LOOSE_WORD = re.compile(r"((?:[^\W_][̀-ͯ]*)+)")
_LOOSE = re.compile(r"[̀-ͯ]")


class Words(NamedTuple):
    """The words of a text: in lower case without accents, and where each starts and ends."""

    folded: list[str]
    starts: list[int]
    ends: list[int]


def fold(text: str) -> str:
    """Lower case without accents, also those written as separate characters."""
    return _LOOSE.sub("", plain(text))


@lru_cache(maxsize=8)
def words(text: str) -> Words:
    """The words of a text in order. Accents written as separate characters count as part of their letter."""
    if _LOOSE.search(text):
        written, starts, ends = cut(_LOOSE_WORD, text)
        return Words([fold(word) for word in written], starts, ends)
    return Words(*cut(_WORD, plain(text)))
