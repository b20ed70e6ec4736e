"""What can be cited: the nouns of the table in `citable_kinds.py`, and the record they are taken from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from careo.base.citations import Source
from careo.base.dates import Period
from careo.base.fields import worded
from careo.base.texts import say
from careo.panel import Country
from careo.record.strategy import Strategy
from careo.results.wording import period_words

FEW = 3
"""So many values of one source are named one by one; more are counted."""


@dataclass(frozen=True)
class Record:
    """The record of a country, for a reader of a language. state: folder of the watch that signals are asked of, None for the country's."""

    country: Country
    language: str
    state: str | Path | None = None

    def source(self, key: str | Source) -> Source:
        """A source by its key; one that nobody described has nothing but its key."""
        return key if isinstance(key, Source) else self.country.sources.get(key) or Source(key)

    def say(self, key: str, **words: object) -> str:
        """A sentence of cite.yaml."""
        return say(self.language, f"cite.{key}", **words)

    def word(self, words: Mapping[str, str] | None) -> str:
        """A text of a file."""
        return worded(words, self.language)

    def day(self, text: str | None) -> str:
        """A date or period of a file."""
        return period_words(text or "undated", self.language)

    def span(self, periods: Iterable[Period]) -> str:
        """From the first to the last day of several periods."""
        told = list(periods)
        first, last = [p.first for p in told if p.first], [p.last for p in told if p.last]
        return period_words(Period(min(first), max(last)) if first and last else None, self.language)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a thing and its sources (keys, or sources of a file's own); otherwise as `Support`."""

    of: str
    what: str
    verified: str
    sources: tuple[str | Source, ...]


@dataclass(frozen=True)
class Named:
    """A thing that can be asked for: kind, whole name, other names."""

    kind: str
    name: str
    thing: Any
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All its whole names, case folded."""
        return frozenset(name.casefold() for name in (self.name, *self.aliases))

    def is_called(self, folded: str) -> bool:
        """Whether this is one of `names`, without making them: of a thousand things one is asked for."""
        return self.name.casefold() == folded or any(alias.casefold() == folded for alias in self.aliases)

    @property
    def tail(self) -> str:
        """The last part of its name, which is enough where only one thing has it."""
        return self.name.rpartition(":")[2].casefold()


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a thing is narrowed to; None and "" are everything."""

    period: Period | None = None
    place: str = ""
    stage: str = ""

    def __bool__(self) -> bool:
        return bool(self.period or self.place or self.stage)


class Finder(Protocol):
    """Finds a thing by what was typed."""

    def __call__(self, record: Record, text: str, *, surely: bool) -> Named | None:
        """None where there is none."""
        ...


def _nothing(_record: Record, _named: Named) -> Iterable[Part]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing.

    Attributes:
        title: the thing in words. parts: what it says itself. beyond: what it rests on in turn, as a pledge on
            the ladder that decides it; left out where the question is what rests on a source.
        named: all there are in a country; None for what has no name of its own. within: those inside a strategy.
        found: the one that a text names, of things too many to be listed; `surely` if the kind was said before it.
        nouns: classes by their full name. called: the name of a noun.
        narrows: what `@` and `:` may narrow: "period", "place", "stage".
        whole: it consists of things of other kinds.
    """

    title: Callable[[Record, Any], str]
    parts: Callable[[Record, Named, Narrowed], Iterable[Part]]
    beyond: Callable[[Record, Named], Iterable[Part]] = _nothing
    named: Callable[[Record], Iterable[Named]] | None = None
    within: Callable[[Strategy], Iterable[Named]] | None = None
    found: Finder | None = None
    nouns: tuple[str, ...] = ()
    called: Callable[[Any], str] = lambda thing: str(thing.id)
    narrows: tuple[str, ...] = ()
    whole: bool = False
