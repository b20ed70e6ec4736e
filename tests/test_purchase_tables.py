"""Tables of purchases read as what they are: Compras MX and CompraNet 5, however they were saved."""

from __future__ import annotations

import gzip
import io
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import UNSET

from careo.sources.releases import Contract, Release, Supplier
from purchase_files import (
    CONTRACT,
    CONTRACT_COLUMNS,
    NET_2010,
    NET_2018,
    TENDER,
    TENDER_COLUMNS,
    civil,
    table,
    whole,
)

SHARED = Path(__file__).parents[2] / "shared/data/procurement"


def test_a_row_of_procedures():
    [read], refused = whole(table(TENDER_COLUMNS, [TENDER], "cp1252"))
    assert refused == []
    assert read == Release(
        process="local-comprasmx-LA-07-000-007000999-N-1-2026", id=read.id, date=None, whole=True, draft=False, status="active", method="open",
        method_words="LICITACIÓN PÚBLICA", ground="", law="LAASSP", scope="national", category="goods", buyer="007000",
        buyer_name="SECRETARÍA DE JUGUETES", unit="007000999", unit_name="DIRECCIÓN DE TRENES", branch="07", filed=civil(2026, 1, 20, 9),
        published=civil(2026, 1, 23, 18, 11, 8), opening=civil(2026, 2, 10, 10), decided=civil(2026, 2, 20), items=("37101", "37104"),
        address="https://example.org/anuncio/1",
    )  # fmt: skip


def test_a_row_of_contracts():
    [read], refused = whole(table(CONTRACT_COLUMNS, [CONTRACT]))
    assert refused == []
    assert read == Release(
        process="local-comprasmx-AA-50-GYR-050GYR006-T-7-2026", id=read.id, date=None, whole=True, method="direct",
        method_words="ADJUDICACIÓN DIRECTA POR CASO FORTUITO O FUERZA MAYOR", ground="ART. 54 FR. II", law="LAASSP", scope="treaties",
        category="services", buyer="050GYR", buyer_name="INSTITUTO DE JUGUETES", unit="050GYR006", unit_name="OFICINA DE TRENES", branch="50",
        published=civil(2025, 12, 31, 1, 32, 11), decided=civil(2025, 12, 31), address="https://example.org/anuncio/2",
        contracts=(
            Contract(
                id="", buyer="050GYR", unit="050GYR006", decided=civil(2025, 12, 31), signed=None, start=civil(2026, 2, 1), amount=3478462, currency="MXN",
                suppliers=("JUG010101AB1",), parts=("22102",),
            ),
        ),
        suppliers=(Supplier(id="JUG010101AB1", name="JUGUETES SA DE CV"),),
    )  # fmt: skip


