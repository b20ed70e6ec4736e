"""Broken and hostile files of purchases: what cannot be read is named, what stands around it counts, nothing is held, nobody is told."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from careo.base.errors import CareoError
from careo.base.texts import say, sentences
from careo.sources.packages import read_packages
from careo.sources.releases import Refused, packed
from purchase_files import (
    CONTRACT,
    CONTRACT_COLUMNS,
    TENDER,
    TENDER_COLUMNS,
    TERMS,
    as_lines,
    packages,
    release,
    table,
    whole,
)

GOOD = as_lines({"ocid": "good", "id": "1"})


def told(refused: Refused) -> tuple[str, str]:
    """The reason as a user reads it, in both languages."""
    return tuple(
        say(language, f"watch.refused.{refused.reason}", detail=refused.detail) for language in ("en", "es")
    )  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("line", "pointer", "english", "spanish"),
    [
        (b"{", "", "no JSON", "no es JSON"),
        (b'{"ocid": "x"} {"ocid": "y"}', "", "no JSON (character 15)", "carácter 15"),
        (b"17", "", "must be an object", "debe ser un objeto"),
        (b'"text"', "", "must be an object", "debe ser un objeto"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "ocid": "x"}', "", "nested too deeply", "demasiado hondo"),
        (b'{"ocid": "a\0b"}', "", "NUL bytes", "bytes NUL"),
        (b'{"id": "1"}', "", "no ocid", "no tiene ocid"),
        (b'{"ocid": {}, "id": "1"}', "/ocid", "another type than the standard's (found: {})", "otro tipo que el del estándar"),
        (b'{"ocid": true}', "/ocid", "another type", "otro tipo"),
        (b'[{"ocid": "x", "id": "1"}, 3]', "/1", "another type", "otro tipo"),
        (b'{"releases": [{"id": "1"}]}', "/releases/0", "no ocid", "no tiene ocid"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_costs_no_other(line, pointer, english, spanish):
    releases, refused = whole(GOOD + line + b"\n" + GOOD)
    assert [one.process for one in releases if one.process == "good"] == ["good", "good"]
    first = refused[0]
    assert (first.line, first.pointer) == (2, pointer)
    assert english in told(first)[0]
    assert spanish in told(first)[1]
    if line[:1] in b"{[":
        assert whole(line + b"\n" + GOOD)[0][-1].process == "good"  # also where it is the first


AMOUNT = '{"ocid": "x", "id": "1", "contracts": [{"id": "1", "value": {"amount": %s, "currency": "MXN"}}]}\n'


@pytest.mark.parametrize(
    "amount",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "1e30",
        "1" * 30,
        "1" * 5000,
        '"x"',
        '"NaN"',
        '"-inf"',
        "true",
        "[]",
    ],
)
def test_an_amount_that_is_none_is_left_out_and_the_rest_counts(amount):
    [read], [refused] = whole((AMOUNT % amount).encode())
    assert read.contracts[0].amount is UNSET
    assert read.contracts[0].currency == "MXN"
    assert refused.pointer == "/contracts/0/value/amount"
    assert refused.reason in ("amount", "shape")
    assert "x" not in refused.detail


@pytest.mark.parametrize(
    ("change", "pointer", "reason"),
    [
        ({"tender": "none"}, "/tender", "shape"),
        ({"tender": []}, "/tender", "shape"),
        ({"awards": {"id": "1"}}, "/awards", "shape"),
        ({"awards": ["1"]}, "/awards/0", "shape"),
        ({"contracts": [{"id": ["1"]}]}, "/contracts/0/id", "shape"),
        ({"parties": [{"id": "1", "roles": "buyer"}]}, "/parties/0/roles", "shape"),
        ({"date": 20260301}, "/date", "shape"),
        ({"date": "soon"}, "/date", "date"),
        ({"date": "2026-02-30"}, "/date", "date"),
        ({"date": "99999-01-01"}, "/date", "date"),
        ({"date": "9999-12-31T23:59:59-14:00"}, "/date", "date"),
        ({"tender": {"tenderPeriod": {"endDate": "0000-00-00"}}}, "/tender/tenderPeriod/endDate", "date"),
        ({"tender": {"status": "odd"}}, "/tender/status", "code"),
        ({"tender": {"numberOfTenderers": -1}}, "/tender/numberOfTenderers", "count"),
        ({"tender": {"numberOfTenderers": 1.5}}, "/tender/numberOfTenderers", "count"),
        ({"tender": {"numberOfTenderers": 10**30}}, "/tender/numberOfTenderers", "count"),
        ({"bids": {"details": [{"id": "1", "date": "x"}]}}, "/bids/details/0/date", "date"),
        ({"contracts": [{"id": "1", "value": {"currency": "pesos"}}]}, "/contracts/0/value/currency", "code"),
    ],
)  # fmt: skip
def test_a_part_that_is_not_as_the_standard_has_it_is_named_and_the_rest_counts(change, pointer, reason):
    [read], [refused] = whole(as_lines(release(**change)))
    assert (read.process, read.id) == ("ocds-toys-1", "1")
    assert (refused.pointer, refused.reason) == (pointer, reason)
    whole_package, [within] = whole(json.dumps({"releases": [release(**change)]}, indent=1).encode())
    assert (whole_package, within.pointer) == ([read], f"/releases/0{pointer}")


def test_ragged_releases_and_large_documents_give_the_same(monkeypatch):
    data = json.dumps(
        {"releases": [release(), release(tender="x"), 3, release(date="soon"), {}]}, indent=1
    ).encode()
    expected = whole(data)
    monkeypatch.setattr("careo.sources.packages._HELD", 2000)
    assert whole(data)[0] == expected[0]
    assert [one.pointer for one in whole(data)[1]] == [
        one.pointer for one in sorted(expected[1], key=lambda one: one.pointer)
    ]


def test_of_keys_that_stand_twice_the_last_one_counts_as_everywhere():
    assert [one.id for one in whole(b'{"ocid": "x", "id": "1", "id": "2"}\n')[0]] == ["2"]
    assert [one.id for one in whole(b'{"ocid": "x", "id": "1", "id": "2", "tender": ""}\n')[0]] == ["2"]


def test_json_in_windows_1252_and_bytes_that_are_no_text():
    name = "Secretaría de Juguetes"
    [read], refused = whole(json.dumps(release(), ensure_ascii=False).encode("cp1252") + b"\n" + b"")
    assert (read.buyer_name, refused) == (name, [])
    releases, _ = whole(b'{"ocid": "x\x81\xff\xfe", "id": "1"}\n' + GOOD)
    assert len(releases) == 2
    releases, _ = whole(b'{"ocid": "\\ud800", "id": "1"}\n' + GOOD)
    assert [one.process for one in releases] == ["\ufffd", "good"]  # half a character


class Endless(io.RawIOBase):
    """Bytes that are made while they are read."""

    def __init__(self, *pieces: tuple[bytes, int]) -> None:
        self.pieces = list(pieces)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self.pieces:
            return b""
        piece, times = self.pieces.pop(0)
        many = min(times, max(1, size // len(piece)))
        if times > many:
            self.pieces.insert(0, (piece, times - many))
        return piece * many


MIB = b"x" * (1 << 20)


@pytest.mark.parametrize("before", [GOOD, b""])
def test_a_line_of_a_gigabyte_is_skipped_and_never_held(before):
    stream = Endless((before or b"\n", 1), (b'{"ocid": "', 1), (MIB, 1024), (b'"}\n', 1), (GOOD, 1))
    tracemalloc.start()
    try:
        releases, refused = whole(stream, largest_line=4 << 20)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [one.process for one in releases] == ["good"] * (2 if before else 1)
    assert [(one.line, one.reason) for one in refused] == [(2, "line_long")]
    assert told(refused[0]) == ("the line is longer than 4 MiB", "la línea mide más de 4 MiB")
    assert held < 150 << 20  # head of 32 MiB, doubled while it grows


def test_one_element_of_a_large_document_that_is_too_large_ends_it_and_is_never_held(monkeypatch, tmp_path):
    monkeypatch.setattr("careo.sources.packages._HELD", 1 << 20)
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.write(b'{"releases": [{"ocid": "one", "id": "1"},\n {"ocid": "two", "title": "')
        for _ in range(40):
            file.write(MIB)
        file.write(b'"}, {"ocid": "three", "id": "1"}]}')
    tracemalloc.start()
    try:
        releases, refused = whole(path, largest_line=4 << 20)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [one.process for one in releases] == ["one"]
    assert [one.reason for one in refused] == ["element_long"]
    assert held < 24 << 20


def test_a_large_document_is_never_held(monkeypatch, tmp_path):
    monkeypatch.setattr("careo.sources.packages._HELD", 1 << 20)
    path = tmp_path / "a.json.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"uri": "x", "releases": [\n')
        for number in range(8000):
            file.write(
                (b"," if number else b"")
                + json.dumps({"ocid": f"o{number}", "id": "1", "title": "x" * 4000}).encode()
            )
        file.write(b'], "publishedDate": "2026-01-01T00:00:00Z"}')
    tracemalloc.start()
    try:
        count = sum(1 for package in read_packages(path, terms=TERMS) for _ in package.sightings)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 8000
    assert held < 16 << 20


@pytest.mark.parametrize("rest", [b"", b'{"ocid": "thr'])
@pytest.mark.parametrize("document", [False, True])
def test_of_a_file_that_was_cut_off_all_before_the_cut_counts(rest, document):
    many = [
        {"ocid": f"o{number}", "id": str(number), "title": f"{number * 7919 % 10007}"}
        for number in range(5000)
    ]
    data = json.dumps({"releases": many}, indent=1).encode() if document else as_lines(*many)
    complete = gzip.compress(data, 1)
    releases, refused = whole(complete[: len(complete) // 2] if not rest else complete[:-12])
    assert 1000 < len(releases) <= 5000
    assert [one.process for one in releases] == [f"o{number}" for number in range(len(releases))]
    assert [one.reason for one in refused] == ["cut"]
    assert told(refused[0]) == (
        "the file is cut off; what stands before counts",
        "el archivo está cortado; lo que está antes cuenta",
    )
    broken = bytearray(complete)
    broken[len(broken) // 2 : len(broken) // 2 + 40] = b"\xff" * 40
    assert whole(bytes(broken))[1][-1].reason in ("damaged", "json", "json_rest", "cut")


def test_a_document_that_breaks_gives_what_stands_before():
    data = json.dumps(
        {"releases": [{"ocid": f"o{number}", "id": "1"} for number in range(10)]}, indent=1
    ).encode()
    releases, refused = whole(data[:-60])
    assert 5 < len(releases) < 10
    assert [one.reason for one in refused] == ["json_rest"]
    assert "broken here" in told(refused[0])[0]


def test_a_bomb_is_not_unpacked():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(
        [packer.compress(GOOD), *(packer.compress(b"\n" * (1 << 20)) for _ in range(200)), packer.flush()]
    )
    releases, refused = whole(bomb)
    assert len(releases) == 1
    assert [one.reason for one in refused] == ["bomb"]
    assert "far more than data does" in told(refused[0])[0]


@pytest.mark.parametrize(
    ("data", "reason", "english", "spanish"),
    [
        (b"", "empty", "nothing in it", "no contiene nada"),
        (b"\n \n", "empty", "nothing in it", "no contiene nada"),
        (gzip.compress(b"", mtime=0), "empty", "nothing in it", "no contiene nada"),
        (b"\xef\xbb\xbf", "empty", "nothing", "nada"),
        (b"\x1f\x8b", "cut", "cut off", "cortado"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 40, "damaged", "damaged", "dañado"),
        (b"PK\x03\x04abc", "archive", "unpack it first", "descomprímalo"),
        (b"\xd0\xcf\x11\xe0abc", "workbook", "save its table as CSV", "guarde su tabla como CSV"),
        (b"<!doctype html><p>ana@example.org", "page", "web page", "página web"),
        (b"%PDF-1.7", "format", "neither JSON nor a table", "no es JSON ni una tabla"),
        (b"hello, world\n1,2\n", "unknown", "no table that careo knows", "ninguna tabla que careo conozca"),
        (b"a\0b,c\n", "nul", "NUL", "NUL"),
        (table([name for name in CONTRACT_COLUMNS if name != "Clave de la UC"], [CONTRACT]), "column", "no column 'clave_de_la_uc'", "no tiene la columna 'clave_de_la_uc'"),
        (table([name for name in TENDER_COLUMNS if name != "Fecha apertura"], [TENDER]), "column", "no column 'fecha_apertura'", "'fecha_apertura'"),
        (table(CONTRACT_COLUMNS, [CONTRACT]) + b"\0", "nul", "NUL", "NUL"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_data_has_one_reason(data, reason, english, spanish):
    for source in (data, io.BytesIO(data)):
        releases, [refused] = whole(source)
        assert (releases, refused.reason) == ([], reason)
        assert english in told(refused)[0]
        assert spanish in told(refused)[1]


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(CareoError):
        list(read_packages(tmp_path / "none.jsonl", terms=TERMS))


def test_rows_that_cannot_be_read_cost_no_other():
    rows = [{**CONTRACT, "Número de procedimiento": f"AA-{number}"} for number in range(8)]
    lines = table(CONTRACT_COLUMNS, rows).split(b"\r\n")
    lines[2] += b",one,two"
    lines[3] = b"one,two"
    lines[5] = lines[5].replace(b"AA-4", b'"AA-4')
    releases, refused = whole(b"\r\n".join(lines))
    assert [one.process for one in releases] == [f"local-comprasmx-AA-{number}" for number in (0, 3, 5, 6, 7)]
    assert [(one.line, one.reason, one.detail) for one in refused] == [
        (3, "cells", "20/18"),
        (4, "cells", "2/18"),
        (6, "quotes", ""),
    ]
    assert told(refused[0])[0] == "the row has another number of cells than the header (20/18)"
    assert "comillas quedan sin cerrar" in told(refused[2])[1]


def test_a_quote_that_is_closed_by_that_of_another_row_costs_only_its_own():
    rows = [{**CONTRACT, "Número de procedimiento": f"AA-{number}", "Descripción del contrato": "uno, dos\ny tres" if number % 2 else ""} for number in range(6)]  # fmt: skip
    good = table(CONTRACT_COLUMNS, rows)
    assert len(whole(good)[0]) == 6
    broken = good.replace(b"AA-2", b'"AA-2')
    releases, refused = whole(broken)
    assert [one.process[-1] for one in releases] == ["0", "1", "3", "4", "5"]
    assert {one.reason for one in refused} <= {"quotes", "cells"}


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("Importe DRC", "NaN", "amount"),
        ("Importe DRC", "1e400", "amount"),
        ("Importe DRC", "9" * 400, "amount"),
        ("Fecha de fallo", "2026-02-30", "date"),
        ("Fecha de fallo", "31/02/2026", "date"),
        ("Fecha de fallo", "01/01/20260", "date"),
        ("Tipo de contratación", "MAGIA", "code"),
        ("Tipo Procedimiento", "MAGIA", "code"),
        ("Dirección del anuncio", "javascript:alert(1)", "address"),
        ("Dirección del anuncio", "https://example.org/?rfc=GOPA800101AB1", "address"),
        ("Dirección del anuncio", "https://ana@example.org/", "address"),
        ("Nombre de la UC", "informes: ana@example.org", "private"),
    ],
)
def test_a_cell_that_cannot_be_read_is_left_out_and_named(column, cell, reason):
    [read], [refused] = whole(table(CONTRACT_COLUMNS, [{**CONTRACT, column: cell}]))
    assert read.process.endswith("AA-50-GYR-050GYR006-T-7-2026")
    assert (refused.line, refused.reason) == (2, reason)
    assert cell not in f"{refused}"


def test_a_table_that_was_cut_off_loses_its_half_row():
    rows = [{**CONTRACT, "Número de procedimiento": f"AA-{number}"} for number in range(3000)]
    data = gzip.compress(table(CONTRACT_COLUMNS, rows), 1)
    releases, refused = whole(data[: len(data) // 2])
    assert 500 < len(releases) < 2500
    assert [one.reason for one in refused] == ["cut"]
    assert {one.contracts[0].amount for one in releases} == {3478462}


def test_the_rows_of_a_table_are_never_held(tmp_path):
    path = tmp_path / "a.csv"
    row = (
        table(CONTRACT_COLUMNS, [{**CONTRACT, "Descripción del contrato": "x" * 15_000}]).split(b"\r\n")[1]
        + b"\r\n"
    )
    path.write_bytes(table(CONTRACT_COLUMNS, []) + row * 2000)
    tracemalloc.start()
    try:
        [package] = read_packages(path, terms=TERMS)
        assert (package.table, sum(1 for _ in package.sightings)) == (True, 2000)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held < 12 << 20 < path.stat().st_size


# --- privacy ----------------------------------------------------------------------------------------------------------

PERSONAL = re.compile(
    rb"(?i)@|ana |g[\xc3\xb3o]+mez|eva ruiz|5512345678|55 1234|[A-Z\xd1&]{4}\d{6}[A-Z0-9]{3}(?![A-Z0-9])|calle 1|responsable"
)
PERSONS = [
    "GOPA800101AB1",
    "gopa-800101-ab1",
    "MX-RFC-GOPA800101AB1",
    "GOPA800101HDFRRN09",
    "",
    "ana@example.org",
    "17",
]


def scanned(source: bytes) -> None:
    found = packages(source)
    assert sum(len(many) for _, many in found)
    for package, many in found:
        for sighting in many:
            assert not PERSONAL.search(packed(sighting.release)), sighting
        for refused in package.refused:
            assert not PERSONAL.search(repr(refused).encode()), refused


@pytest.mark.parametrize("id", PERSONS)
def test_nobody_is_told_in_what_is_kept_of_releases(id):
    party = {"id": id, "name": "Ana Gómez", "identifier": {"id": id, "legalName": "Ana Gómez"}, "roles": ["supplier"], "contactPoint": {"name": "Ana Gómez", "email": "ana@example.org", "telephone": "55 1234 5678"}, "address": {"streetAddress": "Calle 1"}}  # fmt: skip
    said = release(
        parties=[party],
        buyer={"id": "B", "name": "Secretaría (ana@example.org)"},
        bids={"details": [{"id": f"bid-{id}", "tenderers": [party]}]},
        awards=[{"id": f"award-{id}", "title": "para Ana Gómez", "suppliers": [party], "items": [{"classification": {"id": "GOPA800101AB1"}}]}],
        contracts=[{"id": f"c-{id}", "awardID": f"award-{id}", "description": "Ana Gómez"}],
        tender={"title": "Ana Gómez", "procurementMethodDetails": "Directa a ana@example.org", "procurementMethodRationale": "Art. 3, pide ana@example.org", "procuringEntity": {"id": "GOPA800101AB1", "name": "Of. GOPA800101AB1"}},
    )  # fmt: skip
    scanned(as_lines(said, {**said, "ocid": "ocds-GOPA800101AB1", "id": "GOPA800101AB1-1"}))
    scanned(json.dumps({"releases": [said], "publisher": {"name": "Ana Gómez"}}, indent=1).encode())
    scanned(as_lines({**said, "tender": "Ana Gómez", "awards": "ana@example.org"}))


@pytest.mark.parametrize("id", PERSONS)
def test_nobody_is_told_in_what_is_kept_of_tables(id):
    row = {**CONTRACT, "rfc": id, "Proveedor o contratista": "Ana Gómez", "Descripción del contrato": "para Ana Gómez", "Responsable de la UC": "Ana Gómez", "Correo": "ana@example.org"}  # fmt: skip
    scanned(table([*CONTRACT_COLUMNS, "Responsable de la UC", "Correo"], [row]))
    scanned(table(TENDER_COLUMNS, [TENDER]))


@given(st.binary(max_size=300))
def test_any_bytes_end_in_packages(data):
    whole(data)
    whole(b"{" + data)
    whole(GOOD + data)
    whole(table(CONTRACT_COLUMNS, [CONTRACT]) + data)
    whole(b"\x1f\x8b\x08\x00" + data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["2026-01-01", "1"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["ocid", "id", "date", "tag", "parties", "roles", "identifier", "buyer", "name", "tender", "tenderPeriod", "startDate", "items", "classification", "bids", "details", "tenderers", "value", "amount", "currency", "awards", "suppliers", "contracts", "period", "releases", "records", "compiledRelease", "url", "numberOfTenderers", "status"]), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@given(st.lists(JSON, min_size=1, max_size=3))
def test_any_json_ends_in_packages_the_same_way_in_a_document_and_on_lines(values):
    given_lines, _ = whole(as_lines(*values))
    document, _ = whole(b"[\n" + b",\n".join(json.dumps(value).encode() for value in values) + b"]")
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    if flat == values:
        assert given_lines == document
    for one in given_lines:
        packed(one)


@pytest.mark.parametrize("first", ["null", "7", '"releases"', "releases of today"])
def test_a_first_line_that_is_no_release_is_refused_by_itself(first):
    found, refused = whole(f"{first}\n".encode() + b'{"ocid": "good", "id": "1"}\n')
    assert [one.process for one in found] == ["good"]
    assert [one.line for one in refused] == [1]


def test_every_reason_has_words_in_both_languages():
    import ast
    from pathlib import Path

    import careo.sources as sources

    folder = Path(sources.__path__[0])
    files = [folder / f"{name}.py" for name in ("packages", "byte_stream")] + [
        folder / "formats" / f"{name}.py" for name in ("ocds", "ocds_shapes", "purchase_table", "comprasmx")
    ]
    words = {node.value for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
    reasons = {
        key.removeprefix("watch.refused.")
        for key in sentences("en", "watch")
        if key.startswith("watch.refused.")
    }
    reasons -= {"shrunk", "cut_table"}  # of the watch, which knows the edition before
    assert reasons <= words, reasons - words  # none is left over
    assert reasons | {"shrunk", "cut_table"} == {
        key.removeprefix("watch.refused.")
        for key in sentences("es", "watch")
        if key.startswith("watch.refused.")
    }
