"""What the pages of dossiers are made of: rows for their templates, and the templates, which share one style sheet.

`of_pages` gives the rows of read pages with their statements and findings; a dossier of pages is made of them, and a
strategy's dossier holds them when pages were read beside it. Rows hold plain text; templates escape it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from careo.base.citations import Source, in_language
from careo.base.texts import say
from careo.panel import Country
from careo.record.statements import KINDS, Statement
from careo.results.audit import Audit
from careo.results.finding import VERDICTS, Considered, Finding
from careo.results.wording import period_words, place_name, unit_word, value_words
from careo.sources.documents import Block, Document
from careo.views import contract
from careo.views.charts import finding_chart
from careo.views.i18n import clean, one_line, verdict_slug, verdict_words
from careo.views.terminal import ICONS

Row = dict[str, Any]


def render(template: str, language: str, **context: object) -> str:
    """A page as HTML text. Templates reach the sentences of `dossier.yaml` by `t` and those of every file by `words`."""

    def text(key: str, **words: object) -> str:
        return say(language, f"dossier.{key}", **words)

    def any_text(key: str, **words: object) -> str:
        return say(language, key, **words)

    version = contract.envelope("dossier")["careo"]
    return (
        _environment()
        .get_template(template)
        .render(t=text, words=any_text, lang=language, version=version, **context)
    )


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Our own style sheets; read as text so that they stay files of their own.
    for name, file in (("style", "dossier.css"), ("sheet_style", "sheet.css")):
        environment.globals[name] = Markup((folder / file).read_text(encoding="utf-8"))  # noqa: S704
    environment.filters["style"] = Markup  # what imprint.py wrote, every text in it quoted
    environment.filters["drawing"] = Markup  # charts were drawn and checked by charts.py
    environment.filters["code"] = with_code
    return environment


def with_code(text: str) -> Any:
    """A sentence escaped, with what stands between backquotes as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def of_pages(audit: Audit, country: Country, language: str, *, at: str = "") -> Row:
    """The rows of read pages, by the names that the templates know; `at` begins every anchor of theirs."""
    findings = [f for f in audit.findings if f.kind != "quality"]
    anchors = {id(finding): f"{at}f{index}" for index, finding in enumerate(findings, 1)}
    spots: dict[tuple[str, int, int], list[Finding]] = {}
    for finding in findings:
        if finding.statement:
            s = finding.statement
            spots.setdefault((s.source, s.start, s.end), []).append(finding)
    places = {id(s): f"{at}s{index}" for index, s in enumerate(audit.statements, 1)}
    by_spot = {(s.source, s.start, s.end, s.kind): places[id(s)] for s in audit.statements}
    for s in audit.statements:
        by_spot.setdefault((s.source, s.start, -1, ""), places[id(s)])
    counts = Counter(f.verdict for f in findings)

    documents = [_document(d, audit, spots, anchors, places, language) for d in audit.documents]
    shown = [_finding(f, country, anchors[id(f)], by_spot, language) for f in findings]
    summary = [
        {
            "slug": verdict_slug(v),
            "icon": ICONS[verdict_slug(v)],
            "name": verdict_words(v, language),
            "count": counts[v],
            "meaning": say(language, f"dossier.verdict.{verdict_slug(v)}.meaning"),
            "findings": [row for row in shown if row["verdict"] == v],
        }
        for v in VERDICTS
    ]
    return {
        "at": at,
        "documents": documents,
        "summary": summary,
        "total": len(findings),
        "findings": shown,
        "ledger": _ledger_rows(audit.statements, places, language),
        "unanchored": [
            {
                "quote": one_line(e.quote),
                "source": p.source,
                "decision": say(language, f"dossier.decision.{e.decision}"),
                "note": one_line(e.note),
            }
            for p in audit.ledger.pages
            for e in p.unanchored
        ],
        "rejected": [
            {"quote": one_line(s.quote), "source": s.source, "lang": s.language, "place": f"{at}r{index}"}
            for index, s in enumerate(audit.rejected, 1)
        ],
        "flags": [
            {"document": d.title or d.source.key, "rows": rows}
            for d in audit.documents
            if (rows := [_flag(flag, d) for flag in contract.flag_data(d, language)])
        ],
        "definitions": definition_rows(findings, country, language),
    }


