"""Files as publishers and portals send them: every cell as written, or one sentence that says what is wrong."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careo.base.errors import CareoError, DataError, InputError
from careo.sources import tables, unpacking
from careo.sources.formats import read, recognise
from careo.sources.tables import DataFile, open_data, repaired
from workbooks import write_workbook

CSV = "Año,Entidad,Enero\r\n2019,México,1\r\n2020,Yucatán,2\r\n"
# a workbook of 1997's format (BIFF8): the header of state case files and one row
OLD_WORKBOOK = (
    "c-rk)O^6gn6n-`TGw#gJ%>Ecx*fa}n;wk~jB^Mo6<EkOM@h6~2!1PSFOKb1c(%ZAJUi`~m0)c=h#f#u27o(T_ph9x<ASikegut%e"
    "3^@o29(2dAUiTEU>cIsg{`Bjquip2n->d3Z)zv+H<9ccC?8Ux$dQLV_oEDl{O10SpO14Fcg!X1rsjWJL(v0Mtl57SOnM%^7{I#^2"
    "Lp9&?6r&4?zkx(|QNE)|8k2R~c!RQu$6yLIhV?)}XJ9GN3LaINvBucN_$!}znQ<dqeqvmYbLYf9x?UL@`XXG#dt(FKRv;DkclNo%"
    "mUYxaSJf&$^0NreP13OEnC{!z(4Xj_bA)-@YS(SgbmyoW6L^juH4UPNtvmHEBeK6)yCB#fFSe&&Vm}#65FMrF_q@PoDNpwkswGL="
    "<Uw=Y6B-d8fvOTG8h#+L`)+p4X?y>cx{qlGI+khm5^Zwqx^b}K{bxBfX_yD>nr~XNK=iFMDGkfU&vkrRBHG=k`ipFcIVvsFRgsb^"
    "rtL|@9<i$)G+0JW@35+etDfT~6rWM_t47@kYS)q2HipOLlrMAW!JhOTdjjqV^G(ffKtm^Eayqa=|I(=idO`U$%&8jsx9h$=g#>+V"
    "8q*kzF=M!<u^q;7PmRr}NpDhOmBW9VoInK2k;OLMu%s)e)HQCFb;I-~Om&e58uqvv6$Lw8anVkf=N+H}Xi+EYCEf>$c$Pi+<-yI-"
    ">W<2OwjAZBTks5ArKXLVbWC}`xxg(k#x9g0*4Ho|=cp@L?_=!7^r9Zz(Gw~oC-|HnxOEWye9m&K@=2TiDfHQYcmB~od#|z@`uVN%"
    "hr7?;uAHR-Jd-W>tK$T%6>G)mQ%e4<v}zIVm;W%Xcwz6%#ERkAo8g1Llb%wJ)e>XCRCa`Bu`pKwi-W~AOMoRbOM)deOM#^{OM|5~"
    "%YbDx%YtP!%Yo%ITL!jFvktHh&GKM*%?e-z%{sw4H7kM@H7oJaVrA&%FgxP8>|8;MV2>X^rto?M`w7lVR~SWbUb;0?dFjzi<)v3M"
    "m6zpUS7;0@9cDL(T?)rnU@SBCGWId{GY&8gG7d3*#@DeSR;J&0d2Vcbo6Auokwg+nB#}h&VTuUfT;u%KM*N<Z;`g%PyUtUTh3GTM"
    "dn>z0;_&gubPLr{do;78_0vm9(TXKr(WmvjP{|(j?$IHt@;DAHdHv#_jcC7~S9UDEzFTOi{VyzKod0wG&j9z3IXD"
)


def rows(path: Path, header: int = 0) -> list[tuple[str | None, ...]]:
    with open_data(path) as file:
        return file.frame(file.sheets[0], header).drop(tables.SURPLUS).collect().rows()


def written(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def refused(path: Path) -> CareoError:
    with pytest.raises(CareoError) as caught, open_data(path) as file:
        layout, table = recognise(file)
        read(layout, table).rows.collect()
    assert str(path.name) in str(caught.value)
    assert len(caught.value.render("es").splitlines()[0]) < 400
    return caught.value


# --- encodings, delimiters, compression -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_encoding_and_delimiter_gives_the_same_cells(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = written(tmp_path / "a.csv", CSV.replace(",", delimiter), encoding)
    assert rows(path) == [("2019", "México", "1"), ("2020", "Yucatán", "2")]
    with open_data(path) as file:
        assert file.sheets[0].head[0] == ("Año", "Entidad", "Enero")
        assert file.lines == 3


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_are_read_and_broken_ones_named(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    whole = pack((CSV * 50).encode())
    assert len(rows(written(tmp_path / "a.csv.x", whole))) == 149
    assert refused(written(tmp_path / "b.csv.x", whole[:-9])).key == "table_broken"
    flipped = whole[:20] + bytes(255 - byte for byte in whole[20:40]) + whole[40:]
    assert refused(written(tmp_path / "c.csv.x", flipped)).key == "table_broken"


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_may_hold_one_table_among_notes(tmp_path: Path) -> None:
    assert (
        len(
            rows(
                zipped(tmp_path / "a.zip", {"d/x.csv": CSV.encode(), "__MACOSX/x": b"", "leeme.pdf": b"%PDF"})
            )
        )
        == 2
    )
    error = refused(zipped(tmp_path / "b.zip", {"2019.csv": CSV.encode(), "2020.csv": CSV.encode()}))
    assert error.key == "table_archive" and "2019.csv, 2020.csv" in error.found
    assert refused(zipped(tmp_path / "c.zip", {})).key == "table_archive"
    whole = zipped(tmp_path / "d.zip", {"x.csv": CSV.encode() * 99}).read_bytes()
    assert refused(written(tmp_path / "e.zip", whole[:60])).key == "table_broken"
    torn = bytearray(whole)
    torn[45:60] = bytes(15)
    assert refused(written(tmp_path / "f.zip", bytes(torn))).key == "table_broken"
    locked = bytearray(whole)
    locked[locked.index(b"PK\1\2") + 8] |= 1
    assert refused(written(tmp_path / "g.zip", bytes(locked))).key == "table_locked"


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_SMALL", 1 << 20)
    bomb = bytes(8 << 20)
    for name, content in (
        ("a.gz", gzip.compress(bomb)),
        ("a.bz2", bz2.compress(bomb)),
        ("a.xz", lzma.compress(bomb)),
    ):
        assert refused(written(tmp_path / name, content)).key == "table_bomb"
    assert refused(zipped(tmp_path / "a.zip", {"x.csv": bomb})).key == "table_bomb"
    workbook = write_workbook(tmp_path / "a.xlsx", {"a": [["Año"]]})
    with zipfile.ZipFile(workbook, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", bomb)
    assert refused(workbook).key == "table_bomb"


def test_a_table_that_shrinks_a_hundredfold_is_no_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_SMALL", 1 << 16)
    lines = "".join(f"2019,{place},0,0,0,0,0,0,0,0,0,0,0,0\n" for place in range(5000))
    assert len(rows(written(tmp_path / "a.gz", gzip.compress(lines.encode())), -1)) == 5000


# --- what is no table -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "key", "word"),
    [
        (b"", "input_empty", "no text"),
        (b"  \r\n\r\n", "input_empty", "no text"),
        (b"%PDF-1.7 ...", "table_format", "no table"),
        (b"\x89PNG\r\n\x1a\n\0\0", "table_format", "no table"),
        (bytes(range(256)) * 9, "table_format", "no table"),
        (b'{"error": "not found"}', "table_format", "no table"),
        (b"<!DOCTYPE html><html><head><title>Error 404 - gob.mx</title>", "table_page", "Error 404 - gob.mx"),
        (b"\xef\xbb\xbf\n <HTML><body><table><tr><td>A\xf1o</td></tr></table>", "table_page", "web page"),
        (b'<?xml version="1.0"?><Workbook>', "table_page", "web page"),
        (b"PK\x03\x04 and nothing", "table_broken", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(900), "table_broken", "damaged"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "table_locked", "password"),
        (b"PAR1 and nothing PAR1", "table_broken", "damaged"),
        (b"a,b\n1,2\n" + b"x,y\n" * 300_000 + b"1,\0", "table_nul", "NUL"),
        (b"una sola columna\n1\n2\n", "layout_unknown", "una sola columna"),
        (b"nombre,correo\n1,2\n", "layout_unknown", "nombre, correo"),
    ],
)
def test_what_is_no_table_ends_in_one_sentence(tmp_path: Path, content: bytes, key: str, word: str) -> None:
    for name in ("datos.csv", "datos.xls"):
        error = refused(written(tmp_path / name, content))
        assert error.key == key
        assert word in str(error)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert refused(tmp_path / "nichts.csv").key == "input_missing"
    assert refused(tmp_path).key == "table_folder"


def test_a_quotation_mark_that_does_not_close_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'Año,Entidad,Enero\n2019,x,1\n2020,"y,2\n2021,z,3\n')
    with (
        pytest.raises(InputError, match=r"a\.csv:3: a quotation mark"),
        open_data(path) as file,
        tables.readable(file),
    ):
        file.frame(file.sheets[0], 0).collect()


# --- cells ------------------------------------------------------------------------------------------------------------


def test_a_quoted_line_break_stays_in_its_cell_and_lines_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'nota\n"dos\nlíneas",b\nAño,Entidad\n2019,"a\r\nb"\n2020,c')
    assert rows(path, 2) == [("2019", "a\r\nb"), ("2020", "c")]
    with open_data(path) as file:
        assert file.line_of(3) == 4
        assert file.last_line() == "2020,c"
        assert file.lines == 7


def test_old_line_ends_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", CSV.replace("\r\n", "\r"))
    assert rows(path) == [("2019", "México", "1"), ("2020", "Yucatán", "2")]


def test_semicolons_with_decimal_commas_are_read_as_decimals(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", "Año;Tasa;Nota\n2019;12,5;a, b\n2020;1.119,25;1,119\n2021;1.119;0,125\n"
    )
    assert rows(path) == [("2019", "12.5", "a, b"), ("2020", "1119.25", "1.119"), ("2021", "1119", "0.125")]


def test_a_comma_before_three_figures_shows_no_decimals(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "Año;Casos\n2019;1,119\n2020;12,345\n")
    assert rows(path) == [("2019", "1,119"), ("2020", "12,345")]
    quoted = written(tmp_path / "b.csv", 'Año,Casos\n2019,"12,5"\n')
    assert rows(quoted) == [("2019", "12,5")]


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("MÃ©xico", "México"),
        ("MichoacÃ¡n de Ocampo", "Michoacán de Ocampo"),
        ("AÃ±o", "Año"),
        ("EXTORSIÃ“N", "EXTORSIÓN"),
        ("Ã\x81lvaro ObregÃ³n", "Álvaro Obregón"),
        ("México (MÃ©xico)", "México (México)"),
        ("2015 â€“ 2025", "2015 – 2025"),
        ("São Paulo", "São Paulo"),
        ("Â", "Â"),
    ],
)
def test_letters_read_wrongly_are_read_again(broken: str, whole: str) -> None:
    assert repaired(broken) == whole


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_cells_read_wrongly_are_repaired_in_every_format(tmp_path: Path, encoding: str) -> None:
    table = [["Año", "Entidad"], ["2019", "MÃ©xico"], ["2020", "Yucatán"]]
    text = "\n".join(",".join(row) for row in table)
    pl.DataFrame(table[1:], schema=table[0], orient="row").write_parquet(tmp_path / "a.parquet")
    for path in (
        written(tmp_path / "a.csv", text, encoding),
        write_workbook(tmp_path / "a.xlsx", {"a": table}),
        tmp_path / "a.parquet",
    ):
        assert rows(path) == [("2019", "México"), ("2020", "Yucatán")]
        with open_data(path) as file:
            assert file.misread_cells(file.sheets[0], 0)


# --- workbooks and Parquet ----------------------------------------------------------------------------------------------


def test_a_workbook_with_titles_above_and_blank_rows_is_cut_at_its_header(tmp_path: Path) -> None:
    table = [["INCIDENCIA DELICTIVA", None], [None, None], ["Año", "Enero"], [2019, 12345678], [2020, 0.5]]
    path = write_workbook(
        tmp_path / "a.xlsx",
        {"vacía": [], "datos": table, "oculta": table},
        hidden=["oculta"],
        first_row=4,
        first_column=2,
    )
    with open_data(path) as file:
        shown, hidden = file.sheets
        assert (shown.name, shown.hidden, hidden.hidden) == ("datos", False, True)
        assert shown.head[2] == ("Año", "Enero")
    assert rows(path, 2) == [("2019", "12345678"), ("2020", "0.5")]


def test_the_old_binary_workbook_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xls", zlib.decompress(base64.b85decode(OLD_WORKBOOK)))
    with open_data(path) as file:
        layout, table = recognise(file)
        assert layout.key == "sesnsp_state_cases"
        assert read(layout, table).rows.select("year", "place", "m12").collect().row(0) == (2018, "01", 11.0)


def test_a_torn_workbook_is_named(tmp_path: Path) -> None:
    whole = write_workbook(tmp_path / "a.xlsx", {"a": [["Año", "Enero"]] * 300}).read_bytes()
    assert refused(written(tmp_path / "b.xlsx", whole[: len(whole) // 2])).key == "table_broken"
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/sheet1.xml"] = parts["xl/sheet1.xml"][:200]
    assert isinstance(refused(zipped(tmp_path / "c.xlsx", parts)), InputError | DataError)


def test_torn_and_nested_parquet_is_named(tmp_path: Path) -> None:
    frame = pl.DataFrame({"Año": [2019] * 500, "Enero": range(500), "lista": [[1]] * 500})
    frame.drop("lista").write_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    assert rows(tmp_path / "a.parquet")[1] == ("2019", "1")
    for torn in (whole[:-20], whole[:4] + b"\xff" * 80 + whole[84:], whole[:40]):
        path = written(tmp_path / "b.parquet", torn)
        with pytest.raises(InputError, match="damaged"), open_data(path) as file, tables.readable(file):
            file.frame(file.sheets[0], 0).collect()
    frame.write_parquet(tmp_path / "c.parquet")
    error = refused(tmp_path / "c.parquet")
    assert error.key == "table_nested" and error.found == "lista"


# --- anything at all ----------------------------------------------------------------------------------------------------

_ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _no_traceback(path: Path) -> None:
    try:
        with open_data(path) as file:
            layout, table = recognise(file)
            with tables.readable(file):
                read(layout, table).rows.collect()
    except CareoError as error:
        assert error.render("es")


def _cells(file: DataFile) -> list[tuple[str | None, ...]]:
    with tables.readable(file):
        return file.frame(file.sheets[0], -1).drop(tables.SURPLUS).collect().rows()


@_ANY
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"BZh9", b"\xd0\xcf\x11\xe0", b"\xff\xfe"]),
)
def test_no_bytes_end_in_a_traceback(tmp_path: Path, content: bytes, start: bytes) -> None:
    _no_traceback(written(tmp_path / "a.csv", start + content))


_HEADER = (
    "Año,Clave_Ent,Entidad,Bien jurídico afectado,Tipo de delito,Subtipo de delito,Modalidad,Enero,Febrero,Marzo,Abril,Mayo,"
    "Junio,Julio,Agosto,Septiembre,Octubre,Noviembre,Diciembre\n"
)


@_ANY
@given(
    st.lists(st.text('0129,;."\n\r\t éÃ©�-x', max_size=60), max_size=8),
    st.sampled_from(["utf-8", "cp1252", "utf-16"]),
)
def test_no_rows_below_a_known_header_end_in_a_traceback(
    tmp_path: Path, lines: list[str], encoding: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((_HEADER + "\n".join(lines)).encode(encoding, errors="replace"))
    _no_traceback(path)


@_ANY
@given(st.integers(0, 3000), st.integers(0, 255))
def test_no_changed_byte_of_a_workbook_ends_in_a_traceback(tmp_path: Path, place: int, byte: int) -> None:
    row = ["2019", "1", "Aguascalientes", "a", "b", "c", "d", *map(str, range(12))]
    path = write_workbook(tmp_path / "a.xlsx", {"a": [_HEADER.strip().split(","), row]})
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(bytes(content))
    _no_traceback(path)


def test_an_archive_whose_member_has_lost_its_name_is_damaged(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"table.csv": CSV.encode()})
    path.write_bytes(path.read_bytes().replace(b"table.csv", b"\0able.csv"))
    assert refused(path).key == "table_broken"


_CELL = st.text(
    st.characters(codec="utf-8", exclude_characters='",;|\t\r\n\0"', exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=8,
)


@_ANY
@given(st.lists(st.tuples(_CELL, _CELL, _CELL), min_size=2, max_size=6))
def test_cells_come_back_as_written(tmp_path: Path, table: list[tuple[str, str, str]]) -> None:
    table = [tuple(repaired(cell).strip() or "x" for cell in row) for row in table]  # type: ignore[misc]
    content = "\n".join(",".join(row) for row in table) + "\n"
    if content.lstrip()[:1] in "<{[%" or content.startswith("\ufeff"):
        return
    with open_data(written(tmp_path / "a.csv", content)) as file:
        assert [tuple((cell or "").strip() for cell in row) for row in _cells(file)] == table
