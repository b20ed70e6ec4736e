"""What single lines of a page say of themselves: a button, a date, a byline, a caption, a link to another article.

The phrases are data (`data/languages/{en,es}/blocks.yaml`); those of both languages are looked for on every page, since
Spanish sites dress English articles and the other way round. One pass over the words of a line, whatever the number of
phrases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from careo.base.shipped import language_data
from careo.sources.language import WORD, fold, words_of

WHOLE, START, ANY = 0, 1, 2
_LONGEST_NOTICE = 130  # words; a longer paragraph is prose, whatever phrase it holds
_LONGEST_LABEL = 45
_AFTER_LABEL = re.compile(r"\s*(?:[:|»›>/→]|[-–—]\s|$)")
_DIGIT = re.compile(r"\d")
_ORIGINAL_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_INITIAL = r"[A-ZÁÉÍÓÚÑÜ]"
_PROPER = re.compile(rf"{_INITIAL}[\w.'’-]*$")
_LINKING = frozenset(
    (
        "de",
        "del",
        "la",
        "las",
        "los",
        "y",
        "e",
        "and",
        "da",
        "do",
        "van",
        "von",
        "der",
        "en",
        "in",
        "for",
        "the",
        "&",
        "al",
        "o",
    )
)
_TIME = re.compile(
    r"\b\d{1,2}\s?[:.h]\s?\d{2}(?:[:.]\d{2})?\s*(?:[ap]\.?\s?m\.?|hrs?\.?|h)?|\b\d{1,2}\s?[ap]\.?m\b\.?",
    re.IGNORECASE,
)
_CREDIT = "photo|photos|foto|fotos|image|imagen|credit|crédito|courtesy|cortesía|photograph|fotografía"
_CREDIT_WORDS = frozenset(form for word in fold(_CREDIT).split("|") for form in (word, f"{word}'s"))
_CREDIT_AT_END = re.compile(
    rf"(?:[(\[|/–—-]|\.\s|\s{{2,}})\s*(?:{_CREDIT})\b"
    r"(?:[^.]|\b[A-Z]\.){0,80}[\])]?\.?$",
    re.IGNORECASE,
)
_AGENCY = r"(?:reuters|ap(?: photo)?|afp|efe|epa|getty(?: images)?|cuartoscuro|notimex|xinhua|archivo|file(?: photo)?|especial|shutterstock|bloomberg|upi|presidencia)"
_AGENCY_WORDS = frozenset(re.findall(r"[a-z]{2,}", _AGENCY))
_NAME_FOR_PAPER = re.compile(
    rf"[.)\]]\s+(?:{_INITIAL}[\w'’-]+\s+){{2,4}}(?:for|para)\s+(?:the\s+|el\s+|la\s+)?{_INITIAL}[\w'’ -]{{1,40}}$"
)
_AGENCY_AND_NAME = re.compile(
    rf"\b(?:{_AGENCY}|pool)(?:\s(?:images|news))?\s?(?:/|\svia\s)\s?[\w.'’ -]{{2,50}}[\])]?\.?$",
    re.IGNORECASE,
)
_AGENCY_AT_END = re.compile(
    rf"(?:[(\[|/–—]\s*[^()|/]{{0,60}}|\bvia\s+|\.\s+|\s/\s*){_AGENCY}\s*[\])]?\.?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of the lexicon. `label` is the block label it gives, `reason` its section, `anchor` where it must stand."""

    words: tuple[str, ...]
    label: str
    reason: str
    anchor: int


Starts = Mapping[str, tuple[tuple[str, ...], ...]]  # openings by their first word, longest first


@dataclass(frozen=True, slots=True)
class Heads:
    """Words of the lines around the title."""

    caption_start: Starts
    byline: Starts
    byline_whole: frozenset[tuple[str, ...]]
    published: Starts
    modified: Starts
    date_words: frozenset[str]
    relative: frozenset[str]
    headings: frozenset[tuple[str, ...]]
    publisher: Starts
    title_label: Starts
    date: re.Pattern[str]


Index = Mapping[str, tuple[Phrase, ...]]  # phrases by their first word, longest first