def _document(
    document: Document,
    audit: Audit,
    spots: Mapping[tuple[str, int, int], Sequence[Finding]],
    anchors: Mapping[int, str],
    places: Mapping[int, str],
    language: str,
) -> Row:
    """A page with its statements in place; what is no body is folded away, with the reason."""
    here = sorted(
        (s for s in audit.statements if s.source == document.source.key), key=lambda s: (s.start, -s.end)
    )
    runs: list[Row] = []
    by_block: dict[int, list[Statement]] = {}
    for statement in here:
        by_block.setdefault(statement.block, []).append(statement)
    for index, block in enumerate(document.blocks):
        row = {
            "role": block.role,
            "reason": contract.block_reason(block.reason, language),
            "lang": block.language or document.language,
            "pieces": _pieces(document, block, by_block.get(index, ()), spots, anchors, places, language),
        }
        marked = any(piece["marks"] for piece in row["pieces"])
        label = "body" if block.label == "body" or marked else block.label
        if runs and runs[-1]["label"] == label:
            runs[-1]["blocks"].append(row)
        else:
            runs.append({"label": label, "name": say(language, f"dossier.block.{label}"), "blocks": [row]})
    for run in runs:
        run["reasons"] = "; ".join(dict.fromkeys(row["reason"] for row in run["blocks"]))
    judged = Counter(
        f.verdict for f in audit.findings if f.statement and f.statement.source == document.source.key
    )
    dated = (
        " – ".join(day.isoformat() for day in document.dated)
        if document.dated and not document.published
        else ""
    )
    return {
        "title": one_line(document.title or document.source.key, 200),
        "lang": document.language,
        "source": document.source.key,
        "url": link(document.source.key) or link(document.source.url),
        "publisher": one_line(document.publisher, 120),
        "published": period_words(document.published.isoformat(), language) if document.published else "",
        "dated": dated,
        "sha256": document.source.sha256[:16],
        "runs": runs,
        "statements": len(here),
        "verdicts": [
            {
                "icon": ICONS[verdict_slug(v)],
                "slug": verdict_slug(v),
                "count": judged[v],
                "name": verdict_words(v, language),
            }
            for v in VERDICTS
            if judged[v]
        ],
    }


def _pieces(
    document: Document,
    block: Block,
    statements: Sequence[Statement],
    spots: Mapping[tuple[str, int, int], Sequence[Finding]],
    anchors: Mapping[int, str],
    places: Mapping[int, str],
    language: str,
) -> list[Row]:
    """The text of a block, cut where a statement begins or ends; the innermost statement gives a piece its link."""
    inside = [s for s in statements if s.start < block.end and s.end > block.start]
    cuts = {block.start, block.end}
    for s in inside:
        cuts |= {max(s.start, block.start), min(s.end, block.end)}
    edges = sorted(cuts)
    pieces: list[Row] = []
    for start, end in pairwise(edges):
        over = [s for s in inside if s.start <= start and s.end >= end]
        piece: Row = {
            "start": start,
            "text": clean(document.text[start:end]),
            "marks": bool(over),
            "id": "",
            "href": "",
            "word": "",
        }
        if over:
            inner = min(over, key=lambda s: (s.end - s.start, KINDS.index(s.kind)))
            found = spots.get((inner.source, inner.start, inner.end), ())
            piece["kinds"] = sorted({s.kind for s in over})
            piece["ids"] = [
                places[id(s)] for s in over if s.start == start or (s.start < block.start == start)
            ]
            piece["kind"] = inner.kind
            if found:
                slug = verdict_slug(found[0].verdict)
                piece |= {"href": anchors[id(found[0])], "slug": slug}
                if end == min(inner.end, block.end):
                    piece |= {"word": verdict_words(found[0].verdict, language), "icon": ICONS.get(slug, "•")}
            elif inner.kind != "figure":
                piece["href"] = f"l-{places[id(inner)]}"
                if end == min(inner.end, block.end):
                    piece["word"] = say(language, f"dossier.kind.{inner.kind}")
        pieces.append(piece)
    return pieces


def _finding(
    finding: Finding,
    country: Country,
    anchor: str,
    by_spot: Mapping[tuple[str, int, int, str], str],
    language: str,
) -> Row:
    statement = finding.statement
    slug = verdict_slug(finding.verdict)
    chart = finding_chart(finding, country, language)
    letters = {name: letter for letter, name in chart.letters} if chart else {}
    place = (
        by_spot.get((statement.source, statement.start, statement.end, statement.kind), "")
        if statement
        else ""
    )
    if statement and not place:  # a comparison spans two figures: read it at the first
        place = by_spot.get((statement.source, statement.start, -1, ""), "")
    groups = _by_definition([_considered(row, country, letters, language) for row in finding.considered])
    near = [group for group in groups if any(row["fits"] or row["named"] for row in group)]
    far = [group for group in groups if group not in near]
    if not near:
        near, far = far, []
    return {
        "anchor": anchor,
        "id": finding.id,
        "verdict": finding.verdict,
        "slug": slug,
        "icon": ICONS.get(slug, "•"),
        "name": verdict_words(finding.verdict, language),
        "claim": _around(finding),
        "claim_lang": statement.language if statement else finding.language,
        "because": clean(finding.because),
        "facts": _facts(statement, country, language) if statement else [],
        "place": place,
        "source": statement.source if statement else "",
        "considered": near,
        "others": far,
        "chart": chart.svg if chart else "",
        "caveats": [clean(caveat) for caveat in finding.caveats],
        "sources": [
            s.key for s in finding.sources if s.key not in {row.source for row in finding.considered}
        ],
        "note": one_line(finding.extra.get("note", "")),
        "decided": say(language, f"dossier.decision.{finding.decided}") if finding.decided else "",
    }


def _around(finding: Finding) -> tuple[str, str, str]:
    """The claimed sentence, cut so that the words judged stand out."""
    claim = one_line(finding.claim, 600)
    quote = one_line(finding.statement.quote) if finding.statement else ""
    before, found, after = claim.partition(quote) if quote else (claim, "", "")
    return (before, found, after) if found else (claim, "", "")


