"""Quality flags of a page, each with its evidence."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from careo.base.numbers import find_numbers
from careo.base.shipped import language_data, readable
from careo.sources.documents import Block, Document, Flag
from careo.sources.holders import holders_named, own_words
from careo.sources.language import WORD, fold, function_words, words_between
from careo.sources.lines import sentence_breaks

_LANGUAGE_NAMES = {
    "en": "English",
    "es": "español",
    "pt": "português",
    "fr": "français",
    "de": "Deutsch",
    "it": "italiano",
}
_NEAR = 0.6  # share of the shorter paragraph's shingles that the longer one has too
_DIGIT = re.compile(r"\d")
_CROWD = 12  # paragraphs; a shingle that more of them share tells nothing


def flags_of(document: Document, country: str) -> tuple[Flag, ...]:
    """All flags that apply, in the order of their codes in `Flag`."""
    body = [block for block in document.blocks if block.label == "body"]
    found = [
        _no_named_source(document, body, country) if body else None,
        *_figures(document, body),
        *_contradicted(document, country),
        _near_duplicates(document, body),
        _other_languages(document),
        None if document.published or document.dated else Flag("no_date"),
        None if body else Flag("no_body"),
    ]
    return tuple(flag for flag in found if flag is not None)


@cache
def _credit(language: str) -> tuple[frozenset[str], re.Pattern[str]]:
    lexicon = language_data(language, "flags")
    phrases = "|".join(re.escape(phrase) for phrase in sorted(lexicon["according"], key=len, reverse=True))
    return frozenset(lexicon["reporting"]), re.compile(rf"\b(?:{phrases})\s")


def _no_named_source(document: Document, body: list[Block], country: str) -> Flag | None:
    """Nobody is quoted or credited: no reporting verb beside a name, no "according to" somebody."""
    language = readable(document.language)
    verbs, according = _credit(language)
    unnamed = own_words(country) | function_words().keys()
    whole = fold(document.text)
    for block in body:
        piece, folded = document.text[block.start : block.end], whole[block.start : block.end]
        places = [m.start() for m in according.finditer(folded)]
        if not verbs.isdisjoint(words_between(document.text, block.start, block.end)):
            places += [m.start() for m in WORD.finditer(folded) if m[0] in verbs]
        for place in places:
            if _name_near(piece, folded, place, unnamed):
                return None
    return Flag("no_named_source", spans=tuple((b.start, b.end) for b in body[:1]))


def _name_near(piece: str, folded: str, place: int, unnamed: frozenset[str]) -> bool:
    """Whether somebody's name, and not only a country's, stands beside the word at `place` in the same sentence."""
    low = max(
        (m.end() for m in sentence_breaks().finditer(piece, max(0, place - 160), place)),
        default=max(0, place - 110),
    )
    ahead = sentence_breaks().search(piece, place, place + 90)
    high = ahead.start() if ahead else min(len(piece), place + 70)
    tokens = [m for m in WORD.finditer(folded, low, high) if piece[m.start()].isupper() and len(m[0]) > 2]
    for index, token in enumerate(tokens):
        if token[0].removesuffix("'s") in unnamed:
            continue
        opens = token.start() == 0 or (low > 0 and not piece[low : token.start()].strip(" \"“«¿¡'("))
        acronym = piece[token.start() : token.end()].isupper()
        paired = index + 1 < len(tokens) and tokens[index + 1].start() - token.end() <= 8
        if not opens or acronym or paired or folded[token.end() : place].strip() in ("", ","):
            return True
    return False


def _figures(document: Document, body: list[Block]) -> list[Flag | None]:
    if not body or _first_figure(document, body) is not None:
        return [None]
    related = [block for block in document.blocks if block.label == "related"]
    elsewhere = _first_figure(document, related)
    return [
        Flag("no_figure_in_body"),
        Flag("figures_only_in_related", spans=(elsewhere,)) if elsewhere else None,
    ]


def _first_figure(document: Document, blocks: list[Block]) -> tuple[int, int] | None:
    """The first number that counts something; blocks with digits are looked at first, they nearly always decide."""
    language = readable(document.language)
    pieces = [(document.text[block.start : block.end], block.start) for block in blocks]
    for piece, start in sorted(pieces, key=lambda pair: _DIGIT.search(pair[0]) is None):
        for number in find_numbers(piece, language):
            # "two nations" counts nothing that could be checked; digits, shares, factors and large numbers do.
            written = piece[number.start : number.end]
            if number.role == "quantity" and (
                number.unit != "count" or number.value >= 100 or any(c.isdigit() for c in written)
            ):
                return start + number.start, start + number.end
    return None


def _contradicted(document: Document, country: str) -> list[Flag]:
    """Somebody named as in office who was not on the day of publication, while nobody who was is named for that office."""
    day = document.published
    if day is None:
        return []
    mentions = holders_named(document, country)
    right = {(t.office, t.country) for m in mentions for t in m.terms if t.held(day)}
    flags: list[Flag] = []
    told: set[str] = set()
    for mention in mentions:
        terms = mention.terms
        wrong = not any((t.office, t.country) in right for t in terms)
        if wrong and not mention.sentence_of_past and terms[0].name not in told:
            told.add(terms[0].name)
            last = terms[-1].last.isoformat() if terms[-1].last else "…"
            words = {
                "named": mention.named,
                "published": day.isoformat(),
                "first": terms[0].first.isoformat(),
                "last": last,
            }
            flags.append(Flag("date_contradicts_office_holders", words, ((mention.start, mention.end),)))
    return flags


def _near_duplicates(document: Document, body: list[Block]) -> Flag | None:
    """Paragraphs of the article that share most of their words in order."""
    owned = [_shingles(words_between(document.text, block.start, block.end)) for block in body]
    sizes = [len(own) for own in owned]
    once: set[tuple[str, str, str]] = set()
    again: set[tuple[str, str, str]] = set()
    for own in owned:
        again |= once & own
        once |= own
    index: dict[tuple[str, str, str], list[int]] = {}
    shared: Counter[tuple[int, int]] = Counter()
    for place, own in enumerate(owned):
        for shingle in own & again:
            holders = index.setdefault(shingle, [])
            if len(holders) < _CROWD:
                for other in holders:
                    shared[other, place] += 1
                holders.append(place)
    pairs = sorted(
        pair
        for pair, count in shared.items()
        if count >= max(2.0, _NEAR * min(sizes[pair[0]], sizes[pair[1]]))
    )
    if not pairs:
        return None
    spans = tuple((body[place].start, body[place].end) for pair in pairs[:20] for place in pair)
    return Flag("near_duplicate_paragraphs", {"count": str(len(pairs))}, spans)


def _shingles(words: list[str]) -> set[tuple[str, str, str]]:
    """Three words in a row that begin with a long one: enough to tell, and a third of the work; none of a short paragraph."""
    if len(words) < 10:
        return set()
    return {(word, words[at + 1], words[at + 2]) for at, word in enumerate(words[:-2]) if len(word) > 5}


def _other_languages(document: Document) -> Flag | None:
    spans: list[tuple[int, int]] = []
    languages: list[str] = []
    for block in document.blocks:
        foreign = (
            block.language
            and block.language != document.language
            and block.label in ("body", "related", "repeat")
        )
        if foreign and document.text.count(" ", block.start, block.end) >= 7:
            spans.append((block.start, block.end))
            languages.append(_LANGUAGE_NAMES.get(block.language, block.language))
    if not spans:
        return None
    return Flag(
        "passage_in_another_language",
        {"languages": ", ".join(sorted(set(languages))), "count": str(len(spans))},
        tuple(spans),
    )