def test_procedures_and_contracts_of_one_number_meet():
    tender = {**TENDER, "Núm. Proc. Proyecto": CONTRACT["Número de procedimiento"]}
    assert (
        whole(table(TENDER_COLUMNS, [tender]))[0][0].process
        == whole(table(CONTRACT_COLUMNS, [CONTRACT]))[0][0].process
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_in_any_usual_encoding_with_its_columns_in_any_order(encoding, separator):
    expected, _ = whole(table(TENDER_COLUMNS, [TENDER]))
    columns = ["Otra columna", *reversed(TENDER_COLUMNS)]
    if encoding == "utf-16" and separator == "\t":
        pytest.skip("one of each is enough")
    data = table(columns, [{**TENDER, "Otra columna": "ana@example.org"}], encoding, separator)
    assert whole(data)[0] == whole(io.BytesIO(gzip.compress(data)))[0] == expected


def test_a_column_that_is_not_there_says_nothing_and_an_empty_cell_says_none():
    columns = [name for name in TENDER_COLUMNS if name not in ("Artículo de excepción", "Fecha de fallo")]
    [read], _ = whole(table(columns, [{**TENDER, "Fecha apertura": ""}]))
    assert (read.ground, read.decided, read.opening) == (UNSET, UNSET, None)


def test_a_row_without_a_number_is_a_process_of_its_own():
    rows = [
        {**TENDER, "Núm. Proc. Proyecto": ""},
        {**TENDER, "Núm. Proc. Proyecto": "", "Fecha de fallo": "2026-02-21"},
    ]
    first, second = whole(table(TENDER_COLUMNS, rows))[0]
    assert first.process != second.process
    assert first.process.startswith("local-comprasmx-row-")


@pytest.mark.parametrize(
    ("column", "cell", "field", "expected"),
    [
        ("Tipo de elemento", "PROYECTO DE CONVOCATORIA", "draft", True),
        ("Estatus procedimiento", "ADJUDICADO PARCIAL", "status", "complete"),
        ("Estatus procedimiento", "DESIERTO", "status", "unsuccessful"),
        ("Estatus procedimiento", "CANCELADO", "status", "cancelled"),
        ("Estatus procedimiento", "VIGENTE SIN ACTA", "status", "active"),
        ("Tipo Procedimiento", "INVITACIÓN A CUANDO MENOS 3 PERSONAS POR URGENCIA", "method", "invited"),
        ("Caracter anuncio", "INTERNACIONAL ABIERTO", "scope", "international"),
        ("Tipo de contratación", "SERVICIOS RELACIONADOS CON LA OBRA", "category", "works services"),
        ("Ley", "LEY DE OBRAS PÚBLICAS Y SERVICIOS RELACIONADOS CON LAS MISMAS", "law", "LOPSRM"),
        ("Fecha apertura", "10/02/2026 10:30", "opening", civil(2026, 2, 10, 10, 30)),
        ("Fecha apertura", "10/02/2026 01:30:00 p. m.", "opening", civil(2026, 2, 10, 13, 30)),
    ],
)
def test_words_of_the_publisher_as_codes(column, cell, field, expected):
    [read], refused = whole(table(TENDER_COLUMNS, [{**TENDER, column: cell}]))
    assert (getattr(read, field), refused) == (expected, [])


@pytest.mark.parametrize(("row", "supplier"), [(NET_2010, "JUGUETES SA DE CV"), (NET_2018, "JUG010101AB1")])
def test_both_layouts_of_compranet_5_say_the_same(row, supplier):
    [read], refused = whole(table(row, [row]))
    assert refused == []
    assert (read.process, read.method, read.scope, read.category) == (
        "local-compranet5-LA-007000999-N1-2014",
        "open",
        "national",
        "goods",
    )
    assert (read.published, read.opening, read.buyer) == (
        civil(2014, 2, 1, 10, 30),
        civil(2014, 2, 20, 9),
        "JUG",
    )
    assert read.contracts == (
        Contract(id="1001", buyer="JUG", unit="007000999", status="active", decided=civil(2014, 3, 1), signed=civil(2014, 3, 4), start=civil(2014, 3, 5), amount=100050, currency="MXN", suppliers=(supplier,)),
    )  # fmt: skip


_TIMES_OF_TENDERS = ("2026-01-20 09:00:00", "2026-01-23 18:11:08", "2026-02-10 10:00:00")


def _tenders(write, rows: int = 1) -> bytes:
    """Tenders whose times are written otherwise."""
    times = {column: write(cell) for column, cell in TENDER.items() if cell in _TIMES_OF_TENDERS}
    many = [{**TENDER, **times, "Núm. Proc. Proyecto": f"LA-{n}-2026"} for n in range(rows)]
    return table(TENDER_COLUMNS, many)


def _in_utc(cell: str) -> str:
    return f"{datetime.fromisoformat(cell) + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    "write",
    [
        lambda cell: f"{cell}Z",
        lambda cell: cell.replace(" ", "T") + ".000Z",
        lambda cell: f"{cell}+00:00",
        lambda cell: f"{cell}+00",
        lambda cell: f"{cell} UTC",
        lambda cell: f"{cell} GMT",
        lambda cell: f"{cell}-06:00",
        lambda cell: f"{cell[8:10]}/{cell[5:7]}/{cell[:4]} {cell[11:]}-0600",
        _in_utc,
    ],
)
def test_an_offset_behind_every_time_of_a_table_is_a_way_of_writing(write):
    [plain], _ = whole(_tenders(str))
    [other], refused = whole(_tenders(write))
    assert refused == []
    assert other == plain


