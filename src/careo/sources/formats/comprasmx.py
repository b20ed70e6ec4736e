"""Compras MX: the tables of procedures ("expedientes") and of contracts → `Release`.

Verified on files of 2026: procedures published in January and February (2,438 rows of all buyers, Windows-1252) and successive copies of the
contracts of one institute (up to 3,883 rows, UTF-8). The wider table of contracts that the portal offers by year has a code, a status and a
currency for each contract; its columns are read where they stand, known from a public loader's table of names only.

Quirks: codes carry an apostrophe in front, short names a tab; a cell holds several *partidas*; dates are ISO with a time, or day/month/year; the
date of the decision can be a plan; a draft of a call (*proyecto de convocatoria*) looks like a procedure; amounts are printed as binary numbers.
Neither table says when a row was published or changed, and contracts have no id: a row is named by the hash of what it says.

The number of a procedure tells its scope (N, T or I before its serial number): so it does in all 2,110 rows that state both. The first six
characters of a federal unit's code are its institution's: so in 2,098 of 2,118 rows, and this is used only where the institution is not stated.
"""

from __future__ import annotations

import re

from msgspec import UNSET
from msgspec.structs import replace

from careo.sources.formats.ocds import method_of, named_by_content
from careo.sources.formats.purchase_table import Layout, Row, folded
from careo.sources.releases import ROW, Contract, Release, Text

_FEDERAL_UNIT = re.compile(r"0(\d\d)[0-9A-Z]{6}")
_SCOPE_IN_NUMBER = re.compile(r"-([NTI])-\d+-\d{4}$")
_LAST_FEDERAL_BRANCH = 55  # states' own branches are numbered from 60

SCOPES = {"nacional": "national", "internacional_bajo_la_cobertura_de_tratados": "treaties", "internacional_bajo_tratados": "treaties", "internacional_bajo_tlc": "treaties", "internacional_bajo_cobertura_de_tratados": "treaties", "internacional_abierto": "international", "internacional_abierta": "international", "internacional": "international"}  # fmt: skip
CATEGORIES = {"adquisiciones": "goods", "servicios_relacionados_con_la_obra": "works services", "servicios_relacionados_con_la_op": "works services", "servicios_relacionados_con_obra_publica": "works services", "servicios": "services", "obra_publica": "works", "arrendamientos": "leases"}  # fmt: skip
_LAWS = {
    "ley_de_adquisiciones": "LAASSP",
    "ley_de_obras_publicas": "LOPSRM",
    "laassp": "LAASSP",
    "lopsrm": "LOPSRM",
}
_NUMBER_SCOPES = {"N": "national", "T": "treaties", "I": "international"}
_STATUSES = {
    "en_captura": "planned", "en_autorizacion": "planned", "pendiente_autorizacion": "planned", "programado": "planned",
    "vigente": "active", "por_evaluar": "active", "en_evaluacion": "active", "en_aclaraciones": "active", "en_decision_de_fallo": "active",
    "en_apertura": "active", "acta_en_autorizacion": "active", "suspendido": "active", "pendiente_de_apertura": "active",
    "publicado": "active", "en_proceso": "active", "adjudicado": "complete", "finalizado": "complete", "terminado": "complete",
    "concluido": "complete", "desierto": "unsuccessful", "cancelado": "cancelled", "expirado": "withdrawn",
}  # fmt: skip
CONTRACT_STATUSES = {
    "en_captura": "pending", "en_proceso": "pending", "pendiente": "pending", "por_formalizar": "pending", "formalizado": "active",
    "activo": "active", "vigente": "active", "modificado": "active", "expirado": "terminated", "terminado": "terminated", "concluido": "terminated",
    "finalizado": "terminated", "rescindido": "cancelled", "cancelado": "cancelled", "terminado_anticipadamente": "terminated",
}  # fmt: skip

_SHARED: dict[str, tuple[str, ...]] = {
    "method_words": ("tipo_procedimiento", "tipo_de_procedimiento"),
    "ground": ("articulo_de_excepcion",),
    "law": ("ley",),
    "category": ("tipo_de_contratacion",),
    "scope": ("caracter_anuncio", "caracter_del_procedimiento", "caracter_procedimiento", "caracter"),
    "branch": ("clave_ramo",),
    "buyer": ("clave_institucion",),
    "buyer_name": ("institucion",),
    "unit": ("clave_de_la_uc", "clave_uc"),
    "unit_name": ("nombre_de_la_uc", "nombre_uc"),
    "parts": ("partida_especifica",),
    "published": ("fecha_de_publicacion",),
    "opening": ("fecha_apertura", "fecha_de_apertura"),
    "decided": ("fecha_de_fallo",),
    "address": ("direccion_anuncio", "direccion_del_anuncio"),
}  # fmt: skip


def office(row: Row) -> dict[str, Text]:
    """Who buys: fields of `Release`. The institution of a federal unit is told by the unit's code where it is not stated."""
    unit, buyer, branch = _capitals(row.words("unit")), _capitals(row.words("buyer")), row.words("branch")
    if unit and (federal := _FEDERAL_UNIT.fullmatch(unit)) and int(federal[1]) <= _LAST_FEDERAL_BRANCH:
        buyer = unit[:6] if buyer is UNSET else buyer
        branch = federal[1] if branch is UNSET else branch
    if branch and branch.isdigit():
        branch = branch.zfill(2)
    return {
        "buyer": buyer,
        "buyer_name": row.words("buyer_name"),
        "unit": unit,
        "unit_name": row.words("unit_name"),
        "branch": branch,
    }


