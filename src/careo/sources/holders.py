"""Office-holders named on a page: who is spoken of as in office, and when that can have been written.

The table is data of the country (`office_holders.csv`). Only a title beside a name counts ("President X", "X, the
interior secretary"); "former president X" and "X's predecessor" do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from careo.base.office_holders import OfficeHolder, read_holders
from careo.base.shipped import country_data, country_folder, language_data
from careo.sources.documents import Document
from careo.sources.language import WORD, fold, words_in, words_of

_YEAR = re.compile(r"(?<![\d.,/$-])(19[5-9]\d|20\d\d)(?![\d/%]|[.,-]\d)")
_OPEN_END = date.max
_BREAK = re.compile(r"[.;:!?()\"“”«»\n]\s|[()\"“”«»\n]")


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named as in office: the words, where they stand, and the terms they can mean."""

    named: str
    start: int
    end: int
    terms: tuple[OfficeHolder, ...]
    sentence_of_past: bool


@dataclass(frozen=True, slots=True)
class _Table:
    names: dict[str, tuple[tuple[tuple[str, ...], tuple[OfficeHolder, ...]], ...]]
    telling: frozenset[str]  # the first words of names, also with a possessive
    titles: dict[tuple[str, str], tuple[tuple[str, ...], ...]]
    after: frozenset[str]
    before: frozenset[str]
    filler: frozenset[str]
    past: frozenset[str]


@cache
def _table(country: str) -> _Table:
    by_name: dict[tuple[str, ...], list[OfficeHolder]] = {}
    titles: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for term in read_holders(country_folder(country) / "office_holders.csv"):
        for name in {term.name, *term.aliases}:
            by_name.setdefault(tuple(words_of(name)), []).append(term)
        known = titles.setdefault((term.office, term.country), set())
        known.update(tuple(words_of(word)) for word in term.words)
    names: dict[str, list[tuple[tuple[str, ...], tuple[OfficeHolder, ...]]]] = {}
    for words, terms in by_name.items():
        names.setdefault(words[0], []).append((words, tuple(terms)))
    lexicons = [language_data(language, "flags") for language in ("en", "es")]

    def merged(part: str) -> frozenset[str]:
        return frozenset(word for lexicon in lexicons for word in lexicon[part])

    return _Table(
        {first: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for first, found in names.items()},
        frozenset(form for first in names for form in (first, f"{first}'s")),
        {office: tuple(sorted(found, key=lambda t: (-len(t), t))) for office, found in titles.items()},
        merged("after_title"),
        merged("not_in_office"),
        merged("of_title") | own_words(country),
        merged("past_sentence"),
    )


@cache
def own_words(country: str) -> frozenset[str]:
    """The words of a country's names and demonyms in every language."""
    facts = country_data(country, "country.yaml")
    groups = [*facts.get("names", {}).values(), *facts.get("demonyms", {}).values()]
    return frozenset(word for group in groups for name in group for word in words_of(name))


def holders_named(document: Document, country: str) -> tuple[Mention, ...]:
    """Everybody whom title, subtitle or article name as in office."""
    table = _table(country)
    if not table.names:
        return ()
    folded, words = fold(document.text), set(words_in(document.text).folded)
    present = {word.removesuffix("'s") for word in table.telling & words}
    found: list[Mention] = []
    for block in document.blocks if present else ():
        if block.label == "body" or block.role in ("title", "subtitle"):
            piece = folded[block.start : block.end]
            if any(name in piece for name in present):
                found += _in_block(document.text, piece, block.start, block.end, table)
    return tuple(found)


