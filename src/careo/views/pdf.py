"""HTML → PDF through WeasyPrint (`careo[pdf]`): nothing is fetched, the same page gives the same bytes, tagged for screen readers."""

from __future__ import annotations

import os
from contextlib import redirect_stdout
from io import StringIO
from typing import Any
from warnings import catch_warnings, simplefilter

from careo.base.errors import OutputError

LARGEST = 3_000_000
"""Of a page that is printed [characters]: some 450 sheets, a minute and 1.5 GB; more is for a browser."""

VARIANT = "pdf/ua-1"
"""Title, language, bookmarks and tags, as PDF/UA asks for them."""


def lay_out(html: str) -> Any:
    """The page laid out on paper, a WeasyPrint document; `len(document.pages)` says on how many sheets.

    Args:
        html: a whole page that carries its own style.

    Raises:
        OutputError: WeasyPrint, a library of the system or a font is missing, or the page is too large.
    """
    if len(html) > LARGEST:
        raise OutputError("pdf_large", found=f"{len(html):,}", expected=f"≤ {LARGEST:,}", fix="pdf_large")
    weasyprint = _weasyprint()
    return weasyprint.HTML(string=html, base_url="about:blank", url_fetcher=_refusing()).render()


def pdf_bytes(document: Any) -> bytes:
    """The PDF of what `lay_out` gave; no date and no chance in it."""
    # Where HarfBuzz cannot cut fonts, fontTools does, and writes into them when it did, unless told a moment.
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    return bytes(document.write_pdf(pdf_variant=VARIANT))


def _weasyprint() -> Any:
    fontconfig: Any
    try:
        # Without its libraries it prints a page of advice to stdout, where data goes.
        with redirect_stdout(StringIO()), catch_warnings():
            simplefilter("ignore")
            import weasyprint  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]
            from weasyprint.text.ffi import ffi, fontconfig
    except ImportError as error:
        raise OutputError("pdf_extra", fix="pdf_extra") from error
    except OSError as error:  # the library that it calls is not on this system
        raise OutputError("pdf_system", found=str(error).splitlines()[0][:120], fix="pdf_system") from error
    fonts = fontconfig.FcConfigGetFonts(fontconfig.FcInitLoadConfigAndFonts(), 0)
    if fonts == ffi.NULL or not fonts.nfont:  # Pango would end the process
        raise OutputError("pdf_fonts", fix="pdf_fonts")
    return weasyprint


def _refusing() -> Any:
    """A fetcher that fetches nothing: no network, no file, no attachment; what a page needs stands in it."""
    from weasyprint.urls import URLFetcher  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]

    class Nothing(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002 - WeasyPrint calls it so
            raise ValueError("careo fetches nothing for a print")

    return Nothing()
