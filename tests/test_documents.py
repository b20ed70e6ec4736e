"""Reading files: encodings, bad input, metadata, offsets."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careo.base.errors import CareoError, InputError
from careo.sources.documents import read, read_all
from well_formed import check

SPANISH = (
    "¿Qué pasó en el año 2019?\n\nSegún la Secretaría, la región tuvo 1,500 víctimas de homicidio; el señor Muñoz añadió: “así no”.\n"
    "La situación empeoró después, según la investigación de la fiscalía, que no explicó por qué.\n"
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman", "utf-32"]
)
def test_every_usual_encoding_gives_the_same_text(encoding: str) -> None:
    assert read(SPANISH.encode(encoding)).text == SPANISH


def test_latin_1_without_typographic_quotes_is_read() -> None:
    text = SPANISH.replace("“", '"').replace("”", '"')
    assert read(text.encode("latin-1")).text == text


def test_newlines_stay_as_they_are_so_that_offsets_are_exact(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_bytes(b"One line.\r\nAnother line.\rA third.\n")
    document = read(page)
    assert document.text == "One line.\r\nAnother line.\rA third.\n"
    assert [document.text[b.start : b.end] for b in document.blocks] == [
        "One line.",
        "Another line.",
        "A third.",
    ]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "input_empty"),
        (b" \n\t\r\n", "input_empty"),
        ("﻿".encode(), "input_empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0", "input_binary"),
        (bytes(range(1, 32)) * 20, "input_binary"),
        (b"PK\x03\x04\x14\0\0\0\x08\0" * 50, "input_binary"),
        ("Привет, как дела? ".encode("koi8-r") * 20, "input_encoding"),
    ],
)
def test_what_is_no_page_is_refused_in_one_sentence(data: bytes, key: str) -> None:
    with pytest.raises(InputError) as caught:
        read(data, name="page.txt")
    assert caught.value.key == key
    assert str(caught.value).startswith("page.txt: ")
    assert "{" not in caught.value.render("es")


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    page = tmp_path / "huge.txt"
    with page.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    with pytest.raises(InputError) as caught:
        read(page)
    assert caught.value.key == "input_too_large" and "100 MB" in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path, key in ((tmp_path / "none.txt", "input_missing"), (tmp_path, "input_folder")):
        with pytest.raises(InputError) as caught:
            read(path)
        assert caught.value.key == key


def test_standard_input_is_read_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SPANISH.encode("cp1252"))))
    assert read("-").text == SPANISH


def test_a_folder_is_walked_in_order_of_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("c.txt", "a.md", "b/x.html", "skip.csv"):
        (tmp_path / name).write_text(
            "<p>One sentence of text.</p>" if name.endswith("html") else "One sentence of text."
        )
    assert [Path(d.source.key).name for d in read_all([tmp_path])] == ["a.md", "x.html", "c.txt"]
    with pytest.raises(InputError, match="no page"):
        (tmp_path / "empty").mkdir()
        list(read_all([tmp_path / "empty"]))


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Published 4 August 2018", date(2018, 8, 4)),
        ("Last Modified: 01 May 2013 10:12", date(2013, 5, 1)),
        ("March 3, 2021 5:02 pm", date(2021, 3, 3)),
        ("12 de marzo de 2021", date(2021, 3, 12)),
        ("Publicado el 7 julio, 2012 por Aurelio", date(2012, 7, 7)),
        ("2020-05-03", date(2020, 5, 3)),
    ],
)
def test_the_date_of_publication_is_read(line: str, day: date) -> None:
    english = "The ministry said that 40 officers will be sent to the coast before the end of the year.\n" * 3
    spanish = "La secretaría dijo que 40 agentes serán enviados a la costa antes de que termine el año.\n" * 3
    text = spanish if re.search(r"marzo|julio", line) else english
    assert read(f"Officers for the coast\n{line}\n\n{text}".encode()).published == day


def test_publication_goes_before_modification() -> None:
    body = "The ministry said that 40 officers will be sent to the coast before the end of the year.\n" * 2
    for head in (
        "Updated 9 May 2020\nPublished 3 May 2020",
        "Published 3 May 2020 | Updated 9 May 2020",
        "Updated: 9 May 2020\n3 May 2020",
    ):
        assert read(f"Officers for the coast\n{head}\n\n{body}".encode()).published == date(2020, 5, 3)


def test_title_publisher_and_language_are_read() -> None:
    text = "Habrá más agentes en la costa\n3 de mayo de 2020\n\n" + (
        "La secretaría dijo que 40 agentes serán enviados a la costa antes de que termine el año.\n"
        "Los vecinos piden que se queden hasta que bajen los robos en el puerto y en las playas.\n"
    )
    document = read((text + "© 2020 El Faro de la Costa. Todos los derechos reservados.").encode())
    assert (document.title, document.publisher, document.language) == (
        "Habrá más agentes en la costa",
        "El Faro de la Costa",
        "es",
    )


def test_reading_a_text_page_imports_no_parser_and_no_array_library() -> None:
    code = (
        "import sys; from careo.sources.documents import read; read(b'In 2018 there were 33,000 murders.');"
        "print([m for m in ('trafilatura','lxml','pypdf','httpx','numpy','pandas') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_any_bytes_give_a_document_or_a_careo_error(data: bytes) -> None:
    try:
        document = read(data)
    except CareoError as error:
        assert error.render("es")
    else:
        check(document)


_LINES = st.sampled_from(
    ["Read more: x", "By Ann Lee", "3 May 2020", "• item", "Comments", "Related", "The end of it was not what we had all hoped for.",
     "# Title", "> said", "1. one", "", "¿Qué?", "President Calderón said it.", "En 2020 hubo 35,000 víctimas.", "“Quote”", "a" * 300]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(_LINES, st.text(max_size=60)), max_size=40),
    st.sampled_from(["\n", "\r\n", "\n\n", "\r"]),
)
def test_any_text_gives_ordered_blocks_that_cover_it(lines: list[str], end: str) -> None:
    try:
        document = read(end.join(lines).encode("utf-8", "replace"))
    except InputError:
        return
    check(document)


def test_the_same_bytes_give_the_same_document() -> None:
    assert read(SPANISH.encode()) == read(SPANISH.encode())


def test_more_paragraphs_or_text_than_any_page_has_is_refused() -> None:
    for data in (b"word here\n\n" * 60_000, b"<p>w" * 60_000, b"word here and there " * 300_000):
        with pytest.raises(InputError) as caught:
            read(data, name="flood")
        assert caught.value.key == "input_too_long"
