"""A line of a page while it is judged: what it says of itself, and the words it shares with the rest."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from careo.sources.language import counts_of
from careo.sources.lines import Piece, sentence_breaks

FULL_STOP = re.compile(r"[.!…][\"'”’»)\]*_]{0,4}$")
QUOTE_OPEN = "\"“«‘'"


@dataclass(slots=True)
class Line:
    """One piece of a page. `hint` is a reason of the lexicon that waits for the context; `like` the line it repeats;
    `n` the number of its words.
    """

    piece: Piece
    text: str
    words: list[str]
    packed: int
    terminal: bool
    key: str
    label: str = ""
    reason: str = ""
    role: str = "paragraph"
    hint: str = ""
    prose: bool = False
    stems: frozenset[str] = frozenset()
    like: int = -1
    language: str = ""
    date: bool = False
    n: int = 0

    def be(self, label: str, reason: str, role: str = "") -> None:
        """Decide."""
        self.label, self.reason = label, reason
        if role:
            self.role = role


@dataclass(slots=True)
class Sheet:
    """The lines of a page, with what is known of the whole.

    Attributes:
        core: indices of the paragraphs of prose taken for the article.
        title: index of the title, -1 when none is shown. first, last: bounds of the article.
    """

    lines: list[Line]
    language: str = ""
    vocabulary: Counter[str] = field(default_factory=Counter[str])
    core: list[int] = field(default_factory=list[int])
    title: int = -1
    first: int = 0
    last: int = -1


def stop_share(line: Line) -> float:
    """Function words of the line's likeliest language to words."""
    if not line.words:
        return 0.0
    return max(counts_of(line.packed)) / len(line.words)


def shared(page: Sheet, line: Line) -> float:
    """Share of a line's content words that the article uses elsewhere."""
    if not line.stems:
        return 0.0
    own = 1 if line.prose and line.hint != "bio" else 0
    return sum(page.vocabulary[stem] > own for stem in line.stems) / len(line.stems)


def sentences(line: Line) -> int:
    """How many sentences a line has, about."""
    return 1 + len(sentence_breaks().findall(line.text))


def is_headline(line: Line) -> bool:
    """Reads as the headline of something: some words, capital first, no full stop."""
    return (
        4 <= line.n <= 30
        and not sentence_breaks().search(line.text)
        and not FULL_STOP.search(line.text)
        and not line.text.endswith((":", ",", ";"))
        and (line.text[:1].isupper() or line.text[:1].isdigit() or line.text[:1] in QUOTE_OPEN + "¿¡[(#")
    )


def follows_quote(page: Sheet, index: int) -> bool:
    """A short line right below a quotation: who said it."""
    above = page.lines[index - 1] if index else None
    if above is None or page.lines[index].n > 16:
        return False
    return above.role == "quote" or above.text[:1] in '"“«[(' or above.text[-1:] in '"”»'
