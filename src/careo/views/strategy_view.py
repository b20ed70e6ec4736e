"""What the parts of a strategy's page are made from, and what they have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from careo.base.citations import Source
from careo.base.fields import worded
from careo.base.texts import say
from careo.evidence.levers import Lever, load_levers
from careo.panel import Country
from careo.record.ladder import Ladder, load_ladders
from careo.record.money import Money, known_on, money_of
from careo.record.strategy import sources_of
from careo.results.strategy_audit import StrategyAudit
from careo.results.wording import period_words
from careo.views.i18n import clean, verdict_slug, verdict_words
from careo.views.parts import Row
from careo.views.terminal import ICONS

_OWN = ("q-", "src-", "d-", "page-", "l-page-")  # how anchors begin that no element of a strategy has


@dataclass(frozen=True)
class View:
    """What the parts of the page are made from."""

    result: StrategyAudit
    country: Country
    language: str

    def say(self, key: str, **words: object) -> str:
        return say(self.language, f"strategy_page.{key}", **words)

    @cached_property
    def ladders(self) -> Mapping[str, Ladder]:
        return load_ladders(self.country.key)

    @cached_property
    def levers(self) -> Mapping[str, Lever]:
        return load_levers(self.country.key)

    @cached_property
    def money(self) -> Money:
        return known_on(money_of(self.result.strategy, self.country.key), self.result.day)

    @cached_property
    def listed(self) -> Mapping[str, Source]:
        """The sources at the end of the page: of every finding, and of every place where something was said."""
        result = self.result
        read = result.pages.findings if result.pages else ()
        pages = {document.source.key for document in result.pages.documents} if result.pages else set[str]()
        known = sources_of(result.strategy, self.country.key)
        quoted = [known[s.source] for p in result.strategy.pledges for s in p.quoted if s.source in known]
        found = [s for f in (*result.findings, *read) if f.kind != "quality" for s in f.sources]
        return {s.key: s for s in (*quoted, *found) if s.key not in pages}

    @cached_property
    def anchors(self) -> Mapping[str, str]:
        """The anchor of each pledge, measure and right, by its id."""
        strategy = self.result.strategy
        taken: dict[str, str] = {}
        for element in (*strategy.pledges, *strategy.measures, *strategy.constraints):
            name = re.sub(r"[^\w.-]+", "-", clean(element.id)) or "-"
            name = f"q-{name}" if name.startswith(_OWN) else name
            while name in taken.values():
                name += "-"
            taken[element.id] = name
        return taken

    @cached_property
    def places(self) -> Mapping[tuple[str, int, int, str], str]:
        """Where a statement stands on the read pages."""
        statements = self.result.pages.statements if self.result.pages else ()
        return {(s.source, s.start, s.end, s.kind): f"page-s{index}" for index, s in enumerate(statements, 1)}

    def cited(self, keys: str | Iterable[str]) -> list[Row]:
        """Keys of sources, those on the list to be linked; also as rows of tables hold them, in one text."""
        names = re.split(r"[,\s]+", keys) if isinstance(keys, str) else keys
        return [{"key": key, "listed": key in self.listed} for key in dict.fromkeys(names) if key]

    def seen(self, word: str) -> Row:
        """How a thing is known, and whether that is a warning."""
        return {"word": say(self.language, f"dossier.verified.{word}"), "unverified": word == "memory"}

    def day(self, day: object) -> str:
        return period_words(str(day), self.language) if day else ""


def verdict_row(verdict: str, language: str) -> Row:
    """A verdict as templates show it: slug, icon, name."""
    slug = verdict_slug(verdict)
    return {"slug": slug, "icon": ICONS.get(slug, "•"), "name": verdict_words(verdict, language)}


def opening(it: View, key: str, **words: object) -> str:
    """How a sentence begins, up to its first word that is not known: caveats that begin so are shown in a better form."""
    return say(it.language, key, **words).partition("{")[0]


def coverage_words(it: View, label: str, note: Mapping[str, str] | None) -> str:
    """How far careo can answer for an element, in words; "" where it can."""
    if label == "answered":
        return ""
    return it.say(
        "coverage", label=say(it.language, f"strategies.coverage.{label}"), note=worded(note, it.language)
    )