def _facts(statement: Statement, country: Country, language: str) -> list[tuple[str, str]]:
    """What was read of the claim, as pairs of a word and a value."""
    quantity = statement.quantity
    value = ""
    if quantity:
        value = value_words(quantity.value, quantity.unit, language, quantity.change)
        if quantity.low != quantity.high:
            low, high = (value_words(v, quantity.unit, language) for v in (quantity.low, quantity.high))
            value = say(language, "words.period.between", first=low, last=high)
    hedge = (
        "" if statement.hedge == "none" else say(language, f"dossier.hedge.{verdict_slug(statement.hedge)}")
    )
    pairs = [
        ("who", one_line(statement.actor, 80)),
        ("value", value),
        ("hedge", hedge),
        ("period", period_words(statement.period, language) if statement.period else ""),
        ("place", one_line(place_name(country, statement.place, language), 60)),
        ("said", period_words(statement.said, language) if statement.said else ""),
    ]
    return [(say(language, f"dossier.fact.{name}"), value) for name, value in pairs if value]


def _considered(row: Considered, country: Country, letters: Mapping[str, str], language: str) -> Row:
    return {
        "letter": letters.get(row.indicator, ""),
        "indicator": row.indicator,
        "name": row.name,
        "definition": row.definition,
        "period": period_words(row.period, language),
        "place": place_name(country, row.place, language),
        "value": value_words(row.value, row.unit, language),
        "vintage": row.vintage,
        "known": row.known,
        "fits": row.fits,
        "named": row.named,
        "ratio": "" if row.ratio is None else f"{row.ratio:.2f}",
        "source": row.source,
        "unverified": row.verified == "memory",
        "note": row.note,
    }


def _by_definition(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of one definition that follow each other, as one group of the table."""
    return [
        list(group)
        for _, group in groupby(rows, key=lambda row: (row["indicator"], row["named"], row["note"]))
    ]


def _ledger_rows(statements: Sequence[Statement], places: Mapping[int, str], language: str) -> list[Row]:
    """Everything that is no figure, by kind: who, what, how firmly, by when, on what condition."""
    groups: list[Row] = []
    for kind in KINDS:
        rows = [
            {
                "anchor": f"l-{places[id(s)]}",
                "place": places[id(s)],
                "quote": one_line(s.quote, 500),
                "lang": s.language,
                "actor": one_line(s.actor, 80),
                "hedge": "" if s.hedge == "none" else say(language, f"dossier.hedge.{verdict_slug(s.hedge)}"),
                "deadline": one_line(s.deadline, 80),
                "due": period_words(s.due, language) if s.due else "",
                "condition": one_line(s.condition, 200),
            }
            for s in statements
            if s.kind == kind and kind != "figure"
        ]
        if rows:
            groups.append({"kind": kind, "name": say(language, f"dossier.kinds.{kind}"), "rows": rows})
    return groups


def _flag(flag: Row, document: Document) -> Row:
    evidence = [one_line(piece["quote"], 200) for piece in flag["evidence"][:4]]
    return {
        "sentence": clean(flag["sentence"]),
        "evidence": evidence,
        "lang": document.language,
        "more": len(flag["evidence"]) - 4,
    }


def definition_rows(findings: Iterable[Finding], country: Country, language: str) -> list[Row]:
    names = sorted({row.indicator for finding in findings for row in finding.considered})
    rows: list[Row] = []
    for name in names:
        item = country.indicators.get(name)
        if item:
            rows.append(
                {
                    "id": name,
                    "name": item.name.get(language, name),
                    "definition": item.definition.get(language, ""),
                    "unit": unit_word(item.unit, language),
                    "kind": say(language, f"dossier.indicator_kind.{item.kind}"),
                    "publisher": item.publisher,
                    "breaks": item.breaks.get(language, ""),
                    "revisions": item.revisions.get(language, ""),
                }
            )
    return sorted(rows, key=lambda row: (row["name"], row["id"]))


def source_rows(sources: Iterable[Source], language: str, *, order: Sequence[str] = ()) -> list[Row]:
    """The list of sources, each once, by key; or in an order of keys."""
    known: dict[str, Source] = {source.key: in_language(source, language) for source in sources}
    return [
        {
            "key": key,
            "title": one_line(source.title or key, 300),
            "producer": one_line(source.producer, 160),
            "url": link(source.url),
            "published": source.published,
            "accessed": source.accessed,
            "licence": source.licence,
            "tier": contract.worded(language, "tier", str(source.tier)) if source.tier else "",
            "seen": contract.worded(language, "verified", source.seen) if source.tier != 4 else "",
            "unverified": source.tier == 4 or source.seen == "memory",
            "note": one_line(source.note, 400),
        }
        for key, source in ([(key, known[key]) for key in order] or sorted(known.items()))
    ]


def link(url: str) -> str:
    """An address that may be linked; anything but plain web addresses stays text."""
    return url if url.startswith(("https://", "http://")) and not any(c in url for c in " \"'<>\n\t") else ""
