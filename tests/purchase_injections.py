"""Putting made-up processes before the whole engine: written as a publisher writes them, read, folded, judged, told.

A process that a table of Compras MX or a release of the standard can state goes that way in; one that no file can state (a draft with
bids) is handed to the engine as a release. Which way it went is asked of the engine itself: what it makes of the file must be the process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from careo.record.purchases.process import Process
from careo.record.purchases.process import process as folded
from careo.record.purchases.rules import Rule
from careo.record.purchases.state import State
from careo.record.purchases.watch import Watch
from careo.sources.releases import Package, Release, Sighting, packed
from purchase_feeds import feed
from purchase_files import table
from purchase_worlds import CLOCK, DAY


@dataclass
class Injected:
    """What a rule is tried on.

    Attributes:
        bad, fine: anomalies and near misses, each a few processes that belong together. around: what they stand among.
        subject: what a signal on an anomaly is about; default the only process of it.
        subjects: of all anomalies, where there is more than one for each or the worlds share processes.
        edited: by name of a process, what the publisher overwrites it with.
    """

    bad: Sequence[Sequence[Process]]
    fine: Sequence[Sequence[Process]]
    around: Sequence[Process] = ()
    subject: Callable[[Sequence[Process]], str] = lambda worlds: worlds[0].id
    subjects: frozenset[str] = frozenset()
    edited: dict[str, Sequence[Release]] = field(default_factory=dict[str, Sequence[Release]])

    def expected(self) -> frozenset[str]:
        """Subjects of the signals that must stand, and no others."""
        return self.subjects or frozenset(self.subject(worlds) for worlds in self.bad)


def alone(bad: Iterable[Process], fine: Iterable[Process]) -> Injected:
    """Anomalies and near misses of one process each, under names of their own."""
    return Injected(
        [[_renamed(one, f"local-comprasmx-BAD{place:02d}")] for place, one in enumerate(bad)],
        [[_renamed(one, f"local-comprasmx-FINE{place:02d}")] for place, one in enumerate(fine)],
    )


def apart(
    bad: Iterable[Sequence[Process]],
    fine: Iterable[Sequence[Process]],
    subject: Callable[[Sequence[Process]], str],
    *,
    keep_units: bool = False,
) -> Injected:
    """Anomalies and near misses of several processes each; those of one have buying units that no other has."""

    def moved(kind: str, place: int, worlds: Sequence[Process]) -> list[Process]:
        return [
            _renamed(one, f"local-comprasmx-{kind}{place:02d}-{number}", unit=one.now.unit if keep_units else f"{kind}{place:02d}{one.now.unit or ''}")
            for number, one in enumerate(worlds)
        ]  # fmt: skip

    return Injected(
        [moved("B", place, worlds) for place, worlds in enumerate(bad)],
        [moved("F", place, worlds) for place, worlds in enumerate(fine)],
        subject=subject,
    )


def _renamed(one: Process, name: str, **fields: Any) -> Process:
    now = msgspec.structs.replace(one.now, process=name, **fields)
    return Process(name, now, one.changes, None, {}, 0, one.twice, one.conflicts)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

TENDERS = ("Número de procedimiento", "Clave Institución", "Clave de la UC", "Tipo de elemento", "Ley", "Tipo de contratación", "Tipo Procedimiento",
           "Artículo de excepción", "Caracter anuncio", "Partida específica", "Fecha de publicación", "Fecha apertura", "Fecha de fallo", "Estatus procedimiento")  # fmt: skip
CONTRACTS = ("rfc", "Proveedor o contratista", "Número de procedimiento", "Clave Institución", "Clave de la UC", "Ley", "Tipo de contratación",
             "Tipo Procedimiento", "Artículo de excepción", "Caracter", "Partida específica", "Importe DRC", "Moneda", "Fecha de publicación", "Fecha de apertura",
             "Fecha de fallo", "Fecha de firma del contrato", "Fecha de inicio del contrato", "Estatus contrato")  # fmt: skip
_METHODS = {"open": "LICITACIÓN PÚBLICA", "direct": "ADJUDICACIÓN DIRECTA", "invited": "INVITACIÓN A CUANDO MENOS TRES PERSONAS"}  # fmt: skip
_CATEGORIES = {"goods": "ADQUISICIONES", "services": "SERVICIOS", "works": "OBRA PÚBLICA", "leases": "ARRENDAMIENTOS", "works services": "SERVICIOS RELACIONADOS CON LA OBRA"}  # fmt: skip
_SCOPES = {
    "national": "NACIONAL",
    "treaties": "INTERNACIONAL BAJO TRATADOS",
    "international": "INTERNACIONAL ABIERTO",
}
_STATUSES = {"planned": "PROGRAMADO", "active": "VIGENTE", "complete": "ADJUDICADO", "unsuccessful": "DESIERTO", "cancelled": "CANCELADO", "withdrawn": "EXPIRADO"}  # fmt: skip
_CONTRACT_STATUSES = {
    "pending": "POR FORMALIZAR",
    "active": "ACTIVO",
    "cancelled": "CANCELADO",
    "terminated": "TERMINADO",
}


def _clock(time: object) -> str:
    """As tables write it; every other day in the other way that they write dates."""
    if not isinstance(time, int):
        return ""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if time // DAY % 2 else f"{moment:%d/%m/%Y %H:%M:%S}"


def _moment(time: object) -> str | None:
    """As the standard writes it: every other minute, in Greenwich's hours, six ahead of Mexico's; else in Mexico's."""
    if not isinstance(time, int):
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)
    if time // 60 % 2 == 0:
        return f"{moment + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}-06:00"


