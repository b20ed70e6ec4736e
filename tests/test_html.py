"""HTML: main text, exact places, hostile mark-up."""

from __future__ import annotations

import contextlib
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.base.errors import CareoError
from careo.sources.documents import Document, locate, read
from well_formed import check

PAGE = """<!DOCTYPE html><html lang="es"><head><meta charset="utf-8"><title>Sube la violencia | El Faro</title>
<meta property="og:site_name" content="El Faro"><meta property="article:modified_time" content="2020-06-01">
<meta property="article:published_time" content="2020-05-03T10:00:00-05:00">
<script>document.write("<p>no debe leerse</p>")</script><style>p { color: red }</style></head><body>
<nav><ul><li><a href="/">Inicio</a><li><a href="/p">Política</a></ul></nav>
<article><h1>Sube la violencia &amp; baja el gasto</h1><p class="by">Por Juan Pérez</p>
<p>El gobierno del estado inform&oacute; que los homicidios subieron 12% en el primer trimestre, mientras que el
  gasto en prevenci&#243;n cay&oacute; a la mitad, seg&uacute;n la cuenta p&uacute;blica.</p>
<p>La secretaria de Seguridad dijo que <b>en seis meses</b> habr&aacute; 500 polic&iacute;as m&aacute;s en las calles y que
se instalar&aacute;n c&aacute;maras en todas las salidas de la ciudad.</p><!-- <p>tampoco esto</p> -->
<figure><img src=x onerror=alert(1)><figcaption>Policías en la plaza. Foto: Archivo</figcaption></figure>
<p>Los vecinos piden que se publiquen las cifras cada mes, pues dicen que no conf&iacute;an en los informes que se
presentan ante el congreso.</p></article>
<aside><h3>Te puede interesar</h3><a href=x>Otra nota sobre el clima de mañana en la costa</a></aside>
<footer>© 2020 El Faro. Todos los derechos reservados.</footer></body></html>"""


@pytest.fixture(scope="module")
def document() -> Document:
    return read(PAGE.encode(), name="page.html")


def test_main_text_is_found_and_the_rest_is_not(document: Document) -> None:
    body = [document.text[b.start : b.end] for b in document.blocks if b.label == "body"]
    assert (
        len(body) == 3
        and body[0].startswith("El gobierno del estado informó que")
        and body[2].endswith("el congreso.")
    )


def test_scripts_styles_and_comments_are_not_text(document: Document) -> None:
    assert "no debe" not in document.text and "tampoco" not in document.text and "color" not in document.text


def test_metadata_is_read_and_publication_goes_before_modification(document: Document) -> None:
    assert (document.title, document.publisher, document.published, document.language, document.format) == (
        "Sube la violencia & baja el gasto",
        "El Faro",
        date(2020, 5, 3),
        "es",
        "html",
    ) or document.title == "Sube la violencia | El Faro"


def test_every_stretch_is_found_in_the_mark_up(document: Document) -> None:
    check(document)
    for words, mark_up in (
        ("informó que", "inform&oacute; que"),
        ("en seis meses", "en seis meses"),
        ("prevención", "prevenci&#243;n"),
        ("violencia & baja", "violencia &amp; baja"),
        ("públi", "p&uacute;bli"),
        ("cayó", "cay&oacute;"),
    ):
        at = document.text.index(words)
        start, end = locate(document, at, at + len(words))
        assert document.original[start:end] == mark_up


def test_captions_are_repeats_and_navigation_is_boilerplate(document: Document) -> None:
    labels = {document.text[b.start : b.end]: b.label for b in document.blocks}
    assert labels["Policías en la plaza. Foto: Archivo"] == "repeat"
    assert labels["Inicio"] == labels["Política"] == "boilerplate"


@pytest.mark.timed
@pytest.mark.parametrize(
    "mark_up",
    [
        "<!--" * 250_000,
        '<a href="' * 120_000,
        "<div>" * 100_000 + "texto" + "</div>" * 100_000,
        "&amp;" * 200_000,
        "<" * 1_000_000,
        "<script>" * 120_000,
        "&#x110000;&bogus;&" * 50_000,
        "<p a='" * 50_000,
        "<b" * 300_000,
        "<table><tr><td>" * 20_000,
    ],
    ids=[
        "comments",
        "quotes",
        "nesting",
        "entities",
        "brackets",
        "scripts",
        "bad entities",
        "attributes",
        "tags",
        "tables",
    ],
)
def test_hostile_mark_up_is_read_in_linear_time(mark_up: str) -> None:
    started = time.process_time()
    with contextlib.suppress(CareoError):
        read(f"<html><body><p>One sentence of text.</p>{mark_up}".encode())
    assert time.process_time() - started < 10


def test_an_unclosed_nav_does_not_hide_the_article() -> None:
    text = "The ministry said that 40 officers will be sent to the coast before the end of the year. "
    document = read(
        f"<html><body><nav><a>Home</a><p>{text * 2}</p><p>{text.replace('coast', 'hills')}</p>".encode()
    )
    assert any(b.label == "body" for b in document.blocks)


def test_when_the_extractor_fails_our_own_classifier_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    import trafilatura

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(trafilatura, "bare_extraction", broken)
    document = read(PAGE.encode(), name="page.html")
    assert [b.label for b in document.blocks].count("body") == 3


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "<p>",
                    "</p>",
                    "<li>",
                    "<!--",
                    "-->",
                    "<script>",
                    "</script>",
                    "&amp;",
                    "&#0;",
                    "<br>",
                    "<nav>",
                    '<a b="',
                    "<h1>",
                    " ",
                ]
            ),
            st.text(max_size=20),
        ),
        max_size=40,
    )
)
def test_any_mark_up_gives_valid_places(parts: list[str]) -> None:
    try:
        document = read(("<html>" + "".join(parts)).encode("utf-8", "replace"))
    except CareoError:
        return
    check(document)


def test_a_deck_between_title_and_article_is_a_subtitle_and_the_window_title_names_no_publisher() -> None:
    source = (
        "<html><head><title>Fewer thefts in the nine provinces | Office of the Count | Government | portal.example</title></head>"
        "<body><main><h1>Fewer thefts in the nine provinces</h1><h2>Half of them happen in two of the provinces</h2><div>"
        "<p>In the last year thefts fell in seven of the nine provinces, said the head of the office on Monday.</p>"
        "<p>She said that the count of the year was the lowest since the office began to publish its figures.</p>"
        "</div></main></body></html>"
    )
    document = read(source.encode(), name="deck")
    deck = next(b for b in document.blocks if document.text[b.start : b.end].startswith("Half of them"))
    assert deck.label in ("meta", "body")
    assert "|" not in document.publisher
