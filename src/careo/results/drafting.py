"""Strategy files to begin with: an empty one, and one drafted from the statements of a page for a person to complete."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import yaml

from careo.base.texts import say
from careo.base.units import is_money
from careo.base.yaml_files import NUMBER
from careo.panel import Country
from careo.record.anchoring import quote_hash
from careo.record.statements import Statement
from careo.record.strategy import SCHEMA
from careo.results.strategies import TO_WRITE
from careo.results.wording import number
from careo.sources.documents import Document, locate

_ACTS = {"pledge": "pledge", "request": "request", "position": "position"}
_HEDGES = {"possible": "possible"}
_LONGEST = 400  # characters of a quote that stand in for the paraphrase a person will write


def new_strategy(slug: str, country: Country, language: str = "en") -> str:
    """A strategy's file with every part once, as YAML with explanations; what a person must write says TODO."""
    body = _head(slug, country, TO_WRITE, "", language)
    body["pledges"] = [
        _pledge("p-1", {language: TO_WRITE}, "pledge", [], source="my-source", language=language)
    ]
    body["measures"] = [
        {
            "id": "m-1",
            "name": {language: TO_WRITE},
            "lever": TO_WRITE,
            "where": "nation",
            "start": None,
            "end": None,
            "announced": None,
            "delivered": [],
            "not_simulated": {language: TO_WRITE},
            "sources": ["my-source"],
            "verified": "read",
            "coverage": "later",
            "coverage_note": {language: TO_WRITE},
        }
    ]
    body["budget"] = []
    body["ceilings"] = []
    body["constraints"] = []
    body["sources"] = {"my-source": {"producer": TO_WRITE, "title": TO_WRITE, "url": "", "seen": "read"}}
    return _yaml(body, language)


def draft_strategy(
    document: Document,
    statements: Sequence[Statement],
    country: Country,
    *,
    slug: str = "",
    language: str = "en",
) -> str:
    """A strategy's file drafted from a page: its pledges, requests and positions, and the figures it promises.

    Each is cited by its characters in the page; its words stand where a person will write a paraphrase. What the page
    does not say is TODO, and `careo strategies check` lists it.

    Args:
        document: the page. statements: of it, linked to the country (`careo.statements`). slug: name of the strategy; by
            default made of the title.
    """
    source = (
        re.sub(r"[^a-z0-9]+", "-", _plain(document.source.key.rpartition("/")[2].partition(".")[0])) or "page"
    )
    day = document.published.isoformat() if document.published else None
    name = (
        slug
        or re.sub(r"[^a-z0-9]+", "-", _plain(document.title or source)).strip("-")[:40].strip("-")
        or "draft"
    )
    body = _head(name, country, document.title or TO_WRITE, day or "", language)
    kept = [s for s in statements if s.kind in _ACTS or (s.kind == "figure" and s.promised)]
    body["pledges"] = []
    for place, statement in enumerate(_whole(kept), 1):
        words = {statement.language: " ".join(statement.quote.split())[:_LONGEST]}
        start, end = locate(document, statement.start, statement.end)
        span = {"source": source, "start": start, "end": end, "hash": quote_hash(statement.quote)}
        act = _ACTS.get(statement.kind, "pledge")
        entry = _pledge(f"p-{place}", words, act, [span], source=source, language=language)
        body["pledges"].append(_read(entry, statement, country, language))
    body["measures"], body["budget"], body["constraints"] = [], [], []
    body["sources"] = {
        source: {
            "producer": document.publisher or TO_WRITE,
            "title": document.title or TO_WRITE,
            "url": document.source.url,
            **({"published": day} if day else {}),
            "seen": "read",
        }
    }
    return _yaml(body, language)


def _whole(statements: Sequence[Statement]) -> list[Statement]:
    """Figures inside a pledge belong to it: only those that stand alone become entries."""
    acts = [s for s in statements if s.kind != "figure"]
    alone = [
        f
        for f in statements
        if f.kind == "figure" and not any(s.start < f.end and f.start < s.end for s in acts)
    ]
    return sorted([*acts, *alone], key=lambda s: (s.start, s.end))


def _head(slug: str, country: Country, title: str, day: str, language: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "slug": slug,
        "country": country.code,
        "title": {language: title},
        "actor": {language: TO_WRITE},
        "announced": day or None,
        "period": {"start": day or TO_WRITE, "end": None},
        "summary": {language: TO_WRITE},
        "compiled": day or TO_WRITE,
    }


def _pledge(
    name: str, words: dict[str, str], act: str, quoted: list[dict[str, Any]], *, source: str, language: str
) -> dict[str, Any]:
    return {
        "id": name,
        "text": words,
        "act": act,
        "kind": "position" if act == "position" else "delivery",
        **({"addressee": {language: TO_WRITE}} if act == "request" else {}),
        "hedge": "none",
        "deadline": None,
        "measurable": "partly",
        "why_not": {language: TO_WRITE},
        "test": None,
        "no_series": {language: TO_WRITE},
        **({"quoted": quoted} if quoted else {}),
        "sources": [source],
        "verified": "read",
        "coverage": "recorded",
        "coverage_note": {language: TO_WRITE},
    }


def _read(entry: dict[str, Any], statement: Statement, country: Country, language: str) -> dict[str, Any]:
    """What careo read of a statement, put into its entry."""
    if statement.hedge in _HEDGES:
        entry["hedge"] = _HEDGES[statement.hedge]
    if statement.due and statement.due.last:
        text = str(statement.due)
        entry["deadline"] = text if "/" not in text else statement.due.last.isoformat()
    if statement.condition:
        entry["hedge"] = "conditional" if entry["hedge"] == "none" else entry["hedge"]
        entry["condition"] = {statement.language: " ".join(statement.condition.split())}
    if statement.actor and entry["act"] == "request" and "addressee" in entry:
        entry["addressee"] = {
            language: f"{TO_WRITE} ({say(language, 'strategies.draft.asked_by', actor=statement.actor)})"
        }
    quantity = statement.quantity
    if quantity:
        unit = quantity.unit
        entry["kind"] = "money" if is_money(unit) else entry["kind"]
        read = say(language, "strategies.draft.figure", value=number(quantity.value), unit=unit)
        named = statement.indicator or next(iter(statement.naming), "")
        if named in country.indicators and country.indicators[named].unit == unit:
            entry["test"] = {"indicator": named, "at_least": quantity.value, "unit": unit}
            entry.pop("no_series")
        entry["why_not"] = {language: f"{TO_WRITE} ({read})"}
    return entry


def _yaml(body: dict[str, Any], language: str) -> str:
    head = "".join(
        f"# {line}".rstrip() + "\n" for line in say(language, "strategies.draft.head").strip().splitlines()
    )
    return head + str(yaml.dump(body, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):
    """Writes every value out: anchors and aliases are refused when the file is read."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML calls it so
        return True


def _text(dumper: Any, text: str) -> Any:
    """Text that would be read as a number without quotes gets them."""
    style = "'" if NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