def test_days_alone_tell_how_offsets_are_meant_before_hours_do():
    """By hours alone these would be in UTC: people publish at night there. So it is in real tables, whose days are midnights."""
    columns, row = CONTRACT_COLUMNS, dict(CONTRACT)
    row |= {"Fecha de publicación": "2026-01-09 23:23:24", "Fecha de fallo": "2026-01-09 00:00:00"}
    row |= {"Fecha de firma del contrato": "2026-01-09 22:10:00"}
    dates = [column for column in row if row[column].startswith("2026-01-09")]
    [plain], _ = whole(table(columns, [row]))
    for write in (lambda cell: f"{cell}Z", _in_utc):
        [other], _ = whole(table(columns, [{**row, **{column: write(row[column]) for column in dates}}]))
        assert other == plain


def test_an_offset_of_a_few_rows_is_taken_at_its_word():
    head, *rows = _tenders(str, 20).decode().splitlines(keepends=True)
    rows[3] = rows[3].replace("2026-02-10 10:00:00", "2026-02-10T10:00:00Z")
    found, _ = whole("".join([head, *rows]).encode())
    hours = [one.opening % 86400 // 3600 for one in found]
    assert hours == [10] * 3 + [4] + [10] * 16


def test_what_is_written_otherwise_is_the_same():
    """Accents as letters of their own, several apostrophes, codes in small letters, a header that comes again."""
    columns, row = TENDER_COLUMNS, TENDER
    [plain], _ = whole(table(columns, [row]))
    decomposed = {column: unicodedata.normalize("NFD", cell) for column, cell in row.items()}
    quoted = {column: f"''{cell}" for column, cell in row.items()}
    small = {
        **row,
        "Clave de la UC": "'007000999".lower(),
        "Núm. Proc. Proyecto": row["Núm. Proc. Proyecto"].lower(),
    }
    for other in (decomposed, quoted, small):
        [read], refused = whole(table(columns, [other]))
        assert (read, refused) == (plain, [])
    contract = CONTRACT
    [small_unit], _ = whole(table(CONTRACT_COLUMNS, [{**contract, "Clave de la UC": "050gyr006"}]))
    [unit], _ = whole(table(CONTRACT_COLUMNS, [contract]))
    assert small_unit == unit
    again = {column: column for column in columns}
    assert whole(table(columns, [again, row, again])) == ([plain], [])


@pytest.mark.realdata
def test_the_real_tables_are_read_whole():
    releases, refused = whole(SHARED / "comprasmx_tenders_2026-01_02.csv")
    assert (len(releases), refused) == (2438, [])
    assert sum(one.draft is True for one in releases) == 325
    assert sum(len(one.items) > 1 for one in releases if one.items) == 184
    assert sum(one.branch in ("07", "13", "36", "49") for one in releases) == 199
    assert sum(one.method == "direct" for one in releases) == 119
    rows = {}
    for path in sorted((SHARED / "comprasmx_contract_snapshots").glob("*.csv")):
        releases, refused = whole(path)
        assert refused == []
        rows[path.stem] = len(releases)
    assert rows == {"2026-03-08": 3756, "2026-03-10": 3794, "2026-03-11": 3832, "2026-03-12": 3883}
    assert sum(one.contracts[0].signed is None for one in releases) == 1325
    assert sum(one.contracts[0].suppliers[0].startswith("P-") for one in releases) == 803
    assert all(one.scope for one in releases)