def _money(amount: object) -> str:
    if not isinstance(amount, int):
        return ""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def rows_of(now: Release) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows of a process in the tables of procedures and of contracts of Compras MX."""
    shared = {
        "Número de procedimiento": now.process.removeprefix("local-comprasmx-"), "Clave Institución": now.buyer or "", "Clave de la UC": now.unit or "",
        "Ley": now.law or "", "Tipo de contratación": _CATEGORIES.get(now.category or "", ""), "Tipo Procedimiento": _METHODS.get(now.method or "", ""),
        "Artículo de excepción": now.ground or "", "Fecha de publicación": _clock(now.published),
    }  # fmt: skip
    tender = {
        **shared, "Tipo de elemento": "PROYECTO DE CONVOCATORIA" if now.draft else "PROCEDIMIENTO", "Caracter anuncio": _SCOPES.get(now.scope or "", ""),
        "Partida específica": ",".join(now.items or ()), "Fecha apertura": _clock(now.opening), "Fecha de fallo": _clock(now.decided),
        "Estatus procedimiento": _STATUSES.get(now.status or "", ""),
    }  # fmt: skip
    contracts = [
        {
            **shared, "rfc": ",".join(one.suppliers or ()), "Caracter": tender["Caracter anuncio"], "Partida específica": ",".join(one.parts or ()),
            "Importe DRC": _money(one.amount), "Moneda": one.currency or "", "Fecha de apertura": _clock(now.opening),
            "Fecha de fallo": _clock(one.decided), "Fecha de firma del contrato": _clock(one.signed), "Fecha de inicio del contrato": _clock(one.start),
            "Estatus contrato": _CONTRACT_STATUSES.get(one.status or "", ""),
        }
        for one in now.contracts or ()
    ]  # fmt: skip
    return [tender], contracts


def document_of(now: Release) -> dict[str, Any]:
    """A process as a release of the standard."""

    def value(one: Any) -> dict[str, Any] | None:
        told = {"amount": float(_money(one.amount)) if isinstance(one.amount, int) else None, "currency": one.currency or None}  # fmt: skip
        return _said(told)

    def items(codes: Any) -> list[dict[str, Any]] | None:
        return [{"classification": {"id": code}} for code in codes] if codes else None

    def parties(those: Any) -> list[dict[str, Any]] | None:
        return None if those is UNSET or those is None else [{"id": one} for one in those]

    tender = {
        "status": now.status or None, "procurementMethod": {"invited": "limited"}.get(now.method or "", now.method) or None,
        "mainProcurementCategory": now.category or None, "numberOfTenderers": None if now.tenderers is UNSET else now.tenderers,
        "procurementMethodRationale": now.ground or None,
        "awardCriteria": None if now.price_only is UNSET else "priceOnly" if now.price_only else "ratedCriteria",
        "tenderPeriod": _said({"startDate": _moment(now.published), "endDate": _moment(now.opening)}),
        "procuringEntity": {"id": now.unit} if now.unit else None, "items": items(now.items),
    }  # fmt: skip
    bids = [
        _said({"id": one.id, "date": _moment(one.date), "status": one.status or None, "tenderers": parties(one.tenderers), "value": value(one)})
        for one in now.bids or ()
    ]  # fmt: skip
    awards = [
        _said({"id": one.id, "date": _moment(one.date), "status": one.status or None, "suppliers": parties(one.suppliers), "value": value(one), "items": items(one.items)})
        for one in now.awards or ()
    ]  # fmt: skip
    contracts = [
        _said({"id": one.id, "awardID": one.award or None, "status": one.status or None, "dateSigned": _moment(one.signed), "value": value(one), "items": items(one.parts)})
        for one in now.contracts or ()
    ]  # fmt: skip
    return {
        "ocid": now.process, "id": now.id, "tag": ["compiled"], "tender": _said(tender) or {},
        **({"buyer": {"id": now.buyer}} if now.buyer else {}), **({"bids": {"details": bids}} if bids else {}),
        **({"awards": awards} if awards else {}), **({"contracts": contracts} if contracts else {}),
    }  # fmt: skip


def _said(fields: dict[str, Any]) -> dict[str, Any] | None:
    return {name: value for name, value in fields.items() if value is not None} or None


def _by_table(now: Release) -> bool:
    return not (now.bids or now.awards or now.tenderers is not UNSET) and now.method != "selective"


# ── feeding ──────────────────────────────────────────────────────────────────────────────────────────────────────


def files_of(folder: Path, releases: Iterable[Release], name: str) -> list[Path]:
    """Processes as files of `folder`."""
    tenders: list[dict[str, str]] = []
    contracts: list[dict[str, str]] = []
    documents: list[str] = []
    for now in releases:
        if _by_table(now):
            of_tenders, of_contracts = rows_of(now)
            tenders += of_tenders
            contracts += of_contracts
        else:
            documents.append(json.dumps(document_of(now)))
    made: list[Path] = []
    for kind, columns, rows in (("tenders", TENDERS, tenders), ("contracts", CONTRACTS, contracts)):
        if rows:
            made.append(folder / f"{kind}_{name}.csv")
            made[-1].write_bytes(table(columns, rows, "cp1252" if kind == "tenders" else "utf-8"))
    if documents:
        made.append(folder / f"calls_{name}.jsonl")
        made[-1].write_text("\n".join(documents) + "\n", encoding="utf-8")
    return made


def signals_of(folder: Path, given: Injected, rule: Rule) -> tuple[set[str], int]:
    """Subjects of the signals that stand after all of it was seen, and how many processes came in by files."""
    folder.mkdir()
    everything = list(
        {one.id: one for worlds in (*given.bad, *given.fine, given.around) for one in worlds}.values()
    )
    by_file = {one.id for one in everything if not one.changes and not one.conflicts}
    with closing(State(folder / "read.sqlite")) as state:
        feed(
            state,
            files_of(folder, (one.now for one in everything if one.id in by_file), "read"),
            by=(),
            seen=CLOCK,
        )
        read = state.processes(by_file)
    by_file = {
        one.id for one in everything if one.id in read and _same(folded(one.id, read[one.id][0], {}).now, one.now, rule)
    }  # fmt: skip
    with closing(State(folder / "state.sqlite")) as state:
        feed(state, files_of(folder, (one.now for one in everything if one.id in by_file), "2026-11-26"), by=[rule], seen=CLOCK - 5 * DAY)  # fmt: skip
        watch = Watch(state, [rule], "MXN")
        others = [one.now for one in everything if one.id not in by_file]
        watch.take(
            Package(
                "given", "given", sha256(b"given").hexdigest(), CLOCK, [Sighting.of(one, 1) for one in others]
            )
        )
        later = [
            one for each in everything for one in given.edited.get(each.id, (each.now,)) if each.id in by_file
        ]
        feed(state, files_of(folder, later, "2026-12-01"), by=[rule], seen=CLOCK)
        watch.settle(CLOCK)
        last = {one.id: one for _, one in state.told()}
        assert {one.rule for one in last.values()} <= {rule.id}
        return {one.subject for one in last.values() if one.standing}, len(by_file)


_FIELDS = ("draft", "status", "method", "ground", "law", "scope", "category", "buyer", "unit", "published", "opening", "decided",
           "tenderers", "items", "price_only", "bids", "awards", "contracts")  # fmt: skip
_SAID_OF_RULES = {"law", "scope", "category", "ground"}  # matter only to rules that need them


def _same(read: Release, meant: Release, rule: Rule) -> bool:
    """Whether the engine understood what was meant, as far as the rule can tell."""
    names = [name for name in _FIELDS if name not in _SAID_OF_RULES or name in rule.needs]
    return all(
        _plain(name, getattr(read, name), read) == _plain(name, getattr(meant, name), meant) for name in names
    )


def _plain(name: str, value: Any, of: Release) -> object:
    if name == "ground":
        return "none" if value is UNSET else value or ""
    if name == "tenderers":
        return None if value is UNSET else value
    if name == "contracts":
        return sorted({  # rows with nothing different are one contract
            repr((one.award or None, one.status or None, one.signed or None, one.start or None, one.decided or None, one.amount if isinstance(one.amount, int) else None,
                  one.currency or None, one.suppliers or (), one.parts or ()))
            for one in value or ()
        })  # fmt: skip
    if name in ("bids", "awards"):
        return sorted(repr(msgspec.to_builtins(one)) for one in value or ())
    return value or None


def distinct(given: Injected, worlds: Iterable[Sequence[Process]]) -> int:
    """How many of them say different things, whatever they are called."""
    return len({
        tuple(packed(msgspec.structs.replace(said, process="", unit=UNSET)) for one in each for said in (one.now, *given.edited.get(one.id, ())))
        for each in worlds
    })  # fmt: skip
