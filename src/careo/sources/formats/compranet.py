"""CompraNet 5, the federal platform from 2010 to 2022: tables of contracts → `Release`.

No file of it was at hand. The column names of both layouts are those that several independent public loaders use (searched by name: two
shell scripts that download `Contratos2010_2012.zip` and later years and write the header; a table definition with the formats of dates; a
table of names for both layouts): capitals with underscores for 2010–2017, sentences for 2018–2022. Formats of dates are those that the table
definition states ("%Y-%m-%d 00:00:00 GMT", "%Y-%m-%d %H:%M"). Codes of statuses and methods were not seen in a file: words that are not known are
left out and named, never guessed. The workbooks that were published must be saved as CSV first.

The older layout has no tax id, so a supplier is known by its name, and one whose name has no form of a company is taken for a person.
The official in charge and titles are never read.
"""

from __future__ import annotations

from careo.sources.formats.comprasmx import contract_release, number_of
from careo.sources.formats.purchase_table import Layout, Row
from careo.sources.releases import Release


def _contract(row: Row) -> Release:
    code = row.text("contract_code")
    return contract_release(
        row,
        "compranet5",
        number_of(row),
        row.terms.door.code(code) if code else "",
    )


CONTRACTS = Layout(
    name="compranet 5 contracts",
    columns={
        "number": ("numero_procedimiento", "numero_del_procedimiento", "numero_de_procedimiento"),
        "contract_code": ("codigo_contrato", "codigo_del_contrato"),
        "method_words": ("tipo_procedimiento", "tipo_de_procedimiento"),
        "category": ("tipo_contratacion", "tipo_de_contratacion"),
        "scope": ("caracter", "caracter_del_procedimiento"),
        "buyer": ("siglas", "siglas_de_la_institucion"),
        "buyer_name": ("dependencia", "institucion"),
        "unit": ("claveuc", "clave_uc", "clave_de_la_uc"),
        "unit_name": ("nombre_de_la_uc",),
        "published": ("proc_f_publicacion", "fecha_de_publicacion"),
        "opening": ("fecha_apertura_proposiciones", "fecha_de_apertura"),
        "decided": ("exp_f_fallo", "fecha_de_fallo"),
        "signed": ("fecha_celebracion", "fecha_de_firma_del_contrato"),
        "start": ("fecha_inicio", "fecha_de_inicio_del_contrato"),
        "amount": ("importe_contrato", "importe_del_contrato"),
        "currency": ("moneda", "moneda_del_contrato"),
        "contract_status": ("estatus_contrato", "estatus_del_contrato"),
        "supplier_id": ("rfc",),
        "supplier_name": ("proveedor_contratista", "proveedor_o_contratista"),
        "address": ("anuncio", "direccion_del_anuncio"),
        "ground": ("articulo_de_excepcion",),
        "law": ("ley",),
        "parts": ("partida_especifica",),
        "branch": ("clave_ramo",),
    },
    required=("number", "contract_code", "method_words", "unit", "supplier_name", "amount"),
    told_by=("amount",),
    release=_contract,
)
