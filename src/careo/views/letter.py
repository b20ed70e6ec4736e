"""The letter: an office is asked to explain or correct what could not be reconciled with the record. It accuses nobody.

As HTML with notes at the end, as HTML for paper with notes at the foot of each sheet, and as plain text. Which
findings are used is decided in `results/decisive.py`; of those the gravest `MOST`.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from careo.base.citations import Source
from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.base.texts import say
from careo.panel import Country
from careo.record.strategy import sources_of
from careo.results.audit import Audit
from careo.results.decisive import ASKED, askable, not_askable
from careo.results.finding import Considered, Finding
from careo.results.strategy_audit import StrategyAudit
from careo.results.wording import period_words, place_name, value_words
from careo.sources.documents import Document, locate
from careo.views import parts
from careo.views.i18n import clean, one_line, verdict_words
from careo.views.imprint import Imprint
from careo.views.parts import Row

MOST = 10
"""Points of one letter; an office answers ten sooner than forty."""

_WIDTH = 78  # characters of a line of plain text
_HELD = 2  # official values in one note


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in its forms. html: notes at the end; sheets: notes at the foot, for WeasyPrint; text: plain.

    shown: ids of the findings asked about. left_out: how many findings of these verdicts were not used, by reason.
    """

    html: str
    sheets: str
    text: str
    shown: tuple[str, ...]
    left_out: Mapping[str, int]


def letter_page(
    audit: Audit | StrategyAudit,
    country: Country,
    imprint: Imprint,
    language: str,
    *,
    paper: str,
    addressee: str = "",
    signatory: str = "",
) -> Letter:
    """The letter about an audit.

    Raises:
        CareoError: there is nothing that it may ask about; the sentence says why.
    """
    it = _Letter(audit, country, language)
    reasons = Counter(not_askable(finding) for finding in it.findings if finding.verdict in ASKED)
    fit = askable(it.findings)
    left_out = {reason: count for reason, count in sorted(reasons.items()) if reason}
    if not fit:
        raise CareoError("letter_nothing", found=_why(left_out, language), fix="letter_nothing")
    groups = _groups(it, fit[:MOST])
    rows = _frame(it, imprint, min(len(fit), MOST), max(0, len(fit) - MOST))
    rows |= {"groups": groups, "addressee": one_line(addressee, 300), "signatory": one_line(signatory, 300)}
    page = {"imprint": imprint.style(language), "paper": paper, **rows}
    return Letter(
        html=parts.render("letter.html", language, feet=False, **page),
        sheets=parts.render("letter.html", language, feet=True, **page),
        text=_text(rows),
        shown=tuple(finding.id for finding in fit[:MOST]),
        left_out={**left_out, **({"room": len(fit) - MOST} if len(fit) > MOST else {})},
    )


@dataclass(frozen=True, slots=True)
class _Letter:
    """What the letter is made from."""

    audit: Audit | StrategyAudit
    country: Country
    language: str

    def say(self, key: str, **words: object) -> str:
        return clean(say(self.language, f"print.letter.{key}", **words))

    @property
    def findings(self) -> list[Finding]:
        if isinstance(self.audit, Audit):
            return [f for f in self.audit.findings if f.kind != "quality"]
        pages = self.audit.pages.findings if self.audit.pages else ()
        return [*self.audit.findings, *(f for f in pages if f.kind != "quality")]

    @property
    def documents(self) -> Mapping[str, Document]:
        pages = self.audit if isinstance(self.audit, Audit) else self.audit.pages
        return {document.source.key: document for document in (pages.documents if pages else ())}


def _why(left_out: Mapping[str, int], language: str) -> str:
    """The reasons why findings were not used, in words."""
    words = [say(language, f"print.left_out.{reason}", count=count) for reason, count in left_out.items()]
    return "; ".join(words) or say(language, "print.left_out.nothing")


def _frame(it: _Letter, imprint: Imprint, points: int, more: int) -> Row:
    """Everything around the points."""
    audit = it.audit
    if isinstance(audit, StrategyAudit):
        title = one_line(worded(audit.strategy.title, it.language), 200)
        subject = it.say("subject", title=title)
    else:
        title = (
            one_line(audit.documents[0].title or audit.documents[0].source.key, 200)
            if audit.documents
            else ""
        )
        if len(audit.documents) > 1:
            title = "; ".join(one_line(d.title or d.source.key, 100) for d in audit.documents[:4])
        subject = it.say("subject_pages")
    record = it.say(imprint.dated, day=period_words(imprint.day, it.language)) if imprint.day else "–"
    key = "one" if points == 1 else "many"
    further = it.say("more_one" if more == 1 else "more_many", count=more) if more else ""
    return {
        "title": subject,
        "intro": it.say(f"intro_{key}", title=title, record=record, count=points),
        "further": further,
        "closing": it.say("closing", checksum=imprint.checksum),
        **{name: it.say(name) for name in ("kicker", "date", "to", "greeting", "thanks", "notes")},
        "sign": it.say("signatory"),
    }


def _groups(it: _Letter, findings: Sequence[Finding]) -> list[Row]:
    """Points by what is asked of them, so that each question stands once; numbered through."""
    by_ask: dict[str, list[Finding]] = {}
    for finding in findings:
        by_ask.setdefault(_ask(finding), []).append(finding)
    number = count(1)
    return [
        {
            "ask": it.say(f"ask.{ask}"),
            "points": [_point(it, finding) | {"number": next(number)} for finding in group],
        }
        for ask, group in by_ask.items()
    ]


