"""The JSON contract: the same object from `--json`, in `findings.json` and from the web.

Offsets count characters of the decoded file, so they go through `locate`; everything else is passed on as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from careo.base.citations import Source
from careo.base.shipped import shipped
from careo.base.texts import say
from careo.record.statements import Statement
from careo.results.finding import Considered, Finding
from careo.results.wording import unit_name
from careo.sources.documents import Document, locate

if TYPE_CHECKING:
    from careo.panel import Country
    from careo.panel.revisions import Revisions
    from careo.record.strategy import Strategy
    from careo.results.audit import Audit
    from careo.results.strategy_audit import StrategyAudit
    from careo.sources.catalog import Dataset
    from careo.sources.snapshot import Snapshot

Pages = Mapping[str, Document]


def envelope(command: str, findings: Sequence[dict[str, Any]] = (), **block: Any) -> dict[str, Any]:
    """The object that every command prints."""
    from careo import __version__

    return {"careo": __version__, "command": command, "findings": list(findings), **block}


def to_json(data: Any) -> str:
    """JSON text: stable, readable, UTF-8, one line feed at the end; never NaN."""
    return json.dumps(_finite(data), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def finding_data(finding: Finding, pages: Pages) -> dict[str, Any]:
    """A finding as the contract has it."""
    return {
        "id": finding.id,
        "kind": finding.kind,
        "claim": finding.claim,
        "verdict": finding.verdict,
        "because": finding.because,
        "statement": _claimed(finding.statement, pages) if finding.statement else None,
        "considered": [_considered(row) for row in finding.considered],
        "table": [dict(row) for row in finding.table],
        "grade": finding.grade,
        "caveats": list(finding.caveats),
        "sources": [_source(source) for source in finding.sources],
        "language": finding.language,
        "decided": finding.decided,
        "extra": dict(finding.extra),
    }


def statement_data(statement: Statement, pages: Pages) -> dict[str, Any]:
    """A statement as the contract has it."""
    start, end = _place_in_file(statement, pages)
    quantity = statement.quantity
    return {
        "kind": statement.kind,
        "source": statement.source,
        "start": start,
        "end": end,
        "quote": statement.quote,
        "sentence": _sentence(statement, pages),
        "actor": statement.actor,
        "hedge": statement.hedge,
        "hedge_words": statement.hedge_words,
        "deadline": statement.deadline,
        "due": str(statement.due) if statement.due else None,
        "condition": statement.condition,
        "quantity": {
            "value": quantity.value,
            "unit": unit_name(quantity),
            "low": quantity.low,
            "high": quantity.high,
            "noun": quantity.noun,
            "change": quantity.change,
            "every": quantity.every,
            "of": quantity.of,
        }
        if quantity
        else None,
        "indicator": statement.indicator,
        "period": str(statement.period) if statement.period else None,
        "place": statement.place,
        "said": statement.said,
        "language": statement.language,
    }


def document_data(document: Document) -> dict[str, Any]:
    """What is known of a page, without its text."""
    return {
        "source": document.source.key,
        "title": document.title,
        "publisher": document.publisher,
        "published": document.published.isoformat() if document.published else None,
        "dated": [day.isoformat() for day in document.dated] if document.dated else None,
        "language": document.language,
        "format": document.format,
        "sha256": document.source.sha256,
        "characters": len(document.original),
    }


def block_data(document: Document, language: str) -> list[dict[str, Any]]:
    """The blocks of a page."""
    rows: list[dict[str, Any]] = []
    for block in document.blocks:
        start, end = locate(document, block.start, block.end)
        row: dict[str, Any] = {
            "start": start,
            "end": end,
            "label": block.label,
            "reason": block_reason(block.reason, language),
        }
        row |= {"role": block.role, "language": block.language, "source": document.source.key}
        row["like"] = list(locate(document, *block.like)) if block.like else None
        rows.append(row)
    return rows


def flag_data(document: Document, language: str) -> list[dict[str, Any]]:
    """The quality flags of a page, each with its evidence."""
    return [
        {
            "flag": flag.code,
            "sentence": flag_sentence(flag.code, flag.words, language),
            "evidence": [
                {
                    **dict(zip(("start", "end"), locate(document, *span), strict=True)),
                    "quote": document.text[slice(*span)],
                }
                for span in flag.spans
            ],
            "source": document.source.key,
        }
        for flag in document.flags
    ]


def flag_sentence(code: str, words: Mapping[str, str], language: str) -> str:
    """What a quality flag says."""
    return _said(language, f"flags.{code}", code, words)


def block_reason(reason: str, language: str) -> str:
    """Why a block has its label."""
    return _said(language, f"blocks.reason.{reason}", reason, {})


def edition_data(snapshot: Snapshot) -> dict[str, Any]:
    """An imported edition, with what was odd in it."""
    return {
        "dataset": snapshot.dataset,
        "vintage": snapshot.vintage,
        "vintage_basis": snapshot.vintage_basis,
        "known": snapshot.known.isoformat(),
        "first": snapshot.first,
        "last": snapshot.last,
        "level": snapshot.level,
        "places": snapshot.places,
        "rows": snapshot.rows,
        "indicators": list(snapshot.indicators),
        "layout": snapshot.layout,
        "file": snapshot.name,
        "size": snapshot.size,
        "sha256": snapshot.sha256,
        "imported": snapshot.imported,
        "country": snapshot.country,
        "oddities": [
            {"code": o.code, "words": dict(o.words), "grave": o.grave, "refused": o.refused}
            for o in snapshot.oddities
        ],
    }


def import_data(snapshots: Iterable[Snapshot], findings: Iterable[Finding]) -> dict[str, Any]:
    """What `careo data import` says of the files it kept."""
    found = [finding_data(finding, {}) for finding in findings]
    return envelope("data import", found, editions=[edition_data(snapshot) for snapshot in snapshots])


def dataset_data(card: Dataset) -> dict[str, Any]:
    """The card of a dataset."""
    return {
        "dataset": card.id,
        "title": dict(card.title),
        "publisher": card.publisher,
        "definition": dict(card.definition),
        "licence": dict(card.licence),
        "page": card.page,
        "url": card.url,
        "time": card.time,
        "places": card.places,
        "unit": card.unit,
        "lag_months": card.lag_months,
        "stock": card.stock,
        "traps": [dict(trap) for trap in card.traps],
        "indicators": list(card.series),
    }


def revisions_data(revisions: Revisions) -> dict[str, Any]:
    """What a later edition changed: every revised value, and the sums."""
    values = revisions.values.with_columns(revisions.values["start"].cast(str))
    return {
        "old": edition_data(revisions.old),
        "new": edition_data(revisions.new),
        "summary": revisions.summary.to_dicts(),
        "values": values.to_dicts(),
        "rows": revisions.rows.to_dicts(),
    }


def strategy_data(strategy: Strategy, language: str) -> dict[str, Any]:
    """What a list says of a strategy."""
    from careo.base.fields import worded as in_language

    return {
        "slug": strategy.slug,
        "title": in_language(strategy.title, language),
        "actor": in_language(strategy.actor, language),
        "announced": strategy.announced,
        "period": {"start": strategy.period.start, "end": strategy.period.end},
        "pledges": [pledge.id for pledge in strategy.pledges],
        "measures": [measure.id for measure in strategy.measures],
    }


def strategy_audit_data(result: StrategyAudit, command: str, language: str) -> dict[str, Any]:
    """A strategy's audit as the contract has it; the same object stands in `findings.json`."""
    names = ("documents", "statements", "rejected", "unanchored")
    pages: dict[str, Any] = (
        audit_data(result.pages) if result.pages else {key: [] for key in (*names, "findings")}
    )
    own = [finding_data(finding, {}) for finding in result.findings]
    block = {name: pages[name] for name in names}
    ties = [
        {"pledge": tie.pledge, "likeness": round(tie.likeness, 3), "source": tie.statement.source,
         "start": tie.statement.start, "end": tie.statement.end, "quote": tie.statement.quote}
        for tie in result.ties
    ]  # fmt: skip
    return envelope(
        command,
        [*own, *pages["findings"]],
        strategy=strategy_data(result.strategy, language),
        day=result.day.isoformat(),
        ties=ties,
        **block,
    )


