"""Synthetic files of purchases, and reading them as one list."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from careo.sources.civil import Clock
from careo.sources.packages import Terms, read_packages
from careo.sources.persons import Door
from careo.sources.releases import Package, Refused, Release, Sighting

TERMS = Terms(Clock("America/Mexico_City"), Door(b"k" * 32, "mexico"), "MXN")

TENDER_COLUMNS = (
    "Orden de gobierno", "Clave Ramo", "Clave Institución", "Siglas de la Institución", "Institución", "Clave de la UC", "Nombre de la UC",
    "Fecha de expediente", "Tipo de elemento", "Ley", "Tipo Procedimiento", "Artículo de excepción", "Núm. Proc. Proyecto",
    "Descripción anuncio", "Partida específica", "Tipo de contratación", "Caracter anuncio", "Fecha de publicación", "Estatus procedimiento",
    "Fecha apertura", "Fecha de fallo", "Dirección anuncio",
)  # fmt: skip
TENDER = {
    "Orden de gobierno": "APF", "Clave Ramo": "07", "Clave Institución": "'007000", "Siglas de la Institución": "\tJUG",
    "Institución": "SECRETARÍA DE JUGUETES", "Clave de la UC": "'007000999", "Nombre de la UC": "DIRECCIÓN DE TRENES",
    "Fecha de expediente": "2026-01-20 09:00:00", "Tipo de elemento": "PROCEDIMIENTO DE CONTRATACIÓN",
    "Ley": "LEY DE ADQUISICIONES, ARRENDAMIENTOS Y SERVICIOS DEL SECTOR PÚBLICO", "Tipo Procedimiento": "LICITACIÓN PÚBLICA",
    "Núm. Proc. Proyecto": "LA-07-000-007000999-N-1-2026", "Descripción anuncio": "informes con Ana Gómez, ana@example.org, 55 1234 5678",
    "Partida específica": "'37101, 37104", "Tipo de contratación": "ADQUISICIONES", "Caracter anuncio": "NACIONAL",
    "Fecha de publicación": "2026-01-23 18:11:08", "Estatus procedimiento": "VIGENTE PAP", "Fecha apertura": "2026-02-10 10:00:00",
    "Fecha de fallo": "2026-02-20", "Dirección anuncio": "https://example.org/anuncio/1",
}  # fmt: skip
CONTRACT_COLUMNS = (
    "rfc", "Institución", "Nombre de la UC", "Clave de la UC", "Proveedor o contratista", "Número de procedimiento", "Tipo Procedimiento",
    "Tipo de contratación", "Ley", "Artículo de excepción", "Partida específica", "Importe DRC", "Fecha de publicación", "Fecha de fallo",
    "Fecha de firma del contrato", "Fecha de inicio del contrato", "Descripción del contrato", "Dirección del anuncio",
)  # fmt: skip
CONTRACT = {
    "rfc": "JUG010101AB1", "Institución": "INSTITUTO DE JUGUETES", "Nombre de la UC": "OFICINA DE TRENES", "Clave de la UC": "050GYR006",
    "Proveedor o contratista": "JUGUETES SA DE CV", "Número de procedimiento": "AA-50-GYR-050GYR006-T-7-2026",
    "Tipo Procedimiento": "ADJUDICACIÓN DIRECTA POR CASO FORTUITO O FUERZA MAYOR", "Tipo de contratación": "SERVICIOS", "Ley": "LAASSP",
    "Artículo de excepción": "ART. 54 FR. II", "Partida específica": "22102", "Importe DRC": "34784.619999999995",
    "Fecha de publicación": "2025-12-31 01:32:11", "Fecha de fallo": "2025-12-31 00:00:00", "Fecha de firma del contrato": "",
    "Fecha de inicio del contrato": "01/02/2026", "Descripción del contrato": "para Ana Gómez",
    "Dirección del anuncio": "https://example.org/anuncio/2",
}  # fmt: skip
NET_2010 = {
    "GOBIERNO": "APF", "SIGLAS": "JUG", "DEPENDENCIA": "Secretaría de Juguetes", "CLAVEUC": "007000999", "NOMBRE_DE_LA_UC": "Trenes",
    "RESPONSABLE": "Ana Gómez", "CODIGO_EXPEDIENTE": "71", "TITULO_EXPEDIENTE": "Trenes", "NUMERO_PROCEDIMIENTO": "LA-007000999-N1-2014",
    "EXP_F_FALLO": "2014-03-01 00:00:00 GMT", "PROC_F_PUBLICACION": "2014-02-01 10:30", "FECHA_APERTURA_PROPOSICIONES": "2014-02-20 09:00",
    "CARACTER": "Nacional", "TIPO_CONTRATACION": "Adquisiciones", "TIPO_PROCEDIMIENTO": "Licitación Pública", "CODIGO_CONTRATO": "1001",
    "FECHA_INICIO": "2014-03-05", "IMPORTE_CONTRATO": "1000.5", "MONEDA": "MXN", "ESTATUS_CONTRATO": "Activo", "FECHA_CELEBRACION": "2014-03-04 00:00:00 GMT",
    "PROVEEDOR_CONTRATISTA": "JUGUETES SA DE CV", "ANUNCIO": "https://example.org/1",
}  # fmt: skip
NET_2018 = {
    "Orden de gobierno": "APF", "Siglas de la Institución": "JUG", "Institución": "Secretaría de Juguetes", "Clave de la UC": "007000999",
    "Nombre de la UC": "Trenes", "Responsable de la UC": "Ana Gómez", "Número del procedimiento": "LA-007000999-N1-2014", "Fecha de fallo": "2014-03-01",
    "Fecha de publicación": "2014-02-01 10:30", "Fecha de apertura": "2014-02-20 09:00", "Carácter del procedimiento": "Nacional",
    "Tipo de contratación": "Adquisiciones", "Tipo de procedimiento": "Licitación Pública", "Código del contrato": "1001",
    "Fecha de inicio del contrato": "05/03/2014", "Importe del contrato": "1,000.50", "Moneda del contrato": "MXN", "Estatus del contrato": "ACTIVO",
    "Fecha de firma del contrato": "2014-03-04", "RFC": "JUG010101AB1", "Proveedor o contratista": "JUGUETES SA DE CV",
    "Dirección del anuncio": "https://example.org/1",
}  # fmt: skip


def table(
    columns: Iterable[str], rows: Iterable[Mapping[str, str]], encoding: str = "utf-8", separator: str = ","
) -> bytes:
    """A CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="", delimiter=separator, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def release(**changed: Any) -> dict[str, Any]:
    """A release of the standard, with all that a careless publisher puts in it."""
    person = {"name": "Ana Gómez", "email": "ana@example.org", "telephone": "+52 55 1234 5678"}
    given: dict[str, Any] = {
        "ocid": "ocds-toys-1",
        "id": "1",
        "date": "2026-03-01T12:00:00Z",
        "tag": ["tender", "award"],
        "language": "es",
        "parties": [
            {"id": "B1", "name": "Secretaría de Juguetes", "roles": ["buyer"], "contactPoint": person},
            {"id": "MX-RFC-JUG010101AB1", "name": "Juguetes SA de CV", "roles": ["supplier"], "contactPoint": person, "address": {"streetAddress": "Calle 1"}},
            {"id": "S2", "name": "Eva Ruiz", "identifier": {"scheme": "MX-RFC", "id": "RUPE800101AB1", "legalName": "Eva Ruiz"}, "roles": ["tenderer"]},
        ],
        "buyer": {"id": "B1", "name": "Secretaría de Juguetes"},
        "tender": {
            "id": "t", "title": "Trenes para Ana Gómez", "description": "ana@example.org", "status": "complete", "procurementMethod": "open",
            "procurementMethodDetails": "Licitación pública", "mainProcurementCategory": "goods", "awardCriteria": "priceOnly", "numberOfTenderers": 2,
            "tenderPeriod": {"startDate": "2026-01-10T10:00:00-06:00", "endDate": "2026-02-01T00:00:00Z"},
            "procuringEntity": {"id": 7, "name": "Dirección de Trenes"},
            "items": [{"id": 1, "classification": {"id": "33901"}}, {"id": 2, "classification": {"id": 33901}}, {"id": 3}],
            "contactPoint": person,
        },
        "bids": {"details": [
            {"id": 1, "date": "2026-01-31T10:00:00-06:00", "status": "valid", "tenderers": [{"id": "S2"}], "value": {"amount": 10.005, "currency": "MXN"}},
            {"id": "2", "status": "disqualified", "tenderers": [{"id": "MX-RFC-JUG010101AB1"}], "value": {"amount": "20.5", "currency": "mxn"}},
        ]},
        "awards": [{"id": 1, "status": "active", "date": "2026-02-05", "value": {"amount": 10, "currency": "MXN"}, "suppliers": [{"id": "S2", "name": "Eva Ruiz"}]}],
        "contracts": [{"id": 1, "awardID": 1, "status": "active", "dateSigned": "2026-02-06T00:00:00", "period": {"startDate": "2026-02-07"}, "value": {"amount": 10, "currency": "MXN"}, "items": [{"classification": {"id": 5}}]}],
    }  # fmt: skip
    return {**given, **changed}


def as_lines(*values: object) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def packages(source: Path | bytes | IO[bytes], **asked: Any) -> list[tuple[Package, list[Sighting]]]:
    """Every package with its sightings gone through."""
    return [(package, list(package.sightings)) for package in read_packages(source, terms=TERMS, **asked)]


def whole(source: Path | bytes | IO[bytes], **asked: Any) -> tuple[list[Release], list[Refused]]:
    """All releases and all that was refused."""
    read = packages(source, **asked)
    assert [package.last for package, _ in read] == [False] * (len(read) - 1) + [True]
    return [one.release for _, many in read for one in many], [
        one for package, _ in read for one in package.refused
    ]


def civil(*moment: int) -> int:
    """Civil seconds of a moment."""
    return int(datetime(*moment, tzinfo=UTC).timestamp())
