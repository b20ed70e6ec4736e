"""Concepts: the words people use for what is counted, and how they are found in a text.

`lexicons/concepts.yaml` of a country lists, per concept and language, phrases in plain writing: lower case, accents
optional, a trailing `*` for inflection ("homicid*"), a lone `*` for up to three words and any number ("se abrieron
* carpetas"). Where phrases overlap, the one with more of its own words wins, so that "murdered journalists" is not
"murdered"; a weak phrase ("deaths") loses to every other.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from careo.base.errors import DataError
from careo.base.shipped import country_folder, read_yaml
from careo.panel.words import Words, fold, words

_SKIP = 3  # words a lone * may stand for; figures do not count
_FIGURES = 4  # groups of digits among them ("1.234.567" is three)
_REMEMBERED = 50_000  # words whose phrases are remembered; hostile input must not fill the memory
_STOP = re.compile(r"[.!?;:()\n]")


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that is counted, whoever counts it.

    Attributes:
        id: "homicide". name: by language. terms: by language, phrases that name it. weak: phrases that do
            so only where nothing else does. near: concepts a reader may mean
            by the same words, to be considered next. place: code of the place it is about when none is named and it
            is not the country's default one (overdose deaths: "US"); else "".
    """

    id: str
    name: Mapping[str, str]
    terms: Mapping[str, tuple[str, ...]]
    weak: Mapping[str, tuple[str, ...]]
    near: tuple[str, ...] = ()
    place: str = ""


class TermMention(NamedTuple):
    """A phrase of a lexicon found in a text.

    Attributes:
        start, end: characters. term: the phrase that matched.
        names: what it stands for; several ids when several concepts (or measures) share the phrase.
        weak: True for a word that means it only where nothing else does ("deaths").
    """

    start: int
    end: int
    names: tuple[str, ...]
    term: str
    weak: bool = False


@dataclass(frozen=True)
class Concepts:
    """The concepts of a country and the words for what one unit of a count is.

    Attributes:
        by_id: the concepts. measures: measure ("case_files", "victims"…; also "stock", "flow", "rate") → language → phrases.
    """

    by_id: Mapping[str, Concept]
    measures: Mapping[str, Mapping[str, tuple[str, ...]]]

    def find(
        self, text: str, language: str, start: int = 0, end: int | None = None
    ) -> tuple[TermMention, ...]:
        """The concepts a text names, in order, without overlap; terms of the other languages are not looked for.

        Args:
            start, end: look only there; the places of what is found count from the beginning of the text.
        """
        return _find(text, self._concept_terms(language), start, end)

    def find_measures(
        self, text: str, language: str, start: int = 0, end: int | None = None
    ) -> tuple[TermMention, ...]:
        """The words of a text that say what one unit of a count is ("case files", "víctimas", "so far", "per 100,000")."""
        return _find(text, self._measure_terms(language), start, end)

    @cached_property
    def _compiled(self) -> dict[str, _Lexicon]:
        return {}

    def _concept_terms(self, language: str) -> _Lexicon:
        if language not in self._compiled:
            self._compiled[language] = _compile(
                ((c.id, t) for c in self.by_id.values() for t in c.terms.get(language, ())),
                ((c.id, t) for c in self.by_id.values() for t in c.weak.get(language, ())),
            )
        return self._compiled[language]

    def _measure_terms(self, language: str) -> _Lexicon:
        key = f"measures.{language}"
        if key not in self._compiled:
            self._compiled[key] = _compile(
                (m, t) for m, by in self.measures.items() for t in by.get(language, ())
            )
        return self._compiled[key]


class _Phrase(NamedTuple):
    parts: tuple[str, ...]  # "word", "stem*" or "*"
    names: tuple[str, ...]
    term: str
    weight: int
    second: str  # how the next word must begin, when that is fixed
    whole: bool  # `second` is the whole word


_Match = tuple[int, int, int, int, _Phrase]  # minus its weight, minus its length, first and last word


@dataclass(frozen=True, slots=True, eq=False)
class _Lexicon:
    exact: Mapping[str, tuple[_Phrase, ...]]
    stems: Mapping[str, tuple[_Phrase, ...]]
    lengths: tuple[int, ...]  # of the stems
    seen: dict[str, tuple[_Phrase, ...]]  # word → phrases that may begin with it, remembered over texts

    def beginning(self, word: str) -> tuple[_Phrase, ...]:
        """The phrases that may begin with a word."""
        found = self.seen.get(word)
        if found is None:
            found = self.exact.get(word, ())
            for length in self.lengths:
                if length > len(word):
                    break
                found += self.stems.get(word[:length], ())
            if len(self.seen) >= _REMEMBERED:
                self.seen.clear()
            self.seen[word] = found
        return found


@cache
def load_concepts(country: str = "mexico") -> Concepts:
    """The lexicon of a country (`lexicons/concepts.yaml`).

    Raises:
        DataError: a concept has no terms, or is near to one that does not exist.
    """
    path = country_folder(country) / "lexicons" / "concepts.yaml"
    given: Mapping[str, Any] = read_yaml(path)
    concepts = {name: _concept(name, entry) for name, entry in given["concepts"].items()}
    for concept in concepts.values():
        unknown = [near for near in concept.near if near not in concepts]
        if unknown or not any(concept.terms.values()):
            raise DataError("panel_concept", where=str(path), concept=concept.id, found=", ".join(unknown))
    measures = {
        name: {language: tuple(terms) for language, terms in by.items()}
        for name, by in (given.get("measures") or {}).items()
    }
    return Concepts(concepts, measures)