def by_key(documents: Iterable[Document]) -> dict[str, Document]:
    """Documents by the key of their source, which statements carry."""
    return {document.source.key: document for document in documents}


def _said(language: str, key: str, otherwise: str, words: Mapping[str, str]) -> str:
    try:
        return say(language, key, **words)
    except KeyError:
        return otherwise.replace("_", " ")


def _claimed(statement: Statement, pages: Pages) -> dict[str, Any]:
    from careo.record.anchoring import quote_hash  # reads numbers, which verbs without pages do not need

    start, end = _place_in_file(statement, pages)
    quantity = statement.quantity
    return {
        "source": statement.source,
        "start": start,
        "end": end,
        "quote_hash": quote_hash(statement.quote),
        "value": quantity.value if quantity else None,
        "unit": unit_name(quantity) if quantity else None,
        "hedge": statement.hedge,
        "period": str(statement.period) if statement.period else None,
        "place": statement.place,
        "quote": statement.quote,
        "sentence": _sentence(statement, pages),
        "actor": statement.actor,
        "said": statement.said,
        "language": statement.language,
    }


def _place_in_file(statement: Statement, pages: Pages) -> tuple[int, int]:
    document = pages.get(statement.source)
    return locate(document, statement.start, statement.end) if document else (statement.start, statement.end)


