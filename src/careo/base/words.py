"""Comparing words without case and accents, and building patterns from lexicons."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import accumulate, groupby
from operator import itemgetter
from typing import NamedTuple

_SPACE = re.compile(r"\s+")
_ACCENTED = re.compile("[\u00c0-\u017f]")  # Latin letters beyond ASCII


@lru_cache(maxsize=8)
def fold(text: str) -> str:
    """`text` in lower case without accents (año → ano), character by character: offsets hold.

    Remembered for a moment: numbers, dates and flags are read from the same paragraphs of a page.
    """
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


@lru_cache(maxsize=4)
def lower(text: str) -> str:
    """`text` in lower case, character by character: offsets hold (one capital, İ, has a lower case of two characters)."""
    return text.replace("İ", "i").lower()


def uncased(pattern: str) -> re.Pattern[str]:
    """A pattern that finds in `lower(text)` what `pattern` finds in the text when case is ignored.

    Several times faster: `re` tries every alternative when it ignores case, and else skips by the first letter.
    """
    return re.compile(_CAPITALS.sub(lambda found: found[0].lower() if found[1] else found[0], pattern))


_CAPITALS = re.compile(r"\\.|\(\?P|([A-ZÁÉÍÓÚÑÜ]+)")  # of a pattern, but for its \W and (?P


def single_spaced(text: str) -> str:
    """`text` with every run of white space as one space."""
    return _SPACE.sub(" ", text)


def cut(pattern: re.Pattern[str], text: str) -> tuple[list[str], list[int], list[int]]:
    """What `pattern`, one group, finds in a text, with the starts and the ends.

    Splitting and adding up lengths is several times faster than asking one match after the other.
    """
    pieces = pattern.split(text)
    ends = list(accumulate(map(len, pieces)))
    return pieces[1::2], ends[:-1:2], ends[1::2]


class Words(NamedTuple):
    """The words of a text in order: folded, and where each starts and ends.

    A page is cut once, and whoever looks at a paragraph or a sentence of it takes that stretch of its words.
    """

    folded: list[str]
    starts: list[int]
    ends: list[int]

    def between(self, start: int, end: int) -> tuple[int, int] | None:
        """Indices of the first word of a stretch of the text and of the one behind its last; None when an end cuts a word."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        if (first and self.ends[first - 1] > start) or (last and self.ends[last - 1] > end):
            return None
        return first, last


@lru_cache(maxsize=8)
def words_in(text: str) -> Words:
    """The words of a text; remembered for a moment, because many look at the same page."""
    return Words(*cut(_WORD, fold(text)))


_WORD = re.compile(r"([^\W_]+)")


@lru_cache(maxsize=8)
def lexemes(low: str) -> Words:
    """The words and numbers of a folded text; remembered for a moment, for amounts and dates are read from the same."""
    return Words(*cut(_LEXEME, low))


_LEXEME = re.compile(r"([0-9]+(?:[.,'’][0-9]+)*|[^\W\d_]+|[½¼¾⅓⅔⅛])")


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


def any_of(words: Iterable[str], *, apart: bool = False) -> str:
    """A pattern for any of `words` as written, longest first; a space in them stands for any white space.

    It branches letter by letter, so that `re` looks at one branch and not at every word of the list. That takes longer
    to compile than a list: it pays for patterns that are searched through every text. Nothing to choose from gives a
    pattern that never matches.

    Args:
        apart: no letter or digit may stand before it. Said behind the first letter, so that a search can leap from
            one such letter to the next; a pattern that begins by looking back is tried at every character.
    """
    listed = sorted({word for word in words if word})
    return _tree(listed, 0, r"(?<!\w.)" if apart else "") if listed else r"(?!)"


def _tree(words: list[str], depth: int, behind: str) -> str:
    """Sorted words from their letter `depth` on; `behind` stands behind that letter.

    What is left of longer words comes before the end of a shorter one, so that the longest wins.
    """
    branches = [
        (r"\s+" if letter == " " else re.escape(letter)) + behind + _tree(list(longer), depth + 1, "")
        for letter, longer in groupby((w for w in words if len(w) > depth), key=itemgetter(depth))
    ]
    if len(words[0]) == depth:
        branches.append("")
    return branches[0] if len(branches) == 1 and depth else "(?:" + "|".join(branches) + ")"