def _concept(name: str, entry: Mapping[str, Any]) -> Concept:
    terms = {language: tuple(phrases) for language, phrases in (entry.get("terms") or {}).items()}
    weak = {language: tuple(phrases) for language, phrases in (entry.get("weak") or {}).items()}
    return Concept(
        name, entry.get("name") or {}, terms, weak, tuple(entry.get("near") or ()), entry.get("place") or ""
    )


def _compile(terms: Iterable[tuple[str, str]], weak: Iterable[tuple[str, str]] = ()) -> _Lexicon:
    owners: dict[tuple[str, bool], list[str]] = {}
    for name, term in terms:
        owners.setdefault((fold(term), False), []).append(name)
    for name, term in weak:
        owners.setdefault((fold(term), True), []).append(name)
    exact: dict[str, list[_Phrase]] = {}
    stems: dict[str, list[_Phrase]] = {}
    for (term, is_weak), names in owners.items():
        parts = tuple(re.findall(r"[^\W_]+\*?|\*", term))
        weight = 0 if is_weak else sum(part != "*" for part in parts)
        following = "".join(parts[1:2])
        second = following.removesuffix("*")
        phrase = _Phrase(parts, tuple(dict.fromkeys(names)), term, weight, second, second == following)
        first = parts[0]
        (stems.setdefault(first[:-1], []) if first.endswith("*") else exact.setdefault(first, [])).append(
            phrase
        )
    return _Lexicon(
        {word: tuple(phrases) for word, phrases in exact.items()},
        {word: tuple(phrases) for word, phrases in stems.items()},
        tuple(sorted({len(stem) for stem in stems})),
        {},
    )


def _find(text: str, lexicon: _Lexicon, begin: int, stop: int | None) -> tuple[TermMention, ...]:
    tokens = words(text)
    stretch = tokens.between(begin, len(text) if stop is None else stop)
    if stretch is None:  # it begins or ends inside a word
        inside = _find(text[begin:stop], lexicon, 0, None)
        return tuple([m._replace(start=m.start + begin, end=m.end + begin) for m in inside])
    left, right = stretch
    positions, matches = _matches(text, lexicon)
    near = matches[bisect_left(positions, left) : bisect_left(positions, right)]
    found = [match for match in near if match[3] < right]
    if len(found) > 1:
        found.sort(key=_ORDER)
    taken = bytearray(right - left)
    kept: dict[tuple[int, int], _Phrase] = {}
    for _, _, first, last, phrase in found:
        span = slice(first - left, last + 1 - left)
        if not any(taken[span]):
            taken[span] = b"\x01" * (last - first + 1)
            kept[first, last] = phrase
            continue
        same = kept.get((first, last))
        if same and same.weight == phrase.weight:
            kept[first, last] = same._replace(names=tuple(dict.fromkeys(same.names + phrase.names)))
    _, starts, ends = tokens
    return tuple(
        [
            TermMention(starts[first], ends[last], p.names, p.term, p.weight == 0)
            for (first, last), p in sorted(kept.items())
        ]
    )


_ORDER = itemgetter(0, 1, 2, 3)


@lru_cache(maxsize=8)
def _matches(text: str, lexicon: _Lexicon) -> tuple[list[int], list[_Match]]:
    """Every phrase that stands in a text, overlapping ones too, by the index of its first word, and these indices.

    Remembered for a moment: of one page, several stretches are asked for.
    """
    tokens = words(text)
    folded, starts, ends = tokens
    found: list[_Match] = []
    seen, beginning = lexicon.seen, lexicon.beginning
    # few words begin a phrase, and most are known not to
    for position in [at for at, word in enumerate(folded) if seen.get(word, True)]:
        phrases = beginning(folded[position])
        following = folded[position + 1] if position + 1 < len(folded) else ""
        for phrase in phrases:
            second = phrase.second
            if second and (following != second if phrase.whole else not following.startswith(second)):
                continue
            last = _match(phrase.parts, tokens, position, text) if len(phrase.parts) > 1 else position
            if last >= 0:
                found.append((-phrase.weight, starts[position] - ends[last], position, last, phrase))
    return [match[2] for match in found], found


def _match(parts: tuple[str, ...], tokens: Words, position: int, text: str) -> int:
    """Index of the last word of a phrase that begins at a position; -1 when it does not stand there."""
    here, skip = position, 0
    for part in parts[1:]:
        if part == "*":
            skip += _SKIP
            continue
        here = _ahead(part, tokens, here, skip, text)
        if here < 0:
            return -1
        skip = 0
    return here


def _ahead(part: str, tokens: Words, here: int, skip: int, text: str) -> int:
    """Index of the next word that is `part`, with up to `skip` words and some figures between; -1 when none is."""
    figures = _FIGURES if skip else 0
    folded, starts, ends = tokens
    for ahead in range(here + 1, len(folded)):
        word, behind, start = folded[ahead], ends[ahead - 1], starts[ahead]
        if start - behind > 1 and _STOP.search(text, behind, start):
            return -1
        if word.startswith(part[:-1]) if part[-1] == "*" else word == part:
            return ahead
        if word.isdigit() and figures:
            figures -= 1
        elif skip:
            skip -= 1
        else:
            return -1
    return -1