def _capitals(code: Text) -> Text:
    return code.upper() if code else code


def procedure(row: Row, number: str | None) -> dict[str, object]:
    """How it is bought: fields of `Release`."""
    words = row.words("method_words")
    method = (method_of(words) or row.left_out("method_words", "code")) if words else words
    scope = row.code("scope", SCOPES)
    if scope is UNSET and number and (told := _SCOPE_IN_NUMBER.search(number)):
        scope = _NUMBER_SCOPES[told[1]]
    law = row.words("law")
    if law:
        known = next((code for name, code in _LAWS.items() if folded(law).startswith(name)), None)
        law = known or law[:60].upper()
    ground = row.words("ground")
    return {
        "method": method,
        "method_words": words,
        "ground": ""
        if ground is None
        else ground and ground.upper(),  # an empty cell says that there is none
        "law": law,
        "scope": scope,
        "category": row.code("category", CATEGORIES),
    }


def named(release: Release, layout: str, number: str | None, row: Row) -> Release:
    """A row's release under the number of its procedure, or where there is none under the hash of what it says."""
    of_content = named_by_content(release)
    process = row.terms.door.code(number) if number else f"{ROW}{of_content.id}"
    return replace(of_content, process=f"local-{layout}-{process}")


def number_of(row: Row) -> str | None:
    """The number of the procedure, in one word and in capitals unless it may name a person."""
    number = row.text("number")
    return "".join(number.split()).upper() if number and row.terms.door.clean(number) else number or None


def _tender(row: Row) -> Release:
    number = number_of(row)
    kind = row.text("element")
    release = Release(
        process="",
        id="",
        date=None,
        whole=True,
        draft=folded(kind).startswith("proyecto") if kind else kind,  # pyright: ignore[reportArgumentType]
        status=row.code("status", _STATUSES),
        **procedure(row, number),  # pyright: ignore[reportArgumentType]
        **office(row),  # pyright: ignore[reportArgumentType]
        filed=row.time("filed"),
        published=row.time("published"),
        opening=row.time("opening"),
        decided=row.time("decided"),
        items=row.parts("parts"),  # pyright: ignore[reportArgumentType]
        address=row.address("address"),
    )
    return named(release, "comprasmx", number, row)


def contract_release(row: Row, layout: str, number: str | None, contract: str) -> Release:
    """The release of a row of a table of contracts. contract: its id, "" where the table has none."""
    supplier = row.supplier("supplier_id", "supplier_name")
    decided = row.time("decided")
    amount = row.cents("amount")
    whose = office(row)
    release = Release(
        process="",
        id="",
        date=None,
        whole=True,
        **procedure(row, number),  # pyright: ignore[reportArgumentType]
        **whose,  # pyright: ignore[reportArgumentType]
        published=row.time("published"),
        opening=row.time("opening"),
        decided=decided,
        address=row.address("address"),
        contracts=(
            Contract(
                id=contract,
                status=row.code("contract_status", CONTRACT_STATUSES),
                buyer=whose.get("buyer", UNSET),  # pyright: ignore[reportArgumentType]
                unit=whose.get("unit", UNSET),  # pyright: ignore[reportArgumentType]
                decided=decided,
                signed=row.time("signed"),
                start=row.time("start"),
                amount=amount,
                currency=row.currency("currency"),
                suppliers=(supplier.id,) if supplier else None,
                parts=row.parts("parts"),  # pyright: ignore[reportArgumentType]
            ),
        ),
        suppliers=(supplier,) if supplier else None,
    )
    return named(release, layout, number, row)


def _contract(row: Row) -> Release:
    code = row.text("contract_code")
    return contract_release(row, "comprasmx", number_of(row), row.terms.door.code(code) if code else "")


TENDERS = Layout(
    name="comprasmx tenders",
    columns={
        **_SHARED,
        "number": (
            "num_proc_proyecto",
            "numero_de_procedimiento",
            "numero_procedimiento",
            "num_de_procedimiento",
        ),
        "element": ("tipo_de_elemento",),
        "filed": ("fecha_de_expediente",),
        "status": ("estatus_procedimiento", "estatus_del_procedimiento"),
    },
    required=("number", "method_words", "unit", "published", "opening", "status"),
    told_by=("status",),
    release=_tender,
)

CONTRACTS = Layout(
    name="comprasmx contracts",
    columns={
        **_SHARED,
        "number": ("numero_de_procedimiento", "numero_procedimiento"),
        "supplier_id": ("rfc",),
        "supplier_name": ("proveedor_o_contratista",),
        "amount": ("importe_drc",),
        "currency": ("moneda",),
        "signed": ("fecha_de_firma_del_contrato",),
        "start": ("fecha_de_inicio_del_contrato",),
        "contract_code": ("codigo_del_contrato",),
        "contract_status": ("estatus_contrato", "estatus_del_contrato"),
    },
    required=("number", "method_words", "unit", "supplier_id", "supplier_name", "amount"),
    told_by=("amount",),
    release=_contract,
)
