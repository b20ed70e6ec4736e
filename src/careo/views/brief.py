"""The brief: an audit on one page, for somebody who has five minutes. What is left out is counted, and by which rule.

Every number on it stands in `findings.json` or counts findings there. What cannot be told is always on it; findings
are, one of each question in turn, as many as the page holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from careo.base.citations import Source
from careo.base.fields import worded
from careo.base.texts import say
from careo.panel import Country
from careo.results.audit import Audit
from careo.results.decisive import UNTOLD, decisive, unverified
from careo.results.finding import PLEDGE_VERDICTS, VERDICTS, Considered, Finding
from careo.results.strategy_audit import StrategyAudit
from careo.results.wording import period_words, place_name, value_words
from careo.views import parts
from careo.views.i18n import clean, shortened, verdict_slug, verdict_words
from careo.views.imprint import Imprint
from careo.views.parts import Row
from careo.views.terminal import ICONS

MOST = 12
"""Findings on a page, however short they are."""

USUAL = 4
"""Findings of a brief that is no PDF, where nobody can say how much a page holds."""

_UNJUDGED = ("raised", "inconclusive")
_SOURCES = 2  # notes of one finding; the dossier has them all
_CLAIM, _BECAUSE, _DEFINITION, _TITLE, _LIST = 140, 240, 190, 150, 4  # characters; names in a list


@dataclass(frozen=True, slots=True)
class Brief:
    """A brief as HTML text. shown, hidden: ids of the findings on it and how many are not."""

    html: str
    shown: tuple[str, ...]
    hidden: int


def brief_page(
    audit: Audit | StrategyAudit, country: Country, imprint: Imprint, language: str, *, room: int, paper: str
) -> Brief:
    """The brief with up to `room` findings, one of each question in turn."""
    it = _Brief(audit, country, language, room)
    questions = list(_questions(it))
    numbers = list(_numbers(it))
    cannot = list(_cannot(it))
    everything = it.findings
    hidden = len(everything) - len(it.shown)
    html = parts.render(
        "brief.html",
        language,
        imprint=imprint.style(language),
        paper=paper,
        title=_title(audit, language),
        facts=_facts(audit, imprint, language),
        question=it.say("question_strategy" if isinstance(audit, StrategyAudit) else "question_pages"),
        questions=questions,
        numbers=numbers,
        cannot=cannot,
        left_out=it.say("left_out", shown=len(it.shown), count=len(everything), hidden=hidden),
        sources=parts.source_rows(it.notes.values(), language, order=list(it.notes)),
    )
    return Brief(html, tuple(finding.id for finding in it.shown), hidden)


@dataclass(slots=True)
class _Brief:
    """What the brief is made from, and what was shown and cited so far."""

    audit: Audit | StrategyAudit
    country: Country
    language: str
    room: int
    shown: list[Finding] = field(default_factory=list[Finding])
    notes: dict[str, Source] = field(default_factory=dict[str, Source])

    def say(self, key: str, **words: object) -> str:
        return say(self.language, f"print.brief.{key}", **words)

    @property
    def pages(self) -> Audit | None:
        return self.audit.pages if isinstance(self.audit, StrategyAudit) else self.audit

    @property
    def said(self) -> list[Finding]:
        """The findings on figures of pages."""
        return [f for f in (self.pages.findings if self.pages else ()) if f.kind != "quality"]

    @property
    def findings(self) -> list[Finding]:
        own = self.audit.findings if isinstance(self.audit, StrategyAudit) else ()
        return [*own, *self.said]

    def cite(self, sources: Iterable[Source]) -> list[int]:
        """The numbers of sources in the list at the foot, which gets those that it lacks."""
        numbers: list[int] = []
        for source in sources:
            self.notes.setdefault(source.key, source)
            numbers.append(list(self.notes).index(source.key) + 1)
        return numbers

    def of(self, findings: Sequence[Finding]) -> list[Row]:
        """Findings as the page shows them."""
        rows: list[Row] = []
        for finding in findings:
            self.shown.append(finding)
            rows.append(
                _verdict(finding.verdict, self.language)
                | {
                    "judged": finding.verdict not in _UNJUDGED,
                    "claim": shortened(finding.claim, _CLAIM),
                    "lang": finding.statement.language if finding.statement else self.language,
                    "quoted": finding.statement is not None,
                    "because": shortened(finding.because, _BECAUSE),
                    "unverified": unverified(finding),
                    "notes": self.cite(finding.sources[:_SOURCES]),
                }
            )
        return rows


def _dealt(lists: Sequence[Sequence[Finding]], room: int) -> list[list[Finding]]:
    """The first of each list in turn, then the second, until `room` are dealt."""
    dealt: list[list[Finding]] = [[] for _ in lists]
    for depth in range(max(map(len, lists), default=0)):
        for hand, findings in zip(dealt, lists, strict=True):
            if depth < len(findings) and sum(map(len, dealt)) < room:
                hand.append(findings[depth])
    return dealt


def _verdict(verdict: str, language: str) -> Row:
    slug = verdict_slug(verdict)
    return {"slug": slug, "icon": ICONS.get(slug, "•"), "name": verdict_words(verdict, language)}


def _title(audit: Audit | StrategyAudit, language: str) -> str:
    if isinstance(audit, StrategyAudit):
        return shortened(worded(audit.strategy.title, language), _TITLE)
    if len(audit.documents) == 1:
        return shortened(audit.documents[0].title or audit.documents[0].source.key, _TITLE)
    return say(language, "dossier.title_many", count=len(audit.documents))


def _facts(audit: Audit | StrategyAudit, imprint: Imprint, language: str) -> list[str]:
    if isinstance(audit, StrategyAudit):
        period = audit.strategy.period
        end = period_words(period.end, language) if period.end else say(language, "strategy_page.open")
        span = f"{period_words(period.start, language)} – {end}"
        facts = [shortened(worded(audit.strategy.actor, language), 90), span]
    else:
        facts = [shortened(document.title or document.source.key, 70) for document in audit.documents[:3]]
        facts = facts if len(audit.documents) > 1 else []
    day = period_words(imprint.day, language) if imprint.day else ""
    return [*facts, *([say(language, f"print.{imprint.dated}", day=day)] if day else [])]


# ── the five questions ───────────────────────────────────────────────────────────────────────────────────────────


def _questions(it: _Brief) -> Iterator[Row]:
    answers = list(_of_strategy(it, it.audit) if isinstance(it.audit, StrategyAudit) else _of_pages(it))
    dealt = _dealt(
        [() if name == "outcomes" else decisive(findings) for name, _, findings in answers], it.room
    )
    number = 0
    for (name, sentence, findings), shown in zip(answers, dealt, strict=True):
        if name != "rights":
            number += 1
        counts = Counter(f.verdict for f in findings if f.verdict not in _UNJUDGED)
        asked = name != "rights"
        yield {
            "number": number if asked else "",
            "name": say(it.language, f"strategy_page.question.{name}.name")
            if asked
            else it.say("rights_name"),
            "asked": say(
                it.language, f"strategy_page.question.{name}.asked" if asked else "strategy_page.rights_asked"
            ),
            "sentence": sentence,
            "tally": [
                _verdict(verdict, it.language) | {"count": counts[verdict]}
                for verdict in dict.fromkeys((*PLEDGE_VERDICTS, *VERDICTS))
                if counts[verdict] and asked
            ],
            "findings": it.of(shown),
        }


def _of_strategy(it: _Brief, audit: StrategyAudit) -> Iterator[tuple[str, str, Sequence[Finding]]]:
    words = it.say("words", count=len(audit.pledges))
    if it.said:
        words += " " + it.say("figures", count=len(it.said))
    yield "words", words, [*audit.pledges, *it.said]
    yield "money", it.say("money", count=len(audit.money)), audit.money
    found = sum(bool(f.table) for f in audit.measures)
    none = len(audit.measures) - found
    told = it.say("delivery", count=len(audit.measures), found=found, none=none)
    seen = [f for f in audit.watched if f.verdict == "raised"]
    if seen:
        told += " " + it.say("watched", figure=shortened(seen[0].because, _BECAUSE))
    yield "delivery", told, [*audit.measures, *seen]
    none = sum(f.verdict == "no evidence found" for f in audit.constraints)
    yield "rights", it.say("rights", count=len(audit.constraints), none=none), audit.constraints
    found = sum(bool(f.considered) for f in audit.outcomes)
    yield "outcomes", it.say("outcomes", found=found, count=len(audit.outcomes)), audit.outcomes
    yield "alternatives", it.say("alternatives"), ()


def _of_pages(it: _Brief) -> Iterator[tuple[str, str, Sequence[Finding]]]:
    yield "words", it.say("figures", count=len(it.said)), it.said
    yield "money", it.say("pages_money"), ()
    yield "delivery", it.say("pages_money"), ()
    yield "outcomes", it.say("pages_outcomes"), ()
    yield "alternatives", it.say("pages_money"), ()


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _numbers(it: _Brief) -> Iterator[Row]:
    """Two or three numbers with definition and edition: the first series of the country that have values, or those
    that the decisive figures of pages were held against."""
    room = 3 if it.room > 2 else 2
    if isinstance(it.audit, StrategyAudit):
        for finding in [f for f in it.audit.outcomes if f.considered][:room]:
            it.shown.append(finding)
            ends = dict.fromkeys((finding.considered[0].vintage, finding.considered[-1].vintage))
            yield _number(it, finding.considered[-1], clean(finding.because), ", ".join(ends))
        return
    seen: set[str] = set()
    for finding in decisive(it.said):
        row = next((r for r in finding.considered if r.fits), None) or next(iter(finding.considered), None)
        if row and row.indicator not in seen and len(seen) < room:
            seen.add(row.indicator)
            place = place_name(it.country, row.place, it.language)
            value = value_words(row.value, row.unit, it.language)
            yield _number(it, row, f"{value}, {period_words(row.period, it.language)}, {place}", row.vintage)


def _number(it: _Brief, row: Considered, value: str, vintage: str) -> Row:
    source = it.country.sources.get(row.source)
    return {
        "name": row.name,
        "definition": shortened(row.definition, _DEFINITION),
        "value": value,
        "vintage": vintage,
        "unverified": row.verified == "memory",
        "notes": it.cite([source] if source else []),
    }


# ── what cannot be told ──────────────────────────────────────────────────────────────────────────────────────────


def _cannot(it: _Brief) -> Iterator[str]:
    """Always on the page, however little room there is."""
    counts = Counter(f.verdict for f in it.findings if f.verdict in UNTOLD)
    if counts:
        pieces = (
            f"{counts[verdict]} {verdict_words(verdict, it.language)}"
            for verdict in UNTOLD
            if counts[verdict]
        )
        yield it.say("cannot_findings", count=len(it.findings), untold=counts.total(), list="; ".join(pieces))
    audit = it.audit
    if isinstance(audit, StrategyAudit):
        if none := sum(not f.table for f in audit.measures):
            yield it.say("cannot_delivery", count=none)
        empty = [f.claim for f in audit.outcomes if not f.considered]
        if empty:
            names = "; ".join(shortened(name, 70) for name in empty[:_LIST])
            more = f" … (+{len(empty) - _LIST})" if len(empty) > _LIST else ""
            yield it.say("cannot_series", list=names + more)
    elif not counts:
        yield it.say("cannot_none")
    if recalled := sum(map(unverified, it.findings)):
        yield it.say("cannot_memory", count=recalled, word=it.say("unverified"))
    yield it.say("cannot_causes" if isinstance(audit, StrategyAudit) else "cannot_causes_pages")