def _in_block(text: str, piece: str, start: int, end: int, table: _Table) -> list[Mention]:
    found: list[Mention] = []
    tokens = [(m[0], start + m.start(), start + m.end()) for m in WORD.finditer(piece)]
    words = [word.removesuffix("'s") for word, _, _ in tokens]
    at = 0
    while at < len(words):
        match = next(
            (p for p in table.names.get(words[at], ()) if tuple(words[at : at + len(p[0])]) == p[0]), None
        )
        if match is None:
            at += 1
            continue
        behind = at + len(match[0])
        terms = tuple(
            t
            for t in match[1]
            if _titled(text, tokens, words, at, behind, table.titles[t.office, t.country], table)
        )
        if terms and text[tokens[at][1]].isupper():
            first = _title_start(words, at, table, terms)
            low = max(text.rfind(". ", start, tokens[at][1]), start)
            high = text.find(". ", tokens[at][1], end)
            sentence = words_of(text[low : high if high >= 0 else end])
            past = not table.past.isdisjoint(sentence) or any(_YEAR.fullmatch(w) for w in sentence)
            span = tokens[min(first, at)][1], tokens[behind - 1][2]
            named = re.sub(r"['’]s$", "", text[span[0] : span[1]])
            found.append(Mention(named, span[0], span[0] + len(named), terms, past))
        at = behind
    return found


def _titled(
    text: str,
    tokens: list[tuple[str, int, int]],
    words: list[str],
    at: int,
    behind: int,
    titles: tuple[tuple[str, ...], ...],
    table: _Table,
) -> bool:
    """Whether one of `titles` stands beside the name words[at:behind], and as a present one."""
    for title in titles:
        size = len(title)
        for gap in range(4):  # President [of Mexico,] X
            first = at - gap - size
            if first < 0:
                break
            between = words[at - gap : at]
            if tuple(words[first : first + size]) != title or not all(w in table.filler for w in between):
                continue
            if _BREAK.search(text, tokens[first][2], tokens[at][1]):
                continue
            return first == 0 or words[first - 1] not in table.before
        for gap in range(4):  # X, [the US] president
            first = behind + gap
            if tuple(words[first : first + size]) != title:
                continue
            between = text[tokens[behind - 1][2] : tokens[first][1]]
            if not between.lstrip("'’s").startswith(",") or _BREAK.search(between) or between.count(",") > 1:
                continue
            if any(w in table.before for w in words[behind:first]):
                return False
            following = words[first + size] if first + size < len(words) else ""
            return following not in table.after
    return False


def _title_start(words: list[str], at: int, table: _Table, terms: tuple[OfficeHolder, ...]) -> int:
    """Index of the first word of the title before the name; `at` when the title follows it."""
    for title in table.titles[terms[0].office, terms[0].country]:
        for gap in range(4):
            first = at - gap - len(title)
            if first >= 0 and tuple(words[first : first + len(title)]) == title:
                return first
    return at


def written_between(document: Document, country: str) -> tuple[date, date] | None:
    """The days between which an undated page can have been written: everybody named as in office was, and no year is past
    before it came. None when nobody is named."""
    spans = [m.terms for m in holders_named(document, country) if not m.sentence_of_past]
    first, last = date.min, _OPEN_END
    named = False
    for terms in sorted(set(spans), key=lambda t: t[-1].first, reverse=True):
        for term in reversed(terms):
            ends = term.last or _OPEN_END
            if max(first, term.first) <= min(last, ends):
                first, last, named = max(first, term.first), min(last, ends), True
                break
    if not named or last == _OPEN_END:
        return None
    year = _latest_past_year(document, last.year)
    if year > first.year:
        first = max(first, min(date(year, 1, 1), last))
    return first, last


def _latest_past_year(document: Document, most: int) -> int:
    """The latest year the article speaks of as begun: "in 2020", not "by 2024"."""
    lexicons = [language_data(language, "flags") for language in ("en", "es")]
    future = {word for lexicon in lexicons for word in lexicon["future_year"]}
    past = {word for lexicon in lexicons for word in lexicon["past_year"]}
    latest = 0
    for block in document.blocks:
        if block.label != "body":
            continue
        for match in _YEAR.finditer(document.text, block.start, block.end):
            before = words_of(document.text[max(block.start, match.start() - 40) : match.start()])[-3:]
            if before and before[-1] in past and future.isdisjoint(before) and int(match[0]) <= most:
                latest = max(latest, int(match[0]))
    return latest
