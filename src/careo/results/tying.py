"""Statements of a page tied to the pledges of a strategy: by the words they share, rare ones counting most, and by their numbers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from careo.base.fields import worded
from careo.base.shipped import language_data
from careo.base.words import fold
from careo.record.anchoring import quote_hash
from careo.record.ladder import Ladder
from careo.record.statements import Statement
from careo.record.strategy import Pledge, Strategy

TIED = ("pledge", "request", "position", "figure")
"""Kinds of statements that can be about a pledge."""

ENOUGH = 0.45
"""Least likeness of a tie; on the labelled pages it finds 78 of 100 ties, and 97 of 100 ties of labelled statements are right."""

_SAME_NUMBER, _SAME_SMALL_NUMBER = 0.4, 0.15  # a large number in common weighs as much as several rare words
_LARGE = 100
_SOME = 0.08  # words in common without which a number in common means nothing
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Tie:
    """A statement and the pledge it is about; likeness in [0, 1], 1 when the strategy quotes exactly these words."""

    statement: Statement
    pledge: str
    likeness: float


def tie(
    statements: Sequence[Statement], strategy: Strategy, ladders: Mapping[str, Ladder] | None = None
) -> tuple[Tie, ...]:
    """The statements of a page that are about a pledge of the strategy, in the order of the page.

    A statement is tied to the pledge it is most like, if it is like it enough. Likeness is the cosine of the words'
    weights (inverse document frequency over the strategy's pledges, stems of the page's language, function words left
    out), and more for a number in common.

    Args:
        statements: of a page. strategy: whose pledges. ladders: whose titles are further words for the pledges they decide.
    """
    profiles: dict[str, _Profiles] = {}
    found: list[Tie] = []
    quoted = {span.hash: pledge.id for pledge in strategy.pledges for span in pledge.quoted}
    for statement in statements:
        if statement.kind not in TIED:
            continue
        exact = quoted.get(quote_hash(statement.quote))
        if exact:
            found.append(Tie(statement, exact, 1.0))
            continue
        language = statement.language if statement.language in ("en", "es") else "en"
        if language not in profiles:
            profiles[language] = _Profiles.of(strategy, ladders or {}, language)
        name, likeness = profiles[language].nearest(statement, _values(statement, statements))
        if likeness >= ENOUGH:
            found.append(Tie(statement, name, likeness))
    return tuple(found)


def _values(statement: Statement, statements: Sequence[Statement]) -> frozenset[float]:
    """The numbers that stand in a statement: its own, and those of figures inside it."""
    return frozenset(
        other.quantity.value
        for other in statements
        if other.quantity
        and other.source == statement.source
        and statement.start <= other.start
        and other.end <= statement.end
    )


@dataclass(frozen=True, slots=True)
class _Profiles:
    """The pledges of a strategy as weighted words of a language."""

    language: str
    weights: Mapping[str, float]
    words: Mapping[str, frozenset[str]]
    numbers: Mapping[str, frozenset[float]]

    @classmethod
    def of(cls, strategy: Strategy, ladders: Mapping[str, Ladder], language: str) -> _Profiles:
        words = {
            pledge.id: frozenset(stems(_text(pledge, ladders, language), language))
            for pledge in strategy.pledges
        }
        counts = Counter(word for bag in words.values() for word in bag)
        weights = {word: math.log((1 + len(words)) / count) for word, count in counts.items()}
        numbers = {pledge.id: frozenset(_numbers(pledge)) for pledge in strategy.pledges}
        return cls(language, weights, words, numbers)

    def nearest(self, statement: Statement, values: frozenset[float]) -> tuple[str, float]:
        """The pledge most like a statement in which these numbers stand, and how like."""
        bag = stems(statement.quote, self.language)
        around = stems(statement.claim, self.language) - bag
        rare = math.log(1 + len(self.words))  # the weight of a word that no pledge has
        # The words around a statement help to tell it, with half their weight.
        own = {word: self.weights.get(word, rare / 2) for word in bag}
        own |= {word: self.weights[word] / 2 for word in around if word in self.weights}
        size = math.sqrt(sum(weight**2 for weight in own.values())) or 1.0
        best = ("", 0.0)
        for name, words in self.words.items():
            shared = sum(own[word] * self.weights[word] for word in words if word in own)
            norm = math.sqrt(sum(self.weights[word] ** 2 for word in words)) or 1.0
            likeness = shared / (size * norm)
            same = values & self.numbers[name]
            if same and likeness > _SOME:  # 40,000 of one thing are not 40,000 of another
                likeness += _SAME_NUMBER if max(same) >= _LARGE else _SAME_SMALL_NUMBER
            if likeness > best[1]:
                best = (name, min(1.0, likeness))
        return best


def _text(pledge: Pledge, ladders: Mapping[str, Ladder], language: str) -> str:
    parts = [worded(pledge.text, language), worded(pledge.condition, language)]
    if pledge.test and pledge.test.ladder in ladders:
        parts.append(worded(ladders[pledge.test.ladder].title, language))
    return " ".join(parts)


def _numbers(pledge: Pledge) -> list[float]:
    bounds = [pledge.test.at_least, pledge.test.at_most] if pledge.test else []
    written = (
        match[0].replace(",", "") for match in re.finditer(r"\d[\d,]*(?:\.\d+)?", worded(pledge.text, "en"))
    )
    values = [float(text) for text in written]
    shares = [value / 100 for value in values if value <= 100]
    return [float(bound) for bound in bounds if bound is not None] + values + shares


@cache
def _stemmer(language: str) -> object:
    import snowballstemmer

    return snowballstemmer.stemmer("spanish" if language == "es" else "english")


@cache
def _function_words(language: str) -> frozenset[str]:
    return frozenset(word for line in language_data(language, "stopwords")["words"] for word in line.split())


def stems(text: str, language: str) -> frozenset[str]:
    """The stems of the content words of a text; numbers are compared by their value, not here."""
    skip = _function_words(language)
    words = [word for word in _WORD.findall(text.lower()) if fold(word) not in skip]
    return _stemmed(words, language) - _said(language)


@cache
def _said(language: str) -> frozenset[str]:
    """Stems that say that something is said, promised or counted, whatever it is: they tell no two pledges apart."""
    lexicon = language_data(language, "statements")
    phrases = [*lexicon["goal_words"], *lexicon["reporting_verbs"], *lexicon["generic_nouns"]]
    return _stemmed(_WORD.findall(" ".join(phrases).lower()), language)


def _stemmed(words: Sequence[str], language: str) -> frozenset[str]:
    return frozenset(fold(stem) for stem in _stemmer(language).stemWords(words))  # pyright: ignore
