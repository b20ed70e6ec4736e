"""From pages to findings, with what a person decided about each statement in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from careo.base.citations import Source
from careo.base.texts import LANGUAGES, say
from careo.panel import Country, country_of
from careo.record.anchoring import apply
from careo.record.ledger import Entry, Ledger, Page, check_indicators
from careo.record.statements import Statement
from careo.results.figures import check_figures
from careo.results.finding import Finding
from careo.results.linking import link, quality_findings, statements
from careo.sources.documents import Block, Document

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything an audit found.

    Attributes:
        documents: the pages, in the order given. statements: of all pages, page by page, in the order of the text.
        findings: page by page; on figures and comparisons first, then on the quality of the page.
        ledger: the new ledger, with every decision carried over. rejected: statements that a person rejected.
    """

    documents: tuple[Document, ...]
    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...]
    ledger: Ledger
    rejected: tuple[Statement, ...] = ()


def audit(
    documents: Sequence[Document],
    panel: Country | xr.Dataset | None = None,
    *,
    ledger: Ledger | None = None,
    said: date | None = None,
    today: date | None = None,
    language: str = "en",
) -> Audit:
    """Reads the statements of every page, applies the ledger, and holds each figure against the record.

    Args:
        documents: pages that `careo.read` returned.
        panel: what the figures are held against: a panel or a country; Mexico by default.
        ledger: decisions of a person on an earlier audit of these pages.
        said: when the claims were made; without it each page's own date.
        today: for pages whose date nothing tells; without it every vintage counts as known.
        language: of the findings' sentences, "en" or "es".

    Raises:
        LedgerError: the ledger names an indicator that the country does not have.
    """
    country = country_of(panel)
    if ledger:
        check_indicators(ledger, country.indicators)
    kept: list[Statement] = []
    found: list[Finding] = []
    rejected: list[Statement] = []
    pages: list[Page] = []
    used: list[Page] = []
    for document in documents:
        dated = replace(document, published=said) if said else document
        applied = apply(ledger, document, statements(dated, country))
        day = said or (None if document.published or document.dated else today)
        pairs = [
            (_relinked(s, entry, document, country), entry)
            for s, entry in zip(applied.statements, applied.decisions, strict=True)
        ]
        here = tuple(s for s, _ in pairs)
        findings = check_figures(here, country, said=day, language=language)
        decided = {
            (s.start, s.end, s.kind): (s, e) for s, e in pairs if e and (e.decision != "undecided" or e.note)
        }
        if decided:
            findings = tuple(_decided(finding, decided, country, day, language) for finding in findings)
        kept += here
        found += [*findings, *quality_findings(document, language)]
        rejected += applied.rejected
        pages.append(applied.page)
        if ledger and (page := ledger.page_of(document)):
            used.append(page)
    # Pages of the ledger that were not audited this time keep their decisions.
    pages += [page for page in (ledger.pages if ledger else ()) if all(page is not other for other in used)]
    return Audit(tuple(documents), tuple(kept), tuple(found), Ledger(tuple(pages)), tuple(rejected))


def check(
    sentence: str,
    panel: Country | xr.Dataset | None = None,
    *,
    said: date | None = None,
    language: str = "en",
) -> tuple[Finding, ...]:
    """Verdicts on every figure of a sentence, in the order of its words.

    Args:
        sentence: one or a few sentences, English or Spanish.
        panel: what the figures are held against: a panel or a country; Mexico by default.
        said: the day it was said; without it every vintage counts as known.
        language: of the findings' sentences, "en" or "es".
    """
    country = country_of(panel)
    document = _as_document(sentence, country, language, said)
    return tuple(
        f for f in audit([document], country, said=said, language=language).findings if f.kind != "quality"
    )


def _as_document(sentence: str, country: Country, language: str, said: date | None) -> Document:
    """A sentence as a page of one paragraph, in its own language: by its function words, else by what can be read of it."""
    from careo.sources import language as languages

    counts = languages.counts_of(languages.tally(languages.words_of(sentence)))
    told = dict(zip(languages.LANGUAGES, counts, strict=True))
    best = max(told[name] for name in LANGUAGES)
    names = [name for name in LANGUAGES if told[name] == best]
    names.sort(key=lambda name: name != language)
    pages = [_one_paragraph(sentence, name, said) for name in names]
    return (
        pages[0] if len(pages) == 1 else max(pages, key=lambda page: _understood(statements(page, country)))
    )


def _understood(found: Sequence[Statement]) -> tuple[float, int]:
    """How much of what was read is linked to the record; fewer pieces of one number are better."""
    figures = [s for s in found if s.kind == "figure"]
    return (sum(1.0 + bool(s.concept) - s.weak for s in figures) / max(1, len(figures)), -len(figures))


def _one_paragraph(text: str, language: str, said: date | None) -> Document:
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    block = Block(start, end, "body", "prose", language=language)
    source = Source("sentence")
    return Document(source, text, text, (), (block,), (), language, "", "", said, None, "text")


def _relinked(statement: Statement, entry: Entry | None, document: Document, country: Country) -> Statement:
    """A statement that a person corrected or added, linked to the country again."""
    if entry is None or statement.kind != "figure" or statement.quantity is None:
        return statement
    correct = entry.correct if entry.decision == "correct" else {}
    if statement.concept and not {"place", "indicator", "kind", "unit"} & correct.keys():
        return statement
    linked = link(document, statement, country)
    if "place" in correct:
        linked = replace(linked, place=country.places.code_of(correct["place"]) or correct["place"])
    if "indicator" in correct:
        item = country.indicators[correct["indicator"]]
        linked = replace(linked, concept=item.concept, indicator=item.id, naming=(item.id,), weak=False)
    return linked


def _decided(
    finding: Finding,
    decided: Mapping[tuple[int, int, str], tuple[Statement, Entry]],
    country: Country,
    day: date | None,
    language: str,
) -> Finding:
    """The finding of a statement, as a person decided it, and saying so."""
    said = finding.statement
    statement, entry = decided.get((said.start, said.end, said.kind), (None, None)) if said else (None, None)
    if statement is None or entry is None:
        return finding
    picked = entry.correct.get("indicator", "") if entry.decision == "correct" else ""
    if picked and finding.kind == "figure":
        alone = replace(country, indicators={picked: country.indicators[picked]})
        finding = next(iter(check_figures([statement], alone, said=day, language=language)), finding)
    extra = {**finding.extra, "note": entry.note} if entry.note else finding.extra
    if entry.decision == "undecided":
        return replace(finding, extra=extra)
    key = "corrected" if entry.decision == "correct" else "accepted"
    caveats = (*finding.caveats, say(language, f"ledger.{key}"))
    return replace(finding, decided=entry.decision, caveats=caveats, extra=extra)
