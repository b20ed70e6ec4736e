"""Concepts: the words people use for what is counted, and how they are found in a text.

`lexicons/concepts.yaml` of a country lists, per concept and language, phrases in plain writing: lower case, accents
optional, a trailing `*` for inflection ("homicid*"), a lone `*` for up to three words ("se abrieron * carpetas").
Where phrases overlap, the one with more of its own words wins, so that "murdered journalists" is not "murdered".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from careo.base.errors import DataError
from careo.base.shipped import country_folder, read_yaml
from careo.panel.words import Word, fold, words

_SKIP = 3  # words a lone * may stand for
_STOP = re.compile(r"[.!?;:()\n]")


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that is counted, whoever counts it.

    Attributes:
        id: "homicide". name: by language. terms: by language, phrases that name it. near: concepts a reader may mean
            by the same words, to be considered next. place: code of the place it is about when none is named and it
            is not the country's default one (overdose deaths: "US"); else "".
    """

    id: str
    name: Mapping[str, str]
    terms: Mapping[str, tuple[str, ...]]
    near: tuple[str, ...] = ()
    place: str = ""


class TermMention(NamedTuple):
    """A phrase of a lexicon found in a text: characters, what it stands for, and the phrase that matched.

    `names` holds several ids when several concepts (or measures) share the phrase.
    """

    start: int
    end: int
    names: tuple[str, ...]
    term: str


@dataclass(frozen=True)
class Concepts:
    """The concepts of a country and the words for what one unit of a count is.

    Attributes:
        by_id: the concepts. measures: measure ("case_files", "victims"…; also "stock", "flow", "rate") → language → phrases.
    """

    by_id: Mapping[str, Concept]
    measures: Mapping[str, Mapping[str, tuple[str, ...]]]

    def find(self, text: str, language: str) -> tuple[TermMention, ...]:
        """The concepts a text names, in order, without overlap; terms of the other languages are not looked for."""
        return _find(text, self._concept_terms(language))

    def find_measures(self, text: str, language: str) -> tuple[TermMention, ...]:
        """The words of a text that say what one unit of a count is ("case files", "víctimas", "so far", "per 100,000")."""
        return _find(text, self._measure_terms(language))

    @cached_property
    def _compiled(self) -> dict[str, _Lexicon]:
        return {}

    def _concept_terms(self, language: str) -> _Lexicon:
        if language not in self._compiled:
            self._compiled[language] = _compile((c.id, t) for c in self.by_id.values() for t in c.terms.get(language, ()))
        return self._compiled[language]

    def _measure_terms(self, language: str) -> _Lexicon:
        key = f"measures.{language}"
        if key not in self._compiled:
            self._compiled[key] = _compile((m, t) for m, by in self.measures.items() for t in by.get(language, ()))
        return self._compiled[key]


class _Phrase(NamedTuple):
    parts: tuple[str, ...]  # "word", "stem*" or "*"
    names: tuple[str, ...]
    term: str
    weight: int


class _Lexicon(NamedTuple):
    exact: Mapping[str, tuple[_Phrase, ...]]
    stems: Mapping[str, tuple[_Phrase, ...]]
    lengths: tuple[int, ...]  # of the stems


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
    return Concept(name, entry.get("name") or {}, terms, tuple(entry.get("near") or ()), entry.get("place") or "")


def _compile(terms: Iterable[tuple[str, str]]) -> _Lexicon:
    owners: dict[str, list[str]] = {}
    for name, term in terms:
        owners.setdefault(fold(term), []).append(name)
    exact: dict[str, list[_Phrase]] = {}
    stems: dict[str, list[_Phrase]] = {}
    for term, names in owners.items():
        parts = tuple(_parts(term))
        weight = sum(part != "*" for part in parts)
        phrase = _Phrase(parts, tuple(dict.fromkeys(names)), term, weight)
        first = parts[0]
        (stems.setdefault(first[:-1], []) if first.endswith("*") else exact.setdefault(first, [])).append(phrase)
    return _Lexicon(
        {word: tuple(phrases) for word, phrases in exact.items()},
        {word: tuple(phrases) for word, phrases in stems.items()},
        tuple(sorted({len(stem) for stem in stems})),
    )


def _parts(term: str) -> Iterable[str]:
    for piece in re.findall(r"[^\W_]+\*?|\*", term):
        yield piece


def _find(text: str, lexicon: _Lexicon) -> tuple[TermMention, ...]:
    tokens = words(text)
    exact, stems, lengths = lexicon
    found: list[tuple[int, int, int, int, _Phrase]] = []
    for position, token in enumerate(tokens):
        candidates = exact.get(token.folded, ())
        for length in lengths:
            hit = stems.get(token.folded[:length])
            if hit and len(token.folded) >= length:
                candidates += hit
        for phrase in candidates:
            last = _match(phrase.parts, tokens, position, text) if len(phrase.parts) > 1 else position
            if last >= 0:
                found.append((-phrase.weight, tokens[position].start - tokens[last].end, position, last, phrase))
    found.sort(key=lambda item: item[:4])
    taken = bytearray(len(tokens))
    kept: list[tuple[int, int, _Phrase]] = []
    for _, _, first, last, phrase in found:
        if not any(taken[first : last + 1]):
            taken[first : last + 1] = b"\x01" * (last - first + 1)
            kept.append((first, last, phrase))
        else:
            same = next((k for k in kept if k[0] == first and k[1] == last and k[2].weight == phrase.weight), None)
            if same and not set(phrase.names) <= set(same[2].names):
                kept.remove(same)
                kept.append((first, last, same[2]._replace(names=tuple(dict.fromkeys(same[2].names + phrase.names)))))
    kept.sort(key=lambda item: item[0])
    return tuple(TermMention(tokens[a].start, tokens[b].end, p.names, p.term) for a, b, p in kept)


def _match(parts: tuple[str, ...], tokens: tuple[Word, ...], position: int, text: str) -> int:
    """Index of the last word of a phrase that begins at a position; -1 when it does not stand there."""
    here = position
    skip = 0
    for part in parts[1:]:
        if part == "*":
            skip += _SKIP
            continue
        for ahead in range(here + 1, min(here + 2 + skip, len(tokens))):
            if _STOP.search(text, tokens[ahead - 1].end, tokens[ahead].start):
                return -1
            word = tokens[ahead].folded
            if word.startswith(part[:-1]) if part.endswith("*") else word == part:
                here = ahead
                break
        else:
            return -1
        skip = 0
    return here