@cache
def phrases() -> tuple[Index, Index]:
    """The phrases of both languages: those that must stand at the beginning of a line, and those that may stand anywhere."""
    opening: dict[str, list[Phrase]] = {}
    anywhere: dict[str, list[Phrase]] = {}
    for language in ("en", "es"):
        lexicon = language_data(language, "blocks")
        for label in ("boilerplate", "related"):
            for reason, anchors in lexicon[label].items():
                for anchor, name in enumerate(("whole", "start", "any")):
                    for phrase in anchors.get(name, ()):
                        words = tuple(words_of(phrase))
                        table = anywhere if anchor == ANY else opening
                        table.setdefault(words[0], []).append(Phrase(words, label, reason, anchor))
    return _sorted(opening), _sorted(anywhere)


def _sorted(table: dict[str, list[Phrase]]) -> Index:
    return {word: tuple(sorted(found, key=_order)) for word, found in table.items()}


def _order(phrase: Phrase) -> tuple[int, int, int, str]:
    return -len(phrase.words), phrase.anchor, ("end", "close").count(phrase.reason) ^ 1, phrase.reason


@cache
def heads() -> Heads:
    """The words of both languages for the lines around the title."""
    merged: dict[str, list[tuple[str, ...]]] = {}
    for language in ("en", "es"):
        part: dict[str, Any] = language_data(language, "blocks")["head"]
        for name, values in part.items():
            merged.setdefault(name, []).extend(tuple(words_of(value)) for value in values)
    single = {name: frozenset(words[0] for words in values) for name, values in merged.items()}
    longest_first = {name: _by_first_word(values) for name, values in merged.items()}
    month = "|".join(sorted(single["months"], key=lambda m: (-len(m), m)))
    date = re.compile(
        rf"\b\d{{1,2}}(?:st|nd|rd|th|ro|º|°)?[\s./-]{{0,3}}(?:de\s|of\s)?\s?(?:{month})\b\.?,?[\s./-]{{0,3}}(?:de\s|del\s)?\s?(?:\d{{4}}|\d{{2}}\b)?"
        rf"|\b(?:{month})\b\.?\s{{0,3}}\d{{1,2}}(?:st|nd|rd|th)?\b,?(?:\s{{0,3}}\d{{4}})?"
        rf"|\b(?:{month})\b\.?,?\s{{0,3}}(?:de\s|del\s)?\s?\d{{4}}"
        r"|\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:t[\d:.]+(?:z|[+-]\d\d:?\d\d)?)?|\b\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})\b"
    )
    return Heads(
        longest_first["caption_start"], longest_first["byline"],
        frozenset(merged["byline_whole"]), longest_first["published"], longest_first["modified"],
        single["date_words"], single["relative"], frozenset(merged["headings"]), longest_first["publisher"], longest_first["title_label"], date,
    )  # fmt: skip


def said_by(words: list[str], text: str, *, terminal: bool) -> Phrase | None:
    """The phrase of the lexicon that decides what a line is, if one does.

    Args:
        words: of the line, folded.
        text: the line, without list marker.
        terminal: whether it ends as a sentence does.
    """
    count = len(words)
    if not count or count > _LONGEST_NOTICE:
        return None
    opening, anywhere = phrases()
    for phrase in opening.get(words[0], ()):
        if tuple(words[: len(phrase.words)]) == phrase.words and _anchored(
            phrase, count, text, terminal=terminal
        ):
            return phrase
    for at, word in enumerate(words):
        if word in anywhere:
            for phrase in anywhere[word]:
                if tuple(words[at : at + len(phrase.words)]) == phrase.words:
                    return phrase
    return None


def _anchored(phrase: Phrase, count: int, text: str, *, terminal: bool) -> bool:
    size = len(phrase.words)
    if size == count:
        return True
    if phrase.anchor == WHOLE or count > _LONGEST_LABEL:
        return False
    labelled = _after(text, size)
    if phrase.reason == "end":
        return not labelled and count <= 7 and not terminal and not any(c.isdigit() for c in text)
    if phrase.reason == "close":
        return labelled or text.rstrip(" )").endswith(tuple("0123456789")) or (size > 2 and count <= 8)
    return labelled or size > 1


def _after(text: str, size: int) -> bool:
    """Whether the first `size` words of a line are set off from what follows: "Photo: …", "Related | …"."""
    for seen, match in enumerate(_ORIGINAL_WORD.finditer(text), 1):
        if seen == size:
            return bool(_AFTER_LABEL.match(text, match.end()))
    return False


def starts_with(words: list[str], choices: Starts) -> int:
    """How many words of the longest of `choices` the line begins with; 0 for none."""
    for choice in choices.get(words[0], ()) if words else ():
        if len(choice) == 1 or tuple(words[: len(choice)]) == choice:
            return len(choice)
    return 0