def _point(it: _Letter, finding: Finding) -> Row:
    """What was said, what was read, what is asked, and the note with the exact place."""
    statement = finding.statement
    lead = "said" if statement else "money" if finding.kind == "money" else "promised"
    if finding.extra.get("act") == "request":
        lead = "requested"
    claim = statement.claim if statement else finding.claim
    return {
        "lead": it.say(lead),
        "claim": one_line(claim, 500),
        "quoted": statement is not None and one_line(claim)[:1] not in "«“\"‘'",
        "lang": statement.language if statement else it.language,
        "read": it.say("read", because=one_line(finding.because)),
        "note": ". ".join(part.rstrip(".") for part in _note(it, finding)) + ".",
    }


def _ask(finding: Finding) -> str:
    if finding.kind == "money" and finding.verdict == "inconsistent":
        return "money"
    if finding.verdict == "not measurable as stated":
        unit = finding.statement.quantity.unit if finding.statement and finding.statement.quantity else ""
        return (
            "share"
            if unit == "share" or (finding.kind == "money" and "purpose" in finding.extra)
            else "measure"
        )
    return {"inconsistent": "figure", "late": "late"}.get(finding.verdict, "done")


def _note(it: _Letter, finding: Finding) -> Iterator[str]:
    """The exact place: source, quote, characters; indicator, value, period and edition; what else was read."""
    statement = finding.statement
    if statement:
        document = it.documents.get(statement.source)
        start, end = (
            locate(document, statement.start, statement.end) if document else (statement.start, statement.end)
        )
        title = one_line(document.title or statement.source, 160) if document else ""
        yield it.say(
            "note.quote", quote=one_line(statement.quote, 300), title=title, source=one_line(statement.source, 200),
            start=f"{start:,}", end=f"{end:,}",
        )  # fmt: skip
        if statement.said:
            yield it.say("note.said", day=period_words(statement.said, it.language))
    yield from _quoted(it, finding)
    for row in _held(finding):
        yield it.say(
            "note.held", name=row.name, indicator=row.indicator, value=value_words(row.value, row.unit, it.language),
            place=place_name(it.country, row.place, it.language), period=period_words(row.period, it.language),
            vintage=row.vintage, source=row.source,
        )  # fmt: skip
    named = "; ".join(_source(source) for source in finding.sources)
    if named:
        yield it.say("note.rests", sources=named)
    yield it.say("note.finding", id=finding.id)


def _quoted(it: _Letter, finding: Finding) -> Iterator[str]:
    """Where a pledge was said, as the strategy's file has it."""
    audit = it.audit
    if not isinstance(audit, StrategyAudit) or finding.kind != "pledge":
        return
    pledge = audit.strategy.pledge(finding.extra["pledge"])
    known = sources_of(audit.strategy, it.country.key)
    for span in pledge.quoted[:_HELD] if pledge else ():
        title = one_line(known[span.source].title, 160) if span.source in known else span.source
        yield it.say(
            "note.place", title=title, source=span.source, start=f"{span.start:,}", end=f"{span.end:,}"
        )


def _held(finding: Finding) -> Sequence[Considered]:
    rows = [row for row in finding.considered if row.fits or row.named]
    return (rows or list(finding.considered))[:_HELD]


def _source(source: Source) -> str:
    key = source.key
    words = ", ".join(part for part in (source.producer, source.title, source.published) if part)
    address = f", {source.url}" if parts.link(source.url) else ""
    return f"{one_line(words, 200)} ({key}{address})" if words else f"{key}{address}"


def usage(left_out: Mapping[str, int], language: str) -> str:
    """What was not used, and by which rule, in one line for whoever sends the letter; "" when all was used."""
    return _why(left_out, language) if left_out else ""


def verdicts_asked(language: str) -> str:
    """The verdicts that a letter asks about, in words."""
    return ", ".join(verdict_words(verdict, language) for verdict in ASKED)


# ── plain text ───────────────────────────────────────────────────────────────────────────────────────────────────


def _text(rows: Row) -> str:
    """The letter as lines of up to `_WIDTH` characters; addresses are never broken."""
    blank = "_" * 40
    lines = [f"{rows['date']} {blank}", "", f"{rows['to']} {rows['addressee'] or blank}", ""]
    lines += [*_wrapped(rows["title"]), "", rows["greeting"], "", *_wrapped(rows["intro"]), ""]
    for group in rows["groups"]:
        lines += [*_wrapped(group["ask"]), ""]
        for point in group["points"]:
            claim = f"“{point['claim']}”" if point["quoted"] else point["claim"]
            lines += _wrapped(f"{point['lead']} {claim} [{point['number']}]", f"{point['number']}. ")
            lines += [*_wrapped(point["read"], "   "), ""]
    for name in ("further", "closing"):
        lines += [*_wrapped(rows[name]), ""] if rows[name] else []
    lines += [
        rows["thanks"],
        "",
        "",
        rows["signatory"] or blank,
        *([] if rows["signatory"] else [rows["sign"]]),
        "",
        "",
        rows["notes"],
    ]
    for point in (point for group in rows["groups"] for point in group["points"]):
        lines += _wrapped(point["note"], f"[{point['number']}] ")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _wrapped(text: str, first: str = "") -> list[str]:
    folded = textwrap.wrap(
        re.sub(r"\s+", " ", text), _WIDTH, initial_indent=first, subsequent_indent=" " * len(first),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return folded or [first]
