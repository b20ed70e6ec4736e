"""PDF: paragraphs, page heads, and files that cannot be read."""

from __future__ import annotations

import io
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.base.errors import CareoError, InputError
from careo.sources.documents import Document, read
from well_formed import check

SENTENCES = [
    "The government said that it will spend more on prevention next year.",
    "The minister promised that homicides will fall by ten percent before the end of 2025, although experts doubt it.",
    "Nobody at the press conference could say how the money would be followed from the treasury to the towns.",
    "A report of the audit office found that half of the programmes of the last decade were never evaluated.",
]


def make_pdf(pages: int = 4) -> bytes:
    from reportlab.pdfgen import canvas

    stream = io.BytesIO()
    sheet = canvas.Canvas(stream, invariant=1)
    for page in range(pages):
        sheet.drawString(72, 810, "Quarterly Report on Security")
        at = 770
        if not page:
            sheet.drawString(72, at, "A Plan for Safer Streets")
            at -= 30
        for number in range(3):
            text = f"Paragraph {number} of sheet {page} begins here. " + " ".join(
                SENTENCES[number:] + SENTENCES[:page]
            )
            for line in textwrap.wrap(text, 80):
                sheet.drawString(72, at, line)
                at -= 14
            at -= 16
        sheet.drawString(300, 30, f"Page {page + 1} of {pages}")
        sheet.showPage()
    sheet.save()
    return stream.getvalue()


@pytest.fixture(scope="module")
def document() -> Document:
    return read(make_pdf(), name="report.pdf")


def test_pages_heads_and_numbers_are_told_from_the_text(document: Document) -> None:
    check(document)
    assert document.format == "pdf" and len(document.pages) == 4 and document.pages[0] == 0
    reasons = [b.reason for b in document.blocks]
    assert reasons.count("running_header") == 4 and reasons.count("page_number") == 4


def test_wrapped_lines_of_a_pdf_become_paragraphs(document: Document) -> None:
    body = [document.text[b.start : b.end] for b in document.blocks if b.label == "body"]
    assert sum(text.startswith("Paragraph") for text in body) >= 10
    assert document.title == "A Plan for Safer Streets"


@pytest.mark.parametrize("password", ["", "secret"])
def test_an_encrypted_pdf_opens_only_without_a_password(password: str) -> None:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf(1)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")  # noqa: S106 - a test file
    stream = io.BytesIO()
    writer.write(stream)
    if not password:
        assert "prevention" in read(stream.getvalue()).text
        return
    with pytest.raises(InputError) as caught:
        read(stream.getvalue(), name="closed.pdf")
    assert caught.value.key == "input_pdf_encrypted"


def test_a_pdf_without_text_is_refused() -> None:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    stream = io.BytesIO()
    writer.write(stream)
    with pytest.raises(InputError) as caught:
        read(stream.getvalue())
    assert caught.value.key == "input_pdf_no_text"


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", b"%PDF-1.4\n1 0 obj <<", make_pdf(1)[:700], b"%PDF-" + b"\xff" * 500]
)
def test_a_broken_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.key in ("input_pdf_broken", "input_pdf_no_text")


_WHOLE = make_pdf(1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(_WHOLE) - 1), st.binary(min_size=1, max_size=30))
def test_a_damaged_pdf_gives_a_document_or_a_careo_error(at: int, noise: bytes) -> None:
    try:
        check(read(_WHOLE[:at] + noise + _WHOLE[at + len(noise) :]))
    except CareoError as error:
        assert error.render("es")