def _by_first_word(values: list[tuple[str, ...]]) -> Starts:
    table: dict[str, list[tuple[str, ...]]] = {}
    for value in sorted(set(values), key=lambda w: (-len(w), w)):
        table.setdefault(value[0], []).append(value)
    return {word: tuple(found) for word, found in table.items()}


def is_credit(text: str, words: list[str]) -> bool:
    """Who made the picture and nothing of what it shows."""
    size = starts_with(words, heads().caption_start)
    if not size or len(words) > size + 7:
        return False
    rest = [token for token in text.replace(":", " ").replace("/", " ").split() if token.strip("([|,.")][
        size:
    ]
    return not rest or _names(rest)


def is_date_line(text: str, words: list[str], *, loose: bool = False) -> bool:
    """A line that holds a date or a lapse of time and little else.

    Args:
        text: the line.
        words: its words.
        loose: also lines that join a date with the name of a section or an office.
    """
    known = heads()
    if len(words) > 22 or not _DIGIT.search(text):
        return 0 < len(words) <= 4 and (
            words[0] in known.relative and all(w in known.date_words for w in words)
        )
    folded = fold(text)
    blanked, dates = known.date.subn(_blank, folded)
    if not dates:
        relative = not known.relative.isdisjoint(words)
        return relative and len(words) <= 8 and all(w in known.date_words or w.isdigit() for w in words)
    if starts_with(words, known.published) or starts_with(words, known.modified):
        return True  # "Published on 3 May 2020 | 14 comments | Labels: …"
    blanked = _TIME.sub(_blank, blanked)
    left = [m for m in WORD.finditer(blanked) if m[0] not in known.date_words and not m[0].isdigit()]
    if len(left) <= 1:
        return not left or text[left[0].start()].isupper() or len(words) <= 6
    if len(left) <= 3 and len(words) <= 12 and all(text[m.start()].isupper() for m in left):
        return True
    return loose and len(left) <= 11 and bool(re.search(r"[|·•—–/]|\s-\s|,", folded))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def is_byline(text: str, words: list[str]) -> bool:
    """A line that names who wrote the page and does nothing else."""
    if not words or len(words) > 16:
        return False
    known = heads()
    if tuple(words) in known.byline_whole:
        return True
    size = starts_with(words, known.byline)
    if not size:
        return False
    if size > 1 and words[size - 1] in ("by", "por") and len(words) <= 12 and any(c.isdigit() for c in text):
        text = _TIME.sub(" ", text)  # "Posted by Henry at 9:14 PM"
        text = re.sub(r"\b(?:at|a las)\s*$", "", text)
    rest = text.replace(":", " ").split()[size:]
    return bool(rest) and _names(rest)


def _names(tokens: list[str]) -> bool:
    capital = 0
    for token in tokens:
        bare = token.strip("()[],.;|/*_-–—•·")
        if not bare or bare.lower() in _LINKING or bare.startswith("@") or bare.isdigit():
            continue
        if not _PROPER.match(bare):
            return False
        capital += 1
    return capital >= 1


def is_name(text: str) -> bool:
    """Two to five capitalised words and nothing else: somebody's name, or an office's."""
    tokens = text.split()
    return (
        2 <= len(tokens) <= 5
        and not text.endswith((".", "?", "!", ":"))
        and not _DIGIT.search(text)
        and _names(tokens)
        and tokens[0][:1].isupper()
    )


def is_caption(text: str, words: list[str], *, terminal: bool) -> bool:
    """The words under a picture, told by the credit they carry."""
    if len(words) > 60:
        return False
    known = heads()
    size = starts_with(words, known.caption_start)
    if size and (_after(text, size) or size > 1):
        return True
    tail = text[-120:]
    if not _CREDIT_WORDS.isdisjoint(words) and _CREDIT_AT_END.search(tail):
        return True
    if ("for" in words or "para" in words) and _NAME_FOR_PAPER.search(tail):
        return True
    if ("/" in tail or "via" in words) and _AGENCY_AND_NAME.search(tail):
        return True
    if terminal and len(words) > 45:
        return False
    # the last word is an agency's: few lines end so, and the pattern is dear
    return bool(words) and words[-1] in _AGENCY_WORDS and bool(_AGENCY_AT_END.search(tail))