def _sentence(statement: Statement, pages: Pages) -> str:
    document = pages.get(statement.source)
    return document.text[slice(*statement.sentence)] if document else statement.claim


def _considered(row: Considered) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _source(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in source.__dataclass_fields__}


def _finite(data: Any) -> Any:
    """The same data with null where a number is none: JSON knows no NaN. Lone surrogates of broken pages become ?."""
    if isinstance(data, float):
        return data if data - data == 0 else None
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode("utf-8") if not data.isascii() else data
    if isinstance(data, Mapping):
        return {_finite(key): _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data


def audit_data(result: Audit) -> dict[str, Any]:
    """An audit as the contract has it; the same object stands in `findings.json`."""
    pages = by_key(result.documents)
    return envelope(
        "audit",
        [finding_data(finding, pages) for finding in result.findings],
        documents=[document_data(document) for document in result.documents],
        statements=[statement_data(statement, pages) for statement in result.statements],
        rejected=[statement_data(statement, pages) for statement in result.rejected],
        unanchored=[
            {"source": page.source, "id": entry.id, "kind": entry.kind, "quote": entry.quote, "decision": entry.decision,
             "note": entry.note}
            for page in result.ledger.pages
            for entry in page.unanchored
        ],
    )  # fmt: skip


def indicators_data(
    country: Country, names: Iterable[str], place: str, language: str, *, values: bool
) -> dict[str, Any]:
    """Indicators as every form of them has it."""
    rows = [indicator_data(country, name, place, language, values=values) for name in names]
    return envelope("indicators", indicators=rows)


def indicator_data(country: Country, name: str, place: str, language: str, *, values: bool) -> dict[str, Any]:
    """An indicator as the contract has it; with its values when `values`."""
    item = country.indicators[name]
    observations = [o for o in country.series(name).observations if not place or o.place == place]
    row: dict[str, Any] = {
        "id": name,
        "parent": item.parent,
        "name": item.name.get(language, name),
        "definition": item.definition.get(language, ""),
        "kind": item.kind,
        "unit": item.unit,
        "concept": item.concept,
        "measure": item.measure,
        "publisher": item.publisher,
        "timing": item.timing,
        "cumulative": item.cumulative,
        "not_comparable_with": {
            key: why.get(language, "") for key, why in sorted(item.not_comparable_with.items())
        },
        "usable": item.usable,
        "observations": len(observations),
    }
    if values:
        row["values"] = [
            {"place": o.place, "period": str(o.period), "value": o.value, "vintage": o.vintage,
             "known": o.known.isoformat(), "source": o.source, "verified": o.verified}
            for o in observations
        ]  # fmt: skip
        keys = sorted({o.source for o in observations})
        row["sources"] = [_source(country.sources[key]) for key in keys if key in country.sources]
    return row


def worded(language: str, part: str, word: str) -> str:
    """A word of the data files for a reader, as `dossier.<part>.<word>` has it."""
    return _said(language, f"dossier.{part}.{word}", word, {}) if word else ""


def schema(name: str = "findings") -> dict[str, Any]:
    """A published JSON Schema (draft 2020-12): of the JSON contract ("findings"), or of a strategy's file ("strategy")."""
    if name == "strategy":
        from careo.record.strategy import strategy_schema

        return strategy_schema()
    return json.loads(shipped("schema", "findings.schema.json").read_text(encoding="utf-8"))
